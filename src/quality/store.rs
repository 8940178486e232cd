//! What was found, kept with the edition; and a layer that is there looked at again.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{PgExecutor, Row};

use super::check::{Findings, check};
use super::intake::Intake;
use super::issue::{Issue, Kind, Place, Severity, Tally};
use super::{LISTED, SLIVER, wkb};
use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::{CITY_SRID, Crs, city_zone, ewkb};
use crate::layer::{Layer, catalog, editions};
use crate::schema::{FID, GEOM};
use crate::sql::{Sql, ident};

/// Issues that are sent to PostgreSQL at once.
const PART: usize = 500;

/// The report of an edition in numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Metres below which overlaps and gaps are not counted.
    pub tolerance: f64,
    /// Mean width in metres below which a polygon is a sliver.
    pub sliver_width: f64,
    /// Where areas were measured: `EPSG:n`, or `geodesic`.
    pub measured_in: Option<String>,
    /// What became of the source's rows; none where the layer did not come from a file.
    pub rows: Option<Rows>,
    /// Of the layer.
    pub features: u64,
    /// m²; of the polygons.
    pub area: Option<Change>,
    /// Geometries that were mended, by what was wrong with them.
    pub invalid: BTreeMap<String, u64>,
    pub issues: BTreeMap<String, Value>,
    pub notes: Vec<String>,
}

/// The account of the source's rows.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rows {
    pub read: u64,
    pub imported: u64,
    pub repaired: u64,
    pub set_aside: u64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Change {
    /// As the source had it, before anything was mended.
    pub before: f64,
    pub after: f64,
}

/// What an import says beside the findings.
#[derive(Debug, Default)]
pub struct Told {
    pub rows: Option<Rows>,
    /// m² that mending added.
    pub area_mended: f64,
    pub invalid: BTreeMap<String, u64>,
    /// The field of land-use labels, and how many rows have a code that is in no list; where that is known.
    pub unknown_codes: Option<(String, u64)>,
}

/// The system with this code, and how many metres its unit has.
pub async fn system(on: impl PgExecutor<'_>, srid: i32) -> Result<(Crs, f64)> {
    let sql = Sql::new(
        "SELECT coalesce(auth_name, '') AS auth, coalesce(srtext, '') AS wkt FROM spatial_ref_sys WHERE srid = ",
    );
    let row = run::optional(on, sql.bind(i64::from(srid))).await?;
    let (authority, wkt): (String, String) = match row {
        Some(row) => (row.try_get("auth")?, row.try_get("wkt")?),
        None => Default::default(),
    };
    let crs = if srid == 4326 { Crs::CRS84 } else { Crs::described(srid, &authority, &wkt) };
    // The last unit is that of the axes.
    let unit = wkt.rsplit_once("UNIT[").and_then(|(_, rest)| rest.split([',', ']']).nth(1)?.trim().parse().ok());
    Ok((crs, unit.filter(|u: &f64| *u > 0.0).unwrap_or(1.0)))
}

