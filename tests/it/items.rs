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

/// The numbers of the features that a query finds, in their order.
async fn numbers(server: &Server, layer: &str, query: &str) -> Vec<i64> {
    let page = server.json(&format!("/ogc/collections/{layer}/items?limit=1000&{query}")).await;
    features(&page).iter().map(|f| f["properties"]["so"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn datetime_finds_days_moments_and_intervals_and_what_is_at_no_time() {
    let world = World::new().await;
    let at = "SELECT ST_SetSRID(ST_Point(580000, 1279000), 9217), v.* FROM (VALUES";
    let days = format!("{at} (1, date '2026-01-30'), (2, '2026-01-31'), (3, '2026-02-01'), (4, NULL)) v");
    world.layer("ngay", "Point", 9217, &[("so", "int4"), ("luc", "date")], &days).await;
    let moments = format!(
        "{at} (1, timestamptz '2026-01-31 00:00:00+00'), (2, '2026-01-31 23:59:59.5+00'), (3, '2026-02-01 00:00:00+00'), (4, 'infinity')) v"
    );
    world.layer("gio", "Point", 9217, &[("so", "int4"), ("luc", "timestamptz")], &moments).await;
    let spans = format!(
        "{at} (1, date '2026-01-01', date '2026-01-31'), (2, '2026-02-01', NULL), (3, NULL, '2025-12-31'), (4, NULL, NULL)) v"
    );
    let columns = [("so", "int4"), ("tu", "date"), ("den", "date")];
    world.layer("ky", "Point", 9217, &columns, &spans).await;
    world.sql("UPDATE dothi.layer SET time_field = 'tu', time_end_field = 'den' WHERE id = 'ky'").await;
    let server = world.server().await;
    for (layer, datetime, want) in [
        ("ngay", "2026-01-31", vec![2, 4]),
        ("ngay", "2026-01-31T15:00:00Z", vec![2, 4]),
        ("ngay", "2026-01-31T23:30:00-07:00", vec![3, 4]),
        ("ngay", "../2026-01-31", vec![1, 2, 4]),
        ("ngay", "2026-01-31/", vec![2, 3, 4]),
        ("ngay", "2026-01-30T12:00:00Z/2026-01-31T01:00:00Z", vec![1, 2, 4]),
        ("gio", "2026-01-31", vec![1, 2]),
        ("gio", "2026-01-31T00:00:00Z", vec![1]),
        ("gio", "2026-01-31T07:00:00%2B07:00", vec![1]),
        ("gio", "2026-01-31T00:00:01Z/..", vec![2, 3, 4]),
        ("gio", "/2026-01-31", vec![1, 2]),
        ("ky", "2026-01-15", vec![1, 4]),
        ("ky", "2026-01-31/2026-02-01", vec![1, 2, 4]),
        ("ky", "2026-03-01/..", vec![2, 4]),
        ("ky", "../2025-06-01", vec![3, 4]),
    ] {
        assert_eq!(numbers(&server, layer, &format!("datetime={datetime}")).await, want, "{layer} {datetime}");
    }
    for bad in
        ["2026-13-01", "2026", "../..", "2026-02-01/2026-01-01", "hom+nay", "2026-01-01/2026-01-02/2026-01-03", ""]
    {
        let reply = server.get(&format!("/ogc/collections/ngay/items?datetime={bad}")).await;
        assert_eq!((reply.status, &reply.json()["parameter"]), (StatusCode::BAD_REQUEST, &json!("datetime")), "{bad}");
    }
    let interval =
        async |id: &str| server.json(&format!("/ogc/collections/{id}")).await["extent"]["temporal"]["interval"].clone();
    assert_eq!(interval("ngay").await, json!([["2026-01-30T00:00:00Z", "2026-02-01T23:59:59Z"]]));
    assert_eq!(interval("gio").await, json!([[null, null]]), "a moment that never comes leaves the end open");
    assert_eq!(interval("ky").await, json!([[null, null]]));
    world.sql("UPDATE dothi.layer SET time_field = '' WHERE id = 'ngay'; SELECT dothi.bump('ngay', 0, NULL)").await;
    server.eventually(|s| async move { s.app.catalog.get("ngay").unwrap().when().is_none() }).await;
    assert_eq!(numbers(&server, "ngay", "datetime=1900-01-01").await, [1, 2, 3, 4], "at no time is at every time");
    assert_eq!(interval("ngay").await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_chooses_how_features_are_counted_and_is_told_how() {
    let (world, server) = parcels(500).await;
    world.sql("ANALYZE layers.thua").await;
    let ask = async |query: &str| {
        let reply = server.get(&format!("{ITEMS}?{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{query}");
        let (page, matched) = (reply.json(), reply.header("ogc-numbermatched").to_string());
        assert_eq!(page["countMode"], reply.header("count-mode"));
        let number = page.get("numberMatched").map_or(String::new(), Value::to_string);
        assert_eq!(number, matched, "{query}");
        (reply.header("count-mode").to_string(), matched)
    };
    let filter = "filter=dienTich%3E2";
    let real = world.number("SELECT count(*) FROM layers.thua WHERE \"dienTich\" > 2").await.to_string();
    let exact = |n: &str| ("exact".to_string(), n.to_string());
    assert_eq!(ask("").await, exact("500"));
    assert_eq!(ask(filter).await, exact(&real));
    assert_eq!(ask(&format!("{filter}&count=exact")).await, exact(&real));
    assert_eq!(ask(&format!("{filter}&count=none")).await, ("none".into(), String::new()));
    assert_eq!(ask("count=none").await.0, "none");
    let (how, about) = ask(&format!("{filter}&count=estimate")).await;
    let (about, real): (i64, i64) = (about.parse().unwrap(), real.parse().unwrap());
    assert!(how == "estimate" && (about - real).abs() < 50, "{about} for {real}");
    assert_eq!(ask(&format!("{filter}&count=estimate&limit=1000")).await, exact(&real.to_string()), "all are here");
    // What is kept is of one version only.
    world.sql("DELETE FROM layers.thua WHERE \"dienTich\" = 5").await;
    let left = world.number("SELECT count(*) FROM layers.thua WHERE \"dienTich\" > 2").await.to_string();
    server.eventually(|s| async move { s.app.catalog.get("thua").unwrap().version > 1 }).await;
    assert_eq!(ask(filter).await, exact(&left));
    assert_eq!(refused(&server, "count=some").await["parameter"], "count");
    let next = next(&server.json(&format!("{ITEMS}?count=none")).await).unwrap();
    assert!(next.contains("count=none"), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_takes_long_is_an_estimate() {
    let (world, server) = parcels(300).await;
    // Every row of the filter takes a millisecond.
    world
        .sql(
            "CREATE FUNCTION slow(int) RETURNS bool VOLATILE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN true; END $$; \
             ALTER TABLE layers.thua RENAME TO thua_t; \
             CREATE VIEW layers.thua AS SELECT * FROM layers.thua_t WHERE slow(\"so, thứ tự\")",
        )
        .await;
    let page = server.json(&format!("{ITEMS}?filter=fid%3E0")).await;
    assert_eq!((&page["countMode"], features(&page).len()), (&json!("estimate"), 10));
    assert_eq!(server.json(&format!("{ITEMS}?filter=fid%3E0&count=exact")).await["numberMatched"], 300);
}

/// The same text but for numbers, which differ by one in the last decimal at most.
fn alike(ours: &str, theirs: &str, places: u8) {
    let parts = |text: &str| -> (Vec<String>, Vec<f64>) {
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | 'e' | '+');
        let split = |c: char| !is_number(c);
        let numbers = text.split(split).filter_map(|t| t.parse().ok()).collect();
        (
            text.split(|c: char| c.is_ascii_digit())
                .filter(|t| !matches!(*t, "" | "." | "-"))
                .map(String::from)
                .collect(),
            numbers,
        )
    };
    let ((text, numbers), (their_text, their_numbers)) = (parts(ours), parts(theirs));
    let most = 1.01 * 10f64.powi(-i32::from(places));
    let near = numbers.iter().zip(&their_numbers).all(|(a, b)| (a - b).abs() <= most);
    assert!(text == their_text && numbers.len() == their_numbers.len() && near, "{ours}\n{theirs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn geometry_is_written_letter_by_letter_as_postgis_writes_it() {
    use dothi::geo::Crs;
    use dothi::layer::features::{self, Ask, Start};
    use dothi::layer::{Query, Selection, Sort};
    let world = World::new().await;
    // Points, lines, polygons with holes, multiple and mixed ones, empty ones, with heights, at every size of number.
    let rows = "SELECT ST_SetSRID(g, 3857), n FROM ( \
        SELECT i AS n, ST_Translate(ST_Scale(g, power(10, i % 7 - 4), power(10, i % 5 - 3)), 12132000 + i * 0.1234567891, 1297000 - i * 7.000000001) AS g \
          FROM generate_series(1, 400) i, LATERAL (SELECT (ARRAY[ST_Point(i, 3.5), ST_GeomFromText('LINESTRING(0 0, 1 1.5, 2.25 -3)'), \
            ST_GeomFromText('POLYGON((0 0, 0 10, 10 10, 10 0, 0 0), (2 2, 2 3, 3 3, 2 2))'), ST_GeomFromText('MULTIPOINT(0 0, 5 7)'), \
            ST_GeomFromText('MULTILINESTRING((0 0, 1 1), (2 2, 3 4))'), ST_GeomFromText('MULTIPOLYGON(((0 0, 0 1, 1 1, 0 0)), ((5 5, 5 6, 6 6, 5 5)))'), \
            ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))')])[1 + i % 7] AS g) s \
        UNION ALL SELECT 1000, ST_GeomFromText(t) FROM unnest(ARRAY['POINT EMPTY', 'POLYGON EMPTY', 'MULTIPOLYGON EMPTY', 'GEOMETRYCOLLECTION EMPTY', \
            'POINT(0 0)', 'POINT(-0.0 1e-9)', 'POINT(0.5 1.5)', 'POINT(100.0009765625 2.0029296875)', 'POINT(-1e-12 1e14)', 'POINT(0.00005 -0.00015)']) t \
        UNION ALL SELECT 2000, NULL) q";
    world.layer("hinh", "Geometry", 3857, &[("so", "int4")], rows).await;
    let high =
        "SELECT ST_SetSRID(ST_MakePoint(580000.12345 + i, 1279000, i / 3.0), 9217) FROM generate_series(1, 50) i";
    world.layer("cao", "PointZ", 9217, &[], high).await;
    let server = world.server().await;
    for id in ["hinh", "cao"] {
        let layer = server.app.catalog.named(id).unwrap();
        for crs in [Crs::CRS84, Crs::geographic(4326), Crs::plane(3857), Crs::plane(9217)] {
            let selection = Selection::whole(&layer, crs);
            let filter = if crs.srid == 9217 && id == "hinh" { "WHERE so < 1000" } else { "" };
            let there = format!("ST_Transform(geom, {})", crs.srid);
            let there = if crs.y_first { format!("ST_FlipCoordinates({there})") } else { there };
            let sql = format!(
                "SELECT '{{\"type\":\"Feature\",\"id\":' || fid || ',\"geometry\":' || coalesce(ST_AsGeoJSON({there}, {}, 0), 'null') || \
                 ',\"properties\":' || {} || '}}' FROM {} t {filter} ORDER BY fid",
                crs.decimals(),
                features::properties(&selection.fields),
                layer.table()
            );
            let want: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
            let all = want.len() as u32;
            let sort = Sort::default();
            let query = Query::everything();
            let (query, selection, sort) = (&query, &selection, &sort);
            let ask = Ask { layer: &layer, query, selection, sort, from: Start::First, limit: all };
            let page = features::page(&world.pool, ask).await.unwrap();
            // Between the datums PROJ rounds otherwise in the last bits, which may be the last decimal.
            let same_datum = id == "hinh" && crs.srid != 9217 || id == "cao" && crs.srid == 9217;
            for (ours, theirs) in page.features().zip(&want) {
                match same_datum {
                    true => assert_eq!(ours, theirs, "{id} in {}", crs.srid),
                    false => alike(ours, theirs, crs.decimals()),
                }
            }
            assert_eq!(page.count(), want.len());
        }
    }
    world
        .sql("INSERT INTO layers.hinh (geom, so) VALUES (ST_GeomFromText('MULTIPOINT(1 1, EMPTY)', 3857), 3000)")
        .await;
    let page = server.json("/ogc/collections/hinh/items?so=3000&crs=EPSG:3857").await;
    assert_eq!(page["features"][0]["geometry"], json!({"type": "MultiPoint", "coordinates": [[1, 1]]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_are_written_letter_by_letter_as_postgresql_writes_them() {
    let world = World::new().await;
    let columns = [
        ("Tên \\ thửa", "text"),
        ("dung", "bool"),
        ("nho", "int2"),
        ("so", "int4"),
        ("lon", "int8"),
        ("don", "float4"),
        ("kep", "float8"),
        ("them", "json"),
        ("ngay", "date"),
        ("gio", "time"),
        ("luc", "timestamp"),
        ("khi", "timestamptz"),
        ("anh", "bytea"),
        ("cacSo", "int4[]"),
        ("cacSoLon", "int8[]"),
        ("cacSoThuc", "float8[]"),
        ("cacChu", "text[]"),
    ];
    // Numbers of every size, every letter that JSON escapes, and nothing.
    let rows = r#"SELECT NULL::geometry, chr(i) || E' Đất "ở" \\ /' || repeat('dài ', i % 30), i % 2 = 0, (i * 256 - 32768)::int2, i * -8388608, i * -36028797018963968,
            (v / 3)::float4, v, ('{"b":  1.50, "a": [null, "\u00e9", ' || i || ']}')::json, DATE '0044-03-15' + i * 9999, TIME '00:00' + i * interval '337.000417 s',
            TIMESTAMP '1900-01-01' + i * interval '19 days 1.1234 s', TIMESTAMPTZ '2026-01-01 00:00:00.5+07' + i * interval '1 s', convert_to(repeat('đ', i), 'UTF8'),
            ARRAY[i, NULL], ARRAY[i * 10000000000], ARRAY[v, 'NaN', '-Infinity', NULL], ARRAY['a"', NULL, '', E'\n', 'NULL', 'đ,{}']
        FROM (SELECT i, (i - 128.3) * power(10::float8, i % 40 - 20) AS v FROM generate_series(1, 255) i) r
        UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, 'NaN', '-Infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"#;
    world.layer("moi", "Point", 4326, &columns, rows).await;
    let server = world.server().await;
    let layer = server.app.catalog.named("moi").unwrap();
    let sql =
        format!("SELECT {} FROM {} t ORDER BY fid", dothi::layer::features::properties(&layer.fields), layer.table());
    let want: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
    let page = server.get("/ogc/collections/moi/items?limit=1000").await;
    let page = String::from_utf8(page.bytes).unwrap();
    let mut rest = page.as_str();
    for theirs in &want {
        rest = rest.split_once("\"properties\":").expect("one more feature").1;
        assert!(rest.starts_with(&**theirs), "{}\n{theirs}", &rest[..theirs.len().min(rest.len())]);
    }
    assert_eq!(want.len(), 256);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_often_asked_for_has_an_index() {
    let world = World::new().await;
    let rows = "SELECT ST_Point(109, 11, 4326), CASE WHEN i % 7 > 0 THEN 'Đường ' || md5(i::text) END, i, '{}'::json FROM generate_series(1, 20000) i";
    world.layer("duong", "Point", 4326, &[("ten", "text"), ("so", "int4"), ("khac", "json")], rows).await;
    world.sql("ANALYZE layers.duong").await;
    let server = world.server().await;
    let set = |fields: &str| {
        let changes = dothi::layer::edit::Changes { sort_index: Some(fields.into()), ..Default::default() };
        let (pool, layer) = (world.pool.clone(), server.app.catalog.get("duong").unwrap());
        async move { dothi::layer::edit::set(&pool, &layer, &changes).await }
    };
    let pages = || async {
        let mut ids = Vec::new();
        for sort in ["ten", "-ten", "so,ten", "-so"] {
            let page =
                server.json(&format!("/ogc/collections/duong/items?limit=50&skipGeometry=true&sortby={sort}")).await;
            ids.extend(page["features"].as_array().unwrap().iter().map(|f| f["id"].as_i64().unwrap()));
        }
        ids
    };
    let before = pages().await;
    assert!(set("khac").await.is_err() && set("khong").await.is_err());
    set("ten,so").await.unwrap();
    assert_eq!(server.app.settle_orders().await.unwrap(), 2);
    assert_eq!(server.app.settle_orders().await.unwrap(), 0);
    assert_eq!(pages().await, before);
    let used = "SELECT count(*) FROM pg_stat_all_indexes WHERE indexrelname LIKE 'sort\\_%' AND idx_scan > 0";
    crate::support::until("both indexes are read", || async { world.number(used).await == 2 }).await;
    // An import puts another table in the old one's place.
    world.sql("CREATE TABLE layers.moi (LIKE layers.duong INCLUDING DEFAULTS INCLUDING IDENTITY); DROP TABLE layers.duong; ALTER TABLE layers.moi RENAME TO duong").await;
    assert_eq!(server.app.settle_orders().await.unwrap(), 2);
    set("so").await.unwrap();
    assert_eq!(server.app.settle_orders().await.unwrap(), 1);
    set("").await.unwrap();
    assert_eq!(server.app.settle_orders().await.unwrap(), 1);
}
