//! Vector tiles, TileJSON, styles and the official land-use codes.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::links::Base;
use super::ogc::filter::Words;
use super::ogc::write::listed;
use super::params::Params;
use super::respond::{self, Answer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::tiles::pyramid::vector_layer;
use crate::tiles::{Encoding, Form, Options, Plan, style};

const JSON: &str = "application/json";
/// A map asks for a handful of layers in one tile; more is a mistake or mischief.
const MOST_LAYERS: usize = 32;

/// The layers that a tile's address names.
pub fn layers(app: &App, ids: &str) -> Result<Vec<Arc<Layer>>> {
    let layers = app.catalog.select(Some(ids), |_| false)?;
    if layers.len() > MOST_LAYERS {
        return Err(Error::invalid(
            "layers",
            format!("{} layers in one tile are more than {MOST_LAYERS}", layers.len()),
        ));
    }
    for (i, layer) in layers.iter().enumerate() {
        if layers[..i].iter().any(|l| l.id == layer.id) {
            return Err(Error::invalid("layers", format!("layer `{}` is named twice", layer.id)));
        }
        if layer.spatial().is_none() {
            return Err(Error::NotFound(format!("layer `{}` is a table without geometry and has no tiles", layer.id)));
        }
    }
    Ok(layers)
}

/// `GET /tiles/{layer[,layer…]}/{z}/{x}/{y}?properties=…&labels=true&filter=…`; a tile that the client still has is answered before
/// it would be made.
pub async fn tile(
    State(app): Shared,
    Path((ids, z, x, y)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let layers = layers(&app, &ids)?;
    let mut options = options(&app, &mut params, &layers).await?;
    options.form = form(&headers);
    let tile = parse_tile(&z, &x, &y)?;
    let encoding = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).map_or("", |v| v);
    let plan = app.tiles.plan(layers, tile, Arc::new(options), Encoding::accepted(encoding));
    let fresh = app.catalog.is_following();
    let mut head = head(&plan, fresh)?;
    if fresh && knows(&headers, &plan.etag()) {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    let (content, filtered) = (content(&plan), plan.is_filtered());
    let made = app.tiles.get(&app.db.pool, plan).await;
    let finished = made.map_err(|e| if filtered { super::ogc::filter::blame(e) } else { e })?;
    if finished.is_empty() {
        return Ok((StatusCode::NO_CONTENT, head).into_response());
    }
    head.extend(content);
    Ok((head, finished).into_response())
}

/// What is said of a tile whether or not it is sent. While changes do not arrive, the map goes on drawing, but nothing is
/// called fresh.
pub fn head(plan: &Plan, fresh: bool) -> Result<HeaderMap> {
    let mut head = HeaderMap::with_capacity(16);
    head.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if fresh {
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let etag = HeaderValue::from_str(&plan.etag()).map_err(|e| Error::Internal(e.to_string()))?;
        head.insert(header::ETAG, etag);
    } else {
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(head)
}

/// What is said of a tile that is sent.
pub fn content(plan: &Plan) -> [(Option<HeaderName>, HeaderValue); 2] {
    [
        (Some(header::CONTENT_TYPE), HeaderValue::from_static(plan.form().media_type())),
        (Some(header::CONTENT_ENCODING), HeaderValue::from_static(plan.encoding().name())),
    ]
}

/// MVT, or what else the client asks for.
pub fn form(headers: &HeaderMap) -> Form {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).map_or(Form::Mvt, Form::accepted)
}

/// A tile from a path; `.pbf` and `.mvt` at its end are let pass.
pub fn parse_tile(z: &str, x: &str, y: &str) -> Result<Tile> {
    let row = y.strip_suffix(".pbf").or_else(|| y.strip_suffix(".mvt")).unwrap_or(y);
    let numbers = || Some((z.parse().ok()?, x.parse().ok()?, row.parse().ok()?));
    let tile = numbers().and_then(|(z, x, y)| Tile::new(z, x, y));
    tile.ok_or_else(|| Error::NotFound(format!("there is no tile `{}`", shorten(&format!("{z}/{x}/{y}")))))
}

/// Whether the client says that it has what `etag` names (RFC 9110, 13.1.2).
pub fn knows(headers: &HeaderMap, etag: &str) -> bool {
    listed(headers, header::IF_NONE_MATCH, etag, true)
}

/// What is asked beside where; a field must be one of at least one layer.
async fn options(app: &App, params: &mut Params, layers: &[Arc<Layer>]) -> Result<Options> {
    let words = Words::take(params);
    let properties: Option<Vec<String>> =
        params.text("properties").map(|names| names.split(',').filter(|n| !n.is_empty()).map(String::from).collect());
    for name in properties.iter().flatten() {
        if !layers.iter().any(|l| l.field(name).is_some()) {
            return Err(Error::invalid("properties", format!("no layer of the tile has a field `{}`", shorten(name))));
        }
    }
    let labels = params.flag("labels")?;
    params.end("`properties`, `labels`, `filter`, `filter-lang`, `filter-crs`")?;
    let mut filters = Vec::new();
    for layer in layers {
        filters.extend(words.on(app, layer).await?);
    }
    Ok(Options { properties, labels, filters, form: Form::Mvt })
}

/// `GET /tiles/{layer[,layer…]}`: TileJSON 3.0.0.
pub async fn tilejson(
    State(app): Shared,
    Base(base): Base,
    Path(ids): Path<String>,
    RawQuery(query): RawQuery,
    mut params: Params,
) -> Answer {
    let layers = layers(&app, &ids)?;
    let options = options(&app, &mut params, &layers).await?;
    let mut vector_layers: Vec<Value> = layers.iter().map(|l| vector_layer(l)).collect();
    if options.labels {
        let labelled = layers.iter().filter(|l| matches!(l.shape(), "polygon" | "mixed"));
        vector_layers.extend(labelled.map(|l| json!({"id": format!("{}.label", l.id), "fields": {}})));
    }
    // What was asked of the tiles here is asked of each of them.
    let query = query.filter(|q| !q.is_empty()).map_or(String::new(), |q| format!("?{q}"));
    let extents: Vec<_> = layers.iter().filter_map(|l| l.extent).collect();
    let side = |get: fn(&crate::geo::Bbox) -> f64, pick: fn(f64, f64) -> f64| extents.iter().map(get).reduce(pick);
    let mut body = json!({
        "tilejson": "3.0.0",
        "name": layers.iter().map(|l| l.title.as_str()).collect::<Vec<_>>().join(", "),
        "scheme": "xyz",
        "tiles": [format!("{base}/tiles/{ids}/{{z}}/{{x}}/{{y}}{query}")],
        "minzoom": layers.iter().map(|l| l.min_zoom).min().unwrap_or(0),
        "maxzoom": layers.iter().map(|l| l.max_zoom).max().unwrap_or(0),
        "vector_layers": vector_layers,
    });
    let sides = (
        side(|e| e.west, f64::min),
        side(|e| e.south, f64::min),
        side(|e| e.east, f64::max),
        side(|e| e.north, f64::max),
    );
    if let (Some(w), Some(s), Some(e), Some(n)) = sides {
        body["bounds"] = json!([w, s, e, n]);
    }
    let attribution: Vec<&str> = layers.iter().filter_map(|l| l.attribution.as_deref()).collect();
    if !attribution.is_empty() {
        body["attribution"] = json!(escape(&attribution.join(", ")));
    }
    Ok(revalidated(respond::json(JSON, body.to_string())))
}

/// MapLibre puts an attribution into the page as HTML; ours is text.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub async fn styles(State(app): Shared, Base(base): Base, params: Params) -> Answer {
    params.end("none")?;
    let mut styles = vec![json!({"id": "default", "title": "Bản đồ / Map", "href": format!("{base}/styles/default")})];
    styles.extend(
        app.catalog
            .all()
            .iter()
            .filter(|l| l.spatial().is_some())
            .map(|l| json!({"id": l.id, "title": l.title, "href": format!("{base}/styles/{}", l.id)})),
    );
    Ok(respond::json(JSON, json!({"styles": styles}).to_string()))
}

pub async fn style(State(app): Shared, Base(base): Base, Path(id): Path<String>, params: Params) -> Answer {
    params.end("none")?;
    let exists = |id: &str| app.catalog.get(id).is_some();
    let style = match app.catalog.get(&id) {
        Some(layer) => style::style(&base, &layer.title, std::slice::from_ref(&layer), &app.land_use, exists)?,
        None if id == "default" => style::style(&base, "dothi", &app.catalog.all(), &app.land_use, exists)?,
        None => {
            return Err(Error::NotFound(format!(
                "there is no style `{}`; `/styles` lists those that there are",
                shorten(&id)
            ))
            .into());
        }
    };
    Ok(revalidated(respond::json("application/vnd.mapbox.style+json", style.to_string())))
}

pub async fn land_use(State(app): Shared, params: Params) -> Answer {
    params.end("none")?;
    Ok(respond::json(JSON, serde_json::to_string(&app.land_use)?))
}

fn revalidated(response: Response) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], response).into_response()
}
