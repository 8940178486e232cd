//! Features as GeoJSON (RFC 7946). PostgreSQL writes each Feature; its text is handed on unparsed.

use sqlx::postgres::PgPool;
use sqlx::{PgExecutor, Row};

use super::{Layer, Query};
use crate::db::run;
use crate::error::Result;
use crate::filter::{Expr, render};
use crate::geo::Crs;
use crate::schema::{FID, Field, GEOM, Kind};
use crate::sql::{Sql, ident, literal};

/// Nine decimals of a degree are a tenth of a millimetre.
pub const DECIMALS: u8 = 9;

/// One page of features, each the text of a GeoJSON Feature.
pub struct Page {
    pub features: Vec<String>,
    /// The last feature's id, when there are more after it.
    pub next: Option<i64>,
}

/// At most `limit` features in the order of their ids, after the feature `after`, with their geometry in `crs`.
pub async fn page(
    pool: &PgPool,
    layer: &Layer,
    query: &Query,
    crs: Crs,
    after: Option<i64>,
    limit: u32,
) -> Result<Page> {
    let filter = match after {
        Some(fid) => query.filter.clone().and(Expr::After(fid)),
        None => query.filter.clone(),
    };
    let sql =
        Sql::new(format!("SELECT {FID}, {} AS feature FROM {} t WHERE ", feature_in(layer, crs, &[]), layer.table()))
            .append(&render(&filter, layer.srid))
            .push(&format!(" ORDER BY {FID} LIMIT {}", i64::from(limit) + 1));
    let mut rows = run::all(pool, sql).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = match rows.last() {
        Some(last) if more => Some(last.try_get(FID)?),
        _ => None,
    };
    let features = rows.iter().map(|row| row.try_get("feature")).collect::<Result<_, _>>()?;
    Ok(Page { features, next })
}

/// One feature by its id: the text of a GeoJSON Feature with its geometry in `crs`, and the mark of its present state.
pub async fn one(on: impl PgExecutor<'_>, layer: &Layer, fid: i64, crs: Crs) -> Result<Option<(String, String)>> {
    let sql = Sql::new(format!(
        "SELECT {} AS feature, {STATE} AS state FROM {} t WHERE {FID} = ",
        feature_in(layer, crs, &[]),
        layer.table()
    ))
    .bind(fid);
    match run::optional(on, sql).await? {
        Some(row) => Ok(Some((row.try_get("feature")?, row.try_get("state")?))),
        None => Ok(None),
    }
}

/// SQL for the mark of a row's state: another after every change of the row, the same whatever happens to others. The
/// transaction that wrote the row tells apart what has the same content again.
pub const STATE: &str = "md5(t.xmin::text || ROW(t.*)::text)";

/// How many features a query has. Without a filter the catalog knows.
pub async fn count(pool: &PgPool, layer: &Layer, query: &Query) -> Result<i64> {
    if query.filter == Expr::True {
        return Ok(layer.feature_count);
    }
    let sql =
        Sql::new(format!("SELECT count(*) FROM {} WHERE ", layer.table())).append(&render(&query.filter, layer.srid));
    Ok(run::one(pool, sql).await?.try_get(0)?)
}

/// An SQL expression over the table `t` that gives the text of a Feature. `extra` are further members: name and an SQL
/// expression of type json or text that is JSON.
pub fn feature(layer: &Layer, extra: &[(&str, &str)]) -> String {
    feature_in(layer, Crs::CRS84, extra)
}

/// The same with the geometry in `crs`, in its authority's order of axes.
fn feature_in(layer: &Layer, crs: Crs, extra: &[(&str, &str)]) -> String {
    let geometry = match layer.spatial() {
        Some((_, srid)) => {
            let there = match srid == crs.srid {
                true => format!("t.{GEOM}"),
                false => format!("ST_Transform(t.{GEOM}, {})", crs.srid),
            };
            let written = if crs.y_first { format!("ST_FlipCoordinates({there})") } else { there };
            // 0: without the member `crs`, which GeoJSON no longer has.
            format!("coalesce(ST_AsGeoJSON({written}, {}, 0), 'null')", crs.decimals())
        }
        None => "'null'".into(),
    };
    let extra: String = extra.iter().map(|(name, sql)| format!(" || ',\"{name}\":' || {sql}")).collect();
    format!(
        "('{{\"type\":\"Feature\",\"id\":' || t.{FID}{extra} || ',\"geometry\":' || {geometry} || ',\"properties\":' || {} || '}}')",
        properties(&layer.fields)
    )
}

/// The properties object. `row_to_json` is the fast way; PostgreSQL cuts aliases at 63 bytes, so an object with a longer
/// name is put together from its members.
fn properties(fields: &[Field]) -> String {
    if fields.is_empty() {
        return "'{}'".into();
    }
    if fields.iter().all(|f| f.name.len() <= 63 && !f.name.is_empty()) {
        let columns: Vec<String> = fields.iter().map(|f| format!("{} AS {}", value(f), ident(&f.name))).collect();
        return format!("(SELECT row_to_json(p)::text FROM (SELECT {}) p)", columns.join(", "));
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
