//! Files in: every row accounted for, everything where and as the source has it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use dothi::error::{Error, Result};
use dothi::import::child::Limits;
use dothi::import::report::Report;
use dothi::import::{self, Options};

use crate::support::{BIN, World, shared_data};

async fn import(world: &World, file: &Path, options: Options) -> Result<Vec<Report>> {
    let limits = Limits { program: Some(BIN.into()), ..Limits::default() };
    import::run(&world.options, file, &options, &limits, |_| {}).await
}

fn layer(id: &str) -> Options {
    Options { layer: Some(id.into()), ..Options::default() }
}

fn write(world: &World, name: &str, text: &str) -> PathBuf {
    let path = world.dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn collection(features: &[Value]) -> String {
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

fn point(id: i64, ten: &str) -> Value {
    json!({"type": "Feature", "id": id, "properties": {"Tên": ten}, "geometry": {"type": "Point", "coordinates": [108.9 + id as f64 / 1000.0, 11.5]}})
}

/// Name, feature count, extent, field names.
type Found = (String, u64, Option<[f64; 4]>, Vec<String>);

/// Layers of a file as `ogrinfo` reports them.
fn ogrinfo(file: &Path, more: &[&str]) -> Vec<Found> {
    let out = Command::new("ogrinfo")
        .args(["-so", "-al", "-nomd"])
        .args(more)
        .arg(file)
        .output()
        .expect("gdal-bin is installed");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut layers: Vec<Found> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("Layer name: ") {
            layers.push((name.to_string(), 0, None, Vec::new()));
        }
        let Some(last) = layers.last_mut() else { continue };
        if let Some(n) = line.strip_prefix("Feature Count: ") {
            last.1 = n.parse().unwrap();
        } else if let Some(rest) = line.strip_prefix("Extent: ") {
            let numbers: Vec<f64> = rest.split(['(', ')', ',', ' ']).filter_map(|n| n.parse().ok()).collect();
            last.2 = numbers.try_into().ok();
        } else if let Some((name, kind)) = line.split_once(": ")
            && ["String", "Integer", "Integer64", "Real", "Date", "DateTime", "Time"]
                .iter()
                .any(|k| kind.starts_with(&format!("{k} (")))
        {
            last.3.push(name.to_string());
        }
    }
    layers
}

/// Every value of a layer by `ogrinfo`-independent means: GDAL's own GeoJSON of the source, and ours from the API.
fn source_as_geojson(file: &Path, layer: &str, world: &World) -> Value {
    let to = world.dir.path().join("source.geojson");
    std::fs::remove_file(&to).ok();
    let ok = Command::new("ogr2ogr")
        .args(["-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=10", "-t_srs", "EPSG:4326"])
        .arg(&to)
        .arg(file)
        .arg(layer)
        .status()
        .unwrap();
    assert!(ok.success());
    serde_json::from_str(&std::fs::read_to_string(&to).unwrap()).unwrap()
}

fn coordinates(v: &Value, out: &mut Vec<[f64; 2]>) {
    match v.as_array() {
        Some(a) if a.first().is_some_and(Value::is_number) => {
            out.push([a[0].as_f64().unwrap(), a[1].as_f64().unwrap()])
        }
        Some(a) => a.iter().for_each(|v| coordinates(v, out)),
        None => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shared_layer_has_the_count_extent_and_fields_that_ogrinfo_reports() {
    let Some(data) = shared_data() else { return };
    let world = World::new().await;
    let files = [
        "vietnam/admin2025/phanrang_wards_2025_5.geojson",
        "vietnam/admin2025/khanhhoa_wards_2025_65.geojson",
        "vietnam/admin2025/vn2025_provinces_34.geojson",
        "vietnam/admin2025/vn2025_wards_3321_simpl.gpkg",
        "vietnam/themes/giaothong.geojson",
        "vietnam/themes/heritage.geojson",
        "vietnam/themes/Hydroelectric.geojson",
        "vietnam/osm/hcmc_d1_d3_osm2018.gpkg",
        "vietnam/derived/kh_wards_vn2000_tm3_10815_utf8.shp",
        "vietnam/derived/pr_wards_utm49_3406_utf8.shp",
        "vietnam/derived/pr_wards.fgb",
        "vietnam/derived/pr_wards.gml",
        "vietnam/derived/pr_wards_vn2000.gpkg",
        "vietnam/derived/pr_wards_vn2000.tab",
        "vietnam/derived/pr_wards_vn2000_mif.mif",
        "city/dc/future-land-use.geojson",
        "city/dc/land-use-planned-2006.geojson",
        "city/dc/overlay-zones.geojson",
        "city/dc/planned-unit-development-puds.geojson",
        "city/dc/historic-districts.geojson",
        "city/dc/public-schools.geojson",
        "city/dc/ward-2012.geojson",
        "city/portland/portland_core_buildings.gpkg",
    ];
    for (n, file) in files.iter().enumerate() {
        let path = data.join(file);
        // GML is copied, as GDAL writes its .gfs beside the file that ogrinfo opens.
        let copy = world.dir.path().join(path.file_name().unwrap());
        let asked = if file.ends_with(".gml") {
            std::fs::copy(&path, &copy).unwrap();
            &copy
        } else {
            &path
        };
        let expected = ogrinfo(asked, &[]);
        assert!(!expected.is_empty(), "{file}");
        // Several files here hold a layer of one name.
        let options = if expected.len() == 1 { layer(&format!("lop_{n}")) } else { Options::default() };
        let reports = import(&world, &path, options).await.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(reports.len(), expected.len(), "{file}");
        for (report, (name, count, extent, fields)) in reports.iter().zip(&expected) {
            assert_eq!(&report.source_layer, name, "{file}");
            assert_eq!((report.read, report.imported, report.set_aside), (*count, *count, 0), "{file} {name}");
            assert_eq!(world.number(&format!("SELECT count(*) FROM layers.{}", report.layer)).await as u64, *count);
            let (is, want) = (report.extent.unwrap(), extent.unwrap());
            for (a, b) in is.iter().zip(want) {
                assert!((a - b).abs() <= 1.1e-6, "{file} {name}: {is:?}, wanted {want:?}");
            }
            let stored: Value = sqlx::query_scalar("SELECT fields FROM dothi.layer WHERE id = $1")
                .bind(&report.layer)
                .fetch_one(&world.pool)
                .await
                .unwrap();
            let names: Vec<&str> = stored.as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
            let missing: Vec<_> = fields.iter().filter(|f| !names.contains(&f.as_str())).collect();
            assert!(missing.is_empty(), "{file} {name}: {missing:?} of {names:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_equals_the_source_within_a_tenth_of_a_millimetre() {
    let Some(data) = shared_data() else { return };
    let world = World::new().await;
    let cases = [
        ("city/dc/public-schools.geojson", "public-schools"),
        ("vietnam/derived/kh_wards_vn2000_tm3_10815_utf8.shp", "kh_wards_vn2000_tm3_10815_utf8"),
        ("vietnam/themes/giaothong.geojson", "giaothong"),
        ("city/portland/portland_core_buildings.gpkg", "portland_core_buildings"),
    ];
    for (file, name) in cases {
        let path = data.join(file);
        let name = if file.ends_with("shp") { name.to_string() } else { ogrinfo(&path, &[])[0].0.clone() };
        import(&world, &path, layer("nguon")).await.unwrap();
        let server = world.server().await;
        let want = source_as_geojson(&path, &name, &world);
        let is = server.json("/ogc/collections/nguon/items?limit=10000").await;
        let (want, is) = (want["features"].as_array().unwrap(), is["features"].as_array().unwrap());
        assert_eq!(want.len(), is.len());
        for (want, is) in want.iter().zip(is) {
            let (w, i) = (want["properties"].as_object().unwrap(), is["properties"].as_object().unwrap());
            for (key, value) in w {
                let same = match (value.as_f64(), i[key].as_f64()) {
                    (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                    _ => *value == i[key] || value.as_str().zip(i[key].as_str()).is_some_and(|(a, b)| same_time(a, b)),
                };
                assert!(same, "{file} {key}: {value} became {}", i[key]);
            }
            let (mut a, mut b) = (Vec::new(), Vec::new());
            coordinates(&want["geometry"]["coordinates"], &mut a);
            coordinates(&is["geometry"]["coordinates"], &mut b);
            assert_eq!(
                (want["geometry"]["type"].as_str(), a.len()),
                (is["geometry"]["type"].as_str(), b.len()),
                "{file} {}",
                is["id"]
            );
            let off = a.iter().zip(&b).map(|(a, b)| (a[0] - b[0]).abs().max((a[1] - b[1]).abs())).fold(0.0, f64::max);
            // One unit of the ninth decimal: both sides are rounded, and rounding may fall either way.
            assert!(off < 1.01e-9, "{file} {}: {off} degrees", is["id"]);
        }
    }
}

/// GDAL writes times with a slash or a space where RFC 3339 has a dash and a T.
fn same_time(a: &str, b: &str) -> bool {
    let digits = |t: &str| t.chars().filter(char::is_ascii_digit).take(14).collect::<String>();
    a.len() >= 10 && digits(a) == digits(b)
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_survive_every_encoding_that_vietnam_uses() {
    let Some(data) = shared_data() else { return };
    let world = World::new().await;
    let names = async |file: &str, options: Options| -> BTreeMap<String, String> {
        import(&world, &data.join("vietnam/derived").join(file), options).await.unwrap();
        let rows: Vec<(String, String)> =
            sqlx::query_as(AssertSqlSafe(r#"SELECT code, "fullName" FROM layers.ten"#.to_string()))
                .fetch_all(&world.pool)
                .await
                .unwrap();
        rows.into_iter().collect()
    };
    let want = names("kh_wards_vn2000_tm3_10815_utf8.shp", layer("ten")).await;
    assert!(want.len() == 65 && want["22759"] == "Phường Phan Rang");
    for file in ["kh_wards_cp1258.shp", "kh_wards_utf8_nocpg_nfd.shp"] {
        assert_eq!(names(file, layer("ten")).await, want, "{file}");
    }
    let vni = Options { srs: Some("EPSG:9217".into()), ..layer("ten") };
    assert_eq!(names("kh_wards_vni_noprj.shp", vni).await, want);
    // TCVN3 has no accented capitals: the letters are all there, their case is not.
    let lower =
        |m: BTreeMap<String, String>| m.into_iter().map(|(k, v)| (k, v.to_lowercase())).collect::<BTreeMap<_, _>>();
    assert_eq!(lower(names("kh_wards_tcvn3_customprj.shp", layer("ten")).await), lower(want));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_replaces_the_layer_and_keeps_what_was_said_of_it() {
    let world = World::new().await;
    let file = write(&world, "Điểm đo.geojson", &collection(&[point(1, "một"), point(2, "hai")]));
    let first = import(&world, &file, Options::default()).await.unwrap();
    assert_eq!((first[0].layer.as_str(), first[0].version), ("diem_do", 1));
    world.sql("UPDATE dothi.layer SET title = 'Điểm đo mực nước', color = '#123456', label_field = 'Tên' WHERE id = 'diem_do'").await;
    let server = world.server().await;

    write(&world, "Điểm đo.geojson", &collection(&[point(2, "hai"), point(3, "ba"), point(7, "bảy")]));
    let second = import(&world, &file, Options::default()).await.unwrap();
    assert_eq!((second[0].version, second[0].imported), (2, 3));
    server.eventually(|s| async move { s.app.catalog.get("diem_do").unwrap().version == 2 }).await;
    let items = server.json("/ogc/collections/diem_do/items").await;
    let ids: Vec<i64> = items["features"].as_array().unwrap().iter().map(|f| f["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [2, 3, 7], "the source's own ids are kept");
    let layer = server.app.catalog.get("diem_do").unwrap();
    assert_eq!(
        (layer.title.as_str(), layer.color.as_deref(), layer.label_field.as_deref()),
        ("Điểm đo mực nước", Some("#123456"), Some("Tên"))
    );
    // A new row goes on after the last id.
    world.sql("INSERT INTO layers.diem_do (geom) VALUES (NULL)").await;
    assert_eq!(world.number("SELECT max(fid) FROM layers.diem_do").await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rows_are_numbered_by_a_default_that_editors_can_read() {
    let world = World::new().await;
    let file = write(&world, "diem.geojson", &collection(&[point(7, "Một"), point(9, "Hai")]));
    for _ in 0..2 {
        import(&world, &file, layer("diem")).await.unwrap();
        let readable = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'layers' AND table_name = 'diem' AND column_name = 'fid' AND column_default LIKE 'nextval(%'";
        assert_eq!(world.number(readable).await, 1);
        let last = world.number("SELECT max(fid) FROM layers.diem").await;
        world.sql("INSERT INTO layers.diem (\"Tên\") VALUES ('Ba')").await;
        assert_eq!(world.number("SELECT max(fid) FROM layers.diem").await, last + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_of_the_same_name_from_another_file_is_not_replaced_unasked() {
    let world = World::new().await;
    let data = collection(&[point(1, "một")]);
    import(&world, &write(&world, "ranh.geojson", &data), Options::default()).await.unwrap();
    let other = write(&world, "ranh.json", &data);
    let refused = import(&world, &other, Options::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)) && refused.to_string().contains("`ranh.geojson`"), "{refused}");
    assert_eq!(import(&world, &other, layer("ranh")).await.unwrap()[0].version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_polygons_are_mended_and_accounted_for() {
    let world = World::new().await;
    let polygon = |ring: Value| json!({"type": "Feature", "properties": {"so": 1}, "geometry": {"type": "Polygon", "coordinates": [ring]}});
    let features = [
        polygon(json!([[108.90, 11.50], [108.91, 11.50], [108.91, 11.51], [108.90, 11.51], [108.90, 11.50]])),
        polygon(json!([[108.92, 11.50], [108.93, 11.51], [108.93, 11.50], [108.92, 11.51], [108.92, 11.50]])),
        polygon(json!([[108.94, 11.50], [108.95, 11.50], [108.96, 11.50], [108.94, 11.50]])),
    ];
    let reports =
        import(&world, &write(&world, "o.geojson", &collection(&features)), Options::default()).await.unwrap();
    let r = &reports[0];
    assert_eq!((r.read, r.imported, r.repaired, r.set_aside), (3, 3, 2, 0));
    let (bow, line) = (&r.repairs[0], &r.repairs[1]);
    assert!(bow.reason.contains("Self-intersection") && bow.x.unwrap() > 108.92, "{bow:?}");
    // The bow tie keeps both of its halves; areas are square metres.
    let ground =
        world.number("SELECT round(ST_Area(ST_Transform(geom, 9217)))::bigint FROM layers.o WHERE fid = 2").await;
    assert!(ground > 600_000 && (bow.area_after.unwrap() - ground as f64).abs() < 1.0, "{bow:?}");
    assert_eq!(line.area_after, Some(0.0));
    assert_eq!(world.number("SELECT count(*) FROM layers.o WHERE NOT ST_IsValid(geom) OR ST_IsEmpty(geom)").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM dothi.repair WHERE place IS NOT NULL").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_lists_a_thousand_mended_polygons_and_counts_them_all() {
    let world = World::new().await;
    let bow = |n: i64| {
        let (x, y) = (108.90 + (n % 40) as f64 * 0.002, 11.50 + (n / 40) as f64 * 0.002);
        let ring = [[x, y], [x + 0.001, y + 0.001], [x + 0.001, y], [x, y + 0.001], [x, y]];
        json!({"type": "Feature", "properties": {"so": n}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    };
    let file = write(&world, "no.geojson", &collection(&(0..1_200).map(bow).collect::<Vec<_>>()));
    let report = import(&world, &file, layer("no")).await.unwrap().remove(0);
    assert_eq!((report.read, report.imported, report.repaired, report.repairs.len()), (1_200, 1_200, 1_200, 1_000));
    assert_eq!(world.number("SELECT count(*) FROM dothi.repair").await, 1_200);
    assert_eq!(world.number("SELECT jsonb_array_length(report->'repairs')::int8 FROM dothi.import").await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_imported_are_set_aside_with_their_reason_and_can_be_exported() {
    let world = World::new().await;
    let csv = "ten,lon,lat\nđúng,108.98,11.56\nsai,1e999,11.5\ncuối,108.99,11.57\n";
    let file = write(&world, "d.csv", csv);
    let reports = import(&world, &file, Options::default()).await.unwrap();
    let r = &reports[0];
    assert_eq!((r.read, r.imported, r.set_aside), (3, 2, 1), "{r:?}");
    let server = world.server().await;
    assert_eq!(server.json("/ogc/collections/d/items").await["numberMatched"], 2);
    let out = world.dir.path().join("bo-ra.csv");
    let store = world.store();
    let done = Command::new(BIN)
        .args(["export", "d", "--set-aside", "-o"])
        .arg(&out)
        .args(["--database-url", store.database_url.as_deref().unwrap()])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = std::fs::read_to_string(out).unwrap();
    assert!(text.contains("sai") && text.lines().count() == 2, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_reports_and_keeps_nothing() {
    let world = World::new().await;
    let file = write(&world, "thu.geojson", &collection(&[point(1, "một")]));
    let options = Options { dry_run: true, ..Options::default() };
    assert_eq!(import(&world, &file, options).await.unwrap()[0].imported, 1);
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM dothi.import").await, 0);
    assert_eq!(
        world
            .number(
                "SELECT count(*) FROM pg_class WHERE relnamespace IN ('layers'::regnamespace, 'staging'::regnamespace)"
            )
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_the_old_layer_or_the_new_one_while_imports_run() {
    let world = World::new().await;
    let batch = |ten: &str| collection(&(1..=500).map(|i| point(i, ten)).collect::<Vec<_>>());
    let file = write(&world, "lop.geojson", &batch("cũ"));
    import(&world, &file, Options::default()).await.unwrap();
    let server = world.server().await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (router, halt) = (server.router.clone(), stop.clone());
    let reader = tokio::spawn(async move {
        use tower::ServiceExt;
        let mut pages = 0;
        while !halt.load(std::sync::atomic::Ordering::Relaxed) {
            let request = axum::http::Request::get("/ogc/collections/lop/items?limit=1000")
                .body(axum::body::Body::empty())
                .unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
            let page: Value = serde_json::from_slice(&bytes).unwrap();
            let names: std::collections::HashSet<&str> =
                page["features"].as_array().unwrap().iter().map(|f| f["properties"]["Tên"].as_str().unwrap()).collect();
            assert_eq!(
                (page["numberReturned"].as_u64(), names.len()),
                (Some(500), 1),
                "half of one and half of the other"
            );
            pages += 1;
        }
        pages
    });
    for round in 0..6 {
        write(&world, "lop.geojson", &batch(&format!("lần {round}")));
        import(&world, &file, Options::default()).await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(reader.await.unwrap() > 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinates_that_cannot_be_in_their_system_are_refused() {
    let world = World::new().await;
    let file = write(&world, "m.csv", "ten,X,Y\nmột,580361.4,1279032.2\n");
    let refused =
        import(&world, &file, Options { srs: Some("EPSG:4326".into()), ..Options::default() }).await.unwrap_err();
    assert!(matches!(refused, Error::Unreadable(_)) && refused.to_string().contains("--srs"), "{refused}");
    let right = import(&world, &file, Options { srs: Some("EPSG:9217".into()), ..Options::default() }).await.unwrap();
    let [w, s, ..] = right[0].bounds.unwrap();
    assert!((w - 108.9886).abs() < 1e-6 && (s - 11.5648).abs() < 1e-6);
}

#[tokio::test(flavor = "multi_thread")]
async fn land_use_codes_are_recognised_by_their_values() {
    let world = World::new().await;
    let parcel = |code: &str| json!({"type": "Feature", "properties": {"ghiChu": "x", "MDSD": code}, "geometry": {"type": "Point", "coordinates": [108.9, 11.5]}});
    let file = write(&world, "thua.geojson", &collection(&[parcel("ONT+CLN"), parcel("LUC"), parcel("ODT")]));
    import(&world, &file, Options::default()).await.unwrap();
    let field: Option<String> =
        sqlx::query_scalar("SELECT class_field FROM dothi.layer").fetch_one(&world.pool).await.unwrap();
    assert_eq!(field.as_deref(), Some("MDSD"));
}

#[tokio::test(flavor = "multi_thread")]
async fn land_use_labels_are_parsed_counted_and_the_unknown_told() {
    let world = World::new().await;
    let parcel = |code: &str| json!({"type": "Feature", "properties": {"MDSD": code}, "geometry": {"type": "Point", "coordinates": [108.9, 11.5]}});
    let labels = ["ONT+CLN", "ONT+CLN", "LUC", "OCT", "T", "2L", "hnk + lnk", "DDT", "ODT 120", "BHK", "CLN", "XYZ"];
    let file = write(&world, "thua.geojson", &collection(&labels.map(parcel)));
    let reports = import(&world, &file, Options::default()).await.unwrap();
    let found = reports[0].land_use.as_ref().unwrap();
    assert_eq!((found.field.as_str(), found.vocabulary.as_str()), ("MDSD", "2018"));
    assert_eq!((found.labelled, found.combined, found.unknown_rows), (12, 3, 1));
    let count = |code: &str| found.codes.iter().find(|c| c.value == code).map_or(0, |c| c.count);
    assert_eq!([count("CLN"), count("ONT"), count("OTC"), count("LUC"), count("LNK")], [3, 2, 2, 2, 1]);
    assert_eq!(found.unknown[0].value, "XYZ");
    assert!(reports[0].notes.iter().any(|n| n.code == "land_use_unknown" && n.message.contains("`XYZ`")));
    assert_eq!(world.number("SELECT count(*) FROM layers.thua WHERE \"MDSD\" = 'ONT+CLN'").await, 2, "labels stay");
    assert_eq!(
        world.number("SELECT count(*) FROM layers.thua WHERE 'CLN' = ANY(dothi.land_use_codes(\"MDSD\"))").await,
        3
    );
    for label in ["Đất ODT", "đường", "ODTX", "12", ""] {
        assert_eq!(
            world.number(&format!("SELECT coalesce(cardinality(dothi.land_use_codes('{label}')), 0)::int8")).await,
            0,
            "{label}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_layer_is_refused_with_one_line() {
    let world = World::new().await;
    for (name, text) in [
        ("rong.shp", ""),
        ("zero.gpkg", "\0\0\0\0\0\0"),
        ("a.geojson", "{\"type\":\"Feat"),
        ("a.vrt", "<OGRVRTDataSource></OGRVRTDataSource>"),
        ("a.txt", "xin chào"),
    ] {
        let error = import(&world, &write(&world, name, text), Options::default()).await.unwrap_err();
        let line = error.to_string();
        assert!(matches!(error, Error::Unreadable(_)) && !line.contains('\n') && line.len() < 500, "{name}: {line}");
    }
    let error = import(&world, Path::new("/khong/co.shp"), Options::default()).await.unwrap_err().to_string();
    assert!(error.contains("`/khong/co.shp`") && error.contains("no such file"), "{error}");
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_polygon_with_heights_is_mended_and_keeps_its_dimensions() {
    let world = World::new().await;
    let ring =
        [[108.98, 11.56, 5.0], [108.99, 11.57, 6.0], [108.99, 11.56, 7.0], [108.98, 11.57, 8.0], [108.98, 11.56, 5.0]];
    let bow =
        json!({"type": "Feature", "properties": {"so": 1}, "geometry": {"type": "Polygon", "coordinates": [ring]}});
    let file = write(&world, "no.geojson", &collection(&[bow]));
    let report = import(&world, &file, layer("no")).await.unwrap().remove(0);
    assert_eq!((report.read, report.imported, report.repaired), (1, 1, 1));
    assert!(report.repairs[0].x.is_some());
    assert_eq!(world.number("SELECT ST_NDims(geom)::bigint FROM layers.no WHERE ST_IsValid(geom)").await, 3);
    assert_eq!(world.number("SELECT count(*) FROM dothi.repair WHERE ST_NDims(place) = 2").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_and_a_layer_come_out_of_one_file_in_either_order() {
    let world = World::new().await;
    let points = write(&world, "diem.geojson", &collection(&[point(1, "một")]));
    let rows = write(&world, "bang.csv", "so,ten\n1,Đất ở\n");
    for (n, order) in [[&points, &rows], [&rows, &points]].into_iter().enumerate() {
        let file = world.dir.path().join(format!("hai_{n}.gpkg"));
        for from in order {
            let name = format!("{}_{n}", from.file_stem().unwrap().to_str().unwrap());
            let mut command = Command::new("ogr2ogr");
            command.args(["-f", "GPKG", "-append", "-nln", &name]).arg(&file).arg(from);
            assert!(command.output().unwrap().status.success());
        }
        let reports = import(&world, &file, Options::default()).await.unwrap();
        let kinds: Vec<(u64, bool)> = reports.iter().map(|r| (r.imported, r.srid.is_some())).collect();
        assert_eq!(kinds.len(), 2);
        assert!(kinds.contains(&(1, true)) && kinds.contains(&(1, false)), "{kinds:?}");
    }
}
