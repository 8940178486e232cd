//! Tiles as GeoJSON (OGC 20-057, 13.4): a finished MVT of Web Mercator with its features in degrees, as they are drawn: clipped
//! at the tile's buffer and snapped to its grid.

use std::fmt::Write;

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value as Json};

use super::read::{self, Value, Varints};
use super::slice::encode::unzigzag;
use crate::error::{Error, Result};
use crate::geo::Tile;

/// Ten decimals of a degree are finer than the grid of the deepest tile by two digits.
const DECIMALS: usize = 10;

/// The tile `mvt`, which is `tile` of Web Mercator, as a FeatureCollection in CRS84. Beside the members of GeoJSON each
/// feature has `layer`, as a tile may have several; those without a geometry are left out. Fails on what is not an MVT.
pub fn encode(mvt: &[u8], tile: Tile) -> Result<Vec<u8>> {
    if mvt.is_empty() {
        return Ok(Vec::new());
    }
    let broken = || Error::Internal("a tile that is no MVT".into());
    let mut out = String::with_capacity(mvt.len() * 4);
    out.push_str("{\"type\":\"FeatureCollection\",\"features\":[");
    let start = out.len();
    for layer in read::layers(mvt).ok_or_else(broken)? {
        let name = serde_json::to_string(&String::from_utf8_lossy(layer.name))?;
        for feature in &layer.features {
            let feature = read::feature(feature).ok_or_else(broken)?;
            let place = Place { tile, extent: layer.extent as f64 };
            let Some(geometry) = geometry(&feature, &place).ok_or_else(broken)? else { continue };
            let properties = properties(&layer, feature.tags).ok_or_else(broken)?;
            out.push_str(if out.len() == start { "" } else { "," });
            out.push_str("{\"type\":\"Feature\",");
            if let Some(id) = feature.id {
                let _ = write!(out, "\"id\":{id},");
            }
            let properties = serde_json::to_string(&properties)?;
            let _ = write!(out, "\"layer\":{name},\"geometry\":{geometry},\"properties\":{properties}}}");
        }
    }
    out.push_str("]}");
    Ok(out.into_bytes())
}

/// Where the numbers of a tile are on earth.
struct Place {
    tile: Tile,
    extent: f64,
}

impl Place {
    /// A position as `[lon,lat]`: the inverse of spherical Mercator (EPSG:3857).
    fn write(&self, [x, y]: [i64; 2], out: &mut String) {
        let whole = 2f64.powi(self.tile.z.into());
        let across = (f64::from(self.tile.x) + x as f64 / self.extent) / whole;
        let down = (f64::from(self.tile.y) + y as f64 / self.extent) / whole;
        let lon = across * 360.0 - 180.0;
        let lat = (std::f64::consts::PI * (1.0 - 2.0 * down)).sinh().atan().to_degrees();
        let _ = write!(out, "[{},{}]", short(lon), short(lat));
    }
}

fn short(degrees: f64) -> String {
    let text = format!("{degrees:.DECIMALS$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// GeoJSON of a feature's commands (MVT 2.1, 4.3); nothing of none. The outer `None` is what is broken.
fn geometry(feature: &read::Feature<'_>, place: &Place) -> Option<Option<Box<RawValue>>> {
    let runs = runs(feature.geometry)?;
    let line = |run: &[[i64; 2]]| {
        let mut text = String::from("[");
        for (i, at) in run.iter().enumerate() {
            text.push_str(if i == 0 { "" } else { "," });
            place.write(*at, &mut text);
        }
        text + "]"
    };
    let (name, parts): (&str, Vec<String>) = match feature.kind {
        1 => {
            let one = |at: &[i64; 2]| {
                let mut text = String::new();
                place.write(*at, &mut text);
                text
            };
            ("Point", runs.iter().flatten().map(one).collect())
        }
        2 => ("LineString", runs.iter().filter(|r| r.len() > 1).map(|r| line(r)).collect()),
        3 => ("Polygon", polygons(&runs).iter().map(|rings| bracketed(rings.iter().map(|r| line(r)))).collect()),
        _ => return Some(None),
    };
    let text = match parts.as_slice() {
        [] => return Some(None),
        [one] => format!("{{\"type\":\"{name}\",\"coordinates\":{one}}}"),
        many => format!("{{\"type\":\"Multi{name}\",\"coordinates\":{}}}", bracketed(many.iter().cloned())),
    };
    RawValue::from_string(text).ok().map(Some)
}

fn bracketed(parts: impl Iterator<Item = String>) -> String {
    format!("[{}]", parts.collect::<Vec<_>>().join(","))
}

/// The positions of each run that a move begins; none where the commands are broken.
fn runs(commands: &[u8]) -> Option<Vec<Vec<[i64; 2]>>> {
    let mut runs: Vec<Vec<[i64; 2]>> = Vec::new();
    let (mut numbers, mut at) = (Varints(commands), [0i64; 2]);
    while let Some(command) = numbers.next() {
        let command = command?;
        for _ in 0..command >> 3 {
            match command & 7 {
                7 => {}
                kind @ (1 | 2) => {
                    let (dx, dy) = (unzigzag(numbers.next()??), unzigzag(numbers.next()??));
                    at = [at[0].checked_add(dx)?, at[1].checked_add(dy)?];
                    if kind == 1 {
                        runs.push(Vec::new());
                    }
                    runs.last_mut()?.push(at);
                }
                _ => return None,
            }
        }
    }
    Some(runs)
}

/// Rings gathered into polygons: what winds as the first does begins one, the others are its holes (MVT 2.1, 4.3.4.4). They are closed
/// and turned round, as GeoJSON has outer rings anticlockwise (RFC 7946, 3.1.6).
fn polygons(runs: &[Vec<[i64; 2]>]) -> Vec<Vec<Vec<[i64; 2]>>> {
    let mut all: Vec<Vec<Vec<[i64; 2]>>> = Vec::new();
    for run in runs.iter().filter(|r| r.len() > 2) {
        let next = run.iter().cycle().skip(1);
        let twice: i128 = run
            .iter()
            .zip(next)
            .map(|(a, b)| i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1]))
            .sum();
        let mut ring: Vec<[i64; 2]> = run.iter().rev().copied().collect();
        ring.push(ring[0]);
        match all.last_mut() {
            Some(polygon) if twice < 0 => polygon.push(ring),
            _ => all.push(vec![ring]),
        }
    }
    all
}

