//! What the colours of a layer mean, as a picture: a swatch and a name for each class, or for the layer.

use std::sync::Arc;

use serde_json::Value;

use super::canvas::{Canvas, Pile, Run};
use super::color::Color;
use super::expr::{Facts, Names, Val};
use super::glyph::{EM, Fonts, Glyph};
use super::part::How;
use super::{Format, parts};
use crate::error::Result;
use crate::layer::Layer;
use crate::layer::function;
use crate::layer::land_use::LandUse;
use crate::tiles::Tiles;
use crate::tiles::snapshot::values::{NULL, Scalar, decode};
use crate::tiles::wkb::Kind;

/// A zoom at which everything is drawn that ever is.
const NEAR: f64 = 17.0;
const FONT: &str = "Noto Sans Regular";
const TEXT: f64 = 12.0;
const GAP: f64 = 6.0;

/// How large a swatch is, in pixels, and how much larger than on a screen everything is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub width: u32,
    pub height: u32,
    pub scale: f64,
}

/// What a legend is made of.
pub struct Legend<'a> {
    pub layer: &'a Layer,
    pub style: &'a Value,
    pub codes: &'a [LandUse],
    pub tiles: &'a Tiles,
    pub fonts: &'a Fonts,
}

/// Where a legend's parts are, in pixels.
struct Layout {
    /// The classes, code and name.
    rows: Vec<(String, String)>,
    names: Vec<Vec<Arc<Glyph>>>,
    /// From row to row.
    step: f64,
    width: u32,
    height: u32,
}

impl Legend<'_> {
    /// Width and height of the whole legend as it is drawn.
    pub fn size(&self, size: Size) -> [u32; 2] {
        self.layout(None, size).map_or([1, 1], |layout| [layout.width, layout.height])
    }

    /// None where there is no such class.
    fn layout(&self, rule: Option<&str>, size: Size) -> Option<Layout> {
        let mut rows = classes(self.layer, self.codes, self.tiles);
        if let Some(rule) = rule {
            rows.retain(|(code, _)| code == rule);
        }
        let (gap, text) = (GAP * size.scale, TEXT * size.scale);
        let names: Vec<Vec<Arc<Glyph>>> = rows.iter().map(|(_, name)| self.fonts.letters(FONT, name)).collect();
        let long = |line: &[Arc<Glyph>]| line.iter().map(|g| g.advance).sum::<f64>() * text / EM;
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        // One class that is asked for is its swatch alone: the client has the name.
        let (step, width) = match rule {
            Some(_) => (h, w),
            None => (h.max(text * 1.3) + gap / 2.0, w + names.iter().map(|l| long(l)).fold(0.0, f64::max) + 2.0 * gap),
        };
        let height = (step * rows.len() as f64).ceil();
        (!rows.is_empty()).then_some(Layout {
            rows,
            names,
            step,
            width: width.ceil() as u32,
            height: (height as u32).min(8192),
        })
    }

    /// The legend of a layer; of one class of it where `rule` names one. None where there is no such class.
    pub fn draw(
        &self,
        rule: Option<&str>,
        size: Size,
        background: Option<Color>,
        format: Format,
    ) -> Result<Option<Vec<u8>>> {
        let Legend { layer, style, .. } = *self;
        let Some(Layout { rows, names: set, step, width, height }) = self.layout(rule, size) else { return Ok(None) };
        let (gap, text, words) = (GAP * size.scale, TEXT * size.scale, rule.is_none());
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        let mut canvas = Canvas::new(width, height, background)?;
        let mut names = Names::default();
        let parts = parts(style, layer, NEAR, false, &mut names);
        for (n, ((code, _), line)) in rows.iter().zip(set).enumerate() {
            let top = step * n as f64 + (step - h) / 2.0;
            let value = |name: &String| match Some(name) == layer.class_field.as_ref() {
                true => Val::Text(code.as_str().into()),
                false => Val::Null,
            };
            let values: Vec<Val> = names.0.iter().map(value).collect();
            for (kind, shape) in swatches(layer.shape(), [1.0, top + 1.0, w - 1.0, top + h - 1.0]) {
                let facts = Facts { kind, values: &values };
                for part in parts.iter().filter(|p| p.takes(&facts)) {
                    let mut pile = Pile::default();
                    let shape = match &part.how {
                        How::Line(_) if kind == Kind::Polygon => closed(&shape),
                        _ => shape.clone(),
                    };
                    pile.add(part, &facts, &shape, size.scale);
                    pile.draw(part, &mut canvas);
                }
            }
            let (mut pen, base) = (w + gap, step * (n as f64 + 0.5) + text / 3.0);
            for glyph in line.iter().filter(|_| words) {
                glyph.draw(&mut canvas, [pen, base], 0.0, text, Color([31, 41, 51, 255]), 0.0);
                pen += glyph.advance * text / EM;
            }
        }
        format.write(&canvas).map(Some)
    }
}

