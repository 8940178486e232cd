//! The change feed: what changed in a layer after a version, and the history of a feature.

mod describe;
mod events;

pub use describe::{describe, description, of_all};
pub use events::{all, all_stream, stream};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::asked::Said;
use super::format::{self, Choice};
use super::write::{bearer, tagged};
use super::{GEOJSON, JSON, html};
use crate::access;
use crate::app::App;
use crate::error::{Error, Result};
use crate::feed::{Ask, Mark, page};
use crate::layer::catalog::{self, shorten};
use crate::layer::{Selection, features};

const DEFAULT_LIMIT: u32 = 1_000;
const MOST: u32 = 10_000;
/// The versions that the page for people goes back from the present one.
const LATEST: u32 = 50;
const EVENTS: &str = format::EVENTS.media_type;
static VERSION: HeaderName = HeaderName::from_static("dothi-version");

/// Says up to which version, at least, an answer knows the layer's changes. What is read afterwards is no older.
pub fn say(response: &mut Response, mark: &Mark) {
    if let Ok(value) = HeaderValue::from_str(&mark.to_string()) {
        response.headers_mut().insert(VERSION.clone(), value);
    }
}

/// `GET /ogc/collections/{id}/changes?since=…`: every change after a version, in order; without `since`, how to begin.
pub async fn changes(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::CHANGES)?;
    if choice.form == format::EVENTS {
        return events::answer(app, id, headers, params).await;
    }
    let asked = Asked::take(&app, &id, &headers, &mut params).await?;
    let limit = params.count("limit", DEFAULT_LIMIT, MOST)?;
    params.end("`since`, `limit`, `crs`, `geometry`, `before`, `f`, `lang`")?;
    let here = format!("{base}/ogc/collections/{id}");
    if choice.is_html() {
        return leaf(&app, &base, &id, choice, asked, limit).await;
    }
    let Some(since) = &asked.since else { return Ok(begin(&here, &app, &id, choice).await?) };
    let page = page::after(&app.db.pool, &id, since, asked.ask, limit).await?;
    let at = |path: &str, mark: &Mark, more: &[(&str, String)]| {
        asked.said.address(&format!("{here}/{path}"), &[&[("since", mark.to_string())], more].concat())
    };
    let form = choice.form;
    let more = [("limit", limit.to_string()), ("f", form.name.to_string())];
    let mut links = vec![
        link(at("changes", since, &more), "self", form.media_type, "These changes"),
        link(&here, "collection", JSON, "The layer"),
        link(at("changes/stream", &page.reached, &[]), "monitor", EVENTS, "The changes after these as they come"),
    ];
    if page.more {
        links.push(link(at("changes", &page.reached, &more), "next", form.media_type, "The changes after these"));
    }
    let texts: Vec<&str> = page.changes.iter().map(|c| c.text.as_str()).collect();
    let body = if form == format::JSON {
        let head = json!({"layer": id, "since": since.to_string(), "version": page.reached.to_string(),
                          "numberReturned": texts.len(), "links": links});
        around(&head, &texts)
    } else {
        texts.iter().flat_map(|t| [t, "\n"]).collect()
    };
    let mut response = super::fresh(choice.answer(body));
    super::crs::say(&mut response, asked.ask.crs);
    respond::say_links(&mut response, &links);
    say(&mut response, &page.reached);
    let who = if asked.ask.who { "+" } else { "" };
    Ok(tagged(response, &headers, &format!("{}{who}", page.reached)))
}

/// The page for people: the changes after a version, or the latest ones, the newest first.
async fn leaf(app: &App, base: &str, id: &str, choice: Choice, asked: Asked, limit: u32) -> Answer {
    let layer = catalog::present(&app.db.pool, id).await?;
    let first = (layer.version - i64::from(limit.min(LATEST))).max(layer.kept_since);
    let since = asked.since.clone().unwrap_or_else(|| Mark::end(&layer, first));
    let page = page::after(&app.db.pool, id, &since, asked.ask, limit).await?;
    let here = format!("{base}/ogc/collections/{id}/changes");
    let at = |mark: &Mark| asked.said.address(&here, &[("since", mark.to_string()), ("limit", limit.to_string())]);
    let mut changes = parsed(&page.changes)?;
    if asked.since.is_none() {
        changes.reverse();
    }
    let said = asked.since.as_ref().map(Mark::to_string);
    let own = asked.since.as_ref().map_or_else(|| asked.said.address(&here, &[]), at);
    let next = page.more.then(|| at(&page.reached));
    Ok(super::fresh(html::changes(base, choice, &layer, &own, said.as_deref(), &changes, next.as_deref())))
}

fn parsed(changes: &[page::Change]) -> Result<Vec<Value>> {
    changes.iter().map(|c| Ok(serde_json::from_str(&c.text)?)).collect()
}

/// A document with changes in it, which are texts already.
fn around(head: &serde_json::Value, changes: &[&str]) -> String {
    let head = head.to_string();
    format!("{},\"changes\":[{}]}}", head.strip_suffix('}').unwrap_or(&head), changes.join(","))
}

