//! Which version of a layer last changed a tile. A tile's ETag and its key in the cache follow from it, so that an edit in
//! one street leaves every other tile as it was.

use bytemuck::{Pod, Zeroable};
use hashbrown::HashMap;

use super::super::grid::{Box2, Grid};
use crate::geo::Tile;

/// The deepest zoom that is told apart; deeper tiles go with their ancestor there.
const DEEPEST: u8 = 17;
/// A change over more tiles of a zoom than this is kept as one mark for everything below the last zoom that has fewer.
const WIDEST: i64 = 16;
/// With more marks than this every tile counts as changed once, and marking starts again.
const MOST: usize = 400_000;

/// A mark as the snapshot's file keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Mark {
    version: i64,
    x: u32,
    y: u32,
    /// Zoom, and whether the mark is for everything below as well.
    z: u32,
    below: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// What holds for every tile.
    epoch: i64,
    exact: HashMap<(u8, u32, u32), i64>,
    below: HashMap<(u8, u32, u32), i64>,
}

impl Marks {
    pub fn new(epoch: i64) -> Marks {
        Marks { epoch, ..Marks::default() }
    }

    pub fn restore(epoch: i64, marks: &[Mark]) -> Marks {
        let mut out = Marks::new(epoch);
        for m in marks {
            let map = if m.below != 0 { &mut out.below } else { &mut out.exact };
            map.insert((m.z as u8, m.x, m.y), m.version);
        }
        out
    }

    pub fn list(&self) -> Vec<Mark> {
        let one = |below: u32| {
            move |(&(z, x, y), &version): (&(u8, u32, u32), &i64)| Mark { version, x, y, z: z.into(), below }
        };
        self.exact.iter().map(one(0)).chain(self.below.iter().map(one(1))).collect()
    }

    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The last version that changed what is in the tile or its margin.
    pub fn version(&self, tile: Tile) -> i64 {
        let mut version = self.epoch;
        if self.exact.is_empty() {
            return version;
        }
        let lift = tile.z.saturating_sub(DEEPEST);
        let (z, x, y) = (tile.z - lift, tile.x >> lift, tile.y >> lift);
        version = version.max(self.exact.get(&(z, x, y)).copied().unwrap_or(0));
        if !self.below.is_empty() {
            for up in 0..=z {
                version = version.max(self.below.get(&(z - up, x >> up, y >> up)).copied().unwrap_or(0));
            }
        }
        version
    }

    /// Something within the box changed at this version.
    pub fn add(&mut self, grid: &Grid, bounds: Box2, version: i64) {
        if self.exact.len() + self.below.len() > MOST {
            *self = Marks::new(version);
            return;
        }
        for z in 0..=DEEPEST {
            let (left, top) = tile_of(grid, z, bounds.left, bounds.top, -1);
            let (right, bottom) = tile_of(grid, z, bounds.right, bounds.bottom, 1);
            if (right - left + 1) * (bottom - top + 1) > WIDEST {
                // The zoom above has few enough, as four of its tiles hold all of these or it was the first.
                let up = z.saturating_sub(1);
                for_each(grid, up, bounds, |key| raise(&mut self.below, key, version));
                return;
            }
            for_each(grid, z, bounds, |key| raise(&mut self.exact, key, version));
        }
    }

    /// Everything changed at this version.
    pub fn all(&mut self, version: i64) {
        *self = Marks::new(version);
    }
}

fn raise(map: &mut HashMap<(u8, u32, u32), i64>, key: (u8, u32, u32), version: i64) {
    let entry = map.entry(key).or_default();
    *entry = (*entry).max(version);
}

/// The tile that a corner lies in; `side` moves it outwards by a tile's margin (64 of 4096 units, and one for rounding).
fn tile_of(grid: &Grid, z: u8, x: i32, y: i32, side: i64) -> (i64, i64) {
    let shift = grid.bits - u32::from(z);
    let margin = side * ((1i64 << shift) / 63 + 1);
    let last = (1i64 << z) - 1;
    let one = |v: i32, origin: i64| ((i64::from(v) + origin + margin) >> shift).clamp(0, last);
    (one(x, grid.origin[0]), one(y, grid.origin[1]))
}

fn for_each(grid: &Grid, z: u8, bounds: Box2, mut mark: impl FnMut((u8, u32, u32))) {
    let (left, top) = tile_of(grid, z, bounds.left, bounds.top, -1);
    let (right, bottom) = tile_of(grid, z, bounds.right, bounds.bottom, 1);
    for x in left..=right {
        for y in top..=bottom {
            mark((z, x as u32, y as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_marks_the_tiles_it_touches_and_no_others() {
        let grid = Grid::fit(12_120_000.0, 1_290_000.0, 12_145_000.0, 1_310_000.0);
        let mut marks = Marks::new(3);
        let home = Tile::new(16, 52612, 30645).unwrap();
        let ([x, y], width) = grid.span(home);
        let at = |dx: i64, dy: i64| [(x + dx) as i32, (y + dy) as i32];
        marks.add(&grid, Box2::of(&[at(width / 3, width / 3), at(width / 2, width / 2)]), 9);
        for z in 0..=16u8 {
            let up = 16 - z;
            assert_eq!(marks.version(Tile::new(z, home.x >> up, home.y >> up).unwrap()), 9, "{z}");
        }
        assert_eq!(marks.version(Tile::new(18, home.x * 4 + 1, home.y * 4 + 1).unwrap()), 9);
        assert_eq!(marks.version(Tile::new(16, home.x + 1, home.y).unwrap()), 3);
        // In the margin of the neighbour.
        marks.add(&grid, Box2::of(&[at(width - 5, width / 2)]), 10);
        assert_eq!(marks.version(Tile::new(16, home.x + 1, home.y).unwrap()), 10);
        assert_eq!(marks.version(Tile::new(16, home.x, home.y + 1).unwrap()), 3);
        // Wide: everything below is marked, what is beside it is not.
        marks.add(&grid, Box2::of(&[at(0, 0), at(width * 30, width * 30)]), 11);
        assert_eq!(marks.version(Tile::new(17, home.x * 2 + 33, home.y * 2 + 33).unwrap()), 11);
        assert_eq!(marks.version(Tile::new(16, home.x - 200, home.y).unwrap()), 3);
        assert_eq!(marks.version(Tile::new(16, 5, 5).unwrap()), 3);
        let again = Marks::restore(3, &marks.list());
        assert_eq!(again.version(Tile::new(16, home.x + 1, home.y).unwrap()), 11);
    }
}
