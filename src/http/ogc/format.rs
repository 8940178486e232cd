//! Which form an answer takes: `f` says it, else `Accept` (RFC 9110, 12.5.1), else it is the first that there is.
//!
//! JSON comes first everywhere, so `*/*` and a missing header mean JSON; HTML is answered only where `text/html` is
//! named, as browsers do.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use serde_json::Value;

use super::super::links::link;
use super::super::params::Params;
use super::super::respond;
use super::asked::Said;
use super::profile::Profile;
use crate::error::{Error, Result};
use crate::export::Format;
use crate::layer::catalog::shorten;
use crate::tiles::weighted;

/// A form that an answer can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// What `f` calls it.
    pub name: &'static str,
    /// Other names that `f` may use.
    pub names: &'static [&'static str],
    /// What `Content-Type` and links say.
    pub media_type: &'static str,
    /// Other media types that ask for it.
    pub types: &'static [&'static str],
    /// What people call it.
    pub title: &'static str,
}

impl Form {
    pub const fn new(name: &'static str, media_type: &'static str, title: &'static str) -> Form {
        Form { name, names: &[], media_type, types: &[], title }
    }

    /// The `format` of the answer's text in the API definition.
    pub fn holds(&self) -> &'static str {
        if matches!(self.name, "fgb" | "gpkg" | "shp") { "binary" } else { self.name }
    }

    pub const fn also(self, names: &'static [&'static str], types: &'static [&'static str]) -> Form {
        Form { names, types, ..self }
    }
}

pub const JSON: Form = Form::new("json", super::JSON, "JSON").also(&[], &["application/geo+json"]);
pub const HTML: Form = Form::new("html", "text/html", "HTML").also(&[], &["application/xhtml+xml"]);
pub const SCHEMA: Form = Form::new("json", super::schemas::SCHEMA, "JSON Schema").also(&["schema"], &[super::JSON]);
pub const OPENAPI: Form =
    Form::new("json", super::OPENAPI, "OpenAPI 3.0").also(&["openapi"], &["application/openapi+json", super::JSON]);

const LINES: Form = Form::new("ndjson", "application/x-ndjson", "one change a line").also(&[], &["application/ndjson"]);
/// Server-sent events (HTML standard, 9.2).
pub const EVENTS: Form = Form::new("sse", "text/event-stream", "events as they come");

/// What changes can be told in.
pub const CHANGES: &[Form] = &[JSON, LINES, EVENTS, HTML];
/// What the versions of all layers can be told in.
pub const VERSIONS: &[Form] = &[JSON, EVENTS, HTML];
/// Changes for those who only wait for them.
pub const STREAM: &[Form] = &[EVENTS];
pub const GEOJSON: Form = Form::new("json", super::GEOJSON, "GeoJSON").also(&["geojson"], &[super::JSON]);

/// The media type of its drafts, by which it can be told from GeoJSON (OGC 21-045r1, 16).
pub const JSONFG: Form =
    Form::new("jsonfg", "application/fg+json", "JSON-FG").also(&[], &["application/vnd.ogc.fg+json"]);

/// What a page of features can be; the last is the page for people.
pub const ITEMS: &[Form] = &[
    GEOJSON,
    JSONFG,
    Form::new("geojsonseq", "application/geo+json-seq", "GeoJSON text sequence").also(&["geojsons"], &[]),
    Form::new("ndjson", "application/x-ndjson", "GeoJSON by line").also(&["geojsonl"], &["application/ndjson"]),
    Form::new("csv", "text/csv", "CSV"),
    Form::new("fgb", "application/flatgeobuf", "FlatGeobuf").also(&["flatgeobuf"], &["application/vnd.flatgeobuf"]),
    Form::new("gpkg", "application/geopackage+sqlite3", "GeoPackage").also(&[], &["application/vnd.sqlite3"]),
    Form::new("shp", "application/zip", "Shapefile (zip)").also(&["shape", "zip"], &["application/x-shapefile"]),
    Form::new("kml", "application/vnd.google-earth.kml+xml", "KML"),
    Form::new("dxf", "image/vnd.dxf", "DXF").also(&[], &["application/dxf"]),
    Form::new("gml", "application/gml+xml", "GML 3.2"),
    HTML,
];
/// What a whole layer can be.
pub const EXPORTS: &[Form] = ITEMS.split_at(ITEMS.len() - 1).0;
/// What one feature can be.
pub const ITEM: &[Form] = &[GEOJSON, JSONFG, HTML];

/// The format of an export that a form is.
pub fn exported(form: Form) -> Option<Format> {
    Some(match form.name {
        "json" => Format::Geojson,
        "jsonfg" => Format::Jsonfg,
        "geojsonseq" => Format::Geojsonseq,
        "ndjson" => Format::Ndjson,
        "csv" => Format::Csv,
        "fgb" => Format::Fgb,
        "gpkg" => Format::Gpkg,
        "shp" => Format::Shp,
        "kml" => Format::Kml,
        "dxf" => Format::Dxf,
        "gml" => Format::Gml,
        _ => return None,
    })
}

