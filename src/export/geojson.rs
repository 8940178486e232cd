//! GeoJSON (RFC 7946), as one document or one feature after the other. The text of a feature is letter by letter that of
//! `layer::features`.

use super::encode::{Encode, list};
use super::rows::{Job, Record, Value};
use super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::layer::number;

/// How features follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A FeatureCollection.
    Collection,
    /// One feature a line.
    Lines,
    /// Each feature between a record separator and the end of its line (RFC 8142).
    Sequence,
}

pub struct GeoJson {
    frame: Frame,
    form: Form,
}

impl GeoJson {
    pub fn new(job: &Job, frame: Frame) -> GeoJson {
        GeoJson { frame, form: Form::new(job) }
    }
}

impl Encode for GeoJson {
    fn head(&self) -> Vec<u8> {
        match self.frame {
            Frame::Collection => b"{\"type\":\"FeatureCollection\",\"features\":[\n".to_vec(),
            Frame::Lines | Frame::Sequence => Vec::new(),
        }
    }

    fn between(&self) -> &'static [u8] {
        if self.frame == Frame::Collection { b",\n" } else { b"" }
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        if self.frame == Frame::Sequence {
            out.push(0x1e);
        }
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
        number::signed(out, record.fid);
        out.extend_from_slice(b",\"geometry\":");
        self.form.geometry(record, out)?;
        out.extend_from_slice(b",\"properties\":");
        self.form.properties(record, out);
        out.push(b'}');
        if self.frame != Frame::Collection {
            out.push(b'\n');
        }
        Ok(())
    }

    fn tail(&self) -> Vec<u8> {
        if self.frame == Frame::Collection { b"\n]}\n".to_vec() } else { Vec::new() }
    }
}

/// How geometry and properties are written as JSON.
pub struct Form {
    /// `"name":` of each property.
    names: Vec<Vec<u8>>,
    places: u8,
    y_first: bool,
}

impl Form {
    pub fn new(job: &Job) -> Form {
        let name = |name: &str| {
            let mut out = Vec::new();
            text(&mut out, name);
            out.push(b':');
            out
        };
        let crs = job.selection.crs;
        Form {
            names: job.selection.fields.iter().map(|f| name(&f.name)).collect(),
            places: crs.decimals(),
            y_first: crs.y_first,
        }
    }

    pub fn geometry(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        match &record.geometry {
            Some(bytes) => self.shape(&shape::read(bytes)?, out),
            None => out.extend_from_slice(b"null"),
        }
        Ok(())
    }

    pub fn shape(&self, shape: &Shape, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(shape.kind.name().as_bytes());
        if let (Body::Parts(parts), shape::Kind::Collection) = (&shape.body, shape.kind) {
            out.extend_from_slice(b"\",\"geometries\":");
            list(out, *b"[]", parts, |out, part| self.shape(part, out));
        } else {
            out.extend_from_slice(b"\",\"coordinates\":");
            self.coordinates(shape, out);
        }
        out.push(b'}');
    }

    fn coordinates(&self, shape: &Shape, out: &mut Vec<u8>) {
        match &shape.body {
            Body::Positions(positions) if shape.kind == shape::Kind::Point => match positions.iter().next() {
                Some(position) => self.position(out, position),
                None => out.extend_from_slice(b"[]"),
            },
            Body::Positions(positions) => self.positions(positions, out),
            Body::Rings(rings) => list(out, *b"[]", rings, |out, ring| self.positions(ring, out)),
            Body::Parts(parts) => list(out, *b"[]", parts, |out, part| self.coordinates(part, out)),
        }
    }

    fn positions(&self, positions: &Positions, out: &mut Vec<u8>) {
        out.push(b'[');
        for (n, position) in positions.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            self.position(out, position);
        }
        out.push(b']');
    }

    fn position(&self, out: &mut Vec<u8>, (x, y, z, _): (f64, f64, Option<f64>, Option<f64>)) {
        let (first, second) = if self.y_first { (y, x) } else { (x, y) };
        out.push(b'[');
        number::coordinate(out, first, self.places);
        out.push(b',');
        number::coordinate(out, second, self.places);
        if let Some(z) = z {
            out.push(b',');
            number::coordinate(out, z, self.places);
        }
        out.push(b']');
    }

    pub fn properties(&self, record: &Record, out: &mut Vec<u8>) {
        out.push(b'{');
        for (n, (name, value)) in self.names.iter().zip(&record.values).enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
            json(out, *value);
        }
        out.push(b'}');
    }
}

/// A value as PostgreSQL's `to_json` has it.
pub fn json(out: &mut Vec<u8>, value: Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(v) => out.extend_from_slice(if v { b"true" } else { b"false" }),
        Value::Int(v) => number::signed(out, v),
        Value::Double(v) if v.is_finite() => number::double(out, v),
        Value::Double(_) => {
            out.push(b'"');
            plain(out, value);
            out.push(b'"');
        }
        Value::Text(v) => text(out, v),
        Value::Json(v) => out.extend_from_slice(v.as_bytes()),
    }
}

/// A value without quotes or escapes.
pub fn plain(out: &mut Vec<u8>, value: Value) {
    match value {
        Value::Double(v) => number::double(out, v),
        Value::Text(v) => out.extend_from_slice(v.as_bytes()),
        Value::Null => {}
        other => json(out, other),
    }
}

/// A JSON string.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
