//! Indexes for orders that are asked for again and again: of the fields that an administrator names (`layers set --sort-index`). They are
//! made and dropped beside the layer's work, and made for the new table when an import has put one in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};
use xxhash_rust::xxh3::xxh3_64;

use super::Layer;
use super::sort::{indexed, sortable};
use crate::db::run;
use crate::error::Result;
use crate::schema::FID;
use crate::sql::{Sql, ident};

/// Those of our making in `layers`. What is kept of earlier editions lies elsewhere, with its table.
const OURS: &str = "FROM pg_class c WHERE c.relnamespace = 'layers'::regnamespace AND c.relkind = 'i' AND c.relname ~ '^sort_[0-9]+_[0-9a-f]{16}$'";

/// Whether there is anything to look after.
pub async fn is_wanted(pool: &PgPool) -> Result<bool> {
    let some = "SELECT EXISTS (SELECT 1 FROM dothi.layer WHERE sort_fields <> '{}') OR EXISTS (SELECT 1 ";
    Ok(run::one(pool, Sql::new(format!("{some}{OURS})"))).await?.try_get(0)?)
}

/// Makes the indexes that are wanted and drops those that are not, one by one, while others read and write; returns how
/// many. The connection has no time limit. Where another server is at it, nothing is done.
pub async fn settle(on: &mut PgConnection, layers: &[Arc<Layer>]) -> Result<usize> {
    let turn = Sql::new("SELECT pg_try_advisory_lock(hashtext('dothi sort indexes'))");
    if !run::one(&mut *on, turn).await?.try_get::<bool, _>(0)? {
        return Ok(0);
    }
    let mut wanted = wanted(on, layers).await?;
    let there = Sql::new(format!(
        "SELECT c.relname::text, (SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = c.oid) {OURS}"
    ));
    let mut work = Vec::new();
    for row in run::all(&mut *on, there).await? {
        let (name, whole): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        // One whose making was broken off is there, and of no use.
        if !whole || wanted.remove(&name).is_none() {
            work.push(format!("DROP INDEX CONCURRENTLY IF EXISTS layers.{}", ident(&name)));
        }
    }
    work.extend(wanted.into_values());
    for statement in &work {
        run::script(&mut *on, statement.clone()).await?;
    }
    Ok(work.len())
}

/// What is to be made, by its name: of the table and the column, so that every table has its own.
async fn wanted(on: &mut PgConnection, layers: &[Arc<Layer>]) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT id, sort_fields, to_regclass(format('layers.%I', id))::oid::bigint FROM dothi.layer WHERE sort_fields <> '{}'";
    let mut wanted = BTreeMap::new();
    for row in run::all(on, Sql::new(sql)).await? {
        let (id, names, table): (String, Vec<String>, Option<i64>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Some((layer, table)) = layers.iter().find(|l| l.id == id).zip(table) else { continue };
        for field in names.iter().filter_map(|name| layer.field(name)).filter(|f| sortable(f.kind)) {
            let name = format!("sort_{table}_{:016x}", xxh3_64(field.column.as_bytes()));
            let make = format!(
                "CREATE INDEX CONCURRENTLY {} ON {} (({}), {FID})",
                ident(&name),
                layer.table(),
                indexed(field)
            );
            wanted.insert(name, make);
        }
    }
    Ok(wanted)
}
