//! Pages for people, in Vietnamese and in English. Everything that is shown is escaped by `maud`; scripts come from this
//! server alone, and the policy of the page says so.

mod api; // the API definition, readable
mod changes; // what changed
mod collection; // one layer
mod collections; // the list of layers
mod documents; // landing page, conformance, functions
mod feature; // one feature
mod items; // a table of features
mod map; // a small map
mod records; // metadata
mod quality; // what is wrong in a layer
mod schema; // what features are made of
mod styles; // MapLibre styles
mod tiles; // tilesets and tile matrix sets
mod trouble; // what is wrong with a question
mod words; // the API definition in Vietnamese

use std::sync::OnceLock;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::format::{Choice, Lang};
use crate::schema::Field;

pub use api::api;
pub use changes::{changes, history, versions};
pub use collection::collection;
pub use collections::collections;
pub use documents::{conformance, functions, landing, title};
pub use feature::feature;
pub use items::{items, search};
pub use quality::{issues, quality};
pub use records::{record, records};
pub use schema::schema;
pub use styles::{style, styles};
pub use tiles::{Shown, matrix_set, matrix_sets, tileset, tilesets};
pub use trouble::trouble;

const STYLE: &str = include_str!("page.css");

/// A page under way.
pub struct Page<'a> {
    pub base: &'a str,
    pub choice: Choice,
    /// Its own address, which says neither form nor language.
    pub here: String,
    pub title: String,
    /// What lies above it: address and name.
    pub above: Vec<(String, String)>,
}

impl Lang {
    /// The words of this language.
    pub fn of<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    pub fn tag(self) -> &'static str {
        self.of("vi", "en")
    }

    /// A title in this language, where there is one: of a document's `{"vi", "en"}`.
    pub fn title(self, titles: &Value) -> &str {
        let own = titles[self.tag()].as_str();
        own.or_else(|| titles["vi"].as_str()).unwrap_or_default()
    }

    /// A number with its thousands apart.
    pub fn count(self, n: i64) -> String {
        let digits = n.unsigned_abs().to_string();
        let mut out = String::from(if n < 0 { "-" } else { "" });
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(if self == Lang::Vi { '.' } else { ',' });
            }
            out.push(c);
        }
        out
    }
}

impl<'a> Page<'a> {
    /// A page at `path` below the address of the API, under the landing page.
    pub fn new(base: &'a str, choice: Choice, path: &str, title: &str) -> Page<'a> {
        let home = (format!("{base}/ogc"), choice.lang.of("Giao diện dữ liệu", "Data API").to_string());
        Page { base, choice, here: format!("{base}/ogc{path}"), title: title.to_string(), above: vec![home] }
    }

    pub fn below(mut self, path: &str, name: &str) -> Page<'a> {
        self.above.push((format!("{}/ogc{path}", self.base), name.to_string()));
        self
    }

    /// An address that goes on saying the language, where this page's does.
    pub fn to(&self, address: &str) -> String {
        if self.choice.lang_said { said(address, "lang", self.choice.lang.tag()) } else { address.to_string() }
    }

