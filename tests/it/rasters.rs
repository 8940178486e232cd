//! Rasters: pictures in, tiles out, each colour at its place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gdal::raster::{Buffer, ColorEntry, ColorTable, PaletteInterpretation, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager};
use serde_json::{Value, json};

use dothi::error::{Error, Result};
use dothi::import::child::{Limits, inspect};
use dothi::import::frames::{Action, Request};
use dothi::import::report::Report;
use dothi::import::{self, How, Options};
use dothi::layer::editions;

use crate::city::{City, eventually};
use crate::support::{BIN, Server, World};

/// Red, green, blue: what the indexes of the plan stand for. Index 0 stands for nothing.
pub const COLORS: [[u8; 3]; 6] =
    [[255, 0, 255], [255, 208, 255], [255, 252, 120], [170, 255, 50], [0, 0, 0], [160, 255, 255]];
/// Pixels along the side of a square of one colour.
pub const SQUARE: usize = 40;
pub const METRES: f64 = 0.5;
/// The upper left corner of the plan, in EPSG:9217.
pub const CORNER: (f64, f64) = (580_000.0, 1_280_000.0);
pub const SIZE: (usize, usize) = (480, 320);

pub fn index(column: usize, row: usize) -> u8 {
    ((column / SQUARE + row / SQUARE * 2) % COLORS.len()) as u8
}

/// A file of one or three bands. `place` and `epsg` are left out where they are none.
pub fn raster(
    path: &Path,
    size: (usize, usize),
    bands: &[Vec<u8>],
    place: Option<[f64; 6]>,
    epsg: Option<u32>,
) -> Dataset {
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(["COMPRESS=DEFLATE"]);
    let mut file =
        driver.create_with_band_type_with_options::<u8, _>(path, size.0, size.1, bands.len(), &options).unwrap();
    if let Some(place) = place {
        file.set_geo_transform(&place).unwrap();
    }
    if let Some(epsg) = epsg {
        file.set_spatial_ref(&SpatialRef::from_epsg(epsg).unwrap()).unwrap();
    }
    for (i, values) in bands.iter().enumerate() {
        let mut band = file.rasterband(i + 1).unwrap();
        band.write((0, 0), size, &mut Buffer::new(size, values.clone())).unwrap();
    }
    file
}

pub fn north_up(metres: f64) -> [f64; 6] {
    [CORNER.0, metres, 0.0, CORNER.1, 0.0, -metres]
}

/// A scanned plan with a palette.
pub fn plan(folder: &Path, name: &str, epsg: Option<u32>) -> PathBuf {
    let path = folder.join(name);
    let values = (0..SIZE.1).flat_map(|row| (0..SIZE.0).map(move |column| index(column, row))).collect();
    let file = raster(&path, SIZE, &[values], Some(north_up(METRES)), epsg);
    let mut band = file.rasterband(1).unwrap();
    let mut table = ColorTable::new(PaletteInterpretation::Rgba);
    for (i, [r, g, b]) in COLORS.into_iter().enumerate() {
        let entry = ColorEntry::rgba(r.into(), g.into(), b.into(), 255);
        table.set_color_entry(i as u16, &entry);
    }
    band.set_color_table(&table);
    band.set_no_data_value(Some(0.0)).unwrap();
    path
}

/// A photograph: colours that pass into each other.
pub fn photo(folder: &Path, name: &str, size: (usize, usize), place: [f64; 6]) -> PathBuf {
    let path = folder.join(name);
    let band = |f: fn(usize, usize) -> usize| {
        (0..size.1).flat_map(|y| (0..size.0).map(move |x| (f(x, y) % 256) as u8)).collect::<Vec<u8>>()
    };
    let bands = [band(|x, y| x / 3 + y / 7), band(|x, y| (x * y) / 900), band(|x, y| 255 - (x + y) % 256 / 2)];
    raster(&path, size, &bands, Some(place), Some(9217));
    path
}

