//! The change feed: what is built from it equals the layer, whoever writes and whatever stops in between.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use futures_util::StreamExt;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use tower::ServiceExt;

use dothi::access::keys;

use crate::city::{City, eventually, kill};
use crate::support::{Server, World};

const COLUMNS: [(&str, &str); 9] = [
    ("Tên thửa", "text"),
    ("so", "int4"),
    ("gia", "float8"),
    ("cao", "float4"),
    ("ngay", "date"),
    ("luc", "timestamptz"),
    ("them", "json"),
    ("anh", "bytea"),
    ("ma", "text[]"),
];
const CHANGES: &str = "/ogc/collections/thua/changes";
const ROWS: &str = r#"SELECT ST_SetSRID(CASE i % 4 WHEN 0 THEN ST_Point(580000 + i / 3.0, 1279000 + i / 7.0) WHEN 1 THEN ST_MakeEnvelope(580000, 1279000, 580000 + i / 9.0, 1279010)
         WHEN 2 THEN 'MULTIPOINT EMPTY'::geometry END, 9217), 'Đất "ở" \ ' || i, i, i / 3.0, i / 7.0, DATE '2026-01-01' + i, TIMESTAMPTZ '2026-01-01 00:00:00.123456+07',
         '{"b":  1.50, "a": [null, "\u00e9"]}'::json, '\x00ff'::bytea || convert_to(i::text, 'UTF8'), ARRAY['a', NULL, 'đ'] FROM generate_series(1, 40) i"#;

async fn parcels() -> World {
    let world = World::new().await;
    world.layer("thua", "Geometry", 9217, &COLUMNS, ROWS).await;
    // Writers that get into each other's way find out sooner.
    world.sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = %L', current_database(), '20ms'); END $$").await;
    world
}

#[derive(serde::Deserialize)]
struct Pages {
    changes: Vec<Box<RawValue>>,
}

#[derive(serde::Deserialize)]
struct Told {
    version: i64,
    op: String,
    id: Option<i64>,
    at: Option<String>,
    feature: Option<Feature>,
}

#[derive(serde::Deserialize)]
struct Feature {
    ewkb: Option<String>,
    properties: Box<RawValue>,
}

/// What somebody elsewhere has of a layer, and nothing but the feed to build it from.
struct Replica {
    mark: String,
    /// Geometry, and the properties letter by letter.
    features: BTreeMap<i64, (Option<String>, Box<RawValue>)>,
    /// Version and feature of every change in the order in which they came.
    told: Vec<(i64, i64)>,
}

impl Replica {
    fn new(mark: &str) -> Replica {
        Replica { mark: mark.into(), features: BTreeMap::new(), told: Vec::new() }
    }

    fn apply(&mut self, text: &RawValue) {
        let change: Told = serde_json::from_str(text.get()).unwrap();
        let fid = change.id.unwrap_or_default();
        if change.at.is_some() && change.op != "replace" {
            self.told.push((change.version, fid));
        }
        match change.op.as_str() {
            "create" | "update" => {
                let feature = change.feature.unwrap();
                self.features.insert(fid, (feature.ewkb, feature.properties));
            }
            "delete" => drop(self.features.remove(&fid)),
            "replace" => self.features.clear(),
            op => panic!("{op}"),
        }
    }

    /// Reads pages until there are no more.
    async fn catch_up(&mut self, server: &Server, limit: u32) {
        loop {
            let path = format!("{CHANGES}?since={}&limit={limit}&geometry=ewkb", self.mark);
            let reply = server.get(&path).await;
            assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.bytes));
            let page: Pages = serde_json::from_slice(&reply.bytes).unwrap();
            page.changes.iter().for_each(|c| self.apply(c));
            let page = reply.json();
            self.mark = page["version"].as_str().unwrap().into();
            let next = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next");
            match next {
                Some(next) => {
                    let mark = self.mark.replace(':', "%3A").replace('@', "%40");
                    assert!(next["href"].as_str().unwrap().contains(&format!("since={mark}&")), "{next}");
                }
                None => return,
            }
        }
    }

    /// Puts the replica into a table of its own and lets PostgreSQL compare it with the layer to the last bit.
    async fn equals_the_layer(&self, pool: &PgPool) {
        let table = format!("replica_{}", self.mark.replace([':', '@'], "_"));
        let run = |text: String| async move { sqlx::raw_sql(AssertSqlSafe(text)).execute(pool).await.unwrap() };
        run(format!("CREATE TABLE {table} (LIKE layers.thua)")).await;
        for (fid, (ewkb, properties)) in &self.features {
            sqlx::query(AssertSqlSafe(format!(
                "WITH given AS (SELECT $2::json AS p) INSERT INTO {table} SELECT $1, $3::geometry, r.\"Tên thửa\", r.so, r.gia, r.cao, r.ngay, r.luc, r.them, \
                 decode(p->>'anh', 'base64'), r.ma FROM given, json_populate_record(NULL::{table}, p) r"
            )))
            .bind(fid)
            .bind(properties.get())
            .bind(ewkb)
            .execute(pool)
            .await
            .unwrap();
        }
        let text = "fid, geom::bytea, ROW(x.*)::text";
        let query = format!(
            "SELECT count(*) FROM ((SELECT {text} FROM layers.thua x EXCEPT SELECT {text} FROM {table} x) UNION ALL (SELECT {text} FROM {table} x EXCEPT SELECT {text} FROM layers.thua x)) d"
        );
        let differ: i64 = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(pool).await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM layers.thua").fetch_one(pool).await.unwrap();
        assert_eq!((differ, self.features.len() as i64), (0, count));
        run(format!("DROP TABLE {table}")).await;
    }

    /// Every change was told once, and in order.
    async fn was_told_everything(&self, pool: &PgPool) {
        assert!(self.told.is_sorted(), "in order");
        let all: Vec<(i64, i64)> =
            sqlx::query_as("SELECT version, fid FROM dothi.change WHERE layer = 'thua' ORDER BY 1, 2")
                .fetch_all(pool)
                .await
                .unwrap();
        assert_eq!(self.told, all);
    }
}

