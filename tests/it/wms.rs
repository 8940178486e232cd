//! Maps as pictures: what there is, the right pixels at the right places in every system, what is at a pixel.

use axum::http::StatusCode;

use crate::support::{Reply, Server, World};

/// A lot of 100 m × 50 m ONT, one of CLN east of it, with a hole in neither; a point in the first.
async fn lots() -> World {
    let world = World::new().await;
    let lot =
        |e: i32, code: &str| format!("(ST_MakeEnvelope({e}, 1279000, {}, 1279050, 9217), '{code}', {e})", e + 100);
    let rows = format!("VALUES {}, {}", lot(580_000, "ONT"), lot(580_100, "CLN"));
    world.layer("thua", "Polygon", 9217, &[("maDat", "text"), ("so", "int4")], &rows).await;
    world
        .sql("UPDATE dothi.layer SET class_field = 'maDat', title = 'Thửa đất', title_en = 'Lots', \"group\" = 'Quy hoạch', group_en = 'Planning' WHERE id = 'thua'")
        .await;
    let point = "VALUES (ST_SetSRID('POINT(580050 1279025)'::geometry, 9217), 'Cột mốc <1>')";
    world.layer("moc", "Point", 9217, &[("ten", "text")], point).await;
    world.sql("UPDATE dothi.layer SET color = '#00FF00', min_zoom = 10 WHERE id = 'moc'").await;
    world
}

struct Picture {
    width: usize,
    pixels: Vec<u8>,
    kind: png::ColorType,
}

impl Picture {
    fn at(&self, x: usize, y: usize) -> [u8; 4] {
        let i = (y * self.width + x) * 4;
        self.pixels[i..i + 4].try_into().unwrap()
    }
}

fn picture(reply: &Reply) -> Picture {
    assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.bytes));
    assert_eq!(reply.header("content-type"), "image/png");
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&reply.bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let kind = reader.info().color_type;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    Picture { width: info.width as usize, pixels, kind }
}

const MAP: &str = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=thua&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE";

