//! The quality report of a layer: what is wrong in it, in numbers and as features.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::asked::Said;
use super::definitions::{parameter, reference};
use super::format::{self, Lang};
use super::openapi::get;
use super::{GEOJSON, JSON, html};
use crate::error::{Error, Result};
use crate::export::jsonfg;
use crate::geo::Bbox;
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::quality::{self, Account, Asked, Kind, Language};

const USUAL: u32 = 100;
const MOST: u32 = 10_000;
/// The rows of a table for which nobody says how many.
const ROWS: u32 = 25;

impl From<Lang> for Language {
    fn from(lang: Lang) -> Language {
        match lang {
            Lang::Vi => Language::Vi,
            Lang::En => Language::En,
        }
    }
}

/// `GET /ogc/collections/{id}/quality`: the report in numbers.
pub async fn summary(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    let layer = app.catalog.named(&id)?;
    let account = quality::account(&app.db.pool, &id).await?;
    if choice.is_html() {
        return Ok(super::fresh(html::quality(&base, choice, &layer, account.as_ref())));
    }
    let account = account.ok_or_else(|| unchecked(&id))?;
    let here = format!("{base}/ogc/collections/{id}");
    let mut links = choice.links(&format!("{here}/quality"), format::PAGES);
    links.push(link(format!("{here}/quality/items"), "items", GEOJSON, "Every issue with its place"));
    links.push(link(&here, "collection", JSON, "The layer"));
    Ok(super::fresh(choice.answer(document(&layer, &account, links)?.to_string())))
}

fn document(layer: &Layer, account: &Account, links: Vec<Value>) -> Result<Value> {
    let mut doc = serde_json::to_value(account)?;
    doc["layer"] = json!(layer.id);
    quality::describe(&mut doc["issues"]);
    doc["links"] = json!(links);
    Ok(doc)
}

fn unchecked(id: &str) -> Error {
    Error::NotFound(format!("layer `{id}` was never checked; `dothi layers quality {id} --check` does it"))
}

/// `GET /ogc/collections/{id}/quality/items`: every issue as a feature.
pub async fn items(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::ITEM)?;
    let layer = app.catalog.named(&id)?;
    let mut said = Said::default();
    let mut asked = take(&mut params, &mut said)?;
    asked.limit = params.count("limit", if choice.is_html() { ROWS } else { USUAL }, MOST)?;
    params.end("`kind`, `bbox`, `limit`, `after`, `f`, `lang`, `profile`")?;
    choice.keep(&mut said);
    if quality::account(&app.db.pool, &id).await?.is_none() {
        return match choice.is_html() {
            true => Ok(super::fresh(html::quality(&base, choice, &layer, None))),
            false => Err(unchecked(&id).into()),
        };
    }
    let page = quality::page(&app.db.pool, &id, &asked).await?;
    let here = format!("{base}/ogc/collections/{id}/quality");
    let limit = ("limit", asked.limit.to_string());
    let at = |after: Option<i32>| {
        let more: Vec<_> =
            [Some(limit.clone()), after.map(|a| ("after", a.to_string()))].into_iter().flatten().collect();
        said.address(&format!("{here}/items"), &more)
    };
    if choice.is_html() {
        let next = page.next.map(|next| at(Some(next)));
        return Ok(super::fresh(html::issues(&base, choice, &layer, &asked, &page, &at(None), next.as_deref())));
    }
    let mut links = choice.links(&at(asked.after), format::ITEM);
    links.push(link(&here, "collection", JSON, "The quality report"));
    if let Some(next) = page.next {
        links.push(link(at(Some(next)), "next", GEOJSON, "The next page"));
    }
    let mut body = json!({
        "type": "FeatureCollection",
        "features": page.features,
        "numberMatched": page.matched,
        "numberReturned": page.features.len(),
        "timeStamp": crate::app::now(),
        "links": links,
    });
    if choice.is_jsonfg() {
        body["conformsTo"] = json!([jsonfg::CORE]);
    }
    let mut response = super::fresh(choice.answer(body.to_string()));
    respond::say_links(&mut response, &links);
    Ok(response)
}

fn take(params: &mut Params, said: &mut Said) -> Result<Asked> {
    let mut asked = Asked::default();
    if let Some(text) = params.text("kind") {
        for name in text.split(',') {
            let kind = Kind::parse(name).ok_or_else(|| {
                let there: Vec<String> = Kind::ALL.iter().map(|k| format!("`{}`", k.name())).collect();
                Error::invalid("kind", format!("kind `{}` is none of {}", shorten(name), there.join(", ")))
            })?;
            asked.kinds.push(kind);
        }
        said.add("kind", text);
    }
    if let Some(text) = params.text("bbox") {
        let wrong = |e: String| Error::invalid("bbox", format!("bbox `{}`: {e}", shorten(&text)));
        asked.bbox = Some(Bbox::parse(&text).map_err(wrong)?);
        said.add("bbox", text);
    }
    asked.after = params.parsed("after", "the number of an issue; take it from a `next` link")?;
    Ok(asked)
}

/// Puts the paths of the quality report of a layer into the API definition.
pub fn describe(layer: &Layer, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let (id, title) = (&layer.id, &layer.title);
    let here = format!("/collections/{id}/quality");
    let about = format!("Quality report of {title}: counts and areas by element of ISO 19157");
    put(&here, get(&format!("quality.{id}"), &about, JSON, "document", &[], format::PAGES));
    let kinds: Vec<&str> = Kind::ALL.iter().map(|k| k.name()).collect();
    let list = json!({"type": "array", "items": {"type": "string", "enum": kinds}});
    let mut kind = parameter("kind", "Issues of these kinds", list);
    kind["style"] = json!("form");
    kind["explode"] = json!(false);
    let count = json!({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL});
    let parameters = [
        kind,
        reference("bbox"),
        parameter("limit", "At most this many issues", count),
        parameter("after", "Issues after this one", json!({"type": "integer"})),
    ];
    let about = format!("Every issue of {title} with its place");
    let many = get(&format!("issues.{id}"), &about, GEOJSON, "featureCollection", &parameters, format::ITEM);
    put(&format!("{here}/items"), many);
}
