//! What the server and the commands share: the database, the catalog, the tiles.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::postgres::PgListener;
use sqlx::{ConnectOptions, Connection};

use crate::config;
use crate::db::{Db, run};
use crate::error::{Error, Result};
use crate::export::Turns;
use crate::feed::{Feed, keep};
use crate::jobs::Jobs;
use crate::layer::Catalog;
use crate::layer::edit::layer_id;
use crate::layer::known::Known;
use crate::layer::land_use::{self, LandUse};
use crate::layer::sort_index;
use crate::render::Fonts;
use crate::sql::Sql;
use crate::tiles::Tiles;
use crate::tiles::archive::Archive;
use crate::tiles::rasters::{self, Rasters};
use crate::tiles::styles::Styles;
use crate::uploads::Uploads;

/// How long a silent connection is trusted.
const HEARTBEAT: Duration = Duration::from_secs(2);
const PRUNING: Duration = Duration::from_secs(3600);
const INDEXING: Duration = Duration::from_secs(10);

pub struct App {
    pub db: Db,
    pub catalog: Catalog,
    pub tiles: Tiles,
    /// Counts and the like, by layer and version.
    pub known: Known,
    pub feed: Feed,
    pub styles: Styles,
    pub exports: Turns,
    pub uploads: Arc<Uploads>,
    pub jobs: Jobs,
    /// Tile archives by name.
    pub archives: BTreeMap<String, Arc<Archive>>,
    pub land_use: Vec<LandUse>,
    /// Letters for maps that are drawn here.
    pub fonts: Arc<Fonts>,
    pub settings: config::Serve,
    pub metrics: Option<PrometheusHandle>,
}

impl App {
    pub async fn open(
        store: &config::Store,
        settings: config::Serve,
        metrics: Option<PrometheusHandle>,
    ) -> Result<App> {
        // Before the database: a file that cannot be read costs nothing.
        let archives = archives(&settings.archives)?;
        let db = Db::open(store, settings.db_connections, Duration::from_secs(settings.statement_timeout)).await?;
        let catalog = Catalog::load(&db.pool).await?;
        let styles = Styles::load(&db.pool).await?;
        let land_use = land_use::all(&db.pool).await?;
        let mut tiles = Tiles::new(&store.data_dir, settings.tile_cache << 20);
        rasters::sweep(&db.pool, &store.data_dir).await?;
        tiles.rasters = Rasters::new(rasters::folder(&mut *db.pool.acquire().await?, &store.data_dir).await?);
        let feed = Feed::new(settings.streams);
        let fonts = Arc::new(Fonts::new(&settings.assets));
        let (exports, known) = (Turns::new(&store.data_dir), Known::default());
        let uploads = Arc::new(Uploads::new(&store.data_dir, settings.max_upload << 30));
        let jobs = Jobs::new(&db, uploads.clone(), &store.data_dir, settings.imports);
        Ok(App {
            db,
            catalog,
            tiles,
            styles,
            known,
            exports,
            uploads,
            jobs,
            feed,
            archives,
            land_use,
            fonts,
            settings,
            metrics,
        })
    }

    /// Follows the journal for as long as the server lives: every committed change, whoever made it, is in the catalog
    /// within moments. What a lost connection may have missed is read anew when it is back.
    pub async fn follow_journal(self: Arc<Self>) {
        tokio::join!(self.tiles.keeper.keep_building(&self.db, &self.catalog), self.listen_on());
    }

