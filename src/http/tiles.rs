//! Tiles, TileJSON, styles and the official land-use codes.

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
use super::rasters;
use super::respond::{self, Answer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::{Bbox, MatrixSet, Tile};
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::tiles::pyramid::vector_layer;
use crate::tiles::{Encoding, Form, Options, Plan, stylesheet};

const JSON: &str = "application/json";
/// A map asks for a handful of layers in one tile; more is a mistake or mischief.
pub const MOST_LAYERS: usize = 32;
const KNOWN: &str = "`properties`, `labels`, `filter`, `filter-lang`, `filter-crs`";

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
        if layer.raster.is_some() {
            let say = format!("layer `{}` is a raster, whose tiles are pictures; ask for it alone", layer.id);
            return Err(Error::invalid("layers", say));
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
    if let Some(layer) = rasters::named(&app, &ids) {
        params.end("none for a raster")?;
        return rasters::tile(&app, &layer, parse_tile(&z, &x, &y)?, &headers).await;
    }
    let layers = layers(&app, &ids)?;
    let mut options = options(&app, &mut params, &layers).await?;
    options.form = form(&headers);
    params.end(KNOWN)?;
    let tile = parse_tile(&z, &x, &y)?;
    made(&app, layers, MatrixSet::WEB_MERCATOR, tile, options, &headers).await
}

/// The tile, or that the client still has it, or that nothing is in it.
pub async fn made(
    app: &App,
    layers: Vec<Arc<Layer>>,
    set: MatrixSet,
    tile: Tile,
    options: Options,
    headers: &HeaderMap,
) -> Answer {
    let encoding = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).map_or("", |v| v);
    let plan = app.tiles.plan(layers, set, tile, Arc::new(options), Encoding::accepted(encoding));
    let fresh = app.catalog.is_following();
    let mut head = head(&plan, fresh)?;
    if fresh && knows(headers, &plan.etag()) {
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
        let etag = HeaderValue::try_from(plan.etag()).map_err(|e| Error::Internal(e.to_string()))?;
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

/// A tile from a path; `.pbf`, `.mvt` and the endings of pictures are let pass.
pub fn parse_tile(z: &str, x: &str, y: &str) -> Result<Tile> {
    let row = [".pbf", ".mvt", ".png", ".webp"].iter().find_map(|e| y.strip_suffix(e)).unwrap_or(y);
    let numbers = || Some((z.parse().ok()?, x.parse().ok()?, row.parse().ok()?));
    let tile = numbers().and_then(|(z, x, y)| Tile::new(z, x, y));
    tile.ok_or_else(|| Error::NotFound(format!("there is no tile `{}`", shorten(&format!("{z}/{x}/{y}")))))
}

/// Whether the client says that it has what `etag` names (RFC 9110, 13.1.2).
pub fn knows(headers: &HeaderMap, etag: &str) -> bool {
    listed(headers, header::IF_NONE_MATCH, etag, true)
}

/// Takes what is asked beside where; a field must be one of at least one layer.
pub async fn options(app: &App, params: &mut Params, layers: &[Arc<Layer>]) -> Result<Options> {
    let words = Words::take(params);
    let properties: Option<Vec<String>> =
        params.text("properties").map(|names| names.split(',').filter(|n| !n.is_empty()).map(String::from).collect());
    for name in properties.iter().flatten() {
        if !layers.iter().any(|l| l.field(name).is_some()) {
            return Err(Error::invalid("properties", format!("no layer of the tile has a field `{}`", shorten(name))));
        }
    }
    let labels = params.flag("labels")?;
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
    if let Some(layer) = rasters::named(&app, &ids) {
        params.end("none for a raster")?;
        let template = format!("{base}/tiles/{}/{{z}}/{{x}}/{{y}}", layer.id);
        return Ok(revalidated(respond::json(JSON, rasters::described(&layer, &template)?.to_string())));
    }
    let layers = layers(&app, &ids)?;
    let options = options(&app, &mut params, &layers).await?;
    params.end(KNOWN)?;
    // What was asked of the tiles here is asked of each of them.
    let query = query.filter(|q| !q.is_empty()).map_or(String::new(), |q| format!("?{q}"));
    let template = format!("{base}/tiles/{ids}/{{z}}/{{x}}/{{y}}{query}");
    Ok(revalidated(respond::json(JSON, described(&layers, options.labels, &template).to_string())))
}

/// TileJSON 3.0.0 of some layers, whose tiles are at `template`.
pub fn described(layers: &[Arc<Layer>], labels: bool, template: &str) -> Value {
    let mut vector_layers: Vec<Value> = layers.iter().map(|l| vector_layer(l)).collect();
    if labels {
        let labelled = layers.iter().filter(|l| matches!(l.shape(), "polygon" | "mixed"));
        vector_layers.extend(labelled.map(|l| json!({"id": format!("{}.label", l.id), "fields": {}})));
    }
    let mut body = json!({
        "tilejson": "3.0.0",
        "name": layers.iter().map(|l| l.title.as_str()).collect::<Vec<_>>().join(", "),
        "scheme": "xyz",
        "tiles": [template],
        "minzoom": layers.iter().map(|l| l.min_zoom).min().unwrap_or(0),
        "maxzoom": layers.iter().map(|l| l.max_zoom).max().unwrap_or(0),
        "vector_layers": vector_layers,
    });
    if let Some(bounds) = layers.iter().filter_map(|l| l.extent).reduce(Bbox::union) {
        body["bounds"] = json!(bounds);
    }
    let attribution: Vec<&str> = layers.iter().filter_map(|l| l.attribution.as_deref()).collect();
    if !attribution.is_empty() {
        body["attribution"] = json!(escape(&attribution.join(", ")));
    }
    body
}

/// MapLibre puts an attribution into the page as HTML; ours is text.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `GET /styles`: as `/ogc/styles`, with the addresses below.
pub async fn styles(State(app): Shared, Base(base): Base, params: Params) -> Answer {
    params.end("none")?;
    let mut styles = Vec::new();
    for id in app.styles.ids(&app.catalog) {
        let title = super::ogc::styles::named(&app, &id)?.title;
        styles.push(json!({"id": id, "title": title, "href": format!("{base}/styles/{id}")}));
    }
    Ok(respond::json(JSON, json!({"styles": styles}).to_string()))
}

/// `GET /styles/{id}`
pub async fn style(State(app): Shared, Base(base): Base, Path(id): Path<String>, params: Params) -> Answer {
    params.end("none")?;
    let style = super::ogc::styles::named(&app, &id)?;
    let placed = stylesheet::placed(style.document, &base).to_string();
    Ok(revalidated(respond::json("application/vnd.mapbox.style+json", placed)))
}

pub async fn land_use(State(app): Shared, params: Params) -> Answer {
    params.end("none")?;
    Ok(respond::json(JSON, serde_json::to_string(&app.land_use)?))
}

fn revalidated(response: Response) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], response).into_response()
}
