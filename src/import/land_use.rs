//! Land-use labels of a layer held against the official lists: counted by code, and what is in none of them told.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::frames::Note;
use super::notes;
use super::publish::Incoming;
use super::report::{Counted, LandUse, Report};
use crate::db::run;
use crate::error::Result;
use crate::schema::{FID, Kind};
use crate::sql::{Sql, ident};

/// Labels in no list that a report names.
const NAMED: i64 = 100;

/// The text field whose values are official land-use codes, if there is one: at least two different codes, and nine of ten
/// values of a sample.
pub async fn class_field(tx: &mut PgConnection, incoming: &Incoming) -> Result<Option<String>> {
    if incoming.geometry.is_none() {
        return Ok(None);
    }
    for field in incoming.fields.iter().filter(|f| f.kind == Kind::Text) {
        let column = ident(&field.column);
        let sql = Sql::new(format!(
            "WITH sample AS (SELECT {column} AS v FROM {} WHERE {column} <> '' ORDER BY {FID} LIMIT 2000), \
             labels AS MATERIALIZED (SELECT (dothi.land_use_codes(v))[1] AS code, n FROM (SELECT v, count(*) AS n FROM sample GROUP BY v) s) \
             SELECT coalesce(sum(n), 0)::int8 AS n, coalesce(sum(n) FILTER (WHERE u.code IS NOT NULL), 0)::int8 AS known, \
             count(DISTINCT u.code) AS codes FROM labels LEFT JOIN dothi.land_use u USING (code)",
            incoming.staging
        ));
        let row = run::one(&mut *tx, sql).await?;
        let (n, known, codes): (i64, i64, i64) = (row.try_get("n")?, row.try_get("known")?, row.try_get("codes")?);
        if codes >= 2 && known * 10 >= n * 9 {
            return Ok(Some(field.name.clone()));
        }
    }
    Ok(None)
}

/// Puts the account of a field's labels into the report.
pub async fn account(tx: &mut PgConnection, incoming: &Incoming, field: &str, report: &mut Report) -> Result<()> {
    let Some(column) = incoming.fields.iter().find(|f| f.name == field).map(|f| ident(&f.column)) else {
        return Ok(());
    };
    // The rows are gone through once.
    let parsed = format!(
        "CREATE TEMP TABLE parsed ON COMMIT DROP AS SELECT label, n, dothi.land_use_codes(label) AS codes \
         FROM (SELECT {column} AS label, count(*) AS n FROM {} WHERE {column} <> '' GROUP BY 1) labels",
        incoming.staging
    );
    run::script(&mut *tx, parsed).await?;
    let codes = Sql::new(
        "SELECT u.code AS value, sum(p.n)::int8 AS n, u.in_2018, u.in_2024 \
         FROM parsed p, unnest(p.codes) c JOIN dothi.land_use u ON u.code = c GROUP BY u.code ORDER BY n DESC, value",
    );
    let unknown = Sql::new(format!(
        "SELECT label AS value, n, sum(n) OVER ()::int8 AS rows FROM parsed p WHERE codes IS NULL OR EXISTS \
         (SELECT FROM unnest(codes) c WHERE c NOT IN (SELECT code FROM dothi.land_use)) ORDER BY n DESC, value LIMIT {NAMED}"
    ));
    let totals = Sql::new(
        "SELECT coalesce(sum(n), 0)::int8 AS labelled, \
         coalesce(sum(n) FILTER (WHERE cardinality(codes) > 1), 0)::int8 AS combined FROM parsed",
    );
    let counted = |row: &sqlx::postgres::PgRow| -> Result<Counted> {
        let n: i64 = row.try_get("n")?;
        Ok(Counted { value: row.try_get("value")?, count: n.unsigned_abs() })
    };
    let (mut old, mut new) = (false, false);
    let mut known = Vec::new();
    for row in run::all(&mut *tx, codes).await? {
        let (in_2018, in_2024): (bool, bool) = (row.try_get("in_2018")?, row.try_get("in_2024")?);
        old |= in_2018 && !in_2024;
        new |= in_2024 && !in_2018;
        known.push(counted(&row)?);
    }
    let rows = run::all(&mut *tx, unknown).await?;
    let unknown_rows: i64 = rows.first().map(|row| row.try_get("rows")).transpose()?.unwrap_or(0);
    let unknown = rows.iter().map(counted).collect::<Result<Vec<Counted>>>()?;
    if unknown_rows > 0 {
        let some: Vec<&str> = unknown.iter().take(5).map(|c| c.value.as_str()).collect();
        report.note(Note { count: unknown_rows.unsigned_abs(), ..notes::land_use_unknown(field, &some) });
    }
    let row = run::one(&mut *tx, totals).await?;
    let (labelled, combined): (i64, i64) = (row.try_get("labelled")?, row.try_get("combined")?);
    run::script(&mut *tx, "DROP TABLE parsed").await?;
    let vocabulary = match (old, new) {
        (true, false) => "2018",
        (false, true) => "2024",
        (true, true) => "mixed",
        (false, false) => "both",
    };
    report.land_use = Some(LandUse {
        field: field.to_string(),
        vocabulary: vocabulary.into(),
        labelled: labelled.unsigned_abs(),
        combined: combined.unsigned_abs(),
        codes: known,
        unknown,
        unknown_rows: unknown_rows.unsigned_abs(),
    });
    Ok(())
}
