//! Editions of a layer: every import makes one. The served one is the layer's table; earlier ones are tables in schema
//! `editions`, with whatever was edited in them while they were served, until the policy lets them go.

mod compare; // what differs between two
mod shelf; // putting a table aside and bringing it back

pub use compare::{Comparison, Difference, compare};
pub use shelf::{copy_aside, drop_all, hold, let_go, put_aside, replaced, restore, served};

use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};

use crate::db::run;
use crate::error::{Error, Result};
use crate::sql::{Sql, ident};

/// Earlier editions that are kept where nobody says how many.
pub const USUALLY_KEPT: i32 = 3;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edition {
    pub number: i32,
    /// `replace`, `append`, `upsert`
    pub how: String,
    /// File name and source layer; none where the layer was not imported.
    pub source: Option<String>,
    /// Of the source file, in hexadecimal.
    pub sha256: Option<String>,
    pub options: serde_json::Value,
    pub who: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// The layer's version when the edition came in.
    pub version: i64,
    /// Whether it is the one that is served.
    pub served: bool,
    /// Whether its table is there; one that is not cannot be restored.
    pub kept: bool,
    pub features: Option<i64>,
    /// What its table and indexes take on the disk, or its tiles.
    pub bytes: Option<i64>,
}

/// How an edition came to be.
pub struct Origin<'a> {
    pub how: &'a str,
    pub import: i64,
    pub source: &'a str,
    pub sha256: Option<String>,
    pub options: serde_json::Value,
    pub who: Option<&'a str>,
}

/// Every edition of a layer, the latest first.
pub async fn list(pool: &PgPool, layer: &str) -> Result<Vec<Edition>> {
    let sql = Sql::new(
        "SELECT e.number, how, source, sha256, options, who, e.version, l.edition = e.number AS served, aside IS NOT NULL AS aside, \
         to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, \
         CASE WHEN l.edition = e.number THEN l.feature_count ELSE (aside->>'feature_count')::bigint END AS features, \
         CASE WHEN l.edition = e.number THEN raster ELSE aside->'raster' END->>'archive' IS NOT NULL AS picture, \
         coalesce((CASE WHEN l.edition = e.number THEN raster ELSE aside->'raster' END->>'bytes')::bigint, 0) + \
         pg_total_relation_size(CASE WHEN l.edition = e.number THEN to_regclass(format('layers.%I', l.id)) \
           WHEN aside IS NOT NULL THEN to_regclass(format('editions.%I', l.id || '_' || e.number)) END) AS bytes \
         FROM dothi.edition e JOIN dothi.layer l ON l.id = e.layer WHERE e.layer = ",
    );
    let rows = run::all(pool, sql.bind(layer).push(" ORDER BY e.number DESC")).await?;
    rows.iter()
        .map(|row| {
            let picture: bool = row.try_get("picture")?;
            let served = row.try_get::<Option<bool>, _>("served")?.unwrap_or(false);
            Ok(Edition {
                number: row.try_get("number")?,
                how: row.try_get("how")?,
                source: row.try_get("source")?,
                sha256: row.try_get("sha256")?,
                options: row.try_get("options")?,
                who: row.try_get("who")?,
                at: row.try_get("at")?,
                version: row.try_get("version")?,
                served,
                kept: served || row.try_get("aside")?,
                features: row.try_get::<Option<i64>, _>("features")?.filter(|_| !picture),
                bytes: row.try_get("bytes")?,
            })
        })
        .collect()
}

/// Enters the edition that the layer's table has just become, as the one that is served; says its number.
pub async fn enter(tx: &mut PgConnection, layer: &str, version: i64, origin: Origin<'_>) -> Result<i32> {
    let sql = Sql::new(
        "INSERT INTO dothi.edition (layer, number, how, import, source, sha256, options, who, version) SELECT ",
    )
    .bind(layer)
    .push(", coalesce(max(number), 0) + 1, ")
    .bind(origin.how)
    .push(", ")
    .bind(origin.import)
    .push(", ")
    .bind(origin.source)
    .push(", ")
    .bind(origin.sha256)
    .push(", ")
    .bind(origin.options)
    .push(", coalesce(")
    .bind(origin.who.map(String::from))
    .push(", session_user), ")
    .bind(version)
    .push(" FROM dothi.edition WHERE layer = ")
    .bind(layer)
    .push(" RETURNING number");
    let number: i32 = run::one(&mut *tx, sql).await?.try_get(0)?;
    serve(tx, layer, number).await?;
    Ok(number)
}

async fn serve(tx: &mut PgConnection, layer: &str, number: i32) -> Result<()> {
    let sql = Sql::new("UPDATE dothi.layer SET edition = ").bind(number).push("::int WHERE id = ").bind(layer);
    run::execute(tx, sql).await.map(|_| ())
}

/// The table of an edition that was put aside, quoted.
fn table(layer: &str, number: i32) -> String {
    format!("editions.{}", ident(&format!("{layer}_{number}")))
}

fn missing(layer: &str, number: i32) -> Error {
    Error::NotFound(format!(
        "layer `{layer}` has no edition `{number}` that is kept; `dothi editions list {layer}` says which are"
    ))
}
