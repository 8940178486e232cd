//! From cells to polygons.

use std::cell::Cell;

use super::Class;
use super::arcs::{Arcs, Grid};
use super::balance::balance;
use super::rings::{RingOf, Rings};
use super::walk::Tables;

/// Points in eighths of a cell from the top-left corner of the window; the last joins the first.
pub type Ring = Vec<[i32; 2]>;
/// The exterior, clockwise as seen on a screen (its area by the surveyor's formula is above 0), then the holes, which
/// wind the other way.
pub type Polygon = Vec<Ring>;

/// Windows are at most this wide and high, in cells.
const LARGEST: usize = 1 << 14;

/// The polygons of each class but 0, by class, from a window of `width` × `height` cells, row by row from the top: a
/// tile with `margin` cells around it.
///
/// Polygons share their borders point for point and end at the edge of the window. The centre of each cell, at
/// (8 x + 4, 8 y + 4), is in the polygon of its class, and borders pass between the centres of neighbours half a unit
/// from both at least. Two tiles meet exactly on their common border if `margin` is one at least and both windows have
/// the same cells there.
///
/// `truth` is the area of classes within the tile, in cells; borders move by parts of a cell to come near it. Empty,
/// nothing moves. No polygons come from a window of another size than `cells`, or above 2^14 cells wide or high.
pub fn trace(
    cells: &[Class],
    width: usize,
    height: usize,
    margin: usize,
    truth: &[(Class, f64)],
) -> Vec<(Class, Vec<Polygon>)> {
    let traced = trace_rings(cells, width, height, margin, truth);
    let polygon = |rings: &[RingOf]| rings.iter().map(|ring| traced.points(ring).to_vec()).collect();
    let of_class = |rings: &[RingOf]| rings.chunk_by(|a, b| a.polygon == b.polygon).map(polygon).collect();
    let classes = traced.rings.chunk_by(|a, b| a.class == b.class);
    classes.filter_map(|rings| Some((rings.first()?.class, of_class(rings)))).collect()
}

/// As [`trace`], without a piece of memory for each ring: for maps of many small polygons less than half the work.
pub fn trace_rings(cells: &[Class], width: usize, height: usize, margin: usize, truth: &[(Class, f64)]) -> Rings {
    if width > LARGEST || height > LARGEST || cells.is_empty() || width * height != cells.len() {
        return Rings::default();
    }
    let margin = margin.min(width.min(height) / 2);
    let grid = Grid { cells, width, height, margin };
    let mut scratch = SCRATCH.take();
    let (arcs, tables) = &mut *scratch;
    arcs.read(&grid, tables);
    if !truth.is_empty() {
        balance(arcs, grid.core(), truth);
    }
    arcs.prune();
    let traced = Rings::of(arcs, Some(0));
    if arcs.gates.capacity() <= MOST_KEPT {
        SCRATCH.set(scratch);
    }
    traced
}

thread_local! {
    /// Memory for the next call.
    static SCRATCH: Cell<Box<(Arcs, Tables)>> = Cell::default();
}