/// The statements of one of those who write by SQL. Some are rolled back, in part or as a whole.
fn transaction(writer: u64, turn: u64) -> String {
    let k = writer * 7 + turn;
    match k % 8 {
        0 => format!("UPDATE layers.thua SET so = so + 1, gia = gia / 3 WHERE fid % 3 = {}", k % 3),
        1 => format!("BEGIN; INSERT INTO layers.thua (so) VALUES ({k}), ({k}); SAVEPOINT a; DELETE FROM layers.thua WHERE fid % 2 = 0; ROLLBACK TO a; \
                      UPDATE layers.thua SET geom = ST_Translate(geom, 0.1, 1e-9) WHERE fid % 5 = {}; COMMIT", k % 5),
        2 => format!("BEGIN; UPDATE layers.thua SET \"Tên thửa\" = 'không bao giờ' WHERE fid % 2 = {}; ROLLBACK", k % 2),
        3 => format!("DELETE FROM layers.thua WHERE fid = (SELECT min(fid) FROM layers.thua WHERE fid % 11 = {})", k % 11),
        4 => format!("UPDATE layers.thua SET fid = fid + {} WHERE fid = (SELECT max(fid) FROM layers.thua WHERE fid < 1000)", 1000 * (k + 1)),
        5 => "INSERT INTO layers.thua (geom, ma, anh) SELECT ST_Multi(ST_Buffer(geom, 0.7)), NULL, '\\x' FROM layers.thua WHERE NOT ST_IsEmpty(geom) LIMIT 3".into(),
        6 => format!("INSERT INTO layers.thua (fid, so, them) VALUES (7, {k}, '{{\"a\" :1}}') ON CONFLICT (fid) DO UPDATE SET so = excluded.so, them = excluded.them"),
        _ => format!("SET timezone = 'Asia/Ho_Chi_Minh'; SET extra_float_digits = 0; SET bytea_output = 'escape'; \
                      UPDATE layers.thua SET luc = luc + interval '1 microsecond', gia = pi() / {}, cao = 1.1, anh = anh || '\\x5c00' WHERE fid % 4 = {}; RESET ALL", k + 1, k % 4),
    }
}

async fn write_by_sql(pool: PgPool, writer: u64, turns: u64) {
    let mut on = pool.acquire().await.unwrap();
    for turn in 0..turns {
        if let Err(e) = sqlx::raw_sql(AssertSqlSafe(transaction(writer, turn))).execute(&mut *on).await {
            // Somebody else was first: deadlock, or the same id.
            let code = e.as_database_error().and_then(|e| e.code().map(|c| c.into_owned())).unwrap_or_default();
            assert!(["40P01", "23505"].contains(&code.as_str()), "{e}");
            sqlx::raw_sql("ROLLBACK").execute(&mut *on).await.unwrap();
        }
    }
}

