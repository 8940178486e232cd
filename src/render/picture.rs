//! Pictures as files: PNG with true colours or a palette of 256, JPEG.

use std::collections::{HashMap, HashSet};

use super::canvas::Canvas;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// 8 bits for each of red, green, blue and alpha.
    Png,
    /// A palette of at most 256 colours.
    Png8,
    Jpeg,
}

const QUALITY: u8 = 90;
const PALETTE: usize = 256;
const AS_THEY_ARE: usize = 96;

impl Format {
    pub const ALL: [(&'static str, Format); 3] =
        [("image/png", Format::Png), ("image/png; mode=8bit", Format::Png8), ("image/jpeg", Format::Jpeg)];

    /// By its media type, with the spellings of other servers.
    pub fn parse(text: &str) -> Option<Format> {
        let plain = text.to_ascii_lowercase().replace(' ', "");
        Some(match plain.as_str() {
            "image/png" | "png" | "image/png;mode=32bit" | "image/png;mode=24bit" | "image/png32" | "image/png24" => {
                Format::Png
            }
            "image/png;mode=8bit" | "image/png8" | "png8" => Format::Png8,
            "image/jpeg" | "image/jpg" | "jpg" | "jpeg" => Format::Jpeg,
            _ => return None,
        })
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Png | Format::Png8 => "image/png",
            Format::Jpeg => "image/jpeg",
        }
    }

    /// The picture as a file. JPEG takes it as it looks on white where nothing was drawn.
    pub fn write(self, canvas: &Canvas) -> Result<Vec<u8>> {
        let (width, height) = (canvas.0.width(), canvas.0.height());
        match self {
            Format::Png => {
                let mut rgba = Vec::with_capacity(canvas.0.pixels().len() * 4);
                rgba.extend(canvas.0.pixels().iter().flat_map(|p| {
                    let c = p.demultiply();
                    [c.red(), c.green(), c.blue(), c.alpha()]
                }));
                png(width, height, png::ColorType::Rgba, None, &rgba)
            }
            Format::Png8 => {
                let (palette, pixels) = palette(canvas);
                png(width, height, png::ColorType::Indexed, Some(&palette), &pixels)
            }
            Format::Jpeg => {
                let mut rgb = Vec::with_capacity(canvas.0.pixels().len() * 3);
                rgb.extend(canvas.0.pixels().iter().flat_map(|p| {
                    let rest = 255 - p.alpha();
                    [p.red(), p.green(), p.blue()].map(|v| v.saturating_add(rest))
                }));
                let wrong = |_| Error::invalid("width", "the picture is too large for JPEG; ask for PNG");
                let (w, h) = (u16::try_from(width).map_err(wrong)?, u16::try_from(height).map_err(wrong)?);
                let mut out = Vec::new();
                let encoder = jpeg_encoder::Encoder::new(&mut out, QUALITY);
                let done = encoder.encode(&rgb, w, h, jpeg_encoder::ColorType::Rgb);
                done.map_err(|e| Error::Internal(format!("writing JPEG: {e}")))?;
                Ok(out)
            }
        }
    }
}

fn png(width: u32, height: u32, kind: png::ColorType, palette: Option<&[[u8; 4]]>, data: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let failed = |e: png::EncodingError| Error::Internal(format!("writing PNG: {e}"));
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(kind);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if let Some(palette) = palette {
        encoder.set_palette(palette.iter().flat_map(|c| [c[0], c[1], c[2]]).collect::<Vec<u8>>());
        encoder.set_trns(palette.iter().map(|c| c[3]).collect::<Vec<u8>>());
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

/// At most 256 colours and the number of each pixel's. The commonest colours stay as they are; for the others stand the
/// commonest of their kind, told apart by as many of their highest bits as there is room for.
fn palette(canvas: &Canvas) -> (Vec<[u8; 4]>, Vec<u8>) {
    let colors: Vec<[u8; 4]> = canvas
        .0
        .pixels()
        .iter()
        .map(|p| {
            let c = p.demultiply();
            [c.red(), c.green(), c.blue(), c.alpha()]
        })
        .collect();
    let mut counts: HashMap<[u8; 4], usize> = HashMap::new();
    for color in &colors {
        *counts.entry(*color).or_default() += 1;
    }
    let mut common: Vec<([u8; 4], usize)> = counts.into_iter().collect();
    common.sort_by_key(|(color, n)| (std::cmp::Reverse(*n), *color));
    let mut chosen: Vec<[u8; 4]> = common.into_iter().map(|(color, _)| color).collect();
    if chosen.len() > PALETTE {
        let others = chosen.split_off(AS_THEY_ARE);
        let kinds = (2..8).map(|bits| {
            let mut seen = HashSet::new();
            others.iter().filter(|c| seen.insert(c.map(|v| v >> bits))).copied().collect::<Vec<_>>()
        });
        let fitting = kinds.into_iter().find(|k| k.len() <= PALETTE - AS_THEY_ARE);
        chosen.extend(fitting.unwrap_or_default());
    }
    let mut numbers: HashMap<[u8; 4], u8> = HashMap::new();
    let pixels = colors
        .iter()
        .map(|color| {
            *numbers.entry(*color).or_insert_with(|| {
                let away = |c: &[u8; 4]| -> u32 { (0..4).map(|i| u32::from(c[i].abs_diff(color[i])).pow(2)).sum() };
                let nearest = chosen.iter().enumerate().min_by_key(|(_, c)| away(c));
                nearest.map_or(0, |(at, _)| at as u8)
            })
        })
        .collect();
    (chosen, pixels)
}

#[cfg(test)]
mod tests {
    use super::super::color::Color;
    use super::*;

    fn read(bytes: &[u8]) -> (png::ColorType, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let kind = reader.info().color_type;
        let mut out = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut out).unwrap();
        (kind, out)
    }

    #[test]
    fn a_palette_keeps_every_colour_while_there_are_few() {
        let mut canvas = Canvas::new(64, 4, None).unwrap();
        let path = tiny_skia::PathBuilder::from_rect(tiny_skia::Rect::from_xywh(0.0, 0.0, 32.0, 4.0).unwrap());
        canvas.fill(&path, Color([255, 208, 255, 255]), false);
        let (kind, pixels) = read(&Format::Png8.write(&canvas).unwrap());
        assert_eq!(kind, png::ColorType::Indexed);
        assert_eq!((&pixels[..4], pixels[4 * 63 + 3]), (&[255, 208, 255, 255][..], 0));
        assert_eq!(read(&Format::Png.write(&canvas).unwrap()), (png::ColorType::Rgba, pixels));
    }

    #[test]
    fn of_very_many_colours_none_is_far_from_its_own() {
        let mut canvas = Canvas::new(256, 256, None).unwrap();
        for (i, pixel) in canvas.0.pixels_mut().iter_mut().enumerate() {
            *pixel = tiny_skia::PremultipliedColorU8::from_rgba((i % 256) as u8, (i / 256) as u8, 90, 255).unwrap();
        }
        let (_, pixels) = read(&Format::Png8.write(&canvas).unwrap());
        let far = pixels
            .chunks_exact(pixels.len() / 65_536)
            .enumerate()
            .filter(|(i, c)| c[0].abs_diff((i % 256) as u8) > 40 || c[1].abs_diff((i / 256) as u8) > 40);
        assert_eq!(far.count(), 0);
    }

    #[test]
    fn jpeg_is_white_where_nothing_is() {
        let jpeg = Format::Jpeg.write(&Canvas::new(16, 16, None).unwrap()).unwrap();
        assert_eq!(&jpeg[..3], [0xFF, 0xD8, 0xFF]);
    }
}
