//! What is wrong in a layer: found by the engine, and by PostGIS the long way; kept, told, mended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::Row;

use dothi::import::child::Limits;
use dothi::import::report::Report;
use dothi::import::{self, How, Options};
use dothi::layer::{Catalog, catalog};
use dothi::quality::{self, Asked, Kind, Summary};

use crate::support::{BIN, World};

const TOLERANCE: f64 = 0.001;

/// Two thousand pieces of irregular ground that fit together, as multipolygons with the number of their piece.
const PIECES: &str = "SELECT ST_Multi(g), row_number() OVER (ORDER BY ST_XMin(g), ST_YMin(g)) AS so FROM (SELECT (ST_Dump(ST_VoronoiPolygons( \
     (SELECT ST_Collect(ST_SetSRID(ST_Point(580000 + x * 1300, 1279000 + y * 900), 9217)) FROM (SELECT random() AS x, random() AS y \
      FROM setseed(0.42), generate_series(1, 2000)) p)))).geom AS g) v";

async fn ground(world: &World, id: &str) {
    world.layer(id, "MultiPolygon", 9217, &[("so", "int8")], PIECES).await;
}

async fn look(world: &World, id: &str) -> Summary {
    let layer = catalog::present(&world.pool, id).await.unwrap();
    quality::again(&world.pool, &layer, TOLERANCE).await.unwrap()
}

fn count(summary: &Summary, kind: Kind) -> u64 {
    summary.issues.get(kind.name()).map_or(0, |t| t["count"].as_u64().unwrap())
}

async fn issues(world: &World, id: &str, kind: Kind) -> Vec<Value> {
    let asked = Asked { kinds: vec![kind], limit: 10_000, ..Asked::default() };
    quality::page(&world.pool, id, &asked).await.unwrap().features
}

