//! What differs between two editions: features that are new, gone, or not as they were.

use serde::Serialize;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::{missing, table};
use crate::db::run;
use crate::error::{Error, Result};
use crate::schema::{FID, Field, GEOM, Kind};
use crate::sql::{Sql, ident};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    pub from: i32,
    pub to: i32,
    pub added: i64,
    pub removed: i64,
    pub changed: i64,
    pub same: i64,
    /// Fields that only the later, only the earlier edition has; a field of another type is both.
    pub fields_added: Vec<String>,
    pub fields_removed: Vec<String>,
    /// The first of each kind.
    pub differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// `added`, `removed`, `changed`
    pub what: String,
    /// The feature's id in the earlier and in the later edition.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// The value of the key, where features are told apart by one.
    pub key: Option<String>,
}

/// An edition that can be looked into.
struct Side {
    table: String,
    srid: Option<i32>,
    fields: Vec<Field>,
}

/// Compares edition `from` with edition `to` of a layer. Features belong together that have the same value of the field
/// `key`; without a key those with the same content do, and of the others those with the same id. `limit` bounds the
/// differences that are listed, of each kind.
///
/// Geometry is compared bit for bit; where the editions have different coordinate systems, to a millimetre.
pub async fn compare(
    pool: &PgPool,
    layer: &str,
    from: i32,
    to: i32,
    key: Option<&str>,
    limit: u32,
) -> Result<Comparison> {
    let (a, b) = (side(pool, layer, from).await?, side(pool, layer, to).await?);
    let common: Vec<(&Field, &Field)> = a
        .fields
        .iter()
        .filter_map(|f| Some((f, b.fields.iter().find(|g| g.name == f.name && g.kind == f.kind)?)))
        .collect();
    let only = |these: &[Field]| -> Vec<String> {
        these.iter().filter(|f| !common.iter().any(|(c, _)| c.name == f.name)).map(|f| f.name.clone()).collect()
    };
    if let Some(key) = key.filter(|key| !common.iter().any(|(c, _)| c.name == *key)) {
        let say = format!("field `{key}` is not in both editions of layer `{layer}` with the same type");
        return Err(Error::invalid("key", say));
    }
    let srid = a.srid.filter(|_| b.srid.is_some());
    let rows = |side: &Side, field: fn(&(&Field, &Field)) -> String| {
        let columns: Vec<String> = common.iter().map(field).collect();
        let at = key.and_then(|key| common.iter().position(|(c, _)| c.name == key));
        let key = at.map_or("NULL".to_string(), |at| columns[at].clone());
        let place = geometry(side, srid, a.srid == b.srid);
        format!(
            "SELECT {FID}, k, h, row_number() OVER (PARTITION BY k, h ORDER BY {FID}) AS same, row_number() OVER (PARTITION BY k ORDER BY {FID}) AS n \
             FROM (SELECT {FID}, ({key})::text AS k, md5(ROW({})::text || coalesce({place}, '')) AS h FROM {} t) hashed",
            columns.join(", "),
            side.table
        )
    };
    let pairs = match key {
        Some(_) => "SELECT * FROM a FULL JOIN b ON a.k = b.k AND a.n = b.n WHERE a.h IS DISTINCT FROM b.h".to_string(),
        None => "SELECT * FROM (SELECT * FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.h = a.h AND b.same = a.same)) a \
                 FULL JOIN (SELECT * FROM b WHERE NOT EXISTS (SELECT 1 FROM a WHERE a.h = b.h AND a.same = b.same)) b ON a.afid = b.bfid"
            .to_string(),
    };
    let pairs = pairs.replacen("SELECT *", "SELECT a.afid, b.bfid, coalesce(a.k, b.k) AS k", 1);
    let sql = Sql::new(format!(
        "WITH a AS MATERIALIZED (SELECT {FID} AS afid, k, h, same, n FROM ({}) x), b AS MATERIALIZED (SELECT {FID} AS bfid, k, h, same, n FROM ({}) x), \
         d AS (SELECT *, CASE WHEN afid IS NULL THEN 'added' WHEN bfid IS NULL THEN 'removed' ELSE 'changed' END AS what FROM ({pairs}) p) \
         SELECT *, (SELECT count(*) FROM b) AS present FROM (SELECT *, count(*) OVER (PARTITION BY what) AS total, \
         row_number() OVER (PARTITION BY what ORDER BY afid, bfid) AS i FROM d) ranked \
         RIGHT JOIN (VALUES (1)) one(v) ON i <= greatest({limit}, 1) ORDER BY what, i",
        rows(&a, |(f, _)| value(f)),
        rows(&b, |(_, f)| value(f)),
    ));
    let rows = run::all(pool, sql).await?;
    let mut found = Comparison {
        from,
        to,
        added: 0,
        removed: 0,
        changed: 0,
        same: 0,
        fields_added: only(&b.fields),
        fields_removed: only(&a.fields),
        differences: Vec::new(),
    };
    for row in &rows {
        found.same = row.try_get("present")?;
        let Some(what) = row.try_get::<Option<String>, _>("what")? else { continue };
        let total: i64 = row.try_get("total")?;
        match what.as_str() {
            "added" => found.added = total,
            "removed" => found.removed = total,
            _ => found.changed = total,
        }
        if limit > 0 {
            found.differences.push(Difference {
                what,
                from: row.try_get("afid")?,
                to: row.try_get("bfid")?,
                key: row.try_get("k")?,
            });
        }
    }
    found.same -= found.added + found.changed;
    Ok(found)
}

