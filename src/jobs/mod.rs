//! Work that outlives a request: asked for at `/admin` or on the command line, seen in one table from everywhere.
//!
//! A job is a row of `dothi.job`. Whoever runs it holds an advisory lock of PostgreSQL for as long as it lives, so a job
//! whose runner died is known for what it is by everybody, at once, and without a clock. The server's worker takes what
//! was asked for; the command line runs its own.

mod aside; // rows that were set aside
mod import; // one import, with its progress, its questions and its cancelling
mod look; // what is in an upload, before it is imported
mod running; // a job under way: its lock, its row
mod table; // rows
mod work; // the server's worker

use serde::Serialize;
use serde_json::Value;

pub use aside::set_aside;
pub use import::{Outcome, Progress, import};
pub use look::Look;
pub use running::Running;
pub use table::{Answer, answer, cancel, create, find, list, named, needed};
pub use work::Jobs;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: i64,
    /// `import`
    pub kind: String,
    /// `queued`, `running`, `asking`, `done`, `failed`, `cancelled`, `interrupted`
    pub state: String,
    /// Name of the file.
    pub source: String,
    /// The upload that it reads; none for a file of the command line.
    pub upload: Option<String>,
    pub who: String,
    pub options: Value,
    pub progress: Value,
    /// What must be said before it can go on ([`crate::import::frames::Question`]).
    pub questions: Option<Value>,
    /// Ids of the layers that are in.
    pub layers: Vec<String>,
    /// Accounts of the layers that are in, without their longest lists; only of a single job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Vec<Value>>,
    /// What the planning package that was imported is and lacks; only of a single job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Value>,
    pub error: Option<String>,
    /// How often it was begun.
    pub attempts: i32,
    /// RFC 3339, UTC, as the next two.
    pub created: String,
    pub started: Option<String>,
    pub ended: Option<String>,
}

impl Job {
    /// Whether nothing more will come of it.
    pub fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "failed" | "cancelled")
            || self.state == "interrupted" && self.ended.is_some()
    }
}
