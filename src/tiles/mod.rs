//! Tiles as they are served: made in memory from a layer's snapshot and its changes, compressed once, kept by what is in
//! them.

mod accept; // what a client takes, with weights
pub mod archive; // PMTiles
mod cache; // finished tiles
pub mod coverage; // classes sampled at pixels, and traced
mod encoding; // compression
mod geojson; // tiles in degrees
pub mod grid; // whole numbers for places
pub mod live; // layers as they are now
pub mod mlt; // MapLibre Tiles
pub mod parallel; // all cores
pub mod pyramid; // every tile into one file
mod read; // a finished MVT
pub mod rasters; // tiles of pictures
pub mod slice; // a layer's part of a tile
pub mod snapshot; // a layer in a file
pub mod style; // MapLibre styles, generated
pub mod styles; // those that somebody made
pub mod stylesheet; // a style as somebody sends it, checked
pub mod wkb; // geometry as PostGIS sends it

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sqlx::postgres::PgPool;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Error, Result};
use crate::filter::{Cell, Expr, Predicate, Row, compile};
use crate::geo::{MatrixSet, Tile};
use crate::layer::{Layer, mvt};
pub use accept::weighted;
use cache::Cache;
use encoding::Compressors;
pub use encoding::{Encoding, Form};
use live::keeper::{self, Keeper};
use live::state::State;
use rasters::Rasters;
use slice::{Ask, Feature, Keep, Scratch};
use snapshot::values::Scalar;

/// A larger layer is waited for while its snapshot is built, as the database would take longer.
const WORTH_WAITING: i64 = 5_000;
const WAIT: Duration = Duration::from_secs(8);
/// Workbenches that are kept between tiles.
const MOST_BENCHES: usize = 8;
/// Tiles over this many bytes (1.5 ms of work) are compressed away from the threads that answer. Most are not: waiting for
/// another thread costs more than a small tile, and each one that waits holds its workbench.
const LARGE: usize = 512 << 10;

/// What is asked of the layers of a tile beside where.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The fields that are wanted, by name; all when there is no list.
    pub properties: Option<Vec<String>>,
    /// Adds a layer `ID.label` with a point for each polygon.
    pub labels: bool,
    /// A condition for each layer, in their order; none where everything is wanted.
    pub filters: Vec<Expr>,
    pub form: Form,
}

/// One tile that somebody asked for: what it will be is settled, making it is not.
pub struct Plan {
    set: MatrixSet,
    tile: Tile,
    layers: Vec<(Arc<Layer>, Option<Arc<State>>)>,
    options: Arc<Options>,
    encoding: Encoding,
    key: u128,
}

impl Plan {
    /// A strong ETag: it depends on what is in the tile, and is known before the tile is made.
    pub fn etag(&self) -> String {
        format!("\"{:032x}\"", self.key)
    }

    /// Whether only some of the features are asked for.
    pub fn is_filtered(&self) -> bool {
        !self.options.filters.is_empty()
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub fn form(&self) -> Form {
        self.options.form
    }

    /// Whether a layer has no snapshot yet.
    pub fn needs_database(&self) -> bool {
        self.layers.iter().any(|(_, state)| state.is_none())
    }
}

pub struct Tiles {
    pub keeper: Keeper,
    pub rasters: Rasters,
    cache: Option<Cache>,
    benches: Mutex<Vec<Bench>>,
}

/// What making a tile needs again and again.
struct Bench {
    scratch: Scratch,
    compressors: Compressors,
    out: Vec<u8>,
}

impl Tiles {
    /// `bytes` bound the finished tiles that are kept; zero keeps none.
    pub fn new(data_dir: &Path, bytes: u64) -> Tiles {
        Tiles {
            keeper: Keeper::new(keeper::folder(data_dir)),
            rasters: Rasters::default(),
            cache: (bytes > 0).then(|| cache::new(bytes)),
            benches: Mutex::default(),
        }
    }

