//! OGC API – Styles (draft 20-009): MapLibre styles of the map, of each layer, and others that somebody made.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::Answer;
use super::definitions::part;
use super::format::{self, Choice, Form};
use super::openapi::get;
use super::write::{bearer, listed, read, tagged};
use super::{JSON, fresh, html};
use crate::access;
use crate::app::App;
use crate::error::{Error, Result};
use crate::layer::catalog::shorten;
use crate::layer::edit::layer_id;
use crate::tiles::styles::{self, DEFAULT, Style, Styles};
use crate::tiles::stylesheet::{self, Stylesheet};

pub const CONFORMS_TO: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/manage-styles",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/mapbox-styles",
];
pub const STYLES: &str = "http://www.opengis.net/def/rel/ogc/1.0/styles";
const MAPLIBRE: &str = "application/vnd.mapbox.style+json";
const STYLE: &[Form] =
    &[Form::new("mbs", MAPLIBRE, "MapLibre style").also(&["json", "maplibre"], &[JSON]), format::HTML];

/// The style of this id, or the error that a caller who named it gets.
pub fn named(app: &App, id: &str) -> Result<Style> {
    app.styles.get(&app.catalog, &app.land_use, id)?.ok_or_else(|| {
        Error::NotFound(format!("there is no style `{}`; `/ogc/styles` lists those that there are", shorten(id)))
    })
}

/// `GET /ogc/styles`
pub async fn list(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    let links = choice.links(&format!("{base}/ogc/styles"), format::PAGES);
    let all = briefs(&app, &base, app.styles.ids(&app.catalog))?;
    let doc = json!({"default": DEFAULT, "styles": all, "links": links});
    Ok(fresh(match choice.is_html() {
        true => html::styles(&base, choice, None, &doc),
        false => choice.answer(doc.to_string()),
    }))
}

/// `GET /ogc/collections/{id}/styles`
pub async fn of_layer(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    let layer = app.catalog.named(&id)?;
    let links = choice.links(&format!("{base}/ogc/collections/{id}/styles"), format::PAGES);
    let mut ids: Vec<String> = layer.is_drawn().then(|| id.clone()).into_iter().collect();
    ids.extend(app.styles.drawing(&id));
    let mut doc = json!({"styles": briefs(&app, &base, ids)?, "links": links});
    if layer.is_drawn() {
        doc["default"] = json!(id);
    }
    Ok(fresh(match choice.is_html() {
        true => html::styles(&base, choice, Some((&id, html::title(&layer, choice.lang))), &doc),
        false => choice.answer(doc.to_string()),
    }))
}

fn briefs(app: &App, base: &str, ids: Vec<String>) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for id in ids {
        if let Some(style) = app.styles.get(&app.catalog, &app.land_use, &id)? {
            let here = format!("{base}/ogc/styles/{id}");
            let links = [
                link(&here, "stylesheet", MAPLIBRE, "MapLibre style"),
                link(format!("{here}/metadata"), "describedby", JSON, "About the style"),
            ];
            all.push(json!({"id": id, "title": style.title, "links": links}));
        }
    }
    Ok(all)
}

/// `GET /ogc/styles/{id}`
pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, STYLE)?;
    let style = named(&app, &id)?;
    if choice.is_html() {
        return Ok(fresh(page(&app, &base, choice, &id, &style)));
    }
    let body = stylesheet::placed(style.document, &base).to_string();
    Ok(tagged(fresh(choice.answer(body)), &headers, &style.state))
}

/// `GET /ogc/styles/{id}/metadata`
pub async fn metadata(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    let style = named(&app, &id)?;
    let response = match choice.is_html() {
        true => page(&app, &base, choice, &id, &style),
        false => choice.answer(about(&app, &base, choice, &id, &style).to_string()),
    };
    Ok(fresh(response))
}

fn page(app: &App, base: &str, choice: Choice, id: &str, style: &Style) -> Response {
    // The layer whose style it is, or the one on top: what lies under it may reach round the world.
    let mut drawn: Vec<_> = stylesheet::drawn(&style.document).iter().filter_map(|id| app.catalog.get(id)).collect();
    drawn.sort_by_key(|layer| (layer.id != id, layer.position));
    let extent = drawn.iter().find_map(|layer| layer.extent);
    html::style(base, choice, &about(app, base, choice, id, style), extent)
}

