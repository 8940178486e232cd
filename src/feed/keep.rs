//! How long the journal keeps changes. Whole versions go, the oldest first; the catalog says from which version on the
//! journal is whole, before anything is deleted.

use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};

use crate::db::run;
use crate::error::Result;
use crate::layer::Layer;
use crate::sql::Sql;

/// What is kept of a layer of which nothing else is said: so many days, and at most so many changes as far as they are
/// older than a day.
pub const DAYS: i32 = 90;
pub const CHANGES: i64 = 1_000_000;

/// Rows that one transaction deletes.
const AT_ONCE: u32 = 20_000;

/// Deletes what need not be kept any longer; how many changes that were.
pub async fn prune(pool: &PgPool) -> Result<u64> {
    let rows =
        run::all(pool, Sql::new("SELECT id, keep_days FROM dothi.layer WHERE keep_days IS DISTINCT FROM -1")).await?;
    let mut gone = 0;
    for row in &rows {
        let (id, days): (String, Option<i32>) = (row.try_get("id")?, row.try_get("keep_days")?);
        raise(pool, &id, days).await?;
        loop {
            let sql = Sql::new("DELETE FROM dothi.change c USING dothi.layer l WHERE l.id = ")
                .bind(&id)
                .push(" AND c.ctid = ANY(ARRAY(SELECT p.ctid FROM dothi.change p WHERE p.layer = l.id AND p.version <= l.kept_since LIMIT ")
                .push(&format!("{AT_ONCE} FOR UPDATE SKIP LOCKED))"));
            let deleted = run::execute(pool, sql).await?;
            gone += deleted;
            if deleted < u64::from(AT_ONCE) {
                break;
            }
        }
    }
    Ok(gone)
}

/// Says that the layer's journal begins later, where it may. A layer that is being written at the moment waits for the next
/// time.
async fn raise(pool: &PgPool, id: &str, days: Option<i32>) -> Result<()> {
    let mut tx = pool.begin().await?;
    let last = match days {
        Some(days) => older(&mut tx, id, days).await?,
        None => {
            older(&mut tx, id, DAYS).await?.max(beyond(&mut tx, id, CHANGES).await?.min(older(&mut tx, id, 1).await?))
        }
    };
    if let Some(last) = last {
        let sql = Sql::new("UPDATE dothi.layer SET kept_since = ")
            .bind(last)
            .push(" WHERE id = (SELECT id FROM dothi.layer WHERE id = ")
            .bind(id)
            .push(" AND kept_since < ")
            .bind(last)
            .push(" FOR NO KEY UPDATE SKIP LOCKED)");
        run::execute(&mut *tx, sql).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The last version before the first that is younger than this.
async fn older(tx: &mut PgConnection, id: &str, days: i32) -> Result<Option<i64>> {
    let sql = Sql::new("SELECT max(version) FROM dothi.change WHERE layer = ")
        .bind(id)
        .push(" AND version < coalesce((SELECT version FROM dothi.change WHERE layer = ")
        .bind(id)
        .push(" AND at > now() - make_interval(days => ")
        .bind(days)
        .push("::int) ORDER BY version LIMIT 1), 9223372036854775807)");
    Ok(run::one(tx, sql).await?.try_get(0)?)
}

/// The version of the first change that is one too many, counted from the newest.
async fn beyond(tx: &mut PgConnection, id: &str, changes: i64) -> Result<Option<i64>> {
    let sql = Sql::new("SELECT version FROM dothi.change WHERE layer = ")
        .bind(id)
        .push(" ORDER BY version DESC OFFSET ")
        .bind(changes)
        .push(" LIMIT 1");
    match run::optional(tx, sql).await? {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(None),
    }
}

/// What the journal holds of a layer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    pub changes: i64,
    /// As the rows are stored, without indexes.
    pub bytes: i64,
    /// When the oldest was made; RFC 3339, UTC.
    pub oldest: Option<String>,
}

pub async fn held(pool: &PgPool, layer: &Layer) -> Result<Held> {
    let sql = Sql::new(
        "SELECT count(*) AS changes, coalesce(sum(pg_column_size(c)), 0)::bigint AS bytes, \
         to_char(min(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS oldest FROM dothi.change c WHERE layer = ",
    );
    let row = run::one(pool, sql.bind(&layer.id)).await?;
    Ok(Held { changes: row.try_get("changes")?, bytes: row.try_get("bytes")?, oldest: row.try_get("oldest")? })
}
