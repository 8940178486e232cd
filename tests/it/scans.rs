//! Rasters that are more than a file with a corner: tables of GeoPackages, scans on control points, pictures beside features.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use dothi::error::Error;
use dothi::import::report::Report;
use dothi::import::{How, Options};

use crate::rasters::{
    COLORS, CORNER, METRES, SIZE, SQUARE, color, import, index, named, north_up, photo, pixels, places, plan, raster,
};
use crate::support::{Server, World};

fn run(program: &str, words: &[&str]) {
    let done = Command::new(program).args(words).output().unwrap();
    assert!(done.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Whether the middle of each square of the plan has its colour, where `clear` is the index of what stands for nothing.
async fn is_plan(world: &World, server: &Server, layer: &str, zoom: u8, clear: Option<u8>) {
    let middles = |n: usize| (SQUARE / 2..n).step_by(SQUARE);
    let spots: Vec<(usize, usize)> = middles(SIZE.1).flat_map(|row| middles(SIZE.0).map(move |c| (c, row))).collect();
    let at = |(column, row): &(usize, usize)| (CORNER.0 + *column as f64 * METRES, CORNER.1 - *row as f64 * METRES);
    let points: Vec<(f64, f64)> = spots.iter().map(at).collect();
    for ((column, row), place) in spots.iter().zip(places(world, zoom, &points).await) {
        let (seen, index) = (color(server, layer, zoom, place, pixels).await, index(*column, *row));
        let [r, g, b] = COLORS[usize::from(index)];
        let wanted = if clear == Some(index) { [0; 4] } else { [r, g, b, 255] };
        assert_eq!(seen, wanted, "{layer} at {column}, {row}");
    }
}

fn zoom(report: &Report) -> u8 {
    report.raster.as_ref().unwrap().picture.zoom
}

fn note<'a>(report: &'a Report, code: &str) -> Vec<&'a str> {
    report.notes.iter().filter(|n| n.code == code).map(|n| n.message.as_str()).collect()
}

fn points(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let point = json!({"type": "Feature", "properties": {"ten": "mốc"}, "geometry": {"type": "Point", "coordinates": [108.98, 11.56]}});
    std::fs::write(&path, point.to_string()).unwrap();
    path
}

