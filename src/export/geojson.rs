//! GeoJSON (RFC 7946), as one document or one feature after the other. The text of a feature is letter by letter that of
//! `layer::features`.

use super::encode::{Encode, list};
use super::rows::{Job, Record};
use super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::geo::Crs;
use crate::layer::number;
use crate::layer::values::Members;

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
        self.form.properties(record, out)?;
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
    members: Members,
    places: u8,
    y_first: bool,
}

impl Form {
    pub fn new(job: &Job) -> Form {
        Form { members: Members::of(&job.selection.fields), ..Form::places(job.selection.crs) }
    }

    /// For places in a system, without properties.
    pub fn places(crs: Crs) -> Form {
        Form { members: Members::of(&[]), places: crs.decimals(), y_first: crs.y_first }
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

    pub fn properties(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        self.members.write(record.values.iter().map(|value| Ok(*value)), out)
    }
}
