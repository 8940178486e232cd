//! `/admin`: what administrators do. Everything here needs an administrator's key, but for the page itself, which asks
//! for one. Nothing goes by cookies, so that no other page can act for whoever is signed in.

pub mod api; // the API definition
pub mod events; // a job as it goes on
pub mod jobs; // imports: asked for, answered, cancelled
pub mod look; // what is in an upload
pub mod tus; // uploads by the tus protocol
pub mod uploads; // uploads as JSON

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::ogc::write::bearer;
use super::respond;
use crate::access;
use crate::app::App;
use crate::error::Result;

/// Who asks, if it is an administrator.
async fn who(app: &App, headers: &HeaderMap) -> Result<String> {
    access::administering(&app.db.pool, bearer(headers)).await
}

/// JSON that is nobody else's to keep.
fn json(value: &Value) -> Response {
    text(value.to_string())
}

fn text(body: String) -> Response {
    let mut response = respond::json("application/json", body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET /admin`: there is one page.
pub async fn home() -> Response {
    Redirect::temporary("/admin/import").into_response()
}
