//! Values of features as they come from PostgreSQL, binary and borrowed from their row, and as JSON shows them: letter by
//! letter as PostgreSQL's `to_json` does, which costs several times as much.

use sqlx::postgres::{PgRow, PgValueFormat};
use sqlx::{Row, ValueRef};

use super::number;
use crate::error::{Error, Result};
use crate::schema::{Field, Kind};
use crate::sql::ident;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(&'a str),
    /// A text that is JSON.
    Json(&'a str),
}

/// A column over the table `t` whose binary form [`Value::of`] reads. What is neither number nor text comes as PostgreSQL's
/// own JSON has it.
pub fn column(field: &Field) -> String {
    let column = format!("t.{}", ident(&field.column));
    match field.kind {
        Kind::Json => format!("{column}::text"),
        // Of several shortest digits PostgreSQL takes others than anybody else.
        Kind::Float4 => format!("to_json({column})::text"),
        Kind::Bytes => format!("encode({column}, 'base64')"),
        Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz => format!("(to_json({column})#>>'{{}}')"),
        Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => format!("to_json({column})::text"),
        _ => column,
    }
}

/// The bytes of a row's column; none for null.
pub fn bytes(row: &PgRow, at: usize) -> Result<Option<&[u8]>> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(None);
    }
    debug_assert!(raw.format() == PgValueFormat::Binary, "statements are prepared");
    raw.as_bytes().map(Some).map_err(|e| Error::Internal(e.to_string()))
}

impl<'a> Value<'a> {
    /// The value of a row's column that was selected as [`column`] says.
    pub fn of(row: &'a PgRow, at: usize, kind: Kind) -> Result<Value<'a>> {
        let Some(bytes) = bytes(row, at)? else { return Ok(Value::Null) };
        let broken = || Error::Internal(format!("a value of kind {kind:?} has {} bytes", bytes.len()));
        let text = || std::str::from_utf8(bytes).map_err(|_| broken());
        Ok(match kind {
            Kind::Bool => Value::Bool(bytes == [1]),
            Kind::Int2 => Value::Int(i16::from_be_bytes(bytes.try_into().map_err(|_| broken())?).into()),
            Kind::Int4 => Value::Int(i32::from_be_bytes(bytes.try_into().map_err(|_| broken())?).into()),
            Kind::Int8 => Value::Int(i64::from_be_bytes(bytes.try_into().map_err(|_| broken())?)),
            Kind::Float8 => Value::Double(f64::from_be_bytes(bytes.try_into().map_err(|_| broken())?)),
            Kind::Json | Kind::Float4 | Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => {
                Value::Json(text()?)
            }
            Kind::Text | Kind::Bytes | Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz => {
                Value::Text(text()?)
            }
        })
    }

    /// As PostgreSQL's `to_json` has it.
    pub fn json(self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(v) => out.extend_from_slice(if v { b"true" } else { b"false" }),
            Value::Int(v) => number::signed(out, v),
            Value::Double(v) if v.is_finite() => number::double(out, v),
            Value::Double(v) => {
                out.push(b'"');
                number::double(out, v);
                out.push(b'"');
            }
            Value::Text(v) => text(out, v),
            Value::Json(v) => out.extend_from_slice(v.as_bytes()),
        }
    }

    /// Without quotes or escapes; nothing for null.
    pub fn plain(self, out: &mut Vec<u8>) {
        match self {
            Value::Double(v) => number::double(out, v),
            Value::Text(v) => out.extend_from_slice(v.as_bytes()),
            Value::Null => {}
            other => other.json(out),
        }
    }
}

/// The members of a JSON object with a feature's properties: `"name":` of each.
pub struct Members(Vec<Vec<u8>>);

impl Members {
    pub fn of(fields: &[Field]) -> Members {
        let name = |field: &Field| {
            let mut out = Vec::new();
            text(&mut out, &field.name);
            out.push(b':');
            out
        };
        Members(fields.iter().map(name).collect())
    }

    /// The object; the values are in the order of the fields.
    pub fn write<'a>(&self, values: impl Iterator<Item = Result<Value<'a>>>, out: &mut Vec<u8>) -> Result<()> {
        out.push(b'{');
        for (n, (name, value)) in self.0.iter().zip(values).enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
            value?.json(out);
        }
        out.push(b'}');
        Ok(())
    }
}

/// A JSON string.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
