//! For those who operate the server: is it up, can it answer, how is it doing.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Shared;
use super::respond;
use crate::db::run;
use crate::sql::Sql;

/// The process is up.
pub async fn health() -> Response {
    respond::json("application/json", json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}).to_string())
}

/// The database answers and the catalog follows it.
pub async fn ready(State(app): Shared) -> Response {
    let database = run::one(&app.db.pool, Sql::new("SELECT 1")).await.is_ok();
    let following = app.catalog.is_following();
    let status = if database && following { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |ok| if ok { "ok" } else { "away" };
    let body = json!({"database": word(database), "journal": word(following)}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Prometheus text.
pub async fn metrics(State(app): Shared) -> Response {
    metrics::gauge!("dothi_db_connections").set(app.db.pool.size());
    metrics::gauge!("dothi_db_connections_idle").set(app.db.pool.num_idle() as f64);
    metrics::gauge!("dothi_layers").set(app.catalog.all().len() as f64);
    metrics::gauge!("dothi_tile_cache_bytes").set(app.tiles.bytes() as f64);
    let text = app.metrics.as_ref().map(|m| m.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
