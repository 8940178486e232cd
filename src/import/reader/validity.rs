//! Which polygons are surely valid, so that PostGIS checks only the others.
//!
//! `ST_IsValid` costs more than reading the row. Nearly all polygons are plainly valid: rings closed, no two edges near
//! one another. That is shown here with exact comparisons and orientation tests whose rounding error is bounded
//! (J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997, section 4.2). Whatever is not shown is a
//! suspect; an invalid polygon is never called valid. `validity_tests.rs` holds that against GEOS.

/// Edges of one polygon, and pairs of edges looked at, before it is left to PostGIS.
const MAX_EDGES: usize = 8192;
const MAX_PAIRS: usize = 400_000;
/// A polygon that crosses itself more often is not mended, and not stored: a few thousand corners at random make millions of
/// crossings, and PostGIS gigabytes of them.
pub const MOST_CROSSINGS: usize = 100_000;
/// Pairs of edges looked at to find them, a second's work.
const MOST_PAIRS_CROSSING: u32 = 200_000_000;
/// Collections within collections; PostGIS itself allows 200.
const MAX_DEPTH: u32 = 32;

type Point = (f64, f64);

/// The rings of a geometry's polygons, in buffers that are used again.
#[derive(Default)]
pub struct Rings {
    points: Vec<Point>,
    /// Where each ring's points end, and where each polygon's rings end.
    rings: Vec<usize>,
    polygons: Vec<usize>,
    edges: Vec<Edge>,
    /// West, south, east, north of all points that were walked; the sides are the wrong way round while there are none.
    pub extent: [f64; 4],
    /// Why [`walk`] refused.
    pub problem: &'static str,
}

/// Around nothing.
pub const NOWHERE: [f64; 4] = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];

/// The box around two boxes.
pub fn around([w, s, e, n]: [f64; 4], of: [f64; 4]) -> [f64; 4] {
    [w.min(of[0]), s.min(of[1]), e.max(of[2]), n.max(of[3])]
}

#[derive(Clone, Copy)]
struct Edge {
    a: Point,
    b: Point,
    ring: u32,
    number: u32,
    /// Edges in this ring.
    of: u32,
}

impl Rings {
    pub fn clear(&mut self) {
        self.points.clear();
        self.rings.clear();
        self.polygons.clear();
        self.extent = NOWHERE;
    }

    fn ring(&self, ring: usize) -> &[Point] {
        let start = if ring == 0 { 0 } else { self.rings[ring - 1] };
        &self.points[start..self.rings[ring]]
    }

    /// Whether every polygon is valid beyond doubt, and no two of them meet.
    pub fn surely_valid(&mut self) -> bool {
        let mut edges = std::mem::take(&mut self.edges);
        let valid = self.apart() && (0..self.polygons.len()).all(|polygon| self.polygon(polygon, &mut edges));
        self.edges = edges;
        valid
    }

    /// Whether the rings cross more often than can be mended: PostGIS takes a kilobyte and more for each crossing.
    pub fn tangled(&self) -> bool {
        let mut edges: Vec<[Point; 2]> = (0..self.rings.len())
            .flat_map(|ring| self.ring(ring).windows(2).map(|pair| [pair[0], pair[1]]))
            .filter(|[a, b]| a != b)
            .collect();
        if edges.len().saturating_mul(edges.len()) / 2 < MOST_CROSSINGS {
            return false;
        }
        let (west, east) = (|[a, b]: &[Point; 2]| a.0.min(b.0), |[a, b]: &[Point; 2]| a.0.max(b.0));
        edges.sort_unstable_by(|p, q| west(p).total_cmp(&west(q)));
        let (mut crossings, mut pairs) = (0, 0u32);
        for (i, p) in edges.iter().enumerate() {
            for q in edges[i + 1..].iter().take_while(|q| west(q) <= east(p)) {
                pairs += 1;
                crossings += usize::from(cross(p, q));
                if crossings > MOST_CROSSINGS || pairs > MOST_PAIRS_CROSSING {
                    return crossings > MOST_CROSSINGS;
                }
            }
        }
        false
    }

    fn rings_of(&self, polygon: usize) -> std::ops::Range<usize> {
        let start = if polygon == 0 { 0 } else { self.polygons[polygon - 1] };
        start..self.polygons[polygon]
    }

    fn polygon(&self, polygon: usize, edges: &mut Vec<Edge>) -> bool {
        let rings = self.rings_of(polygon);
        edges.clear();
        for ring in rings.clone() {
            if !push_edges(self.ring(ring), ring as u32, edges) {
                return false;
            }
        }
        edges.len() <= MAX_EDGES && no_two_meet(edges) && self.holes_in_place(rings)
    }

