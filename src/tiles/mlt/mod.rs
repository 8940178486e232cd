//! MapLibre Tiles (MLT, version 1): the columns of a vector tile instead of its features. A finished MVT is taken apart and
//! put together anew, so that whatever can be a tile here can be an MLT. The format is that of the specification and the
//! encodings in the repository `maplibre/maplibre-tile-spec`; of its encodings those are written that every decoder reads:
//! varints, deltas, runs and dictionaries.

mod column; // attributes, one column a key
mod geometry; // types, lengths and vertices
mod stream; // numbers and bits in bytes

use super::read;
use crate::error::{Error, Result};
use crate::tiles::slice::encode::varint;

/// A feature table follows (version 1 of the layout).
const TABLE: u8 = 1;
/// Codes of columns: ids of 32 bits, ids of 64 bits, geometry. One more than an id's says that some are missing.
const ID: u8 = 0;
const LONG_ID: u8 = 2;
const GEOMETRY: u8 = 4;

/// The tile `mvt` as MLT: the same layers, features in the same order, ids, coordinates and values. Whole numbers beyond 32
/// bits become doubles where these hold them exactly, as map clients have no other numbers; of a feature that has a key
/// twice the last value counts. Fails on what is not an MVT.
pub fn encode(mvt: &[u8]) -> Result<Vec<u8>> {
    let layers = read::layers(mvt).ok_or_else(|| Error::Internal("a tile that is no MVT".into()))?;
    let mut out = Vec::with_capacity(mvt.len());
    let mut block = Vec::new();
    for layer in &layers {
        block.clear();
        table(layer, &mut block).ok_or_else(|| Error::Internal("a layer that is no MVT".into()))?;
        varint(&mut out, block.len() as u64);
        out.extend_from_slice(&block);
    }
    Ok(out)
}

/// A layer as a feature table: what its columns are, then the columns.
fn table(layer: &read::Layer<'_>, out: &mut Vec<u8>) -> Option<()> {
    let mut geometry = geometry::Column::default();
    let mut ids: Vec<Option<i64>> = Vec::new();
    let mut cells = column::Cells::new(layer.keys.len());
    for feature in &layer.features {
        let feature = read::feature(feature)?;
        // What draws nothing has no place in a table.
        if geometry.push(feature.kind, feature.geometry)? {
            ids.push(feature.id.and_then(|id| i64::try_from(id).ok()));
            cells.push(feature.tags)?;
        }
    }
    let known: Vec<i64> = ids.iter().copied().flatten().collect();
    let long = known.iter().any(|id| *id > i64::from(u32::MAX));
    let some_missing = known.len() < ids.len();
    let columns = cells.columns(layer)?;

    out.push(TABLE);
    text(out, layer.name);
    varint(out, layer.extent);
    varint(out, (usize::from(!known.is_empty()) + 1 + columns.len()) as u64);
    if !known.is_empty() {
        out.push(if long { LONG_ID } else { ID } + u8::from(some_missing));
    }
    out.push(GEOMETRY);
    for column in &columns {
        out.push(column.code());
        text(out, column.name);
    }

    if !known.is_empty() {
        if some_missing {
            stream::bits(out, stream::PRESENT, ids.iter().map(Option::is_some));
        }
        stream::numbers(out, stream::DATA, &known, false);
    }
    geometry.write(out);
    columns.iter().for_each(|column| column.write(out));
    Some(())
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    varint(out, text.len() as u64);
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::slice::encode::{self, Body};
    use crate::tiles::wkb::Kind;

    #[test]
    fn a_tile_of_one_point_is_these_bytes() {
        let mut body = Body::default();
        assert!(body.set(Kind::Point, [[[100, 200]]]));
        let (mut features, mut mvt) = (Vec::new(), Vec::new());
        encode::feature(&mut features, Some(7), &[0, 0], Kind::Point, body.head, body.first, &body.rest);
        // One value: the text `a`.
        encode::layer(&mut mvt, "p", &features, ["k"].into_iter(), &[0x22, 3, 0x0A, 1, b'a']);
        let mlt = encode(&mvt).unwrap();
        let want = [
            41, TABLE, 1, b'p', 0x80, 0x20, 3, // length, tag, name, extent 4096, three columns
            ID, GEOMETRY, 28, 1, b'k', // ids, geometry, a text that every feature has
            0x10, 0x02, 1, 1, 7, // ids: plain varints, one value in one byte
            2, 0x10, 0x02, 1, 1, 0, // geometry in two streams: the types
            0x13, 0x42, 2, 4, 0xC8, 1, 0x90, 3, // vertices: zigzag deltas of x and y
            2, 0x30, 0x02, 1, 1, 1, // text in two streams: lengths
            0x10, 0x00, 1, 1, b'a',
        ];
        assert_eq!(mlt, want);
    }

    #[test]
    fn what_is_no_tile_is_an_error() {
        for bytes in [&[0x1A, 5, 0][..], &[0xFF], &[0x1A, 2, 0x12, 9]] {
            assert!(encode(bytes).is_err(), "{bytes:?}");
        }
        assert!(encode(&[]).unwrap().is_empty());
    }
}
