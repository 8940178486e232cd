//! A layer's rows → COPY BINARY, one pass, nothing allocated per row beyond what GDAL does.
//!
//! Every row is accounted for: written, or set aside with the reason. Nothing is truncated, dropped or replaced.

use gdal_sys as sys;
use sys::OGRFieldType as oft;

use super::copy::{self, Moment, Row};
use super::fields::Column;
use super::ogr::{Feature, Layer, bytes};
use super::originals::Originals;
use super::out::Out;
use super::text::Decoder;
use super::validity::{NOWHERE, Rings, around};
use super::{errors, shape, typing, xy};
use crate::error::{Error, Result};
use crate::import::frames::{Event, Note, SetAside};
use crate::import::notes;
use crate::schema::{Geometry, Kind};

/// More suspects than this are not listed.
const SUSPECTS: usize = 100_000;
/// Bytes of values and geometry that are kept of one row that is set aside, which leaves room for the rest of its frame;
/// and of all of a layer's: the parent holds them until they are stored.
const ASIDE: usize = 256 << 10;
const ALL_ASIDE: usize = 64 << 20;
/// OIDs of element types (pg_type.dat).
const INT8: i32 = 20;
const INT4: i32 = 23;
const TEXT: i32 = 25;
const FLOAT8: i32 = 701;

/// What is known about a layer when its rows are read.
pub struct Target<'a> {
    pub name: &'a str,
    pub columns: &'a [Column],
    pub geometry: Option<&'a Geometry>,
    pub srid: i32,
    /// Rows that are wanted.
    pub most: u64,
    pub decoder: Decoder,
    pub fid_from_source: bool,
    /// The columns that points are made of.
    pub xy: Option<xy::Columns>,
    /// x and y are exchanged on the way.
    pub swap_xy: bool,
    /// Heights and measures are left out.
    pub drop_z: bool,
}

#[derive(Default)]
struct Counts {
    composed: u64,
    linearised: u64,
    faceted: u64,
    raised: u64,
    flattened: u64,
}

struct Writer<'a> {
    target: &'a Target<'a>,
    row: Row,
    ewkb: Vec<u8>,
    scratch: String,
    rings: Rings,
    counts: Counts,
    originals: Originals,
    /// What may still be kept of rows that are set aside.
    aside: usize,
}

/// Streams a layer: data frames, what is set aside, and the end.
pub fn read(layer: &Layer, target: &Target, out: &mut Out) -> Result<()> {
    let (row, ewkb, scratch, rings) = (Row::default(), Vec::new(), String::new(), Rings::default());
    let originals = Originals::new(target.decoder);
    let mut writer =
        Writer { target, row, ewkb, scratch, rings, counts: Counts::default(), originals, aside: ALL_ASIDE };
    let (mut read, mut written, mut set_aside) = (0u64, 0u64, 0u64);
    let (mut suspects, mut all_suspect) = (Vec::new(), false);
    let mut extent = NOWHERE;
    out.data(copy::HEADER)?;
    layer.rewind();
    while read < target.most {
        let failures = errors::failures();
        let Some(feature) = layer.next() else {
            if errors::failures() > failures {
                let cause = errors::take_cause().unwrap_or_default();
                let message =
                    format!("layer `{}` ends after {read} rows because the file is broken there: {cause}", target.name);
                return Err(Error::Unreadable(message));
            }
            break;
        };
        read += 1;
        let fid = if target.fid_from_source { feature.fid() } else { read as i64 };
        let built = match errors::failures() > failures {
            true => Err(format!("GDAL cannot read the row: {}", errors::take_cause().unwrap_or_default())),
            false => writer.build(&feature, fid),
        };
        match built {
            Ok(suspect) => {
                out.data(writer.row.bytes())?;
                written += 1;
                extent = around(extent, writer.rings.extent);
                match suspect {
                    true if suspects.len() < SUSPECTS => suspects.push(fid),
                    true => all_suspect = true,
                    false => {}
                }
            }
            Err(reason) => {
                set_aside += 1;
                out.event(&Event::SetAside(writer.set_aside(&feature, fid, reason)))?;
            }
        }
        out.progress("read", read)?;
    }
    out.data(&copy::TRAILER)?;
    out.flush()?;
    for note in writer.notes().into_iter().chain(errors::take()) {
        out.event(&Event::Note(note))?;
    }
    let names: Vec<String> = target.columns.iter().map(|c| c.field.name.clone()).collect();
    writer.originals.tell(&names, out)?;
    if all_suspect {
        suspects.clear();
    }
    let fid_from_source = target.fid_from_source;
    let extent = (extent[0] <= extent[2]).then_some(extent);
    out.event(&Event::LayerEnd { read, written, set_aside, fid_from_source, suspects, all_suspect, extent })
}

