//! The shelf of superseded editions: a table is put aside, brought back, or let go. All of it within the caller's
//! transaction, so that readers see one edition or the other.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Acquire, Row};

use super::{USUALLY_KEPT, missing, serve, table};
use crate::db::run;
use crate::error::{Error, Result};
use crate::sql::{Sql, ident};

/// How long is waited for readers that hold a table, in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the catalog says of an edition, and says again when it comes back.
const STATE: &str = "srid, geometry, shape, fields, raster, feature_count, extent, class_field, label_field, time_field, time_end_field";

/// Locks the layer's table against writers (`SHARE ROW EXCLUSIVE`) or against everybody (`ACCESS EXCLUSIVE`) until the
/// transaction ends. A lock that is waited for makes every later reader wait too, so it is asked for in short attempts.
pub async fn hold(tx: &mut PgConnection, layer: &str, mode: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut attempt = tx.begin().await?;
        let lock = format!("SET LOCAL lock_timeout = '1s'; LOCK TABLE layers.{} IN {mode} MODE", ident(layer));
        match run::script(&mut *attempt, lock).await {
            Ok(()) => {
                run::script(&mut *attempt, "SET LOCAL lock_timeout = 0").await?;
                return Ok(attempt.commit().await?);
            }
            Err(Error::Db(sqlx::Error::Database(e))) if e.code().as_deref() == Some("55P03") => {
                attempt.rollback().await?;
                if Instant::now() > deadline {
                    return Err(Error::Busy(format!(
                        "layer `{layer}` was in use for {} seconds and could not be replaced; try again",
                        PATIENCE.as_secs()
                    )));
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            Err(e) => return Err(e),
        }
    }
}

/// Puts the layer's table aside, if there is one, and lets go of the editions that are no longer to be kept.
pub async fn put_aside(tx: &mut PgConnection, layer: &str) -> Result<()> {
    let there = Sql::new("SELECT to_regclass(").bind(format!("layers.{}", ident(layer))).push(") IS NOT NULL");
    if !run::one(&mut *tx, there).await?.try_get::<bool, _>(0)? {
        return Ok(());
    }
    hold(&mut *tx, layer, "ACCESS EXCLUSIVE").await?;
    alone(&mut *tx, layer).await?;
    let Some(number) = note_aside(&mut *tx, layer).await? else {
        // A table that the catalog does not know is nobody's.
        return run::script(tx, format!("DROP TABLE layers.{}", ident(layer))).await;
    };
    let (name, old) = (ident(layer), ident(&format!("{layer}_{number}")));
    let triggers: String = ["insert", "update", "delete", "truncate"]
        .iter()
        .map(|on| format!("DROP TRIGGER IF EXISTS journal_{on} ON layers.{name}; "))
        .collect();
    let moved = format!("ALTER TABLE layers.{name} SET SCHEMA editions; ALTER TABLE editions.{name} RENAME TO {old}");
    run::script(&mut *tx, triggers + &moved).await?;
    prune(tx, layer).await
}

/// Puts a copy of the layer's table aside; the table itself stays and becomes the next edition. Writers must be held off.
pub async fn copy_aside(tx: &mut PgConnection, layer: &str) -> Result<()> {
    let Some(number) = note_aside(&mut *tx, layer).await? else { return Ok(()) };
    // Indexes and sequences are named after the table as it is made, and must meet none of one that was put aside.
    let (name, made) = (ident(layer), ident(&format!("{layer}_{number}c")));
    run::script(
        &mut *tx,
        format!(
            "CREATE TABLE editions.{made} (LIKE layers.{name} INCLUDING ALL); INSERT INTO editions.{made} SELECT * FROM layers.{name}; \
             ALTER TABLE editions.{made} RENAME TO {}",
            ident(&format!("{layer}_{number}"))
        ),
    )
    .await?;
    prune(tx, layer).await
}

/// Refuses where something of somebody's stands on the table: it would go on showing the old edition.
async fn alone(tx: &mut PgConnection, layer: &str) -> Result<()> {
    let sql = Sql::new("SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_class'::regclass AND deptype = 'n' AND refobjid = to_regclass(")
        .bind(format!("layers.{}", ident(layer)))
        .push(")");
    match run::one(tx, sql).await?.try_get::<i64, _>(0)? {
        0 => Ok(()),
        _ => Err(Error::Conflict(format!(
            "layer `{layer}` cannot be replaced while other objects of the database depend on its table; drop them first"
        ))),
    }
}

/// Writes down what the catalog says of the served edition; says its number. None where there is no such layer.
async fn note_aside(tx: &mut PgConnection, layer: &str) -> Result<Option<i32>> {
    let sql = Sql::new(format!(
        "SELECT l.edition, l.version, (SELECT row_to_json(s)::jsonb FROM (SELECT {STATE}) s) AS state FROM dothi.layer l WHERE id = "
    ));
    let Some(row) = run::optional(&mut *tx, sql.bind(layer).push(" FOR UPDATE")).await? else { return Ok(None) };
    let state: Value = row.try_get("state")?;
    let number = match row.try_get::<Option<i32>, _>("edition")? {
        Some(number) => number,
        None => came_otherwise(&mut *tx, layer, row.try_get("version")?).await?,
    };
    let sql = Sql::new("UPDATE dothi.edition SET until = clock_timestamp(), aside = ")
        .bind(state)
        .push(" WHERE layer = ")
        .bind(layer);
    run::execute(tx, sql.push(" AND number = ").bind(number)).await?;
    Ok(Some(number))
}

/// A table that came in another way is an edition like others; says its number.
async fn came_otherwise(tx: &mut PgConnection, layer: &str, version: i64) -> Result<i32> {
    let sql = Sql::new("INSERT INTO dothi.edition (layer, number, how, version) SELECT ")
        .bind(layer)
        .push(", coalesce(max(number), 0) + 1, 'replace', ")
        .bind(version)
        .push(" FROM dothi.edition WHERE layer = ")
        .bind(layer);
    Ok(run::one(tx, sql.push(" RETURNING number")).await?.try_get(0)?)
}

/// The number of the edition that is served.
pub async fn served(tx: &mut PgConnection, layer: &str) -> Result<i32> {
    let sql = Sql::new("SELECT edition, version FROM dothi.layer WHERE id = ").bind(layer).push(" FOR UPDATE");
    let row = run::one(&mut *tx, sql).await?;
    if let Some(number) = row.try_get("edition")? {
        return Ok(number);
    }
    let number = came_otherwise(&mut *tx, layer, row.try_get("version")?).await?;
    serve(tx, layer, number).await?;
    Ok(number)
}

/// Lets go of the tables that were served the longest ago, beyond those that are kept; what is known of their editions stays.
async fn prune(tx: &mut PgConnection, layer: &str) -> Result<()> {
    let sql = Sql::new(format!(
        "SELECT number FROM dothi.edition WHERE aside IS NOT NULL AND layer = $1 ORDER BY until DESC \
         OFFSET (SELECT coalesce(keep_editions, {USUALLY_KEPT}) FROM dothi.layer WHERE id = $1)"
    ));
    let sql = Sql { values: vec![layer.into()], ..sql };
    for row in run::all(&mut *tx, sql).await? {
        let_go(&mut *tx, layer, row.try_get(0)?).await?;
    }
    Ok(())
}

/// Drops the table of an edition that was put aside.
pub async fn let_go(tx: &mut PgConnection, layer: &str, number: i32) -> Result<()> {
    let sql = Sql::new("UPDATE dothi.edition SET aside = NULL WHERE aside IS NOT NULL AND layer = ").bind(layer);
    if run::execute(&mut *tx, sql.push(" AND number = ").bind(number)).await? == 0 {
        return Err(missing(layer, number));
    }
    let issues = Sql::new("DELETE FROM dothi.issue WHERE layer = ").bind(layer).push(" AND edition = ").bind(number);
    run::execute(&mut *tx, issues).await?;
    run::script(tx, format!("DROP TABLE {}", table(layer, number))).await
}

/// Drops everything about a layer's editions.
pub async fn drop_all(tx: &mut PgConnection, layer: &str) -> Result<()> {
    let kept = Sql::new("SELECT number FROM dothi.edition WHERE aside IS NOT NULL AND layer = ").bind(layer);
    for row in run::all(&mut *tx, kept).await? {
        let_go(&mut *tx, layer, row.try_get(0)?).await?;
    }
    run::execute(tx, Sql::new("DELETE FROM dothi.edition WHERE layer = ").bind(layer)).await.map(|_| ())
}

/// Makes an edition that was put aside the one that is served, and puts the present one aside; says the layer's version.
/// Nothing is copied: it takes as long whatever the size.
pub async fn restore(pool: &PgPool, layer: &str, number: i32) -> Result<i64> {
    let mut tx = pool.begin().await?;
    let sql = Sql::new("SELECT aside FROM dothi.edition WHERE aside IS NOT NULL AND layer = ").bind(layer);
    let row = run::optional(&mut *tx, sql.push(" AND number = ").bind(number).push(" FOR UPDATE")).await?;
    let state: Value = row.ok_or_else(|| missing(layer, number))?.try_get("aside")?;
    // Taken off the shelf first: what is put aside now may push another off, but not this one.
    let taken = Sql::new("UPDATE dothi.edition SET aside = NULL WHERE layer = ").bind(layer);
    run::execute(&mut *tx, taken.push(" AND number = ").bind(number)).await?;
    put_aside(&mut tx, layer).await?;
    let (old, name) = (ident(&format!("{layer}_{number}")), ident(layer));
    run::script(
        &mut *tx,
        format!("ALTER TABLE editions.{old} SET SCHEMA layers; ALTER TABLE layers.{old} RENAME TO {name}"),
    )
    .await?;
    let spatial = !state["geometry"].is_null();
    let sql = Sql::new(format!("UPDATE dothi.layer l SET ({STATE}) = (SELECT {STATE} FROM jsonb_populate_record(l, "))
        .bind(state)
        .push(")) WHERE id = ")
        .bind(layer);
    run::execute(&mut *tx, sql).await?;
    serve(&mut tx, layer, number).await?;
    let version = replaced(&mut tx, layer, spatial).await?;
    tx.commit().await?;
    Ok(version)
}

/// Tells the journal that the layer is another one now, and has it follow the table; says the layer's version.
pub async fn replaced(tx: &mut PgConnection, layer: &str, spatial: bool) -> Result<i64> {
    let bump = Sql::new("SELECT dothi.bump(").bind(layer).push(", 0, NULL)");
    let version: i64 = run::one(&mut *tx, bump).await?.try_get(0)?;
    let entry = Sql::new("INSERT INTO dothi.change (layer, version, op) VALUES (").bind(layer).push(", ");
    run::execute(&mut *tx, entry.bind(version).push(", 'r')")).await?;
    run::one(tx, Sql::new("SELECT dothi.watch(").bind(layer).push(", ").bind(spatial).push(")")).await?;
    Ok(version)
}
