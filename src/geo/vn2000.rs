//! Between VN-2000 and WGS 84 (Decision 05/2007/QĐ-BTNMT; EPSG:6960). Both have the same ellipsoid, so that a place differs by
//! some two hundred metres in longitude and latitude.

use super::plane::{A, E2, F};

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

/// Longitude and latitude, by one step of Bowring's (1976, "Transformation from spatial to geographical coordinates"): exact on
/// the ellipsoid, and within fifty nanometres up to three kilometres above it.
fn geodetic([x, y, z]: [f64; 3]) -> (f64, f64) {
    let p = (x * x + y * y).sqrt();
    // Of the reduced latitude.
    let tangent = z / (p * (1.0 - F));
    let cos = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sin = tangent * cos;
    let (up, out) = (z + E2 / (1.0 - F) * A * sin.powi(3), p - E2 * A * cos.powi(3));
    (y.atan2(x), (up / out).atan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_above_the_ellipsoid_is_found_again() {
        for height in [-300.0, 0.0, 100.0, 3_200.0] {
            for lat in [-1.2f64, 0.0, 0.15, 0.2, 0.4] {
                let (lon, found) = geodetic(geocentric(1.9, lat, height));
                assert!((found - lat).abs() < 8e-15 && (lon - 1.9).abs() < 5e-16, "{height} {lat}: {}", found - lat);
            }
        }
    }
}
