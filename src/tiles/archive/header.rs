//! The 127 bytes at the start (PMTiles version 3 specification, "Header Design").

use crate::geo::Bbox;

pub const LENGTH: usize = 127;
/// Header and root directory are within this, so that a client has both with one request.
pub const HEAD: u64 = 16_384;
const MAGIC: &[u8; 8] = b"PMTiles\x03";
/// Ids of deeper zooms do not fit a 64-bit number.
const DEEPEST: u8 = 31;

/// How directories and metadata, or the tiles, are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Packing {
    Unknown,
    None,
    Gzip,
    Brotli,
    Zstd,
}

/// What the tiles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Unknown,
    Mvt,
    Png,
    Jpeg,
    Webp,
    Avif,
    Mlt,
}

/// Where something is in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Section {
    pub offset: u64,
    pub length: u64,
}

impl Section {
    /// A part of this section, as a section of the file; none where it lies outside.
    pub fn part(self, offset: u64, length: u32) -> Option<Section> {
        let length = u64::from(length);
        let inside = offset.checked_add(length)? <= self.length;
        Some(Section { offset: self.offset.checked_add(offset)?, length }).filter(|_| inside)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Header {
    pub root: Section,
    pub metadata: Section,
    pub leaves: Section,
    pub data: Section,
    pub tiles: u64,
    pub entries: u64,
    pub contents: u64,
    pub clustered: bool,
    pub internal: Packing,
    pub packing: Packing,
    pub kind: Kind,
    pub zooms: (u8, u8),
    pub bounds: Bbox,
    /// Longitude, latitude, zoom.
    pub centre: (f64, f64, u8),
}

impl Header {
    pub fn write(&self) -> [u8; LENGTH] {
        let mut out = Vec::with_capacity(LENGTH);
        out.extend(MAGIC);
        for s in [self.root, self.metadata, self.leaves, self.data] {
            out.extend(s.offset.to_le_bytes());
            out.extend(s.length.to_le_bytes());
        }
        for n in [self.tiles, self.entries, self.contents] {
            out.extend(n.to_le_bytes());
        }
        out.extend([u8::from(self.clustered), self.internal as u8, self.packing as u8, self.kind as u8]);
        out.extend([self.zooms.0, self.zooms.1]);
        let degrees = |d: f64| ((d * 1e7).round() as i32).to_le_bytes();
        let b = self.bounds;
        out.extend([b.west, b.south, b.east, b.north].map(degrees).concat());
        out.push(self.centre.2);
        out.extend([self.centre.0, self.centre.1].map(degrees).concat());
        out.try_into().expect("127 bytes were written")
    }

    /// Reads the header of a file of `size` bytes. Afterwards each section lies within the file, the root directory
    /// within its head, the zooms are in order and the bounds on earth.
    pub fn read(bytes: &[u8; LENGTH], size: u64) -> Result<Header, String> {
        if bytes[..7] != MAGIC[..7] {
            return Err("it is not a PMTiles archive".into());
        }
        if bytes[7] != MAGIC[7] {
            return Err(format!("it is PMTiles version {}; only version 3 is read", bytes[7]));
        }
        let long = |at: usize| u64::from_le_bytes(*bytes[at..].first_chunk().expect("inside the header"));
        let degrees =
            |at: usize| f64::from(i32::from_le_bytes(*bytes[at..].first_chunk().expect("inside the header"))) / 1e7;
        let section = |at: usize, name: &str| {
            let s = Section { offset: long(at), length: long(at + 8) };
            match s.offset.checked_add(s.length) {
                Some(end) if end <= size => Ok(s),
                _ => Err(format!("its {name} lies beyond its end; the file is cut off or damaged")),
            }
        };
        let header = Header {
            root: section(8, "root directory")?,
            metadata: section(24, "metadata")?,
            leaves: section(40, "leaf directories")?,
            data: section(56, "tile data")?,
            tiles: long(72),
            entries: long(80),
            contents: long(88),
            clustered: bytes[96] == 1,
            internal: packing(bytes[97])?,
            packing: packing(bytes[98])?,
            kind: kind(bytes[99]),
            zooms: (bytes[100], bytes[101]),
            bounds: Bbox::new(degrees(102), degrees(106), degrees(110), degrees(114))?,
            centre: (degrees(119), degrees(123), bytes[118]),
        };
        if header.root.offset < LENGTH as u64 || header.root.offset + header.root.length > HEAD {
            return Err("its root directory is not within the first 16384 bytes".into());
        }
        if header.zooms.0 > header.zooms.1 || header.zooms.1 > DEEPEST {
            return Err(format!("its zooms `{}` to `{}` do not exist", header.zooms.0, header.zooms.1));
        }
        Ok(header)
    }
}

fn packing(code: u8) -> Result<Packing, String> {
    use Packing::*;
    let known = [Unknown, None, Gzip, Brotli, Zstd];
    known.get(usize::from(code)).copied().ok_or_else(|| format!("its compression `{code}` is not known"))
}

/// Kinds to come are no reason to refuse an archive.
fn kind(code: u8) -> Kind {
    use Kind::*;
    [Unknown, Mvt, Png, Jpeg, Webp, Avif, Mlt].get(usize::from(code)).copied().unwrap_or(Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_as_written() {
        let part = |offset, length| Section { offset, length };
        let header = Header {
            root: part(127, 100),
            metadata: part(300, 7),
            leaves: part(400, 1),
            data: part(500, 500),
            tiles: 3,
            entries: 2,
            contents: 1,
            clustered: true,
            internal: Packing::Gzip,
            packing: Packing::Zstd,
            kind: Kind::Mlt,
            zooms: (3, 14),
            bounds: Bbox::new(-180.0, -85.05, 108.9886, 11.5).unwrap(),
            centre: (-1.5, 0.0000001, 9),
        };
        assert_eq!(Header::read(&header.write(), 1000).unwrap(), header);
        assert!(Header::read(&header.write(), 999).unwrap_err().contains("tile data lies beyond"));
    }
}
