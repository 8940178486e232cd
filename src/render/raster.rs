//! Layers that are pictures, drawn into another: each pixel takes what the tiles have at its place.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::canvas::Canvas;
use super::expr::{Expr, Facts, Names};
use super::view::{Square, Warp};
use super::{Drawn, Studio};
use crate::error::{Error, Result};
use crate::layer::raster::{Format, Raster, TILE};
use crate::tiles::wkb::Kind;

/// Tiles in a picture; with more, those of a lower zoom are taken. Each takes a quarter of a megabyte.
const MOST_TILES: u64 = 400;
/// Pixels between places that are found exactly; between them a projection is straight enough.
const STEP: u32 = 16;
const SIDE: i64 = TILE as i64;

/// What one raster draws, gathered.
pub struct Sheet {
    warp: Warp,
    format: Format,
    opacity: f64,
    zoom: u8,
    /// The upper left tile, and how many columns.
    corner: (u32, u32),
    columns: u32,
    tiles: Vec<Option<Bytes>>,
}

/// A tile's pixels, red, green and blue times alpha.
type Pixels = Option<Arc<[u8]>>;

pub async fn sheet(
    studio: &Studio<'_>,
    drawn: &Drawn,
    raster: &Raster,
    warp: Warp,
    zoom: f64,
) -> Result<Option<Sheet>> {
    let Some(opacity) = opacity(&drawn.style, &drawn.layer.id, zoom) else { return Ok(None) };
    let wanted = (warp.world() / f64::from(TILE)).log2().ceil();
    let places = super::tiles(&warp, wanted, 0, raster.picture.zoom, MOST_TILES);
    let (Some(first), Some(last)) = (places.first().copied(), places.last().copied()) else { return Ok(None) };
    let mut tiles = Vec::with_capacity(places.len());
    for tile in places {
        tiles.push(studio.tiles.rasters.get(&drawn.layer, raster, tile).await?);
    }
    let (corner, columns) = ((first.x, first.y), last.x - first.x + 1);
    Ok(Some(Sheet { warp, format: raster.format, opacity, zoom: first.z, corner, columns, tiles }))
}

/// How much is seen of a raster at a zoom as a style draws it; none where it does not.
fn opacity(style: &Value, id: &str, zoom: f64) -> Option<f64> {
    let (whole, each) = (format!("/tiles/{id}"), format!("/tiles/{id}/"));
    let of = |source: &Value| {
        source["url"].as_str().is_some_and(|u| u.ends_with(&whole))
            || source["tiles"].as_array().into_iter().flatten().any(|t| t.as_str().is_some_and(|t| t.contains(&each)))
    };
    let draws =
        |part: &&Value| part["type"] == "raster" && part["source"].as_str().is_some_and(|s| of(&style["sources"][s]));
    let part = style["layers"].as_array()?.iter().find(draws)?;
    let edge = |key: &str, otherwise: f64| part[key].as_f64().unwrap_or(otherwise);
    if zoom < edge("minzoom", 0.0) - 0.05 || zoom >= edge("maxzoom", 99.0) {
        return None;
    }
    let said = &part["paint"]["raster-opacity"];
    let read = Expr::read(said, zoom, &mut Names::default()).filter(|_| !said.is_null());
    let facts = Facts { kind: Kind::Polygon, values: &[] };
    Some(read.and_then(|e| e.number(&facts)).unwrap_or(1.0).clamp(0.0, 1.0)).filter(|o| *o > 0.0)
}

impl Sheet {
    pub fn draw(&self, canvas: &mut Canvas) -> Result<()> {
        let tiles: Vec<Pixels> =
            self.tiles.iter().map(|t| t.as_ref().map(|t| self.pixels(t)).transpose()).collect::<Result<_>>()?;
        let (width, height) = (canvas.0.width(), canvas.0.height());
        let knot = |x: u32, y: u32| self.warp.place([f64::from(x), f64::from(y)]);
        let row = |y: u32| -> Vec<Option<Square>> { (0..=width.div_ceil(STEP)).map(|i| knot(i * STEP, y)).collect() };
        let mut upper = row(0);
        for top in (0..height).step_by(STEP as usize) {
            let lower = row(top + STEP);
            for (i, (above, below)) in upper.windows(2).zip(lower.windows(2)).enumerate() {
                if let ([Some(a), Some(b)], [Some(c), Some(d)]) = (above, below) {
                    self.block(canvas, &tiles, [i as u32 * STEP, top], [*a, *b, *c, *d]);
                }
            }
            upper = lower;
        }
        Ok(())
    }

