//! A finished MVT (2.1), read in place.

use crate::tiles::slice::encode::{read_varint, unzigzag};

pub struct Layer<'a> {
    pub name: &'a [u8],
    pub extent: u64,
    pub keys: Vec<&'a [u8]>,
    pub values: Vec<Value<'a>>,
    pub features: Vec<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Text(&'a [u8]),
    Float(f32),
    Double(f64),
    Int(i64),
    /// Beyond what `Int` holds.
    Huge(u64),
    Bool(bool),
}

#[derive(Default)]
pub struct Feature<'a> {
    pub id: Option<u64>,
    /// Numbers of keys and values in turn, as varints.
    pub tags: &'a [u8],
    /// 1 point, 2 line, 3 polygon.
    pub kind: u64,
    /// Commands, as varints.
    pub geometry: &'a [u8],
}

/// The layers of a tile; none where it is not one.
pub fn layers(mvt: &[u8]) -> Option<Vec<Layer<'_>>> {
    let mut layers = Vec::new();
    for field in Fields(mvt) {
        if let (3, Content::Bytes(bytes)) = field? {
            layers.push(layer(bytes)?);
        }
    }
    Some(layers)
}

fn layer(bytes: &[u8]) -> Option<Layer<'_>> {
    let mut layer = Layer { name: &[], extent: 4096, keys: Vec::new(), values: Vec::new(), features: Vec::new() };
    for field in Fields(bytes) {
        match field? {
            (1, Content::Bytes(name)) => layer.name = name,
            (2, Content::Bytes(feature)) => layer.features.push(feature),
            (3, Content::Bytes(key)) => layer.keys.push(key),
            (4, Content::Bytes(bytes)) => layer.values.push(value(bytes)?),
            (5, Content::Number(extent)) => layer.extent = extent,
            _ => {}
        }
    }
    (!layer.name.is_empty()).then_some(layer)
}

fn value(bytes: &[u8]) -> Option<Value<'_>> {
    let mut value = None;
    for field in Fields(bytes) {
        value = Some(match field? {
            (1, Content::Bytes(text)) => Value::Text(text),
            (2, Content::Four(bytes)) => Value::Float(f32::from_le_bytes(bytes)),
            (3, Content::Eight(bytes)) => Value::Double(f64::from_le_bytes(bytes)),
            (4, Content::Number(n)) => Value::Int(n as i64),
            (5, Content::Number(n)) => i64::try_from(n).map_or(Value::Huge(n), Value::Int),
            (6, Content::Number(n)) => Value::Int(unzigzag(n)),
            (7, Content::Number(n)) => Value::Bool(n != 0),
            _ => return None,
        });
    }
    value
}

pub fn feature(bytes: &[u8]) -> Option<Feature<'_>> {
    let mut feature = Feature::default();
    for field in Fields(bytes) {
        match field? {
            (1, Content::Number(id)) => feature.id = Some(id),
            (2, Content::Bytes(tags)) => feature.tags = tags,
            (3, Content::Number(kind)) => feature.kind = kind,
            (4, Content::Bytes(geometry)) => feature.geometry = geometry,
            _ => {}
        }
    }
    Some(feature)
}

/// Varints one after the other; `None` where one is cut short.
pub struct Varints<'a>(pub &'a [u8]);

impl Iterator for Varints<'_> {
    type Item = Option<u64>;

    #[inline]
    fn next(&mut self) -> Option<Option<u64>> {
        // Most are one byte.
        match self.0 {
            [] => return None,
            [byte @ ..0x80, rest @ ..] => {
                self.0 = rest;
                return Some(Some((*byte).into()));
            }
            _ => {}
        }
        let Some((value, length)) = read_varint(self.0) else {
            self.0 = &[];
            return Some(None);
        };
        self.0 = &self.0[length..];
        Some(Some(value))
    }
}

enum Content<'a> {
    Number(u64),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

/// The fields of a protobuf message, number and content; `None` where the message is broken.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let (value, length) = read_varint(self.0)?;
        self.0 = &self.0[length..];
        Some(value)
    }

    fn field(&mut self) -> Option<(u64, Content<'a>)> {
        let tag = self.number()?;
        let content = match tag & 7 {
            0 => Content::Number(self.number()?),
            1 => Content::Eight(self.take(8)?.try_into().ok()?),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Content::Bytes(self.take(length)?)
            }
            5 => Content::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((tag >> 3, content))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Content<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}
