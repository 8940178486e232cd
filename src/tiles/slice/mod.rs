//! A layer's part of a tile, made from its snapshot and what has changed since: what is wholly inside is copied, what
//! crosses the edge is clipped.

pub mod clip; // to the tile and its margin
mod cover; // zooms below the features' own
pub mod encode; // MVT bytes
pub mod label; // where a label stands
pub mod prepare; // geometry at a zoom, in advance
pub mod ring; // sound rings
mod sheet; // a layer under construction
pub mod simplify; // fewer points

use super::grid::{Box2, Scale};
use super::live::state::{Edited, State};
use super::snapshot::values::{self, Scalar};
use super::snapshot::{CHUNK, Prepared, Snapshot, View};
use super::wkb::{Kind, ShapeRef, area2};
use crate::geo::Tile;
use crate::layer::mvt::{BUFFER, EXTENT};
use clip::{Wide, inside};
use encode::{Body, Local};
use sheet::{Numbers, Sheet};

/// A condition on a feature, without the database.
pub type Keep<'a> = dyn Fn(&Feature<'_>) -> bool + 'a;

/// What is asked of a layer.
#[derive(Default, Clone, Copy)]
pub struct Ask<'a> {
    /// Places of the fields that are wanted; all when there is no list.
    pub fields: Option<&'a [usize]>,
    pub keep: Option<&'a Keep<'a>>,
    /// The fields that `keep` looks at, and whether it looks at ids.
    pub looks_at: &'a [usize],
    pub reads_id: bool,
    /// Adds a layer `ID.label` with a point for each polygon.
    pub labels: bool,
}

/// A feature as a condition sees it.
pub enum Feature<'a> {
    Kept(&'a Snapshot, usize),
    Edited(&'a Edited),
    /// The class of a cover: only its class field has a value.
    Class(&'a Snapshot, Option<u32>),
}

impl Feature<'_> {
    pub fn fid(&self) -> Option<i64> {
        match self {
            Feature::Kept(snapshot, i) => Some(snapshot.view(0).fids[*i]),
            Feature::Edited(edited) => Some(edited.fid),
            Feature::Class(..) => None,
        }
    }

    /// The value of a field; none when it is null.
    pub fn value(&self, field: usize) -> Option<Scalar<'_>> {
        values::decode(match self {
            Feature::Kept(snapshot, i) => match snapshot.tags(*i).get(field) {
                None | Some(&values::NULL) => return None,
                Some(id) => snapshot.value(*id),
            },
            Feature::Edited(edited) => edited.values.get(field)?.as_deref()?,
            Feature::Class(snapshot, value) if snapshot.meta.recipe.class_field == Some(field) => {
                snapshot.value((*value)?)
            }
            Feature::Class(..) => return None,
        })
    }
}

/// Buffers that are used for tile after tile.
#[derive(Default)]
pub struct Scratch {
    numbers: Numbers,
    hits: Vec<u32>,
    pen: Pen,
}

/// Buffers for one feature.
#[derive(Default)]
struct Pen {
    clip: clip::Scratch,
    rings: ring::Rings,
    lines: Vec<Vec<Local>>,
    body: Body,
}

/// Appends the layer's part of a tile to `out`, as MVT; nothing when nothing is there.
pub fn layer(state: &State, name: &str, tile: Tile, ask: Ask<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let snapshot = &*state.snapshot;
    let Some(window) = snapshot.grid.window(tile, BUFFER.into()) else { return };
    if tile.z < snapshot.meta.detail {
        return cover::layer(state, name, tile, window, ask, scratch, out);
    }
    let Scratch { numbers, hits, pen } = scratch;
    hits.clear();
    snapshot.search(window, |i| hits.push(i as u32));
    let place = Place::new(snapshot, tile, window);
    let all = 0..snapshot.meta.recipe.fields.len();
    let fields = ask.fields.map_or_else(|| all.collect(), <[usize]>::to_vec);
    let mut sheet = Sheet::new(snapshot, numbers, fields);
    let view = place.view;
    for i in hits.iter().map(|i| *i as usize) {
        if state.delta.is_gone(i) || ask.keep.is_some_and(|keep| !keep(&Feature::Kept(snapshot, i))) {
            continue;
        }
        place.draw(i, view.prepared(i), pen, |kind, head, first, rest| {
            sheet.tags(view.tags(i));
            sheet.feature(Some(view.fids[i]), kind, head, first, rest);
        });
    }
    for edited in edits(state, window, &ask) {
        place.shape(edited.shape.as_ref(), pen, |kind, head, first, rest| {
            sheet.own(|field| edited.values.get(field)?.as_deref());
            sheet.feature(Some(edited.fid), kind, head, first, rest);
        });
    }
    sheet.finish(name, out);
    if ask.labels {
        labels(state, name, &place, ask, numbers, hits, out);
    }
}

/// Edited features in the window that the condition keeps.
fn edits<'a>(state: &'a State, window: Box2, ask: &Ask<'a>) -> impl Iterator<Item = &'a Edited> + use<'a> {
    let keep = ask.keep;
    let there = state.delta.features.iter().map(|e| &**e).filter(move |e| e.shape.bounds.touches(window));
    there.filter(move |e| keep.is_none_or(|keep| keep(&Feature::Edited(e))))
}

