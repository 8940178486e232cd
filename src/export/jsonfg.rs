//! JSON-FG 1.0 (OGC 21-045r1): GeoJSON whose geometry may stand in any coordinate system, with the kind of feature named.

use serde_json::json;

use super::encode::Encode;
use super::geojson::Form;
use super::rows::{Job, Record, Value};
use crate::error::Result;
use crate::geo::Crs;
use crate::layer::number;
use crate::layer::time::When;
use crate::schema::Field;

const CONFORMS_TO: [&str; 2] = [
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
];

pub struct JsonFg {
    form: Form,
    head: Vec<u8>,
    /// The geometry is in WGS 84, longitude first, and stands where GeoJSON has it.
    is_geojson: bool,
    time: Time,
}

/// Which properties say when a feature is.
enum Time {
    Never,
    At(usize),
    /// An end that is not there is open.
    From(Option<usize>, Option<usize>),
}

impl Time {
    fn of(job: &Job) -> Time {
        let at = |field: &Field| job.selection.fields.iter().position(|f| f == field);
        match job.layer.when() {
            Some(When::Instant(field)) => at(field).map_or(Time::Never, Time::At),
            Some(When::Interval(start, end)) => {
                let (start, end) = (start.and_then(at), end.and_then(at));
                if start.or(end).is_some() { Time::From(start, end) } else { Time::Never }
            }
            None => Time::Never,
        }
    }

    fn write(&self, record: &Record, out: &mut Vec<u8>) {
        let at = |n: usize| moment(record.values[n]);
        let time = match *self {
            Time::Never => None,
            Time::At(n) => at(n).map(|t| json!({ if t.len() == 10 { "date" } else { "timestamp" }: t })),
            Time::From(start, end) => {
                let ends = [start, end].map(|n| n.and_then(at));
                let open = |t: Option<String>| t.unwrap_or_else(|| "..".into());
                ends.iter().any(Option::is_some).then(|| json!({"interval": ends.map(open)}))
            }
        };
        match time {
            Some(time) => out.extend_from_slice(time.to_string().as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// A date, or a timestamp in UTC (21-045r1, 7.4); what has no zone counts as UTC, what is never is none.
fn moment(value: Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    if text.len() < 10 || !text.is_ascii() || !text.starts_with(|c: char| c.is_ascii_digit()) || text.ends_with("BC") {
        return None;
    }
    match text.split_once('T') {
        None => (text.len() == 10).then(|| text.to_string()),
        Some(_) => Some(format!("{}Z", text.strip_suffix("+00:00").unwrap_or(text))),
    }
}

impl JsonFg {
    pub fn new(job: &Job) -> JsonFg {
        let mut head = members(job).into_bytes();
        head.pop();
        head.extend_from_slice(b",\"features\":[\n");
        JsonFg { form: Form::new(job), head, is_geojson: job.selection.crs == Crs::CRS84, time: Time::of(job) }
    }
}

/// The members of the collection, as the text of an object.
fn members(job: &Job) -> String {
    let mut doc = json!({
        "type": "FeatureCollection",
        "conformsTo": CONFORMS_TO,
        "featureType": job.layer.id,
        "coordRefSys": job.selection.crs.uri(),
    });
    let dimension = match job.layer.shape() {
        "point" => Some(0),
        "line" => Some(1),
        "polygon" => Some(2),
        _ => None,
    };
    if let Some(dimension) = dimension.filter(|_| job.is_spatial()) {
        doc["geometryDimension"] = json!(dimension);
    }
    doc.to_string()
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
        self.time.write(record, out);
        // `place` is for what GeoJSON cannot say; what it can say stands in `geometry` alone (21-045r1, 7.5).
        out.extend_from_slice(b",\"place\":");
        if self.is_geojson {
            out.extend_from_slice(b"null,\"geometry\":");
        }
        self.form.geometry(record, out)?;
        if !self.is_geojson {
            out.extend_from_slice(b",\"geometry\":null");
        }
        out.extend_from_slice(b",\"properties\":");
        self.form.properties(record, out);
        out.push(b'}');
        Ok(())
    }

    fn tail(&self) -> Vec<u8> {
        b"\n]}\n".to_vec()
    }
}
