//! A job under way. Its lock lives on a connection of its own: when that is gone, so is the runner.

use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};

use super::import::Outcome;
use super::table;
use crate::db::run;
use crate::error::{Error, Result};
use crate::import::Options;
use crate::import::package::Account;
use crate::import::report::Report;
use crate::quality;
use crate::sql::Sql;

/// Mended geometries and notes that a job's account lists; a file may have a thousand layers. The import's has more.
const MOST_REPAIRS: usize = 200;
const MOST_NOTES: usize = 50;

/// A part of a job's report.
pub enum Part {
    Layer(Box<Report>),
    Package(Box<Account>),
}

pub struct Running {
    pub id: i64,
    on: PgConnection,
    attempts: i32,
}

/// What was taken from the queue.
pub struct Taken {
    pub running: Running,
    pub upload: String,
    pub who: String,
    pub options: Options,
}

impl Running {
    /// A job that begins here and now: an import of the command line.
    pub async fn begin(to: &PgConnectOptions, source: &str, options: &Options) -> Result<Running> {
        let mut on = to.clone().application_name("dothi job").connect().await?;
        let mut tx = on.begin().await?;
        let sql = Sql::new(
            "INSERT INTO dothi.job (kind, state, source, who, options, attempts, started) VALUES ('import', 'running', ",
        )
        .bind(source)
        .push(", coalesce(")
        .bind(options.who.clone())
        .push(", session_user), ")
        .bind(serde_json::to_value(options)?)
        .push(", 1, now()) RETURNING id");
        let id: i64 = run::one(&mut *tx, sql).await?.try_get(0)?;
        lock(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Running { id, on, attempts: 1 })
    }

    /// The first job of the queue whose upload is `here` and whose layer nobody imports at the moment.
    pub async fn take(to: &PgConnectOptions, here: &[String]) -> Result<Option<Taken>> {
        let mut on = to.clone().application_name("dothi job").connect().await?;
        let mut tx = on.begin().await?;
        let sql = Sql::new(
            "UPDATE dothi.job SET state = 'running', attempts = attempts + 1, started = now(), ended = NULL, \
             questions = NULL, progress = '{}', report = '[]' \
             WHERE id = (SELECT id FROM dothi.job q WHERE state = 'queued' AND upload = ANY(",
        )
        .bind(here.to_vec())
        .push(
            ") AND NOT EXISTS (SELECT FROM dothi.job r WHERE dothi.job_state(r.id, r.state) = 'running' \
             AND r.options->>'layer' = q.options->>'layer') ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) \
             RETURNING id, upload, who, options, attempts",
        );
        let Some(row) = run::optional(&mut *tx, sql).await? else { return Ok(None) };
        let id = row.try_get("id")?;
        // Before anybody can see that it runs.
        lock(&mut tx, id).await?;
        tx.commit().await?;
        let (upload, who, attempts) = (row.try_get("upload")?, row.try_get("who")?, row.try_get("attempts")?);
        let options: Value = row.try_get("options")?;
        let mut running = Running { id, on, attempts };
        match serde_json::from_value(options) {
            Ok(options) => Ok(Some(Taken { running, upload, who, options })),
            // Of another version of this program.
            Err(e) => {
                running.keep(&Outcome::Failed(Error::Internal(format!("its options cannot be read: {e}")))).await?;
                Ok(None)
            }
        }
    }

    /// Says how far it is; true when it is to stop.
    pub async fn tell(&mut self, progress: &impl serde::Serialize) -> Result<bool> {
        let sql = Sql::new("UPDATE dothi.job SET progress = ").bind(serde_json::to_value(progress)?);
        self.asked(sql).await
    }

    /// Something of it is told: a layer that is in, or the account of the package that its layers are of.
    pub async fn add(&mut self, part: &Part) -> Result<bool> {
        let part = match part {
            Part::Layer(report) => brief(report)?,
            Part::Package(account) => json!({ table::PACKAGE: account }),
        };
        let sql = Sql::new("UPDATE dothi.job SET report = report || ").bind(json!([part]));
        self.asked(sql).await
    }

    async fn asked(&mut self, sql: Sql) -> Result<bool> {
        let sql = sql.push(" WHERE id = ").bind(self.id).push(" AND state = 'running' RETURNING cancel");
        Ok(match run::optional(&mut self.on, sql).await? {
            Some(row) => row.try_get(0)?,
            // Somebody took it for lost and said so.
            None => true,
        })
    }

    /// What became of it. Its lock goes with it.
    pub async fn end(mut self, outcome: &Outcome) -> Result<()> {
        self.keep(outcome).await?;
        self.on.close().await.ok();
        Ok(())
    }

    async fn keep(&mut self, outcome: &Outcome) -> Result<()> {
        let (state, error, questions) = match outcome {
            Outcome::Done(_) => ("done", None, None),
            Outcome::Failed(e) if e.is_callers() => ("failed", Some(e.to_string()), None),
            Outcome::Failed(e) => {
                tracing::error!(job = self.id, error = ?e, "a job failed");
                (
                    "failed",
                    Some(format!("something went wrong inside; the server's log has it under job {}", self.id)),
                    None,
                )
            }
            Outcome::Asking(questions, e) => ("asking", Some(e.to_string()), Some(serde_json::to_value(questions)?)),
            Outcome::Cancelled => ("cancelled", None, None),
            Outcome::Stopped => ("queued", Some("the server was stopped; it is begun again".into()), None),
        };
        // Nobody can answer what the command line does not ask any longer.
        let sql = Sql::new("UPDATE dothi.job SET state = CASE WHEN upload IS NULL AND ")
            .bind(state)
            .push(" = 'asking' THEN 'failed' ELSE ")
            .bind(state)
            .push(" END, error = ")
            .bind(error)
            .push(", questions = ")
            .bind(questions)
            .push(&format!(
                "::jsonb, ended = {}, attempts = attempts - {} WHERE state = 'running' AND id = ",
                if matches!(outcome, Outcome::Stopped) { "NULL" } else { "now()" },
                i32::from(matches!(outcome, Outcome::Stopped)),
            ))
            .bind(self.id)
            .push(" AND attempts = ")
            .bind(self.attempts);
        run::execute(&mut self.on, sql).await.map(|_| ())
    }
}

/// Known as running from here to the end of the connection.
async fn lock(on: &mut PgConnection, id: i64) -> Result<()> {
    let sql = Sql::new("SELECT pg_advisory_lock(hashtext('dothi job'), ").bind(id).push("::int)");
    run::one(on, sql).await.map(|_| ())
}

/// An account without what only a program reads whole, and with what people call things.
fn brief(report: &Report) -> Result<Value> {
    let mut value = serde_json::to_value(report)?;
    for (list, most) in [("repairs", MOST_REPAIRS), ("notes", MOST_NOTES)] {
        if let Some(list) = value[list].as_array_mut() {
            list.truncate(most);
        }
    }
    if let Some(originals) = value["originals"].as_object_mut() {
        originals.remove("exceptions");
    }
    if let Some(issues) = value["quality"].get_mut("issues") {
        quality::describe(issues);
    }
    Ok(value)
}
