//! OGC API – Styles: what is generated, what somebody makes instead, and what is refused.

use axum::body::Body;
use axum::http::{Request, header};
use dothi::access::keys;
use serde_json::{Value, json};

use crate::city::City;
use crate::support::{Reply, Server, World};

async fn city() -> (World, Server, String) {
    let world = World::new().await;
    for id in ["thua", "duong"] {
        world.layer(id, "Point", 9217, &[("ten", "text")], "VALUES (ST_Point(580300, 1279000, 9217), 'a')").await;
    }
    let server = world.server().await;
    let (_, secret) = keys::create(&world.pool, "Sở Xây dựng", None).await.unwrap();
    (world, server, secret)
}

async fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "ban-do.test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn style(name: &str, layer: &str) -> Value {
    json!({
        "version": 8,
        "name": name,
        "glyphs": "http://ban-do.test/fonts/{fontstack}/{range}.pbf",
        "sources": {"a": {"type": "vector", "url": format!("http://ban-do.test/tiles/{layer}")}},
        "layers": [{"id": "x", "type": "circle", "source": "a", "source-layer": layer, "paint": {"circle-color": "#123456"}}],
    })
}

#[tokio::test]
async fn a_style_that_is_put_is_what_the_layer_has_until_it_is_deleted() {
    let (_world, server, key) = city().await;
    let generated = server.get("/ogc/styles/thua").await;
    assert_eq!(generated.header(header::CONTENT_TYPE), "application/vnd.mapbox.style+json");
    assert_eq!(generated.bytes, server.get("/styles/thua").await.bytes);
    let auth = format!("Bearer {key}");
    let tag = generated.header(header::ETAG).to_string();
    let with = [("authorization", &*auth), ("if-match", &*tag)];
    let put = send(&server, "PUT", "/ogc/styles/thua", &with, &style("Thửa", "thua")).await;
    assert_eq!(put.status, 204, "{}", String::from_utf8_lossy(&put.bytes));
    for path in ["/ogc/styles/thua", "/styles/thua", "/ogc/styles/thua?f=json"] {
        let now = server.get(path).await.json();
        assert_eq!(now["layers"][0]["paint"]["circle-color"], "#123456", "{path}");
        assert_eq!(now["sources"]["a"]["url"], "http://ban-do.test/tiles/thua");
    }
    // Elsewhere it has that place's address.
    let other = Request::get("/ogc/styles/thua").header(header::HOST, "khac.test").body(Body::empty()).unwrap();
    let other = server.send(other).await;
    assert_eq!(other.json()["glyphs"], "http://khac.test/fonts/{fontstack}/{range}.pbf");
    let asked = Request::get("/ogc/styles/thua").header(header::IF_NONE_MATCH, other.header(header::ETAG));
    assert_eq!(server.send(asked.body(Body::empty()).unwrap()).await.status, 304);
    // The state that was read first is gone.
    let late = send(&server, "PUT", "/ogc/styles/thua", &with, &style("Muộn", "thua")).await;
    assert_eq!(late.status, 412);
    let about = server.json("/ogc/styles/thua/metadata").await;
    assert_eq!(
        (&about["title"], &about["layers"][0]["id"], &about["generated"]),
        (&json!("Thửa"), &json!("thua"), &json!(false))
    );
    let auth = [("authorization", &*auth)];
    assert_eq!(send(&server, "DELETE", "/ogc/styles/thua", &auth, &Value::Null).await.status, 204);
    assert_eq!(server.get("/ogc/styles/thua").await.bytes, generated.bytes);
    assert_eq!(send(&server, "DELETE", "/ogc/styles/thua", &auth, &Value::Null).await.status, 409);
    assert_eq!(send(&server, "DELETE", "/ogc/styles/none", &auth, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_posted_style_is_listed_with_the_layers_that_it_draws() {
    let (_world, server, key) = city().await;
    let auth = format!("Bearer {key}");
    let auth = [("authorization", &*auth)];
    let made = send(&server, "POST", "/ogc/styles", &auth, &style("Đường ban đêm", "duong")).await;
    assert_eq!(
        (made.status.as_u16(), made.header(header::LOCATION)),
        (201, "http://ban-do.test/ogc/styles/duong_ban_dem")
    );
    let ids = |doc: &Value| -> Vec<String> {
        doc["styles"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_string()).collect()
    };
    let list = server.json("/ogc/styles").await;
    assert_eq!(list["default"], "default");
    assert_eq!(ids(&list), ["default", "duong", "thua", "duong_ban_dem"]);
    assert_eq!(ids(&server.json("/ogc/collections/duong/styles").await), ["duong", "duong_ban_dem"]);
    assert_eq!(ids(&server.json("/ogc/collections/thua/styles").await), ["thua"]);
    let again = send(&server, "POST", "/ogc/styles", &auth, &style("Đường ban đêm", "duong")).await;
    assert_eq!(again.status, 409);
    let taken = send(&server, "POST", "/ogc/styles", &auth, &style("thua", "duong")).await;
    assert_eq!(taken.status, 409, "a layer's style is replaced by PUT");
}

#[tokio::test]
async fn a_key_makes_the_styles_of_its_layers_and_only_one_for_everything_makes_others() {
    let (world, server, _) = city().await;
    let (_, narrow) = keys::create(&world.pool, "Phường", Some(vec!["thua".into()])).await.unwrap();
    let auth = format!("Bearer {narrow}");
    let auth = [("authorization", &*auth)];
    let body = style("x", "thua");
    assert_eq!(send(&server, "PUT", "/ogc/styles/thua", &auth, &body).await.status, 204);
    for (method, path) in [
        ("PUT", "/ogc/styles/duong"),
        ("PUT", "/ogc/styles/default"),
        ("PUT", "/ogc/styles/moi"),
        ("POST", "/ogc/styles"),
    ] {
        assert_eq!(send(&server, method, path, &auth, &body).await.status, 403, "{method} {path}");
        assert_eq!(send(&server, method, path, &[], &body).await.status, 401, "{method} {path}");
    }
    let bad = [("authorization", "Bearer dothi_wrong")];
    assert_eq!(send(&server, "DELETE", "/ogc/styles/thua", &bad, &Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_style_that_loads_from_elsewhere_or_is_none_is_refused_where_it_is_wrong() {
    let (_world, server, key) = city().await;
    let auth = format!("Bearer {key}");
    let auth = [("authorization", &*auth)];
    let mut foreign = style("x", "thua");
    foreign["sources"]["a"]["url"] = json!("https://evil.example/tiles/thua");
    let reply = send(&server, "PUT", "/ogc/styles/thua", &auth, &foreign).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["errors"][0]["pointer"]), (422, &json!("/sources/a/url")));
    let unknown = send(&server, "PUT", "/ogc/styles/thua", &auth, &style("x", "khong_co")).await;
    assert_eq!(unknown.status, 422);
    assert!(unknown.json()["errors"][0]["detail"].as_str().unwrap().contains("`khong_co`"));
    for (path, headers, body, status) in [
        ("/ogc/styles/thua", &[auth[0]][..], json!("no"), 422),
        ("/ogc/styles/Th%E1%BB%ADa", &[auth[0]], style("x", "thua"), 400),
        ("/ogc/styles/thua?x=1", &[auth[0]], style("x", "thua"), 400),
        ("/ogc/styles/thua", &[auth[0], ("content-type", "application/vnd.ogc.sld+xml")], json!({}), 415),
        ("/ogc/styles/thua", &[auth[0]], json!({"version": 8, "pad": "x".repeat(2 << 20)}), 413),
    ] {
        assert_eq!(send(&server, "PUT", path, headers, &body).await.status, status, "{path} {headers:?}");
    }
    assert_eq!(server.get("/ogc/styles/none").await.status, 404);
    assert_eq!(server.get("/ogc/styles/thua?f=sld").await.status, 400);
}

#[tokio::test]
async fn another_server_on_the_same_database_learns_of_a_style() {
    let (world, server, key) = city().await;
    let other = world.server().await;
    let auth = format!("Bearer {key}");
    send(&server, "PUT", "/ogc/styles/default", &[("authorization", &*auth)], &style("Nền", "thua")).await;
    other
        .eventually(
            |s| async move { s.app.styles.get(&s.app.catalog, &[], "default").unwrap().unwrap().made.is_some() },
        )
        .await;
    assert_eq!(other.get("/styles/default").await.json()["name"], "Nền");
}

#[test]
fn a_style_goes_in_and_out_by_the_command_line() {
    let city = City::new();
    let file = city.squares("o.geojson", 3);
    city.json(&["import", file.to_str().unwrap()]);
    let shown = city.json(&["styles", "show", "o"]);
    assert_eq!(shown["sources"]["o"]["url"], "/tiles/o");
    let path = city.dir.path().join("o.json");
    std::fs::write(&path, shown.to_string().replace("\"/", "\"http://may-chu:8080/")).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(city.run(&["styles", "set", "o", path]).status.code(), Some(1));
    let set = city.json(&["styles", "set", "o", path, "--from", "http://may-chu:8080/"]);
    assert_eq!(set["id"], "o");
    assert_eq!(city.json(&["styles", "show", "o"]), shown);
    assert_eq!(city.json(&["styles"])["styles"][1]["by"], "dothi styles set");
    city.json(&["styles", "drop", "o"]);
    assert_eq!(city.run(&["styles", "drop", "o"]).status.code(), Some(3));
}
