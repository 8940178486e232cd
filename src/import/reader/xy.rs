//! Tables with coordinates in columns: which columns, how they are written, which is east.
//!
//! In Vietnamese tables X is the northing and Y the easting (vietnam.md 1.3); in files of other programs it is the other
//! way round. Names that say it decide; otherwise the values do, because in Vietnam the two never overlap.

use unicode_normalization::UnicodeNormalization;

use super::fields::Column;
use super::number::{Decimal, coordinate};
use super::ogr::{Feature, Layer};
use super::text::Decoder;
use crate::error::Result;
use crate::import::frames::Note;
use crate::import::notes;

/// Rows looked at to find out how the numbers are written.
const ROWS: usize = 5000;
/// Points kept for finding the coordinate system.
const POINTS: usize = 500;

/// Names without accents and signs: what lies east, what lies north.
const LONGITUDE: [&str; 7] = ["lon", "lng", "long", "longitude", "kinh do", "kinhdo", "kinh do wgs84"];
const LATITUDE: [&str; 5] = ["lat", "latitude", "vi do", "vido", "vi do wgs84"];
const EASTING: [&str; 4] = ["easting", "east", "e", "e m"];
const NORTHING: [&str; 4] = ["northing", "north", "n", "n m"];
const X: [&str; 7] = ["x", "x m", "toa do x", "toado x", "toa do x m", "toadox", "td x"];
const Y: [&str; 7] = ["y", "y m", "toa do y", "toado y", "toa do y m", "toadoy", "td y"];

/// The columns of a table that hold its coordinates.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// GDAL's indexes: east, north.
    pub east: i32,
    pub north: i32,
    east_decimal: Decimal,
    north_decimal: Decimal,
    /// By their names, degrees.
    pub degrees: bool,
}

/// What was found in the columns.
pub struct Found {
    pub columns: Columns,
    pub points: Vec<(f64, f64)>,
    pub extent: Option<[f64; 4]>,
    pub note: Note,
}

/// Looks for columns of coordinates, by their names and values; leaves the layer rewound.
pub fn find(layer: &Layer, columns: &[Column], decoder: &Decoder) -> Result<Option<Found>> {
    let named = |names: &[&str]| columns.iter().find(|c| names.contains(&plain(&c.field.name).as_str()));
    let pairs = [(&LONGITUDE[..], &LATITUDE[..], true), (&EASTING, &NORTHING, false), (&X, &Y, false)];
    let Some((x, y, degrees)) = pairs.iter().find_map(|(x, y, degrees)| Some((named(x)?, named(y)?, *degrees))) else {
        return Ok(None);
    };
    let mut texts: Vec<(String, String)> = Vec::new();
    layer.rewind();
    while let Some(feature) = layer.next().filter(|_| texts.len() < ROWS) {
        texts.push((text(&feature, x.index, decoder), text(&feature, y.index, decoder)));
    }
    layer.rewind();
    let filled = || texts.iter().filter(|(x, y)| !x.trim().is_empty() && !y.trim().is_empty());
    let mut found = Columns {
        east: x.index,
        north: y.index,
        east_decimal: Decimal::of(filled().map(|(x, _)| x.as_str())),
        north_decimal: Decimal::of(filled().map(|(_, y)| y.as_str())),
        degrees,
    };
    let all: Vec<(f64, f64)> = filled()
        .filter_map(|(x, y)| Some((coordinate(x, found.east_decimal)?, coordinate(y, found.north_decimal)?)))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    // A column that is called X but holds something else makes no points.
    if all.is_empty() || all.len() * 2 < filled().count() {
        return Ok(None);
    }
    let northing_first =
        !degrees && all.iter().all(|(x, y)| (850_000.0..2_700_000.0).contains(x) && (100_000.0..850_000.0).contains(y));
    if northing_first {
        (found.east, found.north) = (found.north, found.east);
        (found.east_decimal, found.north_decimal) = (found.north_decimal, found.east_decimal);
    }
    let points: Vec<(f64, f64)> = all.into_iter().map(|(x, y)| if northing_first { (y, x) } else { (x, y) }).collect();
    let around = |[w, s, e, n]: [f64; 4], (x, y): &(f64, f64)| [w.min(*x), s.min(*y), e.max(*x), n.max(*y)];
    let extent = points.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], around);
    let (east, north) = if northing_first { (y, x) } else { (x, y) };
    let (east, north) = (&east.field.name, &north.field.name);
    let note = if northing_first { notes::x_is_northing(east, north) } else { notes::points_of_columns(east, north) };
    Ok(Some(Found { columns: found, extent: Some(extent), points: points.into_iter().take(POINTS).collect(), note }))
}

impl Columns {
    /// East and north of a row; none where both are empty, the reason where they are no numbers.
    pub fn point(&self, feature: &Feature, decoder: &Decoder) -> Result<Option<(f64, f64)>, String> {
        let (east, north) = (text(feature, self.east, decoder), text(feature, self.north, decoder));
        if east.trim().is_empty() && north.trim().is_empty() {
            return Ok(None);
        }
        let number = |text: &str, decimal| {
            let number = coordinate(text, decimal).filter(|n| n.is_finite());
            number.ok_or_else(|| format!("the coordinate `{text}` is no number"))
        };
        Ok(Some((number(&east, self.east_decimal)?, number(&north, self.north_decimal)?)))
    }
}

fn text(feature: &Feature, index: i32, decoder: &Decoder) -> String {
    if feature.is_null(index) { String::new() } else { decoder.string(feature.text(index)).unwrap_or_default() }
}

/// A name in small letters without accents, signs as single spaces.
fn plain(name: &str) -> String {
    let small = name.to_lowercase();
    let letters = small.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    let spaced: String =
        letters.map(|c| if c == 'đ' { 'd' } else { c }).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_known_in_every_spelling() {
        for (name, known) in [
            ("Kinh độ", &LONGITUDE[..]),
            ("KINH_DO", &LONGITUDE),
            ("Vĩ độ", &LATITUDE),
            ("X (m)", &X),
            ("Toạ độ Y", &Y),
            ("TOA_DO_X", &X),
        ] {
            assert!(known.contains(&plain(name).as_str()), "{name}");
        }
    }
}
