//! Geometry as GeoJSON, written from PostGIS's own bytes (EWKB) and letter by letter as `ST_AsGeoJSON` writes it, which costs
//! several times as much. What needs no PROJ is transformed here too.

use super::number::coordinate;
use crate::geo::ewkb::{Head, Reader};
use crate::geo::{Crs, Transform};

/// What nests deeper is not read.
const DEEPEST: u8 = 8;

/// How geometry is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    places: u8,
    y_first: bool,
    transform: Option<Transform>,
}

impl Pen {
    /// For geometry that is read in `stored` and written in `crs`: the pen, and the SRID that PostGIS must transform to
    /// first, where it must.
    pub fn new(stored: i32, crs: Crs) -> (Pen, Option<i32>) {
        let transform = if stored == crs.srid { None } else { Transform::new(stored, crs) };
        let first = (stored != crs.srid && transform.is_none()).then_some(crs.srid);
        (Pen { places: crs.decimals(), y_first: crs.y_first, transform }, first)
    }

    /// Adds the GeoJSON of an EWKB geometry. False, and nothing added, for what is not a simple feature (curves, surfaces of
    /// triangles) or not a geometry at all.
    ///
    /// Parts that are empty are left out, where `ST_AsGeoJSON` (3.3) writes `[[1,1],]`.
    pub fn write(self, ewkb: &[u8], out: &mut Vec<u8>) -> bool {
        let before = out.len();
        let mut bytes = Reader(ewkb);
        let done = self.geometry(&mut bytes, out, 0).is_some();
        if !done {
            out.truncate(before);
        }
        done
    }

    fn geometry(self, bytes: &mut Reader<'_>, out: &mut Vec<u8>, depth: u8) -> Option<()> {
        let head = bytes.head()?;
        let name = match head.kind {
            1 => "Point",
            2 => "LineString",
            3 => "Polygon",
            4 => "MultiPoint",
            5 => "MultiLineString",
            6 => "MultiPolygon",
            7 if depth < DEEPEST => "GeometryCollection",
            _ => return None,
        };
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(if head.kind == 7 { b"\",\"geometries\":" } else { b"\",\"coordinates\":" });
        match head.kind {
            1..=3 => {
                if !self.simple(head, bytes, out)? {
                    out.extend_from_slice(b"[]");
                }
            }
            _ => list(bytes.count()?, out, |out| {
                if head.kind == 7 {
                    return self.geometry(bytes, out, depth + 1).map(|()| true);
                }
                let part = bytes.head().filter(|part| part.kind + 3 == head.kind)?;
                self.simple(part, bytes, out)
            })?,
        }
        out.push(b'}');
        Some(())
    }

    /// The coordinates of a point, a line or a polygon; false, and nothing written, for an empty one.
    fn simple(self, head: Head, bytes: &mut Reader<'_>, out: &mut Vec<u8>) -> Option<bool> {
        if head.kind == 1 {
            return self.position(head, bytes, out);
        }
        let count = bytes.count()?;
        if count == 0 {
            return Some(false);
        }
        match head.kind {
            2 => list(count, out, |out| self.position(head, bytes, out))?,
            _ => list(count, out, |out| {
                list(bytes.count()?, out, |out| self.position(head, bytes, out))?;
                Some(true)
            })?,
        }
        Some(true)
    }

    /// False, and nothing written, for the point that is empty.
    fn position(self, head: Head, bytes: &mut Reader<'_>, out: &mut Vec<u8>) -> Option<bool> {
        let (mut x, mut y) = (bytes.number()?, bytes.number()?);
        let z = if head.z { Some(bytes.number()?) } else { None };
        if head.m {
            bytes.number()?;
        }
        if x.is_nan() && y.is_nan() {
            return Some(false);
        }
        if let Some(transform) = self.transform {
            (x, y) = transform.position(x, y, z.unwrap_or_default());
        }
        let (a, b) = if self.y_first { (y, x) } else { (x, y) };
        out.push(b'[');
        number(a, self.places, out)?;
        out.push(b',');
        number(b, self.places, out)?;
        if let Some(z) = z {
            out.push(b',');
            number(z, self.places, out)?;
        }
        out.push(b']');
        Some(true)
    }
}

/// `[…,…]` of `count` members; one that writes nothing is left out.
fn list(count: u32, out: &mut Vec<u8>, mut one: impl FnMut(&mut Vec<u8>) -> Option<bool>) -> Option<()> {
    out.push(b'[');
    let mut written = false;
    for _ in 0..count {
        let before = out.len();
        if written {
            out.push(b',');
        }
        match one(out)? {
            true => written = true,
            false => out.truncate(before),
        }
    }
    out.push(b']');
    Some(())
}

fn number(value: f64, places: u8, out: &mut Vec<u8>) -> Option<()> {
    if !value.is_finite() {
        return None;
    }
    coordinate(out, value, places);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_geometry_write_nothing() {
        let (pen, _) = Pen::new(4326, Crs::CRS84);
        let point = [&[1u8, 1, 0, 0, 0][..], &1.5f64.to_le_bytes(), &2f64.to_le_bytes()].concat();
        let mut out = b"x".to_vec();
        assert!(pen.write(&point, &mut out) && out == br#"x{"type":"Point","coordinates":[1.5,2]}"#);
        for cut in 0..point.len() {
            assert!(!pen.write(&point[..cut], &mut out));
        }
        // A line of four thousand million points.
        assert!(!pen.write(&[1, 2, 0, 0, 0, 255, 255, 255, 255], &mut out));
        assert!(!pen.write(&[1, 8, 0, 0, 0, 0, 0, 0, 0], &mut out), "a curve");
        assert_eq!(out.len(), r#"x{"type":"Point","coordinates":[1.5,2]}"#.len());
    }
}
