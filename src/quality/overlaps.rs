//! Which features overlap where ground is covered twice: pair by pair, until so much is known that more would help nobody.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use super::LISTED;
use super::check::Grounds;
use super::frame::P;
use super::strip::{Edges, Polygon, Strip, breadth, common};
use crate::tiles::parallel;

/// Positions laid over one another in all, from which on the rest is "at least".
const MOST_WORK: u64 = 12_000_000;
/// Pairs that are compared at once.
const BATCH: usize = 4_096;

/// Two features and what they have in common, wider than the tolerance somewhere.
pub struct Overlap {
    pub pair: [u32; 2],
    pub polygons: Vec<Polygon>,
    /// m².
    pub area: f64,
}

/// What was found.
#[derive(Default)]
pub struct Overlaps {
    pub count: u64,
    /// Of all, m².
    pub area: f64,
    /// Looking ended early.
    pub more: bool,
    pub largest: Vec<Overlap>,
}

impl Overlaps {
    /// Keeps those that will be listed.
    pub fn keep(&mut self, most: usize) {
        self.largest.sort_by(|a, b| b.area.total_cmp(&a.area).then(a.pair.cmp(&b.pair)));
        self.largest.truncate(most);
    }
}

/// The overlaps of features in these boxes.
pub fn find(grounds: &Grounds<'_>, regions: &[[P; 2]], tolerance: f64) -> Overlaps {
    let mut seen: HashSet<[u32; 2]> = HashSet::new();
    let mut overlaps = Overlaps::default();
    let mut batch = Vec::with_capacity(BATCH);
    let work = AtomicU64::new(0);
    for region in regions {
        grounds.each(*region, &mut |a| {
            let inner = meet(grounds.corners(a), *region);
            grounds.each(inner, &mut |b| {
                let room = work.load(Ordering::Relaxed) < MOST_WORK;
                if b > a && room && seen.insert([a, b]) {
                    batch.push([a, b]);
                    if batch.len() == BATCH {
                        compare(grounds, &mut batch, tolerance, &work, &mut overlaps);
                    }
                }
                // Boxes that are looked at cost too.
                work.fetch_add(1, Ordering::Relaxed);
                room
            })
        });
        if work.load(Ordering::Relaxed) >= MOST_WORK {
            overlaps.more = true;
            break;
        }
    }
    compare(grounds, &mut batch, tolerance, &work, &mut overlaps);
    overlaps.keep(LISTED);
    overlaps
}

fn compare(
    grounds: &Grounds<'_>,
    batch: &mut Vec<[u32; 2]>,
    tolerance: f64,
    work: &AtomicU64,
    overlaps: &mut Overlaps,
) {
    let found = parallel::map(
        batch.len(),
        || (),
        |(), i| {
            let pair = batch[i];
            let [a, b] = pair.map(|at| grounds.rings(at));
            let [n, m] = [&a, &b].map(|rings| rings.iter().map(Vec::len).sum::<usize>());
            work.fetch_add((n + m + 50) as u64, Ordering::Relaxed);
            let window = meet(grounds.corners(pair[0]), grounds.corners(pair[1]));
            let polygons = common(&within(a, window), &within(b, window));
            let wide = polygons.iter().any(|p| breadth(p) > tolerance);
            wide.then(|| Overlap { pair, area: grounds.area(&polygons), polygons })
        },
    );
    for overlap in found.into_iter().flatten() {
        overlaps.count += 1;
        overlaps.area += overlap.area;
        overlaps.largest.push(overlap);
    }
    if overlaps.largest.len() > 4 * LISTED {
        overlaps.keep(LISTED);
    }
    batch.clear();
}

/// Of many rings only what lies in the window's strip of ground matters.
fn within(rings: Vec<Vec<P>>, window: [P; 2]) -> Vec<Vec<P>> {
    if rings.iter().map(Vec::len).sum::<usize>() < 200 {
        return rings;
    }
    let [[left, bottom], [right, top]] = window;
    let (strip, mut edges) = (Strip { left, right, bottom, top }, Edges::default());
    rings.iter().for_each(|ring| edges.ring(&strip, 0, ring));
    edges.left(&strip).rings()
}

fn meet(a: [P; 2], b: [P; 2]) -> [P; 2] {
    [[a[0][0].max(b[0][0]), a[0][1].max(b[0][1])], [a[1][0].min(b[1][0]), a[1][1].min(b[1][1])]]
}
