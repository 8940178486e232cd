//! What a zip claims to hold, before GDAL opens it: names that lead out of it and bombs are refused.
//!
//! Read from the central directory by ourselves (APPNOTE.TXT 4.3.12, 4.3.14–16, 4.5.3), because GDAL's listing leaves
//! such names out silently and does not tell compressed sizes.

use super::vsi::File;
use crate::error::{Error, Result};

/// More than any city's data, less than a disk.
const MAX_TOTAL: u64 = 100 << 30;
/// Deflate cannot do better than 1032; tables of blanks reach 200.
const MAX_RATIO: u64 = 1000;
/// A small archive may be as empty inside as it likes.
const RATIO_MATTERS: u64 = 64 << 20;
const MAX_DIRECTORY: u64 = 64 << 20;
/// GDAL lists an archive in the square of this.
const MAX_ENTRIES: usize = 20_000;

/// Whether the file starts like a zip.
pub fn is_zip(path: &str) -> bool {
    super::vsi::head(path, 4) == b"PK\x03\x04"
}

/// Refuses an archive that is broken, leads out of itself, is locked, or unpacks to too much. It may lie in another one.
pub fn check(path: &str) -> Result<()> {
    let shown = super::source::shown(path);
    let bad = |what: &str| Error::Unreadable(format!("`{shown}` {what}"));
    let broken = || bad("is no complete zip archive: its directory is missing or cut off");
    let mut file = File::open(path).ok_or_else(|| bad("cannot be opened"))?;
    let size = file.1;
    let directory = directory(&mut file, size).ok_or_else(broken)?;

    let (mut total, mut at, mut entries) = (0u64, 0usize, 0);
    while let Some(entry) = directory.get(at..at + 46).filter(|e| e.starts_with(b"PK\x01\x02")) {
        let (name, extra, comment) =
            (usize::from(u16_at(entry, 28)), usize::from(u16_at(entry, 30)), usize::from(u16_at(entry, 32)));
        let rest = directory.get(at + 46..at + 46 + name + extra).ok_or_else(broken)?;
        let unpacked = match u32_at(entry, 24) {
            u32::MAX => zip64(&rest[name..]).ok_or_else(broken)?,
            size => size.into(),
        };
        let shown_name = String::from_utf8_lossy(&rest[..name]).into_owned();
        if leads_out(&shown_name) {
            return Err(bad(&format!("has the entry `{shown_name}`, which leads out of the archive; pack it anew")));
        }
        // Packing makes nothing larger but by a few bytes a block: what does was made by hand, to go round this check.
        let packed = Some(u64::from(u32_at(entry, 20))).filter(|packed| *packed != u64::from(u32::MAX));
        if packed.is_some_and(|packed| packed > unpacked.saturating_add(unpacked / 100 + 1024)) {
            return Err(bad(&format!("has the entry `{shown_name}`, which is larger than it says; pack it anew")));
        }
        if u16_at(entry, 8) & 1 != 0 {
            return Err(bad(&format!("is locked with a password (entry `{shown_name}`); unlock it first")));
        }
        entries += 1;
        if entries > MAX_ENTRIES {
            return Err(bad(&format!("has more than {MAX_ENTRIES} entries; pack only what is to be imported")));
        }
        total = total.saturating_add(unpacked);
        at += 46 + name + extra + comment;
    }
    if total > MAX_TOTAL || (total > RATIO_MATTERS && total / size.max(1) > MAX_RATIO) {
        let message = format!(
            "claims to unpack from {size} to {total} bytes, which no real data does; unpack it yourself if you trust it"
        );
        return Err(bad(&message));
    }
    Ok(())
}

fn leads_out(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with(['/', '\\']) || drive || name.split(['/', '\\']).any(|part| part == "..")
}

/// The central directory's bytes.
fn directory(file: &mut File, size: u64) -> Option<Vec<u8>> {
    let tail = size.min(22 + 65_535 + 20);
    let end = read(file, size - tail, tail)?;
    let at = (0..end.len().checked_sub(21)?).rev().find(|i| end[*i..].starts_with(b"PK\x05\x06"))?;
    let (mut length, mut offset) = (u64::from(u32_at(&end, at + 12)), u64::from(u32_at(&end, at + 16)));
    if offset == u64::from(u32::MAX) || length == u64::from(u32::MAX) {
        let locator = end.get(at.checked_sub(20)?..at).filter(|l| l.starts_with(b"PK\x06\x07"))?;
        let record = read(file, u64_at(locator, 8), 56).filter(|r| r.starts_with(b"PK\x06\x06"))?;
        (length, offset) = (u64_at(&record, 40), u64_at(&record, 48));
    }
    if length > MAX_DIRECTORY || offset.checked_add(length)? > size {
        return None;
    }
    read(file, offset, length)
}

fn read(file: &mut File, offset: u64, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.seek(offset);
    (file.read(&mut bytes) == bytes.len()).then_some(bytes)
}

/// The unpacked size in the zip64 extra field, which comes first there.
fn zip64(mut extra: &[u8]) -> Option<u64> {
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        if id == 1 {
            return (length >= 8 && extra.len() >= 12).then(|| u64_at(extra, 4));
        }
        extra = extra.get(4 + length..)?;
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::leads_out;

    #[test]
    fn names_that_lead_out_are_known() {
        for name in ["../x", "a/../../x", "/etc/passwd", "\\x", "C:\\x", "a\\..\\x"] {
            assert!(leads_out(name), "{name}");
        }
        for name in ["a/b.shp", "Đất ở/..b.shp", "a..b"] {
            assert!(!leads_out(name), "{name}");
        }
    }
}
