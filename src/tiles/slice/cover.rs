//! A layer's part of a tile at zooms where its features are not drawn one by one: polygons as classes that cover the ground,
//! points and lines by those that stand for the others.

use super::super::coverage::{Class, Raster, Window, unpack};
use super::super::grid::Box2;
use super::super::live::state::{Edited, State};
use super::super::snapshot::low::{self, Cover, MARGIN};
use super::super::snapshot::{Snapshot, levels::PIXEL_BITS};
use super::super::wkb::Kind;
use super::encode::{read_varint, unzigzag};
use super::sheet::Sheet;
use super::{Ask, Feature, Place, Scratch, edits};
use crate::geo::Tile;

pub fn layer(
    state: &State,
    name: &str,
    tile: Tile,
    window: Box2,
    ask: Ask<'_>,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let snapshot = &*state.snapshot;
    let recipe = &snapshot.meta.recipe;
    let Scratch { numbers, pen, .. } = scratch;
    // What stands for many carries what is the same for all of them: class, and name.
    let mut fields: Vec<usize> = recipe.class_field.into_iter().chain(recipe.label_field).collect();
    fields.dedup();
    fields.retain(|f| ask.fields.is_none_or(|wanted| wanted.contains(f)));
    let mut sheet = Sheet::new(snapshot, numbers, fields);
    polygons(state, tile, window, &ask, &mut sheet);
    let place = Place::new(snapshot, tile, window);
    snapshot.search_subset(tile.z, window, |at, i| {
        if state.delta.is_gone(i) || ask.keep.is_some_and(|keep| !keep(&Feature::Kept(snapshot, i))) {
            return;
        }
        place.draw(i, snapshot.subset_body(tile.z, at), pen, |kind, head, first, rest| {
            sheet.tags(place.view.tags(i));
            sheet.feature(Some(place.view.fids[i]), kind, head, first, rest);
        });
    });
    for edited in edits(state, window, &ask).filter(|e| e.shape.kind != Kind::Polygon) {
        place.shape(edited.shape.as_ref(), pen, |kind, head, first, rest| {
            sheet.own(|field| edited.values.get(field)?.as_deref());
            sheet.feature(Some(edited.fid), kind, head, first, rest);
        });
    }
    sheet.finish(name, out);
}

fn polygons(state: &State, tile: Tile, window: Box2, ask: &Ask<'_>, sheet: &mut Sheet<'_>) {
    let snapshot = &*state.snapshot;
    let stored = snapshot.cover(tile.z);
    // Of too many values none is told from the others.
    let told = snapshot.classes() != [super::values::NULL];
    let class_only = told && !ask.reads_id && ask.looks_at.iter().all(|f| Some(*f) == snapshot.meta.recipe.class_field);
    let dirty: Vec<Box2> = state.delta.dirty.iter().copied().filter(|b| b.touches(window)).collect();
    let cover = low::find(stored, tile);
    let mut extra = Extra { snapshot, values: Vec::new() };
    // A condition on the class chooses among the classes; any other needs the features.
    let made: Vec<u8>;
    let traced: &[u8] = if ask.keep.is_some() && !class_only || (stored.0.is_empty() && !snapshot.is_empty()) {
        made = anew(state, tile, window, ask, &mut extra);
        &made
    } else if dirty.is_empty() {
        cover.map_or(&[], |c| c.traced)
    } else {
        made = patched(state, tile, &dirty, cover.unwrap_or_default(), &mut extra);
        &made
    };
    let mut rest = traced;
    while !rest.is_empty() {
        let mut next = || {
            let (v, n) = read_varint(rest).unwrap_or((0, rest.len()));
            rest = &rest[n..];
            v
        };
        let class = next() as Class;
        let (x, y, length) = (unzigzag(next()) as i32, unzigzag(next()) as i32, next() as usize);
        let Some((body, after)) = rest.split_at_checked(length) else { break };
        rest = after;
        let own = extra.value(class);
        if class_only && own.is_none() {
            let feature = Feature::Class(snapshot, snapshot.class_value(class));
            if ask.keep.is_some_and(|keep| !keep(&feature)) {
                continue;
            }
        }
        let class_field = snapshot.meta.recipe.class_field;
        let value = own.or_else(|| snapshot.class_value(class).map(|id| snapshot.value(id)));
        sheet.own(|field| value.filter(|_| Some(field) == class_field));
        sheet.feature(None, Kind::Polygon, 9, [x, y], body);
    }
}

/// Classes that the snapshot does not know, as edits brought them; they are numbered after its own.
struct Extra<'a> {
    snapshot: &'a Snapshot,
    values: Vec<&'a [u8]>,
}

