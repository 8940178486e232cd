//! A layer as tiles are made from it: one read-only, memory-mapped file, built from PostGIS and disposable.

pub mod build; // rows to file
pub mod format; // sections of the file
pub mod index; // boxes and order
pub mod levels; // what is drawn at which zoom
pub mod low; // zooms below the features' own
pub mod source; // rows of PostGIS
pub mod values; // attribute values

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::coverage::Class;
use super::grid::{Box2, Grid, Point};
use super::live::marks::{Mark, Marks};
use super::slice::encode::{Local, read_varint, unzigzag};
use super::wkb::{Kind, ShapeRef};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::schema::{self, Field};
use format::{Part, Sections};
pub use low::CoverEntry;

/// What a snapshot is of. Another recipe means another snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    pub layer: String,
    /// The layer's own mark in the catalog, which no namesake has.
    pub identity: String,
    pub srid: i32,
    /// Fields in catalog order, without those that tiles cannot carry.
    pub fields: Vec<Field>,
    pub class_field: Option<usize>,
    pub label_field: Option<usize>,
    /// The administrator's choice of the zoom from which features are drawn one by one.
    pub detail_zoom: Option<u8>,
}

impl Recipe {
    pub fn of(layer: &Layer) -> Option<Recipe> {
        let (_, srid) = layer.spatial()?;
        let fields = layer.fields.iter().filter(|f| f.kind != schema::Kind::Bytes);
        // Titles are for people; tiles have none.
        let fields: Vec<Field> = fields.map(|f| Field { title: None, ..f.clone() }).collect();
        let place = |name: &Option<String>| fields.iter().position(|f| Some(&f.name) == name.as_ref());
        Some(Recipe {
            layer: layer.id.clone(),
            identity: layer.identity.clone(),
            srid,
            class_field: place(&layer.class_field),
            label_field: place(&layer.label_field),
            detail_zoom: layer.detail_zoom,
            fields,
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Meta {
    pub recipe: Recipe,
    /// The layer's version that the file holds.
    pub version: i64,
    /// The version at which the layer was last replaced as a whole, as far as tiles are concerned.
    pub epoch: i64,
    pub bits: u32,
    pub origin: [i64; 2],
    /// From this zoom on features are drawn one by one.
    pub detail: u8,
    /// The last zoom with prepared bodies.
    pub deep: u8,
    pub shared_values: u32,
}

/// Points whose common box is known, so that a long border far from a tile is passed over.
pub const CHUNK: usize = 64;

pub struct Snapshot {
    pub meta: Meta,
    pub grid: Grid,
    pub marks: Marks,
    sections: Sections,
    ranges: Ranges,
    bodies: Vec<(Range<usize>, Range<usize>)>,
}

struct Ranges {
    fids: Range<usize>,
    by_fid: Range<usize>,
    kinds: Range<usize>,
    boxes: Range<usize>,
    nodes: Range<usize>,
    first_run: Range<usize>,
    run_ends: Range<usize>,
    points: Range<usize>,
    chunks: Range<usize>,
    tags: Range<usize>,
    value_ends: Range<usize>,
    values: Range<usize>,
    labels: Range<usize>,
    classes: Range<usize>,
}

/// A prepared body, read.
pub struct BodyRef<'a> {
    pub head: u32,
    /// From the rounded corner of the feature's box.
    pub first: Local,
    pub rest: &'a [u8],
}

/// What is prepared of a feature at a zoom.
pub enum Prepared<'a> {
    Body(BodyRef<'a>),
    /// Too small to be drawn.
    Nothing,
    /// Too wide to be kept; to be made from its points.
    Not,
}

impl Snapshot {
    pub fn open(path: &Path) -> Result<Snapshot> {
        let sections = Sections::open(path)?;
        let meta: Meta = serde_json::from_slice(sections.get(Part::Meta, 0))?;
        let range = |part| sections.range(part, 0);
        let ranges = Ranges {
            fids: range(Part::Fids),
            by_fid: range(Part::ByFid),
            kinds: range(Part::Kinds),
            boxes: range(Part::Boxes),
            nodes: range(Part::Nodes),
            first_run: range(Part::FirstRun),
            run_ends: range(Part::RunEnds),
            points: range(Part::Points),
            chunks: range(Part::Chunks),
            tags: range(Part::Tags),
            value_ends: range(Part::ValueEnds),
            values: range(Part::Values),
            labels: range(Part::Labels),
            classes: range(Part::Classes),
        };
        let bodies =
            (0..=meta.deep).map(|z| (sections.range(Part::BodyEnds, z), sections.range(Part::Bodies, z))).collect();
        let grid = Grid::at(meta.origin, meta.bits);
        let marks = Marks::restore(meta.epoch, sections.get::<Mark>(Part::Marks, 0));
        let snapshot = Snapshot { meta, grid, marks, sections, ranges, bodies };
        let n = snapshot.len();
        let sound = snapshot.boxes().len() == n
            && snapshot.items::<u32>(&snapshot.ranges.first_run).len() == n + 1
            && snapshot.items::<u32>(&snapshot.ranges.tags).len() == n * snapshot.meta.recipe.fields.len();
        if sound { Ok(snapshot) } else { Err(Error::Internal("the sections of a snapshot do not fit together".into())) }
    }

    fn items<T: bytemuck::Pod>(&self, range: &Range<usize>) -> &[T] {
        self.sections.items(range.clone())
    }

    /// Features, in Hilbert order.
    pub fn len(&self) -> usize {
        self.ranges.fids.len() / 8
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.fids.is_empty()
    }

    /// Bytes of the file.
    pub fn size(&self) -> usize {
        self.sections.size()
    }

    /// The place of the feature with this id.
    pub fn find(&self, fid: i64) -> Option<usize> {
        let (by_fid, fids) = (self.items::<u32>(&self.ranges.by_fid), self.items::<i64>(&self.ranges.fids));
        let at = by_fid.binary_search_by_key(&fid, |i| fids[*i as usize]).ok()?;
        Some(by_fid[at] as usize)
    }

    pub fn kind(&self, i: usize) -> Kind {
        self.view(0).kind(i)
    }

    pub fn boxes(&self) -> &[Box2] {
        self.items(&self.ranges.boxes)
    }

    /// Calls `hit` with each feature whose box touches the window.
    pub fn search(&self, window: Box2, hit: impl FnMut(usize)) {
        index::search(self.boxes(), self.items(&self.ranges.nodes), window, hit);
    }

    /// Whether a feature's box touches the window.
    pub fn any(&self, window: Box2) -> bool {
        index::any(self.boxes(), self.items(&self.ranges.nodes), window)
    }

    pub fn shape(&self, i: usize) -> ShapeRef<'_> {
        let (first, ends) = (self.items::<u32>(&self.ranges.first_run), self.items::<u32>(&self.ranges.run_ends));
        let runs = first[i] as usize..first[i + 1] as usize;
        let from = if runs.start == 0 { 0 } else { ends[runs.start - 1] };
        let ends = &ends[runs];
        let to = ends.last().copied().unwrap_or(from);
        ShapeRef {
            kind: self.kind(i),
            points: &self.items::<Point>(&self.ranges.points)[from as usize..to as usize],
            ends,
            first: from,
            bounds: self.boxes()[i],
        }
    }

    /// The boxes of every [`CHUNK`] points, counted from the first point of the first feature.
    pub fn chunks(&self) -> &[Box2] {
        self.items(&self.ranges.chunks)
    }

    /// The numbers of the feature's values, a field each; [`values::NULL`] where there is none.
    pub fn tags(&self, i: usize) -> &[u32] {
        self.view(0).tags(i)
    }

    /// A value as an MVT field, ready to be copied.
    pub fn value(&self, id: u32) -> &[u8] {
        self.view(0).value(id)
    }

    /// Where a polygon's label stands.
    pub fn label(&self, i: usize) -> Option<Point> {
        self.items::<Point>(&self.ranges.labels).get(i).copied()
    }

    /// The value of the class field that a class of the low zooms stands for; none for "no value".
    pub fn class_value(&self, class: Class) -> Option<u32> {
        let value = *self.items::<u32>(&self.ranges.classes).get(usize::from(class).checked_sub(1)?)?;
        (value != values::NULL).then_some(value)
    }

    /// How many classes there are.
    pub fn classes(&self) -> &[u32] {
        self.items(&self.ranges.classes)
    }

    /// What making a tile of zoom `z` looks at for every feature, found once.
    pub fn view(&self, z: u8) -> View<'_> {
        let none = (0..0, 0..0);
        let (ends, bodies) = self.bodies.get(usize::from(z)).unwrap_or(&none);
        View {
            boxes: self.boxes(),
            fids: self.items(&self.ranges.fids),
            kinds: self.items(&self.ranges.kinds),
            tags: self.items(&self.ranges.tags),
            width: self.meta.recipe.fields.len(),
            value_ends: self.items(&self.ranges.value_ends),
            values: self.items(&self.ranges.values),
            body_ends: self.items(ends),
            bodies: self.items(bodies),
        }
    }

    /// Points and lines that are drawn at a zoom below [`Meta::detail`]: calls `hit` with the place in the list and the
    /// feature.
    pub fn search_subset(&self, z: u8, window: Box2, mut hit: impl FnMut(usize, usize)) {
        let ids = self.sections.get::<u32>(Part::SubsetIds, z);
        let (boxes, nodes) = (self.sections.get(Part::SubsetBoxes, z), self.sections.get(Part::SubsetNodes, z));
        index::search(boxes, nodes, window, |at| hit(at, ids[at] as usize));
    }

    pub fn subset_body(&self, z: u8, at: usize) -> Prepared<'_> {
        let (ends, bytes) = (self.sections.get(Part::BodyEnds, z), self.sections.get(Part::Bodies, z));
        read_body(ends, bytes, at)
    }