/// A JSON document.
pub const DOCUMENT: &[Form] = &[JSON];
/// A JSON document, or a page for people.
pub const PAGES: &[Form] = &[JSON, HTML];
/// JSON Schema, or a page.
pub const SCHEMAS: &[Form] = &[SCHEMA, HTML];
/// The API definition, or a page.
pub const API: &[Form] = &[OPENAPI, HTML];

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    Vi,
    En,
}

/// What was chosen for one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub form: Form,
    pub lang: Lang,
    /// The address itself says the language, so links go on saying it.
    pub lang_said: bool,
    /// What it is beside GeoJSON; none where it is no GeoJSON.
    pub profile: Option<Profile>,
}

/// Takes `f` and `lang` out, and `profile` where it is taken, and chooses one of the forms `there`; the first is the default.
///
/// # Errors
/// An unknown `f`, `lang` or `profile` is a 400, an `Accept` that none of them satisfies a 406; both list what there is.
pub fn choose(params: &mut Params, headers: &HeaderMap, there: &[Form]) -> Result<Choice> {
    let said = params.text("lang");
    let lang = match said.as_deref() {
        Some("vi") => Lang::Vi,
        Some("en") => Lang::En,
        Some(other) => {
            let what = format!("`{}` is not a language here; there are `vi` and `en`", shorten(other));
            return Err(Error::invalid("lang", what));
        }
        None => language(&joined(headers, &header::ACCEPT_LANGUAGE)),
    };
    let form = match params.text("f") {
        Some(f) => named(&f, there)?,
        None => accepted(&joined(headers, &header::ACCEPT), there)?,
    };
    let profile = Profile::choose(params, form, there)?;
    Ok(Choice { form, lang, lang_said: said.is_some(), profile })
}

fn named(f: &str, there: &[Form]) -> Result<Form> {
    let found = there.iter().find(|form| form.name == f || form.names.contains(&f));
    found.copied().ok_or_else(|| {
        let names: Vec<String> = there.iter().map(|form| format!("`{}`", form.name)).collect();
        let what = format!("`{}` is not a format here; there are {}", shorten(f), names.join(", "));
        Error::invalid("f", what)
    })
}

fn accepted(accept: &str, there: &[Form]) -> Result<Form> {
    let ranges: Vec<(&str, f32)> = weighted(accept).filter(|(range, _)| range.contains('/')).collect();
    let Some(default) = there.first().filter(|_| ranges.is_empty()) else {
        let mut best: Option<(Form, f32)> = None;
        for form in there {
            let q = quality(form, &ranges);
            if q > best.map_or(0.0, |(_, most)| most) {
                best = Some((*form, q));
            }
        }
        return best.map(|(form, _)| form).ok_or_else(|| {
            let types: Vec<String> = there.iter().map(|form| format!("`{}`", form.media_type)).collect();
            let types = types.join(", ");
            Error::NotAcceptable(format!("there is no `{}` here; there are {types}, or say `f`", shorten(accept)))
        });
    };
    Ok(*default)
}

/// How much a form is wanted: what the most specific range that covers it says.
fn quality(form: &Form, ranges: &[(&str, f32)]) -> f32 {
    let essence = |t: &'static str| t.split(';').next().unwrap_or(t);
    let own = essence(form.media_type);
    let specific = |range: &str| {
        if range.eq_ignore_ascii_case(own) {
            4
        } else if form.types.iter().any(|t| range.eq_ignore_ascii_case(t)) {
            3
        } else if form.name == HTML.name {
            0
        } else if range.strip_suffix("/*").is_some_and(|kind| own.split('/').next() == Some(kind)) {
            2
        } else {
            u8::from(range == "*/*")
        }
    };
    let all = ranges.iter().map(|(range, q)| (specific(range), *q)).filter(|(specific, _)| *specific > 0);
    all.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))).map_or(0.0, |(_, q)| q)
}

/// Vietnamese, unless English is wanted more.
fn language(accept: &str) -> Lang {
    let wanted = |tag: &str| {
        let of = |range: &str| range.split('-').next().is_some_and(|t| t.eq_ignore_ascii_case(tag));
        weighted(accept).filter(|(range, _)| of(range)).map(|(_, q)| q).fold(0.0, f32::max)
    };
    if wanted("en") > wanted("vi") { Lang::En } else { Lang::Vi }
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let all: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    all.join(",")
}

impl Choice {
    pub fn is_html(&self) -> bool {
        self.form == HTML
    }

    /// Whether it is JSON-FG, whatever its media type.
    pub fn is_jsonfg(&self) -> bool {
        self.profile > Some(Profile::Rfc7946)
    }

