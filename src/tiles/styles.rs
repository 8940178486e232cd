//! Styles by id: those that somebody made, kept in memory as the catalog is, and the generated ones that stand where nobody
//! made any.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};

use super::style;
use super::stylesheet::Stylesheet;
use crate::db::run;
use crate::error::Result;
use crate::layer::Catalog;
use crate::layer::land_use::LandUse;
use crate::sql::Sql;

/// The id of the whole map's style.
pub const DEFAULT: &str = "default";

/// A style that somebody made.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub document: Value,
    pub state: String,
    pub who: String,
    /// RFC 3339, UTC, as the next.
    pub created: String,
    pub updated: String,
}

/// A style as it is now: addresses of this server begin with `/`.
#[derive(Debug, Clone)]
pub struct Style {
    pub id: String,
    pub title: String,
    pub document: Value,
    /// Changes with the document and with nothing else.
    pub state: String,
    /// None: generated.
    pub made: Option<Arc<Made>>,
}

#[derive(Default)]
pub struct Styles {
    made: ArcSwap<BTreeMap<String, Arc<Made>>>,
}

impl Styles {
    pub async fn load(pool: &PgPool) -> Result<Styles> {
        let styles = Styles::default();
        styles.refresh(pool).await?;
        Ok(styles)
    }

    /// Reads what has changed.
    pub async fn refresh(&self, pool: &PgPool) -> Result<()> {
        let before = self.made.load_full();
        let mut now = BTreeMap::new();
        let mut changed = Vec::new();
        for row in run::all(pool, Sql::new("SELECT id, state FROM dothi.style")).await? {
            let (id, state): (String, String) = (row.try_get("id")?, row.try_get("state")?);
            match before.get(&id).filter(|made| made.state == state) {
                Some(made) => {
                    now.insert(id, made.clone());
                }
                None => changed.push(id),
            }
        }
        if changed.is_empty() && now.len() == before.len() {
            return Ok(());
        }
        let sql = Sql::new(format!("SELECT {COLUMNS} FROM dothi.style WHERE id = ANY("));
        for row in run::all(pool, sql.bind(changed).push(")")).await? {
            let made = Made {
                document: row.try_get("document")?,
                state: row.try_get("state")?,
                who: row.try_get("who")?,
                created: row.try_get("created")?,
                updated: row.try_get("updated")?,
            };
            now.insert(row.try_get("id")?, Arc::new(made));
        }
        self.made.store(Arc::new(now));
        Ok(())
    }

    /// Every id: the map's, the layers' in map order, others.
    pub fn ids(&self, catalog: &Catalog) -> Vec<String> {
        let mut ids = vec![DEFAULT.to_string()];
        ids.extend(catalog.all().iter().filter(|l| l.is_drawn()).map(|l| l.id.clone()));
        let others: Vec<String> = self.made.load().keys().filter(|id| !ids.contains(id)).cloned().collect();
        ids.extend(others);
        ids
    }

    /// The style of this id: what somebody made, else what is generated for the map or a layer.
    pub fn get(&self, catalog: &Catalog, codes: &[LandUse], id: &str) -> Result<Option<Style>> {
        if let Some(made) = self.made.load().get(id) {
            let title = made.document["name"].as_str().unwrap_or(id).to_string();
            let (document, state) = (made.document.clone(), made.state.clone());
            return Ok(Some(Style { id: id.into(), title, document, state, made: Some(made.clone()) }));
        }
        Styles::generated(catalog, codes, id)
    }

    /// What is generated for the map or a layer.
    pub fn generated(catalog: &Catalog, codes: &[LandUse], id: &str) -> Result<Option<Style>> {
        let exists = |id: &str| catalog.get(id).is_some();
        let (title, document) = match catalog.get(id).filter(|l| l.is_drawn()) {
            Some(layer) => {
                (layer.title.clone(), style::style("", &layer.title, std::slice::from_ref(&layer), codes, exists)?)
            }
            None if id == DEFAULT => ("Bản đồ / Map".into(), style::style("", "dothi", &catalog.all(), codes, exists)?),
            None => return Ok(None),
        };
        let state = state(&document);
        Ok(Some(Style { id: id.into(), title, document, state, made: None }))
    }

    /// Those of somebody's making that draw this layer, beside the one that bears its name.
    pub fn drawing(&self, layer: &str) -> Vec<String> {
        let made = self.made.load();
        let draws = |document: &Value| super::stylesheet::drawn(document).contains(layer);
        made.iter().filter(|(id, made)| *id != layer && draws(&made.document)).map(|(id, _)| id.clone()).collect()
    }
}

const COLUMNS: &str = r#"id, document, state, who, to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
    to_char(updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated"#;

fn state(document: &Value) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(document.to_string().as_bytes()))
}

/// Takes hold of the id until the transaction ends; the state that somebody made, if there is one.
pub async fn hold(tx: &mut PgConnection, id: &str) -> Result<Option<String>> {
    let sql = Sql::new("SELECT 1 FROM pg_advisory_xact_lock(hashtext('dothi style'), hashtext(").bind(id).push("))");
    run::one(&mut *tx, sql).await?;
    let row = run::optional(tx, Sql::new("SELECT state FROM dothi.style WHERE id = ").bind(id)).await?;
    Ok(row.map(|row| row.try_get("state")).transpose()?)
}

/// Keeps a style under this id, over what was there.
pub async fn put(tx: &mut PgConnection, id: &str, sheet: &Stylesheet, who: &str) -> Result<()> {
    let sql = Sql::new("INSERT INTO dothi.style (id, document, state, who) VALUES (")
        .bind(id)
        .push(", ")
        .bind(sheet.document.to_string())
        .push("::json, ")
        .bind(state(&sheet.document))
        .push(", ")
        .bind(who)
        .push(
            ") ON CONFLICT (id) DO UPDATE SET document = excluded.document, state = excluded.state, who = excluded.who, \
             updated = now()",
        );
    run::execute(&mut *tx, sql).await?;
    tell(tx).await
}

/// Takes away what somebody made; false when there is nothing.
pub async fn drop(tx: &mut PgConnection, id: &str) -> Result<bool> {
    let gone = run::execute(&mut *tx, Sql::new("DELETE FROM dothi.style WHERE id = ").bind(id)).await? > 0;
    tell(tx).await?;
    Ok(gone)
}

/// Every server reads the styles anew when this transaction is done.
async fn tell(tx: &mut PgConnection) -> Result<()> {
    run::one(tx, Sql::new("SELECT pg_notify('dothi_change', 'style')")).await.map(|_| ())
}
