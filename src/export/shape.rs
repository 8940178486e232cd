//! A geometry as PostGIS hands it over (EWKB, little-endian), read without copying its positions.

use crate::error::{Error, Result};
pub use crate::geo::ewkb::Positions;
use crate::geo::ewkb::Reader;

/// What nests deeper is not read.
const DEEPEST: u8 = 32;

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

    /// As WKB and FlatGeobuf number it.
    pub fn code(self) -> u8 {
        match self {
            Kind::Point => 1,
            Kind::LineString => 2,
            Kind::Polygon => 3,
            Kind::MultiPoint => 4,
            Kind::MultiLineString => 5,
            Kind::MultiPolygon => 6,
            Kind::Collection => 7,
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

impl Shape<'_> {
    pub fn is_empty(&self) -> bool {
        match &self.body {
            Body::Positions(positions) => positions.count() == 0,
            Body::Rings(rings) => rings.is_empty(),
            Body::Parts(parts) => parts.iter().all(Shape::is_empty),
        }
    }
}

/// Reads a geometry. What no simple feature is (curves) is an error.
pub fn read(bytes: &[u8]) -> Result<Shape<'_>> {
    shape(&mut Reader(bytes), 0).ok_or_else(|| {
        Error::Internal("a geometry is not one of points, lines and polygons; no format here writes it".into())
    })
}

fn shape<'a>(rest: &mut Reader<'a>, depth: u8) -> Option<Shape<'a>> {
    let head = rest.head().filter(|_| depth <= DEEPEST)?;
    let (kind, body) = match head.kind {
        1 => {
            let point = rest.positions(head, 1)?;
            // An empty point is written as one of NaN.
            let empty = point.xy().all(|[x, y]| x.is_nan() && y.is_nan());
            (Kind::Point, Body::Positions(if empty { point.none() } else { point }))
        }
        2 => {
            let n = rest.count()?;
            (Kind::LineString, Body::Positions(rest.positions(head, n)?))
        }
        // A triangle is a polygon of one ring.
        3 | 17 => {
            let n = rest.count()?;
            let rings = (0..n).map(|_| rest.count().and_then(|n| rest.positions(head, n)));
            (Kind::Polygon, Body::Rings(rings.collect::<Option<_>>()?))
        }
        4..=7 | 15 | 16 => {
            let kind = match head.kind {
                4 => Kind::MultiPoint,
                5 => Kind::MultiLineString,
                6 | 15 => Kind::MultiPolygon,
                _ => Kind::Collection,
            };
            let n = rest.count()?;
            let parts = (0..n).map(|_| shape(rest, depth + 1));
            (kind, Body::Parts(parts.collect::<Option<_>>()?))
        }
        _ => return None,
    };
    Some(Shape { kind, z: head.z, m: head.m, body })
}
