//! Letters: the distance fields of 24 pixels that MapLibre draws text from, drawn the same way. Letters of Vietnamese are
//! there as whole letters, so text is composed (NFC) and set letter after letter.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tiny_skia::PremultipliedColorU8;
use unicode_normalization::UnicodeNormalization;

use super::canvas::Canvas;
use super::color::Color;
use crate::tiles::slice::encode::{read_varint, unzigzag};

/// Pixels to an em in the fields.
pub const EM: f64 = 24.0;
/// Pixels around a letter's outline.
const MARGIN: i32 = 3;
/// Rows from the top line, which heights are counted from, to the baseline.
const BASELINE: i32 = 25;
/// Pixels over which a field runs from 255 to 0, and its value on the outline.
const REACH: f32 = 8.0;
const EDGE: f32 = 191.0 / 255.0;
const RANGE: u32 = 256;

#[derive(Debug, Clone, Default)]
pub struct Glyph {
    field: Vec<u8>,
    /// Pixels of the outline's box, its left side from the pen and its top above the baseline.
    size: [i32; 2],
    left: i32,
    top: i32,
    pub advance: f64,
}

type Range = Arc<HashMap<u32, Arc<Glyph>>>;
/// Ranges that are kept: more than all of a font's.
const MOST_RANGES: usize = 512;

/// The fonts of the assets' folder; ranges of letters are read when they are first wanted.
pub struct Fonts {
    folder: PathBuf,
    ranges: Mutex<HashMap<(String, u32), Range>>,
}

impl Fonts {
    pub fn new(assets: &Path) -> Fonts {
        Fonts { folder: assets.join("fonts"), ranges: Mutex::default() }
    }

    /// The letters of a text in a font; what the font does not have is left out.
    pub fn letters(&self, font: &str, text: &str) -> Vec<Arc<Glyph>> {
        text.nfc().filter_map(|c| self.range(font, c as u32 / RANGE * RANGE).get(&(c as u32)).cloned()).collect()
    }

    fn range(&self, font: &str, start: u32) -> Range {
        let mut ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (font.to_string(), start);
        if let Some(range) = ranges.get(&key) {
            return range.clone();
        }
        if ranges.len() >= MOST_RANGES {
            ranges.clear();
        }
        let range = self.read(font, start).unwrap_or_default();
        ranges.insert(key, range.clone());
        range
    }

    fn read(&self, font: &str, start: u32) -> Option<Range> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
        let font = if font.chars().all(plain) { font } else { "Noto Sans Regular" };
        let path = self.folder.join(font).join(format!("{start}-{}.pbf", start + RANGE - 1));
        let bytes = std::fs::read(path).ok()?;
        let mut glyphs = HashMap::new();
        for (_, _, stack) in fields(&bytes) {
            for (_, _, glyph) in fields(stack).filter(|(key, ..)| *key == 3) {
                let (code, glyph) = read_glyph(glyph);
                glyphs.insert(code, Arc::new(glyph));
            }
        }
        Some(Arc::new(glyphs))
    }
}

/// The fields of a message: key, number, bytes.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, u64, &[u8])> {
    std::iter::from_fn(move || {
        let mut varint = || {
            let (v, n) = read_varint(rest)?;
            rest = &rest[n..];
            Some(v)
        };
        let (tag, v) = (varint()?, varint()?);
        let mut bytes = &rest[..0];
        if tag & 7 == 2 {
            (bytes, rest) = rest.split_at_checked(v as usize)?;
        }
        Some((tag >> 3, v, bytes))
    })
}

fn read_glyph(message: &[u8]) -> (u32, Glyph) {
    let (mut code, mut glyph) = (0, Glyph::default());
    for (key, v, bytes) in fields(message) {
        match key {
            1 => code = v as u32,
            2 => glyph.field = bytes.to_vec(),
            3 => glyph.size[0] = v as i32,
            4 => glyph.size[1] = v as i32,
            5 => glyph.left = unzigzag(v) as i32,
            6 => glyph.top = unzigzag(v) as i32 + BASELINE,
            7 => glyph.advance = v as f64,
            _ => {}
        }
    }
    let [w, h] = glyph.size.map(|n| n.clamp(0, 512) + 2 * MARGIN);
    glyph.field.resize((w * h) as usize * usize::from(!glyph.field.is_empty()), 0);
    (code, glyph)
}