    /// What the cache holds, in bytes.
    pub fn bytes(&self) -> u64 {
        self.cache.as_ref().map_or(0, Cache::weight)
    }

    /// Settles what a tile of these layers is, without making it. Snapshots are of Web Mercator; tiles of another set are
    /// drawn by PostGIS, and are others with every version that changed something in them.
    pub fn plan(
        &self,
        layers: Vec<Arc<Layer>>,
        set: MatrixSet,
        tile: Tile,
        options: Arc<Options>,
        encoding: Encoding,
    ) -> Plan {
        let mut hash = Xxh3::new();
        if !set.is_web_mercator() {
            hash.update(set.id().as_bytes());
        }
        hash.update(&[
            tile.z,
            encoding as u8,
            options.form as u8,
            u8::from(options.labels),
            snapshot::format::FORMAT as u8,
        ]);
        hash.update(&tile.x.to_le_bytes());
        hash.update(&tile.y.to_le_bytes());
        if !options.filters.is_empty() {
            hash.update(format!("{:?}", options.filters).as_bytes());
        }
        for name in options.properties.iter().flatten() {
            hash.update(&(name.len() as u32 + 1).to_le_bytes());
            hash.update(name.as_bytes());
        }
        let plane = !set.is_web_mercator();
        let cover = plane.then(|| set.covering(tile, f64::from(mvt::BUFFER) / f64::from(mvt::EXTENT))).flatten();
        let layers = layers
            .into_iter()
            .map(|layer| {
                let keeper = self.keeper.get(&layer.id);
                if plane {
                    let known = keeper.zip(cover.as_ref()).and_then(|(l, tiles)| l.last_change(tiles, layer.version));
                    let (version, recipe) = known.unwrap_or((layer.version, 0));
                    hash.update(layer.identity.as_bytes());
                    hash.update(&version.to_le_bytes());
                    hash.update(&recipe.to_le_bytes());
                    hash.update(&[mvt::first_matrix(&layer, set), u8::from(options.properties.is_some())]);
                    return (layer, None);
                }
                let live = keeper.and_then(|l| l.at(tile));
                hash.update(layer.identity.as_bytes());
                hash.update(&[layer.min_zoom, u8::from(options.properties.is_some())]);
                let (version, state) = match live {
                    Some((version, state)) => (version, Some(state)),
                    None => (layer.version, None),
                };
                // Tiles from the database are told from those of the snapshot: they differ in bytes.
                hash.update(&(version * 2 + i64::from(state.is_some())).to_le_bytes());
                hash.update(&state.as_ref().map_or(0, |s| s.recipe_hash).to_le_bytes());
                (layer, state)
            })
            .collect();
        Plan { set, tile, layers, options, encoding, key: hash.digest128() }
    }

    /// The finished tile, if it is in memory.
    pub fn in_memory(&self, plan: &Plan) -> Option<Bytes> {
        self.cache.as_ref()?.get(&plan.key)
    }

    /// The finished tile, compressed as planned; empty when nothing is there. Requests for one tile at once make it once.
    pub async fn get(&self, pool: &PgPool, plan: Plan) -> Result<Bytes> {
        match &self.cache {
            Some(cache) => cache.get_or_insert_async(&plan.key, self.make(pool, &plan)).await,
            None => self.make(pool, &plan).await,
        }
    }

