//! JSON-FG 1.0 (OGC 21-045r1): GeoJSON whose geometry may stand in any coordinate system, with the kind of feature named.

use serde_json::{Map, Value as Json, json};

use super::encode::Encode;
use super::geojson::Form;
use super::rows::{Job, Record, Value};
use super::shape;
use crate::error::Result;
use crate::geo::Crs;
use crate::layer::time::When;
use crate::layer::{Layer, Selection, number};
use crate::schema::Field;

pub const CORE: &str = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core";
const CONFORMS_TO: [&str; 2] = [CORE, "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas"];

pub struct JsonFg {
    form: Form,
    degrees: Form,
    head: Vec<u8>,
    is_geojson: bool,
    time: Time,
}

impl JsonFg {
    pub fn new(job: &Job) -> JsonFg {
        let mut members = members("FeatureCollection", &job.layer, &job.selection, job.document.home.as_deref());
        let dimension = match job.layer.shape() {
            "point" => Some(0),
            "line" => Some(1),
            "polygon" => Some(2),
            _ => None,
        };
        if let Some(dimension) = dimension.filter(|_| job.is_spatial()) {
            members.insert("geometryDimension".into(), json!(dimension));
        }
        members.extend(job.document.members.clone());
        let mut head = Json::from(members).to_string().into_bytes();
        head.pop();
        head.extend_from_slice(b",\"features\":[\n");
        let time = Time::of(&job.layer, &job.selection);
        JsonFg {
            form: Form::new(job),
            degrees: Form::places(Crs::CRS84),
            head,
            is_geojson: is_geojson(&job.selection),
            time,
        }
    }
}

/// One feature as a document of its own. It is given as GeoJSON, its geometry in the system of the selection, and with its
/// geometry in WGS 84, where that is wanted too; `home` is the layer's address.
pub fn feature(
    layer: &Layer,
    selection: &Selection,
    home: &str,
    mut geojson: Map<String, Json>,
    degrees: Option<Json>,
) -> Map<String, Json> {
    let mut document = members("Feature", layer, selection, Some(home));
    let mut take = |name: &str| geojson.remove(name).unwrap_or_default();
    let (geometry, properties) = (take("geometry"), take("properties"));
    let time = Time::of(layer, selection).said(|n| properties[&selection.fields[n].name].as_str());
    let shown = |shape: Json| {
        let parts = ["coordinates", "geometries"].map(|name| shape[name].as_array().is_some_and(Vec::is_empty));
        if parts.contains(&true) { Json::Null } else { shape }
    };
    let [place, geometry] = match is_geojson(selection) {
        true => [Json::Null, shown(geometry)],
        false => [geometry, degrees.unwrap_or_default()].map(shown),
    };
    for (name, value) in
        [("id", take("id")), ("time", time), ("place", place), ("geometry", geometry), ("properties", properties)]
    {
        document.insert(name.into(), value);
    }
    document
}

/// Whether the geometry is in WGS 84, longitude first, and stands where GeoJSON has it. `place` is for what GeoJSON cannot
/// say (21-045r1, 8, requirement place-geometries).
fn is_geojson(selection: &Selection) -> bool {
    selection.crs == Crs::CRS84
}

/// The members that a document begins with.
fn members(kind: &str, layer: &Layer, selection: &Selection, home: Option<&str>) -> Map<String, Json> {
    let mut members = Map::new();
    let mut put = |name: &str, value: Json| members.insert(name.into(), value);
    put("type", json!(kind));
    put("conformsTo", json!(CONFORMS_TO));
    put("featureType", json!(layer.id));
    if let Some(home) = home {
        put("featureSchema", json!(format!("{home}/schema")));
    }
    put("coordRefSys", json!(selection.crs.uri()));
    members
}

/// Which of the selected properties say when a feature is. Where one of them is not selected, nothing is said.
enum Time {
    Never,
    At(usize),
    /// An end that the layer does not have is open.
    From(Option<usize>, Option<usize>),
}

impl Time {
    fn of(layer: &Layer, selection: &Selection) -> Time {
        let at = |field: &Field| selection.fields.iter().position(|f| f == field);
        match layer.when() {
            Some(When::Instant(field)) => at(field).map_or(Time::Never, Time::At),
            Some(When::Interval(start, end)) => match (start.map(at), end.map(at)) {
                (Some(None), _) | (_, Some(None)) => Time::Never,
                (start, end) => Time::From(start.flatten(), end.flatten()),
            },
            None => Time::Never,
        }
    }

