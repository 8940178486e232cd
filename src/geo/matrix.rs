//! Tile matrix sets (OGC 17-083r4): how a plane is divided into square tiles, each matrix twice as fine as the one before.

use super::{Bbox, Crs, MAX_ZOOM, Tile, Transform, zone};

/// Pixels across a tile.
pub const PIXELS: u32 = 256;
/// Metres across a pixel at a scale of 1:1, as OGC counts scales.
const PIXEL: f64 = 0.000_28;
/// Half the width of the world in EPSG:3857, metres.
const HALF: f64 = 20_037_508.342_789_244;
/// The scale of matrix 0 in the sets of VN-2000: matrix 15 is 1:1,000, 16 is 1:500.
const VN2000_SCALE: f64 = 32_768_000.0;
/// Where matrices of VN-2000 begin: easting 0, north of Việt Nam. One tile of matrix 0 reaches to 5°54′ N.
const VN2000_ORIGIN: [f64; 2] = [0.0, 3_000_000.0];
/// Parts into which the sides of an extent are divided before they are projected, and what they may bulge between, metres.
const PARTS: u32 = 32;
const BULGE: f64 = 2.0;
/// A tile wider than this, in metres, may reach where the zone's projection has no meaning.
const WIDE: f64 = 200_000.0;

/// A quadtree of tiles in a plane: matrix `z` has 2^z columns from the west and as many rows from the north.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatrixSet {
    crs: Crs,
    /// The north-western corner: easting, northing.
    origin: [f64; 2],
    /// Of the one tile of matrix 0, metres.
    width: f64,
    /// Its matrices are as fine as those of Web Mercator this much deeper.
    deeper: u8,
}

/// The tiles of one matrix that hold something: first and last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub columns: (u32, u32),
    pub rows: (u32, u32),
}

impl Limits {
    pub fn hold(self, tile: Tile) -> bool {
        (self.columns.0..=self.columns.1).contains(&tile.x) && (self.rows.0..=self.rows.1).contains(&tile.y)
    }
}

impl MatrixSet {
    /// WebMercatorQuad (17-083r4, D.1).
    pub const WEB_MERCATOR: MatrixSet =
        MatrixSet { crs: Crs::plane(3857), origin: [-HALF, HALF], width: 2.0 * HALF, deeper: 0 };

    /// That of a zone of VN-2000 (docs/decisions).
    pub fn vn2000(srid: i32) -> Option<MatrixSet> {
        let width = VN2000_SCALE * PIXEL * f64::from(PIXELS);
        zone::is_vn2000(srid).then_some(MatrixSet { crs: Crs::plane(srid), origin: VN2000_ORIGIN, width, deeper: 4 })
    }

    pub fn find(id: &str) -> Option<MatrixSet> {
        let all = std::iter::once(MatrixSet::WEB_MERCATOR).chain(zone::codes().filter_map(MatrixSet::vn2000));
        all.into_iter().find(|set| set.id() == id)
    }

    /// Those of some systems, Web Mercator first.
    pub fn among(systems: &[Crs]) -> Vec<MatrixSet> {
        let zones = systems.iter().filter_map(|crs| MatrixSet::vn2000(crs.srid));
        std::iter::once(MatrixSet::WEB_MERCATOR).chain(zones).collect()
    }

    pub fn id(self) -> String {
        if self.is_web_mercator() { "WebMercatorQuad".into() } else { format!("VN2000-{}", self.crs.srid) }
    }

    pub fn is_web_mercator(self) -> bool {
        self == MatrixSet::WEB_MERCATOR
    }

    pub fn crs(self) -> Crs {
        self.crs
    }

    pub fn origin(self) -> [f64; 2] {
        self.origin
    }

    /// The finest matrix.
    pub fn deepest(self) -> u8 {
        MAX_ZOOM - self.deeper
    }

    /// The zoom of Web Mercator that is as fine as matrix `z`.
    pub fn zoom(self, z: u8) -> u8 {
        z + self.deeper
    }

    /// The matrix that is as fine as a zoom of Web Mercator, or the coarsest.
    pub fn matrix(self, zoom: u8) -> u8 {
        zoom.saturating_sub(self.deeper)
    }

