//! What must be known about a layer before its first row is written: geometry types, text, zones, where it lies.
//!
//! The column's type modifier must hold for every row or COPY fails as a whole, so unless the format itself settles it,
//! all geometries are looked at once, without attributes.

use gdal_sys as sys;
use sys::{OGRFieldType as oft, OGRwkbGeometryType as wkb};

use super::ogr::{Feature, Layer, RawField};
use super::out::{Out, endless};
use super::typing::Typing;
use super::{rows, shape};
use crate::error::Result;
use crate::import::frames::Action;
use crate::schema::{Geometry, Kind};

/// Rows whose attributes are looked at, where the text itself is judged elsewhere or is Unicode by the format.
const ROWS: u64 = 2000;
/// Rows looked at for an inspection, whatever the format.
const INSPECTED: u64 = 100_000;
const TEXTS: usize = 5000;
const POINTS: usize = 500;
const SAMPLES: usize = 5;
pub const SAMPLE_BYTES: usize = 200;

#[derive(Default)]
pub struct Survey {
    pub count: Option<u64>,
    pub extent: Option<[f64; 4]>,
    pub geometry: Option<Geometry>,
    pub shape: Option<&'static str>,
    pub kinds: Vec<Kind>,
    /// Centres of the first geometries.
    pub points: Vec<(f64, f64)>,
    /// Values with letters beyond ASCII, as GDAL hands them over.
    pub text: Vec<Vec<u8>>,
    /// The first different values of each field, as GDAL hands them over.
    pub samples: Vec<Vec<Vec<u8>>>,
    /// Ids do not simply count from 0.
    pub own_ids: bool,
}

/// Looks at a layer; leaves it rewound.
pub fn survey(
    layer: &Layer,
    driver: &str,
    raw: &[RawField],
    kinds: Vec<Kind>,
    action: Action,
    out: &mut Out,
) -> Result<Survey> {
    let declared = layer.geometry_type();
    let mut seen = Seen {
        kinds,
        samples: vec![Vec::new(); raw.len()],
        typings: vec![Typing::default(); raw.len()],
        no_json: vec![false; raw.len()],
        zones: vec![(false, false); raw.len()],
        ..Seen::default()
    };
    let every = matches!(driver, "CSV" | "MapInfo File" | "DXF") || seen.kinds.contains(&Kind::Json);
    let rows = match action {
        Action::Read if every => u64::MAX,
        Action::Inspect if every => INSPECTED,
        _ => ROWS,
    };
    let most = out.most_rows(raw.len());
    let mut complete = pass(layer, (rows, most), out, |feature| {
        seen.attributes(feature, raw);
        seen.geometry(feature);
    })?;
    let settled = declared == wkb::wkbNone || by_format(driver, declared).is_some();
    if !complete && !settled {
        seen.shapes = Shapes::default();
        layer.geometry_only(true);
        let rows = if action == Action::Read { u64::MAX } else { INSPECTED };
        complete = pass(layer, (rows, most), out, |feature| seen.geometry(feature))?;
        layer.geometry_only(false);
    }
    Ok(seen.told(layer, driver, declared, complete, settled))
}

/// Hands each of the first `rows` features to `look`; whether the end was reached. More than `most` there cannot be.
fn pass(layer: &Layer, (rows, most): (u64, u64), out: &mut Out, mut look: impl FnMut(&Feature)) -> Result<bool> {
    layer.rewind();
    let mut n = 0;
    let mut ended = false;
    while n < rows {
        let Some(feature) = layer.next() else {
            ended = true;
            break;
        };
        look(&feature);
        n += 1;
        if n > most {
            return Err(endless());
        }
        out.progress("survey", n)?;
    }
    layer.rewind();
    Ok(ended)
}

