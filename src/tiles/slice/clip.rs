//! What of a feature lies in a tile and its margin: Sutherland and Hodgman (1974) for rings, parameters of Liang and Barsky
//! (1984) for lines. Tile units from the tile's corner, y down.

use super::super::grid::{Box2, Point};
use super::super::snapshot::CHUNK;
use super::encode::Local;
use crate::layer::mvt::{BUFFER, EXTENT};

pub const LOW: i64 = -(BUFFER as i64);
pub const HIGH: i64 = (EXTENT + BUFFER) as i64;

/// A point that may lie far outside the tile.
pub type Wide = [i64; 2];

pub fn inside([x, y]: Wide) -> bool {
    (LOW..=HIGH).contains(&x) && (LOW..=HIGH).contains(&y)
}

/// Buffers that clipping uses again and again.
#[derive(Default)]
pub struct Scratch {
    a: Vec<Wide>,
    b: Vec<Wide>,
}

impl Scratch {
    /// The ring within the box; fewer than three points when nothing is left. It may run along the box's edge on its way
    /// back: [`super::ring::Rings::settle`] mends that.
    pub fn ring(&mut self, ring: impl Iterator<Item = Wide>) -> &[Wide] {
        self.a.clear();
        self.a.extend(ring);
        let (mut low, mut high) = ([i64::MAX; 2], [i64::MIN; 2]);
        for p in &self.a {
            low = [low[0].min(p[0]), low[1].min(p[1])];
            high = [high[0].max(p[0]), high[1].max(p[1])];
        }
        for (axis, limit, keep_less) in [(0, LOW, false), (0, HIGH, true), (1, LOW, false), (1, HIGH, true)] {
            // Most rings leave the box on one side only.
            if if keep_less { high[axis] <= limit } else { low[axis] >= limit } {
                continue;
            }
            half(&self.a, &mut self.b, axis, limit, keep_less);
            std::mem::swap(&mut self.a, &mut self.b);
            if self.a.len() < 3 {
                self.a.clear();
                break;
            }
        }
        &self.a
    }
}

/// Appends a run of points without most of what lies wholly beyond one side of the window, which clipping would drop
/// anyway: of each such chunk its ends stay. `from` is the place of the first point among those that `chunks` are of.
pub fn thin(run: &[Point], from: usize, chunks: &[Box2], window: Box2, out: &mut Vec<Point>) {
    let beyond =
        |b: &Box2| b.right < window.left || b.left > window.right || b.bottom < window.top || b.top > window.bottom;
    let mut i = 0;
    while i < run.len() {
        let at = from + i;
        let end = (at / CHUNK + 1) * CHUNK - from;
        let whole = at.is_multiple_of(CHUNK) && end <= run.len();
        if whole && chunks.get(at / CHUNK).is_some_and(beyond) {
            out.extend([run[i], run[end - 1]]);
        } else {
            out.extend_from_slice(&run[i..end.min(run.len())]);
        }
        i = end;
    }
}

/// The part of a ring on one side of a line parallel to an axis.
fn half(ring: &[Wide], out: &mut Vec<Wide>, axis: usize, limit: i64, keep_less: bool) {
    out.clear();
    let kept = |p: &Wide| if keep_less { p[axis] <= limit } else { p[axis] >= limit };
    let Some(mut before) = ring.last().copied() else { return };
    let mut was = kept(&before);
    for point in ring {
        let is = kept(point);
        if is != was {
            out.push(crossing(before, *point, axis, limit));
        }
        if is {
            out.push(*point);
        }
        (before, was) = (*point, is);
    }
}

/// Where the segment meets the line. The ends are put in order first, so that two neighbours that share the segment in
/// opposite directions get the same point.
fn crossing(a: Wide, b: Wide, axis: usize, limit: i64) -> Wide {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let other = 1 - axis;
    let share = (limit - a[axis]) as f64 / (b[axis] - a[axis]) as f64;
    let mut out = [limit; 2];
    out[other] = a[other] + (share * (b[other] - a[other]) as f64).round() as i64;
    out
}

