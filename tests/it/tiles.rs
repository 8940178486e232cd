//! The engine beside its oracle: tiles from the snapshot hold what `ST_AsMVT` draws, at every moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dothi::geo::{MatrixSet, Tile};
use dothi::layer::mvt as oracle;
use dothi::tiles::live::state::State;

use crate::mvt::{self, Feature};
use crate::support::{BIN, Server, World, tile_at};

/// Numbers that are the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn about(&mut self, middle: f64, reach: f64) -> f64 {
        middle + (self.below(2_000_001) as f64 / 1e6 - 1.0) * reach
    }
}

/// Where the tests take place, in VN-2000 metres (EPSG:9217) and in degrees.
const EAST: f64 = 580_000.0;
const NORTH: f64 = 1_280_000.0;
const LON: f64 = 108.98531;
const LAT: f64 = 11.57356;

const FIELDS: &[(&str, &str)] = &[
    ("maDat", "text"),
    ("Số thửa", "int4"),
    ("dienTich", "float8"),
    ("tyLe", "float4"),
    ("ngay", "date"),
    ("dung", "bool"),
    ("lon", "int8"),
    ("nhan", "text[]"),
];

/// `n` blocks of land side by side: quadrilaterals whose corners are moved, so that neighbours share their borders, some
/// with a hole, some in two parts.
fn parcels(n: u64, step: f64, draw: &mut Draw) -> String {
    let side = (n as f64).sqrt() as u64;
    let mut corners = BTreeMap::new();
    for i in 0..=side {
        for j in 0..=side {
            let (e, n) = (EAST + i as f64 * step, NORTH + j as f64 * step);
            corners.insert((i, j), format!("{:.3} {:.3}", draw.about(e, step * 0.3), draw.about(n, step * 0.3)));
        }
    }
    let rows: Vec<String> = (0..side * side)
        .map(|k| {
            let (i, j) = (k % side, k / side);
            let at = |i, j| corners[&(i, j)].clone();
            let ring = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1), at(i, j)].join(",");
            let (e, n) = (EAST + (i as f64 + 0.5) * step, NORTH + (j as f64 + 0.5) * step);
            let h = step * 0.1;
            let square = |e: f64, n: f64, h: f64| {
                format!("({} {},{} {},{} {},{} {},{0} {1})", e - h, n - h, e - h, n + h, e + h, n + h, e + h, n - h)
            };
            let wkt = match draw.below(12) {
                0 => format!("MULTIPOLYGON((({ring}),{}))", square(e, n, h)),
                1 => {
                    format!("MULTIPOLYGON(({}),({}))", square(e - 1.1 * h, n, h * 0.6), square(e + 1.1 * h, n, h * 0.6))
                }
                _ => format!("MULTIPOLYGON((({ring})))"),
            };
            format!("({}, {})", geometry(&wkt), values(k as i64, draw))
        })
        .collect();
    format!("VALUES {}", rows.join(","))
}

fn geometry(wkt: &str) -> String {
    format!("ST_GeomFromText('{wkt}', 9217)")
}

fn values(k: i64, draw: &mut Draw) -> String {
    let code = ["ONT", "LUC", "DGT", "Đất ở", ""][draw.below(5) as usize];
    let maybe = |draw: &mut Draw, text: String| if draw.below(6) == 0 { "NULL".into() } else { text };
    [
        maybe(draw, format!("'{code}'")),
        format!("{k}"),
        format!("{:.2}", draw.about(900.0, 800.0)),
        maybe(draw, "1.25".into()),
        maybe(draw, "DATE '2026-11-25'".into()),
        maybe(draw, "true".into()),
        format!("{}", -(k * 3_000_000_000)),
        maybe(draw, "'{a,\"b c\"}'::text[]".into()),
    ]
    .join(", ")
}

impl Server {
    /// Waits until the layer is served from a snapshot that knows every committed change.
    async fn settled(&self, id: &str) -> Arc<State> {
        let id = id.to_string();
        let version: i64 = sqlx::query_scalar("SELECT version FROM dothi.layer WHERE id = $1")
            .bind(&id)
            .fetch_one(&self.app.db.pool)
            .await
            .unwrap();
        let of = |app: &dothi::app::App| app.tiles.keeper.get(&id).and_then(|l| l.state());
        self.eventually(|s| {
            let there = of(&s.app).is_some_and(|state| state.version == version);
            async move { there }
        })
        .await;
        of(&self.app).unwrap()
    }

