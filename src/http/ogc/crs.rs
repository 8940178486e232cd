//! Coordinate systems by reference (OGC API – Features, Part 2, 18-058r1).

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

use super::super::params::Params;
use super::asked::Said;
use crate::error::{Error, Result};
use crate::geo::Crs;
use crate::layer::Layer;
use crate::layer::catalog::shorten;

static CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");

/// Takes `crs` or `bbox-crs` out: one of the systems the layer is served in, CRS84 when absent. What was said goes into
/// `said`, for links.
pub fn take(layer: &Layer, params: &mut Params, name: &str, said: &mut Said) -> Result<Crs> {
    let Some(text) = params.text(name) else { return Ok(Crs::CRS84) };
    let systems = layer.systems();
    let crs = Crs::find(&text, &systems).ok_or_else(|| {
        let there: Vec<String> = systems.iter().map(|c| format!("`{}`", c.uri())).collect();
        let there = there.join(", ");
        Error::invalid(name, format!("layer `{}` is not served in `{}`; there are {there}", layer.id, shorten(&text)))
    })?;
    said.add(name, text);
    Ok(crs)
}

/// Says in which system the answer's coordinates are.
pub fn say(response: &mut Response, crs: Crs) {
    if let Ok(value) = HeaderValue::from_str(&format!("<{}>", crs.uri())) {
        response.headers_mut().insert(CONTENT_CRS.clone(), value);
    }
}
