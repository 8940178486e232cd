//! How a cluster is doing, for `dothi db status` and the doctor.

use std::fs;
use std::path::{Path, PathBuf};

use super::address::{Address, Answer};
use super::place::Place;
use super::{lock, postmaster};
use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub struct Status {
    /// It answers.
    pub running: bool,
    /// The postmaster's process id, also while it starts or stops.
    pub pid: Option<u32>,
    /// The directory of the Unix socket, which is also PGDATA.
    pub socket_dir: PathBuf,
    /// The major version of PostgreSQL.
    pub version: String,
    /// Bytes on disk.
    pub size: u64,
    /// Process ids of the dothi processes that use it.
    pub holders: Vec<u32>,
    /// It goes on when nobody uses it (`dothi db start`).
    pub sticky: bool,
    /// What PostgreSQL writes its messages to.
    pub log: PathBuf,
}

/// The status of the cluster in `data_dir`; `None` when there is none yet. Changes nothing and waits for nobody.
pub async fn status(data_dir: &Path) -> Result<Option<Status>> {
    let Some(place) = Place::existing(data_dir)? else { return Ok(None) };
    let running = matches!(Address::of(&place)?.ask().await?, Answer::Welcome);
    let pg = place.pg();
    let size = tokio::task::spawn_blocking(move || size(&pg))
        .await
        .map_err(|e| Error::Internal(format!("measuring the cluster: {e}")))?;
    Ok(Some(Status {
        running,
        pid: postmaster::pid(&place)?,
        socket_dir: place.pg(),
        version: postmaster::version(&place)?,
        size,
        holders: lock::holders(&place)?,
        sticky: lock::is_sticky(&place),
        log: place.log(),
    }))
}

/// Files come and go while a cluster runs, so what cannot be read is not there.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| entry.metadata().ok().map(|found| (entry, found)));
    sizes.map(|(entry, found)| if found.is_dir() { size(&entry.path()) } else { found.len() }).sum()
}
