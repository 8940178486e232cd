//! Where things lie: every zone and province against PROJ, every way in which files say where they are wrongly.
//!
//! PROJ is asked for the operation EPSG:6960 by name of its numbers, through GDAL's `gdaltransform`: asked for the systems
//! alone it takes EPSG:5194 in the Mekong delta (decision 21).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dothi::import::report::Report;
use dothi::import::{self, Options};
use sqlx::AssertSqlSafe;

use crate::mvt;
use crate::support::{BIN, World, tile_at};

/// A tenth of a metre, and a millimetre, in degrees.
const TENTH: f64 = 0.1 / 111_320.0;
const MILLIMETRE: f64 = 0.001 / 111_320.0;

const SHIFT: &str = "+proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 +rx=-0.00928836 +ry=0.01975479 \
                     +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame";

/// EPSG codes and central meridians.
const ZONES: [(i32, f64); 20] = [
    (3405, 105.0),
    (3406, 111.0),
    (5896, 102.0),
    (5897, 105.0),
    (5898, 108.0),
    (5899, 107.75),
    (9205, 103.0),
    (9206, 104.0),
    (9207, 104.5),
    (9208, 104.75),
    (9209, 105.5),
    (9210, 105.75),
    (9211, 106.0),
    (9212, 106.25),
    (9213, 106.5),
    (9214, 107.0),
    (9215, 107.25),
    (9216, 107.5),
    (9217, 108.25),
    (9218, 108.5),
];

/// The provinces since 1 July 2025 with the zone of each (Circular 24/2025/TT-BNNMT) and a place in it on WGS 84.
const PROVINCES: [(&str, i32, f64, f64); 34] = [
    ("Hà Nội", 5897, 105.838, 21.039),
    ("Cao Bằng", 9210, 106.189, 22.678),
    ("Tuyên Quang", 9211, 104.963, 22.860),
    ("Điện Biên", 9205, 103.067, 21.406),
    ("Lai Châu", 9208, 103.397, 22.441),
    ("Sơn La", 9206, 103.921, 21.327),
    ("Lào Cai", 9208, 104.015, 22.498),
    ("Thái Nguyên", 9213, 105.850, 22.166),
    ("Lạng Sơn", 9215, 106.771, 21.807),
    ("Quảng Ninh", 5899, 107.122, 20.939),
    ("Bắc Ninh", 9214, 106.215, 21.285),
    ("Phú Thọ", 9208, 105.319, 20.873),
    ("Hải Phòng", 9210, 106.325, 20.959),
    ("Hưng Yên", 9209, 106.068, 20.663),
    ("Ninh Bình", 5897, 105.928, 20.531),
    ("Thanh Hóa", 5897, 105.774, 19.843),
    ("Nghệ An", 9208, 105.660, 18.675),
    ("Hà Tĩnh", 9209, 105.903, 18.342),
    ("Quảng Trị", 9211, 106.590, 17.496),
    ("Huế", 9214, 107.577, 16.479),
    ("Đà Nẵng", 5899, 107.972, 16.131),
    ("Quảng Ngãi", 5898, 108.812, 15.114),
    ("Gia Lai", 9217, 109.167, 13.788),
    ("Khánh Hòa", 9217, 109.171, 12.322),
    ("Đắk Lắk", 9218, 109.289, 13.080),
    ("Lâm Đồng", 5899, 108.263, 10.979),
    ("Đồng Nai", 5899, 106.899, 11.521),
    ("TP. Hồ Chí Minh", 9210, 106.661, 10.969),
    ("Tây Ninh", 9210, 106.103, 11.315),
    ("Đồng Tháp", 5897, 106.358, 10.381),
    ("Vĩnh Long", 9209, 106.398, 10.211),
    ("An Giang", 9208, 105.399, 10.397),
    ("Cần Thơ", 5897, 105.781, 10.052),
    ("Cà Mau", 9207, 105.712, 9.290),
];

fn meridian(zone: i32) -> f64 {
    ZONES.iter().find(|(code, _)| *code == zone).unwrap().1
}

