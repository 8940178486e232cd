//! Follows the journal: every committed change is in the state moments later, whoever made it; past a number of changes the
//! snapshot is built anew beside it and takes its place.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use sqlx::{Connection, Row};
use tokio::sync::Notify;

use super::super::snapshot::{Recipe, Snapshot, build, source};
use super::Live;
use super::marks::Marks;
use super::state::State;
use crate::db::{Db, run};
use crate::error::{Error, Result};
use crate::layer::{Catalog, Layer};
use crate::sql::Sql;

/// Changes at once that are taken one by one; with more the snapshot is built anew.
const MOST_AT_ONCE: i64 = 20_000;

/// The live layers, and who is to be built.
pub struct Keeper {
    dir: PathBuf,
    layers: ArcSwap<HashMap<String, Arc<Live>>>,
    wanted: Mutex<Vec<String>>,
    building: Mutex<Option<String>>,
    bell: Notify,
    /// One change of states at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Keeper {
    pub fn new(dir: PathBuf) -> Keeper {
        Keeper {
            dir,
            layers: ArcSwap::default(),
            wanted: Mutex::default(),
            building: Mutex::default(),
            bell: Notify::new(),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    pub fn get(&self, id: &str) -> Option<Arc<Live>> {
        self.layers.load().get(id).cloned()
    }

    /// Brings every layer to its version in the catalog.
    pub async fn sync(&self, db: &Db, catalog: &Catalog) -> Result<()> {
        let _turn = self.turn.lock().await;
        let layers: Vec<(Arc<Layer>, Recipe)> =
            catalog.all().into_iter().filter_map(|l| Recipe::of(&l).map(|r| (l, r))).collect();
        self.forget(&layers);
        for (layer, recipe) in &layers {
            let Some(live) = self.get(&layer.id) else { continue };
            self.bring(db, &live, layer, recipe).await?;
        }
        Ok(())
    }

    /// Knows these layers and no others; removes the files of others.
    fn forget(&self, layers: &[(Arc<Layer>, Recipe)]) {
        let known = self.layers.load();
        if known.len() == layers.len() && layers.iter().all(|(l, _)| known.contains_key(&l.id)) {
            return;
        }
        let next: HashMap<String, Arc<Live>> =
            layers.iter().map(|(l, _)| (l.id.clone(), known.get(&l.id).cloned().unwrap_or_default())).collect();
        for entry in std::fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let wanted = match name.split_once('.') {
                Some((id, "snapshot")) => next.contains_key(id),
                // Another process may be writing it.
                Some((_, rest)) => rest.strip_suffix(".new").is_some_and(|pid| Path::new("/proc").join(pid).exists()),
                None => false,
            };
            if !wanted {
                // What cannot be removed now is tried again at the next start.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        self.layers.store(Arc::new(next));
    }

    async fn bring(&self, db: &Db, live: &Live, layer: &Layer, recipe: &Recipe) -> Result<()> {
        let state = match live.state() {
            Some(state) => Some(state),
            None if !live.looked.swap(true, Ordering::Relaxed) => self.left_behind(live, layer, recipe),
            None => None,
        };
        let Some(state) = state else {
            if !live.has_failed(layer.version) {
                self.want(&layer.id);
            }
            return Ok(());
        };
        if state.snapshot.meta.recipe != *recipe {
            live.drop_state(layer.version);
            self.want(&layer.id);
            return Ok(());
        }
        if state.version == layer.version && live.state().is_some() {
            return Ok(());
        }
        if !self.publish(db, live, &state).await? {
            live.drop_state(layer.version);
            self.want(&layer.id);
        }
        Ok(())
    }

    /// The file that an earlier run left.
    fn left_behind(&self, live: &Live, layer: &Layer, recipe: &Recipe) -> Option<Arc<State>> {
        let snapshot = Snapshot::open(&self.path(&layer.id)).ok()?;
        if snapshot.meta.recipe != *recipe || snapshot.meta.version > layer.version {
            return None;
        }
        live.change_marks(|m| *m = snapshot.marks.clone());
        Some(Arc::new(State::new(Arc::new(snapshot))))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.snapshot"))
    }

    /// Brings a state to the database's present and publishes it; false when it takes a new snapshot.
    async fn publish(&self, db: &Db, live: &Live, state: &Arc<State>) -> Result<bool> {
        let mut touched = Vec::new();
        let Some(next) = catch_up(db, state, &mut touched).await? else { return Ok(false) };
        let grid = next.snapshot.grid;
        let limit = (next.snapshot.len() / 50).clamp(2_000, MOST_AT_ONCE as usize);
        if next.delta.len() > limit {
            self.want(&next.snapshot.meta.recipe.layer);
        }
        live.state.store(Some(next));
        live.change_marks(|m| touched.into_iter().for_each(|(bounds, version)| m.add(&grid, bounds, version)));
        Ok(true)
    }

    fn want(&self, id: &str) {
        // What is being built takes the present when it is done; whoever then still wants it says so again.
        if self.building.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(id) {
            return;
        }
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if !wanted.iter().any(|w| w == id) {
            wanted.push(id.to_string());
            self.bell.notify_one();
        }
    }

    fn next_wanted(&self, catalog: &Catalog) -> Option<Arc<Layer>> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        // Small layers first: they are there at once.
        wanted.sort_by_key(|id| std::cmp::Reverse(catalog.get(id).map_or(0, |l| l.feature_count)));
        while let Some(id) = wanted.pop() {
            if let Some(layer) = catalog.get(&id) {
                return Some(layer);
            }
        }
        None
    }

    /// Builds what is wanted, one layer after the other, for as long as the server lives.
    pub async fn keep_building(&self, db: &Db, catalog: &Catalog) {
        loop {
            self.bell.notified().await;
            while let Some(layer) = self.next_wanted(catalog) {
                *self.building.lock().unwrap_or_else(PoisonError::into_inner) = Some(layer.id.clone());
                if let Err(e) = self.build(db, &layer).await {
                    tracing::warn!(layer = layer.id, error = %e, "the snapshot cannot be built; tiles come from the database");
                    if let Some(live) = self.get(&layer.id) {
                        live.failed.store(layer.version, Ordering::Relaxed);
                    }
                }
                *self.building.lock().unwrap_or_else(PoisonError::into_inner) = None;
                give_memory_back();
            }
        }
    }

    /// The layer's state, built now when there is none: for commands, which do without the background.
    pub async fn ready(&self, db: &Db, layer: &Layer) -> Result<Arc<State>> {
        let state = || self.get(&layer.id).and_then(|live| live.state());
        if let Some(state) = state() {
            return Ok(state);
        }
        self.build(db, layer).await?;
        state().ok_or_else(|| Error::Busy(format!("layer `{}` is changing all the time; try again", layer.id)))
    }

    /// Builds a layer's snapshot and puts it in the place of what is served.
    pub async fn build(&self, db: &Db, layer: &Layer) -> Result<()> {
        let (Some(recipe), Some(live)) = (Recipe::of(layer), self.get(&layer.id)) else { return Ok(()) };
        let started = Instant::now();
        std::fs::create_dir_all(&self.dir).map_err(Error::io(format!("making `{}`", self.dir.display())))?;
        let path = self.path(&layer.id);
        let draft = build::build(db.options(), recipe.clone(), &path).await?;
        let _turn = self.turn.lock().await;
        // The marks in the file must know everything up to its version.
        let marks = match live.state() {
            Some(state) if state.snapshot.meta.recipe == recipe => {
                self.publish(db, &live, &state).await?.then(|| live.marks())
            }
            _ => None,
        };
        let version = draft.meta.version;
        draft.finish(marks.as_ref())?;
        let snapshot = Arc::new(Snapshot::open(&path)?);
        if marks.is_none() {
            live.change_marks(|m| *m = Marks::new(version));
        }
        let (features, bytes, detail) = (snapshot.len(), snapshot.size(), snapshot.meta.detail);
        let state = Arc::new(State::new(snapshot));
        if !self.publish(db, &live, &state).await? {
            self.want(&layer.id);
        }
        let seconds = started.elapsed().as_secs_f64();
        metrics::histogram!("dothi_snapshot_build_seconds").record(seconds);
        tracing::info!(layer = layer.id, version, features, bytes, detail, seconds, "snapshot built");
        Ok(())
    }
}

/// The state with every change up to the database's present; none when too much has changed, or in a way that takes a new
/// snapshot. `touched` are the boxes in which tiles differ now, with the versions that changed them.
async fn catch_up(
    db: &Db,
    state: &Arc<State>,
    touched: &mut Vec<(super::super::grid::Box2, i64)>,
) -> Result<Option<Arc<State>>> {
    let recipe = &state.snapshot.meta.recipe;
    let mut on = db.pool.acquire().await?;
    let mut tx = on.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let sql = Sql::new("SELECT version, kept_since FROM dothi.layer WHERE id = ")
        .bind(&recipe.layer)
        .push(" AND identity::text = ")
        .bind(&recipe.identity);
    let Some(row) = run::optional(&mut *tx, sql).await? else { return Ok(None) };
    let version: i64 = row.try_get("version")?;
    if version == state.version {
        return Ok(Some(state.clone()));
    }
    if state.version < row.try_get::<i64, _>("kept_since")? {
        return Ok(None);
    }
    let sql = Sql::new("SELECT fid, max(version) AS version FROM dothi.change WHERE layer = ")
        .bind(&recipe.layer)
        .push(" AND version > ")
        .bind(state.version)
        .push(&format!(" GROUP BY fid LIMIT {}", MOST_AT_ONCE + 1));
    let mut changed: Vec<(i64, i64)> = Vec::new();
    for row in run::all(&mut *tx, sql).await? {
        match row.try_get::<Option<i64>, _>("fid")? {
            Some(fid) => changed.push((fid, row.try_get("version")?)),
            None => return Ok(None),
        }
    }
    if changed.len() as i64 > MOST_AT_ONCE {
        return Ok(None);
    }
    let rows = if changed.is_empty() {
        source::Rows::default()
    } else {
        let fids: Vec<String> = changed.iter().map(|(fid, _)| fid.to_string()).collect();
        let condition = format!("{} IN ({})", crate::schema::FID, fids.join(","));
        source::read(&mut tx, recipe, state.snapshot.grid, &condition).await?
    };
    tx.rollback().await?;
    if rows.far {
        return Ok(None);
    }
    Ok(Some(Arc::new(state.after(version, &changed, rows, |bounds, at| touched.push((bounds, at))))))
}

/// Building takes several times the layer's size for moments; the allocator would keep it.
fn give_memory_back() {
    // SAFETY: glibc's `malloc_trim` may be called at any time.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Where snapshots are kept under the data directory.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("snapshots")
}
