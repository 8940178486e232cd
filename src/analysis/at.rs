//! What is here, across layers.

use std::sync::Arc;

use futures_util::future::try_join_all;
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::place::{Place, around, geography, point};
use crate::db::run;
use crate::error::Result;
use crate::filter::{Expr, render};
use crate::layer::{Layer, Query, features};
use crate::sql::Sql;

/// The features of one layer at a place.
pub struct Here {
    pub layer: Arc<Layer>,
    /// Each the text of a GeoJSON Feature with a member `distance` in metres; nearest first.
    pub features: Vec<String>,
    /// True when the layer has more than were asked for.
    pub truncated: bool,
}

/// At most `limit` features of each layer that hold the place, or lie within `tolerance` metres of it.
pub async fn at(pool: &PgPool, layers: &[Arc<Layer>], place: &Place, tolerance: f64, limit: u32) -> Result<Vec<Here>> {
    let asked = layers.iter().map(|layer| one(pool, layer, place, tolerance, limit));
    let found = try_join_all(asked).await?;
    Ok(found.into_iter().filter(|h| !h.features.is_empty()).collect())
}

async fn one(pool: &PgPool, layer: &Arc<Layer>, place: &Place, tolerance: f64, limit: u32) -> Result<Here> {
    let mut here = Here { layer: layer.clone(), features: Vec::new(), truncated: false };
    let Some((_, srid)) = layer.spatial() else { return Ok(here) };
    // A hand's breadth is added so that rounding of the box loses nothing on its edge.
    let query = Query::everything().overlapping(layer, around(place, tolerance + 0.1));
    if query.filter == Expr::False {
        return Ok(here);
    }
    let distance =
        Sql::new(format!("ST_Distance({}, ", geography(srid))).append(&point(place, 4326)).push("::geography)");
    let holds = if tolerance > 0.0 {
        Sql::new(format!("ST_DWithin({}, ", geography(srid)))
            .append(&point(place, 4326))
            .push("::geography, ")
            .bind(tolerance)
            .push(")")
    } else {
        Sql::new("ST_Intersects(t.geom, ").append(&point(place, srid)).push(")")
    };
    let sql = Sql::new(format!(
        "SELECT {} AS feature FROM (SELECT t.*, ",
        features::feature(layer, &[("distance", "round(t.\"dothi distance\"::numeric, 3)")])
    ))
    .append(&distance)
    .push(&format!(" AS \"dothi distance\" FROM {} t WHERE ", layer.table()))
    .append(&render(&query.filter, Some(srid)))
    .push(" AND ")
    .append(&holds)
    .push(&format!(" ORDER BY \"dothi distance\", t.fid LIMIT {}) t", i64::from(limit) + 1));
    let rows = run::all(pool, sql).await?;
    here.truncated = rows.len() > limit as usize;
    here.features = rows.iter().take(limit as usize).map(|row| row.try_get("feature")).collect::<Result<_, _>>()?;
    Ok(here)
}