/// Larger scratch memory, in gates, is given back: about 10 MB.
const MOST_KEPT: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::super::checks::{Map, cells_are_kept, lines_are_shared, rings_are_valid, sum_of_areas};
    use super::super::random::Random;
    use super::*;

    /// The number of random maps a test goes through; `COVERAGE_ROUNDS` asks for more.
    fn rounds() -> u64 {
        std::env::var("COVERAGE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(600)
    }

    fn check(map: &Map, margin: usize, truth: &[(Class, f64)]) {
        let traced = trace(&map.cells, map.width, map.height, margin, truth);
        cells_are_kept(map, &traced);
        rings_are_valid(&traced);
        lines_are_shared(map, &traced);
        if map.cells.iter().all(|class| *class != 0) {
            assert_eq!(sum_of_areas(&traced), map.cells.len() as f64);
        }
    }

    #[test]
    fn a_traced_map_has_the_same_cells_and_shares_all_borders() {
        for seed in 0..rounds() {
            let mut random = Random(seed);
            let (width, height) = (1 + random.below(48), 1 + random.below(48));
            let margin = random.below(7);
            let mut map = Map::random(&mut random, width, height);
            let mut truth: Vec<(Class, f64)> = Vec::new();
            for _ in 0..3 {
                println!("seed {seed}, {width} x {height}, margin {margin}, truth {truth:?}");
                check(&map, margin, &truth);
                // Classes that must grow or shrink as far as they can, then without nothing.
                truth = (0..8).map(|class| (class, random.below(2 * width * height) as f64)).collect();
                if random.below(2) == 0 {
                    map.cells.iter_mut().for_each(|cell| *cell += 1);
                }
            }
        }
    }

    #[test]
    fn a_border_between_tiles_is_the_same_from_both_sides() {
        for seed in 0..rounds() / 4 {
            let mut random = Random(seed);
            let (tile, margin) = (24, 1 + random.below(6));
            let (width, height) = (2 * tile + 2 * margin, tile + 2 * margin);
            let map = Map::random(&mut random, width, height);
            // The x of the tiles' common border in both windows, and where polygons meet it.
            let meets = [0, 1].map(|side| {
                let part = Map::from(tile + 2 * margin, height, |x, y| {
                    map.cells[y as usize * width + x as usize + side * tile].into()
                });
                let truth: Vec<_> = (0..8).map(|class| (class, random.below(tile * tile) as f64)).collect();
                let traced = trace(&part.cells, part.width, height, margin, &truth);
                let border = (margin + (1 - side) * tile) as i32 * 8;
                let mut meets = Vec::new();
                for (class, polygons) in &traced {
                    for ring in polygons.iter().flatten() {
                        for (i, b) in ring.iter().enumerate() {
                            let a = ring[(i + ring.len() - 1) % ring.len()];
                            let (a, b) = (a.min(*b), a.max(*b));
                            if a[0] < border && b[0] >= border {
                                let y = f64::from(border - a[0]) / f64::from(b[0] - a[0]) * f64::from(b[1] - a[1]);
                                meets.push((*class, (f64::from(a[1]) + y) as i32));
                            }
                        }
                    }
                }
                let (top, bottom) = (margin as i32 * 8, (margin + tile) as i32 * 8);
                meets.retain(|(_, y)| (top..=bottom).contains(y));
                meets.sort_unstable();
                meets
            });
            assert_eq!(meets[0], meets[1], "seed {seed}");
        }
    }

    #[test]
    fn straight_borders_need_few_points_and_single_cells_keep_their_size() {
        let half = Map::from(60, 60, |x, y| if 3 * x + 5 * y < 240 { 1 } else { 2 });
        let traced = trace(&half.cells, 60, 60, 0, &[]);
        let points: usize = traced.iter().flat_map(|(_, polygons)| polygons).flatten().map(Vec::len).sum();
        assert!(points <= 20, "{traced:?}");
        let single = Map::from(5, 5, |x, y| usize::from(x == 2 && y == 2));
        let traced = trace(&single.cells, 5, 5, 0, &[]);
        assert!((sum_of_areas(&traced) - 1.0).abs() < 0.05, "{traced:?}");
    }

    #[test]
    fn a_window_of_a_wrong_size_has_no_polygons() {
        assert!(trace(&[1; 9], 2, 4, 0, &[]).is_empty());
        assert!(trace(&[], 0, 0, 9, &[]).is_empty());
        assert!(trace(&[0; 9], 3, 3, 9, &[(1, 4.0)]).is_empty());
        assert_eq!(trace(&[5; 9], 3, 3, usize::MAX, &[(5, f64::NAN)]).len(), 1);
    }

    #[test]
    #[ignore = "prints timings"]
    fn timing_of_trace() {
        let n = 528;
        let mut random = Random(1);
        let sites: Vec<[i32; 2]> = (0..4000).map(|_| [random.between(0, 528), random.between(0, 528)]).collect();
        let mut grid = vec![Vec::new(); 34 * 34];
        sites.iter().enumerate().for_each(|(i, s)| grid[(s[1] / 16 * 34 + s[0] / 16) as usize].push(i));
        let smooth = Map::from(n, n, |x, y| {
            let around = (-2..=2).flat_map(|dy| (-2..=2).map(move |dx| [x / 16 + dx, y / 16 + dy]));
            let around = around.filter(|[x, y]| (0..34).contains(x) && (0..34).contains(y));
            let near = around.flat_map(|[x, y]| &grid[(y * 34 + x) as usize]);
            1 + near.min_by_key(|&&i| (sites[i][0] - x).pow(2) + (sites[i][1] - y).pow(2)).unwrap() % 60
        });
        let seeds: Vec<usize> = (0..n * n).map(|_| random.below(60)).collect();
        let noise = Map::from(n, n, |x, y| seeds[y as usize * n + x as usize]);
        let two = Map::from(n, n, |x, y| seeds[y as usize * n + x as usize] % 2 + 1);
        for (name, map) in [("4000 regions", &smooth), ("noise of 60 classes", &noise), ("noise of 2", &two)] {
            let mut truth = vec![0.0; 61];
            for (i, class) in map.cells.iter().enumerate() {
                if (8..520).contains(&(i % n)) && (8..520).contains(&(i / n)) {
                    truth[usize::from(*class)] += 1.0 + random.below(100) as f64 / 1000.0 - 0.05;
                }
            }
            let truth: Vec<(Class, f64)> = (0..61).zip(truth).collect();
            for truth in [&[][..], &truth[..]] {
                let best = |run: &dyn Fn() -> usize| {
                    let times = (0..15).map(|_| {
                        let start = std::time::Instant::now();
                        std::hint::black_box(run());
                        start.elapsed()
                    });
                    times.min().unwrap_or_default()
                };
                let nested = best(&|| trace(&map.cells, n, n, 8, truth).len());
                let flat = best(&|| trace_rings(&map.cells, n, n, 8, truth).rings.len());
                let traced = trace_rings(&map.cells, n, n, 8, truth);
                let (rings, points, truths) = (traced.rings.len(), traced.points.len(), truth.len());
                println!("{name}, {truths} truths: {nested:?}, flat {flat:?}; {rings} rings, {points} points");
            }
        }
    }
}
