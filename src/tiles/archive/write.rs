//! Writing an archive in one pass, in the order of tile ids, or in the order in which tiles are made.
//!
//! The file is: header and root directory in the first 16 KiB, tile data, metadata, leaf directories. The specification
//! lets all but the first lie anywhere, and so the tiles are written once, straight to their place. In memory are
//! only the directory's entries (24 bytes each) and a digest for each different tile (20 bytes).

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::directory::{Entry, split};
use super::header::{HEAD, Header, LENGTH, Section};
use super::{Kind, MAX_METADATA, MAX_TILE, Packing, hilbert, pack};
use crate::error::{Error, Result};
use crate::geo::{Bbox, Tile};

/// What an archive says of itself.
#[derive(Debug, Clone)]
pub struct Meta {
    pub kind: Kind,
    /// How the tiles that are given are compressed already.
    pub packing: Packing,
    /// Tiles of other zooms are refused.
    pub zooms: (u8, u8),
    pub bounds: Bbox,
    /// Longitude, latitude, zoom.
    pub centre: (f64, f64, u8),
    /// For vector tiles it has `vector_layers`, as TileJSON 3.0 describes them.
    pub json: serde_json::Map<String, serde_json::Value>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Tiles that the archive answers for.
    pub tiles: u64,
    /// Different contents among them.
    pub contents: u64,
    /// The file's size.
    pub bytes: u64,
}

/// An archive in the making, in `PATH.part`; dropped before `finish`, it removes that file. What a killed process
/// leaves is one such file, which the next writer takes over.
pub struct Writer {
    path: PathBuf,
    part: PathBuf,
    out: BufWriter<File>,
    meta: Meta,
    metadata: Vec<u8>,
    entries: Vec<Entry>,
    /// Digests of the contents, and which entry was the first to have each.
    seen: HashMap<[u8; 16], u32>,
    data: u64,
    tiles: u64,
    next: u64,
    /// Whether tiles came in another order than that of their ids.
    scattered: bool,
    broken: bool,
    finished: bool,
}

impl Writer {
    /// Two writers of the same path at once are refused; readers of a file that is there see it whole until `finish`
    /// puts the new one in its place.
    pub fn create(path: impl AsRef<Path>, meta: Meta) -> Result<Writer> {
        let path = path.as_ref().to_path_buf();
        if meta.zooms.0 > meta.zooms.1 {
            return Err(Error::invalid("zooms", format!("zoom `{}` is deeper than `{}`", meta.zooms.0, meta.zooms.1)));
        }
        let metadata = serde_json::to_vec(&meta.json)?;
        if metadata.len() > MAX_METADATA {
            return Err(Error::TooLarge(format!("metadata of `{}` bytes; at most {MAX_METADATA}", metadata.len())));
        }
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = claim(&part)?;
        let mut writer = Writer {
            path,
            part,
            out: BufWriter::with_capacity(1 << 18, file),
            meta,
            metadata: pack::gzip(&metadata),
            entries: Vec::new(),
            seen: HashMap::new(),
            data: 0,
            tiles: 0,
            next: 0,
            scattered: false,
            broken: false,
            finished: false,
        };
        writer.put(&[0; HEAD as usize])?;
        Ok(writer)
    }

    /// The next tile, compressed as `Meta::packing` says. Tiles come in rising order of `tile_id`; one without bytes is
    /// left out, as the specification wants.
    pub fn add(&mut self, tile: Tile, content: &[u8]) -> Result<()> {
        let Tile { z, x, y } = tile;
        let id = hilbert::id(tile);
        if id < self.next {
            return Err(Error::invalid("tile", format!("tile `{z}/{x}/{y}` comes too late; add tiles by `tile_id`")));
        }
        self.take(tile, id, content)?;
        self.next = id + 1;
        Ok(())
    }

    /// As `add`, in any order; the archive is then not clustered. A tile that comes twice is told at the end.
    pub fn add_anywhere(&mut self, tile: Tile, content: &[u8]) -> Result<()> {
        self.scattered = true;
        self.take(tile, hilbert::id(tile), content)
    }

