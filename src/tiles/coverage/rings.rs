//! Rings put together from arcs, and polygons from rings.

use super::Class;
use super::arcs::{Arcs, Gate, NONE};

/// One ring of [`Rings`]: `points[from..to]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingOf {
    pub class: Class,
    /// The rings of one polygon have the same number here, the first of them is its exterior.
    pub polygon: u32,
    pub from: u32,
    pub to: u32,
}

/// Polygons in two pieces of memory: by class, then polygon, exterior first.
#[derive(Debug, Default)]
pub struct Rings {
    /// Eighths of a cell from the top-left corner of the window.
    pub points: Vec<[i32; 2]>,
    pub rings: Vec<RingOf>,
}

impl Rings {
    /// The points of a ring; the last joins the first.
    pub fn points(&self, ring: &RingOf) -> &[[i32; 2]] {
        self.points.get(ring.from as usize..ring.to as usize).unwrap_or_default()
    }

    /// The polygons of each class but `skip`.
    pub(super) fn of(arcs: &Arcs, skip: Option<Class>) -> Self {
        let mut links = Links { arcs, ring_of: vec![NONE; 2 * arcs.arcs.len()] };
        let (mut points, mut rings, mut holes) = (Vec::new(), Vec::new(), Vec::new());
        for half in 0..2 * arcs.arcs.len() as u32 {
            let class = arcs.classes.get(links.right_of(half) as usize).copied();
            let Some(class) = class.filter(|class| Some(*class) != skip) else { continue };
            if links.ring_of[half as usize] != NONE {
                continue;
            }
            let (ring, from) = (rings.len() as u32, points.len());
            links.follow(half, ring, &mut points);
            if area(&points[from..]) < 0 {
                holes.push((links.westmost(half), ring));
            }
            rings.push(RingOf { class, polygon: ring, from: from as u32, to: points.len() as u32 });
        }
        // West of a hole is a ring of the same region that begins further west: from the west, its polygon is known.
        holes.sort_unstable_by_key(|(gate, ring)| (gate.at[0], *ring));
        for &(gate, ring) in &holes {
            rings[ring as usize].polygon = rings[links.west_of(gate)].polygon;
        }
        // An exterior is the ring its polygon is named after; holes may have been found before it.
        let key = |(i, ring): (u32, &RingOf)| {
            (u64::from(ring.class) << 33 | u64::from(ring.polygon) << 1 | u64::from(ring.polygon != i), i)
        };
        let mut order: Vec<(u64, u32)> = (0..).zip(&rings).map(key).collect();
        order.sort_unstable();
        let rings = order.into_iter().map(|(_, i)| rings[i as usize]).collect();
        Self { points, rings }
    }
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

struct Links<'a> {
    arcs: &'a Arcs,
    /// For each half-arc the ring it is in.
    ring_of: Vec<u32>,
}

impl Links<'_> {
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
        [1, 0, 3].into_iter().map(|turn| node.out[(came + turn) & 3]).find(|half| *half != NONE).unwrap_or(half)
    }

    /// Collects the points of the ring that `half` is in.
    fn follow(&mut self, half: u32, ring: u32, points: &mut Vec<[i32; 2]>) {
        let mut at = half;
        loop {
            self.ring_of[at as usize] = ring;
            let arc = at as usize / 2;
            let node = self.arcs.arcs[arc].nodes[at as usize % 2];
            points.extend(self.arcs.nodes.get(node as usize).map(|node| node.at));
            let vertices = self.arcs.vertices[self.arcs.vertices(arc)].iter().filter(|v| v.gate != NONE).map(|v| v.at);
            if at.is_multiple_of(2) {
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