/// The colour of a class, seen through as its fill is.
async fn color(world: &World, code: &str) -> [u8; 3] {
    let hex: i64 = world
        .number(&format!("SELECT ('x' || substr(color, 2))::bit(24)::int8 FROM dothi.land_use WHERE code = '{code}'"))
        .await;
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

fn near(pixel: [u8; 4], [r, g, b]: [u8; 3]) -> bool {
    pixel[3] > 200 && [r, g, b].iter().zip(pixel).all(|(a, b)| a.abs_diff(b) < 4)
}

/// The box of both lots in a system, as PostGIS has it.
async fn sides(world: &World, srid: i32) -> [f64; 4] {
    let mut sides = [0.0; 4];
    for (side, get) in sides.iter_mut().zip(["ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax"]) {
        let sql = format!(
            "SELECT {get}(ST_Transform(ST_Segmentize(ST_MakeEnvelope(580000, 1279000, 580200, 1279050, 9217), 5), {srid}))"
        );
        *side = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&world.pool).await.unwrap();
    }
    sides
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_in_the_layers_own_system_has_each_lot_at_its_pixels() {
    let world = lots().await;
    let (ont, cln) = (color(&world, "ONT").await, color(&world, "CLN").await);
    let server = world.server().await;
    // One metre a pixel: columns 10 to 110 are ONT, 110 to 210 CLN, rows 10 to 60.
    let map = picture(
        &server.get(&format!("{MAP}&CRS=EPSG:9217&BBOX=579990,1278990,580210,1279060&WIDTH=220&HEIGHT=70")).await,
    );
    assert_eq!((map.at(0, 0)[3], map.at(219, 69)[3], map.at(60, 5)[3], map.at(60, 65)[3]), (0, 0, 0, 0));
    assert!(near(map.at(60, 35), ont), "{:?} is not {ont:?}", map.at(60, 35));
    assert!(near(map.at(160, 35), cln), "{:?} is not {cln:?}", map.at(160, 35));
    // To the pixel: the borders lie where they are.
    for (x, y, inside) in [
        (7, 35, false),
        (13, 35, true),
        (206, 35, true),
        (213, 35, false),
        (60, 7, false),
        (60, 13, true),
        (60, 56, true),
        (60, 63, false),
    ] {
        assert_eq!(map.at(x, y)[3] > 128, inside, "{x}, {y}: {:?}", map.at(x, y));
    }
    assert!(near(map.at(106, 40), ont) && near(map.at(114, 40), cln));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_box_is_the_same_picture_in_every_system_and_order_of_axes() {
    let world = lots().await;
    let (ont, cln) = (color(&world, "ONT").await, color(&world, "CLN").await);
    let server = world.server().await;
    let [w, s, e, n] = sides(&world, 4326).await;
    let lonlat = format!("{w},{s},{e},{n}");
    let latlon = format!("{s},{w},{n},{e}");
    let size = "&WIDTH=200&HEIGHT=50";
    let by_84 = server.get(&format!("{MAP}&CRS=CRS:84&BBOX={lonlat}{size}")).await;
    let by_4326 = server.get(&format!("{MAP}&CRS=EPSG:4326&BBOX={latlon}{size}")).await;
    let older = MAP.replace("1.3.0", "1.1.1");
    let by_111 = server.get(&format!("{older}&SRS=EPSG:4326&BBOX={lonlat}{size}")).await;
    assert!(by_84.bytes == by_4326.bytes && by_84.bytes == by_111.bytes, "one picture, three ways to ask");
    for srid in [9217, 3857, 5899, 4756] {
        let [w, s, e, n] = sides(&world, srid).await;
        let bbox = if srid == 4756 { format!("{s},{w},{n},{e}") } else { format!("{w},{s},{e},{n}") };
        let map = picture(&server.get(&format!("{MAP}&CRS=EPSG:{srid}&BBOX={bbox}{size}")).await);
        assert!(near(map.at(50, 25), ont) && near(map.at(150, 25), cln), "{srid}: {:?}", map.at(50, 25));
    }
    // Swapped axes are another place, where nothing is.
    let swapped = picture(&server.get(&format!("{MAP}&CRS=EPSG:4326&BBOX={lonlat}{size}")).await);
    assert!(swapped.pixels.chunks(4).all(|p| p[3] == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bent_picture_is_right_within_a_pixel_at_every_scale() {
    let world = World::new().await;
    // Two points 100 km apart, far from the meridian, and the place of each pixel from PostGIS.
    let rows =
        "VALUES (ST_SetSRID('POINT(109.2 12.3)'::geometry, 4326)), (ST_SetSRID('POINT(108.6 11.4)'::geometry, 4326))";
    world.layer("diem", "Point", 4326, &[], rows).await;
    world.sql("UPDATE dothi.layer SET color = '#FF0000' WHERE id = 'diem'").await;
    let server = world.server().await;
    for half in [90_000.0, 5_000.0, 300.0, 10.0] {
        for (lon, lat) in [(109.2, 12.3), (108.6, 11.4)] {
            let at = |axis: &str| {
                format!("SELECT ST_{axis}(ST_Transform(ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), 9217))")
            };
            let x: f64 = sqlx::query_scalar(sqlx::AssertSqlSafe(at("X"))).fetch_one(&world.pool).await.unwrap();
            let y: f64 = sqlx::query_scalar(sqlx::AssertSqlSafe(at("Y"))).fetch_one(&world.pool).await.unwrap();
            // The point lies in the middle of pixel (200, 100), off the middle of the picture.
            let step = half / 200.0;
            let bbox = [x - 200.5 * step, y - 199.5 * step, x + 199.5 * step, y + 100.5 * step]
                .map(|v| v.to_string())
                .join(",");
            let path = format!("{MAP}&CRS=EPSG:9217&BBOX={bbox}&WIDTH=400&HEIGHT=300").replace("thua", "diem");
            let map = picture(&server.get(&path).await);
            let red: Vec<(usize, usize)> = (0..300)
                .flat_map(|y| (0..400).map(move |x| (x, y)))
                .filter(|(x, y)| map.at(*x, *y)[3] > 128 && x.abs_diff(200) < 20 && y.abs_diff(100) < 20)
                .collect();
            let middle =
                |get: fn(&(usize, usize)) -> usize| red.iter().map(get).sum::<usize>() as f64 / red.len() as f64;
            let (mx, my) = (middle(|p| p.0), middle(|p| p.1));
            assert!((mx - 200.0).abs() < 0.6 && (my - 100.0).abs() < 0.6, "half {half}: ({mx}, {my})");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn formats_backgrounds_and_styles_are_as_asked_for() {
    let world = lots().await;
    let server = world.server().await;
    let place = "&CRS=EPSG:9217&BBOX=579990,1278990,580210,1279060&WIDTH=220&HEIGHT=70";
    let opaque = MAP.replace("&TRANSPARENT=TRUE", "&BGCOLOR=0x336699");
    assert_eq!(picture(&server.get(&format!("{opaque}{place}")).await).at(0, 0), [0x33, 0x66, 0x99, 255]);
    let eight = format!("{MAP}{place}").replace("image/png", "image/png;%20mode=8bit");
    let eight = picture(&server.get(&eight).await);
    assert_eq!((eight.kind, eight.at(0, 0)[3]), (png::ColorType::Indexed, 0));
    let jpeg = server.get(&format!("{MAP}{place}").replace("image/png", "image/jpeg")).await;
    assert_eq!((jpeg.header("content-type"), &jpeg.bytes[..3]), ("image/jpeg", &[0xFF, 0xD8, 0xFF][..]));
    // The point lies on the lot when it is named after it, and grows with the resolution.
    let both = MAP.replace("LAYERS=thua", "LAYERS=thua,moc");
    let green = |map: &Picture| map.pixels.chunks(4).filter(|p| p[1] > 250 && p[0] < 5).count();
    let one = green(&picture(&server.get(&format!("{both}{place}")).await));
    let two = green(&picture(&server.get(&format!("{both}{place}&DPI=192&MAP_RESOLUTION=192")).await));
    assert!(one > 20 && two > 3 * one, "{one} {two}");
    let under = MAP.replace("LAYERS=thua", "LAYERS=moc,thua");
    assert_eq!(green(&picture(&server.get(&format!("{under}{place}")).await)), 0);
    let filtered = picture(&server.get(&format!("{MAP}{place}&CQL_FILTER=maDat%20=%20'CLN'")).await);
    assert!(filtered.at(60, 35)[3] == 0 && filtered.at(160, 35)[3] > 128);
    // Far out the points are not drawn: min_zoom.
    let far = "&CRS=EPSG:9217&BBOX=480000,1179000,680000,1379000&WIDTH=200&HEIGHT=200";
    assert_eq!(green(&picture(&server.get(&format!("{both}{far}")).await)), 0);
}

async fn refused(server: &Server, path: &str) -> (StatusCode, String) {
    let reply = server.get(path).await;
    assert!(reply.status.is_client_error(), "{path}: {}", reply.status);
    let text = String::from_utf8(reply.bytes.clone()).unwrap();
    assert!(text.contains("ServiceExceptionReport"), "{text}");
    (reply.status, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_the_codes_of_the_standard() {
    let world = lots().await;
    let server = world.server().await;
    let good = format!("{MAP}&CRS=EPSG:9217&BBOX=579990,1278990,580210,1279060&WIDTH=220&HEIGHT=70");
    for (from, to, code) in [
        ("LAYERS=thua", "LAYERS=khong", "LayerNotDefined"),
        ("LAYERS=thua", "", "LayerNotDefined"),
        ("STYLES=", "STYLES=khong", "StyleNotDefined"),
        ("EPSG:9217", "EPSG:1", "InvalidCRS"),
        ("&CRS=EPSG:9217", "", "InvalidCRS"),
        ("image/png", "image/gif", "InvalidFormat"),
        ("GetMap", "GetNothing", "OperationNotSupported"),
        ("BBOX=579990", "BBOX=680000", "BBOX"),
        ("BBOX=579990", "BBOX=NaN", "BBOX"),
        ("WIDTH=220", "WIDTH=0", "WIDTH"),
        ("WIDTH=220", "WIDTH=9999999", "WIDTH"),
        ("HEIGHT=70", "", "HEIGHT"),
        ("TRANSPARENT=TRUE", "BGCOLOR=red", "`red`"),
    ] {
        let (_, text) = refused(&server, &good.replace(from, to)).await;
        assert!(text.contains(code), "{from} -> {to}: {text}");
    }
    let (_, text) = refused(&server, &format!("{good}&CQL_FILTER=khong=1")).await;
    assert!(text.contains("khong"), "{text}");
    let older = good.replace("1.3.0", "1.1.1").replace("CRS=EPSG:9217", "SRS=EPSG:1");
    assert!(refused(&server, &older).await.1.contains("InvalidSRS"));
    // As a picture, for those who want it so.
    let blank = picture(&server.get(&format!("{good}&EXCEPTIONS=BLANK").replace("LAYERS=thua", "LAYERS=khong")).await);
    assert!(blank.pixels.iter().all(|p| *p == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_capabilities_list_layers_in_groups_with_their_systems_and_boxes() {
    let world = lots().await;
    let server = world.server().await;
    let reply = server.get("/wms?service=wms&request=GetCapabilities").await;
    let text = String::from_utf8(reply.bytes.clone()).unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/xml; charset=utf-8"));
    for part in [
        "<WMS_Capabilities version=\"1.3.0\"",
        "<Title>Quy hoạch</Title><Abstract>Planning</Abstract><Layer queryable=\"1\"><Name>thua</Name><Title>Thửa đất</Title><Abstract>Lots</Abstract>",
        "<CRS>CRS:84</CRS><CRS>EPSG:9217</CRS><CRS>EPSG:4326</CRS><CRS>EPSG:3857</CRS>",
        "<BoundingBox CRS=\"EPSG:9217\" minx=\"5799",
        "<BoundingBox CRS=\"EPSG:4326\" minx=\"11.56",
        "<BoundingBox CRS=\"CRS:84\" minx=\"108.98",
        "http://ban-do.test/wms?SERVICE=WMS&amp;VERSION=1.3.0&amp;REQUEST=GetLegendGraphic&amp;LAYER=thua",
        "<MaxScaleDenominator>272989.387</MaxScaleDenominator>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let older = server.get("/wms?service=WMS&request=GetCapabilities&version=1.1.0").await;
    let text = String::from_utf8(older.bytes).unwrap();
    assert!(
        text.contains("WMT_MS_Capabilities version=\"1.1.1\"")
            && text.contains("<SRS>EPSG:9217</SRS>")
            && text.contains("ScaleHint")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_a_pixel_is_told_whatever_the_order_of_axes() {
    let world = lots().await;
    let server = world.server().await;
    let info = MAP.replace("GetMap", "GetFeatureInfo");
    let ask = |crs: &str, bbox: &str, more: &str| {
        format!(
            "{info}&CRS={crs}&BBOX={bbox}&WIDTH=220&HEIGHT=70&I=160&J=35&INFO_FORMAT=application/json&QUERY_LAYERS=thua{more}"
        )
    };
    let [w, s, e, n] = sides(&world, 4326).await;
    for path in [
        ask("EPSG:9217", "579990,1278990,580210,1279060", ""),
        ask("EPSG:4326", &format!("{s},{w},{n},{e}"), ""),
        ask("CRS:84", &format!("{w},{s},{e},{n}"), ""),
        ask("EPSG:9217", "579990,1278990,580210,1279060", "")
            .replace("1.3.0", "1.1.1")
            .replace("CRS=", "SRS=")
            .replace("&I=", "&X=")
            .replace("&J=", "&Y="),
    ] {
        let found = server.json(&path).await;
        let features = found["features"].as_array().unwrap();
        assert_eq!((features.len(), &features[0]["properties"]["maDat"]), (1, &serde_json::json!("CLN")), "{path}");
    }
    let home = "579990,1278990,580210,1279060";
    let both =
        ask("EPSG:9217", home, "").replace("=thua", "=thua,moc").replace("I=160", "I=63").replace("J=35", "J=37");
    let found = server.json(&format!("{both}&FEATURE_COUNT=10")).await;
    assert_eq!(found["features"].as_array().unwrap().len(), 2, "the lot, and the point five pixels away");
    assert_eq!(server.json(&both).await["features"].as_array().unwrap().len(), 1);
    let text = server.get(&format!("{both}&FEATURE_COUNT=10").replace("application/json", "text/html")).await;
    let text = String::from_utf8(text.bytes).unwrap();
    assert!(text.contains("<td>Cột mốc &lt;1&gt;</td>") && text.contains("<h2>Thửa đất</h2>"), "{text}");
    let gml = server.get(&both.replace("application/json", "application/vnd.ogc.gml")).await;
    let gml = String::from_utf8(gml.bytes).unwrap();
    assert!(gml.contains("<gml:posList>580000 1279000") && gml.contains("<dothi:maDat>ONT</dothi:maDat>"), "{gml}");
    let plain = server.get(&both.replace("application/json", "text/plain")).await;
    assert!(String::from_utf8(plain.bytes).unwrap().contains("maDat = ONT"));
    for (from, to, code) in [
        ("I=160", "I=220", "InvalidPoint"),
        ("I=160", "", "InvalidPoint"),
        ("application/json", "a/b", "InvalidFormat"),
        ("QUERY_LAYERS=thua", "QUERY_LAYERS=x", "LayerNotDefined"),
    ] {
        let (_, text) = refused(&server, &ask("EPSG:9217", home, "").replace(from, to)).await;
        assert!(text.contains(code), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_with_times_is_drawn_as_of_one() {
    let world = World::new().await;
    let rows = "VALUES (ST_SetSRID('POINT(580050 1279025)'::geometry, 9217), '2026-01-10'), (ST_SetSRID('POINT(580150 1279025)'::geometry, 9217), '2026-03-10')";
    world.layer("viec", "Point", 9217, &[("ngay", "date")], rows).await;
    let server = world.server().await;
    let text = String::from_utf8(server.get("/wms?SERVICE=WMS&REQUEST=GetCapabilities").await.bytes).unwrap();
    assert!(text.contains("2026-01-10T00:00:00Z/2026-03-10T23:59:59Z/P1D</Dimension>"), "{text}");
    let place = "&CRS=EPSG:9217&BBOX=579990,1278990,580210,1279060&WIDTH=220&HEIGHT=70";
    for (time, first, second) in
        [("", true, true), ("&TIME=2026-01-10", true, false), ("&TIME=2026-02-01/2026-12-31/P1D", false, true)]
    {
        let map = picture(&server.get(&format!("{MAP}{place}{time}").replace("thua", "viec")).await);
        assert_eq!((map.at(60, 35)[3] > 128, map.at(160, 35)[3] > 128), (first, second), "{time}");
    }
    refused(&server, &format!("{MAP}{place}&TIME=khong").replace("thua", "viec")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legend_shows_the_classes_that_are_there() {
    let world = lots().await;
    let (ont, cln) = (color(&world, "ONT").await, color(&world, "CLN").await);
    let server = world.server().await;
    server.eventually(|s| async move { s.app.tiles.keeper.get("thua").is_some_and(|l| l.state().is_some()) }).await;
    let legend = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=thua&FORMAT=image/png&TRANSPARENT=TRUE";
    let all = picture(&server.get(legend).await);
    let column: Vec<[u8; 4]> = (0..all.pixels.len() / 4 / all.width).map(|y| all.at(10, y)).collect();
    assert!(column.iter().any(|p| near(*p, ont)) && column.iter().any(|p| near(*p, cln)));
    assert!(column.len() < 60, "two classes, not the whole list: {} rows", column.len());
    let one = picture(&server.get(&format!("{legend}&RULE=CLN&WIDTH=20&HEIGHT=20")).await);
    assert_eq!(one.width, 20);
    assert!(near(one.at(10, 10), cln));
    refused(&server, &format!("{legend}&RULE=khong")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_capabilities_promise_of_links_and_boxes_is_so() {
    let world = lots().await;
    world.layer("mot_diem", "Point", 4326, &[("ten", "text")], "VALUES (ST_Point(109, 11.5, 4326), 'Mốc')").await;
    let server = world.server().await;
    let text = String::from_utf8(server.get("/wms?SERVICE=WMS&REQUEST=GetCapabilities").await.bytes).unwrap();
    // A browser's `Accept` changes nothing of what a link is said to give.
    let browser = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
    let mut seen = 0;
    for (element, name) in
        [("<MetadataURL", "</MetadataURL>"), ("<DataURL", "</DataURL>"), ("<LegendURL", "</LegendURL>")]
    {
        for part in text.split(element).skip(1).map(|p| p.split(name).next().unwrap()) {
            let between =
                |a: &str, b: &str| part.split(a).nth(1).unwrap().split(b).next().unwrap().replace("&amp;", "&");
            let (format, href) = (between("<Format>", "</Format>"), between("xlink:href=\"http://ban-do.test", "\""));
            let asked =
                axum::http::Request::get(&href).header("accept", browser).body(axum::body::Body::empty()).unwrap();
            let reply = server.send(asked).await;
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, format.as_str()), "{href}");
            if element == "<LegendURL" {
                let drawn = picture(&reply);
                let said = [between("width=\"", "\""), between("height=\"", "\"")];
                let rows = drawn.pixels.len() / 4 / drawn.width;
                assert_eq!([drawn.width.to_string(), rows.to_string()], said, "{href}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 6, "{text}");
    // A map can be asked for of every box, also of a layer of one point.
    let layer = text.split("<Name>mot_diem</Name>").nth(1).unwrap().split("</Layer>").next().unwrap();
    for part in layer.split("<BoundingBox ").skip(1) {
        let value = |name: &str| part.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        let bbox = ["minx", "miny", "maxx", "maxy"].map(value).join(",");
        let path = format!(
            "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=mot_diem&STYLES=&CRS={}&BBOX={bbox}&WIDTH=20&HEIGHT=20&FORMAT=image/png",
            value("CRS")
        );
        assert_eq!(server.get(&path).await.status, 200, "{path}");
    }
    let (_, told) = refused(&server, "/wms?SERVICE=WMS&REQUEST=GetMap&LAYERS=mot_diem&STYLES=&CRS=CRS:84&BBOX=0,0,1,1&WIDTH=20&HEIGHT=20&FORMAT=image/png").await;
    assert!(told.contains("VERSION"), "{told}");
}
