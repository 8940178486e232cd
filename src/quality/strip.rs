//! The edges of a layer's polygons, an upright strip of ground at a time, so that memory has a bound whatever the layer.
//!
//! Each ring is drawn into the strip: what lies beside it is laid onto its border, which changes nothing of how often a
//! place within is covered. Neighbours that share a border run along it in opposite directions, so that their edges cancel;
//! what is left over is the outer border of the ground, and every place where neighbours do not fit. From those edges alone
//! integer boolean operations (i_overlay) find the ground that is covered more than once, and the ground that is not covered.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{ContourDirection, IntOverlayOptions, Overlay, ShapeType};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::frame::{P, Width};

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
#[derive(Debug, Clone, Copy, Default)]
struct Edge {
    a: P,
    b: P,
    net: i32,
    owner: u32,
}

/// The edges of a strip under way, as far as no other cancels them yet: few, where neighbours are drawn soon after each
/// other. A table of open addresses by the hash of an edge's ends; free places have a `net` of zero, and are at least half.
#[derive(Default)]
pub struct Edges {
    table: Vec<Edge>,
    used: usize,
    path: Vec<P>,
}

/// Those that are left over, in order.
pub struct Left {
    strip: Strip,
    edges: Vec<Edge>,
}

impl Edges {
    /// Draws a ring of feature `owner` into the strip; its ground lies to the left.
    pub fn ring(&mut self, strip: &Strip, owner: u32, ring: &[P]) {
        let mut path = std::mem::take(&mut self.path);
        within(strip, ring, &mut path);
        if let Some(mut a) = path.last().copied() {
            for &b in &path {
                match a.cmp(&b) {
                    Ordering::Less => self.add(Edge { a, b, net: 1, owner }),
                    Ordering::Greater => self.add(Edge { a: b, b: a, net: -1, owner }),
                    Ordering::Equal => {}
                }
                a = b;
            }
        }
        self.path = path;
    }

