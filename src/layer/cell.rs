//! A property as its column takes it. What JSON says is checked against the field's kind here, and kept letter by letter:
//! a number goes to PostgreSQL as it was written.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::filter::{Instant, time};
use crate::schema::{Field, Kind};

/// The text that PostgreSQL reads as the field's type; none: null.
pub type Cell = Option<String>;

/// The members of a JSON object in their order, values unread; a name given twice is an error.
pub struct Members<'a>(pub Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut all, mut seen) = (Vec::new(), HashSet::new());
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if !seen.insert(name.clone()) {
                        let short = super::catalog::shorten(&name);
                        return Err(A::Error::custom(format!("`{short}` is given twice")));
                    }
                    all.push((name, value));
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(Reader).map(Members)
    }
}

/// The value as the field's column takes it; the message says what the field takes.
pub fn cell(field: &Field, raw: &RawValue) -> Result<Cell, String> {
    let raw = raw.get().trim();
    if raw == "null" {
        return Ok(None);
    }
    let takes = || format!("{} where the field takes {}", what(raw), wanted(field.kind));
    let text = || string(raw)?.ok_or_else(takes);
    Ok(Some(match field.kind {
        Kind::Json => json(raw)?,
        Kind::Text => text()?,
        Kind::Bytes => base64(&text()?).ok_or("the text is not base64 (RFC 4648, 4)")?,
        Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz => {
            moment(field.kind, &text()?).ok_or_else(|| format!("not {}", wanted(field.kind)))?
        }
        Kind::Bool | Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8 => {
            number(field.kind, raw)?.ok_or_else(takes)?.into_owned()
        }
        Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => list(field.kind, raw, takes)?,
    }))
}

/// SQL that reads `column`, a text made by [`cell`], as a value of this kind.
pub fn cast(kind: Kind, column: &str) -> String {
    match kind {
        Kind::Bytes => format!("decode({column}, 'base64')"),
        Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => {
            let one = kind.sql().trim_end_matches("[]");
            format!(
                "CASE WHEN {column} IS NOT NULL THEN ARRAY(SELECT v::{one} FROM json_array_elements_text({column}::json) WITH ORDINALITY AS e(v, o) ORDER BY o) END"
            )
        }
        _ => format!("{column}::{}", kind.sql()),
    }
}

fn what(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "`true` or `false`",
        Kind::Int2 => "a whole number from -32768 to 32767",
        Kind::Int4 => "a whole number from -2147483648 to 2147483647",
        Kind::Int8 => "a whole number of at most 64 bits",
        Kind::Float4 => "a number that single precision can hold",
        Kind::Float8 => "a number that double precision can hold",
        Kind::Text => "a text",
        Kind::Json => "any JSON",
        Kind::Date => "a date such as `2026-01-31`",
        Kind::Time => "a time such as `08:30:00`",
        Kind::Timestamp | Kind::Timestamptz => "a time such as `2026-01-31T08:30:00Z`",
        Kind::Bytes => "a text in base64",
        Kind::Int4List | Kind::Int8List => "a list of whole numbers",
        Kind::Float8List => "a list of numbers",
        Kind::TextList => "a list of texts",
    }
}

/// The text of a JSON string; none for another value.
fn string(raw: &str) -> Result<Option<String>, String> {
    if !raw.starts_with('"') {
        return Ok(None);
    }
    let text: String = serde_json::from_str(raw).map_err(|_| "the text has half of a surrogate pair".to_string())?;
    if text.contains('\0') {
        Err("the text holds a NUL character, which no data here can contain".into())
    } else {
        Ok(Some(text))
    }
}

