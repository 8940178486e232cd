//! In which order features come, and where a page goes on. Paging is by key: what is asked for is what comes after the
//! last feature, so that edits shift nothing and the last page costs what the first does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Layer;
use super::catalog::shorten;
use super::selection::{is_id, list, unknown};
use crate::schema::{FID, Field, Kind};
use crate::sql::{Sql, ident};

/// More keys than this make no difference to anybody, and a long statement.
const MOST_KEYS: usize = 8;
/// Texts are ordered by so many letters: a cursor, which carries them, must fit into an address.
const LETTERS: usize = 100;
/// Where texts stand for people who read Vietnamese: ă after a, đ after d, tones after letters, case last (CLDR `vi`).
const COLLATION: &str = "\"vi-x-icu\"";

/// The order of an answer: by the keys, then by id. No keys: by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sort {
    pub keys: Vec<Key>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub by: By,
    pub descending: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum By {
    Field(Field),
    Fid,
}

/// Whether there is an order of the values of a kind.
pub fn sortable(kind: Kind) -> bool {
    use Kind::*;
    !matches!(kind, Json | Bytes | Int4List | Int8List | Float8List | TextList)
}

impl Sort {
    /// `a,-b`: by `a`, then by `b` descending; `+` is ascending as nothing is (and a space, which it becomes in an
    /// address). The message says which key is wrong.
    pub fn parse(layer: &Layer, text: &str) -> Result<Sort, String> {
        let mut keys: Vec<Key> = Vec::new();
        let mut signs = Vec::new();
        let mut bare = Vec::new();
        for part in split(text) {
            let part = part.trim_start();
            let (name, descending) = match part.strip_prefix('-') {
                Some(name) => (name, true),
                None => (part.strip_prefix('+').unwrap_or(part), false),
            };
            signs.push(descending);
            bare.push(name);
        }
        let names = list(&bare.join(","))?;
        if names.len() > MOST_KEYS {
            return Err(format!("{} keys; at most {MOST_KEYS} make an order", names.len()));
        }
        for (name, descending) in names.iter().zip(signs) {
            let by = match layer.field(name) {
                Some(field) if sortable(field.kind) => By::Field(field.clone()),
                Some(_) => return Err(format!("field `{name}` holds values that have no order")),
                None if is_id(layer, name) => By::Fid,
                None => return Err(unknown(layer, name)),
            };
            let last = by == By::Fid;
            keys.push(Key { by, descending });
            if last {
                // No two features have the same id: what comes after it decides nothing.
                break;
            }
        }
        Ok(Sort { keys })
    }

    /// SQL after `ORDER BY`, over the table `t`. What has no value stands last in either direction.
    pub fn order(&self) -> String {
        order(&self.keys, 0, false)
    }

    /// SQL of the keys' values as a cursor carries them, over the table `t`.
    pub(super) fn values(&self) -> Vec<String> {
        self.fields().map(|(field, _)| format!("({})::text", expression(field))).collect()
    }

    /// The parts of the order that lie after a cursor, one after the other: a condition and an order within. The features
    /// without a value of the first key are a part of their own, so that an index on it serves both.
    pub fn parts(&self, after: Option<&Cursor>) -> Vec<(Sql, String)> {
        let Some(Key { by: By::Field(first), .. }) = self.keys.first() else {
            return vec![(after.map_or(Sql::new("TRUE"), |c| beyond(&self.keys, c, 0)), self.order())];
        };
        let first = expression(first);
        let some = |condition: Sql| {
            (Sql::new(format!("{first} IS NOT NULL AND ")).append(&condition), order(&self.keys, 0, true))
        };
        let none = |condition: Sql| {
            (Sql::new(format!("{first} IS NULL AND ")).append(&condition), order(&self.keys, 1, false))
        };
        match after {
            None => vec![some(Sql::new("TRUE")), none(Sql::new("TRUE"))],
            Some(c) if c.values[0].is_some() => vec![some(beyond(&self.keys, c, 0)), none(Sql::new("TRUE"))],
            Some(c) => vec![none(beyond(&self.keys, c, 1))],
        }
    }

    fn fields(&self) -> impl Iterator<Item = (&Field, bool)> {
        self.keys.iter().filter_map(|k| match &k.by {
            By::Field(field) => Some((field, k.descending)),
            By::Fid => None,
        })
    }

    /// A mark that no other order has, but by chance.
    fn mark(&self) -> u32 {
        let text: String = self.keys.iter().map(|k| format!("{k:?}")).collect();
        xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32
    }
}

/// A feature in an order, as a page that goes on after it is asked for: its id, and its values of the keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    fid: i64,
    values: Vec<Option<String>>,
}

impl Cursor {
    pub(super) fn new(fid: i64, values: Vec<Option<String>>) -> Cursor {
        Cursor { fid, values }
    }

    /// As an address carries it: the id alone where that is the order.
    pub fn write(&self, sort: &Sort) -> String {
        match sort.fields().next() {
            None => self.fid.to_string(),
            Some(_) => URL_SAFE_NO_PAD.encode(serde_json::json!([sort.mark(), self.fid, self.values]).to_string()),
        }
    }

