//! The borders between classes as arcs: each lies between two nodes and is shared by the regions on its sides.
//!
//! A border runs along the edges between cells. For each of its edges it must pass the *gate*: the line between the two
//! cell centres on its sides. Gates meet only at cell centres, and any lines that pass their gates in order, with their
//! vertices on gates, cannot cross: a square between four centres is convex, and each of its sides is passed once.

use super::Class;
use super::simplify::Simplifier;

/// Units of the traced polygons per cell.
pub(super) const UNIT: i32 = 8;
/// North, east, south, west; right of direction `d` is `(d + 1) & 3`.
pub(super) const STEPS: [[i32; 2]; 4] = [[0, -1], [1, 0], [0, 1], [-1, 0]];
pub(super) const NONE: u32 = u32::MAX;

const SOUTH: u8 = 1 << 2;
const NODE: u8 = 1 << 4;
/// At a corner of four borders: north is joined to east and south to west; without it north to west.
const NORTH_EAST: u8 = 1 << 5;

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
    fn at(&self, x: usize, y: usize, dx: usize, dy: usize) -> Option<Class> {
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
    pub home: [i32; 2],
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
    across: usize,
}

impl Arcs {
    pub fn of(grid: &Grid) -> Self {
        let mut walker = Walker::new(grid);
        for node in 0..walker.corners.len() {
            for dir in 0..4 {
                let corner = walker.corners[node];
                if walker.masks[corner] & 1 << dir != 0 && walker.arcs.nodes[node].out[dir] == NONE {
                    walker.walk(corner, dir);
                }
            }
        }
        for corner in 0..walker.masks.len() {
            if walker.masks[corner] & SOUTH != 0 && walker.arcs.north[corner] == NONE {
                walker.walk(corner, 2);
            }
        }
        walker.arcs
    }

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

struct Walker<'a> {
    grid: &'a Grid<'a>,
    arcs: Arcs,
    /// For each corner its borders to the four directions as bits, and what it is.
    masks: Vec<u8>,
    /// The corner of each node, and the node of each corner.
    corners: Vec<usize>,
    nodes: Vec<u32>,
    /// The index of each class, or `NONE`.
    indices: Vec<u32>,
    simplifier: Simplifier,
}