/// A number or a truth value within the range of its kind; none for another value.
fn number(kind: Kind, raw: &str) -> Result<Option<Cow<'_, str>>, String> {
    let range = || format!("not {}", wanted(kind));
    if kind == Kind::Bool {
        return Ok(matches!(raw, "true" | "false").then_some(Cow::Borrowed(raw)));
    }
    if !raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(None);
    }
    let value: f64 = raw.parse().map_err(|_| range())?;
    let most = match kind {
        Kind::Int2 => i64::from(i16::MAX),
        Kind::Int4 => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    if matches!(kind, Kind::Float4 | Kind::Float8) {
        let mantissa = raw.split(['e', 'E']).next().unwrap_or_default();
        let zero = mantissa.bytes().all(|b| !b.is_ascii_digit() || b == b'0');
        let held = if kind == Kind::Float4 { f64::from(value as f32) } else { value };
        return if held.is_finite() && (held != 0.0 || zero) { Ok(Some(Cow::Borrowed(raw))) } else { Err(range()) };
    }
    let whole = match raw.parse::<i64>() {
        Ok(n) => n,
        // `5.0` and `1e3` are whole numbers too, as long as a double holds every one of them.
        Err(_) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => value as i64,
        Err(_) => return Err(range()),
    };
    if (-most - 1..=most).contains(&whole) { Ok(Some(Cow::Owned(whole.to_string()))) } else { Err(range()) }
}

/// A moment as answers show it, or as RFC 3339 has it. What has a zone keeps its instant: where the field has none, it is
/// the time in UTC.
fn moment(kind: Kind, text: &str) -> Option<String> {
    // Infinity, years before our era or of five figures: as PostgreSQL prints them, which then reads them.
    let rare = text.trim_start_matches('-') == "infinity" || text.ends_with(" BC") || {
        let year = text.split('-').next().unwrap_or_default();
        (5..=6).contains(&year.len()) && year.bytes().all(|b| b.is_ascii_digit())
    };
    match kind {
        Kind::Time => time(text).map(|_| text.to_string()),
        _ if rare => Instant::printed(text).map(|_| text.to_string()),
        Kind::Date => Instant::date(text).map(Instant::sql_date),
        Kind::Timestamp => Instant::timestamp(text).map(|i| i.sql_timestamp("")),
        _ => Instant::timestamp(text).map(|i| i.sql_timestamp("+00")),
    }
}

fn base64(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let body = clean.trim_end_matches('=');
    let good = clean.len().is_multiple_of(4)
        && clean.len() - body.len() <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    good.then_some(clean)
}

/// A list whose items are of the kind, or null.
fn list(kind: Kind, raw: &str, takes: impl Fn() -> String) -> Result<String, String> {
    if !raw.starts_with('[') {
        return Err(takes());
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|e| e.to_string())?;
    let mut out = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let item = item.get();
        let good = match kind {
            _ if item == "null" => Some(item.to_string()),
            Kind::TextList => string(item)?.map(|t| serde_json::Value::from(t).to_string()),
            Kind::Int4List => number(Kind::Int4, item)?.map(Cow::into_owned),
            Kind::Int8List => number(Kind::Int8, item)?.map(Cow::into_owned),
            _ => number(Kind::Float8, item)?.map(Cow::into_owned),
        };
        out.push(good.ok_or_else(|| format!("item {n} is {} where the field takes {}", what(item), wanted(kind)))?);
    }
    Ok(format!("[{}]", out.join(",")))
}

/// Any JSON, letter by letter; nothing nested deeper than the reader goes, and no NUL.
fn json(raw: &str) -> Result<String, String> {
    fn holds_nul(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::String(s) => s.contains('\0'),
            serde_json::Value::Array(all) => all.iter().any(holds_nul),
            serde_json::Value::Object(all) => all.iter().any(|(k, v)| k.contains('\0') || holds_nul(v)),
            _ => false,
        }
    }
    let value: serde_json::Value = serde_json::from_str(raw).map_err(|e| format!("cannot be kept: {e}"))?;
    if holds_nul(&value) {
        return Err("a text in it holds a NUL character, which no data here can contain".into());
    }
    Ok(raw.to_string())
}

