//! Where a polygon's label stands: a point well inside it, the same in every tile.

use super::super::grid::Point;
use super::super::wkb::{Kind, ShapeRef};

/// The middle of the widest stretch inside the polygon along a few level lines; for others the middle of the box.
pub fn point(shape: ShapeRef<'_>) -> Point {
    let b = shape.bounds;
    let half = |a: i32, b: i32| ((i64::from(a) + i64::from(b)) / 2) as i32;
    let middle = [half(b.left, b.right), half(b.top, b.bottom)];
    if shape.kind != Kind::Polygon {
        return middle;
    }
    let height = i64::from(b.bottom) - i64::from(b.top);
    let mut crossings: Vec<i64> = Vec::new();
    let mut best: Option<(i64, Point)> = None;
    // The middle first; others only where they are clearly wider.
    for share in [8, 6, 10, 4, 12] {
        let y = (i64::from(b.top) * 2 + height * share / 8) | 1;
        crossings.clear();
        for run in shape.runs() {
            let Some(mut before) = run.last().copied() else { continue };
            for p in run {
                let (ya, yb) = (i64::from(before[1]) * 2, i64::from(p[1]) * 2);
                if (ya < y) != (yb < y) {
                    let (xa, xb) = (i64::from(before[0]), i64::from(p[0]));
                    crossings.push(xa + ((xb - xa) as f64 * (y - ya) as f64 / (yb - ya) as f64) as i64);
                }
                before = *p;
            }
        }
        crossings.sort_unstable();
        for pair in crossings.chunks_exact(2) {
            let width = pair[1] - pair[0];
            if best.is_none_or(|(widest, _)| width > widest + widest / 4) {
                best = Some((width, [((pair[0] + pair[1]) / 2) as i32, (y / 2) as i32]));
            }
        }
    }
    best.map_or(middle, |(_, point)| point)
}

#[cfg(test)]
mod tests {
    use super::super::super::grid::Box2;
    use super::super::super::wkb::Shape;
    use super::*;

    #[test]
    fn the_label_of_a_horseshoe_stands_on_it() {
        let points: Vec<Point> = vec![[0, 0], [30, 0], [30, 100], [70, 100], [70, 0], [100, 0], [100, 130], [0, 130]];
        let shape = Shape { kind: Kind::Polygon, ends: vec![points.len() as u32], bounds: Box2::of(&points), points };
        let [x, y] = point(shape.as_ref());
        assert!(!(30..70).contains(&x) || y > 100, "{x} {y}");
        assert!((0..100).contains(&x) && (0..130).contains(&y));
    }
}
