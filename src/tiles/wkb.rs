//! Geometry as PostGIS sends it → what is drawn of it, in whole numbers.

use super::grid::{Box2, Grid, Point};
use crate::geo::ewkb::{Head, Reader};

/// What nests deeper is not drawn.
const DEEPEST: u8 = 8;

/// What a feature is drawn as; the numbers are those of MVT 2.1 (4.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    Point = 1,
    Line = 2,
    Polygon = 3,
}

impl Kind {
    pub fn from_u8(n: u8) -> Option<Kind> {
        [Kind::Point, Kind::Line, Kind::Polygon].into_iter().find(|k| *k as u8 == n)
    }
}

/// A feature's geometry in grid units: one run of points per line or ring (one run for all points). Exterior rings have
/// positive area in y-down coordinates, holes negative (MVT 2.1, 4.3.3.3); the closing point is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub kind: Kind,
    pub points: Vec<Point>,
    /// Where each run ends in `points`.
    pub ends: Vec<u32>,
    pub bounds: Box2,
}

impl Shape {
    pub fn as_ref(&self) -> ShapeRef<'_> {
        ShapeRef { kind: self.kind, points: &self.points, ends: &self.ends, first: 0, bounds: self.bounds }
    }
}

/// A [`Shape`] wherever it is kept.
#[derive(Debug, Clone, Copy)]
pub struct ShapeRef<'a> {
    pub kind: Kind,
    pub points: &'a [Point],
    pub ends: &'a [u32],
    /// What `ends` count from.
    pub first: u32,
    pub bounds: Box2,
}

impl<'a> ShapeRef<'a> {
    pub fn runs(self) -> impl Iterator<Item = &'a [Point]> + Clone {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let to = (end - self.first) as usize;
            let run = &self.points[from..to];
            from = to;
            run
        })
    }
}

/// Why a geometry is not in the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nothing to draw: empty, or not a number.
    Nothing,
    /// Out of the grid's reach.
    Far,
}

/// Reads EWKB in EPSG:3857. Of a collection, what has the highest dimension is drawn, as `ST_AsMVTGeom` does.
pub fn read(bytes: &[u8], grid: &Grid) -> Result<Shape, Reason> {
    let mut reader = Runs { grid, runs: Vec::new() };
    reader.geometry(&mut Reader(bytes), 0)?;
    let kind = reader.runs.iter().map(|(kind, _)| *kind).max().ok_or(Reason::Nothing)?;
    let mut shape = Shape { kind, points: Vec::new(), ends: Vec::new(), bounds: Box2::EMPTY };
    for (_, run) in reader.runs.into_iter().filter(|(k, _)| *k == kind) {
        shape.points.extend(run);
        if kind == Kind::Point {
            shape.ends.clear();
        }
        shape.ends.push(shape.points.len() as u32);
    }
    shape.bounds = Box2::of(&shape.points);
    if shape.points.is_empty() { Err(Reason::Nothing) } else { Ok(shape) }
}

struct Runs<'a> {
    grid: &'a Grid,
    runs: Vec<(Kind, Vec<Point>)>,
}

impl Runs<'_> {
    fn geometry(&mut self, rest: &mut Reader<'_>, depth: u8) -> Result<(), Reason> {
        let head = rest.head().filter(|_| depth <= DEEPEST).ok_or(Reason::Nothing)?;
        let count = |rest: &mut Reader<'_>| rest.count().ok_or(Reason::Nothing);
        match head.kind {
            1 => {
                let point = self.run(rest, head, 1)?;
                if !point.is_empty() {
                    self.runs.push((Kind::Point, point));
                }
            }
            2 => {
                let n = count(rest)?;
                let run = self.run(rest, head, n)?;
                if run.len() > 1 {
                    self.runs.push((Kind::Line, run));
                }
            }
            3 => {
                for ring in 0..count(rest)? {
                    let n = count(rest)?;
                    let run = self.run(rest, head, n)?;
                    self.ring(run, ring == 0);
                }
            }
            4..=7 => {
                for _ in 0..count(rest)? {
                    self.geometry(rest, depth + 1)?;
                }
            }
            _ => return Err(Reason::Nothing),
        }
        Ok(())
    }

    /// Points in grid units, none twice running. What is not a number (an empty point) is left out.
    fn run(&self, rest: &mut Reader<'_>, head: Head, count: u32) -> Result<Vec<Point>, Reason> {
        let positions = rest.positions(head, count).ok_or(Reason::Nothing)?;
        let mut run = Vec::with_capacity(positions.count());
        for [x, y] in positions.xy().filter(|p| p.iter().all(|c| c.is_finite())) {
            let point = self.grid.local(x, y).ok_or(Reason::Far)?;
            if run.last() != Some(&point) {
                run.push(point);
            }
        }
        Ok(run)
    }

    fn ring(&mut self, mut run: Vec<Point>, exterior: bool) {
        if run.len() > 1 && run.first() == run.last() {
            run.pop();
        }
        if run.len() < 3 {
            return;
        }
        if (area2(&run) > 0) != exterior {
            run.reverse();
        }
        self.runs.push((Kind::Polygon, run));
    }
}

/// Twice the signed area by the surveyor's formula, positive when clockwise on the screen (y down).
pub fn area2(ring: &[Point]) -> i128 {
    let mut sum = 0i128;
    let mut before = ring.last().copied().unwrap_or_default();
    for point in ring {
        sum += i128::from(i64::from(before[0]) * i64::from(point[1]))
            - i128::from(i64::from(point[0]) * i64::from(before[1]));
        before = *point;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(ring: &[(f64, f64)]) -> Vec<u8> {
        let mut out = vec![1, 3, 0, 0, 0, 1, 0, 0, 0];
        out.extend((ring.len() as u32).to_le_bytes());
        for (x, y) in ring {
            out.extend(x.to_le_bytes());
            out.extend(y.to_le_bytes());
        }
        out
    }

    #[test]
    fn an_exterior_turns_the_way_that_tiles_want_whichever_way_it_came() {
        let grid = Grid::fit(0.0, 0.0, 100.0, 100.0);
        let ring = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0), (0.0, 0.0)];
        let back: Vec<_> = ring.iter().rev().copied().collect();
        for ring in [&ring[..], &back] {
            let shape = read(&polygon(ring), &grid).unwrap();
            assert_eq!((shape.kind, shape.points.len()), (Kind::Polygon, 4));
            assert!(area2(&shape.points) > 0);
        }
    }

    #[test]
    fn bytes_that_lie_about_their_length_are_nothing() {
        let grid = Grid::fit(0.0, 0.0, 100.0, 100.0);
        let mut bytes = polygon(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)]);
        bytes[9..13].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&bytes, &grid), Err(Reason::Nothing));
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut], &grid).is_err());
        }
    }

    #[test]
    fn a_place_out_of_reach_is_told_from_nothing() {
        let grid = Grid::fit(0.0, 0.0, 100.0, 100.0);
        let far = polygon(&[(1e7, 0.0), (1.1e7, 0.0), (1e7, 1e6)]);
        assert_eq!(read(&far, &grid), Err(Reason::Far));
    }
}
