//! Features as GeoJSON (RFC 7946). PostgreSQL writes the properties, whose text is handed on unparsed; the geometry of pages is
//! written from its bytes (`geojson`).

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{PgExecutor, Row};

use super::geojson::Pen;
use super::number;
use super::{Cursor, Layer, Query, Selection, Sort};
use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::render;
use crate::geo::Crs;
use crate::schema::{FID, Field, GEOM, Kind};
use crate::sql::{Sql, ident, literal};

/// Nine decimals of a degree are a tenth of a millimetre.
pub const DECIMALS: u8 = 9;

/// One page of features, each the text of a GeoJSON Feature.
pub struct Page {
    pub features: Vec<String>,
    /// The last feature, when there are more after it.
    pub next: Option<Cursor>,
}

/// At most `limit` features in the order of `sort`, after a feature in that order.
pub async fn page(
    pool: &PgPool,
    layer: &Layer,
    query: &Query,
    selection: &Selection,
    sort: &Sort,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<Page> {
    let from = after.map_or(Start::First, Start::After);
    page_from(pool, layer, query, selection, sort, from, limit).await
}

/// Where a page begins in its order.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    First,
    After(&'a Cursor),
    /// So many features later: each of them is counted, so that it costs the more the further it is.
    Offset(u64),
}

/// The same from anywhere.
pub async fn page_from(
    pool: &PgPool,
    layer: &Layer,
    query: &Query,
    selection: &Selection,
    sort: &Sort,
    from: Start<'_>,
    limit: u32,
) -> Result<Page> {
    let (pen, geometry) = drawn(layer, selection);
    let columns = format!("{geometry} AS geometry, {} AS properties", properties(&selection.fields));
    let (rows, next) = rows(pool, layer, query, &columns, sort, from, limit).await?;
    let features = rows.iter().map(|row| joined(row, pen)).collect::<Result<_>>()?;
    Ok(Page { features, next })
}

/// Rows of `columns` (SQL over the table `t`), with the id, and the last one when there are more after it.
pub(super) async fn rows(
    pool: &PgPool,
    layer: &Layer,
    query: &Query,
    columns: &str,
    sort: &Sort,
    from: Start<'_>,
    limit: u32,
) -> Result<(Vec<PgRow>, Option<Cursor>)> {
    let limit = limit as usize;
    let keys = sort.values();
    let key_columns: String = keys.iter().enumerate().map(|(n, key)| format!(", {key} AS k{n}")).collect();
    // What is written of a row is written once it is known to be of the page.
    let head = format!("SELECT {FID}{key_columns}, {columns} FROM (SELECT * FROM {} t WHERE ", layer.table());
    let filter = render(&query.filter, layer.srid);
    let (parts, skipped) = match from {
        Start::First => (sort.parts(None), String::new()),
        Start::After(cursor) => (sort.parts(Some(cursor)), String::new()),
        Start::Offset(n) => (vec![(Sql::new("TRUE"), sort.order())], format!(" OFFSET {n}")),
    };
    let mut rows = Vec::new();
    for (condition, order) in parts {
        let missing = limit + 1 - rows.len();
        let sql = Sql::new(&*head).append(&condition).push(" AND ").append(&filter);
        let sql = sql.push(&format!(" ORDER BY {order} LIMIT {missing}{skipped}) t ORDER BY {order}"));
        rows.extend(run::all(pool, sql).await?);
        if rows.len() > limit {
            break;
        }
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(last) if more => {
            let values = (0..keys.len()).map(|n| last.try_get(format!("k{n}").as_str())).collect::<Result<_, _>>()?;
            Some(Cursor::new(last.try_get(FID)?, values))
        }
        _ => None,
    };
    Ok((rows, next))
}

/// The pen for a layer's geometry, and SQL of its bytes over the table `t`.
fn drawn(layer: &Layer, selection: &Selection) -> (Pen, String) {
    match layer.spatial().filter(|_| selection.geometry) {
        Some((_, srid)) => {
            let (pen, first) = Pen::new(srid, selection.crs);
            let there = first.map_or(format!("t.{GEOM}"), |srid| format!("ST_Transform(t.{GEOM}, {srid})"));
            (pen, format!("{there}::bytea"))
        }
        None => (Pen::new(4326, Crs::CRS84).0, "NULL::bytea".into()),
    }
}

/// The text of a Feature from a row of its id, geometry and properties.
fn joined(row: &PgRow, pen: Pen) -> Result<String> {
    let (fid, properties): (i64, &str) = (row.try_get(FID)?, row.try_get("properties")?);
    let geometry: Option<&[u8]> = row.try_get("geometry")?;
    // Two decimal numbers take about as much as they do in binary, one and a half times.
    let mut out = Vec::with_capacity(properties.len() + geometry.map_or(0, |g| g.len() * 3 / 2) + 80);
    out.extend_from_slice(b"{\"type\":\"Feature\",\"id\":");
    number::signed(&mut out, fid);
    out.extend_from_slice(b",\"geometry\":");
    match geometry {
        Some(bytes) if pen.write(bytes, &mut out) => {}
        Some(_) => return Err(Error::Internal(format!("the geometry of feature {fid} is no simple feature"))),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"properties\":");
    out.extend_from_slice(properties.as_bytes());
    out.push(b'}');
    String::from_utf8(out).map_err(|e| Error::Internal(e.to_string()))
}

/// One feature by its id: the text of a GeoJSON Feature, and the mark of its present state.
pub async fn one(
    on: impl PgExecutor<'_>,
    layer: &Layer,
    fid: i64,
    selection: &Selection,
) -> Result<Option<(String, String)>> {
    let (pen, geometry) = drawn(layer, selection);
    let sql = Sql::new(format!(
        "SELECT {FID}, {geometry} AS geometry, {} AS properties, {STATE} AS state FROM {} t WHERE {FID} = ",
        properties(&selection.fields),
        layer.table()
    ))
    .bind(fid);
    match run::optional(on, sql).await? {
        Some(row) => Ok(Some((joined(&row, pen)?, row.try_get("state")?))),
        None => Ok(None),
    }
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