    /// Reads what an address carries; nothing in it is trusted. The message says what is wrong.
    pub fn parse(sort: &Sort, text: &str) -> Result<Cursor, String> {
        let fields: Vec<&Field> = sort.fields().map(|(field, _)| field).collect();
        if fields.is_empty() {
            let fid = text.trim().parse().map_err(|_| format!("`{}` is not the id of a feature", shorten(text)))?;
            return Ok(Cursor { fid, values: Vec::new() });
        }
        let wrong = || format!("`{}` is not a place in this order; take it from a `next` link", shorten(text));
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let read: Result<(u32, i64, Vec<Option<String>>), _> = serde_json::from_slice(&bytes);
        let (mark, fid, values) = read.map_err(|_| wrong())?;
        if mark != sort.mark() || values.len() != fields.len() {
            return Err(format!(
                "`{}` is a place in another order; follow `next` with its own `sortby`",
                shorten(text)
            ));
        }
        let plausible =
            |value: &Option<String>| value.as_ref().is_none_or(|v| v.chars().count() <= LETTERS && !v.contains('\0'));
        if values.iter().all(plausible) { Ok(Cursor { fid, values }) } else { Err(wrong()) }
    }
}

/// The text between commas that are not in quotes.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// What is ordered: SQL over the table `t`.
fn expression(field: &Field) -> String {
    ordered(field, format!("t.{}", ident(&field.column)))
}

/// The same in the words of an index of the layer's table.
pub(super) fn indexed(field: &Field) -> String {
    ordered(field, ident(&field.column))
}

fn ordered(field: &Field, column: String) -> String {
    match field.kind {
        Kind::Text => format!("left({column}, {LETTERS}) COLLATE {COLLATION}"),
        _ => column,
    }
}

/// The order by the keys from the `from`th on. `has_values` says that this one is never null, so that an index which is
/// read backwards has this order.
fn order(keys: &[Key], from: usize, has_values: bool) -> String {
    let mut terms = Vec::new();
    for (n, key) in keys.iter().enumerate().skip(from) {
        let direction = if key.descending { " DESC" } else { "" };
        match &key.by {
            By::Fid => {
                terms.push(format!("t.{FID}{direction}"));
                return terms.join(", ");
            }
            By::Field(field) if n == from && has_values => terms.push(format!("{}{direction}", expression(field))),
            By::Field(field) => terms.push(format!("{}{direction} NULLS LAST", expression(field))),
        }
    }
    // The same direction as the last key: one index has both.
    let direction = if keys.last().is_some_and(|k| k.descending) { " DESC" } else { "" };
    terms.push(format!("t.{FID}{direction}"));
    terms.join(", ")
}

/// The condition of what comes after the cursor by the keys from the `n`th on, where those before are equal.
fn beyond(keys: &[Key], after: &Cursor, n: usize) -> Sql {
    let sign = |descending: bool| if descending { "<" } else { ">" };
    let Some(Key { by: By::Field(field), descending }) = keys.get(n) else {
        let descending = keys.last().is_some_and(|k| k.descending);
        return Sql::new(format!("t.{FID} {} ", sign(descending))).bind(after.fid);
    };
    let (column, rest) = (expression(field), beyond(keys, after, n + 1));
    let Some(value) = &after.values[n] else {
        return Sql::new(format!("({column} IS NULL AND ")).append(&rest).push(")");
    };
    let value = match field.kind {
        Kind::Text => Sql::new("").bind(value).push(&format!("::text COLLATE {COLLATION}")),
        kind => Sql::new("").bind(value).push(&format!("::text::{}", kind.sql())),
    };
    let sign = sign(*descending);
    // The first part is what an index can look for.
    let some = Sql::new(format!("({column} {sign}= ")).append(&value);
    let some = some.push(&format!(" AND ({column} {sign} ")).append(&value).push(" OR ").append(&rest).push("))");
    if n == 0 { some } else { Sql::new(format!("({column} IS NULL OR ")).append(&some).push(")") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, kind: Kind, descending: bool) -> Key {
        let field = Field { name: name.into(), column: name.into(), kind, title: None, domain: Vec::new() };
        Key { by: By::Field(field), descending }
    }

    #[test]
    fn a_cursor_is_read_in_its_own_order_only() {
        let sort = Sort { keys: vec![key("a", Kind::Int4, false), key("b", Kind::Text, true)] };
        let cursor = Cursor::new(7, vec![Some("5".into()), None]);
        let text = cursor.write(&sort);
        assert_eq!(Cursor::parse(&sort, &text), Ok(cursor));
        let other = Sort { keys: vec![key("a", Kind::Int4, true), key("b", Kind::Text, true)] };
        assert!(Cursor::parse(&other, &text).unwrap_err().contains("another order"));
        for bad in ["", "7", "W10", "%", &text[1..], &format!("{text}AA")] {
            assert!(Cursor::parse(&sort, bad).is_err(), "{bad}");
        }
        assert_eq!(Cursor::parse(&Sort::default(), "7"), Ok(Cursor::new(7, Vec::new())));
        assert!(Cursor::parse(&Sort::default(), "7.5").is_err());
    }

    #[test]
    fn an_order_has_a_part_with_values_and_a_part_without() {
        let sort = Sort { keys: vec![key("a", Kind::Int4, true)] };
        assert_eq!(sort.order(), r#"t."a" DESC NULLS LAST, t.fid DESC"#);
        let parts = sort.parts(Some(&Cursor::new(7, vec![Some("5".into())])));
        assert_eq!(
            parts[0].0.text,
            r#"t."a" IS NOT NULL AND (t."a" <= $1::text::int4 AND (t."a" < $2::text::int4 OR t.fid < $3))"#
        );
        assert_eq!((parts[0].1.as_str(), parts[1].1.as_str()), (r#"t."a" DESC, t.fid DESC"#, "t.fid DESC"));
    }
}
