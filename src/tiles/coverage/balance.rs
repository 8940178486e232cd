//! Each class gets its true area: vertices move along their gates, nodes between theirs, by a unit at a time.

use super::Class;
use super::arcs::{Arcs, NONE, UNIT, Vertex};
use super::area::swept;
use super::simplify::passes;

/// Vertices stay within this many units of the middle of their gate.
const REACH: i32 = 3;
/// Nodes stay within this many units of their corner on both axes.
const NODE_REACH: i32 = 2;
const ROUNDS: usize = 8;
/// An error of a class that is not worth a round, in cells.
const ENOUGH: f64 = 0.02;
const CELL: f64 = (UNIT * UNIT) as f64;

/// For each class how much its area within the core is above the truth, in cells, and how much that counts: the sum of
/// `weight * error²` is what moves make less.
struct Balance {
    error: Vec<f64>,
    weight: Vec<f64>,
}

/// Moves the arcs within the core (left, top, right, bottom in units) such that the areas of classes there approach
/// `truth`, in cells. Classes without truth take what is left.
pub(super) fn balance(arcs: &mut Arcs, core: [i32; 4], truth: &[(Class, f64)]) {
    let mut balance = Balance::of(arcs, core, truth);
    let inside = |at: [i32; 2]| at[0] > core[0] && at[1] > core[1] && at[0] < core[2] && at[1] < core[3];
    let mut vertices = Vec::new();
    for arc in 0..arcs.arcs.len() {
        for i in arcs.vertices(arc) {
            let Vertex { at, gate } = arcs.vertices[i];
            if inside(at) && !arcs.gates[gate as usize].pinned {
                vertices.push((arc, i));
            }
        }
    }
    let movable = |i: &usize| inside(arcs.nodes[*i].at) && !arcs.nodes[*i].pinned;
    let nodes: Vec<usize> = (0..arcs.nodes.len()).filter(movable).collect();
    for _ in 0..ROUNDS {
        let mut moves = 0;
        for &(arc, i) in scattered(&vertices) {
            moves += usize::from(balance.vertex(arcs, arc, i));
        }
        for &node in scattered(&nodes) {
            moves += usize::from(balance.node(arcs, node));
        }
        if moves == 0 || balance.enough() {
            break;
        }
    }
}

/// The areas of all classes within the core, in cells, by their index.
pub(super) fn areas(arcs: &Arcs, core: [i32; 4]) -> Vec<f64> {
    let size = [f64::from(core[2] - core[0]), f64::from(core[3] - core[1])];
    let local = |at: [i32; 2]| [f64::from(at[0] - core[0]), f64::from(at[1] - core[1])];
    let mut areas = vec![0.0; arcs.classes.len()];
    for (i, arc) in arcs.arcs.iter().enumerate() {
        let vertices = &arcs.vertices[arcs.vertices(i)];
        let [first, last] = match arc.nodes {
            [NONE, _] => [vertices.last().map(|v| v.at); 2],
            nodes => nodes.map(|node| Some(arcs.nodes[node as usize].at)),
        };
        let (Some(first), Some(last)) = (first, last) else { continue };
        let (mut sum, mut a) = (0.0, local(first));
        for at in vertices.iter().map(|v| v.at).chain([last]) {
            let b = local(at);
            sum += swept(a, b, size);
            a = b;
        }
        for (side, sign) in arc.sides.into_iter().zip([-1.0, 1.0]) {
            if let Some(area) = areas.get_mut(side as usize) {
                *area += sign * sum / CELL;
            }
        }
    }
    areas
}

/// The items in an order in which those that follow each other are far apart: what little there is to move is then
/// moved all over the tile.
fn scattered<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let n = items.len();
    let mut stride = (n as f64 * 0.618) as usize | 1;
    while n > 1 && common_divisor(stride, n) != 1 {
        stride += 1;
    }
    let mut at = 0;
    (0..n).map(move |_| {
        at = (at + stride) % n;
        &items[at]
    })
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

impl Balance {
    fn of(arcs: &Arcs, core: [i32; 4], truth: &[(Class, f64)]) -> Self {
        let mut error = areas(arcs, core);
        let mut weight = vec![0.0; error.len()];
        let mut by_class = truth.to_vec();
        by_class.sort_by_key(|(class, _)| *class);
        for (i, class) in arcs.classes.iter().enumerate() {
            if let Ok(at) = by_class.binary_search_by_key(class, |(class, _)| *class) {
                let truth = by_class[at].1;
                if truth.is_finite() && truth >= 0.0 {
                    error[i] -= truth;
                    weight[i] = if *class == 0 { 0.1 } else { 1.0 } / truth.max(1.0);
                }
            }
        }
        Self { error, weight }
    }

    fn enough(&self) -> bool {
        self.error.iter().zip(&self.weight).all(|(error, weight)| *weight == 0.0 || error.abs() < ENOUGH)
    }

    /// What `gain` more cells of the class add to the sum.
    fn cost(&self, class: u32, gain: f64) -> f64 {
        let class = class as usize;
        self.weight[class] * gain * (2.0 * self.error[class] + gain)
    }

