//! The map and what it is made of. The binary carries the page; glyphs and sprites are built files beside it.

use axum::extract::Path;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::Shared;
use super::respond::{self, Answer};
use crate::error::Error;
use crate::layer::catalog::shorten;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/web/dist"]
#[allow_missing = true]
struct Dist;

/// The page may load scripts, styles, tiles and fonts from here and from nowhere else.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self'; \
                      object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

pub async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return respond::no_such_path(uri.path());
    }
    let path = uri.path().trim_start_matches('/');
    file(if path.is_empty() { "index.html" } else { path }, &uri, &headers)
}

/// `GET /admin/import`: the page on which files are imported. It holds nothing; what it asks for needs a key.
pub async fn import(uri: Uri, headers: HeaderMap) -> Response {
    file("admin/import.html", &uri, &headers)
}

fn file(path: &str, uri: &Uri, headers: &HeaderMap) -> Response {
    let Some(file) = Dist::get(path) else {
        if path == "index.html" || path == "admin/import.html" {
            return (
                StatusCode::OK,
                "The map is not built into this binary; `make build` does it. The API is at /ogc\n",
            )
                .into_response();
        }
        return respond::no_such_path(uri.path());
    };
    let etag =
        format!("\"{}\"", file.metadata.sha256_hash().iter().take(12).map(|b| format!("{b:02x}")).collect::<String>());
    if headers.get(header::IF_NONE_MATCH).is_some_and(|t| t.to_str().is_ok_and(|t| t.contains(&etag))) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    // Vite puts a hash of the content into the names under assets/.
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let media_type = mime_guess::from_path(path).first_or_octet_stream().to_string();
    let head = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, keep.to_string()),
        (header::ETAG, etag),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_string()),
    ];
    (head, file.data).into_response()
}

/// `GET /fonts/{stack}/{range}.pbf`. Of a stack of fonts the first that is here is taken, as MapLibre expects.
pub async fn font(State(app): Shared, Path((stack, range)): Path<(String, String)>) -> Answer {
    let known =
        range.strip_suffix(".pbf").is_some_and(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
    for name in stack.split(',').map(str::trim).filter(|n| known && is_plain(n)) {
        let path = app.settings.assets.join("fonts").join(name).join(&range);
        if let Ok(bytes) = tokio::fs::read(path).await {
            return Ok(asset("application/x-protobuf", bytes));
        }
    }
    Err(Error::NotFound(format!("there are no glyphs `{}` of `{}`", shorten(&range), shorten(&stack))).into())
}

/// `GET /sprites/{name}{@2x}.{json,png}`.
pub async fn sprite(State(app): Shared, Path(file): Path<String>) -> Answer {
    let media_type = match file.rsplit_once('.') {
        Some((name, "json")) if is_plain(name) => "application/json",
        Some((name, "png")) if is_plain(name) => "image/png",
        _ => "",
    };
    let path = app.settings.assets.join("sprites").join(&file);
    match tokio::fs::read(path).await {
        Ok(bytes) if !media_type.is_empty() => Ok(asset(media_type, bytes)),
        _ => Err(Error::NotFound(format!("there is no sprite `{}`", shorten(&file))).into()),
    }
}

/// A name that cannot leave its folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 100 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b" -_@".contains(&b))
}

fn asset(media_type: &'static str, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=86400")], bytes).into_response()
}
