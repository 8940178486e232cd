//! Which features overlap where ground is covered twice: pair by pair, until so much is known that more would help nobody.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use super::check::Grounds;
use super::frame::P;
use super::strip::{Edges, Polygon, Strip, breadth, common};
use crate::tiles::parallel;

/// Positions laid over one another in all, from which on the rest is "at least".
const MOST_WORK: u64 = 30_000_000;
/// Pairs that are compared at once.
const BATCH: usize = 4_096;

/// Two features and what they have in common, wider than the tolerance somewhere.
pub struct Overlap {
    pub pair: [u32; 2],
    pub polygons: Vec<Polygon>,
}

/// The overlaps of features in these boxes, and whether they are all.
pub fn find(grounds: &Grounds<'_>, regions: &[[P; 2]], tolerance: f64) -> (Vec<Overlap>, bool) {
    let mut seen: HashSet<[u32; 2]> = HashSet::new();
    let mut overlaps = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    let work = AtomicU64::new(0);
    let mut whole = true;
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
            whole = false;
            break;
        }
    }
    compare(grounds, &mut batch, tolerance, &work, &mut overlaps);
    (overlaps, whole)
}

fn compare(
    grounds: &Grounds<'_>,
    batch: &mut Vec<[u32; 2]>,
    tolerance: f64,
    work: &AtomicU64,
    into: &mut Vec<Overlap>,
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
            polygons.iter().any(|p| breadth(p) > tolerance).then_some(Overlap { pair, polygons })
        },
    );
    into.extend(found.into_iter().flatten());
    batch.clear();
}

/// Of many rings only what lies in the window's strip of ground matters.
fn within(rings: Vec<Vec<P>>, window: [P; 2]) -> Vec<Vec<P>> {
    if rings.iter().map(Vec::len).sum::<usize>() < 200 {
        return rings;
    }
    let [[left, bottom], [right, top]] = window;
    let mut edges = Edges::new(Strip { left, right, bottom, top });
    rings.iter().for_each(|ring| edges.ring(0, ring));
    edges.cancel().rings()
}

fn meet(a: [P; 2], b: [P; 2]) -> [P; 2] {
    [[a[0][0].max(b[0][0]), a[0][1].max(b[0][1])], [a[1][0].min(b[1][0]), a[1][1].min(b[1][1])]]
}
