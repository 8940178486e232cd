//! The layers, as OGC collections.

use axum::extract::Path;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use axum::extract::State;

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::Answer;
use super::asked::Said;
use super::format::{self, Choice};
use super::html;
use super::schemas;
use super::{GEOJSON, JSON, OPENAPI};
use crate::error::{Error, Result};
use crate::filter::{Instant, folded};
use crate::geo::{Bbox, CRS84, Crs};
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::layer::known::Span;
use crate::layer::time::Stretch;

/// Codes of a field that a collection lists; its schema has all of them.
const MOST_CODES: usize = 500;
const GREGORIAN: &str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian";

/// `GET /ogc/collections`: the layers in map order, those that are asked for.
pub async fn list(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = format::choose(&mut params, &headers, format::PAGES)?;
    let wanted = Wanted::take(&mut params)?;
    let mut layers = Vec::new();
    for layer in app.catalog.all().into_iter().filter(|l| wanted.covers(l)) {
        let span = app.known.span(&app.db.pool, &app.catalog, &layer).await?;
        if wanted.lasts(span.as_ref()) {
            layers.push((layer, span));
        }
    }
    let matched = layers.len();
    let page = layers.iter().skip(wanted.offset).take(wanted.limit.unwrap_or(usize::MAX));
    let collections: Vec<Value> = page.map(|(l, span)| collection(&base, l, span.as_ref(), choice)).collect();
    let here = format!("{base}/ogc/collections");
    let mut links = choice.links(&wanted.address(&here, wanted.offset), format::PAGES);
    if wanted.offset + collections.len() < matched && !collections.is_empty() {
        let next = wanted.address(&here, wanted.offset + collections.len());
        links.push(link(next, "next", JSON, "More layers"));
    }
    if let Some(limit) = wanted.limit.filter(|_| wanted.offset > 0) {
        links.push(link(wanted.address(&here, wanted.offset.saturating_sub(limit)), "prev", JSON, "The layers before"));
    }
    let body = json!({
        "links": links,
        "numberMatched": matched,
        "numberReturned": collections.len(),
        "collections": collections,
    });
    let response = match choice.is_html() {
        true => {
            let q = wanted.said.get("q").unwrap_or_default();
            html::collections(&base, choice, &wanted.address(&here, wanted.offset), q, &body)
        }
        false => choice.answer(body.to_string()),
    };
    Ok(super::fresh(response))
}

/// Which layers are asked for; everything may be left out.
struct Wanted {
    limit: Option<usize>,
    offset: usize,
    words: Vec<String>,
    bbox: Option<Bbox>,
    stretch: Option<Stretch>,
    said: Said,
}

impl Wanted {
    fn take(params: &mut Params) -> Result<Wanted> {
        params.filled(&["limit", "offset", "q", "bbox", "datetime", "f", "lang"])?;
        let mut said = Said::default();
        let mut text = |params: &mut Params, name: &str| {
            let text = params.text(name);
            if let Some(text) = &text {
                said.add(name, text);
            }
            text
        };
        let q = text(params, "q").unwrap_or_default();
        let wrong =
            |name: &str, text: &str, e: String| Error::invalid(name, format!("{name} `{}`: {e}", shorten(text)));
        let bbox = text(params, "bbox").map(|t| Bbox::parse(&t).map_err(|e| wrong("bbox", &t, e))).transpose()?;
        let stretch = text(params, "datetime").map(|t| Stretch::parse(&t).map_err(|e| wrong("datetime", &t, e)));
        let stretch = stretch.transpose()?;
        let limit = match params.parsed::<usize>("limit", "a whole number from 1")? {
            Some(0) => return Err(Error::invalid("limit", "limit `0` is not a whole number from 1")),
            limit => limit,
        };
        let offset = params.parsed("offset", "a whole number from 0")?.unwrap_or(0);
        params.end("`limit`, `offset`, `q`, `bbox`, `datetime`, `f`, `lang`")?;
        let words = folded(&q).split_whitespace().map(String::from).collect();
        Ok(Wanted { limit, offset, words, bbox, stretch, said })
    }

    /// Whether every word is in what describes the layer, and its extent meets the box.
    fn covers(&self, layer: &Layer) -> bool {
        let texts = [Some(&layer.id), Some(&layer.title), layer.title_en.as_ref(), layer.description.as_ref()];
        let all = folded(&texts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("\n"));
        let meets = |b: Bbox| layer.extent.is_some_and(|e| b.parts().into_iter().any(|b| b.intersection(e).is_some()));
        self.words.iter().all(|w| all.contains(w.as_str())) && self.bbox.is_none_or(meets)
    }

    /// Whether a layer has moments in the stretch that is asked for; one without times is at every time.
    fn lasts(&self, span: Option<&Span>) -> bool {
        let (Some(stretch), Some([from, to])) = (self.stretch, span) else { return true };
        let moment = |t: &Option<String>| t.as_deref().and_then(Instant::timestamp);
        stretch.meets(Stretch { from: moment(from), to: moment(to) })
    }

