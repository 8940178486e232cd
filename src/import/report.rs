//! The account of an import: every source row is imported, mended or set aside, and the report says which and why.

use serde::Serialize;

use super::Options;
use super::frames::{Crs, Encoding, LayerStart, Note, Originals, SetAside};
use super::notes;
use super::package::structure::Conformance;
use super::publish::{Incoming, Source};
use crate::layer::raster::Raster;
use crate::quality::Summary;

/// Mended geometries that a report lists; `dothi.repair` has all of them.
pub const LISTED: usize = 1_000;
/// Notes of different texts that a report lists.
const NOTES: usize = 200;
/// The code of the note that stands for those beyond.
const MORE: &str = "more_notes";

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub layer: String,
    pub title: String,
    pub file: String,
    pub driver: String,
    pub source_layer: String,
    pub import: i64,
    pub version: i64,
    /// The number of the edition that the layer is now.
    pub edition: i32,
    /// What became of the rows of an import that adds to a layer.
    pub merged: Option<Merged>,
    pub dry_run: bool,
    pub crs: Option<Crs>,
    pub srid: Option<i32>,
    pub encoding: Encoding,
    /// Source rows read: the sum of `imported` and `set_aside`.
    pub read: u64,
    pub imported: u64,
    /// How many of the imported have a geometry that was mended.
    pub repaired: u64,
    pub set_aside: u64,
    /// In the layer's coordinates: least and greatest.
    pub extent: Option<[f64; 4]>,
    /// In degrees.
    pub bounds: Option<[f64; 4]>,
    /// How to get text back byte by byte, where any was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originals: Option<Originals>,
    /// Where a field has land-use codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub land_use: Option<LandUse>,
    /// Where the layer is a class of a planning package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conformance: Option<Conformance>,
    /// What is wrong in the layer, in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Summary>,
    /// Of a layer that is a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raster: Option<Raster>,
    pub notes: Vec<Note>,
    /// The first of the mended; `dothi export LAYER --repairs` gives all of them.
    pub repairs: Vec<Repair>,
    /// The first ones.
    #[serde(skip)]
    pub rows_set_aside: Vec<SetAside>,
}

/// Rows of an import that adds to a layer: new features, features that became others, and those that were so already.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Merged {
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// Labels of land use, held against the official lists. The labels themselves stay as they are.
#[derive(Debug, Clone, Serialize)]
pub struct LandUse {
    pub field: String,
    /// `2018` or `2024` where a code is in one of the lists only, `mixed` where both occur, `both` where all codes are in both.
    pub vocabulary: String,
    /// Rows with a label.
    pub labelled: u64,
    /// Rows with more than one code (`ONT+CLN`).
    pub combined: u64,
    /// How many rows have each official code.
    pub codes: Vec<Counted>,
    /// Labels with a code in no list; the most frequent hundred.
    pub unknown: Vec<Counted>,
    pub unknown_rows: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counted {
    pub value: String,
    pub count: u64,
}

/// A polygon that was mended: what was wrong, where (in the layer's coordinates), and its area before and after in m².
#[derive(Debug, Clone, Serialize)]
pub struct Repair {
    pub fid: i64,
    pub reason: String,
    /// The reason in Vietnamese.
    pub reason_vi: String,
    pub x: Option<f64>,
    pub y: Option<f64>,
    pub area_before: Option<f64>,
    pub area_after: Option<f64>,
}

impl Report {
    pub fn new(incoming: &Incoming, start: &LayerStart, source: &Source<'_>, options: &Options) -> Report {
        let mut report = Report {
            layer: incoming.id.clone(),
            title: incoming.title.clone(),
            file: source.file.to_string(),
            driver: source.driver.to_string(),
            source_layer: start.name.clone(),
            import: incoming.import,
            version: 0,
            edition: 0,
            merged: None,
            dry_run: options.dry_run,
            crs: start.crs.clone(),
            srid: incoming.srid,
            encoding: start.encoding.clone(),
            read: 0,
            imported: 0,
            repaired: 0,
            set_aside: 0,
            extent: None,
            bounds: None,
            originals: None,
            land_use: None,
            conformance: None,
            quality: None,
            raster: None,
            notes: Vec::new(),
            repairs: Vec::new(),
            rows_set_aside: Vec::new(),
        };
        source.notes.iter().chain(&start.notes).cloned().for_each(|n| report.note(n));
        for field in incoming.fields.iter().filter(|f| f.name != f.column) {
            report.note(notes::column_named(&field.name, &field.column));
        }
        report
    }

    /// Adds a note; of the same kind and text there is one, with a count. Beyond so many they are only counted.
    pub fn note(&mut self, note: Note) {
        let room = self.notes.len() < NOTES;
        match self.notes.iter_mut().find(|n| n.code == note.code && n.message == note.message) {
            Some(known) => known.count += note.count,
            None if room => self.notes.push(note),
            None => match self.notes.last_mut().filter(|last| last.code == MORE) {
                Some(more) => more.count += note.count,
                None => self.notes.push(Note { count: note.count, ..notes::more_notes() }),
            },
        }
    }

    /// Adds a part of what gives the text back.
    pub fn originals(&mut self, part: Originals) {
        match &mut self.originals {
            Some(known) => {
                known.exceptions.extend(part.exceptions);
                known.unlisted += part.unlisted;
            }
            None => self.originals = Some(part),
        }
    }

    /// Counts what was listed.
    pub fn count(&mut self) {
        self.set_aside = self.rows_set_aside.len() as u64;
    }
}