async fn side(pool: &PgPool, layer: &str, number: i32) -> Result<Side> {
    let sql = Sql::new(
        "SELECT l.edition = e.number AS served, aside, l.srid, l.fields, CASE WHEN l.edition = e.number THEN raster ELSE aside->'raster' END->>'archive' AS picture FROM dothi.edition e JOIN dothi.layer l ON l.id = e.layer WHERE l.id = ",
    );
    let row = run::optional(pool, sql.bind(layer).push(" AND e.number = ").bind(number)).await?;
    let row = row.ok_or_else(|| missing(layer, number))?;
    if row.try_get::<Option<String>, _>("picture")?.is_some() {
        let say = format!("edition `{number}` of layer `{layer}` is a raster, which has no features to compare");
        return Err(Error::Conflict(say));
    }
    if row.try_get::<Option<bool>, _>("served")? == Some(true) {
        let fields = serde_json::from_value(row.try_get("fields")?)?;
        return Ok(Side { table: format!("layers.{}", ident(layer)), srid: row.try_get("srid")?, fields });
    }
    let mut aside = row.try_get::<Option<Value>, _>("aside")?.ok_or_else(|| missing(layer, number))?;
    let srid = aside["srid"].as_i64().and_then(|s| i32::try_from(s).ok());
    Ok(Side { table: table(layer, number), srid, fields: serde_json::from_value(aside["fields"].take())? })
}

/// SQL of a value as it is compared: what has no equality of its own is compared as text.
fn value(field: &Field) -> String {
    let column = format!("t.{}", ident(&field.column));
    if field.kind == Kind::Json { format!("{column}::text") } else { column }
}

fn geometry(side: &Side, srid: Option<i32>, alike: bool) -> String {
    match srid {
        None => "NULL".into(),
        Some(_) if alike => format!("t.{GEOM}::bytea::text"),
        Some(srid) => {
            let there =
                if side.srid == Some(srid) { format!("t.{GEOM}") } else { format!("ST_Transform(t.{GEOM}, {srid})") };
            let step = format!("CASE WHEN ST_SRID({there}) = 4326 THEN 1e-8 ELSE 1e-3 END");
            format!("ST_SnapToGrid({there}, {step})::bytea::text")
        }
    }
}
