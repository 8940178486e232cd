//! The only place where SQL text runs: values are always bound.

use futures_util::Stream;
use futures_util::StreamExt;
use sqlx::postgres::{PgArguments, PgConnection, PgCopyIn, PgRow};
use sqlx::query::Query;
use sqlx::{Arguments, AssertSqlSafe, Executor, Postgres};

use crate::error::Result;
use crate::sql::{Sql, Value};

fn arguments(values: &[Value]) -> Result<PgArguments> {
    let mut args = PgArguments::default();
    for value in values {
        match value {
            Value::Bool(v) => args.add(v),
            Value::Int(v) => args.add(v),
            Value::Float(v) => args.add(v),
            Value::Text(v) => args.add(v),
            Value::Bytes(v) => args.add(v),
            Value::Json(v) => args.add(v),
            Value::Ints(v) => args.add(v),
            Value::Texts(v) => args.add(v),
            Value::Floats(v) => args.add(v),
            Value::Perhaps(v) => args.add(v),
            Value::Null => args.add(Option::<String>::None),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(args)
}

/// The text and its values, ready to run. sqlx keeps prepared statements by their text alone, with the types that the
/// first values had: a comment tells apart those whose values are of other types, a null among them.
fn ready(sql: Sql) -> Result<Query<'static, Postgres, PgArguments>> {
    let arguments = arguments(&sql.values)?;
    let kind = |value: &Value| match value {
        Value::Bool(_) => 'b',
        Value::Int(_) => 'i',
        Value::Float(_) => 'f',
        Value::Text(_) => 't',
        Value::Bytes(_) => 'y',
        Value::Json(_) => 'j',
        Value::Ints(_) => 'I',
        Value::Texts(_) => 'T',
        Value::Floats(_) => 'F',
        Value::Perhaps(_) => 'P',
        Value::Null => 'n',
    };
    let mut text = sql.text;
    if !sql.values.is_empty() {
        text.push_str(" --");
        text.extend(sql.values.iter().map(kind));
    }
    // A statement that is kept is planned for any values at all after a few runs.
    Ok(sqlx::query_with(AssertSqlSafe(text), arguments).persistent(!sql.anew))
}

pub async fn execute<'e>(on: impl Executor<'e, Database = Postgres>, sql: Sql) -> Result<u64> {
    Ok(ready(sql)?.execute(on).await?.rows_affected())
}

/// Several statements in one text, without values: DDL.
pub async fn script<'e>(on: impl Executor<'e, Database = Postgres>, text: impl Into<String>) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(text.into())).execute(on).await?;
    Ok(())
}

pub async fn all<'e>(on: impl Executor<'e, Database = Postgres>, sql: Sql) -> Result<Vec<PgRow>> {
    Ok(ready(sql)?.fetch_all(on).await?)
}

pub async fn one<'e>(on: impl Executor<'e, Database = Postgres>, sql: Sql) -> Result<PgRow> {
    Ok(ready(sql)?.fetch_one(on).await?)
}

pub async fn optional<'e>(on: impl Executor<'e, Database = Postgres>, sql: Sql) -> Result<Option<PgRow>> {
    Ok(ready(sql)?.fetch_optional(on).await?)
}

/// Rows as they arrive, for answers that are larger than memory should hold.
pub fn stream<'e>(
    on: impl Executor<'e, Database = Postgres> + 'e,
    sql: Sql,
) -> Result<impl Stream<Item = Result<PgRow>> + 'e> {
    Ok(ready(sql)?.fetch(on).map(|row| Ok(row?)))
}

/// A `COPY … FROM STDIN` on this connection, for the caller to feed and finish.
pub async fn copy_in(on: &mut PgConnection, statement: String) -> Result<PgCopyIn<&mut PgConnection>> {
    Ok(on.copy_in_raw(&statement).await?)
}

/// The bytes of a `COPY … TO STDOUT`.
pub async fn copy_out(on: &mut PgConnection, statement: String) -> Result<impl Stream<Item = Result<bytes::Bytes>>> {
    Ok(on.copy_out_raw(&statement).await?.map(|part| Ok(part?)))
}
