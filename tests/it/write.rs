//! Changing features: who may, what is refused, what is kept, and who wins.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use dothi::access::keys;
use serde_json::{Value, json};

use crate::support::{Reply, Server, World, tile_at};

const COLUMNS: [(&str, &str); 6] =
    [("Mã đất", "text"), ("so", "int4"), ("gia", "float8"), ("ngay", "date"), ("luc", "timestamptz"), ("them", "json")];
const ITEMS: &str = "/ogc/collections/thua/items";

/// A layer of three parcels as MultiPolygon in VN-2000, a server, and the secret of a key for it.
async fn parcels() -> (World, Server, String) {
    let world = World::new().await;
    let rows = r#"SELECT ST_Multi(ST_MakeEnvelope(580000 + i * 10, 1279000, 580010 + i * 10, 1279010, 9217)), 'ONT', i, i / 3.0, DATE '2026-01-01' + i,
        TIMESTAMPTZ '2026-01-01 00:00:00+00', '{"a": 1.50, "b": {"c": 2}}'::json FROM generate_series(1, 3) i"#;
    world.layer("thua", "MultiPolygon", 9217, &COLUMNS, rows).await;
    let server = world.server().await;
    let (_, secret) = keys::create(&world.pool, "Sở TNMT", Some(vec!["thua".into()])).await.unwrap();
    (world, server, secret)
}

/// A request with a key and any headers.
async fn send(server: &Server, method: &str, path: &str, secret: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "ban-do.test");
    if !secret.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn square(lon: f64, lat: f64) -> Value {
    let (e, n) = (lon + 0.001, lat + 0.001);
    json!({"type": "Polygon", "coordinates": [[[lon, lat], [e, lat], [e, n], [lon, n], [lon, lat]]]})
}

fn parcel(properties: Value) -> Value {
    json!({"type": "Feature", "geometry": square(108.99, 11.56), "properties": properties})
}

fn path_of(reply: &Reply) -> String {
    reply.header(header::LOCATION).strip_prefix("http://ban-do.test").unwrap().to_string()
}

/// The same coordinates, but for a tenth of a millimetre that the way into VN-2000 and back costs.
fn close(a: &Value, b: &Value) {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a.iter().zip(b).for_each(|(a, b)| close(a, b)),
        (a, b) => assert!((a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 2.1e-9, "{a} {b}"),
    }
}

