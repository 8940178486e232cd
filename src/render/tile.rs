//! Vector tiles, read (MVT 2.1).

use std::borrow::Cow;

use super::expr::Val;
use crate::tiles::slice::encode::{read_varint, unzigzag};
use crate::tiles::snapshot::values::{self, Scalar};
use crate::tiles::wkb::Kind;

/// A layer of a tile. Tiles are our own; what does not fit MVT is passed over.
pub struct TileLayer<'a> {
    pub name: &'a str,
    pub keys: Vec<&'a str>,
    pub values: Vec<Val<'a>>,
    features: Vec<&'a [u8]>,
}

pub struct Feature<'a> {
    pub kind: Kind,
    tags: Vec<usize>,
    geometry: &'a [u8],
}

/// The fields of a message: number, and its bytes or its number.
enum Part<'a> {
    Bytes(u64, &'a [u8]),
    Number(u64, u64),
}

struct Message<'a>(&'a [u8]);

impl<'a> Iterator for Message<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let mut varint = || {
            let (v, n) = read_varint(self.0)?;
            self.0 = &self.0[n..];
            Some(v)
        };
        let tag = varint()?;
        let v = varint()?;
        match tag & 7 {
            0 => Some(Part::Number(tag >> 3, v)),
            2 => {
                let (bytes, rest) = self.0.split_at_checked(usize::try_from(v).ok()?)?;
                self.0 = rest;
                Some(Part::Bytes(tag >> 3, bytes))
            }
            _ => None,
        }
    }
}

pub fn layers(tile: &[u8]) -> impl Iterator<Item = TileLayer<'_>> {
    Message(tile).filter_map(|part| match part {
        Part::Bytes(3, bytes) => Some(layer(bytes)),
        _ => None,
    })
}

fn layer(bytes: &[u8]) -> TileLayer<'_> {
    let mut layer = TileLayer { name: "", keys: Vec::new(), values: Vec::new(), features: Vec::new() };
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut message = Message(rest);
        let part = message.next();
        let after = message.0;
        match part {
            Some(Part::Bytes(1, text)) => layer.name = std::str::from_utf8(text).unwrap_or_default(),
            Some(Part::Bytes(2, feature)) => layer.features.push(feature),
            Some(Part::Bytes(3, text)) => layer.keys.push(std::str::from_utf8(text).unwrap_or_default()),
            // The field with its tag and length, as values are kept.
            Some(Part::Bytes(4, _)) => layer.values.push(match values::decode(&rest[..rest.len() - after.len()]) {
                None => Val::Null,
                Some(Scalar::Bool(v)) => Val::Bool(v),
                Some(Scalar::Int(v)) => Val::Number(v as f64),
                Some(Scalar::Float(v)) => Val::Number(v),
                Some(Scalar::Text(t)) => Val::Text(Cow::Borrowed(t)),
            }),
            Some(_) => {}
            None => break,
        }
        rest = after;
    }
    layer
}

impl<'a> TileLayer<'a> {
    pub fn features(&self) -> impl Iterator<Item = Feature<'a>> + '_ {
        self.features.iter().filter_map(|bytes| feature(bytes))
    }

    /// The feature's value of the key with this place; none where it has none.
    pub fn value(&self, feature: &Feature<'_>, key: usize) -> Option<&Val<'a>> {
        let [_, value] = feature.tags.chunks_exact(2).find(|t| t[0] == key)? else { return None };
        self.values.get(*value)
    }
}

fn feature(bytes: &[u8]) -> Option<Feature<'_>> {
    let (mut kind, mut tags, mut geometry) = (None, Vec::new(), &[][..]);
    for part in Message(bytes) {
        match part {
            Part::Number(3, n) => kind = Kind::from_u8(n.try_into().ok()?),
            Part::Bytes(2, packed) => tags = Numbers(packed).map(|n| n as usize).collect(),
            Part::Bytes(4, packed) => geometry = packed,
            _ => {}
        }
    }
    Some(Feature { kind: kind?, tags, geometry })
}

struct Numbers<'a>(&'a [u8]);

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (v, n) = read_varint(self.0)?;
        self.0 = &self.0[n..];
        Some(v)
    }
}

impl Feature<'_> {
    /// The feature's points, lines or rings in tile units; the closing point of a ring is left out. `runs` is filled anew.
    pub fn runs(&self, runs: &mut Vec<Vec<[i32; 2]>>) {
        runs.clear();
        let mut numbers = Numbers(self.geometry);
        let (mut x, mut y) = (0i64, 0i64);
        while let Some(command) = numbers.next() {
            let (id, count) = (command & 7, command >> 3);
            if id == 7 {
                continue;
            }
            for _ in 0..count {
                let (Some(dx), Some(dy)) = (numbers.next(), numbers.next()) else { return };
                (x, y) = (x + unzigzag(dx), y + unzigzag(dy));
                let point = [x as i32, y as i32];
                match runs.last_mut() {
                    Some(run) if id == 2 => run.push(point),
                    _ => runs.push(vec![point]),
                }
            }
        }
    }
}
