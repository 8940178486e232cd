//! Reads vector tiles (MVT 2.1) as a client would, strictly: what the standard forbids fails the test.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    pub id: Option<u64>,
    pub kind: u64,
    /// Points, lines, or rings without the closing point.
    pub parts: Vec<Vec<[i64; 2]>>,
    pub attributes: BTreeMap<String, Value>,
}

impl Feature {
    /// Area in square tile units, holes taken off.
    pub fn area(&self) -> f64 {
        self.parts.iter().map(|r| ring_area(r)).sum()
    }

    /// The polygons as WKT, with holes in the polygon that they follow.
    pub fn wkt(&self) -> String {
        let mut polygons: Vec<Vec<String>> = Vec::new();
        for ring in &self.parts {
            let text: Vec<String> = ring.iter().chain(ring.first()).map(|[x, y]| format!("{x} {y}")).collect();
            let text = format!("({})", text.join(","));
            if ring_area(ring) > 0.0 {
                polygons.push(vec![text]);
            } else {
                polygons.last_mut().expect("a hole follows its exterior").push(text);
            }
        }
        let polygons: Vec<String> = polygons.iter().map(|p| format!("({})", p.join(","))).collect();
        format!("MULTIPOLYGON({})", polygons.join(","))
    }
}

/// Surveyor's formula, positive for exteriors in y-down coordinates.
pub fn ring_area(ring: &[[i64; 2]]) -> f64 {
    let mut sum = 0;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        sum += a[0] * b[1] - b[0] * a[1];
    }
    sum as f64 / 2.0
}

/// The layers of a tile by name.
pub fn decode(bytes: &[u8]) -> BTreeMap<String, Vec<Feature>> {
    let mut layers = BTreeMap::new();
    for (tag, field) in Fields(bytes) {
        assert_eq!(tag, 3, "a tile has layers and nothing else");
        let (name, features) = layer(field.bytes());
        assert!(layers.insert(name, features).is_none(), "no two layers have one name");
    }
    layers
}

fn layer(bytes: &[u8]) -> (String, Vec<Feature>) {
    let (mut name, mut keys, mut values, mut raw) = (None, Vec::new(), Vec::new(), Vec::new());
    let (mut extent, mut version) = (None, None);
    for (tag, field) in Fields(bytes) {
        match tag {
            15 => version = Some(field.number()),
            1 => name = Some(text(field.bytes())),
            2 => raw.push(field.bytes()),
            3 => keys.push(text(field.bytes())),
            4 => values.push(value(field.bytes())),
            5 => extent = Some(field.number()),
            other => panic!("layer field {other}"),
        }
    }
    assert_eq!((version, extent), (Some(2), Some(4096)));
    let features = raw.into_iter().map(|bytes| feature(bytes, &keys, &values)).collect();
    (name.expect("a layer has a name"), features)
}

fn feature(bytes: &[u8], keys: &[String], values: &[Value]) -> Feature {
    let (mut id, mut tags, mut kind, mut geometry) = (None, Vec::new(), 0, Vec::new());
    for (tag, field) in Fields(bytes) {
        match tag {
            1 => id = Some(field.number()),
            2 => tags = packed(field.bytes()),
            3 => kind = field.number(),
            4 => geometry = packed(field.bytes()),
            other => panic!("feature field {other}"),
        }
    }
    assert_eq!(tags.len() % 2, 0);
    let mut attributes = BTreeMap::new();
    for pair in tags.chunks(2) {
        let before = attributes.insert(keys[pair[0] as usize].clone(), values[pair[1] as usize].clone());
        assert_eq!(before, None, "a key has one value");
    }
    Feature { id, kind, parts: parts(kind, &geometry), attributes }
}

fn parts(kind: u64, commands: &[u64]) -> Vec<Vec<[i64; 2]>> {
    let zigzag = |v: u64| (v >> 1) as i64 ^ -((v & 1) as i64);
    let (mut parts, mut part, mut at, mut i) = (Vec::new(), Vec::new(), [0i64, 0], 0);
    while i < commands.len() {
        let (command, count) = (commands[i] & 7, commands[i] >> 3);
        i += 1;
        match (command, kind) {
            (7, 3) => {
                assert_eq!(count, 1);
                let ring: Vec<[i64; 2]> = std::mem::take(&mut part);
                assert!(ring.len() >= 3, "a ring has three points or more");
                assert_ne!(ring.first(), ring.last(), "the closing point is not repeated");
                assert_ne!(ring_area(&ring), 0.0);
                parts.push(ring);
            }
            (1 | 2, _) => {
                if command == 1 && kind == 2 && !part.is_empty() {
                    parts.push(std::mem::take(&mut part));
                }
                for _ in 0..count {
                    let d = [zigzag(commands[i]), zigzag(commands[i + 1])];
                    assert!(command == 1 || d != [0, 0], "no point is repeated");
                    at = [at[0] + d[0], at[1] + d[1]];
                    part.push(at);
                    i += 2;
                }
            }
            other => panic!("command {other:?}"),
        }
    }
    if kind != 3 {
        parts.push(part);
    }
    assert!(!parts.is_empty() && parts.iter().all(|p| !p.is_empty()), "a feature has geometry");
    if kind == 3 {
        assert!(ring_area(&parts[0]) > 0.0, "the first ring is an exterior");
    }
    parts
}

fn value(bytes: &[u8]) -> Value {
    let (tag, field) = Fields(bytes).next().expect("a value has a kind");
    match (tag, field) {
        (1, field) => Value::Text(text(field.bytes())),
        (2, Field::Four(b)) => Value::Number(f32::from_le_bytes(b).into()),
        (3, Field::Eight(b)) => Value::Number(f64::from_le_bytes(b)),
        (4, field) => Value::Number(field.number() as i64 as f64),
        (5, field) => Value::Number(field.number() as f64),
        (6, field) => Value::Number(((field.number() >> 1) as i64 ^ -((field.number() & 1) as i64)) as f64),
        (7, field) => Value::Bool(field.number() != 0),
        other => panic!("value {other:?}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[derive(Debug)]
enum Field<'a> {
    Number(u64),
    Four([u8; 4]),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn number(&self) -> u64 {
        let Field::Number(n) = self else { panic!("{self:?} is not a number") };
        *n
    }
    fn bytes(&self) -> &'a [u8] {
        let Field::Bytes(b) = self else { panic!("{self:?} is not bytes") };
        b
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let key = varint(&mut self.0);
        let take = |rest: &mut &'a [u8], n: usize| {
            let (head, tail) = rest.split_at(n);
            *rest = tail;
            head
        };
        let field = match key & 7 {
            0 => Field::Number(varint(&mut self.0)),
            1 => Field::Eight(take(&mut self.0, 8).try_into().unwrap()),
            2 => {
                let n = varint(&mut self.0) as usize;
                Field::Bytes(take(&mut self.0, n))
            }
            5 => Field::Four(take(&mut self.0, 4).try_into().unwrap()),
            other => panic!("wire type {other}"),
        };
        Some((key >> 3, field))
    }
}

fn packed(mut bytes: &[u8]) -> Vec<u64> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        out.push(varint(&mut bytes));
    }
    out
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut v = 0;
    for i in 0.. {
        let (b, rest) = bytes.split_first().expect("a varint ends");
        *bytes = rest;
        v |= u64::from(b & 0x7F) << (7 * i);
        if b & 0x80 == 0 {
            break;
        }
    }
    v
}
