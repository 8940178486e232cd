//! Real clients read what is served.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::city::City;
use crate::support::shared_data;

/// Features as GDAL writes them, by the given field, geometry in degrees.
fn features(source: &str, layer: &str, to: &Path, more: &[&str]) -> Vec<Value> {
    std::fs::remove_file(to).ok();
    let out = Command::new("ogr2ogr")
        .args(["-f", "GeoJSON", "-t_srs", "EPSG:4326", "-lco", "COORDINATE_PRECISION=9"])
        .args(more)
        .arg(to)
        .args([source, layer])
        .output()
        .expect("gdal-bin is installed");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let doc: Value = serde_json::from_str(&std::fs::read_to_string(to).unwrap()).unwrap();
    doc["features"].as_array().unwrap().clone()
}

fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
        (a, b) => a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1.1e-9),
    }
}

#[test]
fn ogr2ogr_reads_a_layer_over_http_and_the_features_equal_the_source() {
    let Some(data) = shared_data() else { return };
    let city = City::new();
    let file = data.join("vietnam/derived/kh_wards_vn2000_tm3_10815_utf8.shp");
    assert!(city.run(&["import", file.to_str().unwrap(), "--layer", "xa"]).status.success());
    let server = city.serve();
    let want =
        features(file.to_str().unwrap(), "kh_wards_vn2000_tm3_10815_utf8", &city.dir.path().join("a.geojson"), &[]);
    // GDAL 3.6 asks for ten features a page: 65 features are seven pages.
    let address = format!("OAPIF:http://{}/ogc", server.address);
    let is = features(&address, "xa", &city.dir.path().join("b.geojson"), &[]);
    assert_eq!((want.len(), is.len()), (65, 65));
    for (want, is) in want.iter().zip(&is) {
        for (key, value) in want["properties"].as_object().unwrap() {
            let same = close(value, &is["properties"][key]) || *value == is["properties"][key];
            assert!(same, "{key}: {value} became {}", is["properties"][key]);
        }
        assert_eq!(want["geometry"]["type"], is["geometry"]["type"]);
        assert!(
            close(&want["geometry"]["coordinates"], &is["geometry"]["coordinates"]),
            "{}",
            want["properties"]["name"]
        );
    }
    // A filter and a box that GDAL pushes to the server.
    let one = features(
        &address,
        "xa",
        &city.dir.path().join("c.geojson"),
        &["-where", "code = '22759'", "-spat", "108", "11", "110", "12"],
    );
    assert_eq!((one.len(), &one[0]["properties"]["fullName"]), (1, &Value::from("Phường Phan Rang")));
}

#[test]
fn filters_that_gdal_pushes_are_answered_as_gdal_writes_them() {
    let city = City::new();
    let file = city.dir.path().join("thua.geojson");
    let feature = |code: &str, so: i32, day: &str, x: f64| {
        serde_json::json!({"type": "Feature", "properties": {"Mã đất": code, "so": so, "ngay": day, "chinh": so % 2 == 0},
                           "geometry": {"type": "Point", "coordinates": [x, 11.56]}})
    };
    let all = [
        feature("ONT", 5, "2026-01-31", 108.97),
        feature("Đất ở", 6, "2026-02-01", 108.98),
        feature("CLN", 7, "2026-02-02", 108.99),
    ];
    std::fs::write(&file, serde_json::json!({"type": "FeatureCollection", "features": all}).to_string()).unwrap();
    assert!(city.run(&["import", file.to_str().unwrap(), "--layer", "thua"]).status.success());
    let server = city.serve();
    let address = format!("OAPIF:http://{}/ogc", server.address);
    for (filter, want) in [
        ("\"Mã đất\" = 'ONT' OR so = 6", vec![5, 6]),
        ("\"Mã đất\" = 'Đất ở' OR so > 6", vec![6, 7]),
        ("NOT (so = 5) AND so IN (5, 6)", vec![6]),
        ("ngay > '2026-01-31' OR so = 5", vec![5, 6, 7]),
        ("ngay >= '2026/02/02' OR ngay IS NULL", vec![7]),
        ("chinh = 1 OR so = 7", vec![6, 7]),
        ("\"Mã đất\" LIKE '%t%' OR so = 7", vec![6, 7]),
    ] {
        let is = features(&address, "thua", &city.dir.path().join("a.geojson"), &["-where", filter]);
        let is: Vec<i64> = is.iter().map(|f| f["properties"]["so"].as_i64().unwrap()).collect();
        assert_eq!(is, want, "{filter}");
    }
}
