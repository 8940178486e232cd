//! Tile ids: one number along the Hilbert curves of all zooms, from zoom 0 on (PMTiles version 3 specification,
//! "Entries").

use crate::geo::{MAX_ZOOM, Tile};

/// The id of the first tile of a zoom: all zooms above it have `1 + 4 + … + 4^(z-1)` tiles.
const fn first(z: u8) -> u64 {
    ((1 << (2 * z as u32)) - 1) / 3
}

/// The place of a tile on the curve of its zoom, after all shallower zooms.
pub fn id(tile: Tile) -> u64 {
    let (mut x, mut y) = (tile.x, tile.y);
    let mut along = 0u64;
    for bit in (0..tile.z).rev() {
        let (right, down) = (x >> bit & 1, y >> bit & 1);
        along = along << 2 | u64::from((3 * right) ^ down);
        // Only the lower bits are looked at from here on, so mirroring is plain negation.
        if down == 0 {
            if right == 1 {
                (x, y) = (!x, !y);
            }
            (x, y) = (y, x);
        }
    }
    first(tile.z) + along
}

/// The tile of an id; none for ids deeper than what is served.
pub fn tile(id: u64) -> Option<Tile> {
    if id >= first(MAX_ZOOM + 1) {
        return None;
    }
    let z = ((3 * id + 1).ilog2() / 2) as u8;
    let mut along = id - first(z);
    let (mut x, mut y) = (0u32, 0u32);
    for bit in 0..z {
        let right = (along >> 1 & 1) as u32;
        let down = (along as u32 & 1) ^ right;
        if down == 0 {
            if right == 1 {
                let last = (1u32 << bit) - 1;
                (x, y) = (last - x, last - y);
            }
            (x, y) = (y, x);
        }
        x += right << bit;
        y += down << bit;
        along >>= 2;
    }
    Tile::new(z, x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(z: u8, x: u32, y: u32) -> u64 {
        id(Tile::new(z, x, y).unwrap())
    }

    #[test]
    fn ids_are_those_of_the_specification() {
        assert_eq!([at(0, 0, 0), at(1, 0, 0), at(1, 0, 1), at(1, 1, 1), at(1, 1, 0), at(2, 0, 0)], [0, 1, 2, 3, 4, 5]);
        assert_eq!(at(12, 3423, 1763), 19_078_479);
    }

    #[test]
    fn every_id_leads_back_to_its_tile() {
        for n in 0..first(8) {
            assert_eq!(id(tile(n).unwrap()), n);
        }
        for z in 0..=MAX_ZOOM {
            for (a, b) in [(0u64, 0u64), (0, 1), (1, 0), (1, 1), (3, 7), (1 << 23, 12_345_678)] {
                let last = (1u64 << z) - 1;
                let t = Tile::new(z, (a & last) as u32, (last - (b & last)) as u32).unwrap();
                assert_eq!(tile(id(t)), Some(t));
            }
        }
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_map() {
        for n in first(6)..first(7) - 1 {
            let (a, b) = (tile(n).unwrap(), tile(n + 1).unwrap());
            assert_eq!(a.x.abs_diff(b.x) + a.y.abs_diff(b.y), 1);
        }
    }

    #[test]
    fn ids_deeper_than_what_is_served_have_no_tile() {
        assert_eq!(tile(first(MAX_ZOOM + 1) - 1).unwrap().z, MAX_ZOOM);
        assert!(tile(first(MAX_ZOOM + 1)).is_none() && tile(u64::MAX).is_none());
    }
}