impl<'a> Extra<'a> {
    fn class(&mut self, edited: &'a Edited) -> Class {
        let field = self.snapshot.meta.recipe.class_field;
        let value = field.and_then(|f| edited.values.get(f)?.as_deref());
        let known = self.snapshot.classes();
        let same = |id: u32| (id != super::values::NULL).then(|| self.snapshot.value(id)) == value;
        // One class for all: too many to tell apart, or no class field.
        if let Some(at) = known.iter().position(|id| same(*id)).or((known.len() == 1 && field.is_none()).then_some(0)) {
            return at as Class + 1;
        }
        let value = value.unwrap_or_default();
        let at = self.values.iter().position(|v| *v == value).unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        (known.len() + at + 1).min(usize::from(Class::MAX)) as Class
    }

    fn value(&self, class: Class) -> Option<&'a [u8]> {
        let at = usize::from(class).checked_sub(self.snapshot.classes().len() + 1)?;
        self.values.get(at).copied().filter(|v| !v.is_empty())
    }
}

/// The stored cells with the edited places drawn again, traced.
fn patched<'a>(state: &'a State, tile: Tile, dirty: &[Box2], cover: Cover<'_>, extra: &mut Extra<'a>) -> Vec<u8> {
    let snapshot = &*state.snapshot;
    let mut raster = low::raster(&snapshot.grid, tile);
    if unpack(cover.cells, raster.cells_mut()).is_none() {
        raster.clear(raster.window());
    }
    let classes = feature_classes(snapshot);
    for b in dirty {
        let cells = cells(snapshot, tile, *b);
        raster.clear(cells);
        snapshot.search(*b, |i| {
            if snapshot.kind(i) == Kind::Polygon && !state.delta.is_gone(i) {
                raster.fill_within(cells, snapshot.shape(i).runs(), classes(i));
            }
        });
        for edited in state.delta.features.iter().filter(|e| e.shape.bounds.touches(*b)) {
            fill(&mut raster, cells, edited, extra);
        }
    }
    let mut truth = cover.truth();
    let mut add = |class: Class, area: f64| match truth.iter_mut().find(|(c, _)| *c == class) {
        Some((_, sum)) => *sum = (*sum + area).max(0.0),
        None => truth.push((class, area.max(0.0))),
    };
    for i in state.delta.replaced.iter().map(|i| *i as usize) {
        if snapshot.kind(i) == Kind::Polygon {
            add(classes(i), -low::area_of(&snapshot.grid, tile, snapshot.shape(i)));
        }
    }
    for edited in state.delta.features.iter().filter(|e| e.shape.kind == Kind::Polygon) {
        let class = extra.class(edited);
        add(class, low::area_of(&snapshot.grid, tile, edited.shape.as_ref()));
    }
    low::traced(raster.cells(), &truth)
}

/// Cells drawn from the features that the condition keeps, traced.
fn anew<'a>(state: &'a State, tile: Tile, window: Box2, ask: &Ask<'a>, extra: &mut Extra<'a>) -> Vec<u8> {
    let snapshot = &*state.snapshot;
    let mut raster = low::raster(&snapshot.grid, tile);
    let classes = feature_classes(snapshot);
    snapshot.search(window, |i| {
        let kept = || ask.keep.is_none_or(|keep| keep(&Feature::Kept(snapshot, i)));
        if snapshot.kind(i) == Kind::Polygon && !state.delta.is_gone(i) && kept() {
            raster.fill(snapshot.shape(i).runs(), classes(i));
        }
    });
    let all = raster.window();
    for edited in edits(state, window, ask) {
        fill(&mut raster, all, edited, extra);
    }
    low::traced(raster.cells(), &[])
}

fn fill<'a>(raster: &mut Raster, cells: Window, edited: &'a Edited, extra: &mut Extra<'a>) {
    if edited.shape.kind == Kind::Polygon {
        let class = extra.class(edited);
        raster.fill_within(cells, edited.shape.as_ref().runs(), class);
    }
}

/// The class of each feature of the snapshot.
fn feature_classes(snapshot: &Snapshot) -> impl Fn(usize) -> Class {
    let known: hashbrown::HashMap<u32, Class> =
        snapshot.classes().iter().enumerate().map(|(n, value)| (*value, n as Class + 1)).collect();
    let field = snapshot.meta.recipe.class_field;
    move |i| {
        let value = field.map_or(super::values::NULL, |f| snapshot.tags(i)[f]);
        known.get(&value).copied().unwrap_or(1)
    }
}

/// The cells whose centres lie in a box; what covers the others has not changed.
fn cells(snapshot: &Snapshot, tile: Tile, b: Box2) -> Window {
    let ([x, y], width) = snapshot.grid.span(tile);
    let cell = width >> PIXEL_BITS;
    let at = |n: i64| (n + i64::from(MARGIN)).clamp(0, low::ACROSS.into()) as u32;
    // From the first centre that is not before the box to the first that is behind it.
    let from = |v: i32, corner: i64| at(-(corner + cell / 2 - i64::from(v)).div_euclid(cell));
    let to = |v: i32, corner: i64| at((i64::from(v) - corner - cell / 2).div_euclid(cell) + 1);
    Window { x0: from(b.left, x), y0: from(b.top, y), x1: to(b.right, x), y1: to(b.bottom, y) }
}