    pub fn answer(&self, content: Markup) -> Response {
        let lang = self.choice.lang;
        let other = if lang == Lang::Vi { Lang::En } else { Lang::Vi };
        let page = html! {
            (DOCTYPE)
            html lang=(lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " – dothi" }
                    link rel="icon" href="data:,";
                    link rel="alternate" type="application/json" href=(said(&self.here, "f", "json"));
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#content" { (lang.of("Đến nội dung", "Skip to content")) }
                    header {
                        a.brand href=(format!("{}/", self.base)) {
                            span.mark aria-hidden="true" { "đ" }
                            span { strong { "Đô thị" } small { (lang.of("Dữ liệu không gian", "Spatial data")) } }
                        }
                        nav aria-label=(lang.of("Chính", "Main")) {
                            a href=(self.to(&format!("{}/ogc/collections", self.base))) { (lang.of("Lớp dữ liệu", "Layers")) }
                            a href=(self.to(&format!("{}/ogc/api", self.base))) { "API" }
                            a href=(format!("{}/", self.base)) { (lang.of("Bản đồ", "Map")) }
                        }
                        a.lang href=(said(&self.here, "lang", other.tag())) hreflang=(other.tag()) lang=(other.tag()) {
                            (other.of("Tiếng Việt", "English"))
                        }
                    }
                    main id="content" {
                        ol.trail aria-label=(lang.of("Vị trí", "Breadcrumb")) {
                            @for (address, name) in &self.above {
                                @if *address != self.here { li { a href=(self.to(address)) { (name) } } }
                            }
                            li aria-current="page" { (self.title) }
                        }
                        h1 { (self.title) }
                        (content)
                    }
                    footer {
                        a href=(said(&self.here, "f", "json")) { (lang.of("Trang này dạng JSON", "This page as JSON")) }
                        " · dothi " (env!("CARGO_PKG_VERSION"))
                    }
                }
            }
        };
        let mut response = self.choice.answer(page.into_string());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy().clone());
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response
    }
}

/// The page's own style by its hash, scripts and data from here, nothing from anywhere else.
fn policy() -> &'static HeaderValue {
    static POLICY: OnceLock<HeaderValue> = OnceLock::new();
    POLICY.get_or_init(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'sha256-{hash}'; img-src 'self' data: blob:; connect-src 'self'; \
             worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
        );
        HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    })
}

/// An address with one more parameter, in place of what it said before.
pub fn said(address: &str, name: &str, value: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let prefix = format!("{name}=");
    let mut pairs: Vec<&str> = query.split('&').filter(|p| !p.is_empty() && !p.starts_with(&prefix)).collect();
    let own = format!("{prefix}{value}");
    pairs.push(&own);
    format!("{path}?{}", pairs.join("&"))
}

/// That something is no real data, where it is not.
fn illustrative(lang: Lang) -> Markup {
    html! {
        span.badge.warning title=(lang.of("Dữ liệu tạo ra để minh họa, không có giá trị pháp lý", "Invented data, without legal value")) {
            (lang.of("dữ liệu minh họa", "illustrative data"))
        }
    }
}

/// What kind of geometry a layer has.
fn shape(lang: Lang, shape: &str) -> &'static str {
    match shape {
        "point" => lang.of("điểm", "points"),
        "line" => lang.of("đường", "lines"),
        "polygon" => lang.of("vùng", "polygons"),
        "raster" => lang.of("ảnh", "raster"),
        "none" => lang.of("bảng", "table"),
        _ => lang.of("nhiều loại", "mixed"),
    }
}

/// A text in a document; nothing where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A value of a field as people read it: a code with what it means.
fn coded(lang: Lang, field: &Field, cell: &Value) -> Markup {
    match field.label(cell) {
        Some(label) => html! { (value(lang, cell)) " – " (label) },
        None => value(lang, cell),
    }
}

/// A value of a property as people read it.
fn value(lang: Lang, value: &Value) -> Markup {
    match value {
        Value::Null => html! { span.nothing { "—" } },
        Value::Bool(v) => html! { (if *v { lang.of("có", "yes") } else { lang.of("không", "no") }) },
        Value::String(v) => html! { (v) },
        Value::Number(v) => html! { (v) },
        other => html! { code { (other) } },
    }
}

#[cfg(test)]
mod tests {
    use super::{Lang, said};

    #[test]
    fn a_parameter_takes_the_place_of_its_namesake() {
        assert_eq!(said("/a", "lang", "en"), "/a?lang=en");
        assert_eq!(said("/a?lang=vi&f=html", "lang", "en"), "/a?f=html&lang=en");
        assert_eq!(Lang::Vi.count(-1_234_567), "-1.234.567");
    }
}
