//! The server's worker: takes what was asked for, a bounded number at once, and sweeps up after whoever died.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use super::look::Looks;
use super::running::Taken;
use super::{Outcome, Running, import, table};
use crate::db::Db;
use crate::error::Result;
use crate::import::Options;
use crate::tiles::rasters;
use crate::uploads::Uploads;

/// How often the queue is looked at when nobody rings.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is tidied up.
const TIDY: Duration = Duration::from_secs(30);
/// How long a server that stops waits for its jobs to let go.
const FAREWELL: Duration = Duration::from_secs(5);

pub struct Jobs {
    /// What is in uploads.
    pub looks: Looks,
    to: PgConnectOptions,
    pool: PgPool,
    uploads: Arc<Uploads>,
    data_dir: PathBuf,
    places: Arc<Semaphore>,
    most: u32,
    bell: Arc<Notify>,
    closing: watch::Sender<bool>,
}

impl Jobs {
    /// At most `most` imports at once.
    pub fn new(db: &Db, uploads: Arc<Uploads>, data_dir: &Path, most: u32) -> Jobs {
        Jobs {
            looks: Looks::new(db.options().clone()),
            to: db.options().clone(),
            pool: db.pool.clone(),
            uploads,
            data_dir: data_dir.into(),
            places: Arc::new(Semaphore::new(most as usize)),
            most,
            bell: Arc::default(),
            closing: watch::Sender::new(false),
        }
    }

    /// There is something new in the queue.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Works for as long as the server lives.
    pub async fn work(&self) {
        let mut tidied: Option<Instant> = None;
        loop {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if let Err(e) = self.tidy().await {
                    tracing::warn!(error = %e, "uploads and jobs cannot be tidied up; trying again");
                }
            }
            if let Err(e) = self.begin().await {
                tracing::warn!(error = %e, "the queue of jobs cannot be looked at; trying again");
            }
            tokio::select! {
                () = self.bell.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Begins as many jobs as there are places for.
    async fn begin(&self) -> Result<()> {
        while !*self.closing.borrow() && table::is_waiting(&self.pool).await? {
            let Ok(place) = self.places.clone().try_acquire_owned() else { return Ok(()) };
            let Some(taken) = Running::take(&self.to, &self.here()?).await? else { return Ok(()) };
            let (to, uploads, bell) = (self.to.clone(), self.uploads.clone(), self.bell.clone());
            let (pool, data_dir) = (self.pool.clone(), self.data_dir.clone());
            let closing = self.closing.subscribe();
            tokio::spawn(async move {
                one(taken, &to, &uploads, &data_dir, closing).await;
                if let Err(e) = rasters::sweep(&pool, &data_dir).await {
                    tracing::warn!(error = %e, "tiles of rasters cannot be swept up; the next import tries again");
                }
                drop(place);
                bell.notify_one();
            });
        }
        Ok(())
    }

    async fn tidy(&self) -> Result<()> {
        match table::sweep(&self.pool, &self.here()?).await? {
            0 => {}
            jobs => tracing::warn!(jobs, "jobs were found whose runner had died"),
        }
        table::forget(&self.pool).await?;
        self.uploads.tidy(&table::needed(&self.pool).await?).await
    }

    /// Uploads that are whole.
    fn here(&self) -> Result<Vec<String>> {
        Ok(self.uploads.all()?.iter().filter(|u| u.is_whole()).map(|u| u.id.clone()).collect())
    }

    /// Ends what runs; it is begun again when the server is back.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        tokio::time::timeout(FAREWELL, self.places.acquire_many(self.most)).await.ok();
    }
}

async fn one(taken: Taken, to: &PgConnectOptions, uploads: &Uploads, data_dir: &Path, closing: watch::Receiver<bool>) {
    let Taken { mut running, upload, who, options } = taken;
    let id = running.id;
    let outcome = match uploads.named(&upload) {
        Ok(upload) => {
            tracing::info!(job = id, file = upload.name, "a job begins");
            let options = Options {
                who: Some(who),
                name: Some(upload.name.clone()),
                wait: true,
                data_dir: data_dir.into(),
                ..options
            };
            import(&mut running, to, &upload.path(), &options, Some(closing), |_| {}).await
        }
        Err(e) => Outcome::Failed(e),
    };
    match running.end(&outcome).await {
        Ok(()) => tracing::info!(job = id, ?outcome, "a job ended"),
        Err(e) => tracing::error!(job = id, error = %e, "what became of a job cannot be kept"),
    }
}
