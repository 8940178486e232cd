//! The API as its callers see it.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

use dothi::geo::{MatrixSet, Tile};
use dothi::layer::mvt as oracle;

use crate::support::{Server, World, tile_at};

async fn parcels(n: u32) -> (World, Server) {
    let world = World::new().await;
    let rows = format!(
        "SELECT ST_MakeEnvelope(580000 + i * 10, 1279000, 580010 + i * 10, 1279010, 9217), CASE i % 3 WHEN 0 THEN 'ONT' WHEN 1 THEN 'CLN' ELSE 'Đất khác' END, i, i / 4.0, i % 2 = 0, DATE '2026-01-01' + i \
         FROM generate_series(0, {}) i",
        n - 1
    );
    let columns = [("Mã đất", "text"), ("so", "int4"), ("gia", "float8"), ("chinh", "bool"), ("ngay", "date")];
    world.layer("thua", "Polygon", 9217, &columns, &rows).await;
    let server = world.server().await;
    (world, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_the_landing_page_answers() {
    let (_world, server) = parcels(3).await;
    let landing = server.json("/ogc").await;
    let links = landing["links"].as_array().unwrap();
    assert!(links.len() >= 5);
    for link in links {
        let href = link["href"].as_str().unwrap();
        let path = href.strip_prefix("http://ban-do.test").expect(href);
        let reply = server.get(path).await;
        assert_eq!(reply.status, 200, "{href}");
        if link["type"] != "text/html" {
            let (want, is) = (link["type"].as_str().unwrap(), reply.header(header::CONTENT_TYPE));
            assert_eq!(is, want, "{href}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_after_the_last_feature_and_edits_do_not_shift_them() {
    let (world, server) = parcels(25).await;
    let mut path = "/ogc/collections/thua/items?limit=10".to_string();
    let mut seen: Vec<i64> = Vec::new();
    for page in 0.. {
        let items = server.json(&path).await;
        assert_eq!(items["numberReturned"].as_u64().unwrap() as usize, items["features"].as_array().unwrap().len());
        seen.extend(items["features"].as_array().unwrap().iter().map(|f| f["id"].as_i64().unwrap()));
        if page == 0 {
            // A row of the first page goes while the client reads; an offset would now lose one.
            world.sql("DELETE FROM layers.thua WHERE fid = 3").await;
        }
        let next = items["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next");
        let Some(next) = next else { break };
        path = next["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap().to_string();
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_filtered_by_box_and_by_any_field() {
    let (_world, server) = parcels(30).await;
    let count = async |query: &str| {
        server.json(&format!("/ogc/collections/thua/items?limit=100&{query}")).await["numberMatched"].as_i64().unwrap()
    };
    assert_eq!(count("M%C3%A3%20%C4%91%E1%BA%A5t=ONT").await, 10);
    assert_eq!(count("M%C3%A3+%C4%91%E1%BA%A5t=%C4%90%E1%BA%A5t+kh%C3%A1c").await, 10);
    assert_eq!(count("so=7").await, 1);
    assert_eq!(count("gia=1.75").await, 1);
    assert_eq!(count("chinh=true").await, 15);
    assert_eq!(count("ngay=2026-01-08").await, 1);
    assert_eq!(count("so=7&chinh=true").await, 0);
    assert_eq!(count("so=7&M%C3%A3%20%C4%91%E1%BA%A5t=CLN").await, 1);
    assert_eq!(count("bbox=-180,-90,180,90").await, 30);
    assert_eq!(count("bbox=0,0,1,1").await, 0);
    let one = server.json("/ogc/collections/thua/items/8").await;
    let ring = one["geometry"]["coordinates"][0].as_array().unwrap();
    let middle = |axis: usize| (ring[0][axis].as_f64().unwrap() + ring[2][axis].as_f64().unwrap()) / 2.0;
    let (lon, lat) = (middle(0), middle(1));
    assert_eq!(count(&format!("bbox={},{},{},{}", lon - 1e-6, lat - 1e-6, lon + 1e-6, lat + 1e-6)).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_a_problem_that_names_parameter_and_value() {
    let (_world, server) = parcels(3).await;
    for (query, parameter, says) in [
        ("limit=0", "limit", "0"),
        ("limit=abc", "limit", "abc"),
        ("bbox=1,2,3", "bbox", "3 numbers"),
        ("bbox=1,2,3,x", "bbox", "x"),
        ("bbox=0,91,1,92", "bbox", "91"),
        ("so=bay", "so", "bay"),
        ("khong=1", "khong", "khong"),
        ("so=1&so=2", "so", "twice"),
        ("f=docx", "f", "docx"),
        ("datetime=hom-qua", "datetime", "hom-qua"),
        ("after=x", "after", "x"),
        ("so=%00", "so", "NUL"),
        ("so=1%27%20OR%201%3D1", "so", "' OR 1=1"),
        ("s%E1%BB%91=%FF", "số", "`%FF` is not UTF-8"),
    ] {
        let reply = server.get(&format!("/ogc/collections/thua/items?{query}")).await;
        let problem = reply.json();
        assert_eq!(
            (reply.status.as_u16(), reply.header(header::CONTENT_TYPE)),
            (400, "application/problem+json"),
            "{query}: {problem}"
        );
        assert_eq!(
            (problem["type"].as_str(), problem["parameter"].as_str()),
            (Some("/problems/invalid-parameter"), Some(parameter)),
            "{query}"
        );
        assert!(problem["detail"].as_str().unwrap().contains(says), "{query}: {problem}");
        let given = query.rsplit_once('=').unwrap().1;
        assert_eq!(problem["value"], *percent_encoding::percent_decode_str(given).decode_utf8_lossy(), "{query}");
        assert!(problem["instance"].as_str().unwrap().contains(reply.header("x-request-id")));
    }
    for path in [
        "/ogc/collections/khong_co",
        "/ogc/collections/khong_co/items",
        "/ogc/collections/thua/items/999",
        "/ogc/collections/thua/items/x",
        "/tiles/khong_co",
        "/tiles/thua/3/9/9",
        "/tiles/thua/x/0/0",
        "/styles/khong_co",
        "/nowhere",
        "/ogc/collections/thua%00",
    ] {
        let reply = server.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.json()["type"].as_str()),
            (404, Some("/problems/not-found")),
            "{path}"
        );
    }
    let reply = server.post("/ogc/collections", "{}").await;
    assert_eq!(reply.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_inside_reaches_a_caller_when_the_database_breaks() {
    let (world, server) = parcels(3).await;
    world.sql("ALTER TABLE layers.thua RENAME COLUMN so TO mat").await;
    let reply = server.get("/ogc/collections/thua/items").await;
    let text = String::from_utf8(reply.bytes.clone()).unwrap();
    assert_eq!((reply.status.as_u16(), reply.json()["type"].as_str()), (500, Some("/problems/internal")));
    for secret in ["SELECT", "layers.", "column", "sqlx", "PgDatabaseError"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_is_gzip_with_an_etag_and_is_not_sent_twice() {
    let (_world, server) = parcels(30).await;
    let here = server.json("/query/at?e=580005&n=1279005").await;
    let path = format!(
        "/tiles/thua/{}",
        tile_at(16, here["point"]["lon"].as_f64().unwrap(), here["point"]["lat"].as_f64().unwrap())
    );
    let ask = |accept: &str, tag: &str| {
        Request::get(&path)
            .header(header::ACCEPT_ENCODING, accept)
            .header(header::IF_NONE_MATCH, tag)
            .body(Body::empty())
            .unwrap()
    };
    let packed = server.send(ask("gzip, br", "\"x\"")).await;
    assert_eq!((packed.status.as_u16(), packed.header(header::CONTENT_ENCODING)), (200, "gzip"));
    assert_eq!(packed.header(header::CONTENT_TYPE), "application/vnd.mapbox-vector-tile");
    assert_eq!(packed.bytes[..2], [0x1f, 0x8b]);
    let plain = server.send(ask("br", "\"x\"")).await;
    assert_eq!(plain.header(header::CONTENT_ENCODING), "identity");
    assert!(plain.bytes.windows(4).any(|w| w == b"thua"), "the MVT layer has the layer's name");
    let known = server.send(ask("gzip", packed.header(header::ETAG))).await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    let empty = server.get("/tiles/thua/16/0/0").await;
    assert_eq!((empty.status.as_u16(), empty.bytes.len()), (204, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn tilejson_and_styles_have_absolute_addresses_on_this_server_only() {
    let (world, server) = parcels(3).await;
    world.sql("UPDATE dothi.layer SET class_field = 'Mã đất', label_field = 'so', attribution = '<b>Sở</b>' WHERE id = 'thua'; SELECT dothi.bump('thua', 0, NULL)").await;
    server.eventually(|s| async move { s.app.catalog.get("thua").unwrap().label_field.is_some() }).await;
    let tilejson = server.json("/tiles/thua").await;
    assert_eq!(tilejson["tiles"][0], "http://ban-do.test/tiles/thua/{z}/{x}/{y}");
    assert_eq!(
        tilejson["vector_layers"][0]["fields"],
        json!({"Mã đất": "string", "so": "integer", "gia": "number", "chinh": "boolean", "ngay": "string"})
    );
    assert_eq!(tilejson["attribution"], "&lt;b&gt;Sở&lt;/b&gt;");
    for id in ["default", "thua"] {
        let style = server.json(&format!("/styles/{id}")).await;
        fn addresses(v: &Value, out: &mut Vec<String>) {
            match v {
                Value::String(s) if s.contains("://") => out.push(s.clone()),
                Value::Array(a) => a.iter().for_each(|v| addresses(v, out)),
                Value::Object(o) => o.values().for_each(|v| addresses(v, out)),
                _ => {}
            }
        }
        let mut all = Vec::new();
        addresses(&style, &mut all);
        assert!(!all.is_empty() && all.iter().all(|a| a.starts_with("http://ban-do.test/")), "{all:?}");
        let drawn: Vec<&str> = style["layers"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|l| l["id"].as_str())
            .filter(|id| id.starts_with("thua/"))
            .collect();
        assert_eq!(drawn, ["thua/fill", "thua/outline", "thua/label"]);
        let fill = style["layers"].as_array().unwrap().iter().find(|l| l["id"] == "thua/fill").unwrap();
        let colors = fill["paint"]["fill-color"].as_array().unwrap();
        let at = colors.iter().position(|c| c == "ONT").unwrap();
        assert_eq!(colors[at + 1], "#FFD0FF", "the official colour of rural residential land");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_style_labels_hoang_sa_and_truong_sa() {
    let (_world, server) = parcels(1).await;
    let style = server.json("/styles/default").await.to_string();
    assert!(style.contains("Quần đảo Hoàng Sa") && style.contains("Quần đảo Trường Sa"));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_every_kind_come_out_as_json_says_them() {
    let world = World::new().await;
    let columns = [
        ("t", "text"),
        ("j", "json"),
        ("ts", "timestamp"),
        ("tz", "timestamptz"),
        ("b", "bytea"),
        ("l", "text[]"),
        ("f4", "float4"),
        ("big", "int8"),
    ];
    let rows = r#"VALUES (ST_SetSRID(ST_Point(108.98, 11.56), 4326), E'Đường "Thống Nhất"\n', '{"b":1,"a":[2]}'::json, TIMESTAMP '2026-11-24 08:00:00.5', TIMESTAMPTZ '2026-11-24 08:00:00+07', '\x00ff'::bytea, ARRAY['một','hai'], 0.1::float4, 9007199254740993),
                  (ST_SetSRID(ST_Point(108.98, 11.56), 4326), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"#;
    world.layer("moi_kieu", "Point", 4326, &columns, rows).await;
    let server = world.server().await;
    let items = server.json("/ogc/collections/moi_kieu/items").await;
    let p = &items["features"][0]["properties"];
    assert_eq!(
        p,
        &json!({"t": "Đường \"Thống Nhất\"\n", "j": {"b": 1, "a": [2]}, "ts": "2026-11-24T08:00:00.5", "tz": "2026-11-24T01:00:00+00:00", "b": "AP8=", "l": ["một", "hai"], "f4": 0.1, "big": 9007199254740993i64})
    );
    assert!(items["features"][1]["properties"].as_object().unwrap().values().all(Value::is_null));
    assert_eq!(server.get(&format!("/tiles/moi_kieu/{}", tile_at(14, 108.98, 11.56))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_may_be_called_what_statements_call_their_rows() {
    let world = World::new().await;
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "m", "n", "o", "p", "q", "r", "s", "t", "u", "w", "x", "y"];
    let columns = names.map(|name| (name, "int4"));
    let values: Vec<String> = (0..names.len()).map(|n| n.to_string()).collect();
    let rows = format!("VALUES (ST_SetSRID(ST_Point(108.98, 11.56), 4326), {})", values.join(", "));
    world.layer("chu_cai", "Point", 4326, &columns, &rows).await;
    let server = world.server().await;
    let items = server.json("/ogc/collections/chu_cai/items?p=11&filter=t=15&sortby=-w").await;
    let wanted: serde_json::Map<String, Value> =
        names.iter().zip(0..).map(|(n, v)| (n.to_string(), json!(v))).collect();
    assert_eq!(items["features"][0]["properties"], Value::Object(wanted.clone()));
    assert_eq!(server.json("/ogc/collections/chu_cai/items/1").await["properties"], Value::Object(wanted));
    let here = server.json("/query/near?lon=108.98&lat=11.56&distance=10").await;
    assert_eq!(here["features"][0]["properties"]["p"], 11);
    assert_eq!(server.get(&format!("/tiles/chu_cai/{}", tile_at(14, 108.98, 11.56))).await.status, 200);
    // The same by PostGIS, which serves a layer until its snapshot is there.
    let at: Vec<u32> = tile_at(14, 108.98, 11.56).split('/').map(|n| n.parse().unwrap()).collect();
    let (layer, tile) = (server.app.catalog.named("chu_cai").unwrap(), Tile::new(14, at[1], at[2]).unwrap());
    let made = oracle::encode(&world.pool, &layer, MatrixSet::WEB_MERCATOR, tile, None, None).await.unwrap();
    assert!(!made.is_empty());
}
