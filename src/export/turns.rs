//! How many exports there may be at once, and where their files are made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Exports at once: each has up to two connections of its own.
const STREAMS: usize = 4;
/// Of them, those that make a file: each keeps a core busy.
const FILES: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Turns {
    folder: PathBuf,
    streams: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

/// The right to export, as long as it is held.
pub struct Turn {
    _permits: Vec<OwnedSemaphorePermit>,
}

impl Turns {
    /// Files are made in `exports` under the data directory; what a killed server left there is removed.
    pub fn new(data_dir: &Path) -> Turns {
        let folder = data_dir.join("exports");
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid = name.strip_prefix(".dothi-export-").and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
            if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
                std::fs::remove_dir_all(entry.path()).ok();
            }
        }
        Turns { folder, streams: Arc::new(Semaphore::new(STREAMS)), files: Arc::new(Semaphore::new(FILES)) }
    }

    /// Where files are made.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A turn; `file` says that a file is made. Busy when none is free in time.
    pub async fn take(&self, file: bool) -> Result<Turn> {
        let mut permits = Vec::new();
        for semaphore in [Some(&self.streams), file.then_some(&self.files)].into_iter().flatten() {
            let permit = tokio::time::timeout(PATIENCE, semaphore.clone().acquire_owned()).await;
            let busy = || Error::Busy("too many exports are under way; try again in a minute".into());
            permits.push(permit.map_err(|_| busy())?.map_err(|_| busy())?);
        }
        Ok(Turn { _permits: permits })
    }
}
