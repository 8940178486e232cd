//! Planning packages (Circular 16/2025/TT-BXD): which came in, what each holds and lacks, which layers are of it.

use serde::Serialize;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool, PgRow};

use super::catalog::shorten;
use crate::db::run;
use crate::error::{Error, Result};
use crate::sql::Sql;

#[derive(Debug, Clone, Serialize)]
pub struct Package {
    pub id: String,
    pub title: String,
    /// The name of the file or folder that it came from.
    pub source: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Ids of the layers that are of it, in map order.
    pub layers: Vec<String>,
    /// What it held of the circular and what it lacked, when it last came in.
    pub report: Value,
}

const SELECT: &str = "SELECT id, title, source, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, report, \
     ARRAY(SELECT l.id FROM dothi.layer l WHERE l.package->>'id' = p.id ORDER BY position, title, l.id) AS layers FROM dothi.package p";

/// Every package, by id.
pub async fn list(pool: &PgPool) -> Result<Vec<Package>> {
    run::all(pool, Sql::new(format!("{SELECT} ORDER BY id"))).await?.iter().map(package).collect()
}

pub async fn named(pool: &PgPool, id: &str) -> Result<Package> {
    let row = run::optional(pool, Sql::new(format!("{SELECT} WHERE id = ")).bind(id)).await?;
    package(&row.ok_or_else(|| Error::NotFound(format!("there is no planning package `{}`", shorten(id))))?)
}

/// Forgets packages of which no layer is left.
pub async fn sweep(tx: &mut PgConnection) -> Result<()> {
    let sql = "DELETE FROM dothi.package p WHERE NOT EXISTS (SELECT FROM dothi.layer l WHERE l.package->>'id' = p.id)";
    run::execute(tx, Sql::new(sql)).await.map(|_| ())
}

/// What the import of a layer's served edition found of its class; none where it is no class of a package.
pub async fn conformance(pool: &PgPool, layer: &str) -> Result<Option<Value>> {
    let sql = Sql::new("SELECT report->'conformance' AS found FROM dothi.served_import WHERE layer = ").bind(layer);
    let row = run::optional(pool, sql).await?;
    Ok(row.map(|row| row.try_get::<Option<Value>, _>("found")).transpose()?.flatten())
}

fn package(row: &PgRow) -> Result<Package> {
    Ok(Package {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        source: row.try_get("source")?,
        at: row.try_get("at")?,
        layers: row.try_get("layers")?,
        report: row.try_get("report")?,
    })
}
