//! Links behind a proxy are those that the client can follow, and nobody else chooses them.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};

use crate::support::{Reply, Server, World};

/// What is answered at `path` when it is asked from `peer` with these headers.
async fn asked(server: &Server, path: &str, peer: &str, lines: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(path).header(header::HOST, "in.test:8080");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4000)));
    server.send(request).await
}

/// The address that the landing page gives for itself.
async fn own_address(server: &Server, peer: &str, lines: &[(&str, &str)]) -> String {
    let landing = asked(server, "/ogc", peer, lines).await.json();
    landing["links"][0]["href"].as_str().unwrap().strip_suffix("/ogc").unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_follow_what_a_trusted_proxy_says_and_nobody_else() {
    let world = World::new().await;
    let server = world.server_with(&["--trust-proxy", "10.0.0.0/8,::1"]).await;
    let older = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "ban-do.test"),
        ("x-forwarded-prefix", "/gis/"),
        ("x-forwarded-port", "443"),
    ];
    let standard = [("forwarded", "for=203.0.113.9;proto=https;host=ban-do.test:8443")];
    assert_eq!(own_address(&server, "10.1.2.3", &older).await, "https://ban-do.test/gis");
    assert_eq!(own_address(&server, "::1", &standard).await, "https://ban-do.test:8443");
    assert_eq!(own_address(&server, "::ffff:10.1.2.3", &standard).await, "https://ban-do.test:8443");
    for lines in [&older[..], &standard[..]] {
        assert_eq!(own_address(&server, "192.0.2.1", lines).await, "http://in.test:8080");
    }
    let port = [("x-forwarded-host", "ban-do.test"), ("x-forwarded-port", "8080")];
    assert_eq!(own_address(&server, "10.1.2.3", &port).await, "http://ban-do.test:8080");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_trust_and_with_a_public_address_no_header_counts() {
    let world = World::new().await;
    let lines = [("x-forwarded-host", "evil.test"), ("x-forwarded-proto", "https")];
    let nobody = world.server().await;
    assert_eq!(own_address(&nobody, "127.0.0.1", &lines).await, "http://in.test:8080");
    let arguments = ["--trust-proxy", "127.0.0.1", "--public-url", "https://phan-rang.test/gis/"];
    let public = world.server_with(&arguments).await;
    assert_eq!(own_address(&public, "127.0.0.1", &lines).await, "https://phan-rang.test/gis");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_values_never_reach_a_link() {
    let world = World::new().await;
    let server = world.server_with(&["--trust-proxy", "10.0.0.0/8"]).await;
    for lines in [
        &[("x-forwarded-host", "evil.test/\"><script>")][..],
        &[("x-forwarded-host", "user@evil.test")],
        &[("x-forwarded-host", "ban-do.test:80:80")],
        &[("x-forwarded-proto", "javascript")],
        &[("x-forwarded-prefix", "//evil.test")],
        &[("x-forwarded-prefix", "/a/../b")],
        &[("x-forwarded-port", "80@evil.test")],
        &[("x-forwarded-port", "0")],
        &[("forwarded", "host=\"evil.test/x\";proto=gopher")],
        &[("forwarded", "host=\"evil.test")],
        &[("forwarded", "host=evil.test"), ("x-forwarded-host", "ban-do.test")],
        &[("forwarded", "host=evil.test, for=203.0.113.9")],
    ] {
        assert_eq!(own_address(&server, "10.1.2.3", lines).await, "http://in.test:8080", "{lines:?}");
    }
    let listed = [("x-forwarded-host", "evil.test, ban-do.test")];
    assert_eq!(own_address(&server, "10.1.2.3", &listed).await, "http://ban-do.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_finds_its_parts_under_the_path_of_a_proxy() {
    let world = World::new().await;
    let server = world.server_with(&["--trust-proxy", "10.0.0.0/8"]).await;
    for path in ["/", "/admin/import"] {
        let page = async |lines: &[(&str, &str)]| asked(&server, path, "10.1.2.3", lines).await;
        let (own, under) = (page(&[]).await, page(&[("x-forwarded-prefix", "/gis")]).await);
        if !own.text().contains("<meta") {
            eprintln!("skipped: the map is not built");
            return;
        }
        assert!(own.text().contains(r#"<meta name="root" content="" />"#));
        assert!(under.text().contains(r#"<meta name="root" content="/gis" />"#));
        assert_ne!(own.header(header::ETAG), under.header(header::ETAG));
        for (reply, root) in [(own, ""), (under, "/gis")] {
            let text = reply.text();
            let parts: Vec<&str> = text.split("assets/").skip(1).map(|t| t.split('"').next().unwrap()).collect();
            assert!(parts.len() > 3, "{text}");
            for part in parts {
                assert!(text.contains(&format!("\"{root}/assets/{part}\"")), "{part}");
                assert_eq!(asked(&server, &format!("/assets/{part}"), "10.1.2.3", &[]).await.status, 200);
            }
        }
    }
}
