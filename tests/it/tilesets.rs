//! OGC API – Tiles as a client walks it: from the landing page by links, with the arithmetic of the tile matrix set.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::Value;

use crate::mvt::{self, Feature};
use crate::support::{Reply, Server, World};

const TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

fn href<'a>(doc: &'a Value, rel: &str) -> &'a str {
    let links = doc["links"].as_array().unwrap_or_else(|| panic!("links in {doc}"));
    let link = links.iter().find(|l| l["rel"] == rel).unwrap_or_else(|| panic!("`{rel}` in {doc}"));
    link["href"].as_str().unwrap().strip_prefix("http://ban-do.test").expect("an address of this server")
}

/// Where a place in a plane falls: matrix, row and column by the set's own definition, and the place in the tile, in units
/// of 4,096 to a side.
fn locate(set: &Value, matrix: &str, [east, north]: [f64; 2]) -> (u64, u64, [f64; 2]) {
    let matrices = set["tileMatrices"].as_array().unwrap();
    let m = matrices.iter().find(|m| m["id"] == matrix).unwrap();
    let number = |v: &Value| v.as_f64().unwrap();
    assert_eq!((&m["tileWidth"], &m["cornerOfOrigin"]), (&Value::from(256), &Value::from("topLeft")));
    let width = number(&m["cellSize"]) * 256.0;
    let x = (east - number(&m["pointOfOrigin"][0])) / width;
    let y = (number(&m["pointOfOrigin"][1]) - north) / width;
    assert!(x >= 0.0 && x < number(&m["matrixWidth"]) && y >= 0.0 && y < number(&m["matrixHeight"]));
    (y as u64, x as u64, [x.fract() * 4096.0, y.fract() * 4096.0])
}

fn at(template: &str, matrix: &str, row: u64, column: u64) -> String {
    let text = template.replace("{tileMatrix}", matrix).replace("{tileRow}", &row.to_string());
    text.replace("{tileCol}", &column.to_string())
}

fn features(reply: &Reply, layer: &str) -> Vec<Feature> {
    assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.bytes));
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/vnd.mapbox-vector-tile");
    mvt::decode(&reply.bytes).remove(layer).unwrap_or_default()
}

impl Server {
    /// The tileset of a layer in a set, and the set, found by links.
    async fn tileset(&self, layer: &str, set: &str) -> (Value, Value) {
        let collection = self.json(&format!("/ogc/collections/{layer}")).await;
        let list = self.json(href(&collection, TILESETS)).await;
        let all = list["tilesets"].as_array().unwrap();
        let brief = all.iter().find(|t| href(t, "self").ends_with(&format!("/{set}"))).expect("the set is listed");
        assert_eq!(brief["dataType"], "vector");
        let whole = self.json(href(brief, "self")).await;
        assert_eq!(whole["crs"], brief["crs"]);
        let scheme = self.json(href(&whole, SCHEME)).await;
        assert_eq!((&scheme["id"], &scheme["crs"]), (&Value::from(set), &whole["crs"]));
        (whole, scheme)
    }
}

/// The control point of Phan Rang in WGS 84, and where PROJ has it in EPSG:9217.
const DEGREES: [f64; 2] = [108.9886, 11.5648];
const METRES: [f64; 2] = [580361.4269, 1279032.2689];

async fn control(world: &World) {
    let columns = [("ten", "text"), ("so", "int4")];
    let [lon, lat] = DEGREES;
    let rows = format!("VALUES (ST_Point({lon}, {lat}, 4326), 'Mốc', 7), (ST_Point(109.01, 11.6, 4326), 'Khác', 8)");
    world.layer("moc", "Point", 4326, &columns, &rows).await;
}

#[tokio::test]
async fn a_control_point_is_in_its_vn2000_tile_to_the_millimetre() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    let (tileset, set) = server.tileset("moc", "VN2000-9217").await;
    assert_eq!(set["orderedAxes"], serde_json::json!(["E", "N"]));
    let (row, column, place) = locate(&set, "20", METRES);
    let limits = tileset["tileMatrixSetLimits"].as_array().unwrap().iter().find(|l| l["tileMatrix"] == "20").unwrap();
    let within =
        |min: &str, max: &str, n: u64| limits[min].as_u64().unwrap() <= n && n <= limits[max].as_u64().unwrap();
    assert!(within("minTileRow", "maxTileRow", row) && within("minTileCol", "maxTileCol", column), "{limits}");
    let template = href(&tileset, "item");
    let found = features(&server.get(&at(template, "20", row, column)).await, "moc");
    assert_eq!((found.len(), found[0].id), (1, Some(1)));
    // 4,096 units are 256 pixels.
    let matrix = set["tileMatrices"].as_array().unwrap().iter().find(|m| m["id"] == "20").unwrap();
    let unit = matrix["cellSize"].as_f64().unwrap() / 16.0;
    let [x, y] = found[0].parts[0][0];
    let (dx, dy) = ((x as f64 - place[0]) * unit, (y as f64 - place[1]) * unit);
    assert!(dx.abs() < 0.001 && dy.abs() < 0.001, "{dx} m east, {dy} m south");
    assert_eq!(found[0].attributes["ten"], mvt::Value::Text("Mốc".into()));
}

