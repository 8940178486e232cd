//! Rings as tiles want them: no repeated points, no spikes, no crossings, exteriors positive and holes negative
//! (MVT 2.1, 4.3.4.4). Rounding to tile units and cutting at the edge can break a ring that was sound.

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{ContourDirection, IntOverlayOptions, Overlay};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

use super::clip::Wide;
use super::encode::Local;

/// Rings of one feature on their way into a tile.
#[derive(Default)]
pub struct Rings {
    pub rings: Vec<Vec<Local>>,
    spare: Vec<Vec<Local>>,
    edges: Vec<Edge>,
}

#[derive(Clone, Copy)]
struct Edge {
    a: Local,
    b: Local,
    ring: u32,
    at: u32,
    last: u32,
    /// The corners of its box.
    low: Local,
    high: Local,
}

impl Rings {
    pub fn clear(&mut self) {
        self.spare.append(&mut self.rings);
    }

    /// Adds a ring, exterior or hole by its direction before rounding (`positive`); what collapses to nothing is left out.
    pub fn push(&mut self, points: impl Iterator<Item = Wide>, positive: bool) {
        let mut ring = self.spare.pop().unwrap_or_default();
        ring.clear();
        for [x, y] in points {
            let point = [x as i32, y as i32];
            while straight(&ring, point) {
                ring.pop();
            }
            if ring.last() != Some(&point) {
                ring.push(point);
            }
        }
        close(&mut ring);
        if ring.len() < 3 {
            self.spare.push(ring);
            return;
        }
        if (area2(&ring) > 0) != positive {
            // Rounding turned it inside out: less than a unit is left of it.
            ring.reverse();
        }
        self.rings.push(ring);
    }

    /// Mends crossings and touches, if there are any.
    pub fn settle(&mut self) {
        if !self.sound() {
            self.mend();
        }
    }

    /// Whether no two edges meet but where they follow each other. Swept by x; two rings that touch count as unsound, which
    /// is more than the standard asks, but rare.
    fn sound(&mut self) -> bool {
        if self.rings.first().is_some_and(|r| area2(r) <= 0) {
            return false;
        }
        self.edges.clear();
        for (n, ring) in self.rings.iter().enumerate() {
            let last = ring.len() as u32 - 1;
            let mut a = ring[last as usize];
            for (i, b) in ring.iter().enumerate() {
                let (low, high) = ([a[0].min(b[0]), a[1].min(b[1])], [a[0].max(b[0]), a[1].max(b[1])]);
                self.edges.push(Edge { a, b: *b, ring: n as u32, at: i as u32, last, low, high });
                a = *b;
            }
        }
        let sorted = self.edges.len() > 24;
        if sorted {
            self.edges.sort_unstable_by_key(|e| e.low[0]);
        }
        for (i, e) in self.edges.iter().enumerate() {
            for f in &self.edges[i + 1..] {
                if sorted && f.low[0] > e.high[0] {
                    break;
                }
                let apart =
                    f.low[0] > e.high[0] || f.high[0] < e.low[0] || f.low[1] > e.high[1] || f.high[1] < e.low[1];
                if !apart && meet(e, f) {
                    return false;
                }
            }
        }
        true
    }

    fn mend(&mut self) {
        let options = IntOverlayOptions {
            preserve_input_collinear: false,
            output_direction: ContourDirection::CounterClockwise,
            preserve_output_collinear: false,
            min_output_area: 0,
            ogc: true,
        };
        let capacity = self.rings.iter().map(Vec::len).sum();
        let mut overlay = Overlay::<i32>::new_custom(capacity, options, Default::default());
        for ring in &self.rings {
            let path = ring.iter().map(|[x, y]| IntPoint::new(*x, *y));
            overlay.add_path_iter(path, i_overlay::core::overlay::ShapeType::Subject);
        }
        let shapes = overlay.overlay(OverlayRule::Subject, FillRule::NonZero);
        self.clear();
        for contour in shapes.into_iter().flatten() {
            let mut ring = self.spare.pop().unwrap_or_default();
            ring.clear();
            ring.extend(contour.into_iter().map(|p| [p.x, p.y]));
            let there = if area2(&ring) != 0 { &mut self.rings } else { &mut self.spare };
            there.push(ring);
        }
    }
}

/// Whether the last point of `ring` lies straight between its neighbours, or is the tip of a spike, when `next` follows.
fn straight(ring: &[Local], next: Local) -> bool {
    let [.., a, b] = ring else { return false };
    cross(*a, *b, next) == 0 && *b != next
}

