//! The API definition: everything that is served is in it, with every parameter, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::header;
use serde_json::Value;

use crate::support::{Server, World};

/// Where the doors' routes are written down.
const ROUTES: &str = include_str!("../../src/http/mod.rs");
const WATCH: &str = include_str!("../../src/http/watch.rs");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every route of the router with its methods, the parts of a path nameless.
fn served() -> BTreeSet<(String, &'static str)> {
    let constant = |name: &str| {
        let name = name.rsplit("::").next().unwrap();
        let line = WATCH.lines().find(|l| l.contains(&format!("const {name}:"))).unwrap_or_else(|| panic!("{name}"));
        line.split('"').nth(1).unwrap().to_string()
    };
    let mut all = BTreeSet::new();
    for call in ROUTES.split(".route(").skip(1) {
        // Up to where this call's own parenthesis closes.
        let mut depth = 1;
        let end = call.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let (path, handlers) = call[..end.unwrap()].trim().split_once(',').unwrap();
        let path =
            path.trim().strip_prefix('"').map_or_else(|| constant(path), |p| p.trim_end_matches('"').to_string());
        for method in METHODS {
            let called = |(at, _): (usize, &str)| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if handlers.match_indices(&format!("{method}(")).any(called) {
                all.insert((nameless(&path), method));
            }
        }
    }
    all
}

fn nameless(path: &str) -> String {
    let part = |p: &str| if p.starts_with('{') || p == "thua" { "{}".to_string() } else { p.to_string() };
    path.trim_end_matches('/').split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn city() -> (World, Server) {
    let world = World::new().await;
    let rows = "SELECT ST_SetSRID(ST_MakePoint(580000 + i, 1279000), 9217), 'x' FROM generate_series(1, 3) i";
    world.layer("thua", "Point", 9217, &[("ten", "text")], rows).await;
    world.sql("INSERT INTO dothi.package (id, title, source, report) VALUES ('thua', 'Hồ sơ', 'x.zip', '{}')").await;
    crate::rasters::sample(&world, "anh").await;
    let server = world.server().await;
    (world, server)
}

/// The definition at `address`, and what is before its paths.
async fn definition(server: &Server, address: &str) -> (Value, String) {
    let doc = server.json(address).await;
    let root = doc["servers"][0]["url"].as_str().unwrap().strip_prefix("http://ban-do.test").unwrap().to_string();
    (doc, root)
}

/// What a `$ref` points at.
fn resolved<'a>(doc: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(pointer) => doc.pointer(&pointer[1..]).unwrap_or_else(|| panic!("{pointer}")),
        None => value,
    }
}

fn parameters<'a>(doc: &'a Value, operation: &'a Value, place: &str) -> BTreeMap<&'a str, &'a Value> {
    let all = operation["parameters"].as_array().into_iter().flatten().map(|p| resolved(doc, p));
    all.filter(|p| p["in"] == place).map(|p| (p["name"].as_str().unwrap(), p)).collect()
}

const DEFINITIONS: [&str; 2] = ["/ogc/api", "/api"];
/// What needs an administrator's key, but for itself.
const ADMIN: &str = "/admin/api";

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_api_definition_and_nothing_else() {
    let (_world, server) = city().await;
    let mut described = BTreeSet::new();
    for address in DEFINITIONS.into_iter().chain([ADMIN]) {
        let (doc, root) = definition(&server, address).await;
        for (path, operations) in doc["paths"].as_object().unwrap() {
            for method in METHODS.into_iter().filter(|m| operations[m].is_object()) {
                let (path, operation) = (nameless(&format!("{root}{path}")), &operations[method]);
                let parts = parameters(&doc, operation, "path").len();
                let concrete = path.matches("{}").count();
                assert!(parts == concrete || parts + 1 == concrete, "{method} {path} has {parts} parts");
                assert!(described.insert((path.clone(), method)), "{method} {path} is described twice");
            }
        }
    }
    let served = served();
    assert!(served.len() > 50, "{served:?}");
    let missing: Vec<_> = served.difference(&described).collect();
    let invented: Vec<_> = described.difference(&served).collect();
    assert!(missing.is_empty(), "served, but in no definition: {missing:?}");
    assert!(invented.is_empty(), "in a definition, but not served: {invented:?}");
}

