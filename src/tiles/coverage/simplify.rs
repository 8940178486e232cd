//! Few vertices for an arc: straight lines through as many gates as can be seen.

use super::arcs::{Gate, Vertex};

/// Lines pass a gate within this many half units of its middle: half a unit away from the cell centres.
const PASS: i32 = 7;
/// Vertices are set within this many units of the middle of a gate.
const REACH: i32 = 2;

/// The directions from a point that pass all gates so far, as the leftmost and the rightmost, in half units.
#[derive(Clone, Copy)]
struct Cone([i64; 2], [i64; 2]);

#[derive(Default)]
pub(super) struct Simplifier {
    cones: Vec<Cone>,
}

impl Simplifier {
    /// The vertices of an arc between two nodes. `base` is the index of the first gate.
    pub fn open(&mut self, gates: &[Gate], base: u32, from: [i32; 2], to: [i32; 2], out: &mut Vec<Vertex>) {
        let (mut at, mut first) = (from, 0);
        while let Some((gate, offset)) = self.link(at, gates, first, to) {
            at = gates[gate].point(offset);
            out.push(Vertex { at, gate: base + gate as u32 });
            first = gate + 1;
        }
    }

    /// The vertices of a closed arc, three at least as it goes around a cell centre. Its gates are turned such that the
    /// first vertex is on the first gate.
    pub fn closed(&mut self, gates: &mut [Gate], base: u32, out: &mut Vec<Vertex>) {
        let Some(&first) = gates.first() else { return };
        if gates.len() == 4 {
            // A single cell: midpoints would leave half of its area, these 33/32.
            let outward = if gates[1].dir == (first.dir + 1) & 3 { 1 } else { -1 };
            let offsets = if gates.iter().any(|gate| gate.pinned) { [0; 4] } else { [2, 2, 2, 1] };
            out.extend(
                (base..)
                    .zip(gates)
                    .zip(offsets)
                    .map(|((index, gate), offset)| Vertex { at: gate.point(outward * offset), gate: index }),
            );
            return;
        }
        let (start, offset) = match gates.iter().position(|gate| gate.pinned) {
            Some(pinned) => (pinned, 0),
            // Where the first link ends is a better start than anywhere.
            None => self.link(first.at, gates, 1, first.at).unwrap_or((0, 0)),
        };
        gates.rotate_left(start);
        let at = gates[0].point(offset);
        out.push(Vertex { at, gate: base });
        self.open(&gates[1..], base + 1, at, at, out);
    }

    /// The next vertex of the line that comes from the point `at`, before gate `first`: its gate and how far to the left
    /// of the middle it is. `None` when the end can be seen.
    fn link(&mut self, at: [i32; 2], gates: &[Gate], first: usize, end: [i32; 2]) -> Option<(usize, i32)> {
        let from = |p: [i32; 2]| [i64::from(p[0] - at[0]), i64::from(p[1] - at[1])];
        self.cones.clear();
        // The furthest gate of which the middle can be seen.
        let mut central = first;
        for (i, gate) in gates.iter().enumerate().skip(first) {
            let (middle, left) = (from(gate.at), gate.left().map(i64::from));
            let side = |n: i64| [2 * middle[0] + n * left[0], 2 * middle[1] + n * left[1]];
            let mut cone = Cone(side(PASS.into()), side((-PASS).into()));
            if let Some(before) = self.cones.last() {
                if cross(before.0, cone.0) < 0 {
                    cone.0 = before.0;
                }
                if cross(before.1, cone.1) > 0 {
                    cone.1 = before.1;
                }
                if cross(cone.0, cone.1) < 0 {
                    return Some(self.choose(gates, first, central, from));
                }
            }
            self.cones.push(cone);
            if cone.sees(middle) {
                central = i;
                if gate.pinned {
                    return Some((i, 0));
                }
            } else if gate.pinned {
                self.cones.pop();
                return Some(self.choose(gates, first, central, from));
            }
        }
        match self.cones.last() {
            Some(cone) if !cone.sees(from(end)) => Some(self.choose(gates, first, central, from)),
            _ => None,
        }
    }

    /// The furthest middle of a gate, unless a point beside a middle is twice as far.
    fn choose(
        &self,
        gates: &[Gate],
        first: usize,
        central: usize,
        from: impl Fn([i32; 2]) -> [i64; 2],
    ) -> (usize, i32) {
        let enough = 2 * (central - first) + 2;
        for (i, cone) in self.cones.iter().enumerate().skip(enough).rev() {
            let gate = gates[first + i];
            let near = (1..=REACH).flat_map(|n| [n, -n]);
            if let Some(offset) = near.into_iter().find(|&offset| cone.sees(from(gate.point(offset)))) {
                return (first + i, offset);
            }
        }
        (central, 0)
    }
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