/// The parts of a line within the box, each of two points or more.
pub fn line(points: impl Iterator<Item = Wide>, out: &mut Vec<Vec<Local>>) {
    let mut part: Vec<Local> = Vec::new();
    let mut before: Option<Wide> = None;
    let narrow = |p: Wide| [p[0] as i32, p[1] as i32];
    let mut end = |part: &mut Vec<Local>| {
        if part.len() > 1 {
            out.push(std::mem::take(part));
        }
        part.clear();
    };
    for point in points {
        if let Some(from) = before.replace(point) {
            match segment(from, point) {
                Some((a, b)) => {
                    let (a, b) = (narrow(a), narrow(b));
                    if part.last() != Some(&a) {
                        end(&mut part);
                        part.push(a);
                    }
                    if a != b {
                        part.push(b);
                    }
                    if !inside(point) {
                        end(&mut part);
                    }
                }
                None => end(&mut part),
            }
        }
    }
    end(&mut part);
}

/// The part of a segment within the box.
fn segment(a: Wide, b: Wide) -> Option<(Wide, Wide)> {
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    let d = [(b[0] - a[0]) as f64, (b[1] - a[1]) as f64];
    for axis in 0..2 {
        let (low, high) = ((LOW - a[axis]) as f64, (HIGH - a[axis]) as f64);
        if d[axis] == 0.0 {
            if low > 0.0 || high < 0.0 {
                return None;
            }
        } else {
            let (t, u) = (low / d[axis], high / d[axis]);
            enter = enter.max(t.min(u));
            leave = leave.min(t.max(u));
        }
    }
    if enter > leave {
        return None;
    }
    let at = |t: f64| {
        let one = |axis: usize| (a[axis] + (t * d[axis]).round() as i64).clamp(LOW, HIGH);
        [one(0), one(1)]
    };
    Some((if inside(a) { a } else { at(enter) }, if inside(b) { b } else { at(leave) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_larger_than_the_tile_becomes_the_tile() {
        let mut scratch = Scratch::default();
        let ring = [[-90_000, -90_000], [90_000, -90_000], [90_000, 90_000], [-90_000, 90_000]];
        let mut out = scratch.ring(ring.into_iter()).to_vec();
        out.sort();
        out.dedup();
        assert_eq!(out, [[LOW, LOW], [LOW, HIGH], [HIGH, LOW], [HIGH, HIGH]]);
        assert!(scratch.ring(ring.into_iter().map(|[x, y]| [x + 200_000, y])).is_empty());
    }

    #[test]
    fn a_border_far_away_is_passed_over_and_the_clipped_ring_is_the_same() {
        let window = Box2 { left: -64, top: -64, right: 4160, bottom: 4160 };
        let round = |r: f64, n: i32| -> Vec<Point> {
            let angle = |i: i32| f64::from(i) / f64::from(n) * std::f64::consts::TAU;
            (0..n).map(|i| [(angle(i).cos() * r) as i32 - 80_000, (angle(i).sin() * r) as i32]).collect()
        };
        for (n, from) in [(5000, 0), (5000, 7), (130, 63), (64, 0)] {
            let ring = round(82_000.0, n);
            let mut all = vec![[0, 0]; from];
            all.extend(&ring);
            let chunks: Vec<Box2> = all.chunks(CHUNK).map(Box2::of).collect();
            let mut thinned = Vec::new();
            thin(&ring, from, &chunks, window, &mut thinned);
            assert!(n < 1000 || thinned.len() < 500, "{}", thinned.len());
            let (mut a, mut b) = (Scratch::default(), Scratch::default());
            let wide = |p: &Point| [i64::from(p[0]), i64::from(p[1])];
            let area = |ring: &[Wide]| {
                let turns = ring.iter().zip(ring.iter().cycle().skip(1));
                turns.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<i64>()
            };
            let (x, y) = (area(a.ring(ring.iter().map(wide))), area(b.ring(thinned.iter().map(wide))));
            assert_eq!(x, y);
            assert!(n < 1000 || x > 0);
        }
    }

    #[test]
    fn neighbours_cross_the_edge_at_the_same_point() {
        for k in 0..2000i64 {
            let (a, b) = ([k * 7 % 4000, k % 4096], [4200 + k * 13 % 900, k * 31 % 5000]);
            assert_eq!(crossing(a, b, 0, HIGH), crossing(b, a, 0, HIGH));
        }
    }

    #[test]
    fn a_line_that_leaves_and_returns_has_two_parts() {
        let mut out = Vec::new();
        line([[10, 10], [10, 9000], [20, 9000], [20, 10]].into_iter(), &mut out);
        assert_eq!(out, [vec![[10, 10], [10, HIGH as i32]], vec![[20, HIGH as i32], [20, 10]]]);
        out.clear();
        line([[-500, 5], [9000, 5]].into_iter(), &mut out);
        assert_eq!(out, [vec![[LOW as i32, 5], [HIGH as i32, 5]]]);
    }
}
