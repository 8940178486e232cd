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
/// A round takes every eighth vertex and node at a time, so that what little there is to move is moved all over the tile.
const PARTS: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];
/// An error of a class that is not worth a round, in cells.
const ENOUGH: f64 = 0.02;
/// What a part of a round leaves of the sum at most, if the next one is worth it.
const WORTH: f64 = 0.99;
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
    let mut sum = balance.sum();
    for part in PARTS.into_iter().cycle().take(ROUNDS * PARTS.len()) {
        if balance.enough() {
            return;
        }
        for &(arc, i) in vertices.iter().skip(part).step_by(PARTS.len()) {
            balance.vertex(arcs, arc, i);
        }
        for &node in nodes.iter().skip(part).step_by(PARTS.len()) {
            balance.node(arcs, node);
        }
        let before = std::mem::replace(&mut sum, balance.sum());
        if sum > before * WORTH {
            return;
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

    fn sum(&self) -> f64 {
        self.error.iter().zip(&self.weight).map(|(error, weight)| weight * error * error).sum()
    }

    /// What `gain` more cells of the class add to the sum.
    fn cost(&self, class: u32, gain: f64) -> f64 {
        let class = class as usize;
        self.weight[class] * gain * (2.0 * self.error[class] + gain)
    }

    /// Moves a vertex along its gate by a unit if that helps.
    fn vertex(&mut self, arcs: &mut Arcs, arc: usize, i: usize) {
        let [left, right] = arcs.arcs[arc].sides;
        let pressure = self.weight[right as usize] * self.error[right as usize]
            - self.weight[left as usize] * self.error[left as usize];
        if pressure == 0.0 {
            return;
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
            return;
        }
        let offset = (at[0] - own.at[0] + at[1] - own.at[1]) * (own.left()[0] + own.left()[1]) + step;
        let to = own.point(offset);
        if offset.abs() > REACH
            || !passes(before, to, &arcs.gates[gates_before])
            || !passes(to, after, &arcs.gates[gates_after])
        {
            return;
        }
        arcs.vertices[i].at = to;
        self.error[right as usize] += gain;
        self.error[left as usize] -= gain;
    }

    /// Moves a node by a unit if that helps, to where it helps most.
    fn node(&mut self, arcs: &mut Arcs, node: usize) {
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
            return;
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
        let Some(step) = best.1 else { return };
        let to = [own.at[0] + step[0], own.at[1] + step[1]];
        let far = |i: usize| (to[i] - (to[i] + UNIT / 2) / UNIT * UNIT).abs() > NODE_REACH;
        let clear = |half: &u32| {
            let (end, gates) = first_of(arcs, *half);
            let gates = &arcs.gates[gates];
            if half & 1 == 0 { passes(to, end, gates) } else { passes(end, to, gates) }
        };
        if far(0) || far(1) || !own.out.iter().filter(|half| **half != NONE).all(clear) {
            return;
        }
        for (class, gain) in gains(step) {
            self.error[class as usize] += gain;
        }
        arcs.nodes[node].at = to;
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

#[cfg(test)]
mod tests {
    use super::super::checks::{Map, errors, parcels, points};
    use super::super::random::Random;
    use super::super::{Raster, Rings, area_in, trace};
    use super::*;

    const SHIFT: u32 = 6;

    #[test]
    fn classes_of_parcels_smaller_than_cells_have_their_true_areas() {
        let (cells, margin) = (200, 8);
        let window = cells + 2 * margin;
        let core = [margin, margin, margin + cells, margin + cells].map(|n| n * UNIT);
        for seed in 0..24 {
            let mut random = Random(seed);
            let size = [36, 50, 64, 80, 110, 300][seed as usize % 6];
            let parcels = parcels(&mut random, size, window << SHIFT);
            let mut raster = Raster::new(0, 0, SHIFT, window as u32, window as u32);
            let mut truth: Vec<(Class, f64)> = (1..21).map(|class| (class, 0.0)).collect();
            let (low, high) = (i64::from(margin << SHIFT), i64::from((margin + cells) << SHIFT));
            for (class, ring) in &parcels {
                raster.fill([ring.as_slice()].into_iter(), *class);
                let area = area_in([ring.as_slice()].into_iter(), low, low, high, high);
                truth[usize::from(*class) - 1].1 += area / f64::from(1 << (2 * SHIFT));
            }
            let traced = |truth| trace(raster.cells(), window as usize, window as usize, margin as usize, truth);
            let (plain, balanced) = (traced(&[]), traced(&truth));
            let (before, after) = (errors(&truth, &plain, core), errors(&truth, &balanced, core));
            println!(
                "parcels of {:.2} cells: worst and mean error {:.3} % {:.3} % before, {:.4} % {:.4} % after, {} and {} points",
                f64::from(size * size) / 4096.0,
                before.0 * 100.0,
                before.1 * 100.0,
                after.0 * 100.0,
                after.1 * 100.0,
                points(&plain),
                points(&balanced)
            );
            assert!(after.0 < 0.005, "seed {seed}");
            assert!(after.1 * 10.0 < before.1 || after.1 < 1e-4, "seed {seed}");
        }
    }

    #[test]
    fn the_areas_of_arcs_are_those_of_the_polygons() {
        for seed in 0..60 {
            let mut random = Random(seed);
            let map = Map::random(&mut random, 40, 33);
            let grid = super::super::arcs::Grid { cells: &map.cells, width: 40, height: 33, margin: 4 };
            let (mut arcs, mut tables) = <(Arcs, super::super::walk::Tables)>::default();
            arcs.read(&grid, &mut tables);
            let truth: Vec<(Class, f64)> = (0..6).map(|class| (class, random.below(900) as f64)).collect();
            balance(&mut arcs, grid.core(), &truth);
            let areas = areas(&arcs, grid.core());
            let core = grid.core().map(i64::from);
            let traced = Rings::of(&arcs, None);
            let of_class = |class| traced.rings.iter().filter(move |ring| ring.class == class);
            for (class, area) in arcs.classes.iter().zip(&areas) {
                let rings = of_class(*class).map(|ring| traced.points(ring));
                let sum = area_in(rings, core[0], core[1], core[2], core[3]);
                assert!((sum / CELL - area).abs() < 1e-6, "seed {seed}");
            }
        }
    }
}
