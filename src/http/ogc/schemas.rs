//! What a layer's features are made of, as JSON Schema 2020-12 (OGC API – Features, Part 5: Schemas, 23-058r2): what is
//! answered and taken, what filters may name, what orders may name.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::{codes, format, html, profile};
use crate::layer::Layer;
use crate::layer::sort::sortable;
use crate::layer::time::When;
use crate::schema::{FID, Field, GEOM, Kind};

pub const SCHEMA: &str = "application/schema+json";
pub const RETURNABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/schema";
pub const QUERYABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
pub const SORTABLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/sortables";

/// Part 5 is common to all OGC APIs; clients look for either name.
pub const CONFORMS_TO: [&str; 17] = [
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/advanced-property-roles",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/profile-parameter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/profile-codelists",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/advanced-property-roles",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/profile-parameter",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/profile-codelists",
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sorting",
    "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/features-sorting",
];

/// One of the three schemas of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Features,
    Queryables,
    Sortables,
}

/// `GET /ogc/collections/{id}/schema`: what is answered, and what may be written.
pub async fn schema(state: Shared, base: Base, id: Path<String>, headers: HeaderMap, params: Params) -> Answer {
    answer(state, base, id, headers, params, Of::Features).await
}

/// `GET /ogc/collections/{id}/queryables`.
pub async fn queryables(state: Shared, base: Base, id: Path<String>, headers: HeaderMap, params: Params) -> Answer {
    answer(state, base, id, headers, params, Of::Queryables).await
}

/// `GET /ogc/collections/{id}/sortables`.
pub async fn sortables(state: Shared, base: Base, id: Path<String>, headers: HeaderMap, params: Params) -> Answer {
    answer(state, base, id, headers, params, Of::Sortables).await
}

async fn answer(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
    of: Of,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::SCHEMAS)?;
    // Codes are told in one way only; a wish for the other is no error (23-058r2, 13, profile-negotiation).
    profile::wishes(&mut params, &profile::OF_SCHEMAS)?;
    params.end("`f`, `lang`, `profile`")?;
    let layer = app.catalog.with_features(&id)?;
    let coded = codes::described(&app, &base, &layer).await?;
    let here = format!("{base}/ogc/collections/{id}");
    let name = match of {
        Of::Features => "schema",
        Of::Queryables => "queryables",
        Of::Sortables => "sortables",
    };
    let mut body = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{here}/{name}"),
        "type": "object",
        "title": layer.title,
        "properties": properties(&layer, of, &coded),
        "additionalProperties": false,
    });
    if let Some(description) = &layer.description {
        body["description"] = json!(description);
    }
    let response = match choice.is_html() {
        true => html::schema(&base, choice, &layer, name, &body),
        false => choice.answer(body.to_string()),
    };
    let mut response = super::fresh(response);
    let mut links = vec![link(here, "collection", super::JSON, "The layer")];
    if !coded.is_empty() {
        links.push(profile::says(profile::OF_SCHEMAS[0], "Codes with what they mean"));
    }
    respond::say_links(&mut response, &links);
    Ok(response)
}

fn properties(layer: &Layer, of: Of, coded: &BTreeMap<String, Map<String, Value>>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut put = |name: &str, mut schema: Value| {
        schema["x-ogc-propertySeq"] = json!(properties.len() + 1);
        properties.insert(name.to_string(), schema);
    };
    if let Some(id) = free(layer, [FID, "id"]) {
        let title = "id";
        put(id, json!({"title": title, "type": "integer", "format": "int64", "readOnly": true, "x-ogc-role": "id"}));
    }
    if let Some((geometry, name)) = layer.spatial().zip(free(layer, [GEOM, "geometry"])).filter(|_| of != Of::Sortables)
    {
        let kind = match (geometry.0.r#type.as_str(), layer.shape()) {
            ("Geometry", "point") => "point-or-multipoint".into(),
            ("Geometry", "line") => "linestring-or-multilinestring".into(),
            ("Geometry", "polygon") => "polygon-or-multipolygon".into(),
            ("Geometry", _) => "any".into(),
            (one, _) => one.to_ascii_lowercase(),
        };
        let mut schema = json!({"title": name, "format": format!("geometry-{kind}"), "x-ogc-role": "primary-geometry"});
        if of == Of::Queryables {
            // How QGIS knows that there is a geometry to ask about.
            let file = if geometry.0.r#type == "Geometry" { "Geometry" } else { &geometry.0.r#type };
            schema["$ref"] = json!(format!("https://geojson.org/schema/{file}.json"));
        }
        put(name, schema);
    }
    for field in layer.fields.iter().filter(|f| of != Of::Sortables || sortable(f.kind)) {
        let mut schema = described(field);
        if let Some(role) = role(layer, field) {
            schema["x-ogc-role"] = json!(role);
        }
        for (keyword, said) in coded.get(&field.name).into_iter().flatten() {
            schema[keyword] = said.clone();
        }
        put(&field.name, schema);
    }
    properties
}

/// The first of the names that no field has.
fn free<'a>(layer: &Layer, names: [&'a str; 2]) -> Option<&'a str> {
    names.into_iter().find(|name| layer.field(name).is_none())
}

/// Type, format and title of a field.
pub fn described(field: &Field) -> Value {
    let (kind, format) = field.kind.json();
    let mut schema = json!({"title": field.title.as_deref().unwrap_or(&field.name), "type": kind});
    let format = match field.kind {
        Kind::Int2 | Kind::Int4 => Some("int32"),
        Kind::Int8 => Some("int64"),
        Kind::Float4 => Some("float"),
        Kind::Float8 => Some("double"),
        _ => format,
    };
    if let Some(format) = format {
        schema["format"] = json!(format);
    }
    match field.kind {
        Kind::Int2 => (schema["minimum"], schema["maximum"]) = (json!(i16::MIN), json!(i16::MAX)),
        Kind::Int4List | Kind::Int8List => schema["items"] = json!({"type": "integer"}),
        Kind::Float8List => schema["items"] = json!({"type": "number"}),
        Kind::TextList => schema["items"] = json!({"type": "string"}),
        _ => {}
    }
    schema
}

fn role(layer: &Layer, field: &Field) -> Option<&'static str> {
    match layer.when()? {
        When::Instant(at) if at == field => Some("primary-instant"),
        When::Interval(Some(start), _) if start == field => Some("primary-interval-start"),
        When::Interval(_, Some(end)) if end == field => Some("primary-interval-end"),
        _ => None,
    }
}
