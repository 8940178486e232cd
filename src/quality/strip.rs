//! The edges of a layer's polygons, an upright strip of ground at a time, so that memory has a bound whatever the layer.
//!
//! Each ring is drawn into the strip: what lies beside it is laid onto its border, which changes nothing of how often a
//! place within is covered. Neighbours that share a border run along it in opposite directions, so that their edges cancel;
//! what is left over is the outer border of the ground, and every place where neighbours do not fit. From those edges alone
//! integer boolean operations (i_overlay) find the ground that is covered more than once, and the ground that is not covered.

use std::cmp::Ordering;

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{ContourDirection, IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

use super::frame::{P, width};

/// A polygon: rings, the outer one first.
pub type Polygon = Vec<Vec<P>>;

/// Pairs of edges near each other, by estimate, from which on edges are too crowded to be laid over one another.
const CROWDED: f64 = 2e7;
const SAMPLE: usize = 64;

/// Where a strip lies.
#[derive(Debug, Clone, Copy)]
pub struct Strip {
    pub left: i64,
    pub right: i64,
    pub bottom: i64,
    pub top: i64,
}

/// An edge that nobody shares, from `a` to `b`, which comes later in order of x and y; or `net` times, backwards if negative.
#[derive(Debug, Clone, Copy)]
struct Edge {
    a: P,
    b: P,
    net: i32,
    owner: u32,
}

/// The edges of a strip under way.
pub struct Edges {
    strip: Strip,
    edges: Vec<Edge>,
    path: Vec<P>,
}

/// Those that are left over, in order.
pub struct Left {
    strip: Strip,
    edges: Vec<Edge>,
}

impl Edges {
    pub fn new(strip: Strip) -> Edges {
        Edges { strip, edges: Vec::new(), path: Vec::new() }
    }

    /// Draws in a ring of feature `owner`; its ground lies to the left.
    pub fn ring(&mut self, owner: u32, ring: &[P]) {
        self.path.clear();
        let Some(mut p) = ring.last().copied() else { return };
        let (left, right) = (self.strip.left, self.strip.right);
        for &q in ring {
            let mut cuts = [left, right];
            if p[0] > q[0] {
                cuts.reverse();
            }
            for x in cuts {
                if (p[0] < x && x < q[0]) || (q[0] < x && x < p[0]) {
                    self.put([x, cut(p, q, x)]);
                }
            }
            self.put([q[0].clamp(left, right), q[1]]);
            p = q;
        }
        let Some(mut a) = self.path.last().copied() else { return };
        if self.path.iter().all(|p| p[0] == left) || self.path.iter().all(|p| p[0] == right) {
            return;
        }
        for &b in &self.path {
            match a.cmp(&b) {
                Ordering::Less => self.edges.push(Edge { a, b, net: 1, owner }),
                Ordering::Greater => self.edges.push(Edge { a: b, b: a, net: -1, owner }),
                Ordering::Equal => {}
            }
            a = b;
        }
    }

    /// Of a path along the strip's border only the ends count.
    fn put(&mut self, p: P) {
        if let [.., u, v] = self.path[..] {
            let border = p[0] == self.strip.left || p[0] == self.strip.right;
            if border && u[0] == p[0] && v[0] == p[0] {
                self.path.pop();
            }
        }
        self.path.push(p);
    }

    /// Has edges that run both ways cancel each other.
    pub fn cancel(mut self) -> Left {
        self.edges.sort_unstable_by_key(|e| (e.a, e.b));
        self.edges.dedup_by(|next, kept| {
            let same = next.a == kept.a && next.b == kept.b;
            if same {
                // The owner is one whose edge is left over.
                if kept.net == 0 {
                    kept.owner = next.owner;
                }
                kept.net += next.net;
            }
            same
        });
        self.edges.retain(|e| e.net != 0);
        Left { strip: self.strip, edges: self.edges }
    }
}

/// Where the line from `p` to `q` meets the upright at `x`; the same whichever way it runs.
fn cut(p: P, q: P, x: i64) -> i64 {
    let (a, b) = if p < q { (p, q) } else { (q, p) };
    let (dx, dy) = (i128::from(b[0] - a[0]), i128::from(b[1] - a[1]));
    let n = dy * i128::from(x - a[0]);
    a[1] + (2 * n + dx).div_euclid(2 * dx) as i64
}

impl Left {
    /// Whether so many edges lie over one another that finding where they cross would take for ever.
    pub fn crowded(&self) -> bool {
        let n = self.edges.len();
        let step = (n / SAMPLE).max(1);
        let span = |e: &Edge| (e.a[0], e.b[0], e.a[1].min(e.b[1]), e.a[1].max(e.b[1]));
        let mut near = 0usize;
        let mut seen = 0usize;
        for e in self.edges.iter().step_by(step) {
            let (w, x, s, y) = span(e);
            near += self
                .edges
                .iter()
                .take_while(|f| f.a[0] <= x)
                .filter(|f| {
                    let (fw, fx, fs, fy) = span(f);
                    fw <= x && w <= fx && fs <= y && s <= fy
                })
                .count();
            seen += 1;
        }
        seen > 0 && near as f64 / seen as f64 * n as f64 / 2.0 > CROWDED
    }

    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The feature that has this very edge, where one has.
    pub fn owner(&self, p: P, q: P) -> Option<u32> {
        let key = if p < q { (p, q) } else { (q, p) };
        let at = self.edges.binary_search_by(|e| (e.a, e.b).cmp(&key)).ok()?;
        Some(self.edges[at].owner)
    }

    /// The edges as closed rings. As many arrive at each place as leave it, so that whoever goes on comes back.
    pub fn rings(&self) -> Vec<Vec<P>> {
        let mut ways: Vec<(P, P)> = Vec::with_capacity(self.edges.len());
        for e in &self.edges {
            let way = if e.net > 0 { (e.a, e.b) } else { (e.b, e.a) };
            ways.extend(std::iter::repeat_n(way, e.net.unsigned_abs() as usize));
        }
        ways.sort_unstable();
        // Where the ways from a place begin; how many of them are gone is kept at that index.
        let mut gone = vec![0u32; ways.len()];
        let mut rings = Vec::new();
        for start in 0..ways.len() {
            let from = ways[start].0;
            let first = ways[..=start].partition_point(|w| w.0 < from);
            if first + (gone[first] as usize) > start {
                continue;
            }
            let mut ring = Vec::new();
            let mut at = first;
            // Rings are closed, so that there is always a way on.
            while let Some(way) = gone.get(at).and_then(|n| ways.get(at + *n as usize)) {
                gone[at] += 1;
                ring.push(way.0);
                if way.1 == from {
                    break;
                }
                at = ways.partition_point(|w| w.0 < way.1);
            }
            rings.push(ring);
        }
        rings
    }

    /// The ground that is covered at least twice.
    pub fn twice(&self, rings: &[Vec<P>], least: u128) -> Vec<Polygon> {
        // One coverage less everywhere: what is left of two is one.
        fill(rings.iter().map(|r| r.iter().copied()), self.frame(true), least)
    }

    /// The ground of the strip that is not covered.
    pub fn bare(&self, rings: &[Vec<P>], least: u128) -> Vec<Polygon> {
        fill(rings.iter().map(|r| r.iter().rev().copied()), self.frame(false), least)
    }

    fn frame(&self, backwards: bool) -> Vec<P> {
        let Strip { left, right, bottom, top } = self.strip;
        let mut frame = vec![[left, bottom], [right, bottom], [right, top], [left, top]];
        if backwards {
            frame.reverse();
        }
        frame
    }
}

/// The ground whose edges wind around it a positive number of times.
fn fill<I: Iterator<Item = P>>(rings: impl Iterator<Item = I>, frame: Vec<P>, least: u128) -> Vec<Polygon> {
    let mut overlay = Overlay::<i64>::new_custom(1024, options(least, true), Default::default());
    for ring in rings {
        overlay.add_path_iter(ring.map(|[x, y]| IntPoint::new(x, y)), ShapeType::Subject);
    }
    overlay.add_path_iter(frame.into_iter().map(|[x, y]| IntPoint::new(x, y)), ShapeType::Subject);
    polygons(overlay.overlay(OverlayRule::Subject, FillRule::Positive))
}

/// What two polygons have in common, or what several have together; `least` in square units.
pub fn common(a: &[Vec<P>], b: &[Vec<P>]) -> Vec<Polygon> {
    let mut overlay = Overlay::<i64>::new_custom(64, options(0, false), Default::default());
    for (rings, of) in [(a, ShapeType::Subject), (b, ShapeType::Clip)] {
        for ring in rings {
            overlay.add_path_iter(ring.iter().map(|[x, y]| IntPoint::new(*x, *y)), of);
        }
    }
    polygons(overlay.overlay(OverlayRule::Intersect, FillRule::NonZero))
}

/// All of them as one.
pub fn union(parts: &[Polygon]) -> Vec<Polygon> {
    let mut overlay = Overlay::<i64>::new_custom(64, options(0, false), Default::default());
    for ring in parts.iter().flatten() {
        overlay.add_path_iter(ring.iter().map(|[x, y]| IntPoint::new(*x, *y)), ShapeType::Subject);
    }
    polygons(overlay.overlay(OverlayRule::Subject, FillRule::NonZero))
}

fn options(least: u128, keep: bool) -> IntOverlayOptions<u128> {
    IntOverlayOptions {
        preserve_input_collinear: keep,
        output_direction: ContourDirection::CounterClockwise,
        preserve_output_collinear: keep,
        min_output_area: least,
        ogc: true,
    }
}

fn polygons(shapes: i_overlay::i_shape::int::shape::IntShapes<i64>) -> Vec<Polygon> {
    let ring = |contour: Vec<IntPoint<i64>>| contour.into_iter().map(|p| [p.x, p.y]).collect::<Vec<P>>();
    shapes.into_iter().map(|shape| shape.into_iter().map(ring).collect()).collect()
}

/// The mean width of a polygon, metres.
pub fn breadth(polygon: &Polygon) -> f64 {
    width(polygon.iter().map(Vec::as_slice))
}

#[cfg(test)]
mod tests {
    use super::super::frame::area2;
    use super::*;

    fn square(x: i64, y: i64, side: i64) -> Vec<P> {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
    }

    fn area(polygons: &[Polygon]) -> i128 {
        polygons.iter().flatten().map(|r| area2(r)).sum::<i128>() / 2
    }

    fn left(strip: (i64, i64), rings: &[Vec<P>]) -> Left {
        let mut edges = Edges::new(Strip { left: strip.0, right: strip.1, bottom: -100, top: 1_100 });
        rings.iter().enumerate().for_each(|(i, r)| edges.ring(i as u32, r));
        edges.cancel()
    }

    #[test]
    fn shared_borders_cancel_and_what_is_left_is_the_outline() {
        let grid: Vec<Vec<P>> = (0..100).map(|i| square(i % 10 * 100, i / 10 * 100, 100)).collect();
        let l = left((-100, 1_100), &grid);
        assert_eq!(l.edges.len(), 40);
        let rings = l.rings();
        assert_eq!(rings.iter().map(Vec::len).sum::<usize>(), 40);
        assert!(l.twice(&rings, 0).is_empty());
        assert_eq!(area(&l.bare(&rings, 0)), 1_200 * 1_200 - 1_000 * 1_000);
    }

    #[test]
    fn a_strip_shows_its_part_of_overlaps_and_gaps() {
        let mut grid: Vec<Vec<P>> = (0..100).map(|i| square(i % 10 * 100, i / 10 * 100, 100)).collect();
        grid.remove(55);
        grid.push(square(210, 210, 130));
        let whole = left((-100, 1_100), &grid);
        let rings = whole.rings();
        assert_eq!(area(&whole.twice(&rings, 0)), 130 * 130);
        let parts: Vec<Left> = [(-100, 233), (233, 540), (540, 1_100)].iter().map(|s| left(*s, &grid)).collect();
        let twice: Vec<Polygon> = parts.iter().flat_map(|l| l.twice(&l.rings(), 0)).collect();
        let bare: Vec<Polygon> = parts.iter().flat_map(|l| l.bare(&l.rings(), 0)).collect();
        assert_eq!(area(&twice), 130 * 130);
        assert_eq!(area(&bare), area(&whole.bare(&rings, 0)));
        assert_eq!(area(&whole.bare(&rings, 0)), 1_200 * 1_200 - 1_000 * 1_000 + 100 * 100);
    }

    #[test]
    fn the_same_ground_twice_over_is_found_though_its_inner_edges_cancel() {
        let mut grid: Vec<Vec<P>> = (0..100).map(|i| square(i % 10 * 100, i / 10 * 100, 100)).collect();
        grid.extend((0..25).map(|i| square(i % 5 * 200, i / 5 * 200, 200)));
        let l = left((-100, 1_100), &grid);
        assert_eq!(area(&l.twice(&l.rings(), 0)), 1_000 * 1_000);
    }

    #[test]
    fn a_line_is_cut_at_the_same_place_whichever_way_it_runs() {
        for (p, q) in [([0, 0], [7, 5]), ([-3, 9], [4, -20]), ([0, 3], [10, 3])] {
            for x in p[0] + 1..q[0] {
                assert_eq!(cut(p, q, x), cut(q, p, x));
            }
        }
    }
}
