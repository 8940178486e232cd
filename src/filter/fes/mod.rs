//! Filter Encoding 2.0 (OGC 09-026r2) and 1.1 (OGC 04-095) to nodes. Values are read by the field that they are compared
//! with, as XML has texts only.

use super::node::{At, Fault, Node, Said, quoted};
use super::shape::Shape;
use crate::geo::{Crs, Name};
use crate::schema::{Field, GEOM, Kind};
use crate::xml::name;
use crate::xml::read::Element;

mod gml; // geometry
pub mod time;

/// Properties of every feature in GML 3.2 (OGC 07-036, 9.4.1).
const OF_GML: [&str; 6] = ["description", "descriptionReference", "identifier", "name", "boundedBy", "location"];

/// What a filter is read against.
pub struct Reader<'a> {
    pub fields: &'a [Field],
    /// The systems that geometry may be in; the first is taken where none is said.
    pub systems: &'a [Crs],
    /// The layer's id, which ids of features begin with.
    pub layer: &'a str,
}

impl Reader<'_> {
    /// A `Filter` element, or a condition without one.
    pub fn filter(&self, element: &Element) -> Result<Node, Fault> {
        let at = At::Byte(element.at);
        if element.name != "Filter" {
            return self.condition(element);
        }
        let ids = element.children.iter().filter(|c| is_id(c)).count();
        if ids > 0 && ids == element.children.len() {
            return self.ids(at, &element.children);
        }
        match element.children.as_slice() {
            [one] => self.condition(one),
            all => at.fault(format!("a filter has one condition, not {}; join them with `And` or `Or`", all.len())),
        }
    }

    fn condition(&self, element: &Element) -> Result<Node, Fault> {
        let at = At::Byte(element.at);
        let all = || element.children.iter().map(|c| self.condition(c)).collect::<Result<Vec<_>, _>>();
        let op = match element.name.as_str() {
            "And" => return Node::call(at, "and", all()?),
            "Or" => return Node::call(at, "or", all()?),
            "Not" => return Node::call(at, "not", all()?),
            "PropertyIsEqualTo" => "=",
            "PropertyIsNotEqualTo" => "<>",
            "PropertyIsLessThan" => "<",
            "PropertyIsGreaterThan" => ">",
            "PropertyIsLessThanOrEqualTo" => "<=",
            "PropertyIsGreaterThanOrEqualTo" => ">=",
            "PropertyIsLike" => return self.like(at, element),
            "PropertyIsNull" | "PropertyIsNil" => {
                let [of] = exactly(element)?;
                if self.is_absent(of) {
                    return Node::new(at, Said::Bool(true));
                }
                return Node::call(at, "isnull", vec![self.value(of, None)?]);
            }
            "PropertyIsBetween" => return self.between(at, element),
            "BBOX" | "Intersects" => "s_intersects",
            "Equals" => "s_equals",
            "Disjoint" => "s_disjoint",
            "Touches" => "s_touches",
            "Within" => "s_within",
            "Overlaps" => "s_overlaps",
            "Crosses" => "s_crosses",
            "Contains" => "s_contains",
            "DWithin" | "Beyond" => return self.distance(at, element),
            operator if let Some(relation) = time::relation(operator) => return self.temporal(at, relation, element),
            _ if is_id(element) => return self.ids(at, std::slice::from_ref(element)),
            other => return at.fault(format!("{} is not a condition that is known here", quoted(other))),
        };
        if op.starts_with("s_") {
            return Node::call(at, op, self.places(element, &element.children)?);
        }
        let [a, b] = exactly(element)?;
        let field = self.field(a).or_else(|| self.field(b));
        let (mut a, mut b) = (self.value(a, field)?, self.value(b, field)?);
        if element.attribute("matchCase") == Some("false") && field.is_some_and(|f| f.kind == Kind::Text) {
            a = Node::call(At::Byte(element.at), "casei", vec![a])?;
            b = Node::call(At::Byte(element.at), "casei", vec![b])?;
        }
        Node::call(at, op, vec![a, b])
    }

    fn between(&self, at: At, element: &Element) -> Result<Node, Fault> {
        let bound = |name: &str| element.child(name).and_then(|b| b.children.first());
        let value = element.children.first().filter(|c| !c.name.ends_with("Boundary"));
        let (Some(value), Some(low), Some(high)) = (value, bound("LowerBoundary"), bound("UpperBoundary")) else {
            return at.fault("a `PropertyIsBetween` has a value, a `LowerBoundary` and an `UpperBoundary`");
        };
        let field = self.field(value);
        Node::call(at, "between", vec![self.value(value, field)?, self.value(low, field)?, self.value(high, field)?])
    }

    fn like(&self, at: At, element: &Element) -> Result<Node, Fault> {
        let sign = |name: &str| element.attribute(name).and_then(|t| t.chars().next());
        let (many, one) = (sign("wildCard").unwrap_or('*'), sign("singleChar").unwrap_or('?'));
        let escape = sign("escapeChar").or_else(|| sign("escape")).unwrap_or('\\');
        let [of, pattern] = exactly(element)?;
        let mut out = String::new();
        let mut letters = pattern.text.chars();
        while let Some(c) = letters.next() {
            let taken = if c == escape { letters.next() } else { None };
            match (taken, c) {
                (None, c) if c == many => out.push('%'),
                (None, c) if c == one => out.push('_'),
                (Some(c), _) | (None, c) => {
                    if matches!(c, '%' | '_' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
        }
        let (mut of, mut like) = (self.value(of, None)?, Node::new(At::Byte(pattern.at), Said::Text(out))?);
        if element.attribute("matchCase") == Some("false") {
            of = Node::call(At::Byte(element.at), "casei", vec![of])?;
            like = Node::call(At::Byte(element.at), "casei", vec![like])?;
        }
        Node::call(at, "like", vec![of, like])
    }

    fn distance(&self, at: At, element: &Element) -> Result<Node, Fault> {
        let Some((distance, places)) = element.children.split_last().filter(|(d, _)| d.name == "Distance") else {
            return at.fault("the last thing in it is a `Distance`");
        };
        let metres = match distance.attribute("uom").or_else(|| distance.attribute("units")).unwrap_or("m") {
            "m"
            | "metre"
            | "meter"
            | "metres"
            | "meters"
            | "urn:ogc:def:uom:UCUM::m"
            | "urn:ogc:def:uom:EPSG::9001"
            | "http://www.opengis.net/def/uom/EPSG/0/9001"
            | "#metre" => 1.0,
            "km" | "kilometre" | "kilometer" | "kilometers" => 1000.0,
            other => return at.fault(format!("{} is not a unit here; write `m` or `km`", quoted(other))),
        };
        let Ok(distance) = distance.text.trim().parse::<f64>() else {
            return at.fault(format!("{} is not a distance", quoted(&distance.text)));
        };
        let mut args = self.places(element, places)?;
        args.push(Node::new(at.clone(), Said::Float(distance * metres))?);
        let within = Node::call(at.clone(), "s_dwithin", args)?;
        if element.name == "Beyond" { Node::call(at, "not", vec![within]) } else { Ok(within) }
    }

    /// A field and a geometry; without a field it is the feature's own.
    fn places(&self, element: &Element, children: &[Element]) -> Result<Vec<Node>, Fault> {
        let mut places = Vec::new();
        for child in children {
            places.push(match child.name.as_str() {
                "ValueReference" | "PropertyName" => self.value(child, None)?,
                "Literal" => match child.children.first() {
                    Some(geometry) => self.shape(geometry)?,
                    None => return At::Byte(child.at).fault("a geometry belongs here"),
                },
                _ => self.shape(child)?,
            });
        }
        if places.len() == 1 {
            places.insert(0, Node::new(At::Byte(element.at), Said::Property(GEOM.into()))?);
        }
        Ok(places)
    }

    fn shape(&self, element: &Element) -> Result<Node, Fault> {
        let at = At::Byte(element.at);
        let crs = match element.attribute("srsName") {
            None => self.systems.first().copied().unwrap_or(Crs::CRS84),
            Some(text) => match named(text, self.systems) {
                Some(crs) => crs,
                None => return at.fault(format!("{} is not a coordinate system of this layer", quoted(text))),
            },
        };
        match gml::form(element, 0).and_then(|form| Shape::new(form, crs)) {
            Ok(shape) => Node::new(at, Said::Shape(Box::new(shape))),
            Err(message) => at.fault(message),
        }
    }

    fn field(&self, element: &Element) -> Option<&Field> {
        let said = reference(element)?;
        self.fields.iter().find(|f| f.name == said)
    }

    /// Whether an element names what GML gives every feature, and what features of layers do not have.
    fn is_absent(&self, element: &Element) -> bool {
        let name = element.text.trim().strip_prefix("gml:").filter(|_| reference(element).is_some());
        name.is_some_and(|name| OF_GML.contains(&name)) && self.field(element).is_none()
    }

    /// A field, or a literal that is read as a field of this kind would be.
    fn value(&self, element: &Element, like: Option<&Field>) -> Result<Node, Fault> {
        let at = At::Byte(element.at);
        if let Some(name) = reference(element) {
            return Node::new(at, Said::Property(name));
        }
        let args = |op: &str| -> Result<Node, Fault> {
            let args = element.children.iter().map(|c| self.value(c, like)).collect::<Result<_, _>>()?;
            Node::call(At::Byte(element.at), op, args)
        };
        match element.name.as_str() {
            "Literal" => literal(at, element.text.trim(), like),
            "Add" => args("+"),
            "Sub" => args("-"),
            "Mul" => args("*"),
            "Div" => args("/"),
            "Function" => args(&element.attribute("name").unwrap_or_default().to_lowercase()),
            other => at.fault(format!("{} is not a value; write a `Literal` or a `ValueReference`", quoted(other))),
        }
    }

    fn ids(&self, at: At, elements: &[Element]) -> Result<Node, Fault> {
        let mut items = Vec::new();
        for element in elements {
            let said = ["rid", "fid", "id"].into_iter().find_map(|n| element.attribute(n)).unwrap_or_default();
            // An id of no feature of ours is of nothing, not wrong (OGC 09-026r2, 7.11.2).
            let n = resource(self.layer, said).unwrap_or(-1);
            items.push(Node::new(At::Byte(element.at), Said::Int(n))?);
        }
        let list = Node::new(at.clone(), Said::List(items))?;
        let fid = Node::new(at.clone(), Said::Property(crate::schema::FID.into()))?;
        Node::call(at, "in", vec![fid, list])
    }
}

/// Whether something in a filter is held against what has no order, such as a geometry. That is no wrong value but cannot be
/// done (OGC 09-025r2, 11.4).
pub fn compares_elements(filter: &Element) -> bool {
    let compares = filter.name.starts_with("PropertyIs");
    compares && filter.all("Literal").any(|l| !l.children.is_empty()) || filter.children.iter().any(compares_elements)
}

/// The ids of features that a filter names.
pub fn ids(filter: &Element) -> Vec<&str> {
    let own = ["rid", "fid", "id"].into_iter().find_map(|n| filter.attribute(n)).filter(|_| is_id(filter));
    own.into_iter().chain(filter.children.iter().flat_map(ids)).collect()
}

/// The number in `layer.number`, or a number alone.
pub fn resource(layer: &str, id: &str) -> Option<i64> {
    let number = match id.trim().rsplit_once('.') {
        Some((of, number)) => Some(number).filter(|_| of == layer)?,
        None => id.trim(),
    };
    number.parse().ok()
}

/// A system as GML and WFS name it: URNs and addresses have the axes in the authority's order, `EPSG:n` and the address
/// of GML 2 (`…/gml/srs/epsg.xml#n`) have x first.
pub fn named(text: &str, among: &[Crs]) -> Option<Crs> {
    let short = text.trim().rsplit_once("epsg.xml#").map(|(_, code)| format!("EPSG:{code}"));
    let said = short.as_deref().unwrap_or(text.trim());
    let crs = match Name::parse(said) {
        // What is stored in WGS 84 is served with either order.
        Some(Name::Epsg(4326)) => Crs::geographic(4326),
        _ => Crs::find(said, among)?,
    };
    let x_first = said.len() > 5 && said.is_char_boundary(5) && said[..5].eq_ignore_ascii_case("EPSG:");
    Some(if x_first { Crs { y_first: false, ..crs } } else { crs })
}

fn is_id(element: &Element) -> bool {
    matches!(element.name.as_str(), "ResourceId" | "FeatureId" | "GmlObjectId")
}

/// The field that an element names: prefixes, the path before it and the signs of XML taken off.
fn reference(element: &Element) -> Option<String> {
    let is = matches!(element.name.as_str(), "ValueReference" | "PropertyName");
    is.then(|| field_name(&element.text))
}

/// A field's name in a path of XML: `dothi:thua/dothi:maDat`.
pub fn field_name(path: &str) -> String {
    let last = path.trim().rsplit('/').next().unwrap_or_default();
    let bare = last.split_once(':').map_or(last, |(_, name)| name);
    name::decode(bare.trim_start_matches('@'))
}

fn exactly<const N: usize>(element: &Element) -> Result<[&Element; N], Fault> {
    let all: Vec<&Element> = element.children.iter().collect();
    let n = all.len();
    all.try_into()
        .or_else(|_| At::Byte(element.at).fault(format!("{} takes {N} arguments, not {n}", quoted(&element.name))))
}

fn literal(at: At, text: &str, like: Option<&Field>) -> Result<Node, Fault> {
    let number = || match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(n), _) => Some(Said::Int(n)),
        (_, Ok(n)) if n.is_finite() => Some(Said::Float(n)),
        _ => None,
    };
    let said = match like.map(|f| f.kind) {
        Some(Kind::Bool) => match text {
            "true" | "1" => Some(Said::Bool(true)),
            "false" | "0" => Some(Said::Bool(false)),
            _ => None,
        },
        Some(Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8) => number(),
        Some(Kind::Date) => Some(Said::Date(text.into())),
        Some(Kind::Timestamp | Kind::Timestamptz) => Some(Said::Timestamp(text.into())),
        Some(_) => Some(Said::Text(text.into())),
        None => number().or_else(|| Some(Said::Text(text.into()))),
    };
    match said {
        Some(said) => Node::new(at, said),
        None => at.fault(format!("{} is not a value that the field holds", quoted(text))),
    }
}
