//! Records of a shapefile (ESRI, 1998) on their way from those who write them, of whom there are several, to the one who puts
//! them into files: which files, the bounds, the shape, the cells.

use super::super::encode::Encode;
use super::super::rows::{Job, Record, Value, decoded, float4};
use super::super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::geo::ewkb::Reader;
use crate::schema::Kind;

/// What stands for no measure: less than -10^38.
const NO_MEASURE: f64 = -1e39;

/// Which files a record goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Nowhere,
    Point,
    MultiPoint,
    Line,
    Polygon,
}

impl Class {
    pub const ALL: [Class; 5] = [Class::Nowhere, Class::Point, Class::MultiPoint, Class::Line, Class::Polygon];

    /// The type of shapes; those with heights come ten, those with measures alone twenty after.
    pub fn code(self, z: bool, m: bool) -> i32 {
        let flat = match self {
            Class::Nowhere => return 0,
            Class::Point => 1,
            Class::Line => 3,
            Class::Polygon => 5,
            Class::MultiPoint => 8,
        };
        flat + if z { 10 } else { 20 * i32::from(m) }
    }
}

/// Least x, y, largest x, y; least and largest z, m.
pub type Bounds = [f64; 8];

pub const NO_BOUNDS: Bounds = {
    const MOST: f64 = f64::INFINITY;
    [MOST, MOST, -MOST, -MOST, MOST, -MOST, MOST, -MOST]
};

/// Which of the bounds are the least.
const IS_LEAST: [bool; 8] = [true, true, false, false, true, false, true, false];

pub fn union(a: &mut Bounds, b: &Bounds) {
    for (n, is_least) in IS_LEAST.into_iter().enumerate() {
        a[n] = if is_least { a[n].min(b[n]) } else { a[n].max(b[n]) };
    }
}

/// Writes records, one for each class of which a feature has something.
pub struct Records {
    kinds: Vec<Kind>,
    z: bool,
    m: bool,
}

impl Records {
    pub fn new(job: &Job) -> Records {
        let geometry = job.layer.geometry.as_ref();
        let kinds = job.selection.fields.iter().map(|f| f.kind).collect();
        Records { kinds, z: geometry.is_some_and(|g| g.z), m: geometry.is_some_and(|g| g.m) }
    }

    fn put(&self, class: Class, parts: &[Part], cells: &[u8], out: &mut Vec<u8>) {
        let mut flat = Flat::default();
        let starts: Vec<u32> = parts.iter().map(|part| flat.add(part)).collect();
        let bounds = flat.bounds();
        out.push(class as u8);
        bounds.iter().for_each(|b| out.extend(b.to_le_bytes()));
        let at = out.len();
        out.extend([0; 4]);
        out.extend(class.code(self.z, self.m).to_le_bytes());
        let many = |out: &mut Vec<u8>, numbers: &[f64]| numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
        match class {
            Class::Nowhere => {}
            Class::Point => {
                many(out, &flat.xy[..2]);
                if self.z {
                    many(out, &[flat.z.first().copied().unwrap_or(0.0)]);
                }
                if self.z || self.m {
                    many(out, &[flat.m.first().copied().unwrap_or(NO_MEASURE)]);
                }
            }
            _ => {
                many(out, &bounds[..4]);
                if class != Class::MultiPoint {
                    out.extend((parts.len() as u32).to_le_bytes());
                }
                out.extend((flat.xy.len() as u32 / 2).to_le_bytes());
                if class != Class::MultiPoint {
                    starts.iter().for_each(|start| out.extend(start.to_le_bytes()));
                }
                many(out, &flat.xy);
                if self.z {
                    many(out, &bounds[4..6]);
                    many(out, &flat.z);
                }
                if self.m {
                    many(out, &bounds[6..]);
                    many(out, &flat.m);
                }
            }
        }
        let size = (out.len() - at - 4) as u32;
        out[at..at + 4].copy_from_slice(&size.to_le_bytes());
        out.extend((cells.len() as u32).to_le_bytes());
        out.extend_from_slice(cells);
    }
}

impl Encode for Records {
    fn head(&self) -> Vec<u8> {
        Vec::new()
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        let mut cells = Vec::with_capacity(32 * (record.values.len() + 1));
        cell(Value::Int(record.fid), Kind::Int8, &mut cells);
        record.values.iter().zip(&self.kinds).for_each(|(value, kind)| cell(*value, *kind, &mut cells));
        let shape = record.geometry.as_deref().map(shape::read).transpose()?.filter(|s| !s.is_empty());
        let mut parts = Parts::default();
        if let Some(shape) = &shape {
            parts.sort(shape);
        }
        let points =
            if shape.as_ref().is_some_and(|s| s.kind == shape::Kind::Point) { Class::Point } else { Class::MultiPoint };
        for (class, parts) in [(points, &parts.points), (Class::Line, &parts.lines), (Class::Polygon, &parts.rings)] {
            if !parts.is_empty() {
                self.put(class, parts, &cells, out);
            }
        }
        if shape.is_none() {
            self.put(Class::Nowhere, &[], &cells, out);
        }
        Ok(())
    }
}

