//! The file: a header, sections of plain numbers at multiples of 64 bytes, and a table of them at the end. Written whole
//! under another name and renamed, so that a file that is there is complete; it is derived, and anything odd about it means
//! that it is made anew.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};

/// Changes whenever the file or what tiles are made of changes.
pub const FORMAT: u32 = 4;
const MAGIC: [u8; 8] = *b"dothisnp";

/// What a section holds. Those after `Bodies` are there once a zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Part {
    Meta = 1,
    Fids,
    ByFid,
    Kinds,
    Boxes,
    Nodes,
    FirstRun,
    RunEnds,
    Points,
    Tags,
    ValueEnds,
    Values,
    Chunks,
    Labels,
    Classes,
    Marks,
    BodyEnds,
    Bodies,
    SubsetIds,
    SubsetBoxes,
    SubsetNodes,
    CoverIndex,
    Cover,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 8],
    format: u32,
    sections: u32,
    table_at: u64,
    table_hash: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Section {
    part: u32,
    zoom: u32,
    at: u64,
    length: u64,
}

pub struct Writer {
    file: BufWriter<File>,
    path: PathBuf,
    temporary: PathBuf,
    at: u64,
    sections: Vec<Section>,
}

impl Writer {
    pub fn create(path: &Path) -> Result<Writer> {
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        let file = File::create(&temporary).map_err(Error::io(format!("creating `{}`", temporary.display())))?;
        let mut file = BufWriter::with_capacity(1 << 20, file);
        file.write_all(bytemuck::bytes_of(&Header::zeroed())).map_err(Error::io("writing a snapshot"))?;
        Ok(Writer { file, path: path.into(), temporary, at: size_of::<Header>() as u64, sections: Vec::new() })
    }

    /// Adds a section; `zoom` is zero for those that are there once.
    pub fn add<T: Pod>(&mut self, part: Part, zoom: u8, items: &[T]) -> Result<()> {
        let padding = self.at.next_multiple_of(64) - self.at;
        let bytes: &[u8] = bytemuck::cast_slice(items);
        let write = |file: &mut BufWriter<File>| {
            file.write_all(&[0; 64][..padding as usize])?;
            file.write_all(bytes)
        };
        write(&mut self.file).map_err(Error::io("writing a snapshot"))?;
        let at = self.at + padding;
        self.sections.push(Section { part: part as u32, zoom: zoom.into(), at, length: bytes.len() as u64 });
        self.at = at + bytes.len() as u64;
        Ok(())
    }

    /// Puts the file in its place. It needs no fsync: after a crash of the machine a torn file is told by its table's hash
    /// or by its length, and made anew.
    pub fn finish(self) -> Result<()> {
        let path = self.path.clone();
        self.put_in_place().map_err(Error::io(format!("writing `{}`", path.display())))
    }

    fn put_in_place(mut self) -> std::io::Result<()> {
        let table: &[u8] = bytemuck::cast_slice(&self.sections);
        self.file.write_all(table)?;
        let header = Header {
            magic: MAGIC,
            format: FORMAT,
            sections: self.sections.len() as u32,
            table_at: self.at,
            table_hash: xxh3_64(table),
        };
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(bytemuck::bytes_of(&header))?;
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        std::fs::rename(&self.temporary, &self.path)?;
        Ok(())
    }
}

/// A mapped file.
pub struct Sections {
    map: Mmap,
    table: Vec<Section>,
}

impl Sections {
    pub fn open(path: &Path) -> Result<Sections> {
        let odd = |what: &str| Error::Internal(format!("snapshot `{}` {what}", path.display()));
        let io = || Error::io(format!("reading `{}`", path.display()));
        let file = File::open(path).map_err(io())?;
        // SAFETY: the file is ours, in our data directory; it is replaced by renaming and never written in place.
        let map = unsafe { Mmap::map(&file) }.map_err(io())?;
        let head = map.get(..size_of::<Header>()).ok_or_else(|| odd("is too short"))?;
        let header: Header = bytemuck::pod_read_unaligned(head);
        if header.magic != MAGIC || header.format != FORMAT {
            return Err(odd("is of another format"));
        }
        let table = usize::try_from(header.table_at).ok().and_then(|at| map.get(at..)).unwrap_or_default();
        if table.len() != header.sections as usize * size_of::<Section>() || xxh3_64(table) != header.table_hash {
            return Err(odd("is torn"));
        }
        let table: Vec<Section> = bytemuck::allocation::pod_collect_to_vec(table);
        let end = map.len() as u64;
        if table.iter().any(|s| s.at % 64 != 0 || s.at.checked_add(s.length).is_none_or(|to| to > end)) {
            return Err(odd("has sections outside itself"));
        }
        Ok(Sections { map, table })
    }

    /// The section's range in the file; empty when it is not there.
    pub fn range(&self, part: Part, zoom: u8) -> std::ops::Range<usize> {
        let found = self.table.iter().find(|s| s.part == part as u32 && s.zoom == u32::from(zoom));
        found.map_or(0..0, |s| s.at as usize..(s.at + s.length) as usize)
    }

    /// The numbers of a section.
    #[inline]
    pub fn items<T: Pod>(&self, range: std::ops::Range<usize>) -> &[T] {
        bytemuck::try_cast_slice(&self.map[range]).unwrap_or_default()
    }

    pub fn get<T: Pod>(&self, part: Part, zoom: u8) -> &[T] {
        self.items(self.range(part, zoom))
    }

    pub fn size(&self) -> usize {
        self.map.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_back_and_a_torn_file_is_refused() {
        let dir = std::env::temp_dir().join(format!("dothi-format-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("a.snapshot");
        let mut writer = Writer::create(&path).unwrap();
        writer.add(Part::Fids, 0, &[1i64, -2, 3]).unwrap();
        writer.add(Part::Bodies, 14, b"abc").unwrap();
        writer.finish().unwrap();
        let sections = Sections::open(&path).unwrap();
        assert_eq!(sections.get::<i64>(Part::Fids, 0), [1, -2, 3]);
        assert_eq!(sections.get::<u8>(Part::Bodies, 14), b"abc");
        assert!(sections.get::<u8>(Part::Bodies, 15).is_empty());
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(Sections::open(&path).is_err(), "{cut}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
