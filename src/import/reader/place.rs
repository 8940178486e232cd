//! Which coordinate system a layer is in, and which it could be in when it does not say.
//!
//! The order: what the caller says; the code in the file; the parameters of VN-2000; a sure match in the EPSG database;
//! else the file's own definition. Coordinates without any are never guessed into place, only proposed: 108°00' in the
//! place of 108°15' looks plausible and is 27 km off (vietnam.md 1.3).

use super::srs::{Srs, Transformation};
use super::towns;
use crate::error::{Error, Result};
use crate::import::frames::{Candidate, Crs, How, Note};
use crate::import::notes;

/// The TM-3 systems of VN-2000 by central meridian (vietnam.md 1.1).
const TM3: [(f64, i32); 18] = [
    (102.0, 5896),
    (103.0, 9205),
    (104.0, 9206),
    (104.5, 9207),
    (104.75, 9208),
    (105.0, 5897),
    (105.5, 9209),
    (105.75, 9210),
    (106.0, 9211),
    (106.25, 9212),
    (106.5, 9213),
    (107.0, 9214),
    (107.25, 9215),
    (107.5, 9216),
    (107.75, 5899),
    (108.0, 5898),
    (108.25, 9217),
    (108.5, 9218),
];
/// Twins with false easting and northing exchanged, deprecated by EPSG, and what they were meant to be.
const DEPRECATED: [(i32, i32); 4] = [(6956, 5896), (6957, 5897), (6958, 5898), (6959, 5899)];
/// What files of this country are in that name no code.
const COMMON: [i32; 4] = [4326, 32649, 32648, 3857];
/// VN-2000 to WGS 84, EPSG:6960, in the signs of TOWGS84.
const VN2000_SHIFT: [f64; 7] =
    [-191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278];

/// The project area and Vietnam, its islands included: west, south, east, north.
const PROJECT_AREA: [f64; 4] = [108.6, 11.3, 109.2, 11.9];
const VIETNAM: [[f64; 4]; 2] = [[102.1, 8.3, 109.5, 23.4], [109.5, 6.0, 118.0, 17.5]];

/// `EPSG:n` or `n`.
pub fn given(text: &str) -> Result<Crs> {
    let wrong = || Error::invalid("srs", format!("`{text}` is not a coordinate system: say `EPSG:9217` or the like"));
    let digits = text.trim().strip_prefix("EPSG:").or(text.trim().strip_prefix("epsg:")).unwrap_or(text.trim());
    let code: i32 = digits.parse().map_err(|_| wrong())?;
    let srs = Srs::from_epsg(code).ok_or_else(wrong)?;
    Ok(described(&srs, Some(code), How::Given))
}

fn described(srs: &Srs, srid: Option<i32>, how: How) -> Crs {
    Crs { srid, name: srs.name(), wkt: srs.wkt(), proj4: srs.proj4(), how }
}

fn by_code(code: i32, how: How) -> Option<Crs> {
    Srs::from_epsg(code).map(|srs| described(&srs, Some(code), how))
}

/// The coordinate system that a file's definition means; none for a drawing's own coordinates.
pub fn of(srs: &Srs, notes: &mut Vec<Note>) -> Option<Crs> {
    if srs.is_local() {
        return None;
    }
    let stated = srs.epsg().or_else(|| srs.crs84());
    if let Some(&(old, new)) = DEPRECATED.iter().find(|(old, _)| Some(*old) == stated) {
        notes.push(notes::crs_deprecated(old, new));
        return by_code(new, How::Declared);
    }
    // A code that EPSG does not have says nothing: what the file defines under it is not taken for EPSG's.
    if let Some(known) = stated.and_then(|code| by_code(code, How::Declared)) {
        shift_note(srs, known.srid.unwrap_or_default(), notes);
        return Some(known);
    }
    if let Some(code) = vn2000(srs) {
        notes.push(notes::crs_vn2000(&srs.name(), &srs.attribute("DATUM"), code));
        shift_note(srs, code, notes);
        return by_code(code, How::Vn2000ByParameters);
    }
    if let Some(code) = srs.identify().or_else(|| COMMON.into_iter().find(|code| srs.is_epsg(*code))) {
        return by_code(code, How::Identified);
    }
    if names_files(srs) {
        notes.push(notes::crs_names_files(&srs.name()));
        return None;
    }
    notes.push(notes::crs_custom(&srs.name()));
    Some(described(srs, None, How::Declared))
}

