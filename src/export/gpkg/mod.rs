//! GeoPackage 1.2 (OGC 12-128r18). GDAL makes the file, empty, with its tables, triggers and definitions; the rows are entered
//! here, in one transaction, and its index is built of them.

mod row; // rows on their way
mod tree; // the index

use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use self::row::{Row, value};
use self::tree::Tree;
use super::file::Chunks;
use crate::error::{Error, Result};
use crate::geo::ewkb::Reader;

pub use row::Rows;

/// Enters what [`Rows`] wrote into table `name` of the GeoPackage at `path`. Call it where it may block.
pub fn fill(path: &Path, name: &str, chunks: Chunks) -> Result<()> {
    let on = Connection::open(path).map_err(written)?;
    // Triggers keep up the index and the count, which are made at the end; nobody needs half of a file.
    on.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(written)?;
    on.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN")
        .map_err(written)?;
    enter(&on, name, chunks)?;
    on.execute_batch("COMMIT").map_err(written)?;
    on.close().map_err(|(_, e)| written(e))
}

fn enter(on: &Connection, name: &str, chunks: Chunks) -> Result<()> {
    let table = name.replace('"', "\"\"");
    let columns = on.prepare(&format!("SELECT * FROM \"{table}\"")).map_err(written)?.column_count();
    let spatial = on.table_exists(None, "gpkg_geometry_columns").map_err(written)?
        && on.prepare("SELECT 1 FROM gpkg_geometry_columns").and_then(|mut s| s.exists([])).map_err(written)?;
    let marks: Vec<String> = (1..=columns).map(|n| format!("?{n}")).collect();
    let mut insert = on.prepare(&format!("INSERT INTO \"{table}\" VALUES ({})", marks.join(", "))).map_err(written)?;
    let mut tree = if spatial { Some(Tree::new(on, &format!("rtree_{name}_geom"))?) } else { None };
    let first = 2 + usize::from(spatial);
    let (mut count, mut whole) = (0i64, None);
    let broken = || Error::Internal("a row is not whole".into());
    for chunk in chunks {
        let chunk = chunk?;
        let mut rest = Reader(&chunk);
        while !rest.0.is_empty() {
            let row = Row::read(&mut rest).ok_or_else(broken)?;
            insert.raw_bind_parameter(1, row.fid).map_err(written)?;
            if spatial {
                insert.raw_bind_parameter(2, row.geometry).map_err(written)?;
            }
            for at in first..=columns {
                insert.raw_bind_parameter(at, value(&mut rest).ok_or_else(broken)?).map_err(written)?;
            }
            insert.raw_execute().map_err(written)?;
            count += 1;
            if let (Some(tree), Some(bounds)) = (&mut tree, row.bounds) {
                tree.add(row.fid, bounds)?;
                whole = Some(whole.map_or(bounds, |whole: [f64; 4]| {
                    let [l, r, b, t] = bounds;
                    [whole[0].min(l), whole[1].max(r), whole[2].min(b), whole[3].max(t)]
                }));
            }
        }
    }
    if let Some(tree) = tree {
        tree.finish()?;
    }
    if let Some([left, right, bottom, top]) = whole {
        let sql = "UPDATE gpkg_contents SET min_x = ?1, min_y = ?2, max_x = ?3, max_y = ?4 WHERE table_name = ?5";
        on.execute(sql, (left, bottom, right, top, name)).map_err(written)?;
    }
    let sql = "UPDATE gpkg_ogr_contents SET feature_count = ?1 WHERE table_name = ?2";
    on.execute(sql, (count, name)).map_err(written)?;
    Ok(())
}

fn written(e: rusqlite::Error) -> Error {
    Error::Internal(format!("the GeoPackage cannot be written: {e}"))
}
