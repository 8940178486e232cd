//! Features, a page at a time.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::asked::{Asked, Said, USUAL, selection};
use super::format::{self, Choice};
use super::profile::Profile;
use super::schemas::{self, SCHEMA};
use super::{GEOJSON, JSON};
use super::{download, html};
use crate::app::App;
use crate::error::{Error, Result};
use crate::export::{Format, jsonfg};
use crate::feed::Mark;
use crate::geo::Crs;
use crate::layer::catalog::shorten;
use crate::layer::features::{self, Ask};
use crate::layer::known::{Count, Counted};
use crate::layer::{Layer, Selection};

/// The rows of a table for which nobody says how many.
const ROWS: u32 = 25;
static MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");
/// How the number matched was found: `exact`, `estimate` or `none`.
static MODE: HeaderName = HeaderName::from_static("count-mode");
static RETURNED: HeaderName = HeaderName::from_static("ogc-numberreturned");

/// `GET /ogc/collections/{id}/items`: a page of features, or all of them where the form has no pages.
pub async fn page(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::ITEMS)?;
    answer(app, &base, &id, params, choice).await
}

/// A page goes on after its last feature, so edits never shift it.
async fn answer(app: Arc<App>, base: &str, id: &str, mut params: Params, choice: Choice) -> Answer {
    if let Some(format) = choice.exported().filter(|f| *f != Format::Geojson) {
        let wishes = download::Wishes::take(&app, id, format, &mut params)?;
        let mut asked = Asked::take(&app, id, &mut params).await?;
        if choice.form == format::GEOJSON {
            asked.limit.get_or_insert(USUAL);
        }
        choice.keep(&mut asked.said);
        return download::answer(app, base, asked, wishes, choice).await;
    }
    if choice.is_html() {
        html::search(&*app.catalog.with_features(id)?, &mut params)?;
    }
    let mut asked = Asked::take(&app, id, &mut params).await?;
    // A table shows no geometry.
    asked.selection.geometry &= !choice.is_html();
    let Asked { layer, query, selection, sort, after, .. } = &asked;
    let limit = asked.limit.unwrap_or(if choice.is_html() { ROWS } else { USUAL });
    let ask = Ask { layer, query, selection, sort, from: after.as_ref().into(), limit };
    let page = features::page(&app.db.pool, ask).await.map_err(|e| asked.blame(e))?;
    let counted = counted(&app, &asked, &page).await?;
    let here = format!("{base}/ogc/collections/{id}");
    let address = |after: Option<String>| {
        let more = [Some(("limit", limit.to_string())), after.map(|a| ("after", a))];
        asked.said.address(&format!("{here}/items"), &more.into_iter().flatten().collect::<Vec<_>>())
    };
    if choice.is_html() {
        let next = page.next.as_ref().map(|next| address(Some(next.write(sort))));
        return Ok(super::fresh(html::items(base, choice, &asked, &page, counted, next.as_deref())));
    }
    let mut links = choice.links(&address(after.as_ref().map(|a| a.write(sort))), format::ITEMS);
    links.push(link(&here, "collection", JSON, "The layer"));
    if let Some(next) = &page.next {
        links.push(link(address(Some(next.write(sort))), "next", GEOJSON, "The next page"));
    }
    let (returned, mut body) = (page.count(), page.text);
    let mut rest = json!({
        "countMode": counted.how(),
        "numberReturned": returned,
        "timeStamp": crate::app::now(),
        "links": links,
    });
    if let Some(n) = counted.number() {
        rest["numberMatched"] = n.into();
    }
    body.extend_from_slice(b"],");
    body.extend_from_slice(rest.to_string().trim_start_matches('{').as_bytes());
    let mut response = super::fresh(choice.answer(body));
    super::crs::say(&mut response, selection.crs);
    super::feed::say(&mut response, &Mark::end(layer, layer.version));
    links.push(link(format!("{here}/queryables"), schemas::QUERYABLES, SCHEMA, "What filters may name"));
    // A long question twelve times over is more than a head can hold.
    links.retain(|l| l["rel"] != "alternate");
    respond::say_links(&mut response, &links);
    say_counts(&mut response, returned, counted);
    Ok(response)
}

