//! Into a layer that is there: appended, or set by a key. The layer's table stays, so that the journal tells exactly what
//! became of each feature; a copy of what it was is put aside as the edition before.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::How;
use super::notes;
use super::publish::Incoming;
use super::report::{Merged, Report};
use crate::db::run;
use crate::error::{Error, Result};
use crate::layer::editions;
use crate::schema::{FID, Field, GEOM, Geometry, Kind};
use crate::sql::{Sql, ident};

/// The feature that a staged row becomes.
const BECOMES: &str = "becomes_fid";
/// Whether that feature is there.
const KNOWN: &str = "is_known";
/// Keys that an error message names.
const SHOWN: usize = 5;

/// The layer as it is.
struct Target {
    id: String,
    /// Quoted.
    table: String,
    srid: Option<i32>,
    geometry: Option<Geometry>,
    fields: Vec<Field>,
}

/// A column of the layer and SQL of the value that the staged row `s` gives it.
struct Given {
    column: String,
    value: String,
    kind: Option<Kind>,
}

/// Adds the staged rows to the layer. Fields that the file does not have are null in new features and stay in known ones.
///
/// # Errors
/// `Conflict`: a field, type or geometry that the layer cannot take, or keys that do not tell features apart.
pub async fn merge(tx: &mut PgConnection, incoming: &Incoming, report: &mut Report, how: &How) -> Result<()> {
    editions::hold(&mut *tx, &incoming.id, "SHARE ROW EXCLUSIVE").await?;
    let target = target(&mut *tx, &incoming.id).await?;
    let given = given(incoming, &target, report)?;
    editions::copy_aside(&mut *tx, &incoming.id).await?;
    let staging = &incoming.staging;
    run::script(
        &mut *tx,
        format!("ALTER TABLE {staging} ADD {BECOMES} bigint, ADD {KNOWN} boolean NOT NULL DEFAULT false"),
    )
    .await?;
    if let How::Upsert(key) = how {
        recognise(&mut *tx, incoming, &target, key).await?;
    }
    number(&mut *tx, incoming, &target).await?;
    let columns: Vec<&str> = given.iter().map(|g| g.column.as_str()).collect();
    let values: Vec<&str> = given.iter().map(|g| g.value.as_str()).collect();
    let table = &target.table;
    let update = Sql::new(format!(
        "UPDATE {table} t SET ({}) = ROW({}) FROM {staging} s WHERE s.{KNOWN} AND t.{FID} = s.{BECOMES} AND ({})",
        columns.join(", "),
        values.join(", "),
        given.iter().map(differs).collect::<Vec<_>>().join(" OR ")
    ));
    let updated =
        if given.is_empty() { 0 } else { run::execute(&mut *tx, update).await.map_err(|e| unfit(e, &target))? };
    let list = |items: &[&str]| items.iter().map(|i| format!(", {i}")).collect::<String>();
    let insert = Sql::new(format!(
        "INSERT INTO {table} ({FID}{}) SELECT s.{BECOMES}{} FROM {staging} s WHERE NOT s.{KNOWN} ORDER BY s.{BECOMES}",
        list(&columns),
        list(&values)
    ));
    let inserted = run::execute(&mut *tx, insert).await.map_err(|e| unfit(e, &target))?;
    report.merged = Some(Merged { inserted, updated, unchanged: report.imported - inserted - updated });
    // The next feature that somebody adds comes after all of these.
    let serial = Sql::new("SELECT setval(pg_get_serial_sequence(")
        .bind(table)
        .push(&format!(", '{FID}'), greatest((SELECT max({FID}) FROM {table}), 1))"));
    run::one(&mut *tx, serial).await?;
    run::script(&mut *tx, format!("DROP TABLE {staging}; ANALYZE {table}")).await?;
    let version = Sql::new("SELECT version FROM dothi.layer WHERE id = ").bind(&target.id);
    report.version = run::one(&mut *tx, version).await?.try_get(0)?;
    Ok(())
}

