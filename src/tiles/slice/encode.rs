//! MVT 2.1 in bytes: protobuf fields by hand, as a tile is little more than copies of what was prepared.

use super::super::wkb::Kind;
use crate::layer::mvt::EXTENT;

/// A point in tile units, counted from the tile's corner.
pub type Local = [i32; 2];

#[inline]
pub fn varint(out: &mut Vec<u8>, mut v: u64) {
    if (0x80..0x4000).contains(&v) {
        return out.extend_from_slice(&[v as u8 | 0x80, (v >> 7) as u8]);
    }
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

pub fn varint_len(v: u64) -> usize {
    (70 - (v | 1).leading_zeros() as usize) / 7
}

/// Reads a varint and says how many bytes it took.
pub fn read_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut v = 0u64;
    for (i, b) in bytes.iter().take(10).enumerate() {
        v |= u64::from(b & 0x7F) << (7 * i);
        if b & 0x80 == 0 {
            return Some((v, i + 1));
        }
    }
    None
}

pub fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

pub fn unzigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}

/// A length-delimited protobuf field.
pub fn field(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Geometry commands (MVT 2.1, 4.3) without their first position, so that they hold wherever the feature lies in a tile:
/// the first command, and everything after the first two numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    pub first: Local,
    pub head: u32,
    pub rest: Vec<u8>,
}

impl Body {
    /// The runs as commands, in place of what was here; false when there is nothing to draw.
    pub fn set<R: AsRef<[Local]>>(&mut self, kind: Kind, runs: impl IntoIterator<Item = R>) -> bool {
        self.rest.clear();
        self.head = 0;
        let mut at = [0, 0];
        for run in runs {
            let run = run.as_ref();
            let Some((first, others)) = run.split_first() else { continue };
            let command = if kind == Kind::Point { (run.len() as u32) << 3 | 1 } else { 9 };
            if self.head == 0 {
                (self.head, self.first) = (command, *first);
            } else {
                varint(&mut self.rest, command.into());
                self.step(at, *first);
            }
            at = *first;
            if kind != Kind::Point {
                varint(&mut self.rest, (others.len() as u64) << 3 | 2);
            }
            for point in others {
                self.step(at, *point);
                at = *point;
            }
            if kind == Kind::Polygon {
                self.rest.push(15);
            }
        }
        self.head != 0
    }

    fn step(&mut self, from: Local, to: Local) {
        varint(&mut self.rest, zigzag(i64::from(to[0]) - i64::from(from[0])));
        varint(&mut self.rest, zigzag(i64::from(to[1]) - i64::from(from[1])));
    }
}

/// One feature of a layer: id, tags (key and value numbers as varints), kind, and the geometry from its body.
#[inline]
pub fn feature(out: &mut Vec<u8>, id: Option<i64>, tags: &[u8], kind: Kind, head: u32, first: Local, rest: &[u8]) {
    let (x, y) = (zigzag(first[0].into()), zigzag(first[1].into()));
    let geometry = varint_len(head.into()) + varint_len(x) + varint_len(y) + rest.len();
    // Ids are unsigned in MVT; a negative one is left out.
    let id = id.and_then(|id| u64::try_from(id).ok());
    let length = id.map_or(0, |id| 1 + varint_len(id))
        + if tags.is_empty() { 0 } else { 1 + varint_len(tags.len() as u64) + tags.len() }
        + 2
        + 1
        + varint_len(geometry as u64)
        + geometry;
    out.reserve(length + 12);
    out.push(0x12);
    varint(out, length as u64);
    if let Some(id) = id {
        out.push(0x08);
        varint(out, id);
    }
    if !tags.is_empty() {
        field(out, 0x12, tags);
    }
    out.extend_from_slice(&[0x18, kind as u8, 0x22]);
    varint(out, geometry as u64);
    varint(out, head.into());
    varint(out, x);
    varint(out, y);
    out.extend_from_slice(rest);
}

/// A whole layer as a member of a tile: `features` and `values` are finished fields, one after the other.
pub fn layer<'a>(
    out: &mut Vec<u8>,
    name: &str,
    features: &[u8],
    keys: impl Iterator<Item = &'a str> + Clone,
    values: &[u8],
) {
    let text = |s: &str| 1 + varint_len(s.len() as u64) + s.len();
    let length = 2 + text(name) + features.len() + keys.clone().map(text).sum::<usize>() + values.len() + 3;
    out.reserve(length + 8);
    out.push(0x1A);
    varint(out, length as u64);
    out.extend_from_slice(&[0x78, 2]);
    field(out, 0x0A, name.as_bytes());
    out.extend_from_slice(features);
    for key in keys {
        field(out, 0x1A, key.as_bytes());
    }
    out.extend_from_slice(values);
    out.push(0x28);
    varint(out, EXTENT.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_is_the_commands_of_the_standards_example() {
        // MVT 2.1, 4.3.5.5: [9 6 12 18 10 12 24 44 15]
        let mut body = Body::default();
        assert!(body.set(Kind::Polygon, [[[3, 6], [8, 12], [20, 34]]]));
        let mut out = Vec::new();
        feature(&mut out, Some(1), &[], Kind::Polygon, body.head, body.first, &body.rest);
        assert!(out.ends_with(&[0x22, 9, 9, 6, 12, 18, 10, 12, 24, 44, 15]));
        assert_eq!(out[1] as usize, out.len() - 2);
    }

    #[test]
    fn numbers_come_back_as_they_went() {
        for v in [0i64, 1, -1, 63, -64, 64, 300, -300, i64::from(i32::MAX), i64::from(i32::MIN)] {
            let mut out = Vec::new();
            varint(&mut out, zigzag(v));
            assert_eq!(out.len(), varint_len(zigzag(v)));
            assert_eq!(read_varint(&out).map(|(n, len)| (unzigzag(n), len)), Some((v, out.len())));
        }
        assert_eq!(read_varint(&[0x80; 11]), None);
    }
}
