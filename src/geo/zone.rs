//! The zones of VN-2000, and which systems suit what lies where.

use super::plane::{A, E2};
use super::{Bbox, Crs};

/// EPSG code, central meridian, degrees to either side of it.
const ZONES: [(i32, f64, f64); 20] = [
    (3405, 105.0, 3.0),
    (3406, 111.0, 3.0),
    (5896, 102.0, 1.5),
    (5897, 105.0, 1.5),
    (5898, 108.0, 1.5),
    (5899, 107.75, 1.5),
    (9205, 103.0, 1.5),
    (9206, 104.0, 1.5),
    (9207, 104.5, 1.5),
    (9208, 104.75, 1.5),
    (9209, 105.5, 1.5),
    (9210, 105.75, 1.5),
    (9211, 106.0, 1.5),
    (9212, 106.25, 1.5),
    (9213, 106.5, 1.5),
    (9214, 107.0, 1.5),
    (9215, 107.25, 1.5),
    (9216, 107.5, 1.5),
    (9217, 108.25, 1.5),
    (9218, 108.5, 1.5),
];
/// The latitudes of Việt Nam.
const SOUTH: f64 = 7.0;
const NORTH: f64 = 24.0;
pub const FALSE_EASTING: f64 = 500_000.0;

/// A zone: its central meridian, and the degrees to either side of it; the scale on the meridian.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    pub meridian: f64,
    pub half: f64,
    pub scale: f64,
}

/// The zone of VN-2000 with this EPSG code.
pub fn zone(srid: i32) -> Option<Zone> {
    let (_, meridian, half) = *ZONES.iter().find(|(code, ..)| *code == srid)?;
    Some(Zone { meridian, half, scale: if half > 1.5 { 0.9996 } else { 0.9999 } })
}

/// The EPSG codes of the zones.
pub fn codes() -> impl Iterator<Item = i32> {
    ZONES.iter().map(|(code, ..)| *code)
}

/// Whether the code is a zone of VN-2000.
pub fn is_vn2000(srid: i32) -> bool {
    zone(srid).is_some()
}

/// The systems in which something is served that is stored in `storage` and lies within `extent` (degrees): CRS84 first,
/// its own next, those of the web, and the zones of VN-2000 that it fits into.
pub fn systems(storage: Crs, extent: Option<Bbox>) -> Vec<Crs> {
    let mut all = vec![Crs::CRS84, storage, Crs::geographic(4326), Crs::plane(3857)];
    let fits = |meridian: f64, half: f64| {
        extent.is_some_and(|e| {
            meridian - half <= e.west
                && e.west <= e.east
                && e.east <= meridian + half
                && SOUTH <= e.south
                && e.north <= NORTH
        })
    };
    let zones: Vec<Crs> =
        ZONES.iter().filter(|(_, meridian, half)| fits(*meridian, *half)).map(|(code, ..)| Crs::plane(*code)).collect();
    if !zones.is_empty() {
        all.push(Crs::geographic(4756));
    }
    all.extend(zones);
    let mut seen = Vec::with_capacity(all.len());
    all.retain(|crs| {
        !seen.contains(crs) && {
            seen.push(*crs);
            true
        }
    });
    all
}

/// Where a system of VN-2000 has a meaning, generously (degrees): what lies far from its meridian has no place in it. None
/// for other systems.
pub fn domain(srid: i32) -> Option<Bbox> {
    let around = |west: f64, east: f64| Bbox { west, south: SOUTH - 2.0, east, north: NORTH + 2.0 };
    if srid == 4756 {
        return Some(around(100.0, 118.0));
    }
    let (_, meridian, half) = ZONES.iter().find(|(code, ..)| *code == srid)?;
    Some(around(meridian - half - 3.0, meridian + half + 3.0))
}

/// Every system of VN-2000: latitude and longitude, then the zones.
pub fn vn2000() -> impl Iterator<Item = Crs> {
    std::iter::once(Crs::geographic(4756)).chain(ZONES.iter().map(|(code, ..)| Crs::plane(*code)))
}

