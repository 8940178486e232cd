//! Tile matrix sets as documents (OGC 17-083r4, 7 and Annex D).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::super::super::Shared;
use super::super::super::links::{Base, link};
use super::super::super::params::Params;
use super::super::super::respond::Answer;
use super::super::{JSON, document, format, fresh, html};
use crate::error::Error;
use crate::geo::{CITY_SRID, MatrixSet, PIXELS, zone};
use crate::layer::Layer;
use crate::layer::catalog::shorten;

/// The registered address, of a set that has one.
pub fn registered(set: MatrixSet) -> Option<&'static str> {
    set.is_web_mercator().then_some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad")
}

/// The sets in which one of the layers has tiles: Web Mercator, the city's zone, others.
pub fn of(layers: &[Arc<Layer>]) -> Vec<MatrixSet> {
    let mut sets = vec![MatrixSet::WEB_MERCATOR];
    for set in layers.iter().flat_map(|l| MatrixSet::among(&l.systems())) {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    sets[1..].sort_by_key(|set| (set.crs().srid != CITY_SRID, set.crs().srid));
    sets
}

pub fn title(set: MatrixSet) -> String {
    let srid = set.crs().srid;
    match zone(srid) {
        None => "Web Mercator (Google Maps)".into(),
        Some(zone) if zone.half > 1.5 => format!("VN-2000 / UTM {}° (EPSG:{srid})", zone.meridian),
        Some(zone) => {
            let minutes = (zone.meridian.fract() * 60.0).round();
            format!("VN-2000 / TM-3 {}°{minutes:02}′ (EPSG:{srid})", zone.meridian.trunc())
        }
    }
}

/// `GET /ogc/tileMatrixSets`: those in which there are tiles, and the city's.
pub async fn list(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = document(&mut params, &headers, format::PAGES)?;
    let spatial: Vec<_> = app.catalog.all().into_iter().filter(|l| l.spatial().is_some()).collect();
    let mut sets = of(&spatial);
    if let Some(city) = MatrixSet::vn2000(CITY_SRID).filter(|city| !sets.contains(city)) {
        sets.insert(1, city);
    }
    let sets: Vec<Value> = sets
        .into_iter()
        .map(|set| {
            let here = format!("{base}/ogc/tileMatrixSets/{}", set.id());
            let mut doc = json!({"id": set.id(), "title": title(set), "crs": set.crs().uri(),
                                 "links": [link(here, "self", JSON, &title(set))]});
            if let Some(uri) = registered(set) {
                doc["uri"] = json!(uri);
            }
            doc
        })
        .collect();
    let links = choice.links(&format!("{base}/ogc/tileMatrixSets"), format::PAGES);
    let doc = json!({"links": links, "tileMatrixSets": sets});
    Ok(fresh(match choice.is_html() {
        true => html::matrix_sets(&base, choice, &doc),
        false => choice.answer(doc.to_string()),
    }))
}

/// `GET /ogc/tileMatrixSets/{set}`
pub async fn one(Base(base): Base, Path(id): Path<String>, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = document(&mut params, &headers, format::PAGES)?;
    let set = MatrixSet::find(&id).ok_or_else(|| {
        let say = "`/ogc/tileMatrixSets` lists those that there are";
        Error::NotFound(format!("there is no tile matrix set `{}`; {say}", shorten(&id)))
    })?;
    let mut doc = definition(set);
    doc["links"] = json!(choice.links(&format!("{base}/ogc/tileMatrixSets/{}", set.id()), format::PAGES));
    Ok(match choice.is_html() {
        true => html::matrix_set(&base, choice, &doc),
        false => choice.answer(doc.to_string()),
    })
}

/// The set's definition (17-083r4, 7.1).
fn definition(set: MatrixSet) -> Value {
    let axes = if set.is_web_mercator() { ["X", "Y"] } else { ["E", "N"] };
    let crs = set.crs().uri();
    let matrices: Vec<Value> = (0..=set.deepest())
        .map(|z| {
            let (cell, scale) = set.cell(z);
            json!({
                "id": z.to_string(),
                "scaleDenominator": scale,
                "cellSize": cell,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": set.origin(),
                "tileWidth": PIXELS,
                "tileHeight": PIXELS,
                "matrixWidth": 1u32 << z,
                "matrixHeight": 1u32 << z,
            })
        })
        .collect();
    let mut doc = json!({"id": set.id(), "title": title(set), "crs": crs, "orderedAxes": axes});
    if let Some(uri) = registered(set) {
        doc["uri"] = json!(uri);
        doc["wellKnownScaleSet"] = json!("http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible");
    }
    if let Some(whole) = set.tile(0, 0, 0) {
        let [west, south, east, north] = set.sides(whole, 0.0);
        doc["boundingBox"] =
            json!({"lowerLeft": [west, south], "upperRight": [east, north], "crs": crs, "orderedAxes": axes});
    }
    doc["tileMatrices"] = json!(matrices);
    doc
}
