//! The geometry of a whole layer: positions in an unlinked temporary file that is mapped, so that the kernel may take the
//! memory back; in memory some thirty bytes a feature and four a ring.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;

use super::wkb::{self, Run};
use crate::error::{Error, Result};

/// Positions of a layer that is checked (4.8 GB of temporary file); of a larger one, what comes after is left out and said.
const MOST: usize = 300_000_000;
/// Set in a ring's end: it is a hole.
const HOLE: u32 = 1 << 31;

/// What a feature is made of; the largest dimension counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dim {
    /// Nothing, or nothing that can be read.
    Empty,
    Point,
    Line,
    Polygon,
    /// Another geometry took its place.
    Replaced,
}

#[derive(Debug, Clone, Copy)]
struct Feature {
    fid: i64,
    /// Its first run.
    first: u32,
    dim: Dim,
}

/// Shapes under way into the file.
pub struct Writer {
    file: BufWriter<File>,
    written: usize,
    features: Vec<Feature>,
    /// Where each run ends among the positions.
    ends: Vec<u32>,
    /// Ids whose geometry was given anew, and which feature has it.
    replaced: HashMap<i64, usize>,
    bounds: [f64; 4],
    /// Features that were too many.
    left_out: u64,
    /// The file could not be written, and why.
    broken: Option<std::io::Error>,
}

impl Writer {
    pub fn new() -> Result<Writer> {
        Ok(Writer {
            file: BufWriter::with_capacity(1 << 18, unlinked().map_err(Error::io("open a temporary file"))?),
            written: 0,
            features: Vec::new(),
            ends: Vec::new(),
            replaced: HashMap::new(),
            bounds: [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
            left_out: 0,
            broken: None,
        })
    }

    /// Adds a feature; positions as they are, without the one that closes a ring.
    pub fn add(&mut self, fid: i64, ewkb: Option<&[u8]>) {
        let Some(ewkb) = ewkb else { return self.push(fid, self.ends.len(), Dim::Empty) };
        if self.written + ewkb.len() / 16 > MOST {
            self.left_out += 1;
            return;
        }
        let (first, before) = (self.ends.len(), self.written);
        let mut dim = Dim::Empty;
        let mut finite = true;
        let walked = wkb::walk(ewkb, &mut |run, positions| {
            let mut count = positions.count();
            if matches!(run, Run::Shell | Run::Hole) {
                count = count.saturating_sub(1);
            }
            if count == 0 {
                return;
            }
            dim = dim.max(match run {
                Run::Point => Dim::Point,
                Run::Line => Dim::Line,
                Run::Shell | Run::Hole => Dim::Polygon,
            });
            for p in positions.xy().take(count) {
                finite &= p[0].is_finite() && p[1].is_finite();
                let [w, s, e, n] = &mut self.bounds;
                (*w, *s, *e, *n) = (w.min(p[0]), s.min(p[1]), e.max(p[0]), n.max(p[1]));
                if let Err(e) = self.file.write_all(bytemuck::bytes_of(&p)) {
                    self.broken = Some(e);
                }
            }
            self.written += count;
            self.ends.push(self.written as u32 | if run == Run::Hole { HOLE } else { 0 });
        });
        // An empty point is NaN in EWKB.
        if walked.is_none() || !finite {
            dim = Dim::Empty;
        }
        if dim == Dim::Empty {
            self.ends.truncate(first);
            // Positions without a run stay where they are: the next run begins after them.
            if self.written > before {
                self.ends.push(self.written as u32);
            }
        }
        self.push(fid, first, dim);
    }

    fn push(&mut self, fid: i64, first: usize, dim: Dim) {
        self.features.push(Feature { fid, first: first as u32, dim });
    }

    /// The geometry that the feature has after all.
    pub fn replace(&mut self, fid: i64, ewkb: &[u8]) {
        self.replaced.insert(fid, self.features.len());
        self.add(fid, Some(ewkb));
    }

    pub fn finish(mut self) -> Result<Shapes> {
        if let Some(e) = self.broken {
            return Err(Error::io("write a temporary file")(e));
        }
        let file = self.file.into_inner().map_err(|e| Error::io("write a temporary file")(e.into_error()))?;
        for (at, feature) in self.features.iter_mut().enumerate() {
            if self.replaced.get(&feature.fid).is_some_and(|new| *new != at) {
                feature.dim = Dim::Replaced;
            }
        }
        // SAFETY: the file has no name, so nobody else can write or shorten it.
        let map = if self.written == 0 { None } else { Some(unsafe { Mmap::map(&file) }) };
        let map = map.transpose().map_err(Error::io("map a temporary file"))?;
        Ok(Shapes { map, features: self.features, ends: self.ends, bounds: self.bounds, left_out: self.left_out })
    }
}

/// A file that vanishes with the process, however it ends.
fn unlinked() -> std::io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!("dothi-quality-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Every shape of a layer, in the order they came in.
pub struct Shapes {
    map: Option<Mmap>,
    features: Vec<Feature>,
    ends: Vec<u32>,
    /// West, south, east, north in the layer's coordinates; infinite where there is nothing.
    pub bounds: [f64; 4],
    pub left_out: u64,
}

impl Shapes {
    /// Features, those that were replaced among them.
    pub fn count(&self) -> usize {
        self.features.len()
    }

    pub fn fid(&self, at: usize) -> i64 {
        self.features[at].fid
    }

    pub fn dim(&self, at: usize) -> Dim {
        self.features[at].dim
    }

    /// The runs of a feature: points, lines, or rings without the closing position; whether it is a hole.
    pub fn runs(&self, at: usize) -> impl Iterator<Item = (bool, &[[f64; 2]])> {
        let positions: &[[f64; 2]] = self.map.as_ref().map_or(&[], |map| bytemuck::cast_slice(map));
        let first = self.features[at].first as usize;
        let none = self.features[at].dim == Dim::Empty;
        let last = self.features.get(at + 1).map_or(self.ends.len(), |next| next.first as usize);
        (first..if none { first } else { last }).map(move |run| {
            let from = if run == 0 { 0 } else { self.ends[run - 1] & !HOLE };
            let end = self.ends[run];
            (end & HOLE != 0, &positions[from as usize..(end & !HOLE) as usize])
        })
    }
}
