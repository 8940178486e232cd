//! FlatGeobuf, specification 3.0: a header and one size-prefixed FlatBuffer a feature. Written as features arrive, so
//! without an index and without a count.

use std::cell::RefCell;

use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, VOffsetT, WIPOffset};

use super::encode::Encode;
use super::rows::{Job, Record, Value, decoded, float4};
use super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::schema::Kind;

const MAGIC: [u8; 8] = *b"fgb\x03fgb\x00";

/// Where the `n`th member of a table stands in its table of offsets.
const fn slot(n: u16) -> VOffsetT {
    4 + 2 * n
}

pub struct Fgb {
    head: Vec<u8>,
    kinds: Vec<Kind>,
}

/// The type of a column (`ColumnType` in header.fbs).
fn column_type(kind: Kind) -> u8 {
    match kind {
        Kind::Bool => 2,
        Kind::Int2 => 3,
        Kind::Int4 => 5,
        Kind::Int8 => 7,
        Kind::Float4 => 9,
        Kind::Float8 => 10,
        Kind::Text | Kind::Time => 11,
        Kind::Json | Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => 12,
        Kind::Date | Kind::Timestamp | Kind::Timestamptz => 13,
        Kind::Bytes => 14,
    }
}

impl Fgb {
    pub fn new(job: &Job) -> Fgb {
        Fgb { head: header(job), kinds: job.selection.fields.iter().map(|f| f.kind).collect() }
    }
}

fn header(job: &Job) -> Vec<u8> {
    let layer = &job.layer;
    let b = &mut FlatBufferBuilder::new();
    let column = |b: &mut FlatBufferBuilder, name: &str, title: Option<&str>, kind: Kind| {
        let (name, title) = (b.create_string(name), title.map(|t| b.create_string(t)));
        let start = b.start_table();
        b.push_slot_always(slot(0), name);
        b.push_slot_always(slot(1), column_type(kind));
        if let Some(title) = title {
            b.push_slot_always(slot(2), title);
        }
        b.end_table(start)
    };
    let mut columns = vec![column(b, &job.id_name(), None, Kind::Int8)];
    for field in &job.selection.fields {
        columns.push(column(b, &field.name, field.title.as_deref(), field.kind));
    }
    let columns = b.create_vector(&columns);
    let crs = job.is_spatial().then(|| {
        let org = b.create_string("EPSG");
        let start = b.start_table();
        b.push_slot_always(slot(0), org);
        b.push_slot(slot(1), job.selection.crs.srid, 0);
        b.end_table(start)
    });
    let name = b.create_string(&layer.id);
    let title = b.create_string(&layer.title);
    let description = layer.description.as_ref().map(|d| b.create_string(d));
    let geometry = layer.geometry.as_ref().filter(|_| job.is_spatial());
    let kind = match geometry.map(|g| g.r#type.as_str()) {
        Some("Point") => 1u8,
        Some("LineString") => 2,
        Some("Polygon") => 3,
        Some("MultiPoint") => 4,
        Some("MultiLineString") => 5,
        Some("MultiPolygon") => 6,
        Some("GeometryCollection") => 7,
        _ => 0,
    };
    let start = b.start_table();
    b.push_slot_always(slot(0), name);
    b.push_slot(slot(2), kind, 0u8);
    b.push_slot(slot(3), geometry.is_some_and(|g| g.z), false);
    b.push_slot(slot(4), geometry.is_some_and(|g| g.m), false);
    b.push_slot_always(slot(7), columns);
    // Zero: there is no index (its default is 16).
    b.push_slot(slot(9), 0u16, 16u16);
    if let Some(crs) = crs {
        b.push_slot_always(slot(10), crs);
    }
    b.push_slot_always(slot(11), title);
    if let Some(description) = description {
        b.push_slot_always(slot(12), description);
    }
    let root = b.end_table(start);
    b.finish_size_prefixed(root, None);
    [&MAGIC, b.finished_data()].concat()
}

impl Encode for Fgb {
    fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        thread_local! {
            static BUILDER: RefCell<FlatBufferBuilder<'static>> = RefCell::new(FlatBufferBuilder::new());
        }
        let shape = record.geometry.as_deref().map(shape::read).transpose()?;
        BUILDER.with_borrow_mut(|b| {
            b.reset();
            let geometry = shape.filter(|s| !s.is_empty()).map(|s| geometry(b, &s));
            let properties = b.create_vector(&self.properties(record));
            let start = b.start_table();
            if let Some(geometry) = geometry {
                b.push_slot_always(slot(0), geometry);
            }
            b.push_slot_always(slot(1), properties);
            let root = b.end_table(start);
            b.finish_size_prefixed(root, None);
            out.extend_from_slice(b.finished_data());
        });
        Ok(())
    }
}

