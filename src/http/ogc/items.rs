//! Features, a page at a time.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use axum::extract::State;

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::{GEOJSON, JSON};
use crate::error::Error;
use crate::geo::sides;
use crate::layer::catalog::shorten;
use crate::layer::{Query, features};

const DEFAULT_LIMIT: u32 = 10;
pub const MOST: u32 = 10_000;
static MATCHED: HeaderName = HeaderName::from_static("ogc-numbermatched");
static RETURNED: HeaderName = HeaderName::from_static("ogc-numberreturned");
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b',');

/// `GET /ogc/collections/{id}/items`. A page goes on after the id of its last feature, so edits never shift it.
pub async fn page(State(app): Shared, Base(base): Base, Path(id): Path<String>, mut params: Params) -> Answer {
    let layer = app.catalog.named(&id)?;
    super::format(&mut params)?;
    let limit = limit(&mut params)?;
    let after: Option<i64> = params.parsed("after", "the id of a feature")?;
    let mut query = Query::everything();
    let mut said: Vec<(String, String)> = Vec::new();
    let crs = super::crs::take(&layer, &mut params, "crs", &mut said)?;
    let bbox_crs = super::crs::take(&layer, &mut params, "bbox-crs", &mut said)?;
    if let Some(text) = params.text("bbox") {
        let wrong = |e: String| Error::invalid("bbox", format!("bbox `{}`: {e}", shorten(&text)));
        let sides = sides(&text, bbox_crs.y_first).map_err(wrong)?;
        query = query.inside(&layer, sides, bbox_crs).map_err(wrong)?;
        said.push(("bbox".into(), text));
    }
    // A layer without times matches every time (OGC 17-069r4, 7.15.4); times themselves have their own issue.
    if let Some(datetime) = params.text("datetime") {
        interval(&datetime)?;
        said.push(("datetime".into(), datetime));
    }
    let filter = super::filter::take(&app, &layer, &mut params, &mut said).await?;
    let narrowed = filter.is_some();
    if let Some(expr) = filter {
        query = query.filtered(&layer, expr);
    }
    for (name, value) in params.rest() {
        if layer.field(&name).is_none() {
            let fields: Vec<String> = layer.fields.iter().take(40).map(|f| format!("`{}`", f.name)).collect();
            let known = format!(
                "`bbox`, `bbox-crs`, `crs`, `datetime`, `filter`, `filter-lang`, `filter-crs`, `limit`, `f` and the fields {}",
                fields.join(", ")
            );
            return Err(Error::invalid(
                shorten(&name),
                format!("there is no parameter or field `{}` here; there are {known}", shorten(&name)),
            )
            .into());
        }
        query = query.equals(&layer, &name, &value).map_err(|e| Error::invalid(&name, e))?;
        said.push((name, value));
    }
    let page = features::page(&app.db.pool, &layer, &query, crs, after, limit);
    let count = features::count(&app.db.pool, &layer, &query);
    let answers = tokio::try_join!(page, count);
    let (page, matched) = answers.map_err(|e| if narrowed { super::filter::blame(e) } else { e })?;
    let here = format!("{base}/ogc/collections/{id}");
    let address = |after: Option<i64>| {
        let mut pairs: Vec<String> = said.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        pairs.push(format!("limit={limit}"));
        pairs.extend(after.map(|fid| format!("after={fid}")));
        format!("{here}/items?{}", pairs.join("&"))
    };
    let mut links =
        vec![link(address(after), "self", GEOJSON, "This page"), link(&here, "collection", JSON, "The layer")];
    if let Some(fid) = page.next {
        links.push(link(address(Some(fid)), "next", GEOJSON, "The next page"));
    }
    // The features are PostgreSQL's own text; only what is around them is written here.
    let size: usize = page.features.iter().map(|f| f.len() + 1).sum();
    let mut body = String::with_capacity(size + 1024);
    body.push_str("{\"type\":\"FeatureCollection\",\"features\":[");
    for (i, feature) in page.features.iter().enumerate() {
        body.push_str(if i == 0 { "" } else { "," });
        body.push_str(feature);
    }
    let rest = json!({
        "numberMatched": matched,
        "numberReturned": page.features.len(),
        "timeStamp": crate::app::now(),
        "links": links,
    });
    body.push_str("],");
    body.push_str(rest.to_string().trim_start_matches('{'));
    let mut response = super::fresh(respond::json(GEOJSON, body));
    super::crs::say(&mut response, crs);
    respond::say_links(&mut response, &links);
    for (name, count) in [(&MATCHED, matched), (&RETURNED, page.features.len() as i64)] {
        response.headers_mut().insert(name.clone(), count.into());
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
    let mut said = Vec::new();
    let crs = super::crs::take(&layer, &mut params, "crs", &mut said)?;
    params.end("`crs`, `f`")?;
    let missing = || Error::NotFound(format!("layer `{id}` has no feature `{}`", shorten(&fid)));
    let number: i64 = fid.parse().map_err(|_| missing())?;
    let (feature, state) = features::one(&app.db.pool, &layer, number, crs).await?.ok_or_else(missing)?;
    let mut response = respond::json(GEOJSON, whole(&base, &id, number, &asked(&said), &feature));
    super::crs::say(&mut response, crs);
    Ok(super::write::tagged(super::fresh(response), &headers, &state))
}

/// A Feature with its links; `query` is what was said of it, from the `?` on.
pub fn whole(base: &str, id: &str, number: i64, query: &str, feature: &str) -> String {
    let here = format!("{base}/ogc/collections/{id}");
    let links: Value = json!([
        link(format!("{here}/items/{number}{query}"), "self", GEOJSON, "This feature"),
        link(&here, "collection", JSON, "The layer"),
    ]);
    // PostgreSQL's text ends with the brace of the Feature.
    format!("{},\"links\":{links}}}", feature.strip_suffix('}').unwrap_or(feature))
}

/// Parameters as they end an address; nothing when there are none.
fn asked(said: &[(String, String)]) -> String {
    let pairs: Vec<String> = said.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// `limit`: greater than the most is the most (OGC 17-069r4, 7.15.2 permits it, and clients count on it).
fn limit(params: &mut Params) -> crate::error::Result<u32> {
    let what = format!("a whole number from 1 to {MOST}");
    match params.parsed::<u64>("limit", &what)? {
        Some(0) => Err(Error::invalid("limit", format!("limit `0` is not {what}"))),
        Some(v) => Ok(u32::try_from(v).unwrap_or(MOST).min(MOST)),
        None => Ok(DEFAULT_LIMIT),
    }
}

/// Refuses what is neither an RFC 3339 time or date nor an interval of them, open with `..` or nothing.
fn interval(text: &str) -> crate::error::Result<()> {
    let shape = |t: &str| {
        let date: Vec<&str> = t.get(..10).map(|d| d.split('-').collect()).unwrap_or_default();
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        let rest = t.get(10..).unwrap_or_default();
        let time = rest.is_empty()
            || (rest.starts_with(['T', 't', ' '])
                && rest.len() >= 10
                && rest.bytes().skip(1).all(|b| b"0123456789:.Zz+-".contains(&b)));
        matches!(date[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2)) && time
    };
    let open = |t: &str| t.is_empty() || t == "..";
    let good = match text.split_once('/') {
        None => shape(text),
        Some((from, to)) => {
            !to.contains('/') && (open(from) || shape(from)) && (open(to) || shape(to)) && !(open(from) && open(to))
        }
    };
    if good {
        return Ok(());
    }
    let say = "write `2026-01-31`, `2026-01-31T12:00:00Z` or an interval such as `2026-01-01/..`";
    Err(Error::invalid("datetime", format!("datetime `{}` is not a time; {say}", shorten(text))))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}
