//! A value in a condition, read by the kind of the field it is compared with.

use super::node::quoted;
use super::{Instant, time};
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
            Kind::Text if !text.contains('\0') => Ok(Literal::Text(text.to_string())),
            Kind::Date => moment(text, Instant::date).map(Literal::Date).ok_or_else(|| wrong("a date (`2026-01-31`)")),
            Kind::Timestamp | Kind::Timestamptz => {
                let moment =
                    moment(text, Instant::timestamp).ok_or_else(|| wrong("a time (`2026-01-31T08:30:00Z`)"))?;
                Ok(if field.kind == Kind::Timestamp {
                    Literal::Timestamp(moment)
                } else {
                    Literal::Timestamptz(moment)
                })
            }
            Kind::Time => time(text).map(Literal::Time).ok_or_else(|| wrong("a time of day (`08:30:00`)")),
            _ => Err(format!("field `{}` cannot be compared by a query parameter", field.name)),
        }
    }
}

/// A moment as `read` takes it, or one of PostgreSQL's that are before and after all others.
fn moment(text: &str, read: fn(&str) -> Option<Instant>) -> Option<Instant> {
    match text {
        "-infinity" => Some(Instant::FIRST),
        "infinity" => Some(Instant::LAST),
        _ => read(text),
    }
}

/// The number in single precision, where it is neither too large nor too small for that.
pub fn single(value: f64) -> Option<Literal> {
    let short = value as f32;
    let lost = (short.is_infinite() && value.is_finite()) || (short == 0.0 && value != 0.0);
    (!lost).then_some(Literal::Single(short))
}