    /// The format of an export that it is.
    pub fn exported(&self) -> Option<Format> {
        if self.is_jsonfg() { Some(Format::Jsonfg) } else { exported(self.form) }
    }

    /// An answer of this form, with its profile; caches are told what it depends on.
    pub fn answer(&self, body: impl Into<Body>) -> Response {
        let media_type = if self.is_html() { "text/html; charset=utf-8" } else { self.form.media_type };
        let mut response = respond::json(media_type, body);
        self.say_profile(&mut response);
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        if self.is_html() {
            headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.lang.tag()));
        }
        response
    }

    /// Has links go on saying the profile, where the form alone does not say it.
    pub fn keep(&self, said: &mut Said) {
        let own = if self.form == JSONFG { Profile::JsonFg } else { Profile::Rfc7946 };
        if let Some(profile) = self.profile.filter(|p| *p != own) {
            said.add("profile", profile.id());
        }
    }

    /// Says the profile in a header (23-058r2, 13, profile-link-header).
    pub fn say_profile(&self, response: &mut Response) {
        respond::say_links(response, &self.profile.map(Profile::link).into_iter().collect::<Vec<_>>());
    }

    /// `self`, the profile, and an `alternate` for every other form of the resource at `here`, whose query says neither `f`
    /// nor `lang`.
    pub fn links(&self, here: &str, there: &[Form]) -> Vec<Value> {
        let default = there.first().map(|form| form.name);
        let own = if default == Some(self.form.name) { here.to_string() } else { with_f(here, self.form) };
        let mut links = vec![link(own, "self", self.form.media_type, "This document")];
        links.extend(self.profile.map(Profile::link));
        for form in there.iter().filter(|form| form.name != self.form.name) {
            links.push(link(with_f(here, *form), "alternate", form.media_type, &format!("As {}", form.title)));
        }
        links
    }
}

fn with_f(here: &str, form: Form) -> String {
    format!("{here}{}f={}", if here.contains('?') { '&' } else { '?' }, form.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &[Form] = &[GEOJSON, Form::new("csv", "text/csv", "CSV"), HTML];

    fn chosen(query: &str, accept: &str) -> Result<&'static str> {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(header::ACCEPT, accept.parse().unwrap());
        }
        choose(&mut Params::parse(query).unwrap(), &headers, THREE).map(|c| c.form.name)
    }

    #[test]
    fn f_wins_then_what_is_accepted_then_json() {
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (query, accept, want) in [
            ("", "", "json"),
            ("", "*/*", "json"),
            ("", "nonsense", "json"),
            ("", firefox, "html"),
            ("f=json", firefox, "json"),
            ("f=geojson", "", "json"),
            ("f=html", "application/json", "html"),
            ("", "application/json", "json"),
            ("", "application/geo+json, application/json", "json"),
            ("", "application/json, text/html", "json"),
            ("", "application/json;q=0.5, text/html", "html"),
            ("", "text/csv;q=0.9, text/html;q=0.1", "csv"),
            ("", "text/*", "csv"),
            ("", "*/*;q=0.1, application/geo+json;q=0", "csv"),
            ("", "text/html;q=0, */*", "json"),
            ("", "TEXT/HTML", "html"),
        ] {
            assert_eq!(chosen(query, accept).unwrap(), want, "{query} {accept}");
        }
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let e = chosen("f=xml", "").unwrap_err();
        assert!(matches!(e, Error::Invalid { .. }) && e.to_string().contains("`csv`"), "{e}");
        let e = chosen("", "image/png").unwrap_err();
        assert!(matches!(e, Error::NotAcceptable(_)) && e.to_string().contains("`text/csv`"), "{e}");
        assert!(chosen("lang=fr", "").unwrap_err().to_string().contains("`vi`"));
    }

    #[test]
    fn a_page_is_vietnamese_unless_english_is_wanted_more() {
        for (accept, want) in [
            ("", Lang::Vi),
            ("en-US,en;q=0.5", Lang::En),
            ("vi-VN,vi;q=0.9,en;q=0.8", Lang::Vi),
            ("fr,en;q=0.3", Lang::En),
            ("de", Lang::Vi),
        ] {
            assert_eq!(language(accept), want, "{accept}");
        }
    }

    #[test]
    fn every_other_form_has_a_link() {
        let choice = Choice { form: GEOJSON, lang: Lang::Vi, lang_said: false, profile: None };
        let links = choice.links("http://x/items?limit=1", THREE);
        let said: Vec<(&str, &str)> =
            links.iter().map(|l| (l["rel"].as_str().unwrap(), l["href"].as_str().unwrap())).collect();
        assert_eq!(
            said,
            [
                ("self", "http://x/items?limit=1"),
                ("alternate", "http://x/items?limit=1&f=csv"),
                ("alternate", "http://x/items?limit=1&f=html")
            ]
        );
    }
}