async fn target(tx: &mut PgConnection, id: &str) -> Result<Target> {
    let sql = Sql::new("SELECT srid, geometry, fields FROM dothi.layer WHERE id = ").bind(id);
    let row = run::one(tx, sql).await?;
    Ok(Target {
        id: id.to_string(),
        table: format!("layers.{}", ident(id)),
        srid: row.try_get("srid")?,
        geometry: row.try_get::<Option<serde_json::Value>, _>("geometry")?.map(serde_json::from_value).transpose()?,
        fields: serde_json::from_value(row.try_get("fields")?)?,
    })
}

/// What the staged rows give to each column of the layer.
fn given(incoming: &Incoming, target: &Target, report: &mut Report) -> Result<Vec<Given>> {
    let mut given = Vec::new();
    for field in &incoming.fields {
        let Some(own) = target.fields.iter().find(|f| f.name == field.name) else {
            let fields: Vec<String> = target.fields.iter().map(|f| format!("`{}`", f.name)).collect();
            return Err(Error::Conflict(format!(
                "layer `{}` has no field `{}` to add to; it has {}: rename the field in the file, or replace the layer",
                target.id,
                field.name,
                fields.join(", ")
            )));
        };
        if !widens(field.kind, own.kind) {
            return Err(Error::Conflict(format!(
                "field `{}` is {} in the file and {} in layer `{}`; convert it in the file, or replace the layer",
                field.name,
                field.kind.sql(),
                own.kind.sql(),
                target.id
            )));
        }
        let cast = if field.kind == own.kind { String::new() } else { format!("::{}", own.kind.sql()) };
        given.push(Given {
            column: ident(&own.column),
            value: format!("s.{}{cast}", ident(&field.column)),
            kind: Some(own.kind),
        });
    }
    given.extend(place(incoming, target, report)?);
    Ok(given)
}

/// Whether every value of one kind is one of the other.
fn widens(from: Kind, to: Kind) -> bool {
    use Kind::*;
    from == to
        || to == Text && !matches!(from, Json | Bytes | Int4List | Int8List | Float8List | TextList)
        || matches!(
            (from, to),
            (Int2, Int4 | Int8 | Float4 | Float8)
                | (Int4, Int8 | Float8)
                | (Float4, Float8)
                | (Date, Timestamp)
                | (Int4List, Int8List | Float8List)
        )
}

