//! Geometry in filters: GML 3.2 (OGC 07-036), 3.1.1 and 2.

use super::super::shape::{Form, Position};
use crate::xml::read::Element;

/// Parts of a collection in a collection.
const DEPTH: usize = 8;

pub fn form(element: &Element, depth: usize) -> Result<Form, String> {
    if depth > DEPTH {
        return Err("the geometry is nested too deep".into());
    }
    // The parts of a collection: each in a member of its own, or all in one `…Members`.
    let members = || element.children.iter().filter(|c| c.name.contains("ember")).flat_map(|m| &m.children);
    let each = || members().map(|m| form(m, depth + 1)).collect::<Result<Vec<_>, _>>();
    Ok(match element.name.as_str() {
        "Point" => Form::Points(positions(element)?),
        "LineString" | "LineStringSegment" => Form::Lines(vec![positions(element)?]),
        "Curve" => {
            let segments = element.child("segments").map_or(&[][..], |s| &s.children);
            let mut line: Vec<Position> = Vec::new();
            for segment in segments {
                let next = positions(segment)?;
                let skip = usize::from(line.last().is_some_and(|l| next.first() == Some(l)));
                line.extend(next.into_iter().skip(skip));
            }
            Form::Lines(vec![line])
        }
        "Polygon" | "PolygonPatch" => Form::Polygons(vec![rings(element)?]),
        "Surface" => {
            let patches = element.child("patches").map_or(&[][..], |p| &p.children);
            Form::Polygons(patches.iter().map(rings).collect::<Result<_, _>>()?)
        }
        "Envelope" | "Box" => boxed(element)?,
        "MultiPoint" | "MultiCurve" | "MultiLineString" | "MultiSurface" | "MultiPolygon" => join(each()?)?,
        "MultiGeometry" => Form::Collection(each()?),
        other => {
            return Err(format!(
                "`{}` is not a geometry that is known here",
                other.chars().take(60).collect::<String>()
            ));
        }
    })
}

/// Forms of one kind as one.
fn join(forms: Vec<Form>) -> Result<Form, String> {
    let (mut points, mut lines, mut polygons) = (Vec::new(), Vec::new(), Vec::new());
    for form in forms {
        match form {
            Form::Points(p) => points.extend(p),
            Form::Lines(l) => lines.extend(l),
            Form::Polygons(p) => polygons.extend(p),
            Form::Collection(_) => return Err("a collection has no place in a geometry of one kind".into()),
        }
    }
    match (points.is_empty(), lines.is_empty(), polygons.is_empty()) {
        (false, true, true) => Ok(Form::Points(points)),
        (true, false, true) => Ok(Form::Lines(lines)),
        (true, true, _) => Ok(Form::Polygons(polygons)),
        _ => Err("the members are of different kinds".into()),
    }
}

fn rings(polygon: &Element) -> Result<Vec<Vec<Position>>, String> {
    let boundary = |c: &&Element| ["exterior", "interior", "outerBoundaryIs", "innerBoundaryIs"].contains(&&*c.name);
    let ring = |c: &Element| positions(c.children.first().ok_or("a ring is missing")?);
    polygon.children.iter().filter(boundary).map(ring).collect()
}

fn boxed(element: &Element) -> Result<Form, String> {
    let corner = |name: &str| element.child(name).map(|c| numbers(&c.text, &[' '])).transpose();
    let corners = match (corner("lowerCorner")?, corner("upperCorner")?) {
        (Some(low), Some(high)) => [position(&low)?, position(&high)?],
        _ => positions(element)?.try_into().map_err(|_| "a box has two corners".to_string())?,
    };
    let [[a, b], [c, d]] = corners;
    if a > c || b > d {
        return Err(format!("the box's lower corner `{a} {b}` is beyond its upper one"));
    }
    Ok(match (a == c, b == d) {
        (true, true) => Form::Points(vec![[a, b]]),
        (true, false) | (false, true) => Form::Lines(vec![vec![[a, b], [c, d]]]),
        (false, false) => Form::Polygons(vec![vec![vec![[a, b], [c, b], [c, d], [a, d], [a, b]]]]),
    })
}

/// The positions of `pos`, `posList` or GML 2's `coordinates` and `coord`, within an element or one level below.
fn positions(element: &Element) -> Result<Vec<Position>, String> {
    let mut out = Vec::new();
    for child in &element.children {
        match child.name.as_str() {
            "pos" => out.push(position(&numbers(&child.text, &[' '])?)?),
            "posList" => {
                let said = child.attribute("srsDimension").or_else(|| element.attribute("srsDimension"));
                let size = said.and_then(|n| n.parse::<usize>().ok()).unwrap_or(2).clamp(2, 4);
                let all = numbers(&child.text, &[' '])?;
                if all.len() % size != 0 {
                    return Err(format!("{} numbers make no positions of {size}", all.len()));
                }
                out.extend(all.chunks_exact(size).map(|p| [p[0], p[1]]));
            }
            "coordinates" => {
                for tuple in child.text.split_whitespace() {
                    out.push(position(&numbers(tuple, &[','])?)?);
                }
            }
            "coord" => {
                let part = |name: &str| child.child(name).and_then(|c| c.text.trim().parse::<f64>().ok());
                out.push([part("X").ok_or("a `coord` has X and Y")?, part("Y").ok_or("a `coord` has X and Y")?]);
            }
            "pointProperty" => out.extend(child.children.first().map(positions).transpose()?.unwrap_or_default()),
            _ => {}
        }
    }
    if out.is_empty() {
        Err(format!("`{}` has no positions", element.name.chars().take(60).collect::<String>()))
    } else {
        Ok(out)
    }
}

fn position(numbers: &[f64]) -> Result<Position, String> {
    match *numbers {
        [x, y] | [x, y, _] => Ok([x, y]),
        _ => Err(format!("{} numbers are no position", numbers.len())),
    }
}

fn numbers(text: &str, between: &[char]) -> Result<Vec<f64>, String> {
    let parts = text.split(|c: char| c.is_whitespace() || between.contains(&c)).filter(|p| !p.is_empty());
    parts
        .map(|p| p.parse().map_err(|_| format!("`{}` is not a number", p.chars().take(60).collect::<String>())))
        .collect()
}