    /// The tile's ETag when it is not `before` any more.
    async fn other_etag(&self, path: &str, before: &str) -> String {
        for _ in 0..500 {
            let etag = self.get(path).await.header(header::ETAG).to_string();
            if etag != before {
                return etag;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the ETag of {path} stays {before}");
    }

    async fn tile(&self, layers: &str, tile: Tile, query: &str) -> BTreeMap<String, Vec<Feature>> {
        let reply = self.get(&format!("/tiles/{layers}/{}/{}/{}{query}", tile.z, tile.x, tile.y)).await;
        assert!(reply.status.is_success(), "{}", String::from_utf8_lossy(&reply.bytes));
        mvt::decode(&reply.bytes)
    }

    /// Holds the engine's tile against the oracle's.
    async fn compare(&self, id: &str, tile: Tile) -> usize {
        let layer = self.app.catalog.get(id).unwrap();
        let expected =
            oracle::encode(&self.app.db.pool, &layer, MatrixSet::WEB_MERCATOR, tile, None, None).await.unwrap();
        let expected = mvt::decode(&expected).remove(id).unwrap_or_default();
        let made = self.tile(id, tile, "").await.remove(id).unwrap_or_default();
        let by_id = |features: &[Feature]| -> BTreeMap<u64, Feature> {
            features.iter().map(|f| (f.id.expect("features have ids"), f.clone())).collect()
        };
        let (e, m) = (by_id(&expected), by_id(&made));
        assert_eq!((e.len(), m.len()), (expected.len(), made.len()), "an id is there once");
        for (fid, f) in &e {
            let Some(g) = m.get(fid) else {
                // Of what only reaches into the margin, a sliver of a unit's width may be there or not.
                assert!(marginal(f), "{tile:?}: {f:?} is missing");
                continue;
            };
            assert_eq!((f.kind, &f.attributes), (g.kind, &g.attributes), "{tile:?} {fid}");
            if f.kind == 3 {
                let outline: f64 = f.parts.iter().map(|r| perimeter(r)).sum();
                let near = (f.area() - g.area()).abs() <= outline * 0.75 + 4.0;
                assert!(near, "{tile:?} {fid}: {} is not {}\n{f:?}\n{g:?}", g.area(), f.area());
            } else if f.kind == 1 {
                // Of points that fall together PostGIS keeps one.
                let near = |a: &[i64; 2], b: &[i64; 2]| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()) <= 1;
                let all_in = |a: &[[i64; 2]], b: &[[i64; 2]]| a.iter().all(|p| b.iter().any(|q| near(p, q)));
                // On the margin's very edge the one rounds before it clips and the other after.
                let [a, b] = [f, g].map(|f| f.parts[0].iter().filter(|p| sure(p)).copied().collect::<Vec<_>>());
                let (a, b) = (&a, &b);
                assert!(all_in(a, b) && all_in(b, a), "{tile:?} {fid}: {f:?} {g:?}");
            } else {
                let length = |f: &Feature| f.parts.iter().map(|l| perimeter(l)).sum::<f64>();
                // PostGIS leaves out where a line folds back onto itself; the way there and back is in ours.
                assert!(length(g) >= length(f) * 0.98 - 4.0, "{tile:?} {fid}: {f:?} {g:?}");
                let there =
                    |p: &[i64; 2]| g.parts.iter().flatten().any(|q| (p[0] - q[0]).abs().max((p[1] - q[1]).abs()) <= 1);
                assert!(f.parts.iter().flatten().filter(|p| sure(p)).all(there), "{tile:?} {fid}: {f:?} {g:?}");
            }
        }
        for (fid, g) in m.iter().filter(|(fid, _)| !e.contains_key(*fid)) {
            assert!(marginal(g), "{tile:?}: {fid} {g:?} is too much");
        }
        self.sound(&made).await;
        made.len()
    }

    /// Every polygon is valid, as PostGIS sees it.
    async fn sound(&self, features: &[Feature]) {
        let polygons: Vec<String> = features.iter().filter(|f| f.kind == 3).map(Feature::wkt).collect();
        let bad: Vec<String> = sqlx::query_scalar(
            "SELECT ST_IsValidReason(g) || ' ' || ST_AsText(g) FROM unnest($1) t, ST_GeomFromText(t) g WHERE NOT ST_IsValid(g)",
        )
        .bind(&polygons)
        .fetch_all(&self.app.db.pool)
        .await
        .unwrap();
        assert_eq!(bad, Vec::<String>::new());
    }
}

/// Whether a point lies where rounding before or after clipping makes no difference.
fn sure(point: &[i64; 2]) -> bool {
    point.iter().all(|v| (-62..=4158).contains(v))
}

/// What may be there or not: a point on the margin's very edge, a sliver that only reaches into it.
fn marginal(f: &Feature) -> bool {
    if f.kind == 1 { !f.parts[0].iter().any(sure) } else { f.area().abs() <= 80.0 }
}

fn perimeter(points: &[[i64; 2]]) -> f64 {
    let step = |a: &[i64; 2], b: &[i64; 2]| (((a[0] - b[0]).pow(2) + (a[1] - b[1]).pow(2)) as f64).sqrt();
    points.windows(2).map(|w| step(&w[0], &w[1])).sum()
}

fn tile(z: u8, lon: f64, lat: f64) -> Tile {
    let text = tile_at(z, lon, lat);
    let n: Vec<u32> = text.split('/').map(|n| n.parse().unwrap()).collect();
    Tile::new(z, n[1], n[2]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_draws_what_postgis_draws_while_features_come_change_and_go() {
    let world = World::new().await;
    let mut draw = Draw(11);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(400, 40.0, &mut draw)).await;
    world.sql("UPDATE dothi.layer SET detail_zoom = 0 WHERE id = 'thua'").await;
    let server = world.server().await;
    for round in 0..6 {
        let state = server.settled("thua").await;
        assert_eq!(state.delta.is_empty(), round == 0 || round == 5);
        let mut features = 0;
        for z in [9, 12, 14, 15, 16, 17, 18, 19, 21, 24] {
            for (dx, dy) in [(0.0, 0.0), (0.002, 0.002), (0.0041, 0.003), (0.0063, 0.0062)] {
                features += server.compare("thua", tile(z, LON + dx, LAT + dy)).await;
            }
        }
        assert!(features > 2000, "{features}");
        if round == 4 {
            let layer = server.app.catalog.get("thua").unwrap();
            server.app.tiles.keeper.build(&server.app.db, &layer).await.unwrap();
            continue;
        }
        let (a, b) = (draw.below(400), draw.below(400));
        let (e, n) = (draw.about(EAST + 400.0, 300.0), draw.about(NORTH + 400.0, 300.0));
        let wkt = format!("MULTIPOLYGON((({e} {n},{} {n},{} {},{e} {n})))", e + 90.0, e + 50.0, n + 70.0);
        world
            .sql(&format!(
                "DELETE FROM layers.thua WHERE fid IN ({a}, {}); \
                 UPDATE layers.thua SET geom = ST_Translate(geom, 7, 11), \"maDat\" = 'Sửa' WHERE fid BETWEEN {b} AND {}; \
                 UPDATE layers.thua SET geom = NULL WHERE fid = {}; \
                 INSERT INTO layers.thua (geom, \"maDat\", \"Số thửa\") VALUES ({}, 'Mới', {round});",
                a + 1,
                b + 9,
                draw.below(400),
                geometry(&wkt)
            ))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_lines_and_mixed_geometry_are_drawn_as_postgis_draws_them() {
    let world = World::new().await;
    let mut draw = Draw(5);
    let rows: Vec<String> = (0..600)
        .map(|k| {
            let (e, n) = (draw.about(EAST, 800.0), draw.about(NORTH, 800.0));
            let mut path = vec![format!("{e} {n}")];
            let (mut x, mut y) = (e, n);
            for _ in 0..2 + draw.below(20) {
                (x, y) = (draw.about(x, 90.0), draw.about(y, 90.0));
                path.push(format!("{x} {y}"));
            }
            let path = path.join(",");
            let wkt = match k % 6 {
                0 => format!("POINT({e} {n})"),
                1 => format!("MULTIPOINT({path})"),
                2 => format!("LINESTRING({path})"),
                3 => format!("MULTILINESTRING(({path}),({e} {n},{} {}))", e + 30.0, n + 1.0),
                4 => format!("POLYGON(({e} {n},{} {n},{e} {},{e} {n}))", e + 60.0, n + 60.0),
                _ => format!("GEOMETRYCOLLECTION(POINT({e} {n}),LINESTRING({path}))"),
            };
            format!("({}, {k})", geometry(&wkt))
        })
        .collect();
    world.layer("le", "Geometry", 9217, &[("so", "int4")], &format!("VALUES {}", rows.join(","))).await;
    world.sql("UPDATE dothi.layer SET detail_zoom = 0 WHERE id = 'le'").await;
    let server = world.server().await;
    server.settled("le").await;
    let mut features = 0;
    for z in [11, 14, 15, 16, 17, 18, 20, 22] {
        for (dx, dy) in [(0.0, 0.0), (0.003, -0.002), (-0.005, 0.005)] {
            features += server.compare("le", tile(z, LON + dx, LAT + dy)).await;
        }
    }
    assert!(features > 1500, "{features}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_low_zooms_the_colours_of_the_city_are_the_true_ones() {
    let world = World::new().await;
    let mut draw = Draw(23);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(6_400, 25.0, &mut draw)).await;
    world.sql("UPDATE dothi.layer SET class_field = 'maDat', detail_zoom = 16 WHERE id = 'thua'").await;
    let server = world.server().await;
    server.settled("thua").await;
    for round in 0..2 {
        for z in 10..=15 {
            let at = tile(z, LON + 0.009, LAT + 0.009);
            let (same, all, areas) = picture(&server, at).await;
            assert!(all > if z < 12 { 100 } else { 2_000 }, "z{z}: {all} pixels");
            assert!((all - same) as f64 <= all as f64 * 0.005, "z{z}: {same} of {all} pixels");
            for (class, (made, truth)) in areas {
                // Square units of the tile; a pixel has 64.
                assert!((made - truth).abs() <= (truth * 0.005).max(96.0), "z{z} `{class}`: {made} is not {truth}");
            }
        }
        if round == 0 {
            world.sql("UPDATE layers.thua SET \"maDat\" = 'Mới' WHERE fid % 7 = 0 AND fid < 2000; DELETE FROM layers.thua WHERE fid BETWEEN 3000 AND 3050").await;
            server.settled("thua").await;
        }
    }
}

/// Pixels of a tile of 512 that the engine gives the same class as the raw polygons, pixels that have a class in either, and
/// for each class its area in the tile and the true one.
async fn picture(server: &Server, tile: Tile) -> (usize, usize, BTreeMap<String, (f64, f64)>) {
    let made = server.tile("thua", tile, "").await.remove("thua").unwrap();
    server.sound(&made).await;
    let class = |f: &Feature| f.attributes.get("maDat").map_or("(không)".into(), |v| format!("{v:?}"));
    let mut pixels = vec![String::new(); 512 * 512];
    for f in &made {
        assert!(f.attributes.len() <= 1, "{f:?}");
        fill(&f.parts, |i| pixels[i] = class(f));
    }
    // The raw polygons, in tile units with fractions, by PostGIS.
    let rows: Vec<(Option<String>, String, f64)> = sqlx::query_as(
        "SELECT \"maDat\", ST_AsText(g), ST_Area(ST_Intersection(g, ST_MakeEnvelope(0, 0, 4096, 4096, 3857))) FROM \
         (SELECT \"maDat\", ST_Affine(ST_Transform(geom, 3857), s, 0, 0, -s, -s * ST_XMin(b), s * ST_YMax(b)) AS g \
          FROM layers.thua, ST_TileEnvelope($1, $2, $3) b, LATERAL (SELECT 4096 / (ST_XMax(b) - ST_XMin(b)) AS s) u \
          WHERE ST_Transform(geom, 3857) && ST_Expand(b, 100)) raw",
    )
    .bind(i32::from(tile.z))
    .bind(tile.x as i32)
    .bind(tile.y as i32)
    .fetch_all(&server.app.db.pool)
    .await
    .unwrap();
    let mut raw = vec![String::new(); 512 * 512];
    let mut areas: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (code, wkt, area) in rows {
        let name = code.map_or("(không)".into(), |c| format!("{:?}", mvt::Value::Text(c)));
        let rings: Vec<Vec<[f64; 2]>> = wkt
            .trim_start_matches("MULTIPOLYGON")
            .split(['(', ')'])
            .filter(|part| part.len() > 3)
            .map(|part| {
                let number = |t: &str| -> f64 { t.parse().unwrap() };
                part.split(',').map(|p| p.split_once(' ').map(|(x, y)| [number(x), number(y)]).unwrap()).collect()
            })
            .collect();
        fill_exact(&rings, |i| raw[i] = name.clone());
        areas.entry(name).or_default().1 += area;
    }
    let inside = "SELECT sum(ST_Area(ST_Intersection(ST_MakeValid(ST_GeomFromText(t)), ST_MakeEnvelope(0, 0, 4096, 4096)))) FROM unnest($1) t";
    for f in &made {
        let area: f64 = sqlx::query_scalar(inside).bind(vec![f.wkt()]).fetch_one(&server.app.db.pool).await.unwrap();
        areas.entry(class(f)).or_default().0 += area;
    }
    let all = (0..raw.len()).filter(|i| !raw[*i].is_empty() || !pixels[*i].is_empty()).count();
    let same = (0..raw.len()).filter(|i| !raw[*i].is_empty() && raw[*i] == pixels[*i]).count();
    (same, all, areas)
}

fn fill(parts: &[Vec<[i64; 2]>], paint: impl FnMut(usize)) {
    let rings: Vec<Vec<[f64; 2]>> =
        parts.iter().map(|r| r.iter().map(|p| [p[0] as f64, p[1] as f64]).collect()).collect();
    fill_exact(&rings, paint);
}

/// Calls `paint` with each pixel whose centre is inside (even and odd).
fn fill_exact(rings: &[Vec<[f64; 2]>], mut paint: impl FnMut(usize)) {
    let top = rings.iter().flatten().map(|p| p[1]).fold(f64::MAX, f64::min);
    let bottom = rings.iter().flatten().map(|p| p[1]).fold(f64::MIN, f64::max);
    for row in ((top / 8.0).floor().max(0.0) as usize)..((bottom / 8.0).ceil().clamp(0.0, 512.0) as usize) {
        let y = row as f64 * 8.0 + 4.0;
        let mut crossings = Vec::new();
        for ring in rings {
            for (i, a) in ring.iter().enumerate() {
                let b = ring[(i + 1) % ring.len()];
                if (a[1] <= y) != (b[1] <= y) {
                    crossings.push(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
                }
            }
        }
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            for column in 0..512 {
                let x = column as f64 * 8.0 + 4.0;
                if pair[0] < x && x <= pair[1] {
                    paint(row * 512 + column);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_changes_the_etag_of_the_tiles_it_touches_and_of_no_others_also_over_a_restart() {
    let world = World::new().await;
    let mut draw = Draw(3);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(400, 40.0, &mut draw)).await;
    let server = world.server().await;
    server.settled("thua").await;
    let path = |dx: f64| format!("/tiles/thua/{}", tile_at(17, LON + dx, LAT + 0.003));
    let (here, there) = (path(0.0005), path(0.006));
    assert_ne!(here, there);
    async fn etag(server: &Server, path: &str) -> String {
        server.get(path).await.header(header::ETAG).to_string()
    }
    let before = (etag(&server, &here).await, etag(&server, &there).await);
    world.sql("UPDATE layers.thua SET \"maDat\" = 'Sửa' WHERE ST_X(ST_Centroid(geom)) < 580100").await;
    server.settled("thua").await;
    let after = (server.other_etag(&here, &before.0).await, etag(&server, &there).await);
    assert_eq!(before.1, after.1);
    let again =
        server.send(Request::get(&there).header(header::IF_NONE_MATCH, &after.1).body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    // The next server takes the file and the journal; then it builds the file anew.
    drop(server);
    let server = world.server().await;
    let state = server.settled("thua").await;
    assert!(state.snapshot.meta.version == 1 && state.delta.len() > 30, "{}", state.delta.len());
    assert_eq!((etag(&server, &here).await, etag(&server, &there).await), after);
    let layer = server.app.catalog.get("thua").unwrap();
    server.app.tiles.keeper.build(&server.app.db, &layer).await.unwrap();
    assert!(server.settled("thua").await.delta.is_empty());
    assert_eq!((etag(&server, &here).await, etag(&server, &there).await), after);
    drop(server);
    let server = world.server().await;
    assert_eq!(server.settled("thua").await.snapshot.meta.version, 2);
    assert_eq!((etag(&server, &here).await, etag(&server, &there).await), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_changes_do_not_arrive_tiles_are_drawn_but_not_called_fresh() {
    let world = World::new().await;
    let mut draw = Draw(3);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(100, 40.0, &mut draw)).await;
    let server = world.server().await;
    server.settled("thua").await;
    let path = format!("/tiles/thua/{}", tile_at(16, LON + 0.001, LAT + 0.001));
    let etag = server.get(&path).await.header(header::ETAG).to_string();
    server.app.catalog.set_following(false);
    let request = Request::get(&path).header(header::IF_NONE_MATCH, &etag).body(Body::empty()).unwrap();
    let reply = server.send(request).await;
    assert_eq!((reply.status, reply.header(header::ETAG)), (StatusCode::OK, ""));
    assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
    assert!(!reply.bytes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_are_chosen_and_labels_stand_once() {
    let world = World::new().await;
    let mut draw = Draw(9);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(400, 40.0, &mut draw)).await;
    world.sql("UPDATE dothi.layer SET label_field = 'Số thửa', detail_zoom = 0 WHERE id = 'thua'").await;
    let server = world.server().await;
    server.settled("thua").await;
    let all =
        server.tile("thua", tile(14, LON + 0.003, LAT + 0.003), "?properties=maDat,S%E1%BB%91%20th%E1%BB%ADa").await;
    let names: std::collections::BTreeSet<&str> =
        all["thua"].iter().flat_map(|f| f.attributes.keys().map(String::as_str)).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["Số thửa", "maDat"]);
    let wrong = server.get("/tiles/thua/14/1/1?properties=khongCo").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    // Every parcel is in several tiles at zoom 18, its label in one.
    let mut labels: BTreeMap<u64, usize> = BTreeMap::new();
    let corner = tile(18, LON - 0.001, LAT + 0.009);
    for x in corner.x..corner.x + 9 {
        for y in corner.y..corner.y + 9 {
            let layers = server.tile("thua", Tile::new(18, x, y).unwrap(), "?labels=true").await;
            for f in layers.get("thua.label").into_iter().flatten() {
                assert_eq!((f.kind, f.attributes.len()), (1, 1), "{f:?}");
                *labels.entry(f.id.unwrap()).or_default() += 1;
            }
        }
    }
    assert!(labels.len() > 200 && labels.values().all(|n| *n == 1), "{labels:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_pyramid_goes_into_a_file_that_the_server_can_serve() {
    let world = World::new().await;
    let mut draw = Draw(13);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(400, 40.0, &mut draw)).await;
    world.sql("UPDATE dothi.layer SET min_zoom = 5, class_field = 'maDat' WHERE id = 'thua'").await;
    let file = world.dir.path().join("Bản đồ.pmtiles");
    let build = |more: &[&str]| {
        let mut command = std::process::Command::new(BIN);
        command.args(["--json", "--database-url", &world.url(), "--data-dir"]).arg(world.dir.path().join("var"));
        command.args(["tiles", "build", "thua", "-o"]).arg(&file).args(["--max-zoom", "17"]).args(more);
        command.output().unwrap()
    };
    let built = build(&[]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&built.stdout).unwrap();
    assert_eq!((&summary["minZoom"], &summary["maxZoom"]), (&5.into(), &17.into()));
    assert_eq!(build(&[]).status.code(), Some(4), "a file that is there is not replaced unasked");
    assert!(build(&["--force"]).status.success());
    let server = world.server_with(&["--archive", file.to_str().unwrap()]).await;
    server.settled("thua").await;
    let tilejson = server.json("/archives/ban_do").await;
    assert_eq!((&tilejson["maxzoom"], &tilejson["vector_layers"][0]["id"]), (&17.into(), &"thua".into()));
    let mut tiles = 0;
    for z in 4..=17 {
        let at = tile(z, LON + 0.003, LAT + 0.003);
        let path = |from: &str| format!("/{from}/{z}/{}/{}", at.x, at.y);
        let (a, b) = (server.get(&path("archives/ban_do")).await, server.get(&path("tiles/thua")).await);
        assert_eq!((a.status, mvt::decode(&a.bytes)), (b.status, mvt::decode(&b.bytes)), "z{z}");
        tiles += usize::from(a.status == StatusCode::OK);
    }
    assert!(tiles > 8, "{tiles}");
    assert_eq!(server.get("/archives/khac/1/0/0").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn maplibre_tiles_are_served_to_who_asks_and_written_into_archives() {
    let world = World::new().await;
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(100, 40.0, &mut Draw(19))).await;
    let file = world.dir.path().join("thua.pmtiles");
    let mut command = std::process::Command::new(BIN);
    command.args(["--database-url", &world.url(), "--data-dir"]).arg(world.dir.path().join("var"));
    command.args(["tiles", "build", "thua", "--mlt", "--min-zoom", "16", "--max-zoom", "16", "-o"]).arg(&file);
    assert!(command.output().unwrap().status.success());
    let server = world.server_with(&["--archive", file.to_str().unwrap()]).await;
    server.settled("thua").await;
    assert_eq!(server.json("/archives/thua").await["encoding"], "mlt");
    let at = tile(16, LON + 0.001, LAT + 0.001);
    let ask = async |from: &str, accept: &str| {
        let path = format!("/{from}/16/{}/{}", at.x, at.y);
        server.send(Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap()).await
    };
    // Twice: made, then out of memory.
    for _ in 0..2 {
        let mvt = ask("tiles/thua", "*/*").await;
        let mlt = ask("tiles/thua", "application/vnd.maplibre-tile").await;
        assert_eq!(mvt.header(header::CONTENT_TYPE), "application/vnd.mapbox-vector-tile");
        assert_eq!(mlt.header(header::CONTENT_TYPE), "application/vnd.maplibre-tile");
        assert_ne!(mvt.header(header::ETAG), mlt.header(header::ETAG));
        assert!(!mvt::decode(&mvt.bytes)["thua"].is_empty() && mlt.bytes.len() < mvt.bytes.len());
        assert_eq!(mlt.bytes, dothi::tiles::mlt::encode(&mvt.bytes).unwrap());
        assert_eq!(ask("archives/thua", "*/*").await.bytes, mlt.bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_tile_holds_what_the_filter_says_from_the_snapshot_as_from_postgis() {
    let world = World::new().await;
    let mut draw = Draw(17);
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(400, 40.0, &mut draw)).await;
    world.sql("UPDATE dothi.layer SET class_field = 'maDat', detail_zoom = 14 WHERE id = 'thua'").await;
    let server = world.server().await;
    server.settled("thua").await;
    world.sql("UPDATE layers.thua SET \"maDat\" = 'LUC' WHERE fid IN (3, 5, 90)").await;
    server.settled("thua").await;
    let layer = server.app.catalog.get("thua").unwrap();
    let at = tile(15, LON + 0.003, LAT + 0.003);
    for filter in [
        "\"maDat\" = 'LUC'",
        "\"maDat\" IN ('ONT', 'Đất ở') AND \"dienTich\" > 500",
        "\"Số thửa\" BETWEEN 100 AND 180 OR \"dung\" = true",
        "\"maDat\" IS NULL",
        "CASEI(\"maDat\") LIKE 'đ%'",
        "\"ngay\" = DATE('2026-11-25') AND fid < 200",
        "S_INTERSECTS(geom, BBOX(108.986,11.574,108.989,11.577))",
    ] {
        let text: String = filter.bytes().map(|b| format!("%{b:02X}")).collect();
        let made = server.tile("thua", at, &format!("?filter={text}")).await.remove("thua").unwrap_or_default();
        let expr = dothi::filter::parse(filter, dothi::filter::Lang::Text, &layer.fields, true, dothi::geo::Crs::CRS84)
            .unwrap();
        let expected =
            oracle::encode(&server.app.db.pool, &layer, MatrixSet::WEB_MERCATOR, at, None, Some(&expr)).await.unwrap();
        let expected = mvt::decode(&expected).remove("thua").unwrap_or_default();
        let ids =
            |features: &[Feature]| features.iter().filter_map(|f| f.id).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(ids(&made), ids(&expected), "{filter}");
        assert!(!made.is_empty(), "{filter}");
        // Below the detail zoom only the asked-for ground is covered.
        let low = server.tile("thua", tile(12, LON + 0.003, LAT + 0.003), &format!("?filter={text}")).await;
        let classes = |f: &Feature| f.attributes.get("maDat").cloned();
        let low: Vec<_> = low.get("thua").into_iter().flatten().filter(|f| f.id.is_none()).map(classes).collect();
        if filter == "\"maDat\" = 'LUC'" {
            assert_eq!(low, [Some(mvt::Value::Text("LUC".into()))]);
        }
    }
    let wrong = server.get("/tiles/thua/15/1/1?filter=maDatt%20%3D%201").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&wrong.bytes).contains("at position 0"));
}

/// More values than can be told apart as classes: the ground is drawn as one, and a condition still finds its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_on_a_class_field_of_very_many_values_finds_its_ground_at_low_zooms() {
    let world = World::new().await;
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(4_225, 40.0, &mut Draw(3))).await;
    world.sql("UPDATE layers.thua SET \"maDat\" = 'Thửa ' || fid").await;
    world.sql("UPDATE dothi.layer SET class_field = 'maDat', detail_zoom = 15 WHERE id = 'thua'").await;
    let server = world.server().await;
    server.settled("thua").await;
    let at = tile(14, LON + 0.003, LAT + 0.003);
    let found = async |n: usize| {
        let text: String = format!("\"maDat\" = 'Thửa {n}'").bytes().map(|b| format!("%{b:02X}")).collect();
        server.tile("thua", at, &format!("?filter={text}")).await
    };
    let mut there = 0;
    for n in [1, 70, 140, 300] {
        there += found(n).await.remove("thua").unwrap_or_default().len();
    }
    assert!(there > 0);
    assert!(found(9_999).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn real_layers_are_drawn_as_postgis_draws_them_with_edits_in_between() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cache/layers");
    if !samples.is_dir() {
        println!("skipped: no sample layers; `make samples` brings them");
        return;
    }
    let world = World::new().await;
    let layers = ["helsinki_cong_trinh", "helsinki_duong", "nen_dat", "xa_phuong_2025"];
    for id in layers {
        let file = ["geojson", "csv"].map(|e| samples.join(format!("{id}.{e}"))).into_iter().find(|f| f.exists());
        let mut import = std::process::Command::new(BIN);
        import.args(["--database-url", &world.url(), "--data-dir"]).arg(world.dir.path().join("var"));
        import.arg("import").arg(file.unwrap()).args(["--layer", id, "--srs", "EPSG:4326"]);
        let done = import.output().unwrap();
        assert!(done.status.success(), "{id}: {}", String::from_utf8_lossy(&done.stderr));
    }
    world.sql("UPDATE dothi.layer SET detail_zoom = 0").await;
    let server = world.server().await;
    let mut draw = Draw(29);
    for id in layers {
        let mut features = 0;
        for round in 0..2 {
            server.settled(id).await;
            for _ in 0..12 {
                // A tile where something is, at a zoom that shows some of it.
                let place = format!(
                    "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_PointOnSurface(geom), 4326) p FROM layers.{id} \
                     ORDER BY fid OFFSET {} LIMIT 1) t",
                    draw.below(400)
                );
                let (lon, lat): (f64, f64) =
                    sqlx::query_as(sqlx::AssertSqlSafe(place)).fetch_one(&server.app.db.pool).await.unwrap();
                let z = if id.starts_with("helsinki") { 12 + draw.below(7) } else { 4 + draw.below(9) };
                features += server.compare(id, tile(z as u8, lon, lat.clamp(-80.0, 84.0))).await;
            }
            if round == 0 {
                world
                    .sql(&format!(
                        "UPDATE layers.{id} SET geom = ST_Translate(geom, 0.0003, -0.0002) WHERE fid % 5 = 0; \
                         DELETE FROM layers.{id} WHERE fid % 17 = 3;"
                    ))
                    .await;
            }
        }
        assert!(features > 50, "{id}: {features}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_from_memory_is_answered_as_the_first_one_was() {
    let world = World::new().await;
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(100, 40.0, &mut Draw(3))).await;
    let server = world.server().await;
    server.settled("thua").await;
    let path = format!("/tiles/thua/{}", tile_at(16, LON + 0.001, LAT + 0.001));
    let ask = || Request::get(&path).header(header::ACCEPT_ENCODING, "gzip, zstd").body(Body::empty()).unwrap();
    let (first, second) = (server.send(ask()).await, server.send(ask()).await);
    assert_eq!((first.status, &first.bytes), (second.status, &second.bytes));
    for name in ["etag", "cache-control", "content-type", "content-encoding", "access-control-allow-origin"] {
        assert!(!first.header(name).is_empty() && first.header(name) == second.header(name), "{name}");
    }
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert!(second.header("vary").contains("Accept-Encoding"));
    // An edit is not overlooked by what is in memory.
    let plain = server.get(&path).await.header("etag").to_string();
    world.sql("UPDATE layers.thua SET \"maDat\" = 'Sửa'").await;
    server.other_etag(&path, &plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_made_in_front_of_the_router_is_the_one_that_the_router_makes() {
    let world = World::new().await;
    world.layer("thua", "MultiPolygon", 9217, FIELDS, &parcels(100, 40.0, &mut Draw(3))).await;
    let server = world.server_with(&["--tile-cache", "0"]).await;
    server.settled("thua").await;
    for (z, lon) in [(11, LON), (16, LON + 0.001), (18, LON + 0.001), (16, LON + 1.0)] {
        let path = format!("/tiles/thua/{}", tile_at(z, lon, LAT + 0.001));
        // What is asked by a parameter is the router's.
        let (front, router) = (server.get(&path).await, server.get(&format!("{path}?labels=false")).await);
        let empty = if lon == LON + 1.0 { StatusCode::NO_CONTENT } else { StatusCode::OK };
        assert_eq!((front.status, &front.bytes), (empty, &router.bytes), "{path}");
        assert_eq!(router.status, empty, "{path}");
        for name in ["etag", "cache-control", "content-type", "content-encoding", "access-control-allow-origin"] {
            assert_eq!(front.header(name), router.header(name), "{name} of {path}");
        }
    }
}