    /// The member `time`, by the text of each property.
    fn said<'a>(&self, text: impl Fn(usize) -> Option<&'a str>) -> Json {
        let at = |n: usize| text(n).and_then(moment);
        match *self {
            Time::Never => Json::Null,
            Time::At(n) => at(n).map_or(Json::Null, |t| json!({ if is_date(&t) { "date" } else { "timestamp" }: t })),
            Time::From(start, end) => interval(start.and_then(at), end.and_then(at)),
        }
    }
}

/// Both ends are dates or both are timestamps, and the start is not after the end (21-045r1, 8, requirement interval).
fn interval(mut start: Option<String>, mut end: Option<String>) -> Json {
    if let (Some(start), Some(end)) = (&mut start, &mut end) {
        match (is_date(start), is_date(end)) {
            (true, false) => start.push_str("T00:00:00Z"),
            (false, true) => end.push_str("T23:59:59Z"),
            _ => {}
        }
        // Without its last letter a time stands before the same time with a fraction.
        if start.trim_end_matches('Z') > end.trim_end_matches('Z') {
            return Json::Null;
        }
    }
    match (&start, &end) {
        (None, None) => Json::Null,
        _ => {
            let ends = [start, end].map(|t| t.unwrap_or_else(|| "..".into()));
            json!({"interval": ends})
        }
    }
}

fn is_date(moment: &str) -> bool {
    moment.len() == 10
}

/// A date, or a timestamp in UTC; what has no zone counts as UTC, what RFC 3339 has no way to say is none.
fn moment(text: &str) -> Option<String> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    if date.len() != 10 || !text.is_ascii() || !text.starts_with(|c: char| c.is_ascii_digit()) || text.ends_with("BC") {
        return None;
    }
    match time {
        None => Some(date.to_string()),
        Some(time) => Some(format!("{date}T{}Z", time.strip_suffix("+00:00").unwrap_or(time))),
    }
}

impl Encode for JsonFg {
    fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    fn between(&self) -> &'static [u8] {
        b",\n"
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
        number::signed(out, record.fid);
        out.extend_from_slice(b",\"time\":");
        let text = |n: usize| match record.values[n] {
            Value::Text(text) => Some(text),
            _ => None,
        };
        out.extend_from_slice(self.time.said(text).to_string().as_bytes());
        let (asked, degrees) = (record.geometry.as_deref(), record.degrees.as_deref());
        let [place, geometry] = if self.is_geojson { [None, asked] } else { [asked, degrees] };
        out.extend_from_slice(b",\"place\":");
        shown(&self.form, place, out)?;
        out.extend_from_slice(b",\"geometry\":");
        shown(&self.degrees, geometry, out)?;
        out.extend_from_slice(b",\"properties\":");
        self.form.properties(record, out)?;
        out.push(b'}');
        Ok(())
    }

    fn tail(&self) -> Vec<u8> {
        b"\n]}\n".to_vec()
    }
}

/// A geometry; the schemas have no empty one.
fn shown(form: &Form, geometry: Option<&[u8]>, out: &mut Vec<u8>) -> Result<()> {
    match geometry.map(shape::read).transpose()?.filter(|shape| !shape.is_empty()) {
        Some(shape) => form.shape(&shape, out),
        None => out.extend_from_slice(b"null"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339_in_utc_and_intervals_go_forward() {
        let ends = |a: &str, b: &str| interval(moment(a), moment(b));
        let both = |a: &str, b: &str| json!({"interval": [a, b]});
        assert_eq!(ends("2026-01-01", "2026-01-31"), both("2026-01-01", "2026-01-31"));
        assert_eq!(ends("2026-01-01", ""), both("2026-01-01", ".."));
        assert_eq!(ends("", "infinity"), Json::Null);
        assert_eq!(ends("2026-01-02", "2026-01-01"), Json::Null);
        assert_eq!(
            ends("2026-01-01", "2026-01-01T10:20:30.5+00:00"),
            both("2026-01-01T00:00:00Z", "2026-01-01T10:20:30.5Z")
        );
        assert_eq!(ends("2026-01-01T10:00:00", "2026-01-01"), both("2026-01-01T10:00:00Z", "2026-01-01T23:59:59Z"));
        assert_eq!(
            ends("2026-01-01T10:00:00", "2026-01-01T10:00:00.5"),
            both("2026-01-01T10:00:00Z", "2026-01-01T10:00:00.5Z")
        );
        for never in ["10000-01-01", "10000-01-01T00:00:00", "0044-03-15 BC", "-infinity", "2026"] {
            assert_eq!(moment(never), None, "{never}");
        }
    }
}
