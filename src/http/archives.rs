//! Tile archives (PMTiles files) that the server was started with: TileJSON and tiles, as they are in the file.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::Shared;
use super::links::Base;
use super::params::Params;
use super::respond::{self, Answer};
use super::tiles::parse_tile;
use crate::app::App;
use crate::error::{Error, Result};
use crate::layer::catalog::shorten;
use crate::tiles::archive::{Archive, Kind, Packing};
use crate::tiles::{Encoding, Form};

fn named<'a>(app: &'a App, id: &str) -> Result<&'a Archive> {
    app.archives.get(id).map(|a| &**a).ok_or_else(|| {
        Error::NotFound(format!("there is no archive `{}`; `/archives` lists those that there are", shorten(id)))
    })
}

/// `GET /archives`
pub async fn list(State(app): Shared, Base(base): Base, params: Params) -> Answer {
    params.end("none")?;
    let archives: Vec<Value> =
        app.archives.keys().map(|id| json!({"id": id, "href": format!("{base}/archives/{id}")})).collect();
    Ok(respond::json("application/json", json!({"archives": archives}).to_string()))
}

/// `GET /archives/{id}`: TileJSON 3.0.0.
pub async fn tilejson(State(app): Shared, Base(base): Base, Path(id): Path<String>, params: Params) -> Answer {
    params.end("none")?;
    let archive = named(&app, &id)?;
    let own: Map<String, Value> = serde_json::from_str(archive.metadata().get())?;
    let (min, max) = archive.zooms();
    let b = archive.bounds();
    let (lon, lat, zoom) = archive.centre();
    let mut body = json!({
        "tilejson": "3.0.0",
        "scheme": "xyz",
        "tiles": [format!("{base}/archives/{id}/{{z}}/{{x}}/{{y}}")],
        "minzoom": min,
        "maxzoom": max,
        "bounds": [b.west, b.south, b.east, b.north],
        "center": [lon, lat, zoom],
    });
    if archive.kind() == Kind::Mlt {
        body["encoding"] = json!("mlt");
    }
    for key in ["name", "description", "vector_layers"] {
        if let Some(value) = own.get(key) {
            body[key] = value.clone();
        }
    }
    if let Some(text) = own.get("attribution").and_then(Value::as_str) {
        body["attribution"] = json!(super::tiles::escape(text));
    }
    Ok(respond::json("application/json", body.to_string()))
}

/// `GET /archives/{id}/{z}/{x}/{y}`
pub async fn tile(
    State(app): Shared,
    Path((id, z, x, y)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    params.end("none")?;
    named(&app, &id)?;
    let tile = parse_tile(&z, &x, &y)?;
    let (holder, key) = (app.clone(), id.clone());
    let read = move || holder.archives.get(&key).map_or(Ok(None), |a| a.get(tile));
    let found = tokio::task::spawn_blocking(read).await.map_err(|e| Error::Internal(e.to_string()))??;
    let Some(bytes) = found else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let archive = named(&app, &id)?;
    let etag = format!("\"{:032x}\"", xxhash_rust::xxh3::xxh3_128(&bytes));
    if super::tiles::knows(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (coding, bytes) = match archive.packing() {
        Packing::Gzip if Encoding::takes_gzip(accepts) => ("gzip", bytes),
        Packing::Gzip => ("identity", archive.plain(&bytes)?),
        Packing::Brotli => ("br", bytes),
        Packing::Zstd => ("zstd", bytes),
        Packing::None | Packing::Unknown => ("identity", bytes),
    };
    let kind = match archive.kind() {
        Kind::Mvt => Form::Mvt.media_type(),
        Kind::Mlt => Form::Mlt.media_type(),
        Kind::Png => "image/png",
        Kind::Jpeg => "image/jpeg",
        Kind::Webp => "image/webp",
        Kind::Avif => "image/avif",
        Kind::Unknown => "application/octet-stream",
    };
    let head = [
        (header::ETAG, etag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept-Encoding"),
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_ENCODING, coding),
    ];
    Ok((head, bytes).into_response())
}
