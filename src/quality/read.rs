//! What is kept of a layer's served edition, for those who ask.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};

use super::issue::{Kind, Language, Said};
use crate::db::run;
use crate::error::Result;
use crate::geo::Bbox;
use crate::sql::Sql;

/// The report of the served edition.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub edition: i32,
    /// RFC 3339, UTC.
    pub checked_at: String,
    /// The layer's version when it was checked.
    pub version: i64,
    /// No feature has changed since.
    pub current: bool,
    /// See [`super::Summary`].
    #[serde(flatten)]
    pub summary: Value,
}

const FROM: &str = "FROM dothi.layer l JOIN dothi.quality q ON q.layer = l.id AND q.edition = l.edition";

/// None where the edition was never checked.
pub async fn account(pool: &PgPool, layer: &str) -> Result<Option<Account>> {
    let sql = Sql::new(format!(
        "SELECT q.edition, q.version, q.summary, l.kept_since <= q.version \
         AND NOT EXISTS (SELECT FROM dothi.change c WHERE c.layer = l.id AND c.version > q.version) AS current, to_char(q.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at {FROM} WHERE l.id = "
    ));
    let row = run::optional(pool, sql.bind(layer)).await?;
    row.map(|row| {
        Ok(Account {
            edition: row.try_get("edition")?,
            checked_at: row.try_get("at")?,
            version: row.try_get("version")?,
            current: row.try_get("current")?,
            summary: row.try_get("summary")?,
        })
    })
    .transpose()
}

/// Which issues.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Any, if empty.
    pub kinds: Vec<Kind>,
    pub bbox: Option<Bbox>,
    /// Only those after this one.
    pub after: Option<i32>,
    pub limit: u32,
}

/// Issues in their order: by kind, the largest first.
pub struct Page {
    /// GeoJSON Features in CRS84.
    pub features: Vec<Value>,
    pub matched: i64,
    /// Where the next page goes on.
    pub next: Option<i32>,
}

pub async fn page(pool: &PgPool, layer: &str, asked: &Asked) -> Result<Page> {
    let mut sql = Sql::new(format!(
        "SELECT i.*, count(*) OVER () AS matched {FROM} \
         JOIN dothi.issue i ON i.layer = q.layer AND i.edition = q.edition WHERE l.id = "
    ))
    .bind(layer);
    if !asked.kinds.is_empty() {
        sql = sql
            .push(" AND i.kind = ANY(")
            .bind(asked.kinds.iter().map(|k| k.name().to_string()).collect::<Vec<_>>())
            .push(")");
    }
    if let Some(bbox) = asked.bbox {
        sql = sql.push(" AND (false");
        for b in bbox.parts() {
            sql = sql
                .push(" OR ST_Intersects(ST_Transform(i.geom, 4326), ST_MakeEnvelope(")
                .bind(b.west)
                .push(", ")
                .bind(b.south)
                .push(", ");
            sql = sql.bind(b.east).push(", ").bind(b.north).push(", 4326))");
        }
        sql = sql.push(")");
    }
    // Counted before the page begins, so that every page says the same number.
    let sql = Sql {
        text: format!(
            "SELECT x.*, ST_AsGeoJSON(ST_Transform(geom, 4326), 9) AS geojson FROM ({}) x WHERE id > ",
            sql.text
        ),
        ..sql
    };
    let sql = sql.bind(asked.after.unwrap_or(0)).push(" ORDER BY id LIMIT ").bind(i64::from(asked.limit) + 1);
    let mut rows = run::all(pool, sql).await?;
    let more = rows.len() > asked.limit as usize;
    rows.truncate(asked.limit as usize);
    let matched = rows.first().map(|row| row.try_get("matched")).transpose()?.unwrap_or(0);
    let next = rows.last().filter(|_| more).map(|row| row.try_get("id")).transpose()?;
    let features = rows.iter().map(feature).collect::<Result<_>>()?;
    Ok(Page { features, matched, next })
}

fn feature(row: &PgRow) -> Result<Value> {
    let (kind, severity): (String, String) = (row.try_get("kind")?, row.try_get("severity")?);
    let (fids, detail): (Vec<i64>, Option<String>) = (row.try_get("fids")?, row.try_get("detail")?);
    let geometry = row.try_get::<Option<String>, _>("geojson")?.map(RawValue::from_string).transpose()?;
    let number = |name: &str| row.try_get::<Option<f64>, _>(name);
    let mut properties = json!({"kind": kind, "severity": severity});
    if let Some(kind) = Kind::parse(&kind) {
        let said = Said {
            kind,
            fids: &fids,
            row: row.try_get("row")?,
            area: number("area")?,
            area_before: number("area_before")?,
            width: number("width")?,
            detail: detail.as_deref(),
        };
        properties["element"] = json!(kind.element());
        properties["message"] = json!(said.message(Language::Vi));
        properties["messageEn"] = json!(said.message(Language::En));
    }
    properties["fids"] = json!(fids);
    let others = [
        ("row", json!(row.try_get::<Option<i64>, _>("row")?)),
        ("area", json!(number("area")?)),
        ("areaBefore", json!(number("area_before")?)),
        ("width", json!(number("width")?)),
        ("detail", json!(detail)),
    ];
    for (name, value) in others {
        if !value.is_null() {
            properties[name] = value;
        }
    }
    Ok(json!({"type": "Feature", "id": row.try_get::<i32, _>("id")?, "geometry": geometry, "properties": properties}))
}
