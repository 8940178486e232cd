//! WFS 2.0 (OGC 09-025r2, ISO 19142) and 1.1.0 (OGC 04-094), to read: Simple and Basic WFS for desktop software.

mod answer; // features as they are sent
mod ask; // what a request for features says
mod capabilities; // what there is
mod schema; // DescribeFeatureType
mod stored; // stored queries
mod table; // features as CSV
mod value; // GetPropertyValue

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Response};

use super::links::Base;
use super::ows::fault::{Fault, not_allowed};
use super::ows::guard;
use super::ows::kvp::Kvp;
use super::{Shared, watch};
use crate::app::App;
use crate::error::Error;
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::layer::gml::PREFIX;
use crate::xml::name;
use crate::xml::read::Element;

const XML: &str = "text/xml; charset=utf-8";

/// A request: its parameters, and its document where it was posted as one.
pub struct Request {
    kvp: Kvp,
    body: Option<Element>,
    /// 2.0.0; else 1.1.0.
    modern: bool,
    base: String,
}

/// `GET /wfs`, or `POST` with a document in XML, or with the parameters as a form.
pub async fn serve(State(app): Shared, Base(base): Base, kvp: Kvp, request: axum::extract::Request) -> Response {
    let mut asked = Request { modern: is_modern(&kvp), kvp, body: None, base };
    let reading = &mut asked;
    let answered = guard::run(watch::patience(&app), async {
        if request.method() == Method::POST {
            reading.read(&guard::text(&app, request.into_body()).await?)?;
        }
        operation(&app, reading).await
    });
    answered.await.unwrap_or_else(|fault| fault.wfs(asked.modern))
}

/// Other methods.
pub async fn not_possible(method: Method, uri: Uri, kvp: Kvp) -> Response {
    not_allowed(guard::method(&method, uri.path()).wfs(is_modern(&kvp)))
}

impl Request {
    /// Takes what was posted: a document in XML, or the parameters as a form.
    fn read(&mut self, text: &str) -> Result<(), Fault> {
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        if text.starts_with('<') {
            let root = Element::parse(text);
            let root =
                root.map_err(|m| Fault::new("OperationParsingFailed", "request", Error::invalid("request", m)))?;
            self.kvp = parameters(&root);
            self.body = Some(root);
        } else {
            self.kvp = Kvp::parse(text);
        }
        self.modern = is_modern(&self.kvp);
        Ok(())
    }
}

/// What the root of a document says, as parameters.
fn parameters(root: &Element) -> Kvp {
    let mut kvp = Kvp::default();
    kvp.put("REQUEST", root.name.clone());
    for (name, value) in root.attributes() {
        kvp.put(&name.to_ascii_uppercase(), value);
    }
    if let Some(versions) = root.child("AcceptVersions") {
        let all: Vec<&str> = versions.all("Version").map(|v| v.text.trim()).collect();
        kvp.put("ACCEPTVERSIONS", all.join(","));
    }
    kvp
}

async fn operation(app: &Arc<App>, request: &Request) -> Result<Response, Fault> {
    let kvp = &request.kvp;
    let name = kvp.need("REQUEST")?.to_string();
    let wrong = |code, locator: &str, what: String| Fault::new(code, locator, Error::invalid(locator, what));
    match kvp.get("SERVICE") {
        Some(s) if !s.eq_ignore_ascii_case("WFS") => {
            let what = format!("`{}` is not a service here; this is WFS, and `/wms` is WMS", shorten(s));
            return Err(wrong("InvalidParameterValue", "service", what));
        }
        // Only this one operation cannot do without (OGC 06-121r3, 7.2.1); clients leave it out of others.
        None if name == "GetCapabilities" => {
            kvp.need("SERVICE")?;
        }
        _ => {}
    }
    if name == "GetCapabilities" {
        negotiate(kvp)?;
        return capabilities::answer(app, request);
    }
    if let Some(version) = kvp.get("VERSION").filter(|v| !v.starts_with("2.0.") && !v.starts_with("1.1.")) {
        let what = format!("version `{}` is not spoken here; there are `2.0.0` and `1.1.0`", shorten(version));
        return Err(wrong("InvalidParameterValue", "version", what));
    }
    match name.as_str() {
        "DescribeFeatureType" => schema::answer(app, request),
        "GetFeature" => answer::features(app.clone(), request).await,
        "GetPropertyValue" if request.modern => value::answer(app, request).await,
        "ListStoredQueries" if request.modern => stored::list(app),
        "DescribeStoredQueries" if request.modern => stored::describe(app, request),
        _ => {
            let there = "there are GetCapabilities, DescribeFeatureType, GetFeature, GetPropertyValue, ListStoredQueries, DescribeStoredQueries";
            let what = format!("`{}` is not an operation here; {there}", shorten(&name));
            Err(wrong("OperationNotSupported", "request", what))
        }
    }
}

/// 2.0.0, unless the caller speaks an older one.
fn is_modern(kvp: &Kvp) -> bool {
    match (kvp.list("ACCEPTVERSIONS"), kvp.get("VERSION")) {
        (Some(all), _) => all.iter().find(|v| known(v)).is_none_or(|v| v.starts_with('2')),
        (None, Some(version)) => version.starts_with('2'),
        (None, None) => true,
    }
}

fn known(version: &str) -> bool {
    version.starts_with("2.0") || version.starts_with("1.1")
}

fn negotiate(kvp: &Kvp) -> Result<(), Fault> {
    match kvp.list("ACCEPTVERSIONS") {
        Some(all) if !all.iter().any(|v| known(v)) => {
            let what = format!("none of `{}` is spoken here; there are 2.0.0 and 1.1.0", shorten(&all.join(",")));
            let error = Error::invalid("AcceptVersions", what);
            Err(Fault::new("VersionNegotiationFailed", "AcceptVersions", error))
        }
        _ => Ok(()),
    }
}

/// The layers that are types here: pictures have no features.
fn types(app: &App) -> Vec<Arc<Layer>> {
    app.catalog.all().into_iter().filter(|l| l.raster.is_none()).collect()
}

/// The name of a layer's type, with its prefix.
fn type_name(layer: &Layer) -> String {
    format!("{PREFIX}:{}", name::encode(&layer.id))
}

/// The layer whose type is named, with or without a prefix.
fn typed(app: &App, text: &str, locator: &'static str) -> Result<Arc<Layer>, Fault> {
    let bare = text.trim().rsplit([':', '}']).next().unwrap_or_default();
    app.catalog.get(&name::decode(bare)).filter(|l| l.raster.is_none()).ok_or_else(|| {
        let what = format!("there is no type `{}` here; GetCapabilities lists those that there are", shorten(text));
        Fault::new("InvalidParameterValue", locator, Error::invalid(locator, what))
    })
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, XML), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
