//! A raster, cut into the tiles of a pyramid in one pass, in memory that grows with its width only.
//!
//! Squares of 8 × 8 tiles of the deepest zoom are warped row by row, as files lie on the disk, and cut and encoded on all
//! cores meanwhile. Four tiles make one of the zoom above by averaging: of what waits for its neighbours there are two rows
//! in each zoom at most.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::out::Out;
use super::bands::Bands;
use super::encode::Encoder;
use super::warp::Warper;
use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::layer::raster::TILE;

/// Tiles along the side of a square, as a power of two.
const SQUARE: u8 = 3;
/// Threads that cut and encode; each has a square in hand.
const MOST_WORKERS: usize = 16;
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

/// A square on its way from the warper to a worker: its column and row, and its values.
type Square = (u32, u32, Vec<u8>);

/// A tile of a zoom above, as far as its quarters are there.
struct Waiting {
    /// Quarters that are still to come.
    left: u8,
    /// None as long as nothing is seen of it.
    tile: Option<Vec<u8>>,
}

pub struct Pyramid<'a> {
    zoom: u8,
    bands: &'a Bands,
    /// First and last column, first and last row of the squares.
    squares: [(u32, u32); 2],
    /// By zoom, column and row.
    waiting: Mutex<HashMap<(u8, u32, u32), Waiting>>,
    /// Where tiles go, and how many have gone.
    out: Mutex<(&'a mut Out, u64)>,
}

