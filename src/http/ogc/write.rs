//! Changing features (OGC API – Features, Part 4: create, replace, update, delete; 20-002, draft).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::json;

use super::super::Shared;
use super::super::links::Base;
use super::super::params::Params;
use super::super::respond::{self, Answer, Problem};
use super::asked::Said;
use super::{GEOJSON, JSON, items};
use crate::access::{self, Permission};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::{Crs, Name};
use crate::layer::catalog::shorten;
use crate::layer::draft::{self, Draft, Posted, Purpose, Reading};
use crate::layer::{Layer, Selection, features, write};
use crate::tiles::weighted;

/// `req` in the last is the draft's own spelling.
pub const CONFORMS_TO: [&str; 4] = [
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/req/optimistic-locking-etags",
];

const ITEMS: &str = "GET, HEAD, OPTIONS, POST";
const ITEM: &str = "GET, HEAD, OPTIONS, PUT, PATCH, DELETE";
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// `POST /ogc/collections/{id}/items`: a Feature, or a FeatureCollection of which all or nothing is created. A condition
/// in CQL2 JSON is a question (as OWSLib asks it), which needs no key.
pub async fn create(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    mut headers: HeaderMap,
    mut params: Params,
    body: Body,
) -> Answer {
    let layer = app.catalog.with_features(&id)?;
    let bytes = read(&app, body).await?;
    let posted = opened(&headers, &bytes, &Method::POST);
    if let Ok(Posted::Query(filter)) = posted {
        params.put("filter", filter);
        params.put("filter-lang", "cql2-json");
        // OWSLib asks for XML with everything that it posts, and reads the JSON.
        let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if weighted(accept).all(|(range, _)| ["text/xml", "application/xml"].contains(&range)) {
            headers.remove(header::ACCEPT);
        }
        return items::page(State(app), Base(base), Path(id), headers, params).await;
    }
    let permission = access::writing(&app.db.pool, bearer(&headers), &layer).await?;
    super::formats(&mut params)?;
    let system = system(&app, &headers).await?;
    let (features, many) = match posted? {
        Posted::One(feature) => (vec![feature], false),
        Posted::Many(features) => (features, true),
        Posted::Query(_) => return Err(Error::Internal("a question was taken for a feature".into()).into()),
    };
    let mut reading = Reading { layer: &layer, system, faults: Vec::new() };
    let drafts: Vec<Draft> = features
        .iter()
        .enumerate()
        .map(|(n, feature)| reading.read(feature, Purpose::Create, many.then_some(n)))
        .collect();
    checked(&app, reading, &drafts, many).await?;
    permitted(&permission, &layer, &drafts)?;
    let mut tx = app.db.pool.begin().await.map_err(Error::from)?;
    permission.begin(&mut tx).await?;
    let ids = write::insert(&mut tx, &layer, system, &drafts).await?;
    if !write::within(&mut tx, &layer, &ids, &permission.filter).await? {
        return Err(outside().into());
    }
    let here = format!("{base}/ogc/collections/{id}/items");
    let (location, mut response) = match ids[..] {
        [fid] if !many => {
            let (text, state) = features::one(&mut *tx, &layer, fid, &whole(&layer)).await?.ok_or_else(vanished)?;
            (format!("{here}/{fid}"), feature(&base, &id, fid, &text, &state))
        }
        _ => (here, respond::json(JSON, json!({"ids": ids}).to_string())),
    };
    tx.commit().await.map_err(Error::from)?;
    *response.status_mut() = StatusCode::CREATED;
    put(&mut response, header::LOCATION, &location);
    Ok(response)
}

