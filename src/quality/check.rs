//! A layer's shapes → findings. Done in this process, beside PostgreSQL, while it builds the spatial index.

use std::collections::BTreeMap;

use super::LISTED;
use super::frame::{Frame, Measure, P, units};
use super::gaps::{self, Gap};
use super::issue::{Issue, Kind, Place, Severity, Tally};
use super::overlaps;
use super::shapes::Shapes;
use super::single::{self, Found, NAMED, PART};
use super::strip::{Edges, Left, Polygon, Strip, breadth};
use crate::geo::Crs;
use crate::tiles::grid::Box2;
use crate::tiles::parallel;
use crate::tiles::snapshot::index;

/// Positions in a strip, roughly.
const STRIP: usize = 150_000;
/// Metres of mean width up to which nobody leaves a gap on purpose.
const NARROW: f64 = 1.0;

/// What a check of a layer found.
#[derive(Debug)]
pub struct Findings {
    pub features: u64,
    /// m², where there are polygons.
    pub area: Option<f64>,
    pub measure: Measure,
    pub tallies: BTreeMap<Kind, Tally>,
    pub issues: Vec<Issue>,
    /// Features that were not looked at, the layer being too large.
    pub left_out: u64,
    /// Places where so much lies over one another that gaps were not looked for.
    pub crowded: bool,
}

/// Looks at every shape of a layer in `crs`, whose unit is `unit` metres. `tolerance` in metres.
pub fn check(shapes: &Shapes, crs: Crs, unit: f64, tolerance: f64) -> Findings {
    let measure = Measure::of(crs, unit, shapes.bounds);
    let mut findings = Findings {
        features: 0,
        area: None,
        measure,
        tallies: BTreeMap::new(),
        issues: Vec::new(),
        left_out: shapes.left_out,
        crowded: false,
    };
    let frame = Frame::new(crs, unit, shapes.bounds);
    let mut found = Found::default();
    let singles = single::look(shapes, &frame, measure, &mut found);
    findings.features = singles.features;
    findings.area = singles.area;
    if !singles.grounds.is_empty() {
        let grounds = Grounds::new(shapes, frame, measure, singles.grounds);
        findings.crowded = ground(&grounds, tolerance, &mut found);
    }
    findings.tallies = found.tallies;
    findings.issues = found.issues;
    findings
}

/// Overlaps and gaps; whether some places were too crowded to look for gaps.
fn ground(grounds: &Grounds<'_>, tolerance: f64, found: &mut Found) -> bool {
    let strips = grounds.strips();
    let last = strips.len().saturating_sub(1);
    let least = u128::from(units(tolerance).unsigned_abs()).pow(2);
    let looked = parallel::map(strips.len(), Edges::default, |edges, i| {
        Looked::new(grounds, edges, &strips[i], [i == 0, i == last], tolerance, least)
    });
    let (mut regions, mut pieces) = (Vec::new(), Vec::new());
    let (mut thin, mut narrow, mut crowded) = (0, 0, false);
    for l in looked {
        regions.extend(l.regions);
        pieces.push(l.pieces);
        thin += l.thin;
        narrow += l.narrow;
        crowded |= l.crowded;
    }
    let overlaps = overlaps::find(grounds, &regions, tolerance);
    *found.tally(Kind::Overlap) = Tally {
        count: overlaps.count,
        at_least: overlaps.more,
        area: Some(overlaps.area),
        within_tolerance: Some(thin),
    };
    found.issues.extend(overlaps.largest.into_iter().map(|o| {
        let fids = o.pair.map(|at| grounds.fid(at)).to_vec();
        grounds.issue(Kind::Overlap, Severity::Error, fids, &o.polygons)
    }));
    let (gaps, more) = gaps::join(pieces, tolerance);
    let mut gaps: Vec<(f64, Gap)> = gaps
        .into_iter()
        .filter(|gap| gap.has_neighbours() || grounds.meets_another(gap))
        .map(|gap| (grounds.area(&gap.polygons), gap))
        .collect();
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.around.cmp(&b.1.around)));
    *found.tally(Kind::Gap) = Tally {
        count: gaps.len() as u64,
        at_least: crowded,
        area: Some(gaps.iter().fold(0.0, |all, (area, _)| all + area)),
        within_tolerance: Some(narrow + more),
    };
    gaps.truncate(LISTED);
    found.issues.extend(gaps.into_iter().map(|(_, gap)| grounds.gap(gap)));
    crowded
}

/// What a strip shows.
struct Looked {
    /// Boxes around ground that is covered twice.
    regions: Vec<[P; 2]>,
    /// Such ground that is narrower than the tolerance.
    thin: u64,
    pieces: Vec<gaps::Piece>,
    narrow: u64,
    crowded: bool,
}