impl Glyph {
    /// The field's value at a place in its pixels, between their middles.
    fn at(&self, x: f32, y: f32) -> f32 {
        let [w, h] = self.size.map(|n| n + 2 * MARGIN);
        let (x, y) = (x - 0.5, y - 0.5);
        let (i, j) = (x.floor(), y.floor());
        let value = |i: i32, j: i32| {
            if i < 0 || j < 0 || i >= w || j >= h { 0.0 } else { f32::from(self.field[(j * w + i) as usize]) }
        };
        let (s, t, i, j) = (x - i, y - j, i as i32, j as i32);
        let (top, bottom) =
            (value(i, j) * (1.0 - s) + value(i + 1, j) * s, value(i, j + 1) * (1.0 - s) + value(i + 1, j + 1) * s);
        (top * (1.0 - t) + bottom * t) / 255.0
    }

    /// Draws the letter, its outline wider by `wider` pixels. The pen is at `at` on the baseline, turned by `angle`
    /// (clockwise, radians); an em is `size` pixels.
    pub fn draw(&self, on: &mut Canvas, at: [f64; 2], angle: f64, size: f64, color: Color, wider: f64) {
        if self.field.is_empty() || size <= 0.0 {
            return;
        }
        let scale = size / EM;
        let [w, h] = self.size.map(|n| f64::from(n + 2 * MARGIN));
        let (left, top) = (f64::from(self.left - MARGIN), f64::from(-self.top - MARGIN));
        let (sin, cos) = angle.sin_cos();
        let corners = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)].map(|(x, y)| {
            let (x, y) = ((left + x) * scale, (top + y) * scale);
            [at[0] + x * cos - y * sin, at[1] + x * sin + y * cos]
        });
        let span = |i: usize, most: u32| {
            let (low, high) = corners.iter().fold((f64::MAX, f64::MIN), |(l, h), c| (l.min(c[i]), h.max(c[i])));
            (low.floor().clamp(0.0, f64::from(most)) as u32, high.ceil().clamp(0.0, f64::from(most)) as u32)
        };
        let (width, height) = (on.0.width(), on.0.height());
        let ((x0, x1), (y0, y1)) = (span(0, width), span(1, height));
        let pixels = on.0.pixels_mut();
        for y in y0..y1 {
            for x in x0..x1 {
                let (dx, dy) = (f64::from(x) + 0.5 - at[0], f64::from(y) + 0.5 - at[1]);
                let (fx, fy) = ((dx * cos + dy * sin) / scale - left, (dy * cos - dx * sin) / scale - top);
                let away = (EDGE - self.at(fx as f32, fy as f32)) * REACH * scale as f32;
                let cover = (0.5 + wider as f32 - away).clamp(0.0, 1.0);
                if cover > 0.0 {
                    let pixel = &mut pixels[(y * width + x) as usize];
                    *pixel = over(*pixel, color, cover);
                }
            }
        }
    }
}

/// A colour laid over a pixel, of which it covers a share.
fn over(under: PremultipliedColorU8, color: Color, cover: f32) -> PremultipliedColorU8 {
    let [r, g, b, a] = color.0.map(f32::from);
    let a = a / 255.0 * cover;
    let mix = |over: f32, under: u8| (over * a + f32::from(under) * (1.0 - a) + 0.5) as u8;
    let alpha = mix(255.0, under.alpha());
    let [r, g, b] = [mix(r, under.red()), mix(g, under.green()), mix(b, under.blue())].map(|v| v.min(alpha));
    PremultipliedColorU8::from_rgba(r, g, b, alpha).unwrap_or(under)
}
