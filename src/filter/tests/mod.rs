//! CQL2 as its standard has it, on a layer of this house.

mod classes; // every conformance class: what is bound, what is asked
mod faults; // what is wrong, and where
mod memory; // in memory
mod noise; // nothing makes it panic

use super::{Expr, Fault, Lang, parse, render};
use crate::geo::Crs;
use crate::schema::{Field, Kind};
use crate::sql::Value;

fn fields() -> Vec<Field> {
    let all = [
        ("maDat", Kind::Text),
        ("Mã đất", Kind::Text),
        ("tên", Kind::Text),
        ("so", Kind::Int4),
        ("dienTich", Kind::Float8),
        ("gia", Kind::Float4),
        ("chinh", Kind::Bool),
        ("ngay", Kind::Date),
        ("gio", Kind::Time),
        ("tu", Kind::Timestamp),
        ("den", Kind::Timestamp),
        ("sua", Kind::Timestamptz),
        ("the", Kind::TextList),
        ("ids", Kind::Int4List),
        ("them", Kind::Json),
        ("eo:cloud_cover", Kind::Float8),
    ];
    all.map(|(name, kind)| Field { name: name.into(), column: name.into(), kind, title: None, domain: Vec::new() })
        .into()
}

fn text(text: &str) -> Result<Expr, Fault> {
    parse(text, Lang::Text, &fields(), true, Crs::CRS84)
}

fn json(text: &str) -> Result<Expr, Fault> {
    parse(text, Lang::Json, &fields(), true, Crs::CRS84)
}

/// The SQL of a filter in text on a layer in degrees.
fn sql(filter: &str) -> String {
    let expr = text(filter).unwrap_or_else(|e| panic!("{filter}: {e}"));
    plain(&render(&expr, Some(4326)).text)
}

/// Without the types of placeholders, so that expectations can be read; `a_placeholder_says_its_type` reads those.
fn plain(sql: &str) -> String {
    let mut parts = sql.split('$');
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        let types = ["::int8[]", "::float8[]", "::text[]", "::int8", "::float8", "::text", "::boolean"];
        let rest = types.iter().find_map(|t| rest.strip_prefix(t)).unwrap_or(rest);
        out.push_str(&format!("${number}{rest}"));
    }
    out
}

fn bound(filter: &str) -> Vec<Value> {
    render(&text(filter).unwrap_or_else(|e| panic!("{filter}: {e}")), Some(4326)).values
}