/// Whether a definition names grids or files, which PROJ would open in the database server, outside of all limits.
fn names_files(srs: &Srs) -> bool {
    let text = format!("{} {}", srs.wkt(), srs.proj4()).to_lowercase().replace("grids=@null", "");
    let signs = ["grids=", "proj4_grids", "file=", "parameterfile", "parameter_file", "+init", "+catalog"];
    signs.iter().any(|sign| text.contains(sign))
}

fn is_vn2000_code(code: i32) -> bool {
    matches!(code, 4756 | 3405 | 3406) || TM3.iter().any(|(_, tm3)| *tm3 == code)
}

/// A way to longitude and latitude on WGS 84; from VN-2000 always by EPSG:6960 (decision 21).
pub fn to_lonlat(srs: &Srs) -> Option<Transformation> {
    srs.to_lonlat(shift_of(srs))
}

fn shift_of(srs: &Srs) -> Option<[f64; 7]> {
    srs.epsg().filter(|code| is_vn2000_code(*code)).map(|_| VN2000_SHIFT)
}

/// The system with its shift, for what chooses a way by itself.
pub fn described_whole(crs: &Crs) -> Option<Srs> {
    let srs = crs.srid.map_or_else(|| Srs::from_wkt(&crs.wkt), Srs::from_epsg)?;
    srs.shifted(shift_of(&srs))
}

/// Many files carry the decree's rotations in the wrong convention, half a metre off (vietnam.md 1.3).
fn shift_note(srs: &Srs, code: i32, notes: &mut Vec<Note>) {
    let Some(shift) = srs.to_wgs84().filter(|_| is_vn2000_code(code)) else {
        return;
    };
    if shift.iter().zip(VN2000_SHIFT).any(|(a, b)| (a - b).abs() > 1e-4) {
        notes.push(notes::crs_shift_overruled(shift, code));
    }
}

/// VN-2000 by its parameters. A transverse Mercator with 0.9999 on one of its meridians is VN-2000 whatever datum the
/// file names; UTM is shared with WGS 84 and needs the datum.
fn vn2000(srs: &Srs) -> Option<i32> {
    let datum = format!("{} {} {}", srs.attribute("DATUM"), srs.attribute("GEOGCS"), srs.name()).to_lowercase();
    // MapInfo's datum 9999 has numbers in the place of a name.
    let shifted = |shift: [f64; 7]| shift.iter().zip(VN2000_SHIFT).take(3).all(|(a, b)| (a - b).abs() < 1e-2);
    let named = ["vietnam", "vn-2000", "vn_2000", "vn2000"].iter().any(|name| datum.contains(name))
        || srs.to_wgs84().is_some_and(shifted);
    if srs.is_geographic() {
        return named.then_some(4756);
    }
    if srs.attribute("PROJECTION") != "Transverse_Mercator" || !srs.metres() {
        return None;
    }
    let is = |value: Option<f64>, expected: f64, within: f64| value.is_some_and(|v| (v - expected).abs() < within);
    let origin = is(srs.parameter(c"false_easting"), 500_000.0, 1e-3)
        && is(srs.parameter(c"false_northing"), 0.0, 1e-3)
        && is(srs.parameter(c"latitude_of_origin"), 0.0, 1e-9);
    let scale = srs.parameter(c"scale_factor");
    let meridian = srs.parameter(c"central_meridian").filter(|_| origin)?;
    let on = |lon: f64| (meridian - lon).abs() < 1e-6;
    if is(scale, 0.9999, 1e-9) {
        return TM3.iter().find(|(lon, _)| on(*lon)).map(|(_, code)| *code);
    }
    let zones = [(105.0, 3405), (111.0, 3406)];
    zones.into_iter().find(|(lon, _)| named && is(scale, 0.9996, 1e-9) && on(*lon)).map(|(_, code)| code)
}

