//! Vector tiles by PostGIS (`ST_AsMVT`): the plain way, and the reference that faster ways are held against.

use sqlx::Row;
use sqlx::postgres::PgPool;

use super::{Layer, Query};
use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::{Expr, render};
use crate::geo::{MatrixSet, Tile};
use crate::schema::{FID, GEOM, Kind};
use crate::sql::{Sql, ident, literal};

/// Units across a tile, and how far geometry reaches over its edge, as MapLibre expects.
pub const EXTENT: u32 = 4096;
pub const BUFFER: u32 = 64;

/// Features that a tile may hold on average: more are neither drawn in time nor told apart.
const CROWD: f64 = 20_000.0;

/// The first matrix in which the layer is drawn. Beside what an administrator says, tiles of a plane, which are not
/// generalised, begin where they do not hold too much.
pub fn first_matrix(layer: &Layer, set: MatrixSet) -> u8 {
    let first = set.matrix(layer.min_zoom);
    let Some(extent) = layer.extent.filter(|_| !set.is_web_mercator()) else { return first };
    let first = layer.detail_zoom.map_or(first, |z| first.max(set.matrix(z)));
    let [west, south, east, north] = set.plane(extent);
    let share = |z: u8| {
        let span = set.span(z);
        (span / (east - west)).min(1.0) * (span / (north - south)).min(1.0)
    };
    let deepest = set.deepest();
    (first.min(deepest)..deepest).find(|z| layer.feature_count as f64 * share(*z) <= CROWD).unwrap_or(deepest)
}

/// The MVT 2.1 bytes of one layer in a tile of a tile matrix set; empty when nothing is there.
///
/// Feature ids are the layer's; `properties` chooses fields by name, `filter` features; bytes columns are left out, other kinds that MVT lacks (dates, lists) are text.
pub async fn encode(
    pool: &PgPool,
    layer: &Layer,
    set: MatrixSet,
    tile: Tile,
    properties: Option<&[String]>,
    filter: Option<&Expr>,
) -> Result<Vec<u8>> {
    let margin = f64::from(BUFFER) / f64::from(EXTENT);
    let Some((_, srid)) = layer.spatial() else { return Ok(Vec::new()) };
    let sides = set.sides(tile, margin);
    let mut query = match set.is_web_mercator() {
        true => Query::everything().overlapping(layer, tile.bbox(margin)),
        // What lies outside the layer's extent, where a projection may have no meaning, is not asked for.
        false => Query::everything().inside(layer, sides, set.crs()).map_err(Error::Internal)?,
    };
    if let Some(expr) = filter {
        query = query.filtered(layer, expr.clone());
    }
    if query.filter == Expr::False || set.zoom(tile.z) < layer.min_zoom {
        return Ok(Vec::new());
    }
    // Web Mercator ends at 85.06°; nearer the poles there is nothing to transform to.
    let polar = set.is_web_mercator() && layer.extent.is_some_and(|e| e.south < -85.06 || e.north > 85.06);
    let to = set.crs().srid;
    let geom = match srid {
        _ if srid == to => format!("t.{GEOM}"),
        4326 if polar => format!(
            "ST_Transform(ST_ClipByBox2D(t.{GEOM}, ST_MakeBox2D(ST_Point(-180, -85.06), ST_Point(180, 85.06))), 3857)"
        ),
        _ => format!("ST_Transform(t.{GEOM}, {to})"),
    };
    let [west, south, east, north] = set.sides(tile, 0.0);
    let columns: String = layer
        .fields
        .iter()
        .filter(|f| f.kind != Kind::Bytes && properties.is_none_or(|wanted| wanted.contains(&f.name)))
        .map(|f| {
            let column = format!("t.{}", ident(&f.column));
            if f.name.len() <= 63 {
                format!(", {column} AS {}", ident(&f.name))
            } else {
                // ST_AsMVT makes each member of a jsonb column an attribute, whose name may be of any length.
                format!(", jsonb_build_object({}, {column}) AS {}", literal(&f.name), ident(&f.column))
            }
        })
        .collect();
    let sql = Sql::new("SELECT ST_AsMVT(m.*, ")
        .bind(&layer.id)
        .push(&format!(
            ", {EXTENT}, 'dothi geom', 'dothi fid') AS tile FROM (SELECT t.{FID} AS \"dothi fid\", ST_AsMVTGeom({geom}, ST_MakeEnvelope({west:?}, {south:?}, {east:?}, {north:?}, {to}), {EXTENT}, {BUFFER}, true) \
             AS \"dothi geom\"{columns} FROM {} t WHERE ",
            layer.table()
        ))
        .append(&render(&query.filter, layer.srid))
        .push(") m WHERE \"dothi geom\" IS NOT NULL");
    Ok(run::one(pool, sql).await?.try_get::<Option<Vec<u8>>, _>("tile")?.unwrap_or_default())
}
