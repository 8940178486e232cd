//! The transverse Mercator projection of the ellipsoid of WGS 84 and VN-2000: Krüger's series to the sixth order in the third
//! flattening (Karney 2011, "Transverse Mercator with an accuracy of a few nanometers", equations 7 to 11, 35 and 36).

/// Semi-major axis (metres) and flattening of WGS 84, which VN-2000 uses too.
pub const A: f64 = 6_378_137.0;
pub const F: f64 = 1.0 / 298.257_223_563;
/// First eccentricity, squared.
pub const E2: f64 = F * (2.0 - F);

const N: f64 = F / (2.0 - F);
const N2: f64 = N * N;
const N3: f64 = N2 * N;
const N4: f64 = N2 * N2;
const N5: f64 = N4 * N;
const N6: f64 = N3 * N3;
/// A meridian is a circle of this radius, as the series rectify it.
const RADIUS: f64 = A / (1.0 + N) * (1.0 + N2 / 4.0 + N4 / 64.0 + N6 / 256.0);

/// From the sphere to the plane.
const ALPHA: [f64; 6] = [
    N / 2.0 - 2.0 / 3.0 * N2 + 5.0 / 16.0 * N3 + 41.0 / 180.0 * N4 - 127.0 / 288.0 * N5 + 7891.0 / 37800.0 * N6,
    13.0 / 48.0 * N2 - 3.0 / 5.0 * N3 + 557.0 / 1440.0 * N4 + 281.0 / 630.0 * N5 - 1_983_433.0 / 1_935_360.0 * N6,
    61.0 / 240.0 * N3 - 103.0 / 140.0 * N4 + 15061.0 / 26880.0 * N5 + 167_603.0 / 181_440.0 * N6,
    49561.0 / 161_280.0 * N4 - 179.0 / 168.0 * N5 + 6_601_661.0 / 7_257_600.0 * N6,
    34729.0 / 80640.0 * N5 - 3_418_889.0 / 1_995_840.0 * N6,
    212_378_941.0 / 319_334_400.0 * N6,
];
/// From the plane to the sphere.
const BETA: [f64; 6] = [
    -N / 2.0 + 2.0 / 3.0 * N2 - 37.0 / 96.0 * N3 + 1.0 / 360.0 * N4 + 81.0 / 512.0 * N5 - 96199.0 / 604_800.0 * N6,
    -1.0 / 48.0 * N2 - 1.0 / 15.0 * N3 + 437.0 / 1440.0 * N4 - 46.0 / 105.0 * N5 + 1_118_711.0 / 3_870_720.0 * N6,
    -17.0 / 480.0 * N3 + 37.0 / 840.0 * N4 + 209.0 / 4480.0 * N5 - 5569.0 / 90720.0 * N6,
    -4397.0 / 161_280.0 * N4 + 11.0 / 504.0 * N5 + 830_251.0 / 7_257_600.0 * N6,
    -4583.0 / 161_280.0 * N5 + 108_847.0 / 3_991_680.0 * N6,
    -20_648_693.0 / 638_668_800.0 * N6,
];
/// From the conformal latitude to the geodetic one.
const DELTA: [f64; 6] = [
    2.0 * N - 2.0 / 3.0 * N2 - 2.0 * N3 + 116.0 / 45.0 * N4 + 26.0 / 45.0 * N5 - 2854.0 / 675.0 * N6,
    7.0 / 3.0 * N2 - 8.0 / 5.0 * N3 - 227.0 / 45.0 * N4 + 2704.0 / 315.0 * N5 + 2323.0 / 945.0 * N6,
    56.0 / 15.0 * N3 - 136.0 / 35.0 * N4 - 1262.0 / 105.0 * N5 + 73814.0 / 2835.0 * N6,
    4279.0 / 630.0 * N4 - 332.0 / 35.0 * N5 - 399_572.0 / 14175.0 * N6,
    4174.0 / 315.0 * N5 - 144_838.0 / 6237.0 * N6,
    601_676.0 / 22275.0 * N6,
];