    /// Metres across a pixel, and the scale that makes of it.
    pub fn cell(self, z: u8) -> (f64, f64) {
        let cell = self.span(z) / f64::from(PIXELS);
        (cell, cell / PIXEL)
    }

    /// Metres across a tile.
    pub fn span(self, z: u8) -> f64 {
        self.width / f64::from(1u32 << z)
    }

    pub fn tile(self, z: u8, column: u32, row: u32) -> Option<Tile> {
        Tile::new(z, column, row).filter(|_| z <= self.deepest())
    }

    /// West, south, east, north of a tile in metres, wider on each side by `margin` (a share of the tile's width).
    pub fn sides(self, tile: Tile, margin: f64) -> [f64; 4] {
        let span = self.span(tile.z);
        let [left, top] = self.origin;
        let (x, y) = (f64::from(tile.x), f64::from(tile.y));
        [
            left + (x - margin) * span,
            top - (y + 1.0 + margin) * span,
            left + (x + 1.0 + margin) * span,
            top - (y - margin) * span,
        ]
    }

    /// The tiles of matrix `z` in which something within `extent` (degrees) can lie.
    pub fn limits(self, extent: Bbox, z: u8) -> Limits {
        let [west, south, east, north] = self.plane(extent);
        let span = self.span(z);
        let last = (1u32 << z) - 1;
        let at = |metres: f64| (metres / span).floor().clamp(0.0, f64::from(last)) as u32;
        let [left, top] = self.origin;
        Limits { columns: (at(west - left), at(east - left)), rows: (at(top - north), at(top - south)) }
    }

    /// Sides in the set's plane around everything within `extent` (degrees).
    pub fn plane(self, extent: Bbox) -> [f64; 4] {
        let to = Transform::new(4326, self.crs).filter(|_| zone::is_vn2000(self.crs.srid));
        let Some(to) = to else {
            let x = |lon: f64| lon / 180.0 * HALF;
            let y = |lat: f64| lat.clamp(-85.06, 85.06).to_radians().tan().asinh() / std::f64::consts::PI * HALF;
            return [x(extent.west), y(extent.south), x(extent.east), y(extent.north)];
        };
        let mut sides = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut grow = |lon: f64, lat: f64| {
            let (e, n) = to.position(lon, lat, 0.0);
            sides = [sides[0].min(e), sides[1].min(n), sides[2].max(e), sides[3].max(n)];
        };
        for part in 0..=PARTS {
            let share = f64::from(part) / f64::from(PARTS);
            let (lon, lat) = (
                extent.west + (extent.east - extent.west) * share,
                extent.south + (extent.north - extent.south) * share,
            );
            grow(lon, extent.south);
            grow(lon, extent.north);
            grow(extent.west, lat);
            grow(extent.east, lat);
        }
        [sides[0] - BULGE, sides[1] - BULGE, sides[2] + BULGE, sides[3] + BULGE]
    }

