//! A tile of the Web Mercator quad (OGC 17-083r4, WebMercatorQuad).

use super::Bbox;

/// Zoom, column (from the west), row (from the north).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    pub z: u8,
    pub x: u32,
    pub y: u32,
}

/// The deepest zoom that is served: at 24 a pixel of 512 is two millimetres.
pub const MAX_ZOOM: u8 = 24;

impl Tile {
    pub fn new(z: u8, x: u32, y: u32) -> Option<Tile> {
        (z <= MAX_ZOOM && x < 1 << z && y < 1 << z).then_some(Tile { z, x, y })
    }

    /// The tile's box in degrees, wider on each side by `margin` (a share of the tile's width).
    pub fn bbox(self, margin: f64) -> Bbox {
        let n = f64::from(1u32 << self.z);
        let lon = |x: f64| (x / n * 360.0 - 180.0).clamp(-180.0, 180.0);
        let lat = |y: f64| (std::f64::consts::PI * (1.0 - 2.0 * y / n)).sinh().atan().to_degrees().clamp(-85.06, 85.06);
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        Bbox {
            west: lon(x - margin),
            south: lat(y + 1.0 + margin),
            east: lon(x + 1.0 + margin),
            north: lat(y - margin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_outside_its_zoom_does_not_exist() {
        assert!(Tile::new(0, 0, 0).is_some());
        assert!(Tile::new(0, 1, 0).is_none() && Tile::new(3, 0, 8).is_none() && Tile::new(25, 0, 0).is_none());
    }

    #[test]
    fn phan_rang_lies_in_its_tile() {
        let b = Tile::new(14, 13152, 7661).unwrap().bbox(0.0);
        assert!(b.west < 108.9886 && 108.9886 < b.east && b.south < 11.58 && 11.58 < b.north, "{b:?}");
    }
}
