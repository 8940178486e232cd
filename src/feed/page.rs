//! Changes as they stand in the journal, in the order of their versions and, within one, of their features. Versions are
//! taken under a lock that lasts to the commit, so that whoever sees a version sees every one before it.

use futures_util::StreamExt;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{Connection, Row};

use super::{At, Mark};
use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::Crs;
use crate::layer::{Layer, catalog, features::properties};
use crate::schema::{FID, Kind};
use crate::sql::{Sql, ident};

/// A page ends early where its texts grow beyond this.
const MOST_BYTES: usize = 16 << 20;

/// What is to be told of each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask {
    pub crs: Crs,
    /// Geometry to the last bit, as PostGIS has it, instead of GeoJSON.
    pub ewkb: bool,
    /// Also what was there before.
    pub before: bool,
    /// Also who it was.
    pub who: bool,
}

/// One change.
#[derive(Debug)]
pub struct Change {
    pub version: i64,
    /// None when the layer changed as a whole.
    pub fid: Option<i64>,
    /// `create`, `update`, `delete`, or `replace` for the layer as a whole.
    pub op: &'static str,
    /// JSON: version, op, id, at, who, feature, before.
    pub text: String,
    /// The place after it.
    pub mark: Mark,
}

/// Changes after a mark.
#[derive(Debug)]
pub struct Page {
    pub changes: Vec<Change>,
    /// The place after them; the layer's present where there are no more.
    pub reached: Mark,
    pub more: bool,
}

/// At most `limit` changes after `since`; from the start these are the features themselves, each as one that was created.
///
/// Changes from before the layer was last replaced are left out: whoever is told of that starts again.
pub async fn after(pool: &PgPool, id: &str, since: &Mark, ask: Ask, limit: u32) -> Result<Page> {
    let mut on = pool.acquire().await?;
    let mut tx = on.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let layer = catalog::present(&mut *tx, id).await?;
    check(&layer, since)?;
    let page = match since.at {
        At::Start => features(&mut tx, &layer, layer.version, None, ask, limit).await?,
        At::Feature(fid) => features(&mut tx, &layer, since.version, Some(fid), ask, limit).await?,
        At::End | At::Change(_) => changes(&mut tx, &layer, since, ask, limit).await?,
    };
    tx.rollback().await?;
    Ok(page)
}

/// The features after one of them. They may be newer than `version`: the changes since then tell the same again.
async fn features(
    tx: &mut PgConnection,
    layer: &Layer,
    version: i64,
    last: Option<i64>,
    ask: Ask,
    limit: u32,
) -> Result<Page> {
    let feature = image(layer, ask, "t.geom", None);
    let after = last.map_or(String::new(), |fid| format!(" WHERE {FID} > {fid}"));
    let sql = Sql::new("SELECT ")
        .bind(version)
        .push(&format!(
            " AS version, 'i' AS op, {FID}, NULL AS at, NULL AS who, {feature} AS feature, NULL AS before FROM {} t{after} ORDER BY {FID} LIMIT {}",
            layer.table(),
            i64::from(limit) + 1
        ));
    let (mut changes, next) = gather(tx, sql, layer, ask, limit).await?;
    for change in &mut changes {
        change.mark = Mark { at: change.fid.map_or(At::Start, At::Feature), ..Mark::end(layer, version) };
    }
    let reached = match (&next, changes.last()) {
        (Some(_), Some(last)) => last.mark.clone(),
        _ => Mark::end(layer, version),
    };
    Ok(Page { changes, reached, more: next.is_some() || version < layer.version })
}

async fn changes(tx: &mut PgConnection, layer: &Layer, since: &Mark, ask: Ask, limit: u32) -> Result<Page> {
    let since = from_replacement(tx, layer, since).await?;
    let place = match since.at {
        At::Change(fid) => Sql::new(" AND (version, fid) > (").bind(since.version + 1).push(", ").bind(fid).push(")"),
        _ => Sql::new(" AND version > ").bind(since.version),
    };
    let sql = told(layer, ask)
        .push(" WHERE layer = ")
        .bind(&layer.id)
        .append(&place)
        .push(&format!(" ORDER BY version, fid LIMIT {}", i64::from(limit) + 1));
    let (mut changes, next) = gather(tx, sql, layer, ask, limit).await?;
    let mut following = next;
    for change in changes.iter_mut().rev() {
        // A change that another of its version follows is not its version's end.
        let goes_on = following == Some(change.version);
        if let Some(fid) = change.fid.filter(|_| goes_on) {
            change.mark = Mark { at: At::Change(fid), ..Mark::end(layer, change.version - 1) };
        }
        following = Some(change.version);
    }
    let reached = match (next, changes.last()) {
        (Some(_), Some(last)) => last.mark.clone(),
        _ => Mark::end(layer, layer.version),
    };
    Ok(Page { changes, reached, more: next.is_some() })
}

/// The rows of a page as changes, and the version of the one that comes next.
async fn gather(
    tx: &mut PgConnection,
    sql: Sql,
    layer: &Layer,
    ask: Ask,
    limit: u32,
) -> Result<(Vec<Change>, Option<i64>)> {
    let (mut changes, mut bytes): (Vec<Change>, usize) = (Vec::new(), 0);
    let mut rows = std::pin::pin!(run::stream(tx, sql)?);
    while let Some(row) = rows.next().await {
        let next = change(&row?, layer, ask)?;
        if changes.len() >= limit as usize || bytes > MOST_BYTES {
            return Ok((changes, Some(next.version)));
        }
        bytes += next.text.len();
        changes.push(next);
    }
    Ok((changes, None))
}

