//! Coordinate systems by reference: PostGIS's own ST_Transform is the measure.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use dothi::geo::{self, Crs, Transform};

use crate::support::{Reply, Server, World};

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

fn epsg(code: i32) -> String {
    format!("http://www.opengis.net/def/crs/EPSG/0/{code}")
}

/// Points in the city, 10 m apart, stored in VN-2000 / TM-3 108°15′.
async fn points(n: u32) -> (World, Server) {
    let world = World::new().await;
    let rows = format!(
        "SELECT ST_SetSRID(ST_Point(580000.1234 + i * 10, 1279000.5678 + i * 7), 9217), i, CASE i % 2 WHEN 0 THEN 'ONT' ELSE 'CLN' END FROM generate_series(0, {}) i",
        n - 1
    );
    world.layer("moc", "Point", 9217, &[("so", "int4"), ("Mã đất", "text")], &rows).await;
    let server = world.server().await;
    (world, server)
}

/// Where PostGIS puts the features of a layer in a system, x first.
async fn oracle(world: &World, layer: &str, srid: i32) -> Vec<[f64; 2]> {
    let sql = format!(
        "SELECT ST_X(g), ST_Y(g) FROM (SELECT fid, ST_Transform(geom, {srid}) AS g FROM layers.{layer}) t ORDER BY fid"
    );
    let rows: Vec<(f64, f64)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
    rows.into_iter().map(|(x, y)| [x, y]).collect()
}

fn positions(page: &Value) -> Vec<[f64; 2]> {
    let features = page["features"].as_array().unwrap();
    let at = |f: &Value, i: usize| f["geometry"]["coordinates"][i].as_f64().unwrap();
    features.iter().map(|f| [at(f, 0), at(f, 1)]).collect()
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

async fn numbers(server: &Server, query: &str) -> Vec<i64> {
    let page = server.json(&format!("/ogc/collections/moc/items?limit=1000&{query}")).await;
    page["features"].as_array().unwrap().iter().map(|f| f["properties"]["so"].as_i64().unwrap()).collect()
}

async fn refused(server: &Server, query: &str) -> Value {
    let reply = server.get(&format!("/ogc/collections/moc/items?{query}")).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}: {}", String::from_utf8_lossy(&reply.bytes));
    reply.json()
}

