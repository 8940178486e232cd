//! Archives that are cut, damaged or lie: an error each, never a panic, never much memory.

use std::os::unix::fs::FileExt;
use std::path::Path;

use super::directory::{self, Entry};
use super::header::{HEAD, Header, LENGTH, Section};
use super::tests::{Dice, tiles, write};
use super::*;
use crate::error::Error;
use crate::geo::{Bbox, Tile};

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