/// Takes out what is straight or repeated where the end meets the start.
fn close(ring: &mut Vec<Local>) {
    loop {
        let n = ring.len();
        if n < 3 {
            return;
        }
        let (first, second, last, before) = (ring[0], ring[1], ring[n - 1], ring[n - 2]);
        if last == first || cross(before, last, first) == 0 {
            ring.pop();
        } else if cross(last, first, second) == 0 {
            ring.remove(0);
        } else {
            return;
        }
    }
}

fn cross(a: Local, b: Local, c: Local) -> i64 {
    let (ux, uy) = (i64::from(b[0]) - i64::from(a[0]), i64::from(b[1]) - i64::from(a[1]));
    let (vx, vy) = (i64::from(c[0]) - i64::from(a[0]), i64::from(c[1]) - i64::from(a[1]));
    ux * vy - uy * vx
}

/// Twice the signed area, positive when clockwise on the screen.
pub fn area2(ring: &[Local]) -> i64 {
    let mut before = ring.last().copied().unwrap_or_default();
    ring.iter().fold(0, |sum, p| {
        let term = i64::from(before[0]) * i64::from(p[1]) - i64::from(p[0]) * i64::from(before[1]);
        before = *p;
        sum + term
    })
}

/// Whether two edges whose boxes touch have a point in common that following each other does not explain.
fn meet(e: &Edge, f: &Edge) -> bool {
    if e.ring == f.ring {
        let (i, j) = (e.at.min(f.at), e.at.max(f.at));
        // Edges that follow each other share a point, and no more: `straight` took out what folds back.
        if j - i == 1 || (i == 0 && j == e.last) {
            return false;
        }
    }
    let (d1, d2) = (cross(e.a, e.b, f.a), cross(e.a, e.b, f.b));
    let (d3, d4) = (cross(f.a, f.b, e.a), cross(f.a, f.b, e.b));
    if (d1 > 0 && d2 > 0) || (d1 < 0 && d2 < 0) || (d3 > 0 && d4 > 0) || (d3 < 0 && d4 < 0) {
        return false;
    }
    // On one line they have points in common, as their boxes touch.
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(rings: &[&[Local]]) -> Vec<Vec<Local>> {
        let mut out = Rings::default();
        for ring in rings {
            out.push(ring.iter().map(|[x, y]| [i64::from(*x), i64::from(*y)]), area2(ring) > 0);
        }
        out.settle();
        out.rings
    }

    #[test]
    fn straight_points_spikes_and_slivers_are_left_out() {
        let square = settled(&[&[[0, 0], [5, 0], [10, 0], [10, 20], [10, 10], [0, 10], [0, 0]]]);
        assert_eq!(square, [[[0, 0], [10, 0], [10, 10], [0, 10]]]);
        assert!(settled(&[&[[0, 0], [5, 0], [10, 0]]]).is_empty());
    }

    #[test]
    fn a_figure_of_eight_becomes_two_rings() {
        let rings = settled(&[&[[0, 0], [10, 10], [10, 0], [0, 10]]]);
        assert_eq!(rings.len(), 2);
        assert!(rings.iter().all(|r| area2(r) > 0), "{rings:?}");
    }

    #[test]
    fn buffers_of_mended_rings_are_used_again() {
        let mut rings = Rings::default();
        for _ in 0..100 {
            rings.clear();
            rings.push([[0, 0], [10, 10], [10, 0], [0, 10]].into_iter(), true);
            rings.settle();
            assert!(rings.rings.len() + rings.spare.len() <= 2);
        }
    }

    #[test]
    fn a_ring_that_touches_itself_becomes_sound() {
        // Two squares that meet in one corner, drawn in one go.
        let rings = settled(&[&[[0, 0], [10, 0], [10, 10], [20, 10], [20, 20], [10, 20], [10, 10], [0, 10]]]);
        assert_eq!(rings.len(), 2, "{rings:?}");
        assert_eq!(rings.iter().map(|r| area2(r)).sum::<i64>(), 400);
    }

    #[test]
    fn a_hole_stays_a_hole() {
        let rings = settled(&[&[[0, 0], [20, 0], [20, 20], [0, 20]], &[[5, 5], [5, 15], [15, 15], [15, 5]]]);
        assert_eq!(rings.len(), 2);
        assert!(area2(&rings[0]) > 0 && area2(&rings[1]) < 0);
    }
}