#[tokio::test]
async fn tiles_of_a_zone_are_what_postgis_draws_in_that_zone() {
    let world = World::new().await;
    // Side by side, across several tiles of matrix 15 (71.68 m).
    let rows: Vec<String> = (0..60)
        .map(|i| {
            let (e, n) = (580_000.0 + 31.0 * f64::from(i % 10), 1_280_000.0 + 17.0 * f64::from(i / 10));
            format!("(ST_MakeEnvelope({e}, {n}, {}, {}, 9217), {i})", e + 31.0, n + 17.0)
        })
        .collect();
    let rows = format!("VALUES {}", rows.join(","));
    world.layer("thua", "Polygon", 9217, &[("so", "int4")], &rows).await;
    // The same in another zone and in degrees: stored as each is, drawn in 9217.
    for (id, srid) in [("thua_khac", 9218), ("thua_do", 4326)] {
        let moved = format!("SELECT ST_Transform(geom, {srid}), so FROM layers.thua ORDER BY fid");
        world.layer(id, "Polygon", srid, &[("so", "int4")], &moved).await;
    }
    let server = world.server().await;
    let (_, set) = server.tileset("thua", "VN2000-9217").await;
    let (row, column, _) = locate(&set, "15", [580_100.0, 1_280_050.0]);
    // PostGIS knows quadtrees of any square.
    let origin = &set["tileMatrices"][0]["pointOfOrigin"];
    let (west, north) = (origin[0].as_f64().unwrap(), origin[1].as_f64().unwrap());
    let width = set["tileMatrices"][0]["cellSize"].as_f64().unwrap() * 256.0;
    for id in ["thua", "thua_khac", "thua_do"] {
        let oracle: Vec<u8> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "SELECT ST_AsMVT(m, '{id}', 4096, 'g', 'fid') FROM (SELECT fid, so, ST_AsMVTGeom(ST_Transform(geom, 9217), \
             ST_TileEnvelope(15, {column}, {row}, ST_MakeEnvelope({west}, {}, {}, {north}, 9217)), 4096, 64, true) AS g \
             FROM layers.{id}) m WHERE g IS NOT NULL",
            north - width,
            west + width
        )))
        .fetch_one(&world.pool)
        .await
        .unwrap();
        let mut expected = mvt::decode(&oracle).remove(id).unwrap();
        let path = format!("/ogc/collections/{id}/tiles/VN2000-9217/15/{row}/{column}");
        let mut made = features(&server.get(&path).await, id);
        assert!(expected.len() >= 8, "several are in the tile");
        for list in [&mut expected, &mut made] {
            list.sort_by_key(|f| f.id);
        }
        assert_eq!(made, expected, "{id}");
    }
}

#[tokio::test]
async fn web_mercator_tiles_are_those_of_the_short_path() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    let (tileset, set) = server.tileset("moc", "WebMercatorQuad").await;
    assert_eq!(set["uri"], "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad");
    let radius = 6_378_137.0;
    let place = [DEGREES[0].to_radians() * radius, DEGREES[1].to_radians().tan().asinh() * radius];
    let (row, column, _) = locate(&set, "16", place);
    let ogc = at(href(&tileset, "item"), "16", row, column);
    server.eventually(|s| async move { s.app.tiles.keeper.get("moc").is_some_and(|l| l.state().is_some()) }).await;
    let short = server.get(&format!("/tiles/moc/16/{column}/{row}")).await;
    // Made, and then from memory.
    for _ in 0..2 {
        let reply = server.get(&ogc).await;
        assert_eq!(features(&reply, "moc").len(), 1);
        assert_eq!((reply.header(header::ETAG), &reply.bytes), (short.header(header::ETAG), &short.bytes));
        let asked = Request::get(&ogc).header(header::IF_NONE_MATCH, reply.header(header::ETAG));
        let again = server.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
    }
    let tilejson = server.json(&format!("{}?f=tilejson", href(&tileset, "self"))).await;
    let template = tilejson["tiles"][0].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap();
    let path = template.replace("{z}", "16").replace("{x}", &column.to_string()).replace("{y}", &row.to_string());
    assert_eq!(server.get(&path).await.bytes, short.bytes);
    assert_eq!(tilejson["vector_layers"][0]["id"], "moc");
}

