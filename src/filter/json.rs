//! CQL2 JSON (21-065r2, annex A) to nodes.

use serde_json::{Map, Value};

use super::node::{At, DEPTH, Fault, Node, Said, quoted};
use super::shape::{Form, Position, Shape};
use crate::geo::Crs;

/// How long a filter in JSON may be: a geometry of as many vertices as are allowed fits.
pub const LENGTH: usize = 512 * 1024;

pub fn read(text: &str, crs: Crs) -> Result<Node, Fault> {
    if text.len() > LENGTH {
        return At::Byte(text.floor_char_boundary(LENGTH))
            .fault(format!("the filter is longer than {LENGTH} bytes; shorten it"));
    }
    let value: Value = serde_json::from_str(text).or_else(|e| {
        let line: usize = text.split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
        At::Byte(text.floor_char_boundary(line + e.column().saturating_sub(1)))
            .fault(format!("the filter is not JSON ({})", reason(&e)))
    })?;
    Reader { crs }.node(&value, String::new(), 0)
}

/// What serde says, without the place that it repeats.
fn reason(e: &serde_json::Error) -> String {
    let text = e.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_string()
}

struct Reader {
    crs: Crs,
}

impl Reader {
    fn node(&self, value: &Value, pointer: String, depth: usize) -> Result<Node, Fault> {
        let at = At::Pointer(pointer.clone());
        if depth > DEPTH {
            return at.fault(format!("the filter is nested more than {DEPTH} deep; write it flatter"));
        }
        let said = match value {
            Value::Null => {
                return at.fault(
                    "`null` is not a value; ask with `{\"op\": \"isNull\", \"args\": [{\"property\": \"…\"}]}`",
                );
            }
            Value::Bool(v) => Said::Bool(*v),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(v), _) => Said::Int(v),
                (None, Some(v)) if v.is_finite() => Said::Float(v),
                _ => return at.fault(format!("{} is too large a number", quoted(n))),
            },
            Value::String(t) => Said::Text(text(t, &at)?),
            Value::Array(items) => Said::List(self.nodes(items, &pointer, depth)?),
            Value::Object(object) => return self.object(object, at, &pointer, depth),
        };
        Node::new(at, said)
    }

    fn nodes(&self, items: &[Value], pointer: &str, depth: usize) -> Result<Vec<Node>, Fault> {
        items.iter().enumerate().map(|(i, v)| self.node(v, format!("{pointer}/{i}"), depth + 1)).collect()
    }

    fn object(&self, object: &Map<String, Value>, at: At, pointer: &str, depth: usize) -> Result<Node, Fault> {
        let said = |key: &str| object.get(key).map(|v| (v, format!("{pointer}/{key}")));
        let string = |key: &str, value: &Value, pointer: String| match value {
            Value::String(t) => text(t, &At::Pointer(pointer)),
            other => At::Pointer(pointer).fault(format!("{key} {} is not a text", quoted(other))),
        };
        if let Some((op, place)) = said("op") {
            let name = string("op", op, place)?;
            let args = match said("args") {
                Some((Value::Array(args), place)) => self.nodes(args, &place, depth)?,
                _ => return at.fault(format!("{} has no `args`; give them as an array", quoted(&name))),
            };
            return Node::call(at, &name.to_lowercase(), args);
        }
        if let Some((name, place)) = said("property") {
            return Node::new(at, Said::Property(string("property", name, place)?));
        }
        if let Some((date, place)) = said("date") {
            return Node::new(at, Said::Date(string("date", date, place)?));
        }
        if let Some((time, place)) = said("timestamp") {
            return Node::new(at, Said::Timestamp(string("timestamp", time, place)?));
        }
        if let Some((ends, place)) = said("interval") {
            return match ends {
                Value::Array(ends) if ends.len() == 2 => {
                    Node::new(at, Said::Interval(self.nodes(ends, &place, depth)?))
                }
                _ => At::Pointer(place).fault("an interval is an array of its start and its end"),
            };
        }
        if let Some((bbox, place)) = said("bbox")
            && !object.contains_key("type")
        {
            let place = At::Pointer(place);
            let numbers: Option<Vec<f64>> = bbox.as_array().and_then(|all| all.iter().map(Value::as_f64).collect());
            let Some(numbers) = numbers else { return place.fault("a box is an array of 4 or 6 numbers") };
            return match Shape::bbox(&numbers, self.crs) {
                Ok(shape) => Node::new(at, Said::Shape(Box::new(shape))),
                Err(message) => place.fault(message),
            };
        }
        if object.contains_key("type") {
            return match form(object, DEPTH).and_then(|form| Shape::new(form, self.crs)) {
                Ok(shape) => Node::new(at, Said::Shape(Box::new(shape))),
                Err(message) => at.fault(message),
            };
        }
        let known = "`op`, `property`, `date`, `timestamp`, `interval`, `bbox` or a GeoJSON `type`";
        let keys: Vec<&str> = object.keys().take(5).map(String::as_str).collect();
        at.fault(format!("the object with {} is none of CQL2; it should have {known}", quoted(keys.join(", "))))
    }
}

fn text(text: &str, at: &At) -> Result<String, Fault> {
    if text.contains('\0') {
        return at.fault("the text holds a NUL character, which no data here can contain");
    }
    Ok(text.to_string())
}

/// A GeoJSON geometry (RFC 7946).
fn form(object: &Map<String, Value>, depth: usize) -> Result<Form, String> {
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let coordinates = || object.get("coordinates").ok_or_else(|| format!("the {} has no `coordinates`", quoted(kind)));
    Ok(match kind {
        "Point" => Form::Points(vec![position(coordinates()?)?]),
        "MultiPoint" => Form::Points(each(coordinates()?, position)?),
        "LineString" => Form::Lines(vec![line(coordinates()?)?]),
        "MultiLineString" => Form::Lines(each(coordinates()?, line)?),
        "Polygon" => Form::Polygons(vec![each(coordinates()?, line)?]),
        "MultiPolygon" => Form::Polygons(each(coordinates()?, |rings| each(rings, line))?),
        "GeometryCollection" if depth > 0 => {
            let parts = object.get("geometries").ok_or("the `GeometryCollection` has no `geometries`")?;
            Form::Collection(each(parts, |part| match part {
                Value::Object(part) => form(part, depth - 1),
                other => Err(format!("{} is not a geometry", quoted(other))),
            })?)
        }
        _ => return Err(format!("{} is not a type of geometry in GeoJSON", quoted(kind))),
    })
}

fn each<T>(value: &Value, f: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.as_array().ok_or_else(|| format!("{} should be an array", quoted(value)))?.iter().map(f).collect()
}

fn line(value: &Value) -> Result<Vec<Position>, String> {
    each(value, position)
}

fn position(value: &Value) -> Result<Position, String> {
    let numbers: Vec<f64> = value.as_array().map(|a| a.iter().filter_map(Value::as_f64).collect()).unwrap_or_default();
    match *numbers {
        [x, y] | [x, y, _] if value.as_array().is_some_and(|a| a.len() == numbers.len()) => Ok([x, y]),
        _ => Err(format!("{} is not a position; write `[x, y]`", quoted(value))),
    }
}
