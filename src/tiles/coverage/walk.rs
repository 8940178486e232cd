//! The borders of a window are walked, from node to node and then around.

use super::Class;
use super::arcs::{Arc, Arcs, Gate, Grid, NONE, Node, STEPS, UNIT};
use super::simplify;

const SOUTH: u8 = 1 << 2;
const NODE: u8 = 1 << 4;
/// At a corner of four borders: north is joined to east and south to west; without it north to west.
const NORTH_EAST: u8 = 1 << 5;

impl Arcs {
    /// Takes in the arcs of a window; what was here is gone, but its memory is used again.
    pub fn read(&mut self, grid: &Grid, tables: &mut Tables) {
        let mut walker = Walker::new(grid, self, tables);
        for node in 0..walker.tables.corners.len() {
            for dir in 0..4 {
                let corner = walker.tables.corners[node];
                if walker.tables.masks[corner] & 1 << dir != 0 && walker.arcs.nodes[node].out[dir] == NONE {
                    walker.walk(corner, dir);
                }
            }
        }
        for corner in 0..walker.tables.masks.len() {
            if walker.tables.masks[corner] & SOUTH != 0 && walker.arcs.north[corner] == NONE {
                walker.walk(corner, 2);
            }
        }
    }
}

/// What is needed while arcs are read.
#[derive(Default)]
pub(super) struct Tables {
    /// For each corner its borders to the four directions as bits, and what it is.
    masks: Vec<u8>,
    /// The corner of each node, and the node of each corner that has one.
    corners: Vec<usize>,
    nodes: Vec<u32>,
    /// The index of each class, or `NONE`.
    indices: Vec<u32>,
}

struct Walker<'a> {
    grid: &'a Grid<'a>,
    core: [i32; 4],
    arcs: &'a mut Arcs,
    tables: &'a mut Tables,
}

