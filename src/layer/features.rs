//! Features as GeoJSON (RFC 7946), written from PostgreSQL's bytes: the geometry by `geojson`, the properties by `values`.

use std::pin::pin;

use futures_util::StreamExt;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{PgExecutor, Row};

use super::geojson::Pen;
use super::number;
use super::values::{self, Members, Value};
use super::{Cursor, Layer, Query, Selection, Sort};
use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::render;
use crate::geo::Crs;
use crate::schema::{FID, Field, GEOM, Kind};
use crate::sql::{Sql, ident, literal};

/// Nine decimals of a degree are a tenth of a millimetre.
pub const DECIMALS: u8 = 9;

/// How a FeatureCollection begins.
const HEAD: &[u8] = br#"{"type":"FeatureCollection","features":["#;

/// One page of features.
pub struct Page {
    /// The beginning of a FeatureCollection, whose array of features is still open.
    pub text: Vec<u8>,
    /// Where each Feature ends in the text.
    ends: Vec<usize>,
    /// The last feature, when there are more after it.
    pub next: Option<Cursor>,
}

impl Page {
    /// How many features it has.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The texts of the Features, with commas between them.
    pub fn list(&self) -> &str {
        str::from_utf8(&self.text[HEAD.len()..]).expect("made of texts")
    }

    /// The text of each Feature.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        let (list, before) = (self.list(), HEAD.len());
        let begins = std::iter::once(0).chain(self.ends.iter().map(move |end| end - before + 1));
        begins.zip(&self.ends).map(move |(begin, end)| &list[begin..end - before])
    }
}

/// What is asked of a layer: which features, what of them, in which order, from where on, how many.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub layer: &'a Layer,
    pub query: &'a Query,
    pub selection: &'a Selection,
    pub sort: &'a Sort,
    pub from: Start<'a>,
    pub limit: u32,
}

/// Where a page begins in its order.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    First,
    After(&'a Cursor),
    /// So many features later: each of them is counted, so that it costs the more the further it is.
    Offset(u64),
}

impl<'a> From<Option<&'a Cursor>> for Start<'a> {
    fn from(after: Option<&'a Cursor>) -> Start<'a> {
        after.map_or(Start::First, Start::After)
    }
}

/// A page of features.
pub async fn page(pool: &PgPool, ask: Ask<'_>) -> Result<Page> {
    let writer = Writer::new(ask.layer, ask.selection, 1 + ask.sort.values().len());
    let (mut text, mut ends) = (HEAD.to_vec(), Vec::new());
    let next = rows(pool, ask, &writer.columns, |row| {
        if !ends.is_empty() {
            text.push(b',');
        }
        writer.feature(row, &mut text)?;
        ends.push(text.len());
        Ok(())
    });
    let next = next.await?;
    Ok(Page { text, ends, next })
}

/// Hands on each row of `columns` (SQL over the table `t`), which begins with the id and the values of the order's keys.
/// Returns the last one when there are more after it.
pub(super) async fn rows(
    pool: &PgPool,
    ask: Ask<'_>,
    columns: &str,
    mut each: impl FnMut(&PgRow) -> Result<()>,
) -> Result<Option<Cursor>> {
    let Ask { layer, query, sort, .. } = ask;
    let limit = ask.limit as usize;
    let keys = sort.values();
    let key_columns: String = keys.iter().enumerate().map(|(n, key)| format!(", {key} AS k{n}")).collect();
    // What is written of a row is written once it is known to be of the page.
    let head = format!("SELECT {FID}{key_columns}, {columns} FROM (SELECT * FROM {} t WHERE ", layer.table());
    let filter = render(&query.filter, layer.srid);
    let (parts, skipped) = match ask.from {
        Start::First => (sort.parts(None), String::new()),
        Start::After(cursor) => (sort.parts(Some(cursor)), String::new()),
        Start::Offset(n) => (vec![(Sql::new("TRUE"), sort.order())], format!(" OFFSET {n}")),
    };
    let (mut read, mut last, mut more) = (0, None, false);
    for (condition, order) in parts {
        let missing = limit + 1 - read;
        let sql = Sql::new(&*head).append(&condition).push(" AND ").append(&filter);
        let sql = sql.push(&format!(" ORDER BY {order} LIMIT {missing}{skipped}) t ORDER BY {order}"));
        let mut rows = pin!(run::stream(pool, sql)?);
        while let Some(row) = rows.next().await {
            let row = row?;
            more = read == limit;
            if more {
                continue;
            }
            each(&row)?;
            read += 1;
            if read == limit {
                let values = (1..=keys.len()).map(|n| row.try_get(n)).collect::<Result<_, _>>()?;
                last = Some(Cursor::new(row.try_get(0)?, values));
            }
        }
        if more {
            break;
        }
    }
    Ok(last.filter(|_| more))
}

/// Writes rows as Features.
struct Writer<'a> {
    /// SQL over the table `t` of what it reads: the geometry, then each property.
    columns: String,
    /// Where the first of them is in a row.
    first: usize,
    fields: &'a [Field],
    members: Members,
    pen: Pen,
}

