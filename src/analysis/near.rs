//! What lies within a distance, nearest first.

use std::sync::Arc;

use futures_util::future::try_join_all;
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::place::{Place, around, geography, point};
use crate::db::run;
use crate::error::Result;
use crate::filter::{Expr, render};
use crate::layer::{Layer, Query, features};
use crate::sql::{Sql, literal};

/// At most `limit` features of all `layers` within `metres` of the place (on the ellipsoid), nearest first, each the text
/// of a GeoJSON Feature with members `layer` and `distance`. The flag says that there are more.
pub async fn near(
    pool: &PgPool,
    layers: &[Arc<Layer>],
    place: &Place,
    metres: f64,
    limit: u32,
) -> Result<(Vec<String>, bool)> {
    let asked = layers.iter().map(|layer| one(pool, layer, place, metres, limit));
    let mut found: Vec<(f64, String)> = try_join_all(asked).await?.into_iter().flatten().collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let more = found.len() > limit as usize;
    Ok((found.into_iter().take(limit as usize).map(|(_, f)| f).collect(), more))
}

async fn one(pool: &PgPool, layer: &Arc<Layer>, place: &Place, metres: f64, limit: u32) -> Result<Vec<(f64, String)>> {
    let Some((_, srid)) = layer.spatial() else { return Ok(Vec::new()) };
    let query = Query::everything().overlapping(layer, around(place, metres));
    if query.filter == Expr::False {
        return Ok(Vec::new());
    }
    let name = literal(&serde_json::Value::from(layer.id.as_str()).to_string());
    let extra = [("layer", name.as_str()), ("distance", "round(t.\"dothi distance\"::numeric, 3)")];
    let distance =
        Sql::new(format!("ST_Distance({}, ", geography(srid))).append(&point(place, 4326)).push("::geography)");
    let sql = Sql::new(format!(
        "SELECT t.\"dothi distance\" AS distance, {} AS feature FROM (SELECT t.*, ",
        features::feature(layer, &extra)
    ))
    .append(&distance)
    .push(&format!(" AS \"dothi distance\" FROM {} t WHERE ", layer.table()))
    .append(&render(&query.filter, Some(srid)))
    .push(") t WHERE t.\"dothi distance\" <= ")
    .bind(metres)
    .push(&format!(" ORDER BY 1, t.fid LIMIT {}", i64::from(limit) + 1));
    let rows = run::all(pool, sql).await?;
    rows.iter().map(|row| Ok((row.try_get("distance")?, row.try_get("feature")?))).collect()
}
