//! The geometry of a draft: its form is checked here, before PostGIS judges whether it is valid and where it lies.

use serde_json::Value;
use serde_json::value::RawValue;

use super::Layer;
use super::catalog::shorten;

/// The most positions of one feature.
pub const MOST_VERTICES: usize = 100_000;
/// Far beyond any coordinate on earth.
const FAR: f64 = 1e8;

/// The type that a geometry of a layer may have in GeoJSON, the single ones of its multiple type too.
fn allowed(layer: &Layer) -> Vec<&'static str> {
    const ALL: [&str; 7] =
        ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];
    let Some((geometry, _)) = layer.spatial() else { return Vec::new() };
    let column = &geometry.r#type;
    if column.eq_ignore_ascii_case("geometry") {
        let base = match layer.shape() {
            "point" => "Point",
            "line" => "LineString",
            "polygon" => "Polygon",
            _ => return ALL.to_vec(),
        };
        return ALL.into_iter().filter(|t| t.trim_start_matches("Multi") == base).collect();
    }
    let fits = |t: &&str| t.eq_ignore_ascii_case(column) || format!("Multi{t}").eq_ignore_ascii_case(column);
    ALL.into_iter().filter(fits).collect()
}

/// Whether the layer's column takes several parts, so that a single one is promoted.
pub fn is_multi(layer: &Layer) -> bool {
    layer.spatial().is_some_and(|(g, _)| g.r#type.to_ascii_lowercase().starts_with("multi"))
}

/// Whether all is well with the geometry's type, size and numbers. `degrees`: they are longitudes and latitudes, latitude
/// first if `flip`.
pub fn check(layer: &Layer, raw: &RawValue, degrees: bool, flip: bool) -> Result<(), String> {
    let value: Value = serde_json::from_str(raw.get()).map_err(|e| format!("cannot be read: {e}"))?;
    let Some(object) = value.as_object() else { return Err("not a GeoJSON geometry".into()) };
    let name = object.get("type").and_then(Value::as_str).ok_or("the geometry has no `type`")?;
    let Some((geometry, _)) = layer.spatial() else {
        return Err("the layer has no geometry; write `null`".into());
    };
    if geometry.m {
        return Err("the layer's positions have measures (M), which GeoJSON cannot carry; edit them in PostGIS".into());
    }
    let allowed = allowed(layer);
    if !allowed.contains(&name) {
        let names: Vec<String> = allowed.iter().map(|t| format!("`{t}`")).collect();
        return Err(format!("a `{}` where the layer takes {}", shorten(name), names.join(" or ")));
    }
    let mut walk = Walk { z: geometry.z, degrees, flip, vertices: 0 };
    walk.geometry(&value)
}

struct Walk {
    z: bool,
    degrees: bool,
    flip: bool,
    vertices: usize,
}

impl Walk {
    fn geometry(&mut self, value: &Value) -> Result<(), String> {
        if let Some(other) = value
            .as_object()
            .and_then(|o| o.keys().find(|k| !["type", "coordinates", "geometries", "bbox"].contains(&k.as_str())))
        {
            return Err(format!("`{}` is not a member of a geometry", shorten(other)));
        }
        let coordinates = &value["coordinates"];
        match value["type"].as_str().unwrap_or_default() {
            "Point" => self.position(coordinates),
            "MultiPoint" => self.line(coordinates, 1),
            "LineString" => self.line(coordinates, 2),
            "MultiLineString" => self.each(coordinates, |w, line| w.line(line, 2)),
            "Polygon" => self.each(coordinates, Self::ring),
            "MultiPolygon" => self.each(coordinates, |w, polygon| w.each(polygon, Self::ring)),
            "GeometryCollection" => self.each(&value["geometries"], Self::geometry),
            other => Err(format!("`{}` is not a type of geometry", shorten(other))),
        }
    }

    fn each(&mut self, list: &Value, one: impl Fn(&mut Self, &Value) -> Result<(), String>) -> Result<(), String> {
        let list = list.as_array().ok_or("`coordinates` must be nested lists of numbers")?;
        if list.is_empty() {
            return Err("the geometry has an empty part; write `null` where there is no geometry".into());
        }
        list.iter().try_for_each(|item| one(self, item))
    }

    fn line(&mut self, list: &Value, least: usize) -> Result<(), String> {
        self.each(list, Self::position)?;
        match list.as_array().map_or(0, Vec::len) {
            n if n < least => Err(format!("a line of {n} position; it needs at least {least}")),
            _ => Ok(()),
        }
    }

    fn ring(&mut self, list: &Value) -> Result<(), String> {
        self.each(list, Self::position)?;
        let ring = list.as_array().map(Vec::as_slice).unwrap_or_default();
        if ring.len() < 4 {
            return Err(format!("a ring of {} positions; it needs at least four", ring.len()));
        }
        if ring.first() != ring.last() {
            return Err(format!("a ring that begins at {} is not closed", ring[0]));
        }
        Ok(())
    }

    fn position(&mut self, value: &Value) -> Result<(), String> {
        let shown = || format!("`{}`", shorten(&value.to_string()));
        let numbers: Option<Vec<f64>> = value.as_array().and_then(|l| l.iter().map(Value::as_f64).collect());
        let numbers = numbers.filter(|n| matches!(n.len(), 2 | 3)).ok_or_else(|| {
            format!("{} is not a position; `coordinates` must be nested lists of two or three numbers", shown())
        })?;
        if numbers.iter().any(|n| !n.is_finite() || n.abs() > FAR) {
            return Err(format!("{} is not a position on earth", shown()));
        }
        if self.degrees {
            let (lon, lat) = if self.flip { (numbers[1], numbers[0]) } else { (numbers[0], numbers[1]) };
            if lon.abs() > 180.0 || lat.abs() > 90.0 {
                let order = if self.flip { "latitude, longitude" } else { "longitude, latitude" };
                return Err(format!("{} is not a position on earth ({order} in degrees)", shown()));
            }
        }
        match (self.z, numbers.get(2)) {
            (true, None) => return Err(format!("{} has no height, which the layer's positions have", shown())),
            (false, Some(z)) if *z != 0.0 => {
                return Err(format!("{} has a height, which the layer cannot keep; leave it out", shown()));
            }
            _ => {}
        }
        self.vertices += 1;
        if self.vertices > MOST_VERTICES {
            return Err(format!("more than {MOST_VERTICES} positions; divide the feature"));
        }
        Ok(())
    }
}
