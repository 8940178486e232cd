//! Brings a database to what this program expects: schema `dothi`, and the code tables that ship with it.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::run;
use crate::error::{Error, Result};
use crate::sql::Sql;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();
const LAND_USE: &str = include_str!("../../data/land-use.csv");

/// Runs what has not run yet. Several processes may call this at once: a lock lets them through one by one.
pub async fn run(options: &PgConnectOptions) -> Result<()> {
    let mut on = options.clone().options([("search_path", "dothi,public")]).connect().await?;
    run::script(&mut on, "SELECT pg_advisory_lock(hashtext('dothi migrate'))").await?;
    let done = migrate(&mut on).await;
    on.close().await?;
    done
}

async fn migrate(on: &mut PgConnection) -> Result<()> {
    run::script(&mut *on, "SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS dothi; CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public")
        .await
        .map_err(|e| Error::Internal(format!("the database must have PostGIS, or allow `CREATE EXTENSION postgis` ({e})")))?;
    MIGRATIONS.run(&mut *on).await?;
    load_land_use(on).await
}

/// Loads `data/land-use.csv` when it differs from what is there; PostgreSQL reads the CSV itself.
async fn load_land_use(on: &mut PgConnection) -> Result<()> {
    let hash = {
        use sha2::Digest;
        sha2::Sha256::digest(LAND_USE.as_bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    let known = Sql::new("SELECT 1 WHERE obj_description('dothi.land_use'::regclass) = ").bind(&hash);
    if run::optional(&mut *on, known).await?.is_some() {
        return Ok(());
    }
    let mut tx = on.begin().await?;
    let header = LAND_USE.lines().next().unwrap_or_default();
    let columns: String =
        header.split(',').map(|c| format!("{} text", crate::sql::ident(c))).collect::<Vec<_>>().join(", ");
    run::script(&mut *tx, format!("CREATE TEMP TABLE land_use_csv ({columns}) ON COMMIT DROP")).await?;
    let mut copy = tx.copy_in_raw("COPY land_use_csv FROM STDIN (FORMAT csv, HEADER true)").await?;
    copy.send(LAND_USE.as_bytes()).await?;
    copy.finish().await?;
    run::script(
        &mut *tx,
        format!(
            "DELETE FROM dothi.land_use; INSERT INTO dothi.land_use (code, name, name_en, parent, color, rank, in_2018, in_2024) \
             SELECT code, name_vi, name_en, nullif(parent, ''), color, rank::int, in_2018 = '1', in_2024 = '1' FROM land_use_csv; \
             COMMENT ON TABLE dothi.land_use IS {}",
            crate::sql::literal(&hash)
        ),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
