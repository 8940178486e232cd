//! Features in: the SQL of creating, replacing, updating and deleting. Every value is bound; the journal's triggers do the
//! rest (version, notice, statistics).

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgDatabaseError, PgPool, PgRow};

use super::Layer;
use super::cell::{Cell, cast, merged};
use super::draft::{Draft, MOST_FAULTS, Reading, merging};
use super::features::{DECIMALS, STATE};
use super::shape::is_multi;
use crate::db::run;
use crate::error::{Error, Fault, Result};
use crate::filter::{Expr, render};
use crate::geo::Crs;
use crate::schema::{FID, GEOM};
use crate::sql::{Sql, ident};

/// How far from its central meridian a transverse Mercator is used, in degrees: its scale is then off by 1.5 %.
const REACH: f64 = 10.0;

/// The coordinate system with this EPSG code, its axes in the authority's order; none when PostGIS does not know it.
pub async fn system(pool: &PgPool, srid: i32) -> Result<Option<Crs>> {
    let sql = Sql::new(
        "SELECT coalesce(srtext, '') AS text, coalesce(auth_name, '') AS authority FROM spatial_ref_sys WHERE srid = ",
    )
    .bind(srid);
    let Some(row) = run::optional(pool, sql).await? else { return Ok(None) };
    let (text, authority): (String, String) = (row.try_get("text")?, row.try_get("authority")?);
    Ok(Some(Crs::described(srid, &authority, &text)))
}

/// SQL for the geometry that `column`, GeoJSON in `system`, is in the layer.
fn stored(layer: &Layer, srid: i32, system: Crs, column: &str) -> String {
    let mut sql = given(system, column);
    if layer.geometry.as_ref().is_some_and(|g| !g.z) {
        sql = format!("ST_Force2D({sql})");
    }
    if is_multi(layer) {
        sql = format!("ST_Multi({sql})");
    }
    if srid == system.srid { sql } else { format!("ST_Transform({sql}, {srid})") }
}

/// SQL for the geometry as it was given, x first.
fn given(system: Crs, column: &str) -> String {
    let geometry = format!("ST_GeomFromGeoJSON({column})");
    let geometry = if system.y_first { format!("ST_FlipCoordinates({geometry})") } else { geometry };
    format!("ST_SetSRID({geometry}, {})", system.srid)
}

/// Asks PostGIS whether the geometries are valid and lie where the layer's coordinate system is meant for; what is wrong
/// goes into the reading's faults, with its place in the caller's own coordinates.
pub async fn check(pool: &PgPool, reading: &mut Reading<'_>, drafts: &[Draft], many: bool) -> Result<()> {
    let layer = reading.layer;
    let Some((_, srid)) = layer.spatial() else { return Ok(()) };
    let texts: Vec<Option<String>> = drafts.iter().map(|d| d.geometry.clone().flatten()).collect();
    if texts.iter().all(Option::is_none) {
        return Ok(());
    }
    let sql = Sql::new("SELECT proj4text FROM spatial_ref_sys WHERE srid = ").bind(srid);
    let meridian = match run::optional(pool, sql).await? {
        Some(row) => row.try_get::<Option<String>, _>(0)?.as_deref().and_then(meridian),
        None => None,
    };
    let system = reading.system;
    let mut tell = |n: usize, say: String| {
        let text = texts[n].as_deref().unwrap_or("null");
        reading.fault(many.then_some(n), "geometry", &["geometry"], text, say);
        reading.faults.len() < MOST_FAULTS
    };
    match run::all(pool, question(layer, srid, system, texts.clone())).await {
        Ok(rows) => {
            for row in &rows {
                let n = usize::try_from(row.try_get::<i64, _>("o")? - 1).unwrap_or(0);
                if let Some(say) = judged(row, system, meridian)? {
                    tell(n, say);
                }
            }
            return Ok(());
        }
        Err(Error::Db(sqlx::Error::Database(e))) if is_geometrys(&*e) => {}
        Err(e) => return Err(e),
    }
    // One of them has no place in a projection, which ends the statement: each is asked about alone.
    for (n, text) in texts.iter().enumerate().filter(|(_, t)| t.is_some()) {
        let say = match run::one(pool, question(layer, srid, system, vec![text.clone()])).await {
            Ok(row) => judged(&row, system, meridian)?,
            Err(Error::Db(sqlx::Error::Database(e))) if is_geometrys(&*e) => {
                Some(format!("it has no place in the layer's coordinate system (EPSG:{srid})"))
            }
            Err(e) => return Err(e),
        };
        if say.is_some_and(|say| !tell(n, say)) {
            break;
        }
    }
    Ok(())
}

