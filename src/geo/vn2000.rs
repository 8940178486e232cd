//! From WGS 84 to the planes of VN-2000, to a tenth of a millimetre; what is stored is transformed by PostGIS alone.

/// Semi-major axis and flattening of WGS 84, which VN-2000 uses too.
const A: f64 = 6_378_137.0;
const F: f64 = 1.0 / 298.257_223_563;
/// VN-2000 to WGS 84, coordinate frame rotation (Decision 05/2007/QĐ-BTNMT; EPSG:6960): metres, arc seconds, scale.
const SHIFT: [f64; 3] = [-191.904_414_29, -39.303_182_79, -111.450_328_35];
const TURN: [f64; 3] = [-0.009_288_36, 0.019_754_79, -0.004_273_72];
const SCALE: f64 = 1.000_000_252_906_278;

/// Easting and northing in the transverse Mercator plane of a zone (false easting 500 km) of a place on WGS 84, degrees.
pub fn project(lon: f64, lat: f64, meridian: f64, scale: f64) -> [f64; 2] {
    let (lon, lat) = from_wgs84(lon.to_radians(), lat.to_radians());
    transverse_mercator(lon - meridian.to_radians(), lat, scale)
}

/// Longitude and latitude on VN-2000 of a place on WGS 84, radians, both on the ellipsoid.
fn from_wgs84(lon: f64, lat: f64) -> (f64, f64) {
    let e2 = F * (2.0 - F);
    let n = A / (1.0 - e2 * lat.sin().powi(2)).sqrt();
    let d = [
        (n * lat.cos() * lon.cos() - SHIFT[0]) / SCALE,
        (n * lat.cos() * lon.sin() - SHIFT[1]) / SCALE,
        (n * (1.0 - e2) * lat.sin() - SHIFT[2]) / SCALE,
    ];
    let [rx, ry, rz] = TURN.map(|t| (t / 3600.0).to_radians());
    // The inverse of so small a rotation is its transpose.
    let (x, y, z) = (d[0] - rz * d[1] + ry * d[2], rz * d[0] + d[1] - rx * d[2], -ry * d[0] + rx * d[1] + d[2]);
    let p = x.hypot(y);
    let mut lat = z.atan2(p * (1.0 - e2));
    for _ in 0..4 {
        lat = (z + e2 * A * lat.sin() / (1.0 - e2 * lat.sin().powi(2)).sqrt()).atan2(p);
    }
    (y.atan2(x), lat)
}

/// Krüger's series in the third flattening (Karney 2011, equations 7 to 11 and 35), good to nanometres in a zone.
fn transverse_mercator(lon: f64, lat: f64, scale: f64) -> [f64; 2] {
    let n = F / (2.0 - F);
    let radius = A / (1.0 + n) * (1.0 + n.powi(2) / 4.0 + n.powi(4) / 64.0);
    let alpha = [
        n / 2.0 - 2.0 / 3.0 * n.powi(2) + 5.0 / 16.0 * n.powi(3) + 41.0 / 180.0 * n.powi(4),
        13.0 / 48.0 * n.powi(2) - 3.0 / 5.0 * n.powi(3) + 557.0 / 1440.0 * n.powi(4),
        61.0 / 240.0 * n.powi(3) - 103.0 / 140.0 * n.powi(4),
        49_561.0 / 161_280.0 * n.powi(4),
    ];
    let e = (F * (2.0 - F)).sqrt();
    let tau = lat.tan();
    let sigma = (e * (e * tau / tau.hypot(1.0)).atanh()).sinh();
    let conformal = tau * sigma.hypot(1.0) - sigma * tau.hypot(1.0);
    let xi = conformal.atan2(lon.cos());
    let eta = (lon.sin() / conformal.hypot(lon.cos())).asinh();
    let (mut north, mut east) = (xi, eta);
    for (j, a) in alpha.into_iter().enumerate() {
        let k = 2.0 * (j as f64 + 1.0);
        north += a * (k * xi).sin() * (k * eta).cosh();
        east += a * (k * xi).cos() * (k * eta).sinh();
    }
    [super::zone::FALSE_EASTING + scale * radius * east, scale * radius * north]
}

#[cfg(test)]
mod tests {
    use super::project;

    #[test]
    fn a_place_in_phan_rang_is_where_proj_has_it() {
        for (meridian, scale, east, north) in [
            (108.25, 0.9999, 580361.4269, 1279032.2689),
            (108.0, 0.9999, 607630.0319, 1279114.5103),
            (108.5, 0.9999, 553094.2385, 1278973.8897),
            (111.0, 0.9996, 280460.4064, 1279318.4780),
        ] {
            let [e, n] = project(108.9886, 11.5648, meridian, scale);
            assert!((e - east).abs() < 2e-4 && (n - north).abs() < 2e-4, "{meridian}: {e} {n}");
        }
    }
}