/// What is known of a style.
fn about(app: &App, base: &str, choice: Choice, id: &str, style: &Style) -> Value {
    let here = format!("{base}/ogc/styles/{id}");
    let drawn = stylesheet::drawn(&style.document).into_iter().filter_map(|id| app.catalog.get(&id));
    let layers = drawn.map(|layer| {
        let sample = link(format!("{base}/ogc/collections/{}/items", layer.id), "data", super::GEOJSON, &layer.title);
        json!({"id": layer.id, "title": layer.title, "type": layer.shape(), "sampleData": sample})
    });
    let mut doc = json!({
        "id": id,
        "title": style.title,
        "scope": "style",
        "generated": style.made.is_none(),
        "stylesheets": [{"title": "MapLibre", "version": "8", "specification": "https://maplibre.org/maplibre-style-spec/",
                         "native": true, "link": link(&here, "stylesheet", MAPLIBRE, "MapLibre style")}],
        "layers": layers.collect::<Vec<_>>(),
        "links": choice.links(&format!("{here}/metadata"), format::PAGES),
    });
    if let Some(made) = &style.made {
        doc["created"] = json!(made.created);
        doc["updated"] = json!(made.updated);
    }
    doc
}

/// `POST /ogc/styles`: a style under a new id, made from its name.
pub async fn create(
    State(app): Shared,
    Base(base): Base,
    headers: HeaderMap,
    mut params: Params,
    body: Body,
) -> Answer {
    let writer = access::styling(&app.db.pool, bearer(&headers), None).await?;
    super::formats(&mut params)?;
    let sheet = sent(&app, &base, &headers, body).await?;
    let name = sheet.document["name"].as_str().map(str::trim).filter(|n| !n.is_empty());
    let name = name.ok_or_else(|| Error::invalid("name", "the style has no `name`, of which its id is made"))?;
    let id = layer_id(name);
    let mut tx = app.db.pool.begin().await.map_err(Error::from)?;
    writer.begin(&mut tx).await?;
    if styles::hold(&mut tx, &id).await?.is_some() || app.styles.ids(&app.catalog).contains(&id) {
        let say = format!("there is a style `{id}` already; PUT replaces it, or give yours another name");
        return Err(Error::Conflict(say).into());
    }
    keep(&app, tx, &id, &sheet, &writer.who).await?;
    Ok(located(StatusCode::CREATED, &base, &id))
}

/// `PUT /ogc/styles/{id}`: under a layer's id or `default` it stands in for the generated one.
pub async fn replace(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
    body: Body,
) -> Answer {
    let writer = writer(&app, &headers, &id).await?;
    super::formats(&mut params)?;
    if id != layer_id(&id) {
        let say = format!("use lower-case letters, digits and `_`, such as `{}`", layer_id(&id));
        return Err(Error::invalid("id", format!("`{}` cannot be the id of a style; {say}", shorten(&id))).into());
    }
    let sheet = sent(&app, &base, &headers, body).await?;
    let mut tx = app.db.pool.begin().await.map_err(Error::from)?;
    writer.begin(&mut tx).await?;
    let there = unchanged(&app, &mut tx, &headers, &id).await?;
    keep(&app, tx, &id, &sheet, &writer.who).await?;
    Ok(located(if there { StatusCode::NO_CONTENT } else { StatusCode::CREATED }, &base, &id))
}