impl Writer<'_> {
    /// Builds the row; whether its polygons are suspect, or why it cannot be stored.
    fn build(&mut self, feature: &Feature, fid: i64) -> Result<bool, String> {
        let columns = self.target.columns.len() + 1 + usize::from(self.target.geometry.is_some());
        self.row.start(columns);
        self.row.value(&fid.to_be_bytes());
        let suspect = match self.target.geometry {
            Some(column) => self.geometry(feature, column)?,
            None => false,
        };
        for (at, column) in self.target.columns.iter().enumerate() {
            if feature.is_null(column.index) {
                self.row.null();
                continue;
            }
            self.value(feature, column, (fid, at))
                .map_err(|reason| format!("field `{}`: {reason}", column.field.name))?;
        }
        Ok(suspect)
    }

    fn geometry(&mut self, feature: &Feature, column: &Geometry) -> Result<bool, String> {
        self.rings.clear();
        if let Some(xy) = &self.target.xy {
            match xy.point(feature, &self.target.decoder)? {
                Some((x, y)) => {
                    let (x, y) = if self.target.swap_xy { (y, x) } else { (x, y) };
                    self.rings.extent = [x, y, x, y];
                    self.row.value(&shape::point(x, y, self.target.srid));
                }
                None => self.row.null(),
            }
            return Ok(false);
        }
        let Some(geometry) = feature.geometry() else {
            self.row.null();
            return Ok(false);
        };
        // SAFETY: the geometry belongs to the feature, which is alive and ours.
        unsafe {
            if self.target.swap_xy {
                sys::OGR_G_SwapXY(geometry);
            }
            if self.target.drop_z && (sys::OGR_G_Is3D(geometry) != 0 || sys::OGR_G_IsMeasured(geometry) != 0) {
                sys::OGR_G_FlattenTo2D(geometry);
                self.counts.flattened += 1;
            }
        }
        let changed = shape::storable(geometry);
        let storable = changed.as_ref().map_or(geometry, |(owned, _)| owned.0);
        let written = shape::write(storable, column, self.target.srid, &mut self.rings, &mut self.ewkb)?;
        match changed {
            Some((_, shape::Change::Linearised)) => self.counts.linearised += 1,
            Some((_, shape::Change::Faceted)) => self.counts.faceted += 1,
            Some((_, shape::Change::Same)) | None => {}
        }
        self.counts.raised += u64::from(written.raised);
        self.row.value(&self.ewkb);
        Ok(written.suspect)
    }

    // SAFETY for this block: the feature is alive, the index is of its own layer, and the function is the one for the
    // field's type; lists that GDAL lends are read before the next call.
    fn value(&mut self, feature: &Feature, column: &Column, at: (i64, usize)) -> Result<(), String> {
        let (i, kind, row) = (column.index, column.field.kind, &mut self.row);
        let fits = |fits: bool, value: &dyn std::fmt::Display| match fits {
            true => Ok(()),
            false => Err(format!("`{value}` does not fit {}", kind.sql())),
        };
        match column.source {
            oft::OFTInteger | oft::OFTInteger64 => {
                let value = unsafe { sys::OGR_F_GetFieldAsInteger64(feature.0, i) };
                fits(row.integer(kind, value), &value)
            }
            oft::OFTReal => {
                row.float(kind, unsafe { sys::OGR_F_GetFieldAsDouble(feature.0, i) });
                Ok(())
            }
            oft::OFTDate | oft::OFTTime | oft::OFTDateTime if kind != Kind::Text => {
                let moment = moment(feature, i);
                let done = match (kind, moment.has_zone()) {
                    (Kind::Date, _) => moment.days().map(|days| row.value(&days.to_be_bytes())),
                    (Kind::Time, _) => moment.micros().map(|micros| row.value(&micros.to_be_bytes())),
                    // A zone where none was seen before, or none where all had one: storing it would change it.
                    (Kind::Timestamp, true) | (Kind::Timestamptz, false) => None,
                    _ => moment.timestamp().map(|micros| row.value(&micros.to_be_bytes())),
                };
                fits(done.is_some(), &String::from_utf8_lossy(feature.text(i)))
            }
            oft::OFTBinary => {
                let mut length = 0;
                let value = unsafe { sys::OGR_F_GetFieldAsBinary(feature.0, i, &mut length) };
                let empty = value.is_null() || length <= 0;
                row.value(if empty { &[] } else { unsafe { std::slice::from_raw_parts(value, length as usize) } });
                Ok(())
            }
            oft::OFTIntegerList => {
                let list = unsafe { list(feature, i, sys::OGR_F_GetFieldAsIntegerList) };
                row.array(INT4, list.iter().map(|v| v.to_be_bytes()));
                Ok(())
            }
            oft::OFTInteger64List => {
                let list = unsafe { list(feature, i, sys::OGR_F_GetFieldAsInteger64List) };
                row.array(INT8, list.iter().map(|v| v.to_be_bytes()));
                Ok(())
            }
            oft::OFTRealList => {
                let list = unsafe { list(feature, i, sys::OGR_F_GetFieldAsDoubleList) };
                row.array(FLOAT8, list.iter().map(|v| v.to_be_bytes()));
                Ok(())
            }
            oft::OFTStringList => {
                let items = unsafe { strings(feature, i) };
                let decoded: Option<Vec<String>> = items.iter().map(|item| self.target.decoder.string(item)).collect();
                let decoded = decoded.ok_or_else(|| self.undecodable())?;
                self.row.array(TEXT, decoded.iter());
                Ok(())
            }
            _ => self.text(feature, column, at),
        }
    }

    fn text(&mut self, feature: &Feature, column: &Column, (fid, at): (i64, usize)) -> Result<(), String> {
        let raw = feature.text(column.index);
        let Some((text, composed)) = self.target.decoder.text(raw, &mut self.scratch) else {
            return Err(self.undecodable());
        };
        self.counts.composed += u64::from(composed);
        if !raw.is_ascii() || raw != text.as_bytes() {
            self.originals.see(fid, at, raw, text);
        }
        let row = &mut self.row;
        let done = match column.field.kind {
            // CSV: the survey has seen that every value is a number or a date.
            Kind::Int8 => typing::integer(text).map(|v| row.value(&v.to_be_bytes())),
            Kind::Float8 => typing::real(text).map(|v| row.value(&v.to_be_bytes())),
            Kind::Date => typing::date(text)
                .and_then(|(year, month, day)| Moment { year, month, day, ..Moment::default() }.days())
                .map(|days| row.value(&days.to_be_bytes())),
            Kind::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).ok().map(|_| row.value(text.as_bytes())),
            _ if text.contains('\0') => {
                return Err("a NUL in the text, which PostgreSQL cannot store".into());
            }
            _ => {
                row.value(text.as_bytes());
                Some(())
            }
        };
        done.ok_or_else(|| format!("`{text}` does not fit {}", column.field.kind.sql()))
    }

    fn undecodable(&self) -> String {
        format!("bytes that are no {} text", self.target.decoder.encoding.name())
    }

    fn set_aside(&mut self, feature: &Feature, row: i64, reason: String) -> SetAside {
        let mut left = ASIDE.min(self.aside);
        let mut attributes = serde_json::Map::new();
        for column in self.target.columns {
            let value = if feature.is_null(column.index) {
                serde_json::Value::Null
            } else {
                let raw = feature.text(column.index);
                let raw = &raw[..raw.len().min(left)];
                left -= raw.len();
                self.target.decoder.string(raw).unwrap_or_else(|| format!("\\x{}", super::hex(raw))).into()
            };
            left = left.saturating_sub(column.field.name.len());
            attributes.insert(column.field.name.clone(), value);
        }
        let wkb_hex = feature.geometry().and_then(|geometry| shape::hex(geometry, self.aside));
        let used = ASIDE.min(self.aside) - left + wkb_hex.as_ref().map_or(0, String::len);
        if used >= self.aside {
            self.aside = 0;
            let reason = format!("{reason}; its values are not kept, because those of too many rows are");
            return SetAside { row, reason, attributes: serde_json::Map::new(), wkb_hex: None };
        }
        self.aside -= used;
        SetAside { row, reason, attributes, wkb_hex }
    }

    fn notes(&self) -> Vec<Note> {
        let counts = &self.counts;
        let heights = self.target.geometry.is_some_and(|g| g.z);
        [
            (notes::nfc_normalised(), counts.composed),
            (notes::curves_linearised(), counts.linearised),
            (notes::surfaces_to_polygons(), counts.faceted),
            (notes::heights_added(), counts.raised),
            (notes::heights_dropped(), counts.flattened),
            (notes::heights_kept(), u64::from(heights)),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(note, count)| Note { count, ..note })
        .collect()
    }
}

