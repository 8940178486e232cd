//! Attribute values as MVT holds them (4.4), each kept once and ready to be copied into a tile.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::super::slice::encode::{read_varint, unzigzag, varint, varint_len, zigzag};
use crate::schema::Kind;

/// A value that fewer features have is not worth a look-up in every tile.
const SHARED_FROM: u32 = 8;
/// Nor is one that is a smaller part of all values than one in so many: it hardly comes twice in a tile.
const SHARED_PART: u64 = 1 << 14;

/// The number of a value that is null.
pub const NULL: u32 = u32::MAX;

/// A value as an MVT layer's `values` field: tag, length, message. `bytes` are PostgreSQL's binary form of the kind, or
/// text for kinds that tiles have not (dates, lists, JSON).
pub fn encode(kind: Kind, bytes: &[u8], out: &mut Vec<u8>) {
    fn number<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.try_into().unwrap_or([0; N])
    }
    let int = |v: i64, out: &mut Vec<u8>| {
        let (tag, v) = if v >= 0 { (0x28, v as u64) } else { (0x30, zigzag(v)) };
        out.extend_from_slice(&[0x22, 1 + varint_len(v) as u8, tag]);
        varint(out, v);
    };
    match kind {
        Kind::Bool => out.extend_from_slice(&[0x22, 2, 0x38, u8::from(bytes.first().is_some_and(|b| *b != 0))]),
        Kind::Int2 => int(i16::from_be_bytes(number(bytes)).into(), out),
        Kind::Int4 => int(i32::from_be_bytes(number(bytes)).into(), out),
        Kind::Int8 => int(i64::from_be_bytes(number(bytes)), out),
        Kind::Float4 => {
            out.extend_from_slice(&[0x22, 5, 0x15]);
            out.extend(f32::from_be_bytes(number(bytes)).to_le_bytes());
        }
        Kind::Float8 => {
            out.extend_from_slice(&[0x22, 9, 0x19]);
            out.extend(f64::from_be_bytes(number(bytes)).to_le_bytes());
        }
        _ => {
            out.push(0x22);
            varint(out, (1 + varint_len(bytes.len() as u64) + bytes.len()) as u64);
            out.push(0x0A);
            varint(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
    }
}

/// A value as a condition looks at it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
}

/// Reads what [`encode`] wrote.
pub fn decode(field: &[u8]) -> Option<Scalar<'_>> {
    let (_, n) = read_varint(field.get(1..)?)?;
    let (tag, rest) = field.get(1 + n..)?.split_first()?;
    Some(match tag {
        0x38 => Scalar::Bool(*rest.first()? != 0),
        0x28 => Scalar::Int(read_varint(rest)?.0 as i64),
        0x30 => Scalar::Int(unzigzag(read_varint(rest)?.0)),
        0x15 => Scalar::Float(f32::from_le_bytes(rest.try_into().ok()?).into()),
        0x19 => Scalar::Float(f64::from_le_bytes(rest.try_into().ok()?)),
        _ => Scalar::Text(std::str::from_utf8(rest.get(read_varint(rest)?.1..)?).ok()?),
    })
}

/// Values under construction: equal ones get the same number.
#[derive(Default)]
pub struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    counts: Vec<u32>,
    table: HashTable<u32>,
}

impl Dictionary {
    pub fn intern(&mut self, value: &[u8]) -> u32 {
        self.add(value, 1)
    }

    /// The value with this number.
    pub fn value(&self, id: u32) -> &[u8] {
        get(&self.bytes, &self.ends, id)
    }

    fn add(&mut self, value: &[u8], times: u32) -> u32 {
        let hash = xxh3_64(value);
        let (bytes, ends) = (&self.bytes, &self.ends);
        if let Some(id) = self.table.find(hash, |id| get(bytes, ends, *id) == value) {
            self.counts[*id as usize] = self.counts[*id as usize].saturating_add(times);
            return *id;
        }
        let id = self.ends.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        self.counts.push(times);
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.table.insert_unique(hash, id, |id| xxh3_64(get(bytes, ends, *id)));
        id
    }

