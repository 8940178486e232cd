//! Reading an archive, ours or somebody else's. Nothing in it is believed: each place is checked against the file's
//! size, each length against a limit, before a byte is allocated.
//!
//! It is read, not memory-mapped: a mapped file that another process cuts ends the server by a signal, a read one
//! gives an error. Reads block, though seldom for long; the tile cache is in front of them.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::directory::{self, Entry, find};
use super::header::{Header, LENGTH, Section};
use super::{Kind, MAX_METADATA, MAX_TILE, Packing, hilbert, pack};
use crate::error::{Error, Result};
use crate::geo::{Bbox, Tile};

/// Leaf directories below leaf directories are allowed, but not without end.
const MAX_DEPTH: usize = 4;
/// Entries of leaf directories that are kept, of 24 bytes each.
const MAX_CACHED: usize = 1 << 20;

/// An open archive. A file that is replaced is still read as it was; open it again to see the new one.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    file: File,
    header: Header,
    metadata: Box<RawValue>,
    root: Vec<Entry>,
    leaves: Mutex<Leaves>,
}

impl Archive {
    pub fn open(path: impl AsRef<Path>) -> Result<Archive> {
        let path = path.as_ref().to_path_buf();
        let failed = || Error::io(format!("read `{}`", path.display()));
        let file = File::open(&path).map_err(failed())?;
        let size = file.metadata().map_err(failed())?.len();
        let wrong = |why: &str| wrong(&path, why);
        if size < LENGTH as u64 {
            return Err(wrong("it is too short for a PMTiles archive"));
        }
        let mut start = [0; LENGTH];
        file.read_exact_at(&mut start, 0).map_err(failed())?;
        let header = Header::read(&start, size).map_err(|e| wrong(&e))?;
        let read = |section: Section, limit: usize| inflate(&file, &path, section, header.internal, limit);
        let root = directory::read(&read(header.root, directory::MAX_BYTES)?).map_err(wrong)?;
        let metadata = match header.metadata.length {
            0 => b"{}".to_vec(),
            _ => read(header.metadata, MAX_METADATA)?,
        };
        let metadata: Box<RawValue> =
            serde_json::from_slice(&metadata).map_err(|e| wrong(&format!("its metadata is not JSON: {e}")))?;
        if !metadata.get().starts_with('{') {
            return Err(wrong("its metadata is not a JSON object"));
        }
        Ok(Archive { path, file, header, metadata, root, leaves: Mutex::default() })
    }

    /// The tile's bytes, compressed as `packing` says; none where the archive has no tile.
    pub fn get(&self, tile: Tile) -> Result<Option<Bytes>> {
        let id = hilbert::id(tile);
        let mut entry = find(&self.root, id);
        for _ in 0..MAX_DEPTH {
            match entry {
                None => return Ok(None),
                Some(e) if e.run > 0 => return self.content(e).map(Some),
                Some(e) => entry = find(&self.leaf(e)?, id),
            }
        }
        Err(wrong(&self.path, "its leaf directories are nested too deep"))
    }

    /// A tile's bytes without the archive's gzip.
    pub fn plain(&self, bytes: &[u8]) -> Result<Bytes> {
        pack::gunzip(bytes, MAX_TILE as usize).map(Bytes::from).map_err(|e| wrong(&self.path, e))
    }

    pub fn kind(&self) -> Kind {
        self.header.kind
    }

    /// How the tiles are compressed.
    pub fn packing(&self) -> Packing {
        self.header.packing
    }

    /// The shallowest and the deepest zoom, as the archive says.
    pub fn zooms(&self) -> (u8, u8) {
        self.header.zooms
    }

    pub fn bounds(&self) -> Bbox {
        self.header.bounds
    }

    /// Longitude, latitude, zoom.
    pub fn centre(&self) -> (f64, f64, u8) {
        self.header.centre
    }

    /// A JSON object.
    pub fn metadata(&self) -> &RawValue {
        &self.metadata
    }

    fn content(&self, e: Entry) -> Result<Bytes> {
        let outside = || wrong(&self.path, "a tile lies outside its tile data");
        let place = self.header.data.part(e.offset, e.length).ok_or_else(outside)?;
        if e.length > MAX_TILE {
            return Err(Error::TooLarge(format!("`{}`: a tile of `{}` bytes", self.path.display(), e.length)));
        }
        read_at(&self.file, &self.path, place).map(Bytes::from)
    }

    fn leaf(&self, e: Entry) -> Result<Leaf> {
        let cache = || self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = cache().get((e.offset, e.length)) {
            return Ok(leaf);
        }
        let outside = || wrong(&self.path, "a leaf directory lies outside its section");
        let place = self.header.leaves.part(e.offset, e.length).ok_or_else(outside)?;
        let bytes = inflate(&self.file, &self.path, place, self.header.internal, directory::MAX_BYTES)?;
        let leaf: Leaf = directory::read(&bytes).map_err(|e| wrong(&self.path, e))?.into();
        cache().put((e.offset, e.length), &leaf);
        Ok(leaf)
    }
}

type Leaf = Arc<[Entry]>;
/// Offset and length in the leaf directories' section.
type Place = (u64, u32);

/// The leaf directories used last, each with the time of its use.
#[derive(Debug, Default)]
struct Leaves {
    kept: HashMap<Place, (Leaf, u64)>,
    entries: usize,
    clock: u64,
}

impl Leaves {
    fn get(&mut self, place: Place) -> Option<Leaf> {
        self.clock += 1;
        let (leaf, used) = self.kept.get_mut(&place)?;
        *used = self.clock;
        Some(leaf.clone())
    }

    fn put(&mut self, place: Place, leaf: &Leaf) {
        self.entries += leaf.len();
        if let Some((old, _)) = self.kept.insert(place, (leaf.clone(), self.clock)) {
            self.entries -= old.len();
        }
        while self.entries > MAX_CACHED && self.kept.len() > 1 {
            let Some(oldest) = self.kept.iter().min_by_key(|(_, (_, used))| *used).map(|(k, _)| *k) else { return };
            if let Some((old, _)) = self.kept.remove(&oldest) {
                self.entries -= old.len();
            }
        }
    }
}

/// A directory or the metadata, inflated to at most `limit` bytes.
fn inflate(file: &File, path: &Path, place: Section, internal: Packing, limit: usize) -> Result<Vec<u8>> {
    if place.length > limit as u64 {
        return Err(wrong(path, "a directory or its metadata is too long"));
    }
    let bytes = read_at(file, path, place)?;
    match internal {
        Packing::None => Ok(bytes),
        Packing::Gzip => pack::gunzip(&bytes, limit).map_err(|e| wrong(path, e)),
        other => Err(wrong(path, &format!("its directories are compressed as `{other:?}`; convert it to gzip"))),
    }
}

/// `place` is within the file, and its length within a limit.
fn read_at(file: &File, path: &Path, place: Section) -> Result<Vec<u8>> {
    let mut bytes = vec![0; place.length as usize];
    file.read_exact_at(&mut bytes, place.offset).map_err(Error::io(format!("read `{}`", path.display())))?;
    Ok(bytes)
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::Unreadable(format!("archive `{}`: {why}", path.display()))
}