/// A plane: its central meridian (radians), the scale on it, and what is added to eastings and northings (metres).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    pub meridian: f64,
    pub scale: f64,
    pub false_easting: f64,
    pub false_northing: f64,
}

impl Plane {
    /// Easting and northing of a longitude and latitude (radians).
    pub fn project(self, lon: f64, lat: f64) -> (f64, f64) {
        let e = E2.sqrt();
        let tau = lat.tan();
        let secant = (1.0 + tau * tau).sqrt();
        let sigma = (e * (e * tau / secant).atanh()).sinh();
        let conformal = tau * (1.0 + sigma * sigma).sqrt() - sigma * secant;
        let (sin, cos) = (lon - self.meridian).sin_cos();
        let (xi, eta) = (conformal.atan2(cos), (sin / (conformal * conformal + cos * cos).sqrt()).asinh());
        let (north, east) = series(&ALPHA, xi, eta);
        let metres = self.scale * RADIUS;
        (self.false_easting + metres * (eta + east), self.false_northing + metres * (xi + north))
    }

    /// Longitude and latitude (radians) of an easting and northing.
    pub fn unproject(self, east: f64, north: f64) -> (f64, f64) {
        let metres = self.scale * RADIUS;
        let (xi, eta) = ((north - self.false_northing) / metres, (east - self.false_easting) / metres);
        let (dx, de) = series(&BETA, xi, eta);
        let (sin, cos) = (xi + dx).sin_cos();
        let sinh = (eta + de).sinh();
        // The tangent of the conformal latitude, from which those of its multiples follow.
        let tau = sin / (sinh * sinh + cos * cos).sqrt();
        let (sin2, cos2) = (2.0 * tau / (1.0 + tau * tau), (1.0 - tau * tau) / (1.0 + tau * tau));
        (self.meridian + sinh.atan2(cos), tau.atan() + sines(&DELTA, sin2, cos2))
    }
}

/// The sum of c[j] sin(2 (j + 1) x), by the sine and cosine of 2x (Clenshaw).
fn sines(c: &[f64; 6], sin: f64, cos: f64) -> f64 {
    let (mut next, mut after) = (0.0, 0.0);
    for c in c.iter().rev() {
        (next, after) = (c + 2.0 * cos * next - after, next);
    }
    sin * next
}

/// The same of a complex x, xi + i eta: real and imaginary part.
fn series(c: &[f64; 6], xi: f64, eta: f64) -> (f64, f64) {
    let (sin, cos) = (2.0 * xi).sin_cos();
    let (sinh, cosh) = ((2.0 * eta).sinh(), (2.0 * eta).cosh());
    let (re, im) = (2.0 * cos * cosh, -2.0 * sin * sinh);
    let (mut next, mut after) = ((0.0, 0.0), (0.0, 0.0));
    for c in c.iter().rev() {
        let here = (c + re * next.0 - im * next.1 - after.0, re * next.1 + im * next.0 - after.1);
        (next, after) = (here, next);
    }
    let (re, im) = (sin * cosh, cos * sinh);
    (re * next.0 - im * next.1, re * next.1 + im * next.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_place_to_a_nanometre() {
        let plane = Plane { meridian: 1.9, scale: 0.9999, false_easting: 500_000.0, false_northing: 0.0 };
        for lat in [-1.2, -0.2, 0.0, 0.15, 0.4, 1.3] {
            for lon in [1.8f64, 1.9, 1.925, 2.0] {
                let (e, n) = plane.project(lon, lat);
                let (x, y) = plane.unproject(e, n);
                assert!((x - lon).abs() < 2e-15 && (y - lat).abs() < 2e-15, "{lon} {lat}: {} {}", x - lon, y - lat);
            }
        }
    }
}
