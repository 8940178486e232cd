//! WMS 1.3.0 (OGC 06-042, ISO 19128) and 1.1.1 (OGC 01-068r3): maps as pictures, for desktop software.

mod ask; // what a request for a map says
mod capabilities; // what there is
mod info; // GetFeatureInfo
mod legend; // GetLegendGraphic
mod map; // GetMap

use axum::extract::{Request, State};
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Response};

use super::links::Base;
use super::ows::fault::{Fault, not_allowed};
use super::ows::guard;
use super::ows::kvp::Kvp;
use super::{Shared, watch};
use crate::app::App;
use crate::error::Error;
use crate::layer::catalog::shorten;

/// `GET /wms`, or `POST` with the parameters as a form, which long lists and filters are sent as.
pub async fn serve(State(app): Shared, Base(base): Base, mut kvp: Kvp, request: Request) -> Response {
    let said = &mut kvp;
    let answered = guard::run(watch::patience(&app), async {
        if request.method() == Method::POST {
            *said = Kvp::parse(&guard::text(&app, request.into_body()).await?);
        }
        operation(&app, &base, said, is_modern(said)).await
    });
    let answered = match answered.await {
        // A client that asked for pictures of its errors has no use for XML.
        Err(fault) => map::fault_as_picture(&app, &kvp, &fault).ok_or(fault),
        answered => answered,
    };
    answered.unwrap_or_else(|fault| fault.wms(is_modern(&kvp)))
}

/// Other methods.
pub async fn not_possible(method: Method, uri: Uri, kvp: Kvp) -> Response {
    not_allowed(guard::method(&method, uri.path()).wms(is_modern(&kvp)))
}

async fn operation(app: &App, base: &str, kvp: &Kvp, modern: bool) -> Result<Response, Fault> {
    let request = kvp.need("REQUEST")?;
    if let Some(service) = kvp.get("SERVICE").filter(|s| !s.eq_ignore_ascii_case("WMS")) {
        let what = format!("`{}` is not a service here; this is WMS, and `/wfs` is WFS", shorten(service));
        return Err(Error::invalid("SERVICE", what).into());
    }
    let name = request.to_ascii_lowercase();
    // Whoever asks for a map says in which version's words (OGC 06-042, tables 8 and 9).
    if ["getmap", "getfeatureinfo"].contains(&name.as_str()) && kvp.get("WMTVER").is_none() {
        kvp.need("VERSION")?;
    }
    match name.as_str() {
        "getcapabilities" | "capabilities" => capabilities::answer(app, base, modern).await,
        "getmap" | "map" => map::answer(app, kvp, modern).await,
        "getfeatureinfo" | "feature_info" => info::answer(app, kvp, modern).await,
        "getlegendgraphic" => legend::answer(app, kvp),
        _ => {
            let there = "there are GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic";
            let what = format!("`{}` is not an operation here; {there}", shorten(request));
            Err(Fault::new("OperationNotSupported", "REQUEST", Error::invalid("REQUEST", what)))
        }
    }
}

/// The version that is spoken (OGC 06-042, 6.2.4): 1.1.1 with those who ask for less than 1.3.0, with all others 1.3.0.
fn is_modern(kvp: &Kvp) -> bool {
    let Some(version) = kvp.get("VERSION").or_else(|| kvp.get("WMTVER")) else { return true };
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(1), Some(3))
}

/// A fault of a layer that is named and is not there.
fn unknown(parameter: &'static str, name: &str) -> Fault {
    let what = format!("there is no layer `{}` here; GetCapabilities lists those that there are", shorten(name));
    // Not 404: clients take that as the service's absence and do not read the report.
    Fault::new("LayerNotDefined", parameter, Error::invalid(parameter, what))
}

fn picture(media_type: &'static str, bytes: Vec<u8>) -> Response {
    // Without asking again a picture may be as old as its data was then.
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")], bytes).into_response()
}
