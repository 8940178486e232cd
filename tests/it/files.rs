//! Files that programs for maps and drawings open: what our own writers make of every kind of geometry and value.

use std::path::PathBuf;

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
async fn a_shapefile_of_mixed_geometry_is_a_file_a_kind_and_has_every_row() {
    let (_world, server) = shapes().await;
    let (_dir, file) = saved(&server, "/ogc/collections/hinh/export?f=shp", "a.zip").await;
    let rows = |part: &str| -> Vec<Value> {
        let (_, features) = gdal(&file, part);
        features.iter().map(|f| json!([f["properties"]["fid"], f["geometry"]["type"]])).collect()
    };
    assert_eq!(rows("hinh_diem"), [json!([1, "Point"])]);
    assert_eq!(rows("hinh_nhieu_diem"), [json!([6, "MultiPoint"]), json!([8, "MultiPoint"])]);
    let lines = ["LineString", "LineString", "MultiLineString", "LineString"];
    assert_eq!(
        rows("hinh_duong"),
        [2, 3, 7, 8].iter().zip(lines).map(|(id, kind)| json!([id, kind])).collect::<Vec<_>>()
    );
    assert_eq!(rows("hinh_vung"), [json!([4, "Polygon"]), json!([5, "MultiPolygon"])]);
    let listed = std::process::Command::new("unzip").args(["-Z1", file.to_str().unwrap()]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("hinh_khong_hinh.dbf") && !listed.contains("hinh_khong_hinh.shp"), "{listed}");
    let (_dir, file) = saved(&server, "/ogc/collections/hinh/export?f=shp&filter=fid=4", "b.zip").await;
    let listed = std::process::Command::new("unzip").args(["-Z1", file.to_str().unwrap()]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("hinh_vung.shp") && !listed.contains("diem") && !listed.contains("duong"), "{listed}");
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