    async fn listen_on(&self) {
        loop {
            if let Err(e) = self.listen().await {
                tracing::warn!(error = %e, "the journal cannot be followed; trying again");
            }
            self.catalog.set_following(false);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn listen(&self) -> Result<()> {
        let mut listener = PgListener::connect_with(&self.db.pool).await?;
        listener.listen("dothi_change").await?;
        self.bring_up_to_date().await?;
        self.catalog.set_following(true);
        loop {
            // The time limit is for a connection that died without a word.
            match tokio::time::timeout(HEARTBEAT, listener.try_recv()).await {
                Ok(Ok(Some(_))) => while listener.next_buffered().is_some() {},
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(e)) => return Err(e.into()),
                Err(_) => {}
            }
            // Looking takes milliseconds; an answer that does not come means that nothing here can be called fresh.
            match tokio::time::timeout(HEARTBEAT, self.bring_up_to_date()).await {
                Ok(done) => done?,
                Err(_) => return Err(Error::Busy("the database does not answer".into())),
            }
        }
    }

    /// Reads what has changed since the last look: the catalog, then the features of its layers.
    async fn bring_up_to_date(&self) -> Result<()> {
        self.catalog.refresh(&self.db.pool).await?;
        self.styles.refresh(&self.db.pool).await?;
        self.tiles.keeper.sync(&self.db, &self.catalog).await?;
        self.tiles.rasters.keep(&self.catalog);
        // Only now: whoever hears of a change finds it in tiles too.
        self.feed.ring();
        Ok(())
    }

    /// Lets the journal forget what need not be kept, for as long as the server lives.
    pub async fn prune_journal(self: Arc<Self>) {
        let mut hours = tokio::time::interval(PRUNING);
        loop {
            hours.tick().await;
            match keep::prune(&self.db.pool).await {
                Ok(0) => {}
                Ok(changes) => tracing::info!(changes, "the journal forgot what is older than it keeps"),
                Err(e) => tracing::warn!(error = %e, "the journal cannot be pruned; trying again in an hour"),
            }
        }
    }

    /// Does what was asked for, for as long as the server lives.
    pub async fn work(self: Arc<Self>) {
        self.jobs.work().await;
    }

    /// Keeps the indexes of the orders that administrators want, for as long as the server lives.
    pub async fn index_orders(self: Arc<Self>) {
        let mut rounds = tokio::time::interval(INDEXING);
        loop {
            rounds.tick().await;
            match self.settle_orders().await {
                Ok(0) => {}
                Ok(indexes) => tracing::info!(indexes, "indexes of orders were made or dropped"),
                Err(e) => tracing::warn!(error = %e, "indexes of orders cannot be settled; trying again"),
            }
        }
    }

    /// Returns how many indexes were made or dropped.
    pub async fn settle_orders(&self) -> Result<usize> {
        if !sort_index::is_wanted(&self.db.pool).await? {
            return Ok(0);
        }
        // A connection of its own: making an index takes longer than a statement may.
        let mut on = self.db.options().connect().await?;
        let done = sort_index::settle(&mut on, &self.catalog.all()).await;
        on.close().await?;
        done
    }

    /// Brings PostgreSQL back when the private cluster's was killed.
    pub async fn supervise(self: Arc<Self>) {
        let Some(cluster) = &self.db.cluster else { return };
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let asked = tokio::time::timeout(Duration::from_secs(5), run::one(&self.db.pool, Sql::new("SELECT 1")));
            if matches!(asked.await, Ok(Ok(_))) {
                continue;
            }
            match cluster.ensure_running().await {
                Ok(true) => tracing::warn!("PostgreSQL had stopped and was started again"),
                Ok(false) => {}
                Err(e) => tracing::error!(error = %e, "PostgreSQL cannot be started again; trying on"),
            }
        }
    }
}

/// The archives by their files' names; two of one name are a mistake.
fn archives(files: &[PathBuf]) -> Result<BTreeMap<String, Arc<Archive>>> {
    let mut archives = BTreeMap::new();
    for file in files {
        let stem = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if archives.insert(layer_id(&stem), Arc::new(Archive::open(file)?)).is_some() {
            return Err(Error::invalid("archive", format!("two archives are named `{stem}`; rename one of the files")));
        }
    }
    Ok(archives)
}

/// The time as RFC 3339, UTC, in seconds.
pub fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    rfc3339(seconds)
}

/// Seconds since 1970 as RFC 3339. The civil date follows Hinnant, "chrono-compatible low-level date algorithms".
pub fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_civil() {
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::rfc3339(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(super::rfc3339(1_795_564_799), "2026-11-24T23:59:59Z");
    }
}
