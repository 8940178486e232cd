//! Values as SQL. What the layer's data can make fail (a division by zero, a root of a negative number) is null.

use super::super::function::What;
use super::super::instant::clock;
use super::super::{Arithmetic, Literal, Scalar, Sort};
use crate::schema::FID;
use crate::sql::Sql;

pub fn scalar(value: &Scalar) -> Sql {
    match value {
        Scalar::Field(field) => Sql::new("").ident(&field.column),
        Scalar::Fid => Sql::new(FID),
        Scalar::Literal(value) => literal(value),
        Scalar::Zoned(inner) => Sql::new("(").append(&scalar(inner)).push("::timestamp AT TIME ZONE 'UTC')"),
        Scalar::Arithmetic(arithmetic, a, b) => computed(*arithmetic, a, b),
        Scalar::Call(function, argument) => call(function.what, argument),
    }
}

/// The type is said always: connections keep prepared statements by their text, and the same text with a parameter of
/// another type would be another statement.
pub fn literal(value: &Literal) -> Sql {
    let sql = Sql::new("");
    match value {
        Literal::Bool(v) => sql.bind(*v).push("::boolean"),
        Literal::Int(v) => sql.bind(*v).push("::int8"),
        Literal::Float(v) => sql.bind(*v).push("::float8"),
        Literal::Single(v) => sql.bind(f64::from(*v)).push("::float4"),
        Literal::Text(v) => sql.bind(v).push("::text"),
        Literal::Date(v) => sql.bind(v.sql_date()).push("::date"),
        Literal::Timestamp(v) => sql.bind(v.sql_timestamp("")).push("::timestamp"),
        Literal::Timestamptz(v) => sql.bind(v.sql_timestamp("+00")).push("::timestamptz"),
        Literal::Time(v) => sql.bind(clock(*v)).push("::time"),
    }
}

/// A text with a collation: `C` for its order, ICU's root for case.
pub fn text(value: &Scalar, collation: &str) -> Sql {
    Sql::new("(").append(&scalar(value)).push(" COLLATE ").ident(collation).push(")")
}

/// The PostgreSQL type of a sort.
pub fn kind(sort: Sort) -> &'static str {
    match sort {
        Sort::Bool => "boolean",
        Sort::Int => "int8",
        Sort::Float => "float8",
        Sort::Text => "text",
        Sort::Date => "date",
        Sort::Timestamp => "timestamp",
        Sort::Timestamptz => "timestamptz",
        Sort::Time => "time",
    }
}

/// A number as `int8` or `float8`: smaller types would overflow sooner.
fn number(value: &Scalar, sort: Sort) -> Sql {
    let sql = scalar(value);
    match value {
        Scalar::Literal(Literal::Int(_)) | Scalar::Arithmetic(..) | Scalar::Fid if value.sort() == sort => sql,
        Scalar::Literal(Literal::Float(_)) => sql,
        _ => sql.push("::").push(kind(sort)),
    }
}

fn computed(arithmetic: Arithmetic, a: &Scalar, b: &Scalar) -> Sql {
    use Arithmetic::*;
    let whole = a.sort() == Sort::Int && b.sort() == Sort::Int && !matches!(arithmetic, Divide | Power);
    let sort = if whole { Sort::Int } else { Sort::Float };
    let (a, b) = (number(a, sort), number(b, sort));
    let between = |open: &str, sign: &str, close: &str| Sql::new(open).append(&a).push(sign).append(&b).push(close);
    // What is needed twice is computed once: `OFFSET 0` keeps the planner from putting it in twice again.
    let twice = |what: &str| {
        Sql::new(format!("(SELECT {what} FROM (SELECT "))
            .append(&a)
            .push(" AS x, ")
            .append(&b)
            .push(" AS y OFFSET 0) q)")
    };
    match arithmetic {
        Add => between("(", " + ", ")"),
        Subtract => between("(", " - ", ")"),
        Multiply => between("(", " * ", ")"),
        Divide => between("(", " / NULLIF(", ", 0))"),
        Modulo if whole => between("(", " % NULLIF(", ", 0))"),
        IntegerDivide if whole => between("(", " / NULLIF(", ", 0))"),
        IntegerDivide => between("trunc(", " / NULLIF(", ", 0))"),
        Modulo => twice("x - y * trunc(x / NULLIF(y, 0))"),
        Power => twice("CASE WHEN (x = 0 AND y < 0) OR (x < 0 AND y <> trunc(y)) THEN NULL ELSE power(x, y) END"),
    }
}

fn call(what: What, argument: &Scalar) -> Sql {
    let wrap = |open: &str, inner: Sql, close: &str| Sql::new(open).append(&inner).push(close);
    // The root collation of ICU knows the case of every letter; the result has the collation that sorts.
    let cased = || text(argument, "und-x-icu");
    let whole = argument.sort() == Sort::Int;
    match what {
        What::CaseI => wrap("(replace(lower((upper(", cased(), ") COLLATE \"und-x-icu\")), 'ς', 'σ') COLLATE \"C\")"),
        What::AccentI => {
            let marks = "'[\\u0300-\\u036f]'";
            let close = format!(", NFD), {marks}, '', 'g'), 'đĐ', 'dD') COLLATE \"C\")");
            wrap("(translate(regexp_replace(normalize(", text(argument, "C"), &close)
        }
        What::Lower => wrap("(lower(", cased(), ") COLLATE \"C\")"),
        What::Upper => wrap("(upper(", cased(), ") COLLATE \"C\")"),
        What::Trim => wrap("btrim(", scalar(argument), ")"),
        What::Length => wrap("char_length(", scalar(argument), ")::int8"),
        What::Abs => wrap("abs(", number(argument, argument.sort()), ")"),
        What::Round | What::Floor | What::Ceil if whole => scalar(argument),
        What::Round => wrap("round(", number(argument, Sort::Float), ")"),
        What::Floor => wrap("floor(", number(argument, Sort::Float), ")"),
        What::Ceil => wrap("ceil(", number(argument, Sort::Float), ")"),
        What::Year => wrap("extract(year FROM ", utc(argument), ")::int8"),
        What::Month => wrap("extract(month FROM ", utc(argument), ")::int8"),
        What::Day => wrap("extract(day FROM ", utc(argument), ")::int8"),
    }
}

/// A moment as the calendar of UTC shows it, whatever the session's zone; null when it is infinite.
fn utc(value: &Scalar) -> Sql {
    let zone = if value.sort() == Sort::Timestamptz { " AT TIME ZONE 'UTC'" } else { "" };
    Sql::new("NULLIF(NULLIF((").append(&scalar(value)).push(zone).push(")::timestamp, 'infinity'), '-infinity')")
}