/// A point for the label of each polygon whose label stands in the tile itself.
fn labels(
    state: &State,
    name: &str,
    place: &Place<'_>,
    ask: Ask<'_>,
    numbers: &mut Numbers,
    hits: &[u32],
    out: &mut Vec<u8>,
) {
    let (snapshot, view) = (place.snapshot, place.view);
    let recipe = &snapshot.meta.recipe;
    let own: Vec<usize> = recipe.label_field.into_iter().chain(recipe.class_field).collect();
    let mut sheet = Sheet::new(snapshot, numbers, ask.fields.map_or(own, <[usize]>::to_vec));
    let here = |[x, y]: Local| (0..EXTENT as i32).contains(&x) && (0..EXTENT as i32).contains(&y);
    for i in hits.iter().map(|i| *i as usize) {
        if view.kind(i) != Kind::Polygon || state.delta.is_gone(i) {
            continue;
        }
        let Some(at) = snapshot.label(i).map(|p| place.narrow(p)).filter(|p| here(*p)) else { continue };
        if ask.keep.is_none_or(|keep| keep(&Feature::Kept(snapshot, i))) {
            sheet.tags(view.tags(i));
            sheet.feature(Some(view.fids[i]), Kind::Point, 9, at, &[]);
        }
    }
    for edited in edits(state, place.window, &ask).filter(|e| e.shape.kind == Kind::Polygon) {
        let at = place.narrow(edited.label);
        if here(at) {
            sheet.own(|field| edited.values.get(field)?.as_deref());
            sheet.feature(Some(edited.fid), Kind::Point, 9, at, &[]);
        }
    }
    sheet.finish(&format!("{name}.label"), out);
}

/// Where the tile lies in the layer's grid.
struct Place<'a> {
    snapshot: &'a Snapshot,
    view: View<'a>,
    window: Box2,
    scale: Scale,
    corner: Wide,
}

impl<'a> Place<'a> {
    fn new(snapshot: &'a Snapshot, tile: Tile, window: Box2) -> Place<'a> {
        let extent = i64::from(EXTENT);
        let corner = [i64::from(tile.x) * extent, i64::from(tile.y) * extent];
        Place { snapshot, view: snapshot.view(tile.z), window, scale: snapshot.grid.scale(tile.z), corner }
    }

    #[inline]
    fn wide(&self, point: [i32; 2]) -> Wide {
        let [x, y] = self.scale.apply(point);
        [x - self.corner[0], y - self.corner[1]]
    }

    fn narrow(&self, point: [i32; 2]) -> Local {
        self.wide(point).map(|v| v.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    }

    /// Draws a feature of the snapshot: its prepared body when it lies wholly in the window.
    #[inline]
    fn draw(&self, i: usize, prepared: Prepared<'_>, pen: &mut Pen, emit: impl FnOnce(Kind, u32, Local, &[u8])) {
        let bounds = self.view.boxes[i];
        if bounds.within(self.window) {
            match prepared {
                Prepared::Body(body) => {
                    let [x, y] = self.narrow([bounds.left, bounds.top]);
                    let first = [x + body.first[0], y + body.first[1]];
                    return emit(self.view.kind(i), body.head, first, body.rest);
                }
                Prepared::Nothing => return,
                Prepared::Not => {}
            }
        }
        let shape = self.snapshot.shape(i);
        if shape.points.len() < 4 * CHUNK || bounds.within(self.window) {
            return self.shape(shape, pen, emit);
        }
        let (mut points, mut ends, mut from) = (Vec::new(), Vec::new(), shape.first as usize);
        for run in shape.runs() {
            clip::thin(run, from, self.snapshot.chunks(), self.window, &mut points);
            ends.push(points.len() as u32);
            from += run.len();
        }
        self.shape(ShapeRef { points: &points, ends: &ends, first: 0, ..shape }, pen, emit);
    }

    /// Draws a feature from its points, clipped where it leaves the window.
    fn shape(&self, shape: ShapeRef<'_>, pen: &mut Pen, emit: impl FnOnce(Kind, u32, Local, &[u8])) {
        let Pen { clip, rings, lines, body } = pen;
        let drawn = match shape.kind {
            Kind::Polygon => {
                rings.clear();
                for run in shape.runs() {
                    let points = run.iter().map(|p| self.wide(*p));
                    if shape.bounds.within(self.window) {
                        rings.push(points, area2(run) > 0);
                    } else {
                        rings.push(clip.ring(points).iter().copied(), area2(run) > 0);
                    }
                }
                rings.settle();
                body.set(Kind::Polygon, &rings.rings)
            }
            Kind::Line => {
                lines.clear();
                for run in shape.runs() {
                    clip::line(run.iter().map(|p| self.wide(*p)), lines);
                }
                body.set(Kind::Line, &*lines)
            }
            Kind::Point => {
                let here = shape.points.iter().map(|p| self.wide(*p)).filter(|p| inside(*p));
                body.set(Kind::Point, [here.map(|[x, y]| [x as i32, y as i32]).collect::<Vec<Local>>()])
            }
        };
        if drawn {
            emit(shape.kind, body.head, body.first, &body.rest);
        }
    }
}
