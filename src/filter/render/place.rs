//! Geometry as SQL, in the layer's coordinate system.

use super::super::{Place, Relation, Shape};
use crate::geo::{Bbox, Crs, Transform};
use crate::schema::GEOM;
use crate::sql::Sql;

pub fn relation(relation: Relation, a: &Place, b: &Place, srid: Option<i32>) -> Sql {
    // Two shapes are compared in their own system, of which a filter has one.
    let target = match (a, b) {
        (Place::Shape(shape), Place::Shape(_)) => shape.srid,
        _ => match srid {
            Some(srid) => srid,
            None => return Sql::new("FALSE"),
        },
    };
    if let (Relation::Intersects, Place::Geometry, Place::Shape(shape)) = (relation, a, b)
        && let Some(sides) = shape.rectangle()
    {
        return intersects(place(b, target), inner(sides, shape.srid, target), target);
    }
    let (open, close) = match relation {
        Relation::Intersects => ("ST_Intersects(", ")"),
        // ST_Disjoint knows no index.
        Relation::Disjoint => ("(NOT ST_Intersects(", "))"),
        Relation::Equals => ("ST_Equals(", ")"),
        Relation::Touches => ("ST_Touches(", ")"),
        Relation::Within => ("ST_Within(", ")"),
        Relation::Overlaps => ("ST_Overlaps(", ")"),
        Relation::Crosses => ("ST_Crosses(", ")"),
        Relation::Contains => ("ST_Contains(", ")"),
    };
    Sql::new(open).append(&place(a, target)).push(", ").append(&place(b, target)).push(close)
}

/// What intersects an area. The box of a feature that lies in `inner`, a part of it, need not be looked at more closely, which
/// would cost several times as much as reading the feature.
pub fn intersects(area: Sql, inner: Option<[f64; 4]>, srid: i32) -> Sql {
    let Some([west, south, east, north]) = inner else {
        return Sql::new(format!("ST_Intersects({GEOM}, ")).append(&area).push(")");
    };
    let inner =
        Sql::new("ST_MakeEnvelope(").bind(west).push(", ").bind(south).push(", ").bind(east).push(", ").bind(north);
    // Of an OR the index would be asked twice.
    Sql::new(format!("({GEOM} && "))
        .append(&area)
        .push(&format!(" AND CASE WHEN {GEOM} @ "))
        .append(&inner)
        .push(&format!(", {srid}) THEN TRUE ELSE ST_Intersects({GEOM}, "))
        .append(&area)
        .push(") END)")
}

/// A box in the system `to` that lies well inside of the one with these sides in `from`: PostGIS keeps the boxes of geometries
/// in single precision, rounded outwards. None where there is no room for one, and where only PROJ knows.
pub fn inner([west, south, east, north]: [f64; 4], from: i32, to: i32) -> Option<[f64; 4]> {
    const PARTS: u32 = 16;
    let transform = if from == to { None } else { Some(Transform::new(from, Crs::plane(to))?) };
    let at = |x, y| transform.map_or((x, y), |t| t.position(x, y, 0.0));
    let [mut w, mut s, mut e, mut n] = [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY];
    for part in 0..=PARTS {
        let share = f64::from(part) / f64::from(PARTS);
        let (x, y) = (west + (east - west) * share, south + (north - south) * share);
        (w, s) = (w.max(at(west, y).0), s.max(at(x, south).1));
        (e, n) = (e.min(at(east, y).0), n.min(at(x, north).1));
    }
    // Sides bulge between the places that were looked at.
    let margin = |low: f64, high: f64| (high - low) * 1e-3 + low.abs().max(high.abs()) * 4.0 * f64::from(f32::EPSILON);
    let (dx, dy) = (margin(w, e), margin(s, n));
    let inside = [w + dx, s + dy, e - dx, n - dy];
    (inside.iter().all(|side| side.is_finite()) && inside[0] < inside[2] && inside[1] < inside[3]).then_some(inside)
}

