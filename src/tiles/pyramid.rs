//! Every tile of some layers in one PMTiles file.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::archive::{Kind, Meta, Packing, Summary, Writer, tile_id};
use super::encoding::{Compressors, Encoding, Form};
use super::live::state::State;
use super::mlt;
use super::parallel;
use super::slice::{self, Ask, Scratch};
use crate::error::Result;
use crate::geo::{Bbox, Tile};
use crate::layer::Layer;
use crate::layer::mvt::BUFFER;

/// Tiles that are made between two looks at the progress.
const BATCH: usize = 512;

/// A layer and what its tiles are made of.
pub type Source = (Arc<Layer>, Arc<State>);

/// Writes the tiles of zooms `zooms.0` to `zooms.1`, the layers side by side in each. `tell` hears how many of how many are
/// done; how many there are is known zoom by zoom.
pub fn write(
    sources: &[Source],
    zooms: (u8, u8),
    form: Form,
    path: &Path,
    mut tell: impl FnMut(u8, usize, usize),
) -> Result<Summary> {
    let mut writer = Writer::create(path, meta(sources, zooms, form))?;
    let mut level: Vec<Tile> = Tile::new(0, 0, 0).into_iter().collect();
    for z in 0..=zooms.1 {
        level.retain(|tile| sources.iter().any(|source| reaches(source, *tile)));
        level.sort_unstable_by_key(|tile| tile_id(*tile));
        if z >= zooms.0 {
            for (n, batch) in level.chunks(BATCH).enumerate() {
                tell(z, n * BATCH, level.len());
                let made = parallel::map(
                    batch.len(),
                    || (Scratch::default(), Compressors::thorough()),
                    |bench, i| make(sources, batch[i], form, bench),
                );
                for (tile, bytes) in batch.iter().zip(made) {
                    writer.add(*tile, &bytes?)?;
                }
            }
        }
        if z < zooms.1 {
            level = level.iter().flat_map(|t| children(*t)).collect();
        }
    }
    writer.finish()
}

fn children(tile: Tile) -> impl Iterator<Item = Tile> {
    [(0, 0), (1, 0), (0, 1), (1, 1)]
        .into_iter()
        .filter_map(move |(dx, dy)| Tile::new(tile.z + 1, tile.x * 2 + dx, tile.y * 2 + dy))
}

/// Whether the layer may draw something in the tile or below it.
fn reaches((_, state): &Source, tile: Tile) -> bool {
    let snapshot = &state.snapshot;
    let Some(window) = snapshot.grid.window(tile, BUFFER.into()) else { return false };
    snapshot.any(window) || state.delta.features.iter().any(|e| e.shape.bounds.touches(window))
}

fn make(
    sources: &[Source],
    tile: Tile,
    form: Form,
    (scratch, compressors): &mut (Scratch, Result<Compressors>),
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (layer, state) in sources.iter().filter(|(layer, _)| layer.min_zoom <= tile.z) {
        slice::layer(state, &layer.id, tile, Ask::default(), scratch, &mut out);
    }
    if form == Form::Mlt {
        out = mlt::encode(&out)?;
    }
    match compressors {
        Ok(compressors) => Ok(compressors.compress(&out, Encoding::Gzip)?.to_vec()),
        Err(_) => Ok(Compressors::thorough()?.compress(&out, Encoding::Gzip)?.to_vec()),
    }
}

fn meta(sources: &[Source], zooms: (u8, u8), form: Form) -> Meta {
    let extents: Vec<Bbox> = sources.iter().filter_map(|(l, _)| l.extent).collect();
    let world = Bbox { west: -180.0, south: -85.05, east: 180.0, north: 85.05 };
    let bounds = extents.into_iter().reduce(Bbox::union).unwrap_or(world);
    let middle = |a: f64, b: f64| (a + b) / 2.0;
    let layers: Vec<Value> = sources.iter().map(|(layer, _)| vector_layer(layer)).collect();
    let titles: Vec<&str> = sources.iter().map(|(l, _)| l.title.as_str()).collect();
    let mut json = Map::new();
    json.insert("name".into(), json!(titles.join(", ")));
    json.insert("vector_layers".into(), json!(layers));
    json.insert("generator".into(), json!(concat!("dothi ", env!("CARGO_PKG_VERSION"))));
    let attribution: Vec<&str> = sources.iter().filter_map(|(l, _)| l.attribution.as_deref()).collect();
    if !attribution.is_empty() {
        json.insert("attribution".into(), json!(attribution.join(", ")));
    }
    Meta {
        kind: if form == Form::Mlt { Kind::Mlt } else { Kind::Mvt },
        packing: Packing::Gzip,
        zooms,
        bounds,
        centre: (middle(bounds.west, bounds.east), middle(bounds.south, bounds.north), zooms.0.max(12).min(zooms.1)),
        json,
    }
}

/// A layer as TileJSON 3.0.0 describes it (3.3).
pub fn vector_layer(layer: &Layer) -> Value {
    let fields: Map<String, Value> = layer.fields.iter().map(|f| (f.name.clone(), json!(f.kind.json().0))).collect();
    json!({"id": layer.id, "description": layer.title, "minzoom": layer.min_zoom, "maxzoom": layer.max_zoom, "fields": fields})
}