impl Looked {
    fn new(
        grounds: &Grounds<'_>,
        edges: &mut Edges,
        strip: &Strip,
        ends: [bool; 2],
        tolerance: f64,
        least: u128,
    ) -> Looked {
        let mut looked = Looked { regions: Vec::new(), thin: 0, pieces: Vec::new(), narrow: 0, crowded: false };
        let left = grounds.left(edges, strip);
        if left.is_empty() {
            return looked;
        }
        if left.crowded() {
            looked.crowded = true;
            looked.regions.push([[strip.left, strip.bottom], [strip.right, strip.top]]);
            return looked;
        }
        let rings = left.rings();
        let [twice, bare] = left.faults(&rings, least);
        for polygon in twice {
            match breadth(&polygon) <= tolerance {
                true => looked.thin += 1,
                false => looked.regions.push(corners(polygon.iter().flatten())),
            }
        }
        (looked.pieces, looked.narrow) = gaps::pieces(bare, &left, strip, ends, tolerance);
        looked
    }
}

fn corners<'a>(points: impl Iterator<Item = &'a P>) -> [P; 2] {
    points.fold([[i64::MAX; 2], [i64::MIN; 2]], |[a, b], p| {
        [[a[0].min(p[0]), a[1].min(p[1])], [b[0].max(p[0]), b[1].max(p[1])]]
    })
}

/// The polygons of a layer, with a tree of their boxes.
pub struct Grounds<'a> {
    shapes: &'a Shapes,
    frame: Frame,
    measure: Measure,
    /// Feature, least and greatest corner; in the tree's order.
    all: Vec<(u32, [P; 2])>,
    /// Whether another's box touches its own.
    alone: Vec<bool>,
    leaves: Vec<Box2>,
    nodes: Vec<Box2>,
    bounds: [P; 2],
    /// How many bits a whole number loses in the tree.
    shift: u32,
}