impl<'a> Pyramid<'a> {
    /// Of everything within `bounds`: west, south, east, north in metres of web Mercator.
    pub fn new(zoom: u8, bounds: [f64; 4], bands: &'a Bands, out: &'a mut Out) -> Pyramid<'a> {
        let squares = range(bounds, zoom - depth(zoom));
        Pyramid { zoom, bands, squares, waiting: Mutex::default(), out: Mutex::new((out, 0)) }
    }

    /// Cuts it; the number of tiles.
    pub fn cut(&self, warper: &mut Warper) -> Result<u64> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
        let (give, take) = sync_channel(1);
        let (take, spent) = (Arc::new(Mutex::new(take)), Mutex::new(Vec::new()));
        let worked: Result<()> = std::thread::scope(|scope| {
            let spent = &spent;
            let work = |number| {
                let take = take.clone();
                move || self.work(Encoder::new(self.bands.look.format(), number), &take, spent)
            };
            let hands: Vec<_> = (0..workers).map(|number| scope.spawn(work(number))).collect();
            // Only workers have it now: when all of them have ended, handing over fails and does not wait for ever.
            drop(take);
            let given = self.give(warper, give, spent);
            let died = || Error::Internal("a thread died while it cut tiles".into());
            let done: Vec<Result<()>> =
                hands.into_iter().map(|hand| hand.join().unwrap_or_else(|_| Err(died()))).collect();
            // What stopped a worker says more than that nobody takes squares any longer.
            done.into_iter().collect::<Result<()>>().and(given)
        });
        worked.and_then(|()| Ok(self.out()?.1))
    }

    /// Warps square after square.
    fn give(&self, warper: &mut Warper, give: SyncSender<Square>, spent: &Mutex<Vec<Vec<u8>>>) -> Result<()> {
        let top = self.zoom - depth(self.zoom);
        let [columns, rows] = self.squares;
        for y in rows.0..=rows.1 {
            for x in columns.0..=columns.1 {
                let across = 2.0 * HALF / f64::from(1u32 << top);
                let corner = (f64::from(x) * across - HALF, HALF - f64::from(y) * across);
                let mut values = held(spent)?.pop().unwrap_or_default();
                warper.square(corner, pixel(self.zoom), &mut values)?;
                let stopped = |_| Error::Internal("nobody cuts tiles any longer".into());
                give.send((x, y, values)).map_err(stopped)?;
                let (out, tiles) = &mut *self.out()?;
                out.progress_now("read", *tiles)?;
            }
        }
        Ok(())
    }

    /// Takes squares as they come, until there are no more.
    fn work(&self, mut encoder: Encoder, take: &Mutex<Receiver<Square>>, spent: &Mutex<Vec<Vec<u8>>>) -> Result<()> {
        let mut rgba = vec![0; side(self.zoom) * side(self.zoom) * 4];
        loop {
            let next = held(take)?.recv();
            let Ok((x, y, values)) = next else { return Ok(()) };
            let seen = self.bands.paint(&values, &mut rgba);
            held(spent)?.push(values);
            let half = if seen { Some(self.square(&mut encoder, &rgba, x, y)?) } else { None };
            self.put_above(&mut encoder, self.zoom - depth(self.zoom), x, y, half)?;
        }
    }

    /// All tiles of a square; the part that it has in the tile above.
    fn square(&self, encoder: &mut Encoder, square: &[u8], x: u32, y: u32) -> Result<Vec<u8>> {
        let (mut level, mut smaller) = (depth(self.zoom), Vec::new());
        let mut tile = vec![0; BYTES];
        loop {
            let across = 1usize << level;
            let zoom = self.zoom - depth(self.zoom) + level;
            let whole = if smaller.is_empty() { square } else { &smaller };
            for row in 0..across {
                for column in 0..across {
                    take(whole, across * SIDE, column, row, &mut tile);
                    let place = |at: u32, plus: usize| (at << level) + plus as u32;
                    self.emit(encoder, Tile::new(zoom, place(x, column), place(y, row)), &tile)?;
                }
            }
            smaller = halved(whole, across * SIDE);
            if level == 0 {
                return Ok(smaller);
            }
            level -= 1;
        }
    }

    /// Puts a tile that was halved into its quarter of the tile above. The tile is sent when it was the last of it, and put
    /// into the next above.
    fn put_above(
        &self,
        encoder: &mut Encoder,
        mut zoom: u8,
        mut x: u32,
        mut y: u32,
        mut half: Option<Vec<u8>>,
    ) -> Result<()> {
        while zoom > 0 {
            let above = (zoom - 1, x / 2, y / 2);
            let whole = {
                let mut waiting = held(&self.waiting)?;
                let new = || Waiting { left: self.quarters(above), tile: None };
                let tile = waiting.entry(above).or_insert_with(new);
                if let Some(half) = half {
                    put(&half, x % 2, y % 2, tile.tile.get_or_insert_with(|| vec![0; BYTES]));
                }
                tile.left -= 1;
                if tile.left > 0 {
                    return Ok(());
                }
                waiting.remove(&above).and_then(|done| done.tile)
            };
            (zoom, x, y) = above;
            half = match whole {
                Some(tile) => {
                    self.emit(encoder, Tile::new(zoom, x, y), &tile)?;
                    Some(halved(&tile, SIDE))
                }
                None => None,
            };
        }
        Ok(())
    }

    /// How many quarters of a tile above the squares are within them.
    fn quarters(&self, (zoom, x, y): (u8, u32, u32)) -> u8 {
        let up = self.zoom - depth(self.zoom) - zoom - 1;
        let within = |(first, last): (u32, u32), at: u32| {
            (at * 2..=at * 2 + 1).filter(|at| (first >> up..=last >> up).contains(at)).count() as u8
        };
        let [columns, rows] = self.squares;
        within(columns, x) * within(rows, y)
    }

    /// A tile of which nothing is seen is none.
    fn emit(&self, encoder: &mut Encoder, place: Option<Tile>, rgba: &[u8]) -> Result<()> {
        let Some(place) = place.filter(|_| rgba.chunks_exact(4).any(|p| p[3] > 0)) else { return Ok(()) };
        let picture = encoder.encode(rgba)?;
        let (out, tiles) = &mut *self.out()?;
        *tiles += 1;
        out.tile(place, &picture)
    }

    fn out(&self) -> Result<MutexGuard<'_, (&'a mut Out, u64)>> {
        held(&self.out)
    }
}

fn held<T>(lock: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    lock.lock().map_err(|_| Error::Internal("a thread died while it cut tiles".into()))
}

/// First and last column, first and last row of the tiles of `zoom` that meet a box.
pub fn range([west, south, east, north]: [f64; 4], zoom: u8) -> [(u32, u32); 2] {
    let n = f64::from(1u32 << zoom);
    // What only touches a tile is not in it.
    let hair = pixel(zoom) * 1e-3;
    let at = |metres: f64| ((metres + HALF) / (2.0 * HALF) * n).floor().clamp(0.0, n - 1.0) as u32;
    [(at(west + hair), at(east - hair)), (at(-north + hair), at(-south - hair))]
}

/// Puts a tile that was halved into a quarter of another.
fn put(half: &[u8], column: u32, row: u32, tile: &mut [u8]) {
    let (line, corner) = (SIDE / 2 * 4, (row as usize * SIDE + column as usize) * SIDE / 2 * 4);
    for (y, from) in half.chunks_exact(line).enumerate() {
        let at = corner + y * SIDE * 4;
        tile[at..at + line].copy_from_slice(from);
    }
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