    fn address(&self, here: &str, offset: usize) -> String {
        let limit = self.limit.map(|n| ("limit", n.to_string()));
        let offset = (offset > 0).then(|| ("offset", offset.to_string()));
        self.said.address(here, &[limit, offset].into_iter().flatten().collect::<Vec<_>>())
    }
}

pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    let layer = app.catalog.named(&id)?;
    let span = app.known.span(&app.db.pool, &app.catalog, &layer).await?;
    let body = collection(&base, &layer, span.as_ref(), choice);
    let response = match choice.is_html() {
        true => html::collection(&base, choice, &layer, &body),
        false => choice.answer(body.to_string()),
    };
    Ok(super::fresh(response))
}

/// A collection document (OGC 17-069r4, 7.14) with the members that the map reads (docs/api.md).
fn collection(base: &str, layer: &Layer, span: Option<&Span>, choice: Choice) -> Value {
    let systems: Vec<String> = layer.systems().into_iter().map(Crs::uri).collect();
    let id = &layer.id;
    let here = format!("{base}/ogc/collections/{id}");
    let mut links = choice.links(&here, format::PAGES);
    if layer.raster.is_none() {
        links.extend(to_features(&here));
    }
    links.push(link(format!("{here}/api"), "service-desc", OPENAPI, "The API definition of this layer alone"));
    links.push(link(format!("{here}/changes"), "monitor", JSON, "What changes"));
    let record = format!("{here}/metadata");
    links.push(link(&record, "describedby", GEOJSON, "Metadata"));
    links.push(link(format!("{record}?f=iso"), "describedby", super::records::ISO.media_type, "Metadata (ISO 19139)"));
    if layer.spatial().is_some() {
        links.push(link(format!("{here}/quality"), "describedby", JSON, "Quality report"));
    }
    if layer.is_drawn() {
        let (tiles, rel, title) = match layer.raster {
            None => ("tiles", super::tiles::TILESETS, "Vector tiles"),
            Some(_) => ("map/tiles", super::tiles::maps::TILESETS, "Map tiles"),
        };
        links.push(link(format!("{here}/styles"), super::styles::STYLES, JSON, "Styles"));
        links.push(link(format!("{here}/{tiles}"), rel, JSON, title));
        links.push(link(format!("{base}/tiles/{id}"), "describedby", JSON, &format!("{title} (TileJSON)")));
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
    put("extent", extent(layer, span));
    put("itemType", layer.raster.is_none().then(|| json!("feature")));
    put("dataType", layer.raster.as_ref().map(|_| json!("map")));
    put("crs", Some(json!(systems)));
    put("storageCrs", layer.crs.map(|crs| json!(crs.uri())));
    put("itemCount", layer.raster.is_none().then(|| json!(layer.feature_count)));
    put("raster", layer.raster.as_ref().map(|r| json!(r.picture)));
    put("links", Some(json!(links)));
    put("titles", Some(titles(&layer.title, layer.title_en.as_deref())));
    put("group", layer.group.as_deref().map(|vi| titles(vi, layer.group_en.as_deref())));
    put("package", layer.package.as_ref().map(|place| json!(place)));
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
    put("edition", layer.edition.map(|number| json!(number)));
    put("version", Some(json!(layer.version)));
    put("updated", Some(json!(layer.updated)));
    Value::Object(doc)
}

/// The links of a layer with features.
fn to_features(here: &str) -> Vec<Value> {
    let mut links = vec![link(format!("{here}/items"), "items", GEOJSON, "Features")];
    for form in format::EXPORTS {
        let title = format!("All of it as {}", form.title);
        links.push(link(format!("{here}/export?f={}", form.name), "enclosure", form.media_type, &title));
    }
    for (name, rel, title) in [
        ("schema", schemas::RETURNABLES, "What features are made of"),
        ("schema", "describedby", "What features are made of"),
        ("queryables", schemas::QUERYABLES, "What filters may name"),
        ("sortables", schemas::SORTABLES, "What orders may name"),
    ] {
        links.push(link(format!("{here}/{name}"), rel, schemas::SCHEMA, title));
    }
    links
}

fn extent(layer: &Layer, span: Option<&Span>) -> Option<Value> {
    let mut extent = Map::new();
    if let Some(bbox) = layer.extent {
        extent.insert("spatial".into(), json!({"bbox": [bbox], "crs": CRS84}));
    }
    if let Some(span) = span {
        extent.insert("temporal".into(), json!({"interval": [span], "trs": GREGORIAN}));
    }
    (!extent.is_empty()).then(|| extent.into())
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
    if (1..=MOST_CODES).contains(&field.domain.len()) {
        let codes = field.domain.iter().map(|c| json!({"code": c.code, "title": c.label}));
        doc["codes"] = codes.collect();
    }
    doc
}
