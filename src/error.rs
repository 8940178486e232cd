//! The one error of the house. It knows no HTTP: `http/respond.rs` alone chooses a status, `cli/mod.rs` an exit code.
//!
//! Messages are lower case, name the value in backticks and say what to do. What the caller can mend carries text for
//! the caller; what is ours carries the cause, for the log.

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that was asked for by name does not exist.
    #[error("{0}")]
    NotFound(String),
    /// A parameter, option or body is wrong. `parameter` is its name where there is one, `at` the place in its value: a
    /// byte from 0, or a JSON pointer.
    #[error("{detail}")]
    Invalid { parameter: Option<String>, detail: String, at: Option<Box<serde_json::Value>> },
    /// Something sent to be stored that cannot be, member by member.
    #[error("{}", told(.0))]
    Rejected(Vec<Fault>),
    /// A body in a form that nothing here reads.
    #[error("{0}")]
    MediaType(String),
    /// An answer in a form that there is not.
    #[error("{0}")]
    NotAcceptable(String),
    /// Nobody said who writes, or with a key that is not (any longer) one.
    #[error("{0}")]
    Unauthenticated(String),
    /// Who asks is known and may not.
    #[error("{0}")]
    Forbidden(String),
    /// The state that a change was made from is not the present one.
    #[error("{0}")]
    Stale(String),
    /// The change must name the state that it was made from.
    #[error("{0}")]
    Unconditional(String),
    /// It was there once, and is not kept any longer.
    #[error("{0}")]
    Gone(String),
    /// Asked for more than a documented limit.
    #[error("{0}")]
    TooLarge(String),
    /// What arrived is not what was sent.
    #[error("{0}")]
    Mismatch(String),
    /// Somebody else holds what this needs: another server, another import, an existing layer.
    #[error("{0}")]
    Conflict(String),
    /// A file that cannot be read, or not without more being said (encoding, coordinate system).
    #[error("{0}")]
    Unreadable(String),
    /// A limit of time or of work at once was reached; the same call may succeed later.
    #[error("{0}")]
    Busy(String),
    #[error("database: {0}")]
    Db(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("gdal: {0}")]
    Gdal(#[from] gdal::errors::GdalError),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// A promise of ours that did not hold (a child process that ended early, a cluster that does not start).
    #[error("{0}")]
    Internal(String),
}

/// What is wrong with one member of something sent.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Fault {
    /// The field's name; `geometry`, `type`, `id` for what is no field.
    pub field: String,
    /// Which of several features, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<usize>,
    /// Where in what was sent (RFC 6901).
    pub pointer: String,
    /// What was given, shortened where it is long.
    pub value: serde_json::Value,
    pub detail: String,
}

fn told(faults: &[Fault]) -> String {
    let Some(first) = faults.first() else { return "the feature cannot be stored".into() };
    let more = match faults.len() {
        1 => String::new(),
        n => format!("; and {} more", n - 1),
    };
    let of = first.feature.map_or(String::new(), |n| format!(" of feature {n}"));
    format!("`{}`{of}: {}{more}", first.field, first.detail)
}

impl Error {
    /// A wrong parameter: its name, and what is wrong with the value.
    pub fn invalid(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Error::Invalid { parameter: Some(parameter.into()), detail: detail.into(), at: None }
    }

    /// The same, and where in the value it is wrong.
    pub fn invalid_at(
        parameter: impl Into<String>,
        at: impl Into<serde_json::Value>,
        detail: impl Into<String>,
    ) -> Self {
        Error::Invalid { parameter: Some(parameter.into()), detail: detail.into(), at: Some(Box::new(at.into())) }
    }

    /// A file operation that failed: what was being done, and the cause.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Error::Io { what, source }
    }

    /// Whether a statement took longer than it may.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Db(sqlx::Error::Database(e)) if e.code().as_deref() == Some("57014"))
    }

    /// True for what the caller can mend; false for what is ours and belongs in the log.
    pub fn is_callers(&self) -> bool {
        !matches!(
            self,
            Error::Db(_) | Error::Migrate(_) | Error::Gdal(_) | Error::Io { .. } | Error::Json(_) | Error::Internal(_)
        )
    }
}