/// Why a system that a file declares cannot be where its coordinates are; none if it can.
pub fn doubt(crs: &Crs, points: &[(f64, f64)]) -> Option<Note> {
    let srs = Srs::from_epsg(crs.srid?)?;
    if points.is_empty() {
        return None;
    }
    if srs.is_geographic() {
        let beyond = points.iter().any(|(x, y)| y.abs() > 90.0 || x.abs() > 360.0);
        return beyond.then(|| notes::crs_impossible(&crs.name));
    }
    let here = Share::of(&srs, points, false)?;
    if here.vietnam > 0.0 {
        return None;
    }
    let other = [9217, 5898, 9218, 3406].into_iter().find(|code| {
        Srs::from_epsg(*code).and_then(|srs| Share::of(&srs, points, false)).is_some_and(|s| s.near == 1.0)
    })?;
    Some(notes::crs_doubtful(&crs.name, other))
}

/// Whether points lie in Vietnam only if x and y are exchanged, and then all of them.
pub fn exchanged(crs: &Crs, points: &[(f64, f64)]) -> bool {
    let Some(srs) = crs.srid.and_then(Srs::from_epsg) else {
        return false;
    };
    let share = |swapped| Share::of(&srs, points, swapped).map_or(0.0, |s| s.vietnam);
    !points.is_empty() && share(false) == 0.0 && share(true) == 1.0
}

/// How many of a layer's points a system puts where.
struct Share {
    /// Into the project area.
    near: f64,
    vietnam: f64,
    /// The box around all of them in degrees.
    bounds: Option<[f64; 4]>,
}

impl Share {
    fn of(srs: &Srs, points: &[(f64, f64)], swapped: bool) -> Option<Share> {
        let to_lonlat = to_lonlat(srs)?;
        let place = |&(x, y): &(f64, f64)| if swapped { to_lonlat.point(y, x) } else { to_lonlat.point(x, y) };
        let places: Vec<(f64, f64)> = points.iter().filter_map(place).collect();
        let share = |boxes: &[[f64; 4]]| {
            let inside = places.iter().filter(|p| boxes.iter().any(|b| within(**p, *b))).count();
            inside as f64 / points.len().max(1) as f64
        };
        let around = |[w, s, e, n]: [f64; 4], (x, y): &(f64, f64)| [w.min(*x), s.min(*y), e.max(*x), n.max(*y)];
        let bounds = places.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], around);
        let (near, vietnam) = (share(&[PROJECT_AREA]), share(&VIETNAM));
        Some(Share { near, vietnam, bounds: (!places.is_empty()).then_some(bounds) })
    }
}

