//! What happens around every request: an id, a time limit, one log line, and its share of the metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{Counter, Histogram};
use percent_encoding::percent_decode_str;

use super::params;
use super::respond::{self, Failure, Problem};
use crate::app::App;
use crate::error::Error;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static PROCESS: OnceLock<u32> = OnceLock::new();
static COUNT: AtomicU64 = AtomicU64::new(0);
/// The routes that answer most requests.
pub const TILE_ROUTE: &str = "/tiles/{layers}/{z}/{x}/{y}";
pub const LAYER_TILE_ROUTE: &str = "/ogc/collections/{id}/tiles/{set}/{matrix}/{row}/{column}";
pub const MAP_TILE_ROUTE: &str = "/ogc/collections/{id}/map/tiles/{set}/{matrix}/{row}/{column}";
pub const DATASET_TILE_ROUTE: &str = "/ogc/tiles/{set}/{matrix}/{row}/{column}";
/// Routes on which a request may take as long as its body does.
pub const UPLOADS_ROUTE: &str = "/admin/uploads";
pub const UPLOAD_ROUTE: &str = "/admin/uploads/{id}";
/// Routes that keep the time themselves, as they tell it in words of their own.
pub const WMS_ROUTE: &str = "/wms";
pub const WFS_ROUTE: &str = "/wfs";
static TILES: OnceLock<(Counter, Histogram)> = OnceLock::new();

pub async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("/*", MatchedPath::as_str);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let path = uri.path();
    let limit = match route {
        UPLOADS_ROUTE | UPLOAD_ROUTE | WMS_ROUTE | WFS_ROUTE => Duration::from_secs(24 * 3600),
        _ => patience(&app),
    };
    let answer = async {
        match percent_decode_str(path).decode_utf8() {
            Ok(_) => next.run(request).await,
            Err(_) => Problem::from(Error::invalid("path", "the path is not UTF-8")).into_response(),
        }
    };
    let mut response = match tokio::time::timeout(limit, answer).await {
        Ok(response) => response,
        Err(_) => Problem::from(respond::too_slow()).into_response(),
    };
    let (status, took) = (response.status(), started.elapsed());
    if status.is_client_error() || status.is_server_error() {
        response = completed(response, &id, uri.query().unwrap_or_default()).await;
    }
    mark(response.headers_mut(), &id);
    // Tiles come by the thousand a second: their counters are looked up once, and what went well is not told.
    let tile = [TILE_ROUTE, LAYER_TILE_ROUTE, MAP_TILE_ROUTE, DATASET_TILE_ROUTE].contains(&route);
    let quiet = tile && status == StatusCode::OK && method == Method::GET;
    let numbers = if quiet && route == TILE_ROUTE {
        TILES.get_or_init(|| numbers(route, &method, status))
    } else {
        &numbers(route, &method, status)
    };
    numbers.0.increment(1);
    numbers.1.record(took.as_secs_f64());
    let ms = took.as_secs_f64() * 1000.0;
    match response.extensions().get::<Failure>() {
        Some(Failure(error)) => {
            tracing::error!(request = id, %method, path, status = status.as_u16(), ms, error, "request failed")
        }
        None if status == StatusCode::SERVICE_UNAVAILABLE => {
            tracing::warn!(request = id, %method, path, status = 503, ms, "request turned away")
        }
        None if quiet => tracing::debug!(request = id, %method, path, status = 200, ms, "request"),
        None => tracing::info!(request = id, %method, path, status = status.as_u16(), ms, "request"),
    }
    response
}

/// How long a request may take: a little longer than a statement, so that the database's own limit answers first.
pub fn patience(app: &App) -> Duration {
    Duration::from_secs(app.settings.statement_timeout + 5)
}

/// An id that no other request has.
pub fn request_id() -> String {
    // Asked once: it is a call of the system.
    let process = PROCESS.get_or_init(std::process::id);
    format!("{process:08x}-{:06x}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Says which request is answered.
pub fn identify(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID.clone(), value);
    }
}

/// The headers that every answer has.
pub fn mark(headers: &mut HeaderMap, id: &str) {
    identify(headers, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Counts a tile that was answered without the router.
pub fn count_tile(took: Duration) {
    let (counter, histogram) = TILES.get_or_init(|| numbers(TILE_ROUTE, &Method::GET, StatusCode::OK));
    counter.increment(1);
    histogram.record(took.as_secs_f64());
}

/// The counter and the histogram that a request belongs to.
fn numbers(route: &str, method: &Method, status: StatusCode) -> (Counter, Histogram) {
    let labels =
        [("route", route.to_string()), ("method", method.to_string()), ("status", status.as_u16().to_string())];
    (
        metrics::counter!("dothi_http_requests_total", &labels),
        metrics::histogram!("dothi_http_request_seconds", &labels[..2]),
    )
}

/// Puts what only the request knows into a problem document: its id, so that a user can name it and the log can be
/// searched for it, and the value of the wrong parameter.
async fn completed(response: Response, id: &str, query: &str) -> Response {
    let ours = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == "application/problem+json");
    if !ours || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, 64 << 10).await.unwrap_or_default();
    let Ok(mut document) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if let Some(value) = document["parameter"].as_str().and_then(|name| params::value(query, name)) {
        document["value"] = value.into();
    }
    document["instance"] = format!("urn:request:{id}").into();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(document.to_string()))
}