pub async fn import(world: &World, file: &Path, options: Options) -> Result<Vec<Report>> {
    let limits = Limits { program: Some(BIN.into()), ..Limits::default() };
    let options = Options { data_dir: world.store().data_dir, ..options };
    import::run(&world.options, file, &options, &limits, |_| {}).await
}

/// A raster in the catalog, for tests of other things.
pub async fn sample(world: &World, layer: &str) {
    import(world, &plan(world.dir.path(), "mau.tif", Some(9217)), named(layer)).await.unwrap();
}

pub fn named(layer: &str) -> Options {
    Options { layer: Some(layer.into()), ..Options::default() }
}

fn archives(world: &World) -> Vec<String> {
    let folder = world.store().data_dir.join("rasters");
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = folders.flat_map(|f| std::fs::read_dir(f.path()).unwrap().flatten());
    let mut names: Vec<String> = files.map(|f| f.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A tile's pixels.
pub fn pixels(png: &[u8]) -> Vec<[u8; 4]> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut out = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut out).unwrap();
    out.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()
}

fn webp(bytes: &[u8]) -> Vec<[u8; 4]> {
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut out).unwrap();
    let each = if decoder.has_alpha() { 4 } else { 3 };
    out.chunks_exact(each).map(|p| [p[0], p[1], p[2], p.get(3).copied().unwrap_or(255)]).collect()
}

/// Where places of EPSG:9217 are in the pyramid, in tiles of `zoom`, as PostGIS has it.
pub async fn places(world: &World, zoom: u8, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let list = |i: fn(&(f64, f64)) -> f64| points.iter().map(|p| i(p).to_string()).collect::<Vec<_>>().join(",");
    let sql = format!(
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT n, ST_Transform(ST_SetSRID(ST_MakePoint(e, n0), 9217), 3857) AS p \
         FROM unnest(ARRAY[{}]::float8[], ARRAY[{}]::float8[]) WITH ORDINALITY AS t(e, n0, n)) x ORDER BY n",
        list(|p| p.0),
        list(|p| p.1)
    );
    let rows: Vec<(f64, f64)> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
    let (half, n) = (20_037_508.342_789_244, f64::from(1u32 << zoom));
    rows.into_iter().map(|(x, y)| ((x + half) / (2.0 * half) * n, (half - y) / (2.0 * half) * n)).collect()
}

