//! One layer of a tile under construction: features, and the values that they share.

use hashbrown::HashMap;

use super::super::snapshot::values::NULL;
use super::super::snapshot::{Snapshot, View};
use super::super::wkb::Kind;
use super::encode::{self, Local, varint};

/// Which value of the snapshot has which number in the tile at hand, and room for the tile; used for tile after tile, and
/// cleared by counting on.
#[derive(Default)]
pub struct Numbers {
    turn: u32,
    seen: Vec<(u32, u32)>,
    features: Vec<u8>,
    values: Vec<u8>,
    tags: Vec<u8>,
}

impl Numbers {
    fn start(&mut self, values: usize) {
        if self.seen.len() < values {
            self.seen.resize(values, (0, 0));
        }
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 {
            self.seen.fill((0, 0));
            self.turn = 1;
        }
        self.features.clear();
        self.values.clear();
    }
}

pub struct Sheet<'a> {
    snapshot: &'a Snapshot,
    view: View<'a>,
    numbers: &'a mut Numbers,
    /// The fields that are written, in key order.
    pub fields: Vec<usize>,
    count: u32,
    foreign: HashMap<Box<[u8]>, u32>,
}

impl<'a> Sheet<'a> {
    pub fn new(snapshot: &'a Snapshot, numbers: &'a mut Numbers, fields: Vec<usize>) -> Sheet<'a> {
        numbers.start(snapshot.meta.shared_values as usize);
        Sheet { snapshot, view: snapshot.view(0), numbers, fields, count: 0, foreign: HashMap::new() }
    }

    /// Starts a feature that has the snapshot's values `tags`, a field each.
    #[inline]
    pub fn tags(&mut self, tags: &[u32]) {
        let Numbers { turn, seen, values, tags: out, .. } = &mut *self.numbers;
        out.clear();
        let shared = self.snapshot.meta.shared_values;
        for (key, field) in self.fields.iter().enumerate() {
            let id = tags[*field];
            if id == NULL {
                continue;
            }
            let number = if id < shared {
                let seen = &mut seen[id as usize];
                if seen.0 != *turn {
                    *seen = (*turn, self.count);
                    self.count += 1;
                    values.extend_from_slice(self.view.value(id));
                }
                seen.1
            } else {
                values.extend_from_slice(self.view.value(id));
                self.count += 1;
                self.count - 1
            };
            varint(out, key as u64);
            varint(out, number.into());
        }
    }

    /// Starts a feature with values of its own; `get` has them by field.
    pub fn own<'v>(&mut self, get: impl Fn(usize) -> Option<&'v [u8]>) {
        self.numbers.tags.clear();
        for (key, field) in self.fields.iter().enumerate() {
            let Some(value) = get(*field) else { continue };
            let number = match self.foreign.get(value) {
                Some(number) => *number,
                None => {
                    self.numbers.values.extend_from_slice(value);
                    self.foreign.insert(value.into(), self.count);
                    self.count += 1;
                    self.count - 1
                }
            };
            varint(&mut self.numbers.tags, key as u64);
            varint(&mut self.numbers.tags, number.into());
        }
    }

    /// Ends the feature that was started.
    #[inline]
    pub fn feature(&mut self, id: Option<i64>, kind: Kind, head: u32, first: Local, rest: &[u8]) {
        let Numbers { features, tags, .. } = &mut *self.numbers;
        encode::feature(features, id, tags, kind, head, first, rest);
    }

    /// Appends the layer to a tile; nothing when it has no feature.
    pub fn finish(self, name: &str, out: &mut Vec<u8>) {
        if !self.numbers.features.is_empty() {
            let fields = &self.snapshot.meta.recipe.fields;
            let keys = self.fields.iter().map(|f| fields[*f].name.as_str());
            encode::layer(out, name, &self.numbers.features, keys, &self.numbers.values);
        }
    }
}
