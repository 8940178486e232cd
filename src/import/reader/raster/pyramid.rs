//! A raster, cut into the tiles of a pyramid in one pass, in memory that grows with its width only.
//!
//! Squares of 8 × 8 tiles of the deepest zoom are warped row by row, as files lie on the disk. Four tiles make one of the
//! zoom above by averaging: of what waits for its neighbours there is one row in each zoom.

use std::collections::BTreeMap;

use super::super::out::Out;
use super::encode::Encoder;
use super::warp::Warper;
use crate::error::Result;
use crate::geo::Tile;
use crate::layer::raster::TILE;

/// Tiles along the side of a square, as a power of two.
const SQUARE: u8 = 3;
/// Half of the side of web Mercator's square, in metres (EPSG:3857).
pub const HALF: f64 = 20_037_508.342_789_244;

const SIDE: usize = TILE as usize;
const BYTES: usize = SIDE * SIDE * 4;

/// Pixels of a tile of `zoom`, in metres of web Mercator.
pub fn pixel(zoom: u8) -> f64 {
    2.0 * HALF / f64::from(TILE) / f64::from(1u32 << zoom)
}

/// How far a square reaches down, in zooms: the shallowest are smaller than a whole one.
pub fn depth(zoom: u8) -> u8 {
    SQUARE.min(zoom)
}

/// Pixels along the side of a square.
pub fn side(zoom: u8) -> usize {
    SIDE << depth(zoom)
}

pub struct Pyramid<'a> {
    zoom: u8,
    warper: Warper<'a>,
    encoder: Encoder,
    out: &'a mut Out,
    /// By zoom: the tiles of one row that are being put together, by column.
    waiting: Vec<BTreeMap<u32, Vec<u8>>>,
    pub tiles: u64,
}

impl<'a> Pyramid<'a> {
    pub fn new(zoom: u8, warper: Warper<'a>, encoder: Encoder, out: &'a mut Out) -> Pyramid<'a> {
        let waiting = (0..=zoom).map(|_| BTreeMap::new()).collect();
        Pyramid { zoom, warper, encoder, out, waiting, tiles: 0 }
    }

    /// Cuts everything within `bounds`: west, south, east, north in metres of web Mercator.
    pub fn cut(&mut self, bounds: [f64; 4]) -> Result<()> {
        let top = self.zoom - depth(self.zoom);
        let [columns, rows] = range(bounds, top);
        let mut square = vec![0; side(self.zoom) * side(self.zoom) * 4];
        for y in rows.0..=rows.1 {
            for x in columns.0..=columns.1 {
                let across = 2.0 * HALF / f64::from(1u32 << top);
                let corner = (f64::from(x) * across - HALF, HALF - f64::from(y) * across);
                if self.warper.square(corner, pixel(self.zoom), &mut square)? {
                    self.square(&square, x, y)?;
                }
                self.out.progress_now("read", self.tiles)?;
            }
            self.row_done(top, y, y == rows.1)?;
        }
        Ok(())
    }

    /// All tiles of a square, and the part that it has in the tile above.
    fn square(&mut self, square: &[u8], x: u32, y: u32) -> Result<()> {
        let (mut whole, mut level) = (square.to_vec(), depth(self.zoom));
        let mut tile = vec![0; BYTES];
        loop {
            let across = 1usize << level;
            let zoom = self.zoom - depth(self.zoom) + level;
            for row in 0..across {
                for column in 0..across {
                    take(&whole, across * SIDE, column, row, &mut tile);
                    let place = |at: u32, plus: usize| (at << level) + plus as u32;
                    self.emit(Tile::new(zoom, place(x, column), place(y, row)), &tile)?;
                }
            }
            whole = halved(&whole, across * SIDE);
            if level == 0 {
                break;
            }
            level -= 1;
        }
        self.put_above(self.zoom - depth(self.zoom), x, y, &whole);
        Ok(())
    }

    /// Puts a tile that was halved into its quarter of the tile above.
    fn put_above(&mut self, zoom: u8, x: u32, y: u32, half: &[u8]) {
        let Some(above) = zoom.checked_sub(1) else { return };
        let tile = self.waiting[usize::from(above)].entry(x / 2).or_insert_with(|| vec![0; BYTES]);
        let (line, corner) = (SIDE / 2 * 4, ((y % 2) as usize * SIDE + (x % 2) as usize) * SIDE / 2 * 4);
        for (row, from) in half.chunks_exact(line).enumerate() {
            let at = corner + row * SIDE * 4;
            tile[at..at + line].copy_from_slice(from);
        }
    }

    /// Sends what waited for row `y` of `zoom`, which is complete now.
    fn row_done(&mut self, zoom: u8, y: u32, last: bool) -> Result<()> {
        let (mut zoom, mut y) = (zoom, y);
        while (y % 2 == 1 || last) && zoom > 0 {
            (zoom, y) = (zoom - 1, y / 2);
            for (x, tile) in std::mem::take(&mut self.waiting[usize::from(zoom)]) {
                self.emit(Tile::new(zoom, x, y), &tile)?;
                self.put_above(zoom, x, y, &halved(&tile, SIDE));
            }
        }
        Ok(())
    }

    /// A tile of which nothing is seen is none.
    fn emit(&mut self, place: Option<Tile>, rgba: &[u8]) -> Result<()> {
        let Some(place) = place.filter(|_| rgba.chunks_exact(4).any(|p| p[3] > 0)) else { return Ok(()) };
        let picture = self.encoder.encode(rgba)?;
        self.tiles += 1;
        self.out.tile(place, &picture)
    }
}

