//! SQL text with its bound values. Built here and above, run only in `db/run.rs`.

/// A value to bind. The PostgreSQL type follows from the variant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Json(serde_json::Value),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    Floats(Vec<f64>),
    /// Texts, some of them null.
    Perhaps(Vec<Option<String>>),
    /// A null text.
    Null,
}

macro_rules! from {
    ($($ty:ty => $variant:ident),* $(,)?) => {$(
        impl From<$ty> for Value {
            fn from(v: $ty) -> Self {
                Value::$variant(v.into())
            }
        }
    )*};
}
from! { bool => Bool, i64 => Int, i32 => Int, u32 => Int, f64 => Float, String => Text, &str => Text, &String => Text, Vec<u8> => Bytes,
serde_json::Value => Json, Vec<i64> => Ints, Vec<String> => Texts, Vec<f64> => Floats, Vec<Option<String>> => Perhaps }

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

/// A statement under construction: `Sql::new("SELECT … WHERE a = ").bind(1)` reads `… WHERE a = $1`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    pub text: String,
    pub values: Vec<Value>,
    /// Whether it is planned anew for its values each time. How many features a shape selects is in the shape, and what is
    /// computed of it (transformed, divided) is computed once, not for every row.
    pub anew: bool,
}

impl Sql {
    pub fn new(text: impl Into<String>) -> Self {
        Sql { text: text.into(), ..Sql::default() }
    }

    /// Appends text that carries no value.
    pub fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder and binds the value to it.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Appends a quoted identifier.
    pub fn ident(self, name: &str) -> Self {
        let quoted = ident(name);
        self.push(&quoted)
    }

    /// Appends another piece, renumbering its placeholders.
    ///
    /// Placeholders are found as `$` and digits, which no literal or identifier of ours contains outside quotes.
    pub fn append(mut self, piece: &Sql) -> Self {
        let offset = self.values.len();
        self.text.push_str(&renumber(&piece.text, offset));
        self.values.extend(piece.values.iter().cloned());
        self.anew |= piece.anew;
        self
    }

    /// The same, planned anew each time it runs.
    pub fn planned_anew(mut self) -> Self {
        self.anew = true;
        self
    }
}

/// `name` as a quoted SQL identifier. A NUL byte cannot be part of one and is left out.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

/// `text` as a quoted SQL literal, for the few places where PostgreSQL takes no parameter (DDL, comments).
pub fn literal(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

fn renumber(text: &str, offset: usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut quoted: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        out.push(c);
        match (quoted, c) {
            (Some(q), c) if q == c => quoted = None,
            (None, '"' | '\'') => quoted = Some(c),
            (None, '$') => {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                if let Ok(n) = digits.parse::<usize>() {
                    out.push_str(&(n + offset).to_string());
                    rest = &rest[digits.len()..];
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_appended_with_its_placeholders_renumbered_and_quoted_text_left_alone() {
        let piece = Sql::new("x = ").bind(2i64).push(" AND ").ident("giá $1").push(" = '$1' AND y = ").bind("a");
        let sql = Sql::new("SELECT ").bind(true).push(" WHERE ").append(&piece);
        assert_eq!(sql.text, r#"SELECT $1 WHERE x = $2 AND "giá $1" = '$1' AND y = $3"#);
        assert_eq!(sql.values, vec![Value::Bool(true), Value::Int(2), Value::Text("a".into())]);
    }

    #[test]
    fn quotes_in_names_and_literals_are_doubled() {
        assert_eq!(ident(r#"a"b"#), r#""a""b""#);
        assert_eq!(literal("d'ự \\ án"), "E'd''ự \\\\ án'");
    }
}