impl<'a> Walker<'a> {
    fn new(grid: &'a Grid<'a>, arcs: &'a mut Arcs, tables: &'a mut Tables) -> Self {
        let (across, core) = (grid.width + 1, grid.core());
        read_masks(grid, &mut tables.masks);
        tables.indices.clear();
        tables.indices.resize(usize::from(Class::MAX) + 1, NONE);
        tables.corners.clear();
        tables.nodes.resize(tables.masks.len(), 0);
        arcs.arcs.clear();
        arcs.gates.clear();
        arcs.vertices.clear();
        arcs.nodes.clear();
        arcs.classes.clear();
        arcs.north.clear();
        arcs.north.resize(tables.masks.len(), NONE);
        arcs.across = across;
        for (y, row) in tables.masks.chunks_exact(across).enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, mask)| **mask & NODE != 0) {
                tables.nodes[y * across + x] = tables.corners.len() as u32;
                tables.corners.push(y * across + x);
                let at = [x as i32 * UNIT, y as i32 * UNIT];
                let edge = x == 0 || y == 0 || x == grid.width || y == grid.height;
                let pinned = edge || at[0] == core[0] || at[0] == core[2] || at[1] == core[1] || at[1] == core[3];
                arcs.nodes.push(Node { at, pinned, out: [NONE; 4] });
            }
        }
        Self { grid, core, arcs, tables }
    }

    /// Follows the border that leaves `corner` towards `dir` to the next node, or around.
    fn walk(&mut self, corner: usize, dir: usize) {
        let across = self.arcs.across;
        let core = self.core;
        let start = (corner, dir);
        let (mut corner, mut dir) = start;
        let (row, column) = (corner / across, corner % across);
        let (mut x, mut y) = (column as i32 * UNIT, row as i32 * UNIT);
        let sides = self.sides(column, row, dir);
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
            let mask = self.tables.masks[corner];
            if mask & NODE != 0 {
                break;
            }
            dir = onward(mask, dir);
            if (corner, dir) == start {
                break;
            }
        }
        let mut nodes = [NONE; 2];
        if self.tables.masks[corner] & NODE != 0 {
            nodes = [self.tables.nodes[start.0], self.tables.nodes[corner]];
            self.arcs.nodes[nodes[0] as usize].out[start.1] = half;
            self.arcs.nodes[nodes[1] as usize].out[(dir + 2) & 3] = half + 1;
        }
        self.arcs.arcs.push(Arc { nodes, sides, gates: gates as u32, vertices });
        let (path, out) = (&mut self.arcs.gates[gates..], &mut self.arcs.vertices);
        if nodes[0] == NONE {
            simplify::closed(path, gates as u32, out);
        } else if path.len() > 1 && sides[0] != NONE && sides[1] != NONE {
            let [from, to] = nodes.map(|node| self.arcs.nodes[node as usize].at);
            simplify::open(path, gates as u32, from, to, out);
        }
    }

    /// The classes left and right of the edge that leaves the corner (`x`, `y`) towards `dir`.
    fn sides(&mut self, x: usize, y: usize, dir: usize) -> [u32; 2] {
        // The cells around the corner clockwise from the north-west: left of a direction is its own, right the next.
        const AROUND: [[usize; 2]; 4] = [[1, 1], [0, 1], [0, 0], [1, 0]];
        [dir, (dir + 1) & 3].map(|i| match self.grid.at(x, y, AROUND[i][0], AROUND[i][1]) {
            None => NONE,
            Some(class) => {
                let index = &mut self.tables.indices[usize::from(class)];
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
    let back = (dir + 2) & 3;
    match mask & 15 {
        15 if mask & NORTH_EAST != 0 => back ^ 1,
        15 => back ^ 3,
        two => (two & !(1 << back)).trailing_zeros() as usize & 3,
    }
}

/// Reads for each corner, row by row, its borders and what it is.
fn read_masks(grid: &Grid, masks: &mut Vec<u8>) {
    let (width, height) = (grid.width, grid.height);
    masks.clear();
    for y in 0..=height {
        let rim = |x| mask([(1, 1), (0, 1), (0, 0), (1, 0)].map(|(dx, dy)| grid.at(x, y, dx, dy)));
        if y == 0 || y == height {
            masks.extend((0..=width).map(rim));
            continue;
        }
        masks.push(rim(0));
        let (above, below) = (&grid.cells[(y - 1) * width..y * width], &grid.cells[y * width..(y + 1) * width]);
        let around = above.iter().zip(&above[1..]).zip(below.iter().zip(&below[1..]));
        let start = masks.len();
        // Where fewer than three borders meet, which is most often, they are the mask; several corners at once.
        masks.extend(around.clone().map(|((nw, ne), (sw, se))| borders([*nw, *ne, *se, *sw])));
        for (known, ((nw, ne), (sw, se))) in masks[start..].iter_mut().zip(around) {
            if *known >= 7 && known.count_ones() >= 3 {
                *known = mask([*nw, *ne, *se, *sw]);
            }
        }
        masks.push(rim(width));
    }
    for corner in [0, width, height * (width + 1), height * (width + 1) + width] {
        masks[corner] |= NODE;
    }
}

/// The borders between four cells, clockwise from the north-west, as bits: north, east, south, west.
fn borders<T: Eq>([nw, ne, se, sw]: [T; 4]) -> u8 {
    u8::from(nw != ne) | u8::from(ne != se) << 1 | u8::from(se != sw) << 2 | u8::from(sw != nw) << 3
}

/// The mask of a corner among four cells, clockwise from the north-west.
fn mask<T: Ord + Copy>([nw, ne, se, sw]: [T; 4]) -> u8 {
    let borders = borders([nw, ne, se, sw]);
    let what = match borders.count_ones() {
        3 => NODE,
        4 if nw != se && ne != sw => NODE,
        // Both diagonals: the greater class is connected, so that something goes before nothing.
        4 if nw == se && (ne != sw || nw > ne) => NORTH_EAST,
        _ => 0,
    };
    borders | what
}
