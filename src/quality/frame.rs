//! Coordinates as whole numbers, and areas in square metres.

use xxhash_rust::xxh3::xxh3_64;

use crate::geo::{Bbox, CITY_SRID, Crs, ECCENTRICITY2, SEMI_MAJOR, Transform, city_zone, from_mercator};

/// Whole numbers to the metre: a nanometre each, finer than a double has in a projected system.
const UNIT: f64 = (1u64 << 30) as f64;

/// A place in whole numbers.
pub type P = [i64; 2];

/// How coordinates of a layer become whole numbers and come back. Straight lines stay straight; degrees are stretched so
/// that a unit is about as long in x as in y at the layer's middle.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    origin: [f64; 2],
    scale: [f64; 2],
}

impl Frame {
    /// Around `bounds` of a layer in `crs`, whose unit is `unit` metres.
    pub fn new(crs: Crs, unit: f64, [w, s, e, n]: [f64; 4]) -> Frame {
        let origin = [((w + e) / 2.0).round(), ((s + n) / 2.0).round()];
        let metres = match (crs.degrees, crs.srid) {
            (true, _) => [111_320.0 * origin[1].to_radians().cos().max(0.01), 110_600.0],
            (_, 3857) => [from_mercator([0.0, origin[1], 0.0, origin[1]])[1].to_radians().cos(); 2],
            _ => [unit; 2],
        };
        Frame { origin, scale: metres.map(|m| m * UNIT) }
    }

    pub fn whole(&self, p: [f64; 2]) -> P {
        // `f64::round` is a call of the C library on processors of any age.
        let nearest = |n: f64| (n + 0.5f64.copysign(n)) as i64;
        [0, 1].map(|i| nearest((p[i] - self.origin[i]) * self.scale[i]))
    }

    pub fn back(&self, p: P) -> [f64; 2] {
        [0, 1].map(|i| self.origin[i] + p[i] as f64 / self.scale[i])
    }
}

/// Metres as whole numbers.
pub fn units(metres: f64) -> i64 {
    (metres * UNIT) as i64
}

/// Twice the signed area in square units, positive when counter-clockwise.
pub fn area2(ring: &[P]) -> i128 {
    let Some(mut before) = ring.last().copied() else { return 0 };
    let mut sum = 0;
    for p in ring {
        sum += i128::from(before[0]) * i128::from(p[1]) - i128::from(p[0]) * i128::from(before[1]);
        before = *p;
    }
    sum
}

/// Area over half the perimeter: the width of a thin shape.
#[derive(Default)]
pub struct Width {
    area2: i128,
    round: f64,
}

impl Width {
    pub fn add(&mut self, ring: &[P]) {
        self.area2 += area2(ring);
        let Some(mut before) = ring.last().copied() else { return };
        for p in ring {
            let [x, y] = [0, 1].map(|i| (p[i] - before[i]) as f64);
            self.round += (x * x + y * y).sqrt();
            before = *p;
        }
    }

    pub fn metres(&self) -> f64 {
        if self.round > 0.0 { self.area2.unsigned_abs() as f64 / self.round / UNIT } else { 0.0 }
    }
}

/// How areas of a layer are taken (decision 2): in the plane of its own system; for degrees and Web Mercator in the city's
/// zone of VN-2000 where the layer lies in it, else on the ellipsoid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Metres to the unit.
    Plane(f64),
    City(Transform),
    Ellipsoid {
        mercator: bool,
    },
}

impl Measure {
    /// For a layer in `crs`, whose unit is `unit` metres, within `bounds` of its own coordinates.
    pub fn of(crs: Crs, unit: f64, bounds: [f64; 4]) -> Measure {
        let mercator = crs.srid == 3857;
        if !crs.degrees && !mercator {
            return Measure::Plane(unit);
        }
        let [west, south, east, north] = if mercator { from_mercator(bounds) } else { bounds };
        let (b, z) = (Bbox { west, south, east, north }, city_zone());
        let inside = z.west <= b.west && b.east <= z.east && z.south <= b.south && b.north <= z.north;
        match Transform::new(crs.srid, Crs::plane(CITY_SRID)).filter(|_| inside) {
            Some(transform) => Measure::City(transform),
            None => Measure::Ellipsoid { mercator },
        }
    }