/// How many features match what is asked, of which this is a page.
pub async fn counted(app: &App, asked: &Asked, page: &features::Page) -> Result<Counted> {
    let Asked { layer, query, after, count, .. } = asked;
    if after.is_none() && page.next.is_none() && *count != Count::None {
        // All of them are here.
        return Ok(Counted::Exactly(page.count() as i64));
    }
    let counted = app.known.count(&app.db.pool, &app.catalog, layer, query, *count);
    counted.await.map_err(|e| asked.blame(e))
}

/// Says how many features an answer has and how many match.
pub fn say_counts(response: &mut Response, returned: usize, counted: Counted) {
    let headers = response.headers_mut();
    headers.insert(RETURNED.clone(), returned.into());
    headers.insert(MODE.clone(), HeaderValue::from_static(counted.how()));
    if let Some(n) = counted.number() {
        headers.insert(MATCHED.clone(), n.into());
    }
}

/// `GET /ogc/collections/{id}/items/{fid}`.
pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path((id, fid)): Path<(String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::ITEM)?;
    let layer = app.catalog.with_features(&id)?;
    let mut said = Said::default();
    let mut selection = selection(&layer, &mut params, &mut said)?;
    if choice.is_html() {
        // The page draws it in degrees.
        selection = Selection::whole(&layer, Crs::CRS84);
    }
    params.end("`crs`, `properties`, `exclude-properties`, `skipGeometry`, `f`, `lang`, `profile`")?;
    let missing = || Error::NotFound(format!("layer `{id}` has no feature `{}`", shorten(&fid)));
    let number: i64 = fid.parse().map_err(|_| missing())?;
    let (feature, state, degrees) = read(&app, &layer, number, &selection, choice).await?.ok_or_else(missing)?;
    let response = if choice.is_html() {
        html::feature(&base, choice, &layer, number, &serde_json::from_str(&feature)?)
    } else if choice.is_jsonfg() {
        choice.keep(&mut said);
        let home = format!("{base}/ogc/collections/{id}");
        let mut document = jsonfg::feature(&layer, &selection, &home, serde_json::from_str(&feature)?, degrees);
        let here = said.address(&format!("{home}/items/{number}"), &[]);
        let mut links = choice.links(&here, format::ITEM);
        links.push(link(&home, "collection", JSON, "The layer"));
        document.insert("links".into(), links.into());
        choice.answer(Value::from(document).to_string())
    } else {
        choice.answer(whole(&base, &id, number, &said, &feature))
    };
    let mut response = super::fresh(response);
    super::crs::say(&mut response, selection.crs);
    // What a page shows beside the feature changes too.
    Ok(if choice.is_html() { response } else { super::write::tagged(response, &headers, &state) })
}

/// The text of a feature, the mark of its state and, where that is wanted too, its geometry in WGS 84, all of one moment.
async fn read(
    app: &App,
    layer: &Layer,
    number: i64,
    selection: &Selection,
    choice: Choice,
) -> Result<Option<(String, String, Option<Value>)>> {
    if choice.profile != Some(Profile::JsonFgPlus) {
        let found = features::one(&app.db.pool, layer, number, selection).await?;
        return Ok(found.map(|(feature, state)| (feature, state, None)));
    }
    let mut tx = app.db.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let Some((feature, state)) = features::one(&mut *tx, layer, number, selection).await? else { return Ok(None) };
    let place = Selection { crs: Crs::CRS84, fields: Vec::new(), geometry: selection.geometry };
    let there = features::one(&mut *tx, layer, number, &place).await?;
    let mut there: Value = there.map_or(Ok(Value::Null), |(text, _)| serde_json::from_str(&text))?;
    Ok(Some((feature, state, Some(there["geometry"].take()))))
}

/// A Feature with its links.
pub fn whole(base: &str, id: &str, number: i64, said: &Said, feature: &str) -> String {
    let here = format!("{base}/ogc/collections/{id}");
    let links: Value = json!([
        link(said.address(&format!("{here}/items/{number}"), &[]), "self", GEOJSON, "This feature"),
        Profile::Rfc7946.link(),
        link(&here, "collection", JSON, "The layer"),
    ]);
    // The text ends with the brace of the Feature.
    format!("{},\"links\":{links}}}", feature.strip_suffix('}').unwrap_or(feature))
}
