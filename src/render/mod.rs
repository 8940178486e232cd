//! Maps as pictures: the tiles of layers, drawn as their MapLibre styles say, in any coordinate system.
//!
//! A layer's geometry comes from the tiles that maps get, with their generalised levels for low zooms, and a net of places
//! transformed by PostGIS bends it into the system of the picture (`view`). See docs/decisions.

mod canvas; // shapes on pixels
mod color; // as styles write them
mod expr; // expressions of styles
mod glyph; // letters
mod label; // names, where there is room
pub mod legend; // what the colours mean
mod part; // parts of a style
mod picture; // PNG, JPEG
mod raster; // layers that are pictures
mod tile; // vector tiles, read
mod view; // boxes on pixels

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use sqlx::postgres::PgPool;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::filter::Expr as Condition;
use crate::geo::{self, Bbox, Crs, MatrixSet, Tile};
use crate::layer::Layer;
use crate::tiles::wkb::Kind;
use crate::tiles::{Encoding, Options, Tiles};
use canvas::{Canvas, Pile, Run};
pub use color::Color;
use expr::{Facts, Names, Val};
pub use glyph::Fonts;
use label::{Label, Taken};
use part::{How, Part};
pub use picture::Format;
use tile::{Feature, TileLayer};
pub use view::View;
use view::Warp;

/// What a picture is made of, beside the question.
pub struct Studio<'a> {
    pub pool: &'a PgPool,
    pub tiles: &'a Tiles,
    pub fonts: &'a Arc<Fonts>,
}

/// One layer of a map.
pub struct Drawn {
    pub layer: Arc<Layer>,
    /// The MapLibre style that draws it, perhaps among others.
    pub style: Value,
    pub labels: bool,
    pub filter: Option<Condition>,
}

/// Tiles of one layer in a picture; with more, those of a lower zoom are taken.
const MOST_TILES: u64 = 256;
/// Pixels across a tile of 512 in a picture: from half of this to this.
const TILE_PIXELS: f64 = 550.0;
/// Tile units that lines may reach over the edge of their tile, so that pieces of them meet.
const OVER: i32 = 4;
const EXTENT: i32 = crate::layer::mvt::EXTENT as i32;

/// Pictures at a time: each holds all its pixels, and drawing keeps a core busy.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from).max(2)));

/// The layers on each other, the first at the bottom, as a file of the format. `background` is none where the picture is
/// to be seen through.
pub async fn map(
    studio: &Studio<'_>,
    layers: &[Drawn],
    view: View,
    background: Option<Color>,
    format: Format,
) -> Result<Vec<u8>> {
    let _turn = TURNS.acquire().await.map_err(|e| Error::Internal(e.to_string()))?;
    let mut sheets = Vec::new();
    for drawn in layers {
        if let Some(sheet) = sheet(studio, drawn, view).await? {
            sheets.push(sheet);
        }
    }
    let fonts = studio.fonts.clone();
    let paint = move || {
        let mut canvas = Canvas::new(view.width, view.height, background)?;
        let mut wishes = Vec::new();
        for sheet in sheets {
            let sheet = match sheet {
                Gathered::Features(sheet) => sheet,
                Gathered::Picture(picture) => {
                    picture.draw(&mut canvas)?;
                    continue;
                }
            };
            for (part, (pile, labels)) in sheet.parts.into_iter().zip(sheet.piles) {
                pile.draw(&part, &mut canvas);
                wishes.push((part, labels));
            }
        }
        let mut taken = Taken::default();
        // What lies on top is named first.
        for (part, labels) in wishes.into_iter().rev() {
            if let How::Symbol(symbol) = &part.how {
                label::draw(symbol, labels, view.scale, &fonts, &mut taken, &mut canvas);
            }
        }
        format.write(&canvas)
    };
    tokio::task::spawn_blocking(paint).await.map_err(|e| Error::Internal(e.to_string()))?
}

/// A picture of nothing but words, as clients show that want errors as pictures.
pub fn words(
    fonts: &Fonts,
    text: &str,
    width: u32,
    height: u32,
    background: Option<Color>,
    format: Format,
) -> Result<Vec<u8>> {
    let mut canvas = Canvas::new(width, height, background)?;
    label::block(text, fonts, &mut canvas);
    format.write(&canvas)
}

/// Where a layer has something to show in a system (degrees): none where it is not served in it.
fn reach(layer: &Layer, crs: Crs) -> Option<Bbox> {
    let extent = layer.extent?;
    if layer.systems().contains(&crs) {
        return Some(extent);
    }
    geo::domain(crs.srid).and_then(|domain| domain.intersection(extent))
}

/// What one layer draws.
enum Gathered {
    Features(Sheet),
    Picture(raster::Sheet),
}

/// What a layer of features draws, gathered.
struct Sheet {
    parts: Vec<Part>,
    piles: Vec<(Pile, Vec<Label>)>,
}

