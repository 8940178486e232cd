//! Shapes on pixels. What one part draws in one way is gathered and drawn at once, so that what tiles have twice (their
//! margins) is drawn once.

use tiny_skia::{
    Color as Ink, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use super::color::Color;
use super::expr::Facts;
use super::part::{How, Part};
use crate::error::{Error, Result};

/// A ring or a line in pixels of the picture.
pub type Run = Vec<[f64; 2]>;

/// What one part of a style draws, until it is drawn.
#[derive(Default)]
pub struct Pile {
    groups: Vec<(Pen, PathBuilder)>,
    dots: Vec<Dot>,
}

/// One way of drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pen {
    color: Color,
    /// Of a line, in pixels; zero fills.
    width: f32,
}

struct Dot {
    at: [f32; 2],
    radius: f32,
    color: Color,
    stroke: Color,
    stroke_width: f32,
}

/// A line of less ink than this (pixels times opacity) is not seen.
const FAINT: f64 = 0.02;

impl Pile {
    /// Adds a feature as `part` draws it. Symbols are another matter: see `label`.
    pub fn add(&mut self, part: &Part, facts: &Facts<'_>, runs: &[Run], scale: f64) {
        match &part.how {
            How::Fill(fill) => {
                let Some(color) = fill.color.color(facts) else { return };
                let color = color.faded(fill.opacity.number(facts).unwrap_or(1.0));
                let path = self.group(Pen { color, width: 0.0 });
                for run in runs.iter().filter(|r| r.len() > 2) {
                    trace(path, run);
                    path.close();
                }
            }
            How::Line(line) => {
                let Some(color) = line.color.color(facts) else { return };
                let (width, opacity) =
                    (line.width.number(facts).unwrap_or(1.0) * scale, line.opacity.number(facts).unwrap_or(1.0));
                if width * opacity < FAINT {
                    return;
                }
                let path = self.group(Pen { color: color.faded(opacity), width: width as f32 });
                for run in runs.iter().filter(|r| r.len() > 1) {
                    trace(path, run);
                }
            }
            How::Circle(circle) => {
                let opacity = circle.opacity.number(facts).unwrap_or(1.0);
                let Some(color) = circle.color.color(facts) else { return };
                let length = |n: Option<f64>| (n.unwrap_or(0.0) * scale) as f32;
                self.dots.extend(runs.iter().flatten().map(|[x, y]| Dot {
                    at: [*x as f32, *y as f32],
                    radius: length(circle.radius.number(facts)),
                    color: color.faded(opacity),
                    stroke: circle.stroke_color.color(facts).unwrap_or(Color::BLACK).faded(opacity),
                    stroke_width: length(circle.stroke_width.number(facts)),
                }));
            }
            How::Symbol(_) => {}
        }
    }

    fn group(&mut self, pen: Pen) -> &mut PathBuilder {
        let at = self.groups.iter().position(|(p, _)| *p == pen).unwrap_or_else(|| {
            self.groups.push((pen, PathBuilder::new()));
            self.groups.len() - 1
        });
        &mut self.groups[at].1
    }

    pub fn draw(self, part: &Part, on: &mut Canvas) {
        for (pen, path) in self.groups {
            let Some(path) = path.finish() else { continue };
            match &part.how {
                How::Fill(fill) => on.fill(&path, pen.color, fill.smooth),
                How::Line(line) => {
                    let dashes = line.dashes.iter().map(|d| d * pen.width).collect::<Vec<_>>();
                    on.line(&path, pen.color, pen.width, line.round, &dashes);
                }
                _ => {}
            }
        }
        for dot in &self.dots {
            let [x, y] = dot.at;
            let disc = |radius: f32| PathBuilder::from_circle(x, y, radius);
            if let Some(path) = disc(dot.radius + dot.stroke_width).filter(|_| dot.stroke_width > 0.0) {
                on.fill(&path, dot.stroke, true);
            }
            if let Some(path) = disc(dot.radius) {
                on.fill(&path, dot.color, true);
            }
        }
    }
}

fn trace(path: &mut PathBuilder, run: &[[f64; 2]]) {
    for (i, [x, y]) in run.iter().enumerate() {
        match i {
            0 => path.move_to(*x as f32, *y as f32),
            _ => path.line_to(*x as f32, *y as f32),
        }
    }
}

/// The picture under construction.
pub struct Canvas(pub Pixmap);

impl Canvas {
    pub fn new(width: u32, height: u32, background: Option<Color>) -> Result<Canvas> {
        let mut map = Pixmap::new(width, height).ok_or_else(|| Error::invalid("width", "the picture has no pixels"))?;
        if let Some(color) = background {
            map.fill(ink(color));
        }
        Ok(Canvas(map))
    }

    pub fn fill(&mut self, path: &Path, color: Color, smooth: bool) {
        self.0.fill_path(path, &paint(color, smooth), FillRule::Winding, Transform::identity(), None);
    }

    /// `dashes` in pixels; none for a whole line.
    pub fn line(&mut self, path: &Path, color: Color, width: f32, round: bool, dashes: &[f32]) {
        let stroke = Stroke {
            width,
            line_cap: if round { LineCap::Round } else { LineCap::Butt },
            line_join: if round { LineJoin::Round } else { LineJoin::Miter },
            dash: StrokeDash::new(dashes.to_vec(), 0.0),
            ..Stroke::default()
        };
        self.0.stroke_path(path, &paint(color, true), &stroke, Transform::identity(), None);
    }
}

fn ink(color: Color) -> Ink {
    let [r, g, b, a] = color.0;
    Ink::from_rgba8(r, g, b, a)
}

fn paint(color: Color, smooth: bool) -> Paint<'static> {
    let mut paint = Paint { anti_alias: smooth, ..Paint::default() };
    paint.set_color(ink(color));
    paint
}
