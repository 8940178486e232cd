//! The files of one class of shapes (ESRI, 1998): shapes, their places, the table (dBASE III). Written as records come, but
//! for the table, whose columns are as wide as what is in them: its cells wait in a file of their own.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::record::{Arrived, Bounds, NO_BOUNDS, union};
use crate::error::{Error, Result};
use crate::geo::ewkb::Reader;
use crate::schema::Kind;

/// Bytes of a text that the table holds.
pub const LONGEST: usize = 254;
/// Bytes that a text has room for, whatever there is: somebody may want to write.
const ROOM: usize = 80;
/// Bytes of a file; readers count them in 31 bits.
const LARGEST: u64 = (1 << 31) - 1;
const HEAD: usize = 100;

/// A column of the table.
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// Type, least width and decimals of what is `longest` bytes long. Whole numbers of more than eighteen digits are texts:
/// readers take them for reals.
fn described(kind: Kind, longest: usize) -> (u8, usize, u8) {
    match kind {
        Kind::Int8 if longest > 18 => (b'C', longest, 0),
        Kind::Bool => (b'N', 1, 0),
        Kind::Int2 | Kind::Int4 => (b'N', 9, 0),
        Kind::Int8 => (b'N', 18, 0),
        Kind::Float4 | Kind::Float8 => (b'N', 24, 15),
        Kind::Date => (b'D', 8, 0),
        _ => (b'C', ROOM, 0),
    }
}

pub struct Files {
    /// Without an ending.
    path: PathBuf,
    code: i32,
    shapes: BufWriter<File>,
    places: BufWriter<File>,
    cells: BufWriter<File>,
    count: u32,
    /// Bytes of the shapes so far.
    length: u64,
    bounds: Bounds,
    widths: Vec<usize>,
}

impl Files {
    /// `code` is the type of the shapes; `cells` is where they wait.
    pub fn create(path: &Path, code: i32, columns: &[Column], cells: &Path) -> Result<Files> {
        let create = |path: &Path| {
            let options = File::options().read(true).write(true).create(true).truncate(true).open(path);
            options.map(|file| BufWriter::with_capacity(1 << 18, file)).map_err(written())
        };
        let mut files = Files {
            path: path.to_path_buf(),
            code,
            shapes: create(&ending(path, "shp"))?,
            places: create(&ending(path, "shx"))?,
            cells: create(cells)?,
            count: 0,
            length: HEAD as u64,
            bounds: NO_BOUNDS,
            widths: columns.iter().map(|c| described(c.kind, 0).1).collect(),
        };
        files.shapes.write_all(&[0; HEAD]).map_err(written())?;
        files.places.write_all(&[0; HEAD]).map_err(written())?;
        Ok(files)
    }

    /// Adds a record; `long` is told of each text that is cut: the column's place and the whole text.
    pub fn add(&mut self, record: &Arrived, mut long: impl FnMut(usize, &str) -> Result<()>) -> Result<()> {
        self.count += 1;
        let words = |bytes: usize| (bytes as u32 / 2).to_be_bytes();
        let place = [((self.length / 2) as u32).to_be_bytes(), words(record.content.len())].concat();
        self.length += 8 + record.content.len() as u64;
        if self.length > LARGEST {
            return Err(too_large("shapes"));
        }
        self.places.write_all(&place).map_err(written())?;
        self.shapes.write_all(&self.count.to_be_bytes()).map_err(written())?;
        self.shapes.write_all(&place[4..]).map_err(written())?;
        self.shapes.write_all(record.content).map_err(written())?;
        union(&mut self.bounds, &record.bounds);
        let mut rest = Reader(record.cells);
        for (n, width) in self.widths.iter_mut().enumerate() {
            let cell = rest.count().and_then(|size| rest.bytes(size as usize)).unwrap_or_default();
            let mut size = cell.len();
            if size > LONGEST {
                let text = std::str::from_utf8(cell).unwrap_or_default();
                long(n, text)?;
                size = text.floor_char_boundary(LONGEST);
            }
            *width = size.max(*width);
            self.cells.write_all(&[size as u8]).map_err(written())?;
            self.cells.write_all(&cell[..size]).map_err(written())?;
        }
        Ok(())
    }

