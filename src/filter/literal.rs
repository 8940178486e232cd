//! A value in a condition, read by the kind of the field it is compared with.

use crate::schema::{Field, Kind};

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Literal {
    /// Reads `text` as `field` holds it; the message says what the field takes.
    pub fn parse(field: &Field, text: &str) -> Result<Literal, String> {
        let wrong = |what: &str| {
            format!("`{}` is not {what}, which field `{}` holds", text.chars().take(60).collect::<String>(), field.name)
        };
        match field.kind {
            Kind::Bool => match text {
                "true" => Ok(Literal::Bool(true)),
                "false" => Ok(Literal::Bool(false)),
                _ => Err(wrong("`true` or `false`")),
            },
            Kind::Int2 | Kind::Int4 | Kind::Int8 => text.parse().map(Literal::Int).map_err(|_| wrong("a whole number")),
            Kind::Float4 | Kind::Float8 => text.parse().map(Literal::Float).map_err(|_| wrong("a number")),
            Kind::Text | Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz if !text.contains('\0') => {
                Ok(Literal::Text(text.to_string()))
            }
            _ => Err(format!("field `{}` cannot be compared by a query parameter", field.name)),
        }
    }
}
