//! Lines with fewer points (Douglas and Peucker, 1973).

use super::encode::Local;

/// Leaves out points that are within `tolerance` units of the line through those that stay; both ends stay.
pub fn line(points: &mut Vec<Local>, tolerance: i32) {
    if points.len() < 3 || tolerance < 1 {
        return;
    }
    let limit = i64::from(tolerance) * i64::from(tolerance);
    let mut keep = vec![false; points.len()];
    (keep[0], keep[points.len() - 1]) = (true, true);
    let mut spans = vec![(0, points.len() - 1)];
    while let Some((from, to)) = spans.pop() {
        let far = (from + 1..to).map(|i| (distance2(points[i], points[from], points[to]), i)).max();
        if let Some((_, i)) = far.filter(|(d, _)| *d > limit) {
            keep[i] = true;
            spans.push((from, i));
            spans.push((i, to));
        }
    }
    let mut kept = keep.iter();
    points.retain(|_| kept.next().is_some_and(|k| *k));
}

/// Squared distance from a segment, rounded down.
fn distance2(p: Local, a: Local, b: Local) -> i64 {
    let d = |u: Local, v: Local| (i64::from(v[0]) - i64::from(u[0]), i64::from(v[1]) - i64::from(u[1]));
    let ((dx, dy), (px, py)) = (d(a, b), d(a, p));
    let (length2, along) = (dx * dx + dy * dy, px * dx + py * dy);
    if along <= 0 || length2 == 0 {
        return px * px + py * py;
    }
    if along >= length2 {
        let (qx, qy) = d(b, p);
        return qx * qx + qy * qy;
    }
    let cross = i128::from(px * dy - py * dx);
    (cross * cross / i128::from(length2)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_point_that_is_left_out_was_further_away_than_asked() {
        let mut seed = 3u64;
        let mut draw = |n: i32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            ((seed >> 33) % n as u64) as i32
        };
        for _ in 0..200 {
            let before: Vec<Local> = (0..60).map(|i| [i * 10 + draw(9), draw(60)]).collect();
            let mut after = before.clone();
            line(&mut after, 6);
            assert!(after.len() < before.len() && after[0] == before[0] && after.last() == before.last());
            for p in &before {
                let near = after.windows(2).map(|w| distance2(*p, w[0], w[1])).min().unwrap();
                assert!(near <= 36, "{near}");
            }
        }
    }
}