/// A shapefile says what its geometries are, but not whether parts are single or multiple.
fn by_format(driver: &str, declared: wkb::Type) -> Option<Geometry> {
    // SAFETY: arithmetic on type codes.
    let (flat, z, m) =
        unsafe { (sys::OGR_GT_Flatten(declared), sys::OGR_GT_HasZ(declared) != 0, sys::OGR_GT_HasM(declared) != 0) };
    let name = match flat {
        _ if driver != "ESRI Shapefile" => return None,
        wkb::wkbPoint => "Point",
        wkb::wkbMultiPoint => "MultiPoint",
        wkb::wkbLineString | wkb::wkbPolygon => "Geometry",
        _ => return None,
    };
    Some(Geometry { r#type: name.into(), z, m })
}

fn shape_of(flat: wkb::Type) -> &'static str {
    match flat {
        wkb::wkbPoint | wkb::wkbMultiPoint => "point",
        wkb::wkbLineString | wkb::wkbMultiLineString => "line",
        wkb::wkbPolygon | wkb::wkbMultiPolygon => "polygon",
        _ => "mixed",
    }
}

#[derive(Default)]
struct Shapes {
    rows: u64,
    types: std::collections::BTreeSet<wkb::Type>,
    z: bool,
    m: bool,
    extent: Option<[f64; 4]>,
    own_ids: bool,
}

#[derive(Default)]
struct Seen {
    kinds: Vec<Kind>,
    shapes: Shapes,
    points: Vec<(f64, f64)>,
    text: Vec<Vec<u8>>,
    samples: Vec<Vec<Vec<u8>>>,
    typings: Vec<Typing>,
    /// Fields with a value that is no JSON, though GDAL says so: it does for a mix of objects and plain texts.
    no_json: Vec<bool>,
    /// For each field: values with a zone, values without.
    zones: Vec<(bool, bool)>,
}

impl Seen {
    fn attributes(&mut self, feature: &Feature, raw: &[RawField]) {
        for (i, field) in raw.iter().enumerate() {
            let index = i as i32;
            if feature.is_null(index) {
                continue;
            }
            match field.r#type {
                oft::OFTDateTime => match rows::moment(feature, index).has_zone() {
                    true => self.zones[i].0 = true,
                    false => self.zones[i].1 = true,
                },
                oft::OFTString if self.kinds[i] == Kind::Json => {
                    self.no_json[i] |= serde_json::from_slice::<serde::de::IgnoredAny>(feature.text(index)).is_err();
                }
                oft::OFTString => self.typings[i].see(feature.text(index)),
                _ => {}
            }
            let samples = &mut self.samples[i];
            let wanted = samples.len() < SAMPLES;
            if !wanted && !matches!(field.r#type, oft::OFTString | oft::OFTStringList) {
                continue;
            }
            let value = feature.text(index);
            if wanted && !value.is_empty() && !samples.iter().any(|s| s == value) {
                samples.push(value[..value.len().min(SAMPLE_BYTES)].to_vec());
            }
            if !value.is_ascii() && self.text.len() < TEXTS {
                self.text.push(value.to_vec());
            }
        }
    }

    fn geometry(&mut self, feature: &Feature) {
        let shapes = &mut self.shapes;
        shapes.own_ids |= u64::try_from(feature.fid()) != Ok(shapes.rows);
        shapes.rows += 1;
        let Some(geometry) = feature.geometry() else {
            return;
        };
        shapes.types.insert(shape::will_be(geometry));
        let mut e = sys::OGREnvelope { MinX: 0.0, MaxX: 0.0, MinY: 0.0, MaxY: 0.0 };
        // SAFETY: the geometry belongs to the feature, which is alive.
        unsafe {
            let has = shape::dimensions(geometry);
            shapes.z |= has.z;
            shapes.m |= has.m;
            if sys::OGR_G_IsEmpty(geometry) != 0 {
                return;
            }
            sys::OGR_G_GetEnvelope(geometry, &mut e);
        }
        if [e.MinX, e.MinY, e.MaxX, e.MaxY].iter().any(|v| !v.is_finite()) {
            return;
        }
        let [w, s, east, n] = shapes.extent.unwrap_or([e.MinX, e.MinY, e.MaxX, e.MaxY]);
        shapes.extent = Some([w.min(e.MinX), s.min(e.MinY), east.max(e.MaxX), n.max(e.MaxY)]);
        if self.points.len() < POINTS {
            self.points.push(((e.MinX + e.MaxX) / 2.0, (e.MinY + e.MaxY) / 2.0));
        }
    }

    fn told(self, layer: &Layer, driver: &str, declared: wkb::Type, complete: bool, settled: bool) -> Survey {
        let shapes = self.shapes;
        let mut kinds = self.kinds;
        for (i, kind) in kinds.iter_mut().enumerate() {
            *kind = match (*kind, self.zones[i]) {
                (Kind::Timestamp, (true, false)) => Kind::Timestamptz,
                // Some with a zone, some without: only as text do both stay what they are.
                (Kind::Timestamp, (true, true)) => Kind::Text,
                (Kind::Json, _) if self.no_json[i] => Kind::Text,
                (Kind::Text, _) if driver == "CSV" && complete => self.typings[i].kind(),
                (kind, _) => kind,
            };
        }
        // SAFETY: arithmetic on type codes.
        let flat = shape::stored_type(unsafe { sys::OGR_GT_Flatten(declared) });
        let seen: Vec<wkb::Type> = shapes.types.iter().copied().collect();
        let shape = match seen.as_slice() {
            _ if declared == wkb::wkbNone => None,
            [] => Some(shape_of(flat)),
            [first, rest @ ..] if rest.iter().all(|t| shape_of(*t) == shape_of(*first)) => Some(shape_of(*first)),
            _ => Some("mixed"),
        };
        let learnt = || {
            let name = match seen.as_slice() {
                [] => shape::name(flat),
                [one] => shape::name(*one),
                _ => None,
            };
            Geometry { r#type: name.unwrap_or("Geometry").into(), z: shapes.z, m: shapes.m }
        };
        let geometry =
            (declared != wkb::wkbNone).then(|| by_format(driver, declared).filter(|_| settled).unwrap_or_else(learnt));
        Survey {
            count: if complete { Some(shapes.rows) } else { layer.count() },
            extent: layer.extent().or(shapes.extent.filter(|_| complete)).filter(|_| geometry.is_some()),
            geometry,
            shape,
            kinds,
            points: self.points,
            text: self.text,
            samples: self.samples,
            own_ids: shapes.own_ids,
        }
    }
}
