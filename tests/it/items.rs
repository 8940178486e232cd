//! A page of features: its order, where it goes on, what of each feature it has.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, World};

const ITEMS: &str = "/ogc/collections/thua/items";

/// Parcels with names, areas (some the same, some missing) and dates.
async fn parcels(n: u32) -> (World, Server) {
    let world = World::new().await;
    let rows = format!(
        "SELECT ST_SetSRID(ST_Point(580000 + i, 1279000 + i), 9217), \
           (ARRAY['Đất ở', 'đất trống', 'Ấp Bắc', 'Ăng-ten', 'ao', 'Bãi', 'Dừa', 'Đình', 'Éc', NULL])[1 + i % 10], \
           CASE WHEN i % 4 = 3 THEN NULL ELSE i % 7 END, date '2026-01-01' + i % 5, i FROM generate_series(0, {}) i",
        n - 1
    );
    let columns = [("ten", "text"), ("dienTich", "float8"), ("ngay", "date"), ("so, thứ tự", "int4")];
    world.layer("thua", "Point", 9217, &columns, &rows).await;
    let server = world.server().await;
    (world, server)
}

async fn refused(server: &Server, query: &str) -> Value {
    let reply = server.get(&format!("{ITEMS}?{query}")).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}: {}", String::from_utf8_lossy(&reply.bytes));
    reply.json()
}

