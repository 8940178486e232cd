//! The borders between classes as arcs: each lies between two nodes and is shared by the regions on its sides.
//!
//! A border runs along the edges between cells. For each of its edges it must pass the *gate*: the line between the two
//! cell centres on its sides. Gates meet only at cell centres, and any lines that pass their gates in order, with their
//! vertices on gates, cannot cross: a square between four centres is convex, and each of its sides is passed once.

use super::Class;

/// Units of the traced polygons per cell.
pub(super) const UNIT: i32 = 8;
/// North, east, south, west; right of direction `d` is `(d + 1) & 3`.
pub(super) const STEPS: [[i32; 2]; 4] = [[0, -1], [1, 0], [0, 1], [-1, 0]];
pub(super) const NONE: u32 = u32::MAX;

/// The cells of a window; `margin` cells on each side are not of the tile itself.
pub(super) struct Grid<'a> {
    pub cells: &'a [Class],
    pub width: usize,
    pub height: usize,
    pub margin: usize,
}

impl Grid<'_> {
    /// The tile's own part of the window, in units: left, top, right, bottom.
    pub fn core(&self) -> [i32; 4] {
        [self.margin, self.margin, self.width - self.margin, self.height - self.margin].map(|n| n as i32 * UNIT)
    }

    /// The class of the cell `dx`, `dy` from the corner (`x`, `y`), both -1 or 0.
    pub fn at(&self, x: usize, y: usize, dx: usize, dy: usize) -> Option<Class> {
        let (x, y) = (x.checked_sub(dx)?, y.checked_sub(dy)?);
        (x < self.width && y < self.height).then(|| self.cells[y * self.width + x])
    }
}

/// The middle of an edge between two cells, passed in direction `dir`; the gate lies across.
#[derive(Clone, Copy)]
pub(super) struct Gate {
    pub at: [i32; 2],
    pub dir: u8,
    /// Beside the tile's border: passed in the middle, so that the tiles on both sides agree.
    pub pinned: bool,
}

impl Gate {
    /// The unit step to the left.
    pub fn left(self) -> [i32; 2] {
        STEPS[usize::from(self.dir + 3) & 3]
    }

    /// The point `offset` units left of the middle.
    pub fn point(self, offset: i32) -> [i32; 2] {
        let left = self.left();
        [self.at[0] + offset * left[0], self.at[1] + offset * left[1]]
    }
}

/// A vertex of an arc: on a gate.
#[derive(Clone, Copy)]
pub(super) struct Vertex {
    pub at: [i32; 2],
    pub gate: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Node {
    pub at: [i32; 2],
    /// On the tile's border or the edge of the window.
    pub pinned: bool,
    /// The half-arcs that leave to the four directions, or `NONE`.
    pub out: [u32; 4],
}

/// From node to node, or closed without any (`NONE`). Its gates and vertices end where those of the next arc begin.
/// Half-arc `2 * i` is arc `i` forward, `2 * i + 1` backward.
#[derive(Clone, Copy)]
pub(super) struct Arc {
    pub nodes: [u32; 2],
    /// The classes to the left and right, as indices of [`Arcs::classes`]; `NONE` outside of the window.
    pub sides: [u32; 2],
    pub gates: u32,
    pub vertices: u32,
}

#[derive(Default)]
pub(super) struct Arcs {
    pub arcs: Vec<Arc>,
    pub gates: Vec<Gate>,
    pub vertices: Vec<Vertex>,
    pub nodes: Vec<Node>,
    pub classes: Vec<Class>,
    /// For the edge below each corner, row by row, the half-arc that goes north along it.
    pub north: Vec<u32>,
    /// Corners in a row.
    pub across: usize,
}

impl Arcs {
    pub fn gates(&self, arc: usize) -> std::ops::Range<usize> {
        self.arcs[arc].gates as usize..self.arcs.get(arc + 1).map_or(self.gates.len(), |next| next.gates as usize)
    }

    pub fn vertices(&self, arc: usize) -> std::ops::Range<usize> {
        let end = self.arcs.get(arc + 1).map_or(self.vertices.len(), |next| next.vertices as usize);
        self.arcs[arc].vertices as usize..end
    }

    /// The corner above a gate between a cell and its western neighbour.
    pub fn corner_above(&self, gate: Gate) -> usize {
        (gate.at[1] / UNIT) as usize * self.across + (gate.at[0] / UNIT) as usize
    }

    /// Takes out the vertices in the middle of straight lines: their gate becomes `NONE`.
    pub fn prune(&mut self) {
        for arc in 0..self.arcs.len() {
            let range = self.vertices(arc);
            let ends = self.arcs[arc].nodes.map(|node| self.nodes.get(node as usize).map(|node| node.at));
            let mut before = ends[0];
            for i in range.clone() {
                let at = self.vertices[i].at;
                let after = if i + 1 < range.end { Some(self.vertices[i + 1].at) } else { ends[1] };
                match (before, after) {
                    (Some(a), Some(b)) if straight(a, at, b) => self.vertices[i].gate = NONE,
                    _ => before = Some(at),
                }
            }
        }
    }
}

fn straight(a: [i32; 2], b: [i32; 2], c: [i32; 2]) -> bool {
    let [ab, bc] = [[b[0] - a[0], b[1] - a[1]], [c[0] - b[0], c[1] - b[1]]].map(|v| v.map(i64::from));
    ab[0] * bc[1] == ab[1] * bc[0]
}