    async fn make(&self, pool: &PgPool, plan: &Plan) -> Result<Bytes> {
        let mut bench = self.bench()?;
        // A vector tile is its layers one after the other (MVT 2.1, 4.1: repeated message fields).
        bench.out.clear();
        for (i, (layer, state)) in plan.layers.iter().enumerate() {
            if plan.tile.z < mvt::first_matrix(layer, plan.set) {
                continue;
            }
            let filter = plan.options.filters.get(i);
            // What only PostGIS can answer (geometry, lists) it is asked.
            let condition = filter.map(compile).transpose().ok();
            let state = match state {
                Some(state) => Some(state.clone()),
                None if layer.feature_count > WORTH_WAITING && plan.set.is_web_mercator() => self.wait_for(layer).await,
                None => None,
            };
            match state.zip(condition) {
                Some((state, condition)) => {
                    make_layer(&state, layer, plan, condition.as_ref(), &mut bench.scratch, &mut bench.out);
                }
                None => {
                    let names = plan.options.properties.as_deref();
                    bench.out.extend(mvt::encode(pool, layer, plan.set, plan.tile, names, filter).await?);
                }
            }
        }
        match plan.form() {
            Form::Mvt => {}
            Form::Mlt => bench.out = mlt::encode(&bench.out)?,
            Form::GeoJson => bench.out = geojson::encode(&bench.out, plan.tile)?,
        }
        if bench.out.len() < LARGE {
            let done = bench.compressors.compress(&bench.out, plan.encoding);
            self.put_back(bench);
            return done;
        }
        let encoding = plan.encoding;
        let (bench, done) = tokio::task::spawn_blocking(move || {
            let done = bench.compressors.compress(&bench.out, encoding);
            (bench, done)
        })
        .await
        .map_err(|e| Error::Internal(e.to_string()))?;
        self.put_back(bench);
        done
    }

    /// The state of a layer whose snapshot is being built, if it is there in time.
    async fn wait_for(&self, layer: &Layer) -> Option<Arc<State>> {
        let live = self.keeper.get(&layer.id)?;
        let waiting = async {
            loop {
                if let Some(state) = live.state() {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // A snapshot that cannot be built is not waited for.
        if live.has_failed(layer.version) {
            return None;
        }
        tokio::time::timeout(WAIT, waiting).await.ok().filter(|s| s.version >= layer.version)
    }

    fn bench(&self) -> Result<Bench> {
        let kept = self.benches.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match kept {
            Some(bench) => Ok(bench),
            None => Ok(Bench { scratch: Scratch::default(), compressors: Compressors::new()?, out: Vec::new() }),
        }
    }

    fn put_back(&self, bench: Bench) {
        let mut benches = self.benches.lock().unwrap_or_else(PoisonError::into_inner);
        if benches.len() < MOST_BENCHES {
            benches.push(bench);
        }
    }
}

fn make_layer(
    state: &State,
    layer: &Layer,
    plan: &Plan,
    condition: Option<&Predicate>,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let fields = &state.snapshot.meta.recipe.fields;
    let place = |name: &str| fields.iter().position(|f| f.name == name);
    let wanted: Option<Vec<usize>> =
        plan.options.properties.as_ref().map(|names| names.iter().filter_map(|name| place(name)).collect());
    let looks_at: Vec<usize> =
        condition.iter().flat_map(|p| p.fields()).map(|f| place(&f.name).unwrap_or(usize::MAX)).collect();
    let keep = condition.map(|p| |feature: &Feature<'_>| p.accepts(&Asked { feature, places: &looks_at }));
    let ask = Ask {
        fields: wanted.as_deref(),
        keep: keep.as_ref().map(|k| k as &Keep<'_>),
        looks_at: &looks_at,
        reads_id: condition.is_some_and(Predicate::reads_id),
        labels: plan.options.labels,
    };
    slice::layer(state, &layer.id, plan.tile, ask, scratch, out);
}

/// A feature as a condition asks it.
struct Asked<'a> {
    feature: &'a Feature<'a>,
    /// Where the condition's fields are among the layer's.
    places: &'a [usize],
}

impl Row for Asked<'_> {
    fn fid(&self) -> i64 {
        self.feature.fid().unwrap_or_default()
    }

    fn cell(&self, slot: usize) -> Cell<'_> {
        match self.places.get(slot).and_then(|place| self.feature.value(*place)) {
            None => Cell::Null,
            Some(Scalar::Bool(v)) => Cell::Bool(v),
            Some(Scalar::Int(v)) => Cell::Int(v),
            Some(Scalar::Float(v)) => Cell::Float(v),
            Some(Scalar::Text(v)) => Cell::Text(v),
        }
    }
}
