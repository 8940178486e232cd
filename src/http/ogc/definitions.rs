//! What the API definition says once and refers to: parameters, schemas of answers, the problem.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::described;
use super::{asked, filter, profile};
use crate::geo::CRS84;
use crate::layer::Layer;

/// A query parameter. `style` and `explode` are said always: QGIS pushes filters down only to what says them.
pub fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "description": description, "required": false, "style": "form", "explode": false, "schema": schema})
}

/// A part of a path.
pub fn part(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "path", "description": description, "required": true, "schema": schema})
}

/// A parameter of the components.
pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

pub fn components() -> Value {
    json!({
        "parameters": parameters(),
        "schemas": schemas(),
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key made by `dothi keys create`"}},
        "responses": {
            "problem": {"description": "What is wrong and what to do (RFC 9457)",
                        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}},
                                    "text/html": {"schema": {"type": "string", "description": "The same as a page, where one was asked for"}}}},
        },
    })
}

fn parameters() -> Map<String, Value> {
    let mut all = Map::new();
    let mut put = |name: &str, description: &str, schema: Value, example: Value| {
        let mut doc = parameter(name, description, schema);
        if !example.is_null() {
            doc["example"] = example;
        }
        all.insert(name.to_string(), doc);
    };
    let text = || json!({"type": "string"});
    let names = || json!({"type": "array", "minItems": 1, "items": {"type": "string"}});
    let uri = || json!({"type": "string", "format": "uri", "default": CRS84});
    put(
        "limit",
        "At most this many features",
        json!({"type": "integer", "minimum": 1, "maximum": asked::MOST, "default": asked::USUAL}),
        json!(100),
    );
    put(
        "bbox",
        "west,south,east,north in degrees (CRS84), or in `bbox-crs` and the order of its axes; six numbers have heights, which are ignored",
        json!({"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}),
        json!([108.9, 11.5, 109.1, 11.7]),
    );
    put("bbox-crs", "The coordinate system of `bbox`: one of the collection's `crs`", uri(), Value::Null);
    put(
        "crs",
        "The coordinate system of the answer: one of the collection's `crs`; axes are in the order of its authority",
        uri(),
        Value::Null,
    );
    put(
        "datetime",
        "An RFC 3339 date or time, or an interval of them, open with `..`; features that are then, or at no time",
        text(),
        json!("2025-01-01/.."),
    );
    put("filter", "A condition in CQL2 (OGC 21-065r2)", text(), json!("fid < 1000"));
    put(
        "filter-lang",
        "The language of `filter`; `cql-text` is `cql2-text` as GDAL writes it",
        json!({"type": "string", "enum": filter::LANGUAGES, "default": "cql2-text"}),
        Value::Null,
    );
    put(
        "filter-crs",
        "The coordinate system of the geometry in `filter`: an OGC address or `EPSG:` and a number; axes are in the order of its authority",
        json!({"type": "string", "default": CRS84}),
        Value::Null,
    );
    let keys =
        json!({"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string", "pattern": "[+\\-]?.+"}});
    put("sortby", "Sortables, `-` before those in descending order", keys, json!(["-id"]));
    put("properties", "The properties to answer", names(), Value::Null);
    put("exclude-properties", "The properties not to answer", names(), Value::Null);
    put("skipGeometry", "Answers null geometry", json!({"type": "boolean", "default": false}), Value::Null);
    put(
        "count",
        "How features are counted: `auto` is exact where that takes a moment only, else an estimate",
        json!({"type": "string", "enum": ["auto", "exact", "estimate", "none"], "default": "auto"}),
        Value::Null,
    );
    let profiles = |known: &[&str]| json!({"type": "array", "minItems": 1, "items": {"type": "string", "enum": known}});
    put(
        "profile",
        "What GeoJSON is wished to be beside GeoJSON; of several, the last in the list that there is",
        profiles(&profile::OF_GEOJSON),
        Value::Null,
    );
    put("after", "Where a page goes on; to be taken from a `next` link", text(), Value::Null);
    put(
        "lang",
        "The language of pages, whatever `Accept-Language` says",
        json!({"type": "string", "enum": ["vi", "en"]}),
        Value::Null,
    );
    put("offset", "How many layers to pass over", json!({"type": "integer", "minimum": 0, "default": 0}), Value::Null);
    put("q", "Words in id, titles or description, whatever their case and marks", text(), json!("quy hoach"));
    let mut limit =
        parameter("limit", "At most this many layers (default: all)", json!({"type": "integer", "minimum": 1}));
    limit["example"] = json!(50);
    all.insert("limitOfLayers".into(), limit);
    let say = "How codes are wished to be told; what there is: `codelist-inline`";
    all.insert("profileOfSchemas".into(), parameter("profile", say, profiles(&profile::OF_SCHEMAS)));
    all.insert(
        "featureId".into(),
        json!({"name": "featureId", "in": "path", "description": "The feature's id", "required": true, "schema": {"type": "integer", "format": "int64"}, "example": 1}),
    );
    all
}

fn schemas() -> Value {
    let refer = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let links = json!({"type": "array", "items": refer("link")});
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let text = json!({"type": "string"});
    let count = json!({"type": "integer", "minimum": 0});
    json!({
        "link": object(&["href", "rel"], json!({"href": text, "rel": text, "type": text, "title": text})),
        "landingPage": object(&["links"], json!({"title": text, "description": text, "links": links})),
        "conformance": object(&["conformsTo"], json!({"conformsTo": {"type": "array", "items": text}, "links": links})),
        "document": {"type": "object"},
        "functions": object(&["functions"], json!({"functions": {"type": "array", "items": object(&["name"], json!({"name": text, "description": text}))}})),
        "collections": object(&["links", "collections"], json!({
            "links": links, "numberMatched": count, "numberReturned": count, "collections": {"type": "array", "items": refer("collection")}})),
        "collection": object(&["id", "links"], json!({
            "id": text, "title": text, "description": text, "links": links, "extent": refer("extent"), "itemType": text,
            "crs": {"type": "array", "items": text}, "storageCrs": text, "itemCount": count})),
        "extent": {"type": "object", "properties": {
            "spatial": {"type": "object", "properties": {
                "bbox": {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}}, "crs": text}},
            "temporal": {"type": "object", "properties": {
                "interval": {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string", "format": "date-time", "nullable": true}}}, "trs": text}}}},
        "geometry": object(&["type"], json!({
            "type": {"type": "string", "enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]},
            "coordinates": {"type": "array", "items": {}}, "geometries": {"type": "array", "items": {"type": "object"}}})),
        "feature": object(&["type", "geometry", "properties"], json!({
            "type": {"type": "string", "enum": ["Feature"]}, "id": {"type": "integer", "format": "int64"},
            "geometry": {"nullable": true, "allOf": [refer("geometry")]}, "properties": {"type": "object", "nullable": true}, "links": links})),
        "featureCollection": object(&["type", "features"], json!({
            "type": {"type": "string", "enum": ["FeatureCollection"]}, "features": {"type": "array", "items": refer("feature")}, "links": links,
            "timeStamp": {"type": "string", "format": "date-time"}, "numberMatched": count, "numberReturned": count,
            "countMode": {"type": "string", "enum": ["exact", "estimate", "none"]}})),
        "problem": object(&["type", "title", "status"], json!({
            "type": text, "title": text, "status": {"type": "integer"}, "detail": text, "parameter": text, "value": text,
            "position": {"type": "integer", "description": "Byte of the value, from 0"},
            "pointer": {"type": "string", "description": "Place in the value that is JSON (RFC 6901)"}, "instance": text})),
    })
}

/// A feature of a layer: as it is answered, and as it may be sent. `codes` is what is said of coded fields, by their names.
pub fn feature(layer: &Layer, codes: &BTreeMap<&str, Value>) -> Value {
    let mut properties = Map::new();
    for field in &layer.fields {
        let mut schema = described(field);
        schema["nullable"] = json!(true);
        if let Some(codes) = codes.get(field.name.as_str()) {
            schema["anyOf"] = codes.clone();
        }
        properties.insert(field.name.clone(), schema);
    }
    json!({"type": "object", "required": ["type", "geometry", "properties"], "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "integer", "format": "int64"},
        "geometry": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/geometry"}]},
        "properties": {"type": "object", "nullable": true, "properties": properties},
    }})
}

/// The headers of a page.
pub fn counts() -> Value {
    let number = |say: &str| json!({"description": say, "schema": {"type": "integer", "minimum": 0}});
    json!({
        "OGC-NumberMatched": number("How many features there are"),
        "OGC-NumberReturned": number("How many features are in the answer"),
        "Count-Mode": {"description": "How the number matched was found", "schema": {"type": "string", "enum": ["exact", "estimate", "none"]}},
        "Content-Crs": {"description": "The coordinate system of the geometry", "schema": {"type": "string"}},
        "Link": {"description": "The document's links", "schema": {"type": "string"}},
    })
}
