//! Geometry at one zoom, ready to be copied into any tile that holds the whole feature.

use super::super::grid::Scale;
use super::super::wkb::{Kind, ShapeRef};
use super::clip::{HIGH, LOW, Wide};
use super::encode::{Body, Local, varint, zigzag};
use super::ring::Rings;
use super::simplify;

/// Appends the prepared body: nothing when the feature is wider than a tile, one byte when nothing is left of it at this
/// zoom, else its first command, its first position from the rounded corner of its box, and the rest.
///
/// `tolerance` in tile units is how far a line may move.
pub fn prepare(shape: ShapeRef<'_>, scale: Scale, tolerance: i32, rings: &mut Rings, out: &mut Vec<u8>) {
    let corner = scale.apply([shape.bounds.left, shape.bounds.top]);
    let far = scale.apply([shape.bounds.right, shape.bounds.bottom]);
    if far[0] - corner[0] > HIGH - LOW || far[1] - corner[1] > HIGH - LOW {
        return;
    }
    let local = |p: &[i32; 2]| -> Wide {
        let [x, y] = scale.apply(*p);
        [x - corner[0], y - corner[1]]
    };
    let narrow = |[x, y]: Wide| -> Local { [x as i32, y as i32] };
    let mut body = Body::default();
    let drawn = match shape.kind {
        Kind::Polygon => {
            rings.clear();
            for run in shape.runs() {
                let points = run.iter().map(local);
                // The direction tells exteriors from holes; rounding may have lost it, so it is taken before.
                rings.push(points, super::super::wkb::area2(run) > 0);
            }
            rings.settle();
            body.set(Kind::Polygon, &rings.rings)
        }
        Kind::Line => {
            let mut lines = Vec::new();
            for run in shape.runs() {
                let mut line: Vec<Local> = run.iter().map(|p| narrow(local(p))).collect();
                line.dedup();
                simplify::line(&mut line, tolerance);
                if line.len() > 1 {
                    lines.push(line);
                }
            }
            body.set(Kind::Line, &lines)
        }
        Kind::Point => body.set(Kind::Point, [shape.points.iter().map(|p| narrow(local(p))).collect::<Vec<_>>()]),
    };
    if drawn {
        varint(out, body.head.into());
        varint(out, zigzag(body.first[0].into()));
        varint(out, zigzag(body.first[1].into()));
        out.extend_from_slice(&body.rest);
    } else {
        out.push(0);
    }
}
