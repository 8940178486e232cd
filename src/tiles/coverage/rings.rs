//! Rings put together from arcs, and polygons from rings.

use super::arcs::{Arcs, Gate, NONE};
use super::trace::{Polygon, Ring};

/// The polygons of each class, by the index of the class. Those of the class `skip` are left out.
pub(super) fn polygons(arcs: &Arcs, skip: Option<u32>) -> Vec<Vec<Polygon>> {
    let mut rings = Rings { arcs, ring_of: vec![NONE; 2 * arcs.arcs.len()] };
    let mut polygons = vec![Vec::new(); arcs.classes.len()];
    // For each ring its class and the polygon of the class it belongs to.
    let mut owners: Vec<(u32, u32)> = Vec::new();
    let mut holes = Vec::new();
    let mut points = Vec::new();
    for half in 0..2 * arcs.arcs.len() as u32 {
        let class = rings.right_of(half);
        if class == NONE || Some(class) == skip || rings.ring_of[half as usize] != NONE {
            continue;
        }
        points.clear();
        rings.follow(half, owners.len() as u32, &mut points);
        let of_class: &mut Vec<Polygon> = &mut polygons[class as usize];
        if area(&points) > 0 {
            owners.push((class, of_class.len() as u32));
            of_class.push(vec![points.clone()]);
        } else {
            holes.push((rings.westmost(half), owners.len(), points.clone()));
            owners.push((class, NONE));
        }
    }
    // West of a hole is a ring of the same region that begins further west: from the west, its polygon is known.
    holes.sort_unstable_by_key(|(gate, ring, _)| (gate.at[0], *ring));
    for (gate, ring, points) in holes {
        let (class, polygon) = owners[rings.west_of(gate)];
        owners[ring].1 = polygon;
        if let Some(polygon) = polygons[class as usize].get_mut(polygon as usize) {
            polygon.push(points);
        }
    }
    polygons
}

/// Twice the area of a ring by the surveyor's formula: above 0 for exteriors.
pub(super) fn area(ring: &[[i32; 2]]) -> i64 {
    let Some(&(mut a)) = ring.last() else { return 0 };
    let mut sum = 0;
    for &b in ring {
        sum += i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]);
        a = b;
    }
    sum
}

struct Rings<'a> {
    arcs: &'a Arcs,
    /// For each half-arc the ring it is in.
    ring_of: Vec<u32>,
}

impl Rings<'_> {
    /// The class of the region a half-arc borders: the one to its right.
    fn right_of(&self, half: u32) -> u32 {
        self.arcs.arcs[half as usize / 2].sides[1 - half as usize % 2]
    }

    /// The half-arc by which the ring goes on: the first one clockwise.
    fn next(&self, half: u32) -> u32 {
        let arc = half as usize / 2;
        let [start, end] = self.arcs.arcs[arc].nodes;
        let gates = &self.arcs.gates[self.arcs.gates(arc)];
        let (node, came) = match (half % 2, gates.first(), gates.last()) {
            (0, _, Some(last)) => (end, usize::from(last.dir)),
            (1, Some(first), _) => (start, usize::from(first.dir) + 2),
            _ => return half,
        };
        let Some(node) = self.arcs.nodes.get(node as usize) else { return half };
        // Right, straight on, left.
        [1, 0, 3].into_iter().map(|turn| node.out[came + turn & 3]).find(|half| *half != NONE).unwrap_or(half)
    }

    /// Collects the points of the ring that `half` is in.
    fn follow(&mut self, half: u32, ring: u32, points: &mut Ring) {
        let mut at = half;
        loop {
            self.ring_of[at as usize] = ring;
            let arc = at as usize / 2;
            let node = self.arcs.arcs[arc].nodes[at as usize % 2];
            points.extend(self.arcs.nodes.get(node as usize).map(|node| node.at));
            let vertices = self.arcs.vertices[self.arcs.vertices(arc)].iter().filter(|v| v.gate != NONE).map(|v| v.at);
            if at % 2 == 0 {
                points.extend(vertices)
            } else {
                points.extend(vertices.rev())
            }
            at = self.next(at);
            if at == half {
                return;
            }
        }
    }

    /// The westmost gate between a cell and its western neighbour which the ring passes.
    fn westmost(&self, half: u32) -> Gate {
        let mut west = self.arcs.gates[self.arcs.gates(half as usize / 2).start];
        let mut at = half;
        loop {
            for gate in &self.arcs.gates[self.arcs.gates(at as usize / 2)] {
                if gate.dir % 2 == 0 && (gate.at[0] < west.at[0] || west.dir % 2 == 1) {
                    west = *gate;
                }
            }
            at = self.next(at);
            if at == half {
                return west;
            }
        }
    }

    /// The ring that is met by going west from a gate, through cells of one region.
    fn west_of(&self, gate: Gate) -> usize {
        let mut corner = self.arcs.corner_above(gate) - 1;
        while self.arcs.north[corner] == NONE {
            corner -= 1;
        }
        self.ring_of[self.arcs.north[corner] as usize] as usize
    }
}
