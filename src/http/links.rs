//! Absolute addresses, as the client sees this server.

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;

use crate::app::App;

/// The server's address without a slash at its end: the configured public one, or the one that the request came to.
pub struct Base(pub String);

impl FromRequestParts<Arc<App>> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        if let Some(url) = &app.settings.public_url {
            return Ok(Base(url.trim_end_matches('/').to_string()));
        }
        let host = parts.headers.get(HOST).and_then(|h| h.to_str().ok()).filter(|h| is_host(h));
        let host = host.map(String::from).unwrap_or_else(|| app.settings.listen.to_string());
        Ok(Base(format!("http://{host}")))
    }
}

/// A Host header goes into links, so it must be nothing but a host and a port.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b))
}

/// A link object (RFC 8288 relation, media type, title).
pub fn link(href: impl Into<String>, rel: &str, media_type: &str, title: &str) -> Value {
    json!({"href": href.into(), "rel": rel, "type": media_type, "title": title})
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_host_header_with_anything_else_in_it_is_not_believed() {
        for good in ["127.0.0.1:8080", "bando.phanrang.vn", "[::1]:80"] {
            assert!(super::is_host(good), "{good}");
        }
        for bad in ["", "a b", "x/y", "evil\"><script>", "a@b"] {
            assert!(!super::is_host(bad), "{bad}");
        }
    }
}
