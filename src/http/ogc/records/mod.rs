//! OGC API – Records, Part 1 (OGC 20-004r1): a record for each layer, in a collection of their own that no layer can be
//! called like, and beside each layer.

mod document; // a record as GeoJSON
pub mod operations; // for the API definition
mod search; // which records

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::Answer;
use super::format::{self, Choice, Form};
use super::{GEOJSON, fresh, html};
use crate::app::App;
use crate::geo::{Bbox, CRS84};
use crate::layer::Layer;
use crate::layer::record::{self, Record};
use search::Search;

pub const CONFORMS_TO: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core",
    "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core-query-parameters",
    "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/json",
];
pub const CATALOG: &str = "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog";
const RECORD_CORE: &str = CONFORMS_TO[0];
const TITLE: &str = "Siêu dữ liệu / Metadata";

const AS_GEOJSON: Form = Form::new("json", GEOJSON, "GeoJSON").also(&["geojson"], &[super::JSON]);
pub const ISO: Form = Form::new("iso", "application/vnd.iso.19139+xml", "ISO 19139")
    .also(&["iso19139", "xml"], &["application/xml", "text/xml"]);
/// The forms of a record.
const RECORD: &[Form] = &[AS_GEOJSON, ISO, format::HTML];
const RECORDS: &[Form] = &[AS_GEOJSON, format::HTML];

/// `GET /ogc/collections/_records`
pub async fn catalog(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = super::document(&mut params, &headers, format::DOCUMENT)?;
    let here = format!("{base}/ogc/collections/_records");
    let mut links = choice.links(&here, format::DOCUMENT);
    links.push(link(format!("{here}/items"), "items", GEOJSON, "Records"));
    let extent = app.catalog.all().iter().filter_map(|l| l.extent).reduce(Bbox::union);
    let mut doc = json!({
        "id": "_records",
        "type": "Collection",
        "itemType": "record",
        "title": TITLE,
        "description": "Siêu dữ liệu của mọi lớp / The record of every layer",
        "conformsTo": [RECORD_CORE],
        "links": links,
    });
    if let Some(extent) = extent {
        doc["extent"] = json!({"spatial": {"bbox": [extent], "crs": CRS84}});
    }
    Ok(fresh(choice.answer(doc.to_string())))
}

/// `GET /ogc/collections/_records/items`
pub async fn list(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = format::choose(&mut params, &headers, RECORDS)?;
    let here = format!("{base}/ogc/collections/_records");
    let search = Search::take(&mut params)?;
    let all: Vec<Arc<Layer>> = app.catalog.all().into_iter().filter(|l| search.finds(l)).collect();
    let matched = all.len();
    let page: Vec<Arc<Layer>> = all.into_iter().skip(search.offset).take(search.limit).collect();
    let mut links = choice.links(&search.said.address(&format!("{here}/items"), &search.page(search.offset)), RECORDS);
    links.push(link(&here, "collection", super::JSON, TITLE));
    if search.offset + page.len() < matched && !page.is_empty() {
        let next = search.said.address(&format!("{here}/items"), &search.page(search.offset + search.limit));
        links.push(link(next, "next", GEOJSON, "The next page"));
    }
    let features: Vec<Value> =
        record::of(&app.db.pool, page).await?.iter().map(|r| document::feature(&base, r)).collect();
    let body = json!({
        "type": "FeatureCollection",
        "features": features,
        "numberMatched": matched,
        "numberReturned": features.len(),
        "timeStamp": crate::app::now(),
        "links": links,
    });
    let own = search.said.address(&format!("{here}/items"), &search.page(search.offset));
    Ok(fresh(match choice.is_html() {
        true => html::records(&base, choice, &own, search.said.get("q").unwrap_or_default(), &body),
        false => choice.answer(body.to_string()),
    }))
}

/// `GET /ogc/collections/_records/items/{id}`
pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, RECORD)?;
    let here = format!("{base}/ogc/collections/_records/items/{id}");
    Ok(record(&app, &base, &id, &here, choice).await?)
}

/// `GET /ogc/collections/{id}/metadata`
pub async fn of_layer(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, RECORD)?;
    let here = format!("{base}/ogc/collections/{id}/metadata");
    Ok(record(&app, &base, &id, &here, choice).await?)
}

async fn record(app: &App, base: &str, id: &str, here: &str, choice: Choice) -> crate::error::Result<Response> {
    let layer = app.catalog.named(id)?;
    let mut records = record::of(&app.db.pool, vec![layer]).await?;
    let record: Record = records.remove(0);
    if choice.form == ISO {
        let places = document::places(base, &record.layer);
        return Ok(fresh(choice.answer(record::xml(&record, here, &places))));
    }
    let mut doc = document::feature(base, &record);
    let mut links = choice.links(here, RECORD);
    links.extend(doc["links"].as_array().cloned().unwrap_or_default());
    doc["links"] = json!(links);
    let path = here.strip_prefix(base).and_then(|p| p.strip_prefix("/ogc")).unwrap_or_default();
    Ok(fresh(match choice.is_html() {
        true => html::record(base, choice, path, &doc),
        false => choice.answer(doc.to_string()),
    }))
}
