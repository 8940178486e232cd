//! Archives, written and read back, whole and damaged.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::directory::{self, Entry};
use super::header::{HEAD, Header, LENGTH, Section};
use super::*;
use crate::error::Error;
use crate::geo::{Bbox, Tile};

fn meta(zooms: (u8, u8)) -> Meta {
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
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Tiles by id: unique ones, runs of one content, contents that come back, gaps.
fn tiles(count: usize, seed: u64) -> BTreeMap<u64, Vec<u8>> {
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

fn write(path: &Path, tiles: &BTreeMap<u64, Vec<u8>>) -> Summary {
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

#[test]
fn cut_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.pmtiles");
    let tiles = tiles(30_000, 3);
    write(&path, &tiles);
    let whole = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut");
    for length in (0..200).chain((200..whole.len()).step_by(7919)).chain([whole.len() - 1]) {
        std::fs::write(&cut, &whole[..length]).unwrap();
        assert!(matches!(Archive::open(&cut), Err(Error::Unreadable(_))), "{length}");
    }
    let archive = Archive::open(&path).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(HEAD).unwrap();
    assert!(
        matches!(archive.get(tile_of(*tiles.keys().next().unwrap()).unwrap()), Err(Error::Io { .. })),
        "cut while it is open"
    );
}

/// Asks for tiles all over; every answer is a tile, nothing or an error.
fn rummage(path: &Path, dice: &mut Dice) -> bool {
    let Ok(archive) = Archive::open(path) else { return false };
    for _ in 0..8 {
        let id = dice.below(60_000);
        let _ = archive.get(tile_of(id).unwrap());
        let _ = archive.get(tile_of(dice.below(1 << 40)).unwrap());
    }
    true
}

#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bad) = (folder.path().join("map.pmtiles"), folder.path().join("bad"));
    let mut dice = Dice(11);
    let mut opened = 0;
    for packed in [true, false] {
        write(&path, &tiles(30_000, 5));
        let mut whole = std::fs::read(&path).unwrap();
        if !packed {
            whole = unpacked(&whole);
        }
        std::fs::write(&bad, &whole).unwrap();
        assert!(rummage(&bad, &mut dice));
        let header = Header::read(whole[..LENGTH].try_into().unwrap(), whole.len() as u64).unwrap();
        let spots = [Section { offset: 0, length: LENGTH as u64 }, header.root, header.leaves, header.metadata];
        let file = std::fs::OpenOptions::new().write(true).open(&bad).unwrap();
        for round in 0..4000 {
            let spot = spots[round % spots.len()];
            let at: Vec<u64> = (0..1 + dice.below(3)).map(|_| spot.offset + dice.below(spot.length)).collect();
            for &at in &at {
                let flipped = whole[at as usize] ^ 1 << dice.below(8);
                let byte = [dice.below(256) as u8, 0, 0xff, flipped][dice.below(4) as usize];
                file.write_all_at(&[byte], at).unwrap();
            }
            opened += usize::from(rummage(&bad, &mut dice));
            at.iter().for_each(|&at| file.write_all_at(&[whole[at as usize]], at).unwrap());
        }
    }
    assert!(opened > 1000, "most damage gets past the header: {opened}");
}

/// The same archive with plain directories, so that damage reaches what is behind the checksum of gzip.
fn unpacked(whole: &[u8]) -> Vec<u8> {
    let mut header = Header::read(whole[..LENGTH].try_into().unwrap(), whole.len() as u64).unwrap();
    let bytes = |s: Section| &whole[s.offset as usize..][..s.length as usize];
    let inflate = |b: &[u8]| pack::gunzip(b, directory::MAX_BYTES).unwrap();
    let mut leaves: Vec<u8> = Vec::new();
    let root: Vec<Entry> = directory::read(&inflate(bytes(header.root)))
        .unwrap()
        .into_iter()
        .map(|e| {
            assert_eq!(e.run, 0);
            let leaf = inflate(&bytes(header.leaves)[e.offset as usize..][..e.length as usize]);
            let offset = leaves.len() as u64;
            leaves.extend(&leaf);
            Entry { offset, length: leaf.len() as u32, ..e }
        })
        .collect();
    let root = directory::write(&root);
    let metadata = inflate(bytes(header.metadata));
    let mut out = whole[..(header.data.offset + header.data.length) as usize].to_vec();
    header.internal = Packing::None;
    header.root.length = root.len() as u64;
    header.metadata = Section { offset: out.len() as u64, length: metadata.len() as u64 };
    out.extend(metadata);
    header.leaves = Section { offset: out.len() as u64, length: leaves.len() as u64 };
    out.extend(leaves);
    out[..LENGTH].copy_from_slice(&header.write());
    out[LENGTH..LENGTH + root.len()].copy_from_slice(&root);
    out
}

/// An archive by hand: a root directory, leaf directories as they are given, 100 bytes of data.
fn forged(root: &[Entry], leaves: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let root = pack::gzip(&directory::write(root));
    let mut out = vec![0; LENGTH];
    let mut add = |bytes: &[u8]| {
        let offset = out.len() as u64;
        out.extend(bytes);
        Section { offset, length: bytes.len() as u64 }
    };
    let header = Header {
        root: add(&root),
        metadata: add(&[]),
        leaves: add(leaves),
        data: add(&[b'x'; 100]),
        tiles: 0,
        entries: 0,
        contents: 0,
        clustered: false,
        internal: Packing::Gzip,
        packing: Packing::None,
        kind: Kind::Mvt,
        zooms: (0, 31),
        bounds: Bbox::new(-180.0, -90.0, 180.0, 90.0).unwrap(),
        centre: (0.0, 0.0, 0),
    };
    out[..LENGTH].copy_from_slice(&header.write());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged");
    std::fs::write(&path, out).unwrap();
    (folder, path)
}

#[test]
fn archives_that_lie_get_an_error() {
    let first = Tile::new(0, 0, 0).unwrap();
    let refused = |root: &[Entry], leaves: &[u8], why: &str| {
        let (_folder, path) = forged(root, leaves);
        let error = Archive::open(&path).unwrap().get(first).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    let entry = |offset, length, run| Entry { id: 0, offset, length, run };
    refused(&[entry(0, 101, 1)], &[], "outside its tile data");
    refused(&[entry(u64::MAX - 5, 4, 1)], &[], "outside its tile data");
    refused(&[entry(0, 1, 0)], &[], "outside its section");

    // A leaf that points to itself: its own packed length is found by trying.
    let (length, leaf) = (20..60)
        .map(|n| (n, pack::gzip(&directory::write(&[entry(0, n, 0)]))))
        .find(|(n, leaf)| leaf.len() == *n as usize)
        .unwrap();
    refused(&[entry(0, length, 0)], &leaf, "nested too deep");

    // 64 MiB of zeros in 64 KiB, and the same with a claim of no more than is allowed.
    let mut bomb = pack::gzip(&vec![0; 64 << 20]);
    refused(&[entry(0, bomb.len() as u32, 0)], &bomb, "inflates beyond the limit");
    let end = bomb.len() - 4;
    bomb[end..].copy_from_slice(&(directory::MAX_BYTES as u32).to_le_bytes());
    refused(&[entry(0, bomb.len() as u32, 0)], &bomb, "damaged");
}
