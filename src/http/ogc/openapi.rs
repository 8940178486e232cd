//! The API definition: OpenAPI 3.0.3, which is what GDAL, QGIS and the OGC test suites read.

use serde_json::{Map, Value, json};

use axum::extract::State;
use axum::http::HeaderMap;

use super::super::Shared;
use super::super::links::Base;
use super::super::params::Params;
use super::super::respond::Answer;
use super::{GEOJSON, JSON, OPENAPI, asked, filter, format};
use crate::layer::Layer;
use crate::schema::Kind;

pub async fn document(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = super::document(&mut params, &headers, format::API)?;
    let mut paths = Map::new();
    paths.insert("/".into(), get("getLandingPage", "The landing page", JSON, &[]));
    paths.insert("/conformance".into(), get("getConformance", "Conformance classes", JSON, &[]));
    paths.insert("/api".into(), get("getApi", "This document", OPENAPI, &[]));
    paths.insert("/collections".into(), get("getCollections", "Every layer", JSON, &[]));
    paths.insert("/functions".into(), get("getFunctions", "Functions that filters may call", JSON, &[]));
    for layer in app.catalog.all() {
        let id = &layer.id;
        paths.insert(format!("/collections/{id}"), get(&format!("describe.{id}"), &layer.title, JSON, &[]));
        paths.insert(
            format!("/collections/{id}/queryables"),
            get(&format!("queryables.{id}"), &layer.title, filter::SCHEMA, &[]),
        );
        let mut parameters: Vec<Value> =
            ["limit", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs"]
                .map(reference)
                .into();
        parameters.extend(layer.fields.iter().filter_map(equality));
        let mut many = get(&format!("features.{id}"), &features(&layer), GEOJSON, &parameters);
        let mut one = get(&format!("feature.{id}"), &layer.title, GEOJSON, &[reference("featureId"), reference("crs")]);
        super::operations::describe(id, &mut many, &mut one);
        paths.insert(format!("/collections/{id}/items"), many);
        paths.insert(format!("/collections/{id}/items/{{featureId}}"), one);
    }
    let body = json!({
        "openapi": "3.0.3",
        "info": {"title": "dothi", "version": env!("CARGO_PKG_VERSION"), "description": "Cơ sở dữ liệu không gian đô thị / Spatial data of the city"},
        "servers": [{"url": format!("{base}/ogc")}],
        "paths": paths,
        "components": {
            "parameters": {
                "limit": {"name": "limit", "in": "query", "description": "At most this many features", "required": false, "style": "form", "explode": false,
                          "schema": {"type": "integer", "minimum": 1, "maximum": asked::MOST, "default": 10}},
                "bbox": {"name": "bbox", "in": "query", "description": "west,south,east,north in degrees (CRS84), or in `bbox-crs` and the order of its axes", "required": false, "style": "form", "explode": false,
                         "schema": {"type": "array", "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}], "items": {"type": "number"}}},
                "bbox-crs": {"name": "bbox-crs", "in": "query", "description": "The coordinate system of `bbox`: one of the collection's `crs`", "required": false, "style": "form", "explode": false,
                             "schema": {"type": "string", "format": "uri", "default": crate::geo::CRS84}},
                "crs": {"name": "crs", "in": "query", "description": "The coordinate system of the answer: one of the collection's `crs`; axes are in the order of its authority", "required": false, "style": "form", "explode": false,
                        "schema": {"type": "string", "format": "uri", "default": crate::geo::CRS84}},
                "datetime": {"name": "datetime", "in": "query", "description": "An RFC 3339 time or interval", "required": false, "style": "form", "explode": false,
                             "schema": {"type": "string"}},
                "filter": {"name": "filter", "in": "query", "description": "A condition in CQL2 (OGC 21-065r2)", "required": false, "style": "form", "explode": false,
                           "schema": {"type": "string"}},
                "filter-lang": {"name": "filter-lang", "in": "query", "description": "The language of `filter`; `cql-text` is `cql2-text` as GDAL writes it", "required": false, "style": "form", "explode": false,
                                "schema": {"type": "string", "enum": filter::LANGUAGES, "default": "cql2-text"}},
                "filter-crs": {"name": "filter-crs", "in": "query", "description": "The coordinate system of the geometry in `filter`: an OGC address or `EPSG:` and a number; axes are in the order of its authority", "required": false, "style": "form", "explode": false,
                               "schema": {"type": "string", "default": crate::geo::CRS84}},
                "featureId": {"name": "featureId", "in": "path", "description": "The feature's id", "required": true, "schema": {"type": "integer", "format": "int64"}},
            },
            "schemas": {
                "problem": {"type": "object", "required": ["type", "title", "status"], "properties": {
                    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
                    "parameter": {"type": "string"}, "instance": {"type": "string"}}},
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key made by `dothi keys create`"}},
            "responses": {
                "problem": {"description": "What is wrong and what to do (RFC 9457)", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}},
            },
        },
    });
    Ok(super::fresh(choice.answer(body.to_string())))
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn features(layer: &Layer) -> String {
    format!("Features of {}", layer.title)
}

/// A field as an equality filter. GDAL and QGIS push a filter to the server only when it is listed so.
fn equality(field: &crate::schema::Field) -> Option<Value> {
    let comparable = !matches!(
        field.kind,
        Kind::Json | Kind::Bytes | Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList
    );
    let taken = asked::PARAMETERS.contains(&field.name.as_str()) || field.name.is_empty();
    (comparable && !taken).then(|| {
        let schema = json!({"type": field.kind.json().0});
        json!({"name": field.name, "in": "query", "required": false, "style": "form", "explode": false, "schema": schema})
    })
}

fn get(id: &str, summary: &str, media_type: &str, parameters: &[Value]) -> Value {
    json!({"get": {
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer", "content": {media_type: {"schema": {"type": "object"}}}},
            "400": {"$ref": "#/components/responses/problem"},
            "404": {"$ref": "#/components/responses/problem"},
            "500": {"$ref": "#/components/responses/problem"},
        },
    }})
}
