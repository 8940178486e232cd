//! The postmaster: start it, wait for it, stop it. Everything here is called in one's turn (`lock::turn`).

use std::fs::{self, File};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::address::{Address, Answer};
use super::place::Place;
use super::process::Life;
use super::settings::{Extra, settings};
use super::{log, process, programs};
use crate::error::{Error, Result};

/// How long PostgreSQL may start, recover or shut down without a new line in its log.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at it, at least and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Sees to it that PostgreSQL answers; true when it had to be started for that.
pub async fn ensure(place: &Place, address: &Address, extra: &Extra) -> Result<bool> {
    let from = log::size(place);
    if wait(place, address, from, None).await? {
        return Ok(false);
    }
    process::end_leftovers(place).await?;
    forget(place)?;
    let log = log::open(place)?;
    let from = log::size(place);
    let ended = spawn(place, extra, log)?;
    wait(place, address, from, Some(ended)).await
}

/// The process id of the postmaster when one is alive. `postmaster.pid` alone does not tell: after a kill it stays, and
/// its number may by now be another program's.
pub fn pid(place: &Place) -> Result<Option<u32>> {
    let file = fs::read_to_string(place.pg().join("postmaster.pid")).unwrap_or_default();
    let pid = file.lines().next().and_then(|line| line.trim().parse().ok());
    let name = place.name()?;
    Ok(pid.filter(|pid| process::life(*pid, &name, place.owner()) == Some(Life::Alive)))
}

/// The major version of the cluster.
pub fn version(place: &Place) -> Result<String> {
    let path = place.pg().join("PG_VERSION");
    let version = fs::read_to_string(&path).map_err(Error::io(format!("cannot read `{}`", path.display())))?;
    Ok(version.trim().to_owned())
}

/// Ends all sessions, writes a checkpoint, and waits ("fast shutdown"); true when there was something to stop.
pub async fn stop(place: &Place) -> Result<bool> {
    let Some(postmaster) = pid(place)? else { return process::end_leftovers(place).await };
    let name = place.name()?;
    process::signal(postmaster, process::SIGINT)?;
    let from = log::size(place);
    let mut progress = Progress::new(place);
    while process::life(postmaster, &name, place.owner()).is_some() {
        if !progress.goes_on(place) {
            let said = log::quote(place, from);
            return Err(Error::Internal(format!("PostgreSQL (process {postmaster}) is slow to stop; {said}")));
        }
        progress.pause().await;
    }
    Ok(true)
}

/// Removes what names a dead postmaster. PostgreSQL takes any process with that number for its rival and does not
/// start.
fn forget(place: &Place) -> Result<()> {
    for name in ["postmaster.pid", ".s.PGSQL.5432.lock"] {
        let path = place.pg().join(name);
        match fs::remove_file(&path) {
            Ok(()) => tracing::warn!(path = %path.display(), "PostgreSQL was killed; removed what it left"),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(format!("cannot remove `{}`", path.display()))(e)),
        }
    }
    Ok(())
}

fn spawn(place: &Place, extra: &Extra, log: File) -> Result<oneshot::Receiver<ExitStatus>> {
    let version = version(place)?;
    let postgres = programs::find(Some(&version))?.join("postgres");
    let pg = place.pg();
    let open = File::open(&pg).map_err(Error::io(format!("cannot open `{}`", pg.display())))?;
    let (mut command, dir) = process::command(&postgres, place.owner(), &open);
    command.args(["-D", &dir]);
    for (name, value) in settings(&place.name()?, version.parse().unwrap_or(0), &dir, extra) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    let failed = || Error::io(format!("cannot run `{}` as user {}", postgres.display(), place.owner().uid));
    command.stdout(log.try_clone().map_err(failed())?).stderr(log);
    let mut child = command.spawn().map_err(failed())?;
    tracing::debug!(pid = child.id(), "started PostgreSQL");
    // A thread, and not a task of a runtime that may end before: it takes in the dead child, which would stay a zombie.
    let (tell, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("postmaster".into())
        .spawn(move || child.wait().map(|status| tell.send(status)))
        .map_err(failed())?;
    Ok(ended)
}

/// Waits until PostgreSQL welcomes clients (true), or until none is there (false). `ended` tells of the one we started,
/// for which not to come is an error.
async fn wait(
    place: &Place,
    address: &Address,
    from: u64,
    mut ended: Option<oneshot::Receiver<ExitStatus>>,
) -> Result<bool> {
    let mut progress = Progress::new(place);
    loop {
        let says = match address.ask().await? {
            Answer::Welcome => return Ok(true),
            Answer::Wait(says) => says,
            Answer::Nobody if ended.is_none() && pid(place)?.is_none() => return Ok(false),
            Answer::Nobody => "it does not take connections".into(),
        };
        if let Some(Ok(status)) = ended.as_mut().map(oneshot::Receiver::try_recv) {
            return Err(Error::Internal(format!("PostgreSQL does not start ({status}); {}", log::quote(place, from))));
        }
        if !progress.goes_on(place) {
            let said = log::quote(place, from);
            return Err(Error::Busy(format!("PostgreSQL does not answer: {says}; try again later; {said}")));
        }
        progress.pause().await;
    }
}

/// Gives up when PostgreSQL has written nothing for some time: recovery after a power cut may take long, and says how far
/// it is.
struct Progress {
    begun: Instant,
    last: String,
    since: Instant,
}

impl Progress {
    fn new(place: &Place) -> Progress {
        Progress { begun: Instant::now(), last: log::last(place), since: Instant::now() }
    }

    fn goes_on(&mut self, place: &Place) -> bool {
        let last = log::last(place);
        if last != self.last {
            (self.last, self.since) = (last, Instant::now());
        }
        self.since.elapsed() < PATIENCE
    }

    /// Longer as time goes by: each knock at a PostgreSQL that recovers is a line in its log.
    async fn pause(&self) {
        tokio::time::sleep((self.begun.elapsed() / 4).clamp(PAUSE.0, PAUSE.1)).await;
    }
}
