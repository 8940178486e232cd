//! The whole numbers that geometry is kept in: Web Mercator divided into 2^bits units, counted from an origin, y down as
//! in tiles.

use bytemuck::{Pod, Zeroable};

use crate::geo::Tile;

/// Half the width of the world in EPSG:3857, metres.
pub const HALF: f64 = 20_037_508.342_789_244;
/// Tile units across a tile, as a power of two (4096).
pub const TILE_BITS: u32 = 12;
/// At 36 bits a unit is 0.6 mm on the equator and zoom 24 needs no rounding up.
const FINEST: u32 = 36;

pub type Point = [i32; 2];

/// A box in grid units: left, top, right, bottom; all inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Box2 {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Box2 {
    pub const EMPTY: Box2 = Box2 { left: i32::MAX, top: i32::MAX, right: i32::MIN, bottom: i32::MIN };

    pub fn of(points: &[Point]) -> Box2 {
        points.iter().fold(Box2::EMPTY, |b, p| b.with(*p))
    }

    pub fn with(self, [x, y]: Point) -> Box2 {
        Box2 { left: self.left.min(x), top: self.top.min(y), right: self.right.max(x), bottom: self.bottom.max(y) }
    }

    pub fn union(self, o: Box2) -> Box2 {
        Box2 {
            left: self.left.min(o.left),
            top: self.top.min(o.top),
            right: self.right.max(o.right),
            bottom: self.bottom.max(o.bottom),
        }
    }

    pub fn touches(self, o: Box2) -> bool {
        self.left <= o.right && o.left <= self.right && self.top <= o.bottom && o.top <= self.bottom
    }

    pub fn within(self, o: Box2) -> bool {
        o.left <= self.left && self.right <= o.right && o.top <= self.top && self.bottom <= o.bottom
    }
}

/// Where a layer's whole numbers lie in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Grid {
    /// World units of the local zero, from the north-west corner of the Mercator square.
    pub origin: [i64; 2],
    pub bits: u32,
    reserved: u32,
}

impl Grid {
    /// The finest grid in which a box (metres, EPSG:3857: west, south, east, north) has room to grow to twice its size.
    pub fn fit(west: f64, south: f64, east: f64, north: f64) -> Grid {
        let width = (east - west).max(north - south).max(1.0);
        let mut bits = FINEST;
        while width / (2.0 * HALF) * (1u64 << bits) as f64 > (1u64 << 31) as f64 && bits > 30 {
            bits -= 1;
        }
        let mut grid = Grid { origin: [0, 0], bits, reserved: 0 };
        // Origins are kept to corners of zoom-8 tiles, so that a layer that grows a little keeps its grid.
        let step = 1i64 << (bits - 8);
        let [x, y] = grid.world((west + east) / 2.0, (south + north) / 2.0);
        grid.origin = [x.div_euclid(step) * step, y.div_euclid(step) * step];
        grid
    }

    pub fn at(origin: [i64; 2], bits: u32) -> Grid {
        Grid { origin, bits, reserved: 0 }
    }

    fn world(&self, x: f64, y: f64) -> [i64; 2] {
        let scale = (1u64 << self.bits) as f64 / (2.0 * HALF);
        [((x + HALF) * scale).round() as i64, ((HALF - y) * scale).round() as i64]
    }

    /// Metres of EPSG:3857 in local units; none when the place is out of this grid's reach.
    pub fn local(&self, x: f64, y: f64) -> Option<Point> {
        let [wx, wy] = self.world(x, y);
        let (x, y) = (wx.checked_sub(self.origin[0])?, wy.checked_sub(self.origin[1])?);
        Some([i32::try_from(x).ok()?, i32::try_from(y).ok()?])
    }

    /// How points come to the units of zoom `z` tiles.
    pub fn scale(&self, z: u8) -> Scale {
        Scale { origin: self.origin, shift: self.bits as i32 - TILE_BITS as i32 - i32::from(z) }
    }

    /// The tile's corner and width in local units; wider than local numbers reach at low zooms, hence 64 bits.
    pub fn span(&self, tile: Tile) -> ([i64; 2], i64) {
        let width = 1i64 << (self.bits - u32::from(tile.z));
        ([i64::from(tile.x) * width - self.origin[0], i64::from(tile.y) * width - self.origin[1]], width)
    }

    /// The tile grown by `margin` (in tile units of 4096) on each side, in local units; none where no point can be.
    pub fn window(&self, tile: Tile, margin: i64) -> Option<Box2> {
        let ([x, y], width) = self.span(tile);
        let m = (width * margin) >> TILE_BITS;
        let clamp = |v: i64| v.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let outside = |from: i64| from - m > i64::from(i32::MAX) || from + width + m < i64::from(i32::MIN);
        if outside(x) || outside(y) {
            return None;
        }
        Some(Box2 { left: clamp(x - m), top: clamp(y - m), right: clamp(x + width + m), bottom: clamp(y + width + m) })
    }
}

/// Local units to tile units of one zoom, counted from the world's north-west corner. Halves round up, the same for every
/// feature, so that shared borders stay shared.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    origin: [i64; 2],
    shift: i32,
}

impl Scale {
    #[inline]
    pub fn apply(&self, [x, y]: Point) -> [i64; 2] {
        [self.one(i64::from(x) + self.origin[0]), self.one(i64::from(y) + self.origin[1])]
    }

    #[inline]
    fn one(&self, v: i64) -> i64 {
        match self.shift {
            0 => v,
            s if s > 0 => (v + (1 << (s - 1))) >> s,
            s => v << -s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_is_kept_to_the_millimetre_and_the_world_fits() {
        let city = Grid::fit(12_120_000.0, 1_290_000.0, 12_145_000.0, 1_310_000.0);
        assert_eq!(city.bits, 36);
        assert!(city.local(12_130_000.0, 1_300_000.0).is_some());
        assert_eq!(city.local(-12_130_000.0, 1_300_000.0), None);
        let world = Grid::fit(-HALF, -HALF, HALF, HALF);
        assert!(world.bits >= 31 && world.local(-HALF, HALF).is_some() && world.local(HALF, -HALF).is_some());
    }

    #[test]
    fn tile_units_count_from_the_tiles_corner() {
        let grid = Grid::fit(12_120_000.0, 1_290_000.0, 12_145_000.0, 1_310_000.0);
        let tile = Tile::new(14, 13152, 7661).unwrap();
        let ([x, y], width) = grid.span(tile);
        let scale = grid.scale(14);
        assert_eq!(scale.apply([x as i32, y as i32]), [13152 * 4096, 7661 * 4096]);
        assert_eq!(scale.apply([(x + width / 2) as i32, y as i32]), [13152 * 4096 + 2048, 7661 * 4096]);
        let window = grid.window(tile, 64).unwrap();
        assert_eq!(i64::from(window.left), x - (width >> 6));
    }
}