/// The changes of one feature, and the replacements of its layer, the newest first; at most `limit`, from before version
/// `until`. Also whether there are more.
pub async fn history(
    pool: &PgPool,
    layer: &Layer,
    fid: i64,
    ask: Ask,
    until: Option<i64>,
    limit: u32,
) -> Result<(Vec<Change>, bool)> {
    let sql = told(layer, ask)
        .push(" WHERE layer = ")
        .bind(&layer.id)
        .push(" AND version < ")
        .bind(until.unwrap_or(i64::MAX))
        .push(" AND (fid = ")
        .bind(fid)
        .push(&format!(" OR op = 'r') ORDER BY version DESC LIMIT {}", i64::from(limit) + 1));
    let rows = run::all(pool, sql).await?;
    let changes: Result<Vec<Change>> = rows.iter().take(limit as usize).map(|row| change(row, layer, ask)).collect();
    Ok((changes?, rows.len() > limit as usize))
}

/// Whether every change since the mark is there to be told.
fn check(layer: &Layer, since: &Mark) -> Result<()> {
    let anew = "start again with `since=start`";
    let id = &layer.id;
    if !since.is_of(layer) {
        return Err(Error::Gone(format!("`{since}` is of another layer `{id}`, which was dropped; {anew}")));
    }
    if since.at == At::Start {
        return Ok(());
    }
    if since.version > layer.version || matches!(since.at, At::Change(_)) && since.version == layer.version {
        let say = "it has not been there yet, or is of a layer of this name that was dropped";
        return Err(Error::invalid(
            "since",
            format!("layer `{id}` is at version {}, `{since}` is later; {say}", layer.version),
        ));
    }
    if since.version < layer.kept_since {
        let kept = layer.kept_since;
        return Err(Error::Gone(format!(
            "changes of layer `{id}` are kept from version {kept} on, not since `{since}`; {anew}"
        )));
    }
    Ok(())
}

/// The mark, or the one just before the layer's last replacement after it.
async fn from_replacement(tx: &mut PgConnection, layer: &Layer, since: &Mark) -> Result<Mark> {
    let sql = Sql::new("SELECT max(version) FROM dothi.change WHERE op = 'r' AND layer = ")
        .bind(&layer.id)
        .push(" AND version > ")
        .bind(since.version);
    let replaced: Option<i64> = run::one(tx, sql).await?.try_get(0)?;
    Ok(replaced.map_or_else(|| since.clone(), |version| Mark::end(layer, version - 1)))
}

/// `SELECT …` of changes, without a condition.
fn told(layer: &Layer, ask: Ask) -> Sql {
    let after = image(layer, ask, "c.geom", Some("c.attributes"));
    let before = match ask.before {
        true => image(
            layer,
            ask,
            "CASE WHEN c.moved THEN c.geom_before ELSE c.geom END",
            Some("coalesce(c.attributes_before, c.attributes)"),
        ),
        false => "NULL".into(),
    };
    Sql::new(format!(
        "SELECT version, op::text AS op, fid, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at, who, \
         CASE WHEN op IN ('i', 'u') AND attributes IS NOT NULL THEN {after} END AS feature, \
         CASE WHEN op IN ('u', 'd') AND attributes IS NOT NULL THEN {before} END AS before FROM dothi.change c"
    ))
}

/// SQL for the text of a Feature from its image in the journal, or without `attributes` from a row of its table. Only the
/// layer's fields are told, whatever other columns its table has.
fn image(layer: &Layer, ask: Ask, geometry: &str, attributes: Option<&str>) -> String {
    let geometry = match layer.spatial() {
        None => "'null'".into(),
        Some(_) if ask.ewkb => {
            format!("'null,\"ewkb\":' || coalesce(to_json(encode(ST_AsEWKB({geometry}), 'hex'))::text, 'null')")
        }
        Some(_) => {
            let Crs { srid, y_first, .. } = ask.crs;
            format!("coalesce(dothi.geojson({geometry}, {srid}, {y_first}, {}), 'null')", ask.crs.decimals())
        }
    };
    let columns: Vec<String> = layer
        .fields
        .iter()
        .map(|f| format!("{} {}", ident(&f.column), if f.kind == Kind::Bytes { "bytea" } else { "json" }))
        .collect();
    let (row, from) = match attributes {
        None => ("t", String::new()),
        Some(_) if columns.is_empty() => ("c", String::new()),
        Some(attributes) => ("c", format!(" FROM json_to_record({attributes}) AS t({})", columns.join(", "))),
    };
    format!(
        "(SELECT '{{\"type\":\"Feature\",\"id\":' || {row}.{FID} || ',\"geometry\":' || {geometry} || ',\"properties\":' || {} || '}}'{from})",
        properties(&layer.fields)
    )
}

/// A row as a change, as if it were the last of its version.
fn change(row: &PgRow, layer: &Layer, ask: Ask) -> Result<Change> {
    let (version, fid): (i64, Option<i64>) = (row.try_get("version")?, row.try_get(FID)?);
    let op = match row.try_get::<String, _>("op")?.as_str() {
        "i" => "create",
        "u" => "update",
        "d" => "delete",
        _ => "replace",
    };
    let mut text = format!("{{\"version\":{version},\"op\":\"{op}\"");
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!(",\"{name}\":{value}"));
        }
    };
    let quoted = |text: String| serde_json::Value::from(text).to_string();
    put("id", fid.map(|fid| fid.to_string()));
    put("at", row.try_get::<Option<String>, _>("at")?.map(quoted));
    put("who", row.try_get::<Option<String>, _>("who")?.filter(|_| ask.who).map(quoted));
    put("feature", row.try_get("feature")?);
    put("before", row.try_get("before")?);
    text.push('}');
    Ok(Change { version, fid, op, text, mark: Mark::end(layer, version) })
}