/// A date, time or both, as GDAL holds it.
pub fn moment(feature: &Feature, i: i32) -> Moment {
    let mut m = Moment::default();
    // SAFETY: seven places to write to, alive for the call; the field is of a date or time type.
    unsafe {
        sys::OGR_F_GetFieldAsDateTimeEx(
            feature.0,
            i,
            &mut m.year,
            &mut m.month,
            &mut m.day,
            &mut m.hour,
            &mut m.minute,
            &mut m.second,
            &mut m.zone,
        );
    }
    m
}

type GetList<T> = unsafe extern "C" fn(sys::OGRFeatureH, i32, *mut i32) -> *const T;

/// # Safety
/// The field has the type that `get` is for; the list lives as long as the feature's value.
unsafe fn list<T>(feature: &Feature, i: i32, get: GetList<T>) -> &[T] {
    let mut count = 0;
    unsafe {
        let values = get(feature.0, i, &mut count);
        if values.is_null() || count <= 0 { &[] } else { std::slice::from_raw_parts(values, count as usize) }
    }
}

/// # Safety
/// The field is a list of strings.
unsafe fn strings(feature: &Feature, i: i32) -> Vec<&[u8]> {
    let mut out = Vec::new();
    unsafe {
        let mut at = sys::OGR_F_GetFieldAsStringList(feature.0, i);
        while !at.is_null() && !(*at).is_null() {
            out.push(bytes(*at));
            at = at.add(1);
        }
    }
    out
}
