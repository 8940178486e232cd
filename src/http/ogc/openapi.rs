//! The API definition: OpenAPI 3.0.3, which is what GDAL, QGIS and the OGC test suites read. One of everything, and one of
//! each layer alone, which stays small however many layers there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::super::Shared;
use super::super::links::Base;
use super::super::params::Params;
use super::super::respond::Answer;
use super::definitions::{self, parameter, reference};
use super::format::{self, Form};
use super::html;
use super::{GEOJSON, JSON, OPENAPI, asked, codes, operations, profile, schemas};
use crate::layer::Layer;
use crate::layer::land_use::LandUse;
use crate::layer::sort::sortable;
use crate::schema::Kind;

/// `GET /ogc/api`: everything.
pub async fn document(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = super::document(&mut params, &headers, format::API)?;
    let layers = app.catalog.all();
    let response = match choice.is_html() {
        true => html::api(&base, choice, &definition(&base, &[], &[]), None, &layers),
        false => choice.answer(definition(&base, &layers, &app.land_use).to_string()),
    };
    Ok(super::fresh(response))
}

/// `GET /ogc/collections/{id}/api`: what is the same for every layer, and this layer.
pub async fn of_layer(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::API)?;
    let layer = app.catalog.named(&id)?;
    let body = definition(&base, std::slice::from_ref(&layer), &app.land_use);
    let response = match choice.is_html() {
        true => html::api(&base, choice, &body, Some(&layer), &[]),
        false => choice.answer(body.to_string()),
    };
    Ok(super::fresh(response))
}

fn definition(base: &str, layers: &[Arc<Layer>], land_use: &[LandUse]) -> Value {
    let mut paths = Map::new();
    let mut put = |path: &str, operation: Value| paths.insert(path.into(), operation);
    let list = ["limitOfLayers", "offset", "q", "bbox", "datetime"].map(reference);
    put("/", get("getLandingPage", "The landing page", JSON, "landingPage", &[], format::PAGES));
    put("/conformance", get("getConformance", "Conformance classes", JSON, "conformance", &[], format::PAGES));
    put("/api", get("getApi", "This document", OPENAPI, "document", &[], format::API));
    put("/functions", get("getFunctions", "Functions that filters may call", JSON, "functions", &[], format::PAGES));
    put("/changes", super::feed::description());
    put("/changes/stream", super::feed::of_all());
    put("/collections", get("getCollections", "The layers", JSON, "collections", &list, format::PAGES));
    super::tiles::operations::describe(&mut put);
    super::styles::describe(&mut put);
    super::records::operations::describe(&mut put);
    let mut components = definitions::components();
    for layer in layers.iter().filter(|l| l.raster.is_none()) {
        let codes = codes::listed(layer, land_use, &mut components);
        components["schemas"][format!("feature.{}", layer.id)] = definitions::feature(layer, &codes);
        describe(layer, &codes, &mut put);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "dothi",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Cơ sở dữ liệu không gian đô thị / Spatial data of the city",
        },
        "externalDocs": {"url": format!("{base}/api"), "description": "What is beside the OGC API: tiles, styles, questions, WMS, WFS"},
        "servers": [{"url": format!("{base}/ogc")}],
        "paths": paths,
        "components": components,
    })
}

