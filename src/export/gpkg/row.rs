//! Rows of a GeoPackage on their way from those who write them, of whom there are several, to the one who enters them: the id,
//! the bounds, the geometry and the values, little-endian.

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::super::encode::Encode;
use super::super::rows::{Job, Record, Value, decoded, float4};
use super::super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::geo::ewkb::Reader;
use crate::schema::Kind;

/// Bytes of bounds.
const BOUNDS: usize = 32;
/// Types of values.
const NULL: u8 = 0;
const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;

pub struct Rows {
    srid: i32,
    kinds: Vec<Kind>,
}

impl Rows {
    pub fn new(job: &Job) -> Rows {
        Rows { srid: job.selection.crs.srid, kinds: job.selection.fields.iter().map(|f| f.kind).collect() }
    }
}

impl Encode for Rows {
    fn head(&self) -> Vec<u8> {
        Vec::new()
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        out.extend(record.fid.to_le_bytes());
        let at = out.len();
        out.resize(at + BOUNDS + 4, 0);
        let mut bounds = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
        if let Some(geometry) = &record.geometry {
            binary(&shape::read(geometry)?, self.srid, &mut bounds, out);
        }
        fill(out, at, bounds);
        let size = (out.len() - at - BOUNDS - 4) as u32;
        out[at + BOUNDS..at + BOUNDS + 4].copy_from_slice(&size.to_le_bytes());
        for (value, kind) in record.values.iter().zip(&self.kinds) {
            cell(*value, *kind, out);
        }
        Ok(())
    }
}

/// `GeoPackageBinary` (OGC 12-128r18, 2.1.3): a head, bounds but of points, WKB (OGC 06-103r4).
fn binary(shape: &Shape, srid: i32, bounds: &mut [f64; 4], out: &mut Vec<u8>) {
    let bare = shape.is_empty() || shape.kind == shape::Kind::Point;
    out.extend(*b"GP\0");
    // Little-endian; emptiness; which bounds.
    out.push(1 | u8::from(shape.is_empty()) << 4 | u8::from(!bare) << 1);
    out.extend(srid.to_le_bytes());
    let at = out.len();
    if !bare {
        out.resize(at + BOUNDS, 0);
    }
    wkb(shape, bounds, out);
    if !bare {
        fill(out, at, *bounds);
    }
}

fn fill(out: &mut [u8], at: usize, bounds: [f64; 4]) {
    for (n, bound) in bounds.iter().enumerate() {
        out[at + 8 * n..at + 8 * n + 8].copy_from_slice(&bound.to_le_bytes());
    }
}

fn wkb(shape: &Shape, bounds: &mut [f64; 4], out: &mut Vec<u8>) {
    out.push(1);
    out.extend((u32::from(shape.kind.code()) + 1000 * u32::from(shape.z) + 2000 * u32::from(shape.m)).to_le_bytes());
    let count = |out: &mut Vec<u8>, n: usize| out.extend((n as u32).to_le_bytes());
    match &shape.body {
        Body::Positions(positions) if shape.kind == shape::Kind::Point => match positions.count() {
            // The empty point.
            0 => out.extend(f64::NAN.to_le_bytes().repeat(2 + usize::from(shape.z) + usize::from(shape.m))),
            _ => line(positions, bounds, out),
        },
        Body::Positions(positions) => {
            count(out, positions.count());
            line(positions, bounds, out);
        }
        Body::Rings(rings) => {
            count(out, rings.len());
            for ring in rings {
                count(out, ring.count());
                line(ring, bounds, out);
            }
        }
        Body::Parts(parts) => {
            count(out, parts.len());
            parts.iter().for_each(|part| wkb(part, bounds, out));
        }
    }
}

fn line(positions: &Positions, [left, right, bottom, top]: &mut [f64; 4], out: &mut Vec<u8>) {
    out.extend_from_slice(positions.bytes());
    for [x, y] in positions.xy() {
        (*left, *right) = (left.min(x), right.max(x));
        (*bottom, *top) = (bottom.min(y), top.max(y));
    }
}

/// A value: its type as SQLite has them, its length, and it.
fn cell(value: Value, kind: Kind, out: &mut Vec<u8>) {
    let mut put = |mark: u8, bytes: &[u8]| {
        out.push(mark);
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match (value, kind) {
        (Value::Null, _) => put(NULL, &[]),
        (Value::Bool(v), _) => put(INTEGER, &i64::from(v).to_le_bytes()),
        (Value::Int(v), _) => put(INTEGER, &v.to_le_bytes()),
        (Value::Double(v), _) => put(REAL, &v.to_le_bytes()),
        (Value::Json(v), Kind::Float4) => put(REAL, &f64::from(float4(v)).to_le_bytes()),
        (Value::Text(v), Kind::Bytes) => put(BLOB, &decoded(v)),
        (Value::Text(v), Kind::Timestamp | Kind::Timestamptz) => put(TEXT, moment(v).as_bytes()),
        (Value::Text(v) | Value::Json(v), _) => put(TEXT, v.as_bytes()),
    }
}

/// A time to the millisecond (OGC 12-128r18, 1.1.1.1.3): `2026-01-31T01:30:00.25+00:00` is `2026-01-31T01:30:00.250Z`. One
/// without a zone stays so.
fn moment(text: &str) -> String {
    let (clock, zone) = text.strip_suffix("+00:00").map_or((text, ""), |clock| (clock, "Z"));
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    format!("{seconds}.{fraction:0<3.3}{zone}")
}

/// A row as it arrives.
pub struct Row<'a> {
    pub fid: i64,
    /// Least and largest x, least and largest y; none of what is nowhere.
    pub bounds: Option<[f64; 4]>,
    pub geometry: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    /// The row that `rest` begins with, but for its values.
    pub fn read(rest: &mut Reader<'a>) -> Option<Row<'a>> {
        let fid = i64::from_le_bytes(rest.take()?);
        let bounds = [rest.number()?, rest.number()?, rest.number()?, rest.number()?];
        let size = rest.count()? as usize;
        let geometry = rest.bytes(size)?;
        let (bounds, geometry) = ((bounds[0] <= bounds[1]).then_some(bounds), (size > 0).then_some(geometry));
        Some(Row { fid, bounds, geometry })
    }
}

/// The next value of a row.
pub fn value<'a>(rest: &mut Reader<'a>) -> Option<ToSqlOutput<'a>> {
    let [mark] = rest.take()?;
    let size = rest.count()? as usize;
    let bytes = rest.bytes(size)?;
    Some(ToSqlOutput::Borrowed(match mark {
        INTEGER => ValueRef::Integer(i64::from_le_bytes(bytes.try_into().ok()?)),
        REAL => ValueRef::Real(f64::from_le_bytes(bytes.try_into().ok()?)),
        TEXT => ValueRef::Text(bytes),
        BLOB => ValueRef::Blob(bytes),
        _ => ValueRef::Null,
    }))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn times_have_milliseconds_and_the_zone_that_they_had() {
        for (text, want) in [
            ("2026-01-31T01:30:00.25+00:00", "2026-01-31T01:30:00.250Z"),
            ("2026-01-31T01:30:00+00:00", "2026-01-31T01:30:00.000Z"),
            ("2026-01-31T01:30:00.123456", "2026-01-31T01:30:00.123"),
        ] {
            assert_eq!(moment(text), want);
        }
    }
}