/// Whether an error of the database is the fault of a geometry that it was given.
fn is_geometrys(e: &dyn sqlx::error::DatabaseError) -> bool {
    e.code().is_some_and(|c| c == "XX000" || c.starts_with("22")) || e.message().starts_with("transform:")
}

fn question(layer: &Layer, srid: i32, system: Crs, texts: Vec<Option<String>>) -> Sql {
    let place = format!("ST_Transform(ST_SetSRID((d).location, {srid}), {})", system.srid);
    Sql::new(format!(
        "SELECT o, ST_XMin(b) AS w, ST_YMin(b) AS s, ST_XMax(b) AS e, ST_YMax(b) AS n, (d).reason AS reason, \
         CASE WHEN NOT (d).valid THEN ST_X({place}) END AS x, CASE WHEN NOT (d).valid THEN ST_Y({place}) END AS y \
         FROM (SELECT o, ST_Transform(g, 4326) AS b, ST_IsValidDetail(g) AS d \
               FROM (SELECT o, {} AS g FROM unnest(",
        stored(layer, srid, system, "r.g")
    ))
    .bind(texts)
    .push("::text[]) WITH ORDINALITY AS r(g, o) WHERE r.g IS NOT NULL OFFSET 0) q OFFSET 0) p ORDER BY o")
}

/// What is wrong with a geometry that PostGIS was asked about.
fn judged(row: &PgRow, system: Crs, meridian: Option<f64>) -> Result<Option<String>> {
    if let Some(reason) = row.try_get::<Option<String>, _>("reason")? {
        let (x, y): (Option<f64>, Option<f64>) = (row.try_get("x")?, row.try_get("y")?);
        let place = match (x, y) {
            (Some(x), Some(y)) if system.y_first => format!(" at [{y}, {x}]"),
            (Some(x), Some(y)) => format!(" at [{x}, {y}]"),
            _ => String::new(),
        };
        return Ok(Some(format!("the geometry is not valid: {}{place}", reason.to_lowercase())));
    }
    let side = |name: &str| row.try_get::<Option<f64>, _>(name).map(|v| v.unwrap_or(f64::NAN));
    let (w, s, e, n) = (side("w")?, side("s")?, side("e")?, side("n")?);
    let slack = 1e-6;
    if !(w >= -180.0 - slack && e <= 180.0 + slack && s >= -90.0 - slack && n <= 90.0 + slack) {
        return Ok(Some("a position of it is not on earth".into()));
    }
    Ok(match meridian {
        Some(m) if w < m - REACH || e > m + REACH => {
            let far = if w < m - REACH { w } else { e };
            Some(format!(
                "longitude {far:.6} is more than {REACH} degrees from the meridian {m} of the layer's projection"
            ))
        }
        _ => None,
    })
}

/// The central meridian of a transverse Mercator; none for another projection.
fn meridian(proj4: &str) -> Option<f64> {
    let value = |key: &str| proj4.split_whitespace().find_map(|w| w.strip_prefix(key)?.strip_prefix('='));
    match value("+proj")? {
        "tmerc" | "etmerc" => value("+lon_0").map_or(Some(0.0), |v| v.parse().ok()),
        "utm" => value("+zone")?.parse::<f64>().ok().map(|zone| zone * 6.0 - 183.0),
        _ => None,
    }
}

/// `FROM unnest(…) AS r(g, c0, c1, …, o)` of drafts that say the same fields, the columns that they give and SQL for each.
struct Rows {
    columns: Vec<String>,
    values: Vec<String>,
    from: Sql,
}

fn rows(layer: &Layer, system: Crs, drafts: &[Draft]) -> Rows {
    let said = |at: usize| drafts.first().is_some_and(|d| d.cells[at].is_some());
    let fields: Vec<usize> = (0..layer.fields.len()).filter(|at| said(*at)).collect();
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    if let Some((_, srid)) = layer.spatial().filter(|_| drafts.first().is_some_and(|d| d.geometry.is_some())) {
        columns.push(GEOM.to_string());
        values.push(stored(layer, srid, system, "r.g"));
    }
    let texts: Vec<Cell> = drafts.iter().map(|d| d.geometry.clone().flatten()).collect();
    let mut from = Sql::new(" FROM unnest(").bind(texts).push("::text[]");
    let mut names = String::from("g");
    for at in fields {
        let field = &layer.fields[at];
        let texts: Vec<Cell> = drafts.iter().map(|d| d.cells[at].clone().flatten()).collect();
        from = from.push(", ").bind(texts).push("::text[]");
        names.push_str(&format!(", c{at}"));
        columns.push(ident(&field.column));
        values.push(cast(field.kind, &format!("r.c{at}")));
    }
    Rows { columns, values, from: from.push(&format!(") WITH ORDINALITY AS r({names}, o)")) }
}

