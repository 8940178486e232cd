//! Attributes: a column for each key, all its values of one type (specification, "Property Columns").

use std::borrow::Cow;

use super::read::{Layer, Value, Varints};
use super::stream;
use crate::tiles::slice::encode::{varint, varint_len};

/// A cell without a value.
const MISSING: u32 = u32::MAX;
/// Up to here a double tells whole numbers apart.
const EXACT: i64 = 1 << 53;

/// The numbers of values, feature by feature.
pub struct Cells {
    width: usize,
    cells: Vec<u32>,
}

impl Cells {
    pub fn new(width: usize) -> Cells {
        Cells { width, cells: Vec::new() }
    }

    /// Appends a feature's tags; none when they are broken.
    pub fn push(&mut self, tags: &[u8]) -> Option<()> {
        let row = self.cells.len();
        self.cells.resize(row + self.width, MISSING);
        let mut numbers = Varints(tags);
        while let Some(key) = numbers.next() {
            let key = usize::try_from(key?).ok().filter(|key| *key < self.width)?;
            self.cells[row + key] = u32::try_from(numbers.next()??).ok()?;
        }
        Some(())
    }

    /// A column for each key that some feature has.
    pub fn columns<'a>(&self, layer: &Layer<'a>) -> Option<Vec<Column<'a>>> {
        let mut columns = Vec::new();
        // Where each value of the layer stands in the dictionary of the column at hand.
        let mut known = vec![MISSING; layer.values.len()];
        for (key, name) in layer.keys.iter().enumerate() {
            let cells = self.cells.iter().skip(key).step_by(self.width);
            let present: Vec<bool> = cells.clone().map(|cell| *cell != MISSING).collect();
            let numbers: Vec<u32> = cells.copied().filter(|cell| *cell != MISSING).collect();
            if numbers.is_empty() {
                continue;
            }
            let values: Option<Vec<Value<'a>>> =
                numbers.iter().map(|n| layer.values.get(*n as usize).copied()).collect();
            columns.push(Column { name, present, data: data(&values?, &numbers, &mut known) });
        }
        Some(columns)
    }
}

pub struct Column<'a> {
    pub name: &'a [u8],
    present: Vec<bool>,
    data: Data<'a>,
}

enum Data<'a> {
    Bits(Vec<bool>),
    /// Of 32 bits.
    Signed(Vec<i64>),
    Unsigned(Vec<i64>),
    /// Of 64 bits.
    Long(Vec<i64>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Texts(Texts<'a>),
}

struct Texts<'a> {
    distinct: Vec<Cow<'a, [u8]>>,
    /// The place of each value among them.
    places: Vec<i64>,
}

/// The values of a column in the narrowest type that holds all of them. `known` is left as it was.
fn data<'a>(values: &[Value<'a>], numbers: &[u32], known: &mut [u32]) -> Data<'a> {
    let each = |is: fn(&Value) -> bool| values.iter().all(is);
    if each(|v| matches!(v, Value::Bool(_))) {
        return Data::Bits(values.iter().map(|v| *v == Value::Bool(true)).collect());
    }
    if each(|v| matches!(v, Value::Float(_))) {
        return Data::Floats(values.iter().map(|v| if let Value::Float(f) = v { *f } else { 0.0 }).collect());
    }
    if let Some(whole) = values.iter().map(whole).collect::<Option<Vec<i64>>>() {
        let (low, high) = whole.iter().fold((0, 0), |(low, high), v| (low.min(*v), high.max(*v)));
        return match () {
            () if low >= i32::MIN.into() && high <= i32::MAX.into() && low < 0 => Data::Signed(whole),
            () if low >= 0 && high <= u32::MAX.into() => Data::Unsigned(whole),
            () if low >= -EXACT && high <= EXACT => Data::Doubles(whole.into_iter().map(|v| v as f64).collect()),
            () => Data::Long(whole),
        };
    }
    if let Some(doubles) = values.iter().map(double).collect() {
        return Data::Doubles(doubles);
    }
    let (mut distinct, mut places) = (Vec::new(), Vec::with_capacity(values.len()));
    for (value, number) in values.iter().zip(numbers) {
        let place = &mut known[*number as usize];
        if *place == MISSING {
            *place = distinct.len() as u32;
            distinct.push(text(value));
        }
        places.push((*place).into());
    }
    numbers.iter().for_each(|n| known[*n as usize] = MISSING);
    Data::Texts(Texts { distinct, places })
}

