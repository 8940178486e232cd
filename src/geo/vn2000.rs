//! Between VN-2000 and WGS 84 (Decision 05/2007/QĐ-BTNMT; EPSG:6960). Both have the same ellipsoid, so that a place differs by
//! some two hundred metres in longitude and latitude.

use super::plane::{A, E2};

/// VN-2000 to WGS 84, coordinate frame rotation: metres, arc seconds, scale.
const SHIFT: [f64; 3] = [-191.904_414_29, -39.303_182_79, -111.450_328_35];
const TURN: [f64; 3] = [arc(-0.009_288_36), arc(0.019_754_79), arc(-0.004_273_72)];
const SCALE: f64 = 1.000_000_252_906_278;

const fn arc(seconds: f64) -> f64 {
    seconds / 3600.0 * (std::f64::consts::PI / 180.0)
}

/// Longitude and latitude on WGS 84 of a place on VN-2000 (radians) and its height above the ellipsoid (metres).
pub fn to_wgs84(lon: f64, lat: f64, height: f64) -> (f64, f64) {
    let [x, y, z] = geocentric(lon, lat, height);
    let [rx, ry, rz] = TURN;
    geodetic([
        SHIFT[0] + SCALE * (x + rz * y - ry * z),
        SHIFT[1] + SCALE * (y - rz * x + rx * z),
        SHIFT[2] + SCALE * (z + ry * x - rx * y),
    ])
}

/// The other way.
pub fn from_wgs84(lon: f64, lat: f64, height: f64) -> (f64, f64) {
    let [x, y, z] = geocentric(lon, lat, height);
    let [x, y, z] = [(x - SHIFT[0]) / SCALE, (y - SHIFT[1]) / SCALE, (z - SHIFT[2]) / SCALE];
    let [rx, ry, rz] = TURN;
    // The inverse of so small a rotation is its transpose.
    geodetic([x - rz * y + ry * z, y + rz * x - rx * z, z - ry * x + rx * y])
}

fn geocentric(lon: f64, lat: f64, height: f64) -> [f64; 3] {
    let ((sin, cos), (east, north)) = (lat.sin_cos(), lon.sin_cos());
    let n = A / (1.0 - E2 * sin * sin).sqrt();
    let p = (n + height) * cos;
    [p * north, p * east, (n * (1.0 - E2) + height) * sin]
}

/// Longitude and latitude; the tangent of the latitude is found by iteration, each step of which takes two digits and more.
fn geodetic([x, y, z]: [f64; 3]) -> (f64, f64) {
    let p = (x * x + y * y).sqrt();
    let mut tangent = z / (p * (1.0 - E2));
    for _ in 0..4 {
        let sin = tangent / (1.0 + tangent * tangent).sqrt();
        tangent = (z + E2 * A * sin / (1.0 - E2 * sin * sin).sqrt()) / p;
    }
    (y.atan2(x), tangent.atan())
}