/// Within a distance: what touches the ground around the shape, so that the spatial index serves. Thirty-two segments to a
/// quarter of a circle keep it to a thousandth.
pub fn near(shape: &Shape, metres: f64, srid: Option<i32>) -> Sql {
    let Some(srid) = srid else { return Sql::new("FALSE") };
    let transform = |sql: Sql, to: i32| Sql::new("ST_Transform(").append(&sql).push(&format!(", {to})"));
    let degrees = if shape.srid == 4326 { written(shape) } else { transform(written(shape), 4326) };
    let around = Sql::new("ST_Buffer((").append(&degrees).push(")::geography, ").bind(metres).push(", 32)::geometry");
    let around = if srid == 4326 { around } else { transform(around, srid) };
    Sql::new(format!("ST_Intersects({GEOM}, ")).append(&around).push(")")
}

fn place(place: &Place, srid: i32) -> Sql {
    match place {
        Place::Geometry => Sql::new(GEOM),
        Place::Shape(shape) if shape.srid == srid => written(shape),
        Place::Shape(shape) => transformed(shape, srid),
    }
}

fn written(shape: &Shape) -> Sql {
    Sql::new("ST_GeomFromText(").bind(shape.wkt()).push(&format!(", {})", shape.srid)).planned_anew()
}

/// In another system. Lines and sides are divided before, as straight lines in one system are curves in another; what
/// lies where the layer has no data, and perhaps its system no meaning, is cut away.
fn transformed(shape: &Shape, srid: i32) -> Sql {
    let [mut west, mut south, mut east, mut north] = shape.bounds();
    let mut sql = written(shape);
    if let Some(data) = shape.within.filter(|_| shape.srid == 4326) {
        if west > data.east || east < data.west || south > data.north || north < data.south {
            return Sql::new(format!("ST_GeomFromText('POLYGON EMPTY', {srid})"));
        }
        if west < data.west || east > data.east || south < data.south || north > data.north {
            sql = cut(sql, shape.dimension(), data);
            (west, south) = (west.max(data.west), south.max(data.south));
            (east, north) = (east.min(data.east), north.min(data.north));
        }
    }
    let sql = if shape.dimension() == Some(0) { sql } else { divided(sql, (east - west).max(north - south)) };
    Sql::new("ST_Transform(").append(&sql).push(&format!(", {srid})"))
}

/// The part inside the box; what only touches its sides, and so has a lower dimension, is left out.
fn cut(sql: Sql, dimension: Option<u8>, data: Bbox) -> Sql {
    let corner = |sql: Sql, x: f64, y: f64| sql.push("ST_Point(").bind(x).push(", ").bind(y).push(")");
    let envelope = corner(Sql::new("ST_MakeBox2D("), data.west, data.south).push(", ");
    let envelope = corner(envelope, data.east, data.north).push(")");
    let inside = Sql::new("ST_ClipByBox2D(").append(&sql).push(", ").append(&envelope).push(")");
    match dimension {
        Some(d) => Sql::new("ST_CollectionExtract(").append(&inside).push(&format!(", {})", d + 1)),
        None => inside,
    }
}

fn divided(sql: Sql, width: f64) -> Sql {
    Sql::new("ST_Segmentize(").append(&sql).push(", ").bind((width / 16.0).max(1e-9)).push(")")
}

/// The box as a polygon in `srid`. Its sides are divided before they are transformed, as straight lines in degrees are
/// curves in a projection.
pub fn envelope(b: Bbox, srid: i32) -> Sql {
    // A box without an area is no polygon to GEOS; a tenth of a millimetre makes it one.
    let b = if b.west == b.east || b.south == b.north { b.grow(1e-9) } else { b };
    let sql = Sql::new("ST_MakeEnvelope(")
        .bind(b.west)
        .push(", ")
        .bind(b.south)
        .push(", ")
        .bind(b.east)
        .push(", ")
        .bind(b.north)
        .push(", 4326)")
        .planned_anew();
    if srid == 4326 {
        return sql;
    }
    let sql = divided(sql, (b.east - b.west).max(b.north - b.south));
    Sql::new("ST_Transform(").append(&sql).push(&format!(", {srid})"))
}
