//! Well-known text inside a filter.

use super::super::node::{At, Fault, Node, Said};
use super::super::shape::{Form, Position, Shape};
use super::Parser;
use super::lexer::Kind;

/// Whether a word begins a geometry.
pub fn is_type(word: &str) -> bool {
    form(word).is_some()
}

#[derive(Clone, Copy)]
enum Type {
    Point,
    Line,
    Polygon,
    Points,
    Lines,
    Polygons,
    Collection,
}

fn form(word: &str) -> Option<Type> {
    Some(match word.to_ascii_uppercase().as_str() {
        "POINT" => Type::Point,
        "LINESTRING" => Type::Line,
        "POLYGON" => Type::Polygon,
        "MULTIPOINT" => Type::Points,
        "MULTILINESTRING" => Type::Lines,
        "MULTIPOLYGON" => Type::Polygons,
        "GEOMETRYCOLLECTION" => Type::Collection,
        _ => return None,
    })
}

impl Parser<'_> {
    /// A geometry whose type is the word that was just read.
    pub fn geometry(&mut self, at: At, word: &str) -> Result<Node, Fault> {
        let form = self.tagged(&at, word)?;
        match Shape::new(form, self.crs) {
            Ok(shape) => Node::new(at, Said::Shape(Box::new(shape))),
            Err(message) => at.fault(message),
        }
    }

    pub fn bbox(&mut self, at: At) -> Result<Node, Fault> {
        let numbers = self.list(|p| p.coordinate())?;
        match Shape::bbox(&numbers, self.crs) {
            Ok(shape) => Node::new(at, Said::Shape(Box::new(shape))),
            Err(message) => at.fault(message),
        }
    }

    fn tagged(&mut self, at: &At, word: &str) -> Result<Form, Fault> {
        let Some(kind) = form(word) else { return at.fault(format!("`{word}` is not a type of geometry")) };
        if self.is_word("Z") {
            self.next();
        }
        Ok(match kind {
            Type::Point => Form::Points(vec![self.point()?]),
            Type::Line => Form::Lines(vec![self.line()?]),
            Type::Polygon => Form::Polygons(vec![self.rings()?]),
            Type::Points => Form::Points(self.list(|p| if p.is_sign("(") { p.point() } else { p.position() })?),
            Type::Lines => Form::Lines(self.list(|p| p.line())?),
            Type::Polygons => Form::Polygons(self.list(|p| p.rings())?),
            Type::Collection => {
                self.enter()?;
                let parts = self.list(|p| {
                    let token = p.next();
                    match &token.kind {
                        Kind::Word(word) if is_type(word) => p.tagged(&At::Byte(token.at), word),
                        other => At::Byte(token.at).fault(format!("{} is not a type of geometry", other.say())),
                    }
                })?;
                self.leave();
                Form::Collection(parts)
            }
        })
    }

    fn point(&mut self) -> Result<Position, Fault> {
        self.expect("(")?;
        let position = self.position()?;
        self.expect(")")?;
        Ok(position)
    }

    fn line(&mut self) -> Result<Vec<Position>, Fault> {
        self.list(|p| p.position())
    }

    fn rings(&mut self) -> Result<Vec<Vec<Position>>, Fault> {
        self.list(|p| p.line())
    }

    /// x y, and a height that is not used.
    fn position(&mut self) -> Result<Position, Fault> {
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        if !self.is_sign(",") && !self.is_sign(")") {
            self.coordinate()?;
        }
        Ok([x, y])
    }

    fn coordinate(&mut self) -> Result<f64, Fault> {
        let sign = if self.is_sign("-") { -1.0 } else { 1.0 };
        if self.is_sign("-") || self.is_sign("+") {
            self.next();
        }
        let token = self.next();
        match token.kind {
            Kind::Int(v) => Ok(sign * v as f64),
            Kind::Float(v) => Ok(sign * v),
            other => At::Byte(token.at).fault(format!("there should be a coordinate here, not {}", other.say())),
        }
    }
}
