//! Tiles of layers that are pictures, and what they are.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::respond::Answer;
use super::tiles::{escape, knows};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::layer::Layer;
use crate::layer::raster::{Raster, TILE};
use crate::tiles::rasters::etag;

/// The layer of this id, if it is a picture.
pub fn named(app: &App, id: &str) -> Option<Arc<Layer>> {
    app.catalog.get(id.trim()).filter(|l| l.raster.is_some())
}

/// The raster of a layer, or what a caller is told who takes another for one.
pub fn of(layer: &Layer) -> Result<&Raster> {
    layer.raster.as_ref().ok_or_else(|| Error::NotFound(format!("layer `{}` is no raster", layer.id)))
}

/// The tile as it is in the archive, or that the client still has it, or that nothing is there.
pub async fn tile(app: &App, layer: &Layer, tile: Tile, headers: &HeaderMap) -> Answer {
    let raster = of(layer)?;
    let (etag, fresh) = (etag(layer, raster, tile), app.catalog.is_following());
    let mut head = HeaderMap::new();
    let caching = if fresh { "no-cache" } else { "no-store" };
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if fresh {
        head.insert(header::ETAG, HeaderValue::try_from(&etag).map_err(|e| Error::Internal(e.to_string()))?);
        if knows(headers, &etag) {
            return Ok((StatusCode::NOT_MODIFIED, head).into_response());
        }
    }
    match app.tiles.rasters.get(layer, raster, tile).await? {
        Some(bytes) => {
            head.insert(header::CONTENT_TYPE, HeaderValue::from_static(raster.format.media_type()));
            Ok((head, bytes).into_response())
        }
        None => Ok((StatusCode::NO_CONTENT, head).into_response()),
    }
}

/// TileJSON 3.0.0, with the size of the tiles, which MapLibre reads.
pub fn described(layer: &Layer, template: &str) -> Result<Value> {
    let raster = of(layer)?;
    let mut body = json!({
        "tilejson": "3.0.0",
        "name": layer.title,
        "scheme": "xyz",
        "tiles": [template],
        "format": raster.format.name(),
        "tileSize": TILE,
        "minzoom": 0,
        "maxzoom": raster.picture.zoom,
        "bounds": layer.extent,
    });
    if let Some(text) = &layer.attribution {
        body["attribution"] = json!(escape(text));
    }
    Ok(body)
}
