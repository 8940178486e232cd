//! What is drawn at which zoom: from where on features are drawn one by one, and which points and lines stand for the others
//! below that.

use hashbrown::{HashMap, HashSet};

use super::super::grid::Grid;
use super::super::wkb::{Kind, Shape, ShapeRef};

/// A tile may hold this much before compression (estimated), so that it stays under 500 kB after it.
const MOST: f64 = 780_000.0;
/// The median tile of a zoom may hold this much, so that it stays under 150 kB.
const MEDIAN: f64 = 250_000.0;
/// Pixels across a tile, as a power of two: what a map draws a tile on.
pub const PIXEL_BITS: u32 = 9;
/// The share of a layer's area that may be in polygons smaller than a pixel where they are drawn one by one.
const SUBPIXEL: f64 = 0.01;
const DEEPEST: u8 = 18;

/// The lowest zoom from which on features can be drawn one by one: no tile is too large, and what is smaller than a pixel
/// does not matter. `weights` are the bytes of each feature's attributes in a tile.
pub fn detail(shapes: &[Shape], weights: &[u16], grid: &Grid) -> u8 {
    let polygons: Vec<f64> = shapes.iter().filter(|s| s.kind == Kind::Polygon).map(|s| area(s.as_ref())).collect();
    let total: f64 = polygons.iter().sum();
    let mut tiles: HashMap<u64, f64> = HashMap::new();
    for z in (0..=DEEPEST).rev() {
        let pixel = (1u64 << (grid.bits - PIXEL_BITS - u32::from(z))) as f64;
        let small: f64 = polygons.iter().filter(|a| **a < pixel * pixel).sum();
        if small > total * SUBPIXEL {
            return z + 1;
        }
        tiles.clear();
        let shift = grid.bits - u32::from(z);
        let unit = f64::from(1u32 << (grid.bits - 12 - u32::from(z)).min(31));
        for (shape, weight) in shapes.iter().zip(weights) {
            let b = shape.bounds;
            let side = |a: i32, b: i32| (f64::from(b) - f64::from(a)) / unit;
            let most = 2.0 * (side(b.left, b.right) + side(b.top, b.bottom)) + 4.0;
            let bytes = f64::from(*weight) + 12.0 + 2.3 * (shape.points.len() as f64).min(most);
            let middle = |a: i32, b: i32, origin: i64| (((i64::from(a) + i64::from(b)) / 2 + origin) >> shift) as u64;
            let key = middle(b.left, b.right, grid.origin[0]) << 32 | middle(b.top, b.bottom, grid.origin[1]);
            *tiles.entry(key).or_default() += bytes;
        }
        let mut sizes: Vec<f64> = tiles.values().copied().collect();
        sizes.sort_by(f64::total_cmp);
        if sizes.last().is_some_and(|s| *s > MOST) || sizes.get(sizes.len() / 2).is_some_and(|s| *s > MEDIAN) {
            return z + 1;
        }
    }
    0
}

/// Area in square grid units.
pub fn area(shape: ShapeRef<'_>) -> f64 {
    shape.runs().map(|run| super::super::wkb::area2(run) as f64 / 2.0).sum()
}

/// Of `candidates`, the points and lines that a map of zoom `z` needs: each adds at least one pixel to the picture of its
/// class. Long lines come first. `class` tells the class of a feature.
pub fn subset(z: u8, candidates: &[u32], shapes: &[Shape], grid: &Grid, class: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut order: Vec<u32> =
        candidates.iter().copied().filter(|i| shapes[*i as usize].kind != Kind::Polygon).collect();
    let reach = |i: u32| {
        let b = shapes[i as usize].bounds;
        (i64::from(b.right) - i64::from(b.left)) + (i64::from(b.bottom) - i64::from(b.top))
    };
    order.sort_by_key(|i| (std::cmp::Reverse(reach(*i)), *i));
    let shift = grid.bits - PIXEL_BITS - u32::from(z);
    let mut drawn: HashSet<u64> = HashSet::new();
    let mut kept: Vec<u32> = order
        .into_iter()
        .filter(|i| {
            let shape = &shapes[*i as usize];
            let class = u64::from(class(*i)) << 50;
            let mut added = false;
            let mut mark = |x: i64, y: i64| {
                let key = class | ((x as u64) & 0x1FF_FFFF) << 25 | ((y as u64) & 0x1FF_FFFF);
                added |= drawn.insert(key);
            };
            for run in shape.as_ref().runs() {
                let mut before: Option<[i64; 2]> = None;
                for p in run {
                    let to = [(i64::from(p[0]) + grid.origin[0]) >> shift, (i64::from(p[1]) + grid.origin[1]) >> shift];
                    match before.replace(to) {
                        Some(from) if shape.kind == Kind::Line => walk(from, to, &mut mark),
                        _ => mark(to[0], to[1]),
                    }
                }
            }
            added
        })
        .collect();
    kept.sort_unstable();
    kept
}

/// The pixels of a segment, one a step along its longer side.
fn walk(from: [i64; 2], to: [i64; 2], mark: &mut impl FnMut(i64, i64)) {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    // A line across half the world has this many pixels at zoom 18; nothing sane has more.
    let steps = dx.abs().max(dy.abs()).clamp(1, 1 << 20);
    for k in 0..=steps {
        mark(from[0] + dx * k / steps, from[1] + dy * k / steps);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::grid::Box2;
    use super::*;

    fn points(n: i32, step: i32) -> Vec<Shape> {
        (0..n)
            .map(|i| [i % 100 * step, i / 100 * step])
            .map(|p| Shape { kind: Kind::Point, points: vec![p], ends: vec![1], bounds: Box2::of(&[p]) })
            .collect()
    }

    #[test]
    fn of_points_in_one_pixel_one_is_kept_for_each_class() {
        let grid = Grid::fit(12_120_000.0, 1_290_000.0, 12_145_000.0, 1_310_000.0);
        // 0.6 mm apart: all in one pixel of zoom 10.
        let shapes = points(10_000, 1);
        let all: Vec<u32> = (0..10_000).collect();
        assert_eq!(subset(10, &all, &shapes, &grid, |_| 0), [0]);
        assert_eq!(subset(10, &all, &shapes, &grid, |i| i % 3), [0, 1, 2]);
    }

    #[test]
    fn a_few_features_are_drawn_one_by_one_everywhere_and_very_many_only_near() {
        let grid = Grid::fit(12_120_000.0, 1_290_000.0, 12_145_000.0, 1_310_000.0);
        assert_eq!(detail(&points(100, 1000), &[20; 100], &grid), 0);
        let many = detail(&points(40_000, 100_000), &[60; 40_000], &grid);
        assert!((8..=14).contains(&many), "{many}");
    }
}
