//! Uploads by tus 1.0.0 (tus.io): core, creation, creation with upload, termination, expiration, checksum.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::Shared;
use super::super::links::Base;
use super::super::respond::{Answer, Problem};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs;
use crate::layer::catalog::shorten;
use crate::uploads::{Checksum, Upload};

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,termination,expiration,checksum";
const PIECE: &str = "application/offset+octet-stream";

/// `POST /admin/uploads`: an upload of a size and a name, and perhaps its first bytes.
pub async fn create(State(app): Shared, Base(base): Base, headers: HeaderMap, body: Body) -> Response {
    marked(async {
        let who = super::who(&app, &headers).await?;
        spoken(&headers)?;
        if headers.contains_key("upload-defer-length") {
            return Err(Error::invalid("Upload-Defer-Length", "the size must be known; send `Upload-Length`").into());
        }
        let size = number(&headers, "upload-length")?;
        let name = name(&headers)?;
        let mut upload = app.uploads.create(&name, size, &who).await?;
        if headers.get(header::CONTENT_TYPE).is_some_and(|t| t == PIECE) {
            upload = append(&app, &upload.id, 0, checksum(&headers)?, body).await?;
        }
        let mut response = (StatusCode::CREATED, state(&upload)).into_response();
        put(response.headers_mut(), "location", &format!("{base}/admin/uploads/{}", upload.id));
        Ok(response)
    })
    .await
}

/// `HEAD /admin/uploads/{id}`: how much of it is here.
pub async fn head(State(app): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    marked(how_far(&app, &id, &headers)).await
}

/// `PATCH /admin/uploads/{id}`: the next bytes.
pub async fn patch(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    marked(next(&app, &id, &headers, body)).await
}

/// `DELETE /admin/uploads/{id}`
pub async fn delete(State(app): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    marked(remove(&app, &id, &headers)).await
}

/// `POST /admin/uploads/{id}` with `X-HTTP-Method-Override`, where something on the way lets nothing else through.
pub async fn instead(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let method = headers.get("x-http-method-override").and_then(|v| v.to_str().ok()).unwrap_or_default();
    match method {
        "PATCH" => patch(State(app), Path(id), headers, body).await,
        "DELETE" => delete(State(app), Path(id), headers).await,
        "HEAD" => head(State(app), Path(id), headers).await,
        _ => Problem::from(Error::invalid("X-HTTP-Method-Override", "say `PATCH`, `DELETE` or `HEAD`")).into_response(),
    }
}

async fn how_far(app: &App, id: &str, headers: &HeaderMap) -> Answer {
    super::who(app, headers).await?;
    spoken(headers)?;
    let upload = app.uploads.settled(id).await?;
    let mut response = (StatusCode::OK, state(&upload)).into_response();
    put(response.headers_mut(), "upload-length", &upload.size.to_string());
    put(response.headers_mut(), "upload-metadata", &format!("filename {}", STANDARD.encode(&upload.name)));
    Ok(response)
}

async fn next(app: &Arc<App>, id: &str, headers: &HeaderMap, body: Body) -> Answer {
    super::who(app, headers).await?;
    spoken(headers)?;
    if headers.get(header::CONTENT_TYPE).is_none_or(|t| t != PIECE) {
        return Err(Error::MediaType(format!("pieces of an upload are `{PIECE}`")).into());
    }
    let offset = number(headers, "upload-offset")?;
    let upload = append(app, id, offset, checksum(headers)?, body).await?;
    Ok((StatusCode::NO_CONTENT, state(&upload)).into_response())
}

async fn remove(app: &App, id: &str, headers: &HeaderMap) -> Answer {
    super::who(app, headers).await?;
    spoken(headers)?;
    if jobs::needed(&app.db.pool).await?.contains(id) {
        return Err(Error::Conflict("a job still reads this upload; wait for it, or cancel it first".into()).into());
    }
    app.uploads.remove(id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// In a task of its own, which ends in order also when the sender is gone.
async fn append(app: &Arc<App>, id: &str, offset: u64, checksum: Option<Checksum>, body: Body) -> Result<Upload> {
    let (app, id) = (app.clone(), id.to_string());
    let appended =
        tokio::spawn(async move { app.uploads.append(&id, offset, checksum, body.into_data_stream()).await });
    appended.await.map_err(|e| Error::Internal(e.to_string()))?
}

/// What the server can, on any `OPTIONS` here; the CORS layer has answered the rest.
pub async fn options(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let here = request.method() == Method::OPTIONS && request.uri().path().starts_with("/admin/uploads");
    let mut response = next.run(request).await;
    if here {
        let headers = response.headers_mut();
        put(headers, "tus-resumable", VERSION);
        put(headers, "tus-version", VERSION);
        put(headers, "tus-extension", EXTENSIONS);
        put(headers, "tus-max-size", &app.uploads.largest.to_string());
        put(headers, "tus-checksum-algorithm", "sha1,sha256");
    }
    response
}

/// Every answer says which protocol it is.
async fn marked(answer: impl Future<Output = Answer>) -> Response {
    let mut response = answer.await.into_response();
    put(response.headers_mut(), "tus-resumable", VERSION);
    if response.status() == StatusCode::PRECONDITION_FAILED {
        put(response.headers_mut(), "tus-version", VERSION);
    }
    response
}

fn state(upload: &Upload) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, "upload-offset", &upload.offset.to_string());
    put(&mut headers, "upload-expires", &httpdate::fmt_http_date(upload.expires()));
    put(&mut headers, "cache-control", "no-store");
    headers
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn spoken(headers: &HeaderMap) -> Result<()> {
    match headers.get("tus-resumable") {
        Some(version) if version == VERSION => Ok(()),
        _ => Err(Error::Stale(format!("uploads go by tus {VERSION}; send `Tus-Resumable: {VERSION}`"))),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(name).map(|v| v.to_str().unwrap_or_default().trim())
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<u64> {
    let value = text(headers, name).unwrap_or_default();
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let wrong = || Error::invalid(name, format!("`{name}` must be a number of bytes, not `{}`", shorten(value)));
    if digits { value.parse().map_err(|_| wrong()) } else { Err(wrong()) }
}

/// `filename` of `Upload-Metadata`: pairs of a key and a value in base64, with commas between.
fn name(headers: &HeaderMap) -> Result<String> {
    let pairs = text(headers, "upload-metadata").unwrap_or_default().split(',');
    let value =
        pairs.filter_map(|pair| pair.trim().split_once(' ')).find(|(key, _)| matches!(*key, "filename" | "name"));
    let Some((_, value)) = value else { return Ok(String::new()) };
    let wrong = || Error::invalid("Upload-Metadata", "`filename` must be UTF-8 in base64");
    String::from_utf8(STANDARD.decode(value.trim()).map_err(|_| wrong())?).map_err(|_| wrong())
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>> {
    let Some(value) = text(headers, "upload-checksum") else { return Ok(None) };
    let wrong = || Error::invalid("Upload-Checksum", "say `sha1` or `sha256`, a space, and the sum in base64");
    let (kind, sum) = value.split_once(' ').ok_or_else(wrong)?;
    let sum = STANDARD.decode(sum.trim()).map_err(|_| wrong())?;
    match (kind, sum.len()) {
        ("sha1", 20) => Ok(Some(Checksum::Sha1(sum))),
        ("sha256", 32) => Ok(Some(Checksum::Sha256(sum))),
        _ => Err(wrong()),
    }
}
