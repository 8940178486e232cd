//! The definition of what is beside the OGC API: tiles by their short addresses, styles, spatial questions, older services,
//! operations. It has a document of its own, as its paths would clash with those below `/ogc`.

use serde_json::{Map, Value, json};

use super::links::Base;
use super::ogc::definitions::{self, parameter, part, reference};
use super::params::Params;
use super::respond::{self, Answer};

const JSON: &str = "application/json";
const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";
const MVT: &str = "application/vnd.mapbox-vector-tile";
const MLT: &str = "application/vnd.maplibre-tile";
const BYTES: &str = "application/octet-stream";

/// `GET /api`: OpenAPI 3.0.3.
pub async fn document(Base(base): Base, params: Params) -> Answer {
    params.end("none")?;
    let mut paths = Map::new();
    tiles(&mut paths);
    questions(&mut paths);
    services(&mut paths);
    let body = json!({
        "openapi": "3.0.3",
        "info": {
            "title": "dothi, beside the OGC API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Ô vectơ, kiểu hiển thị, câu hỏi không gian, WMS và WFS / Tiles, styles, spatial questions, WMS and WFS",
        },
        "externalDocs": {"url": format!("{base}/ogc/api"), "description": "The definition of the OGC API"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": definitions::components(),
    });
    Ok(respond::json(OPENAPI, body.to_string()))
}

fn tiles(paths: &mut Map<String, Value>) {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer", "minimum": 0});
    let layers = part("layers", "One layer, or several with commas between", text());
    let place =
        [part("z", "Zoom", number()), part("x", "Column", number()), part("y", "Row, from the north", number())];
    let labels = parameter("labels", "Label points beside polygons", json!({"type": "boolean"}));
    let asked: Vec<Value> =
        ["properties", "filter", "filter-lang", "filter-crs"].map(reference).into_iter().chain([labels]).collect();
    let with = |own: &[Value]| own.iter().chain(&asked).cloned().collect::<Vec<_>>();
    let mut put = |path: &str, operation: Value| paths.insert(path.into(), operation);
    put("/tiles/{layers}", get("tiles", "TileJSON 3.0.0", with(std::slice::from_ref(&layers)), &[JSON]));
    let all = [std::slice::from_ref(&layers), &place].concat();
    put(
        "/tiles/{layers}/{z}/{x}/{y}",
        get(
            "tile",
            "A vector tile; `Accept` says which form. Of a raster, which is asked for alone: its tile",
            with(&all),
            &[MVT, MLT, "image/png", "image/webp"],
        ),
    );
    let id = part("archive", "An archive", text());
    put("/archives", get("archives", "Tile archives (PMTiles)", vec![], &[JSON]));
    put("/archives/{archive}", get("archive", "TileJSON 3.0.0 of an archive", vec![id.clone()], &[JSON]));
    let all = [std::slice::from_ref(&id), &place].concat();
    let say = "A tile as it is in the archive";
    put(
        "/archives/{archive}/{z}/{x}/{y}",
        get("archiveTile", say, all, &[MVT, MLT, "image/png", "image/jpeg", "image/webp", "image/avif", BYTES]),
    );
    put("/styles", get("styles", "Styles, as `/ogc/styles` has them", vec![], &[JSON]));
    let style = vec![part("styleId", "A style: `default`, a layer's id, another", text())];
    let say = "A MapLibre style whose every part is here";
    put("/styles/{styleId}", get("style", say, style, &["application/vnd.mapbox.style+json"]));
    put("/packages", get("packages", "Planning packages that came in", vec![], &[JSON]));
    let package = vec![part("packageId", "A planning package", text())];
    let say = "What a planning package held of its circular, and what it lacked";
    put("/packages/{packageId}", get("package", say, package, &[JSON]));
    let say = "What planned land is for, and the colours of the circular";
    put("/planning-functions", get("planningFunctions", say, vec![], &[JSON]));
    put("/land-use", get("landUse", "The official codes of land use and their colours", vec![], &[JSON]));
    let font = vec![part("stack", "Fonts, with commas between", text()), part("range", "`0-255.pbf`", text())];
    put("/fonts/{stack}/{range}", get("glyphs", "Glyphs of a font", font, &["application/x-protobuf"]));
    let file = vec![part("file", "`NAME.json`, `NAME@2x.png`", text())];
    put("/sprites/{file}", get("sprite", "Icons of a style", file, &[JSON, "image/png"]));
}

fn questions(paths: &mut Map<String, Value>) {
    let number = |low: f64, high: f64| json!({"type": "number", "minimum": low, "maximum": high});
    let names = json!({"type": "array", "items": {"type": "string"}});
    let layers = parameter("layers", "Layers, by id", names);
    let epsg = json!({"type": "string", "example": "EPSG:9217"});
    let place = [
        parameter("lon", "Longitude in degrees", number(-180.0, 180.0)),
        parameter("lat", "Latitude in degrees", number(-90.0, 90.0)),
        parameter("e", "Easting in metres, in `crs`", number(-1e8, 1e8)),
        parameter("n", "Northing in metres, in `crs`", number(-1e8, 1e8)),
        parameter("crs", "The system of `e` and `n`: a code such as `EPSG:9217` (the default)", epsg.clone()),
        layers.clone(),
    ];
    let count = |most: u32, usual: u32| {
        let schema = json!({"type": "integer", "minimum": 1, "maximum": most, "default": usual});
        parameter("limit", "At most this many features", schema)
    };
    let with = |own: [Value; 2]| place.iter().cloned().chain(own).collect::<Vec<_>>();
    let tolerance = parameter("tolerance", "Metres around the position", number(0.0, 1_000.0));
    let mut distance = parameter("distance", "Metres", number(0.0, 50_000.0));
    distance["required"] = json!(true);
    paths.insert(
        "/query/at".into(),
        get("at", "What is at a position, layer by layer", with([tolerance, count(100, 20)]), &[JSON]),
    );
    let say = "What is near a position, the nearest first";
    paths
        .insert("/query/near".into(), get("near", say, with([distance, count(1_000, 100)]), &["application/geo+json"]));
    let by = parameter("by", "The field to sum by; otherwise the layer's class field", json!({"type": "string"}));
    let crs = parameter("crs", "The system of the polygon: a code (default: degrees)", epsg);
    let mut area = operation("area", "Areas within a polygon, class by class", vec![layers, by, crs], &[JSON]);
    area["requestBody"] = json!({"required": true, "content": {
        "application/geo+json": {"schema": {"$ref": "#/components/schemas/geometry"}}}});
    for status in ["413", "415", "422"] {
        area["responses"][status] = json!({"$ref": "#/components/responses/problem"});
    }
    paths.insert("/query/area".into(), json!({"post": area}));
}

/// WMS and WFS describe themselves; here is only that they are.
fn services(paths: &mut Map<String, Value>) {
    for (path, say) in [("/wms", "WMS 1.3.0 and 1.1.1"), ("/wfs", "WFS 2.0.0 and 1.1.0 (read)")] {
        let id = path.trim_start_matches('/');
        let request = parameter("request", "`GetCapabilities` tells the rest", json!({"type": "string"}));
        let types = ["text/xml", "application/gml+xml", "image/png", "image/jpeg", JSON];
        let mut both = get(id, say, vec![request], &types);
        let mut post = operation(&format!("{id}.post"), say, vec![], &types);
        post["requestBody"] = json!({"required": true, "content": {"text/xml": {"schema": {"type": "string"}}}});
        both["post"] = post;
        paths.insert(path.into(), both);
    }
    for (path, id, say, kind) in [
        ("/api", "api", "This document", OPENAPI),
        ("/health", "health", "Whether the server runs", JSON),
        ("/ready", "ready", "Whether it can answer", JSON),
        ("/metrics", "metrics", "Numbers for Prometheus", "text/plain; version=0.0.4"),
    ] {
        paths.insert(path.into(), get(id, say, vec![], &[kind]));
    }
}

fn get(id: &str, summary: &str, parameters: Vec<Value>, types: &[&str]) -> Value {
    json!({"get": operation(id, summary, parameters, types)})
}

fn operation(id: &str, summary: &str, parameters: Vec<Value>, types: &[&str]) -> Value {
    let kind = |t: &str| json!({"schema": {"type": if t.ends_with("json") { "object" } else { "string" }}});
    let content: Map<String, Value> = types.iter().map(|t| (t.to_string(), kind(t))).collect();
    let mut doc = json!({"operationId": id, "summary": summary, "parameters": parameters,
                         "responses": {"200": {"description": "The answer", "content": content}}});
    if types.contains(&MVT) {
        doc["responses"]["204"] = json!({"description": "Nothing is in the tile"});
    }
    for status in ["400", "404", "500", "503"] {
        doc["responses"][status] = json!({"$ref": "#/components/responses/problem"});
    }
    doc
}
