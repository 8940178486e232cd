//! The private PostgreSQL cluster that dothi keeps in its data directory when it is given no `DATABASE_URL`.
//!
//! Every process that needs the database opens the cluster, and the last to close it stops PostgreSQL. Nothing here has
//! to be tidied up after a kill: locks end with their process, PostgreSQL that lost its dothi is joined by the next,
//! and what a killed PostgreSQL leaves is cleared before it starts and recovers.
//!
//! ```text
//! open:   turn → initdb → hold → PostgreSQL answers? wait or start → database with PostGIS
//! close:  turn → let go → anyone else? → stop
//! ```

mod address; // how clients reach it
mod initdb; // made once
mod lock; // who is at work
mod log; // what PostgreSQL says
mod place; // where it lives, whose it is
mod postmaster; // started, waited for, stopped
mod process; // run as its owner, found, ended
mod programs; // where PostgreSQL is installed
mod settings; // how PostgreSQL is set
mod setup; // the database with PostGIS
mod status; // how it is doing
mod sweep; // what a killed PostgreSQL leaves on disk

use std::path::Path;
use std::time::SystemTime;

use sqlx::postgres::PgConnectOptions;

pub use lock::ServerLock;
pub use status::{Status, status};

use crate::error::{Error, Result};
use address::{Address, Answer};
use lock::Holder;
use place::Place;
use settings::Extra;

/// A data directory's cluster, held for as long as this value lives.
///
/// [`close`](Cluster::close) it in the end. A value that is only dropped leaves PostgreSQL running, as a killed process
/// would; nothing is lost by it, and the next command that closes stops it.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    address: Address,
    extra: Extra,
    holder: Holder,
}

impl Cluster {
    /// Starts the cluster of `data_dir` (making it the first time) or joins the one that runs.
    pub async fn open(data_dir: &Path) -> Result<Cluster> {
        Cluster::open_with(data_dir, &[]).await
    }

    /// The same with settings of PostgreSQL on top, which count when it is not running yet.
    pub async fn open_with(data_dir: &Path, settings: &[(&str, &str)]) -> Result<Cluster> {
        let extra: Extra = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let place = Place::prepare(data_dir)?;
        let _turn = lock::turn(&place).await?;
        lock::sweep(&place)?;
        initdb::ensure(&place, !settings.contains(&("fsync", "off"))).await?;
        let cluster = Cluster { address: Address::of(&place)?, holder: Holder::add(&place)?, place, extra };
        match cluster.bring_up().await {
            Ok(()) => Ok(cluster),
            Err(e) => {
                if let Err(stop) = cluster.let_go().await {
                    tracing::warn!("{stop}");
                }
                Err(e)
            }
        }
    }

    /// How to connect as the owner, to the database `dothi`. Good as long as this value lives.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.address.options(address::NAME)
    }

    /// The same for libpq, for child programs of this process (psql, GDAL's PG driver). Needs no quoting.
    pub fn conninfo(&self) -> String {
        self.address.conninfo()
    }

    /// Sees to it that PostgreSQL answers; true when it had been killed and was started again. Recovery brings back all
    /// that was committed; open connections are lost.
    pub async fn ensure_running(&self) -> Result<bool> {
        if matches!(self.address.ask().await?, Answer::Welcome) {
            return Ok(false);
        }
        let _turn = lock::turn(&self.place).await?;
        self.start().await
    }

    /// Lets go. Stops PostgreSQL when nobody else holds it, unless [`start_sticky`] was asked for. Close connections
    /// first: stopping ends those that are open.
    pub async fn close(self) -> Result<()> {
        let _turn = lock::turn(&self.place).await?;
        self.let_go().await
    }

    async fn bring_up(&self) -> Result<()> {
        let started = SystemTime::now();
        let fresh = postmaster::ensure(&self.place, &self.address, &self.extra).await?;
        setup::ensure(&self.address, &postmaster::version(&self.place)?).await?;
        if fresh {
            self.sweep(started).await;
        }
        Ok(())
    }

    /// Starts PostgreSQL again if it is away; true when it was.
    async fn start(&self) -> Result<bool> {
        let started = SystemTime::now();
        let fresh = postmaster::ensure(&self.place, &self.address, &self.extra).await?;
        if fresh {
            self.sweep(started).await;
        }
        Ok(fresh)
    }

    /// Rubbish is a nuisance, not a reason to refuse work.
    async fn sweep(&self, started: SystemTime) {
        match sweep::orphans(&self.place, &self.address, started).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "removed what a killed PostgreSQL had left"),
            Err(e) => tracing::warn!(error = %e, "what a killed PostgreSQL left could not be removed"),
        }
    }

    /// In one's turn.
    async fn let_go(self) -> Result<()> {
        let Cluster { place, holder, .. } = self;
        drop(holder);
        if lock::is_sticky(&place) || !lock::holders(&place)?.is_empty() {
            return Ok(());
        }
        postmaster::stop(&place).await.map(drop)
    }
}

/// `dothi db start`: the cluster starts, and from now on goes on after its last holder, until [`stop`]. It does not
/// come up by itself after the machine restarts, but with the next command.
pub async fn start_sticky(data_dir: &Path) -> Result<()> {
    let cluster = Cluster::open(data_dir).await?;
    lock::set_sticky(&cluster.place, true)?;
    cluster.close().await
}

/// `dothi db stop`: false when it was not running. Refuses while other dothi processes hold the cluster, unless forced.
pub async fn stop(data_dir: &Path, force: bool) -> Result<bool> {
    let Some(place) = Place::existing(data_dir)? else { return Ok(false) };
    let _turn = lock::turn(&place).await?;
    let holders = lock::holders(&place)?;
    if !holders.is_empty() && !force {
        let pids = holders.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::Conflict(format!("dothi is at work on the database (process {pids}); end it first")));
    }
    lock::set_sticky(&place, false)?;
    postmaster::stop(&place).await
}
