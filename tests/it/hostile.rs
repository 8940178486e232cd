//! Files made to do harm: refused in one line and soon, and nothing outside of them is touched.
//!
//! `scripts/hostile.py` runs the program over hundreds more.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use dothi::error::{Error, Result};
use dothi::import::report::Report;
use dothi::import::{self, Options};
use serde_json::json;

use crate::city::City;
use crate::support::{BIN, World, shared_data};

async fn run(world: &World, file: &Path, options: Options) -> Result<Vec<Report>> {
    let limits = import::child::Limits { program: Some(BIN.into()), ..Default::default() };
    import::run(&world.options, file, &options, &limits, |_| {}).await
}

async fn refused(world: &World, file: &Path) -> String {
    let began = Instant::now();
    match run(world, file, Options::default()).await {
        Err(Error::Unreadable(message)) => {
            assert!(!message.contains('\n'), "{message}");
            println!("{:?}: {message}", began.elapsed());
            message
        }
        other => panic!("{}: {other:?}", file.display()),
    }
}

fn write(world: &World, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = world.dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A GeoPackage of one point in `b` and a layer `a` that is a view.
fn view(world: &World, name: &str, select: &str) -> PathBuf {
    let source = write(
        world,
        "a.geojson",
        r#"{"type":"Feature","properties":{"ten":"a"},"geometry":{"type":"Point","coordinates":[108.9,11.5]}}"#,
    );
    let path = world.dir.path().join(name);
    let made = Command::new("ogr2ogr").args(["-f", "GPKG", "-nln", "b"]).arg(&path).arg(source).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for sql in [
        &format!("CREATE VIEW a AS {select}"),
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('a', 'features', 'a', 4326)",
        "INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'POINT', 4326, 0, 0)",
    ] {
        let done = Command::new("ogrinfo").args(["-update", "-q"]).arg(&path).args(["-sql", sql]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_end_and_rows_that_never_come_end_in_one_line_within_a_minute() {
    let world = World::new().await;
    let rows = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)";
    let endless = format!("{rows} SELECT x AS fid, (SELECT geom FROM b) AS geom, 'a' AS ten FROM c");
    let message = refused(&world, &view(&world, "endless.gpkg", &endless)).await;
    assert!(message.contains("no real data does") || message.contains("processor time"), "{message}");
    let silent = format!("SELECT fid, geom, ten FROM b WHERE ({rows} SELECT count(*) FROM c) < 0");
    let message = refused(&world, &view(&world, "silent.gpkg", &silent)).await;
    // On a busy machine the clock is faster than the processor.
    assert!(message.contains("processor time") || message.contains("gave no sign"), "{message}");
    // Inspecting them ends as well.
    let limits = import::child::Limits { program: Some(BIN.into()), ..Default::default() };
    let path = world.dir.path().join("endless.gpkg");
    let request = import::frames::Request::new(import::frames::Action::Inspect, path.to_str().unwrap());
    assert!(matches!(import::child::inspect(&request, &limits).await, Err(Error::Unreadable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_set_aside_are_not_kept_without_bound() {
    let world = World::new().await;
    // A few bytes of SQL that stand for six gigabytes of text in rows that cannot be stored.
    let select = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 3000) \
                  SELECT x AS fid, x'475000010000000001010000000000000000F07F0000000000002640' AS geom, printf('%.*c', 200000, 'a') AS ten FROM c";
    let path = view(&world, "aside.gpkg", select);
    let reports = run(&world, &path, Options { source_layers: vec!["a".into()], ..Options::default() }).await.unwrap();
    assert_eq!((reports[0].read, reports[0].imported, reports[0].set_aside), (3000, 0, 3000));
    assert!(reports[0].rows_set_aside.len() <= 10, "the report goes on with the first of them");
    let kept = world.number("SELECT sum(length(attributes->>'ten'))::bigint FROM dothi.set_aside").await;
    assert!(kept > 10 << 20 && kept <= 64 << 20, "{kept} bytes of values");
    assert_eq!(
        world.number("SELECT count(*) FROM dothi.set_aside WHERE reason LIKE '%not kept%'").await + kept / 200_000,
        3000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_thousands_of_layers_becomes_no_tables() {
    let world = World::new().await;
    let mut kml = String::from("<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document>");
    for n in 0..1100 {
        let place = "<Placemark><Point><coordinates>108.9,11.5</coordinates></Point></Placemark>";
        kml.push_str(&format!("<Folder><name>l{n}</name>{place}</Folder>"));
    }
    let path = write(&world, "nhieu.kml", kml + "</Document></kml>");
    let message = refused(&world, &path).await;
    assert!(message.contains("--source-layer"), "{message}");
    let options = Options { source_layers: vec!["l7".into()], ..Options::default() };
    assert_eq!(run(&world, &path, options).await.unwrap()[0].imported, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_shapefiles_in_one_archive_are_all_read() {
    let world = World::new().await;
    let source = write(&world, "p.csv", "ten,x,y\na,108.9,11.5\n");
    let folder = world.dir.path().join("nhieu");
    std::fs::create_dir(&folder).unwrap();
    let first = folder.join("l0.shp");
    let to = ["-f", "ESRI Shapefile", "-a_srs", "EPSG:4326", "-oo", "X_POSSIBLE_NAMES=x", "-oo", "Y_POSSIBLE_NAMES=y"];
    assert!(Command::new("ogr2ogr").args(to).arg(&first).arg(&source).status().unwrap().success());
    for n in 1..200 {
        for ending in ["shp", "shx", "dbf", "prj"] {
            std::fs::copy(first.with_extension(ending), folder.join(format!("l{n}.{ending}"))).unwrap();
        }
    }
    let reports = run(&world, &folder, Options::default()).await.unwrap();
    assert_eq!(reports.len(), 200);
    assert!(reports.iter().all(|r| r.imported == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pipes_and_devices_are_not_waited_for() {
    let world = World::new().await;
    let folder = world.dir.path().join("ong");
    std::fs::create_dir(&folder).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("a.csv")).status().unwrap().success());
    let began = Instant::now();
    for path in [&folder.join("a.csv"), &folder, Path::new("/dev/zero")] {
        let message = refused(&world, path).await;
        assert!(message.contains("neither a file nor a folder"), "{message}");
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_fields_and_layers_are_names_and_nothing_else() {
    let world = World::new().await;
    let evil = "\";DROP TABLE dothi.layer;--";
    let properties =
        json!({"fid": "x", "geom": 1, "ctid": 2, "tableoid": 3, evil: 4, "": 5, " ": 6, "Ten": 7, "ten": 8, "TEN": 9});
    let feature = json!({"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [108.9, 11.5]}});
    let path = write(&world, "ten.geojson", feature.to_string());
    let options = Options { title: Some(evil.into()), ..Options::default() };
    let reports = run(&world, &path, options).await.unwrap();
    assert_eq!(reports[0].imported, 1);
    let server = world.server().await;
    let page = server.json(&format!("/ogc/collections/{}/items", reports[0].layer)).await;
    let served = page["features"][0]["properties"].as_object().unwrap();
    assert_eq!((served.len(), &served[evil]), (10, &json!(4)), "{served:?}");
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solid_is_imported_as_its_faces_and_mended_to_its_footprint() {
    let Some(data) = shared_data() else { return };
    let world = World::new().await;
    let path = data.join("hostile/gdal/shp/multipatch.shp");
    let options = Options { srs: Some("EPSG:9217".into()), ..Options::default() };
    let reports = run(&world, &path, options).await.unwrap();
    assert_eq!((reports[0].read, reports[0].imported, reports[0].repaired), (1, 1, 1), "{reports:?}");
    assert!(reports[0].notes.iter().any(|n| n.code == "surfaces_to_polygons"), "{:?}", reports[0].notes);
    let layer = &reports[0].layer;
    // A house of ten metres by eight.
    assert_eq!(world.number(&format!("SELECT ST_Area(geom)::bigint FROM layers.{layer}")).await, 80);
    assert_eq!(
        world
            .number(&format!("SELECT (ST_NDims(geom) = 3 AND ST_IsValid(geom))::int::bigint FROM layers.{layer}"))
            .await,
        1
    );
}

#[test]
fn a_terminal_is_told_nothing_that_it_would_obey() {
    let city = City::new();
    let name = "a\n\u{1b}[31mđỏ\u{7}.geojson";
    let text = r#"{"type":"Feature","properties":{"t\u001b]0;x\u0007":"a"},"geometry":{"type":"Point","coordinates":[108.9,11.5]}}"#;
    std::fs::write(city.dir.path().join(name), text).unwrap();
    for arguments in [&["inspect", name][..], &["import", name], &["layers", "list"], &["inspect", "\u{1b}[2J"]] {
        let out = city.run(arguments);
        let said = [out.stdout, out.stderr].concat();
        assert!(
            !said.is_empty() && !said.iter().any(|b| matches!(b, 0x1B | 0x07)),
            "{}",
            String::from_utf8_lossy(&said)
        );
    }
}