impl<'a> Writer<'a> {
    fn new(layer: &Layer, selection: &'a Selection, first: usize) -> Writer<'a> {
        let (pen, mut columns) = match layer.spatial().filter(|_| selection.geometry) {
            Some((_, srid)) => {
                let (pen, before) = Pen::new(srid, selection.crs);
                let there = before.map_or(format!("t.{GEOM}"), |srid| format!("ST_Transform(t.{GEOM}, {srid})"));
                (pen, format!("{there}::bytea"))
            }
            None => (Pen::new(4326, Crs::CRS84).0, "NULL::bytea".into()),
        };
        for field in &selection.fields {
            columns.push_str(", ");
            columns.push_str(&values::column(field));
        }
        Writer { columns, first, fields: &selection.fields, members: Members::of(&selection.fields), pen }
    }

    /// Adds the text of a Feature.
    fn feature(&self, row: &PgRow, out: &mut Vec<u8>) -> Result<()> {
        let fid: i64 = row.try_get(0)?;
        out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
        number::signed(out, fid);
        out.extend_from_slice(b",\"geometry\":");
        match values::bytes(row, self.first)? {
            Some(bytes) if self.pen.write(bytes, out) => {}
            Some(_) => return Err(Error::Internal(format!("the geometry of feature {fid} is no simple feature"))),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"properties\":");
        let places = (self.first + 1..).zip(self.fields);
        self.members.write(places.map(|(at, field)| Value::of(row, at, field.kind)), out)?;
        out.push(b'}');
        Ok(())
    }
}

/// One feature by its id: the text of a GeoJSON Feature, and the mark of its present state.
pub async fn one(
    on: impl PgExecutor<'_>,
    layer: &Layer,
    fid: i64,
    selection: &Selection,
) -> Result<Option<(String, String)>> {
    let writer = Writer::new(layer, selection, 2);
    let columns = &writer.columns;
    let sql = Sql::new(format!("SELECT {FID}, {STATE}, {columns} FROM {} t WHERE {FID} = ", layer.table())).bind(fid);
    let Some(row) = run::optional(on, sql).await? else { return Ok(None) };
    let mut out = Vec::new();
    writer.feature(&row, &mut out)?;
    Ok(Some((String::from_utf8(out).expect("made of texts"), row.try_get(1)?)))
}

/// SQL for the mark of a row's state: another after every change of the row, the same whatever happens to others. The
/// transaction that wrote the row tells apart what has the same content again.
pub const STATE: &str = "md5(t.xmin::text || ROW(t.*)::text)";

/// An SQL expression over the table `t` that gives the text of a whole Feature in CRS84. `extra` are further members: name
/// and an SQL expression of type json or text that is JSON.
pub fn feature(layer: &Layer, extra: &[(&str, &str)]) -> String {
    let geometry = match layer.spatial() {
        Some((_, srid)) => {
            let there = if srid == 4326 { format!("t.{GEOM}") } else { format!("ST_Transform(t.{GEOM}, 4326)") };
            // 0: without the member `crs`, which GeoJSON no longer has.
            format!("coalesce(ST_AsGeoJSON({there}, {}, 0), 'null')", Crs::CRS84.decimals())
        }
        None => "'null'".into(),
    };
    let extra: String = extra.iter().map(|(name, sql)| format!(" || ',\"{name}\":' || {sql}")).collect();
    format!(
        "('{{\"type\":\"Feature\",\"id\":' || t.{FID}{extra} || ',\"geometry\":' || {geometry} || ',\"properties\":' || {} || '}}')",
        properties(&layer.fields)
    )
}

/// SQL for the properties object over the table `t`. `row_to_json` is the fast way; PostgreSQL cuts aliases at 63 bytes, so an object with a longer
/// name is put together from its members.
pub fn properties(fields: &[Field]) -> String {
    if fields.is_empty() {
        return "'{}'".into();
    }
    if fields.iter().all(|f| f.name.len() <= 63 && !f.name.is_empty()) {
        let columns: Vec<String> = fields.iter().map(|f| format!("{} AS {}", value(f), ident(&f.name))).collect();
        return format!("(SELECT row_to_json(p.*)::text FROM (SELECT {}) p)", columns.join(", "));
    }
    let members: Vec<String> = fields
        .iter()
        .map(|f| {
            let name = serde_json::Value::from(f.name.as_str()).to_string();
            format!("{} || coalesce(to_json({})::text, 'null')", literal(&format!("{name}:")), value(f))
        })
        .collect();
    format!("('{{' || array_to_string(ARRAY[{}], ',') || '}}')", members.join(", "))
}

/// A column as JSON shows it: bytes in base64, everything else as PostgreSQL's own JSON.
fn value(field: &Field) -> String {
    let column = format!("t.{}", ident(&field.column));
    match field.kind {
        Kind::Bytes => format!("encode({column}, 'base64')"),
        _ => column,
    }
}