/// `DELETE /ogc/styles/{id}`: of the map's and the layers' styles, the generated ones come back.
pub async fn delete(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, mut params: Params) -> Answer {
    let writer = writer(&app, &headers, &id).await?;
    super::formats(&mut params)?;
    let mut tx = app.db.pool.begin().await.map_err(Error::from)?;
    writer.begin(&mut tx).await?;
    unchanged(&app, &mut tx, &headers, &id).await?;
    if !styles::drop(&mut tx, &id).await? {
        let say = match named(&app, &id) {
            Ok(_) => format!("the style `{}` is generated and cannot be deleted", shorten(&id)),
            Err(e) => return Err(e.into()),
        };
        return Err(Error::Conflict(say).into());
    }
    tx.commit().await.map_err(Error::from)?;
    app.styles.refresh(&app.db.pool).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn writer(app: &App, headers: &HeaderMap, id: &str) -> Result<access::Permission> {
    access::styling(&app.db.pool, bearer(headers), app.catalog.get(id).as_deref()).await
}

async fn sent(app: &App, base: &str, headers: &HeaderMap, body: Body) -> Result<Stylesheet> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|t| t.to_str().ok()).unwrap_or(MAPLIBRE);
    if !kind.to_ascii_lowercase().contains("json") {
        let say = format!("a style of type `{}` is not taken here; send `{MAPLIBRE}`", shorten(kind));
        return Err(Error::MediaType(say));
    }
    let bytes = read(app, body).await?;
    Stylesheet::read(&bytes, base, |id| app.catalog.get(id).is_some())
}

/// Takes hold of the id and sees to it that the caller knows its present state, where a condition says so; whether there is
/// a style.
async fn unchanged(app: &App, tx: &mut sqlx::PgConnection, headers: &HeaderMap, id: &str) -> Result<bool> {
    let made = styles::hold(tx, id).await?;
    let state = match made {
        Some(state) => Some(state),
        None => Styles::generated(&app.catalog, &app.land_use, id)?.map(|style| style.state),
    };
    let lists = |name, weakly| state.as_ref().is_some_and(|s| listed(headers, name, &format!("\"{s}\""), weakly));
    if headers.contains_key(header::IF_MATCH) && !lists(header::IF_MATCH, false) {
        let say = "read it again, then repeat the change with its new ETag";
        return Err(Error::Stale(format!("the style `{}` has changed since it was read; {say}", shorten(id))));
    }
    if lists(header::IF_NONE_MATCH, true) {
        return Err(Error::Stale(format!("the style `{}` is there already", shorten(id))));
    }
    Ok(state.is_some())
}

async fn keep(
    app: &Arc<App>,
    mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
    id: &str,
    sheet: &Stylesheet,
    who: &str,
) -> Result<()> {
    styles::put(&mut tx, id, sheet, who).await?;
    tx.commit().await.map_err(Error::from)?;
    app.styles.refresh(&app.db.pool).await
}

fn located(status: StatusCode, base: &str, id: &str) -> Response {
    let mut response = status.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("{base}/ogc/styles/{id}")) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// Puts the paths of styles into the API definition.
pub fn describe(put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let text = json!({"type": "string"});
    let id = [part("styleId", "A style: `default`, a layer's id, another", text.clone())];
    let write = |name: &str, summary: &str, parameters: &[Value], body: bool, done: Value| {
        let mut doc = json!({"operationId": name, "summary": summary, "parameters": parameters, "security": [{"key": []}],
                             "responses": done});
        for status in ["400", "401", "403", "404", "409", "412", "413", "415", "422", "500"] {
            doc["responses"][status] = json!({"$ref": "#/components/responses/problem"});
        }
        if body {
            doc["requestBody"] = json!({"required": true, "content": {MAPLIBRE: {"schema": {"type": "object"}}}});
        }
        doc
    };
    let created = json!({"201": {"description": "Created; Location says where"}});
    let done = json!({"201": {"description": "Created"}, "204": {"description": "Replaced"}});
    let mut all = get("getStyles", "Styles", JSON, "document", &[], format::PAGES);
    all["post"] = write("createStyle", "Add a style", &[], true, created);
    let mut one = get("getStyle", "A MapLibre style", MAPLIBRE, "document", &id, STYLE);
    one["put"] = write("replaceStyle", "Replace a style", &id, true, done);
    let gone = json!({"204": {"description": "Deleted"}});
    one["delete"] = write("deleteStyle", "Delete a style", &id, false, gone);
    put("/styles", all);
    put("/styles/{styleId}", one);
    let about = get("getStyleMetadata", "About a style", JSON, "document", &id, format::PAGES);
    put("/styles/{styleId}/metadata", about);
    let layer = [part("collectionId", "A layer", text)];
    let of_layer = get("getLayerStyles", "Styles of a layer", JSON, "document", &layer, format::PAGES);
    put("/collections/{collectionId}/styles", of_layer);
}