    /// Tiles of Web Mercator that cover a tile of this set with its margin, a handful; none of a tile so wide that its edges
    /// leave the zone.
    pub fn covering(self, tile: Tile, margin: f64) -> Option<Vec<Tile>> {
        if self.is_web_mercator() {
            return Some(vec![tile]);
        }
        let to = Transform::new(self.crs.srid, Crs::CRS84).filter(|_| self.span(tile.z) < WIDE)?;
        let [west, south, east, north] = self.sides(tile, margin);
        let mut around = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for part in 0..=PARTS {
            let share = f64::from(part) / f64::from(PARTS);
            let (e, n) = (west + (east - west) * share, south + (north - south) * share);
            for (x, y) in [(e, south - BULGE), (e, north + BULGE), (west - BULGE, n), (east + BULGE, n)] {
                let (lon, lat) = to.position(x, y, 0.0);
                around = [around[0].min(lon), around[1].min(lat), around[2].max(lon), around[3].max(lat)];
            }
        }
        let [west, south, east, north] = around;
        let extent = Bbox::new(west, south, east, north).ok()?;
        let z = (360.0 / (east - west)).log2().floor().clamp(0.0, 17.0) as u8;
        let Limits { columns, rows } = MatrixSet::WEB_MERCATOR.limits(extent, z);
        (columns.0..=columns.1).flat_map(|x| (rows.0..=rows.1).map(move |y| Tile::new(z, x, y))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_mercator_is_that_of_the_standard() {
        let set = MatrixSet::find("WebMercatorQuad").unwrap();
        let (cell, scale) = set.cell(0);
        assert!((cell - 156_543.033_928_041).abs() < 1e-8 && (scale - 559_082_264.028_717).abs() < 1e-5);
        let tile = set.tile(14, 13152, 7661).unwrap();
        let [w, s, e, n] = set.sides(tile, 0.0);
        let b = tile.bbox(0.0);
        let degrees = crate::geo::from_mercator([w, s, e, n]);
        for (a, b) in degrees.into_iter().zip(<[f64; 4]>::from(b)) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
        let city = Bbox::new(108.9, 11.5, 109.05, 11.65).unwrap();
        let limits = set.limits(city, 14);
        assert!(limits.hold(tile), "{limits:?}");
        assert!(!limits.hold(set.tile(14, 13140, 7661).unwrap()));
    }

    #[test]
    fn the_scales_of_vn2000_are_round_and_its_zone_is_covered() {
        let set = MatrixSet::find("VN2000-9217").unwrap();
        assert_eq!(set, MatrixSet::vn2000(9217).unwrap());
        assert!((set.cell(15).1 - 1000.0).abs() < 1e-9 && (set.cell(16).0 - 0.14).abs() < 1e-12);
        let world = set.sides(set.tile(0, 0, 0).unwrap(), 0.0);
        for srid in [9217, 3405] {
            let meridian = zone::zone(srid).unwrap().meridian;
            let half = zone::zone(srid).unwrap().half;
            let whole = Bbox::new(meridian - half, 7.0, meridian + half, 24.0).unwrap();
            let [w, s, e, n] = MatrixSet::vn2000(srid).unwrap().plane(whole);
            assert!(world[0] < w && world[1] < s && e < world[2] && n < world[3], "{srid}");
        }
        // A unit of the finest tiles, of 4,096 to a side, is about half a millimetre.
        assert!(set.cell(set.deepest()).0 / 16.0 < 0.000_6);
        assert!(set.tile(21, 0, 0).is_none() && MatrixSet::find("VN2000-4326").is_none());
    }

    #[test]
    fn the_limits_in_a_plane_hold_the_whole_extent() {
        let set = MatrixSet::vn2000(9217).unwrap();
        let city = Bbox::new(108.86, 11.5, 109.1, 11.7).unwrap();
        // The outermost of the four corners, as PROJ has them.
        let [w, s, e, n] = set.plane(city);
        for (side, proj) in [(w, 566_302.87), (s, 1_271_831.42), (e, 592_533.43), (n, 1_294_021.82f64)] {
            assert!((side - proj).abs() < BULGE + 0.5, "{side} {proj}");
        }
        // A tile of matrix 15 is 71.68 m: 566,302.87 / 71.68 = 7,900.4 and 592,533.43 / 71.68 = 8,266.4.
        let limits = set.limits(city, 15);
        assert_eq!(limits.columns, (7900, 8266));
        assert!(limits.rows.0 < limits.rows.1);
    }

    #[test]
    fn a_tile_of_a_zone_is_covered_by_tiles_of_the_web() {
        let set = MatrixSet::vn2000(9217).unwrap();
        for z in [4, 9, 14, set.deepest()] {
            let here = set.limits(Bbox::new(108.9886, 11.5648, 108.9886, 11.5648).unwrap(), z);
            let tile = set.tile(z, here.columns.0, here.rows.0).unwrap();
            let Some(cover) = set.covering(tile, 0.0) else {
                assert!(set.span(z) > 190_000.0, "{z}");
                continue;
            };
            assert!(cover.len() <= 9, "{z}: {}", cover.len());
            // Every place in the tile lies in one of them.
            let [west, south, east, north] = set.sides(tile, 0.0);
            for (x, y) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)] {
                let to = Transform::new(9217, Crs::CRS84).unwrap();
                let (lon, lat) = to.position(west + (east - west) * x, south + (north - south) * y, 0.0);
                let held = |t: &Tile| {
                    let at = Bbox::new(lon, lat, lon, lat).unwrap();
                    MatrixSet::WEB_MERCATOR.limits(at, t.z).hold(*t)
                };
                assert!(cover.iter().any(held), "{z} {x} {y}");
            }
        }
    }
}