/// The plan as a PNG, which says of itself neither where it lies nor in what.
fn bare(folder: &Path) -> PathBuf {
    let (file, bare) = (plan(folder, "goc.tif", None), folder.join("quet.png"));
    run("gdal_translate", &["-q", "-of", "PNG", file.to_str().unwrap(), bare.to_str().unwrap()]);
    for name in ["goc.tif", "quet.png.aux.xml"] {
        std::fs::remove_file(folder.join(name)).ok();
    }
    bare
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_a_geopackage_are_layers_whether_pictures_or_features() {
    let world = World::new().await;
    let folder = world.dir.path();
    let (file, first) = (folder.join("tong_hop.gpkg"), plan(folder, "a.tif", Some(9217)));
    let second = photo(folder, "b.tif", (300, 200), north_up(0.5));
    let (gpkg, points) = (file.to_str().unwrap(), points(folder, "moc.geojson"));
    let table = |from: &Path, more: &[&str]| {
        let words = ["-q", "-of", "GPKG", "-co", "TILE_FORMAT=PNG"];
        run("gdal_translate", &[&words, more, &[from.to_str().unwrap(), gpkg]].concat());
    };
    table(&first, &["-co", "RASTER_TABLE=ban_do", "-co", "RASTER_IDENTIFIER=Bản đồ quy hoạch"]);
    let report = import(&world, &file, named("mot")).await.unwrap().remove(0);
    assert_eq!((report.source_layer.as_str(), report.title.as_str()), ("ban_do", "Bản đồ quy hoạch"));
    assert_eq!((report.driver.as_str(), report.crs.as_ref().unwrap().srid), ("GPKG", Some(9217)));
    // What stood for nothing in the plan is transparent in its tiles.
    is_plan(&world, &world.server().await, "mot", zoom(&report), Some(0)).await;

    table(&second, &["-co", "APPEND_SUBDATASET=YES", "-co", "RASTER_TABLE=anh bay"]);
    run("ogr2ogr", &["-update", "-f", "GPKG", gpkg, points.to_str().unwrap(), "-nln", "moc"]);
    let reports = import(&world, &file, Options::default()).await.unwrap();
    let made: Vec<(&str, bool)> = reports.iter().map(|r| (r.source_layer.as_str(), r.raster.is_some())).collect();
    assert_eq!(made, [("moc", false), ("anh bay", true), ("ban_do", true)]);
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer WHERE raster IS NOT NULL").await, 3);
    let several = import(&world, &file, named("x")).await.unwrap_err();
    assert!(matches!(several, Error::Invalid { .. }) && several.to_string().contains("anh bay"), "{several:?}");
    let one = Options { source_layers: vec!["anh bay".into()], ..named("anh") };
    assert_eq!(import(&world, &file, one).await.unwrap().len(), 1);
    let more = Options { how: How::Append, ..Options::default() };
    assert!(matches!(import(&world, &file, more).await, Err(Error::Invalid { .. })));
    assert_eq!(world.number("SELECT max(number)::int8 FROM dothi.edition WHERE layer = 'moc'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_value_that_stands_for_nothing_may_be_said() {
    let world = World::new().await;
    let file = plan(world.dir.path(), "qh.tif", Some(9217));
    let server = world.server().await;
    for (layer, said, clear) in [("ba", "3", Some(3)), ("khong", "none", None)] {
        let report =
            import(&world, &file, Options { nodata: Some(said.into()), ..named(layer) }).await.unwrap().remove(0);
        server.eventually(|s| async move { s.app.catalog.get(layer).is_some() }).await;
        is_plan(&world, &server, layer, zoom(&report), clear).await;
    }
    for said in ["x", "1,2", "256", "-1", ""] {
        let refused = import(&world, &file, Options { nodata: Some(said.into()), ..named("x") }).await.unwrap_err();
        assert!(refused.to_string().contains("from 0 to 255, or `none`"), "{said}: {refused}");
    }
    let points = points(world.dir.path(), "moc.geojson");
    let features = import(&world, &points, Options { nodata: Some("0".into()), ..named("moc") }).await.unwrap_err();
    assert!(features.to_string().contains("said of rasters"), "{features}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_lies_by_its_control_points() {
    let world = World::new().await;
    let folder = world.dir.path();
    let server = world.server().await;
    let place = |column: f64, line: f64| (CORNER.0 + column * METRES, CORNER.1 - line * METRES);
    let spots =
        [(10., 10.), (470., 12.), (468., 310.), (12., 305.), (240., 160.), (300., 40.), (100., 250.), (400., 200.)];
    let words = |n: usize, off: f64| -> Vec<String> {
        let word = |(i, (column, line)): (usize, &(f64, f64))| {
            let (x, y) = place(*column, *line);
            let x = if i == 2 { x + off } else { x };
            ["-gcp".into(), column.to_string(), line.to_string(), format!("{x:.3}"), format!("{y:.3}")]
        };
        spots[..n].iter().enumerate().flat_map(word).collect()
    };
    let file = plan(folder, "goc.tif", None);
    for (n, off, said) in [
        (3, 0.0, "order 1, which fits so few always"),
        (4, 0.0, "off by 0.00 pixels (0.00 m)"),
        (6, 0.0, "order 2, which fits so few always"),
        (8, 0.0, "order 2; they are off by 0.00 pixels"),
        (8, 30.0, "order 2; they are off by "),
    ] {
        let scan = folder.join("quet.tif");
        let words = words(n, off);
        let words: Vec<&str> =
            ["-q", "-a_srs", "EPSG:9217"].into_iter().chain(words.iter().map(String::as_str)).collect();
        // Without the corner that the plan has, which would be believed first.
        run(
            "gdal_translate",
            &[&words[..], &["-a_nodata", "none", file.to_str().unwrap(), scan.to_str().unwrap()]].concat(),
        );
        let report = import(&world, &scan, named("quet")).await.unwrap().remove(0);
        let told = note(&report, "control_points").concat();
        assert!(told.contains(&format!("by {n} control points")) && told.contains(said), "{told}");
        assert_eq!(report.crs.as_ref().unwrap().srid, Some(9217));
        if off == 0.0 {
            let archive = report.raster.as_ref().unwrap().archive.clone();
            server
                .eventually(|s| {
                    let archive = archive.clone();
                    async move {
                        s.app
                            .catalog
                            .get("quet")
                            .is_some_and(|l| l.raster.as_ref().is_some_and(|r| r.archive == archive))
                    }
                })
                .await;
            is_plan(&world, &server, "quet", zoom(&report), None).await;
        } else {
            assert!(!told.contains("off by 0.0"), "{told}");
        }
    }

    // A picture that says nothing of itself.
    let picture = bare(folder);
    let asked = import(&world, &picture, named("anh")).await.unwrap_err().to_string();
    assert!(asked.contains("--gcp"), "{asked}");
    let given = spots[..4].iter().map(|(c, l)| [*c, *l, place(*c, *l).0, place(*c, *l).1]).collect::<Vec<_>>();
    let placed = Options { control_points: given.clone(), ..named("anh") };
    let asked = import(&world, &picture, placed.clone()).await.unwrap_err().to_string();
    assert!(asked.contains("EPSG:9217"), "the points are enough to propose a system: {asked}");
    let report = import(&world, &picture, Options { srs: Some("EPSG:9217".into()), ..placed }).await.unwrap().remove(0);
    server.eventually(|s| async move { s.app.catalog.get("anh").is_some() }).await;
    is_plan(&world, &server, "anh", zoom(&report), Some(0)).await;
    for (points, word) in [
        (given[..2].to_vec(), "2 control points, and it takes three"),
        (vec![given[0]; 5], "one line or in one place"),
        (vec![[0.0, 0.0, 1e300, 0.0]; 3], "that is none"),
    ] {
        let wrong = Options { control_points: points, srs: Some("EPSG:9217".into()), ..named("x") };
        let refused = import(&world, &picture, wrong).await.unwrap_err().to_string();
        assert!(refused.contains(word) && refused.contains("Georeferencer"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_beside_features_come_in_or_are_told_of() {
    let world = World::new().await;
    let folder = world.dir.path().join("bàn giao");
    std::fs::create_dir_all(folder.join("ảnh")).unwrap();
    points(&folder, "moc.geojson");
    plan(&folder, "quy_hoach.tif", Some(9217));
    plan(&folder, "khong_he.tif", None);
    drop(raster(&folder.join("ảnh/hien_truong.tif"), (50, 40), &[vec![7; 2_000]], None, None));
    let reports = import(&world, &folder, Options::default()).await.unwrap();
    let made: Vec<(&str, bool)> = reports.iter().map(|r| (r.layer.as_str(), r.raster.is_some())).collect();
    assert_eq!(made, [("moc", false), ("quy_hoach", true)]);
    let told = note(&reports[0], "raster_left_out");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().any(|n| n.contains("`khong_he.tif`") && n.contains("--source-layer \"khong_he\" --srs")),
        "{told:?}"
    );
    assert!(told.iter().any(|n| n.contains("`hien_truong.tif`") && n.contains("world file")), "{told:?}");
    // Asked for by its name it is asked about.
    let one = Options { source_layers: vec!["khong_he".into()], ..Options::default() };
    assert!(import(&world, &folder, one.clone()).await.unwrap_err().to_string().contains("--srs EPSG:9217"));
    let one = Options { srs: Some("EPSG:9217".into()), ..one };
    assert_eq!(import(&world, &folder, one).await.unwrap().len(), 1);
}
