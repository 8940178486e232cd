//! PostgreSQL's processes: run as the owner, find, signal.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::place::{Owner, Place};
use crate::error::{Error, Result};

pub use libc::{SIGINT, SIGKILL, SIGQUIT};

/// The user this process runs as.
pub fn user() -> Owner {
    // SAFETY: both calls only return a number and cannot fail.
    unsafe { Owner { uid: libc::geteuid(), gid: libc::getegid() } }
}

pub fn is_root() -> bool {
    user().uid == 0
}

/// A command that runs `program` as the owner, and the path under which it finds the directory `pgdata`.
///
/// The path is not the real one: the owner may be unable to walk there (`/root` and what mktemp makes are 0700, as
/// root's data directory often is below one). The command inherits the open directory instead, and `/proc/self/fd/N`
/// leads to it without asking any parent for permission. (The working directory and `/proc/self/cwd` would not do:
/// before version 16 PostgreSQL looks for its own files by changing the directory and back again, by the real path.)
pub fn command(program: &Path, owner: Owner, pgdata: &File) -> (Command, String) {
    let fd = pgdata.as_raw_fd();
    let mut command = Command::new(program);
    // PGPORT, PGDATA and others in our environment would set PostgreSQL up behind our back.
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
    command.stdin(Stdio::null());
    if is_root() {
        command.uid(owner.uid).gid(owner.gid); // and, as std does for root, no supplementary groups
    }
    // SAFETY: setsid and fcntl are async-signal-safe, and `fd` is open: the caller keeps `pgdata` until the child runs.
    unsafe {
        command.pre_exec(move || {
            // A session of its own: Ctrl-C in the terminal reaches dothi alone, which stops PostgreSQL when it is
            // ready.
            if libc::setsid() == -1 || libc::fcntl(fd, libc::F_SETFD, 0) == -1 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    (command, format!("/proc/self/fd/{fd}"))
}

/// A PostgreSQL process of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Alive,
    /// The kernel takes it down. It has no name any more, so it may be another cluster's, but its shared memory may
    /// still be there.
    Leaving,
}

/// What process `pid` is to the cluster `name`. It is known by `cluster_name`, an argument of the postmaster and part
/// of the title of all others ("postgres: NAME: checkpointer"). `/proc/PID/cwd` and `exe` would tell too, but in a
/// container even root may not read them of another user's process (that takes CAP_SYS_PTRACE).
pub fn life(pid: u32, name: &str, owner: Owner) -> Option<Life> {
    let proc = format!("/proc/{pid}");
    if fs::metadata(&proc).ok()?.uid() != owner.uid {
        return None;
    }
    let cmdline = fs::read(format!("{proc}/cmdline")).ok()?;
    if cmdline.is_empty() {
        let stat = fs::read_to_string(format!("{proc}/stat")).ok()?; // "PID (PROGRAM) STATE …"
        let (program, rest) = stat.split_once(" (")?.1.rsplit_once(") ")?;
        let is_zombie = rest.starts_with(['Z', 'X']);
        return (program == "postgres" && !is_zombie).then_some(Life::Leaving);
    }
    let cmdline = String::from_utf8_lossy(&cmdline);
    let argument = format!("cluster_name={name}");
    let is_postmaster = || {
        let mut arguments = cmdline.split('\0');
        arguments.next().is_some_and(|program| program.ends_with("/postgres")) && arguments.any(|a| a == argument)
    };
    (cmdline.starts_with(&format!("postgres: {name}: ")) || is_postmaster()).then_some(Life::Alive)
}

/// All PostgreSQL processes of this place.
pub fn all(place: &Place) -> Result<Vec<(u32, Life)>> {
    let name = place.name()?;
    let entries = fs::read_dir("/proc").map_err(Error::io("cannot read `/proc`"))?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(pids.filter_map(|pid| Some((pid, life(pid, &name, place.owner())?))).collect())
}

/// Sends a signal; a process that is gone is none to be told about.
pub fn signal(pid: u32, signal: i32) -> Result<()> {
    let Ok(pid) = i32::try_from(pid) else { return Ok(()) };
    // SAFETY: kill takes two numbers; `pid` is positive, so it names one process and no group.
    if unsafe { libc::kill(pid, signal) } == 0 {
        return Ok(());
    }
    match std::io::Error::last_os_error() {
        e if e.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        e => Err(Error::io(format!("cannot signal process {pid} of PostgreSQL"))(e)),
    }
}

/// Ends processes of a postmaster that is no more; true when there were any. They hold its shared memory, and
/// PostgreSQL does not start beside them ("pre-existing shared memory block is still in use"). SIGQUIT makes a backend
/// leave at once without touching anything.
pub async fn end_leftovers(place: &Place) -> Result<bool> {
    let mut ended = false;
    for (what, patience) in [(SIGQUIT, 5), (SIGKILL, 10)] {
        let deadline = Instant::now() + Duration::from_secs(patience);
        let mut told = Vec::new();
        while Instant::now() < deadline {
            let left = all(place)?;
            if left.is_empty() {
                return Ok(ended);
            }
            let alive = left.into_iter().filter(|(_, life)| *life == Life::Alive).map(|(pid, _)| pid);
            for pid in alive.filter(|pid| !told.contains(pid)).collect::<Vec<_>>() {
                tracing::warn!(pid, "ending a PostgreSQL process that a killed one left");
                signal(pid, what)?;
                told.push(pid);
                ended = true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let alive: Vec<u32> =
        all(place)?.into_iter().filter(|(_, life)| *life == Life::Alive).map(|(pid, _)| pid).collect();
    if alive.is_empty() {
        return Ok(ended); // one that is leaving for so long is not ours
    }
    Err(Error::Internal(format!("processes {alive:?} of a killed PostgreSQL do not end")))
}
