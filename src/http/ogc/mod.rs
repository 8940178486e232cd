//! OGC API – Features: the landing page and what conforms.

pub mod asked;
mod codes;
pub mod collections;
pub mod crs;
pub mod definitions;
pub mod feed;
pub mod download;
pub mod filter;
pub mod format;
pub mod html;
pub mod items;
pub mod openapi;
mod operations;
mod profile;
pub mod quality;
pub mod records;
pub mod schemas;
pub mod styles;
pub mod tiles;
pub mod write;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::Shared;
use super::links::{Base, link};
use super::params::Params;
use super::respond::Answer;

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";
/// The media type that clients look for; exactly this text (OGC 17-069r4, 7.2).
const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

const FUNCTIONS: &str = "http://www.opengis.net/def/rel/ogc/1.0/functions";

const CONFORMS_TO: [&str; 26] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-6/1.0/conf/properties",
    "http://www.opengis.net/spec/ogcapi-features-6/1.0/conf/properties-features",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
];

pub async fn landing(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = document(&mut params, &headers, format::PAGES)?;
    if choice.is_html() {
        return Ok(html::landing(&base, choice, &app.catalog.all()));
    }
    let mut links = choice.links(&format!("{base}/ogc"), format::PAGES);
    links.extend([
        link(format!("{base}/ogc/api"), "service-desc", OPENAPI, "The API definition"),
        link(format!("{base}/ogc/conformance"), "conformance", JSON, "Conformance classes"),
        link(format!("{base}/ogc/collections"), "data", JSON, "Layers"),
        link(format!("{base}/ogc/functions"), FUNCTIONS, JSON, "Functions of filters"),
        link(format!("{base}/ogc/tiles"), tiles::TILESETS, JSON, "Vector tiles"),
        link(
            format!("{base}/ogc/tileMatrixSets"),
            "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
            JSON,
            "Tile matrix sets",
        ),
        link(format!("{base}/ogc/styles"), styles::STYLES, JSON, "Styles"),
        link(format!("{base}/ogc/collections/_records"), records::CATALOG, JSON, "Metadata of the layers"),
        link(format!("{base}/styles/default"), "describedby", "application/vnd.mapbox.style+json", "The map's style"),
        link(format!("{base}/api"), "related", OPENAPI, "What is beside the OGC API"),
        link(format!("{base}/"), "related", "text/html", "The map"),
    ]);
    let body = json!({
        "title": "dothi",
        "description": "Cơ sở dữ liệu không gian đô thị / Spatial data of the city",
        "links": links,
    });
    Ok(choice.answer(body.to_string()))
}

pub async fn conformance(Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = document(&mut params, &headers, format::PAGES)?;
    let links = choice.links(&format!("{base}/ogc/conformance"), format::PAGES);
    let all: Vec<_> = CONFORMS_TO
        .iter()
        .chain(&schemas::CONFORMS_TO)
        .chain(&profile::CONFORMS_TO)
        .chain(&write::CONFORMS_TO)
        .chain(&tiles::CONFORMS_TO)
        .chain(&styles::CONFORMS_TO)
        .chain(&records::CONFORMS_TO)
        .collect();
    let body = json!({"conformsTo": all, "links": links});
    match choice.is_html() {
        true => Ok(html::conformance(&base, choice, &body)),
        false => Ok(choice.answer(body.to_string())),
    }
}

/// Chooses the form of a resource that takes no other parameters.
fn document(params: &mut Params, headers: &HeaderMap, there: &[format::Form]) -> crate::error::Result<format::Choice> {
    let choice = format::choose(params, headers, there)?;
    params.end(profile::forms(there))?;
    Ok(choice)
}

/// Takes `f` out, which only ever says JSON here, and refuses everything else.
fn formats(params: &mut Params) -> crate::error::Result<()> {
    format(params)?;
    params.end("`f`")
}

fn format(params: &mut Params) -> crate::error::Result<()> {
    match params.text("f").as_deref() {
        None | Some("json" | "geojson") => Ok(()),
        Some(f) => Err(crate::error::Error::invalid(
            "f",
            format!("`{}` is not a format here; there is `json`", crate::layer::catalog::shorten(f)),
        )),
    }
}

/// An answer that a stored copy may not stand in for without asking.
fn fresh(mut response: Response) -> Response {
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-cache"));
    response
}
