//! Parameters of WMS and WFS: names in any case (OGC 06-042, 6.8.1), unknown ones passed over, as clients add their own.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::fault::Fault;
use crate::error::{Error, Result};
use crate::layer::catalog::shorten;

/// Pairs with their names in upper case.
#[derive(Debug, Default)]
pub struct Kvp(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Kvp {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Self::Rejection> {
        let RawQuery(query) = RawQuery::from_request_parts(parts, state).await.unwrap_or(RawQuery(None));
        Ok(Kvp::parse(query.as_deref().unwrap_or_default()))
    }
}

impl Kvp {
    /// Reads a query string or the body of a form. Of a name that comes twice the first counts; what is not UTF-8 shows
    /// as replacement characters, which no name or value of ours has.
    pub fn parse(text: &str) -> Kvp {
        let decode = |t: &str| percent_decode_str(&t.replace('+', " ")).decode_utf8_lossy().replace('\0', "\u{FFFD}");
        let pairs = text.split('&').filter(|p| !p.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name).to_ascii_uppercase(), decode(value))
        });
        Kvp(pairs.collect())
    }

    /// A value that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.said(name).filter(|v| !v.is_empty())
    }

    /// A value that is there, also where it is empty.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim())
    }

    /// A value that must be there.
    pub fn need(&self, name: &'static str) -> Result<&str, Fault> {
        self.get(name).ok_or_else(|| {
            Fault::new(
                "MissingParameterValue",
                name,
                Error::invalid(name, format!("the parameter `{name}` is missing")),
            )
        })
    }

    /// A value of a type; `what` says what it should have been.
    pub fn parsed<T: FromStr>(&self, name: &'static str, what: &str) -> Result<Option<T>, Fault> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let error = Error::invalid(name, format!("{name} `{}` is not {what}", shorten(text)));
            Fault::new("InvalidParameterValue", name, error)
        })
    }

    /// A list with commas; none where there is nothing.
    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(|v| v.split(',').map(str::trim).collect())
    }

    /// Adds what was said elsewhere than in the address.
    pub fn put(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_string(), value.into()));
    }

    /// The parameters as a query string, some of them with other values.
    pub fn query(&self, instead: &[(&str, String)]) -> String {
        let encode = |t: &str| utf8_percent_encode(t, NON_ALPHANUMERIC).to_string();
        let kept = self.0.iter().filter(|(n, v)| !v.is_empty() && !instead.iter().any(|(name, _)| n == name));
        let pairs = kept.map(|(n, v)| (n.as_str(), v)).chain(instead.iter().map(|(n, v)| (*n, v)));
        pairs.map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_strangers_passed_over() {
        let kvp = Kvp::parse(
            "service=WMS&Layers=thua%2Cduong&LAYERS=x&_salt=1&styles=&ten=%C4%90%E1%BA%A5t+%E1%BB%9F&bad=%FF",
        );
        assert_eq!((kvp.get("SERVICE"), kvp.get("STYLES")), (Some("WMS"), None));
        assert_eq!(kvp.list("LAYERS").unwrap(), ["thua", "duong"]);
        assert_eq!((kvp.get("TEN"), kvp.get("BAD")), (Some("Đất ở"), Some("\u{FFFD}")));
    }
}
