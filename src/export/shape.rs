//! A geometry as PostGIS hands it over (EWKB, little-endian), read without copying its positions.

use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    Collection,
}

impl Kind {
    /// As GeoJSON and WKT call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Point => "Point",
            Kind::LineString => "LineString",
            Kind::Polygon => "Polygon",
            Kind::MultiPoint => "MultiPoint",
            Kind::MultiLineString => "MultiLineString",
            Kind::MultiPolygon => "MultiPolygon",
            Kind::Collection => "GeometryCollection",
        }
    }
}

pub struct Shape<'a> {
    pub kind: Kind,
    pub z: bool,
    pub m: bool,
    pub body: Body<'a>,
}

pub enum Body<'a> {
    /// Of a point (one or none) or a line.
    Positions(Positions<'a>),
    Rings(Vec<Positions<'a>>),
    Parts(Vec<Shape<'a>>),
}

/// Positions of two to four numbers each.
#[derive(Clone, Copy)]
pub struct Positions<'a> {
    bytes: &'a [u8],
    size: usize,
    has_z: bool,
}

impl<'a> Positions<'a> {
    pub fn len(&self) -> usize {
        self.bytes.len() / (8 * self.size)
    }

    /// x, y, z (where there is one) and m (where there is one).
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64, Option<f64>, Option<f64>)> + 'a {
        let (size, has_z) = (self.size, self.has_z);
        self.bytes.chunks_exact(8 * size).map(move |position| {
            let at = |n: usize| f64::from_le_bytes(position[8 * n..8 * n + 8].try_into().unwrap_or_default());
            let z = has_z.then(|| at(2));
            (at(0), at(1), z, (size == 4 || (size == 3 && !has_z)).then(|| at(size - 1)))
        })
    }
}

impl Shape<'_> {
    pub fn is_empty(&self) -> bool {
        match &self.body {
            Body::Positions(positions) => positions.len() == 0,
            Body::Rings(rings) => rings.is_empty(),
            Body::Parts(parts) => parts.iter().all(Shape::is_empty),
        }
    }
}

/// Reads a geometry. What no simple feature is (curves) is an error.
pub fn read(bytes: &[u8]) -> Result<Shape<'_>> {
    let mut rest = bytes;
    shape(&mut rest, 0).ok_or_else(|| {
        Error::Internal("a geometry is not one of points, lines and polygons; no format here writes it".into())
    })
}

const Z: u32 = 0x8000_0000;
const M: u32 = 0x4000_0000;
const SRID: u32 = 0x2000_0000;

fn shape<'a>(rest: &mut &'a [u8], depth: u8) -> Option<Shape<'a>> {
    if take(rest, 1)? != [1] || depth > 32 {
        return None;
    }
    let head = number(rest)?;
    if head & SRID != 0 {
        take(rest, 4)?;
    }
    let (z, m) = (head & Z != 0, head & M != 0);
    let size = 2 + usize::from(z) + usize::from(m);
    let positions = |rest: &mut &'a [u8], n: u32| {
        let bytes = take(rest, (n as usize).checked_mul(8 * size)?)?;
        Some(Positions { bytes, size, has_z: z })
    };
    let (kind, body) = match head & 0xff {
        1 => {
            let point = positions(rest, 1)?;
            // An empty point is written as one of NaN.
            let empty = point.iter().all(|(x, y, ..)| x.is_nan() && y.is_nan());
            let point = if empty { Positions { bytes: &[], ..point } } else { point };
            (Kind::Point, Body::Positions(point))
        }
        2 => {
            let n = number(rest)?;
            (Kind::LineString, Body::Positions(positions(rest, n)?))
        }
        // A triangle is a polygon of one ring.
        3 | 17 => {
            let n = number(rest)?;
            let rings = (0..n).map(|_| number(rest).and_then(|n| positions(rest, n)));
            (Kind::Polygon, Body::Rings(rings.collect::<Option<_>>()?))
        }
        4..=7 | 15 | 16 => {
            let kind = match head & 0xff {
                4 => Kind::MultiPoint,
                5 => Kind::MultiLineString,
                6 | 15 => Kind::MultiPolygon,
                _ => Kind::Collection,
            };
            let n = number(rest)?;
            let parts = (0..n).map(|_| shape(rest, depth + 1));
            (kind, Body::Parts(parts.collect::<Option<_>>()?))
        }
        _ => return None,
    };
    Some(Shape { kind, z, m, body })
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(n)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}
