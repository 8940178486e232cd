//! Coordinate systems by number, as PostGIS wants them.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::frames::Crs;
use crate::db::run;
use crate::error::Result;
use crate::sql::Sql;

/// Numbers from here on are ours to give (PostGIS keeps 910000 to 998999 for users).
const FIRST_OWN: i32 = 910_000;

/// The number of the coordinate system in `spatial_ref_sys`, where it is put if PostGIS does not know it: under its EPSG
/// code, or, for a system of the file's own, under the next free number.
pub async fn known(on: &mut PgConnection, crs: &Crs) -> Result<i32> {
    if let Some(srid) = crs.srid {
        let sql = Sql::new("INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) VALUES (")
            .bind(srid)
            .push("::int, 'EPSG', ")
            .bind(srid)
            .push("::int, ")
            .bind(fit(&crs.wkt))
            .push(", ")
            .bind(fit(&crs.proj4))
            .push(") ON CONFLICT (srid) DO NOTHING");
        run::execute(on, sql).await?;
        return Ok(srid);
    }
    let known = Sql::new(format!("SELECT srid FROM spatial_ref_sys WHERE srid >= {FIRST_OWN} AND srtext = "))
        .bind(fit(&crs.wkt));
    if let Some(row) = run::optional(&mut *on, known).await? {
        return Ok(row.try_get(0)?);
    }
    run::script(&mut *on, "LOCK TABLE spatial_ref_sys IN SHARE ROW EXCLUSIVE MODE").await?;
    let sql = Sql::new(format!(
        "INSERT INTO spatial_ref_sys (srid, srtext, proj4text) SELECT greatest({FIRST_OWN}, coalesce(max(srid), 0) + 1), "
    ))
    .bind(fit(&crs.wkt))
    .push(", ")
    .bind(fit(&crs.proj4))
    .push(" FROM spatial_ref_sys WHERE srid BETWEEN 910000 AND 998998 RETURNING srid");
    Ok(run::one(on, sql).await?.try_get(0)?)
}

/// `spatial_ref_sys` holds at most 2,048 letters; a longer definition is left to the other column.
fn fit(text: &str) -> Option<String> {
    (!text.is_empty() && text.chars().count() <= 2048).then(|| text.to_string())
}
