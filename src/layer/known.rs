//! What is known of a layer's present state and costs a look at many rows: counts, first and last moments, values of a
//! field. Each is found once a version, within a bounded time, and kept.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};
use xxhash_rust::xxh3::xxh3_128;

use super::catalog::Catalog;
use super::{Layer, Query};
use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::{Expr, render};
use crate::schema::Field;
use crate::sql::{Sql, ident};

/// The longest a page waits for a count that nobody asked to be exact.
const BUDGET: Duration = Duration::from_millis(120);
/// The longest a description of a layer waits for one of its parts.
const PATIENCE: Duration = Duration::from_millis(500);
/// More values than this are no list to choose from.
const MOST_VALUES: usize = 200;

/// How a caller wants features counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Count {
    /// Exactly where that takes a moment only, else about.
    #[default]
    Auto,
    Exact,
    /// As PostgreSQL's planner guesses.
    Estimate,
    None,
}

impl Count {
    pub fn parse(text: &str) -> Result<Count, String> {
        match text {
            "auto" => Ok(Count::Auto),
            "exact" => Ok(Count::Exact),
            "estimate" => Ok(Count::Estimate),
            "none" => Ok(Count::None),
            other => Err(format!(
                "`{}` is no way to count; write `exact`, `estimate`, `none` or `auto`",
                super::catalog::shorten(other)
            )),
        }
    }
}

/// How many features there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Exactly(i64),
    About(i64),
    /// Nobody wanted to know.
    Not,
}

impl Counted {
    pub fn number(self) -> Option<i64> {
        match self {
            Counted::Exactly(n) | Counted::About(n) => Some(n),
            Counted::Not => None,
        }
    }

    /// `exact`, `estimate` or `none`.
    pub fn how(self) -> &'static str {
        match self {
            Counted::Exactly(_) => "exact",
            Counted::About(_) => "estimate",
            Counted::Not => "none",
        }
    }
}

/// First and last moment of a layer's features, RFC 3339; none is open.
pub type Span = [Option<String>; 2];

#[derive(Clone)]
enum Fact {
    Counted(Counted),
    Span(Span),
    Values(Option<Arc<Vec<String>>>),
}

pub struct Known {
    facts: Cache<u128, Fact>,
}

impl Default for Known {
    fn default() -> Self {
        Known { facts: Cache::builder().max_capacity(20_000).time_to_idle(Duration::from_secs(3600)).build() }
    }
}

impl Known {
    /// How many features a query has. Without a filter the catalog knows.
    ///
    /// # Errors
    /// `Busy` when an exact count takes longer than a statement may.
    pub async fn count(
        &self,
        pool: &PgPool,
        catalog: &Catalog,
        layer: &Layer,
        query: &Query,
        how: Count,
    ) -> Result<Counted> {
        match (how, &query.filter) {
            (Count::None, _) => return Ok(Counted::Not),
            (_, Expr::True) => return Ok(Counted::Exactly(layer.feature_count)),
            (_, Expr::False) => return Ok(Counted::Exactly(0)),
            _ => {}
        }
        let condition = render(&query.filter, layer.srid);
        let key = key(layer, &format!("{how:?} {} {:?}", condition.text, condition.values));
        if let Some(Fact::Counted(counted)) = self.get(catalog, key).await {
            return Ok(counted);
        }
        let asked = Sql::new(format!("SELECT count(*) FROM {} WHERE ", layer.table())).append(&condition);
        let counted = match how {
            Count::Exact => {
                let row = run::one(pool, asked).await.map_err(|e| match e.is_timeout() {
                    true => Error::Busy(
                        "counting took longer than a question may; ask with `count=estimate` or `count=none`".into(),
                    ),
                    false => e,
                })?;
                Counted::Exactly(row.try_get(0)?)
            }
            Count::Estimate => Counted::About(estimate(pool, layer, &condition).await?),
            _ => match within(pool, asked, BUDGET).await? {
                Some(rows) => Counted::Exactly(rows.first().map_or(Ok(0), |row| row.try_get(0))?),
                None => Counted::About(estimate(pool, layer, &condition).await?),
            },
        };
        self.put(catalog, key, Fact::Counted(counted)).await;
        Ok(counted)
    }

