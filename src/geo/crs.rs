//! Coordinate reference systems: how callers name them, in which order they write, and the city's own zone.

/// VN-2000 / TM-3 108°15′: the zone of Ninh Thuận and Khánh Hòa, in which the city's coordinates and areas are given.
pub const CITY_SRID: i32 = 9217;

/// The URI of longitude, latitude on WGS 84.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Where planar areas in [`CITY_SRID`] hold: within 1°30′ of the central meridian, as a 3° zone is defined, and in the
/// latitudes of Việt Nam. West, south, east, north in degrees. The scale there is 0.9999 to 1.00024.
pub fn city_zone() -> super::Bbox {
    super::Bbox { west: 106.75, south: 7.0, east: 109.75, north: 24.0 }
}

/// A coordinate reference system as callers write in it. Inside, x (longitude, easting) always comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crs {
    /// The EPSG code; CRS84 has that of WGS 84.
    pub srid: i32,
    /// Its authority puts latitude or northing first.
    pub y_first: bool,
    /// Of degrees, not of metres.
    pub degrees: bool,
}

impl Crs {
    /// WGS 84, longitude first.
    pub const CRS84: Crs = Crs { srid: 4326, y_first: false, degrees: true };

    /// A system of eastings and northings.
    pub const fn plane(srid: i32) -> Crs {
        Crs { srid, y_first: false, degrees: false }
    }

    /// A system of latitudes and longitudes.
    pub const fn geographic(srid: i32) -> Crs {
        Crs { srid, y_first: true, degrees: true }
    }

    /// The order of axes as PostGIS tells it: its texts of EPSG's systems name the axes only where east comes first.
    pub fn described(srid: i32, authority: &str, wkt: &str) -> Crs {
        match srid {
            4326 | 4756 => Crs::geographic(srid),
            3857 => Crs::plane(srid),
            _ if super::zone::is_vn2000(srid) => Crs::plane(srid),
            _ => {
                let degrees = wkt.trim_start().starts_with("GEOG");
                let axis = wkt.split_once("AXIS[").and_then(|(_, rest)| rest.split_once(']')).map(|(axis, _)| axis);
                let y_first = match axis {
                    Some(first) => first.ends_with("NORTH") && degrees,
                    None => degrees || authority == "EPSG",
                };
                Crs { srid, y_first, degrees }
            }
        }
    }

    /// The OGC URI.
    pub fn uri(self) -> String {
        if self == Crs::CRS84 {
            CRS84.to_string()
        } else {
            format!("http://www.opengis.net/def/crs/EPSG/0/{}", self.srid)
        }
    }

    /// The one of `among` that a caller names, in any common spelling.
    pub fn find(text: &str, among: &[Crs]) -> Option<Crs> {
        let name = Name::parse(text)?;
        among.iter().copied().find(|crs| match name {
            Name::Crs84 => *crs == Crs::CRS84,
            Name::Epsg(code) => crs.srid == code && *crs != Crs::CRS84,
        })
    }

    /// Decimals that keep a millimetre: of metres, and of degrees.
    pub fn decimals(self) -> u8 {
        if self.degrees { 9 } else { 4 }
    }
}

/// What a caller may call a system: `EPSG:n`, a bare `n`, an OGC URI, URN or CURIE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Crs84,
    Epsg(i32),
}

impl Name {
    pub fn parse(text: &str) -> Option<Name> {
        let upper = text.trim().trim_start_matches('[').trim_end_matches(']').to_ascii_uppercase();
        let address = upper.strip_prefix("HTTP://").or_else(|| upper.strip_prefix("HTTPS://"));
        // authority, version, code
        let parts: Option<Vec<&str>> = match address {
            Some(address) => address.strip_prefix("WWW.OPENGIS.NET/DEF/CRS/").map(|rest| rest.split('/').collect()),
            None => upper.strip_prefix("URN:OGC:DEF:CRS:").map(|rest| rest.split(':').collect()),
        };
        let version = |v: &str| v.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let (authority, code) = match (parts.as_deref(), upper.split_once(':')) {
            (Some([authority, v, code]), _) if version(v) => (*authority, *code),
            (Some(_), _) => return None,
            (None, Some((authority, code))) => (authority, code),
            (None, None) if upper == "CRS84" => ("OGC", "CRS84"),
            (None, None) => ("EPSG", upper.as_str()),
        };
        match authority {
            "OGC" if code == "CRS84" => Some(Name::Crs84),
            "EPSG" if code.bytes().all(|b| b.is_ascii_digit()) => {
                let code: i32 = code.parse().ok()?;
                (1024..=998_999).contains(&code).then_some(Name::Epsg(code))
            }
            _ => None,
        }
    }
}

/// The EPSG code of a name. CRS84 is 4326, for those who have x first anyway.
pub fn parse_epsg(text: &str) -> Option<i32> {
    Name::parse(text).map(|name| match name {
        Name::Crs84 => Crs::CRS84.srid,
        Name::Epsg(code) => code,
    })
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
            "urn:ogc:def:crs:EPSG:10.076:9217",
            "[EPSG:9217]",
            "http://www.opengis.net/def/crs/EPSG/0/9217",
            "https://www.opengis.net/def/crs/EPSG/9.9.1/9217",
        ] {
            assert_eq!(parse_epsg(text), Some(9217), "{text}");
        }
        for text in [CRS84, "CRS84", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84"] {
            assert_eq!((Name::parse(text), parse_epsg(text)), (Some(Name::Crs84), Some(4326)), "{text}");
        }
        for text in [
            "",
            "EPSG:",
            "EPSG:12",
            "9217; DROP TABLE x",
            "VN-2000",
            "-9217",
            "+9217",
            "99999999999",
            "http://www.opengis.net/def/crs/0/unsupported",
            "http://www.opengis.net/def/crs/EPSG/0/9217/x",
            "http://example.org/def/crs/EPSG/0/9217",
            "ESRI:9217",
        ] {
            assert_eq!(parse_epsg(text), None, "{text}");
        }
    }

    #[test]
    fn the_order_of_axes_is_the_authoritys() {
        let projected = |axes: &str| format!("PROJCS[\"x\",GEOGCS[\"y\"],UNIT[\"metre\",1]{axes}]");
        for (srid, wkt, y_first, degrees) in [
            (4326, "GEOGCS[\"WGS 84\"]".to_string(), true, true),
            (4756, "GEOGCS[\"VN-2000\"]".to_string(), true, true),
            (4147, "GEOGCS[\"Hanoi 1972\"]".to_string(), true, true),
            (9217, projected(""), false, false),
            (32649, projected(",AXIS[\"Easting\",EAST],AXIS[\"Northing\",NORTH]"), false, false),
            (3035, projected(""), true, false),
        ] {
            assert_eq!(Crs::described(srid, "EPSG", &wkt), Crs { srid, y_first, degrees }, "{srid}");
        }
        assert!(!Crs::described(102_029, "ESRI", &projected("")).y_first);
    }
}
