//! Archives, written and read back.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::error::Error;
use crate::geo::{Bbox, Tile};

pub(super) fn meta(zooms: (u8, u8)) -> Meta {
    let layers = serde_json::json!([{"id": "thửa đất", "fields": {"tên": "String"}}]);
    Meta {
        kind: Kind::Mvt,
        packing: Packing::Gzip,
        zooms,
        bounds: Bbox::new(108.9, 11.5, 109.1, 11.7).unwrap(),
        centre: (109.0, 11.6, zooms.0),
        json: [("name".to_string(), "Phan Rang".into()), ("vector_layers".into(), layers)].into_iter().collect(),
    }
}

/// Numbers without pattern, the same in each run.
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Tiles by id: unique ones, runs of one content, contents that come back, gaps.
pub(super) fn tiles(count: usize, seed: u64) -> BTreeMap<u64, Vec<u8>> {
    let mut dice = Dice(seed);
    let mut id = 0;
    let mut out = BTreeMap::new();
    while out.len() < count {
        id += 1 + dice.below(4) / 3 * dice.below(50);
        match dice.below(10) {
            0 => (0..dice.below(30)).for_each(|n| {
                out.insert(id + n, b"sea".to_vec());
            }),
            1 => drop(out.insert(id, format!("again {}", dice.below(9)).into_bytes())),
            _ => drop(out.insert(id, format!("tile {id} ").repeat(1 + dice.below(5) as usize).into_bytes())),
        }
        id = *out.keys().next_back().unwrap_or(&id);
    }
    out
}

pub(super) fn write(path: &Path, tiles: &BTreeMap<u64, Vec<u8>>) -> Summary {
    let mut writer = Writer::create(path, meta((0, 24))).unwrap();
    for (id, content) in tiles {
        writer.add(tile_of(*id).unwrap(), content).unwrap();
    }
    writer.finish().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn round_trip(count: usize) -> (Archive, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.pmtiles");
    let tiles = tiles(count, 7);
    let summary = write(&path, &tiles);
    assert_eq!(summary.bytes, path.metadata().unwrap().len());
    assert_eq!(summary.tiles, tiles.len() as u64);
    let mut contents: Vec<_> = tiles.values().collect();
    contents.sort();
    contents.dedup();
    assert_eq!(summary.contents, contents.len() as u64);
    assert_eq!(names(folder.path()), ["map.pmtiles"]);
    let archive = Archive::open(&path).unwrap();
    for id in 0..tiles.keys().next_back().unwrap() + 100 {
        let got = archive.get(tile_of(id).unwrap()).unwrap();
        assert_eq!(got.as_deref(), tiles.get(&id).map(Vec::as_slice), "{id}");
    }
    (archive, summary)
}

#[test]
fn thousands_of_tiles_come_back_and_missing_ones_do_not() {
    let (archive, summary) = round_trip(3000);
    assert!(summary.contents < summary.tiles);
    assert_eq!((archive.kind(), archive.packing(), archive.zooms()), (Kind::Mvt, Packing::Gzip, (0, 24)));
    assert_eq!(archive.bounds(), Bbox::new(108.9, 11.5, 109.1, 11.7).unwrap());
    assert_eq!(archive.centre(), (109.0, 11.6, 0));
    assert_eq!(archive.metadata().get(), serde_json::to_string(&meta((0, 24)).json).unwrap());
}

#[test]
fn archives_of_many_tiles_have_leaf_directories() {
    let (archive, summary) = round_trip(200_000);
    assert!(summary.tiles >= 200_000);
    assert!(format!("{archive:?}").contains("run: 0"), "the root points to leaves");
}

#[test]
fn tiles_out_of_order_twice_or_of_other_zooms_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path().join("a"), meta((1, 2))).unwrap();
    let tile = |z, x, y| Tile::new(z, x, y).unwrap();
    writer.add(tile(1, 0, 1), b"a").unwrap();
    for wrong in [tile(1, 0, 1), tile(1, 0, 0), tile(0, 0, 0), tile(3, 0, 0)] {
        assert!(matches!(writer.add(wrong, b"b"), Err(Error::Invalid { .. })), "{wrong:?}");
    }
    writer.add(tile(1, 1, 1), b"").unwrap();
    assert_eq!(writer.finish().unwrap().tiles, 1);
    let archive = Archive::open(folder.path().join("a")).unwrap();
    assert!(archive.get(tile(1, 1, 1)).unwrap().is_none());
}

#[test]
fn a_write_that_is_given_up_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.pmtiles");
    write(&path, &tiles(10, 1));
    let before = std::fs::read(&path).unwrap();
    let mut writer = Writer::create(&path, meta((0, 24))).unwrap();
    writer.add(tile_of(3).unwrap(), b"new").unwrap();
    assert!(matches!(Writer::create(&path, meta((0, 24))), Err(Error::Conflict(_))));
    assert_eq!(names(folder.path()), ["map.pmtiles", "map.pmtiles.part"]);
    drop(writer);
    assert!(Writer::create(&path, meta((0, 24))).unwrap().finish().is_err(), "no tile at all");
    assert_eq!(names(folder.path()), ["map.pmtiles"]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_a_killed_writer_left_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.pmtiles");
    std::fs::write(folder.path().join("map.pmtiles.part"), vec![7; 1 << 20]).unwrap();
    let tiles = tiles(100, 2);
    let summary = write(&path, &tiles);
    assert_eq!(path.metadata().unwrap().len(), summary.bytes);
    assert_eq!(names(folder.path()), ["map.pmtiles"]);
}
