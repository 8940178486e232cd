//! Files that programs for maps and drawings open: what our own writers make of every kind of geometry and value.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::formats::gdal;
use crate::support::{Server, World};

/// Every kind of geometry, with heights, each of a class of its own.
const SHAPES: [(&str, &str); 11] = [
    ("ONT", "POINT Z(580000.12345 1279000.5 3)"),
    ("Đất/khác: <b>", "LINESTRING Z(580000 1279000 1,580010 1279010 2)"),
    ("ONT+CLN", "LINESTRING Z(580000 1279000 5,580010 1279010 5)"),
    (
        "ODT",
        "POLYGON Z((580000 1279000 0,580100 1279000 0,580100 1279100 0,580000 1279000 0),(580050 1279010 0,580060 1279010 0,580060 1279020 0,580050 1279010 0))",
    ),
    ("NULL", "MULTIPOLYGON Z(((0 0 1,1 0 2,1 1 3,0 0 1)),((5 5 1,6 5 1,6 6 1,5 5 1)))"),
    ("", "MULTIPOINT Z(1 2 3,4 5 6)"),
    ("M", "MULTILINESTRING Z((0 0 0,1 1 0),(2 2 0,3 3 0))"),
    ("m", "GEOMETRYCOLLECTION Z(POINT Z(1 2 3),LINESTRING Z(0 0 0,1 1 0))"),
    ("E", "POLYGON Z EMPTY"),
    ("P", "POINT Z EMPTY"),
    ("N", "NULL"),
];

async fn shapes() -> (World, Server) {
    let world = World::new().await;
    let quoted = |text: &str, is_null: bool| if is_null { "NULL".into() } else { format!("'{text}'") };
    let rows: Vec<String> = SHAPES
        .iter()
        .map(|(class, shape)| {
            let shape = quoted(&format!("SRID=9217;{shape}"), *shape == "NULL");
            format!("({shape}::geometry, {})", quoted(class, *class == "NULL"))
        })
        .collect();
    world.layer("hinh", "GeometryZ", 9217, &[("Mã đất", "text")], &format!("VALUES {}", rows.join(", "))).await;
    world.sql("UPDATE dothi.layer SET geometry = '{\"type\":\"Geometry\",\"z\":true,\"m\":false}', class_field = 'Mã đất' WHERE id = 'hinh'").await;
    let server = world.server().await;
    (world, server)
}

