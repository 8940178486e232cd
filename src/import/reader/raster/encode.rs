//! Tiles as pictures: PNG with as small a palette as the colours need, WebP for photographs.

use std::ffi::CString;
use std::ptr::null_mut;

use gdal_sys as sys;
use hashbrown::HashMap;

use super::super::errors;
use super::super::ogr::{List, c};
use super::dataset::{Dataset, Window};
use crate::error::{Error, Result};
use crate::layer::raster::{Format, TILE};

const SIDE: i32 = TILE as i32;
const ALL: Window = Window { x: 0, y: 0, width: SIDE, height: SIDE };
/// Of 100. At 80 the difference is not seen; photographs take a tenth of their pixels' bytes.
const QUALITY: &str = "QUALITY=80";
/// Of 0 to 6: three times as fast as the usual 4 for a few percent more bytes.
const METHOD: &str = "METHOD=1";

pub struct Encoder {
    format: Format,
    /// A file in memory of its own: several encoders work at once.
    file: CString,
    opaque: Option<Dataset>,
    clear: Option<Dataset>,
    bytes: Vec<u8>,
}

impl Encoder {
    /// `number` is no other encoder's.
    pub fn new(format: Format, number: usize) -> Encoder {
        let file = c(&format!("/vsimem/tile{number}.webp"));
        Encoder { format, file, opaque: None, clear: None, bytes: Vec::new() }
    }

    /// A tile from red, green, blue and alpha of each of its pixels.
    pub fn encode(&mut self, rgba: &[u8]) -> Result<Vec<u8>> {
        match self.format {
            Format::Png => png(rgba).map_err(|e| Error::Internal(format!("writing PNG: {e}"))),
            Format::Webp => self.webp(rgba),
        }
    }

    fn webp(&mut self, rgba: &[u8]) -> Result<Vec<u8>> {
        let opaque = is_opaque(rgba);
        let bands = if opaque { 3 } else { 4 };
        let place = if opaque { &mut self.opaque } else { &mut self.clear };
        let failed = || {
            let cause = errors::take_cause().unwrap_or_default();
            Error::Internal(format!("writing WebP: {cause}"))
        };
        if place.is_none() {
            *place = Dataset::in_memory(SIDE, SIDE, bands, false);
        }
        let picture = place.as_ref().ok_or_else(failed)?;
        let done = if opaque {
            self.bytes.clear();
            self.bytes.extend(rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]));
            picture.write(ALL, &self.bytes)
        } else {
            picture.write(ALL, rgba)
        };
        let (name, options) = (&self.file, List::new([QUALITY, METHOD]));
        // SAFETY: the picture is open; the file in memory is taken over, copied and freed.
        unsafe {
            let driver = sys::GDALGetDriverByName(c"WEBP".as_ptr());
            let written = match done && !driver.is_null() {
                true => sys::GDALCreateCopy(
                    driver,
                    name.as_ptr(),
                    picture.0,
                    0,
                    options.as_ptr().cast_mut().cast(),
                    None,
                    null_mut(),
                ),
                false => null_mut(),
            };
            if written.is_null() {
                return Err(failed());
            }
            sys::GDALClose(written);
            let mut length = 0;
            let bytes = sys::VSIGetMemFileBuffer(name.as_ptr(), &mut length, 1);
            if bytes.is_null() {
                return Err(failed());
            }
            let copy = std::slice::from_raw_parts(bytes, length as usize).to_vec();
            sys::VSIFree(bytes.cast());
            Ok(copy)
        }
    }
}

fn is_opaque(rgba: &[u8]) -> bool {
    rgba.chunks_exact(4).all(|p| p[3] == 255)
}

fn png(rgba: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, TILE, TILE);
    encoder.set_compression(png::Compression::Balanced);
    let narrow;
    let data = match palette(rgba) {
        Some((colors, indexes)) => {
            let bits = match colors.len() {
                0..=2 => 1,
                3..=4 => 2,
                5..=16 => 4,
                _ => 8,
            };
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_depth(png::BitDepth::from_u8(bits).unwrap_or(png::BitDepth::Eight));
            encoder.set_filter(png::Filter::NoFilter);
            encoder.set_palette(colors.iter().flat_map(|c| [c[0], c[1], c[2]]).collect::<Vec<u8>>());
            if colors.iter().any(|c| c[3] < 255) {
                encoder.set_trns(colors.iter().map(|c| c[3]).collect::<Vec<u8>>());
            }
            narrow = packed(&indexes, bits);
            &narrow[..]
        }
        None if is_opaque(rgba) => {
            encoder.set_color(png::ColorType::Rgb);
            narrow = rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
            &narrow[..]
        }
        None => {
            encoder.set_color(png::ColorType::Rgba);
            rgba
        }
    };
    let mut writer = encoder.write_header()?;
    writer.write_image_data(data)?;
    writer.finish()?;
    Ok(out)
}

/// The colours and the number of each pixel's; none where there are more than 256.
fn palette(rgba: &[u8]) -> Option<(Vec<[u8; 4]>, Vec<u8>)> {
    let mut numbers: HashMap<[u8; 4], u8> = HashMap::new();
    let (mut colors, mut indexes) = (Vec::new(), Vec::with_capacity(rgba.len() / 4));
    let mut last = ([0; 4], None);
    for pixel in rgba.chunks_exact(4) {
        let color = [pixel[0], pixel[1], pixel[2], pixel[3]];
        let number = match last {
            (same, Some(number)) if same == color => number,
            _ => match numbers.get(&color) {
                Some(number) => *number,
                None => {
                    let number = u8::try_from(colors.len()).ok()?;
                    colors.push(color);
                    numbers.insert(color, number);
                    number
                }
            },
        };
        last = (color, Some(number));
        indexes.push(number);
    }
    Some((colors, indexes))
}

/// Numbers of `bits` bits side by side, the first in the highest. A row of a tile ends with a byte.
fn packed(indexes: &[u8], bits: u8) -> Vec<u8> {
    let each = usize::from(8 / bits);
    indexes.chunks_exact(each).map(|of| of.iter().fold(0, |byte, n| (u16::from(byte) << bits) as u8 | n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (png::ColorType, png::BitDepth, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let info = decoder.read_header_info().unwrap();
        let kind = (info.color_type, info.bit_depth);
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut out = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut out).unwrap();
        (kind.0, kind.1, out)
    }

    #[test]
    fn a_tile_of_few_colours_is_small_and_exact() {
        for (count, depth) in
            [(2, png::BitDepth::One), (3, png::BitDepth::Two), (16, png::BitDepth::Four), (256, png::BitDepth::Eight)]
        {
            let rgba: Vec<u8> = (0..TILE * TILE)
                .flat_map(|i| {
                    let n = ((i * 7 + i / TILE) % count) as u8;
                    [n.wrapping_mul(3), 255 - n, n, if n == 0 { 0 } else { 255 }]
                })
                .collect();
            let (kind, bits, pixels) = read(&png(&rgba).unwrap());
            assert_eq!((kind, bits), (png::ColorType::Indexed, depth), "{count}");
            assert!(pixels == rgba, "{count} colours come back");
        }
    }

    #[test]
    fn a_tile_of_many_colours_is_exact_too() {
        let rgba: Vec<u8> = (0..TILE * TILE).flat_map(|i| [(i % 256) as u8, (i / 256) as u8, 7, 255]).collect();
        let (kind, _, pixels) = read(&png(&rgba).unwrap());
        assert_eq!(kind, png::ColorType::Rgb);
        assert!(pixels == rgba);
    }
}
