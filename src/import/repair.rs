//! Invalid polygons: found among the suspects, mended where PostGIS can, and accounted for one by one.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::notes;
use super::publish::{Ended, Incoming};
use super::quality::Quality;
use super::report::{LISTED, Repair, Report};
use crate::db::run;
use crate::error::Result;
use crate::quality::{self, Language, area_sql, system};
use crate::schema::{FID, GEOM};
use crate::sql::Sql;

/// Mends what is invalid. The rings of a polygon keep the ground they enclose (`method=structure`); a polygon that
/// encloses none becomes the line or point that it is. Returns the layer with the column type that now fits.
pub async fn repair(
    tx: &mut PgConnection,
    mut incoming: Incoming,
    ended: &Ended,
    quality: &mut Quality,
    report: &mut Report,
) -> Result<Incoming> {
    let Some((geometry, srid)) = incoming.geometry.clone().zip(incoming.srid) else { return Ok(incoming) };
    if ended.suspects.is_empty() && !ended.all_suspect {
        return Ok(incoming);
    }
    let table = &incoming.staging;
    // Mending may lose dimensions, which the column has.
    let force = match (geometry.z, geometry.m) {
        (false, false) => "ST_Force2D",
        (true, false) => "ST_Force3DZ",
        (false, true) => "ST_Force3DM",
        (true, true) => "ST_Force4D",
    };
    let mut sql = Sql::new(format!(
        "CREATE TEMP TABLE mended ON COMMIT DROP AS SELECT {FID}, (d).reason AS reason, ST_Force2D((d).location) AS place, before, \
         {force}(CASE WHEN ST_IsEmpty(solid) THEN ST_MakeValid(before) ELSE solid END) AS after \
         FROM (SELECT {FID}, {GEOM} AS before, ST_IsValidDetail({GEOM}) AS d, \
                      ST_CollectionExtract(ST_MakeValid({GEOM}, 'method=structure'), 3) AS solid FROM {table} WHERE NOT ST_IsValid({GEOM})"
    ));
    // CREATE TABLE AS takes no parameters; the ids are numbers of ours.
    if !ended.all_suspect {
        let ids: Vec<String> = ended.suspects.iter().map(i64::to_string).collect();
        sql = sql.push(&format!(" AND {FID} = ANY('{{{}}}'::bigint[])", ids.join(",")));
    }
    run::script(&mut *tx, sql.push(") s").text).await?;
    let (crs, unit) = system(&mut *tx, srid).await?;
    let [area_before, area_after] = ["before", "after"].map(|geometry| area_sql(geometry, crs, unit));
    let rows = run::all(
        &mut *tx,
        Sql::new(format!(
            "SELECT {FID}, reason, {area_before} AS area_before, {area_after} AS area_after, ST_X(place) AS x, ST_Y(place) AS y \
             FROM mended ORDER BY {FID} LIMIT {LISTED}"
        )),
    )
    .await?;
    let sql = Sql::new("SELECT count(*) AS n, coalesce(bool_and(GeometryType(after) = upper(")
        .bind(&geometry.r#type)
        .push(")), true) AS fits FROM mended");
    let all = run::one(&mut *tx, sql).await?;
    report.repaired = all.try_get::<i64, _>("n")?.unsigned_abs();
    if report.repaired == 0 {
        return Ok(incoming);
    }
    if geometry.m {
        report.note(notes::measures_lost());
    }
    let fits = geometry.r#type == "Geometry" || all.try_get::<bool, _>("fits")?;
    for row in &rows {
        let reason = row.try_get::<Option<String>, _>("reason")?.unwrap_or_default();
        report.repairs.push(Repair {
            fid: row.try_get(FID)?,
            reason_vi: quality::reason(&reason, Language::Vi),
            reason,
            x: row.try_get("x")?,
            y: row.try_get("y")?,
            area_before: row.try_get("area_before")?,
            area_after: row.try_get("area_after")?,
        });
    }
    if !fits {
        incoming.shape = Some(incoming.shape.unwrap_or_else(|| geometry.shape().to_string()));
        let wider = crate::schema::Geometry { r#type: "Geometry".into(), ..geometry };
        run::script(&mut *tx, format!("ALTER TABLE {table} ALTER {GEOM} TYPE {}", wider.sql(srid))).await?;
        incoming.geometry = Some(wider);
    }
    quality.mended(&mut *tx).await?;
    run::script(
        tx,
        format!(
            "UPDATE {table} t SET {GEOM} = m.after FROM mended m WHERE t.{FID} = m.{FID}; \
             INSERT INTO dothi.repair (import, fid, reason, place, area_before, area_after) \
             SELECT {}, {FID}, coalesce(reason, ''), place, {area_before}, {area_after} FROM mended; DROP TABLE mended",
            incoming.import
        ),
    )
    .await?;
    Ok(incoming)
}