/// Positions, and whether they are written from the last to the first.
type Part<'a> = (Positions<'a>, bool);

/// What a geometry has of each kind.
#[derive(Default)]
struct Parts<'a> {
    points: Vec<Part<'a>>,
    lines: Vec<Part<'a>>,
    rings: Vec<Part<'a>>,
}

impl<'a> Parts<'a> {
    fn sort(&mut self, shape: &Shape<'a>) {
        match &shape.body {
            _ if shape.is_empty() => {}
            Body::Positions(positions) if shape.kind == shape::Kind::Point => self.points.push((*positions, false)),
            Body::Positions(positions) => self.lines.push((*positions, false)),
            // The outer ring goes clockwise, the others against it.
            Body::Rings(rings) => {
                self.rings.extend(rings.iter().enumerate().map(|(n, ring)| (*ring, (n == 0) == (turn(ring) > 0.0))));
            }
            Body::Parts(parts) => parts.iter().for_each(|part| self.sort(part)),
        }
    }
}

/// Twice the area of a ring; more than nothing where it goes against the clock.
fn turn(ring: &Positions) -> f64 {
    let mut corners = ring.xy();
    let Some([x0, y0]) = corners.next() else { return 0.0 };
    let (mut last, mut sum) = ([0.0, 0.0], 0.0);
    for [x, y] in corners {
        let here = [x - x0, y - y0];
        sum += last[0] * here[1] - here[0] * last[1];
        last = here;
    }
    sum
}

/// Positions axis by axis.
#[derive(Default)]
struct Flat {
    xy: Vec<f64>,
    z: Vec<f64>,
    m: Vec<f64>,
}

impl Flat {
    /// How many positions there were before.
    fn add(&mut self, (positions, backwards): &Part) -> u32 {
        let start = self.xy.len();
        for (x, y, z, m) in positions.iter() {
            self.xy.extend([x, y]);
            self.z.extend(z);
            self.m.extend(m);
        }
        if *backwards {
            let start = start / 2;
            self.xy[2 * start..].reverse();
            self.xy[2 * start..].chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
            let backwards = |axis: &mut Vec<f64>| {
                if !axis.is_empty() {
                    axis[start..].reverse()
                }
            };
            backwards(&mut self.z);
            backwards(&mut self.m);
        }
        (start / 2) as u32
    }

    fn bounds(&self) -> Bounds {
        let mut bounds = NO_BOUNDS;
        for at in self.xy.chunks_exact(2) {
            bounds[0] = bounds[0].min(at[0]);
            bounds[1] = bounds[1].min(at[1]);
            bounds[2] = bounds[2].max(at[0]);
            bounds[3] = bounds[3].max(at[1]);
        }
        for (axis, n) in [(&self.z, 4), (&self.m, 6)] {
            bounds[n] = axis.iter().copied().fold(bounds[n], f64::min);
            bounds[n + 1] = axis.iter().copied().fold(bounds[n + 1], f64::max);
        }
        bounds
    }
}

/// A value as the table has it, its length before it. What has no number is left empty.
fn cell(value: Value, kind: Kind, out: &mut Vec<u8>) {
    let at = out.len();
    out.extend([0; 4]);
    match (value, kind) {
        (Value::Bool(v), _) => out.push(b'0' + u8::from(v)),
        (Value::Double(v), _) if !v.is_finite() => {}
        (Value::Json(v), Kind::Float4) if !float4(v).is_finite() => {}
        (Value::Text(v), Kind::Date) if v.len() == 10 => out.extend(v.bytes().filter(u8::is_ascii_digit)),
        (Value::Text(v), Kind::Bytes) => decoded(v).iter().for_each(|b| out.extend(format!("{b:02x}").bytes())),
        (Value::Json(v), _) => out.extend_from_slice(v.as_bytes()),
        _ => value.plain(out),
    }
    let size = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&size.to_le_bytes());
}

/// A record as it arrives.
pub struct Arrived<'a> {
    pub class: Class,
    pub bounds: Bounds,
    /// As it stands in the file, without its number and length.
    pub content: &'a [u8],
    pub cells: &'a [u8],
}

impl<'a> Arrived<'a> {
    /// The first cell: the id, in digits.
    pub fn fid(&self) -> &'a [u8] {
        let mut cells = Reader(self.cells);
        cells.count().and_then(|size| cells.bytes(size as usize)).unwrap_or_default()
    }

    /// The record that `rest` begins with.
    pub fn read(rest: &mut Reader<'a>) -> Option<Arrived<'a>> {
        let [class] = rest.take()?;
        let mut bounds = NO_BOUNDS;
        for bound in &mut bounds {
            *bound = rest.number()?;
        }
        let size = rest.count()? as usize;
        let content = rest.bytes(size)?;
        let size = rest.count()? as usize;
        Some(Arrived { class: *Class::ALL.get(usize::from(class))?, bounds, content, cells: rest.bytes(size)? })
    }
}
