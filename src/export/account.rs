//! What the last import of a layer set aside or mended, as CSV: PostgreSQL writes the rows.

use std::io::Write;
use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::Row;

use super::Part;
use crate::db::{Db, run};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::sql::Sql;

/// What the last import of a layer set aside or mended, as CSV.
pub async fn write(db: &Db, layer: &Layer, part: Part, to: &Path) -> Result<u64> {
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
