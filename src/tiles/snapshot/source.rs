//! Rows of a layer as the snapshot takes them: `COPY … (FORMAT binary)`, geometry already in EPSG:3857.

use futures_util::StreamExt;
use sqlx::postgres::PgConnection;

use super::super::grid::Grid;
use super::super::wkb::{self, Reason, Shape};
use super::Recipe;
use super::values::{self, Dictionary, NULL};
use crate::db::run;
use crate::error::{Error, Result};
use crate::layer::catalog::table;
use crate::schema::{FID, GEOM, Kind};
use crate::sql::ident;

/// Rows as they were read; tags are numbers in `values`.
#[derive(Default)]
pub struct Rows {
    pub fids: Vec<i64>,
    pub shapes: Vec<Shape>,
    pub tags: Vec<u32>,
    pub values: Dictionary,
    /// A place that the grid does not reach was met.
    pub far: bool,
}

/// The columns of a row: id, geometry in EPSG:3857, fields. Kinds that tiles lack are text, as PostgreSQL prints them.
pub fn columns(recipe: &Recipe) -> String {
    let geom = match recipe.srid {
        3857 => GEOM.to_string(),
        // Web Mercator ends at 85.06°; nearer the poles there is nothing to transform to.
        4326 => format!(
            "CASE WHEN ST_YMin({GEOM}) < -85.06 OR ST_YMax({GEOM}) > 85.06 THEN \
             ST_Transform(ST_ClipByBox2D({GEOM}, ST_MakeBox2D(ST_Point(-180, -85.06), ST_Point(180, 85.06))), 3857) \
             ELSE ST_Transform({GEOM}, 3857) END"
        ),
        _ => format!("ST_Transform({GEOM}, 3857)"),
    };
    let fields: String = recipe
        .fields
        .iter()
        .map(|f| {
            let column = ident(&f.column);
            if has_own_kind(f.kind) { format!(", {column}") } else { format!(", {column}::text") }
        })
        .collect();
    format!("{FID}, ST_CurveToLine({geom}){fields}")
}

/// Rows whose geometry can be somewhere on earth: others would end the whole transformation.
pub fn placed(recipe: &Recipe) -> String {
    let limit = if recipe.srid == 4326 { "-360, -90, 360, 90" } else { "-1e8, -1e8, 1e8, 1e8" };
    format!("{GEOM} && ST_MakeEnvelope({limit}, {})", recipe.srid)
}

fn has_own_kind(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8 | Kind::Text)
}

/// Reads one part of a table (`condition` in SQL) on a connection whose transaction sees the right version.
pub async fn read(on: &mut PgConnection, recipe: &Recipe, grid: Grid, condition: &str) -> Result<Rows> {
    let statement = format!(
        "COPY (SELECT {} FROM {} WHERE {condition} AND {}) TO STDOUT (FORMAT binary)",
        columns(recipe),
        table(&recipe.layer),
        placed(recipe)
    );
    let mut rows = Rows::default();
    let mut buffer: Vec<u8> = Vec::new();
    let mut started = false;
    let mut scratch = Vec::new();
    let mut stream = std::pin::pin!(run::copy_out(on, statement).await?);
    while let Some(bytes) = stream.next().await {
        buffer.extend_from_slice(&bytes?);
        let mut at = 0;
        if !started {
            // Signature, flags, and an extension whose length is given.
            let Some(head) = buffer.get(15..19) else { continue };
            at = 19 + be32(head) as usize;
            if buffer.len() < at {
                continue;
            }
            started = true;
        }
        while let Some(length) = row(&buffer[at..], recipe, &grid, &mut rows, &mut scratch)? {
            at += length;
        }
        buffer.drain(..at);
    }
    Ok(rows)
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_be_bytes)
}

/// Takes one row off the front of `bytes`; its length, or none when it is not whole yet (or is the end's mark).
fn row(bytes: &[u8], recipe: &Recipe, grid: &Grid, rows: &mut Rows, scratch: &mut Vec<u8>) -> Result<Option<usize>> {
    let Some(count) = bytes.get(..2).map(|b| i16::from_be_bytes([b[0], b[1]])) else { return Ok(None) };
    if count < 0 {
        return Ok(None);
    }
    if count as usize != recipe.fields.len() + 2 {
        return Err(Error::Internal(format!("a row of layer `{}` has {count} columns", recipe.layer)));
    }
    // First whether the row is whole, then its parts.
    let mut length = 2;
    for _ in 0..count {
        let Some(size) = bytes.get(length..length + 4).map(|b| be32(b) as i32) else { return Ok(None) };
        length += 4 + size.max(0) as usize;
    }
    if bytes.len() < length {
        return Ok(None);
    }
    let mut at = 2;
    let mut next = || {
        let size = be32(&bytes[at..at + 4]) as i32;
        at += 4;
        let value = (size >= 0).then(|| &bytes[at..at + size as usize]);
        at += size.max(0) as usize;
        value
    };
    let fid = next().and_then(|b| b.try_into().ok()).map_or(0, i64::from_be_bytes);
    let shape = match next().map(|b| wkb::read(b, grid)) {
        Some(Ok(shape)) => shape,
        Some(Err(Reason::Far)) => {
            rows.far = true;
            return Ok(Some(length));
        }
        _ => return Ok(Some(length)),
    };
    rows.fids.push(fid);
    rows.shapes.push(shape);
    for field in &recipe.fields {
        let tag = match next() {
            Some(bytes) => {
                scratch.clear();
                values::encode(if has_own_kind(field.kind) { field.kind } else { Kind::Text }, bytes, scratch);
                rows.values.intern(scratch)
            }
            None => NULL,
        };
        rows.tags.push(tag);
    }
    Ok(Some(length))
}
