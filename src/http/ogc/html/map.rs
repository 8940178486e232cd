//! A small map: MapLibre from this server where the browser can, else a drawing.

use maud::{Markup, html};
use serde_json::Value;

use super::super::format::Lang;

/// A map of a style, over a box in degrees; `feature` is the address of what is marked on it, `geometry` its shape.
pub fn map(
    base: &str,
    lang: Lang,
    style: &str,
    bbox: [f64; 4],
    feature: Option<&str>,
    geometry: Option<&Value>,
) -> Markup {
    let bounds = bbox.map(|v| format!("{v}")).join(",");
    html! {
        div.map role="img" aria-label=(lang.of("Bản đồ của dữ liệu này", "Map of this data"))
            data-style=(style) data-bounds=(bounds) data-feature=[feature] {
            (drawing(bbox, geometry))
        }
        script type="module" src=(format!("{base}/preview.js")) {}
    }
}

/// The box and what is in it, north up; degrees of longitude as long as they are at its latitude.
fn drawing([west, south, east, north]: [f64; 4], geometry: Option<&Value>) -> Markup {
    let squeeze = ((south + north) / 2.0).to_radians().cos().max(0.01);
    let (width, height) = (((east - west) * squeeze).max(1e-9), (north - south).max(1e-9));
    let scale = (560.0 / width).min(320.0 / height);
    let (left, top) = ((600.0 - width * scale) / 2.0, (360.0 - height * scale) / 2.0);
    let at = |x: f64, y: f64| (left + (x - west) * squeeze * scale, top + (north - y) * scale);
    let mut path = String::new();
    let mut points = Vec::new();
    match geometry {
        Some(geometry) => trace(geometry, &at, &mut path, &mut points),
        None => {
            let ((x0, y0), (x1, y1)) = (at(west, north), at(east, south));
            path = format!("M{x0:.1} {y0:.1}H{x1:.1}V{y1:.1}H{x0:.1}Z");
        }
    }
    html! {
        svg viewBox="0 0 600 360" aria-hidden="true" {
            path d=(path) fill="#0f4c5c" fill-opacity="0.15" fill-rule="evenodd" stroke="#0f4c5c" stroke-width="2" {}
            @for (x, y) in points { circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="6" fill="#0f4c5c" {} }
        }
    }
}

/// Adds a geometry's lines to a path, and its points to a list. More than a screen can show is left out.
fn trace(geometry: &Value, at: &impl Fn(f64, f64) -> (f64, f64), path: &mut String, points: &mut Vec<(f64, f64)>) {
    if let Some(parts) = geometry["geometries"].as_array() {
        parts.iter().for_each(|part| trace(part, at, path, points));
        return;
    }
    let single = geometry["type"].as_str().is_some_and(|t| t.ends_with("Point"));
    walk(&geometry["coordinates"], single, at, path, points);
}

fn walk(
    value: &Value,
    single: bool,
    at: &impl Fn(f64, f64) -> (f64, f64),
    path: &mut String,
    points: &mut Vec<(f64, f64)>,
) {
    let position = |v: &Value| Some(at(v[0].as_f64()?, v[1].as_f64()?));
    let Some(list) = value.as_array() else { return };
    if let Some(point) = position(value) {
        points.push(point);
    } else if !single && list.first().is_some_and(|first| position(first).is_some()) {
        for (n, (x, y)) in list.iter().filter_map(position).enumerate().take(20_000) {
            path.push_str(&format!("{}{x:.1} {y:.1}", if n == 0 { 'M' } else { 'L' }));
        }
    } else {
        list.iter().take(5_000).for_each(|part| walk(part, single, at, path, points));
    }
}

/// West, south, east, north of a GeoJSON geometry in degrees; none of an empty one.
pub fn bounds(geometry: &Value) -> Option<[f64; 4]> {
    fn grow(value: &Value, bounds: &mut [f64; 4]) {
        if let (Some(x), Some(y)) = (value[0].as_f64(), value[1].as_f64()) {
            *bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
            return;
        }
        value.as_array().into_iter().flatten().for_each(|part| grow(part, bounds));
    }
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    grow(&geometry["coordinates"], &mut bounds);
    for part in geometry["geometries"].as_array().into_iter().flatten() {
        grow(&part["coordinates"], &mut bounds);
    }
    bounds.iter().all(|v| v.is_finite()).then_some(bounds)
}