    /// Takes over another's values; says which number each of them has here.
    pub fn absorb(&mut self, other: &Dictionary) -> Vec<u32> {
        (0..other.ends.len()).map(|i| self.add(get(&other.bytes, &other.ends, i as u32), other.counts[i])).collect()
    }

    /// Values in their final order, and `tags` (feature by feature) renumbered to it. Those that many features have come
    /// first, and only these are looked up while a tile is made. The others are there once for each feature that has them,
    /// feature by feature: what a tile copies lies together. `classes` have one number each, however rare.
    pub fn finish(
        mut self,
        classes: impl Iterator<Item = u32>,
        tags: impl Iterator<Item = u32>,
    ) -> (Finished, Vec<u32>) {
        let all: u64 = self.counts.iter().map(|n| u64::from(*n)).sum();
        let enough = SHARED_FROM.max(u32::try_from(all / SHARED_PART).unwrap_or(u32::MAX));
        for id in classes.filter(|id| *id != NULL) {
            self.counts[id as usize] = enough;
        }
        let mut shared_as = vec![NULL; self.ends.len()];
        let mut done = Finished { shared: 0, ends: Vec::new(), bytes: Vec::new() };
        for id in (0..self.ends.len()).filter(|id| self.counts[*id] >= enough) {
            shared_as[id] = done.shared;
            done.shared += 1;
            done.push(self.value(id as u32));
        }
        let renumbered = tags.map(|tag| match shared_as.get(tag as usize) {
            None => NULL,
            Some(&NULL) => done.push(self.value(tag)),
            Some(shared) => *shared,
        });
        let renumbered = renumbered.collect();
        (done, renumbered)
    }
}

/// Values as the file keeps them.
pub struct Finished {
    /// How many, from the first on, several features have.
    pub shared: u32,
    pub ends: Vec<u64>,
    pub bytes: Vec<u8>,
}

impl Finished {
    fn push(&mut self, value: &[u8]) -> u32 {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u64);
        self.ends.len() as u32 - 1
    }
}

fn get<'a>(bytes: &'a [u8], ends: &[usize], id: u32) -> &'a [u8] {
    let id = id as usize;
    &bytes[if id == 0 { 0 } else { ends[id - 1] }..ends[id]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let cases: [(Kind, Vec<u8>, Scalar); 7] = [
            (Kind::Bool, vec![1], Scalar::Bool(true)),
            (Kind::Int2, (-7i16).to_be_bytes().into(), Scalar::Int(-7)),
            (Kind::Int4, 70_000i32.to_be_bytes().into(), Scalar::Int(70_000)),
            (Kind::Int8, i64::MIN.to_be_bytes().into(), Scalar::Int(i64::MIN)),
            (Kind::Float4, 1.5f32.to_be_bytes().into(), Scalar::Float(1.5)),
            (Kind::Float8, 0.1f64.to_be_bytes().into(), Scalar::Float(0.1)),
            (Kind::Text, "Đất ở tại nông thôn".into(), Scalar::Text("Đất ở tại nông thôn")),
        ];
        for (kind, bytes, value) in cases {
            let mut out = Vec::new();
            encode(kind, &bytes, &mut out);
            assert_eq!(decode(&out), Some(value), "{kind:?}");
        }
    }

    #[test]
    fn values_that_many_have_come_first_and_others_feature_by_feature() {
        let mut a = Dictionary::default();
        let mut b = Dictionary::default();
        assert_eq!([a.intern(b"x"), a.intern(b"y"), a.intern(b"y")], [0, 1, 1]);
        assert_eq!([b.intern(b"z"), b.intern(b"x")], [0, 1]);
        for _ in 0..SHARED_FROM {
            b.intern(b"z");
        }
        assert_eq!(a.absorb(&b), [2, 0]);
        a.intern(b"w");
        let (done, tags) = a.finish([NULL, 3].into_iter(), [1, 2, NULL, 0, 1, 2, 3].into_iter());
        assert_eq!((done.shared, tags), (2, vec![2, 0, NULL, 3, 4, 0, 1]));
        assert_eq!(done.bytes, b"zwyxy");
    }
}
