//! Polygons at zooms where most are smaller than a pixel: the class at each pixel's centre, traced back into polygons that
//! share their borders and hold the true area of each class (see `coverage`).

use bytemuck::{Pod, Zeroable};
use hashbrown::HashMap;

use super::super::coverage::{Class, Raster, area_in, pack, trace_rings};
use super::super::grid::Grid;
use super::super::parallel;
use super::super::slice::encode::{Body, read_varint, varint, zigzag};
use super::super::wkb::{Kind, Shape, ShapeRef};
use super::levels::{self, PIXEL_BITS};
use crate::geo::Tile;
use crate::layer::mvt::{BUFFER, EXTENT};

/// Tile units of a cell.
const UNIT: u32 = EXTENT >> PIXEL_BITS;
/// Cells over the edge on each side.
pub const MARGIN: u32 = BUFFER / UNIT;
/// Cells across, margins included.
pub const ACROSS: u32 = (1 << PIXEL_BITS) + 2 * MARGIN;
/// With more tiles than this a zoom is made as it is asked for.
const MOST_TILES: usize = 200_000;

/// Where a tile's parts are in the zoom's `Cover` section: the cells, then the true areas, then the traced polygons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct CoverEntry {
    pub y: u32,
    pub x: u32,
    at: u64,
    cells: u32,
    truth: u32,
    traced: u32,
    reserved: u32,
}

/// The parts of a tile.
#[derive(Clone, Copy, Default)]
pub struct Cover<'a> {
    pub cells: &'a [u8],
    truth: &'a [u8],
    pub traced: &'a [u8],
}

/// The parts of a tile in a zoom's section.
pub fn find<'a>((index, bytes): (&'a [CoverEntry], &'a [u8]), tile: Tile) -> Option<Cover<'a>> {
    let entry = &index[index.binary_search_by_key(&(tile.y, tile.x), |e| (e.y, e.x)).ok()?];
    let rest = bytes.get(entry.at as usize..)?;
    let (cells, rest) = rest.split_at_checked(entry.cells as usize)?;
    let (truth, rest) = rest.split_at_checked(entry.truth as usize)?;
    Some(Cover { cells, truth, traced: rest.get(..entry.traced as usize)? })
}

impl Cover<'_> {
    /// The true area of each class in the tile, in cells.
    pub fn truth(&self) -> Vec<(Class, f64)> {
        let mut out = Vec::new();
        let mut rest = self.truth;
        while let Some((class, n)) = read_varint(rest) {
            let Some((area, after)) = rest[n..].split_first_chunk::<8>() else { break };
            out.push((class as Class, f64::from_le_bytes(*area)));
            rest = after;
        }
        out
    }
}

/// Cells for a tile, margins included, empty.
pub fn raster(grid: &Grid, tile: Tile) -> Raster {
    let ([x, y], width) = grid.span(tile);
    let shift = grid.bits - PIXEL_BITS - u32::from(tile.z);
    let margin = i64::from(MARGIN) * (width >> PIXEL_BITS);
    Raster::new(x - margin, y - margin, shift, ACROSS, ACROSS)
}

/// Traced polygons as bytes: for each class its number, its first position, the length of the rest, the rest.
pub fn traced(cells: &[Class], truth: &[(Class, f64)]) -> Vec<u8> {
    let mut out = Vec::new();
    let across = ACROSS as usize;
    let mut body = Body::default();
    let mut traced = trace_rings(cells, across, across, MARGIN as usize, truth);
    for [x, y] in &mut traced.points {
        (*x, *y) = (*x - BUFFER as i32, *y - BUFFER as i32);
    }
    for rings in traced.rings.chunk_by(|a, b| a.class == b.class) {
        if body.set(Kind::Polygon, rings.iter().map(|ring| traced.points(ring))) {
            varint(&mut out, rings[0].class.into());
            varint(&mut out, zigzag(body.first[0].into()));
            varint(&mut out, zigzag(body.first[1].into()));
            varint(&mut out, body.rest.len() as u64);
            out.extend_from_slice(&body.rest);
        }
    }
    out
}

/// The tiles of zoom `z` whose square or margin a box touches.
fn tiles(grid: &Grid, z: u8, shape: &Shape) -> impl Iterator<Item = (u32, u32)> + use<> {
    let shift = grid.bits - u32::from(z);
    let margin = (1i64 << shift) / 63 + 1;
    let last = (1i64 << z) - 1;
    let side = |v: i32, origin: i64, m: i64| (((i64::from(v) + origin + m) >> shift).clamp(0, last)) as u32;
    let b = shape.bounds;
    let (left, right) = (side(b.left, grid.origin[0], -margin), side(b.right, grid.origin[0], margin));
    let (top, bottom) = (side(b.top, grid.origin[1], -margin), side(b.bottom, grid.origin[1], margin));
    (top..=bottom).flat_map(move |y| (left..=right).map(move |x| (y, x)))
}

