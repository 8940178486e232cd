//! Absolute addresses, as the client sees this server.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::HOST;
use axum::http::request::Parts;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use super::proxy::{self, Told};
use crate::app::App;

/// The server's address without a slash at its end: the configured public one, or what a trusted proxy says, or the one
/// that the request came to.
pub struct Base(pub String);

impl FromRequestParts<Arc<App>> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        if let Some(url) = &app.settings.public_url {
            return Ok(Base(url.trim_end_matches('/').to_string()));
        }
        let told = match parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            Some(ConnectInfo(peer)) => proxy::told(&parts.headers, peer.ip(), &app.settings.trust_proxy),
            None => Told::default(),
        };
        let own = parts.headers.get(HOST).and_then(|h| h.to_str().ok()).and_then(proxy::host);
        Ok(Base(address(told, own.unwrap_or_else(|| app.settings.listen.to_string()))))
    }
}

/// `own` is the host that the request itself names.
fn address(told: Told, own: String) -> String {
    let proto = told.proto.unwrap_or("http");
    let usual = if proto == "https" { 443 } else { 80 };
    // A port that is told stands in for that of the request, and adds to a host that is told without one.
    let bare = |host: &str| match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name.to_string(),
        _ => host.to_string(),
    };
    let host = match (told.host, told.port) {
        (Some(host), Some(port)) if bare(&host) == host && port != usual => format!("{host}:{port}"),
        (Some(host), _) => host,
        (None, Some(port)) if port == usual => bare(&own),
        (None, Some(port)) => format!("{}:{port}", bare(&own)),
        (None, None) => own,
    };
    format!("{proto}://{host}{}", told.prefix.unwrap_or_default())
}

/// A link object (RFC 8288 relation, media type, title).
pub fn link(href: impl Into<String>, rel: &str, media_type: &str, title: &str) -> Value {
    json!({"href": href.into(), "rel": rel, "type": media_type, "title": title})
}

#[cfg(test)]
mod tests {
    use super::{Told, address};

    #[test]
    fn an_address_is_put_together_from_what_is_told() {
        let told = |proto, host: Option<&str>, port, prefix: Option<&str>| {
            let told = Told { proto, host: host.map(String::from), port, prefix: prefix.map(String::from) };
            address(told, "in:8080".into())
        };
        assert_eq!(told(None, None, None, None), "http://in:8080");
        assert_eq!(told(Some("https"), Some("out.test"), Some(443), Some("/gis")), "https://out.test/gis");
        assert_eq!(told(Some("https"), Some("out.test"), Some(8443), None), "https://out.test:8443");
        assert_eq!(told(Some("https"), Some("out.test:9"), Some(8443), None), "https://out.test:9");
        assert_eq!(told(Some("https"), Some("[::1]"), Some(8443), None), "https://[::1]:8443");
        assert_eq!(told(Some("https"), None, Some(443), None), "https://in");
        assert_eq!(told(Some("https"), None, None, None), "https://in:8080");
    }
}