    fn add(&mut self, edge: Edge) {
        if self.table.len() < 2 * (self.used + 1) {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = hash(&edge) & mask;
        loop {
            let known = &mut self.table[at];
            if known.net == 0 {
                *known = edge;
                self.used += 1;
                return;
            }
            if known.a == edge.a && known.b == edge.b {
                known.net += edge.net;
                if known.net == 0 {
                    self.free(at);
                }
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// Closes the gap at `gap`: what would not be found any more behind it moves up (Knuth, volume 3, 6.4, algorithm R).
    fn free(&mut self, mut gap: usize) {
        let mask = self.table.len() - 1;
        let mut at = gap;
        loop {
            self.table[gap].net = 0;
            loop {
                at = (at + 1) & mask;
                if self.table[at].net == 0 {
                    self.used -= 1;
                    return;
                }
                let home = hash(&self.table[at]) & mask;
                if at.wrapping_sub(home) & mask >= at.wrapping_sub(gap) & mask {
                    break;
                }
            }
            self.table[gap] = self.table[at];
            gap = at;
        }
    }

    fn grow(&mut self) {
        let size = (2 * self.table.len()).max(64);
        let before = std::mem::replace(&mut self.table, vec![Edge::default(); size]);
        self.used = 0;
        before.into_iter().filter(|e| e.net != 0).for_each(|e| self.add(e));
    }

    /// The edges that no other cancels; there are none here any more.
    pub fn left(&mut self, strip: &Strip) -> Left {
        let mut edges: Vec<Edge> = self.table.iter().filter(|e| e.net != 0).copied().collect();
        edges.sort_unstable_by_key(|e| (e.a, e.b));
        self.table.fill(Edge::default());
        self.used = 0;
        Left { strip: *strip, edges }
    }
}

/// A hash that nobody can know beforehand, so that no layer can be made whose edges all have the same one.
fn hash(edge: &Edge) -> usize {
    static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(()));
    xxh3_64_with_seed(bytemuck::bytes_of(&[edge.a, edge.b]), *SEED) as usize
}

/// Draws a ring into a strip, as a `path`; an empty one where nothing of it lies within.
fn within(strip: &Strip, ring: &[P], path: &mut Vec<P>) {
    path.clear();
    let Some(mut p) = ring.last().copied() else { return };
    let (left, right) = (strip.left, strip.right);
    // Of a path along the strip's border only the ends count.
    let mut put = |p: P| {
        if let [.., u, v] = path[..] {
            let border = p[0] == left || p[0] == right;
            if border && u[0] == p[0] && v[0] == p[0] {
                path.pop();
            }
        }
        path.push(p);
    };
    for &q in ring {
        let mut cuts = [left, right];
        if p[0] > q[0] {
            cuts.reverse();
        }
        for x in cuts {
            if (p[0] < x && x < q[0]) || (q[0] < x && x < p[0]) {
                put([x, cut(p, q, x)]);
            }
        }
        put([q[0].clamp(left, right), q[1]]);
        p = q;
    }
    if path.iter().all(|p| p[0] == left) || path.iter().all(|p| p[0] == right) {
        path.clear();
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

    /// The ground that is covered at least twice, and the ground of the strip that is not covered; `least` in square units.
    pub fn faults(&self, rings: &[Vec<P>], least: u128) -> [Vec<Polygon>; 2] {
        let Strip { left, right, bottom, top } = self.strip;
        let frame = [[left, bottom], [right, bottom], [right, top], [left, top]];
        let mut overlay = Overlay::<i64>::new_custom(1024, options(least, true), Default::default());
        // One coverage is taken away everywhere, so that what is left of two is one; for the other question all turns round.
        // Where edges cross is found once for both.
        let whole = |[x, y]: &P| IntPoint::new(*x, *y);
        overlay.add_path_iter(frame.iter().rev().map(whole), ShapeType::Subject);
        overlay.add_path_iter(frame.iter().map(whole), ShapeType::Clip);
        for ring in rings {
            overlay.add_path_iter(ring.iter().map(whole), ShapeType::Subject);
            overlay.add_path_iter(ring.iter().rev().map(whole), ShapeType::Clip);
        }
        let Some(graph) = overlay.build_graph_view(FillRule::Positive) else { return Default::default() };
        let mut buffer = Default::default();
        [OverlayRule::Subject, OverlayRule::Clip].map(|rule| polygons(graph.extract_shapes(rule, &mut buffer)))
    }
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
    let mut width = Width::default();
    polygon.iter().for_each(|ring| width.add(ring));
    width.metres()
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
        let strip = Strip { left: strip.0, right: strip.1, bottom: -100, top: 1_100 };
        let mut edges = Edges::default();
        rings.iter().enumerate().for_each(|(i, r)| edges.ring(&strip, i as u32, r));
        edges.left(&strip)
    }

    #[test]
    fn shared_borders_cancel_and_what_is_left_is_the_outline() {
        let grid: Vec<Vec<P>> = (0..100).map(|i| square(i % 10 * 100, i / 10 * 100, 100)).collect();
        let l = left((-100, 1_100), &grid);
        assert_eq!(l.edges.len(), 40);
        let rings = l.rings();
        assert_eq!(rings.iter().map(Vec::len).sum::<usize>(), 40);
        let [twice, bare] = l.faults(&rings, 0);
        assert!(twice.is_empty());
        assert_eq!(area(&bare), 1_200 * 1_200 - 1_000 * 1_000);
    }

    #[test]
    fn a_strip_shows_its_part_of_overlaps_and_gaps() {
        let mut grid: Vec<Vec<P>> = (0..100).map(|i| square(i % 10 * 100, i / 10 * 100, 100)).collect();
        grid.remove(55);
        grid.push(square(210, 210, 130));
        let whole = left((-100, 1_100), &grid);
        let rings = whole.rings();
        let [twice, bare] = whole.faults(&rings, 0);
        assert_eq!(area(&twice), 130 * 130);
        assert_eq!(area(&bare), 1_200 * 1_200 - 1_000 * 1_000 + 100 * 100);
        let parts: Vec<Left> = [(-100, 233), (233, 540), (540, 1_100)].iter().map(|s| left(*s, &grid)).collect();
        let faults: Vec<[Vec<Polygon>; 2]> = parts.iter().map(|l| l.faults(&l.rings(), 0)).collect();
        let all = |i: usize| faults.iter().map(|f| area(&f[i])).sum::<i128>();
        assert_eq!([all(0), all(1)], [area(&twice), area(&bare)]);
    }

    #[test]
    fn the_same_ground_twice_over_is_found_though_its_inner_edges_cancel() {
        let mut grid: Vec<Vec<P>> = (0..100).map(|i| square(i % 10 * 100, i / 10 * 100, 100)).collect();
        grid.extend((0..25).map(|i| square(i % 5 * 200, i / 5 * 200, 200)));
        let l = left((-100, 1_100), &grid);
        assert_eq!(area(&l.faults(&l.rings(), 0)[0]), 1_000 * 1_000);
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