pub type Truth = HashMap<(u32, u32), Vec<(Class, f64)>>;

/// A zoom's sections and the true areas of its tiles, from which those of the zoom above follow. `classes` has the class of
/// each shape; of polygons that overlap, the later is on top.
pub fn build(
    z: u8,
    shapes: &[Shape],
    classes: &[Class],
    grid: &Grid,
    below: Option<&Truth>,
) -> (Vec<CoverEntry>, Vec<u8>, Truth) {
    let mut members: Vec<(u32, u32, u32)> = Vec::new();
    for (i, shape) in shapes.iter().enumerate().filter(|(_, s)| s.kind == Kind::Polygon) {
        members.extend(tiles(grid, z, shape).take(MOST_TILES).map(|(y, x)| (y, x, i as u32)));
    }
    members.sort_unstable();
    let groups: Vec<&[(u32, u32, u32)]> = members.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
    if groups.len() > MOST_TILES {
        return Default::default();
    }
    let made = parallel::map(
        groups.len(),
        || (),
        |_, g| {
            let &(y, x, _) = groups[g].first()?;
            let tile = Tile::new(z, x, y)?;
            let mut raster = raster(grid, tile);
            for (_, _, i) in groups[g] {
                raster.fill(shapes[*i as usize].as_ref().runs(), classes[*i as usize]);
            }
            let truth = match below {
                Some(below) => from_below(below, tile),
                None => measured(grid, tile, groups[g].iter().map(|m| m.2 as usize), shapes, classes),
            };
            let traced = traced(raster.cells(), &truth);
            Some((tile, pack(raster.cells()), truth, traced))
        },
    );
    let (mut index, mut bytes, mut truths) = (Vec::new(), Vec::new(), Truth::new());
    for (tile, cells, truth, traced) in made.into_iter().flatten() {
        let mut areas = Vec::new();
        for (class, area) in &truth {
            varint(&mut areas, (*class).into());
            areas.extend_from_slice(&area.to_le_bytes());
        }
        index.push(CoverEntry {
            y: tile.y,
            x: tile.x,
            at: bytes.len() as u64,
            cells: cells.len() as u32,
            truth: areas.len() as u32,
            traced: traced.len() as u32,
            reserved: 0,
        });
        bytes.extend(cells);
        bytes.extend(areas);
        bytes.extend(traced);
        truths.insert((tile.y, tile.x), truth);
    }
    (index, bytes, truths)
}

/// The area of each class in the tile, in its cells, from the four tiles below.
fn from_below(below: &Truth, tile: Tile) -> Vec<(Class, f64)> {
    let mut sums: HashMap<Class, f64> = HashMap::new();
    for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for (class, area) in below.get(&(tile.y * 2 + dy, tile.x * 2 + dx)).into_iter().flatten() {
            *sums.entry(*class).or_default() += area / 4.0;
        }
    }
    sorted(sums)
}

/// The area of each class in the tile, in its cells, from the features.
fn measured(
    grid: &Grid,
    tile: Tile,
    members: impl Iterator<Item = usize>,
    shapes: &[Shape],
    classes: &[Class],
) -> Vec<(Class, f64)> {
    let mut sums: HashMap<Class, f64> = HashMap::new();
    for i in members {
        *sums.entry(classes[i]).or_default() += area_of(grid, tile, shapes[i].as_ref());
    }
    sorted(sums)
}

/// The area of a polygon within the tile, in its cells.
pub fn area_of(grid: &Grid, tile: Tile, shape: ShapeRef<'_>) -> f64 {
    let ([x, y], width) = grid.span(tile);
    let b = shape.bounds;
    let inside = i64::from(b.left) >= x
        && i64::from(b.right) <= x + width
        && i64::from(b.top) >= y
        && i64::from(b.bottom) <= y + width;
    let area = if inside { levels::area(shape) } else { area_in(shape.runs(), x, y, x + width, y + width) };
    let cell = (width >> PIXEL_BITS) as f64;
    area / (cell * cell)
}

fn sorted(sums: HashMap<Class, f64>) -> Vec<(Class, f64)> {
    let mut truth: Vec<_> = sums.into_iter().filter(|(_, area)| *area > 0.0).collect();
    truth.sort_unstable_by_key(|(class, _)| *class);
    truth
}
