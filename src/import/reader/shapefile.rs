//! What GDAL does not tell about a shapefile: whether it is whole, which encoding it declares, the bytes of its text.
//!
//! ESRI Shapefile Technical Description (1998) for `.shp` and `.shx`; the dBASE III header for `.dbf`.

use super::vsi::{self, File};
use crate::error::{Error, Result};
use crate::import::frames::Note;
use crate::import::notes;

/// Different values with letters beyond ASCII that the detector gets.
const SAMPLE: usize = 5000;

/// Refuses a shapefile that is cut off: GDAL would read what is left and say nothing.
pub fn check(path: &str, notes: &mut Vec<Note>) -> Result<()> {
    let shown = super::source::shown(path);
    if path.to_ascii_lowercase().ends_with(".shp") {
        if vsi::sibling(path, "shx").is_none() {
            return Err(Error::Unreadable(format!(
                "`{shown}` needs its `.shx` file beside it; add it or export the layer anew"
            )));
        }
        for part in [Some(path.to_owned()), vsi::sibling(path, "shx")].into_iter().flatten() {
            whole_shp(&part)?;
        }
        if vsi::sibling(path, "dbf").is_none() {
            notes.push(notes::no_attributes(shown));
        }
    }
    if path.to_ascii_lowercase().ends_with(".dbf")
        && vsi::sibling(path, "shx").is_some()
        && vsi::sibling(path, "shp").is_none()
    {
        notes.push(notes::no_geometry(shown));
    }
    match Dbf::beside(path) {
        Some(dbf) => dbf.whole(),
        None => Ok(()),
    }
}

fn whole_shp(path: &str) -> Result<()> {
    let shown = super::source::shown(path);
    let head = vsi::head(path, 100);
    if head.len() < 100 || head[..4] != [0, 0, 0x27, 0x0A] {
        return Err(Error::Unreadable(format!("`{shown}` is no shapefile: it does not start with code 9994")));
    }
    let claimed = u64::from(u32::from_be_bytes([head[24], head[25], head[26], head[27]])) * 2;
    let size = File::open(path).map_or(0, |file| file.1);
    if size < claimed {
        return Err(Error::Unreadable(format!(
            "`{shown}` is cut off: its header says {claimed} bytes, the file has {size}"
        )));
    }
    Ok(())
}

/// The attribute table of a shapefile.
pub struct Dbf {
    path: String,
    size: u64,
    records: u64,
    header: u64,
    record: usize,
    language: u8,
    /// Offset and length of each text column.
    text: Vec<(usize, usize)>,
    names: Vec<Vec<u8>>,
}

impl Dbf {
    pub fn beside(path: &str) -> Option<Self> {
        let path =
            if path.to_ascii_lowercase().ends_with(".dbf") { path.to_owned() } else { vsi::sibling(path, "dbf")? };
        let size = File::open(&path)?.1;
        let head = vsi::head(&path, 32);
        if head.len() < 32 {
            return None;
        }
        let header = u16::from_le_bytes([head[8], head[9]]);
        let fields = vsi::head(&path, header.into());
        let (mut text, mut names, mut offset) = (Vec::new(), Vec::new(), 1);
        for field in fields.get(32..)?.chunks_exact(32).take_while(|f| f[0] != 0x0D) {
            let length = usize::from(field[16]);
            if field[11] == b'C' {
                text.push((offset, length));
            }
            names.push(field[..11].split(|b| *b == 0).next().unwrap_or_default().to_vec());
            offset += length;
        }
        let records = u32::from_le_bytes([head[4], head[5], head[6], head[7]]).into();
        let record = usize::from(u16::from_le_bytes([head[10], head[11]]));
        Some(Dbf { path, size, records, header: header.into(), record, language: head[29], text, names })
    }

    fn whole(&self) -> Result<()> {
        let claimed = self.header + self.records * self.record as u64;
        if self.size < claimed {
            let (shown, size) = (super::source::shown(&self.path), self.size);
            let message = format!(
                "`{shown}` is cut off: its header says {} rows in {claimed} bytes, the file has {size}",
                self.records
            );
            return Err(Error::Unreadable(message));
        }
        Ok(())
    }

    /// The encoding that the file declares: `.cpg`, else the language driver id of the table.
    pub fn declared(&self) -> Option<String> {
        let cpg =
            vsi::sibling(&self.path, "cpg").or_else(|| vsi::sibling(&self.path, "cst")).map(|cpg| vsi::head(&cpg, 64));
        let cpg = cpg.map(|bytes| String::from_utf8_lossy(&bytes).trim().trim_start_matches('\u{feff}').to_owned());
        cpg.filter(|name| !name.is_empty()).or_else(|| language(self.language).map(String::from))
    }

    /// Values and field names with letters beyond ASCII, from all over the table; all of it is looked at.
    pub fn sample(&self, limit_bytes: u64) -> Vec<Vec<u8>> {
        let mut found: std::collections::HashSet<Vec<u8>> =
            self.names.iter().filter(|n| !n.is_ascii()).cloned().collect();
        let Some(mut file) = File::open(&self.path).filter(|_| self.record > 1) else {
            return Vec::new();
        };
        file.seek(self.header);
        let mut chunk = vec![0; (1 << 20) / self.record.max(1) * self.record + self.record];
        let mut left = limit_bytes;
        // Invalid UTF-8 is looked for to the end even when the sample is full: one such value decides.
        loop {
            let read = file.read(&mut chunk);
            if read < self.record || left == 0 {
                break;
            }
            left = left.saturating_sub(read as u64);
            for record in chunk[..read].chunks_exact(self.record).filter(|r| !r.is_ascii()) {
                for value in self.text.iter().filter_map(|(at, length)| record.get(*at..at + length)) {
                    let value = value.trim_ascii_end();
                    let full = found.len() >= SAMPLE;
                    if !value.is_ascii() && (!full || (found.len() < 2 * SAMPLE && std::str::from_utf8(value).is_err()))
                    {
                        found.insert(value.to_vec());
                    }
                }
            }
        }
        found.into_iter().collect()
    }
}

/// Language driver ids that name a code page which is read here.
fn language(id: u8) -> Option<&'static str> {
    Some(match id {
        0x03 | 0x57..=0x59 => "windows-1252",
        0x26 | 0x65 => "ibm866",
        0x4D | 0x7A => "gbk",
        0x4E | 0x79 => "euc-kr",
        0x4F | 0x78 => "big5",
        0x13 | 0x7B => "shift_jis",
        0x50 | 0x7C => "windows-874",
        0xC8 => "windows-1250",
        0xC9 => "windows-1251",
        0xCA => "windows-1254",
        0xCB => "windows-1253",
        0xCC => "windows-1257",
        _ => return None,
    })
}