impl<'a> Walker<'a> {
    fn new(grid: &'a Grid<'a>) -> Self {
        let across = grid.width + 1;
        let masks = masks(grid);
        let mut arcs = Arcs { north: vec![NONE; masks.len()], across, ..Arcs::default() };
        let (mut corners, mut nodes) = (Vec::new(), vec![0; masks.len()]);
        let [left, top, right, bottom] = grid.core();
        for (y, row) in masks.chunks_exact(across).enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, mask)| **mask & NODE != 0) {
                nodes[y * across + x] = corners.len() as u32;
                corners.push(y * across + x);
                let at = [x as i32 * UNIT, y as i32 * UNIT];
                let edge = x == 0 || y == 0 || x == grid.width || y == grid.height;
                let pinned = edge || at[0] == left || at[0] == right || at[1] == top || at[1] == bottom;
                arcs.nodes.push(Node { at, home: at, pinned, out: [NONE; 4] });
            }
        }
        let indices = vec![NONE; usize::from(Class::MAX) + 1];
        Self { grid, arcs, masks, corners, nodes, indices, simplifier: Simplifier::default() }
    }

    /// Follows the border that leaves `corner` towards `dir` to the next node, or around.
    fn walk(&mut self, corner: usize, dir: usize) {
        let across = self.grid.width + 1;
        let core = self.grid.core();
        let start = (corner, dir);
        let (mut corner, mut dir) = start;
        let (mut x, mut y) = ((corner % across) as i32 * UNIT, (corner / across) as i32 * UNIT);
        let sides = self.sides(corner, dir);
        let half = 2 * self.arcs.arcs.len() as u32;
        let (gates, vertices) = (self.arcs.gates.len(), self.arcs.vertices.len() as u32);
        loop {
            let [dx, dy] = STEPS[dir];
            let at = [x + dx * UNIT / 2, y + dy * UNIT / 2];
            let near = |a: i32, b: i32| (a - b).abs() <= UNIT / 2;
            let pinned = near(at[0], core[0]) || near(at[0], core[2]) || near(at[1], core[1]) || near(at[1], core[3]);
            self.arcs.gates.push(Gate { at, dir: dir as u8, pinned });
            match dir {
                0 => {
                    corner -= across;
                    self.arcs.north[corner] = half;
                }
                1 => corner += 1,
                2 => {
                    self.arcs.north[corner] = half + 1;
                    corner += across;
                }
                _ => corner -= 1,
            }
            (x, y) = (x + dx * UNIT, y + dy * UNIT);
            let mask = self.masks[corner];
            if mask & NODE != 0 {
                break;
            }
            dir = onward(mask, dir);
            if (corner, dir) == start {
                break;
            }
        }
        let mut nodes = [NONE; 2];
        if self.masks[corner] & NODE != 0 {
            nodes = [self.nodes[start.0], self.nodes[corner]];
            self.arcs.nodes[nodes[0] as usize].out[start.1] = half;
            self.arcs.nodes[nodes[1] as usize].out[dir + 2 & 3] = half + 1;
        }
        self.arcs.arcs.push(Arc { nodes, sides, gates: gates as u32, vertices });
        let (path, out) = (&mut self.arcs.gates[gates..], &mut self.arcs.vertices);
        if nodes[0] == NONE {
            self.simplifier.closed(path, gates as u32, out);
        } else if sides[0] != NONE && sides[1] != NONE {
            let [from, to] = nodes.map(|node| self.arcs.nodes[node as usize].at);
            self.simplifier.open(path, gates as u32, from, to, out);
        }
    }

    /// The classes left and right of the edge that leaves `corner` towards `dir`.
    fn sides(&mut self, corner: usize, dir: usize) -> [u32; 2] {
        let (x, y) = (corner % (self.grid.width + 1), corner / (self.grid.width + 1));
        // The cells around the corner clockwise from the north-west: left of a direction is its own, right the next.
        const AROUND: [[usize; 2]; 4] = [[1, 1], [0, 1], [0, 0], [1, 0]];
        [dir, dir + 1 & 3].map(|i| match self.grid.at(x, y, AROUND[i][0], AROUND[i][1]) {
            None => NONE,
            Some(class) => {
                let index = &mut self.indices[usize::from(class)];
                if *index == NONE {
                    *index = self.arcs.classes.len() as u32;
                    self.arcs.classes.push(class);
                }
                *index
            }
        })
    }
}

/// The direction in which a border that came towards `dir` leaves a corner without a node.
fn onward(mask: u8, dir: usize) -> usize {
    let back = dir + 2 & 3;
    match mask & 15 {
        15 if mask & NORTH_EAST != 0 => back ^ 1,
        15 => back ^ 3,
        two => (two & !(1 << back)).trailing_zeros() as usize & 3,
    }
}

/// For each corner, row by row, its borders and what it is.
fn masks(grid: &Grid) -> Vec<u8> {
    let (width, height) = (grid.width, grid.height);
    let mut masks = Vec::with_capacity((width + 1) * (height + 1));
    for y in 0..=height {
        let rim = |x| mask([(1, 1), (0, 1), (0, 0), (1, 0)].map(|(dx, dy)| grid.at(x, y, dx, dy)));
        if y == 0 || y == height {
            masks.extend((0..=width).map(rim));
            continue;
        }
        masks.push(rim(0));
        let above = grid.cells[(y - 1) * width..y * width].windows(2);
        let below = grid.cells[y * width..(y + 1) * width].windows(2);
        masks.extend(above.zip(below).map(|(a, b)| {
            if a[0] == a[1] && a[0] == b[0] && a[0] == b[1] { 0 } else { mask([a[0], a[1], b[1], b[0]]) }
        }));
        masks.push(rim(width));
    }
    for corner in [0, width, height * (width + 1), height * (width + 1) + width] {
        masks[corner] |= NODE;
    }
    masks
}

/// The mask of a corner among four cells, clockwise from the north-west.
fn mask<T: Ord + Copy>([nw, ne, se, sw]: [T; 4]) -> u8 {
    let borders = u8::from(nw != ne) | u8::from(ne != se) << 1 | u8::from(se != sw) << 2 | u8::from(sw != nw) << 3;
    let what = match borders.count_ones() {
        3 => NODE,
        4 if nw != se && ne != sw => NODE,
        // Both diagonals: the greater class is connected, so that something goes before nothing.
        4 if nw == se && (ne != sw || nw > ne) => NORTH_EAST,
        _ => 0,
    };
    borders | what
}