/// The geometry that the staged rows give, in the layer's system and dimensions.
fn place(incoming: &Incoming, target: &Target, report: &mut Report) -> Result<Option<Given>> {
    let (Some((theirs, from)), Some((own, to))) =
        (incoming.geometry.as_ref().zip(incoming.srid), target.geometry.as_ref().zip(target.srid))
    else {
        return match &incoming.geometry {
            Some(_) => Err(Error::Conflict(format!("layer `{}` has no geometry, the file has", target.id))),
            None => Ok(None),
        };
    };
    let refuse = |what: String| Err(Error::Conflict(format!("layer `{}` {what}, or replace the layer", target.id)));
    if own.m != theirs.m || own.z && !theirs.z {
        return refuse("has other dimensions (heights, measures) than the file; give the file the same".into());
    }
    let base = |g: &Geometry| g.r#type.to_ascii_lowercase().trim_start_matches("multi").to_string();
    let multi = |g: &Geometry| g.r#type.to_ascii_lowercase().starts_with("multi");
    if base(own) != "geometry" && base(theirs) != "geometry" && base(own) != base(theirs) {
        return refuse(format!("holds {}, the file {}; choose another layer", own.r#type, theirs.r#type));
    }
    let mut value = format!("s.{GEOM}");
    if theirs.z && !own.z {
        value = format!("ST_Force2D({value})");
        report.note(notes::heights_not_in_layer());
    }
    if multi(own) && !multi(theirs) {
        value = format!("ST_Multi({value})");
    }
    if from != to {
        value = format!("ST_Transform({value}, {to})");
    }
    Ok(Some(Given { column: GEOM.into(), value, kind: None }))
}

/// SQL that says whether the feature `t` is not yet what the staged row gives.
fn differs(given: &Given) -> String {
    let Given { column, value, kind } = given;
    match kind {
        None => format!("t.{column}::bytea IS DISTINCT FROM ({value})::bytea"),
        Some(Kind::Json) => format!("t.{column}::text IS DISTINCT FROM ({value})::text"),
        Some(_) => format!("t.{column} IS DISTINCT FROM {value}"),
    }
}

/// Finds the features of the layer that have the keys of the staged rows.
async fn recognise(tx: &mut PgConnection, incoming: &Incoming, target: &Target, key: &str) -> Result<()> {
    let (Some(theirs), Some(own)) =
        (incoming.fields.iter().find(|f| f.name == key), target.fields.iter().find(|f| f.name == key))
    else {
        let here = if target.fields.iter().any(|f| f.name == key) { "the file" } else { "the layer" };
        return Err(Error::invalid("upsert", format!("{here} has no field `{key}` to tell features apart by")));
    };
    let (staging, table) = (&incoming.staging, &target.table);
    let (s, t) = (format!("s.{}", ident(&theirs.column)), format!("t.{}", ident(&own.column)));
    let twice = format!("SELECT {s}::text AS key FROM {staging} s GROUP BY {s} HAVING count(*) > 1 OR {s} IS NULL");
    distinct(&mut *tx, twice, key, "the file").await?;
    let twice = format!(
        "SELECT {t}::text AS key FROM {table} t JOIN {staging} s ON {t} = {s} GROUP BY {t} HAVING count(*) > 1"
    );
    distinct(&mut *tx, twice, key, "the layer").await?;
    let known = format!("UPDATE {staging} s SET {BECOMES} = t.{FID}, {KNOWN} = true FROM {table} t WHERE {t} = {s}");
    run::execute(tx, Sql::new(known)).await.map(|_| ())
}

async fn distinct(tx: &mut PgConnection, twice: String, key: &str, place: &str) -> Result<()> {
    let rows = run::all(tx, Sql::new(format!("{twice} ORDER BY 1 LIMIT {SHOWN}"))).await?;
    let mut shown = Vec::new();
    for row in &rows {
        let value: Option<String> = row.try_get("key")?;
        shown.push(value.map_or("nothing".to_string(), |v| format!("`{}`", crate::layer::catalog::shorten(&v))));
    }
    match shown.is_empty() {
        true => Ok(()),
        false => Err(Error::Conflict(format!(
            "`{key}` does not tell features apart: in {place} several have, or one has, {}",
            shown.join(", ")
        ))),
    }
}

/// Numbers the new features after those of the layer, in the file's order; what was mended is noted under these numbers.
async fn number(tx: &mut PgConnection, incoming: &Incoming, target: &Target) -> Result<()> {
    let (staging, table) = (&incoming.staging, &target.table);
    let number = format!(
        "UPDATE {staging} s SET {BECOMES} = r.n + (SELECT greatest(coalesce(max({FID}), 0), 0) FROM {table}) \
         FROM (SELECT {FID}, row_number() OVER (ORDER BY {FID}) AS n FROM {staging} WHERE NOT {KNOWN}) r WHERE s.{FID} = r.{FID}"
    );
    run::execute(&mut *tx, Sql::new(number)).await?;
    let repairs = Sql::new(format!(
        "UPDATE dothi.repair r SET fid = s.{BECOMES} FROM {staging} s WHERE s.{FID} = r.fid AND r.import = "
    ));
    run::execute(tx, repairs.bind(incoming.import)).await.map(|_| ())
}

/// An error of the database that the file's rows brought about, as the caller's.
fn unfit(error: Error, target: &Target) -> Error {
    match &error {
        Error::Db(sqlx::Error::Database(e)) if e.code().is_some_and(|c| c.starts_with("22") || c.starts_with("23")) => {
            Error::Conflict(format!("layer `{}` does not take what the file has: {}", target.id, e.message()))
        }
        _ => error,
    }
}