    fn take(&mut self, tile: Tile, id: u64, content: &[u8]) -> Result<()> {
        let Tile { z, x, y } = tile;
        if !(self.meta.zooms.0..=self.meta.zooms.1).contains(&z) {
            return Err(Error::invalid("tile", format!("tile `{z}/{x}/{y}` is not of the archive's zooms")));
        }
        if content.len() > MAX_TILE as usize {
            return Err(Error::TooLarge(format!(
                "tile `{z}/{x}/{y}` of `{}` bytes; at most {MAX_TILE}",
                content.len()
            )));
        }
        if content.is_empty() {
            return Ok(());
        }
        self.tiles += 1;
        let digest = *Sha256::digest(content).first_chunk().expect("a digest has 32 bytes");
        let (offset, length) = match self.seen.get(&digest) {
            Some(&first) => {
                let first = self.entries[first as usize];
                (first.offset, first.length)
            }
            None => {
                let place = (self.data, content.len() as u32);
                self.put(content)?;
                self.data += u64::from(place.1);
                let first = u32::try_from(self.entries.len());
                self.seen.insert(digest, first.map_err(|_| Error::TooLarge("more than `4294967295` tiles".into()))?);
                place
            }
        };
        match self.entries.last_mut() {
            Some(e) if e.offset == offset && id == e.id + u64::from(e.run) && e.run < u32::MAX => e.run += 1,
            _ => self.entries.push(Entry { id, offset, length, run: 1 }),
        }
        Ok(())
    }

    /// Writes directories, metadata and header, and puts the file in its place once it is safe on disk.
    pub fn finish(mut self) -> Result<Summary> {
        if self.entries.is_empty() {
            return Err(Error::Invalid {
                parameter: None,
                detail: "there is no tile to put into the archive".into(),
                at: None,
            });
        }
        if self.scattered {
            self.sort()?;
        }
        let (root, leaves) = split(&self.entries, HEAD as usize - LENGTH).map_err(|e| Error::TooLarge(e.into()))?;
        let metadata = std::mem::take(&mut self.metadata);
        self.put(&metadata)?;
        self.put(&leaves)?;
        let after = |s: Section, bytes: &[u8]| Section { offset: s.offset + s.length, length: bytes.len() as u64 };
        let data = Section { offset: HEAD, length: self.data };
        let metadata = after(data, &metadata);
        let leaves = after(metadata, &leaves);
        let header = Header {
            root: Section { offset: LENGTH as u64, length: root.len() as u64 },
            metadata,
            leaves,
            data,
            tiles: self.tiles,
            entries: self.entries.len() as u64,
            contents: self.seen.len() as u64,
            clustered: !self.scattered,
            internal: Packing::Gzip,
            packing: self.meta.packing,
            kind: self.meta.kind,
            zooms: self.meta.zooms,
            bounds: upright(self.meta.bounds),
            centre: self.meta.centre,
        };
        let summary = Summary { tiles: self.tiles, contents: header.contents, bytes: leaves.offset + leaves.length };
        self.out.seek(SeekFrom::Start(0)).map_err(self.failed())?;
        self.put(&header.write())?;
        self.put(&root)?;
        self.out.flush().and_then(|()| self.out.get_ref().sync_all()).map_err(self.failed())?;
        std::fs::rename(&self.part, &self.path).map_err(self.failed())?;
        self.finished = true;
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(self.failed())?;
        Ok(summary)
    }

    /// Brings entries into the order of their ids, as directories need them.
    fn sort(&mut self) -> Result<()> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by_key(|e| e.id);
        for e in entries {
            match self.entries.last_mut() {
                Some(last) if e.id < last.id + u64::from(last.run) => {
                    return Err(Error::invalid("tile", format!("the tile with id `{}` came twice", e.id)));
                }
                Some(last) if e.offset == last.offset && e.id == last.id + u64::from(last.run) => last.run += e.run,
                _ => self.entries.push(e),
            }
        }
        Ok(())
    }

    /// After a write that failed half-way, nothing fits any more: then every further one fails too, `finish` included.
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if self.broken {
            return Err(Error::Internal(format!("an earlier write of `{}` failed", self.path.display())));
        }
        self.broken = true;
        self.out.write_all(bytes).map_err(self.failed())?;
        self.broken = false;
        Ok(())
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> Error + use<> {
        Error::io(format!("write `{}`", self.path.display()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Opens and locks the file, new or left by a writer that was killed, and empties it.
fn claim(part: &Path) -> Result<File> {
    let failed = || Error::io(format!("write `{}`", part.display()));
    let busy = || Error::Conflict(format!("`{}` is being written by another process", part.display()));
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(part).map_err(failed())?;
    file.try_lock().map_err(|e| match e {
        std::fs::TryLockError::WouldBlock => busy(),
        std::fs::TryLockError::Error(e) => failed()(e),
    })?;
    // The other writer may have renamed or removed it between our open and our lock: then it is not ours to empty.
    let ours = file.metadata().map_err(failed())?.ino();
    if std::fs::metadata(part).map(|m| m.ino()).ok() != Some(ours) {
        return Err(busy());
    }
    file.set_len(0).map_err(failed())?;
    Ok(file)
}

/// The header has no box across the antimeridian; such a one goes around the earth.
fn upright(b: Bbox) -> Bbox {
    if b.west <= b.east { b } else { Bbox { west: -180.0, east: 180.0, ..b } }
}
