//! What is in the cluster before any migration: the database, with PostGIS.

use sqlx::{Connection, PgConnection};

use super::address::Address;
use crate::error::{Error, Result};

/// Makes what is missing. Asked at every opening, since a kill may have come between the first start and this.
pub async fn ensure(address: &Address, version: &str) -> Result<()> {
    let mut connection = match PgConnection::connect_with(&address.options(super::address::NAME)).await {
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("3D000") => {
            create_database(address).await?;
            PgConnection::connect_with(&address.options(super::address::NAME)).await?
        }
        other => other?,
    };
    postgis(&mut connection, version).await?;
    connection.close().await?;
    Ok(())
}

async fn create_database(address: &Address) -> Result<()> {
    let mut connection = PgConnection::connect_with(&address.options("postgres")).await?;
    sqlx::query("CREATE DATABASE dothi").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Installs PostGIS, or brings its functions to the version of its library when the package was upgraded.
async fn postgis(connection: &mut PgConnection, version: &str) -> Result<()> {
    let known: Option<(Option<String>, String)> =
        sqlx::query_as("SELECT installed_version, default_version FROM pg_available_extensions WHERE name = 'postgis'")
            .fetch_optional(&mut *connection)
            .await?;
    let statement = match known {
        None => {
            return Err(Error::Internal(format!(
                "PostgreSQL {version} has no PostGIS; install the Debian package `postgresql-{version}-postgis-3`"
            )));
        }
        Some((None, _)) => "CREATE EXTENSION postgis SCHEMA public",
        Some((Some(installed), default)) if installed != default => "ALTER EXTENSION postgis UPDATE",
        Some(_) => return Ok(()),
    };
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
