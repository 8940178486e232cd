//! Directories: which tile ids are where (PMTiles version 3 specification, "Directory Serialization").
//!
//! A directory is columns of varints: ids as differences, run lengths, lengths, offsets (0 for "right after the one
//! before", else the offset + 1).

use super::pack;

/// A directory is never inflated beyond this; at four bytes an entry and more that is up to a million entries.
pub const MAX_BYTES: usize = 4 << 20;

/// `run` tiles from `id` on with the same content; a run of 0 means that a leaf directory is at `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub id: u64,
    pub offset: u64,
    pub length: u32,
    pub run: u32,
}

/// The bytes of a directory, not yet compressed.
pub fn write(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.len() * 6 + 10);
    put(&mut out, entries.len() as u64);
    let mut last = 0;
    for e in entries {
        put(&mut out, e.id - last);
        last = e.id;
    }
    entries.iter().for_each(|e| put(&mut out, u64::from(e.run)));
    entries.iter().for_each(|e| put(&mut out, u64::from(e.length)));
    let mut end = None;
    for e in entries {
        put(&mut out, if end == Some(e.offset) { 0 } else { e.offset + 1 });
        end = Some(e.offset + u64::from(e.length));
    }
    out
}

/// Reads an inflated directory. What it says is checked as far as it can be without the file: ids rise, lengths are
/// not zero, nothing overflows. What it allocates is bounded by the bytes that are there.
pub fn read(mut bytes: &[u8]) -> Result<Vec<Entry>, &'static str> {
    const CUT: &str = "a directory ends in the middle";
    let input = &mut bytes;
    let count = take(input).ok_or(CUT)?;
    if count == 0 {
        return Err("a directory is empty");
    }
    // Each entry has four numbers of at least a byte.
    let count = usize::try_from(count).ok().filter(|n| *n <= input.len() / 4).ok_or(CUT)?;
    let mut entries = Vec::with_capacity(count);
    let mut id = 0u64;
    for i in 0..count {
        let step = take(input).ok_or(CUT)?;
        if i > 0 && step == 0 {
            return Err("a directory names a tile twice");
        }
        id = id.checked_add(step).ok_or("a tile id is too large")?;
        entries.push(Entry { id, offset: 0, length: 0, run: 0 });
    }
    for e in &mut entries {
        e.run = take(input).ok_or(CUT)?.try_into().map_err(|_| "a run is too long")?;
    }
    for e in &mut entries {
        e.length = take(input).ok_or(CUT)?.try_into().map_err(|_| "a tile is too long")?;
        if e.length == 0 {
            return Err("a tile has no bytes");
        }
    }
    let mut end = None;
    for e in &mut entries {
        e.offset = match take(input).ok_or(CUT)? {
            0 => end.ok_or("the first tile has no place")?,
            n => n - 1,
        };
        end = Some(e.offset.checked_add(u64::from(e.length)).ok_or("a tile lies beyond the file")?);
    }
    Ok(entries)
}

/// The entry that holds an id: a run that reaches it, or the leaf directory where it would be.
pub fn find(entries: &[Entry], id: u64) -> Option<Entry> {
    let before = entries.partition_point(|e| e.id <= id);
    let e = *entries.get(before.checked_sub(1)?)?;
    (e.run == 0 || id - e.id < u64::from(e.run)).then_some(e)
}

/// The root directory and the leaf directories, compressed, so that the root takes at most `room` bytes.
///
/// All entries go into the root where they fit. Otherwise the root only points to leaves, whose size grows until it
/// fits; a pointer takes about four bytes.
pub fn split(entries: &[Entry], room: usize) -> Result<(Vec<u8>, Vec<u8>), &'static str> {
    if entries.len() <= room {
        let root = pack::gzip(&write(entries));
        if root.len() <= room {
            return Ok((root, Vec::new()));
        }
    }
    let mut size = entries.len().div_ceil(room / 4).max(4096);
    loop {
        let (mut pointers, mut leaves) = (Vec::new(), Vec::new());
        for leaf in entries.chunks(size) {
            let plain = write(leaf);
            if plain.len() > MAX_BYTES {
                return Err("too many tiles for one archive");
            }
            let packed = pack::gzip(&plain);
            let length = packed.len() as u32;
            pointers.push(Entry { id: leaf[0].id, offset: leaves.len() as u64, length, run: 0 });
            leaves.extend(packed);
        }
        let root = pack::gzip(&write(&pointers));
        if root.len() <= room {
            return Ok((root, leaves));
        }
        size += size / 2;
    }
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A varint of at most 64 bits; none where the bytes end or the number is larger.
fn take(input: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        n |= bits << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_reads_as_written() {
        let entries = [
            Entry { id: 0, offset: 0, length: 5, run: 1 },
            Entry { id: 7, offset: 5, length: 300, run: 3 },
            Entry { id: 1 << 50, offset: 0, length: 5, run: u32::MAX },
            Entry { id: u64::MAX, offset: u64::MAX - u64::from(u32::MAX), length: u32::MAX, run: 0 },
        ];
        assert_eq!(read(&write(&entries)).unwrap(), entries);
    }

    #[test]
    fn a_run_ends_and_a_leaf_does_not() {
        let entries = [Entry { id: 10, offset: 0, length: 1, run: 2 }, Entry { id: 20, offset: 1, length: 1, run: 0 }];
        let found = |id| find(&entries, id).map(|e| e.id);
        assert_eq!([9, 10, 11, 12, 19, 20, 999].map(found), [None, Some(10), Some(10), None, None, Some(20), Some(20)]);
    }

    #[test]
    fn directories_that_lie_are_refused() {
        let many = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
        let long = [0xff; 10];
        for bytes in
            [&[][..], &[0], &[1], &many, &long, &[1, 0, 1, 0, 1], &[1, 0, 1, 1, 0], &[2, 3, 0, 1, 1, 1, 1, 1, 0]]
        {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        let past = [&[2, 1][..], &[0xff; 9], &[1, 1, 1, 1, 1, 1, 0]].concat();
        assert_eq!(read(&past).unwrap_err(), "a tile id is too large");
    }
}
