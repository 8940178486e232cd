//! Every format, read back by GDAL, and the same answers whichever way features leave.

use std::path::Path;
use std::process::Command;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::city::City;
use crate::support::{Reply, Server, World};

const COLUMNS: [(&str, &str); 9] = [
    ("Mã đất", "text"),
    ("Mục đích sử dụng", "text"),
    ("so", "int4"),
    ("lớn", "int8"),
    ("gia", "float8"),
    ("nho", "float4"),
    ("chinh", "bool"),
    ("ngay", "date"),
    ("luc", "timestamptz"),
];

/// Parcels with every kind of value, in TM-3, and nulls in every fifth.
async fn parcels(n: u32) -> (World, Server) {
    let world = World::new().await;
    let rows = format!(
        "SELECT ST_MakeEnvelope(580000.12345 + i * 10, 1279000, 580009 + i * 10, 1279010 + i / 7.0, 9217), \
                CASE i % 3 WHEN 0 THEN 'ONT' WHEN 1 THEN '=1+1' ELSE E'Đất \"khác\", <b>\\n' END, NULLIF('', CASE i % 5 WHEN 0 THEN '' END), \
                NULLIF(i, 5), i * 10000000000, i / 7.0, (i / 3.0)::float4, i % 2 = 0, DATE '2026-01-01' + i, TIMESTAMPTZ '2026-01-31 08:30:00.25+07' + i * interval '1 hour' \
         FROM generate_series(0, {}) i",
        n - 1
    );
    world.layer("thua", "Polygon", 9217, &COLUMNS, &rows).await;
    let server = world.server().await;
    (world, server)
}

async fn asked(server: &Server, path: &str, accept: &str) -> Reply {
    let request = Request::get(path).header(header::HOST, "ban-do.test").header(header::ACCEPT, accept);
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn text(server: &Server, path: &str) -> String {
    let reply = server.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&reply.bytes));
    String::from_utf8(reply.bytes).unwrap()
}