    /// Holes lie in the shell and not in one another. No edges meet, so one point of a ring stands for all.
    fn holes_in_place(&self, mut rings: std::ops::Range<usize>) -> bool {
        let Some(shell) = rings.next() else {
            return true;
        };
        rings.clone().all(|hole| {
            inside(self.ring(hole)[0], self.ring(shell)) == Some(true)
                && rings
                    .clone()
                    .filter(|other| *other != hole)
                    .all(|other| inside(self.ring(hole)[0], self.ring(other)) == Some(false))
        })
    }

    /// The polygons' boxes do not touch.
    fn apart(&self) -> bool {
        if self.polygons.len() < 2 {
            return true;
        }
        let shells = (0..self.polygons.len()).map(|polygon| self.rings_of(polygon)).filter(|rings| !rings.is_empty());
        let mut boxes: Vec<[f64; 4]> = shells.map(|rings| bounds(self.ring(rings.start))).collect();
        boxes.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let mut pairs = 0;
        for (i, a) in boxes.iter().enumerate() {
            for b in boxes[i + 1..].iter().take_while(|b| b[0] <= a[2]) {
                pairs += 1;
                if (b[1] <= a[3] && a[1] <= b[3]) || pairs > MAX_PAIRS {
                    return false;
                }
            }
        }
        true
    }
}

fn bounds(ring: &[Point]) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    ring.iter().fold(start, |[w, s, e, n], &(x, y)| [w.min(x), s.min(y), e.max(x), n.max(y)])
}

/// Adds a ring's edges, repeated points left out; false if the ring is too short or turns back on itself.
fn push_edges(ring: &[Point], number: u32, edges: &mut Vec<Edge>) -> bool {
    if ring.first() != ring.last() {
        return false;
    }
    let first = edges.len();
    for pair in ring.windows(2).filter(|pair| pair[0] != pair[1]) {
        edges.push(Edge { a: pair[0], b: pair[1], ring: number, number: (edges.len() - first) as u32, of: 0 });
    }
    let edges = &mut edges[first..];
    let of = edges.len();
    if of < 3 {
        return false;
    }
    for i in 0..of {
        let (here, next) = (edges[i], edges[(i + 1) % of]);
        // A corner, or straight on: the next edge leaves this one behind.
        let corner = orientation(here.a, here.b, next.b).is_some();
        if !corner && !goes_on(here.a, here.b, next.b) {
            return false;
        }
        edges[i].of = of as u32;
    }
    true
}

/// Whether each of two edges surely has its ends on both sides of the other's line.
fn cross([a, b]: &[Point; 2], [c, d]: &[Point; 2]) -> bool {
    let sides = |a, b, c, d| matches!((orientation(a, b, c), orientation(a, b, d)), (Some(l), Some(r)) if l != r);
    sides(*a, *b, *c, *d) && sides(*c, *d, *a, *b)
}

/// No two edges touch but neighbours in their common point.
fn no_two_meet(edges: &mut [Edge]) -> bool {
    let few = edges.len() <= 24;
    if !few {
        edges.sort_unstable_by(|p, q| p.a.0.min(p.b.0).total_cmp(&q.a.0.min(q.b.0)));
    }
    let mut pairs = 0;
    for (i, p) in edges.iter().enumerate() {
        let (west, east) = (p.a.0.min(p.b.0), p.a.0.max(p.b.0));
        let (south, north) = (p.a.1.min(p.b.1), p.a.1.max(p.b.1));
        for q in &edges[i + 1..] {
            if q.a.0.min(q.b.0) > east {
                if few {
                    continue;
                }
                break;
            }
            pairs += 1;
            let boxes_apart = q.a.0.max(q.b.0) < west || q.a.1.min(q.b.1) > north || q.a.1.max(q.b.1) < south;
            if boxes_apart || neighbours(p, q) {
                continue;
            }
            if pairs > MAX_PAIRS || !surely_apart(p, q) {
                return false;
            }
        }
    }
    true
}

fn neighbours(p: &Edge, q: &Edge) -> bool {
    let distance = p.number.abs_diff(q.number);
    p.ring == q.ring && (distance == 1 || distance == p.of - 1)
}

/// One edge lies strictly on one side of the other's line.
fn surely_apart(p: &Edge, q: &Edge) -> bool {
    let one_side = |s: &Edge, t: &Edge| match (orientation(s.a, s.b, t.a), orientation(s.a, s.b, t.b)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    };
    one_side(p, q) || one_side(q, p)
}

/// Shewchuk's bound (3 + 16ε)ε for a sum of two products of differences, with ε = 2⁻⁵³; the last term keeps clear of
/// underflow.
const BOUND: f64 = (3.0 + 16.0 * (f64::EPSILON / 2.0)) * (f64::EPSILON / 2.0);
const TINY: f64 = 1e-290;