    /// A square of pixels, of which the corners are known.
    fn block(&self, canvas: &mut Canvas, tiles: &[Pixels], [left, top]: [u32; 2], [a, b, c, d]: [Square; 4]) {
        let (width, height) = (canvas.0.width(), canvas.0.height());
        let across = f64::from(1u32 << self.zoom) * f64::from(TILE);
        for y in top..(top + STEP).min(height) {
            let t = (f64::from(y - top) + 0.5) / f64::from(STEP);
            for x in left..(left + STEP).min(width) {
                let s = (f64::from(x - left) + 0.5) / f64::from(STEP);
                let at = [0, 1].map(|i| {
                    let (upper, lower) = (a[i] + (b[i] - a[i]) * s, c[i] + (d[i] - c[i]) * s);
                    (upper + (lower - upper) * t) * across - 0.5
                });
                let color = self.sample(tiles, at);
                if color[3] > 0.0 {
                    let place = ((y * width + x) * 4) as usize;
                    over(&mut canvas.0.data_mut()[place..place + 4], color, self.opacity);
                }
            }
        }
    }

    /// The colour between four pixels of the tiles.
    fn sample(&self, tiles: &[Pixels], [u, v]: [f64; 2]) -> [f64; 4] {
        let (x, y) = (u.floor(), v.floor());
        let (s, t) = (u - x, v - y);
        let mut sum = [0.0; 4];
        for (dx, dy, weight) in
            [(0, 0, (1.0 - s) * (1.0 - t)), (1, 0, s * (1.0 - t)), (0, 1, (1.0 - s) * t), (1, 1, s * t)]
        {
            if let Some(pixel) = self.pixel(tiles, x as i64 + dx, y as i64 + dy) {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += f64::from(*value) * weight;
                }
            }
        }
        sum
    }

    fn pixel<'a>(&self, tiles: &'a [Pixels], x: i64, y: i64) -> Option<&'a [u8; 4]> {
        let (column, row) =
            (x.div_euclid(SIDE) - i64::from(self.corner.0), y.div_euclid(SIDE) - i64::from(self.corner.1));
        let inside = (0..i64::from(self.columns)).contains(&column) && row >= 0;
        let tile =
            tiles.get(usize::try_from(row * i64::from(self.columns) + column).ok().filter(|_| inside)?)?.as_ref()?;
        let at = (y.rem_euclid(SIDE) * SIDE + x.rem_euclid(SIDE)) as usize * 4;
        tile[at..].first_chunk()
    }

    /// A tile's pixels; our own files, but a disk may have damaged them.
    fn pixels(&self, tile: &[u8]) -> Result<Arc<[u8]>> {
        let failed = |why: String| Error::Internal(format!("a tile of a raster cannot be read: {why}"));
        let mut rgba = match self.format {
            Format::Png => png(tile).map_err(|e| failed(e.to_string()))?,
            Format::Webp => webp(tile).map_err(|e| failed(e.to_string()))?,
        };
        if rgba.len() != (TILE * TILE * 4) as usize {
            return Err(failed("it has another size".into()));
        }
        for pixel in rgba.chunks_exact_mut(4).filter(|p| p[3] < 255) {
            let alpha = u16::from(pixel[3]);
            pixel[..3].iter_mut().for_each(|v| *v = ((u16::from(*v) * alpha + 127) / 255) as u8);
        }
        Ok(rgba.into())
    }
}

/// Puts a colour (times its alpha) over a pixel.
fn over(pixel: &mut [u8], color: [f64; 4], opacity: f64) {
    let rest = 1.0 - color[3] / 255.0 * opacity;
    for (below, above) in pixel.iter_mut().zip(color) {
        *below = (above * opacity + f64::from(*below) * rest).round().min(255.0) as u8;
    }
}

fn png(bytes: &[u8]) -> Result<Vec<u8>, png::DecodingError> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info()?;
    let mut out = vec![0; reader.output_buffer_size().unwrap_or(0)];
    reader.next_frame(&mut out)?;
    Ok(out)
}

fn webp(bytes: &[u8]) -> Result<Vec<u8>, image_webp::DecodingError> {
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes))?;
    let mut out = vec![0; decoder.output_buffer_size().unwrap_or(0)];
    decoder.read_image(&mut out)?;
    Ok(match decoder.has_alpha() {
        true => out,
        false => out.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect(),
    })
}