fn whole(value: &Value) -> Option<i64> {
    if let Value::Int(v) = value { Some(*v) } else { None }
}

/// The number, if a double is exactly that.
fn double(value: &Value) -> Option<f64> {
    match *value {
        Value::Float(v) => Some(v.into()),
        Value::Double(v) => Some(v),
        Value::Int(v) => (-EXACT..=EXACT).contains(&v).then_some(v as f64),
        _ => None,
    }
}

/// What stands for a value in a column of texts.
fn text<'a>(value: &Value<'a>) -> Cow<'a, [u8]> {
    Cow::Owned(match *value {
        Value::Text(text) => return Cow::Borrowed(text),
        Value::Float(v) => v.to_string().into(),
        Value::Double(v) => v.to_string().into(),
        Value::Int(v) => v.to_string().into(),
        Value::Huge(v) => v.to_string().into(),
        Value::Bool(v) => v.to_string().into(),
    })
}

impl Column<'_> {
    fn is_whole(&self) -> bool {
        self.present.iter().all(|p| *p)
    }

    /// The code of the column's type; one more where some values are missing.
    pub fn code(&self) -> u8 {
        let code = match self.data {
            Data::Bits(_) => 10,
            Data::Signed(_) => 16,
            Data::Unsigned(_) => 18,
            Data::Long(_) => 20,
            Data::Floats(_) => 24,
            Data::Doubles(_) => 26,
            Data::Texts(_) => 28,
        };
        code + u8::from(!self.is_whole())
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        // Only texts say how many streams they have.
        if let Data::Texts(texts) = &self.data {
            let own = if texts.plain_is_shorter() { 2 } else { 3 };
            varint(out, own + u64::from(!self.is_whole()));
        }
        if !self.is_whole() {
            stream::bits(out, stream::PRESENT, self.present.iter().copied());
        }
        match &self.data {
            Data::Bits(bits) => stream::bits(out, stream::DATA, bits.iter().copied()),
            Data::Signed(values) | Data::Long(values) => stream::numbers(out, stream::DATA, values, true),
            Data::Unsigned(values) => stream::numbers(out, stream::DATA, values, false),
            Data::Floats(values) => {
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                stream::bytes(out, stream::DATA, values.len(), &bytes);
            }
            Data::Doubles(values) => {
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                stream::bytes(out, stream::DATA, values.len(), &bytes);
            }
            Data::Texts(texts) => texts.write(out),
        }
    }
}

impl Texts<'_> {
    fn plain_is_shorter(&self) -> bool {
        let cost = |text: &[u8]| text.len() + varint_len(text.len() as u64);
        let each: usize = self.places.iter().map(|p| cost(&self.distinct[*p as usize])).sum();
        let once: usize = self.distinct.iter().map(|text| cost(text)).sum();
        let places: usize = self.places.iter().map(|p| varint_len(*p as u64)).sum();
        each <= once + places
    }

    fn write(&self, out: &mut Vec<u8>) {
        let length = |text: &[u8]| text.len() as i64;
        if self.plain_is_shorter() {
            let each = || self.places.iter().map(|p| &*self.distinct[*p as usize]);
            let all: Vec<u8> = each().flatten().copied().collect();
            stream::numbers(out, stream::LENGTHS, &each().map(length).collect::<Vec<_>>(), false);
            stream::bytes(out, stream::DATA, self.places.len(), &all);
        } else {
            let once = || self.distinct.iter().map(|text| &**text);
            let all: Vec<u8> = once().flatten().copied().collect();
            stream::numbers(out, stream::DICTIONARY_LENGTHS, &once().map(length).collect::<Vec<_>>(), false);
            stream::bytes(out, stream::DICTIONARY, self.distinct.len(), &all);
            stream::numbers(out, stream::PLACES, &self.places, false);
        }
    }
}
