//! Uploads as JSON, for pages and programs that do not speak tus.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::params::Params;
use super::super::respond::Answer;
use crate::app::rfc3339;
use crate::uploads::Upload;

/// `GET /admin/uploads`
pub async fn list(State(app): Shared, headers: HeaderMap, params: Params) -> Answer {
    super::who(&app, &headers).await?;
    params.end("none")?;
    let all: Vec<Value> = app.uploads.all()?.iter().map(about).collect();
    Ok(super::json(&json!({"uploads": all, "largest": app.uploads.largest})))
}

/// `GET /admin/uploads/{id}`
pub async fn one(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, params: Params) -> Answer {
    super::who(&app, &headers).await?;
    params.end("none")?;
    Ok(answer(&app.uploads.named(&id)?))
}

fn answer(upload: &Upload) -> Response {
    super::json(&about(upload))
}

/// What is known about an upload.
fn about(upload: &Upload) -> Value {
    json!({
        "id": upload.id, "name": upload.name, "size": upload.size, "offset": upload.offset, "whole": upload.is_whole(),
        "sha256": upload.sha256, "who": upload.who, "created": rfc3339(upload.created), "expires": rfc3339(upload.expires_at()),
    })
}
