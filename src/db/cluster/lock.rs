//! Who is at work in a data directory. All locks are `flock`s: the kernel lets go of them when a process ends, however
//! it ends, and they are not passed on to PostgreSQL (Rust opens files with `O_CLOEXEC`).
//!
//! ```text
//! locks/turn         exclusive, short: one process at a time starts, stops or looks
//! locks/holder-…     one for each process that uses the cluster, locked by it; an unlocked one is a killed process'
//! locks/server       exclusive: the one server
//! locks/sticky       not a lock: the cluster goes on after its last holder (`dothi db start`)
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::place::Place;
use crate::error::{Error, Result};

/// Waits for this process' turn to start or stop PostgreSQL; it lasts as long as the file lives.
pub async fn turn(place: &Place) -> Result<File> {
    let path = place.locks().join("turn");
    let file = place.open_file(&path)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => tracing::debug!("another dothi starts or stops PostgreSQL; waiting for it"),
        Err(TryLockError::Error(e)) => return Err(no_locks(&path)(e)),
    }
    tokio::task::spawn_blocking(move || file.lock().map(|()| file).map_err(no_locks(&path)))
        .await
        .map_err(|e| Error::Internal(format!("waiting for a lock: {e}")))?
}

/// This process' share in the cluster.
#[derive(Debug)]
pub struct Holder {
    path: PathBuf,
    _locked: File,
}

impl Holder {
    /// To be called in one's turn, so that nobody sweeps the file between its making and its locking.
    pub fn add(place: &Place) -> Result<Holder> {
        // Two containers on one volume may have the same process id, so the name has more than that.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = place.locks().join(format!("holder-{pid}-{since:x}-{count}"));
        let mut file = place.open_file(&path)?;
        file.lock().map_err(no_locks(&path))?;
        write!(file, "{pid}").map_err(Error::io(format!("cannot write `{}`", path.display())))?;
        Ok(Holder { path, _locked: file })
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // one that stays is swept later
    }
}

/// The process ids of those who hold the cluster.
pub fn holders(place: &Place) -> Result<Vec<u32>> {
    Ok(holder_files(place)?.into_iter().filter_map(|(_, holder)| holder).collect())
}

/// Removes what killed holders left. To be called in one's turn.
pub fn sweep(place: &Place) -> Result<()> {
    for (path, holder) in holder_files(place)? {
        if holder.is_none() {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// The holders' files, with the process id when it is held. Shared locks, so that two who look do not see each other.
fn holder_files(place: &Place) -> Result<Vec<(PathBuf, Option<u32>)>> {
    let locks = place.locks();
    let failed = || Error::io(format!("cannot read `{}`", locks.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(&locks).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix("holder-")) else { continue };
        let pid = pid.split('-').next().and_then(|pid| pid.parse().ok()).unwrap_or(0);
        let Ok(file) = File::open(entry.path()) else { continue }; // gone meanwhile
        let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        found.push((entry.path(), held.then_some(pid)));
    }
    Ok(found)
}

/// The right to be the server of a data directory. Held as long as the value lives.
#[derive(Debug)]
pub struct ServerLock {
    _locked: File,
}

impl ServerLock {
    /// `Conflict` naming the process when another server has it.
    pub fn take(data_dir: &Path) -> Result<ServerLock> {
        let place = Place::prepare(data_dir)?;
        let path = place.locks().join("server");
        let failed = || Error::io(format!("cannot write `{}`", path.display()));
        let mut file = place.open_file(&path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(failed())?;
                write!(file, "{}", std::process::id()).map_err(failed())?;
                Ok(ServerLock { _locked: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.rewind().and_then(|()| file.read_to_string(&mut pid)).map_err(failed())?;
                Err(Error::Conflict(format!(
                    "a dothi server (process {pid}) already serves `{}`; stop it, or choose another --data-dir",
                    place.data_dir().display()
                )))
            }
            Err(TryLockError::Error(e)) => Err(no_locks(&path)(e)),
        }
    }
}

/// Whether the cluster goes on when nobody holds it.
pub fn is_sticky(place: &Place) -> bool {
    place.locks().join("sticky").exists()
}

pub fn set_sticky(place: &Place, sticky: bool) -> Result<()> {
    let path = place.locks().join("sticky");
    if sticky {
        return place.open_file(&path).map(drop);
    }
    match fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("cannot remove `{}`", path.display()))(e))
        }
        _ => Ok(()),
    }
}

fn no_locks(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    Error::io(format!("cannot lock `{}`; the data directory must be on a file system with locks", path.display()))
}