fn properties(layer: &read::Layer<'_>, tags: &[u8]) -> Option<Map<String, Json>> {
    let mut all = Map::new();
    let mut numbers = Varints(tags);
    while let Some(key) = numbers.next() {
        let key = layer.keys.get(usize::try_from(key?).ok()?)?;
        let value = layer.values.get(usize::try_from(numbers.next()??).ok()?)?;
        all.insert(String::from_utf8_lossy(key).into_owned(), json(*value));
    }
    Some(all)
}

fn json(value: Value<'_>) -> Json {
    let real = |v: f64| Number::from_f64(v).map_or(Json::Null, Json::Number);
    match value {
        Value::Text(text) => Json::String(String::from_utf8_lossy(text).into_owned()),
        // The shortest text of the number that was stored, not that of its double.
        Value::Float(v) => v.to_string().parse().map_or(Json::Null, real),
        Value::Double(v) => real(v),
        Value::Int(v) => v.into(),
        Value::Huge(v) => v.into(),
        Value::Bool(v) => v.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::slice::encode::{self, Body};
    use crate::tiles::wkb::Kind;

    fn tile(kind: Kind, runs: &[&[[i32; 2]]]) -> Json {
        let mut body = Body::default();
        assert!(body.set(kind, runs.iter().copied()));
        let (mut features, mut mvt) = (Vec::new(), Vec::new());
        encode::feature(&mut features, Some(7), &[0, 0], kind, body.head, body.first, &body.rest);
        encode::layer(&mut mvt, "p", &features, ["k"].into_iter(), &[0x22, 3, 0x0A, 1, b'a']);
        let out = super::encode(&mvt, Tile::new(1, 1, 0).unwrap()).unwrap();
        serde_json::from_slice::<Json>(&out).unwrap()["features"][0].take()
    }

    #[test]
    fn features_stand_where_the_tile_is() {
        let point = tile(Kind::Point, &[&[[0, 4096], [2048, 4096]]]);
        assert_eq!(point["geometry"]["type"], "MultiPoint");
        assert_eq!(point["geometry"]["coordinates"].to_string(), "[[0,0],[90,0]]");
        assert_eq!((&point["id"], &point["layer"], &point["properties"]["k"]), (&7.into(), &"p".into(), &"a".into()));
        let line = tile(Kind::Line, &[&[[0, 0], [0, 4096]]]);
        // The northern end of Web Mercator.
        assert_eq!(line["geometry"]["coordinates"].to_string(), "[[0,85.0511287798],[0,0]]");
    }

    #[test]
    fn rings_are_closed_turned_round_and_gathered() {
        let outer: &[[i32; 2]] = &[[0, 0], [100, 0], [100, 100], [0, 100]];
        let hole: &[[i32; 2]] = &[[10, 10], [10, 20], [20, 20]];
        let other: &[[i32; 2]] = &[[200, 0], [300, 0], [300, 100]];
        let shape = &tile(Kind::Polygon, &[outer, hole, other])["geometry"];
        assert_eq!(shape["type"], "MultiPolygon");
        let sizes: Vec<Vec<usize>> = shape["coordinates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.as_array().unwrap().iter().map(|r| r.as_array().unwrap().len()).collect())
            .collect();
        assert_eq!(sizes, [vec![5, 4], vec![4]]);
        let ring: Vec<[f64; 2]> = serde_json::from_value(shape["coordinates"][0][0].clone()).unwrap();
        let twice: f64 = ring.windows(2).map(|w| w[0][0] * w[1][1] - w[1][0] * w[0][1]).sum();
        assert!(twice > 0.0 && ring[0] == ring[4], "{ring:?}");
    }

    #[test]
    fn what_is_no_tile_is_an_error_and_nothing_is_nothing() {
        for bytes in [&[0x1A, 5, 0][..], &[0xFF], &[0x1A, 2, 0x12, 9]] {
            assert!(super::encode(bytes, Tile::new(0, 0, 0).unwrap()).is_err(), "{bytes:?}");
        }
        assert!(super::encode(&[], Tile::new(0, 0, 0).unwrap()).unwrap().is_empty());
    }
}
