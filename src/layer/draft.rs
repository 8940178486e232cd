//! A feature as somebody sends it: opened, and checked member by member against the layer. Nothing is passed over: what
//! cannot be stored is a fault, and no fault is left for the database to find that could be found here.

use serde_json::Value;
use serde_json::value::RawValue;

use super::Layer;
use super::catalog::shorten;
use super::cell::{Cell, Members, cell};
use super::shape;
use crate::error::{Error, Fault, Result};
use crate::geo::{CRS84, Crs, parse_epsg};
use crate::schema::Kind;

/// More faults than this are not told.
pub const MOST_FAULTS: usize = 20;
/// The most features that are created at once.
pub const MOST_FEATURES: usize = 10_000;

/// What the layer's row becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// One for each field of the layer, in its order; none: nothing is said of it.
    pub cells: Vec<Option<Cell>>,
    /// GeoJSON; none: nothing is said of it.
    pub geometry: Option<Cell>,
}

/// What is to be done with a draft, and so what it must say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Purpose<'a> {
    Create,
    Replace(i64),
    /// A merge patch. The text is the type of the present geometry, for a patch that says none.
    Update(i64, Option<&'a str>),
}

/// A body that was sent.
pub enum Posted<'a> {
    One(Members<'a>),
    Many(Vec<Members<'a>>),
    /// A condition in CQL2 JSON.
    Query(&'a str),
}

/// Opens a body: a Feature, a FeatureCollection or a condition.
pub fn open(body: &[u8]) -> Result<Posted<'_>> {
    let wrong = |what: String| Error::invalid("body", what);
    let text = std::str::from_utf8(body).map_err(|_| wrong("the body is not UTF-8".into()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let members: Members =
        serde_json::from_str(text).map_err(|e| wrong(format!("the body is not a JSON object: {e}")))?;
    let kind = members.get("type").map(|t| serde_json::from_str::<String>(t.get()).unwrap_or_default());
    match kind.as_deref() {
        None if members.get("op").is_some() => Ok(Posted::Query(text)),
        None | Some("Feature") => Ok(Posted::One(members)),
        Some("FeatureCollection") => {
            let known =
                ["type", "features", "links", "bbox", "crs", "name", "timeStamp", "numberMatched", "numberReturned"];
            if let Some((name, _)) = members.0.iter().find(|(n, v)| !known.contains(&n.as_str()) && v.get() != "null") {
                return Err(wrong(format!("`{}` is not a member of a FeatureCollection here", shorten(name))));
            }
            let list = members.get("features").map_or("null", RawValue::get);
            let features: Vec<&RawValue> =
                serde_json::from_str(list).map_err(|_| wrong("`features` is not a list".into()))?;
            if features.is_empty() {
                return Err(wrong("`features` is empty; there is nothing to create".into()));
            }
            if features.len() > MOST_FEATURES {
                let n = features.len();
                return Err(Error::TooLarge(format!("{n} features; at most {MOST_FEATURES} are created at once")));
            }
            let crs = members.get("crs");
            let mut all = Vec::with_capacity(features.len());
            for (n, feature) in features.iter().enumerate() {
                let mut feature: Members = parse_one(n, feature.get())?;
                // What the collection says of its coordinates holds for each of its features.
                if let (Some(crs), None) = (crs, feature.get("crs")) {
                    feature.0.push(("crs".into(), crs));
                }
                all.push(feature);
            }
            Ok(Posted::Many(all))
        }
        Some(other) => Err(wrong(format!("the body is a `{}`; send a Feature or a FeatureCollection", shorten(other)))),
    }
}

fn parse_one(n: usize, text: &str) -> Result<Members<'_>> {
    let read = serde_json::from_str(text);
    read.map_err(|e| Error::invalid("body", format!("feature {n} is not a JSON object: {e}")))
}

/// Reads drafts; what is wrong with them is collected.
pub struct Reading<'a> {
    pub layer: &'a Layer,
    pub system: Crs,
    pub faults: Vec<Fault>,
}

impl Reading<'_> {
    /// The draft that a Feature makes; `nth` is its number among several.
    pub fn read(&mut self, feature: &Members, purpose: Purpose, nth: Option<usize>) -> Draft {
        let known = ["type", "id", "geometry", "properties", "links", "bbox", "crs"];
        for (name, value) in feature.0.iter().filter(|(n, v)| !known.contains(&n.as_str()) && v.get() != "null") {
            self.fault(nth, name, &[name], value.get(), "not a member of a Feature that is stored here".into());
        }
        let patch = matches!(purpose, Purpose::Update(..));
        match feature.get("type").map(RawValue::get) {
            Some("\"Feature\"") => {}
            None if patch => {}
            other => self.fault(nth, "type", &["type"], other.unwrap_or("null"), "not `Feature`".into()),
        }
        if let Some(crs) = feature.get("crs") {
            self.crs(nth, crs.get());
        }
        if let (Purpose::Replace(fid) | Purpose::Update(fid, _), Some(id)) = (purpose, feature.get("id"))
            && id.get().trim_matches('"') != fid.to_string()
        {
            self.fault(nth, "id", &["id"], id.get(), format!("not the id in the address, `{fid}`"));
        }
        let geometry = self.geometry(feature.get("geometry"), purpose, nth);
        let mut cells = vec![None; self.layer.fields.len()];
        match feature.get("properties").map(RawValue::get) {
            None if matches!(purpose, Purpose::Replace(_)) => {
                let say = "missing; what replaces a feature must say its properties (`{}` for none)";
                self.fault(nth, "properties", &["properties"], "null", say.into());
            }
            None => {}
            Some("null") if !patch => {}
            Some(text) => match serde_json::from_str::<Members>(text) {
                Ok(properties) => self.properties(&properties, &mut cells, nth),
                Err(e) => self.fault(nth, "properties", &["properties"], text, format!("not an object: {e}")),
            },
        }
        if matches!(purpose, Purpose::Replace(_)) {
            cells.iter_mut().for_each(|c| *c = c.take().or(Some(None)));
        }
        Draft { cells, geometry }
    }

    fn properties(&mut self, properties: &Members, cells: &mut [Option<Cell>], nth: Option<usize>) {
        for (name, value) in &properties.0 {
            let Some(at) = self.layer.fields.iter().position(|f| f.name == *name) else {
                let fields: Vec<String> = self.layer.fields.iter().take(40).map(|f| format!("`{}`", f.name)).collect();
                let say = format!("not a field of this layer, which has {}", fields.join(", "));
                self.fault(nth, name, &["properties", name], value.get(), say);
                continue;
            };
            match cell(&self.layer.fields[at], value) {
                Ok(cell) => cells[at] = Some(cell),
                Err(say) => self.fault(nth, name, &["properties", name], value.get(), say),
            }
        }
    }

    fn geometry(&mut self, raw: Option<&RawValue>, purpose: Purpose, nth: Option<usize>) -> Option<Cell> {
        let Some(raw) = raw else {
            if self.layer.spatial().is_some() && !matches!(purpose, Purpose::Update(..)) {
                let say = "missing; write `null` for a feature without a place";
                self.fault(nth, "geometry", &["geometry"], "null", say.into());
            }
            return None;
        };
        if raw.get() == "null" {
            return self.layer.spatial().map(|_| None);
        }
        let whole = with_type(raw, purpose);
        let read = match &whole {
            Ok(text) => serde_json::from_str::<&RawValue>(text).map_err(|e| e.to_string()),
            Err(e) => Err(e.clone()),
        };
        match read.and_then(|g| shape::check(self.layer, g, self.system.degrees, self.system.y_first)) {
            Ok(()) => whole.ok().map(Some),
            Err(say) => {
                self.fault(nth, "geometry", &["geometry"], raw.get(), say);
                None
            }
        }
    }

    /// What GeoJSON of 2008 says of its coordinates must not contradict the header.
    fn crs(&mut self, nth: Option<usize>, text: &str) {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(name) = value["properties"]["name"].as_str() else {
            if !value.is_null() {
                self.fault(nth, "crs", &["crs"], text, "not a named coordinate system".into());
            }
            return;
        };
        let srid = if name.ends_with("CRS84") { Some(4326) } else { parse_epsg(name) };
        if srid != Some(self.system.srid) {
            let say = format!(
                "the coordinates are taken as EPSG:{}; name another system in the header `Content-Crs` (default {CRS84})",
                self.system.srid
            );
            self.fault(nth, "crs", &["crs"], text, say);
        }
    }

    pub fn fault(&mut self, feature: Option<usize>, field: &str, path: &[&str], raw: &str, detail: String) {
        let mut pointer = feature.map_or(String::new(), |n| format!("/features/{n}"));
        for step in path {
            pointer.push('/');
            pointer.push_str(&shorten(step).replace('~', "~0").replace('/', "~1"));
        }
        let value = match raw.len() {
            0..=200 => serde_json::from_str(raw).unwrap_or_else(|_| shorten(raw).into()),
            _ => shorten(raw).into(),
        };
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { field: shorten(field), feature, pointer, value, detail });
        }
    }

    /// The faults as the error that they are; none when all is well.
    pub fn end(self) -> Result<()> {
        if self.faults.is_empty() { Ok(()) } else { Err(Error::Rejected(self.faults)) }
    }
}

