//! What happens around every request: an id, a time limit, one log line, and its share of the metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::respond::{self, Failure};
use crate::app::App;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static COUNT: AtomicU64 = AtomicU64::new(0);

pub async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = format!("{:08x}-{:06x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let route = request.extensions().get::<MatchedPath>().map_or("/*", |p| p.as_str()).to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_string());
    // A little longer than a statement may take, so that the database's own limit answers first.
    let limit = Duration::from_secs(app.settings.statement_timeout + 5);
    let mut response = match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => respond::too_slow(),
    };
    let (status, took) = (response.status(), started.elapsed());
    if status.is_client_error() || status.is_server_error() {
        response = with_instance(response, &id).await;
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let labels = [("route", route), ("method", method.to_string()), ("status", status.as_u16().to_string())];
    metrics::counter!("dothi_http_requests_total", &labels).increment(1);
    metrics::histogram!("dothi_http_request_seconds", &labels[..2]).record(took.as_secs_f64());
    let ms = took.as_secs_f64() * 1000.0;
    match response.extensions().get::<Failure>() {
        Some(Failure(error)) => {
            tracing::error!(request = id, %method, path, status = status.as_u16(), ms, error, "request failed")
        }
        None if status == StatusCode::SERVICE_UNAVAILABLE => {
            tracing::warn!(request = id, %method, path, status = 503, ms, "request turned away")
        }
        None => tracing::info!(request = id, %method, path, status = status.as_u16(), ms, "request"),
    }
    response
}

/// Puts the request's id into a problem document, so that a user can name it and the log can be searched for it.
async fn with_instance(response: Response, id: &str) -> Response {
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == "application/problem+json");
    if !ours || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, 64 << 10).await.unwrap_or_default();
    let Ok(mut document) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    document["instance"] = format!("urn:request:{id}").into();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(document.to_string()))
}