async fn write_by_api(server: Arc<Server>, key: String, writer: u64, turns: u64) {
    let send = async |method: &str, path: String, body: Value| {
        let request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
        server.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    for turn in 0..turns {
        let point = json!({"type": "Point", "coordinates": [108.98 + turn as f64 / 7e5, 11.56]});
        let feature = json!({"type": "Feature", "geometry": point, "properties": {"so": turn, "Tên thửa": format!("{writer} viết")}});
        let items = "/ogc/collections/thua/items".to_string();
        let one = format!("{items}/{}", 1 + (writer * 5 + turn) % 40);
        let reply = match turn % 4 {
            0 => send("POST", items, feature).await,
            1 => send("PATCH", one, json!({"properties": {"gia": turn as f64 / 3.0}})).await,
            2 => send("PUT", one, feature).await,
            _ => send("DELETE", one, json!(null)).await,
        };
        let fine = [200, 201, 204, 404, 503].contains(&reply.status.as_u16());
        assert!(fine, "{} {}", reply.status, String::from_utf8_lossy(&reply.bytes));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_built_from_the_feed_equals_the_layer_while_eight_writers_run() {
    let world = parcels().await;
    let (_, key) = keys::create(&world.pool, "Đo đạc", None).await.unwrap();
    let (mut from_nothing, mut small, mut later) = (Replica::new("0"), Replica::new("start"), None);
    for round in 0..3 {
        // Each round has a server of its own: a mark outlives it.
        let server = Arc::new(world.server().await);
        let over = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..4)
            .flat_map(|w| {
                let by_sql = tokio::spawn(write_by_sql(world.pool.clone(), round * 10 + w, 12));
                [by_sql, tokio::spawn(write_by_api(server.clone(), key.clone(), round * 10 + w, 12))]
            })
            .collect();
        let ended = over.clone();
        let all = tokio::spawn(async move {
            for writer in writers {
                writer.await.unwrap();
            }
            ended.store(true, Ordering::Relaxed);
        });
        let mut limits = [1, 2, 3, 7, 50, 1000].into_iter().cycle();
        while !over.load(Ordering::Relaxed) {
            from_nothing.catch_up(&server, limits.next().unwrap()).await;
            small.catch_up(&server, 3).await;
            if round == 1 && later.is_none() {
                let mut replica = Replica::new("start");
                replica.catch_up(&server, 5).await;
                later = Some(replica);
            }
        }
        all.await.unwrap();
        from_nothing.catch_up(&server, 1000).await;
        small.catch_up(&server, 1).await;
        from_nothing.equals_the_layer(&world.pool).await;
        small.equals_the_layer(&world.pool).await;
    }
    from_nothing.was_told_everything(&world.pool).await;
    let server = world.server().await;
    let mut later = later.unwrap();
    later.catch_up(&server, 13).await;
    later.equals_the_layer(&world.pool).await;
    // Telling a part again changes nothing.
    let version = world.number("SELECT version FROM dothi.layer WHERE id = 'thua'").await;
    later.mark = (version / 2).to_string();
    later.catch_up(&server, 100).await;
    later.equals_the_layer(&world.pool).await;
    assert_eq!(world.number("SELECT count(DISTINCT version) FROM dothi.change").await, version, "no gaps");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_where_it_ends_and_how_to_go_on() {
    let world = parcels().await;
    let server = world.server().await;
    let begin = server.json(CHANGES).await;
    let mark = begin["version"].as_str().unwrap().to_string();
    assert!(mark.ends_with(":1") && begin["keptSince"].as_str().unwrap().ends_with(":0"), "{begin}");
    let nothing = server.get(&format!("{CHANGES}?since={mark}")).await;
    assert_eq!(
        (nothing.json()["changes"].as_array().unwrap().len(), nothing.header("dothi-version")),
        (0, mark.as_str())
    );
    let again =
        Request::get(format!("{CHANGES}?since={mark}")).header(header::IF_NONE_MATCH, nothing.header(header::ETAG));
    assert_eq!(server.send(again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);

    world.sql("UPDATE layers.thua SET so = -so WHERE fid <= 5").await;
    world.sql("DELETE FROM layers.thua WHERE fid = 2").await;
    let page = server.get(&format!("{CHANGES}?since={mark}&limit=3&crs=EPSG:9217")).await;
    assert_eq!(page.header("content-crs"), "<http://www.opengis.net/def/crs/EPSG/0/9217>");
    let doc = page.json();
    let short = |doc: &Value| -> Vec<(i64, String, i64)> {
        let all = doc["changes"].as_array().unwrap().iter();
        all.map(|c| (c["version"].as_i64().unwrap(), c["op"].as_str().unwrap().into(), c["id"].as_i64().unwrap()))
            .collect()
    };
    assert_eq!(short(&doc), [(2, "update".into(), 1), (2, "update".into(), 2), (2, "update".into(), 3)]);
    assert_eq!(doc["changes"][0]["feature"]["geometry"]["coordinates"][0][1], json!([580000, 1279010]));
    assert!(doc["version"].as_str().unwrap().ends_with(":1:3"), "inside version 2: {}", doc["version"]);
    assert_eq!(doc["changes"][0].get("who"), None);
    let next = doc["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next").unwrap()["href"].clone();
    let rest = server.json(next.as_str().unwrap().strip_prefix("http://ban-do.test").unwrap()).await;
    assert_eq!(short(&rest), [(2, "update".into(), 4), (2, "update".into(), 5), (3, "delete".into(), 2)]);
    assert!(rest["version"].as_str().unwrap().ends_with(":3") && !rest.to_string().contains("\"next\""));
    let lines = server.get(&format!("{CHANGES}?since={mark}&f=ndjson&limit=2")).await;
    assert_eq!(
        (lines.header(header::CONTENT_TYPE), lines.bytes.iter().filter(|b| **b == b'\n').count()),
        ("application/x-ndjson", 2)
    );
    assert!(lines.header(header::LINK).contains("rel=\"self\"") && lines.header("dothi-version").ends_with(":1:2"));

    for (query, parameter) in [
        ("since=4", "since"),
        ("since=-1", "since"),
        ("since=x", "since"),
        ("since=1:2:3:4", "since"),
        ("since=1&limit=0", "limit"),
        ("since=1&limit=10001", "limit"),
        ("since=1&geometry=wkt", "geometry"),
        ("since=1&f=xml", "f"),
        ("since=1&crs=EPSG:1", "crs"),
        ("since=1&before=ja", "before"),
        ("sinze=1", "sinze"),
    ] {
        let reply = server.get(&format!("{CHANGES}?{query}")).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["parameter"]), (400, &json!(parameter)), "{query}");
    }
    assert_eq!(server.get("/ogc/collections/khong/changes?since=1").await.status, 404);
    let other = server.get(&format!("{CHANGES}?since=00000000:2")).await;
    assert_eq!((other.status.as_u16(), &other.json()["type"]), (410, &json!("/problems/gone")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_and_what_was_before_is_told_to_those_who_may_write() {
    let world = parcels().await;
    let server = world.server().await;
    let (_, key) = keys::create(&world.pool, "Đo đạc", Some(vec!["thua".into()])).await.unwrap();
    let (_, foreign) = keys::create(&world.pool, "Khác", Some(vec!["khac".into()])).await.unwrap();
    world.sql("UPDATE layers.thua SET so = 100, geom = NULL WHERE fid = 1").await;
    world.sql("UPDATE layers.thua SET so = 101 WHERE fid = 1; DELETE FROM layers.thua WHERE fid = 1").await;
    let ask = async |path: &str, key: &str| {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
        server.send(request.body(Body::empty()).unwrap()).await
    };
    let full = ask(&format!("{CHANGES}?since=1&before=true&geometry=ewkb"), &key).await.json();
    let told = full["changes"].as_array().unwrap();
    let so = |feature: &Value| feature["properties"]["so"].clone();
    assert_eq!(
        told.iter().map(|c| (so(&c["before"]), so(&c["feature"]))).collect::<Vec<_>>(),
        [(json!(1), json!(100)), (json!(100), json!(101)), (json!(101), json!(null))]
    );
    assert!(
        told[0]["before"]["ewkb"].is_string()
            && told[0]["feature"]["ewkb"].is_null()
            && told[1]["before"]["ewkb"].is_null()
    );
    assert!(told.iter().all(|c| c["who"].is_string()));
    let history = "/ogc/collections/thua/items/1/history";
    let open = server.json(history).await;
    let ops: Vec<&str> = open["changes"].as_array().unwrap().iter().map(|c| c["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["delete", "update", "update", "create"]);
    assert!(!open.to_string().contains("\"who\"") && !open.to_string().contains("\"before\""));
    let part = ask(&format!("{history}?limit=2&before=true"), &key).await.json();
    assert_eq!((so(&part["changes"][0]["before"]), part["changes"].as_array().unwrap().len()), (json!(101), 2));
    let next = part["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next").unwrap()["href"]
        .as_str()
        .unwrap()
        .to_string();
    assert!(next.contains("until=3") && next.contains("before=true"), "{next}");
    for path in [format!("{CHANGES}?since=1&before=true"), format!("{history}?before=true")] {
        assert_eq!(server.get(&path).await.status, 401, "{path}");
        assert_eq!(ask(&path, &foreign).await.status, 401, "{path}");
        assert_eq!(ask(&path, "dothi_x").await.status, 401, "{path}");
    }
    assert!(!ask(&format!("{CHANGES}?since=1"), &foreign).await.json().to_string().contains("\"who\""));
    assert_eq!(server.get("/ogc/collections/thua/items/9999/history").await.status, 404);
    assert_eq!(server.get("/ogc/collections/thua/items/x/history").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_or_emptied_layer_tells_its_readers_to_start_again() {
    let world = parcels().await;
    let server = world.server().await;
    let mut replica = Replica::new("start");
    replica.catch_up(&server, 10).await;
    world.sql("TRUNCATE layers.thua; INSERT INTO layers.thua (so) VALUES (1)").await;
    replica.catch_up(&server, 1).await;
    replica.equals_the_layer(&world.pool).await;
    // As an import swaps.
    world.sql("BEGIN; UPDATE layers.thua SET so = 2; CREATE TABLE layers.neu (LIKE layers.thua INCLUDING ALL); INSERT INTO layers.neu SELECT * FROM layers.thua; \
               DROP TABLE layers.thua; ALTER TABLE layers.neu RENAME TO thua; INSERT INTO dothi.change (layer, version, op) SELECT 'thua', dothi.bump('thua', 0, NULL), 'r'; \
               SELECT dothi.watch('thua', true); COMMIT").await;
    world.sql("UPDATE layers.thua SET so = 3").await;
    let page = server.json(&format!("{CHANGES}?since={}", replica.mark)).await;
    let ops: Vec<&str> = page["changes"].as_array().unwrap().iter().map(|c| c["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["replace", "update"], "what was before is not told");
    let mut anew = Replica::new("start");
    anew.catch_up(&server, 10).await;
    anew.equals_the_layer(&world.pool).await;

    // Dropped, and another made under its name that has come further.
    let mark = anew.mark.clone();
    dothi::layer::edit::drop(&world.pool, &server.app.catalog.get("thua").unwrap()).await.unwrap();
    server.eventually(|s| async move { s.app.catalog.get("thua").is_none() }).await;
    assert_eq!(server.get(&format!("{CHANGES}?since={mark}")).await.status, 404);
    world.layer("thua", "Geometry", 9217, &COLUMNS, ROWS).await;
    for _ in 0..10 {
        world.sql("UPDATE layers.thua SET so = so + 1").await;
    }
    server.eventually(|s| async move { s.app.catalog.get("thua").is_some() }).await;
    let reply = server.get(&format!("{CHANGES}?since={mark}")).await;
    assert_eq!(reply.status, 410);
    assert!(reply.json()["detail"].as_str().unwrap().contains("since=start"));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_an_administrator_adds_or_drops_stop_nobody_and_tell_nothing() {
    let world = parcels().await;
    let server = world.server().await;
    world.sql("ALTER TABLE layers.thua ADD COLUMN \"ghi chú 'nội bộ\"\"\" text; UPDATE layers.thua SET \"ghi chú 'nội bộ\"\"\" = 'kín', so = 5 WHERE fid = 1").await;
    let page = server.json(&format!("{CHANGES}?since=1")).await;
    assert_eq!(page["changes"][0]["feature"]["properties"]["so"], 5);
    assert!(!page.to_string().contains("kín"), "the column is no field");
    assert_eq!(
        world.number("SELECT count(*) FROM dothi.change WHERE attributes->>'ghi chú ''nội bộ\"' = 'kín'").await,
        1
    );
    world.sql("ALTER TABLE layers.thua DROP COLUMN gia; ALTER TABLE layers.thua ADD COLUMN gap int GENERATED ALWAYS AS (so * 2) STORED").await;
    world.sql("UPDATE layers.thua SET so = 6 WHERE fid = 1").await;
    let page = server.json(&format!("{CHANGES}?since=2")).await;
    assert_eq!(page["changes"][0]["feature"]["properties"]["so"], 6);
    server.eventually(|s| async move { s.app.catalog.get("thua").unwrap().field("gia").is_none() }).await;
    let items = server.json("/ogc/collections/thua/items?limit=1").await;
    assert_eq!(items["features"][0]["properties"].get("gia"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_may_be_called_as_anything_in_our_statements() {
    let world = World::new().await;
    let names = [
        "i",
        "p",
        "o",
        "w",
        "t",
        "c",
        "x",
        "geom_before",
        "attributes",
        "moved",
        "version",
        "op",
        "image",
        "was",
        "became",
        "change",
        "n",
        "v",
    ];
    let columns: Vec<(&str, &str)> = names.iter().map(|n| (*n, "int4")).collect();
    let values: Vec<String> = (1..=names.len()).map(|n| n.to_string()).collect();
    let rows = format!("VALUES (ST_SetSRID(ST_Point(108.9, 11.5), 4326), {})", values.join(", "));
    world.layer("thua", "Point", 4326, &columns, &rows).await;
    let server = world.server().await;
    world.sql("UPDATE layers.thua SET i = -1, geom = ST_SetSRID(ST_Point(108.8, 11.4), 4326); UPDATE layers.thua SET fid = 9").await;
    world.sql("DELETE FROM layers.thua; INSERT INTO layers.thua (p) VALUES (7)").await;
    let (_, key) = keys::create(&world.pool, "Đo đạc", None).await.unwrap();
    let request =
        Request::get(format!("{CHANGES}?since=0&before=true")).header(header::AUTHORIZATION, format!("Bearer {key}"));
    let page = server.send(request.body(Body::empty()).unwrap()).await.json();
    let told = page["changes"].as_array().unwrap();
    let ops: Vec<&str> = told.iter().map(|c| c["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["create", "update", "delete", "create", "delete", "create"]);
    for (n, name) in names.iter().enumerate().skip(1) {
        assert_eq!(told[1]["feature"]["properties"][name], n + 1, "{name}");
    }
    assert_eq!(
        (&told[1]["before"]["properties"]["i"], &told[1]["feature"]["properties"]["i"]),
        (&json!(1), &json!(-1))
    );
    assert_eq!(told[1]["before"]["geometry"]["coordinates"], json!([108.9, 11.5]));
    let items = server.json("/ogc/collections/thua/items").await;
    assert_eq!(items["features"][0]["properties"]["p"], 7);
}

/// A stream of events, read one by one.
struct Events {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Event {
    id: String,
    name: String,
    data: Value,
    text: String,
}

impl Events {
    async fn open(server: &Server, path: &str, last: Option<&str>) -> Events {
        let mut request = Request::get(path).header(header::ACCEPT, "text/event-stream");
        if let Some(id) = last {
            request = request.header("last-event-id", id);
        }
        let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(
            (response.status(), response.headers()[header::CONTENT_TYPE].to_str().unwrap()),
            (StatusCode::OK, "text/event-stream")
        );
        Events { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; none at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ").unwrap() {
                        ("id", id) => event.id = id.into(),
                        ("event", name) => event.name = name.into(),
                        ("data", data) => {
                            event.data = serde_json::from_str(data).unwrap();
                            event.text = data.into();
                        }
                        ("retry" | "", _) => {}
                        other => panic!("{other:?}"),
                    }
                }
                self.text = rest.to_string();
                return Some(event);
            }
            let part = tokio::time::timeout(Duration::from_secs(10), self.body.next())
                .await
                .expect("an event within ten seconds");
            self.text.push_str(std::str::from_utf8(&part?.unwrap()).unwrap());
        }
    }

    /// The next event that has data.
    async fn told(&mut self) -> Option<Event> {
        loop {
            match self.next().await {
                Some(event) if event.data.is_null() => {}
                event => return event,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_changes_are_committed_and_go_on_from_the_last_id() {
    let world = parcels().await;
    let server = world.server().await;
    let mut events = Events::open(&server, &format!("{CHANGES}/stream"), None).await;
    let first = events.next().await.unwrap();
    assert!(first.id.ends_with(":1") && first.data.is_null());
    let committed = Instant::now();
    world.sql("UPDATE layers.thua SET so = 7 WHERE fid IN (3, 4)").await;
    let (a, b) = (events.told().await.unwrap(), events.told().await.unwrap());
    println!("the event came {:?} after the edit was sent", committed.elapsed());
    assert_eq!(
        (a.name.as_str(), &a.data["id"], &a.data["feature"]["properties"]["so"]),
        ("update", &json!(3), &json!(7))
    );
    assert!(a.id.ends_with(":1:3") && b.id.ends_with(":2"), "{} {}", a.id, b.id);
    drop(events);

    // What happened while nobody listened, on another server; from inside a version.
    world.sql("DELETE FROM layers.thua WHERE fid = 4").await;
    let other = world.server().await;
    let mut events = Events::open(&other, CHANGES, Some(&a.id)).await;
    assert_eq!(events.told().await.unwrap(), b);
    assert_eq!(events.told().await.unwrap().name, "delete");
    // A version of the description only moves the mark.
    world.sql("SELECT dothi.bump('thua', 0, NULL)").await;
    let moved = events.next().await.unwrap();
    assert!(moved.id.ends_with(":4") && moved.data.is_null(), "{moved:?}");
    dothi::layer::edit::drop(&world.pool, &other.app.catalog.get("thua").unwrap()).await.unwrap();
    assert_eq!(events.told().await.unwrap().name, "gone");
    assert_eq!(events.told().await, None);

    let request = Request::get(format!("{CHANGES}/stream")).header("last-event-id", "x").body(Body::empty()).unwrap();
    let reply = server.send(request).await;
    assert!(reply.status == 400 || reply.status == 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_the_start_builds_a_replica_too() {
    let world = parcels().await;
    let server = world.server().await;
    let mut events = Events::open(&server, &format!("{CHANGES}/stream?since=start&geometry=ewkb"), None).await;
    let writing = tokio::spawn(write_by_sql(world.pool.clone(), 0, 30));
    let mut replica = Replica::new("start");
    writing.await.unwrap();
    world.sql("UPDATE layers.thua SET so = -1 WHERE fid = (SELECT min(fid) FROM layers.thua)").await;
    let version = world.number("SELECT version FROM dothi.layer WHERE id = 'thua'").await;
    while replica.mark.split(':').nth(1) != Some(&version.to_string()) {
        let event = events.next().await.unwrap();
        if !event.data.is_null() {
            replica.apply(&RawValue::from_string(event.text).unwrap());
        }
        if !event.id.is_empty() {
            replica.mark = event.id;
        }
    }
    replica.equals_the_layer(&world.pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_of_all_layers_says_every_new_version() {
    let world = parcels().await;
    world
        .layer("diem", "Point", 4326, &[("ten", "text")], "VALUES (ST_SetSRID(ST_Point(108.9, 11.5), 4326), 'a')")
        .await;
    let server = world.server().await;
    let list = server.json("/ogc/changes").await;
    assert_eq!(list["layers"].as_array().unwrap().len(), 2);
    let mut events = Events::open(&server, "/ogc/changes", None).await;
    let told: BTreeSet<String> = [events.told().await.unwrap(), events.told().await.unwrap()]
        .iter()
        .map(|e| e.data["layer"].as_str().unwrap().into())
        .collect();
    assert_eq!(told, ["diem".to_string(), "thua".into()].into());
    world.sql("UPDATE layers.diem SET ten = 'b'").await;
    let event = events.told().await.unwrap();
    assert_eq!((event.name.as_str(), &event.data["layer"]), ("version", &json!("diem")));
    assert!(event.data["version"].as_str().unwrap().ends_with(":2"));
    dothi::layer::edit::drop(&world.pool, &server.app.catalog.get("diem").unwrap()).await.unwrap();
    assert_eq!(events.told().await.unwrap().name, "gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_streams_and_a_stopping_server_ends_them() {
    let world = parcels().await;
    let server = world.server_with(&["--streams", "2"]).await;
    let mut one = Events::open(&server, "/ogc/changes", None).await;
    let two = Events::open(&server, CHANGES, None).await;
    let third = server.get("/ogc/changes/stream").await;
    assert_eq!((third.status.as_u16(), &third.json()["type"]), (503, &json!("/problems/busy")));
    drop(two);
    server.eventually(|s| async move { s.app.feed.open() == 1 }).await;
    let _two = Events::open(&server, CHANGES, None).await;
    let stopping = Instant::now();
    server.app.feed.close().await;
    assert!(stopping.elapsed() < Duration::from_secs(2) && server.app.feed.open() == 0);
    while one.next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_comes_late_to_its_stream_is_told_everything() {
    let world = parcels().await;
    let server = world.server().await;
    let mut events = Events::open(&server, CHANGES, None).await;
    world.sql("UPDATE layers.thua SET \"Tên thửa\" = repeat('đ', 10000)").await;
    for _ in 0..9 {
        world.sql("UPDATE layers.thua SET so = so + 1").await;
    }
    // Meanwhile the stream has more to say than it may hold.
    server.eventually(|s| async move { s.app.catalog.get("thua").unwrap().version == 11 }).await;
    let mut told = Vec::new();
    while told.len() < 10 * 40 {
        let event = events.told().await.unwrap();
        told.push((event.data["version"].as_i64().unwrap(), event.data["id"].as_i64().unwrap()));
    }
    let all: Vec<(i64, i64)> = (2..=11).flat_map(|v| (1..=40).map(move |fid| (v, fid))).collect();
    assert_eq!(told, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_kept_is_gone_and_tiles_do_not_miss_it() {
    let world = parcels().await;
    for _ in 0..5 {
        world.sql("UPDATE layers.thua SET so = so + 1 WHERE fid < 4").await;
    }
    let server = world.server().await;
    let mark = server.json(CHANGES).await["version"].as_str().unwrap().to_string();
    assert_eq!(dothi::feed::keep::prune(&world.pool).await.unwrap(), 0, "all of it is young");
    world.sql("UPDATE dothi.change SET at = now() - interval '91 days' WHERE version <= 3").await;
    assert_eq!(dothi::feed::keep::prune(&world.pool).await.unwrap(), 40 + 3 + 3);
    let reply = server.get(&format!("{CHANGES}?since=2")).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["type"]), (410, &json!("/problems/gone")));
    let detail = reply.json()["detail"].as_str().unwrap().to_string();
    assert!(detail.contains("version 3") && detail.contains("since=start"), "{detail}");
    assert_eq!(server.json(&format!("{CHANGES}?since=3")).await["changes"].as_array().unwrap().len(), 9);
    assert_eq!(server.json(CHANGES).await["keptSince"].as_str().unwrap().split(':').nth(1), Some("3"));
    let mut replica = Replica::new("start");
    replica.catch_up(&server, 7).await;
    replica.equals_the_layer(&world.pool).await;
    // Kept for ever, or not at all.
    world.sql("UPDATE dothi.change SET at = now() - interval '9000 days'; UPDATE dothi.layer SET keep_days = -1").await;
    assert_eq!(dothi::feed::keep::prune(&world.pool).await.unwrap(), 0);
    world.sql("UPDATE dothi.layer SET keep_days = 0").await;
    assert_eq!(dothi::feed::keep::prune(&world.pool).await.unwrap(), 9);
    assert_eq!(
        server.get(&format!("{CHANGES}?since={mark}")).await.status,
        200,
        "whoever is up to date has lost nothing"
    );
    world.sql("UPDATE layers.thua SET so = 0").await;
    assert_eq!(server.json(&format!("{CHANGES}?since={mark}")).await["changes"].as_array().unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_none_and_a_curve_do_not_stop_the_feed() {
    let world = parcels().await;
    let server = world.server().await;
    world.sql("INSERT INTO layers.thua (fid, geom) VALUES (901, ST_SetSRID(ST_Point(1e300, 1e300), 9217)), (902, ST_SetSRID(ST_Point('NaN', 'Infinity'), 9217)), \
               (903, 'SRID=9217;CIRCULARSTRING(580000 1279000, 580001 1279001, 580002 1279000)'), (904, ST_SetSRID('POINT EMPTY'::geometry, 9217))").await;
    for crs in ["", "&crs=EPSG:3857", "&crs=EPSG:9217"] {
        let page = server.json(&format!("{CHANGES}?since=1{crs}")).await;
        let told: Vec<(i64, bool)> = page["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| (c["id"].as_i64().unwrap(), c["feature"]["geometry"].is_null()))
            .collect();
        assert_eq!(told.iter().map(|t| t.0).collect::<Vec<_>>(), [901, 902, 903, 904]);
        assert!(told[1].1 && told[2].1, "{crs}: {told:?}");
    }
    let mut replica = Replica::new("start");
    replica.catch_up(&server, 100).await;
    replica.equals_the_layer(&world.pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_say_a_version_from_which_changes_go_on() {
    let world = parcels().await;
    let server = world.server().await;
    let items = server.get("/ogc/collections/thua/items?limit=5").await;
    let mark = items.header("dothi-version").to_string();
    world.sql("UPDATE layers.thua SET so = 0 WHERE fid = 1").await;
    assert_eq!(server.json(&format!("{CHANGES}?since={mark}")).await["changes"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_definition_has_the_feed() {
    let world = parcels().await;
    let server = world.server().await;
    let api = server.json("/ogc/api").await;
    for path in [
        "/changes",
        "/collections/thua/changes",
        "/collections/thua/changes/stream",
        "/collections/thua/items/{featureId}/history",
    ] {
        assert!(api["paths"][path]["get"]["responses"]["200"].is_object(), "{path}");
    }
    let links = server.json("/ogc/collections/thua").await["links"].clone();
    assert!(links.as_array().unwrap().iter().any(|l| l["rel"] == "monitor"));
}

#[test]
fn a_killed_postgresql_ends_no_stream_and_no_change_is_lost() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 5);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    let mut server = city.serve();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET /ogc/collections/o_dat/changes/stream HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (heard, reader) = (told.clone(), stream.try_clone().unwrap());
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if let Some(data) = line.strip_prefix("data: ") {
                let change: Value = serde_json::from_str(data).unwrap();
                heard
                    .lock()
                    .unwrap()
                    .push((change["version"].as_i64(), change["feature"]["properties"]["so"].as_i64()));
            }
        }
    });
    eventually("the stream is open", || server.get("/ogc/collections/o_dat/changes").is_some_and(|r| r.0 == 200));
    city.sql("UPDATE layers.o_dat SET so = 100 WHERE so = 1");
    eventually("the event came", || told.lock().unwrap().len() == 1);
    let before = city.postmaster();
    kill(before, libc::SIGKILL);
    eventually("another is started", || city.postmaster_if_any().is_some_and(|pid| pid != before));
    eventually("SQL works again", || city.run_psql("UPDATE layers.o_dat SET so = 101 WHERE so = 100").status.success());
    eventually("the next event came", || told.lock().unwrap().len() == 2);
    assert_eq!(*told.lock().unwrap(), [(Some(2), Some(100)), (Some(3), Some(101))]);
    let (status, body) = server.get("/ogc/collections/o_dat/changes?since=1").unwrap();
    let page: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, page["changes"].as_array().unwrap().len()), (200, 2), "{page}");
    // An open stream is no reason not to stop.
    let asked = Instant::now();
    server.signal(libc::SIGTERM);
    eventually("it ends by itself", || server.child.try_wait().unwrap().is_some());
    println!("stopped with an open stream in {:?}", asked.elapsed());
    assert!(asked.elapsed() < Duration::from_secs(15), "it waited for the stream");
}

#[test]
fn an_administrator_says_how_long_changes_are_kept_and_sees_what_they_take() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 5);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    city.sql("UPDATE layers.o_dat SET so = so + 1");
    let shown = city.json(&["layers", "show", "o_dat"]);
    assert_eq!(
        (&shown["journal"]["changes"], &shown["keptSince"], &shown["keepDays"]),
        (&json!(6), &json!(0), &json!(null))
    );
    assert!(shown["journal"]["bytes"].as_u64().unwrap() > 500);
    for (say, days) in [("30", json!(30)), ("all", json!(-1)), ("default", json!(null))] {
        assert!(city.run(&["layers", "set", "o_dat", "--keep-history", say]).status.success());
        assert_eq!(city.layer("o_dat")["keepDays"], days);
    }
    assert!(!city.run(&["layers", "set", "o_dat", "--keep-history", "-3"]).status.success());
    let doctor: Value = serde_json::from_slice(&city.run(&["doctor", "--json"]).stdout).unwrap();
    let journal = doctor["checks"].as_array().unwrap().iter().find(|c| c["what"] == "journal").unwrap().clone();
    assert_eq!(journal["ok"], true, "{journal}");
    city.sql("ALTER TABLE layers.o_dat DISABLE TRIGGER journal_update");
    let out = city.run(&["doctor"]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("WRONG journal"), "{}", String::from_utf8_lossy(&out.stdout));
}
