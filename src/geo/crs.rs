//! Coordinate reference systems by EPSG code, and the city's own zone.

/// VN-2000 / TM-3 108°15′: the zone of Ninh Thuận and Khánh Hòa, in which the city's coordinates and areas are given.
pub const CITY_SRID: i32 = 9217;

/// The URI of longitude, latitude on WGS 84.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Where planar areas in [`CITY_SRID`] hold: within 1°30′ of the central meridian, as a 3° zone is defined, and in the
/// latitudes of Việt Nam. West, south, east, north in degrees. The scale there is 0.9999 to 1.00024.
pub fn city_zone() -> super::Bbox {
    super::Bbox { west: 106.75, south: 7.0, east: 109.75, north: 24.0 }
}

/// The OGC URI of an EPSG code.
pub fn crs_uri(srid: i32) -> String {
    format!("http://www.opengis.net/def/crs/EPSG/0/{srid}")
}

/// The EPSG code of `EPSG:n`, a bare `n`, an OGC URI or URN. CRS84 is 4326, as storage here is longitude first anyway.
pub fn parse_epsg(text: &str) -> Option<i32> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    if text == CRS84 || text.eq_ignore_ascii_case("CRS84") || text.eq_ignore_ascii_case("OGC:CRS84") {
        return Some(4326);
    }
    let upper = text.to_ascii_uppercase();
    let rest = upper
        .strip_prefix("EPSG:")
        .or_else(|| upper.strip_prefix("URN:OGC:DEF:CRS:EPSG::"))
        .or_else(|| upper.strip_prefix("HTTP://WWW.OPENGIS.NET/DEF/CRS/EPSG/0/"))
        .unwrap_or(&upper);
    let code: i32 = rest.parse().ok()?;
    (1024..=998_999).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epsg_code_is_read_in_every_common_spelling() {
        for text in [
            "EPSG:9217",
            "9217",
            "epsg:9217",
            "urn:ogc:def:crs:EPSG::9217",
            "[EPSG:9217]",
            "http://www.opengis.net/def/crs/EPSG/0/9217",
        ] {
            assert_eq!(parse_epsg(text), Some(9217), "{text}");
        }
        assert_eq!(parse_epsg(CRS84), Some(4326));
        for text in ["", "EPSG:", "EPSG:12", "9217; DROP TABLE x", "VN-2000", "-9217", "99999999999"] {
            assert_eq!(parse_epsg(text), None, "{text}");
        }
    }
}