    /// Moves a vertex along its gate by a unit if that helps.
    fn vertex(&mut self, arcs: &mut Arcs, arc: usize, i: usize) -> bool {
        let [left, right] = arcs.arcs[arc].sides;
        let pressure = self.weight[right as usize] * self.error[right as usize]
            - self.weight[left as usize] * self.error[left as usize];
        if pressure == 0.0 {
            return false;
        }
        let Vertex { at, gate } = arcs.vertices[i];
        let (range, gates, nodes) = (arcs.vertices(arc), arcs.gates(arc), arcs.arcs[arc].nodes);
        let end = |node: u32, otherwise: usize| match arcs.nodes.get(node as usize) {
            Some(node) => node.at,
            None => arcs.vertices[otherwise].at,
        };
        // A closed arc has its first vertex on its first gate: no gates are before it, the last ones lead to it.
        let (before, gates_before) = if i > range.start {
            (arcs.vertices[i - 1].at, arcs.vertices[i - 1].gate as usize + 1..gate as usize)
        } else if nodes[0] == NONE {
            (arcs.vertices[range.end - 1].at, arcs.vertices[range.end - 1].gate as usize + 1..gates.end)
        } else {
            (arcs.nodes[nodes[0] as usize].at, gates.start..gate as usize)
        };
        let (after, gates_after) = if i + 1 < range.end {
            (arcs.vertices[i + 1].at, gate as usize + 1..arcs.vertices[i + 1].gate as usize)
        } else {
            (end(nodes[1], range.start), gate as usize + 1..gates.end)
        };
        let own = arcs.gates[gate as usize];
        // Cells the right side gains by a step to the left: above 0, as the line passes the gate.
        let gain = cross(own.left(), [after[0] - before[0], after[1] - before[1]]) / (2.0 * CELL);
        let step = if pressure * gain > 0.0 { -1 } else { 1 };
        let gain = f64::from(step) * gain;
        if self.cost(right, gain) + self.cost(left, -gain) >= 0.0 {
            return false;
        }
        let offset = (at[0] - own.at[0] + at[1] - own.at[1]) * (own.left()[0] + own.left()[1]) + step;
        let to = own.point(offset);
        if offset.abs() > REACH
            || !passes(before, to, &arcs.gates[gates_before])
            || !passes(to, after, &arcs.gates[gates_after])
        {
            return false;
        }
        arcs.vertices[i].at = to;
        self.error[right as usize] += gain;
        self.error[left as usize] -= gain;
        true
    }

    /// Moves a node by a unit if that helps, to where it helps most.
    fn node(&mut self, arcs: &mut Arcs, node: usize) -> bool {
        let own = arcs.nodes[node];
        // What the half-arcs from here lead to first, and the classes left and right of them.
        let mut ends = [(own.at, [0; 2]); 4];
        let mut n = 0;
        for half in own.out.into_iter().filter(|half| *half != NONE) {
            let [left, right] = arcs.arcs[half as usize / 2].sides;
            ends[n] = (first_of(arcs, half).0, if half & 1 == 0 { [left, right] } else { [right, left] });
            n += 1;
        }
        let ends = &ends[..n];
        let pressed = |class: u32| self.weight[class as usize] * self.error[class as usize] != 0.0;
        if !ends.iter().any(|(_, sides)| pressed(sides[0])) {
            return false;
        }
        // The arcs leave clockwise: the class right of one is the class left of the next.
        let gains = |step: [i32; 2]| {
            let gain = move |to: [i32; 2]| cross(step, [to[0] - own.at[0], to[1] - own.at[1]]) / (2.0 * CELL);
            (0..n).map(move |i| (ends[i].1[1], gain(ends[i].0) - gain(ends[(i + 1) % n].0)))
        };
        let mut best = (-1e-9, None);
        for step in super::arcs::STEPS {
            let cost = gains(step).map(|(class, gain)| self.cost(class, gain)).sum::<f64>();
            if cost < best.0 {
                best = (cost, Some(step));
            }
        }
        let Some(step) = best.1 else { return false };
        let to = [own.at[0] + step[0], own.at[1] + step[1]];
        let far = |i: usize| (to[i] - own.home[i]).abs() > NODE_REACH;
        let clear = |half: &u32| {
            let (end, gates) = first_of(arcs, *half);
            let gates = &arcs.gates[gates];
            if half & 1 == 0 { passes(to, end, gates) } else { passes(end, to, gates) }
        };
        if far(0) || far(1) || !own.out.iter().filter(|half| **half != NONE).all(clear) {
            return false;
        }
        for (class, gain) in gains(step) {
            self.error[class as usize] += gain;
        }
        arcs.nodes[node].at = to;
        true
    }
}

/// The first point of a half-arc after its node, and the gates between.
fn first_of(arcs: &Arcs, half: u32) -> ([i32; 2], std::ops::Range<usize>) {
    let arc = half as usize / 2;
    let (gates, vertices) = (arcs.gates(arc), &arcs.vertices[arcs.vertices(arc)]);
    let [start, end] = arcs.arcs[arc].nodes;
    match (half & 1, vertices.first(), vertices.last()) {
        (0, Some(first), _) => (first.at, gates.start..first.gate as usize),
        (1, _, Some(last)) => (last.at, last.gate as usize + 1..gates.end),
        (0, ..) => (arcs.nodes[end as usize].at, gates),
        _ => (arcs.nodes[start as usize].at, gates),
    }
}

fn cross(a: [i32; 2], b: [i32; 2]) -> f64 {
    (i64::from(a[0]) * i64::from(b[1]) - i64::from(a[1]) * i64::from(b[0])) as f64
}
