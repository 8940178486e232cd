//! The record of a layer (ISO 19115): what is known and said of it, and how its last import went.

mod iso; // as XML (ISO 19139)

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::Layer;
use crate::db::run;
use crate::error::Result;
use crate::filter::folded;
use crate::sql::Sql;

pub use iso::xml;

/// How many kinds of note of an import a record repeats.
const MOST_NOTES: usize = 50;

#[derive(Debug, Clone)]
pub struct Record {
    pub layer: Arc<Layer>,
    pub quality: Option<Quality>,
}

/// The account of the last import: how many rows of the source there were, and what became of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// RFC 3339, UTC.
    pub imported_at: String,
    pub rows_read: i64,
    pub rows_imported: i64,
    /// Of those, how many have a geometry that was mended.
    pub geometries_repaired: i64,
    pub rows_set_aside: i64,
    /// What is wrong in the layer, by kind: how many; the quality report has the places.
    pub issues: BTreeMap<String, i64>,
    /// What else was noted, by kind: how often.
    pub notes: BTreeMap<String, i64>,
    /// How it stands to its class in Circular 16/2025/TT-BXD, where it came in a planning package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conformance: Option<Value>,
}

/// The records of these layers, in their order.
pub async fn of(pool: &PgPool, layers: Vec<Arc<Layer>>) -> Result<Vec<Record>> {
    let ids: Vec<String> = layers.iter().map(|l| l.id.clone()).collect();
    let sql = Sql::new(
        "SELECT i.layer, to_char(i.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, report, summary->'issues' AS issues \
         FROM dothi.served_import i JOIN dothi.layer l ON l.id = i.layer \
         LEFT JOIN dothi.quality q ON q.layer = l.id AND q.edition = l.edition WHERE i.layer = ANY(",
    );
    let mut accounts = BTreeMap::new();
    for row in run::all(pool, sql.bind(ids).push(")")).await? {
        let report: Value = row.try_get("report")?;
        accounts
            .insert(row.try_get::<String, _>("layer")?, quality(row.try_get("at")?, &report, row.try_get("issues")?));
    }
    Ok(layers.into_iter().map(|layer| Record { quality: accounts.remove(&layer.id), layer }).collect())
}

fn quality(imported_at: String, report: &Value, issues: Option<Value>) -> Quality {
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let mut notes = BTreeMap::new();
    for note in report["notes"].as_array().into_iter().flatten() {
        // Texts of notes may repeat what is in the data; their kinds do not.
        if let Some(code) = note["code"].as_str().filter(|c| notes.len() < MOST_NOTES || notes.contains_key(*c)) {
            *notes.entry(code.to_string()).or_insert(0) += number(&note["count"]);
        }
    }
    Quality {
        imported_at,
        rows_read: number(&report["read"]),
        rows_imported: number(&report["imported"]),
        geometries_repaired: number(&report["repaired"]),
        rows_set_aside: number(&report["set_aside"]),
        issues: issues
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(kind, tally)| (kind.clone(), number(&tally["count"])))
            .collect(),
        notes,
        conformance: report.get("conformance").filter(|c| c.is_object()).cloned(),
    }
}

impl Layer {
    /// What a search for words looks through, folded, in parts that words do not reach across.
    pub fn words(&self) -> Vec<String> {
        let about = &self.about;
        let texts = [
            Some(&self.id),
            Some(&self.title),
            self.title_en.as_ref(),
            self.description.as_ref(),
            self.group.as_ref(),
            self.group_en.as_ref(),
            about.agency.as_ref(),
            about.agency_en.as_ref(),
            about.lineage.as_ref(),
            about.keywords.as_ref(),
            about.topic.as_ref(),
            about.decision.as_ref(),
        ];
        texts.into_iter().flatten().map(|t| folded(t).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// What others call the layer: scheme and value.
    pub fn external_ids(&self) -> Vec<(Option<&str>, &str)> {
        let own = self.about.identifier.as_deref().map(|text| match text.rsplit_once(':') {
            Some((scheme, value)) if !scheme.is_empty() && !value.is_empty() => (Some(scheme), value),
            _ => (None, text),
        });
        own.into_iter().chain(self.about.decision.as_deref().map(|d| (Some(DECISION), d))).collect()
    }
}

/// The scheme of decisions' numbers.
pub const DECISION: &str = "decision";
