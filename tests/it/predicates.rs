//! Conditions on real layers, counted by somebody else too: SQLite with SpatiaLite on the file itself (through `ogrinfo`), or
//! Python's `unicodedata` where letters are folded.

use std::path::Path;
use std::process::Command;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::city::{City, Served};
use crate::support::shared_data;

/// How many rows of the file SQLite finds.
fn counted(file: &Path, layer: &str, condition: &str) -> u64 {
    let sql = format!("SELECT count(*) AS n FROM \"{layer}\" WHERE {condition}");
    let out =
        Command::new("ogrinfo").args(["-ro", "-q", "-dialect", "SQLite", "-sql", &sql]).arg(file).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    let n = text.lines().find_map(|l| l.trim().strip_prefix("n (Integer) = "));
    n.unwrap_or_else(|| panic!("{sql}: {text}{}", String::from_utf8_lossy(&out.stderr))).parse().unwrap()
}

fn matched(server: &Served, layer: &str, filter: &str) -> u64 {
    let filter = utf8_percent_encode(filter, NON_ALPHANUMERIC);
    let (status, body) = server.get(&format!("/ogc/collections/{layer}/items?limit=1&filter={filter}")).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    body["numberMatched"].as_u64().unwrap()
}

#[test]
fn conditions_on_real_layers_count_what_others_count() {
    let Some(data) = shared_data() else { return };
    let city = City::new();
    let wards = data.join("vietnam/admin2025/vn2025_wards_3321_simpl.gpkg");
    let zones = data.join("city/dc/future-land-use.geojson");
    let houses = data.join("city/portland/portland_core_buildings.gpkg");
    for (file, id) in [(&wards, "xa"), (&zones, "dat"), (&houses, "nha")] {
        assert!(city.run(&["import", file.to_str().unwrap(), "--layer", id]).status.success(), "{id}");
    }
    let server = city.serve();
    let sides = |w: f64, s: f64, e: f64, n: f64| {
        (format!("BBOX({w}, {s}, {e}, {n})"), format!("BuildMbr({w}, {s}, {e}, {n}, 4326)"))
    };
    let (ninh_thuan, ninh_thuan_sql) = sides(108.6, 11.3, 109.3, 12.1);
    let (mall, mall_sql) = sides(-77.05, 38.88, -77.0, 38.92);
    let (pearl, pearl_sql) = sides(-122.69, 45.52, -122.67, 45.53);
    let river = "LINESTRING(-122.7 45.51, -122.66 45.52, -122.6 45.55)";
    let triangle = "POLYGON((108 11, 109.5 11, 109 12.5, 108 11))";
    let line = format!("ST_GeomFromText('{river}', 4326)");
    let corner = format!("ST_GeomFromText('{triangle}', 4326)");
    let same = |filter: &str| (filter.to_string(), filter.to_string());
    let asked = |cql: String, sql: String| (cql, sql);
    let on_wards = [
        same("areaKm2 > 100"),
        same("areaKm2 BETWEEN 10 AND 20 AND provinceCode <> '79'"),
        same("provinceCode IN ('79', '38', '25') AND NOT areaKm2 < 50"),
        same("areaKm2 * 2 + 1 > 100.5 OR provinceCode = '56'"),
        same("name = nameEn"),
        same("code > '22000' AND code <= '23000'"),
        asked(
            "fullName LIKE 'Phường %' AND areaKm2 / 2 < 3".into(),
            "fullName GLOB 'Phường *' AND areaKm2 / 2 < 3".into(),
        ),
        asked("name LIKE '_n %'".into(), "name GLOB '?n *'".into()),
        asked(format!("S_INTERSECTS(geom, {ninh_thuan})"), format!("ST_Intersects(geom, {ninh_thuan_sql})")),
        asked(format!("S_WITHIN(geom, {ninh_thuan})"), format!("ST_Within(geom, {ninh_thuan_sql})")),
        asked(
            "S_CROSSES(geom, LINESTRING(105 21, 106 10))".into(),
            "ST_Crosses(geom, ST_GeomFromText('LINESTRING(105 21, 106 10)', 4326))".into(),
        ),
        asked(
            format!("S_INTERSECTS(geom, {triangle}) AND areaKm2 > 50"),
            format!("ST_Intersects(geom, {corner}) AND areaKm2 > 50"),
        ),
        asked(format!("S_DISJOINT(geom, {triangle})"), format!("ST_Disjoint(geom, {corner})")),
        asked(
            "S_CONTAINS(geom, POINT(108.99 11.57))".into(),
            "ST_Contains(geom, MakePoint(108.99, 11.57, 4326))".into(),
        ),
    ];
    let on_zones = [
        same("SHAPEAREA > 10000 AND SHAPELEN < 2000"),
        same("SHAPEAREA / SHAPELEN > 100"),
        same("OBJECTID % 7 = 3 OR OBJECTID IN (1, 2, 3)"),
        asked(
            "ALLCODES LIKE '%PDR%' AND ALLCODES NOT LIKE '%RES%'".into(),
            "ALLCODES GLOB '*PDR*' AND ALLCODES NOT GLOB '*RES*'".into(),
        ),
        asked("ALLCODES IS NULL OR SHAPEAREA < 500".into(), "ALLCODES IS NULL OR SHAPEAREA < 500".into()),
        asked(format!("S_INTERSECTS(geom, {mall})"), format!("ST_Intersects(geometry, {mall_sql})")),
        asked(
            format!("S_WITHIN(geom, {mall}) AND SHAPEAREA > 5000"),
            format!("ST_Within(geometry, {mall_sql}) AND SHAPEAREA > 5000"),
        ),
        asked(format!("S_OVERLAPS(geom, {mall})"), format!("ST_Overlaps(geometry, {mall_sql})")),
    ];
    let on_houses = [
        same("height > 50"),
        same("height IS NULL AND street IS NOT NULL"),
        same("height > 20 OR levels = '5'"),
        same("NOT (height > 20 OR levels = '5')"),
        same("building <> 'yes' AND postcode IN ('97209', '97205')"),
        asked(
            format!("S_INTERSECTS(geom, {pearl}) AND height >= 30"),
            format!("ST_Intersects(geom, {pearl_sql}) AND height >= 30"),
        ),
        asked(format!("S_WITHIN(geom, {pearl})"), format!("ST_Within(geom, {pearl_sql})")),
        asked(format!("S_CROSSES({river}, geom)"), format!("ST_Crosses({line}, geom)")),
        asked(
            format!("S_INTERSECTS(geom, {river}) OR fid_src < 100"),
            format!("ST_Intersects(geom, {line}) OR fid_src < 100"),
        ),
    ];
    let mut parting = 0;
    let layers = [
        ("xa", &wards, "vn_wards_2025", &on_wards[..], 3321),
        ("dat", &zones, "future-land-use", &on_zones[..], 1648),
        ("nha", &houses, "buildings", &on_houses[..], 4562),
    ];
    for (id, file, table, conditions, all) in layers {
        for (cql, sql) in conditions {
            let want = counted(file, table, sql);
            assert_eq!(matched(&server, id, cql), want, "{id}: {cql}");
            parting += usize::from(want > 0 && want < all);
        }
    }
    assert!(parting >= 28, "only {parting} conditions part their layer");
    // Counted once by Python: NFD, case folded, marks taken off, đ read as d.
    for (cql, want) in [
        ("ACCENTI(CASEI(name)) LIKE ACCENTI(CASEI('TÂN %'))", 166),
        ("ACCENTI(CASEI(name)) LIKE '%dong%'", 147),
        ("CASEI(fullName) LIKE CASEI('PHƯỜNG %')", 697),
        ("ACCENTI(name) = ACCENTI('Hòa Bình')", 5),
        ("CASEI(name) = CASEI('an PHÚ')", 5),
    ] {
        assert_eq!(matched(&server, "xa", cql), want, "{cql}");
    }
}