pub async fn color(
    server: &Server,
    layer: &str,
    zoom: u8,
    (x, y): (f64, f64),
    decode: fn(&[u8]) -> Vec<[u8; 4]>,
) -> [u8; 4] {
    let reply = server.get(&format!("/tiles/{layer}/{zoom}/{}/{}", x as u32, y as u32)).await;
    match reply.status.as_u16() {
        204 => [0; 4],
        200 => decode(&reply.bytes)[(y.fract() * 256.0) as usize * 256 + (x.fract() * 256.0) as usize],
        status => panic!("{status}: {}", String::from_utf8_lossy(&reply.bytes)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_keeps_its_colours_and_each_lies_where_it_belongs() {
    let world = World::new().await;
    let report = import(&world, &plan(world.dir.path(), "qh.tif", Some(9217)), named("qh")).await.unwrap().remove(0);
    let zoom = report.raster.as_ref().unwrap().picture.zoom;
    let server = world.server().await;
    // A little to either side of every border between squares: the place is right to less than a pixel.
    let (mut points, mut wanted) = (Vec::new(), Vec::new());
    for row in (SQUARE / 2..SIZE.1).step_by(SQUARE) {
        for border in (SQUARE..SIZE.0).step_by(SQUARE) {
            for aside in [-0.7, 0.7] {
                let column = border as f64 + aside;
                points.push((CORNER.0 + column * METRES, CORNER.1 - (row as f64 + 0.5) * METRES));
                wanted.push(index(column as usize, row));
            }
        }
    }
    let places = places(&world, zoom, &points).await;
    for ((place, index), point) in places.into_iter().zip(wanted).zip(points) {
        let seen = color(&server, "qh", zoom, place, pixels).await;
        let [r, g, b] = COLORS[usize::from(index)];
        let expected = if index == 0 { [0; 4] } else { [r, g, b, 255] };
        assert_eq!(seen, expected, "at {point:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raster_is_in_the_catalog_like_every_layer() {
    let world = World::new().await;
    world
        .layer(
            "thua",
            "Polygon",
            9217,
            &[("so", "int4")],
            "SELECT ST_MakeEnvelope(580000, 1279900, 580100, 1280000, 9217), 1",
        )
        .await;
    let options = Options { title: Some("Bản vẽ quy hoạch".into()), ..named("qh") };
    let report = import(&world, &plan(world.dir.path(), "qh.tif", Some(9217)), options).await.unwrap().remove(0);
    let [w, s, e, n] = report.bounds.unwrap();
    assert!(w < e && s < n && (w - 108.985).abs() < 0.01 && (n - 11.573).abs() < 0.01, "{w} {s} {e} {n}");
    let server = world.server().await;
    let json = server.json("/tiles/qh").await;
    assert_eq!((&json["format"], &json["tileSize"], &json["minzoom"]), (&json!("png"), &json!(256), &json!(0)));
    let zoom = json["maxzoom"].as_u64().unwrap() as u8;
    assert_eq!(json["bounds"].as_array().unwrap().len(), 4);

    let place = places(&world, zoom, &[(CORNER.0 + 30.0, CORNER.1 - 10.0)]).await[0];
    let path = format!("/tiles/qh/{zoom}/{}/{}", place.0 as u32, place.1 as u32);
    let tile = server.get(&path).await;
    assert_eq!((tile.status.as_u16(), tile.header("content-type")), (200, "image/png"));
    let again = axum::http::Request::get(&*path).header("host", "x").header("if-none-match", tile.header("etag"));
    let again = server.send(again.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    assert_eq!(server.get(&format!("/tiles/qh,thua/{zoom}/0/0")).await.status, 400);

    let map = format!("/ogc/collections/qh/map/tiles/WebMercatorQuad/{zoom}/{}/{}", place.1 as u32, place.0 as u32);
    assert_eq!(server.get(&map).await.bytes, tile.bytes);
    assert_eq!(server.get("/ogc/collections/qh/map/tiles/WebMercatorQuad/3/0/0").await.status, 404);
    let sets = server.json("/ogc/collections/qh/map/tiles").await;
    assert_eq!(sets["tilesets"][0]["dataType"], "map");
    let set = server.json("/ogc/collections/qh/map/tiles/WebMercatorQuad").await;
    assert_eq!(set["tileMatrixSetLimits"].as_array().unwrap().len(), usize::from(zoom) + 1);
    assert_eq!(server.get("/ogc/collections/thua/map/tiles").await.status, 404);

    let collection = server.json("/ogc/collections/qh").await;
    assert_eq!((&collection["geometry"], &collection["dataType"]), (&json!("raster"), &json!("map")));
    assert!(collection["links"].as_array().unwrap().iter().all(|l| l["rel"] != "items"), "{collection}");
    for path in ["items", "items/1", "schema", "queryables", "export?f=csv", "tiles", "items/1/history"] {
        let reply = server.get(&format!("/ogc/collections/qh/{path}")).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.json()["detail"].as_str().unwrap().contains("raster"), "{path}");
    }
    for path in [
        "/ogc/collections",
        "/ogc/collections/qh/metadata",
        "/ogc/collections/qh/metadata?f=iso",
        "/ogc/collections?f=html",
        "/ogc/collections/qh?f=html",
        "/ogc?f=html",
        "/ogc/api",
        "/ogc/collections/qh/styles",
        "/ogc/styles/qh/metadata",
        "/wms?service=WMS&request=GetCapabilities",
        "/wms?service=WMS&request=GetLegendGraphic&layer=qh&format=image/png",
        "/query/at?lon=108.986&lat=11.573",
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.bytes));
    }
    let wfs = server.get("/wfs?service=WFS&request=GetCapabilities").await;
    let text = String::from_utf8_lossy(&wfs.bytes).into_owned();
    assert!(text.contains("thua") && !text.contains("dothi:qh"), "{text}");

    // Pictures lie under features, wherever they stand in the list.
    let style = server.json("/styles/default").await;
    let at = |id: &str| style["layers"].as_array().unwrap().iter().position(|l| l["id"] == id).unwrap();
    assert!(at("qh/raster") < at("thua/fill"));
    assert_eq!(
        style["sources"]["qh"],
        json!({"type": "raster", "url": "http://ban-do.test/tiles/qh", "tileSize": 256})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_as_picture_shows_a_raster_in_every_system() {
    let world = World::new().await;
    import(&world, &plan(world.dir.path(), "qh.tif", Some(9217)), named("qh")).await.unwrap();
    let server = world.server().await;
    // The whole plan, a pixel for each of its own.
    let (e, n) = (CORNER.0 + SIZE.0 as f64 * METRES, CORNER.1 - SIZE.1 as f64 * METRES);
    let path = format!(
        "/wms?service=WMS&version=1.1.1&request=GetMap&layers=qh&styles=&srs=EPSG:9217&bbox={},{n},{e},{}&width={}&height={}&format=image/png&transparent=true",
        CORNER.0, CORNER.1, SIZE.0, SIZE.1
    );
    let reply = server.get(&path).await;
    assert_eq!(reply.header("content-type"), "image/png", "{}", String::from_utf8_lossy(&reply.bytes));
    let seen = pixels(&reply.bytes);
    for row in (SQUARE / 2..SIZE.1).step_by(SQUARE) {
        for column in (SQUARE / 2..SIZE.0).step_by(SQUARE) {
            let [r, g, b] = COLORS[usize::from(index(column, row))];
            let expected = if index(column, row) == 0 { [0; 4] } else { [r, g, b, 255] };
            assert_eq!(seen[row * SIZE.0 + column], expected, "{column}, {row}");
        }
    }
    let info = server
        .get(
            &path
                .replace("GetMap", "GetFeatureInfo")
                .replace("&format=image/png", "&query_layers=qh&x=5&y=5&info_format=application/json"),
        )
        .await;
    assert_eq!(info.json()["features"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photograph_is_close_to_itself_and_clear_beyond_its_edges() {
    let world = World::new().await;
    // Turned by 20 degrees and upside down: its place says so, and is believed.
    let (sin, cos) = 20f64.to_radians().sin_cos();
    let (size, step) = ((900, 700), 0.4);
    let place = [CORNER.0, step * cos, -step * sin, CORNER.1, step * sin, step * cos];
    let file = photo(world.dir.path(), "anh.tif", size, place);
    let report = import(&world, &file, named("anh")).await.unwrap().remove(0);
    let raster = report.raster.unwrap();
    assert_eq!(serde_json::to_value(raster.format).unwrap(), "webp");
    let server = world.server().await;
    let spots = [(100, 100), (450, 350), (800, 600), (50, 650)];
    let at = |(x, y): (f64, f64)| (place[0] + x * place[1] + y * place[2], place[3] + x * place[4] + y * place[5]);
    let points: Vec<_> = spots.iter().map(|(x, y)| at((*x as f64 + 0.5, *y as f64 + 0.5))).collect();
    for (spot, place) in spots.iter().zip(places(&world, raster.picture.zoom, &points).await) {
        let (x, y) = *spot;
        let wanted = [x / 3 + y / 7, (x * y) / 900, 255 - (x + y) % 256 / 2].map(|v| v % 256);
        let seen = color(&server, "anh", raster.picture.zoom, place, webp).await;
        let far = (0..3).map(|i| (i32::from(seen[i]) - wanted[i]).abs()).max().unwrap();
        assert!(far < 20 && seen[3] == 255, "{spot:?}: {seen:?}, not {wanted:?}");
    }
    let beyond = places(&world, raster.picture.zoom, &[at((-5.0, 300.0)), at((450.0, 705.0))]).await;
    for place in beyond {
        assert_eq!(color(&server, "anh", raster.picture.zoom, place, webp).await[3], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn editions_of_a_raster_come_back_with_their_tiles_and_are_swept_with_their_layer() {
    let world = World::new().await;
    let folder = world.dir.path();
    let first = import(&world, &plan(folder, "qh.tif", Some(9217)), named("qh")).await.unwrap().remove(0);
    let zoom = first.raster.as_ref().unwrap().picture.zoom;
    let server = world.server().await;
    let place = places(&world, zoom, &[(CORNER.0 + 30.0, CORNER.1 - 10.0)]).await[0];
    let before = color(&server, "qh", zoom, place, pixels).await;
    let mark = server.json("/ogc/collections/qh/changes").await["version"].as_str().unwrap().to_string();
    let other = photo(folder, "anh.tif", (300, 200), north_up(0.5));
    let second = import(&world, &other, named("qh")).await.unwrap().remove(0);
    assert_eq!((first.edition, second.edition), (1, 2));
    let served = |name: String| {
        server.eventually(move |s| {
            let name = name.clone();
            async move { s.app.catalog.get("qh").unwrap().raster.as_ref().is_some_and(|r| r.archive == name) }
        })
    };
    served(second.raster.unwrap().archive).await;
    assert_eq!(server.json("/tiles/qh").await["format"], "webp");
    // One event for a replacement.
    let feed = server.json(&format!("/ogc/collections/qh/changes?since={mark}")).await;
    assert_eq!(feed["changes"].as_array().map(Vec::len), Some(1), "{feed}");

    editions::restore(&world.pool, "qh", 1).await.unwrap();
    served(first.raster.unwrap().archive).await;
    assert_eq!(color(&server, "qh", zoom, place, pixels).await, before);
    let list = editions::list(&world.pool, "qh").await.unwrap();
    assert!(list.iter().all(|e| e.kept && e.bytes.is_some_and(|b| b > 1_000) && e.features.is_none()), "{list:?}");
    assert!(matches!(editions::compare(&world.pool, "qh", 1, 2, None, 5).await, Err(Error::Conflict(_))));
    assert_eq!(archives(&world).len(), 2);

    // Features in the place of the picture, and back.
    let file = folder.join("o.geojson");
    std::fs::write(
        &file,
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[108.98,11.56]}}"#,
    )
    .unwrap();
    import(&world, &file, named("qh")).await.unwrap();
    server.eventually(|s| async move { s.app.catalog.get("qh").unwrap().raster.is_none() }).await;
    assert_eq!(server.get("/ogc/collections/qh/items").await.status, 200);
    editions::restore(&world.pool, "qh", 2).await.unwrap();
    server.eventually(|s| async move { s.app.catalog.get("qh").unwrap().raster.is_some() }).await;

    let data = world.store().data_dir;
    dothi::tiles::rasters::sweep(&world.pool, &data).await.unwrap();
    assert_eq!(archives(&world).len(), 2);
    let layer = server.app.catalog.get("qh").unwrap();
    dothi::layer::edit::drop(&world.pool, &layer).await.unwrap();
    dothi::tiles::rasters::sweep(&world.pool, &data).await.unwrap();
    assert_eq!(archives(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raster_that_does_not_say_where_it_lies_is_asked_about() {
    let world = World::new().await;
    let folder = world.dir.path();
    let file = plan(folder, "khong_he.tif", None);
    let error = import(&world, &file, named("qh")).await.unwrap_err().to_string();
    assert!(error.contains("EPSG:9217") && error.contains("--srs"), "{error}");
    let options = Options { srs: Some("EPSG:9217".into()), ..named("qh") };
    import(&world, &file, options).await.unwrap();

    // A world file and a `.prj` beside a picture without either.
    let bare = folder.join("quet.tif");
    let grey: Vec<u8> = (0..60_000).map(|i| (i % 251) as u8).collect();
    drop(raster(&bare, (300, 200), &[grey], None, None));
    let error = import(&world, &bare, named("quet")).await.unwrap_err().to_string();
    assert!(error.contains("world file"), "{error}");
    std::fs::write(folder.join("quet.tfw"), "0.5\n0\n0\n-0.5\n580000.25\n1279999.75\n").unwrap();
    let wkt = SpatialRef::from_epsg(9217).unwrap().morph_to_esri_wkt();
    std::fs::write(folder.join("quet.prj"), wkt).unwrap();
    let report = import(&world, &bare, named("quet")).await.unwrap().remove(0);
    assert_eq!(report.crs.unwrap().srid, Some(9217));
    assert_eq!(report.extent, Some([580_000.0, 1_279_900.0, 580_150.0, 1_280_000.0]));
    let append = Options { how: How::Append, ..named("quet") };
    assert!(matches!(import(&world, &bare, append).await, Err(Error::Invalid { .. })));
}

trait Esri {
    fn morph_to_esri_wkt(&self) -> String;
}

impl Esri for SpatialRef {
    /// As ArcGIS writes a `.prj`.
    fn morph_to_esri_wkt(&self) -> String {
        self.morph_to_esri().unwrap();
        self.to_wkt().unwrap()
    }
}

/// A TIFF of 8 bits that claims a size and has not a pixel.
fn claims(path: &Path, width: u32, height: u32) {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let mut out = Vec::new();
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
        out
    };
    // Model pixel scale and tie point (GeoTIFF 1.1, 7.1) come after the directory.
    let entries = [
        entry(256, 4, 1, width),
        entry(257, 4, 1, height),
        entry(258, 3, 1, 8),
        entry(259, 3, 1, 8),
        entry(262, 3, 1, 1),
        entry(277, 3, 1, 1),
        entry(322, 4, 1, 65_536),
        entry(323, 4, 1, 65_536),
        entry(324, 4, 1, 8),
        entry(325, 4, 1, 0),
        entry(33550, 12, 3, 8 + 2 + 12 * 12 + 4),
        entry(33922, 12, 6, 8 + 2 + 12 * 12 + 4 + 24),
    ];
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend(entries.concat());
    out.extend([0; 4]);
    for v in [0.0001, 0.0001, 0.0, 0.0, 0.0, 0.0, 580_000.0, 1_280_000.0, 0.0] {
        out.extend(f64::to_le_bytes(v));
    }
    std::fs::write(path, out).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_rasters_are_refused_in_a_line() {
    let world = World::new().await;
    let folder = world.dir.path();
    let at = |name: &str| folder.join(name);
    let gray = || vec![vec![7u8; 100 * 100]];
    claims(&at("huge.tif"), 1_000_000, 1_000_000);
    claims(&at("empty.tif"), 200_000, 200_000);
    let places = [
        ("nan.tif", [f64::NAN, 1.0, 0.0, 0.0, 0.0, -1.0]),
        ("infinite.tif", [580_000.0, f64::INFINITY, 0.0, 1_280_000.0, 0.0, -1.0]),
        ("flat.tif", [580_000.0, 1.0, 1.0, 1_280_000.0, 1.0, 1.0]),
        ("nowhere.tif", [1e9, 1.0, 0.0, 1e9, 0.0, -1.0]),
        ("vast.tif", [580_000.0, 1e7, 0.0, 1_280_000.0, 0.0, -1e7]),
        ("thin.tif", [580_000.0, 1e-9, 0.0, 1_280_000.0, 0.0, -500.0]),
    ];
    for (name, place) in places {
        drop(raster(&at(name), (100, 100), &gray(), Some(place), Some(9217)));
    }
    // Degrees that are metres.
    drop(raster(&at("wrong_prj.tif"), (100, 100), &gray(), Some(north_up(0.5)), Some(4326)));
    // Noise in the place of pixels, and a file that ends early.
    let noise: Vec<u8> = (0..640_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    drop(raster(&at("cut.tif"), (800, 800), &[noise], Some(north_up(0.5)), Some(9217)));
    let whole = std::fs::read(at("cut.tif")).unwrap();
    std::fs::write(at("cut.tif"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(at("not.tif"), b"II*\0 and nothing of the kind").unwrap();
    std::fs::write(at("not.png"), b"\x89PNG\r\n\x1a\n and nothing of the kind").unwrap();
    std::fs::write(at("other.vrt"), "<VRTDataset rasterXSize=\"9\" rasterYSize=\"9\"><VRTRasterBand band=\"1\"><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>").unwrap();
    let heights = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dem = heights.create_with_band_type::<f32, _>(at("cao_do.tif"), 50, 50, 1).unwrap();
    dem.set_geo_transform(&north_up(5.0)).unwrap();
    drop(dem);
    let names =
        ["huge", "empty", "nan", "infinite", "flat", "nowhere", "vast", "thin", "wrong_prj", "cut", "not", "cao_do"];
    for name in names.map(|n| format!("{n}.tif")).iter().map(String::as_str).chain(["not.png", "other.vrt"]) {
        let error = import(&world, &at(name), named("x")).await.expect_err(name);
        assert!(matches!(error, Error::Unreadable(_)), "{name}: {error:?}");
        let text = error.to_string();
        assert!(!text.contains('\n') && !text.contains("/tmp") && text.len() < 900, "{name}: {text}");
        println!("{name}: {text}");
    }
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer").await, 0);
    assert_eq!(archives(&world), Vec::<String>::new());
}

#[tokio::test]
async fn a_side_file_leads_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let secret = photo(outside.path(), "kin.tif", (64, 64), north_up(0.5));
    let file = plan(folder.path(), "qh.tif", Some(9217));
    let aux = format!(
        "<PAMDataset><Metadata domain=\"OVERVIEWS\"><MDI key=\"OVERVIEW_FILE\">{}</MDI></Metadata></PAMDataset>",
        secret.display()
    );
    std::fs::write(folder.path().join("qh.tif.aux.xml"), aux).unwrap();
    std::os::unix::fs::symlink(&secret, folder.path().join("qh.tif.msk")).unwrap();
    let request = Request::new(Action::Inspect, file.to_str().unwrap());
    let found = inspect(&request, &Limits { program: Some(BIN.into()), ..Limits::default() }).await.unwrap();
    let picture = found.layers[0].raster.as_ref().unwrap();
    assert_eq!((picture.width, picture.height), (SIZE.0 as u32, SIZE.1 as u32));
}

#[test]
fn a_killed_import_of_a_raster_leaves_the_old_tiles_and_no_rubbish() {
    let city = City::new();
    let file = plan(city.dir.path(), "qh.tif", Some(9217));
    let import = |file: &Path| city.command(&["import", file.to_str().unwrap(), "--layer", "qh"]);
    assert!(import(&file).output().unwrap().status.success());
    let archives = || {
        let mut all = Vec::new();
        for folder in std::fs::read_dir(city.dir.path().join("var/rasters")).unwrap().flatten() {
            all.extend(std::fs::read_dir(folder.path()).unwrap().flatten().map(|f| f.path()));
        }
        all.sort();
        all
    };
    let before = archives();
    let bytes = std::fs::read(&before[0]).unwrap();
    let large = photo(city.dir.path(), "anh.tif", (4_000, 3_000), north_up(0.25));
    let mut old = 0;
    for pause in [30, 300, 900, 1_500, 2_500] {
        let mut child =
            import(&large).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        old += u32::from(city.layer("qh")["raster"]["width"] == SIZE.0);
        assert_eq!(std::fs::read(&before[0]).unwrap(), bytes);
    }
    assert!(old > 0, "some import was killed before it was done");
    let staged = "SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace";
    eventually("nothing is staged", || city.sql(staged) == ["0"]);
    // The next import sweeps.
    assert!(import(&file).output().unwrap().status.success());
    let editions = city.json(&["editions", "list", "qh"]);
    let kept = editions["editions"].as_array().unwrap().iter().filter(|e| e["kept"] == Value::Bool(true)).count();
    eventually("one archive is left for each edition", || archives().len() == kept);
}