async fn sheet(studio: &Studio<'_>, drawn: &Drawn, view: View) -> Result<Option<Gathered>> {
    let layer = &drawn.layer;
    let Some(extent) = reach(layer, view.crs) else { return Ok(None) };
    let Some(warp) = Warp::new(studio.pool, view, extent).await? else { return Ok(None) };
    let zoom = (warp.world() / 512.0).log2();
    if let Some(raster) = &layer.raster {
        let picture = raster::sheet(studio, drawn, raster, warp, zoom - view.scale.log2()).await?;
        return Ok(picture.map(Gathered::Picture));
    }
    let mut names = Names::default();
    let parts = parts(&drawn.style, layer, zoom - view.scale.log2(), drawn.labels, &mut names);
    if parts.is_empty() {
        return Ok(None);
    }
    let options = Arc::new(Options {
        properties: Some(names.0.iter().filter(|n| layer.field(n).is_some()).cloned().collect()),
        labels: parts.iter().any(|p| p.of != layer.id),
        filters: drawn.filter.iter().cloned().collect(),
        ..Options::default()
    });
    let mut sheet = Sheet { piles: parts.iter().map(|_| Default::default()).collect(), parts };
    let wanted = (warp.world() / TILE_PIXELS).log2().ceil();
    for tile in tiles(&warp, wanted, layer.min_zoom, geo::MAX_ZOOM, MOST_TILES) {
        let plan =
            studio.tiles.plan(vec![layer.clone()], MatrixSet::WEB_MERCATOR, tile, options.clone(), Encoding::Identity);
        let bytes = studio.tiles.get(studio.pool, plan).await?;
        for tile_layer in tile::layers(&bytes) {
            sheet.add(&tile_layer, tile, &warp, &names, view.scale);
        }
        // Many tiles make a long way without a rest for others.
        tokio::task::yield_now().await;
    }
    Ok(Some(Gathered::Features(sheet)))
}

/// The parts of a style that draw a layer at a zoom, from the bottom up, whether or not the map shows it at first.
fn parts(style: &Value, layer: &Layer, zoom: f64, labels: bool, names: &mut Names) -> Vec<Part> {
    let label_points = format!("{}.label", layer.id);
    let all = style["layers"].as_array().map_or(&[][..], Vec::as_slice);
    let own =
        all.iter().filter(|p| p["source-layer"] == layer.id.as_str() || p["source-layer"] == label_points.as_str());
    own.filter(|p| labels || p["type"] != "symbol").filter_map(|p| Part::read(p, zoom, names)).collect()
}

/// The tiles that show the window, at the wanted zoom or the next lower one at which they are not too many.
fn tiles(warp: &Warp, wanted: f64, least: u8, last: u8, most: u64) -> Vec<Tile> {
    let mut z = wanted.clamp(f64::from(least.min(last)), f64::from(last)) as u8;
    loop {
        let n = f64::from(1u32 << z);
        let at = |v: f64| (v * n).floor().clamp(0.0, n - 1.0) as u32;
        let [u0, v0, u1, v1] = warp.window.map(at);
        let count = u64::from(u1 - u0 + 1) * u64::from(v1 - v0 + 1);
        if count <= most || z == 0 {
            return (v0..=v1).flat_map(|y| (u0..=u1).filter_map(move |x| Tile::new(z, x, y))).collect();
        }
        z -= 1;
    }
}

impl Sheet {
    fn add(&mut self, from: &TileLayer<'_>, tile: Tile, warp: &Warp, names: &Names, scale: f64) {
        let keys: Vec<Option<usize>> = names.0.iter().map(|n| from.keys.iter().position(|k| k == n)).collect();
        let n = f64::from(1u32 << tile.z);
        let corner = [f64::from(tile.x) / n, f64::from(tile.y) / n];
        let unit = 1.0 / n / f64::from(EXTENT);
        let pixel = |p: &[i32; 2]| warp.pixel([corner[0] + f64::from(p[0]) * unit, corner[1] + f64::from(p[1]) * unit]);
        let (mut local, mut values) = (Vec::new(), Vec::new());
        for feature in from.features() {
            values.clear();
            values.extend(keys.iter().map(|key| value(from, &feature, *key)));
            let facts = Facts { kind: feature.kind, values: &values };
            let mut read = false;
            for (part, (pile, labels)) in self.parts.iter().zip(&mut self.piles) {
                if part.of != from.name || !part.takes(&facts) {
                    continue;
                }
                if !std::mem::replace(&mut read, true) {
                    feature.runs(&mut local);
                }
                let runs: Vec<Run> = match (&part.how, feature.kind) {
                    (How::Fill(_), _) => local.iter().map(|r| within(r).iter().map(pixel).collect()).collect(),
                    (_, Kind::Point) => {
                        let own = |p: &&[i32; 2]| p.iter().all(|v| (0..EXTENT).contains(v));
                        vec![local.iter().flatten().filter(own).map(pixel).collect()]
                    }
                    (_, Kind::Polygon) => pieces(&local, true, 0, pixel),
                    (_, Kind::Line) => pieces(&local, false, OVER, pixel),
                };
                match &part.how {
                    How::Symbol(symbol) => label::wish(symbol, &facts, &runs, scale, labels),
                    _ => pile.add(part, &facts, &runs, scale),
                }
            }
        }
    }
}