/// The address of the next page, without the server's name.
fn next(page: &Value) -> Option<String> {
    let links = page["links"].as_array().unwrap();
    let next = links.iter().find(|l| l["rel"] == "next")?;
    Some(next["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap().to_string())
}

fn features(page: &Value) -> &Vec<Value> {
    page["features"].as_array().unwrap()
}

/// The ids of every page from the first on.
async fn walk(server: &Server, query: &str) -> Vec<i64> {
    let (mut ids, mut at) = (Vec::new(), Some(format!("{ITEMS}?{query}")));
    while let Some(address) = at {
        let page = server.json(&address).await;
        ids.extend(features(&page).iter().map(|f| f["id"].as_i64().unwrap()));
        at = next(&page);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_walks_over_every_feature_once_whatever_the_page() {
    let (world, server) = parcels(60).await;
    for (sortby, sql) in [
        ("dienTich", "\"dienTich\" NULLS LAST, fid"),
        ("-dienTich", "\"dienTich\" DESC NULLS LAST, fid DESC"),
        ("%2Bngay,-dienTich", "ngay, \"dienTich\" DESC NULLS LAST, fid DESC"),
        ("-ten,dienTich", "ten COLLATE \"vi-x-icu\" DESC NULLS LAST, \"dienTich\" NULLS LAST, fid"),
        ("ten,-id", "ten COLLATE \"vi-x-icu\" NULLS LAST, fid DESC"),
        ("-fid", "fid DESC"),
        ("ngay,ten,-dienTich", "ngay, ten COLLATE \"vi-x-icu\" NULLS LAST, \"dienTich\" DESC NULLS LAST, fid DESC"),
        ("%22so,+thứ+tự%22", "\"so, thứ tự\", fid"),
    ] {
        let sql = format!("SELECT fid FROM layers.thua ORDER BY {sql}");
        let want: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
        for limit in [1, 7, 60, 100] {
            assert_eq!(walk(&server, &format!("sortby={sortby}&limit={limit}")).await, want, "{sortby} by {limit}");
        }
    }
    let page = server.json(&format!("{ITEMS}?limit=60&sortby=+ten")).await;
    let mut names: Vec<&Value> = features(&page).iter().map(|f| &f["properties"]["ten"]).collect();
    names.dedup();
    let want = json!(["ao", "Ăng-ten", "Ấp Bắc", "Bãi", "Dừa", "Đất ở", "đất trống", "Đình", "Éc", null]);
    assert_eq!(json!(names), want, "as a dictionary has them, what has no name last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_it_was_while_features_come_and_go() {
    let (world, server) = parcels(40).await;
    let first = server.json(&format!("{ITEMS}?sortby=-dienTich&limit=10")).await;
    let seen: Vec<i64> = features(&first).iter().map(|f| f["id"].as_i64().unwrap()).collect();
    // The feature that the page ended with goes, and one comes that is before it.
    world.sql(&format!("DELETE FROM layers.thua WHERE fid = {}", seen[9])).await;
    world.sql("INSERT INTO layers.thua (geom, \"dienTich\") SELECT geom, 100 FROM layers.thua LIMIT 1").await;
    let rest = walk(&server, next(&first).unwrap().split_once('?').unwrap().1).await;
    assert!(rest.iter().all(|id| !seen.contains(id)));
    assert_eq!(rest.len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_not_trusted() {
    let (_world, server) = parcels(20).await;
    let first = server.json(&format!("{ITEMS}?sortby=ngay&limit=3")).await;
    let place = next(&first).unwrap();
    let after = place.split("after=").nth(1).unwrap();
    for query in [
        format!("sortby=-ngay&after={after}"),
        format!("sortby=ten&after={after}"),
        format!("after={after}"),
        "sortby=ngay&after=7".into(),
        "sortby=ngay&after=WzEsMixbInhdXQ".into(),
        format!("sortby=ngay&after={}", &after[2..]),
        "after=1;2".into(),
        "after=".into(),
    ] {
        assert_eq!(refused(&server, &query).await["parameter"], "after", "{query}");
    }
    // One that was forged with the right mark still has to hold a date.
    use base64::Engine;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut forged: Value = serde_json::from_slice(&engine.decode(after).unwrap()).unwrap();
    for value in ["'; DROP TABLE layers.thua; --", "2026-99-99", ""] {
        forged[2][0] = json!(value);
        let problem = refused(&server, &format!("sortby=ngay&after={}", engine.encode(forged.to_string()))).await;
        assert_eq!(problem["parameter"], "after", "{value}");
    }
    forged[2][0] = json!("infinity");
    server.json(&format!("{ITEMS}?sortby=ngay&after={}", engine.encode(forged.to_string()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_selections_that_are_none_are_refused_by_name() {
    let (world, server) = parcels(3).await;
    let square = "SELECT ST_SetSRID(ST_Point(580000, 1279000), 9217), '{}'::json";
    world.layer("khac", "Point", 9217, &[("j", "json")], square).await;
    server.eventually(|s| async move { s.app.catalog.get("khac").is_some() }).await;
    for (query, parameter, say) in [
        ("sortby=tenn", "sortby", "`tenn` is not a field"),
        ("sortby=ten,ten", "sortby", "twice"),
        ("sortby=ten,", "sortby", "empty"),
        ("sortby=--ten", "sortby", "`-ten`"),
        ("sortby=", "sortby", "no value"),
        ("sortby=geom", "sortby", "`geom`"),
        ("properties=ten,maDat", "properties", "`maDat`"),
        ("properties=", "properties", "no value"),
        ("properties=ten&exclude-properties=ngay", "exclude-properties", "both"),
        ("skipGeometry=yes", "skipGeometry", "`yes`"),
        ("skipgeometry=true", "skipgeometry", "there is no parameter"),
        ("limit=", "limit", "no value"),
        ("limit=5&limit=5", "limit", "twice"),
    ] {
        let problem = refused(&server, query).await;
        assert_eq!(problem["parameter"], parameter, "{query}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(say), "{query}: {problem}");
    }
    let reply = server.get("/ogc/collections/khac/items?sortby=j").await;
    assert_eq!((reply.status, reply.json()["parameter"].clone()), (StatusCode::BAD_REQUEST, json!("sortby")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_chooses_the_properties_and_whether_there_is_geometry() {
    let (_world, server) = parcels(3).await;
    let keys = |f: &Value| f["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for path in [ITEMS.to_string(), format!("{ITEMS}/1")] {
        let first = |doc: Value| if doc["type"] == "Feature" { doc } else { doc["features"][0].clone() };
        let ask = async |query: &str| first(server.json(&format!("{path}?{query}")).await);
        let some = ask("properties=ngay,ten").await;
        assert_eq!(keys(&some), ["ten", "ngay"]);
        assert_eq!(some["geometry"]["type"], "Point");
        assert_eq!(keys(&ask("properties=%22so,+thứ+tự%22").await), ["so, thứ tự"]);
        assert_eq!(keys(&ask("exclude-properties=ten,ngay").await), ["dienTich", "so, thứ tự"]);
        assert_eq!(ask("exclude-properties=geom").await["geometry"], Value::Null);
        let bare = ask("properties=id&skipGeometry=true").await;
        assert_eq!((keys(&bare), &bare["geometry"], &bare["id"]), (vec![], &Value::Null, &json!(1)));
        assert_eq!(ask("skipGeometry=false").await["geometry"]["type"], "Point");
    }
    let page = server.json(&format!("{ITEMS}?properties=ten&skipGeometry=true&limit=1&sortby=ngay")).await;
    let address = next(&page).unwrap();
    for part in ["properties=ten", "skipGeometry=true", "sortby=ngay", "limit=1"] {
        assert!(address.contains(part), "{address}");
    }
    let one = server.json(&format!("{ITEMS}/1?properties=ten&crs=EPSG:9217")).await;
    let this = one["links"][0]["href"].as_str().unwrap();
    assert!(this.contains("properties=ten") && this.contains("crs=EPSG%3A9217"), "{this}");
}