impl Fgb {
    fn properties(&self, record: &Record) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 * record.values.len() + 16);
        out.extend_from_slice(&0u16.to_le_bytes());
        out.extend_from_slice(&record.fid.to_le_bytes());
        for (n, (value, kind)) in record.values.iter().zip(&self.kinds).enumerate() {
            if *value == Value::Null {
                continue;
            }
            out.extend_from_slice(&((n + 1) as u16).to_le_bytes());
            let bytes = |out: &mut Vec<u8>, bytes: &[u8]| {
                out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(bytes);
            };
            match (*value, kind) {
                (Value::Bool(v), _) => out.push(v.into()),
                (Value::Int(v), Kind::Int2) => out.extend_from_slice(&(v as i16).to_le_bytes()),
                (Value::Int(v), Kind::Int4) => out.extend_from_slice(&(v as i32).to_le_bytes()),
                (Value::Int(v), _) => out.extend_from_slice(&v.to_le_bytes()),
                (Value::Json(v), Kind::Float4) => {
                    out.extend_from_slice(&float4(v).to_le_bytes());
                }
                (Value::Double(v), _) => out.extend_from_slice(&v.to_le_bytes()),
                (Value::Text(v), Kind::Bytes) => bytes(&mut out, &decoded(v)),
                (Value::Text(v) | Value::Json(v), _) => bytes(&mut out, v.as_bytes()),
                (Value::Null, _) => {}
            }
        }
        out
    }
}

fn geometry(b: &mut FlatBufferBuilder<'static>, shape: &Shape) -> WIPOffset<UnionWIPOffset> {
    let kind = shape.kind.code();
    let (mut ends, mut flat) = (Vec::new(), Flat::default());
    match &shape.body {
        Body::Positions(positions) => flat.add(positions),
        Body::Rings(rings) => rings.iter().for_each(|ring| ends.push(flat.add_ending(ring))),
        Body::Parts(parts) if shape.kind == shape::Kind::MultiPoint || shape.kind == shape::Kind::MultiLineString => {
            for part in parts {
                if let Body::Positions(positions) = &part.body {
                    ends.push(flat.add_ending(positions));
                }
            }
        }
        Body::Parts(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| geometry(b, part)).collect();
            let parts = b.create_vector(&parts);
            let start = b.start_table();
            b.push_slot_always(slot(6), kind);
            b.push_slot_always(slot(7), parts);
            let end = b.end_table(start);
            return WIPOffset::new(end.value());
        }
    }
    // GDAL 3.6 asks them of lines of one part too.
    let has_ends = match shape.kind {
        shape::Kind::MultiLineString => true,
        shape::Kind::Polygon => ends.len() > 1,
        _ => false,
    };
    let ends = has_ends.then(|| b.create_vector(&ends));
    let xy = b.create_vector(&flat.xy);
    let z = shape.z.then(|| b.create_vector(&flat.z));
    let m = shape.m.then(|| b.create_vector(&flat.m));
    let start = b.start_table();
    if let Some(ends) = ends {
        b.push_slot_always(slot(0), ends);
    }
    b.push_slot_always(slot(1), xy);
    if let Some(z) = z {
        b.push_slot_always(slot(2), z);
    }
    if let Some(m) = m {
        b.push_slot_always(slot(3), m);
    }
    b.push_slot_always(slot(6), kind);
    let end = b.end_table(start);
    WIPOffset::new(end.value())
}

/// Positions axis by axis.
#[derive(Default)]
struct Flat {
    xy: Vec<f64>,
    z: Vec<f64>,
    m: Vec<f64>,
}

impl Flat {
    fn add(&mut self, positions: &Positions) {
        for (x, y, z, m) in positions.iter() {
            self.xy.extend([x, y]);
            self.z.extend(z);
            self.m.extend(m);
        }
    }

    /// How many positions there are once these are added.
    fn add_ending(&mut self, positions: &Positions) -> u32 {
        self.add(positions);
        (self.xy.len() / 2) as u32
    }
}
