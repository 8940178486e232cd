//! Few vertices for an arc: straight lines through as many gates as can be seen.

use super::arcs::{Gate, Vertex};

/// Lines pass a gate within this many half units of its middle: half a unit away from the cell centres.
const PASS: i32 = 7;
/// The directions from a point that pass all gates so far, as the leftmost and the rightmost, in half units.
#[derive(Clone, Copy)]
struct Cone([i64; 2], [i64; 2]);

/// Appends the vertices of an arc between two nodes, each in the middle of a gate. `base` is the index of the first gate.
pub(super) fn open(gates: &[Gate], base: u32, from: [i32; 2], to: [i32; 2], out: &mut Vec<Vertex>) {
    let (mut at, mut first) = (from, 0);
    while let Some(gate) = link(at, gates, first, to) {
        at = gates[gate].at;
        out.push(Vertex { at, gate: base + gate as u32 });
        first = gate + 1;
    }
}

/// Appends the vertices of a closed arc, three at least as it goes around a cell centre. Its gates are turned such that
/// the first vertex is on the first gate.
pub(super) fn closed(gates: &mut [Gate], base: u32, out: &mut Vec<Vertex>) {
    let Some(&first) = gates.first() else { return };
    if gates.len() == 4 {
        // A single cell: middles would leave half of its area, these 33/32.
        let outward = if gates[1].dir == (first.dir + 1) & 3 { 1 } else { -1 };
        let offsets = if gates.iter().any(|gate| gate.pinned) { [0; 4] } else { [2, 2, 2, 1] };
        let vertices = (base..).zip(gates).zip(offsets);
        out.extend(vertices.map(|((index, gate), n)| Vertex { at: gate.point(outward * n), gate: index }));
        return;
    }
    // Where the first link ends is a better start than anywhere.
    let pinned = gates.iter().position(|gate| gate.pinned);
    gates.rotate_left(pinned.or_else(|| link(first.at, gates, 1, first.at)).unwrap_or(0));
    let at = gates[0].at;
    out.push(Vertex { at, gate: base });
    open(&gates[1..], base + 1, at, at, out);
}

/// The gate of the next vertex of the line that comes from the point `at`, before gate `first`: the furthest one whose
/// middle can be seen. `None` when the end can be seen.
fn link(at: [i32; 2], gates: &[Gate], first: usize, end: [i32; 2]) -> Option<usize> {
    let from = |p: [i32; 2]| [i64::from(p[0] - at[0]), i64::from(p[1] - at[1])];
    let mut seen: Option<Cone> = None;
    let mut furthest = first;
    for (i, gate) in gates.iter().enumerate().skip(first) {
        let (middle, left) = (from(gate.at), gate.left().map(|n| i64::from(n * PASS)));
        let [left, right] = [1, -1].map(|sign| [2 * middle[0] + sign * left[0], 2 * middle[1] + sign * left[1]]);
        let cone = match seen {
            None => Cone(left, right),
            Some(Cone(l, r)) => {
                Cone(if cross(l, left) < 0 { l } else { left }, if cross(r, right) > 0 { r } else { right })
            }
        };
        if cross(cone.0, cone.1) < 0 {
            return Some(furthest);
        }
        if cone.sees(middle) {
            furthest = i;
        }
        if gate.pinned {
            return Some(furthest);
        }
        seen = Some(cone);
    }
    seen.is_some_and(|cone| !cone.sees(from(end))).then_some(furthest)
}

impl Cone {
    fn sees(self, towards: [i64; 2]) -> bool {
        cross(self.0, towards) >= 0 && cross(self.1, towards) <= 0
    }
}

/// Whether the straight line passes all the gates between, clear of the cell centres.
pub(super) fn passes(from: [i32; 2], to: [i32; 2], gates: &[Gate]) -> bool {
    let along = [i64::from(to[0] - from[0]), i64::from(to[1] - from[1])];
    gates.iter().all(|gate| {
        let middle = [i64::from(gate.at[0] - from[0]), i64::from(gate.at[1] - from[1])];
        let left = gate.left().map(i64::from);
        let (centre, half) = (2 * cross(along, middle), i64::from(PASS) * cross(along, left));
        centre + half <= 0 && centre - half >= 0
    })
}

/// Above 0 when `b` is right of `a`.
fn cross(a: [i64; 2], b: [i64; 2]) -> i64 {
    a[0] * b[1] - a[1] * b[0]
}