/// The systems that put the points of a layer into the project area or into Vietnam, best first.
pub fn candidates(points: &[(f64, f64)]) -> Vec<Candidate> {
    if points.is_empty() {
        return Vec::new();
    }
    let degrees = points.iter().all(|(x, y)| x.abs() <= 180.0 && y.abs() <= 180.0);
    // The province's own axis first, its neighbours, the zones, then every other.
    let first: &[i32] = if degrees { &[4326, 4756] } else { &[9217, 5898, 9218, 5899, 3406, 3405, 32649, 32648, 3857] };
    let rest = TM3.iter().map(|(_, code)| *code).filter(|code| !degrees && !first.contains(code));
    let mut found: Vec<(f64, f64, Candidate)> = Vec::new();
    for code in first.iter().copied().chain(rest) {
        let Some(srs) = Srs::from_epsg(code) else {
            continue;
        };
        for swapped in [false, true] {
            let Some(share) = Share::of(&srs, points, swapped) else {
                continue;
            };
            if share.near > 0.0 || share.vietnam >= 0.5 {
                let rank = if swapped { share.near - 1.0 } else { share.near };
                found.push((rank, share.vietnam, candidate(&srs, code, swapped, &share)));
            }
        }
    }
    if found.is_empty() && degrees && points.iter().all(|(_, y)| y.abs() <= 90.0) {
        let share = Srs::from_epsg(4326).and_then(|srs| Some((Share::of(&srs, points, false)?, srs)));
        return share.map(|(share, srs)| candidate(&srs, 4326, false, &share)).into_iter().collect();
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    found.truncate(6);
    found.into_iter().map(|(_, _, candidate)| candidate).collect()
}

fn candidate(srs: &Srs, srid: i32, swap_xy: bool, share: &Share) -> Candidate {
    let near = share.bounds.and_then(|[w, s, e, n]| towns::nearest((w + e) / 2.0, (s + n) / 2.0));
    let mut place =
        format!("{:.0} % in the project area, {:.0} % in Vietnam", share.near * 100.0, share.vietnam * 100.0);
    if let Some((town, km)) = near {
        place.push_str(&format!(", {km:.0} km from {town}"));
    }
    if swap_xy {
        place.push_str(", if x and y are exchanged");
    }
    let near = near.map(|(town, km)| (town.to_owned(), km.round() as u32));
    Candidate { srid, name: srs.name(), place, swap_xy, bounds: share.bounds, near }
}

fn within((x, y): (f64, f64), [w, s, e, n]: [f64; 4]) -> bool {
    (w..=e).contains(&x) && (s..=n).contains(&y)
}

/// One line for a layer that does not say where it is.
pub fn unknown(layer: &str, extent: Option<[f64; 4]>, candidates: &[Candidate]) -> Error {
    let range = extent.map_or(String::new(), |[w, s, e, n]| format!(" (x {w:.3} to {e:.3}, y {s:.3} to {n:.3})"));
    let listed: Vec<String> = candidates.iter().map(|c| format!("EPSG:{} {}: {}", c.srid, c.name, c.place)).collect();
    let proposal = match listed.as_slice() {
        [] => "none of the usual systems puts it into Vietnam".to_string(),
        listed => format!("it could be {}", listed.join("; ")),
    };
    let say = candidates.first().map_or("n".to_string(), |c| c.srid.to_string());
    let swap = if candidates.first().is_some_and(|c| c.swap_xy) { " --swap-xy" } else { "" };
    Error::Unreadable(format!(
        "the coordinate system of layer `{layer}`{range} is not known; {proposal}. say `--srs EPSG:{say}{swap}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_city_is_proposed_on_its_own_axis_first() {
        // vietnam.md 1.4
        let found = candidates(&[(580_361.4, 1_279_032.3)]);
        assert_eq!(found[0].srid, 9217);
        let exchanged = candidates(&[(1_279_032.3, 580_361.4)]);
        assert!(exchanged[0].swap_xy && exchanged[0].srid == 9217, "{exchanged:?}");
        assert!(found[0].near.as_ref().is_some_and(|(town, km)| town.starts_with("Phan Rang") && *km < 5), "{found:?}");
        let [w, s, ..] = found[0].bounds.unwrap();
        assert!((w - 108.9886).abs() < 1e-5 && (s - 11.5648).abs() < 1e-5);
        let lat_first = candidates(&[(11.56, 108.98)]);
        assert!(lat_first[0].swap_xy && lat_first[0].srid == 4326, "{lat_first:?}");
        assert_eq!(candidates(&[(108.98, 11.56)])[0].srid, 4326);
        assert_eq!(candidates(&[(280_460.4, 1_279_318.5)])[0].srid, 3406);
    }

    #[test]
    fn only_codes_are_taken_from_the_caller() {
        assert_eq!(given("EPSG:9217").unwrap().srid, Some(9217));
        for text in ["/etc/passwd", "http://x", "EPSG:1", "+proj=longlat"] {
            assert!(given(text).is_err(), "{text}");
        }
    }
}