/// The classes of a layer with their names: those that it holds, in official order, or the layer itself.
fn classes(layer: &Layer, codes: &[LandUse], tiles: &Tiles) -> Vec<(String, String)> {
    if layer.class_field.is_none() {
        return vec![(String::new(), layer.title.clone())];
    }
    let planned = function::classify(layer);
    let there: Option<Vec<String>> = tiles.keeper.get(&layer.id).and_then(|live| live.state()).map(|state| {
        let values = state.snapshot.classes().iter().filter(|id| **id != NULL);
        let code = |id: &u32| match decode(state.snapshot.value(*id)) {
            Some(Scalar::Text(t)) if planned && function::named(t).is_some() => t.trim().to_lowercase(),
            Some(Scalar::Text(t)) => t.chars().take(3).collect::<String>().to_uppercase(),
            Some(Scalar::Int(n)) => n.to_string(),
            _ => String::new(),
        };
        values.map(code).collect()
    });
    let official = codes.iter().filter(|c| there.as_ref().is_none_or(|t| t.contains(&c.code)));
    let mut rows: Vec<(String, String)> =
        official.map(|c| (c.code.clone(), format!("{} – {}", c.code, c.vi))).collect();
    let functions = function::all().iter().map(|f| (f.vi.to_lowercase(), f.vi.to_string())).filter(|_| planned);
    rows.extend(functions.filter(|(code, _)| there.as_ref().is_some_and(|t| t.contains(code))));
    let known = |code: &String| codes.iter().any(|c| c.code == *code) || (planned && function::named(code).is_some());
    if there.iter().flatten().any(|code| !known(code)) {
        rows.push(("?".into(), "Loại khác".into()));
    }
    if rows.is_empty() {
        rows.push((String::new(), layer.title.clone()));
    }
    rows
}

/// What stands for a layer's features in a box of left, top, right, bottom.
fn swatches(shape: &str, [l, t, r, b]: [f64; 4]) -> Vec<(Kind, Vec<Run>)> {
    let polygon = (Kind::Polygon, vec![vec![[l, t], [r, t], [r, b], [l, b]]]);
    let (w, h) = (r - l, b - t);
    let line = (
        Kind::Line,
        vec![vec![[l, b - h / 4.0], [l + w / 3.0, t + h / 4.0], [r - w / 3.0, b - h / 4.0], [r, t + h / 4.0]]],
    );
    let point = (Kind::Point, vec![vec![[l + w / 2.0, t + h / 2.0]]]);
    match shape {
        "polygon" => vec![polygon],
        "line" => vec![line],
        "point" => vec![point],
        "raster" => Vec::new(),
        _ => vec![polygon, line, point],
    }
}

fn closed(shape: &[Run]) -> Vec<Run> {
    shape.iter().map(|run| run.iter().chain(run.first()).copied().collect()).collect()
}
