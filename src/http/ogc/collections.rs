//! The layers, as OGC collections.

use axum::extract::Path;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use axum::extract::State;

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::Answer;
use super::format::{self, Choice};
use super::{GEOJSON, JSON};
use crate::geo::{CRS84, Crs};
use crate::layer::Layer;

pub async fn list(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = super::document(&mut params, &headers, format::DOCUMENT)?;
    // What every layer is served in is listed once (18-058r1, 6.2.2).
    let everywhere = super::crs::everywhere();
    let systems = |layer: &Layer| match layer.spatial() {
        Some(_) => {
            let own = layer.systems().into_iter().filter(|c| !everywhere.contains(c)).map(Crs::uri);
            std::iter::once("#/crs".to_string()).chain(own).collect()
        }
        None => vec![CRS84.to_string()],
    };
    let collections: Vec<Value> = app.catalog.all().iter().map(|l| collection(&base, l, systems(l), choice)).collect();
    let body = json!({
        "links": choice.links(&format!("{base}/ogc/collections"), format::DOCUMENT),
        "crs": everywhere.map(Crs::uri),
        "collections": collections,
    });
    Ok(super::fresh(choice.answer(body.to_string())))
}

pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::DOCUMENT)?;
    let layer = app.catalog.named(&id)?;
    let systems = layer.systems().into_iter().map(Crs::uri).collect();
    Ok(super::fresh(choice.answer(collection(&base, &layer, systems, choice).to_string())))
}

/// A collection document (OGC 17-069r4, 7.14) with the members that the map reads (docs/api.md).
fn collection(base: &str, layer: &Layer, systems: Vec<String>, choice: Choice) -> Value {
    let id = &layer.id;
    let here = format!("{base}/ogc/collections/{id}");
    let mut links = choice.links(&here, format::DOCUMENT);
    links.push(link(format!("{here}/items"), "items", GEOJSON, "Features"));
    links.push(link(
        format!("{here}/queryables"),
        "http://www.opengis.net/def/rel/ogc/1.0/queryables",
        super::filter::SCHEMA,
        "What filters may name",
    ));
    if layer.spatial().is_some() {
        links.push(link(
            format!("{base}/tiles/{id}"),
            "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
            JSON,
            "Vector tiles (TileJSON)",
        ));
        links.push(link(format!("{base}/styles/{id}"), "describedby", "application/vnd.mapbox.style+json", "Style"));
    }
    let mut doc = Map::new();
    doc.insert("id".into(), json!(id));
    doc.insert("title".into(), json!(layer.title));
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            doc.insert(key.into(), value);
        }
    };
    put("description", layer.description.as_ref().map(|d| json!(d)));
    put("extent", layer.extent.map(|e| json!({"spatial": {"bbox": [e], "crs": CRS84}})));
    put("itemType", Some(json!("feature")));
    put("crs", Some(json!(systems)));
    put("storageCrs", layer.crs.map(|crs| json!(crs.uri())));
    put("itemCount", Some(json!(layer.feature_count)));
    put("links", Some(json!(links)));
    put("titles", Some(titles(&layer.title, layer.title_en.as_deref())));
    put("group", layer.group.as_deref().map(|vi| titles(vi, layer.group_en.as_deref())));
    put("geometry", Some(json!(layer.shape())));
    put("fields", Some(layer.fields.iter().map(field).collect()));
    put("classField", layer.class_field.as_ref().map(|f| json!(f)));
    put("labelField", layer.label_field.as_ref().map(|f| json!(f)));
    put("color", Some(json!(crate::tiles::style::color(layer))));
    put("illustrative", Some(json!(layer.illustrative)));
    put("attribution", layer.attribution.as_ref().map(|a| json!(a)));
    put("licence", layer.licence.as_ref().map(|l| json!(l)));
    put("visible", Some(json!(layer.visible)));
    put("position", Some(json!(layer.position)));
    put("minZoom", Some(json!(layer.min_zoom)));
    put("maxZoom", Some(json!(layer.max_zoom)));
    put("version", Some(json!(layer.version)));
    put("updated", Some(json!(layer.updated)));
    Value::Object(doc)
}

/// A text in Vietnamese and, where there is one, in English.
pub fn titles(vi: &str, en: Option<&str>) -> Value {
    match en {
        Some(en) => json!({"vi": vi, "en": en}),
        None => json!({"vi": vi}),
    }
}

fn field(field: &crate::schema::Field) -> Value {
    let (kind, format) = field.kind.json();
    let mut doc = json!({"name": field.name, "type": kind});
    if let Some(format) = format {
        doc["format"] = json!(format);
    }
    if let Some(title) = &field.title {
        doc["title"] = json!(title);
    }
    doc
}