/// Creates the features; their ids, in the order of the drafts. What a draft does not say has the column's default.
pub async fn insert(tx: &mut PgConnection, layer: &Layer, system: Crs, drafts: &[Draft]) -> Result<Vec<i64>> {
    let mut ids = Vec::with_capacity(drafts.len());
    let same = |a: &Draft, b: &Draft| {
        a.geometry.is_some() == b.geometry.is_some()
            && a.cells.iter().zip(&b.cells).all(|(a, b)| a.is_some() == b.is_some())
    };
    // Drafts that say the same fields go in together: usually all of them, as one version of the layer.
    for part in drafts.chunk_by(same) {
        let rows = rows(layer, system, part);
        let sql = match rows.columns.is_empty() {
            true if part.len() == 1 => Sql::new(format!("INSERT INTO {} DEFAULT VALUES", layer.table())),
            true => {
                // PostgreSQL has no form for several rows of nothing but defaults.
                for draft in part {
                    ids.extend(Box::pin(insert(&mut *tx, layer, system, std::slice::from_ref(draft))).await?);
                }
                continue;
            }
            false => Sql::new(format!(
                "INSERT INTO {} ({}) SELECT {}",
                layer.table(),
                rows.columns.join(", "),
                rows.values.join(", ")
            ))
            .append(&rows.from)
            .push(" ORDER BY o"),
        };
        let made = run::all(&mut *tx, sql.push(&format!(" RETURNING {FID}"))).await;
        for row in made.map_err(|e| blame(layer, e))? {
            ids.push(row.try_get(FID)?);
        }
    }
    Ok(ids)
}

/// A feature that nobody else changes until the transaction ends.
pub struct Held {
    /// The mark of its present state.
    pub state: String,
    /// Whether the filter holds for it.
    pub mine: bool,
}

/// Takes hold of a feature: a change by somebody else that is under way is waited for.
pub async fn hold(tx: &mut PgConnection, layer: &Layer, fid: i64, filter: &Expr) -> Result<Option<Held>> {
    let sql = Sql::new(format!("SELECT {STATE} AS state, (("))
        .append(&render(filter, layer.srid))
        .push(&format!(") IS TRUE) AS mine FROM {} t WHERE {FID} = ", layer.table()))
        .bind(fid)
        .push(" FOR UPDATE");
    match run::optional(tx, sql).await.map_err(|e| blame(layer, e))? {
        Some(row) => Ok(Some(Held { state: row.try_get("state")?, mine: row.try_get("mine")? })),
        None => Ok(None),
    }
}

/// Changes a feature that is held: what the draft says. With `merge`, objects in JSON fields merge into those there are.
pub async fn update(
    tx: &mut PgConnection,
    layer: &Layer,
    system: Crs,
    fid: i64,
    mut draft: Draft,
    merge: bool,
) -> Result<()> {
    for at in if merge { merging(layer, &draft) } else { Vec::new() } {
        let column = ident(&layer.fields[at].column);
        let sql = Sql::new(format!("SELECT {column}::text FROM {} WHERE {FID} = ", layer.table())).bind(fid);
        let present: Cell = run::one(&mut *tx, sql).await?.try_get(0)?;
        draft.cells[at] = draft.cells[at].take().map(|c| c.map(|patch| merged(present.as_deref(), &patch)));
    }
    let mut rows = rows(layer, system, std::slice::from_ref(&draft));
    if rows.columns.is_empty() {
        return Ok(());
    }
    if let (Some(Some(_)), Some((_, srid))) = (&draft.geometry, layer.spatial()) {
        rows.values[0] = unless_shown(layer, srid, system);
    }
    let set: Vec<String> = rows.columns.iter().zip(&rows.values).map(|(c, v)| format!("{c} = {v}")).collect();
    let sql = Sql::new(format!("UPDATE {} AS t SET {}", layer.table(), set.join(", ")))
        .append(&rows.from)
        .push(&format!(" WHERE t.{FID} = "))
        .bind(fid);
    run::execute(tx, sql).await.map_err(|e| blame(layer, e))?;
    Ok(())
}

