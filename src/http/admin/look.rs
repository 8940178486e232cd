//! What is in an upload, before it is imported.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use super::super::Shared;
use super::super::params::Params;
use super::super::respond::Answer;
use crate::app::App;
use crate::error::Error;
use crate::jobs::Look;

const KNOWN: &str = "`srs`, `encoding`, `swap_xy`";

/// `GET /admin/uploads/{id}/layers`: layers, or only `layer`, fields with samples, encodings and coordinate systems it may be in.
pub async fn layers(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, mut params: Params) -> Answer {
    super::who(&app, &headers).await?;
    let look = Look { layer: params.text("layer"), ..read(&mut params)? };
    params.end(&format!("`layer`, {KNOWN}"))?;
    answer(&app, &id, look).await
}

/// `GET /admin/uploads/{id}/preview?layer=`: the first features of a layer, in CRS84.
pub async fn preview(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, mut params: Params) -> Answer {
    super::who(&app, &headers).await?;
    let layer = params.text("layer").ok_or_else(|| Error::invalid("layer", "say which `layer` of the file"))?;
    let most = params.count("limit", 500, 2_000)?;
    let look = Look { layer: Some(layer), most: Some(most), ..read(&mut params)? };
    params.end(&format!("`layer`, `limit`, {KNOWN}"))?;
    answer(&app, &id, look).await
}

fn read(params: &mut Params) -> crate::error::Result<Look> {
    let (srs, encoding) = (params.text("srs"), params.text("encoding"));
    Ok(Look { layer: None, most: None, srs, encoding, swap_xy: params.flag("swap_xy")? })
}

/// What was seen, or that the file is still being read: ask again then, at once.
async fn answer(app: &App, id: &str, look: Look) -> Answer {
    let upload = app.uploads.named(id)?;
    if !upload.is_whole() {
        return Err(Error::Conflict("the upload is not whole yet; send the rest first".into()).into());
    }
    Ok(match app.jobs.looks.get(&upload, look).await? {
        Some(seen) => super::text(seen.to_string()),
        None => (StatusCode::ACCEPTED, super::json(&json!({"state": "reading"}))).into_response(),
    })
}
