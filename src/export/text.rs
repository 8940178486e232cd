//! Formats that are text: PostgreSQL writes the rows, this streams them. Memory stays flat however large the layer is.

use std::io::Write;
use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::Row;

use super::{Format, Part};
use crate::db::{Db, run};
use crate::error::{Error, Result};
use crate::layer::{Layer, features};
use crate::schema::{FID, GEOM};
use crate::sql::{Sql, ident};

pub async fn write(db: &Db, layer: &Layer, format: Format, to: &Path, mut tell: impl FnMut(u64) + Send) -> Result<u64> {
    let io = || Error::io(format!("write `{}`", to.display()));
    if format == Format::Csv {
        let geometry =
            if layer.spatial().is_some() { format!(", ST_AsText({GEOM}) AS \"WKT\"") } else { String::new() };
        let columns: String = layer.fields.iter().map(|f| format!(", {}", ident(&f.column))).collect();
        copy_out(db, &format!("SELECT {FID}{columns}{geometry} FROM {} ORDER BY {FID}", layer.table()), to).await?;
        return Ok(layer.feature_count.unsigned_abs());
    }
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(to).map_err(io())?);
    let sql = Sql::new(format!(
        "SELECT {} AS feature FROM {} t ORDER BY {FID}",
        features::feature(layer, &[]),
        layer.table()
    ));
    let (head, between, tail) = match format {
        Format::Geojson => ("{\"type\":\"FeatureCollection\",\"features\":[\n", ",\n", "\n]}\n"),
        _ => ("", "\n", "\n"),
    };
    out.write_all(head.as_bytes()).map_err(io())?;
    let mut on = db.pool.acquire().await?;
    let mut rows = std::pin::pin!(run::stream(&mut *on, sql)?);
    let mut n = 0u64;
    while let Some(row) = rows.try_next().await? {
        if n > 0 {
            out.write_all(between.as_bytes()).map_err(io())?;
        }
        out.write_all(row.try_get::<&str, _>("feature")?.as_bytes()).map_err(io())?;
        n += 1;
        if n.is_multiple_of(1_000) {
            tell(n);
        }
    }
    let tail = if n == 0 && format == Format::Geojsonl { "" } else { tail };
    out.write_all(tail.as_bytes()).map_err(io())?;
    out.flush().map_err(io())?;
    Ok(n)
}

/// What the last import of a layer set aside or mended, as CSV.
pub async fn account(db: &Db, layer: &Layer, part: Part, to: &Path) -> Result<u64> {
    let last = Sql::new("SELECT max(id) FROM dothi.served_import WHERE layer = ").bind(&layer.id);
    let import: i64 = run::one(&db.pool, last).await?.try_get::<Option<i64>, _>(0)?.unwrap_or(0);
    let (table, columns) = match part {
        Part::SetAside => ("set_aside", "row, reason, attributes, encode(wkb, 'hex') AS wkb"),
        _ => ("repair", "fid, reason, ST_X(place) AS x, ST_Y(place) AS y, area_before, area_after"),
    };
    let count = Sql::new(format!("SELECT count(*) FROM dothi.{table} WHERE import = ")).bind(import);
    let n: i64 = run::one(&db.pool, count).await?.try_get(0)?;
    copy_out(db, &format!("SELECT {columns} FROM dothi.{table} WHERE import = {import} ORDER BY 1"), to).await?;
    Ok(n.unsigned_abs())
}

async fn copy_out(db: &Db, query: &str, to: &Path) -> Result<()> {
    let io = || Error::io(format!("write `{}`", to.display()));
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(to).map_err(io())?);
    let mut on = db.pool.acquire().await?;
    let mut bytes = run::copy_out(&mut on, format!("COPY ({query}) TO STDOUT (FORMAT csv, HEADER true)")).await?;
    while let Some(part) = bytes.try_next().await? {
        out.write_all(&part).map_err(io())?;
    }
    out.flush().map_err(io())
}