fn describe(layer: &Layer, codes: &BTreeMap<&str, Value>, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let (id, title) = (&layer.id, &layer.title);
    let here = format!("/collections/{id}");
    let name = |what: &str| format!("{what}.{id}");
    put(&here, get(&name("describe"), title, JSON, "collection", &[], format::PAGES));
    let about = format!("API definition of {title}");
    put(&format!("{here}/api"), get(&name("api"), &about, OPENAPI, "document", &[], format::API));
    for (path, say) in [
        ("schema", "What features are made of"),
        ("queryables", "What filters may name"),
        ("sortables", "What orders may name"),
    ] {
        let about = format!("{say}: {title}");
        let profile = [reference("profileOfSchemas")];
        put(
            &format!("{here}/{path}"),
            get(&name(path), &about, schemas::SCHEMA, "document", &profile, format::SCHEMAS),
        );
    }
    let mut parameters: Vec<Value> =
        asked::PARAMETERS.into_iter().filter(|p| !matches!(*p, "f" | "lang" | "profile")).map(reference).collect();
    parameters.extend(layer.fields.iter().filter_map(|f| equality(f, codes.get(f.name.as_str()))));
    let mut many = get(
        &name("features"),
        &format!("Features of {title}"),
        GEOJSON,
        "featureCollection",
        &parameters,
        format::ITEMS,
    );
    let mut all = get(
        &name("export"),
        &format!("All of {title}, as a file"),
        GEOJSON,
        "featureCollection",
        &parameters,
        format::EXPORTS,
    );
    for operation in [&mut many, &mut all] {
        if let Some(parameters) = operation["get"]["parameters"].as_array_mut() {
            parameters.push(parameter(
                "bom",
                "CSV for Excel: with a byte order mark, formulas as texts",
                json!({"type": "boolean"}),
            ));
        }
    }
    put(&format!("{here}/export"), all);
    let own = json!({"$ref": format!("#/components/schemas/feature.{id}")});
    many["get"]["responses"]["200"]["content"][GEOJSON]["schema"] = json!({"allOf": [
        {"$ref": "#/components/schemas/featureCollection"},
        {"type": "object", "properties": {"features": {"type": "array", "items": own}}},
    ]});
    many["get"]["responses"]["200"]["headers"] = definitions::counts();
    let parts = ["featureId", "crs", "properties", "exclude-properties", "skipGeometry"].map(reference);
    let mut one = get(&name("feature"), &format!("A feature of {title}"), GEOJSON, "feature", &parts, format::ITEM);
    one["get"]["responses"]["200"]["content"][GEOJSON]["schema"] = own;
    operations::describe(id, &mut many, &mut one);
    super::feed::describe(id, put);
    super::quality::describe(layer, put);
    put(&format!("{here}/items"), many);
    put(&format!("{here}/items/{{featureId}}"), one);
}

/// A field as an equality filter. GDAL and QGIS push a filter to the server only when it is listed so.
fn equality(field: &crate::schema::Field, codes: Option<&Value>) -> Option<Value> {
    let taken = asked::PARAMETERS.contains(&field.name.as_str()) || field.name.is_empty();
    let mut schema = json!({"type": field.kind.json().0});
    if matches!(field.kind, Kind::Int2 | Kind::Int4 | Kind::Int8) {
        schema["format"] = json!("int64");
    }
    if let Some(codes) = codes {
        schema["anyOf"] = codes.clone();
    }
    let title = field.title.as_deref().unwrap_or(&field.name);
    (sortable(field.kind) && !taken)
        .then(|| parameter(&field.name, &format!("{title}: features that have this value"), schema))
}

pub fn get(id: &str, summary: &str, media_type: &str, schema: &str, parameters: &[Value], forms: &[Form]) -> Value {
    let names: Vec<&str> = forms.iter().map(|form| form.name).collect();
    let f = parameter("f", "The form of the answer, whatever `Accept` says", json!({"type": "string", "enum": names}));
    let profile = profile::is_taken(forms).then(|| reference("profile"));
    let parameters: Vec<Value> = parameters.iter().cloned().chain([f, reference("lang")]).chain(profile).collect();
    let mut content = json!({media_type: {"schema": {"$ref": format!("#/components/schemas/{schema}")}}});
    for form in forms.iter().filter(|form| form.media_type != media_type) {
        content[form.media_type] = match form.media_type.ends_with("+json") {
            true => json!({"schema": {"type": "object"}}),
            false => json!({"schema": {"type": "string", "format": form.holds()}}),
        };
    }
    json!({"get": {
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer", "content": content},
            "400": {"$ref": "#/components/responses/problem"},
            "404": {"$ref": "#/components/responses/problem"},
            "406": {"$ref": "#/components/responses/problem"},
            "500": {"$ref": "#/components/responses/problem"},
            "503": {"$ref": "#/components/responses/problem"},
        },
    }})
}
