//! MapLibre styles: the base map from `tile-styles/`, and the layers of the catalog drawn over its land and under its
//! labels, pictures below features.

use serde_json::{Value, json};

use crate::error::Result;
use crate::layer::Layer;
use crate::layer::function;
use crate::layer::land_use::{ALIASES, LandUse};
use crate::layer::raster::TILE;

const BASE: &str = include_str!("../../tile-styles/default.json");

/// Colours for layers that have none of their own, told apart on the pale land of the base map.
const PALETTE: [&str; 8] = ["#1F6FB4", "#C2571A", "#2E8540", "#8A3FA0", "#B8860B", "#B02A4C", "#0F7C7C", "#5B5F97"];

/// A complete style with absolute addresses under `base` (no slash at its end). `layers` are in map order: the first is
/// drawn on top. What the base map would draw of a layer that does not `exist` is left out.
pub fn style(
    base: &str,
    name: &str,
    layers: &[impl AsRef<Layer>],
    codes: &[LandUse],
    exists: impl Fn(&str) -> bool,
) -> Result<Value> {
    let mut style: Value = serde_json::from_str(BASE)?;
    style["name"] = json!(name);
    for key in ["glyphs", "sprite"] {
        if let Some(path) = style[key].as_str().filter(|p| p.starts_with('/')) {
            style[key] = json!(format!("{base}{path}"));
        }
    }
    let mut missing = Vec::new();
    if let Some(sources) = style["sources"].as_object_mut() {
        sources.retain(|name, source| {
            let there = source["url"].as_str().and_then(|u| u.strip_prefix("/tiles/")).is_none_or(&exists);
            if !there {
                missing.push(name.clone());
            }
            there
        });
        for source in sources.values_mut() {
            if let Some(path) = source["url"].as_str().filter(|p| p.starts_with('/')) {
                source["url"] = json!(format!("{base}{path}"));
            }
        }
    }
    let Some(mut drawn) = style["layers"].as_array().cloned() else { return Ok(style) };
    drawn.retain(|l| !l["source"].as_str().is_some_and(|s| missing.iter().any(|m| m == s)));
    let split = drawn
        .iter()
        .position(|l| l["id"].as_str().is_some_and(|id| id.starts_with("base/label")))
        .unwrap_or(drawn.len());
    let (under, over) = drawn.split_at(split);
    // The base map draws its own layer itself.
    let taken: Vec<String> = under.iter().filter_map(|l| l["source-layer"].as_str().map(String::from)).collect();
    let (mut pictures, mut fills, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for layer in layers.iter().rev().map(AsRef::as_ref).filter(|l| l.is_drawn() && !taken.contains(&l.id)) {
        if layer.raster.is_some() {
            let url = format!("{base}/tiles/{}", layer.id);
            style["sources"][&layer.id] = json!({"type": "raster", "url": url, "tileSize": TILE});
            pictures.push(picture(layer));
            continue;
        }
        let labels_too = if has_label_points(layer) { "?labels=true" } else { "" };
        style["sources"][&layer.id] =
            json!({"type": "vector", "url": format!("{base}/tiles/{}{labels_too}", layer.id)});
        fills.extend(draw(layer, codes));
        labels.extend(label(layer));
    }
    style["layers"] = json!([under, &pictures, &fills, over, &labels].concat());
    Ok(style)
}

fn picture(layer: &Layer) -> Value {
    json!({
        "id": format!("{}/raster", layer.id),
        "type": "raster",
        "source": layer.id,
        "minzoom": layer.min_zoom,
        "layout": {"visibility": if layer.visible { "visible" } else { "none" }},
        "paint": {"raster-opacity": 1, "raster-fade-duration": 0},
        "metadata": {"dothi:layer": layer.id},
    })
}

/// The layer's own colour, or one of the palette that its name picks.
pub fn color(layer: &Layer) -> &str {
    let pick = layer.id.bytes().fold(7usize, |h, b| h.wrapping_mul(31).wrapping_add(b.into())) % PALETTE.len();
    layer.color.as_deref().unwrap_or(PALETTE[pick])
}

/// What fills a feature: the official colour of what its land is planned for, or of its land-use code (the first of a mixed
/// `ONT+CLN`), or the layer's own.
fn fill(layer: &Layer, codes: &[LandUse]) -> Value {
    let Some(field) = &layer.class_field else { return json!(color(layer)) };
    let mut expression = vec![json!("match"), json!(["upcase", ["slice", ["to-string", ["get", field]], 0, 3]])];
    for code in codes {
        expression.push(json!(code.code));
        expression.push(json!(code.color));
    }
    for (alias, meant) in ALIASES {
        if let Some(code) = codes.iter().find(|code| code.code == meant) {
            expression.extend([json!(alias), json!(code.color)]);
        }
    }
    expression.push(json!("#BDBDBD"));
    if !function::classify(layer) {
        return Value::Array(expression);
    }
    let mut functions = vec![json!("match"), json!(["downcase", ["to-string", ["get", field]]])];
    functions.extend(function::all().iter().flat_map(|f| [json!(f.vi.to_lowercase()), json!(f.color)]));
    functions.push(Value::Array(expression));
    Value::Array(functions)
}

fn draw(layer: &Layer, codes: &[LandUse]) -> Vec<Value> {
    let color = fill(layer, codes);
    let outline = if layer.class_field.is_some() { json!("#4A4A4A") } else { color.clone() };
    let width = |at_12: f64, at_18: f64| json!(["interpolate", ["exponential", 1.4], ["zoom"], 12, at_12, 18, at_18]);
    let is = |kind: &str| json!(["==", ["geometry-type"], kind]);
    let fill = || {
        part(
            layer,
            "fill",
            "fill",
            is("Polygon"),
            json!({"fill-color": color, "fill-opacity": if layer.class_field.is_some() { 0.85 } else { 0.25 }, "fill-antialias": false}),
        )
    };
    let outlines = || {
        part(
            layer,
            "outline",
            "line",
            is("Polygon"),
            json!({"line-color": outline, "line-width": width(0.3, 1.2), "line-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0.1, 15, 0.8]}),
        )
    };
    let line =
        || part(layer, "line", "line", is("LineString"), json!({"line-color": color, "line-width": width(1.2, 5.0)}));
    let point = || {
        let paint = json!({"circle-color": color, "circle-radius": width(2.5, 7.0), "circle-stroke-color": "#FFFFFF", "circle-stroke-width": 1});
        part(layer, "point", "circle", is("Point"), paint)
    };
    match layer.shape() {
        "polygon" => vec![fill(), outlines()],
        "line" => vec![line()],
        "point" => vec![point()],
        _ => vec![fill(), outlines(), line(), point()],
    }
}

/// Polygons are labelled at a point of their own; cut at the edges of tiles they would have a label in each.
fn has_label_points(layer: &Layer) -> bool {
    layer.label_field.is_some() && layer.shape() == "polygon"
}

fn label(layer: &Layer) -> Option<Value> {
    let field = layer.label_field.as_ref()?;
    let line = layer.shape() == "line";
    let mut part = part(
        layer,
        "label",
        "symbol",
        json!(["has", field]),
        json!({"text-color": "#1F2933", "text-halo-color": "#FFFFFF", "text-halo-width": 1.4}),
    );
    // Names are for reading: parcels' codes wait until there is room for them, other labels a little after their features.
    part["minzoom"] = match layer.shape() {
        "polygon" if layer.class_field.is_some() => json!(layer.min_zoom.max(15)),
        "polygon" => json!(layer.min_zoom),
        _ => json!((layer.min_zoom + 2).min(24)),
    };
    if has_label_points(layer) {
        part["source-layer"] = json!(format!("{}.label", layer.id));
    }
    part["layout"]["text-field"] = json!(["to-string", ["get", field]]);
    part["layout"]["text-font"] = json!(["Noto Sans Regular"]);
    part["layout"]["text-size"] = json!(["interpolate", ["linear"], ["zoom"], 12, 10.5, 18, 14]);
    part["layout"]["symbol-placement"] = json!(if line { "line" } else { "point" });
    if layer.shape() == "point" {
        part["layout"]["text-offset"] = json!([0, 0.9]);
        part["layout"]["text-anchor"] = json!("top");
    }
    Some(part)
}

fn part(layer: &Layer, name: &str, r#type: &str, filter: Value, paint: Value) -> Value {
    json!({
        "id": format!("{}/{name}", layer.id),
        "type": r#type,
        "source": layer.id,
        "source-layer": layer.id,
        "minzoom": layer.min_zoom,
        "filter": filter,
        "layout": {"visibility": if layer.visible { "visible" } else { "none" }},
        "paint": paint,
        "metadata": {"dothi:layer": layer.id},
    })
}
