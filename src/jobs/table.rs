//! Rows of jobs: asked for, listed, answered, cancelled.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::types::Json;

use super::Job;
use crate::db::run;
use crate::error::{Error, Result};
use crate::import::Options;
use crate::import::each::{ByLayer, Reads};
use crate::sql::Sql;
use crate::uploads::Upload;

/// The one member of the part of a report that is the account of a planning package.
pub const PACKAGE: &str = "package";
/// A job that was interrupted so often is not begun again: it may be what ends the server.
const ATTEMPTS: i32 = 3;

const COLUMNS: &str = r#"id, kind, dothi.job_state(id, state) AS state, source, upload, who, options, progress, questions, error, attempts,
    ARRAY(SELECT r->>'layer' FROM jsonb_array_elements(report) r WHERE r->>'layer' IS NOT NULL) AS layers,
    to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
    to_char(started AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started,
    to_char(ended AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ended"#;

pub fn job(row: &PgRow) -> Result<Job> {
    Ok(Job {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        state: row.try_get("state")?,
        source: row.try_get("source")?,
        upload: row.try_get("upload")?,
        who: row.try_get("who")?,
        options: row.try_get("options")?,
        progress: row.try_get("progress")?,
        questions: row.try_get("questions")?,
        layers: row.try_get("layers")?,
        report: None,
        package: None,
        error: row.try_get("error")?,
        attempts: row.try_get("attempts")?,
        created: row.try_get("created")?,
        started: row.try_get("started")?,
        ended: row.try_get("ended")?,
    })
}

/// The latest jobs, the latest first.
pub async fn list(pool: &PgPool, limit: u32) -> Result<Vec<Job>> {
    let sql = Sql::new(format!("SELECT {COLUMNS} FROM dothi.job ORDER BY id DESC LIMIT ")).bind(limit);
    run::all(pool, sql).await?.iter().map(job).collect()
}

/// One job, with its report.
pub async fn find(pool: &PgPool, id: i64) -> Result<Option<Job>> {
    let sql = Sql::new(format!("SELECT {COLUMNS}, report FROM dothi.job WHERE id = ")).bind(id);
    let Some(row) = run::optional(pool, sql).await? else { return Ok(None) };
    let (packages, layers): (Vec<Value>, Vec<Value>) =
        row.try_get::<Json<Vec<Value>>, _>("report")?.0.into_iter().partition(|part| part.get(PACKAGE).is_some());
    let package = packages.into_iter().next_back().map(|mut part| part[PACKAGE].take());
    Ok(Some(Job { report: Some(layers), package, ..job(&row)? }))
}

/// The same for callers who name it.
pub async fn named(pool: &PgPool, id: i64) -> Result<Job> {
    let missing = || Error::NotFound(format!("there is no job `{id}`; `dothi jobs list` lists those that there are"));
    find(pool, id).await?.ok_or_else(missing)
}

/// Asks for the import of an upload.
pub async fn create(pool: &PgPool, upload: &Upload, who: &str, options: &Options) -> Result<Job> {
    if !upload.is_whole() {
        let (here, size) = (upload.offset, upload.size);
        return Err(Error::Conflict(format!("of the upload {here} bytes of {size} are here; send the rest first")));
    }
    let sql =
        Sql::new("INSERT INTO dothi.job (kind, state, source, upload, who, options) VALUES ('import', 'queued', ")
            .bind(&upload.name)
            .push(", ")
            .bind(&upload.id)
            .push(", ")
            .bind(who)
            .push(", ")
            .bind(serde_json::to_value(options)?)
            .push(&format!(") RETURNING {COLUMNS}"));
    job(&run::one(pool, sql).await?)
}

/// What was asked for before a job could go on: of the whole file, or of single layers of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    pub encoding: Option<String>,
    pub srs: Option<String>,
    pub swap_xy: Option<bool>,
    pub each: ByLayer<Reads>,
}

/// Answers a job that asks; it goes back into the queue.
pub async fn answer(pool: &PgPool, id: i64, answer: &Answer) -> Result<Job> {
    if answer == &Answer::default() {
        return Err(Error::invalid("answer", "nothing is answered; say `encoding` or `srs`"));
    }
    let mut tx = pool.begin().await?;
    let sql = Sql::new("SELECT options FROM dothi.job WHERE state = 'asking' AND id = ").bind(id).push(" FOR UPDATE");
    let Some(row) = run::optional(&mut *tx, sql).await? else {
        tx.rollback().await?;
        return Err(Error::Conflict(format!("job {id} asks nothing; it is {}", named(pool, id).await?.state)));
    };
    let mut options: Options = row.try_get::<Json<_>, _>("options")?.0;
    let Answer { encoding, srs, swap_xy, each } = answer.clone();
    options.encoding = encoding.or(options.encoding);
    options.srs = srs.or(options.srs);
    options.swap_xy = swap_xy.unwrap_or(options.swap_xy);
    for (layer, reads) in each {
        options.each.entry(layer).or_default().read_as(reads);
    }
    let sql = Sql::new("UPDATE dothi.job SET state = 'queued', questions = NULL, ended = NULL, options = ")
        .bind(serde_json::to_value(&options)?)
        .push(" WHERE id = ")
        .bind(id)
        .push(&format!(" RETURNING {COLUMNS}"));
    let answered = job(&run::one(&mut *tx, sql).await?)?;
    tx.commit().await?;
    Ok(answered)
}

/// Ends a job: at once if nobody runs it, else as soon as whoever does hears of it.
pub async fn cancel(pool: &PgPool, id: i64) -> Result<Job> {
    let sql = Sql::new(
        "UPDATE dothi.job SET cancel = true, \
         state = CASE WHEN dothi.job_state(id, state) = 'running' THEN state ELSE 'cancelled' END, \
         ended = CASE WHEN dothi.job_state(id, state) = 'running' THEN ended ELSE now() END \
         WHERE state IN ('queued', 'running', 'asking') AND id = ",
    );
    match run::optional(pool, sql.bind(id).push(&format!(" RETURNING {COLUMNS}"))).await? {
        Some(row) => job(&row),
        None => Err(Error::Conflict(format!("job {id} is over: {}", named(pool, id).await?.state))),
    }
}

/// Uploads that jobs still have to read.
pub async fn needed(pool: &PgPool) -> Result<HashSet<String>> {
    let sql = Sql::new(
        "SELECT DISTINCT upload FROM dothi.job WHERE upload IS NOT NULL AND state IN ('queued', 'running', 'asking')",
    );
    run::all(pool, sql).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Whether there may be something to do.
pub async fn is_waiting(pool: &PgPool) -> Result<bool> {
    let sql = Sql::new("SELECT EXISTS (SELECT FROM dothi.job WHERE state = 'queued')");
    Ok(run::one(pool, sql).await?.try_get(0)?)
}

/// Finds jobs whose runner died. One whose file is `here` is begun again, unless that was tried often enough or it adds
/// to a layer and has done so already, which its editions know; any other says that it was interrupted.
pub async fn sweep(pool: &PgPool, here: &[String]) -> Result<u64> {
    let sql = Sql::new(
        "WITH lost AS (SELECT id, upload, attempts, cancel, options->'how' AS how, \
           ARRAY(SELECT DISTINCT layer FROM dothi.edition e WHERE e.options->'job' = to_jsonb(j.id) ORDER BY 1) AS done \
           FROM dothi.job j WHERE state = 'running' AND dothi.job_state(id, state) = 'interrupted' FOR UPDATE SKIP LOCKED), \
         judged AS (SELECT id, done, CASE WHEN cancel THEN 'cancelled' WHEN upload = ANY(",
    )
    .bind(here.to_vec())
    .push(&format!(
        ") AND attempts < {ATTEMPTS} AND NOT (cardinality(done) > 0 AND how = '\"append\"') THEN 'queued' ELSE 'interrupted' END AS state FROM lost) \
         UPDATE dothi.job j SET state = g.state, ended = CASE WHEN g.state = 'queued' THEN NULL ELSE now() END, \
           error = 'what ran it ended before it was done' || CASE WHEN g.state = 'queued' THEN '; it is begun again' ELSE '' END \
             || CASE WHEN cardinality(g.done) > 0 THEN '; these layers were in already: ' || array_to_string(g.done, ', ') ELSE '' END \
         FROM judged g WHERE g.id = j.id"
    ));
    run::execute(pool, sql).await
}

/// Lets go of what was asked and never answered, and of what is long over.
pub async fn forget(pool: &PgPool) -> Result<()> {
    run::script(
        pool,
        "UPDATE dothi.job SET state = 'cancelled', ended = now(), error = 'nobody answered within a week' \
           WHERE state = 'asking' AND started < now() - interval '7 days'; \
         DELETE FROM dothi.job WHERE ended < now() - interval '1 year'",
    )
    .await
}