fn value<'a>(from: &TileLayer<'a>, feature: &Feature<'_>, key: Option<usize>) -> Val<'a> {
    key.and_then(|key| from.value(feature, key)).cloned().unwrap_or(Val::Null)
}

/// The part of a ring that lies in the tile (Sutherland and Hodgman 1974).
fn within(ring: &[[i32; 2]]) -> Cow<'_, [[i32; 2]]> {
    if ring.iter().flatten().all(|v| (0..=EXTENT).contains(v)) {
        return Cow::Borrowed(ring);
    }
    let mut ring = ring.to_vec();
    for (axis, edge, sign) in [(0, 0, 1), (0, EXTENT, -1), (1, 0, 1), (1, EXTENT, -1)] {
        let mut out: Vec<[i32; 2]> = Vec::with_capacity(ring.len() + 4);
        let inside = |p: &[i32; 2]| (p[axis] - edge) * sign >= 0;
        let mut before = ring.last().copied();
        for point in ring {
            if let Some(from) = before.replace(point).filter(|from| inside(from) != inside(&point)) {
                let t = f64::from(edge - from[axis]) / f64::from(point[axis] - from[axis]);
                let mut crossing =
                    [0, 1].map(|i| (f64::from(from[i]) + f64::from(point[i] - from[i]) * t).round() as i32);
                crossing[axis] = edge;
                out.push(crossing);
            }
            if inside(&point) {
                out.push(point);
            }
        }
        ring = out;
    }
    Cow::Owned(ring)
}

/// Lines, or the outlines of rings, in pixels: only what lies in the tile, `over` its edge by a little.
fn pieces(runs: &[Vec<[i32; 2]>], closed: bool, over: i32, pixel: impl Fn(&[i32; 2]) -> [f64; 2]) -> Vec<Run> {
    let (low, high) = (f64::from(-over), f64::from(EXTENT + over));
    let mut out: Vec<Run> = Vec::new();
    for run in runs {
        let inside = |p: &[i32; 2]| p.iter().all(|v| (low..=high).contains(&f64::from(*v)));
        if run.iter().all(inside) {
            let ring = run.first().filter(|_| closed);
            out.push(run.iter().chain(ring).map(&pixel).collect());
            continue;
        }
        let mut open: Option<[i32; 2]> = None;
        let ends = run.iter().copied().zip(run.iter().copied().skip(1));
        let back = run.last().copied().zip(run.first().copied()).filter(|_| closed);
        for (a, b) in ends.chain(back) {
            let Some((from, to)) = cut(a, b, low, high) else {
                open = None;
                continue;
            };
            match out.last_mut().filter(|_| open == Some(from)) {
                Some(line) => line.push(pixel(&to)),
                None => out.push(vec![pixel(&from), pixel(&to)]),
            }
            open = Some(to);
        }
    }
    out
}

/// The part of a segment within a square (Liang and Barsky 1984), to a tile unit.
fn cut(a: [i32; 2], b: [i32; 2], low: f64, high: f64) -> Option<([i32; 2], [i32; 2])> {
    let ([ax, ay], [bx, by]) = (a.map(f64::from), b.map(f64::from));
    let (dx, dy) = (bx - ax, by - ay);
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    for (p, q) in [(-dx, ax - low), (dx, high - ax), (-dy, ay - low), (dy, high - ay)] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            t0 = t0.max(q / p);
        } else {
            t1 = t1.min(q / p);
        }
    }
    let at = |t: f64| [(ax + dx * t).round() as i32, (ay + dy * t).round() as i32];
    (t0 < t1).then(|| (if t0 > 0.0 { at(t0) } else { a }, if t1 < 1.0 { at(t1) } else { b }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_end_at_the_edge_of_their_tile_and_what_the_edge_cut_off_is_not_drawn() {
        // A lot that the tile's margin cuts: its right side is no border of the lot.
        let ring = vec![[4000, 100], [4160, 100], [4160, 200], [4000, 200]];
        let lines = pieces(&[ring], true, 0, |p| p.map(f64::from));
        assert_eq!(
            lines,
            [vec![[4000.0, 100.0], [4096.0, 100.0]], vec![[4096.0, 200.0], [4000.0, 200.0], [4000.0, 100.0]]]
        );
        let ring = [[4000, 100], [4160, 100], [4160, 200], [4000, 200]];
        assert_eq!(*within(&ring), [[4000, 100], [4096, 100], [4096, 200], [4000, 200]]);
        let whole = vec![[0, 0], [10, 0], [10, 10]];
        assert_eq!(pieces(&[whole], true, 0, |p| p.map(f64::from))[0].len(), 4);
    }
}