impl<'a> Grounds<'a> {
    fn new(shapes: &'a Shapes, frame: Frame, measure: Measure, mut all: Vec<(u32, [P; 2])>) -> Grounds<'a> {
        let bounds = corners(all.iter().flat_map(|(_, c)| c));
        let span = (0..2).map(|i| bounds[1][i].abs_diff(bounds[0][i])).max().unwrap_or(0);
        let shift = (64 - span.leading_zeros()).saturating_sub(30);
        let cell = |c: &[P; 2], i: usize| (((c[0][i] + (c[1][i] - c[0][i]) / 2 - bounds[0][i]) >> shift) >> 6) as u32;
        all.sort_by_cached_key(|(_, c)| index::hilbert(cell(c, 0), cell(c, 1)));
        let mut grounds = Grounds {
            shapes,
            frame,
            measure,
            all,
            alone: Vec::new(),
            leaves: Vec::new(),
            nodes: Vec::new(),
            bounds,
            shift,
        };
        grounds.leaves = grounds.all.iter().map(|(_, c)| grounds.window(*c)).collect();
        grounds.nodes = index::build(&grounds.leaves);
        let alone =
            |i: usize| !index::visit(&grounds.leaves, &grounds.nodes, grounds.leaves[i], &mut |other| other != i);
        grounds.alone =
            parallel::parts(grounds.all.len(), PART, || (), |(), part| part.map(alone).collect::<Vec<bool>>()).concat();
        grounds
    }

    fn window(&self, [a, b]: [P; 2]) -> Box2 {
        let at = |n: i64, i: usize| ((n - self.bounds[0][i]) >> self.shift).clamp(-1, i64::from(i32::MAX)) as i32;
        Box2 { left: at(a[0], 0), top: at(a[1], 1), right: at(b[0], 0), bottom: at(b[1], 1) }
    }

    /// Calls `hit` with each polygon whose box meets the window, until it says that it is enough.
    pub fn each(&self, window: [P; 2], hit: &mut impl FnMut(u32) -> bool) -> bool {
        if window[0][0] > window[1][0] || window[0][1] > window[1][1] {
            return true;
        }
        !index::visit(&self.leaves, &self.nodes, self.window(window), &mut |i| !hit(i as u32))
    }

    pub fn corners(&self, at: u32) -> [P; 2] {
        self.all[at as usize].1
    }

    pub fn rings(&self, at: u32) -> Vec<Vec<P>> {
        single::rings(self.shapes, &self.frame, self.all[at as usize].0 as usize)
    }

    fn fid(&self, at: u32) -> i64 {
        self.shapes.fid(self.all[at as usize].0 as usize)
    }

    /// Strips with about as many positions each. Polygons that touch nobody need none.
    fn strips(&self) -> Vec<Strip> {
        let mut middles: Vec<(i64, usize)> = (0..self.all.len())
            .filter(|i| !self.alone[*i])
            .map(|i| {
                let (at, [a, b]) = self.all[i];
                (a[0] + (b[0] - a[0]) / 2, self.shapes.runs(at as usize).map(|(_, run)| run.len()).sum())
            })
            .collect();
        if middles.is_empty() {
            return Vec::new();
        }
        middles.sort_unstable();
        // Beyond everything, so that the outside is one piece.
        let [[w, s], [e, n]] = self.bounds;
        let margin = units(1.0);
        let (mut left, mut full) = (w - margin, 0);
        let mut strips = Vec::new();
        for (x, positions) in middles {
            full += positions;
            if full > STRIP && x > left && x < e {
                strips.push(Strip { left, right: x, bottom: s - margin, top: n + margin });
                (left, full) = (x, 0);
            }
        }
        strips.push(Strip { left, right: e + margin, bottom: s - margin, top: n + margin });
        strips
    }

    fn left(&self, edges: &mut Edges, strip: &Strip) -> Left {
        let mut scratch = Vec::new();
        for (i, (feature, [a, b])) in self.all.iter().enumerate() {
            if !self.alone[i] && a[0] <= strip.right && b[0] >= strip.left {
                let draw = |ring: &[P]| edges.ring(strip, i as u32, ring);
                single::each_ring(self.shapes, &self.frame, *feature as usize, &mut scratch, draw);
            }
        }
        edges.left(strip)
    }

    /// m².
    pub fn area(&self, polygons: &[Polygon]) -> f64 {
        let area = |ring: &Vec<P>| self.measure.ring(ring.iter().map(|p| self.frame.back(*p)));
        polygons.iter().filter_map(|p| p.split_first()).fold(0.0, |all, (shell, holes)| {
            all + area(shell) - holes.iter().map(area).fold(0.0, |all, hole| all + hole)
        })
    }

    fn issue(&self, kind: Kind, severity: Severity, fids: Vec<i64>, polygons: &[Polygon]) -> Issue {
        let width = polygons.iter().map(breadth).fold(0.0, f64::max);
        let back = |ring: &Vec<P>| ring.iter().map(|p| self.frame.back(*p)).collect::<Vec<_>>();
        let place = Place::Polygons(polygons.iter().map(|p| p.iter().map(back).collect()).collect());
        Issue { area: Some(self.area(polygons)), width: Some(width), ..Issue::new(kind, severity, fids, place) }
    }

    /// Finds features around a gap, as many as an issue names.
    fn around(&self, gap: &mut Gap) {
        while gap.around.len() < NAMED {
            let Some(place) = gap.more.pop() else { break };
            // Boxes around the place; which of them have their border there is told by the edges.
            self.each([place, place], &mut |at| {
                if !gap.around.contains(&at) && self.borders(at, place) {
                    gap.around.push(at);
                }
                gap.around.len() < NAMED
            });
        }
    }

    /// Whether the border of a feature that is not known yet runs along the gap: of several that have an edge, one is known.
    fn meets_another(&self, gap: &Gap) -> bool {
        gap.polygons.iter().flatten().any(|ring| {
            let mut p = ring.last().copied().unwrap_or_default();
            ring.iter().any(|&q| {
                let place = [0, 1].map(|i| (p[i] + q[i]) / 2);
                p = q;
                !self.each([place, place], &mut |at| gap.around.contains(&at) || !self.borders(at, place))
            })
        })
    }

    fn gap(&self, mut gap: Gap) -> Issue {
        self.around(&mut gap);
        let width = gap.polygons.iter().map(breadth).fold(0.0, f64::max);
        let severity = if width <= NARROW { Severity::Warning } else { Severity::Note };
        let mut fids: Vec<i64> = gap.around.iter().map(|at| self.fid(*at)).collect();
        fids.sort_unstable();
        fids.truncate(NAMED);
        self.issue(Kind::Gap, severity, fids, &gap.polygons)
    }

    /// Whether an edge of the polygon runs through the place, to a few nanometres.
    fn borders(&self, at: u32, place: P) -> bool {
        const NEAR: f64 = 8.0;
        self.rings(at).iter().any(|ring| {
            let mut p = ring.last().copied().unwrap_or_default();
            ring.iter().any(|&q| {
                let (d, v) = (
                    [q[0] - p[0], q[1] - p[1]].map(|n| n as f64),
                    [place[0] - p[0], place[1] - p[1]].map(|n| n as f64),
                );
                let length = d[0].hypot(d[1]);
                let along = (v[0] * d[0] + v[1] * d[1]) / length;
                p = q;
                length > 0.0
                    && (v[0] * d[1] - v[1] * d[0]).abs() / length <= NEAR
                    && (-NEAR..=length + NEAR).contains(&along)
            })
        })
    }
}
