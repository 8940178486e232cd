//! The area of a polygon within a box.

/// The area of one polygon or multipolygon within the box, in square grid units. The rings close themselves; holes wind
/// against their exteriors.
pub fn area_in<'a>(rings: impl Iterator<Item = &'a [[i32; 2]]>, left: i64, top: i64, right: i64, bottom: i64) -> f64 {
    // Beyond all points an `i32` can name, and within what an `f64` can.
    const FAR: i64 = 1 << 33;
    let [left, top, right, bottom] = [left, top, right, bottom].map(|n| n.clamp(-FAR, FAR));
    let size = [(right - left).max(0) as f64, (bottom - top).max(0) as f64];
    let local = |p: &[i32; 2]| [(i64::from(p[0]) - left) as f64, (i64::from(p[1]) - top) as f64];
    let mut sum = 0.0;
    for ring in rings {
        let Some(last) = ring.last() else { continue };
        let mut a = local(last);
        for p in ring {
            let b = local(p);
            sum += swept(a, b, size);
            a = b;
        }
    }
    sum.abs()
}

/// The integral of x dy along `a`–`b`, with x held to 0–`size[0]` and only where y is within 0–`size[1]`. Summed over
/// a ring it is the ring's area within the box: no ring needs to be clipped.
pub(super) fn swept(a: [f64; 2], b: [f64; 2], size: [f64; 2]) -> f64 {
    let [width, height] = size;
    if a[0].min(b[0]) >= 0.0 && a[0].max(b[0]) <= width && a[1].min(b[1]) >= 0.0 && a[1].max(b[1]) <= height {
        return (a[0] + b[0]) / 2.0 * (b[1] - a[1]);
    }
    if a[1].max(b[1]) <= 0.0 || a[1].min(b[1]) >= height || a[0].max(b[0]) <= 0.0 || a[1] == b[1] {
        return 0.0;
    }
    let slant = (b[0] - a[0]) / (b[1] - a[1]);
    let cut = |p: [f64; 2]| {
        let y = p[1].clamp(0.0, height);
        if y == p[1] { p } else { [a[0] + (y - a[1]) * slant, y] }
    };
    let (a, b) = (cut(a), cut(b));
    let (from, to) = (a[0].clamp(0.0, width), b[0].clamp(0.0, width));
    if from == to && (from == a[0]) == (to == b[0]) {
        return from * (b[1] - a[1]);
    }
    // Partly left or right of the box: dy per dx, first within, then the part to the right, where x counts as `width`.
    let rise = (b[1] - a[1]) / (b[0] - a[0]);
    let beyond = (b[0] - width).max(0.0) - (a[0] - width).max(0.0);
    rise * ((to - from) * (from + to) / 2.0 + width * beyond)
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    fn each(rings: &[Vec<[i32; 2]>]) -> impl Iterator<Item = &[[i32; 2]]> {
        rings.iter().map(Vec::as_slice)
    }

    #[test]
    fn the_parts_in_the_boxes_of_a_grid_add_up() {
        let mut random = Random(1);
        for _ in 0..2000 {
            let mut angles: Vec<usize> = (0..3 + random.below(5)).map(|_| random.below(628)).collect();
            angles.sort_unstable();
            let point = |angle: usize| (angle as f64 / 100.0).sin_cos();
            let ring = angles.into_iter().map(point).map(|(s, c)| [(90.0 * c) as i32, (90.0 * s) as i32]).collect();
            let rings: [Vec<[i32; 2]>; 1] = [ring];
            let whole = area_in(each(&rings), -100, -100, 100, 100);
            let (x, y) = (random.between(-95, 95).into(), random.between(-95, 95).into());
            let parts = [(-100, -100, x, y), (x, -100, 100, y), (-100, y, x, 100), (x, y, 100, 100)];
            let sum: f64 = parts.iter().map(|&(l, t, r, b)| area_in(each(&rings), l, t, r, b)).sum();
            assert!((whole - sum).abs() < 1e-6 * whole.max(1.0), "{whole} {sum} {rings:?}");
        }
    }

    #[test]
    fn holes_are_taken_off_and_boxes_cut() {
        let rings = [vec![[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], vec![[2, 2], [2, 8], [8, 8], [8, 2]]];
        assert_eq!(area_in(each(&rings), -5, -5, 50, 50), 64.0);
        assert_eq!(area_in(each(&rings), 1, 1, 3, 3), 3.0);
        assert_eq!(area_in(each(&rings), 3, 3, 7, 7), 0.0);
        assert_eq!(area_in(each(&rings), i64::MIN, i64::MIN, i64::MAX, i64::MAX), 64.0);
        assert_eq!(area_in(each(&rings), 7, 7, 3, 3), 0.0);
        let slanted = [vec![[0, 0], [8, 0], [0, 8]]];
        assert_eq!(area_in(each(&slanted), 0, 0, 4, 8), 24.0);
        assert_eq!(area_in(each(&slanted), 4, 2, 100, 100), 2.0);
    }
}