/// The JSON value after a merge patch (RFC 7396): null removes a member, an object merges, everything else replaces.
/// What the patch does not touch stays letter by letter.
pub fn merged(present: Option<&str>, patch: &str) -> String {
    let Ok(patch_members) = serde_json::from_str::<Members>(patch) else { return patch.to_string() };
    let present = present.and_then(|p| serde_json::from_str::<Members>(p).ok());
    let mut members: Vec<(String, String)> =
        present.map_or(Vec::new(), |m| m.0.into_iter().map(|(n, v)| (n, v.get().to_string())).collect());
    for (name, value) in patch_members.0 {
        let at = members.iter().position(|(n, _)| *n == name);
        match (value.get(), at) {
            ("null", Some(at)) => drop(members.remove(at)),
            ("null", None) => {}
            (value, Some(at)) => members[at].1 = merged(Some(&members[at].1), value),
            (value, None) => members.push((name, merged(None, value))),
        }
    }
    let text: Vec<String> =
        members.iter().map(|(n, v)| format!("{}:{v}", serde_json::Value::from(n.as_str()))).collect();
    format!("{{{}}}", text.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, json: &str) -> Result<Cell, String> {
        let field = Field { name: "x".into(), column: "x".into(), kind, title: None, domain: Vec::new() };
        cell(&field, serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_value_of_the_fields_kind_is_kept_letter_by_letter() {
        for (kind, json, text) in [
            (Kind::Int8, "9007199254740993", "9007199254740993"),
            (Kind::Int8, "-9223372036854775808", "-9223372036854775808"),
            (Kind::Int4, "5.0", "5"),
            (Kind::Int4, "1e3", "1000"),
            (Kind::Float8, "0.10000000000000000555", "0.10000000000000000555"),
            (Kind::Float8, "-0.0e-999", "-0.0e-999"),
            (Kind::Text, r#""Đ\u1ea5t""#, "Đất"),
            (Kind::Date, r#""2024-02-29""#, "2024-02-29"),
            (Kind::Timestamp, r#""2026-01-31T07:00:00+07:00""#, "2026-01-31 00:00:00"),
            (Kind::Timestamptz, r#""2026-01-31T07:00:00.5+07:00""#, "2026-01-31 00:00:00.500000+00"),
            (Kind::Json, r#"{"b": 1.50, "a":[2]}"#, r#"{"b": 1.50, "a":[2]}"#),
            (Kind::TextList, r#"["một", null]"#, r#"["một",null]"#),
            (Kind::Bytes, r#""AP8=""#, "AP8="),
        ] {
            assert_eq!(read(kind, json), Ok(Some(text.to_string())), "{json}");
        }
        assert_eq!(read(Kind::Text, "null"), Ok(None));
    }

    #[test]
    fn a_value_that_the_column_would_lose_is_refused() {
        for (kind, json) in [
            (Kind::Int2, "32768"),
            (Kind::Int4, "1.5"),
            (Kind::Int8, "9223372036854775808"),
            (Kind::Int8, "1e400"),
            (Kind::Float8, "1e400"),
            (Kind::Float8, "1e-400"),
            (Kind::Float4, "1e39"),
            (Kind::Float8, "\"1\""),
            (Kind::Bool, "1"),
            (Kind::Text, "5"),
            (Kind::Text, r#""a\u0000b""#),
            (Kind::Text, r#""\ud800""#),
            (Kind::Date, r#""2026-02-30""#),
            (Kind::Date, r#""hôm qua""#),
            (Kind::Timestamp, r#""2026-01-31""#),
            (Kind::Time, r#""25:00:00""#),
            (Kind::Bytes, r#""A""#),
            (Kind::Int4List, "[1, \"2\"]"),
            (Kind::Json, r#"{"a": "\u0000"}"#),
        ] {
            assert!(read(kind, json).is_err(), "{kind:?} {json}");
        }
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        assert!(read(Kind::Json, &deep).is_err());
    }

    #[test]
    fn a_merge_patch_does_what_the_examples_of_rfc_7396_say() {
        for (present, patch, after) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":1.50}"#, r#"{"a":1}"#, r#"{"e":1.50,"a":1}"#),
            (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merged(Some(present), patch), after);
        }
    }
}
