//! A part of a MapLibre style (one of its `layers`), as it is drawn at one zoom.

use serde_json::Value;

use super::expr::{Expr, Facts, Names};

pub struct Part {
    /// The layer of the tile.
    pub of: String,
    filter: Option<Expr>,
    pub how: How,
}

pub enum How {
    Fill(Fill),
    Line(Line),
    Circle(Circle),
    Symbol(Symbol),
}

pub struct Fill {
    pub color: Expr,
    pub opacity: Expr,
    pub smooth: bool,
}

pub struct Line {
    pub color: Expr,
    pub opacity: Expr,
    pub width: Expr,
    /// Lengths of dashes and gaps in widths of the line.
    pub dashes: Vec<f32>,
    pub round: bool,
}

pub struct Circle {
    pub color: Expr,
    pub opacity: Expr,
    pub radius: Expr,
    pub stroke_color: Expr,
    pub stroke_width: Expr,
}

pub struct Symbol {
    pub text: Expr,
    pub size: Expr,
    pub color: Expr,
    pub halo: Expr,
    pub halo_width: Expr,
    pub font: String,
    /// In ems, to the right and down.
    pub offset: [f64; 2],
    pub anchor: String,
    pub along: bool,
    /// Ems after which a line of text ends.
    pub max_width: f64,
    pub spacing: f64,
    pub overlap: bool,
    pub rank: Expr,
}

impl Part {
    /// Reads a part of a style; none where it draws nothing at `zoom`, or in a way that is not known here.
    pub fn read(json: &Value, zoom: f64, names: &mut Names) -> Option<Part> {
        let edge = |key: &str, otherwise: f64| json[key].as_f64().unwrap_or(otherwise);
        // A client rounds scales; a hair's breadth is not held against it.
        if zoom < edge("minzoom", 0.0) - 0.05 || zoom >= edge("maxzoom", 99.0) {
            return None;
        }
        let filter = match &json["filter"] {
            Value::Null => None,
            filter => Some(Expr::read(filter, zoom, names)?),
        };
        let (paint, layout) = (&json["paint"], &json["layout"]);
        let mut read = |of: &Value, key: &str, otherwise: Value| {
            let said = if of[key].is_null() { &otherwise } else { &of[key] };
            Expr::read(said, zoom, names)
        };
        let how = match json["type"].as_str()? {
            "fill" if paint["fill-pattern"].is_null() => How::Fill(Fill {
                color: read(paint, "fill-color", "#000000".into())?,
                opacity: read(paint, "fill-opacity", 1.0.into())?,
                smooth: paint["fill-antialias"].as_bool().unwrap_or(true),
            }),
            "line" => How::Line(Line {
                color: read(paint, "line-color", "#000000".into())?,
                opacity: read(paint, "line-opacity", 1.0.into())?,
                width: read(paint, "line-width", 1.0.into())?,
                dashes: numbers(&paint["line-dasharray"]).into_iter().map(|n| n as f32).collect(),
                round: layout["line-join"] == "round" || layout["line-cap"] == "round",
            }),
            "circle" => How::Circle(Circle {
                color: read(paint, "circle-color", "#000000".into())?,
                opacity: read(paint, "circle-opacity", 1.0.into())?,
                radius: read(paint, "circle-radius", 5.0.into())?,
                stroke_color: read(paint, "circle-stroke-color", "#000000".into())?,
                stroke_width: read(paint, "circle-stroke-width", 0.0.into())?,
            }),
            "symbol" => How::Symbol(Symbol {
                text: read(layout, "text-field", Value::Null)?,
                size: read(layout, "text-size", 16.0.into())?,
                color: read(paint, "text-color", "#000000".into())?,
                halo: read(paint, "text-halo-color", "rgba(0,0,0,0)".into())?,
                halo_width: read(paint, "text-halo-width", 0.0.into())?,
                font: layout["text-font"][0].as_str().unwrap_or("Noto Sans Regular").to_string(),
                offset: numbers(&layout["text-offset"]).try_into().unwrap_or_default(),
                anchor: layout["text-anchor"].as_str().unwrap_or("center").to_string(),
                along: layout["symbol-placement"].as_str().is_some_and(|p| p.starts_with("line")),
                max_width: layout["text-max-width"].as_f64().unwrap_or(10.0),
                spacing: layout["symbol-spacing"].as_f64().unwrap_or(250.0),
                overlap: layout["text-allow-overlap"].as_bool().unwrap_or(false),
                rank: read(layout, "symbol-sort-key", 0.0.into())?,
            }),
            _ => return None,
        };
        Some(Part { of: json["source-layer"].as_str()?.to_string(), filter, how })
    }

    pub fn takes(&self, facts: &Facts<'_>) -> bool {
        self.filter.as_ref().is_none_or(|f| f.holds(facts))
    }
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}
