//! Which features: everything that narrows a query is one [`Expr`], made by the house or read from CQL2 (OGC 21-065r2).
//!
//! A filter is read (`text`, `json`) into a tree of nodes with their places (`node`), and checked against a layer's
//! fields (`check`), which makes the typed tree. That is rendered to SQL (`render`) or evaluated in memory (`eval`); both
//! follow SQL's logic of three values.

mod literal; // values as a field's kind reads them
mod instant; // dates, times, timestamps
mod shape; // geometry that a filter carries
mod node; // what a filter says, and where
mod text; // CQL2 Text to nodes
mod json; // CQL2 JSON to nodes
pub mod fes; // Filter Encoding (XML) to nodes
mod function; // functions on values
mod check; // nodes to the typed tree, against a layer's fields
mod render; // to SQL, values bound
mod eval; // in memory

#[cfg(test)]
mod tests; // every conformance class; nothing makes it panic

pub use eval::{Cell, NotInMemory, Predicate, Row, compile};
pub use function::{Function, folded, functions};
pub use instant::{Instant, time};
pub use literal::Literal;
pub use node::{At, Fault};
pub use render::{envelope, render};
pub use shape::Shape;

use crate::geo::{Bbox, Crs};
use crate::schema::Field;

/// A condition on a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Every feature.
    True,
    /// No feature.
    False,
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// The geometry intersects one of the boxes (degrees); none of them crosses the antimeridian.
    Intersects(Vec<Bbox>),
    /// The geometry's own box overlaps one of the boxes: what the index knows, enough where clipping follows.
    Overlaps(Vec<Bbox>),
    /// The field has this value.
    Equals(Field, Literal),
    Compare(Comparison, Scalar, Scalar),
    /// The text matches the pattern: `%` any letters, `_` one letter, a backslash before either takes it as it is.
    Like(Scalar, Scalar),
    /// The first lies between the second and the third, both included.
    Between(Scalar, Scalar, Scalar),
    In(Scalar, Vec<Scalar>),
    IsNull(Operand),
    /// A field that is true or false, as a condition.
    Holds(Scalar),
    Spatial(Relation, Place, Place),
    /// The geometry lies within so many metres of the shape, on the ellipsoid.
    Near(Shape, f64),
    Array(SetRelation, List, List),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

/// One value of a feature: a field, a literal, or what is computed from them.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Field(Field),
    /// The feature's id.
    Fid,
    Literal(Literal),
    Arithmetic(Arithmetic, Box<Scalar>, Box<Scalar>),
    Call(&'static Function, Box<Scalar>),
    /// A moment without a zone as one in UTC.
    Zoned(Box<Scalar>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    /// Of real numbers, also between whole ones.
    Divide,
    /// The remainder, with the sign of the dividend.
    Modulo,
    /// Towards zero.
    IntegerDivide,
    Power,
}

/// What `IS NULL` asks about.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Scalar(Scalar),
    Geometry,
    /// A field of a kind that nothing is computed with.
    Field(Field),
    Condition(Box<Expr>),
}

/// The relations of DE-9IM (OGC 06-103r4, 6.1.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Intersects,
    Equals,
    Disjoint,
    Touches,
    Within,
    Overlaps,
    Crosses,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// The feature's own geometry.
    Geometry,
    Shape(Shape),
}

/// Lists are compared as sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetRelation {
    Equals,
    Contains,
    ContainedBy,
    Overlaps,
}

/// A list of values of one sort.
#[derive(Debug, Clone, PartialEq)]
pub enum List {
    Field(Field, Sort),
    Items(Vec<Scalar>, Sort),
}

/// What a value is, as far as comparing it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Bool,
    Int,
    Float,
    Text,
    Date,
    Timestamp,
    Timestamptz,
    Time,
}

/// The language a filter is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    Text,
    Json,
    /// Text as GDAL writes it: names without quotes, `1` for true, `2026-01-31T` for a date.
    Gdal,
}

/// Reads a filter on a layer with these fields.
///
/// `geometry` says whether the layer has one; `crs` is the coordinate system of the geometry in the filter.
pub fn parse(text: &str, lang: Lang, fields: &[Field], geometry: bool, crs: Crs) -> Result<Expr, Fault> {
    let layer = check::Layer { fields, geometry, lenient: lang == Lang::Gdal };
    let read = |text: &str| layer.condition(&text::read(text, crs)?);
    match lang {
        Lang::Json => layer.condition(&json::read(text, crs)?),
        Lang::Text => read(text),
        // A fault is told as of the text that was sent.
        Lang::Gdal => read(text).or_else(|fault| {
            let mended = text::bare::with_quotes(text, fields);
            mended.and_then(|text| read(&text).ok()).ok_or(fault)
        }),
    }
}

/// Reads a filter in XML (Filter Encoding 2.0 and 1.1) on a layer; `element` is a `Filter` or a condition.
pub fn parse_fes(element: &crate::xml::read::Element, reader: &fes::Reader<'_>, geometry: bool) -> Result<Expr, Fault> {
    let layer = check::Layer { fields: reader.fields, geometry, lenient: false };
    layer.condition(&reader.filter(element)?)
}

impl Expr {
    /// Both conditions.
    pub fn and(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::True, e) | (e, Expr::True) => e,
            (Expr::False, _) | (_, Expr::False) => Expr::False,
            (Expr::And(mut all), e) => {
                all.push(e);
                Expr::And(all)
            }
            (a, b) => Expr::And(vec![a, b]),
        }
    }

    /// With the geometry it carries cut to where the layer has data (degrees), before it is transformed: a shape as wide
    /// as the world has no image in a projection of one zone. No answer changes, as beyond the data there is nothing.
    pub fn within(mut self, data: Bbox) -> Expr {
        self.cut(data);
        self
    }

    fn cut(&mut self, data: Bbox) {
        match self {
            Expr::And(all) | Expr::Or(all) => all.iter_mut().for_each(|e| e.cut(data)),
            Expr::Not(e) | Expr::IsNull(Operand::Condition(e)) => e.cut(data),
            Expr::Spatial(_, a, b) => match (a, b) {
                // Two shapes are compared in their own system.
                (Place::Shape(_), Place::Shape(_)) => {}
                (Place::Shape(shape), _) | (_, Place::Shape(shape)) => shape.within = Some(data),
                _ => {}
            },
            _ => {}
        }
    }
}