/// Keeps the report of the layer's served edition, in the place of an earlier one; says it. `version` is the one that was
/// looked at, the present one otherwise.
pub async fn keep(
    tx: &mut PgConnection,
    layer: &str,
    version: Option<i64>,
    tolerance: f64,
    mut findings: Findings,
    told: Told,
) -> Result<Summary> {
    let layer = catalog::present(&mut *tx, layer).await?;
    let edition = editions::served(&mut *tx, &layer.id).await?;
    let own = || layer.srid.map(|srid| format!("EPSG:{srid}"));
    let known = told.unknown_codes.filter(|(field, _)| layer.class_field.as_ref() == Some(field));
    let unknown = match known {
        Some((_, n)) => n,
        None => unknown_codes(&mut *tx, &layer).await?,
    };
    if unknown > 0 {
        findings.tallies.insert(Kind::UnknownCode, Tally { count: unknown, ..Tally::default() });
    }
    let mut issues = BTreeMap::new();
    for (kind, tally) in findings.tallies.iter().filter(|(_, t)| t.count > 0 || t.within_tolerance.is_some()) {
        let there = findings.issues.iter().filter(|i| i.kind == *kind).count();
        let mut value = serde_json::to_value(tally)?;
        value["listed"] = json!(if *kind == Kind::UnknownCode { unknown.min(LISTED as u64) } else { there as u64 });
        issues.insert(kind.name().to_string(), value);
    }
    findings.issues.sort_by_key(|issue| issue.kind);
    let mut notes = Vec::new();
    if findings.left_out > 0 {
        notes.push(format!("{} features were not looked at: the layer is too large", findings.left_out));
    }
    if findings.crowded {
        notes.push("where very many polygons lie over one another gaps were not looked for".into());
    }
    let summary = Summary {
        tolerance,
        sliver_width: SLIVER,
        measured_in: findings.measure.name().or_else(own).filter(|_| findings.area.is_some()),
        rows: told.rows,
        features: findings.features,
        area: findings.area.map(|after| Change { before: after - told.area_mended, after }),
        invalid: told.invalid,
        issues,
        notes,
    };
    let sql = Sql::new("DELETE FROM dothi.quality WHERE layer = ").bind(&layer.id).push(" AND edition = ");
    run::execute(&mut *tx, sql.bind(i64::from(edition))).await?;
    let sql = Sql::new("INSERT INTO dothi.quality (layer, edition, version, summary) VALUES (")
        .bind(&layer.id)
        .push(", ")
        .bind(i64::from(edition))
        .push(", ")
        .bind(version.unwrap_or(layer.version))
        .push(", ")
        .bind(serde_json::to_value(&summary)?);
    run::execute(&mut *tx, sql.push(")")).await?;
    list(&mut *tx, &layer, edition, &findings.issues).await?;
    if unknown > 0 {
        list_unknown(tx, &layer, edition, findings.issues.len()).await?;
    }
    Ok(summary)
}

async fn list(tx: &mut PgConnection, layer: &Layer, edition: i32, issues: &[Issue]) -> Result<()> {
    for (part, some) in issues.chunks(PART).enumerate() {
        let rows: Vec<Value> =
            some.iter().enumerate().map(|(i, issue)| row(issue, part * PART + i + 1, layer.srid)).collect();
        let sql = Sql::new("INSERT INTO dothi.issue (layer, edition, id, kind, severity, fids, row, area, area_before, width, detail, geom) SELECT ")
            .bind(&layer.id)
            .push(", ")
            .bind(i64::from(edition))
            .push(", id, kind, severity, fids, row, area, area_before, width, detail, geom::geometry FROM jsonb_to_recordset(")
            .bind(Value::Array(rows))
            .push(
                ") AS r (id integer, kind text, severity text, fids bigint[], row bigint, area float8, area_before float8, \
                 width float8, detail text, geom text)",
            );
        run::execute(&mut *tx, sql).await?;
    }
    Ok(())
}

fn row(issue: &Issue, id: usize, srid: Option<i32>) -> Value {
    // `jsonb` cannot hold the character NUL; it is shown by its symbol.
    let detail = issue.detail.as_ref().map(|d| d.replace('\0', "\u{2400}"));
    json!({
        "id": id, "kind": issue.kind.name(), "severity": issue.severity.name(), "fids": issue.fids, "row": issue.row,
        "area": issue.area, "area_before": issue.area_before, "width": issue.width, "detail": detail,
        "geom": srid.and_then(|srid| hex(&issue.place, srid)),
    })
}

/// EWKB in hexadecimal, as PostGIS reads it from text.
fn hex(place: &Place, srid: i32) -> Option<String> {
    let mut out = Vec::new();
    let head = |code: u32, srid: Option<i32>, out: &mut Vec<u8>| {
        out.push(1);
        out.extend((code | if srid.is_some() { ewkb::SRID } else { 0 }).to_le_bytes());
        out.extend(srid.into_iter().flat_map(i32::to_le_bytes));
    };
    let pair = |p: &[f64; 2]| p.iter().flat_map(|c| c.to_le_bytes()).collect::<Vec<u8>>();
    let polygon = |rings: &Vec<Vec<[f64; 2]>>, out: &mut Vec<u8>| {
        out.extend((rings.len() as u32).to_le_bytes());
        for ring in rings {
            out.extend((ring.len() as u32 + 1).to_le_bytes());
            ring.iter().chain(ring.first()).for_each(|p| out.extend(pair(p)));
        }
    };
    match place {
        Place::Nowhere => return None,
        Place::Point(p) => {
            head(1, Some(srid), &mut out);
            out.extend(pair(p));
        }
        Place::Polygons(all) => match &all[..] {
            [] => return None,
            [one] => {
                head(3, Some(srid), &mut out);
                polygon(one, &mut out);
            }
            all => {
                head(6, Some(srid), &mut out);
                out.extend((all.len() as u32).to_le_bytes());
                for one in all {
                    head(3, None, &mut out);
                    polygon(one, &mut out);
                }
            }
        },
    }
    Some(out.iter().map(|b| format!("{b:02X}")).collect())
}

