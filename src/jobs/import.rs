//! One import, seen from outside: how far it is, what it asks, and that it can be ended.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

use super::Running;
use super::running::Part;
use crate::error::{Error, Result};
use crate::import::child::Limits;
use crate::import::frames::Question;
use crate::import::report::Report;
use crate::import::{self, Called, Options, Step};

/// How often a job says how far it is, and hears that it is to end.
const BEAT: Duration = Duration::from_millis(300);

/// How far an import is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Progress {
    /// `open`, `read` (of a raster `cut`), `checks`, `index`, `swap`
    pub step: &'static str,
    pub layer: Option<String>,
    /// Rows that were read of the layer (of a raster: tiles), or looked at before the first.
    pub rows: u64,
    /// How many rows the layer should have.
    pub total: Option<u64>,
    /// How many layers the file has, and how many are in.
    pub layers: usize,
    pub done: usize,
}

/// What became of an import.
#[derive(Debug)]
pub enum Outcome {
    Done(Vec<Report>),
    Failed(Error),
    /// Something must be said first; the error says the same in a line.
    Asking(Vec<Question>, Error),
    Cancelled,
    /// The server stops.
    Stopped,
}

#[derive(Default)]
struct Seen {
    progress: Progress,
    questions: Vec<Question>,
    /// What is not in the job's row yet.
    parts: Vec<Part>,
}

/// Imports a file as a job. `tell` hears every step; `closing` becomes true when this program stops.
pub async fn import(
    running: &mut Running,
    to: &PgConnectOptions,
    file: &Path,
    options: &Options,
    closing: Option<watch::Receiver<bool>>,
    mut tell: impl FnMut(&Step) + Send,
) -> Outcome {
    // Whoever waits for a lock or makes an index hears that the other side is gone.
    let to = to.clone().options([("client_connection_check_interval", "1s")]);
    let options = Options { job: Some(running.id), ..options.clone() };
    let called = Called::new(&import::absolute(file).unwrap_or_else(|_| file.into()), options.name.as_deref());
    let seen =
        Arc::new(Mutex::new(Seen { progress: Progress { step: "open", ..Progress::default() }, ..Seen::default() }));
    let limits = Limits::default();
    let outcome = {
        let work = import::run(&to, file, &options, &limits, |step| {
            tell(&step);
            if let Ok(mut seen) = seen.lock() {
                seen.note(step);
            }
        });
        tokio::select! {
            done = work => match done {
                Ok(reports) => Outcome::Done(reports),
                Err(e) => Outcome::Failed(e),
            },
            ended = follow(running, &seen, closing) => ended,
        }
    };
    // What the last beat did not tell.
    let (progress, questions, parts) = match seen.lock() {
        Ok(mut seen) => (seen.progress.clone(), std::mem::take(&mut seen.questions), std::mem::take(&mut seen.parts)),
        Err(_) => return Outcome::Failed(Error::Internal("a thread died while it imported".into())),
    };
    for part in &parts {
        running.add(part).await.ok();
    }
    running.tell(&progress).await.ok();
    match outcome {
        Outcome::Failed(e) => {
            let e = named(e, &called);
            if questions.is_empty() {
                return Outcome::Failed(e);
            }
            let mut asked = serde_json::to_value(&questions).unwrap_or_default();
            called.say_all(&mut asked);
            Outcome::Asking(serde_json::from_value(asked).unwrap_or(questions), e)
        }
        outcome => outcome,
    }
}

/// Beats until the import is to end. It is not ended while its layer is swapped: nobody could say which of the two won.
async fn follow(running: &mut Running, seen: &Mutex<Seen>, mut closing: Option<watch::Receiver<bool>>) -> Outcome {
    let mut beats = tokio::time::interval(BEAT);
    let mut cancelled = false;
    loop {
        tokio::select! {
            _ = beats.tick() => {}
            () = closed(&mut closing), if !cancelled => {}
        }
        let Ok((progress, parts)) = seen.lock().map(|mut s| (s.progress.clone(), std::mem::take(&mut s.parts))) else {
            return Outcome::Failed(Error::Internal("a thread died while it imported".into()));
        };
        match beat(running, &progress, &parts).await {
            Ok(asked) => cancelled |= asked,
            Err(e) => return Outcome::Failed(e),
        }
        let swapping = seen.lock().is_ok_and(|s| s.progress.step == "swap");
        let stopping = closing.as_ref().is_some_and(|c| *c.borrow());
        match (swapping, cancelled, stopping) {
            (true, ..) => tokio::time::sleep(Duration::from_millis(20)).await,
            (_, true, _) => return Outcome::Cancelled,
            (_, _, true) => return Outcome::Stopped,
            _ => {}
        }
    }
}

async fn beat(running: &mut Running, progress: &Progress, parts: &[Part]) -> Result<bool> {
    for part in parts {
        running.add(part).await?;
    }
    running.tell(progress).await
}

async fn closed(closing: &mut Option<watch::Receiver<bool>>) {
    let Some(closing) = closing else { return std::future::pending().await };
    if closing.wait_for(|closed| *closed).await.is_err() {
        std::future::pending().await
    }
}

impl Seen {
    fn note(&mut self, step: Step) {
        let p = &mut self.progress;
        match step {
            Step::Opened(names) => p.layers = names.len(),
            Step::Layer(name, total) => {
                *p = Progress { step: "read", layer: Some(name), rows: 0, total, ..p.clone() };
            }
            Step::Rows(rows) => p.rows = rows,
            Step::Doing(what) => p.step = what,
            Step::Question(question) => self.questions.push(question),
            Step::Package(account) => self.parts.push(Part::Package(account)),
            Step::Done(report) => {
                (p.step, p.done) = ("read", p.done + 1);
                self.parts.push(Part::Layer(report));
            }
        }
    }
}

/// The error with the file's own name in it.
fn named(error: Error, called: &Called) -> Error {
    match error {
        Error::Unreadable(text) => Error::Unreadable(called.say(&text)),
        Error::NotFound(text) => Error::NotFound(called.say(&text)),
        Error::Conflict(text) => Error::Conflict(called.say(&text)),
        Error::Invalid { parameter, detail, at } => Error::Invalid { parameter, detail: called.say(&detail), at },
        other => other,
    }
}
