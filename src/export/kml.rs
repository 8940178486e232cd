//! KML 2.3 (OGC 12-007r2): longitude and latitude, properties as extended data.

use super::encode::Encode;
use super::rows::{Job, Record, Value};
use super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::layer::number;
use crate::schema::{Field, Kind};

pub struct Kml {
    head: Vec<u8>,
    /// `<SimpleData name="…">` of each property.
    names: Vec<Vec<u8>>,
    /// Which property is the name.
    label: Option<usize>,
}

impl Kml {
    pub fn new(job: &Job) -> Kml {
        let layer = &job.layer;
        let mut head = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>".to_vec();
        escaped(&mut head, &layer.title);
        head.extend_from_slice(b"</name>");
        if let Some(description) = &layer.description {
            head.extend_from_slice(b"<description>");
            escaped(&mut head, description);
            head.extend_from_slice(b"</description>");
        }
        let fields = &job.selection.fields;
        if !fields.is_empty() {
            head.extend_from_slice(b"<Schema id=\"fields\" name=\"");
            escaped(&mut head, &layer.id);
            head.extend_from_slice(b"\">");
            fields.iter().for_each(|field| described(&mut head, field));
            head.extend_from_slice(b"</Schema>");
        }
        head.push(b'\n');
        let name = |field: &Field| {
            let mut out = b"<SimpleData name=\"".to_vec();
            escaped(&mut out, &field.name);
            out.extend_from_slice(b"\">");
            out
        };
        let label = layer.label_field.as_ref().and_then(|label| fields.iter().position(|f| f.name == *label));
        Kml { head, names: fields.iter().map(name).collect(), label }
    }
}

/// A field of the schema; KML's whole numbers have 32 bits, so larger ones are texts.
fn described(out: &mut Vec<u8>, field: &Field) {
    let kind: &[u8] = match field.kind {
        Kind::Bool => b"bool",
        Kind::Int2 | Kind::Int4 => b"int",
        Kind::Float4 => b"float",
        Kind::Float8 => b"double",
        _ => b"string",
    };
    out.extend_from_slice(b"<SimpleField type=\"");
    out.extend_from_slice(kind);
    out.extend_from_slice(b"\" name=\"");
    escaped(out, &field.name);
    out.extend_from_slice(b"\">");
    if let Some(title) = &field.title {
        element(out, b"displayName", |out| escaped(out, title));
    }
    out.extend_from_slice(b"</SimpleField>");
}

impl Encode for Kml {
    fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"<Placemark id=\"f");
        number::signed(out, record.fid);
        out.extend_from_slice(b"\">");
        if let Some(value) = self.label.map(|n| record.values[n]).filter(|v| *v != Value::Null) {
            out.extend_from_slice(b"<name>");
            content(out, value);
            out.extend_from_slice(b"</name>");
        }
        if !self.names.is_empty() {
            out.extend_from_slice(b"<ExtendedData><SchemaData schemaUrl=\"#fields\">");
            for (name, value) in self.names.iter().zip(&record.values).filter(|(_, v)| **v != Value::Null) {
                out.extend_from_slice(name);
                content(out, *value);
                out.extend_from_slice(b"</SimpleData>");
            }
            out.extend_from_slice(b"</SchemaData></ExtendedData>");
        }
        if let Some(bytes) = &record.geometry {
            let shape = shape::read(bytes)?;
            if !shape.is_empty() {
                geometry(&shape, out);
            }
        }
        out.extend_from_slice(b"</Placemark>\n");
        Ok(())
    }

    fn tail(&self) -> Vec<u8> {
        b"</Document></kml>\n".to_vec()
    }
}

fn geometry(shape: &Shape, out: &mut Vec<u8>) {
    match &shape.body {
        _ if shape.is_empty() => {}
        Body::Positions(positions) => {
            let name: &[u8] = if shape.kind == shape::Kind::Point { b"Point" } else { b"LineString" };
            element(out, name, |out| coordinates(positions, out));
        }
        Body::Rings(rings) => element(out, b"Polygon", |out| {
            for (n, ring) in rings.iter().enumerate() {
                let side: &[u8] = if n == 0 { b"outerBoundaryIs" } else { b"innerBoundaryIs" };
                element(out, side, |out| element(out, b"LinearRing", |out| coordinates(ring, out)));
            }
        }),
        Body::Parts(parts) if parts.len() == 1 => geometry(&parts[0], out),
        Body::Parts(parts) => element(out, b"MultiGeometry", |out| parts.iter().for_each(|p| geometry(p, out))),
    }
}

fn coordinates(positions: &Positions, out: &mut Vec<u8>) {
    element(out, b"coordinates", |out| {
        for (n, (x, y, z, _)) in positions.iter().enumerate() {
            if n > 0 {
                out.push(b' ');
            }
            number::coordinate(out, x, 9);
            out.push(b',');
            number::coordinate(out, y, 9);
            if let Some(z) = z {
                out.push(b',');
                number::coordinate(out, z, 4);
            }
        }
    });
}

fn element(out: &mut Vec<u8>, name: &[u8], inside: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'<');
    out.extend_from_slice(name);
    out.push(b'>');
    inside(out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name);
    out.push(b'>');
}

fn content(out: &mut Vec<u8>, value: Value) {
    match value {
        Value::Text(text) | Value::Json(text) => escaped(out, text),
        // Of the two ways to write a boolean the one that GDAL reads.
        Value::Bool(yes) => out.push(if yes { b'1' } else { b'0' }),
        other => other.plain(out),
    }
}

/// Text for XML 1.0; characters that it cannot hold become U+FFFD.
fn escaped(out: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => out.extend_from_slice("\u{fffd}".as_bytes()),
        }
    }
}