/// SQL of the rows whose land-use label has a code in no official list: the label's column, and the rows.
fn unknown(layer: &Layer) -> Option<(String, String)> {
    let column = ident(&layer.field(layer.class_field.as_deref()?)?.column);
    // Each label is read once: a condition on the groups would be one on the rows.
    let labels = format!(
        "WITH labels AS MATERIALIZED (SELECT DISTINCT {column} AS label FROM {0} WHERE {column} <> ''), \
         parsed AS MATERIALIZED (SELECT label, dothi.land_use_codes(label) AS codes FROM labels) SELECT label FROM parsed \
         WHERE codes IS NULL OR NOT codes <@ (SELECT array_agg(code) FROM dothi.land_use)",
        layer.table()
    );
    Some((column.clone(), format!("FROM {} WHERE {column} IN ({labels})", layer.table())))
}

async fn unknown_codes(tx: &mut PgConnection, layer: &Layer) -> Result<u64> {
    let Some((_, rows)) = unknown(layer) else { return Ok(0) };
    let n: i64 = run::one(tx, Sql::new(format!("SELECT count(*) {rows}"))).await?.try_get(0)?;
    Ok(n.unsigned_abs())
}

async fn list_unknown(tx: &mut PgConnection, layer: &Layer, edition: i32, after: usize) -> Result<()> {
    let Some((column, rows)) = unknown(layer) else { return Ok(()) };
    let place =
        if layer.spatial().is_some() { format!("ST_PointOnSurface(ST_Force2D({GEOM}))") } else { "NULL".into() };
    let sql = Sql::new("INSERT INTO dothi.issue (layer, edition, id, kind, severity, fids, detail, geom) SELECT ")
        .bind(&layer.id)
        .push(", ")
        .bind(i64::from(edition))
        .push(&format!(
            ", {after} + row_number() OVER (ORDER BY {FID}), 'unknown_code', 'warning', ARRAY[{FID}], {column}, {place} \
             {rows} ORDER BY {FID} LIMIT {LISTED}"
        ));
    run::execute(tx, sql).await.map(|_| ())
}

/// What the import that the served edition came from says: rows that were set aside, geometries that were mended. `rows` where
/// it is under way and has not said so yet.
pub async fn told(tx: &mut PgConnection, layer: &str, findings: &mut Findings, rows: Option<Rows>) -> Result<Told> {
    let sql = Sql::new("SELECT id, report FROM dothi.served_import WHERE layer = ").bind(layer);
    let Some(row) = run::optional(&mut *tx, sql).await? else { return Ok(Told::default()) };
    let (import, report): (i64, Value) = (row.try_get("id")?, row.try_get("report")?);
    let said = |name: &str| report[name].as_u64().unwrap_or(0);
    let mut rows = rows.unwrap_or(Rows { read: said("read"), imported: said("imported"), ..Rows::default() });
    let mut told = Told::default();
    let sql = Sql::new(
        "SELECT reason, count(*) AS n, coalesce(sum(area_after - area_before), 0) AS more FROM dothi.repair WHERE import = ",
    );
    for row in run::all(&mut *tx, sql.bind(import).push(" GROUP BY 1")).await? {
        let n = row.try_get::<i64, _>("n")?.unsigned_abs();
        rows.repaired += n;
        told.area_mended += row.try_get::<f64, _>("more")?;
        told.invalid.insert(row.try_get("reason")?, n);
    }
    let sql = Sql::new(
        "SELECT fid, reason, ST_X(place) AS x, ST_Y(place) AS y, area_before, area_after FROM dothi.repair WHERE import = ",
    );
    let sql = sql.bind(import).push(&format!(" ORDER BY abs(area_after - area_before) DESC, fid LIMIT {LISTED}"));
    for row in run::all(&mut *tx, sql).await? {
        let place = row.try_get::<Option<f64>, _>("x")?.zip(row.try_get("y")?);
        let place = place.map_or(Place::Nowhere, |(x, y)| Place::Point([x, y]));
        findings.issues.push(Issue {
            area: row.try_get("area_after")?,
            area_before: row.try_get("area_before")?,
            detail: row.try_get("reason")?,
            ..Issue::new(Kind::Repaired, Severity::Note, vec![row.try_get("fid")?], place)
        });
    }
    let sql = Sql::new("SELECT row, reason, wkb, count(*) OVER () AS n FROM dothi.set_aside WHERE import = ");
    let sql = sql.bind(import).push(&format!(" ORDER BY row LIMIT {LISTED}"));
    for row in run::all(&mut *tx, sql).await? {
        rows.set_aside = row.try_get::<i64, _>("n")?.unsigned_abs();
        let place = somewhere(&row.try_get::<Option<Vec<u8>>, _>("wkb")?.unwrap_or_default());
        findings.issues.push(Issue {
            row: row.try_get("row")?,
            detail: row.try_get("reason")?,
            ..Issue::new(Kind::SetAside, Severity::Error, Vec::new(), place)
        });
    }
    for (kind, count) in [(Kind::Repaired, rows.repaired), (Kind::SetAside, rows.set_aside)] {
        findings.tallies.insert(kind, Tally { count, ..Tally::default() });
    }
    told.rows = Some(rows);
    Ok(told)
}

