//! The map and what it is made of. The binary carries the page; glyphs and sprites are built files beside it.

use axum::extract::Path;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::Shared;
use super::links::Base;
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

pub async fn page(Base(base): Base, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return respond::no_such_path(uri.path());
    }
    let path = uri.path().trim_start_matches('/');
    file(if path.is_empty() { "index.html" } else { path }, &base, &uri, &headers)
}

/// `GET /admin/import`: the page on which files are imported. It holds nothing; what it asks for needs a key.
pub async fn import(Base(base): Base, uri: Uri, headers: HeaderMap) -> Response {
    file("admin/import.html", &base, &uri, &headers)
}

/// A page with the path under which this server stands in its addresses and where its scripts look for it.
fn rooted(page: &[u8], base: &str) -> Vec<u8> {
    let root = base.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or_default();
    let assets = format!("\"{root}/assets/");
    let page = String::from_utf8_lossy(page).replace("\"../assets/", &assets).replace("\"./assets/", &assets);
    page.replace(r#"name="root" content="""#, &format!(r#"name="root" content="{root}""#)).into_bytes()
}

fn file(path: &str, base: &str, uri: &Uri, headers: &HeaderMap) -> Response {
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
    let is_page = path.ends_with(".html");
    let data = if is_page { rooted(&file.data, base).into() } else { file.data };
    let hash = if is_page { Sha256::digest(&data).into() } else { file.metadata.sha256_hash() };
    let etag = format!("\"{}\"", hash.iter().take(12).map(|b| format!("{b:02x}")).collect::<String>());
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
    (head, data).into_response()
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
