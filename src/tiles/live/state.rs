//! A layer as tiles see it at one version: the snapshot, and what has changed since.

use std::sync::Arc;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::super::grid::{Box2, Point};
use super::super::slice::label;
use super::super::snapshot::Snapshot;
use super::super::snapshot::source::Rows;
use super::super::snapshot::values::NULL;
use super::super::wkb::{Kind, Shape};

/// A feature that was made or changed after the snapshot.
#[derive(Debug)]
pub struct Edited {
    pub fid: i64,
    pub shape: Shape,
    pub label: Point,
    /// A value a field, as an MVT field; none for null.
    pub values: Vec<Option<Box<[u8]>>>,
}

/// What has changed since the snapshot.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// Features as they are now; none for one that is not drawn any more.
    now: HashMap<i64, Option<Arc<Edited>>>,
    /// The same, in order of their ids.
    pub features: Vec<Arc<Edited>>,
    /// A bit for each feature of the snapshot that is not as it was.
    gone: Vec<u64>,
    /// Where polygons were or are that are not as they were.
    pub dirty: Vec<Box2>,
    /// The places in the snapshot of features that are not as they were.
    pub replaced: Vec<u32>,
}

impl Delta {
    pub fn len(&self) -> usize {
        self.now.len()
    }

    pub fn is_empty(&self) -> bool {
        self.now.is_empty()
    }

    #[inline]
    pub fn is_gone(&self, i: usize) -> bool {
        self.gone.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1)
    }
}

#[derive(Clone)]
pub struct State {
    pub snapshot: Arc<Snapshot>,
    pub delta: Delta,
    pub version: i64,
    /// Tells one recipe's tiles from another's.
    pub recipe_hash: u64,
}

impl State {
    pub fn new(snapshot: Arc<Snapshot>) -> State {
        let recipe = serde_json::to_vec(&snapshot.meta.recipe).unwrap_or_default();
        State { version: snapshot.meta.version, snapshot, delta: Delta::default(), recipe_hash: xxh3_64(&recipe) }
    }

    /// The state after these features changed: `changed` names them, `rows` are those of them that are there and have a
    /// place. Calls `touched` with every box in which something is drawn differently.
    pub fn after(&self, version: i64, changed: &[(i64, i64)], rows: Rows, mut touched: impl FnMut(Box2, i64)) -> State {
        let mut delta = self.delta.clone();
        let mut now: HashMap<i64, Arc<Edited>> =
            edited(rows, self.snapshot.meta.recipe.fields.len()).into_iter().map(|e| (e.fid, Arc::new(e))).collect();
        for (fid, at) in changed {
            let before = match delta.now.get(fid) {
                Some(edited) => edited.as_ref().map(|e| e.shape.bounds),
                None => self.snapshot.find(*fid).map(|i| self.snapshot.boxes()[i]),
            };
            let after = now.remove(fid);
            for bounds in before.into_iter().chain(after.as_ref().map(|e| e.shape.bounds)) {
                touched(bounds, *at);
            }
            delta.now.insert(*fid, after);
        }
        self.settle(&mut delta);
        State { snapshot: self.snapshot.clone(), delta, version, recipe_hash: self.recipe_hash }
    }

    /// Derives the lists from `now`.
    fn settle(&self, delta: &mut Delta) {
        delta.features = delta.now.values().flatten().cloned().collect();
        delta.features.sort_unstable_by_key(|e| e.fid);
        delta.gone.resize(self.snapshot.len().div_ceil(64), 0);
        delta.replaced = delta.now.keys().filter_map(|fid| self.snapshot.find(*fid)).map(|i| i as u32).collect();
        delta.replaced.sort_unstable();
        for i in &delta.replaced {
            delta.gone[*i as usize / 64] |= 1 << (i % 64);
        }
        let replaced = delta.replaced.iter().map(|i| *i as usize);
        delta.dirty = replaced
            .filter(|i| self.snapshot.kind(*i) == Kind::Polygon)
            .map(|i| self.snapshot.boxes()[i])
            .chain(delta.features.iter().filter(|e| e.shape.kind == Kind::Polygon).map(|e| e.shape.bounds))
            .collect();
    }
}

fn edited(rows: Rows, width: usize) -> Vec<Edited> {
    let Rows { fids, shapes, tags, values, .. } = rows;
    fids.into_iter()
        .zip(shapes)
        .enumerate()
        .map(|(i, (fid, shape))| Edited {
            fid,
            label: label::point(shape.as_ref()),
            values: tags[i * width..(i + 1) * width]
                .iter()
                .map(|t| (*t != NULL).then(|| values.value(*t).into()))
                .collect(),
            shape,
        })
        .collect()
}