/// A path with things that are there.
fn filled(path: &str) -> String {
    let values = [
        ("{tileMatrixSetId}", "WebMercatorQuad"),
        ("{collectionId}", "thua"),
        ("{rasterId}", "anh"),
        ("{layers}", "thua"),
        ("{recordId}", "thua"),
        ("{styleId}", "thua"),
        ("{packageId}", "thua"),
        ("{featureId}", "1"),
        ("{tileMatrix}", "0"),
        ("{tileRow}", "0"),
        ("{tileCol}", "0"),
        ("{z}", "0"),
        ("{x}", "0"),
        ("{y}", "0"),
    ];
    values.into_iter().fold(path.to_string(), |path, (name, value)| path.replace(name, value))
}

/// What a question cannot do without.
fn needed(path: &str) -> &'static str {
    match path {
        "/query/at" => "&lon=109&lat=11.5",
        "/query/near" => "&lon=109&lat=11.5&distance=100",
        _ => "",
    }
}

/// WMS and WFS have parameters of their own standards; archives, fonts and sprites are what the server was given.
fn is_apart(path: &str) -> bool {
    ["/wms", "/wfs", "/fonts", "/sprites", "/archives/{"].iter().any(|p| path.starts_with(p))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parameters_that_a_path_takes_are_those_that_are_described() {
    let (_world, server) = city().await;
    for address in DEFINITIONS {
        let (doc, root) = definition(&server, address).await;
        for (path, operations) in doc["paths"].as_object().unwrap() {
            let operation = &operations["get"];
            // Who watches the server adds what it likes to its questions.
            let watched = ["/health", "/ready", "/metrics"].contains(&path.as_str());
            if !operation.is_object() || is_apart(path) || watched {
                continue;
            }
            let place = format!("{root}{}", filled(path));
            let reply = server.get(&format!("{place}?khong-co=1{}", needed(path))).await;
            assert_eq!(reply.status, 400, "{place}: an unknown parameter");
            let detail = reply.json()["detail"].as_str().unwrap().to_string();
            let (_, list) = detail.split_once("there are ").unwrap_or_else(|| panic!("{place}: {detail}"));
            let taken: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
            // `bom` belongs to CSV alone.
            let said: BTreeSet<&str> =
                parameters(&doc, operation, "query").into_keys().filter(|p| *p != "bom").collect();
            assert_eq!(taken, said, "{place}: taken, described");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_that_is_described_is_answered_with_a_type_that_is_described() {
    let (_world, server) = city().await;
    for address in DEFINITIONS {
        let (doc, root) = definition(&server, address).await;
        for (path, operations) in doc["paths"].as_object().unwrap() {
            let operation = &operations["get"];
            if !operation.is_object() || is_apart(path) || path.ends_with("/stream") {
                continue;
            }
            let query = parameters(&doc, operation, "query");
            let forms = query.get("f").map(|f| f["schema"]["enum"].as_array().unwrap().clone()).unwrap_or_default();
            let forms = forms.iter().map(|f| format!("?f={}", f.as_str().unwrap())).chain([String::new()]);
            let place = format!("{root}{}", filled(path));
            for form in forms.filter(|f| f != "?f=sse") {
                let mark = if form.is_empty() { "?" } else { "" };
                let reply = server.get(&format!("{place}{form}{mark}{}", needed(path))).await;
                // Nobody has asked yet how good the layer is.
                if path.contains("/quality") && reply.status == 404 {
                    continue;
                }
                assert!(reply.status == 200 || reply.status == 204, "{place}{form}: {}", reply.status);
                let kind = reply.header(header::CONTENT_TYPE).trim_end_matches("; charset=utf-8").to_string();
                let types = operation["responses"]["200"]["content"].as_object().unwrap();
                let known = reply.status == 204 || types.contains_key(&kind);
                assert!(known, "{place}{form} answers `{kind}`, described are {:?}", types.keys());
            }
        }
    }
}
