//! Each feature by itself: its area, repeated points, slivers, no geometry; and features that have the same geometry.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::frame::{Frame, Measure, P, Surveyor, Width, area2};
use super::issue::{Issue, Kind, Place, Severity, Tally};
use super::shapes::{Dim, Shapes};
use super::{LISTED, SLIVER};
use crate::tiles::parallel;

/// Features that a core takes at a time.
pub const PART: usize = 4_096;
/// Features that an issue names.
pub const NAMED: usize = 20;

/// Counts and issues of a check under way.
#[derive(Default)]
pub struct Found {
    pub tallies: BTreeMap<Kind, Tally>,
    pub issues: Vec<Issue>,
}

impl Found {
    pub fn tally(&mut self, kind: Kind) -> &mut Tally {
        self.tallies.entry(kind).or_default()
    }

    /// Counts an issue, and lists it where there is room.
    fn add(&mut self, kind: Kind, issue: impl FnOnce() -> Issue) {
        let tally = self.tally(kind);
        tally.count += 1;
        if tally.count <= LISTED as u64 {
            let issue = issue();
            self.issues.push(issue);
        }
    }
}

/// What is known of the layer's features one by one.
pub struct Singles {
    /// m², where the layer has polygons.
    pub area: Option<f64>,
    pub features: u64,
    /// Polygons, each once where several have the same geometry: feature, least and greatest corner.
    pub grounds: Vec<(u32, [P; 2])>,
}

/// The rings of a polygon feature in whole numbers: outer ones counter-clockwise, holes clockwise, nothing repeated.
pub fn rings(shapes: &Shapes, frame: &Frame, at: usize) -> Vec<Vec<P>> {
    let mut rings = Vec::new();
    each_ring(shapes, frame, at, &mut Vec::new(), |ring| rings.push(ring.to_vec()));
    rings
}

/// Calls `hit` with each of the [`rings`], made in `scratch`.
pub fn each_ring(shapes: &Shapes, frame: &Frame, at: usize, scratch: &mut Vec<P>, mut hit: impl FnMut(&[P])) {
    for (hole, run) in shapes.runs(at) {
        scratch.clear();
        scratch.extend(run.iter().map(|p| frame.whole(*p)));
        scratch.dedup();
        if scratch.len() > 1 && scratch.first() == scratch.last() {
            scratch.pop();
        }
        let area = area2(scratch);
        if area == 0 {
            continue;
        }
        if (area < 0) != hole {
            scratch.reverse();
        }
        hit(scratch);
    }
}

/// The polygon that a feature is, as an issue shows it.
pub fn place(shapes: &Shapes, at: usize) -> Place {
    let mut polygons: Vec<Vec<Vec<[f64; 2]>>> = Vec::new();
    for (hole, run) in shapes.runs(at) {
        match polygons.last_mut() {
            Some(last) if hole => last.push(run.to_vec()),
            _ => polygons.push(vec![run.to_vec()]),
        }
    }
    Place::Polygons(polygons)
}

pub fn look(shapes: &Shapes, frame: &Frame, measure: Measure, found: &mut Found) -> Singles {
    let bench = || (Surveyor::new(measure), Vec::new());
    let parts = parallel::parts(shapes.count(), PART, bench, |(surveyor, scratch), features| {
        let mut part = Part::default();
        features.for_each(|at| part.feature(shapes, frame, at, surveyor, scratch));
        part
    });
    let mut singles = Singles { area: None, features: 0, grounds: Vec::new() };
    let mut marks: Vec<(u64, u32)> = Vec::with_capacity(shapes.count());
    for part in parts {
        singles.features += part.features;
        if let Some(area) = part.area {
            *singles.area.get_or_insert(0.0) += area;
        }
        for at in part.empty {
            let issue = || Issue::new(Kind::Empty, Severity::Note, vec![shapes.fid(at as usize)], Place::Nowhere);
            found.add(Kind::Empty, issue);
        }
        for (at, times, first) in part.repeated {
            found.add(Kind::RepeatedPoint, || Issue {
                detail: Some(times.to_string()),
                ..Issue::new(Kind::RepeatedPoint, Severity::Note, vec![shapes.fid(at as usize)], Place::Point(first))
            });
        }
        for (at, area, width) in part.slivers {
            let at = at as usize;
            found.add(Kind::Sliver, || Issue {
                area: Some(area),
                width: Some(width),
                ..Issue::new(Kind::Sliver, Severity::Warning, vec![shapes.fid(at)], place(shapes, at))
            });
        }
        marks.extend(part.marks);
        singles.grounds.extend(part.grounds);
    }
    twins(shapes, marks, found, &mut singles);
    singles
}

