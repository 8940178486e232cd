//! A value in a condition, read by the kind of the field it is compared with.

use super::Instant;
use super::node::quoted;
use crate::schema::{Field, Kind};

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Of single precision, as a `float4` field holds it.
    Single(f32),
    Text(String),
    Date(Instant),
    Timestamp(Instant),
    Timestamptz(Instant),
    /// Microseconds since midnight.
    Time(i64),
}

impl Literal {
    /// Reads `text` as `field` holds it; the message says what the field takes.
    pub fn parse(field: &Field, text: &str) -> Result<Literal, String> {
        let wrong = |what: &str| format!("{} is not {what}, which field `{}` holds", quoted(text), field.name);
        match field.kind {
            Kind::Bool => match text {
                "true" => Ok(Literal::Bool(true)),
                "false" => Ok(Literal::Bool(false)),
                _ => Err(wrong("`true` or `false`")),
            },
            Kind::Int2 | Kind::Int4 | Kind::Int8 => text.parse().map(Literal::Int).map_err(|_| wrong("a whole number")),
            Kind::Float8 => text.parse().map(Literal::Float).map_err(|_| wrong("a number")),
            Kind::Float4 => text.parse().ok().and_then(single).ok_or_else(|| wrong("a number (of single precision)")),
            Kind::Text | Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz if !text.contains('\0') => {
                Ok(Literal::Text(text.to_string()))
            }
            _ => Err(format!("field `{}` cannot be compared by a query parameter", field.name)),
        }
    }
}

/// The number in single precision, where it is neither too large nor too small for that.
pub fn single(value: f64) -> Option<Literal> {
    let short = value as f32;
    let lost = (short.is_infinite() && value.is_finite()) || (short == 0.0 && value != 0.0);
    (!lost).then_some(Literal::Single(short))
}