/// The only fault of a 422.
fn fault(reply: &Reply) -> Value {
    let problem = reply.json();
    assert_eq!((reply.status.as_u16(), &problem["type"]), (422, &json!("/problems/invalid-feature")), "{problem}");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
    problem["errors"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_created_feature_is_where_location_says_and_the_journal_knows_who_wrote_it() {
    let (world, server, key) = parcels().await;
    let said = json!({"Mã đất": "Đất ở", "so": 7, "gia": 0.1, "ngay": "2026-11-25", "luc": "2026-11-25T08:00:00+07:00", "them": {"x": [1.50, null]}});
    let made = send(&server, "POST", ITEMS, &key, &[], &parcel(said).to_string()).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.bytes));
    let path = path_of(&made);
    assert_eq!(path, format!("{ITEMS}/4"));
    let got = server.get(&path).await;
    assert_eq!((got.status.as_u16(), got.header(header::ETAG)), (200, made.header(header::ETAG)));
    let feature = got.json();
    assert_eq!(feature, made.json());
    assert_eq!(
        feature["properties"],
        json!({"Mã đất": "Đất ở", "so": 7, "gia": 0.1, "ngay": "2026-11-25", "luc": "2026-11-25T01:00:00+00:00", "them": {"x": [1.50, null]}})
    );
    assert_eq!(feature["geometry"]["type"], "MultiPolygon", "a single polygon is promoted");
    close(&feature["geometry"]["coordinates"][0], &square(108.99, 11.56)["coordinates"]);
    assert_eq!(world.number("SELECT count(*) FROM layers.thua WHERE them::text = '{\"x\":[1.50,null]}' OR them::text = '{\"x\": [1.50, null]}' OR them::text = '{\"x\":[1.5,null]}'").await, 1);
    let who: String =
        sqlx::query_scalar("SELECT who FROM dothi.change WHERE fid = 4").fetch_one(&world.pool).await.unwrap();
    assert!(who.contains("Sở TNMT"), "{who}");
    world.sql("UPDATE layers.thua SET so = 8 WHERE fid = 4").await;
    let by_hand = "SELECT count(*) FROM dothi.change WHERE fid = 4 AND op = 'u' AND who = session_user";
    assert_eq!(world.number(by_hand).await, 1, "the name does not outlive the transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_in_items_and_in_a_tile_within_a_second() {
    let (_world, server, key) = parcels().await;
    let tile = format!("/tiles/thua/{}", tile_at(16, 108.9905, 11.5605));
    assert_eq!(server.get(&tile).await.status, 204);
    let started = Instant::now();
    let made = send(&server, "POST", ITEMS, &key, &[], &parcel(json!({"so": 9})).to_string()).await;
    assert_eq!(made.status, 201);
    while server.get(&tile).await.status != 200 || server.json(ITEMS).await["numberMatched"] != 4 {
        assert!(started.elapsed() < Duration::from_secs(1), "not within a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.json(&format!("{ITEMS}?so=9")).await["numberMatched"], 1);
    assert_eq!(send(&server, "DELETE", &path_of(&made), &key, &[], "").await.status, 204);
    let started = Instant::now();
    while server.get(&tile).await.status != 204 {
        assert!(started.elapsed() < Duration::from_secs(1), "not within a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_needs_a_key_that_covers_the_layer_and_a_revoked_one_stops_at_once() {
    let (world, server, key) = parcels().await;
    world.layer("khac", "Point", 4326, &[], "SELECT ST_SetSRID(ST_Point(108.9, 11.5), 4326)").await;
    server.eventually(|s| async move { s.app.catalog.get("khac").is_some() }).await;
    let body = parcel(json!({})).to_string();
    for (method, path) in [
        ("POST", ITEMS),
        ("PUT", "/ogc/collections/thua/items/1"),
        ("PATCH", "/ogc/collections/thua/items/1"),
        ("DELETE", "/ogc/collections/thua/items/1"),
    ] {
        for secret in ["", "x", "dothi_x", &format!("{key}x"), &key[..key.len() - 1]] {
            let reply = send(&server, method, path, secret, &[], &body).await;
            assert_eq!(
                (reply.status.as_u16(), reply.header(header::WWW_AUTHENTICATE)),
                (401, "Bearer"),
                "{method} {secret}"
            );
            assert_eq!(reply.json()["type"], "/problems/unauthenticated");
        }
        let other = path.replace("thua", "khac");
        assert_eq!(send(&server, method, &other, &key, &[], &body).await.status, 403, "{method}");
        let nowhere = path.replace("thua", "khong_co");
        assert_eq!(send(&server, method, &nowhere, &key, &[], &body).await.status, 404, "{method}");
    }
    let (all, every) = keys::create(&world.pool, "mọi lớp", None).await.unwrap();
    let point =
        json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [108.9, 11.5]}, "properties": {}});
    let made = send(&server, "POST", "/ogc/collections/khac/items", &every, &[], &point.to_string()).await;
    assert_eq!(made.status, 201);
    keys::revoke(&world.pool, all.id).await.unwrap();
    assert_eq!(send(&server, "DELETE", &path_of(&made), &every, &[], "").await.status, 401);
    assert_eq!(server.get(&path_of(&made)).await.status, 200, "reading needs nothing");
    let listed = keys::all(&world.pool).await.unwrap();
    assert!(listed[1].revoked.is_some() && listed[1].last_used.is_some());
    let hashes = "SELECT count(*) FROM dothi.key k WHERE k::text LIKE '%dothi_%' OR length(sha256) <> 32";
    assert_eq!(world.number(hashes).await, 0, "no secret is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_replaces_everything_and_a_patch_only_what_it_says() {
    let (world, server, key) = parcels().await;
    let path = format!("{ITEMS}/2");
    let before = server.json(&path).await;
    let reply = send(
        &server,
        "PATCH",
        &path,
        &key,
        &[("content-type", "application/merge-patch+json")],
        r#"{"properties": {"so": 20, "gia": null, "them": {"b": {"d": 3}, "a": null}}}"#,
    )
    .await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.bytes));
    let p = reply.json()["properties"].clone();
    assert_eq!(
        (&p["so"], &p["gia"], &p["Mã đất"], &p["ngay"]),
        (&json!(20), &Value::Null, &json!("ONT"), &json!("2026-01-03"))
    );
    assert_eq!(p["them"], json!({"b": {"c": 2, "d": 3}}));
    assert_eq!(reply.json()["geometry"], before["geometry"]);
    let moved = json!({"geometry": {"coordinates": [square(108.98, 11.57)["coordinates"]]}});
    let reply = send(&server, "PATCH", &path, &key, &[], &moved.to_string()).await;
    assert_eq!(reply.json()["geometry"]["type"], "MultiPolygon", "the type stays as it was");
    close(&reply.json()["geometry"]["coordinates"], &moved["geometry"]["coordinates"]);
    assert_eq!(reply.json()["properties"], p);
    let reply = send(&server, "PUT", &path, &key, &[], &parcel(json!({"so": 5})).to_string()).await;
    assert_eq!(reply.status, 200);
    let after = server.json(&path).await;
    assert_eq!(
        after["properties"],
        json!({"Mã đất": null, "so": 5, "gia": null, "ngay": null, "luc": null, "them": null})
    );
    assert_eq!(after["id"], 2);
    let gone = send(&server, "PATCH", &path, &key, &[], r#"{"geometry": null}"#).await;
    assert_eq!((gone.status.as_u16(), &gone.json()["geometry"]), (200, &Value::Null));
    let versions = world.number("SELECT version FROM dothi.layer WHERE id = 'thua'").await;
    assert_eq!(send(&server, "PATCH", &path, &key, &[], "{}").await.status, 200);
    assert_eq!(world.number("SELECT version FROM dothi.layer WHERE id = 'thua'").await, versions, "nothing changed");
    assert_eq!(send(&server, "DELETE", &path, &key, &[], "").await.status, 204);
    assert_eq!(server.get(&path).await.status, 404);
    for method in ["PUT", "PATCH", "DELETE"] {
        for fid in ["2", "x", "99999999999999999999"] {
            let reply =
                send(&server, method, &format!("{ITEMS}/{fid}"), &key, &[], &parcel(json!({})).to_string()).await;
            assert_eq!(reply.status, 404, "{method} {fid}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_back_what_it_read_moves_nothing() {
    let (world, server, key) = parcels().await;
    let path = format!("{ITEMS}/1");
    let exact = "SELECT count(*) FROM layers.thua WHERE fid = 1 AND ST_AsBinary(geom) = ST_AsBinary(ST_Multi(ST_MakeEnvelope(580010, 1279000, 580020, 1279010, 9217)))";
    assert_eq!(world.number(exact).await, 1);
    let read = server.json(&path).await;
    let reply = send(&server, "PUT", &path, &key, &[], &read.to_string()).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.bytes));
    assert_eq!(reply.json(), read);
    assert_eq!(world.number(exact).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_etag_of_a_feature_changes_with_it_alone_and_guards_it() {
    let (_world, server, key) = parcels().await;
    let path = format!("{ITEMS}/1");
    let tag = server.get(&path).await.header(header::ETAG).to_string();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    let other = send(&server, "PATCH", &format!("{ITEMS}/2"), &key, &[], r#"{"properties": {"so": 0}}"#).await;
    assert_ne!(other.header(header::ETAG), tag);
    let known = send(&server, "GET", &path, "", &[("if-none-match", &tag)], "").await;
    assert_eq!((known.status.as_u16(), known.bytes.len(), known.header(header::ETAG)), (304, 0, tag.as_str()));
    let weak = send(&server, "GET", &path, "", &[("if-none-match", &format!("\"x\", W/{tag}"))], "").await;
    assert_eq!(weak.status, 304);
    let changed = send(&server, "PATCH", &path, &key, &[("if-match", &tag)], r#"{"properties": {"so": 10}}"#).await;
    assert_eq!(changed.status, 200);
    let new = changed.header(header::ETAG).to_string();
    assert_ne!(new, tag);
    for (method, body) in [
        ("PATCH", r#"{"properties": {"so": 11}}"#.to_string()),
        ("PUT", parcel(json!({})).to_string()),
        ("DELETE", String::new()),
    ] {
        for stale in [tag.as_str(), &format!("W/{new}"), "\"\"", "x"] {
            let reply = send(&server, method, &path, &key, &[("if-match", stale)], &body).await;
            let problem = reply.json();
            assert_eq!(
                (reply.status.as_u16(), &problem["type"]),
                (412, &json!("/problems/precondition-failed")),
                "{method} {stale}"
            );
        }
    }
    // The same content as before is another state.
    let back =
        send(&server, "PATCH", &path, &key, &[("if-match", &format!("\"a\", {new}"))], r#"{"properties": {"so": 1}}"#)
            .await;
    assert_eq!(back.status, 200);
    assert_ne!(back.header(header::ETAG), tag);
    assert_eq!(server.get(&path).await.header(header::ETAG), back.header(header::ETAG));
    assert_eq!(
        send(&server, "PUT", &path, &key, &[("if-none-match", "*")], &parcel(json!({})).to_string()).await.status,
        412
    );
    assert_eq!(send(&server, "DELETE", &path, &key, &[("if-match", "*")], "").await.status, 204);
    assert_eq!(send(&server, "DELETE", &path, &key, &[("if-match", "*")], "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_edits_with_one_etag_exactly_one_wins_and_nothing_is_lost() {
    let (world, server, key) = parcels().await;
    let path = format!("{ITEMS}/3");
    for round in 0..25 {
        let tag = server.get(&path).await.header(header::ETAG).to_string();
        let race = (0..8).map(|racer| {
            let (router, app, path, key, tag) =
                (server.router.clone(), server.app.clone(), path.clone(), key.clone(), tag.clone());
            tokio::spawn(async move {
                let server = Server { router, app };
                let value = round * 100 + racer;
                let body = format!(r#"{{"properties": {{"so": {value}}}}}"#);
                let reply = send(&server, "PATCH", &path, &key, &[("if-match", &tag)], &body).await;
                (reply.status.as_u16(), value)
            })
        });
        let mut winners = Vec::new();
        for racer in race.collect::<Vec<_>>() {
            let (status, value) = racer.await.unwrap();
            assert!(status == 200 || status == 412, "{status}");
            winners.extend((status == 200).then_some(value));
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(server.json(&path).await["properties"]["so"], winners[0]);
    }
    assert_eq!(world.number("SELECT count(*) FROM dothi.change WHERE fid = 3 AND op = 'u'").await, 25);
    // Without a condition the last one wins, and every one is done.
    let all = (0..16).map(|n| {
        let (router, app, path, key) = (server.router.clone(), server.app.clone(), path.clone(), key.clone());
        tokio::spawn(async move {
            let body = format!(r#"{{"properties": {{"so": {n}}}}}"#);
            send(&Server { router, app }, "PATCH", &path, &key, &[], &body).await.status
        })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(world.number("SELECT count(*) FROM dothi.change WHERE fid = 3 AND op = 'u'").await, 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_by_sql_under_way_is_waited_for_and_then_counts() {
    let (world, server, key) = parcels().await;
    let path = format!("{ITEMS}/1");
    let tag = server.get(&path).await.header(header::ETAG).to_string();
    let mut tx = world.pool.begin().await.unwrap();
    sqlx::query("UPDATE layers.thua SET so = 77 WHERE fid = 1").execute(&mut *tx).await.unwrap();
    let edit = {
        let (router, app, path, tag) = (server.router.clone(), server.app.clone(), path.clone(), tag.clone());
        tokio::spawn(async move {
            send(&Server { router, app }, "PATCH", &path, &key, &[("if-match", &tag)], r#"{"properties": {"so": 1}}"#)
                .await
        })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!edit.is_finished(), "it waits for the row");
    tx.commit().await.unwrap();
    assert_eq!(edit.await.unwrap().status, 412);
    assert_eq!(server.json(&path).await["properties"]["so"], 77);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_may_ask_for_if_match() {
    let (world, server, key) = parcels().await;
    world
        .sql("UPDATE dothi.layer SET require_if_match = true WHERE id = 'thua'; SELECT dothi.bump('thua', 0, NULL)")
        .await;
    server.eventually(|s| async move { s.app.catalog.get("thua").unwrap().require_if_match }).await;
    let path = format!("{ITEMS}/1");
    for (method, body) in [("PUT", parcel(json!({})).to_string()), ("PATCH", "{}".into()), ("DELETE", String::new())] {
        let reply = send(&server, method, &path, &key, &[], &body).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["type"]), (428, &json!("/problems/precondition-required")));
    }
    assert_eq!(send(&server, "POST", ITEMS, &key, &[], &parcel(json!({})).to_string()).await.status, 201);
    let tag = server.get(&path).await.header(header::ETAG).to_string();
    assert_eq!(send(&server, "DELETE", &path, &key, &[("if-match", &tag)], "").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_created_as_one_version_or_not_at_all() {
    let (world, server, key) = parcels().await;
    world.sql("ALTER TABLE layers.thua ALTER so SET DEFAULT 42").await;
    let version = world.number("SELECT version FROM dothi.layer WHERE id = 'thua'").await;
    let features: Vec<Value> = (0..500).map(|n| parcel(json!({"so": n, "Mã đất": format!("{n}")}))).collect();
    let batch = json!({"type": "FeatureCollection", "features": features});
    let reply = send(&server, "POST", ITEMS, &key, &[], &batch.to_string()).await;
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.bytes));
    assert!(reply.header(header::LOCATION).ends_with(ITEMS));
    let ids: Vec<i64> = reply.json()["ids"].as_array().unwrap().iter().map(|i| i.as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 500);
    assert_eq!(world.number("SELECT version FROM dothi.layer WHERE id = 'thua'").await, version + 1);
    for n in [0usize, 250, 499] {
        assert_eq!(server.json(&format!("{ITEMS}/{}", ids[n])).await["properties"]["so"], n, "ids are in order");
    }
    let mixed = json!({"type": "FeatureCollection", "features": [parcel(json!({"so": null})), parcel(json!({})), parcel(json!({"gia": 1}))]});
    let ids = send(&server, "POST", ITEMS, &key, &[], &mixed.to_string()).await.json()["ids"].clone();
    for (n, so) in [Value::Null, json!(42), json!(42)].iter().enumerate() {
        let got = server.json(&format!("{ITEMS}/{}", ids[n])).await;
        assert_eq!(got["properties"]["so"], *so, "null is null, silence is the default");
    }
    let count = world.number("SELECT count(*) FROM layers.thua").await;
    let mut bad = batch;
    bad["features"][7]["properties"]["so"] = json!("bảy");
    bad["features"][9]["geometry"] = json!({"type": "Point", "coordinates": [108.9, 11.5]});
    let reply = send(&server, "POST", ITEMS, &key, &[], &bad.to_string()).await;
    let problem = reply.json();
    assert_eq!(reply.status, 422);
    let told: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["feature"].as_i64().unwrap(), e["pointer"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(7, "/features/7/properties/so"), (9, "/features/9/geometry")]);
    assert_eq!(problem["errors"][0]["value"], "bảy");
    // A rule that only the database knows undoes all of it as well.
    world.sql("CREATE UNIQUE INDEX ON layers.thua (\"Mã đất\") WHERE \"Mã đất\" LIKE 'x%'").await;
    let twice = json!({"type": "FeatureCollection", "features": [parcel(json!({"Mã đất": "x1"})), parcel(json!({"so": 1, "Mã đất": "x1"}))]});
    let reply = send(&server, "POST", ITEMS, &key, &[], &twice.to_string()).await;
    assert_eq!(reply.status, 409);
    assert!(reply.json()["detail"].as_str().unwrap().contains("`Mã đất`"), "{}", reply.json());
    assert_eq!(world.number("SELECT count(*) FROM layers.thua").await, count);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_field_and_value() {
    let (world, server, key) = parcels().await;
    let count = world.number("SELECT count(*) FROM layers.thua").await;
    for (field, value) in [
        ("so", json!("bảy")),
        ("so", json!(1.5)),
        ("so", json!(3_000_000_000i64)),
        ("so", json!([1])),
        ("Mã đất", json!(5)),
        ("Mã đất", json!("a\u{0}b")),
        ("gia", json!("0.5")),
        ("ngay", json!("2026-02-30")),
        ("ngay", json!("hôm qua")),
        ("luc", json!("2026-01-31")),
        ("khong_co", json!(1)),
        ("fid", json!(1)),
        ("them", json!({"a": "\u{0}"})),
    ] {
        for (method, path) in
            [("POST", ITEMS.to_string()), ("PUT", format!("{ITEMS}/1")), ("PATCH", format!("{ITEMS}/1"))]
        {
            let reply = send(&server, method, &path, &key, &[], &parcel(json!({field: value})).to_string()).await;
            let fault = fault(&reply);
            assert_eq!((&fault["field"], &fault["value"]), (&json!(field), &value), "{method} {fault}");
            assert_eq!(fault["pointer"], format!("/properties/{field}"));
            assert!(!fault["detail"].as_str().unwrap().is_empty());
        }
    }
    let both = send(&server, "POST", ITEMS, &key, &[], &parcel(json!({"so": "a", "gia": "b"})).to_string()).await;
    assert_eq!(both.json()["errors"].as_array().unwrap().len(), 2, "every fault is told");
    for (member, value) in
        [("type", json!("Fature")), ("geometrie", json!({})), ("time", json!({"date": "2026-01-01"}))]
    {
        let mut feature = parcel(json!({}));
        feature[member] = value;
        let reply = send(&server, "POST", ITEMS, &key, &[], &feature.to_string()).await;
        assert!([400, 422].contains(&reply.status.as_u16()), "{member}");
    }
    let mut other = parcel(json!({}));
    other["id"] = json!(3);
    assert_eq!(fault(&send(&server, "PUT", &format!("{ITEMS}/1"), &key, &[], &other.to_string()).await)["field"], "id");
    let bare = r#"{"type": "Feature", "properties": {}}"#;
    assert_eq!(fault(&send(&server, "PUT", &format!("{ITEMS}/1"), &key, &[], bare).await)["field"], "geometry");
    world.sql("ALTER TABLE layers.thua ALTER so SET NOT NULL").await;
    let reply = send(&server, "PATCH", &format!("{ITEMS}/1"), &key, &[], r#"{"properties": {"so": null}}"#).await;
    assert_eq!(fault(&reply)["field"], "so");
    assert_eq!(world.number("SELECT count(*) FROM layers.thua").await, count);
    assert_eq!(world.number("SELECT so::bigint FROM layers.thua WHERE fid = 1").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_geometry_that_is_wrong_is_told_with_its_reason_and_place() {
    let (_world, server, key) = parcels().await;
    let bow = json!({"type": "Polygon", "coordinates": [[[108.98, 11.56], [108.99, 11.57], [108.99, 11.56], [108.98, 11.57], [108.98, 11.56]]]});
    let ring = |n: u32| -> Value {
        let mut ring: Vec<Value> = (0..n).map(|i| json!([108.9 + f64::from(i) * 1e-7, 11.5])).collect();
        ring.push(json!([108.9, 11.6]));
        ring.push(json!([108.9, 11.5]));
        json!({"type": "Polygon", "coordinates": [ring]})
    };
    let far = json!({"type": "Polygon", "coordinates": [[[2.0, 48.0], [2.1, 48.0], [2.1, 48.1], [2.0, 48.0]]]});
    let swapped =
        json!({"type": "Polygon", "coordinates": [[[11.5, 108.9], [11.6, 108.9], [11.6, 109.0], [11.5, 108.9]]]});
    for (geometry, says) in [
        (bow, "self-intersection at [108.98"),
        (json!({"type": "Point", "coordinates": [108.9, 11.5]}), "`Polygon` or `MultiPolygon`"),
        (json!({"type": "Cone"}), "`Cone`"),
        (json!({"coordinates": [1, 2]}), "no `type`"),
        (json!({"type": "Polygon", "coordinates": [[[108.9, 11.5], [109, 11.5], [108.9, 11.5]]]}), "at least four"),
        (
            json!({"type": "Polygon", "coordinates": [[[108.9, 11.5], [109, 11.5], [109, 11.6], [108.9, 11.6]]]}),
            "not closed",
        ),
        (json!({"type": "Polygon", "coordinates": []}), "empty"),
        (
            json!({"type": "Polygon", "coordinates": [[["a", 11.5], [109, 11.5], [109, 11.6], [108.9, 11.5]]]}),
            "not a position",
        ),
        (
            json!({"type": "Polygon", "coordinates": [[[108.9, 11.5, 7], [109, 11.5, 7], [109, 11.6, 7], [108.9, 11.5, 7]]]}),
            "height",
        ),
        (
            json!({"type": "Polygon", "coordinates": [[[1e300, 11.5], [109, 11.5], [109, 11.6], [1e300, 11.5]]]}),
            "on earth",
        ),
        (far, "meridian 108.25"),
        (swapped, "longitude, latitude"),
        (json!("POLYGON EMPTY"), "not a GeoJSON geometry"),
        (ring(100_001), "positions"),
    ] {
        let feature = json!({"type": "Feature", "geometry": geometry, "properties": {}});
        let fault = fault(&send(&server, "POST", ITEMS, &key, &[], &feature.to_string()).await);
        assert_eq!(fault["field"], "geometry");
        assert!(fault["detail"].as_str().unwrap().contains(says), "{fault}");
    }
    let none = json!({"type": "Feature", "geometry": null, "properties": {}});
    assert_eq!(send(&server, "POST", ITEMS, &key, &[], &none.to_string()).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_crs_says_in_which_system_the_geometry_is() {
    let (world, server, key) = parcels().await;
    let metres = json!({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[581000, 1279000], [581010, 1279000], [581010, 1279010], [581000, 1279000]]]}});
    let lonlat = parcel(json!({}));
    let mut latlon = lonlat.clone();
    for position in latlon["geometry"]["coordinates"][0].as_array_mut().unwrap() {
        position.as_array_mut().unwrap().reverse();
    }
    let uri = |code: i32| format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
    for (crs, body, where_) in [
        (uri(9217), &metres, (581000.0, 1279000.0)),
        (format!("<{}>", uri(9217)), &metres, (581000.0, 1279000.0)),
        (uri(4326), &latlon, (580515.2, 1278501.7)),
        ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>".into(), &lonlat, (580515.2, 1278501.7)),
    ] {
        let made = send(&server, "POST", ITEMS, &key, &[("content-crs", &crs)], &body.to_string()).await;
        assert_eq!(made.status, 201, "{crs}: {}", String::from_utf8_lossy(&made.bytes));
        let fid = path_of(&made).rsplit('/').next().unwrap().to_string();
        let (x, y): (f64, f64) = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT ST_XMin(geom), ST_YMin(geom) FROM layers.thua WHERE fid = {fid}"
        )))
        .fetch_one(&world.pool)
        .await
        .unwrap();
        assert!((x - where_.0).abs() < 0.1 && (y - where_.1).abs() < 0.1, "{crs}: {x} {y}");
        if body == &metres {
            assert_eq!((x, y), where_, "what is sent in the layer's own system is kept as it is");
        }
    }
    for bad in ["EPSG:999999", "http://www.opengis.net/def/crs/0/unsupported", "x"] {
        let reply = send(&server, "POST", ITEMS, &key, &[("content-crs", bad)], &metres.to_string()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["parameter"]), (400, &json!("Content-Crs")), "{bad}");
    }
    let mut old = metres.clone();
    old["crs"] = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9217"}});
    assert_eq!(send(&server, "POST", ITEMS, &key, &[("content-crs", &uri(9217))], &old.to_string()).await.status, 201);
    old["geometry"] = lonlat["geometry"].clone();
    assert_eq!(fault(&send(&server, "POST", ITEMS, &key, &[], &old.to_string()).await)["field"], "crs");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_are_refused_and_nothing_breaks() {
    let (world, server, key) = parcels().await;
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
    let polygon = |x: &str| {
        format!(
            r#"{{"type": "Feature", "properties": {{}}, "geometry": {{"type": "Polygon", "coordinates": [[[{x}, 11.5], [109, 11.5], [109, 11.6], [{x}, 11.5]]]}}}}"#
        )
    };
    let with = |member: &str| format!(r#"{{"type": "Feature", "geometry": null, {member}}}"#);
    let cases = [
        (String::new(), 400),
        ("{".into(), 400),
        ("[]".into(), 415),
        ("null".into(), 415),
        ("<wfs:Transaction/>".into(), 415),
        (r#"{"type": "FeatureCollection", "features": []}"#.into(), 400),
        (r#"{"type": "FeatureCollection", "features": [1]}"#.into(), 400),
        (r#"{"type": "Polygon", "coordinates": []}"#.into(), 400),
        (deep("[", "]"), 415),
        (deep("{\"a\":", "}"), 422),
        (with(&format!(r#""properties": {{"them": {}}}"#, deep("[", "]"))), 422),
        (with(&format!(r#""properties": {{"them": {}}}"#, deep("{\"a\":", "}"))), 422),
        (
            format!(
                r#"{{"type": "Feature", "properties": {{}}, "geometry": {{"type": "Polygon", "coordinates": {}}}}}"#,
                deep("[", "]")
            ),
            422,
        ),
        (polygon("NaN"), 400),
        (polygon("1e400"), 422),
        (polygon("-1e308"), 422),
        (polygon("\"108\""), 422),
        (with(r#""properties": {"gia": 1e400}"#), 422),
        (with(r#""properties": {"gia": NaN}"#), 400),
        (with(r#""properties": {"so": 99999999999999999999999999}"#), 422),
        (with(r#""properties": {"Mã đất": "\u0000"}"#), 422),
        (with(r#""properties": {"Mã đất": "\ud800"}"#), 422),
        (with(r#""properties": {"so": 1, "so": 2}"#), 422),
        (with(r#""properties": {}, "properties": {}"#), 400),
        (with(r#""properties": {"so\"; DROP TABLE layers.thua; --": 1}"#), 422),
        (" ".repeat(5 << 20), 413),
        (with(&format!(r#""properties": {{"Mã đất": "{}"}}"#, "ậ".repeat(2 << 20))), 413),
    ];
    for (body, status) in cases {
        let start: String = body.chars().take(80).collect();
        for (method, path) in
            [("POST", ITEMS.to_string()), ("PUT", format!("{ITEMS}/1")), ("PATCH", format!("{ITEMS}/1"))]
        {
            let reply = send(&server, method, &path, &key, &[("content-type", "text/plain")], &body).await;
            assert_eq!(reply.header(header::CONTENT_TYPE), "application/problem+json", "{method} {start}");
            let is = reply.status.as_u16();
            let expected = is == status || (body.trim().is_empty() && [400, 413, 415].contains(&is));
            assert!(expected, "{method} {start}: {is} {}", String::from_utf8_lossy(&reply.bytes));
        }
    }
    let long = with(&format!(r#""properties": {{"Mã đất": "{}"}}"#, "ậ".repeat(1 << 20)));
    assert_eq!(send(&server, "POST", ITEMS, &key, &[], &long).await.status, 201, "a long text is a text");
    let kept = format!("SELECT count(*) FROM layers.thua WHERE length(\"Mã đất\") = {}", 1 << 20);
    assert_eq!(world.number(&kept).await, 1);
    let odd = "'; DROP TABLE layers.thua; -- $1 \\ \" %";
    let made = send(&server, "POST", ITEMS, &key, &[], &parcel(json!({"Mã đất": odd})).to_string()).await;
    assert_eq!(made.json()["properties"]["Mã đất"], odd);
    assert_eq!(world.number("SELECT count(*) FROM layers.thua").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_whatever_it_is_called() {
    let (_world, server, key) = parcels().await;
    let body = parcel(json!({})).to_string();
    for name in ["text/xml", "application/geo+json", "application/json; charset=utf-8", "application/vnd.x"] {
        assert_eq!(send(&server, "POST", ITEMS, &key, &[("content-type", name)], &body).await.status, 201, "{name}");
    }
    assert_eq!(send(&server, "PUT", &format!("{ITEMS}/1"), &key, &[], &body).await.status, 200);
    let patch = "application/json-patch+json";
    let reply = send(&server, "PATCH", &format!("{ITEMS}/1"), &key, &[("content-type", patch)], "[]").await;
    assert_eq!((reply.status.as_u16(), &reply.json()["type"]), (415, &json!("/problems/unsupported-media-type")));
    let question = r#"{"op": "=", "args": [{"property": "so"}, 2]}"#;
    let found = send(&server, "POST", ITEMS, "", &[("content-type", "application/json")], question).await;
    assert_eq!((found.status.as_u16(), &found.json()["numberMatched"]), (200, &json!(1)), "a condition is a question");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_say_what_is_possible_and_browsers_may_send_keys() {
    let (_world, server, _key) = parcels().await;
    for (path, allow) in [
        (ITEMS.to_string(), "GET, HEAD, OPTIONS, POST"),
        (format!("{ITEMS}/1"), "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"),
        (format!("{ITEMS}/unknown_id"), "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"),
    ] {
        let reply = send(&server, "OPTIONS", &path, "", &[], "").await;
        assert_eq!((reply.status.as_u16(), reply.header(header::ALLOW)), (200, allow), "{path}");
    }
    assert_eq!(send(&server, "OPTIONS", "/ogc/collections/khong_co/items", "", &[], "").await.status, 404);
    let asks = [
        ("origin", "https://khac.test"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "authorization,if-match,content-crs"),
    ];
    let reply = send(&server, "OPTIONS", &format!("{ITEMS}/1"), "", &asks, "").await;
    assert!(reply.header("access-control-allow-headers").contains("authorization"), "a `*` would not cover it");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_goes_in_as_it_comes_out() {
    let world = World::new().await;
    let columns = [
        ("t", "text"),
        ("b", "bool"),
        ("ts", "timestamp"),
        ("ti", "time"),
        ("by", "bytea"),
        ("l", "text[]"),
        ("n", "int8[]"),
        ("f4", "float4"),
        ("i2", "int2"),
        ("big", "int8"),
        ("d", "date"),
    ];
    let rows = r#"VALUES (ST_SetSRID(ST_Point(108.98, 11.56), 4326), E'"Thống Nhất"\n', true, TIMESTAMP '2026-11-24 08:00:00.5', TIME '08:30', '\x00ff'::bytea,
        ARRAY['một', NULL, 'a,"b'], ARRAY[9007199254740993], 0.1::float4, -32768, 9007199254740993, DATE '12026-01-01'),
        (ST_SetSRID(ST_Point(108.98, 11.56), 4326), '', NULL, 'infinity', NULL, '', '{}', NULL, 1e-40, NULL, NULL, DATE '0044-03-15 BC')"#;
    world.layer("moi_kieu", "Point", 4326, &columns, rows).await;
    let server = world.server().await;
    let (_, key) = keys::create(&world.pool, "thử", None).await.unwrap();
    for fid in [1, 2] {
        let path = format!("/ogc/collections/moi_kieu/items/{fid}");
        let text = String::from_utf8(server.get(&path).await.bytes).unwrap();
        let before: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM layers.moi_kieu t WHERE fid = {fid}")))
                .fetch_one(&world.pool)
                .await
                .unwrap_or_default();
        let reply = send(&server, "PUT", &path, &key, &[], &text).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.bytes));
        assert_eq!(String::from_utf8(reply.bytes).unwrap(), text);
        let made = send(&server, "POST", "/ogc/collections/moi_kieu/items", &key, &[], &text).await;
        assert_eq!(made.status, 201);
        let same = format!(
            "SELECT count(*) FROM layers.moi_kieu x, layers.moi_kieu y WHERE x.fid = {fid} AND y.fid = {} AND to_jsonb(x) - 'fid' = to_jsonb(y) - 'fid'",
            path_of(&made).rsplit('/').next().unwrap()
        );
        assert_eq!(world.number(&same).await, 1, "{before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_without_geometry_is_written_too() {
    let world = World::new().await;
    world
        .sql(
            r#"CREATE TABLE layers.bang (fid bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, ten text);
               INSERT INTO dothi.layer (id, title, fields) VALUES ('bang', 'Bảng', '[{"name": "ten", "column": "ten", "kind": "text"}]');
               SELECT dothi.watch('bang', false);"#,
        )
        .await;
    let server = world.server().await;
    let (_, key) = keys::create(&world.pool, "thử", None).await.unwrap();
    let items = "/ogc/collections/bang/items";
    let made = send(&server, "POST", items, &key, &[], r#"{"type": "Feature", "properties": {"ten": "một"}}"#).await;
    assert_eq!((made.status.as_u16(), &made.json()["properties"]["ten"]), (201, &json!("một")));
    let empty =
        send(&server, "POST", items, &key, &[], r#"{"type": "Feature", "properties": {}, "geometry": null}"#).await;
    assert_eq!(empty.status, 201);
    let put = send(&server, "PUT", &path_of(&made), &key, &[], r#"{"type": "Feature", "properties": {}}"#).await;
    assert_eq!((put.status.as_u16(), &put.json()["properties"]["ten"]), (200, &Value::Null));
    let body = parcel(json!({})).to_string();
    assert_eq!(fault(&send(&server, "POST", items, &key, &[], &body).await)["field"], "geometry");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_definition_and_the_conformance_classes_say_that_features_can_be_written() {
    let (_world, server, _key) = parcels().await;
    let api = server.json("/ogc/api").await;
    let scheme = &api["components"]["securitySchemes"]["key"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    for (path, method) in [("", "post"), ("/{featureId}", "put"), ("/{featureId}", "patch"), ("/{featureId}", "delete")]
    {
        let operation = &api["paths"][format!("/collections/thua/items{path}")][method];
        assert_eq!(operation["security"], json!([{"key": []}]), "{method}");
        assert_eq!(operation["requestBody"].is_object(), method != "delete");
    }
    assert!(api["paths"]["/collections/thua/items"]["get"]["security"].is_null());
    let classes = server.json("/ogc/conformance").await["conformsTo"].to_string();
    for class in ["conf/create-replace-delete", "conf/update", "conf/features", "req/optimistic-locking-etags"] {
        assert!(classes.contains(&format!("http://www.opengis.net/spec/ogcapi-features-4/1.0/{class}")), "{class}");
    }
}

#[tokio::test]
async fn a_posted_question_is_answered_to_a_client_that_says_xml_by_habit() {
    let world = World::new().await;
    world
        .layer(
            "diem",
            "Point",
            4326,
            &[("so", "int4")],
            "SELECT ST_Point(109, 11, 4326), i FROM generate_series(1, 3) i",
        )
        .await;
    let server = world.server().await;
    let ask = |accept: &'static str| {
        let question = r#"{"op": ">", "args": [{"property": "so"}, 1]}"#;
        let request = Request::post("/ogc/collections/diem/items").header(header::HOST, "ban-do.test");
        request
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, "text/xml")
            .body(Body::from(question))
            .unwrap()
    };
    let reply = server.send(ask("text/xml,application/xml")).await;
    assert_eq!((reply.status.as_u16(), reply.json()["numberMatched"].as_i64()), (200, Some(2)));
    assert_eq!(server.send(ask("image/png")).await.status, 406);
    assert!(String::from_utf8(server.send(ask("text/csv")).await.bytes).unwrap().contains("so"));
}