/// The geometry's text; a merge patch that says no type has that of the present geometry.
fn with_type(raw: &RawValue, purpose: Purpose) -> std::result::Result<String, String> {
    let members: Members = serde_json::from_str(raw.get()).map_err(|e| format!("not a GeoJSON geometry: {e}"))?;
    match purpose {
        Purpose::Update(_, Some(present)) if members.get("type").is_none() && !members.0.is_empty() => {
            let rest = raw.get().trim().trim_start_matches('{');
            Ok(format!("{{\"type\":\"{present}\",{rest}"))
        }
        _ => Ok(raw.get().to_string()),
    }
}

/// Whether a merge patch gives coordinates without saying of what type.
pub fn lacks_type(feature: &Members) -> bool {
    let geometry = feature.get("geometry").and_then(|g| serde_json::from_str::<Members>(g.get()).ok());
    geometry.is_some_and(|g| g.get("type").is_none())
}

/// The fields of a draft that merge into what is there rather than replace it.
pub fn merging(layer: &Layer, draft: &Draft) -> Vec<usize> {
    let object = |at: &usize| matches!(&draft.cells[*at], Some(Some(text)) if text.starts_with('{'));
    (0..layer.fields.len()).filter(|at| layer.fields[*at].kind == Kind::Json).filter(object).collect()
}
