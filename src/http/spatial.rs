//! Spatial questions: what is here, what is near, what does this polygon cut.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use serde_json::{Value, json};

use super::Shared;
use super::ogc::collections::titles;
use super::ogc::write;
use super::params::Params;
use super::respond::{self, Answer};
use crate::analysis::{self, Place};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::{CITY_SRID, parse_epsg};
use crate::layer::Layer;
use crate::layer::catalog::shorten;

const MOST_TOLERANCE: f64 = 1_000.0;
const MOST_DISTANCE: f64 = 50_000.0;
const MOST_VERTICES: usize = 10_000;
/// Far beyond any projected coordinate on earth.
const FAR: f64 = 1e8;

pub async fn at(State(app): Shared, mut params: Params) -> Answer {
    let place = place(&app, &mut params).await?;
    let layers = layers(&app, &mut params, |l| l.spatial().is_some())?;
    let tolerance = params.number("tolerance", 0.0, MOST_TOLERANCE)?.unwrap_or(0.0);
    let limit = params.count("limit", 20, 100)?;
    params.end("`lon`, `lat`, `e`, `n`, `crs`, `layers`, `tolerance`, `limit`")?;
    let found = analysis::at(&app.db.pool, &layers, &place, tolerance, limit).await?;
    let mut body = format!("{{\"point\":{},\"layers\":[", serde_json::to_string(&place)?);
    for (i, here) in found.iter().enumerate() {
        let head = json!({
            "layer": here.layer.id,
            "title": here.layer.title,
            "titles": titles(&here.layer.title, here.layer.title_en.as_deref()),
            "illustrative": here.layer.illustrative,
            "truncated": here.truncated,
        });
        body.push_str(if i == 0 { "" } else { "," });
        body.push_str(head.to_string().trim_end_matches('}'));
        body.push_str(",\"features\":[");
        body.push_str(&here.features.join(","));
        body.push_str("]}");
    }
    body.push_str("]}");
    Ok(respond::json("application/json", body))
}

pub async fn near(State(app): Shared, mut params: Params) -> Answer {
    let place = place(&app, &mut params).await?;
    let layers = layers(&app, &mut params, |l| l.spatial().is_some() && l.visible)?;
    let distance = params.number("distance", 0.0, MOST_DISTANCE)?;
    let distance = distance
        .ok_or_else(|| Error::invalid("distance", format!("say `distance` in metres, at most {MOST_DISTANCE}")))?;
    let limit = params.count("limit", 100, 1_000)?;
    params.end("`lon`, `lat`, `e`, `n`, `crs`, `layers`, `distance`, `limit`")?;
    let (features, more) = analysis::near(&app.db.pool, &layers, &place, distance, limit).await?;
    let head = json!({"type": "FeatureCollection", "point": place, "distance": distance, "numberReturned": features.len(), "truncated": more});
    let body = format!("{},\"features\":[{}]}}", head.to_string().trim_end_matches('}'), features.join(","));
    Ok(respond::json("application/geo+json", body))
}

pub async fn area(State(app): Shared, mut params: Params, body: Body) -> Answer {
    let layers = layers(&app, &mut params, |l| {
        l.visible && l.class_field.is_some() && matches!(l.shape(), "polygon" | "mixed")
    })?;
    let by = params.text("by");
    let srid = crs(&mut params)?.unwrap_or(4326);
    params.end("`layers`, `by`, `crs`")?;
    let polygon = polygon(&write::read(&app, body).await?)?;
    let area = analysis::area(&app.db.pool, &layers, &polygon, srid, by.as_deref()).await?;
    Ok(respond::json("application/json", serde_json::to_string(&area)?))
}

/// The position asked about: `lon` and `lat`, or `e` and `n` in `crs`.
async fn place(app: &App, params: &mut Params) -> Result<Place> {
    let lon = params.number("lon", -180.0, 180.0)?;
    let lat = params.number("lat", -90.0, 90.0)?;
    let (e, n) = (params.number("e", -FAR, FAR)?, params.number("n", -FAR, FAR)?);
    let srid = crs(params)?;
    match (lon, lat, e, n, srid) {
        (Some(lon), Some(lat), None, None, None | Some(4326)) => Place::from_degrees(&app.db.pool, lon, lat).await,
        (None, None, Some(e), Some(n), srid) => Place::from_metres(&app.db.pool, e, n, srid.unwrap_or(CITY_SRID)).await,
        _ => Err(Error::invalid(
            "lon",
            "say where: `lon` and `lat` in degrees, or `e` and `n` in metres with `crs` (default `EPSG:9217`)",
        )),
    }
}

fn crs(params: &mut Params) -> Result<Option<i32>> {
    let Some(text) = params.text("crs") else { return Ok(None) };
    let srid = parse_epsg(&text)
        .ok_or_else(|| Error::invalid("crs", format!("crs `{}` is not a code such as `EPSG:9217`", shorten(&text))))?;
    Ok(Some(srid))
}

fn layers(app: &App, params: &mut Params, otherwise: impl Fn(&Layer) -> bool) -> Result<Vec<Arc<Layer>>> {
    let layers = app.catalog.select(params.text("layers").as_deref(), otherwise)?;
    // A picture has no answer; a map that shows one asks about all that it shows.
    Ok(layers.into_iter().filter(|l| l.raster.is_none()).collect())
}

/// The posted polygon's geometry as GeoJSON text: of the right type and size; PostGIS judges the rest.
fn polygon(body: &[u8]) -> Result<String> {
    let wrong = |what: String| Error::invalid("body", what);
    let mut value: Value = serde_json::from_slice(body).map_err(|e| wrong(format!("the body is not JSON: {e}")))?;
    if value["type"] == "Feature" {
        value = value["geometry"].take();
    }
    let name = value["type"].as_str().unwrap_or_default().to_string();
    if name != "Polygon" && name != "MultiPolygon" {
        return Err(wrong(format!(
            "the body is a `{}`; post a GeoJSON Polygon or MultiPolygon, or a Feature of one",
            shorten(&name)
        )));
    }
    let depth = if name == "Polygon" { 2 } else { 3 };
    let vertices = positions(&value["coordinates"], depth).map_err(wrong)?;
    if vertices > MOST_VERTICES {
        return Err(Error::TooLarge(format!("the polygon has {vertices} vertices; at most {MOST_VERTICES} are taken")));
    }
    Ok(json!({"type": name, "coordinates": value["coordinates"]}).to_string())
}

/// Counts the positions in coordinates nested `depth` deep; what is not two or three finite numbers is no position.
fn positions(value: &Value, depth: u8) -> std::result::Result<usize, String> {
    let list = value.as_array().ok_or("`coordinates` must be nested lists of numbers")?;
    if depth > 0 {
        return list.iter().map(|v| positions(v, depth - 1)).sum();
    }
    let good =
        matches!(list.len(), 2 | 3) && list.iter().all(|n| n.as_f64().is_some_and(|n| n.is_finite() && n.abs() <= FAR));
    if good { Ok(1) } else { Err(format!("`{}` is not a position", shorten(&value.to_string()))) }
}