/// `PUT /ogc/collections/{id}/items/{fid}`: the feature becomes what is sent; properties that are not said become null.
pub async fn replace(
    State(app): Shared,
    Base(base): Base,
    Path((id, fid)): Path<(String, String)>,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Answer {
    change(app, base, id, fid, headers, params, body, Method::PUT).await
}

/// `PATCH /ogc/collections/{id}/items/{fid}`: a merge patch (RFC 7396) on the Feature.
pub async fn update(
    State(app): Shared,
    Base(base): Base,
    Path((id, fid)): Path<(String, String)>,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Answer {
    change(app, base, id, fid, headers, params, body, Method::PATCH).await
}

/// `DELETE /ogc/collections/{id}/items/{fid}`.
pub async fn delete(
    State(app): Shared,
    Path((id, fid)): Path<(String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let layer = app.catalog.with_features(&id)?;
    let permission = access::writing(&app.db.pool, bearer(&headers), &layer).await?;
    super::formats(&mut params)?;
    let fid = number(&layer, &fid)?;
    condition(&layer, &headers)?;
    let mut tx = app.db.pool.begin().await.map_err(Error::from)?;
    permission.begin(&mut tx).await?;
    hold(&mut tx, &layer, fid, &permission, &headers).await?;
    write::delete(&mut tx, &layer, fid).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[expect(clippy::too_many_arguments)]
async fn change(
    app: Arc<App>,
    base: String,
    id: String,
    fid: String,
    headers: HeaderMap,
    mut params: Params,
    body: Body,
    method: Method,
) -> Answer {
    let layer = app.catalog.with_features(&id)?;
    let permission = access::writing(&app.db.pool, bearer(&headers), &layer).await?;
    super::formats(&mut params)?;
    let fid = number(&layer, &fid)?;
    condition(&layer, &headers)?;
    let bytes = read(&app, body).await?;
    let Posted::One(sent) = opened(&headers, &bytes, &method)? else {
        return Err(Error::invalid("body", "the body is not a Feature").into());
    };
    let system = system(&app, &headers).await?;
    let patch = method == Method::PATCH;
    let present = match patch && draft::lacks_type(&sent) {
        true => write::geometry_type(&app.db.pool, &layer, fid).await?,
        false => None,
    };
    let purpose = if patch { Purpose::Update(fid, present.as_deref()) } else { Purpose::Replace(fid) };
    let mut reading = Reading { layer: &layer, system, faults: Vec::new() };
    let mut draft = reading.read(&sent, purpose, None);
    checked(&app, reading, std::slice::from_ref(&draft), false).await?;
    if !patch {
        // What somebody may not change stays as it is.
        for (cell, field) in draft.cells.iter_mut().zip(&layer.fields) {
            if matches!(cell, Some(None)) && !permission.fields.include(field) {
                *cell = None;
            }
        }
    }
    permitted(&permission, &layer, std::slice::from_ref(&draft))?;
    let mut tx = app.db.pool.begin().await.map_err(Error::from)?;
    permission.begin(&mut tx).await?;
    hold(&mut tx, &layer, fid, &permission, &headers).await?;
    write::update(&mut tx, &layer, system, fid, draft, patch).await?;
    if !write::within(&mut tx, &layer, &[fid], &permission.filter).await? {
        return Err(outside().into());
    }
    let (text, state) = features::one(&mut *tx, &layer, fid, &whole(&layer)).await?.ok_or_else(vanished)?;
    tx.commit().await.map_err(Error::from)?;
    Ok(feature(&base, &id, fid, &text, &state))
}

/// Takes hold of the feature, if it is there, may be changed, and is in the state that the caller saw.
async fn hold(
    tx: &mut sqlx::postgres::PgConnection,
    layer: &Layer,
    fid: i64,
    permission: &Permission,
    headers: &HeaderMap,
) -> Result<()> {
    let held = write::hold(tx, layer, fid, &permission.filter).await?.ok_or_else(|| missing(layer, fid))?;
    if !held.mine {
        return Err(outside());
    }
    let tag = tag(&held.state);
    let wanted = headers.contains_key(header::IF_MATCH);
    if wanted && !listed(headers, header::IF_MATCH, &tag, false) {
        return Err(Error::Stale(format!(
            "feature `{fid}` has changed since it was read; read it again, then repeat the change with its new ETag"
        )));
    }
    if listed(headers, header::IF_NONE_MATCH, &tag, true) {
        return Err(Error::Stale(format!("feature `{fid}` is there already, in the state that If-None-Match names")));
    }
    Ok(())
}

/// Refuses a change that names no state where the layer wants one.
fn condition(layer: &Layer, headers: &HeaderMap) -> Result<()> {
    if layer.require_if_match && !headers.contains_key(header::IF_MATCH) {
        return Err(Error::Unconditional(format!(
            "layer `{}` takes changes with `If-Match` only; send the ETag of the feature as it was read",
            layer.id
        )));
    }
    Ok(())
}

async fn checked(app: &App, mut reading: Reading<'_>, drafts: &[Draft], many: bool) -> Result<()> {
    write::check(&app.db.pool, &mut reading, drafts, many).await?;
    reading.end()
}

/// Refuses drafts that say a field which the writer may not change.
fn permitted(permission: &Permission, layer: &Layer, drafts: &[Draft]) -> Result<()> {
    for (at, field) in layer.fields.iter().enumerate() {
        if !permission.fields.include(field) && drafts.iter().any(|d| d.cells[at].is_some()) {
            return Err(Error::Forbidden(format!("field `{}` is not one that you may change", shorten(&field.name))));
        }
    }
    Ok(())
}

fn outside() -> Error {
    Error::Forbidden("the feature is not one that you may change, or would no longer be one".into())
}

fn missing(layer: &Layer, fid: impl std::fmt::Display) -> Error {
    Error::NotFound(format!("layer `{}` has no feature `{}`", layer.id, shorten(&fid.to_string())))
}

/// A feature as it is answered once it is written.
fn whole(layer: &Layer) -> Selection {
    Selection::whole(layer, Crs::CRS84)
}

fn vanished() -> Error {
    Error::Internal("a feature that was just written is not there".into())
}

fn number(layer: &Layer, fid: &str) -> Result<i64> {
    fid.parse().map_err(|_| missing(layer, fid))
}

/// The key in `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The body, up to the largest that is taken.
pub async fn read(app: &App, body: Body) -> Result<Vec<u8>> {
    let most = usize::try_from(app.settings.max_body).unwrap_or(4) << 20;
    let (mut bytes, mut parts) = (Vec::new(), body.into_data_stream());
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Error::invalid("body", "the body ended early"))?;
        if bytes.len() + part.len() > most {
            let say = "send less at once; many features are imported as a file";
            return Err(Error::TooLarge(format!("the body is larger than {} MiB; {say}", most >> 20)));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// What was sent. The body itself says that it is JSON: OWSLib calls it XML, or nothing.
fn opened<'a>(headers: &HeaderMap, bytes: &'a [u8], method: &Method) -> Result<Posted<'a>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|t| t.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = text.iter().find(|b| !b.is_ascii_whitespace());
    let json = first == Some(&b'{') || kind.is_empty() || kind.contains("json");
    if !json || kind.starts_with("application/json-patch+json") {
        let takes = if *method == Method::PATCH { MERGE_PATCH } else { GEOJSON };
        return Err(Error::MediaType(format!("a body of type `{}` is not taken here; send `{takes}`", shorten(&kind))));
    }
    if first.is_none() {
        return Err(Error::invalid("body", "the body is empty; send a GeoJSON Feature"));
    }
    draft::open(bytes)
}

/// The system that `Content-Crs` names, with or without the angle brackets; CRS84 when it names none.
async fn system(app: &App, headers: &HeaderMap) -> Result<Crs> {
    let Some(value) = headers.get("content-crs") else { return Ok(Crs::CRS84) };
    let text = value.to_str().unwrap_or_default().trim().trim_start_matches('<').trim_end_matches('>');
    let wrong = || {
        let say = "write one of the collection's `crs`, such as `http://www.opengis.net/def/crs/EPSG/0/9217`";
        Error::invalid("Content-Crs", format!("`{}` is not a coordinate system here; {say}", shorten(text)))
    };
    match Name::parse(text).ok_or_else(wrong)? {
        Name::Crs84 => Ok(Crs::CRS84),
        Name::Epsg(srid) => write::system(&app.db.pool, srid).await?.ok_or_else(wrong),
    }
}

/// The strong ETag of a state.
fn tag(state: &str) -> String {
    format!("\"{state}\"")
}

/// Whether a header lists the tag, or `*`. Comparing weakly, `W/` makes no difference (RFC 9110, 8.8.3.2).
pub fn listed(headers: &HeaderMap, name: header::HeaderName, tag: &str, weakly: bool) -> bool {
    headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).any(|t| {
        let t = t.trim();
        t == "*" || t == tag || weakly && t.strip_prefix("W/") == Some(tag)
    })
}

/// One feature as an answer, with its tag.
fn feature(base: &str, id: &str, fid: i64, text: &str, state: &str) -> Response {
    let mut response = super::fresh(respond::json(GEOJSON, items::whole(base, id, fid, &Said::default(), text)));
    put(&mut response, header::ETAG, &tag(state));
    put(&mut response, header::CONTENT_LOCATION, &format!("{base}/ogc/collections/{id}/items/{fid}"));
    super::crs::say(&mut response, Crs::CRS84);
    response
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Gives the answer to a GET of one feature its tag; 304 without a body where the caller has this state.
pub fn tagged(mut response: Response, headers: &HeaderMap, state: &str) -> Response {
    let tag = tag(state);
    put(&mut response, header::ETAG, &tag);
    if listed(headers, header::IF_NONE_MATCH, &tag, true) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

/// Says in `Allow` what is possible with features. It stands around the CORS layer, which answers every OPTIONS itself.
pub async fn options(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if *request.method() != Method::OPTIONS {
        return next.run(request).await;
    }
    let path = request.uri().path().to_string();
    let asked = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = next.run(request).await;
    let steps: Vec<&str> = path.strip_prefix("/ogc/collections/").unwrap_or_default().split('/').collect();
    let (id, allow) = match steps[..] {
        [id, "items"] => (id, ITEMS),
        [id, "items", _] => (id, ITEM),
        _ => return response,
    };
    match app.catalog.with_features(id) {
        Err(e) if !asked => return Problem::from(e).into_response(),
        Err(_) => return response,
        Ok(_) => put(&mut response, header::ALLOW, allow),
    }
    if allow == ITEM {
        put(&mut response, header::HeaderName::from_static("accept-patch"), &format!("{MERGE_PATCH}, {GEOJSON}"));
    }
    response
}