/// First and last column, first and last row of the tiles of `zoom` that meet a box.
pub fn range([west, south, east, north]: [f64; 4], zoom: u8) -> [(u32, u32); 2] {
    let n = f64::from(1u32 << zoom);
    // What only touches a tile is not in it.
    let hair = pixel(zoom) * 1e-3;
    let at = |metres: f64| ((metres + HALF) / (2.0 * HALF) * n).floor().clamp(0.0, n - 1.0) as u32;
    [(at(west + hair), at(east - hair)), (at(-north + hair), at(-south - hair))]
}

/// One tile out of a square `width` pixels wide.
fn take(square: &[u8], width: usize, column: usize, row: usize, tile: &mut [u8]) {
    let line = SIDE * 4;
    for (y, to) in tile.chunks_exact_mut(line).enumerate() {
        let at = ((row * SIDE + y) * width + column * SIDE) * 4;
        to.copy_from_slice(&square[at..at + line]);
    }
}

/// Half as wide and high: each pixel the average of four, weighed by how much is seen of them.
fn halved(square: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(square.len() / 4);
    for rows in square.chunks_exact(width * 8) {
        let (upper, lower) = rows.split_at(width * 4);
        for (a, b) in upper.chunks_exact(8).zip(lower.chunks_exact(8)) {
            let four = [
                [a[0], a[1], a[2], a[3]],
                [a[4], a[5], a[6], a[7]],
                [b[0], b[1], b[2], b[3]],
                [b[4], b[5], b[6], b[7]],
            ];
            out.extend_from_slice(&average(four));
        }
    }
    out
}

fn average(four: [[u8; 4]; 4]) -> [u8; 4] {
    let seen: u32 = four.iter().map(|p| u32::from(p[3])).sum();
    if seen == 0 {
        return [0; 4];
    }
    let mix = |i: usize| {
        let sum: u32 = four.iter().map(|p| u32::from(p[i]) * u32::from(p[3])).sum();
        ((sum + seen / 2) / seen) as u8
    };
    [mix(0), mix(1), mix(2), ((seen + 2) / 4) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_does_not_take_colour_from_what_is_not_seen() {
        assert_eq!(average([[200, 10, 0, 255], [0; 4], [0; 4], [0; 4]]), [200, 10, 0, 64]);
        assert_eq!(average([[10, 20, 30, 255]; 4]), [10, 20, 30, 255]);
        assert_eq!(average([[0, 0, 0, 255], [100, 0, 0, 255], [0, 0, 0, 255], [100, 0, 0, 255]]), [50, 0, 0, 255]);
        assert_eq!(average([[9; 4], [0; 4], [0; 4], [0; 4]])[3], 2);
    }

    #[test]
    fn tiles_of_a_box_are_those_that_it_reaches_into() {
        let across = 2.0 * HALF / 8.0;
        let [columns, rows] = range([0.0, 0.0, across, across], 3);
        assert_eq!((columns, rows), ((4, 4), (3, 3)));
        assert_eq!(range([-HALF, -HALF, HALF, HALF], 3), [(0, 7), (0, 7)]);
    }
}
