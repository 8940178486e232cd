//! Spatial questions with known answers.

use serde_json::{Value, json};

use crate::support::World;

/// Two lots of 100 m × 50 m side by side in VN-2000 / TM-3 108°15′, west ONT and east CLN, and a road along their south.
async fn lots() -> World {
    let world = World::new().await;
    let lot =
        |e: i32, code: &str| format!("(ST_MakeEnvelope({e}, 1279000, {}, 1279050, 9217), '{code}', {e})", e + 100);
    let rows = format!("VALUES {}, {}", lot(580_000, "ONT"), lot(580_100, "CLN"));
    world.layer("thua", "Polygon", 9217, &[("maDat", "text"), ("so", "int4")], &rows).await;
    world.sql("UPDATE dothi.layer SET class_field = 'maDat' WHERE id = 'thua'").await;
    let road = "VALUES (ST_SetSRID('LINESTRING(579900 1278990, 580300 1278990)'::geometry, 9217), 'Đường 1')";
    world.layer("duong", "LineString", 9217, &[("ten", "text")], road).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_here_is_answered_across_layers_in_degrees_and_in_vn2000() {
    let world = lots().await;
    let server = world.server().await;
    let here = server.json("/query/at?e=580150&n=1279025&crs=EPSG:9217").await;
    assert_eq!(here["layers"].as_array().unwrap().len(), 1);
    let feature = &here["layers"][0]["features"][0];
    assert_eq!((&feature["properties"]["maDat"], &feature["distance"]), (&json!("CLN"), &json!(0.0)));
    let (lon, lat) = (here["point"]["lon"].as_f64().unwrap(), here["point"]["lat"].as_f64().unwrap());

    let again = server.json(&format!("/query/at?lon={lon}&lat={lat}&tolerance=40")).await;
    let layers: Vec<&str> = again["layers"].as_array().unwrap().iter().map(|l| l["layer"].as_str().unwrap()).collect();
    assert_eq!(layers, ["duong", "thua"], "with a tolerance the road 35 m south is found too");
    assert!((again["point"]["e"].as_f64().unwrap() - 580_150.0).abs() < 0.001);
    let road = again["layers"][0]["features"][0]["distance"].as_f64().unwrap();
    assert!((road - 35.0).abs() < 0.01, "{road}");
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinates_agree_with_the_published_control_values() {
    let world = World::new().await;
    let server = world.server().await;
    // PROJ 9.1, operation EPSG:6960; see docs/decisions.
    for (crs, e, n) in [
        ("EPSG:9217", 580361.4269, 1279032.2689),
        ("EPSG:5898", 607630.0319, 1279114.5103),
        ("3406", 280460.4064, 1279318.4780),
    ] {
        let point = &server.json(&format!("/query/at?e={e}&n={n}&crs={crs}")).await["point"];
        let off = ((point["lon"].as_f64().unwrap() - 108.9886) * 109_000.0)
            .hypot((point["lat"].as_f64().unwrap() - 11.5648) * 110_600.0);
        assert!(off < 0.01, "{crs}: {off} m");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn near_answers_in_metres_nearest_first() {
    let world = lots().await;
    let server = world.server().await;
    let at = "e=580050&n=1279060&crs=EPSG:9217";
    let near = server.json(&format!("/query/near?{at}&distance=100")).await;
    let found: Vec<(String, f64)> = near["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["layer"].as_str().unwrap().to_string(), f["distance"].as_f64().unwrap()))
        .collect();
    let want = [("thua", 10.0), ("thua", 50.99), ("duong", 70.0)];
    assert_eq!(found.len(), 3, "{found:?}");
    for ((layer, metres), (want_layer, want_metres)) in found.iter().zip(want) {
        assert!(
            layer == want_layer && (metres - want_metres).abs() < 0.05,
            "{layer} {metres}, wanted {want_layer} {want_metres}"
        );
    }
    let less = server.json(&format!("/query/near?{at}&distance=50&layers=thua")).await;
    assert_eq!(less["numberReturned"], 1);
}

async fn area(world: &World, query: &str, polygon: Value) -> Value {
    let reply = world.server().await.post(&format!("/query/area{query}"), polygon.to_string()).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.bytes));
    reply.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_is_cut_in_the_citys_zone_with_the_share_of_each_class() {
    let world = lots().await;
    // 20 m of the west lot, 60 m of the east one, and 40 m beyond it: 120 m × 50 m.
    let polygon = json!({"type": "Polygon", "coordinates": [[[580_080, 1_279_000], [580_160, 1_279_000], [580_240, 1_279_000], [580_240, 1_279_050], [580_080, 1_279_050], [580_080, 1_279_000]]]});
    let cut = area(&world, "?crs=EPSG:9217", polygon).await;
    assert_eq!(cut["crs"], "EPSG:9217");
    let near = |v: &Value, want: f64| assert!((v.as_f64().unwrap() - want).abs() < 0.01, "{v}, wanted {want}");
    near(&cut["area"], 8000.0);
    let layer = &cut["layers"][0];
    let classes = layer["classes"].as_array().unwrap();
    assert_eq!((&classes[0]["value"], &classes[1]["value"]), (&json!("CLN"), &json!("ONT")));
    near(&classes[0]["area"], 5000.0);
    near(&classes[1]["area"], 1000.0);
    near(&layer["covered"], 6000.0);
    assert!((classes[0]["share"].as_f64().unwrap() - 0.625).abs() < 1e-5);
    assert_eq!(classes[1]["title"]["vi"], "Đất ở tại nông thôn");
    assert!(classes[1]["color"].as_str().unwrap().starts_with('#'));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_outside_the_zone_is_geodesic_and_never_web_mercator() {
    let world = World::new().await;
    // One degree by one degree at the equator: 12,308,778,361 m² on the ellipsoid (Karney's GeographicLib).
    let square = "VALUES (ST_MakeEnvelope(0, 0, 1, 1, 4326), 'a')";
    world.layer("o_vuong", "Polygon", 4326, &[("loai", "text")], square).await;
    let polygon = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]});
    let cut = area(&world, "?layers=o_vuong&by=loai", polygon).await;
    assert_eq!(cut["crs"], "geodesic");
    let off = cut["area"].as_f64().unwrap() / 12_308_778_361.0 - 1.0;
    assert!(off.abs() < 1e-4, "{}", cut["area"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_question_is_a_400_that_names_the_value() {
    let world = lots().await;
    let server = world.server().await;
    for (path, says) in [
        ("/query/at", "lon"),
        ("/query/at?lon=200&lat=11", "200"),
        ("/query/at?lon=108.9&lat=11.5&e=1&n=2", "say where"),
        ("/query/at?e=1&n=2&crs=EPSG:999999", "999999"),
        ("/query/at?e=1&n=2&crs=EPSG:9999", "9999"),
        ("/query/at?lon=108.9&lat=11.5&tolerance=1001", "1001"),
        ("/query/at?lon=108.9&lat=11.5&what=1", "what"),
        ("/query/near?lon=108.9&lat=11.5", "distance"),
        ("/query/near?lon=108.9&lat=11.5&distance=-1", "-1"),
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 400, "{path}: {}", String::from_utf8_lossy(&reply.bytes));
        assert!(reply.json()["detail"].as_str().unwrap().contains(says), "{path}: {}", reply.json());
    }
    assert_eq!(server.get("/query/at?lon=108.9&lat=11.5&layers=khong_co").await.status, 404);
    for (body, says) in [
        ("", "JSON"),
        ("{}", "post a GeoJSON"),
        (r#"{"type":"Point","coordinates":[1,2]}"#, "Point"),
        (r#"{"type":"Polygon","coordinates":[[[1,2]]]}"#, "polygon"),
        (r#"{"type":"Polygon","coordinates":[[["a",2]]]}"#, "position"),
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[1,0],[0,0]]]}"#, "self-intersection"),
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0],[0,0]]]}"#, "polygon"),
        (r#"{"type":"Polygon","coordinates":[]}"#, "empty"),
    ] {
        let reply = server.post("/query/area", body).await;
        assert_eq!(reply.status, 400, "{body}: {}", String::from_utf8_lossy(&reply.bytes));
        let detail = reply.json()["detail"].as_str().unwrap().to_string();
        assert!(detail.contains(says), "{body}: {detail}");
    }
    let many = format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, vec!["[1,2]"; 10_001].join(","));
    assert_eq!(server.post("/query/area", many).await.status, 413);
    let reply = server.post("/query/area", " ".repeat(5 << 20)).await;
    assert_eq!((reply.status.as_u16(), reply.json()["type"].as_str()), (413, Some("/problems/too-large")));
}