/// Whether `c` lies left of the line from `a` to `b`; none if rounding leaves that open, or it lies on it.
fn orientation(a: Point, b: Point, c: Point) -> Option<bool> {
    let (left, right) = ((a.0 - c.0) * (b.1 - c.1), (a.1 - c.1) * (b.0 - c.0));
    let determinant = left - right;
    let sure = determinant.abs() > BOUND * (left.abs() + right.abs()) + TINY;
    sure.then_some(determinant > 0.0)
}

/// Whether the way from `b` to `c` surely makes less than a right angle with that from `a` to `b`.
fn goes_on(a: Point, b: Point, c: Point) -> bool {
    let (x, y) = ((b.0 - a.0) * (c.0 - b.0), (b.1 - a.1) * (c.1 - b.1));
    x + y > BOUND * (x.abs() + y.abs()) + TINY
}

/// Whether a point lies inside a ring that does not touch it; none if rounding leaves that open.
fn inside(point: Point, ring: &[Point]) -> Option<bool> {
    let mut inside = false;
    for pair in ring.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if (a.1 > point.1) != (b.1 > point.1) {
            let left = orientation(a, b, point)?;
            inside ^= left == (b.1 > a.1);
        }
    }
    Some(inside)
}

/// Walks ISO WKB as GDAL writes it (little-endian throughout), gathers the rings, and refuses what PostGIS' COPY would
/// stumble over: coordinates that are no numbers, lines of one point, rings that are short or open.
pub fn walk(wkb: &[u8], into: &mut Rings) -> bool {
    into.problem = "";
    let done = geometry(&mut &wkb[..], into, 0).is_some();
    if !done && into.problem.is_empty() {
        into.problem = "a geometry that cannot be stored";
    }
    done
}

fn geometry(wkb: &mut &[u8], into: &mut Rings, depth: u32) -> Option<()> {
    if depth > MAX_DEPTH || take::<1>(wkb)? != [1] {
        return None;
    }
    let code = u32::from_le_bytes(take(wkb)?);
    let (kind, dimensions) = (code % 1000, [2, 3, 3, 4].get(code as usize / 1000).copied()?);
    let has_z = matches!(code / 1000, 1 | 3);
    match kind {
        1 => {
            // POINT EMPTY is written as NaN and has no problem.
            if point(wkb, dimensions, has_z, into).is_none() && !into.problem.is_empty() {
                return None;
            }
        }
        2 => {
            let points = line(wkb, dimensions, has_z, into)?;
            into.points.truncate(into.points.len() - points);
            if points == 1 {
                into.problem = "a line of one point";
                return None;
            }
        }
        3 => {
            for _ in 0..u32::from_le_bytes(take(wkb)?) {
                let points = line(wkb, dimensions, has_z, into)?;
                let ring = &into.points[into.points.len() - points..];
                if points < 4 || ring.first() != ring.last() {
                    into.problem = "a ring of fewer than four points, or an open one";
                    return None;
                }
                into.rings.push(into.points.len());
            }
            into.polygons.push(into.rings.len());
        }
        4..=7 => {
            for _ in 0..u32::from_le_bytes(take(wkb)?) {
                geometry(wkb, into, depth + 1)?;
            }
        }
        _ => {
            into.problem = "a curve or surface inside a collection";
            return None;
        }
    }
    Some(())
}

/// Reads a line's points onto the end of `into.points`; how many.
fn line(wkb: &mut &[u8], dimensions: usize, has_z: bool, into: &mut Rings) -> Option<usize> {
    let count = u32::from_le_bytes(take(wkb)?) as usize;
    if wkb.len() < count.checked_mul(dimensions * 8)? {
        return None;
    }
    for _ in 0..count {
        let Some(point) = point(wkb, dimensions, has_z, into) else {
            into.problem = "a coordinate that is no finite number";
            return None;
        };
        into.points.push(point);
    }
    Some(count)
}

/// A point; none if a coordinate is not finite, with no `problem` where all are NaN, which is how an empty one is written.
fn point(wkb: &mut &[u8], dimensions: usize, has_z: bool, into: &mut Rings) -> Option<Point> {
    let x = f64::from_le_bytes(take(wkb)?);
    let y = f64::from_le_bytes(take(wkb)?);
    let mut height = 0.0;
    for i in 2..dimensions {
        let value = f64::from_le_bytes(take(wkb)?);
        if i == 2 && has_z {
            height = value;
        }
    }
    // Measures may be missing: shapefiles have a "no data" for them.
    if x.is_finite() && y.is_finite() && height.is_finite() {
        into.extent = around(into.extent, [x, y, x, y]);
        return Some((x, y));
    }
    if !(x.is_nan() && y.is_nan()) {
        into.problem = "a coordinate that is no finite number";
    }
    None
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}
