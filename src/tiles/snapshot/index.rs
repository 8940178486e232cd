//! A packed tree of boxes over features in Hilbert order (Kamel and Faloutsos, 1993): no pointers, sixteen children a node.

use super::super::grid::{Box2, Grid};
use super::super::wkb::Shape;

const FAN: usize = 16;

/// The inner nodes over these leaf boxes, lowest level first.
pub fn build(leaves: &[Box2]) -> Vec<Box2> {
    let mut nodes: Vec<Box2> = Vec::with_capacity(leaves.len() / (FAN - 1) + 2);
    let mut from = 0;
    let join = |boxes: &[Box2]| boxes.iter().fold(Box2::EMPTY, |a, b| a.union(*b));
    nodes.extend(leaves.chunks(FAN).map(join));
    while nodes.len() - from > 1 {
        let level: Vec<Box2> = nodes[from..].chunks(FAN).map(join).collect();
        from = nodes.len();
        nodes.extend(level);
    }
    nodes
}

/// Calls `hit` with the number of each leaf that touches the window, in ascending order.
pub fn search(leaves: &[Box2], nodes: &[Box2], window: Box2, mut hit: impl FnMut(usize)) {
    visit(leaves, nodes, window, &mut |i| {
        hit(i);
        false
    });
}

/// Whether a leaf touches the window.
pub fn any(leaves: &[Box2], nodes: &[Box2], window: Box2) -> bool {
    visit(leaves, nodes, window, &mut |_| true)
}

/// Visits leaves that touch the window until `enough` says so; whether it did.
pub fn visit(leaves: &[Box2], nodes: &[Box2], window: Box2, enough: &mut impl FnMut(usize) -> bool) -> bool {
    // Where each level starts, lowest first.
    let mut levels = [0usize; 10];
    let (mut count, mut size, mut start) = (0, leaves.len().div_ceil(FAN), 0);
    while size > 0 && count < levels.len() {
        levels[count] = start;
        start += size;
        count += 1;
        if size == 1 {
            break;
        }
        size = size.div_ceil(FAN);
    }
    count > 0 && nodes.len() >= start && descend(leaves, nodes, &levels[..count], 0, window, enough)
}

/// `levels` ends with the level of the node `at`.
fn descend(
    leaves: &[Box2],
    nodes: &[Box2],
    levels: &[usize],
    at: usize,
    window: Box2,
    enough: &mut impl FnMut(usize) -> bool,
) -> bool {
    let Some((level, below)) = levels.split_last() else { return false };
    if !nodes[level + at].touches(window) {
        return false;
    }
    let from = at * FAN;
    match below.last() {
        None => {
            let members = leaves[from..leaves.len().min(from + FAN)].iter().enumerate();
            members.filter(|(_, b)| b.touches(window)).any(|(i, _)| enough(from + i))
        }
        Some(start) => {
            (from..(level - start).min(from + FAN)).any(|child| descend(leaves, nodes, below, child, window, enough))
        }
    }
}

/// Where a feature comes in Hilbert order: by the middle of its box, in cells of 2.4 m. The same wherever the grid lies, so
/// that a rebuilt snapshot has its features in the same order.
pub fn order(shape: &Shape, grid: &Grid) -> u64 {
    let b = shape.bounds;
    let cell = |a: i32, b: i32, origin: i64| {
        ((((i64::from(a) + i64::from(b)) / 2 + origin) >> (grid.bits - 24)) as u32).min((1 << 24) - 1)
    };
    hilbert(cell(b.left, b.right, grid.origin[0]), cell(b.top, b.bottom, grid.origin[1]))
}

/// The place of a cell on the Hilbert curve through 2^24 by 2^24 cells (Warren, "Hacker's Delight", 16).
pub fn hilbert(mut x: u32, mut y: u32) -> u64 {
    let mut d = 0u64;
    let mut s = 1u32 << 23;
    while s > 0 {
        let (rx, ry) = (u32::from(x & s > 0), u32::from(y & s > 0));
        d += u64::from(s) * u64::from(s) * u64::from((3 * rx) ^ ry);
        (x, y) = (x & (s - 1), y & (s - 1));
        if ry == 0 {
            if rx == 1 {
                (x, y) = (s - 1 - x, s - 1 - y);
            }
            std::mem::swap(&mut x, &mut y);
        }
        s >>= 1;
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_finds_what_a_look_at_every_box_finds() {
        let mut seed = 7u64;
        let mut draw = |n: i32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((seed >> 33) % n as u64) as i32
        };
        for n in [0, 1, 15, 16, 17, 255, 256, 257, 5000] {
            let leaves: Vec<Box2> = (0..n)
                .map(|_| {
                    let (x, y) = (draw(1000), draw(1000));
                    Box2 { left: x, top: y, right: x + draw(40), bottom: y + draw(40) }
                })
                .collect();
            let nodes = build(&leaves);
            for _ in 0..50 {
                let (x, y) = (draw(1000), draw(1000));
                let window = Box2 { left: x, top: y, right: x + draw(300), bottom: y + draw(300) };
                let mut found = Vec::new();
                search(&leaves, &nodes, window, |i| found.push(i));
                let expected: Vec<usize> = (0..leaves.len()).filter(|i| leaves[*i].touches(window)).collect();
                assert_eq!(found, expected);
                assert_eq!(any(&leaves, &nodes, window), !expected.is_empty());
            }
        }
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_ground() {
        let mut cells: Vec<(u64, u32, u32)> =
            (0..32).flat_map(|x| (0..32).map(move |y| (hilbert(x, y), x, y))).collect();
        cells.sort();
        for pair in cells.windows(2) {
            assert_eq!(pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2), 1, "{pair:?}");
            assert_eq!(pair[1].0 - pair[0].0, 1);
        }
    }
}
