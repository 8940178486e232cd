//! The primary key of a staged layer, and the numbers that new features will have.

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, Row};

use super::notes;
use super::publish::Incoming;
use super::report::Report;
use crate::db::run;
use crate::error::{Error, Result};
use crate::schema::FID;
use crate::sql::{Sql, ident, literal};

/// The primary key. Ids of the source that are not unique give way to running numbers; says whether they did.
pub async fn key(tx: &mut PgConnection, incoming: &Incoming, report: &mut Report) -> Result<bool> {
    let table = &incoming.staging;
    let name = ident(&format!("{}_{}_pkey", incoming.id, incoming.import));
    // Rows come in order of their ids, mostly: starting workers to sort them takes longer than sorting.
    let primary = format!(
        "SET LOCAL max_parallel_maintenance_workers = 0; ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY ({FID})"
    );
    let mut attempt = tx.begin().await?;
    let renumbered = match run::script(&mut *attempt, primary.clone()).await {
        Ok(()) => {
            attempt.commit().await?;
            false
        }
        Err(Error::Db(sqlx::Error::Database(e))) if e.is_unique_violation() => {
            attempt.rollback().await?;
            let renumber = format!(
                "UPDATE {table} t SET {FID} = r.n FROM (SELECT ctid AS at, row_number() OVER (ORDER BY ctid) AS n FROM {table}) r WHERE t.ctid = r.at"
            );
            run::script(&mut *tx, renumber).await?;
            run::script(&mut *tx, primary).await?;
            report.note(notes::ids_renumbered());
            true
        }
        Err(e) => return Err(e),
    };
    let last: Option<i64> =
        run::one(&mut *tx, Sql::new(format!("SELECT max({FID}) FROM {table}"))).await?.try_get(0)?;
    let start = last.unwrap_or(0).max(0).saturating_add(1);
    // A default, not an identity: editors such as QGIS 3.22 send NULL for what has no default that they can read.
    let sequence = format!("staging.{}", ident(&format!("{}_{}_fid", incoming.id, incoming.import)));
    let owned = format!("CREATE SEQUENCE {sequence} START WITH {start} OWNED BY {table}.{FID}");
    let default = format!("ALTER TABLE {table} ALTER {FID} SET DEFAULT nextval({})", literal(&sequence));
    run::script(tx, format!("{owned}; {default}")).await?;
    Ok(renumbered)
}