#[tokio::test]
async fn a_geojson_tile_has_the_features_of_the_vector_tile_in_degrees() {
    let world = World::new().await;
    control(&world).await;
    world
        .sql("INSERT INTO layers.moc (geom, ten, so) VALUES (ST_Point(108.98861, 11.56481, 4326), '\"<Đất>\"', NULL)")
        .await;
    let server = world.server().await;
    let (tileset, _) = server.tileset("moc", "WebMercatorQuad").await;
    let links = tileset["links"].as_array().unwrap();
    let link = links
        .iter()
        .find(|l| l["rel"] == "item" && l["type"] == "application/geo+json")
        .expect("a link to GeoJSON tiles");
    let template = link["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap();
    // Zoom 16 by the arithmetic of Web Mercator.
    let [lon, lat]: [f64; 2] = DEGREES;
    let column = (lon + 180.0) / 360.0 * 65536.0;
    let row = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * 65536.0;
    // A tile is another once the snapshot is there.
    server.eventually(|s| async move { s.app.tiles.keeper.get("moc").is_some_and(|l| l.state().is_some()) }).await;
    let path = at(template, "16", row as u64, column as u64);
    let reply = server.get(&path).await;
    assert_eq!((reply.status.as_u16(), reply.header(header::CONTENT_TYPE)), (200, "application/geo+json"));
    let doc = reply.json();
    let found = doc["features"].as_array().unwrap();
    let vector = features(&server.get(&path.replace("?f=geojson", "")).await, "moc");
    assert_eq!((found.len(), vector.len()), (2, 2));
    let first = found.iter().find(|f| f["id"] == 1).unwrap();
    assert_eq!(
        (&first["layer"], &first["properties"]["ten"], &first["properties"]["so"]),
        (&"moc".into(), &"Mốc".into(), &7.into())
    );
    let other = found.iter().find(|f| f["id"] == 3).unwrap();
    assert_eq!(other["properties"], serde_json::json!({"ten": "\"<Đất>\""}));
    // Half a unit of the tile's grid.
    for (axis, degrees) in DEGREES.iter().enumerate() {
        let at = first["geometry"]["coordinates"][axis].as_f64().unwrap();
        assert!((at - degrees).abs() <= 360.0 / 65536.0 / 4096.0, "{at} {degrees}");
    }
    let accepted = Request::get(path.replace("?f=geojson", "")).header(header::ACCEPT, "application/geo+json");
    let accepted = server.send(accepted.body(Body::empty()).unwrap()).await;
    assert_eq!(accepted.json(), doc);
    assert_ne!(accepted.header(header::ETAG), server.get(&path.replace("?f=geojson", "")).await.header(header::ETAG));
    // In other planes tiles are not cut along degrees.
    assert_eq!(server.get("/ogc/collections/moc/tiles/VN2000-9217/0/0/0?f=geojson").await.status, 400);
}

#[tokio::test]
async fn outside_the_limits_is_not_found_and_inside_may_be_empty() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    for (set, deep) in [("WebMercatorQuad", "18"), ("VN2000-9217", "18")] {
        let (tileset, _) = server.tileset("moc", set).await;
        let template = href(&tileset, "item");
        let limits = tileset["tileMatrixSetLimits"].as_array().unwrap();
        let own = limits.iter().find(|l| l["tileMatrix"] == deep).unwrap();
        let n = |key: &str| own[key].as_u64().unwrap();
        let (top, left, right) = (n("minTileRow"), n("minTileCol"), n("maxTileCol"));
        // The north-western corner of the extent holds nothing: the two places are in the others.
        let reply = server.get(&at(template, deep, top, left)).await;
        assert_eq!((reply.status, reply.bytes.len()), (StatusCode::NO_CONTENT, 0), "{set}");
        for (matrix, row, column) in
            [(deep, top - 1, left), (deep, top, right + 1), ("25", 0, 0), ("x", 0, 0), (deep, 99_999_999_999, left)]
        {
            let reply = server.get(&at(template, matrix, row, column)).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{set} {matrix}/{row}/{column}");
            assert_eq!(reply.header(header::CONTENT_TYPE), "application/problem+json");
        }
    }
    for (path, status) in [
        ("/ogc/tileMatrixSets/nothing", 404),
        ("/ogc/collections/moc/tiles/nothing", 404),
        ("/ogc/collections/moc/tiles/VN2000-5896", 404),
        ("/ogc/collections/none/tiles", 404),
        ("/ogc/collections/moc/tiles/WebMercatorQuad?f=png", 400),
        ("/ogc/collections/moc/tiles/VN2000-9217?f=tilejson", 400),
        ("/ogc/collections/moc/tiles/WebMercatorQuad?x=1", 400),
        ("/ogc/collections/moc/tiles/WebMercatorQuad/0/0/0?f=png", 400),
        ("/ogc/collections/moc/tiles/WebMercatorQuad/0/0/0?collections=moc", 400),
        ("/ogc/collections/moc/tiles/VN2000-9217/0/0/0?labels=true", 400),
        ("/ogc/tiles?collections=none", 400),
        ("/ogc/tiles/WebMercatorQuad?collections=moc,moc", 400),
        ("/ogc/tiles/WebMercatorQuad/0/0/0?properties=none", 400),
    ] {
        assert_eq!(server.get(path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn an_edit_changes_the_tile_of_a_zone_and_its_etag() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    // A tile is another once the snapshot is there.
    server.eventually(|s| async move { s.app.tiles.keeper.get("moc").is_some_and(|l| l.state().is_some()) }).await;
    let (_, set) = server.tileset("moc", "VN2000-9217").await;
    let (row, column, _) = locate(&set, "16", METRES);
    let path = format!("/ogc/collections/moc/tiles/VN2000-9217/16/{row}/{column}");
    let before = server.get(&path).await.header(header::ETAG).to_string();
    assert!(before.starts_with('"'), "{before}");
    assert_eq!(server.get(&path).await.header(header::ETAG), before);
    world.sql("UPDATE layers.moc SET ten = 'Mốc mới' WHERE fid = 1").await;
    server.eventually(|s| async move { s.app.catalog.get("moc").unwrap().version == 2 }).await;
    let asked = Request::get(&path).header(header::IF_NONE_MATCH, &before).body(Body::empty()).unwrap();
    let after = server.send(asked).await;
    assert_ne!(after.header(header::ETAG), before);
    assert_eq!(features(&after, "moc")[0].attributes["ten"], mvt::Value::Text("Mốc mới".into()));
}

#[tokio::test]
async fn an_edit_elsewhere_leaves_the_tile_of_a_zone_and_its_etag() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    let (_, set) = server.tileset("moc", "VN2000-9217").await;
    let (row, column, _) = locate(&set, "16", METRES);
    let path = format!("/ogc/collections/moc/tiles/VN2000-9217/16/{row}/{column}");
    let known = |version| {
        move |s: crate::support::ServerRef| async move {
            s.app.tiles.keeper.get("moc").and_then(|l| l.state()).is_some_and(|s| s.version >= version)
        }
    };
    server.eventually(known(1)).await;
    let before = server.get(&path).await.header(header::ETAG).to_string();
    world.sql("UPDATE layers.moc SET ten = 'Nơi khác' WHERE fid = 2").await;
    server.eventually(known(2)).await;
    let asked = || Request::get(&path).header(header::IF_NONE_MATCH, &before).body(Body::empty()).unwrap();
    assert_eq!(server.send(asked()).await.status, 304, "5 km away");
    world.sql("UPDATE layers.moc SET ten = 'Mốc mới' WHERE fid = 1").await;
    server.eventually(known(3)).await;
    assert_eq!(server.send(asked()).await.status, 200);
    // What moves away, and what moves in.
    let there = server.get(&path).await.header(header::ETAG).to_string();
    world.sql("UPDATE layers.moc SET geom = ST_Point(109.01, 11.6, 4326) WHERE fid = 1").await;
    server.eventually(known(4)).await;
    let gone = server.get(&path).await;
    assert!(gone.status == 204 && gone.header(header::ETAG) != there, "{}", gone.status);
    world
        .sql(&format!("UPDATE layers.moc SET geom = ST_Point({}, {}, 4326) WHERE fid = 2", DEGREES[0], DEGREES[1]))
        .await;
    server.eventually(known(5)).await;
    assert_eq!(features(&server.get(&path).await, "moc").len(), 1);
}

#[tokio::test]
async fn a_crowded_layer_begins_where_its_tiles_of_a_zone_hold_no_more_than_they_can() {
    let world = World::new().await;
    control(&world).await;
    world.sql("UPDATE dothi.layer SET feature_count = 3000000 WHERE id = 'moc'").await;
    let server = world.server().await;
    let first =
        |tileset: &Value| tileset["tileMatrixSetLimits"][0]["tileMatrix"].as_str().unwrap().parse::<u8>().unwrap();
    let (zone, set) = server.tileset("moc", "VN2000-9217").await;
    // Some 2.3 by 3.9 km hold three million: 20,000 are in 240 m.
    assert_eq!(first(&zone), 14);
    assert_eq!(zone["layers"][0]["minTileMatrix"], "14");
    let (row, column, _) = locate(&set, "13", METRES);
    let path = at(href(&zone, "item"), "13", row, column);
    assert_eq!(server.get(&path).await.status, StatusCode::NOT_FOUND);
    let (mercator, _) = server.tileset("moc", "WebMercatorQuad").await;
    assert_eq!(first(&mercator), 0);
    world.sql("UPDATE dothi.layer SET feature_count = 2; SELECT dothi.bump('moc', 0, NULL)").await;
    server.eventually(|s| async move { s.app.catalog.get("moc").unwrap().feature_count == 2 }).await;
    assert_eq!(first(&server.tileset("moc", "VN2000-9217").await.0), 0);
}

#[tokio::test]
async fn what_is_asked_of_a_tileset_is_asked_of_its_tiles() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    for set in ["WebMercatorQuad", "VN2000-9217"] {
        let here = format!("/ogc/collections/moc/tiles/{set}?properties=so&filter=so%20%3D%208&f=json");
        let tileset = server.json(&here).await;
        let path = at(href(&tileset, "item"), "0", 0, 0);
        let found = features(&server.get(&path).await, "moc");
        assert_eq!(found.len(), 1, "{path}");
        assert_eq!(found[0].attributes.keys().collect::<Vec<_>>(), ["so"]);
        assert_eq!(found[0].id, Some(2));
    }
}

#[tokio::test]
async fn a_dataset_has_the_layers_that_are_chosen_in_their_order() {
    let world = World::new().await;
    control(&world).await;
    world.layer("khac", "Point", 9217, &[], "VALUES (ST_Point(580300, 1279000, 9217))").await;
    world.layer("ha_noi", "Point", 5897, &[], "VALUES (ST_Point(580300, 2325000, 5897))").await;
    let server = world.server().await;
    let landing = server.json("/ogc").await;
    let list = server.json(href(&landing, TILESETS)).await;
    let all: Vec<&str> = list["tilesets"].as_array().unwrap().iter().map(|t| href(t, "self")).collect();
    assert!(all.starts_with(&["/ogc/tiles/WebMercatorQuad", "/ogc/tiles/VN2000-9217"]), "{all:?}");
    let whole = server.json(all[0]).await;
    assert_eq!(whole["layers"].as_array().unwrap().len(), 3);
    // Without a choice, those that lie in the zone.
    let zone = server.json(all[1]).await;
    let ids: Vec<&str> = zone["layers"].as_array().unwrap().iter().map(|l| l["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["khac", "moc"]);
    let chosen = "http://ban-do.test/ogc/collections/moc,khac".replace(':', "%3A");
    let tileset = server.json(&format!("/ogc/tiles/VN2000-9217?collections={chosen}")).await;
    assert_eq!(tileset["layers"][0]["id"], "moc");
    let reply = server.get(&at(href(&tileset, "item"), "0", 0, 0)).await;
    assert_eq!(mvt::decode(&reply.bytes).into_keys().collect::<Vec<_>>(), ["khac", "moc"]);
    let reply = server.get("/ogc/tiles/VN2000-9217/0/0/0?collections=moc,ha_noi").await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.json()["parameter"], "collections");
}

#[tokio::test]
async fn the_api_definition_names_the_operations_as_the_standard_does() {
    let world = World::new().await;
    control(&world).await;
    let server = world.server().await;
    let api = server.json("/ogc/api").await;
    let ids: Vec<&str> =
        api["paths"].as_object().unwrap().values().filter_map(|p| p["get"]["operationId"].as_str()).collect();
    for origin in ["dataset", "collection"] {
        for what in ["getTileSetsList", "getTileSet", "getTile"] {
            let suffix = format!(".{origin}.vector.{what}");
            assert_eq!(ids.iter().filter(|id| id.ends_with(&suffix)).count(), 1, "{suffix}");
        }
    }
    assert!(ids.contains(&"getTileMatrixSetsList") && ids.contains(&"getTileMatrixSet"));
    let conformance = server.json("/ogc/conformance").await;
    let all = conformance["conformsTo"].as_array().unwrap();
    assert!(all.contains(&Value::from("http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core")));
    let sets = server.json("/ogc/tileMatrixSets").await;
    for set in sets["tileMatrixSets"].as_array().unwrap() {
        let definition = server.json(href(set, "self")).await;
        assert!(definition["tileMatrices"].as_array().unwrap().len() >= 20);
    }
}
