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

impl<'a> Shape<'a> {
    /// What a collection is made of, however deep: its points, its lines and its areas, each kind as one.
    pub fn apart(self) -> Vec<Shape<'a>> {
        let (z, m) = (self.z, self.m);
        let mut kinds = [Kind::MultiPoint, Kind::MultiLineString, Kind::MultiPolygon].map(|kind| (kind, Vec::new()));
        self.scatter(&mut kinds);
        let made = kinds.into_iter().filter(|(_, parts)| !parts.is_empty());
        made.map(|(kind, parts)| Shape { kind, z, m, body: Body::Parts(parts) }).collect()
    }

    fn scatter(self, kinds: &mut [(Kind, Vec<Shape<'a>>); 3]) {
        match (self.kind, self.body) {
            (_, Body::Parts(parts)) => parts.into_iter().for_each(|part| part.scatter(kinds)),
            (kind, body) => {
                let part = Shape { body, ..self };
                let at = [Kind::Point, Kind::LineString, Kind::Polygon].iter().position(|k| *k == kind);
                if let (Some(at), false) = (at, part.is_empty()) {
                    kinds[at].1.push(part);
                }
            }
        }
    }

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
