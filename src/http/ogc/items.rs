//! Features, a page at a time.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::asked::{Asked, Said, USUAL, selection};
use super::schemas::{self, SCHEMA};
use super::{GEOJSON, JSON};
use crate::error::Error;
use crate::feed::Mark;
use crate::layer::catalog::shorten;
use crate::layer::features;
use crate::layer::known::{Count, Counted};

static MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");
/// How the number matched was found: `exact`, `estimate` or `none`.
static MODE: HeaderName = HeaderName::from_static("count-mode");
static RETURNED: HeaderName = HeaderName::from_static("ogc-numberreturned");

/// `GET /ogc/collections/{id}/items`. A page goes on after its last feature, so edits never shift it.
pub async fn page(State(app): Shared, Base(base): Base, Path(id): Path<String>, mut params: Params) -> Answer {
    super::format(&mut params)?;
    let asked = Asked::take(&app, &id, &mut params).await?;
    let Asked { layer, query, selection, sort, after, .. } = &asked;
    let limit = asked.limit.unwrap_or(USUAL);
    let page = features::page(&app.db.pool, layer, query, selection, sort, after.as_ref(), limit);
    let page = page.await.map_err(|e| asked.blame(e))?;
    let counted = match (after, &page.next, asked.count) {
        // All of them are here.
        (None, None, how) if how != Count::None => Counted::Exactly(page.features.len() as i64),
        (_, _, how) => {
            let counted = app.known.count(&app.db.pool, &app.catalog, layer, query, how);
            counted.await.map_err(|e| asked.blame(e))?
        }
    };
    let here = format!("{base}/ogc/collections/{id}");
    let address = |after: Option<String>| {
        let more = [Some(("limit", limit.to_string())), after.map(|a| ("after", a))];
        asked.said.address(&format!("{here}/items"), &more.into_iter().flatten().collect::<Vec<_>>())
    };
    let this = address(after.as_ref().map(|a| a.write(sort)));
    let mut links = vec![link(this, "self", GEOJSON, "This page"), link(&here, "collection", JSON, "The layer")];
    if let Some(next) = &page.next {
        links.push(link(address(Some(next.write(sort))), "next", GEOJSON, "The next page"));
    }
    // The features are PostgreSQL's own text; only what is around them is written here.
    let size: usize = page.features.iter().map(|f| f.len() + 1).sum();
    let mut body = String::with_capacity(size + 1024);
    body.push_str("{\"type\":\"FeatureCollection\",\"features\":[");
    for (i, feature) in page.features.iter().enumerate() {
        body.push_str(if i == 0 { "" } else { "," });
        body.push_str(feature);
    }
    let mut rest = json!({
        "countMode": counted.how(),
        "numberReturned": page.features.len(),
        "timeStamp": crate::app::now(),
        "links": links,
    });
    if let Some(n) = counted.number() {
        rest["numberMatched"] = n.into();
    }
    body.push_str("],");
    body.push_str(rest.to_string().trim_start_matches('{'));
    let mut response = super::fresh(respond::json(GEOJSON, body));
    super::crs::say(&mut response, selection.crs);
    super::feed::say(&mut response, &Mark::end(layer, layer.version));
    links.push(link(format!("{here}/queryables"), schemas::QUERYABLES, SCHEMA, "What filters may name"));
    respond::say_links(&mut response, &links);
    let headers = response.headers_mut();
    headers.insert(RETURNED.clone(), page.features.len().into());
    headers.insert(MODE.clone(), HeaderValue::from_static(counted.how()));
    if let Some(n) = counted.number() {
        headers.insert(MATCHED.clone(), n.into());
    }
    Ok(response)
}

/// `GET /ogc/collections/{id}/items/{fid}`.
pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path((id, fid)): Path<(String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let layer = app.catalog.named(&id)?;
    super::format(&mut params)?;
    let mut said = Said::default();
    let selection = selection(&layer, &mut params, &mut said)?;
    params.end("`crs`, `properties`, `exclude-properties`, `skipGeometry`, `f`")?;
    let missing = || Error::NotFound(format!("layer `{id}` has no feature `{}`", shorten(&fid)));
    let number: i64 = fid.parse().map_err(|_| missing())?;
    let (feature, state) = features::one(&app.db.pool, &layer, number, &selection).await?.ok_or_else(missing)?;
    let mut response = respond::json(GEOJSON, whole(&base, &id, number, &said, &feature));
    super::crs::say(&mut response, selection.crs);
    Ok(super::write::tagged(super::fresh(response), &headers, &state))
}

/// A Feature with its links.
pub fn whole(base: &str, id: &str, number: i64, said: &Said, feature: &str) -> String {
    let here = format!("{base}/ogc/collections/{id}");
    let links: Value = json!([
        link(said.address(&format!("{here}/items/{number}"), &[]), "self", GEOJSON, "This feature"),
        link(&here, "collection", JSON, "The layer"),
    ]);
    // PostgreSQL's text ends with the brace of the Feature.
    format!("{},\"links\":{links}}}", feature.strip_suffix('}').unwrap_or(feature))
}