    /// Polygons of the low zooms by tile, in order of row and column.
    pub fn cover(&self, z: u8) -> (&[CoverEntry], &[u8]) {
        (self.sections.get(Part::CoverIndex, z), self.sections.get(Part::Cover, z))
    }
}

/// The sections that are read for every feature of a tile.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub boxes: &'a [Box2],
    pub fids: &'a [i64],
    kinds: &'a [u8],
    tags: &'a [u32],
    width: usize,
    value_ends: &'a [u64],
    values: &'a [u8],
    body_ends: &'a [u32],
    bodies: &'a [u8],
}

impl<'a> View<'a> {
    #[inline]
    pub fn kind(&self, i: usize) -> Kind {
        Kind::from_u8(self.kinds[i]).unwrap_or(Kind::Point)
    }

    /// The numbers of the feature's values, a field each; [`values::NULL`] where there is none.
    #[inline]
    pub fn tags(&self, i: usize) -> &'a [u32] {
        &self.tags[i * self.width..(i + 1) * self.width]
    }

    /// A value as an MVT field, ready to be copied.
    #[inline]
    pub fn value(&self, id: u32) -> &'a [u8] {
        let from = if id == 0 { 0 } else { self.value_ends[id as usize - 1] };
        &self.values[from as usize..self.value_ends[id as usize] as usize]
    }

    #[inline]
    pub fn prepared(&self, i: usize) -> Prepared<'a> {
        if self.body_ends.is_empty() { Prepared::Not } else { read_body(self.body_ends, self.bodies, i) }
    }
}

#[inline]
fn read_body<'a>(ends: &[u32], bytes: &'a [u8], i: usize) -> Prepared<'a> {
    let from = if i == 0 { 0 } else { ends[i - 1] } as usize;
    let body = &bytes[from..ends[i] as usize];
    if body.len() < 2 {
        return if body.is_empty() { Prepared::Not } else { Prepared::Nothing };
    }
    let mut at = 0;
    let mut next = || {
        let (v, n) = read_varint(&body[at..]).unwrap_or_default();
        at += n;
        v
    };
    let (head, x, y) = (next() as u32, unzigzag(next()) as i32, unzigzag(next()) as i32);
    Prepared::Body(BodyRef { head, first: [x, y], rest: &body[at..] })
}