/// What some features show, one by one.
#[derive(Default)]
struct Part {
    features: u64,
    area: Option<f64>,
    empty: Vec<u32>,
    /// Of each feature a number that does not depend on where its rings begin nor on which way they run.
    marks: Vec<(u64, u32)>,
    /// Feature, how many points are repeated, the first of them.
    repeated: Vec<(u32, u64, [f64; 2])>,
    /// Feature, area, mean width.
    slivers: Vec<(u32, f64, f64)>,
    grounds: Vec<(u32, [P; 2])>,
}

impl Part {
    fn feature(&mut self, shapes: &Shapes, frame: &Frame, at: usize, surveyor: &mut Surveyor, scratch: &mut Vec<P>) {
        let dim = shapes.dim(at);
        if dim == Dim::Replaced {
            return;
        }
        self.features += 1;
        if dim == Dim::Empty {
            self.empty.push(at as u32);
            return;
        }
        let (mut mark, mut repeated, mut first) = (dim as u64, 0, None);
        for (_, run) in shapes.runs(at) {
            let mut before = if dim == Dim::Polygon { run.last() } else { None };
            for p in run {
                if before == Some(p) && run.len() > 1 {
                    repeated += 1;
                    first = first.or(Some(*p));
                }
                before = Some(p);
                mark = mark.wrapping_add(xxh3_64(bytemuck::bytes_of(p)));
            }
        }
        self.marks.push((mark, at as u32));
        self.repeated.extend(first.map(|first| (at as u32, repeated, first)));
        if dim == Dim::Polygon {
            self.polygon(shapes, frame, at, surveyor, scratch);
        }
    }

    fn polygon(&mut self, shapes: &Shapes, frame: &Frame, at: usize, surveyor: &mut Surveyor, scratch: &mut Vec<P>) {
        let area: f64 =
            shapes.runs(at).map(|(hole, run)| if hole { -surveyor.ring(run) } else { surveyor.ring(run) }).sum();
        *self.area.get_or_insert(0.0) += area;
        let mut corners = [[i64::MAX; 2], [i64::MIN; 2]];
        let mut width = Width::default();
        each_ring(shapes, frame, at, scratch, |ring| {
            width.add(ring);
            for p in ring {
                for i in [0, 1] {
                    corners[0][i] = corners[0][i].min(p[i]);
                    corners[1][i] = corners[1][i].max(p[i]);
                }
            }
        });
        if corners[0][0] > corners[1][0] {
            return;
        }
        self.grounds.push((at as u32, corners));
        let width = width.metres();
        if width < SLIVER {
            self.slivers.push((at as u32, area, width));
        }
    }
}

/// Features with the same geometry: they are told, and of polygons one stands for all in what follows.
fn twins(shapes: &Shapes, mut marks: Vec<(u64, u32)>, found: &mut Found, singles: &mut Singles) {
    let positions = |at: u32| {
        let mut all: Vec<[u64; 2]> =
            shapes.runs(at as usize).flat_map(|(_, run)| run).map(|p| p.map(f64::to_bits)).collect();
        all.sort_unstable();
        all
    };
    marks.sort_unstable();
    let mut doubles: Vec<u32> = Vec::new();
    for group in marks.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1) {
        let one = positions(group[0].1);
        let same: Vec<u32> = group[1..].iter().map(|(_, at)| *at).filter(|at| positions(*at) == one).collect();
        if same.is_empty() {
            continue;
        }
        let fids = || std::iter::once(group[0].1).chain(same.iter().copied()).map(|at| shapes.fid(at as usize));
        let first = shapes.runs(group[0].1 as usize).next().and_then(|(_, run)| run.first().copied());
        let place = match shapes.dim(group[0].1 as usize) {
            Dim::Polygon => place(shapes, group[0].1 as usize),
            _ => first.map_or(Place::Nowhere, Place::Point),
        };
        // Several points at one place may well be meant.
        let severity = if matches!(place, Place::Polygons(_)) { Severity::Error } else { Severity::Warning };
        found.add(Kind::Duplicate, || Issue::new(Kind::Duplicate, severity, fids().take(NAMED).collect(), place));
        // What is counted is the features that are too many.
        found.tally(Kind::Duplicate).count += same.len() as u64 - 1;
        doubles.extend(same);
    }
    doubles.sort_unstable();
    singles.grounds.retain(|(at, _)| doubles.binary_search(at).is_err());
}
