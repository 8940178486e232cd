//! The official land-use codes (Circulars 27/2018 and 08/2024 of the ministry of natural resources), with their colours.

use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::db::run;
use crate::error::Result;
use crate::sql::Sql;

/// Labels of old files, and the official codes that they mean (migration 0007 has the same).
pub const ALIASES: [(&str, &str); 3] = [("OCT", "OTC"), ("T", "OTC"), ("2L", "LUC")];

#[derive(Debug, Clone, Serialize)]
pub struct LandUse {
    pub code: String,
    pub vi: String,
    pub en: String,
    /// `#RRGGBB`
    pub color: String,
    pub parent: Option<String>,
    /// The order of the official list.
    pub rank: i32,
}

/// Every code in official order.
pub async fn all(pool: &PgPool) -> Result<Vec<LandUse>> {
    let rows =
        run::all(pool, Sql::new("SELECT code, name, name_en, color, parent, rank FROM dothi.land_use ORDER BY rank"))
            .await?;
    rows.iter()
        .map(|row| {
            Ok(LandUse {
                code: row.try_get("code")?,
                vi: row.try_get("name")?,
                en: row.try_get("name_en")?,
                color: row.try_get("color")?,
                parent: row.try_get("parent")?,
                rank: row.try_get("rank")?,
            })
        })
        .collect()
}