/// `GET /ogc/collections/{id}/items/{fid}/history`: what became of one feature, the newest first.
pub async fn history(
    State(app): Shared,
    Base(base): Base,
    Path((id, fid)): Path<(String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::PAGES)?;
    let layer = app.catalog.with_features(&id)?;
    let asked = Asked::take(&app, &id, &headers, &mut params).await?;
    let limit = params.count("limit", 100, 1_000)?;
    let until: Option<i64> = params.parsed("until", "a version")?;
    params.end("`limit`, `until`, `crs`, `geometry`, `before`, `f`, `lang`")?;
    let missing = || Error::NotFound(format!("layer `{id}` has no feature `{}` and remembers none", shorten(&fid)));
    let number: i64 = fid.parse().map_err(|_| missing())?;
    let (changes, more) = page::history(&app.db.pool, &layer, number, asked.ask, until, limit).await?;
    let known = changes.iter().any(|c| c.fid.is_some()) || until.is_some();
    if !known && features::one(&app.db.pool, &layer, number, &Selection::whole(&layer, asked.ask.crs)).await?.is_none()
    {
        return Err(missing().into());
    }
    let here = format!("{base}/ogc/collections/{id}/items/{number}");
    let at = |until: Option<i64>| {
        let more = [Some(("limit", limit.to_string())), until.map(|v| ("until", v.to_string()))];
        asked.said.address(&format!("{here}/history"), &more.into_iter().flatten().collect::<Vec<_>>())
    };
    let mut links = vec![link(at(until), "self", JSON, "This document"), link(&here, "item", GEOJSON, "The feature")];
    if let Some(last) = changes.last().filter(|_| more) {
        links.push(link(at(Some(last.version)), "next", JSON, "What was before"));
    }
    if choice.is_html() {
        let next = changes.last().filter(|_| more).map(|last| at(Some(last.version)));
        let page = html::history(&base, choice, &layer, number, &parsed(&changes)?, next.as_deref());
        return Ok(super::fresh(page));
    }
    let texts: Vec<&str> = changes.iter().map(|c| c.text.as_str()).collect();
    let head = json!({"layer": id, "id": number, "keptSince": layer.kept_since, "links": links});
    let mut response = super::fresh(choice.answer(around(&head, &texts)));
    super::crs::say(&mut response, asked.ask.crs);
    respond::say_links(&mut response, &links);
    Ok(response)
}

/// Where the layer is, and where to go from there.
async fn begin(here: &str, app: &App, id: &str, choice: Choice) -> Result<Response> {
    let layer = catalog::present(&app.db.pool, id).await?;
    let mark = Mark::end(&layer, layer.version);
    let links = [
        link(format!("{here}/changes"), "self", JSON, "This document"),
        link(here, "collection", JSON, "The layer"),
        link(format!("{here}/changes?since={}", Mark::START), "start", JSON, "Every feature, then every change since"),
        link(format!("{here}/changes?since={mark}"), "next", JSON, "Every change from now on"),
        link(format!("{here}/changes/stream?since={mark}"), "monitor", EVENTS, "The same as it comes"),
    ];
    let body = json!({"layer": id, "version": mark.to_string(), "keptSince": Mark::end(&layer, layer.kept_since).to_string(), "links": links});
    let mut response = super::fresh(choice.answer(body.to_string()));
    respond::say_links(&mut response, &links);
    say(&mut response, &mark);
    Ok(response)
}

/// What a question about changes says.
struct Asked {
    since: Option<Mark>,
    ask: Ask,
    /// The rest, for links.
    said: Said,
}

impl Asked {
    async fn take(app: &App, id: &str, headers: &HeaderMap, params: &mut Params) -> Result<Asked> {
        let layer = app.catalog.named(id)?;
        let since = since(params)?;
        let mut said = Said::default();
        let crs = super::crs::take(&layer, params, "crs", &mut said)?;
        let ewkb = match params.text("geometry").as_deref() {
            None | Some("geojson") => false,
            Some("ewkb") => true,
            Some(other) => {
                let say = format!("geometry `{}` is neither `geojson` nor `ewkb`", shorten(other));
                return Err(Error::invalid("geometry", say));
            }
        };
        let who = access::knowing(&app.db.pool, bearer(headers), &layer).await?;
        let before = params.flag("before")?;
        if before && !who {
            let say = "what features were before is told to those who may write the layer; send `Authorization: Bearer` and such a key";
            return Err(Error::Unauthenticated(say.into()));
        }
        for (name, value) in [("geometry", ewkb.then_some("ewkb")), ("before", before.then_some("true"))] {
            value.into_iter().for_each(|value| said.add(name, value));
        }
        Ok(Asked { since, ask: Ask { crs, ewkb, before, who }, said })
    }
}

fn since(params: &mut Params) -> Result<Option<Mark>> {
    params.parsed("since", "a version of the layer; `changes` without `since` says the present one")
}
