//! What the catalog says of a layer that was imported, and the moment in which readers see it.

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, Row};

use super::Options;
use super::land_use;
use super::publish::Incoming;
use super::report::Report;
use crate::db::run;
use crate::error::{Error, Result};
use crate::layer::editions;
use crate::schema::{Field, GEOM};
use crate::sql::{Sql, ident};

/// Takes the extent and sees to it that the layer lies on earth: coordinates that have no longitude and latitude do not
/// belong to the coordinate system they are said to be in. `read` is the extent as the reader saw it.
pub async fn check_place(
    tx: &mut PgConnection,
    incoming: &Incoming,
    read: Option<[f64; 4]>,
    report: &mut Report,
) -> Result<()> {
    let Some(srid) = incoming.srid else { return Ok(()) };
    // What was mended may reach less far.
    let extent = if report.repaired == 0 { read } else { stored_extent(tx, incoming).await? };
    let Some([w, s, e, n]) = extent else { return Ok(()) };
    report.extent = Some([w, s, e, n]);
    let lost = || {
        Error::Unreadable(format!(
            "`{}` cannot be placed on earth: its coordinates ({w}, {s} to {e}, {n}) are not in EPSG:{srid}; say the right system with `--srs`",
            incoming.title
        ))
    };
    let step = ((e - w).max(n - s) / 32.0).max(1e-6);
    let bounds = Sql::new("SELECT ST_XMin(g) AS w, ST_YMin(g) AS s, ST_XMax(g) AS e, ST_YMax(g) AS n FROM (SELECT ST_Transform(ST_Segmentize(ST_MakeEnvelope(")
        .bind(w).push(", ").bind(s).push(", ").bind(e).push(", ").bind(n)
        .push(&format!(", {srid}), "))
        .bind(step)
        .push("), 4326) AS g) x");
    let mut attempt = tx.begin().await?;
    let row = match run::one(&mut *attempt, bounds).await {
        Ok(row) => row,
        Err(Error::Db(sqlx::Error::Database(_))) => {
            attempt.rollback().await?;
            return Err(lost());
        }
        Err(e) => return Err(e),
    };
    let bounds: [f64; 4] = [row.try_get("w")?, row.try_get("s")?, row.try_get("e")?, row.try_get("n")?];
    attempt.commit().await?;
    // A degree of slack: world-wide files reach a little over 180.
    if !(bounds.iter().all(|b| b.is_finite())
        && bounds[0] >= -181.0
        && bounds[2] <= 181.0
        && bounds[1] >= -91.0
        && bounds[3] <= 91.0)
    {
        return Err(lost());
    }
    report.bounds = Some([bounds[0].max(-180.0), bounds[1].max(-90.0), bounds[2].min(180.0), bounds[3].min(90.0)]);
    Ok(())
}

async fn stored_extent(tx: &mut PgConnection, incoming: &Incoming) -> Result<Option<[f64; 4]>> {
    let sql = Sql::new(format!(
        "SELECT ST_XMin(e) AS w, ST_YMin(e) AS s, ST_XMax(e) AS e, ST_YMax(e) AS n FROM (SELECT ST_Extent({GEOM}) AS e FROM {}) x",
        incoming.staging
    ));
    let row = run::one(&mut *tx, sql).await?;
    let side = |name: &str| row.try_get::<Option<f64>, _>(name);
    let (w, s, e, n) = (side("w")?, side("s")?, side("e")?, side("n")?);
    Ok((|| Some([w?, s?, e?, n?]))())
}

/// Puts the staged table in the old one's place, the catalog row and the journal with it. Readers see it at the commit.
pub async fn swap(tx: &mut PgConnection, incoming: &Incoming, report: &mut Report, options: &Options) -> Result<()> {
    let id = &incoming.id;
    let class_field = land_use::class_field(tx, incoming).await?;
    if let Some(field) = &class_field {
        land_use::account(tx, incoming, field, report).await?;
    }
    let fields = with_titles(tx, incoming).await?;
    editions::put_aside(tx, id).await?;
    let name = ident(&format!("{id}_{}", incoming.import));
    run::script(
        &mut *tx,
        format!(
            "ALTER TABLE {} SET SCHEMA layers; ALTER TABLE layers.{name} RENAME TO {}",
            incoming.staging,
            ident(id)
        ),
    )
    .await?;
    let names: Vec<String> = incoming.fields.iter().map(|f| f.name.clone()).collect();
    let sql = Sql::new("INSERT INTO dothi.layer AS l (id, title, srid, geometry, shape, fields, feature_count, extent, class_field) VALUES (")
        .bind(id).push(", ")
        .bind(&incoming.title).push(", ")
        .bind(incoming.srid.map(i64::from)).push("::int, ")
        .bind(incoming.geometry.as_ref().map(serde_json::to_value).transpose()?.unwrap_or_default()).push(", ")
        .bind(incoming.shape.clone()).push(", ")
        .bind(serde_json::to_value(&fields)?).push(", ")
        .bind(i64::try_from(report.imported).unwrap_or(i64::MAX)).push(", ")
        .bind(report.bounds.map(|b| b.to_vec())).push("::float8[], ")
        .bind(class_field).push(")")
        // What an administrator said of the layer stays; what the new file no longer has goes.
        .push(" ON CONFLICT (id) DO UPDATE SET srid = excluded.srid, geometry = excluded.geometry, shape = excluded.shape, fields = excluded.fields, \
               feature_count = excluded.feature_count, extent = excluded.extent, raster = NULL, title = CASE WHEN ")
        .bind(options.title.is_some())
        .push(" THEN excluded.title ELSE l.title END, label_field = CASE WHEN l.label_field = ANY(")
        .bind(names.clone())
        .push(") THEN l.label_field END, class_field = CASE WHEN l.class_field = ANY(")
        .bind(names)
        .push(") THEN l.class_field ELSE excluded.class_field END");
    run::execute(&mut *tx, sql).await?;
    report.version = editions::replaced(tx, id, incoming.geometry.is_some()).await?;
    Ok(())
}

/// Keeps the report with the import.
pub async fn account(tx: &mut PgConnection, incoming: &Incoming, report: &Report) -> Result<()> {
    let version = report.version;
    let sql = Sql::new("UPDATE dothi.import SET version = ")
        .bind(version)
        .push(", report = ")
        .bind(serde_json::to_value(report)?);
    run::execute(tx, sql.push(" WHERE id = ").bind(incoming.import)).await.map(|_| ())
}

/// The new fields; one that the source gives no title keeps what an administrator said of its namesake.
async fn with_titles(tx: &mut PgConnection, incoming: &Incoming) -> Result<Vec<Field>> {
    let before = run::optional(tx, Sql::new("SELECT fields FROM dothi.layer WHERE id = ").bind(&incoming.id)).await?;
    let before: Vec<Field> = match before {
        Some(row) => serde_json::from_value(row.try_get("fields")?)?,
        None => Vec::new(),
    };
    let title = |f: &Field| f.title.clone().or_else(|| before.iter().find(|b| b.name == f.name)?.title.clone());
    Ok(incoming.fields.iter().map(|f| Field { title: title(f), ..f.clone() }).collect())
}