/// The first place of a geometry that could not be stored.
fn somewhere(wkb: &[u8]) -> Place {
    let mut place = Place::Nowhere;
    wkb::walk(wkb, &mut |_, positions| {
        let first = positions.xy().find(|p| p[0].is_finite() && p[1].is_finite());
        if let (Place::Nowhere, Some(p)) = (&place, first) {
            place = Place::Point(p);
        }
    });
    place
}

/// SQL for the area in m² of `geometry`, an expression in a system that is `crs` and whose unit is `unit` metres, as
/// [`Measure`](super::Measure) has it.
pub fn area_sql(geometry: &str, crs: Crs, unit: f64) -> String {
    if !crs.degrees && crs.srid != 3857 {
        return if unit == 1.0 {
            format!("ST_Area({geometry})")
        } else {
            format!("ST_Area({geometry}) * {}", unit * unit)
        };
    }
    let (z, degrees) = (city_zone(), format!("ST_Transform({geometry}, 4326)"));
    format!(
        "(SELECT CASE WHEN ST_XMin(d) >= {} AND ST_YMin(d) >= {} AND ST_XMax(d) <= {} AND ST_YMax(d) <= {} \
         THEN ST_Area(ST_Transform(d, {CITY_SRID})) ELSE ST_Area(d::geography) END FROM (SELECT {degrees} AS d) m)",
        z.west, z.south, z.east, z.north
    )
}

/// Shapes of the layer's table as the transaction sees them, checked.
pub async fn look(tx: &mut PgConnection, layer: &str, tolerance: f64) -> Result<Option<Findings>> {
    let layer = catalog::present(&mut *tx, layer).await?;
    let Some((_, srid)) = layer.spatial() else { return Ok(None) };
    let (crs, unit) = system(&mut *tx, srid).await?;
    let intake = Intake::start();
    {
        let statement =
            format!("COPY (SELECT {FID}, ST_CurveToLine({GEOM}) FROM {}) TO STDOUT (FORMAT binary)", layer.table());
        let mut stream = pin!(run::copy_out(&mut *tx, statement).await?);
        while let Some(part) = stream.next().await {
            intake.send(part?).await;
        }
    }
    let shapes = intake.end().await?.shapes().await?;
    let checked = tokio::task::spawn_blocking(move || check(&shapes, crs, unit, tolerance)).await;
    checked.map(Some).map_err(|_| Error::Internal("the check of the layer failed".into()))
}

/// Checks a layer as it is now, edits and all, and keeps the report. What was said of its import stays said.
pub async fn again(pool: &PgPool, layer: &Layer, tolerance: f64) -> Result<Summary> {
    let mut tx = pool.begin().await?;
    run::script(&mut *tx, "SET LOCAL statement_timeout = 0").await?;
    // What is edited from now on may be in the report or not; it is not said to be.
    let version = catalog::present(&mut *tx, &layer.id).await?.version;
    let mut findings = look(&mut tx, &layer.id, tolerance)
        .await?
        .ok_or_else(|| Error::Conflict(format!("layer `{}` has no geometry to check", layer.id)))?;
    let told = told(&mut tx, &layer.id, &mut findings, None).await?;
    let summary = keep(&mut tx, &layer.id, Some(version), tolerance, findings, told).await?;
    tx.commit().await?;
    Ok(summary)
}
