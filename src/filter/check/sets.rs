//! Relations of geometries and of lists.

use super::super::node::{Fault, Node, Said, quoted};
use super::super::{Expr, List, Place, Relation, Scalar, SetRelation, Sort};
use super::name::Property;
use super::{Layer, exactly, say, unify};
use crate::schema::{Field, Kind};

impl Relation {
    pub(super) fn named(op: &str) -> Option<Relation> {
        Some(match op {
            "s_intersects" => Relation::Intersects,
            "s_equals" => Relation::Equals,
            "s_disjoint" => Relation::Disjoint,
            "s_touches" => Relation::Touches,
            "s_within" => Relation::Within,
            "s_overlaps" => Relation::Overlaps,
            "s_crosses" => Relation::Crosses,
            "s_contains" => Relation::Contains,
            _ => return None,
        })
    }
}

impl SetRelation {
    pub(super) fn named(op: &str) -> Option<SetRelation> {
        Some(match op {
            "a_equals" => SetRelation::Equals,
            "a_contains" => SetRelation::Contains,
            "a_containedby" => SetRelation::ContainedBy,
            "a_overlaps" => SetRelation::Overlaps,
            _ => return None,
        })
    }
}

/// A list before it is known what it is compared with.
enum Raw<'n> {
    Field(Field, Sort),
    Items(Vec<(Scalar, &'n Node)>),
}

/// Metres that a distance may have.
const FARTHEST: f64 = 100_000.0;

impl Layer<'_> {
    pub fn spatial(&self, node: &Node, relation: Relation, args: &[Node]) -> Result<Expr, Fault> {
        let [a, b] = exactly(node, spoken(node), args)?;
        Ok(Expr::Spatial(relation, self.place(a)?, self.place(b)?))
    }

    /// A distance in metres to a shape; CQL2 has no name for it, Filter Encoding has `DWithin`.
    pub fn near(&self, node: &Node, args: &[Node]) -> Result<Expr, Fault> {
        let [a, b, distance] = exactly(node, "DWithin", args)?;
        let shape = match (self.place(a)?, self.place(b)?) {
            (Place::Geometry, Place::Shape(shape)) | (Place::Shape(shape), Place::Geometry) => shape,
            _ => return node.at.fault("the distance is between the layer's geometry and a shape"),
        };
        match distance.bare().said {
            Said::Float(metres) if (0.0..=FARTHEST).contains(&metres) => Ok(Expr::Near(shape, metres)),
            _ => distance.at.fault(format!("the distance is a number of metres from 0 to {FARTHEST}")),
        }
    }

    fn place(&self, node: &Node) -> Result<Place, Fault> {
        let node = node.bare();
        match &node.said {
            Said::Shape(shape) => Ok(Place::Shape((**shape).clone())),
            Said::Property(name) => match self.property(&node.at, name)? {
                Property::Geometry => Ok(Place::Geometry),
                _ if self.geometry => {
                    node.at.fault(format!("{} is not a geometry; this layer's geometry is `geom`", quoted(name)))
                }
                _ => node.at.fault(format!("{} is not a geometry, and this layer has none", quoted(name))),
            },
            _ => node.at.fault(format!("{} is not a geometry; write `geom`, `BBOX(…)` or well-known text", say(node))),
        }
    }

    pub fn sets(&self, node: &Node, relation: SetRelation, args: &[Node]) -> Result<Expr, Fault> {
        let [a, b] = exactly(node, spoken(node), args)?;
        let (a, b) = (self.list(a)?, self.list(b)?);
        let mut items: Vec<(Scalar, &Node)> = Vec::new();
        let mut counts = [0, 0];
        let mut field: Option<Sort> = None;
        for (raw, count) in [(&a, 0), (&b, 1)] {
            match raw {
                Raw::Items(all) => {
                    counts[count] = all.len();
                    items.extend(all.iter().cloned());
                }
                Raw::Field(_, sort) => {
                    field = Some(field.map_or(*sort, |other| if *sort == other { other } else { wider(*sort, other) }));
                }
            }
        }
        let first = items.first().map(|(_, node)| *node);
        let mut values = self.unify(items)?;
        if let (Some(first), Some(field), Some(value)) = (first, field, values.first())
            && wider(field, value.sort()) != wider(value.sort(), field)
        {
            let (is, wants) = (unify::name(value.sort()), unify::name(field));
            return first.at.fault(format!("{} is {is}, but each item of the field is {wants}", say(first)));
        }
        let sort = values.iter().map(Scalar::sort).chain(field).reduce(wider).unwrap_or(Sort::Text);
        let rest = values.split_off(counts[0]);
        let list = |raw, items: Vec<Scalar>| match raw {
            Raw::Field(field, _) => List::Field(field, sort),
            Raw::Items(_) => List::Items(items, sort),
        };
        Ok(Expr::Array(relation, list(a, values), list(b, rest)))
    }

    fn list<'n>(&self, node: &'n Node) -> Result<Raw<'n>, Fault> {
        match &node.said {
            Said::List(items) => {
                let items = items.iter().map(|n| Ok((self.scalar(n)?, n))).collect::<Result<Vec<_>, Fault>>()?;
                Ok(Raw::Items(items))
            }
            Said::Group(inner) => match &inner.said {
                Said::Property(name) => match self.property(&inner.at, name)? {
                    Property::Field(field) if Sort::of(field.kind).is_none() => self.list(inner),
                    _ => Ok(Raw::Items(vec![(self.scalar(inner)?, inner)])),
                },
                _ => Ok(Raw::Items(vec![(self.scalar(inner)?, inner)])),
            },
            Said::Property(name) => {
                let sort = |kind| match kind {
                    Kind::TextList => Some(Sort::Text),
                    Kind::Int4List | Kind::Int8List => Some(Sort::Int),
                    Kind::Float8List => Some(Sort::Float),
                    _ => None,
                };
                let found = match self.property(&node.at, name)? {
                    Property::Field(field) => sort(field.kind).map(|sort| Raw::Field(field.clone(), sort)),
                    _ => None,
                };
                found.map_or_else(|| node.at.fault(format!("{} does not hold a list", quoted(name))), Ok)
            }
            _ => node.at.fault(format!("{} is not a list; write `('a', 'b')`", say(node))),
        }
    }
}

fn spoken(node: &Node) -> &str {
    match &node.said {
        Said::Call(op, _) => op,
        _ => "the operator",
    }
}

/// The sort that holds values of both.
fn wider(a: Sort, b: Sort) -> Sort {
    match (a, b) {
        (Sort::Int, Sort::Float) | (Sort::Float, Sort::Int) => Sort::Float,
        (Sort::Date, other @ (Sort::Timestamp | Sort::Timestamptz)) => other,
        (other @ (Sort::Timestamp | Sort::Timestamptz), Sort::Date) => other,
        (Sort::Timestamp, Sort::Timestamptz) => b,
        _ => a,
    }
}