/// SQL for the new geometry; the one that is there where what is given is just what answers show of it. A client that
/// sends back what it read moves nothing by the decimals that answers leave out.
fn unless_shown(layer: &Layer, srid: i32, system: Crs) -> String {
    let there = format!("t.{GEOM}");
    let seen = if srid == system.srid { there.clone() } else { format!("ST_Transform({there}, {})", system.srid) };
    let decimals = if system.degrees { DECIMALS } else { 4 };
    let seen = format!("ST_GeomFromGeoJSON(ST_AsGeoJSON({seen}, {decimals}))");
    let given = format!("ST_SetSRID({}, 0)", given(system, "r.g"));
    format!(
        "CASE WHEN ST_AsBinary(ST_SetSRID({seen}, 0)) = ST_AsBinary({given}) THEN {there} ELSE {} END",
        stored(layer, srid, system, "r.g")
    )
}

/// Deletes a feature that is held.
pub async fn delete(tx: &mut PgConnection, layer: &Layer, fid: i64) -> Result<()> {
    let sql = Sql::new(format!("DELETE FROM {} WHERE {FID} = ", layer.table())).bind(fid);
    run::execute(tx, sql).await.map_err(|e| blame(layer, e))?;
    Ok(())
}

/// Whether the filter holds for all of these features, as they are now.
pub async fn within(tx: &mut PgConnection, layer: &Layer, ids: &[i64], filter: &Expr) -> Result<bool> {
    if *filter == Expr::True {
        return Ok(true);
    }
    let sql = Sql::new(format!("SELECT count(*) FROM {} WHERE {FID} = ANY(", layer.table()))
        .bind(ids.to_vec())
        .push(") AND ")
        .append(&render(filter, layer.srid));
    let n: i64 = run::one(tx, sql).await?.try_get(0)?;
    Ok(usize::try_from(n) == Ok(ids.len()))
}

/// The GeoJSON type of a feature's present geometry.
pub async fn geometry_type(pool: &PgPool, layer: &Layer, fid: i64) -> Result<Option<String>> {
    if layer.spatial().is_none() {
        return Ok(None);
    }
    let sql = Sql::new(format!("SELECT substr(ST_GeometryType({GEOM}), 4) FROM {} WHERE {FID} = ", layer.table()));
    match run::optional(pool, sql.bind(fid)).await? {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(None),
    }
}

/// An error of the database that a change brought about, as the caller's where it is.
fn blame(layer: &Layer, error: Error) -> Error {
    let Error::Db(sqlx::Error::Database(e)) = &error else { return error };
    let field = |column: &str| {
        let named = layer.fields.iter().find(|f| f.column == column);
        named.map_or_else(|| column.to_string(), |f| f.name.clone())
    };
    let fault = |field: String, detail: &str| {
        let pointer = if field == GEOM { "/geometry".into() } else { format!("/properties/{field}") };
        Error::Rejected(vec![Fault {
            field,
            feature: None,
            pointer,
            value: serde_json::Value::Null,
            detail: detail.into(),
        }])
    };
    let postgres = e.try_downcast_ref::<PgDatabaseError>();
    match e.code().as_deref().unwrap_or_default() {
        "23502" => {
            let column = postgres.and_then(|p| p.column()).unwrap_or_default();
            fault(field(column), "the database takes no feature without a value here")
        }
        "23505" => {
            // The detail reads `Key (column)=(value) already exists.`
            let detail = postgres.and_then(|p| p.detail()).unwrap_or_default();
            let column = detail.strip_prefix("Key (").and_then(|d| d.split(")=").next()).unwrap_or_default();
            let column = field(column.trim_matches('"'));
            Error::Conflict(format!("another feature has this value of `{column}` already; it must be unique"))
        }
        c if c.starts_with("23") => {
            Error::Conflict("a rule of the database does not allow this change (a check or a reference)".into())
        }
        "P0001" => Error::Conflict("a trigger of the database does not allow this change".into()),
        "40P01" | "40001" | "55P03" => {
            Error::Busy("another change was in the way; nothing was changed, try again".into())
        }
        // Numbers and texts out of the range of what an index, a domain or a column of another type takes.
        c if c.starts_with("22") || c == "54000" => {
            fault(String::new(), "a value is out of the range that its column takes")
        }
        _ if e.message().starts_with("transform:") => {
            fault(GEOM.into(), "it has no place in the layer's coordinate system")
        }
        _ => error,
    }
}