/// Pairs whose common ground is somewhere wider than the tolerance, and its area; of features with the same geometry one.
async fn overlaps(world: &World, id: &str) -> Vec<(Vec<i64>, f64)> {
    let sql = format!(
        "WITH one AS MATERIALIZED (SELECT fid, geom FROM layers.{id} t WHERE NOT EXISTS (SELECT FROM layers.{id} o WHERE o.fid < t.fid AND o.geom && t.geom AND ST_Equals(o.geom, t.geom))) \
         SELECT a, b, ST_Area(g) AS area FROM (SELECT a.fid AS a, b.fid AS b, ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS g \
         FROM one a JOIN one b ON a.fid < b.fid AND a.geom && b.geom) x \
         WHERE EXISTS (SELECT FROM ST_Dump(g) d WHERE 2 * ST_Area(d.geom) > {TOLERANCE} * ST_Perimeter(d.geom)) ORDER BY 1, 2"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
    rows.iter().map(|r| (vec![r.get("a"), r.get("b")], r.get("area"))).collect()
}

/// Areas of the holes of all ground together, the smallest first; one that a feature was drawn with, and alone lies around, is none.
async fn holes(world: &World, id: &str) -> Vec<f64> {
    let sql = format!(
        "WITH own AS MATERIALIZED (SELECT l.fid, ST_MakePolygon(ST_InteriorRingN(p.geom, n)) AS g FROM layers.{id} l, ST_Dump(l.geom) p, \
           generate_series(1, ST_NumInteriorRings(p.geom)) n) \
         SELECT ST_Area(h) AS area FROM (SELECT (ST_Dump(ST_Difference(ST_Expand(u, 1), u))).geom AS h, ST_Expand(u, 1) AS frame \
         FROM (SELECT ST_Union(geom) AS u FROM layers.{id}) x) y \
         WHERE NOT ST_Intersects(h, ST_Boundary(frame)) AND 2 * ST_Area(h) > {TOLERANCE} * ST_Perimeter(h) \
         AND NOT EXISTS (SELECT FROM own WHERE g && h AND ST_Equals(g, h) \
           AND NOT EXISTS (SELECT FROM layers.{id} o WHERE o.fid <> own.fid AND ST_DWithin(o.geom, h, 1e-6))) ORDER BY 1"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap()
}

fn close(is: f64, expected: f64, what: &str) {
    assert!((is - expected).abs() <= 1e-6 * expected.abs(), "{what}: {is}, PostGIS has {expected}");
}

/// The engine and PostGIS find the same.
async fn same_as_postgis(world: &World, id: &str) -> Summary {
    let summary = look(world, id).await;
    let fids = |issue: &Value| -> Vec<i64> { serde_json::from_value(issue["properties"]["fids"].clone()).unwrap() };
    let area = |issue: &Value| issue["properties"]["area"].as_f64().unwrap();
    let mut found: Vec<(Vec<i64>, f64)> =
        issues(world, id, Kind::Overlap).await.iter().map(|i| (fids(i), area(i))).collect();
    found.iter_mut().for_each(|(pair, _)| pair.sort());
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = overlaps(world, id).await;
    assert_eq!(
        (count(&summary, Kind::Overlap), found.len()),
        (expected.len() as u64, expected.len().min(quality::LISTED))
    );
    let known: HashMap<&[i64], f64> = expected.iter().map(|(pair, area)| (pair.as_slice(), *area)).collect();
    for (pair, area) in &found {
        close(*area, *known.get(pair.as_slice()).unwrap_or(&0.0), &format!("overlap of {pair:?}"));
    }
    // All together, and what is listed is the largest.
    close(
        summary.issues["overlap"]["area"].as_f64().unwrap(),
        expected.iter().fold(0.0, |all, (_, a)| all + a),
        "overlaps",
    );
    let least = found.iter().map(|(_, a)| *a).fold(f64::INFINITY, f64::min);
    let larger = expected.iter().filter(|(_, a)| *a > least * (1.0 + 1e-6)).count();
    assert!(larger < found.len() || found.is_empty(), "{larger} are larger than the least listed");
    let mut gaps: Vec<f64> = issues(world, id, Kind::Gap).await.iter().map(area).collect();
    gaps.sort_by(f64::total_cmp);
    let expected = holes(world, id).await;
    assert_eq!(count(&summary, Kind::Gap), expected.len() as u64, "gaps");
    assert_eq!(gaps.len(), expected.len().min(quality::LISTED));
    let largest = &expected[expected.len() - gaps.len()..];
    gaps.iter().zip(largest).for_each(|(g, e)| close(*g, *e, "gap"));
    let all: f64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT sum(ST_Area(geom)) FROM layers.{id}")))
        .fetch_one(&world.pool)
        .await
        .unwrap();
    close(summary.area.unwrap().after, all, "area");
    summary
}

#[tokio::test(flavor = "multi_thread")]
async fn clean_ground_has_no_issue_whatever_shapes_it_is_made_of() {
    let world = World::new().await;
    ground(&world, "sach").await;
    // Corners on a neighbour's border without a corner there; islands that fill holes, one with a pond's parcel in it;
    // features of several parts.
    world
        .sql(
            "WITH split AS (DELETE FROM layers.sach WHERE so % 5 = 0 RETURNING geom, so) INSERT INTO layers.sach (geom, so) \
             SELECT ST_Multi((ST_Dump(ST_Split(geom, ST_MakeLine(ST_Translate(ST_Centroid(geom), -500, 37), ST_Translate(ST_Centroid(geom), 500, -37))))).geom), so FROM split; \
             WITH ring AS (UPDATE layers.sach SET geom = ST_Multi(ST_Difference(geom, ST_Buffer(ST_Centroid(geom), 1.5))) \
             WHERE so % 7 = 0 AND so % 5 > 0 AND ST_Contains(geom, ST_Buffer(ST_Centroid(geom), 1.6)) RETURNING geom, so) INSERT INTO layers.sach (geom, so) \
             SELECT ST_Multi(ST_MakePolygon(ST_InteriorRingN(ST_GeometryN(geom, 1), 1))), so FROM ring WHERE ST_NumInteriorRings(ST_GeometryN(geom, 1)) = 1; \
             WITH apart AS (DELETE FROM layers.sach WHERE so % 11 = 0 RETURNING geom) INSERT INTO layers.sach (geom, so) SELECT ST_Multi(ST_Union(geom)), -1 FROM apart",
        )
        .await;
    let summary = look(&world, "sach").await;
    for kind in Kind::ALL.into_iter().filter(|k| *k != Kind::Sliver) {
        assert_eq!(count(&summary, kind), 0, "{kind:?}: {:?}", issues(&world, "sach", kind).await);
    }
    assert_eq!(summary.features, world.number("SELECT count(*) FROM layers.sach").await as u64);
    assert_eq!(summary.measured_in.as_deref(), Some("EPSG:9217"));
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_faults_are_found_as_postgis_finds_them() {
    let world = World::new().await;
    ground(&world, "loi").await;
    world
        .sql(
            // Gone, moved, grown, shrunk, the same again, and a piece over many.
            "DELETE FROM layers.loi WHERE so % 97 = 0; \
             UPDATE layers.loi SET geom = ST_Translate(geom, 0.31, -0.17) WHERE so % 101 = 0; \
             UPDATE layers.loi SET geom = ST_Multi(ST_Buffer(geom, 0.4, 'join=mitre')) WHERE so % 103 = 0; \
             UPDATE layers.loi SET geom = ST_Multi(ST_Buffer(geom, -0.05, 'join=mitre')) WHERE so % 107 = 0; \
             INSERT INTO layers.loi (geom, so) SELECT geom, so FROM layers.loi WHERE so % 109 = 0; \
             INSERT INTO layers.loi (geom, so) VALUES (ST_Multi(ST_Buffer(ST_SetSRID(ST_Point(580600, 1279400), 9217), 60)), 0)",
        )
        .await;
    let summary = same_as_postgis(&world, "loi").await;
    assert!(count(&summary, Kind::Overlap) > 100 && count(&summary, Kind::Gap) > 20, "{:?}", summary.issues);
    assert_eq!(count(&summary, Kind::Duplicate), 2000 / 109);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_layer_twice_over_is_doubles_and_another_division_of_it_overlaps() {
    let world = World::new().await;
    world
        .layer(
            "o",
            "Polygon",
            9217,
            &[],
            "SELECT ST_MakeEnvelope(580000 + i * 10, 1279000 + j * 10, 580010 + i * 10, 1279010 + j * 10, 9217) \
             FROM generate_series(0, 39) i, generate_series(0, 39) j",
        )
        .await;
    world.sql("INSERT INTO layers.o (geom) SELECT ST_Reverse(geom) FROM layers.o").await;
    let summary = look(&world, "o").await;
    assert_eq!(
        (count(&summary, Kind::Duplicate), count(&summary, Kind::Overlap), count(&summary, Kind::Gap)),
        (1_600, 0, 0)
    );
    // Every inner edge of both divisions cancels; only what is around tells that the ground is there twice.
    world
        .sql("DELETE FROM layers.o WHERE fid > 1600; INSERT INTO layers.o (geom) SELECT ST_MakeEnvelope(580000 + i * 20, 1279000 + j * 20, \
              580020 + i * 20, 1279020 + j * 20, 9217) FROM generate_series(0, 19) i, generate_series(0, 19) j")
        .await;
    let summary = same_as_postgis(&world, "o").await;
    assert_eq!(count(&summary, Kind::Overlap), 1_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_over_one_another_without_end_is_told_as_at_least_so_many() {
    let world = World::new().await;
    world
        .layer(
            "chong",
            "Polygon",
            9217,
            &[],
            "SELECT ST_Buffer(ST_SetSRID(ST_Point(580000 + i % 50, 1279000 + i / 50), 9217), 200 + i * 0.01) \
             FROM generate_series(0, 2999) i",
        )
        .await;
    let summary = look(&world, "chong").await;
    let tally = &summary.issues["overlap"];
    assert_eq!(tally["atLeast"], true);
    assert!(tally["count"].as_u64().unwrap() > 10_000, "{tally}");
    assert_eq!(issues(&world, "chong", Kind::Overlap).await.len(), quality::LISTED);
    assert!(!summary.notes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn degrees_are_measured_in_the_citys_zone() {
    let world = World::new().await;
    world
        .layer(
            "do",
            "Polygon",
            4326,
            &[],
            "SELECT ST_MakeEnvelope(w, 11.56, w + 0.0011, 11.561, 4326) FROM unnest(ARRAY[108.98, 108.981, 108.99]) w",
        )
        .await;
    let summary = look(&world, "do").await;
    assert_eq!(summary.measured_in.as_deref(), Some("EPSG:9217"));
    let expected: Vec<f64> = sqlx::query_scalar(
        "SELECT ST_Area(ST_Transform(ST_Intersection(a.geom, b.geom), 9217)) FROM layers.do a, layers.do b WHERE a.fid = 1 AND b.fid = 2 \
         UNION ALL SELECT sum(ST_Area(ST_Transform(geom, 9217))) FROM layers.do",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    close(issues(&world, "do", Kind::Overlap).await[0]["properties"]["area"].as_f64().unwrap(), expected[0], "overlap");
    close(summary.area.unwrap().after, expected[1], "area");
}

fn file(world: &World, name: &str, features: &[(Value, &str)]) -> PathBuf {
    let features: Vec<Value> = features
        .iter()
        .map(|(geometry, code)| json!({"type": "Feature", "properties": {"maDat": code}, "geometry": geometry}))
        .collect();
    let crs = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::9217"}});
    let path = world.dir.path().join(name);
    std::fs::write(&path, json!({"type": "FeatureCollection", "crs": crs, "features": features}).to_string()).unwrap();
    path
}

fn square(x: f64, y: f64, side: f64) -> Value {
    let (x, y) = (580_000.0 + x, 1_279_000.0 + y);
    json!({"type": "Polygon", "coordinates": [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]})
}

async fn import(world: &World, file: &Path, how: How) -> Report {
    let limits = Limits { program: Some(BIN.into()), ..Limits::default() };
    let options = Options { layer: Some("thua".into()), how, ..Options::default() };
    import::run(&world.options, file, &options, &limits, |_| {}).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_says_what_it_mended_and_what_is_left_to_mend() {
    let world = World::new().await;
    let (x, y) = (580_100.0, 1_279_000.0);
    let bow = json!({"type": "Polygon", "coordinates": [[[x, y], [x + 10.0, y + 10.0], [x + 10.0, y], [x, y + 10.0], [x, y]]]});
    let mut some: Vec<(Value, &str)> = vec![
        (square(0.0, 0.0, 10.0), "ONT"),
        (square(9.5, 0.0, 10.0), "CLN"),
        (square(0.0, 20.0, 10.0), "ONT+CLN"),
        (square(0.0, 20.0, 10.0), "CLN"),
        (bow, "XYZ"),
        (square(200.0, 0.0, 0.1), "ONT"),
    ];
    some.extend((0..20).map(|i| (square(400.0 + f64::from(i) * 20.0, 0.0, 10.0), "CLN")));
    let report = import(&world, &file(&world, "thua.geojson", &some), How::Replace).await;
    let summary = report.quality.unwrap();
    for (kind, n) in [
        (Kind::Overlap, 1),
        (Kind::Duplicate, 1),
        (Kind::Repaired, 1),
        (Kind::Sliver, 1),
        (Kind::UnknownCode, 1),
        (Kind::Gap, 0),
    ] {
        assert_eq!(count(&summary, kind), n, "{kind:?}");
    }
    assert_eq!(summary.rows.map(|r| (r.read, r.imported, r.repaired, r.set_aside)), Some((26, 26, 1, 0)));
    assert_eq!(summary.invalid.values().sum::<u64>(), 1);
    let mended = &issues(&world, "thua", Kind::Repaired).await[0]["properties"];
    assert_eq!((mended["areaBefore"].as_f64(), mended["area"].as_f64()), (Some(0.0), Some(50.0)));
    let area = summary.area.unwrap();
    close(area.after - area.before, 50.0, "what mending added");
    // The report of an edition comes back with it; an append is looked at with what was there.
    let more = [(square(0.0, 5.0, 10.0), "ONT")];
    let report = import(&world, &file(&world, "them.geojson", &more), How::Append).await;
    let summary = report.quality.unwrap();
    assert_eq!((count(&summary, Kind::Overlap), summary.features), (3, 27));
    dothi::layer::editions::restore(&world.pool, "thua", 1).await.unwrap();
    let account = quality::account(&world.pool, "thua").await.unwrap().unwrap();
    assert_eq!((account.edition, account.summary["issues"]["overlap"]["count"].as_u64()), (1, Some(1)));
    // What was mended came out of the rows as they passed; a look at the table finds the same.
    let before = account.summary.clone();
    let catalog = Catalog::load(&world.pool).await.unwrap();
    quality::again(&world.pool, &catalog.get("thua").unwrap(), quality::TOLERANCE).await.unwrap();
    let again = quality::account(&world.pool, "thua").await.unwrap().unwrap().summary;
    for part in ["rows", "issues", "invalid", "features"] {
        assert_eq!(again[part], before[part]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_served_by_kind_by_box_and_page_by_page() {
    let world = World::new().await;
    ground(&world, "loi").await;
    world.sql("UPDATE layers.loi SET geom = ST_Translate(geom, 0.31, -0.17) WHERE so % 50 = 0").await;
    let server = world.server().await;
    let here = "/ogc/collections/loi/quality";
    assert_eq!(server.get(here).await.status, 404);
    look(&world, "loi").await;
    let summary = server.json(here).await;
    assert_eq!(summary["current"], true);
    assert_eq!(summary["issues"]["overlap"]["measure"], 11);
    assert_eq!(summary["issues"]["overlap"]["title"]["vi"], "Chồng lấn");
    let n = summary["issues"]["overlap"]["count"].as_u64().unwrap();
    let mut seen = Vec::new();
    let mut next = Some(format!("{here}/items?kind=overlap&limit=30"));
    while let Some(address) = next {
        let page = server.json(&address).await;
        assert_eq!(page["numberMatched"], n);
        for issue in page["features"].as_array().unwrap() {
            assert_eq!(issue["properties"]["kind"], "overlap");
            assert!(issue["geometry"]["type"].as_str().unwrap().ends_with("Polygon"));
            let message = issue["properties"]["message"].as_str().unwrap();
            assert!(message.starts_with("Các đối tượng ") && message.contains(" chồng lên nhau "), "{message}");
            seen.push(issue["id"].as_i64().unwrap());
        }
        let links = page["links"].as_array().unwrap();
        let link = links.iter().find(|l| l["rel"] == "next").and_then(|l| l["href"].as_str());
        next = link.map(|l| l.split("ban-do.test").nth(1).unwrap().to_string());
    }
    let sorted = {
        let mut s = seen.clone();
        s.sort();
        s.dedup();
        s
    };
    assert_eq!((seen.len() as u64, &seen), (n, &sorted));
    let all = server.json(&format!("{here}/items?limit=10000")).await;
    let b = all["features"][0]["geometry"]["coordinates"].to_string();
    let numbers: Vec<f64> = b.split(['[', ']', ',']).filter_map(|t| t.parse().ok()).collect();
    let (x, y) = (numbers[0], numbers[1]);
    let inside = server.json(&format!("{here}/items?bbox={},{},{},{}", x - 1e-6, y - 1e-6, x + 1e-6, y + 1e-6)).await;
    let few = inside["numberMatched"].as_u64().unwrap();
    assert!(few > 0 && few < all["numberMatched"].as_u64().unwrap(), "{few}");
    for wrong in ["kind=overlaps", "limit=0", "limit=x", "after=x", "bbox=1,2", "q=1"] {
        assert_eq!(server.get(&format!("{here}/items?{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(server.get("/ogc/collections/khong/quality").await.status, 404);
    for path in [here.to_string(), format!("{here}/items")] {
        let page = server.get(&format!("{path}?f=html&lang=vi")).await;
        let text = String::from_utf8(page.bytes).unwrap();
        assert!(page.status == 200 && text.contains("Chồng lấn"), "{path}");
    }
    world.sql("UPDATE layers.loi SET so = 0 WHERE fid = 1").await;
    assert_eq!(server.json(here).await["current"], false);
    let api = server.json("/ogc/collections/loi/api").await;
    assert!(api["paths"]["/collections/loi/quality/items"]["get"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn real_wards_have_the_faults_that_postgis_finds() {
    let Some(data) = crate::support::shared_data() else { return };
    let world = World::new().await;
    let limits = Limits { program: Some(BIN.into()), ..Limits::default() };
    for (id, path) in [
        ("xa", "vietnam/admin2025/vn2025_wards_3321_simpl.gpkg"),
        ("kh", "vietnam/derived/kh_wards_vn2000_tm3_10815_utf8.shp"),
    ] {
        let options = Options { layer: Some(id.into()), ..Options::default() };
        import::run(&world.options, &data.join(path), &options, &limits, |_| {}).await.unwrap();
    }
    same_as_postgis(&world, "kh").await;
    // The whole country in a plane whose straight lines are others than those of degrees.
    world.layer("mat", "MultiPolygon", 3405, &[], "SELECT ST_Multi(ST_Transform(geom, 3405)) FROM layers.xa").await;
    same_as_postgis(&world, "mat").await;
}
