//! Layers as they are now: their snapshots, kept up with the journal and rebuilt in the background.

pub mod keeper; // follows the journal, builds
pub mod marks; // what changed where
pub mod state; // snapshot and changes

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwapOption;

use crate::geo::Tile;
use marks::Marks;
use state::State;

/// One layer.
#[derive(Default)]
pub struct Live {
    /// Raised only after `state` is published, so that a tile is never older than the mark that names it.
    marks: RwLock<Marks>,
    state: ArcSwapOption<State>,
    /// Whether the file of an earlier run was looked at.
    looked: AtomicBool,
    /// The version at which building failed.
    failed: AtomicI64,
}

impl Live {
    /// The state, and the version that last changed the tile. The mark is read first: see `marks`.
    pub fn at(&self, tile: Tile) -> Option<(i64, Arc<State>)> {
        let version = self.marks.read().unwrap_or_else(PoisonError::into_inner).version(tile);
        Some((version, self.state.load_full()?))
    }

    /// The version that last changed any of these tiles, and the recipe of the snapshot; none while there is no snapshot, or one that
    /// does not know `version` yet. For tiles that are not made of it.
    pub fn last_change(&self, tiles: &[Tile], version: i64) -> Option<(i64, u64)> {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let last = tiles.iter().map(|tile| marks.version(*tile)).max()?;
        let state = self.state.load_full().filter(|state| state.version >= version)?;
        Some((last, state.recipe_hash))
    }

    pub fn state(&self) -> Option<Arc<State>> {
        self.state.load_full()
    }

    /// Whether no snapshot could be built of this version.
    pub fn has_failed(&self, version: i64) -> bool {
        self.failed.load(Ordering::Relaxed) == version
    }

    fn change_marks(&self, change: impl FnOnce(&mut Marks)) {
        change(&mut self.marks.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn marks(&self) -> Marks {
        self.marks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes back to the database's own tiles until there is a new snapshot.
    fn drop_state(&self, version: i64) {
        self.state.store(None);
        self.change_marks(|m| m.all(version));
    }
}