    /// `EPSG:9217`, `geodesic`, or none for the layer's own plane.
    pub fn name(self) -> Option<String> {
        match self {
            Measure::Plane(_) => None,
            Measure::City(_) => Some(format!("EPSG:{CITY_SRID}")),
            Measure::Ellipsoid { .. } => Some("geodesic".into()),
        }
    }

    /// The place in a plane whose areas are right, in metres.
    fn metres(self, p: [f64; 2]) -> [f64; 2] {
        match self {
            Measure::Plane(unit) => p.map(|c| c * unit),
            Measure::City(transform) => {
                let (east, north) = transform.position(p[0], p[1], 0.0);
                [east, north]
            }
            Measure::Ellipsoid { mercator: false } => equal_area(p[0], p[1]),
            Measure::Ellipsoid { mercator: true } => {
                let [lon, lat, ..] = from_mercator([p[0], p[1], p[0], p[1]]);
                equal_area(lon, lat)
            }
        }
    }

    /// The area that a ring encloses, m².
    pub fn ring(self, ring: impl IntoIterator<Item = [f64; 2]>) -> f64 {
        enclosed(ring.into_iter().map(|p| self.metres(p)))
    }
}

/// The area within a ring of metres.
fn enclosed(mut points: impl Iterator<Item = [f64; 2]>) -> f64 {
    let Some(origin) = points.next() else { return 0.0 };
    // From the first corner, so that large coordinates do not eat the digits of a small area.
    let mut before = [0.0, 0.0];
    let mut sum = 0.0;
    for p in points {
        let p = [p[0] - origin[0], p[1] - origin[1]];
        sum += before[0] * p[1] - p[0] * before[1];
        before = p;
    }
    sum.abs() / 2.0
}

/// A measure that remembers places: neighbours share their corners, and finding one's place costs as much as all the rest.
pub struct Surveyor {
    measure: Measure,
    /// A place and where it is in metres, by its hash; of two with the same one the later.
    known: Vec<([u64; 2], [f64; 2])>,
}

impl Surveyor {
    /// Fits the second cache of a core.
    const KNOWN: usize = 1 << 14;

    pub fn new(measure: Measure) -> Surveyor {
        let none = [f64::NAN.to_bits(); 2];
        Surveyor { measure, known: vec![(none, [f64::NAN; 2]); Self::KNOWN] }
    }

    /// As [`Measure::ring`].
    pub fn ring(&mut self, ring: &[[f64; 2]]) -> f64 {
        match self.measure {
            Measure::Plane(_) => self.measure.ring(ring.iter().copied()),
            _ => enclosed(ring.iter().map(|p| self.metres(*p))),
        }
    }

    fn metres(&mut self, p: [f64; 2]) -> [f64; 2] {
        let key = p.map(f64::to_bits);
        let at = xxh3_64(bytemuck::bytes_of(&key)) as usize % Self::KNOWN;
        if self.known[at].0 != key {
            self.known[at] = (key, self.measure.metres(p));
        }
        self.known[at].1
    }
}

/// Lambert's cylindrical equal-area projection of the ellipsoid of WGS 84 (Snyder, "Map Projections", 1987, 10-15 and 3-12).
fn equal_area(lon: f64, lat: f64) -> [f64; 2] {
    let (e2, s) = (ECCENTRICITY2, lat.to_radians().sin());
    let e = e2.sqrt();
    let q = (1.0 - e2) * (s / (1.0 - e2 * s * s) - ((1.0 - e * s) / (1.0 + e * s)).ln() / (2.0 * e));
    [SEMI_MAJOR * lon.to_radians(), SEMI_MAJOR * q / 2.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_come_back_to_a_nanometre() {
        let frame = Frame::new(Crs::plane(9217), 1.0, [570_000.0, 1_270_000.0, 590_000.0, 1_290_000.0]);
        let p = [580_361.426_9, 1_279_032.268_9];
        let back = frame.back(frame.whole(p));
        assert!((back[0] - p[0]).abs() < 2e-9 && (back[1] - p[1]).abs() < 2e-9, "{back:?}");
    }

    #[test]
    fn the_ellipsoid_has_its_area() {
        // All of it, in four sides: 510,065,621.72 km² (WGS 84).
        let m = Measure::Ellipsoid { mercator: false };
        let all = m.ring([[-180.0, -90.0], [180.0, -90.0], [180.0, 90.0], [-180.0, 90.0]]);
        assert!((all / 510_065_621_724_088.4 - 1.0).abs() < 1e-9, "{all}");
    }
}