/// What is answered at a path, as a file.
async fn saved(server: &Server, path: &str, name: &str) -> (tempfile::TempDir, PathBuf) {
    let reply = server.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.bytes));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, &reply.bytes).unwrap();
    (dir, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawing_has_every_geometry_on_a_layer_of_its_class_in_the_official_colour() {
    let (_world, server) = shapes().await;
    let (_dir, file) = saved(&server, "/ogc/collections/hinh/export?f=dxf", "a.dxf").await;
    let (_, features) = gdal(&file, "entities");
    let is: Vec<Value> = features
        .iter()
        .map(|f| json!([f["properties"]["Layer"], f["geometry"]["type"], f["geometry"]["coordinates"]]))
        .collect();
    let ring = |x: f64, y: f64, w: f64, h: f64| json!([[x, y, 0.0], [x + w, y, 0.0], [x + w, y + h, 0.0], [x, y, 0.0]]);
    let want = [
        json!(["ONT", "Point", [580_000.123_4, 1_279_000.5, 3.0]]),
        json!(["Đất_khác_ _b_", "LineString", [[580_000.0, 1_279_000.0, 1.0], [580_010.0, 1_279_010.0, 2.0]]]),
        json!(["ONT+CLN", "LineString", [[580_000.0, 1_279_000.0, 5.0], [580_010.0, 1_279_010.0, 5.0]]]),
        json!(["ODT", "LineString", ring(580_000.0, 1_279_000.0, 100.0, 100.0)]),
        json!(["ODT", "LineString", ring(580_050.0, 1_279_010.0, 10.0, 10.0)]),
        json!(["0", "LineString", [[0.0, 0.0, 1.0], [1.0, 0.0, 2.0], [1.0, 1.0, 3.0], [0.0, 0.0, 1.0]]]),
        json!(["0", "LineString", [[5.0, 5.0, 1.0], [6.0, 5.0, 1.0], [6.0, 6.0, 1.0], [5.0, 5.0, 1.0]]]),
        json!(["0", "Point", [1.0, 2.0, 3.0]]),
        json!(["0", "Point", [4.0, 5.0, 6.0]]),
        json!(["M", "LineString", [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]]),
        json!(["M", "LineString", [[2.0, 2.0, 0.0], [3.0, 3.0, 0.0]]]),
        json!(["m", "Point", [1.0, 2.0, 3.0]]),
        json!(["m", "LineString", [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]]),
    ];
    assert_eq!(is, want, "{is:#?}");
    let text = std::fs::read_to_string(&file).unwrap().replace('\n', "|");
    assert!(text.contains("|9|$ACADVER|1|AC1021|"), "text is UTF-8");
    let color: String = server.app.land_use.iter().find(|u| u.code == "ONT").unwrap().color[1..].to_string();
    let color = u32::from_str_radix(&color, 16).unwrap();
    assert!(text.contains(&format!("|2|ONT|70|0|62|7|420|{color}|6|Continuous|")), "{text}");
    assert_eq!(text.to_lowercase().matches("|acdblayertablerecord|2|m|").count(), 1, "one layer whatever the case");
    let handles: Vec<&str> = text.split("|100|AcDbEntity").filter_map(|s| s.rsplit_once("|5|")).map(|s| s.1).collect();
    let apart: std::collections::HashSet<_> = handles.iter().collect();
    assert_eq!(apart.len(), handles.len());
    assert_eq!(std::fs::read_dir(server.app.exports.folder()).map_or(0, Iterator::count), 0, "no file was made aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_one_part_are_read_from_every_file() {
    let world = World::new().await;
    let rows = "VALUES ('SRID=4326;MULTILINESTRING((109 11.5,109.1 11.6))'::geometry, true), \
                ('SRID=4326;MULTILINESTRING((109 11.5,109.1 11.6),(109 11.7,109.1 11.8))', false)";
    world.layer("duong", "MultiLineString", 4326, &[("chinh", "bool")], rows).await;
    let server = world.server().await;
    for (f, name) in [("fgb", "a.fgb"), ("gpkg", "a.gpkg"), ("gml", "a.gml"), ("shp", "a.zip"), ("kml", "a.kml")] {
        let (_dir, file) = saved(&server, &format!("/ogc/collections/duong/export?f={f}"), name).await;
        let (info, features) = gdal(&file, if f == "kml" { "Lớp duong" } else { "duong" });
        assert_eq!(features.len(), 2, "{f}: {info}");
        let first = &features[0]["geometry"]["coordinates"];
        let first = if first[0][0].is_array() { &first[0] } else { first };
        assert_eq!(*first, json!([[109.0, 11.5], [109.1, 11.6]]), "{f}");
        let truths: Vec<bool> =
            features.iter().map(|f| [json!(true), json!(1), json!("T")].contains(&f["properties"]["chinh"])).collect();
        assert_eq!(truths, [true, false], "{f}: {features:?}");
    }
}

/// A column of every kind, and a row of it that has something in each.
const KINDS: [(&str, &str, &str); 15] = [
    ("a", "bool", "true"),
    ("b", "int2", "-7"),
    ("c", "int4", "2147483647"),
    ("d", "int8", "9007199254740993"),
    ("e", "float4", "0.1"),
    ("f", "float8", "2.25"),
    ("g", "text", "'Đất \"ở\"'"),
    ("h", "date", "'2026-01-02'"),
    ("i", "time", "'08:30:00'"),
    ("j", "timestamp", "'2026-01-02 08:30:00.25'"),
    ("k", "timestamptz", "'2026-01-02 08:30:00.25+07'"),
    ("l", "json", "'{\"a\":1}'"),
    ("m", "bytea", "'\\x01ff'"),
    ("n", "int4[]", "'{1,2}'"),
    ("o", "text[]", "'{a,ở}'"),
];

async fn kinds(geometry: &str, shape: &str) -> (World, Server) {
    let world = World::new().await;
    let columns = KINDS.map(|(name, kind, _)| (name, kind));
    let values = KINDS.map(|(_, kind, value)| format!("{value}::{kind}")).join(", ");
    let nulls = KINDS.map(|_| "NULL").join(", ");
    let rows = format!("SELECT 'SRID=9217;{shape}'::geometry, {values} UNION ALL SELECT NULL, {nulls}");
    world.layer("kieu", geometry, 9217, &columns, &rows).await;
    let server = world.server().await;
    (world, server)
}

/// One line for each row that a statement answers.
fn sqlite(file: &Path, sql: &str) -> Vec<String> {
    let on = rusqlite::Connection::open(file).unwrap();
    let mut statement = on.prepare(sql).unwrap();
    let columns = statement.column_count();
    let line = |row: &rusqlite::Row| {
        let cells = (0..columns).map(|n| {
            use rusqlite::types::ValueRef;
            Ok(match row.get_ref(n)? {
                ValueRef::Null => "NULL".into(),
                ValueRef::Integer(v) => v.to_string(),
                ValueRef::Real(v) => v.to_string(),
                ValueRef::Text(v) => String::from_utf8_lossy(v).into_owned(),
                ValueRef::Blob(v) => v.iter().map(|b| format!("{b:02x}")).collect(),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<String>>>()?.join("|"))
    };
    statement.query_map([], line).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_geopackage_keeps_every_kind_of_value_and_says_what_it_has() {
    let (_world, server) = kinds("Point", "POINT(580000.12345 1279000)").await;
    let (_dir, file) = saved(&server, "/ogc/collections/kieu/export?f=gpkg&crs=EPSG:9217", "a.gpkg").await;
    let rows = sqlite(&file, "SELECT fid, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o FROM kieu");
    let want = "1|1|-7|2147483647|9007199254740993|0.10000000149011612|2.25|Đất \"ở\"|2026-01-02|08:30:00|\
                2026-01-02T08:30:00.250|2026-01-02T01:30:00.250Z|{\"a\":1}|01ff|[1,2]|[\"a\",\"ở\"]";
    assert_eq!(rows, [want, &format!("2{}", "|NULL".repeat(15))]);
    assert_eq!(
        sqlite(&file, "SELECT hex(substr(geom, 1, 9)), length(geom) FROM kieu"),
        ["475000010124000001|29", "|NULL"]
    );
    assert_eq!(sqlite(&file, "SELECT feature_count FROM gpkg_ogr_contents"), ["2"]);
    assert_eq!(
        sqlite(&file, "SELECT min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents"),
        ["580000.12345|1279000|580000.12345|1279000|9217"]
    );
    let (info, features) = gdal(&file, "kieu");
    for line in ["k: DateTime", "h: Date", "a: Integer(Boolean)", "b: Integer(Int16)", "m: Binary", "Geometry: Point"] {
        assert!(info.contains(line), "{line}: {info}");
    }
    assert_eq!(features[0]["properties"]["g"], "Đất \"ở\"");
    // A table without a geometry is one of attributes.
    let (_dir, file) =
        saved(&server, "/ogc/collections/kieu/export?f=gpkg&skipGeometry=true&properties=g", "a.gpkg").await;
    let (info, features) = gdal(&file, "kieu");
    assert!(features.len() == 2 && info.contains("g: String") && !info.contains("Extent"), "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_geopackage_has_every_geometry_and_an_index_that_edits_keep_up() {
    let (world, server) = shapes().await;
    world.sql("INSERT INTO layers.hinh (geom) SELECT ST_SetSRID(ST_MakePoint(580000 + i % 200, 1279000 + i / 200, 1), 9217) FROM generate_series(0, 9999) i").await;
    let (_dir, file) = saved(&server, "/ogc/collections/hinh/export?f=gpkg&crs=EPSG:9217", "a.gpkg").await;
    let (info, features) = gdal(&file, "hinh");
    assert!(info.contains("Feature Count: 10011") && info.contains("VN-2000 / TM-3 108-15"), "{info}");
    let page = server.json("/ogc/collections/hinh/items?limit=9&crs=EPSG:9217").await;
    for (want, is) in page["features"].as_array().unwrap().iter().zip(&features) {
        let place = |f: &Value| f["geometry"].to_string().replace(".0", "").replace("580000.12345", "580000.1234");
        assert_eq!(place(is), place(want));
    }
    assert_eq!(sqlite(&file, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(sqlite(&file, "SELECT rtreecheck('rtree_hinh_geom')"), ["ok"]);
    assert_eq!(sqlite(&file, "SELECT count(*) FROM rtree_hinh_geom"), ["10008"], "what is nowhere is not in it");
    let near = |file: &Path| {
        let window = ["-spat", "580000.5", "1279000.5", "580010.5", "1279020.5"];
        let out = Command::new("ogrinfo").args(["-so", "-al"]).args(window).arg(file).output().unwrap();
        String::from_utf8_lossy(&out.stdout).lines().find(|l| l.starts_with("Feature Count")).unwrap().to_string()
    };
    // Of points ten times twenty; what the window cuts besides: a line, a line of one height, the large triangle.
    assert_eq!(near(&file), "Feature Count: 203");
    let edit = |sql: &str| assert!(Command::new("ogrinfo").arg(&file).args(["-sql", sql]).status().unwrap().success());
    edit("DELETE FROM hinh WHERE fid > 5000");
    edit("INSERT INTO hinh (geom) SELECT geom FROM hinh WHERE fid = 1");
    assert_eq!(
        sqlite(&file, "SELECT rtreecheck('rtree_hinh_geom'), (SELECT count(*) FROM rtree_hinh_geom)"),
        ["ok|4998"]
    );
    assert_eq!(sqlite(&file, "SELECT feature_count FROM gpkg_ogr_contents"), ["5001"]);
}

/// The features of a file in an archive as GDAL reads them, and what it says of the file.
fn zipped(file: &Path, name: &str) -> (String, Vec<Value>) {
    let inside = PathBuf::from(format!("/vsizip/{}/{name}", file.display()));
    gdal(&inside, name.rsplit_once('.').unwrap().0)
}

fn unzipped(file: &Path, name: &str) -> String {
    let out = Command::new("unzip").arg("-p").arg(file).arg(name).output().unwrap();
    assert!(out.status.success(), "{name}");
    String::from_utf8(out.stdout).unwrap()
}

/// The names of an archive's files.
fn listed(file: &Path) -> String {
    let out = Command::new("unzip").arg("-Z1").arg(file).output().unwrap();
    String::from_utf8(out.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shapefile_keeps_every_kind_of_value_and_what_is_too_long_for_it_in_a_file_beside() {
    let (world, server) = kinds("Point", "POINT(580000.12345 1279000)").await;
    world.sql("INSERT INTO layers.kieu (g, f, d, c) VALUES (repeat('đất ', 60), 1e300, -9223372036854775808, -2147483648), ('\"a\"', 'NaN', 0, 0)").await;
    let (_dir, file) = saved(&server, "/ogc/collections/kieu/export?f=shp&crs=EPSG:9217", "a.zip").await;
    let (info, features) = zipped(&file, "kieu.shp");
    for line in ["Geometry: Point", "h: Date (10.0)", "g: String (254.0)", "a: Integer", "VN-2000 / TM-3 108-15"] {
        assert!(info.contains(line), "{line}: {info}");
    }
    assert_eq!(features[0]["geometry"], json!({"type": "Point", "coordinates": [580_000.123_45, 1_279_000.0]}));
    let want = json!({
        "fid": 1, "a": 1, "b": -7, "c": 2_147_483_647, "d": "9007199254740993", "e": 0.1, "f": 2.25, "g": "Đất \"ở\"",
        "h": "2026/01/02", "i": "08:30:00", "j": "2026-01-02T08:30:00.25", "k": "2026-01-02T01:30:00.25+00:00",
        "l": {"a": 1}, "m": "01ff", "n": [1, 2], "o": ["a", "ở"]
    });
    let plain = |f: &Value| {
        let mut properties = f["properties"].clone();
        properties["h"] = json!(properties["h"].as_str().map(|h| h.replace('-', "/")));
        properties
    };
    assert_eq!(plain(&features[0]), want);
    assert!(features[1]["properties"].as_object().unwrap().iter().all(|(name, v)| v.is_null() == (name != "fid")));
    let long = features[2]["properties"]["g"].as_str().unwrap();
    assert!(long.len() > 250 && "đất ".repeat(60).starts_with(long), "{long}");
    assert_eq!(features[2]["properties"]["f"], 1e300);
    assert_eq!(features[2]["properties"]["d"], "-9223372036854775808", "readers take longer numbers for reals");
    assert!(features[3]["properties"]["f"].is_null());
    let whole = format!("\u{feff}fid,ten_trong_tep,noi_dung\r\n3,g,\"{}\"\r\n", "đất ".repeat(60));
    assert_eq!(unzipped(&file, "kieu_dai.csv"), whole);
    // Attributes alone are a table.
    let (_dir, file) =
        saved(&server, "/ogc/collections/kieu/export?f=shp&skipGeometry=true&properties=g", "a.zip").await;
    assert_eq!(zipped(&file, "kieu.dbf").1.len(), 4);
    assert!(!listed(&file).contains(".shp"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shapefile_of_mixed_geometry_is_one_of_each_kind_and_loses_nothing() {
    let (_world, server) = shapes().await;
    let (_dir, file) = saved(&server, "/ogc/collections/hinh/export?f=shp&crs=EPSG:9217", "a.zip").await;
    let read = |name: &str| -> Vec<Value> {
        let (_, features) = zipped(&file, name);
        features
            .iter()
            .map(|f| {
                json!([
                    f["properties"]["fid"],
                    f["properties"]["Ma_dat"],
                    f["geometry"]["type"],
                    f["geometry"]["coordinates"]
                ])
            })
            .collect()
    };
    assert_eq!(read("hinh_diem.shp"), [json!([1, "ONT", "Point", [580_000.123_45, 1_279_000.5, 3.0]])]);
    assert_eq!(
        read("hinh_khong_hinh.dbf"),
        [json!([9, "E", null, null]), json!([10, "P", null, null]), json!([11, "N", null, null])]
    );
    assert_eq!(
        read("hinh_nhieu_diem.shp"),
        [
            json!([6, null, "MultiPoint", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]),
            json!([8, "m", "MultiPoint", [[1.0, 2.0, 3.0]]])
        ]
    );
    assert_eq!(
        read("hinh_duong.shp"),
        [
            json!([2, "Đất/khác: <b>", "LineString", [[580_000.0, 1_279_000.0, 1.0], [580_010.0, 1_279_010.0, 2.0]]]),
            json!([3, "ONT+CLN", "LineString", [[580_000.0, 1_279_000.0, 5.0], [580_010.0, 1_279_010.0, 5.0]]]),
            json!([
                7,
                "M",
                "MultiLineString",
                [[[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]], [[2.0, 2.0, 0.0], [3.0, 3.0, 0.0]]]
            ]),
            json!([8, "m", "LineString", [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]]),
        ]
    );
    let areas = read("hinh_vung.shp");
    let kinds: Vec<&Value> = areas.iter().map(|f| &f[2]).collect();
    assert_eq!(kinds, ["Polygon", "MultiPolygon"]);
    assert_eq!(
        (areas[0][3].as_array().unwrap().len(), areas[1][3].as_array().unwrap().len()),
        (2, 2),
        "a hole, two parts"
    );
    let heights: f64 = areas[1][3]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|p| p[0].as_array().unwrap())
        .map(|at| at[2].as_f64().unwrap())
        .sum();
    assert_eq!(heights, 1.0 + 2.0 + 3.0 + 1.0 + 4.0);
    let (_dir, file) = saved(&server, "/ogc/collections/hinh/export?f=shp&filter=fid=4", "b.zip").await;
    let list = listed(&file);
    assert!(list.contains("hinh_vung.shp") && !list.contains("diem") && !list.contains("duong"), "{list}");
}