/// Sides in a system around everything within `extent` (degrees), generously: west, south, east, north. What lies outside
/// of them may have no meaning in another system, and holds nothing of the extent. None where it is not known.
pub fn window(crs: Crs, extent: Bbox) -> Option<[f64; 4]> {
    if crs.srid == 4756 {
        return Some(extent.grow(0.1).into());
    }
    let meridian = zone(crs.srid)?.meridian;
    // On a sphere: right to a few kilometres, which the margin covers several times.
    const DEGREE: f64 = 111_320.0;
    const MARGIN: f64 = 20_000.0;
    let easting = |lon: f64, lat: f64| FALSE_EASTING + (lon - meridian) * DEGREE * lat.to_radians().cos();
    let west = easting(extent.west, extent.south).min(easting(extent.west, extent.north));
    let east = easting(extent.east, extent.south).max(easting(extent.east, extent.north));
    let (south, north) = (extent.south * 110_500.0, extent.north * 111_700.0);
    Some([west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN])
}

/// A box of web Mercator (EPSG:3857) in degrees, which it is exactly: its sides are meridians and parallels.
pub fn from_mercator([west, south, east, north]: [f64; 4]) -> [f64; 4] {
    let lon = |x: f64| (x / A).to_degrees().clamp(-180.0, 180.0);
    let lat = |y: f64| (y / A).sinh().atan().to_degrees();
    [lon(west), lat(south), lon(east), lat(north)]
}

/// Metres on the ground in a metre of EPSG:3857 at a latitude (degrees): between that eastwards and the lesser one northwards,
/// so that areas come out right. The sphere's (the cosine alone) is 0.3 % too long in Việt Nam.
pub fn mercator_scale(latitude: f64) -> f64 {
    let (sin, cos) = latitude.to_radians().sin_cos();
    cos * (1.0 - E2).sqrt() / (1.0 - E2 * sin * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metre_of_mercator_is_what_it_is_in_the_citys_zone() {
        let side = 1_000.0;
        let [x, y] = [108.25f64, 11.58].map(f64::to_radians);
        let (x, y) = (x * A, y.tan().asinh() * A);
        let zone = crate::geo::Transform::new(3857, Crs::plane(9217)).unwrap();
        let at = |x, y| zone.position(x, y, 0.0);
        let (a, b, c) = (at(x, y - side / 2.0), at(x + side, y - side / 2.0), at(x, y + side / 2.0));
        let area = (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
        // The zone's own scale is 0.9999 there.
        let scale = area.sqrt() / side / 0.9999;
        assert!((scale / mercator_scale(11.58) - 1.0).abs() < 1e-5, "{scale}");
    }

    #[test]
    fn a_layer_is_served_in_the_zones_it_fits_into() {
        let city = Bbox::new(108.86, 11.5, 109.1, 11.7).unwrap();
        let codes = |storage, extent| -> Vec<i32> { systems(storage, extent).iter().map(|c| c.srid).collect() };
        assert_eq!(codes(Crs::plane(9217), Some(city)), [4326, 9217, 4326, 3857, 4756, 3406, 5898, 5899, 9218]);
        assert_eq!(codes(Crs::CRS84, None), [4326, 4326, 3857]);
        let world = Bbox::new(-180.0, -90.0, 180.0, 90.0).unwrap();
        assert_eq!(codes(Crs::CRS84, Some(world)), [4326, 4326, 3857]);
    }

    #[test]
    fn the_window_of_a_zone_holds_the_extent() {
        let city = Bbox::new(108.86, 11.5, 109.1, 11.7).unwrap();
        let [w, s, e, n] = window(Crs::plane(9217), city).unwrap();
        // As PROJ has them: E 566350–592467, N 1271831–1294022.
        assert!(w < 566_350.0 && s < 1_271_831.0 && e > 592_467.0 && n > 1_294_022.0);
        assert!(w > 500_000.0 && e < 650_000.0 && s > 1_200_000.0 && n < 1_350_000.0);
    }

    #[test]
    fn mercator_is_degrees() {
        let [w, s, e, n] = from_mercator([12_118_240.0, 1_288_857.0, 1e300, 1e300]);
        assert!((w - 108.86).abs() < 1e-3 && (s - 11.5).abs() < 1e-2, "{w} {s}");
        assert_eq!((e, n), (180.0, 90.0));
    }
}
