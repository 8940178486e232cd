//! What a request for features asks, parsed at the door into one value.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::params::Params;
use super::{crs, filter};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::{Crs, sides};
use crate::layer::catalog::shorten;
use crate::layer::known::Count;
use crate::layer::time::Stretch;
use crate::layer::{Cursor, Layer, Query, Selection, Sort};

/// The most features of a page.
pub const MOST: u32 = 10_000;
/// The features of a page for which nobody says how many.
pub const USUAL: u32 = 10;
/// Every parameter of `items`, beside the names of fields. A field that is called so is asked for with `filter`.
pub const PARAMETERS: [&str; 17] = [
    "limit",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "exclude-properties",
    "skipGeometry",
    "count",
    "after",
    "profile",
    "f",
    "lang",
];

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b',');

/// Which features of a layer, what of them, in which order, how many and from where on.
pub struct Asked {
    pub layer: Arc<Layer>,
    pub query: Query,
    pub selection: Selection,
    pub sort: Sort,
    /// None: nothing was said. A page then has [`USUAL`] features, an answer that streams has all of them.
    pub limit: Option<u32>,
    pub after: Option<Cursor>,
    pub count: Count,
    /// What was said, for links; without `limit` and `after`.
    pub said: Said,
    filtered: bool,
}

impl Asked {
    /// Takes everything out that a request for the features of layer `id` may say, but what says its form;
    /// refuses what is left.
    pub async fn take(app: &App, id: &str, params: &mut Params) -> Result<Asked> {
        let layer = app.catalog.with_features(id)?;
        params.filled(&PARAMETERS)?;
        let mut said = Said::default();
        let limit = limit(params)?;
        let selection = selection(&layer, params, &mut said)?;
        let sort = match params.text("sortby") {
            Some(text) => {
                let sort = Sort::parse(&layer, &text).map_err(|e| Error::invalid("sortby", e))?;
                said.add("sortby", text);
                sort
            }
            None => Sort::default(),
        };
        let after = params.text("after").map(|text| Cursor::parse(&sort, &text));
        let after = after.transpose().map_err(|e| Error::invalid("after", e))?;
        let mut query = place(&layer, params, &mut said)?;
        if let Some(text) = params.text("datetime") {
            let wrong = |e: String| Error::invalid("datetime", format!("datetime `{}`: {e}", shorten(&text)));
            query = query.during(&layer, Stretch::parse(&text).map_err(wrong)?);
            said.add("datetime", text);
        }
        let count = match params.text("count") {
            Some(text) => {
                let count = Count::parse(&text).map_err(|e| Error::invalid("count", e))?;
                said.add("count", text);
                count
            }
            None => Count::default(),
        };
        let filter = filter::take(app, &layer, params, &mut said).await?;
        let filtered = filter.is_some();
        if let Some(expr) = filter {
            query = query.filtered(&layer, expr);
        }
        for (name, value) in params.rest() {
            if layer.field(&name).is_none() {
                return Err(unknown(&layer, &name));
            }
            query = query.equals(&layer, &name, &value).map_err(|e| Error::invalid(&name, e))?;
            said.add(name, value);
        }
        Ok(Asked { layer, query, selection, sort, limit, after, count, said, filtered })
    }

    /// An error of the database that what was asked brought about, as the caller's.
    pub fn blame(&self, error: Error) -> Error {
        if error.is_timeout() && !self.sort.keys.is_empty() {
            let say = "ask for a smaller part of the layer with `bbox` or `filter`, or without `sortby`";
            return Error::Busy(format!("sorting took longer than a question may; {say}"));
        }
        if self.filtered {
            return filter::blame(error);
        }
        let data =
            matches!(&error, Error::Db(sqlx::Error::Database(e)) if e.code().is_some_and(|c| c.starts_with("22")));
        match data && self.after.is_some() {
            true => Error::invalid("after", "it is not a place in this order; take it from a `next` link"),
            false => error,
        }
    }
}

/// Parameters as they were said.
#[derive(Debug, Clone, Default)]
pub struct Said(Vec<(String, String)>);

impl Said {
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// The address of `path` with what was said, and with `more`.
    pub fn address(&self, path: &str, more: &[(&str, String)]) -> String {
        let said = self.0.iter().map(|(n, v)| (n.as_str(), v));
        let pairs: Vec<String> = said
            .chain(more.iter().map(|(n, v)| (*n, v)))
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        if pairs.is_empty() { path.to_string() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

/// Takes out what says which parts of a feature are answered: `crs`, `properties`, `exclude-properties`, `skipGeometry`.
pub fn selection(layer: &Layer, params: &mut Params, said: &mut Said) -> Result<Selection> {
    let mut selection = Selection::whole(layer, crs::take(layer, params, "crs", said)?);
    let (only, without) = (params.text("properties"), params.text("exclude-properties"));
    if only.is_some() && without.is_some() {
        let say = "`properties` and `exclude-properties` cannot both be said; leave one out";
        return Err(Error::invalid("exclude-properties", say));
    }
    if let Some(names) = only {
        selection = selection.only(layer, &names).map_err(|e| Error::invalid("properties", e))?;
        said.add("properties", names);
    }
    if let Some(names) = without {
        selection = selection.without(layer, &names).map_err(|e| Error::invalid("exclude-properties", e))?;
        said.add("exclude-properties", names);
    }
    if params.flag("skipGeometry")? {
        selection.geometry = false;
        said.add("skipGeometry", "true");
    }
    Ok(selection)
}

/// Takes `bbox` and `bbox-crs` out.
fn place(layer: &Layer, params: &mut Params, said: &mut Said) -> Result<Query> {
    let system: Crs = crs::take(layer, params, "bbox-crs", said)?;
    let Some(text) = params.text("bbox") else { return Ok(Query::everything()) };
    let wrong = |e: String| Error::invalid("bbox", format!("bbox `{}`: {e}", shorten(&text)));
    let sides = sides(&text, system.y_first).map_err(wrong)?;
    let query = Query::everything().inside(layer, sides, system).map_err(wrong)?;
    said.add("bbox", text);
    Ok(query)
}

/// `limit`: greater than the most is the most (OGC 17-069r4, 7.15.2 permits it, and clients count on it).
fn limit(params: &mut Params) -> Result<Option<u32>> {
    let what = format!("a whole number from 1 to {MOST}");
    match params.parsed::<u64>("limit", &what)? {
        Some(0) => Err(Error::invalid("limit", format!("limit `0` is not {what}"))),
        limit => Ok(limit.map(|v| u32::try_from(v).unwrap_or(MOST).min(MOST))),
    }
}

fn unknown(layer: &Layer, name: &str) -> Error {
    let quoted = |names: &mut dyn Iterator<Item = &str>| names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let known = quoted(&mut PARAMETERS.iter().copied());
    let fields = quoted(&mut layer.fields.iter().take(40).map(|f| f.name.as_str()));
    let name = shorten(name);
    let say = format!("there is no parameter or field `{name}` here; there are {known} and the fields {fields}");
    Error::invalid(name, say)
}

/// A text as a value in an address.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}