    /// The first and the last moment of a layer's features; none for a layer without times.
    pub async fn span(&self, pool: &PgPool, catalog: &Catalog, layer: &Layer) -> Result<Option<Span>> {
        let Some(when) = layer.when() else { return Ok(None) };
        let sql = when.span(layer);
        let key = key(layer, &sql.text);
        if let Some(Fact::Span(span)) = self.get(catalog, key).await {
            return Ok(Some(span));
        }
        let rows = within(pool, sql, PATIENCE).await?;
        let span = match rows.as_deref().and_then(|rows| rows.first()) {
            Some(row) => [row.try_get("start")?, row.try_get("stop")?],
            None => Span::default(),
        };
        self.put(catalog, key, Fact::Span(span.clone())).await;
        Ok(Some(span))
    }

    /// The values of a field of texts in order, unless there are many.
    pub async fn values(
        &self,
        pool: &PgPool,
        catalog: &Catalog,
        layer: &Layer,
        field: &Field,
    ) -> Result<Option<Arc<Vec<String>>>> {
        let column = ident(&field.column);
        let sql = Sql::new(format!(
            "SELECT v FROM (SELECT DISTINCT {column}::text AS v FROM {} WHERE {column} IS NOT NULL LIMIT {}) t ORDER BY v COLLATE \"C\"",
            layer.table(),
            MOST_VALUES + 1
        ));
        let key = key(layer, &sql.text);
        if let Some(Fact::Values(values)) = self.get(catalog, key).await {
            return Ok(values);
        }
        let rows = within(pool, sql, PATIENCE).await?.filter(|rows| rows.len() <= MOST_VALUES);
        let values = match rows {
            Some(rows) => Some(Arc::new(rows.iter().map(|row| row.try_get("v")).collect::<Result<_, _>>()?)),
            None => None,
        };
        self.put(catalog, key, Fact::Values(values.clone())).await;
        Ok(values)
    }

    /// Nothing is believed while changes do not arrive.
    async fn get(&self, catalog: &Catalog, key: u128) -> Option<Fact> {
        if catalog.is_following() { self.facts.get(&key).await } else { None }
    }

    async fn put(&self, catalog: &Catalog, key: u128, fact: Fact) {
        if catalog.is_following() {
            self.facts.insert(key, fact).await;
        }
    }
}

fn key(layer: &Layer, what: &str) -> u128 {
    xxh3_128(format!("{} {} {what}", layer.identity, layer.version).as_bytes())
}

/// The rows, or none when they take longer than `budget`.
async fn within(pool: &PgPool, sql: Sql, budget: Duration) -> Result<Option<Vec<PgRow>>> {
    let mut tx = pool.begin().await?;
    run::script(&mut *tx, format!("SET LOCAL statement_timeout = {}", budget.as_millis())).await?;
    match run::all(&mut *tx, sql).await {
        Ok(rows) => {
            tx.commit().await?;
            Ok(Some(rows))
        }
        Err(e) if e.is_timeout() => {
            tx.rollback().await?;
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

/// What PostgreSQL's planner expects, from its statistics.
async fn estimate(pool: &PgPool, layer: &Layer, condition: &Sql) -> Result<i64> {
    let sql = Sql::new(format!("EXPLAIN (FORMAT JSON) SELECT 1 FROM {} WHERE ", layer.table())).append(condition);
    let plan: serde_json::Value = run::one(pool, sql).await?.try_get(0)?;
    let rows = plan[0]["Plan"]["Plan Rows"].as_f64().unwrap_or(0.0);
    Ok((rows as i64).clamp(0, layer.feature_count.max(0)))
}