/// Points through a pipeline of PROJ's.
fn proj(pipeline: &str, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    use std::io::Write;
    let mut child = Command::new("gdaltransform")
        .args(["-output_xy", "-ct", &format!("+proj=pipeline {pipeline}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gdal-bin is installed");
    let lines: String = points.iter().map(|(x, y)| format!("{x} {y}\n")).collect();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let number = |n: &str| n.parse::<f64>().unwrap();
    out.lines().filter_map(|l| l.split_once(' ')).map(|(x, y)| (number(x), number(y))).collect()
}

fn plane(zone: i32) -> String {
    let scale = if zone < 3500 { 0.9996 } else { 0.9999 };
    format!("+proj=tmerc +lat_0=0 +lon_0={} +k={scale} +x_0=500000 +y_0=0 +ellps=WGS84", meridian(zone))
}

/// From a zone, or from longitude and latitude on VN-2000, to WGS 84 by EPSG:6960.
fn to_wgs84(zone: Option<i32>, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let from = match zone {
        Some(zone) => format!("+step +inv {}", plane(zone)),
        None => "+step +proj=unitconvert +xy_in=deg +xy_out=rad".into(),
    };
    proj(
        &format!(
            "{from} +step +proj=push +v_3 +step +proj=cart +ellps=WGS84 +step {SHIFT} +step +inv +proj=cart +ellps=WGS84 \
             +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
        ),
        points,
    )
}

fn from_wgs84(zone: i32, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    proj(
        &format!(
            "+step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 +step +proj=cart +ellps=WGS84 \
             +step +inv {SHIFT} +step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 +step {}",
            plane(zone)
        ),
        points,
    )
}

async fn import(world: &World, file: &Path, options: Options) -> dothi::error::Result<Vec<Report>> {
    let limits = import::child::Limits { program: Some(BIN.into()), ..Default::default() };
    import::run(&world.options, file, &options, &limits, |_| {}).await
}

fn into_layer(id: &str) -> Options {
    Options { layer: Some(id.into()), ..Options::default() }
}

fn csv(world: &World, points: &[(f64, f64)]) -> PathBuf {
    let rows: String = points.iter().map(|(x, y)| format!("m,{x},{y}\n")).collect();
    let path = world.dir.path().join("moc.csv");
    std::fs::write(&path, format!("ten,easting,northing\n{rows}")).unwrap();
    path
}

/// What PostGIS answers for the layer, x and y.
async fn in_system(world: &World, id: &str, srid: i32) -> Vec<(f64, f64)> {
    let sql = format!(
        "SELECT ST_X(g), ST_Y(g) FROM (SELECT fid, ST_Transform(geom, {srid}) AS g FROM layers.{id}) t ORDER BY fid"
    );
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap()
}

async fn stored(world: &World, id: &str) -> Vec<(f64, f64)> {
    let sql = format!("SELECT ST_X(geom), ST_Y(geom) FROM layers.{id} ORDER BY fid");
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap()
}

async fn srid(world: &World, id: &str) -> i64 {
    world.number(&format!("SELECT srid::bigint FROM dothi.layer WHERE id = '{id}'")).await
}

fn close(is: &[(f64, f64)], want: &[(f64, f64)], within: f64, what: &str) {
    assert_eq!(is.len(), want.len(), "{what}");
    for (is, want) in is.iter().zip(want) {
        let off = (is.0 - want.0).abs().max((is.1 - want.1).abs());
        assert!(off <= within, "{what}: {is:?}, wanted {want:?}, {off} off");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_in_every_zone_of_vn2000_lie_where_proj_puts_them_by_epsg_6960() {
    let world = World::new().await;
    for (zone, _) in ZONES {
        // The whole length of the country, the blocks of EPSG:5194 (9.35 to 11.04° N, 104.24 to 107.11° E) in them.
        let points: Vec<(f64, f64)> = (0..24)
            .map(|n| (380_000.0 + 120_000.0 * f64::from(n % 3), 930_000.0 + 90_000.0 * f64::from(n / 3)))
            .chain([(500_000.0, 2_000_000.0), (420_000.0, 2_580_000.0)])
            .collect();
        let options = Options { srs: Some(format!("EPSG:{zone}")), ..into_layer("moc") };
        import(&world, &csv(&world, &points), options).await.unwrap();
        let what = format!("EPSG:{zone}");
        assert_eq!(stored(&world, "moc").await, points, "{what}: what is stored is what the file has");
        close(&in_system(&world, "moc", 4326).await, &to_wgs84(Some(zone), &points), MILLIMETRE, &what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_every_province_lies_where_it_is_in_its_own_zone() {
    let world = World::new().await;
    for (zone, _) in ZONES {
        let places: Vec<(f64, f64)> =
            PROVINCES.iter().filter(|p| p.1 == zone).map(|(_, _, lon, lat)| (*lon, *lat)).collect();
        if places.is_empty() {
            continue;
        }
        let options = Options { srs: Some(format!("EPSG:{zone}")), ..into_layer("moc") };
        let points = from_wgs84(zone, &places);
        let reports = import(&world, &csv(&world, &points), options).await.unwrap();
        let names: Vec<&str> = PROVINCES.iter().filter(|p| p.1 == zone).map(|p| p.0).collect();
        close(&in_system(&world, "moc", 4326).await, &places, TENTH, &format!("{names:?}"));
        // Back from WGS 84, as features are drawn and asked for.
        let sql = format!(
            "SELECT ST_X(g), ST_Y(g) FROM (SELECT fid, ST_Transform(ST_Transform(geom, 4326), {zone}) AS g FROM layers.moc) t ORDER BY fid"
        );
        let back: Vec<(f64, f64)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
        // PROJ turns back by the transpose, which is a millimetre off.
        close(&back, &points, 0.002, &format!("{names:?}"));
        let [w, s, e, n] = reports[0].bounds.unwrap();
        let inside =
            |(lon, lat): &(f64, f64)| *lon > w - TENTH && *lon < e + TENTH && *lat > s - TENTH && *lat < n + TENTH;
        assert!(places.iter().all(inside), "{names:?}: {:?}", reports[0].bounds);
    }
    let all: Vec<i32> = PROVINCES.iter().map(|p| p.1).collect();
    assert!(all.iter().all(|zone| ZONES.iter().any(|(code, _)| code == zone)));
}

#[tokio::test(flavor = "multi_thread")]
async fn control_points_lie_where_the_decree_puts_them() {
    let world = World::new().await;
    // One place in four systems, computed with PROJ; and pairs of Circular 20/2019/TT-BGTVT, given to a tenth of a second.
    for (zone, point) in [
        (9217, (580_361.426_9, 1_279_032.268_9)),
        (5898, (607_630.031_9, 1_279_114.510_3)),
        (3406, (280_460.406_4, 1_279_318.478_0)),
        (9218, (553_094.238_5, 1_278_973.889_7)),
    ] {
        let options = Options { srs: Some(format!("EPSG:{zone}")), ..into_layer("moc") };
        import(&world, &csv(&world, &[point]), options).await.unwrap();
        close(&in_system(&world, "moc", 4326).await, &[(108.9886, 11.5648)], TENTH, &format!("EPSG:{zone}"));
    }
    let degrees = |d: f64, m: f64, s: f64| d + m / 60.0 + s / 3600.0;
    let pairs = [
        ((109.0, 25.0, 53.6), (12.0, 33.0, 39.7), (109.0, 26.0, 0.0), (12.0, 33.0, 36.0)),
        ((109.0, 15.0, 53.6), (12.0, 14.0, 17.7), (109.0, 16.0, 0.0), (12.0, 14.0, 14.0)),
        ((109.0, 13.0, 14.6), (12.0, 9.0, 20.7), (109.0, 13.0, 21.0), (12.0, 9.0, 17.0)),
        ((109.0, 12.0, 18.4), (11.0, 58.0, 12.5), (109.0, 12.0, 24.9), (11.0, 58.0, 8.8)),
        ((109.0, 10.0, 21.3), (11.0, 54.0, 0.0), (109.0, 10.0, 27.8), (11.0, 53.0, 56.3)),
    ];
    let of = |p: (f64, f64, f64)| degrees(p.0, p.1, p.2);
    let vn: Vec<(f64, f64)> = pairs.iter().map(|(lon, lat, ..)| (of(*lon), of(*lat))).collect();
    let wgs: Vec<(f64, f64)> = pairs.iter().map(|(_, _, lon, lat)| (of(*lon), of(*lat))).collect();
    let options = Options { srs: Some("EPSG:4756".into()), ..into_layer("moc") };
    import(&world, &csv(&world, &vn), options).await.unwrap();
    let is = in_system(&world, "moc", 4326).await;
    close(&is, &to_wgs84(None, &vn), MILLIMETRE, "PROJ");
    close(&is, &wgs, 0.1 / 3600.0, "the circular, as it is rounded");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_tiles_and_the_reader_agree_on_a_place_in_the_mekong_delta() {
    let world = World::new().await;
    // Cần Thơ, in the blocks where PROJ would rather take EPSG:5194, 0.8 m away.
    let place = (105.781, 10.0517);
    let [point]: [(f64, f64); 1] = from_wgs84(9207, &[place]).try_into().unwrap();
    let options = Options { srs: Some("EPSG:9207".into()), ..into_layer("moc") };
    let reports = import(&world, &csv(&world, &[point]), options).await.unwrap();
    let [w, s, ..] = reports[0].bounds.unwrap();
    close(&[(w, s)], &[place], TENTH, "the report");
    let file = csv(&world, &[point]);
    let mut request = import::frames::Request::new(import::frames::Action::Inspect, file.to_str().unwrap());
    request.srs = Some("EPSG:9207".into());
    let limits = import::child::Limits { program: Some(BIN.into()), ..Default::default() };
    let seen = import::child::inspect(&request, &limits).await.unwrap();
    let [w, s, ..] = seen.layers[0].extent_lonlat.unwrap();
    close(&[(w, s)], &[place], TENTH, "an inspection");
    let server = world.server().await;
    let coordinates = |page: serde_json::Value| {
        let position = &page["features"][0]["geometry"]["coordinates"];
        (position[0].as_f64().unwrap(), position[1].as_f64().unwrap())
    };
    close(&[coordinates(server.json("/ogc/collections/moc/items").await)], &[place], TENTH, "a page");
    let zone = from_wgs84(9209, &[place]);
    let page = server.json("/ogc/collections/moc/items?crs=http://www.opengis.net/def/crs/EPSG/0/9209").await;
    close(&[coordinates(page)], &zone, 0.001, "a page in another zone");
    // Ten centimetres around the place, asked for in degrees.
    let (lon, lat) = place;
    let box_ = format!("{},{},{},{}", lon - TENTH, lat - TENTH, lon + TENTH, lat + TENTH);
    let page = server.json(&format!("/ogc/collections/moc/items?bbox={box_}")).await;
    assert_eq!(page["numberMatched"], 1);
    let address = tile_at(18, lon, lat);
    let reply = server.get(&format!("/tiles/moc/{address}")).await;
    let found = mvt::decode(&reply.bytes)["moc"][0].parts[0][0];
    let [_, x, y]: [f64; 3] = address.split('/').map(|n| n.parse().unwrap()).collect::<Vec<f64>>().try_into().unwrap();
    let n = f64::from(1 << 18);
    let lon_of = (x + found[0] as f64 / 4096.0) / n * 360.0 - 180.0;
    let lat_of = (std::f64::consts::PI * (1.0 - 2.0 * (y + found[1] as f64 / 4096.0) / n)).sinh().atan().to_degrees();
    close(&[(lon_of, lat_of)], &[place], TENTH, "a tile");
}

/// A shapefile of points of a zone with a definition of our choosing; none for no `.prj`.
fn shapefile(world: &World, name: &str, points: &[(f64, f64)], prj: Option<&str>) -> PathBuf {
    let to = world.dir.path().join(format!("{name}.shp"));
    let done = Command::new("ogr2ogr")
        .args(["-f", "ESRI Shapefile", "-oo", "X_POSSIBLE_NAMES=easting", "-oo", "Y_POSSIBLE_NAMES=northing"])
        .arg(&to)
        .arg(csv(world, points))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    if let Some(prj) = prj {
        std::fs::write(to.with_extension("prj"), prj).unwrap();
    }
    to
}

fn definition(datum: &str, meridian: f64, scale: f64, more: &str, end: &str) -> String {
    format!(
        "PROJCS[\"VN_2000\",GEOGCS[\"x\",DATUM[\"{datum}\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]{more}],\
         PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Transverse_Mercator\"],\
         PARAMETER[\"False_Easting\",500000.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",{meridian}],\
         PARAMETER[\"Scale_Factor\",{scale}],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]{end}]"
    )
}

const PHAN_RANG: (f64, f64) = (108.9886, 11.5648);

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_writing_vn2000_lies_in_the_same_place() {
    let world = World::new().await;
    // The signs of the decree copied into the other convention: 0.55 m off where it is believed.
    let wrong = ",TOWGS84[-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.252906278]";
    let right = ",TOWGS84[-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278]";
    let code = ",AUTHORITY[\"EPSG\",\"9217\"]";
    for (name, zone, prj) in [
        ("wrong_signs", 9217, definition("D_Vietnam_2000", 108.25, 0.9999, wrong, "")),
        ("wrong_signs_with_code", 9217, definition("Vietnam_2000", 108.25, 0.9999, wrong, code)),
        ("right_signs", 9217, definition("Vietnam_2000", 108.25, 0.9999, right, "")),
        ("no_signs", 9218, definition("D_Vietnam_2000", 108.5, 0.9999, "", "")),
        ("other_datum", 9217, definition("D_WGS_1984", 108.25, 0.9999, "", "")),
        ("unknown_datum", 9217, definition("D_Unknown", 108.25, 0.9999, wrong, "")),
        ("utm", 3406, definition("D_Vietnam_2000", 111.0, 0.9996, wrong, "")),
    ] {
        let points = from_wgs84(zone, &[PHAN_RANG]);
        let file = shapefile(&world, name, &points, Some(&prj));
        import(&world, &file, into_layer(name)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(srid(&world, name).await, i64::from(zone), "{name}");
        assert_eq!(stored(&world, name).await, points, "{name}");
        close(&in_system(&world, name, 4326).await, &[PHAN_RANG], TENTH, name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deprecated_zones_are_read_as_those_that_took_their_place() {
    let world = World::new().await;
    for (old, new, place) in [
        (6956, 5896, (102.9, 21.4)),
        (6957, 5897, (105.838, 21.0386)),
        (6958, 5898, PHAN_RANG),
        (6959, 5899, (107.972, 16.1315)),
    ] {
        let points = from_wgs84(new, &[place]);
        let name = format!("cu_{old}");
        let end = format!(",AUTHORITY[\"EPSG\",\"{old}\"]");
        let prj = definition("Vietnam_2000", meridian(new), 0.9999, "", &end);
        let file = shapefile(&world, &name, &points, Some(&prj));
        let reports = import(&world, &file, into_layer(&name)).await.unwrap();
        assert_eq!(srid(&world, &name).await, i64::from(new), "{old}");
        assert!(reports[0].notes.iter().any(|n| n.code == "crs_deprecated"), "{old}: {:?}", reports[0].notes);
        close(&in_system(&world, &name, 4326).await, &[place], TENTH, &name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapinfo_table_of_datum_9999_is_vn2000() {
    let world = World::new().await;
    for (name, zone, meridian, scale) in [("tm3", 9217, 108.25, 0.9999), ("utm", 3406, 111.0, 0.9996)] {
        let points = from_wgs84(zone, &[PHAN_RANG]);
        let mif = format!(
            "Version 300\nCharset \"Neutral\"\nDelimiter \",\"\nCoordSys Earth Projection 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, \
             -0.00928836, 0.01975479, -0.00427372, 0.252906278, 0, \"m\", {meridian}, 0, {scale}, 500000, 0\nColumns 1\n  ten Char(10)\nData\n\nPoint {} {}\n",
            points[0].0, points[0].1
        );
        let file = world.dir.path().join(format!("{name}.mif"));
        std::fs::write(&file, mif).unwrap();
        std::fs::write(file.with_extension("mid"), "\"a\"\n").unwrap();
        import(&world, &file, into_layer(name)).await.unwrap();
        assert_eq!(srid(&world, name).await, i64::from(zone), "{name}");
        close(&in_system(&world, name, 4326).await, &[PHAN_RANG], TENTH, name);
        // The same as a table, whose format rounds to its own grid.
        let tab = world.dir.path().join(format!("{name}_bang.tab"));
        let done = Command::new("ogr2ogr").args(["-f", "MapInfo File"]).arg(&tab).arg(&file).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let id = format!("{name}_bang");
        import(&world, &tab, into_layer(&id)).await.unwrap();
        assert_eq!(srid(&world, &id).await, i64::from(zone), "{id}");
        close(&in_system(&world, &id, 4326).await, &[PHAN_RANG], TENTH, &id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metres_said_to_be_degrees_and_files_that_say_nothing_are_asked_about_and_never_guessed() {
    let world = World::new().await;
    let points = from_wgs84(9217, &[PHAN_RANG, (108.95, 11.6)]);
    let degrees = "GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]";
    for (name, prj) in [("do_gia", Some(degrees)), ("khong_noi", None)] {
        let file = shapefile(&world, name, &points, prj);
        if prj.is_none() {
            std::fs::remove_file(file.with_extension("prj")).ok();
        }
        let refused = import(&world, &file, into_layer(name)).await.unwrap_err().to_string();
        assert!(refused.contains("say `--srs EPSG:9217`") && !refused.contains('\n'), "{name}: {refused}");
        assert_eq!(world.number(&format!("SELECT count(*) FROM dothi.layer WHERE id = '{name}'")).await, 0);
        let options = Options { srs: Some("EPSG:9217".into()), ..into_layer(name) };
        import(&world, &file, options).await.unwrap();
        assert_eq!(stored(&world, name).await, points, "{name}");
        close(&in_system(&world, name, 4326).await[..1], &[PHAN_RANG], TENTH, name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_names_a_file_is_not_handed_to_the_database() {
    let world = World::new().await;
    let grid = world.dir.path().join("luoi.gsb");
    std::fs::write(&grid, "x").unwrap();
    let extension = format!(",EXTENSION[\"PROJ4_GRIDS\",\"{}\"]", grid.display());
    let prj = definition("rieng", 108.1, 0.99985, &extension, "");
    let file = shapefile(&world, "luoi", &[(580_000.0, 1_279_000.0)], Some(&prj));
    let refused = import(&world, &file, into_layer("luoi")).await.unwrap_err().to_string();
    assert!(refused.contains("--srs"), "{refused}");
    assert_eq!(
        world
            .number("SELECT count(*) FROM spatial_ref_sys WHERE srtext LIKE '%GRIDS%luoi%' OR proj4text LIKE '%luoi%'")
            .await,
        0
    );
    // The same without the grid is kept as the file's own; a number that EPSG does not have makes it no system of EPSG's.
    for (name, end) in [("rieng", ""), ("so_la", ",AUTHORITY[\"EPSG\",\"99999\"]")] {
        let file =
            shapefile(&world, name, &[(580_000.0, 1_279_000.0)], Some(&definition("rieng", 108.1, 0.99985, "", end)));
        import(&world, &file, into_layer(name)).await.unwrap();
        assert!(srid(&world, name).await >= 910_000, "{name}");
    }
}