/// What PROJ is told of a system: VN-2000 by the parameters of EPSG:6960, whose rotations PROJ's `towgs84` has the other way round.
fn proj(srid: i32) -> String {
    let vietnam =
        "+ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278";
    match srid {
        4326 => "+proj=longlat +datum=WGS84".into(),
        4756 => format!("+proj=longlat {vietnam}"),
        3857 => {
            "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext"
                .into()
        }
        32601..=32660 => format!("+proj=utm +zone={} +datum=WGS84", srid - 32600),
        32701..=32760 => format!("+proj=utm +zone={} +south +datum=WGS84", srid - 32700),
        _ => {
            let zone = geo::zone(srid).unwrap();
            format!("+proj=tmerc +lat_0=0 +lon_0={} +k={} +x_0=500000 +y_0=0 {vietnam}", zone.meridian, zone.scale)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_transformed_here_is_where_proj_puts_it() {
    let world = World::new().await;
    let zones = geo::vn2000().map(|crs| crs.srid);
    let mut places = 0;
    for srid in zones.chain([3857, 32648, 32649, 32748]) {
        // Degrees round the middle of the system; heights to 3 km.
        let middle = geo::zone(srid).map_or(106.0, |zone| zone.meridian);
        let sql = format!(
            "SELECT lon, lat, h, ST_X(p), ST_Y(p), ST_X(q), ST_Y(q) FROM (SELECT lon, lat, h, p, ST_Transform(p, '{there}', '{degrees}') AS q FROM \
             (SELECT lon, lat, h, ST_Transform(ST_MakePoint(lon, lat, h), '{degrees}', '{there}') AS p FROM \
             (SELECT {middle} + ((i * 37) % 401 - 200) / 50.0::float8 AS lon, 8 + ((i * 53) % 307) / 19.0::float8 AS lat, (i % 4) * 1000::float8 AS h \
             FROM generate_series(1, 300) i) a) b) c",
            degrees = proj(4326),
            there = proj(srid)
        );
        type Row = (f64, f64, f64, f64, f64, f64, f64);
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap();
        let (to, back) = (Transform::new(4326, Crs::plane(srid)).unwrap(), Transform::new(srid, Crs::CRS84).unwrap());
        // A micrometre.
        let near = if srid == 4756 { 1e-11 } else { 1e-6 };
        for (lon, lat, h, x, y, lon2, lat2) in rows {
            let at = to.position(lon, lat, h);
            assert!(
                (at.0 - x).abs() < near && (at.1 - y).abs() < near,
                "{srid}: {lon} {lat} {h}: {at:?}, PROJ {x} {y}"
            );
            let at = back.position(x, y, h);
            assert!(
                (at.0 - lon2).abs() < 1e-11 && (at.1 - lat2).abs() < 1e-11,
                "{srid}: {x} {y} {h}: {at:?}, PROJ {lon2} {lat2}"
            );
            places += 1;
        }
    }
    assert_eq!(places, 25 * 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_selects_what_intersects_it_also_at_its_sides() {
    let world = World::new().await;
    let systems = [4326, 4756, 3857, 9217, 3405, 32649, 2193];
    for srid in systems {
        // Triangles of 1 to 300 m, many of which touch a side of one of the boxes or miss it by little.
        let rows = format!(
            "SELECT ST_Transform(ST_SetSRID(ST_MakePolygon(ST_MakeLine(ARRAY[p, ST_Translate(p, d, d / 3), ST_Translate(p, d / 2, d), p])), 4326), {srid}), i \
             FROM (SELECT i, ST_Point(108.9 + (i * 7919 % 1000) * 1e-4, 11.5 + (i * 104729 % 1000) * 1e-4) AS p, 1e-5 * (1 + i % 270) AS d FROM generate_series(1, 4000) i) s"
        );
        world.layer(&format!("tam_{srid}"), "Polygon", srid, &[("so", "int4")], &rows).await;
    }
    let server = world.server().await;
    for srid in systems {
        for n in 0..12 {
            let (west, south) = (108.9 + f64::from(n) * 0.007, 11.5 + f64::from(n) * 0.0061);
            let width = [0.0005, 0.004, 0.03][n as usize % 3];
            let (east, north) = (west + width, south + width);
            let query = format!("bbox={west},{south},{east},{north}&count=exact&limit=1");
            let page = server.json(&format!("/ogc/collections/tam_{srid}/items?{query}")).await;
            let sql = format!(
                "SELECT count(*) FROM layers.tam_{srid} WHERE ST_Intersects(geom, ST_Transform(ST_Segmentize(ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326), {width} / 16), {srid}))"
            );
            let want: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&world.pool).await.unwrap();
            assert_eq!(page["numberMatched"], want, "EPSG:{srid} {query}");
            assert!(want > 0, "EPSG:{srid} {query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_lists_the_systems_it_is_served_in() {
    let (world, server) = points(3).await;
    world.layer("tinh", "Point", 4326, &[], "SELECT ST_SetSRID(ST_Point(0, 51), 4326)").await;
    world.layer("luoi", "Point", 2193, &[], "SELECT ST_SetSRID(ST_Point(1600000, 5500000), 2193)").await;
    server.eventually(|s| async move { s.app.catalog.get("luoi").is_some_and(|l| l.extent.is_some()) }).await;
    let one = server.json("/ogc/collections/moc").await;
    let systems = list(&one["crs"]);
    let want: Vec<String> = [9217, 4326, 3857, 4756, 3406, 5898, 5899, 9216, 9218].map(epsg).into();
    assert_eq!((systems[0], &systems[1..]), (CRS84, &want.iter().map(String::as_str).collect::<Vec<_>>()[..]));
    assert_eq!(one["storageCrs"], epsg(9217));
    let all = server.json("/ogc/collections").await;
    let listed = all["collections"].as_array().unwrap().iter().find(|c| c["id"] == "moc").unwrap();
    assert_eq!(listed, &one, "the same in the list and alone");
    let far = server.json("/ogc/collections/tinh").await;
    assert_eq!((list(&far["crs"]), &far["storageCrs"]), (vec![CRS84, &epsg(4326), &epsg(3857)], &json!(CRS84)));
    assert_eq!(list(&server.json("/ogc/collections/luoi").await["crs"])[1], epsg(2193));
    let classes = server.json("/ogc/conformance").await;
    assert!(list(&classes["conformsTo"]).contains(&"http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinates_are_those_of_postgis_to_the_millimetre_in_every_listed_system() {
    let (world, server) = points(5).await;
    let listed = server.json("/ogc/collections/moc").await;
    for uri in list(&listed["crs"]) {
        let srid = uri.rsplit('/').next().unwrap().parse().unwrap_or(4326);
        let degrees = matches!(srid, 4326 | 4756);
        let y_first = degrees && uri != CRS84;
        let want = oracle(&world, "moc", srid).await;
        let reply = server.get(&format!("/ogc/collections/moc/items?crs={uri}")).await;
        assert_eq!((reply.status, reply.header("content-crs")), (StatusCode::OK, &*format!("<{uri}>")));
        let got = positions(&reply.json());
        assert_eq!(got.len(), 5);
        for (want, mut got) in want.into_iter().zip(got) {
            if y_first {
                got.reverse();
            }
            let near = if degrees { 1e-9 } else { 1e-4 };
            assert!((want[0] - got[0]).abs() < near && (want[1] - got[1]).abs() < near, "{uri}: {want:?} {got:?}");
        }
        let one = server.get(&format!("/ogc/collections/moc/items/3?crs={uri}")).await;
        assert_eq!(one.header("content-crs"), format!("<{uri}>"));
        assert_eq!(one.json()["geometry"], reply.json()["features"][2]["geometry"], "{uri}");
    }
    for path in ["/ogc/collections/moc/items", "/ogc/collections/moc/items/1"] {
        assert_eq!(server.get(path).await.header("content-crs"), format!("<{CRS84}>"), "{path}");
    }
    // A test vector of the standard transformation: 11.5648 N, 108.9886 E.
    world.sql("UPDATE layers.moc SET geom = ST_Transform(ST_SetSRID(ST_Point(108.9886, 11.5648), 4326), 9217) WHERE fid = 1").await;
    for (crs, want) in [("9217", [580361.4269, 1279032.2689]), ("EPSG:5898", [607630.0319, 1279114.5103])] {
        let one = server.json(&format!("/ogc/collections/moc/items/1?crs={crs}")).await;
        for axis in 0..2 {
            let is = one["geometry"]["coordinates"][axis].as_f64().unwrap();
            assert!((is - want[axis]).abs() < 0.001, "{crs}: {one}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_common_spelling_of_a_system_is_understood() {
    let (_world, server) = points(2).await;
    for (said, uri) in [
        ("EPSG:9217", epsg(9217)),
        ("9217", epsg(9217)),
        ("urn:ogc:def:crs:EPSG::9217", epsg(9217)),
        ("%5BEPSG:9217%5D", epsg(9217)),
        ("EPSG:4326", epsg(4326)),
        ("CRS84", CRS84.to_string()),
        ("OGC:CRS84", CRS84.to_string()),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", CRS84.to_string()),
    ] {
        let reply = server.get(&format!("/ogc/collections/moc/items?crs={said}")).await;
        assert_eq!((reply.status, reply.header("content-crs")), (StatusCode::OK, &*format!("<{uri}>")), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_is_read_in_its_own_system_and_order_of_axes() {
    let (world, server) = points(9).await;
    let listed = server.json("/ogc/collections/moc").await;
    for uri in list(&listed["crs"]) {
        let srid = uri.rsplit('/').next().unwrap().parse().unwrap_or(4326);
        let degrees = matches!(srid, 4326 | 4756);
        let at = oracle(&world, "moc", srid).await;
        // Around the points 3 to 5, a metre wider to each side.
        let wide = if degrees { 1e-5 } else { 1.0 };
        let (w, s, e, n) = (at[3][0] - wide, at[3][1] - wide, at[5][0] + wide, at[5][1] + wide);
        let (four, six) = match degrees && uri != CRS84 {
            true => (format!("{s},{w},{n},{e}"), format!("{s},{w},-5,{n},{e},9")),
            false => (format!("{w},{s},{e},{n}"), format!("{w},{s},-5,{e},{n},9")),
        };
        for bbox in [four, six] {
            assert_eq!(numbers(&server, &format!("bbox={bbox}&bbox-crs={uri}")).await, [3, 4, 5], "{uri}: {bbox}");
        }
        // The answer's system is its own matter.
        let both = format!("bbox-crs=EPSG:9217&bbox=580025,1279000,580035,1279030&crs={uri}");
        assert_eq!(numbers(&server, &both).await, [3], "{uri}");
    }
    // Across the antimeridian the long way round; in metres there is no such thing.
    assert_eq!(numbers(&server, "bbox=100,-80,-100,80").await.len(), 9);
    assert_eq!(numbers(&server, "bbox=-80,100,80,-100&bbox-crs=EPSG:4326").await.len(), 9);
    assert_eq!(numbers(&server, "bbox=-80,100,80,-100&bbox-crs=EPSG:4756").await.len(), 9);
    assert_eq!(numbers(&server, "bbox=-80,110,80,100&bbox-crs=EPSG:4756").await.len(), 0);
    let problem = refused(&server, "bbox=580035,1279000,580025,1279030&bbox-crs=EPSG:9217").await;
    assert!(problem["parameter"] == "bbox" && problem["detail"].as_str().unwrap().contains("`580035`"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_far_beyond_what_a_system_can_show_do_no_harm() {
    let (world, server) = points(4).await;
    world.layer("do", "Point", 4326, &[("so", "int4")], "SELECT ST_SetSRID(ST_Point(108.98, 11.56), 4326), 1").await;
    world
        .layer(
            "web",
            "Point",
            3857,
            &[("so", "int4")],
            "SELECT ST_Transform(ST_SetSRID(ST_Point(108.98, 11.56), 4326), 3857), 1",
        )
        .await;
    server.eventually(|s| async move { s.app.catalog.get("web").is_some_and(|l| l.extent.is_some()) }).await;
    world.layer("cuc", "Point", 4326, &[], "SELECT ST_SetSRID(ST_Point(0, -90), 4326)").await;
    server.eventually(|s| async move { s.app.catalog.get("cuc").is_some_and(|l| l.extent.is_some()) }).await;
    let pole = server.get("/ogc/collections/cuc/items?crs=EPSG:3857").await;
    assert_eq!(pole.status, 200, "{}", String::from_utf8_lossy(&pole.bytes));
    for layer in ["moc", "do", "web"] {
        let all = server.json(&format!("/ogc/collections/{layer}")).await["itemCount"].as_i64().unwrap();
        for crs in ["EPSG:9217", "EPSG:5898", "EPSG:3406", "EPSG:3857"] {
            for (bbox, want) in [
                ("-1e300,-1e300,1e300,1e300", all),
                ("0,0,20000000,20000000", all),
                ("1e300,0,1e301,1", 0),
                ("-5,-5,-4,-4", 0),
            ] {
                let page = server.json(&format!("/ogc/collections/{layer}/items?bbox={bbox}&bbox-crs={crs}")).await;
                assert_eq!(page["numberMatched"], want, "{layer} {crs} {bbox}");
            }
        }
        for (crs, bbox) in [("EPSG:4326", "-90,-180,90,180"), ("EPSG:4756", "-90,-180,90,180")] {
            let page = server.json(&format!("/ogc/collections/{layer}/items?bbox={bbox}&bbox-crs={crs}")).await;
            assert_eq!(page["numberMatched"], all, "{layer} {crs}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_is_not_served_is_refused_by_name_and_those_that_are_are_listed() {
    let (_world, server) = points(2).await;
    for name in ["crs", "bbox-crs"] {
        for value in [
            "http://www.opengis.net/def/crs/0/unsupported",
            "EPSG:2193",
            "EPSG:9205",
            "VN-2000",
            "4326; DROP TABLE x",
            "EPSG:99999999999",
        ] {
            let said = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            let problem = refused(&server, &format!("{name}={said}")).await;
            let detail = problem["detail"].as_str().unwrap();
            assert_eq!(problem["parameter"], name, "{value}");
            assert!(detail.contains(value) && detail.contains(CRS84) && detail.contains(&epsg(9217)), "{detail}");
        }
    }
    let one = server.get("/ogc/collections/moc/items/1?crs=EPSG:2193").await;
    assert_eq!((one.status, &one.json()["parameter"]), (StatusCode::BAD_REQUEST, &json!("crs")));
    for (query, says) in [
        ("bbox=1,2,3&bbox-crs=EPSG:4326", "south,west,north,east"),
        ("bbox=108,11,109,12&bbox-crs=EPSG:4326", "`108`"),
        ("bbox=NaN,1,2,3&bbox-crs=EPSG:9217", "NaN"),
        ("bbox=inf,1,inf,3&bbox-crs=EPSG:9217", "inf"),
    ] {
        let problem = refused(&server, query).await;
        assert_eq!(problem["parameter"], "bbox", "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{query}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_in_their_system_with_their_box_and_their_filters() {
    let (_world, server) = points(40).await;
    let mut path = "/ogc/collections/moc/items?limit=3&crs=EPSG:5898&bbox=580045,0,580255,2000000&bbox-crs=9217&M%C3%A3%20%C4%91%E1%BA%A5t=ONT&filter=so%20%3C%3E%2010".to_string();
    let mut seen = Vec::new();
    loop {
        let reply = server.get(&path).await;
        let page = reply.json();
        assert_eq!(reply.header("content-crs"), format!("<{}>", epsg(5898)));
        assert_eq!(reply.header("ogc-numbermatched"), page["numberMatched"].to_string());
        assert_eq!(reply.header("ogc-numberreturned"), page["numberReturned"].to_string());
        assert!(positions(&page).iter().all(|p| (607_000.0..608_000.0).contains(&p[0])), "{page}");
        seen.extend(page["features"].as_array().unwrap().iter().map(|f| f["properties"]["so"].as_i64().unwrap()));
        let links = page["links"].as_array().unwrap();
        let headers: Vec<&str> = reply.headers.get_all(header::LINK).iter().map(|v| v.to_str().unwrap()).collect();
        // Other forms of the page are told in the document only.
        for link in links.iter().filter(|l| !["alternate", "enclosure"].contains(&l["rel"].as_str().unwrap())) {
            let (href, rel) = (link["href"].as_str().unwrap(), link["rel"].as_str().unwrap());
            assert!(headers.iter().any(|h| h.starts_with(&format!("<{href}>; rel=\"{rel}\"; type="))), "{headers:?}");
        }
        let Some(next) = links.iter().find(|l| l["rel"] == "next") else { break };
        path = next["href"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap().to_string();
    }
    assert_eq!(seen, [6, 8, 12, 14, 16, 18, 20, 22, 24]);
    let one = server.json("/ogc/collections/moc/items/1?crs=EPSG:9217").await;
    assert_eq!(one["links"][0]["href"], "http://ban-do.test/ogc/collections/moc/items/1?crs=EPSG%3A9217");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_read_in_the_order_of_axes_of_its_system() {
    let (world, server) = points(5).await;
    for (srid, crs) in [(4326, "EPSG:4326"), (4756, "EPSG:4756")] {
        let [lon, lat] = oracle(&world, "moc", srid).await[2];
        let (w, s, e, n) = (lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5);
        for filter in [
            format!("S_INTERSECTS(geom,BBOX({s},{w},{n},{e}))"),
            format!("S_INTERSECTS(geom,POLYGON(({s} {w},{s} {e},{n} {e},{n} {w},{s} {w})))"),
        ] {
            let said = percent_encoding::utf8_percent_encode(&filter, percent_encoding::NON_ALPHANUMERIC);
            assert_eq!(numbers(&server, &format!("filter={said}&filter-crs={crs}")).await, [2], "{filter}");
        }
        let json = json!({"op": "s_intersects", "args": [{"property": "geom"}, {"bbox": [s, w, n, e]}]}).to_string();
        let said = percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC);
        assert_eq!(numbers(&server, &format!("filter={said}&filter-lang=cql2-json&filter-crs={crs}")).await, [2]);
    }
    let problem = refused(&server, "filter=S_INTERSECTS(geom,POINT(108.9%2011.5))&filter-crs=EPSG:4326").await;
    assert!(problem["detail"].as_str().unwrap().contains("latitude, then longitude"), "{problem}");
    // New Zealand's grid has the northing first.
    world.layer("luoi", "Point", 2193, &[], "SELECT ST_SetSRID(ST_Point(1600000, 5500000), 2193)").await;
    server.eventually(|s| async move { s.app.catalog.get("luoi").is_some_and(|l| l.extent.is_some()) }).await;
    let page = server.json("/ogc/collections/luoi/items?crs=EPSG:2193&bbox-crs=EPSG:2193&bbox=5499999,1599999,5500001,1600001&filter=S_INTERSECTS(geom,POINT(5500000%201600000))&filter-crs=EPSG:2193").await;
    assert_eq!(page["features"][0]["geometry"]["coordinates"], json!([5_500_000, 1_600_000]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_definition_lists_the_systems_parameters() {
    let (_world, server) = points(1).await;
    let api = server.json("/ogc/api").await;
    let refers = |path: &str| -> Vec<String> {
        let all = api["paths"][path]["get"]["parameters"].as_array().unwrap();
        all.iter().filter_map(|p| Some(p["$ref"].as_str()?.rsplit('/').next()?.to_string())).collect()
    };
    let items = refers("/collections/moc/items");
    assert!(["crs", "bbox-crs"].iter().all(|p| items.contains(&p.to_string())), "{items:?}");
    assert!(refers("/collections/moc/items/{featureId}").contains(&"crs".to_string()));
    for name in ["crs", "bbox-crs"] {
        assert_eq!(api["components"]["parameters"][name]["schema"]["default"], CRS84);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_answers_wherever_get_does_with_the_same_headers_and_no_body() {
    let (_world, server) = points(3).await;
    // A tile is another once the snapshot is there.
    server.eventually(|s| async move { s.app.tiles.keeper.get("moc").is_some_and(|l| l.state().is_some()) }).await;
    let ask = async |method: Method, path: &str| -> Reply {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "ban-do.test");
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for path in [
        "/",
        "/ogc",
        "/ogc/conformance",
        "/ogc/api",
        "/ogc/functions",
        "/ogc/collections",
        "/ogc/collections/moc",
        "/ogc/collections/moc/queryables",
        "/ogc/collections/moc/items?limit=2&crs=9217",
        "/ogc/collections/moc/items/1",
        "/ogc/collections/moc/items/99",
        "/ogc/collections/moc/items?limit=x",
        "/tiles/moc",
        "/tiles/moc/0/0/0",
        "/archives",
        "/styles",
        "/styles/default",
        "/land-use",
        "/query/at?lon=108.98&lat=11.56",
        "/query/near?lon=108.98&lat=11.56&distance=10",
        "/health",
        "/ready",
        "/metrics",
        "/nowhere",
    ] {
        let (get, head) = (ask(Method::GET, path).await, ask(Method::HEAD, path).await);
        assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
        for name in ["content-type", "content-crs", "ogc-numbermatched", "ogc-numberreturned", "link", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
}