    /// Writes what could not be written before everything was there. `updated` is the date of the data, RFC 3339; `system` is
    /// the coordinate system as ESRI writes it.
    pub fn finish(mut self, columns: &[Column], updated: &str, system: Option<&str>) -> Result<()> {
        let places = HEAD as u64 + 8 * u64::from(self.count);
        for (file, length) in [(&mut self.shapes, self.length), (&mut self.places, places)] {
            let head = head(self.code, length, &self.bounds);
            file.rewind().and_then(|()| file.write_all(&head)).and_then(|()| file.flush()).map_err(written())?;
        }
        // Attributes alone are a table.
        if self.code == 0 {
            for part in ["shp", "shx"] {
                std::fs::remove_file(ending(&self.path, part)).map_err(written())?;
            }
        }
        if let Some(system) = system {
            std::fs::write(ending(&self.path, "prj"), system).map_err(written())?;
        }
        std::fs::write(ending(&self.path, "cpg"), "UTF-8").map_err(written())?;
        self.table(columns, updated)
    }

    fn table(mut self, columns: &[Column], updated: &str) -> Result<()> {
        let (head, row) = (32 * columns.len() + 33, 1 + self.widths.iter().sum::<usize>());
        if head as u64 + u64::from(self.count) * row as u64 > LARGEST {
            return Err(too_large("attributes"));
        }
        if row > usize::from(u16::MAX) || columns.len() > 255 {
            let say = "a shapefile holds at most 255 fields and 65,535 bytes of attributes a feature; choose some with `properties`, or another format";
            return Err(Error::invalid("properties", say));
        }
        let mut out = Vec::with_capacity(head);
        let part = |from: usize, to: usize| updated.get(from..to).and_then(|n| n.parse::<u8>().ok()).unwrap_or(1);
        out.extend([3, 100 + part(2, 4), part(5, 7), part(8, 10)]);
        out.extend(self.count.to_le_bytes());
        out.extend((head as u16).to_le_bytes());
        out.extend((row as u16).to_le_bytes());
        out.resize(32, 0);
        for (column, width) in columns.iter().zip(&self.widths) {
            let (kind, _, decimals) = described(column.kind, *width);
            let at = out.len();
            out.extend(column.name.bytes().take(10));
            out.resize(at + 11, 0);
            out.extend([kind, 0, 0, 0, 0, *width as u8, decimals]);
            out.resize(at + 32, 0);
        }
        out.push(b'\r');
        let io = written;
        let file = File::create(ending(&self.path, "dbf")).map_err(io())?;
        let mut table = BufWriter::with_capacity(1 << 18, file);
        table.write_all(&out).map_err(io())?;
        self.cells.rewind().map_err(io())?;
        let waiting = self.cells.into_inner().map_err(|e| io()(e.into_error()))?;
        let mut cells = BufReader::with_capacity(1 << 18, waiting);
        let places: Vec<(usize, bool)> =
            columns.iter().zip(&self.widths).map(|(c, width)| (*width, described(c.kind, *width).0 == b'N')).collect();
        for _ in 0..self.count {
            out.clear();
            out.resize(row, b' ');
            let mut at = 1;
            for (width, is_number) in &places {
                let mut size = [0];
                cells.read_exact(&mut size).map_err(io())?;
                let size = usize::from(size[0]);
                let start = if *is_number { at + width - size } else { at };
                cells.read_exact(&mut out[start..start + size]).map_err(io())?;
                at += width;
            }
            table.write_all(&out).map_err(io())?;
        }
        table.write_all(&[0x1a]).and_then(|()| table.flush()).map_err(io())
    }
}

/// The head of the shapes and of their places; `length` is in bytes.
fn head(code: i32, length: u64, bounds: &Bounds) -> Vec<u8> {
    let mut out = 9994i32.to_be_bytes().to_vec();
    out.resize(24, 0);
    out.extend(((length / 2) as u32).to_be_bytes());
    out.extend(1000i32.to_le_bytes());
    out.extend(code.to_le_bytes());
    // There are none where nothing is.
    bounds.iter().for_each(|b| out.extend(if b.is_finite() { *b } else { 0.0 }.to_le_bytes()));
    out
}

fn ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    name.into()
}

fn written() -> impl FnOnce(std::io::Error) -> Error {
    Error::io("write the shapefile")
}

fn too_large(what: &str) -> Error {
    Error::TooLarge(format!("a shapefile holds at most 2 GB of {what}; ask for less at once, or for another format"))
}