/// What GDAL finds in a file: its layers as `ogrinfo` lists them, and the features of one as GeoJSON.
pub fn gdal(file: &Path, layer: &str) -> (String, Vec<Value>) {
    // A shapefile in an archive.
    let file = match file.extension().is_some_and(|e| e == "zip") {
        true => format!("/vsizip/{}/{layer}.shp", file.display()),
        false => file.display().to_string(),
    };
    let info = Command::new("ogrinfo").args(["-so", "-al"]).arg(&file).output().expect("gdal-bin is installed");
    assert!(info.status.success(), "{}", String::from_utf8_lossy(&info.stderr));
    let out = Command::new("ogr2ogr")
        .args(["-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=9", "/vsistdout/"])
        .arg(file)
        .arg(layer)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let doc: Value = serde_json::from_slice(&out.stdout).unwrap();
    (String::from_utf8_lossy(&info.stdout).into_owned(), doc["features"].as_array().unwrap().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_very_features_of_the_page_in_every_system() {
    let (_world, server) = parcels(50).await;
    for crs in ["", "&crs=EPSG:4326", "&crs=EPSG:9217", "&crs=3857", "&skipGeometry=true", "&properties=so,gia"] {
        for more in
            ["", "&filter=so%20%3E%207", "&sortby=-gia", "&sortby=ngay,-so&limit=7", "&bbox=108.98,11.5,108.987,11.6"]
        {
            let limit = if more.contains("limit") { "" } else { "&limit=100" };
            let page = text(&server, &format!("/ogc/collections/thua/items?f=json{crs}{more}{limit}")).await;
            let lines = text(&server, &format!("/ogc/collections/thua/items?f=ndjson{crs}{more}")).await;
            let lines: Vec<&str> = lines.lines().collect();
            let from = page.find('[').unwrap() + 1;
            assert!(page[from..].starts_with(&lines.join(",")), "{crs}{more}:\n{page}\n{}", lines.join(","));
            assert!(!lines.is_empty(), "{crs}{more}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_shapes_are_written_as_postgis_writes_them() {
    let world = World::new().await;
    let shapes = [
        "POINT(0.1 -0.000000000049)",
        "POINT EMPTY",
        "LINESTRING(0 0,1e-9 5e14)",
        "MULTIPOINT((1 2),(3 4))",
        "POLYGON((0 0,9 0,9 9,0 0),(1 1,2 1,2 2,1 1))",
        "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        "MULTIPOLYGON EMPTY",
        "MULTILINESTRING((0 0,1 1),(2 2,3 3.33333333333333))",
        "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))",
        "GEOMETRYCOLLECTION EMPTY",
    ];
    let values: Vec<String> =
        shapes.iter().map(|s| format!("(ST_GeomFromText('{s}', 9217), 1.5::float8, 1.5::float4)")).collect();
    world
        .layer("hinh", "Geometry", 9217, &[("a", "float8"), ("b", "float4")], &format!("VALUES {}", values.join(", ")))
        .await;
    // Every magnitude, and halves that round to even.
    world.sql("INSERT INTO layers.hinh (geom, a, b) SELECT ST_SetSRID(ST_MakePoint(v, -v), 9217), v, v::float4 FROM \
               (SELECT (random() - 0.5) * 10 ^ (i % 24 - 9) AS v FROM generate_series(1, 3000) i UNION ALL SELECT i / 32768.0 FROM generate_series(1, 3000) i) r").await;
    world.sql("INSERT INTO layers.hinh (geom, a, b) VALUES (NULL, 'NaN', 'Infinity')").await;
    let server = world.server().await;
    let page = text(&server, "/ogc/collections/hinh/items?limit=10000&crs=EPSG:9217").await;
    let lines = text(&server, "/ogc/collections/hinh/items?f=ndjson&crs=EPSG:9217").await;
    let from = page.find('[').unwrap() + 1;
    let mut rest = &page[from..];
    for line in lines.lines() {
        assert!(rest.starts_with(line), "{line}\n{}", &rest[..line.len().min(rest.len())]);
        rest = &rest[(line.len() + 1).min(rest.len())..];
    }
    assert_eq!(lines.lines().count(), 6011);
}

#[tokio::test(flavor = "multi_thread")]
async fn gdal_reads_every_file_back_with_names_letters_types_and_places() {
    let (_world, server) = parcels(20).await;
    let dir = tempfile::tempdir().unwrap();
    let page = server.json("/ogc/collections/thua/items?limit=20&crs=EPSG:9217").await;
    for (f, file, layer) in [
        ("fgb", "a.fgb", "thua"),
        ("gpkg", "a.gpkg", "thua"),
        ("shp", "a.zip", "thua"),
        ("gml", "a.gml", "thua"),
        ("dxf", "a.dxf", "entities"),
    ] {
        let reply = server.get(&format!("/ogc/collections/thua/items?f={f}&crs=EPSG:9217")).await;
        assert_eq!(reply.status, 200, "{f}: {}", String::from_utf8_lossy(&reply.bytes));
        assert_eq!(reply.header("content-crs"), "<http://www.opengis.net/def/crs/EPSG/0/9217>", "{f}");
        assert!(reply.header(header::CONTENT_DISPOSITION).contains("thua."), "{f}");
        let path = dir.path().join(file);
        std::fs::write(&path, &reply.bytes).unwrap();
        let (info, features) = gdal(&path, layer);
        assert_eq!(features.len(), 20, "{f}: {info}");
        if f == "dxf" {
            assert!(features.iter().all(|f| f["geometry"]["type"] == "LineString"), "{info}");
            continue;
        }
        assert!(info.contains("TM-3 108-15") || info.contains("9217"), "{f}: {info}");
        for (want, is) in page["features"].as_array().unwrap().iter().zip(&features) {
            let (code, number) = match f {
                "shp" => ("Ma_dat", "so"),
                // XML has no names with spaces.
                "gml" => ("Mã_đất", "so"),
                _ => ("Mã đất", "so"),
            };
            assert_eq!(is["properties"][code], want["properties"]["Mã đất"], "{f}: {is}");
            assert_eq!(is["properties"][number], want["properties"]["so"], "{f}");
            let day = is["properties"]["ngay"].as_str().unwrap_or_default().replace('/', "-");
            assert!(day.starts_with(want["properties"]["ngay"].as_str().unwrap()), "{f}: {is}");
            let corner = |v: &Value| {
                let v = if v["type"] == "MultiPolygon" { &v["coordinates"][0][0] } else { &v["coordinates"][0] };
                let mut xs: Vec<(f64, f64)> =
                    v.as_array().unwrap().iter().map(|p| (p[0].as_f64().unwrap(), p[1].as_f64().unwrap())).collect();
                xs.sort_by(|a, b| a.partial_cmp(b).unwrap());
                xs[0]
            };
            let (a, b) = (corner(&want["geometry"]), corner(&is["geometry"]));
            assert!((a.0 - b.0).abs() < 1e-4 && (a.1 - b.1).abs() < 1e-4, "{f}: {a:?} {b:?}");
        }
        if f == "gpkg" {
            assert!(
                info.contains("ngay: Date") && info.contains("FID Column = fid") && info.contains("Mục đích sử dụng"),
                "{info}"
            );
        }
        if f == "shp" {
            assert!(info.contains("Muc_dich_s: String") && info.contains("ngay: Date"), "{info}");
            let cpg = Command::new("unzip").args(["-p", path.to_str().unwrap(), "thua.cpg"]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&cpg.stdout).trim(), "UTF-8");
            let legend =
                Command::new("unzip").args(["-p", path.to_str().unwrap(), "thua_truong.csv"]).output().unwrap();
            assert!(String::from_utf8_lossy(&legend.stdout).contains("Muc_dich_s,\"Mục đích sử dụng\""));
        }
    }
    assert_eq!(std::fs::read_dir(server.app.exports.folder()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_formats_say_what_their_standards_ask() {
    let (_world, server) = parcels(6).await;
    let items = "/ogc/collections/thua/items";
    let csv = text(&server, &format!("{items}?f=csv&properties=so,chinh,M%C3%A3%20%C4%91%E1%BA%A5t")).await;
    assert!(csv.starts_with("fid,Mã đất,so,chinh,WKT\r\n1,ONT,0,true,\"POLYGON ((108."), "{csv}");
    assert!(csv.contains("2,=1+1,1,false,") && csv.contains("\"Đất \"\"khác\"\", <b>\n\""), "{csv}");
    let excel =
        text(&server, &format!("{items}?f=csv&bom=true&properties=M%C3%A3%20%C4%91%E1%BA%A5t&skipGeometry=true")).await;
    assert!(excel.starts_with("\u{feff}fid,Mã đất\r\n1,ONT\r\n2,'=1+1\r\n"), "{excel}");
    let sequence = text(&server, &format!("{items}?f=geojsonseq")).await;
    assert_eq!(sequence.split_inclusive('\n').filter(|l| l.starts_with('\u{1e}')).count(), 6);
    let kml = text(&server, &format!("{items}?f=kml")).await;
    assert!(kml.contains("Đất &quot;khác&quot;, &lt;b&gt;") && kml.ends_with("</Document></kml>\n"), "{kml}");
    let fg: Value = serde_json::from_str(&text(&server, &format!("{items}?f=jsonfg&crs=EPSG:9217")).await).unwrap();
    assert_eq!(fg["coordRefSys"], "http://www.opengis.net/def/crs/EPSG/0/9217");
    assert_eq!((&fg["featureType"], &fg["geometryDimension"]), (&json!("thua"), &json!(2)));
    assert!(fg["conformsTo"][0].as_str().unwrap().ends_with("json-fg-1/1.0/conf/core"));
    assert_eq!(
        (&fg["features"][0]["geometry"], &fg["features"][0]["place"]["type"]),
        (&Value::Null, &json!("Polygon"))
    );
    let fg: Value = serde_json::from_str(&text(&server, &format!("{items}?f=jsonfg")).await).unwrap();
    assert_eq!(
        (&fg["features"][0]["place"], &fg["features"][0]["geometry"]["type"]),
        (&Value::Null, &json!("Polygon"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_compressed_ends_once() {
    let (_world, server) = parcels(25).await;
    let wfs = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=thua&OUTPUTFORMAT=";
    for path in ["export?f=csv", "export?f=json", "export?f=gpkg", "items?f=jsonfg"] {
        compressed(&server, &format!("/ogc/collections/thua/{path}")).await;
    }
    compressed(&server, &format!("{wfs}csv")).await;
    compressed(&server, &format!("{wfs}application/json")).await;
}

/// The answer is compressed, and can be read to its end and beyond.
async fn compressed(server: &Server, path: &str) {
    let request = Request::get(path).header(header::HOST, "ban-do.test").header(header::ACCEPT_ENCODING, "gzip");
    let reply = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status.as_u16(), reply.header(header::CONTENT_ENCODING)), (200, "gzip"), "{path}");
    assert_eq!(reply.bytes[..2], [0x1f, 0x8b], "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_fg_says_what_kind_of_feature_is_where_and_when() {
    let world = World::new().await;
    let columns = [("tu", "date"), ("den", "timestamptz"), ("ten", "text")];
    let rows = "VALUES (ST_GeomFromText('POINT(580000 1279000)', 9217), date '2026-01-01', timestamptz '2026-01-31 10:00:00.5+07', 'a'), \
                (ST_GeomFromText('POINT EMPTY', 9217), '2026-02-01', '2026-01-01', 'b'), (NULL, '2026-03-01', NULL, 'c'), (NULL, NULL, NULL, 'd')";
    world.layer("viec", "Point", 9217, &columns, rows).await;
    world.sql("UPDATE dothi.layer SET time_field = 'tu', time_end_field = 'den' WHERE id = 'viec'").await;
    let server = world.server().await;
    let items = "/ogc/collections/viec/items";
    let place = json!({"type": "Point", "coordinates": [580_000, 1_279_000]});
    let all: Value = serde_json::from_str(&text(&server, &format!("{items}?f=jsonfg&crs=EPSG:9217")).await).unwrap();
    let features = all["features"].as_array().unwrap();
    let members = |of: &Value| [of["time"].clone(), of["place"].clone(), of["geometry"].clone()];
    let null = || Value::Null;
    let both = json!({"interval": ["2026-01-01T00:00:00Z", "2026-01-31T03:00:00.5Z"]});
    assert_eq!(members(&features[0]), [both.clone(), place.clone(), null()]);
    assert_eq!(members(&features[1]), [null(), null(), null()], "it ends before it begins, and is nowhere");
    assert_eq!(members(&features[2]), [json!({"interval": ["2026-03-01", ".."]}), null(), null()]);
    assert_eq!(members(&features[3]), [null(), null(), null()]);
    let schema = "http://ban-do.test/ogc/collections/viec/schema";
    assert_eq!(all["featureSchema"], schema);
    // One feature is a document of its own.
    let reply = server.get(&format!("{items}/1?f=jsonfg&crs=EPSG:9217&properties=ten,tu")).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/fg+json"));
    let one = reply.json();
    assert_eq!(members(&one), [null(), place, null()], "half of an interval would be another one");
    assert_eq!((&one["type"], &one["id"], &one["featureType"]), (&json!("Feature"), &json!(1), &json!("viec")));
    assert_eq!((&one["featureSchema"], &one["conformsTo"]), (&json!(schema), &all["conformsTo"]));
    assert_eq!(one["coordRefSys"], "http://www.opengis.net/def/crs/EPSG/0/9217");
    assert_eq!(one["properties"], json!({"tu": "2026-01-01", "ten": "a"}));
    let one = asked(&server, &format!("{items}/1"), "application/fg+json").await;
    assert!(!one.header("etag").is_empty());
    let one = one.json();
    assert!(
        one["place"].is_null() && one["geometry"]["coordinates"][0].as_f64().is_some_and(|lon| lon > 108.0),
        "{one}"
    );
    assert_eq!(one["time"], both);
    assert!(one["links"].as_array().unwrap().iter().any(|l| l["rel"] == "profile"), "{one}");
    let empty = server.json(&format!("{items}/2?f=jsonfg")).await;
    assert_eq!(members(&empty), [null(), null(), null()]);
}

/// The profiles that the headers of an answer link to, by their names.
fn profiles(reply: &Reply) -> Vec<&str> {
    let links = reply.headers.get_all(header::LINK).iter().map(|v| v.to_str().unwrap());
    let those = links.filter(|l| l.contains("rel=\"profile\"")).map(|l| l.split(['<', '>']).nth(1).unwrap());
    those.map(|href| href.strip_prefix("http://www.opengis.net/def/profile/OGC/0/").unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn geojson_comes_in_the_profile_that_is_asked_for_and_says_which() {
    let (_world, server) = parcels(25).await;
    let items = "/ogc/collections/thua/items";
    let vn2000 = "crs=EPSG:9217";
    for (query, profile) in [
        ("", "rfc7946"),
        ("profile=rfc7946", "rfc7946"),
        ("profile=jsonfg", "jsonfg"),
        ("profile=jsonfg-plus", "jsonfg-plus"),
        ("profile=jsonfg-plus,rfc7946", "jsonfg-plus"),
        ("profile=http%3A%2F%2Fwww.opengis.net%2Fdef%2Fprofile%2FOGC%2F0%2Fjsonfg", "jsonfg"),
    ] {
        for path in [format!("{items}?{vn2000}&{query}"), format!("{items}/3?{vn2000}&{query}")] {
            let reply = asked(&server, &path, "application/geo+json").await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/geo+json"), "{path}");
            assert_eq!(profiles(&reply), [profile], "{path}");
            let doc = reply.json();
            let linked = doc["links"].as_array().unwrap().iter().find(|l| l["rel"] == "profile").unwrap();
            assert!(linked["href"].as_str().unwrap().ends_with(&format!("/{profile}")), "{path}: {linked}");
            let feature = doc["features"].as_array().map_or(&doc, |all| &all[0]);
            assert_eq!(doc["features"].as_array().map_or(10, Vec::len), 10, "{path}: GeoJSON has pages");
            let kind = |member: &str| feature.get(member).map(|g| g["type"].as_str().unwrap_or("null").to_string());
            let (place, geometry) = (kind("place"), kind("geometry").unwrap());
            let first = |member: &str| feature[member]["coordinates"][0][0][0].as_f64().unwrap();
            assert_eq!(doc.get("conformsTo").is_some(), profile != "rfc7946", "{path}");
            match profile {
                "rfc7946" => assert!(place.is_none() && first("geometry") > 1e5, "{path}"),
                "jsonfg" => assert!(geometry == "null" && first("place") > 1e5, "{path}"),
                _ => {
                    let degrees = server.json(&format!("{items}/{}", feature["id"])).await;
                    assert_eq!(feature["geometry"], degrees["geometry"], "{path}");
                    assert!(first("place") > 1e5, "{path}");
                }
            }
        }
    }
    // The next page is of the same profile, and the links of all pages say how many there are.
    let (mut path, mut seen) = (format!("{items}?profile=jsonfg-plus&limit=10&{vn2000}"), Vec::new());
    loop {
        let reply = server.get(&path).await;
        let page = reply.json();
        assert_eq!((page["numberMatched"].as_i64(), reply.header("ogc-numbermatched")), (Some(25), "25"));
        assert_eq!(profiles(&reply), ["jsonfg-plus"]);
        seen.extend(page["features"].as_array().unwrap().iter().map(|f| f["id"].as_i64().unwrap()));
        let Some(next) = page["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next") else { break };
        path = next["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap().to_string();
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
    // Where the media type has no such profile, the wish is none; what is no profile at all is refused.
    let csv = server.get(&format!("{items}?f=csv&profile=jsonfg")).await;
    assert_eq!((csv.status.as_u16(), profiles(&csv).len()), (200, 0));
    let fg = server.get(&format!("{items}?f=jsonfg&profile=rfc7946&{vn2000}")).await;
    assert_eq!((fg.header("content-type"), profiles(&fg)), ("application/fg+json", vec!["jsonfg"]));
    for path in
        [items, "/ogc/collections/thua/items/1", "/ogc/collections/thua/schema", "/ogc/collections/_records/items"]
    {
        let wrong = server.get(&format!("{path}?profile=jsonfg,khong-co")).await;
        assert!(wrong.status == 400 && wrong.json()["parameter"] == "profile", "{path}");
    }
    for path in ["_records/items", "_records/items/thua", "thua/metadata", "thua/tiles/WebMercatorQuad/0/0/0?f=geojson"]
    {
        let mark = if path.contains('?') { "&" } else { "?" };
        let reply = server.get(&format!("/ogc/collections/{path}{mark}profile=jsonfg")).await;
        assert!([200, 204].contains(&reply.status.as_u16()) && profiles(&reply) == ["rfc7946"], "{path}");
    }
    let whole = server.get(&format!("/ogc/collections/thua/export?profile=jsonfg&{vn2000}")).await;
    assert_eq!((profiles(&whole), whole.json()["features"].as_array().unwrap().len()), (vec!["jsonfg"], 25));
    let declared = server.json("/ogc/conformance").await["conformsTo"].clone();
    assert!(declared.as_array().unwrap().iter().any(|c| c == "http://www.opengis.net/spec/json-fg-1/1.0/conf/api"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_and_f_choose_the_format_and_a_limit_makes_pages_of_any() {
    let (_world, server) = parcels(25).await;
    let items = "/ogc/collections/thua/items";
    for (accept, want) in [
        ("*/*", "application/geo+json"),
        ("application/json", "application/geo+json"),
        ("text/csv", "text/csv"),
        ("application/geo+json-seq, application/geo+json;q=0.5", "application/geo+json-seq"),
        ("application/flatgeobuf", "application/flatgeobuf"),
    ] {
        let reply = asked(&server, items, accept).await;
        assert_eq!((reply.status.as_u16(), reply.header(header::CONTENT_TYPE)), (200, want), "{accept}");
        assert!(reply.headers.get_all(header::VARY).iter().any(|v| v.to_str().unwrap().contains("Accept")), "{accept}");
    }
    let reply = asked(&server, items, "image/png").await;
    assert_eq!(reply.status, StatusCode::NOT_ACCEPTABLE);
    assert!(reply.json()["detail"].as_str().unwrap().contains("`text/csv`"));
    let reply = server.get(&format!("{items}?f=xlsx")).await;
    assert!(reply.status == 400 && reply.json()["detail"].as_str().unwrap().contains("`gpkg`"));
    assert_eq!(server.get(&format!("{items}?f=kml&crs=EPSG:9217")).await.status, 400);
    assert_eq!(server.get(&format!("{items}?f=csv&filter=so%20%2F%200%20%3E")).await.status, 400);
    // Without a limit everything, with one a page that names the next.
    assert_eq!(text(&server, &format!("{items}?f=csv")).await.lines().filter(|l| l.contains("POLYGON")).count(), 25);
    let (mut path, mut seen) = (format!("{items}?f=ndjson&limit=10"), Vec::new());
    loop {
        let reply = server.get(&path).await;
        let lines = String::from_utf8(reply.bytes.clone()).unwrap();
        assert_eq!(reply.header("ogc-numberreturned"), lines.lines().count().to_string());
        seen.extend(lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].as_i64().unwrap()));
        let links: Vec<&str> = reply.headers.get_all(header::LINK).iter().map(|v| v.to_str().unwrap()).collect();
        let Some(next) = links.iter().find(|l| l.contains("rel=\"next\"")) else { break };
        path = next.split(['<', '>']).nth(1).unwrap().strip_prefix("http://ban-do.test").unwrap().to_string();
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
    let all = server.get("/ogc/collections/thua/export?f=geojson").await;
    assert!(all.header(header::CONTENT_DISPOSITION).contains("thua.geojson"));
    assert_eq!(all.json()["features"].as_array().unwrap().len(), 25);
    let links = server.json("/ogc/collections/thua").await["links"].clone();
    assert!(links.as_array().unwrap().iter().filter(|l| l["rel"] == "enclosure").count() >= 10);
}

#[test]
fn a_large_layer_is_written_whole_in_order_and_in_every_format_from_the_command_line() {
    let city = City::new();
    let file = city.squares("o.geojson", 25_000);
    assert!(city.run(&["import", file.to_str().unwrap(), "--layer", "o"]).status.success());
    for (name, n) in [("a.geojson", 25_000), ("a.ndjson", 25_000), ("a.fgb", 25_000), ("a.kml", 25_000)] {
        assert_eq!(city.json(&["export", "o", "-o", name])["rows"], n, "{name}");
    }
    let lines = std::fs::read_to_string(city.dir.path().join("a.ndjson")).unwrap();
    let ids: Vec<i64> =
        lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].as_i64().unwrap()).collect();
    assert!(ids.len() == 25_000 && ids.is_sorted(), "two connections, one order");
    let (_, features) = gdal(&city.dir.path().join("a.geojson"), "a");
    assert_eq!(features.len(), 25_000);
    let narrow =
        ["export", "o", "-o", "b.csv", "--filter", "so < 10 AND so <> 3", "--properties", "so", "--sort-by", "-so"];
    assert_eq!(city.json(&narrow)["rows"], 9);
    let csv = std::fs::read_to_string(city.dir.path().join("b.csv")).unwrap();
    assert!(csv.starts_with("fid,so,WKT\r\n10,9,"), "{csv}");
    assert_eq!(city.json(&["export", "o", "-o", "c.gpkg", "--bbox", "108.5,11.2,108.502,11.201"])["rows"], 6);
    assert_eq!(city.run(&["export", "o", "-o", "d.fgb", "--crs", "EPSG:1"]).status.code(), Some(2));
    assert_eq!(city.json(&["export", "o", "-o", "e.zip"])["rows"], 25_000);
    assert_eq!(gdal(&city.dir.path().join("e.zip"), "e").1.len(), 25_000);
    let left: Vec<_> = std::fs::read_dir(city.dir.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().starts_with(".dothi")), "{left:?}");
}
