//! Classes sampled at the centres of a grid of cells.

use super::Class;

/// A range of cells: columns `x0..x1` and rows `y0..y1`, counted from the top-left corner of the raster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub x0: u32,
    pub y0: u32,
    pub x1: u32,
    pub y1: u32,
}

/// A grid of cells over the plane of the data, whose unit is the grid unit (x right, y down). A cell is `2^shift` units
/// wide; the centre of cell (0, 0) is half a cell right of `left` and below `top`, at `shift` 0 between the units.
#[derive(Debug, Clone)]
pub struct Raster {
    left: i64,
    top: i64,
    shift: u32,
    width: u32,
    height: u32,
    cells: Vec<Class>,
    /// Where the border of the polygon at hand meets a row: the row above, the column below 32 bits.
    crossings: Vec<u64>,
}

impl Raster {
    /// An empty raster, its top-left corner at (`left`, `top`) grid units, `width` × `height` cells of `2^shift` units.
    /// `shift` is at most 32; corners beyond ±2^48 lie as far as that.
    pub fn new(left: i64, top: i64, shift: u32, width: u32, height: u32) -> Self {
        const FAR: i64 = 1 << 48;
        let cells = vec![0; width as usize * height as usize];
        let (left, top) = (left.clamp(-FAR, FAR), top.clamp(-FAR, FAR));
        Self { left, top, shift: shift.min(32), width, height, cells, crossings: Vec::new() }
    }

    /// Width in cells.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in cells.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All cells, row by row from the top.
    pub fn cells(&self) -> &[Class] {
        &self.cells
    }

    /// All cells, row by row from the top.
    pub fn cells_mut(&mut self) -> &mut [Class] {
        &mut self.cells
    }

    /// The window of all cells.
    pub fn window(&self) -> Window {
        Window { x0: 0, y0: 0, x1: self.width, y1: self.height }
    }

    /// Writes `class` in each cell whose centre is within the rings of one polygon or multipolygon (even-odd, in grid
    /// units; the last point joins the first). A centre on an edge belongs to the polygon right of the edge, or below a
    /// level one: of polygons which share the edge exactly one has it.
    pub fn fill<'a>(&mut self, rings: impl Iterator<Item = &'a [[i32; 2]]>, class: Class) {
        self.fill_within(self.window(), rings, class);
    }

    /// As [`Raster::fill`], in the cells of the window only.
    pub fn fill_within<'a>(&mut self, window: Window, rings: impl Iterator<Item = &'a [[i32; 2]]>, class: Class) {
        let window = self.clipped(window);
        self.crossings.clear();
        for ring in rings {
            let Some(&(mut a)) = ring.last() else { continue };
            let mut row = self.row_from(a[1]);
            for &b in ring {
                let next = self.row_from(b[1]);
                if next > row {
                    self.cross(window, a, b, row, next);
                } else if next < row {
                    self.cross(window, b, a, next, row);
                }
                (a, row) = (b, next);
            }
        }
        if self.crossings.is_empty() {
            return;
        }
        self.crossings.sort_unstable();
        for pair in self.crossings.chunks_exact(2) {
            let start = (pair[0] >> 32) as usize * self.width as usize;
            let (from, to) = (start + (pair[0] as u32) as usize, start + (pair[1] as u32) as usize);
            self.cells[from..to].fill(class);
        }
    }

    /// Empties the cells of the window.
    pub fn clear(&mut self, window: Window) {
        let Window { x0, y0, x1, y1 } = self.clipped(window);
        for y in y0..y1 {
            let start = y as usize * self.width as usize;
            self.cells[start + x0 as usize..start + x1 as usize].fill(0);
        }
    }

    fn clipped(&self, window: Window) -> Window {
        let (x1, y1) = (window.x1.min(self.width), window.y1.min(self.height));
        Window { x0: window.x0.min(x1), y0: window.y0.min(y1), x1, y1 }
    }

    /// The first row whose centre is at or below `y`.
    #[inline]
    fn row_from(&self, y: i32) -> i64 {
        (2 * (i64::from(y) - self.top) + (1 << self.shift) - 1) >> (self.shift + 1)
    }

    /// Notes where the edge from `a` down to `b` meets the centre lines of `rows`: in each the first column whose centre
    /// is at or right of the edge. Both ways along an edge come to the same, as `a` is always the upper end.
    fn cross(&mut self, window: Window, a: [i32; 2], b: [i32; 2], from: i64, to: i64) {
        let (from, to) = (from.max(window.y0.into()), to.min(window.y1.into()));
        let (dx, dy) = (i64::from(b[0]) - i64::from(a[0]), i64::from(b[1]) - i64::from(a[1]));
        // Twice the distances, as centres may lie at halves.
        let start = 2 * (i64::from(a[0]) - self.left) + (1 << self.shift) - 1;
        let small = dx.abs() < 1 << 30 && dy < 1 << 30;
        for row in from..to {
            let down = 2 * (self.top - i64::from(a[1])) + ((2 * row + 1) << self.shift);
            let along = if small {
                ceil_div(down * dx, dy)
            } else {
                let product = i128::from(down) * i128::from(dx);
                -((-product).div_euclid(i128::from(dy))) as i64
            };
            let column = (start + along) >> (self.shift + 1);
            let column = column.clamp(window.x0.into(), window.x1.into());
            self.crossings.push((row as u64) << 32 | column as u64);
        }
    }
}

/// `a / b` rounded up, for `b` > 0.
#[inline]
fn ceil_div(a: i64, b: i64) -> i64 {
    a / b + i64::from(a % b > 0)
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    type Rings = Vec<Vec<[i32; 2]>>;

    fn each(rings: &Rings) -> impl Iterator<Item = &[[i32; 2]]> {
        rings.iter().map(Vec::as_slice)
    }

    /// Even-odd by a ray to the left, for the centre of a cell.
    fn within(raster: &Raster, rings: &Rings, x: u32, y: u32) -> bool {
        let centre = |start: i64, n: u32| i128::from(2 * start) + (i128::from(2 * n + 1) << raster.shift);
        let (x, y) = (centre(raster.left, x), centre(raster.top, y));
        let mut inside = false;
        for ring in rings {
            for (i, b) in ring.iter().enumerate() {
                let a = ring[(i + ring.len() - 1) % ring.len()].map(|n| 2 * i128::from(n));
                let b = b.map(|n| 2 * i128::from(n));
                if (a[1] <= y) != (b[1] <= y) {
                    let (a, b) = if a[1] < b[1] { (a, b) } else { (b, a) };
                    inside ^= (x - a[0]) * (b[1] - a[1]) >= (y - a[1]) * (b[0] - a[0]);
                }
            }
        }
        inside
    }

    #[test]
    fn a_cell_is_filled_when_its_centre_is_within() {
        let mut random = Random(1);
        for round in 0..3000 {
            let shift = random.below(6) as u32;
            let (left, top) = (i64::from(random.between(-50, 50)), i64::from(random.between(-50, 50)));
            let mut raster = Raster::new(left, top, shift, 1 + random.below(30) as u32, 1 + random.below(30) as u32);
            let far = [40 << shift, 100 << shift, i32::MAX][round % 3];
            let rings: Rings = (0..1 + random.below(3))
                .map(|_| {
                    (0..random.below(9))
                        .map(|_| [random.between(-(far / 2), far / 2), random.between(-(far / 2), far / 2)])
                        .collect()
                })
                .collect();
            let (x0, y0) = (random.below(20) as u32, random.below(20) as u32);
            let window = Window { x0, y0, x1: x0 + random.below(40) as u32, y1: y0 + random.below(40) as u32 };
            let mut part = raster.clone();
            raster.fill(each(&rings), 7);
            part.fill_within(window, each(&rings), 7);
            for y in 0..raster.height {
                for x in 0..raster.width {
                    let i = (y * raster.width + x) as usize;
                    assert_eq!(raster.cells[i] == 7, within(&raster, &rings, x, y), "{round}: {x} {y}");
                    let inner = x >= window.x0 && x < window.x1 && y >= window.y0 && y < window.y1;
                    assert_eq!(part.cells[i] == 7, inner && raster.cells[i] == 7);
                }
            }
            raster.clear(window);
            assert!((0..raster.cells.len()).all(|i| raster.cells[i] == 0 || part.cells[i] == 0));
        }
    }

    #[test]
    fn a_shared_edge_gives_each_cell_to_exactly_one_polygon() {
        let mut random = Random(2);
        for round in 0..300 {
            // A net of quadrilaterals with corners on and beside the centres, some of them turned over.
            let (n, step, shift) = (12, 2 + round % 5, (round % 3) as u32);
            let mut corner = vec![[0; 2]; (n + 1) * (n + 1)];
            for (i, p) in corner.iter_mut().enumerate() {
                let (x, y) = ((i % (n + 1)) as i32, (i / (n + 1)) as i32);
                let free = x > 0 && y > 0 && x < n as i32 && y < n as i32;
                let mut shake = || if free { random.between(-1, 2) } else { 0 };
                *p = [x * step + shake(), y * step + shake()];
            }
            let side = (n as u32 * step as u32) >> shift;
            let mut count = vec![0; (side * side) as usize];
            for i in 0..n * n {
                let at = i / n * (n + 1) + i % n;
                let mut ring = vec![corner[at], corner[at + 1], corner[at + n + 2], corner[at + n + 1]];
                if random.below(2) == 0 {
                    ring.reverse();
                }
                let mut raster = Raster::new(0, 0, shift, side, side);
                raster.fill([ring.as_slice()].into_iter(), 1);
                count.iter_mut().zip(&raster.cells).for_each(|(n, cell)| *n += usize::from(*cell));
            }
            assert!(count.iter().all(|n| n % 2 == 1), "round {round}");
            assert!(step < 3 || count.iter().all(|n| *n == 1), "round {round}");
        }
    }

    #[test]
    fn the_ends_of_the_plane_are_no_danger() {
        let (low, high) = (i32::MIN, i32::MAX);
        let all = vec![vec![[low, low], [high, low], [high, high], [low, high], [low, low]]];
        for (at, shift, expected) in
            [(0, 0, 1), (i64::from(low), 28, 1), (i64::MIN, 5, 0), (i64::MAX, 40, 0), (1 << 40, 32, 0)]
        {
            let mut raster = Raster::new(at, at, shift, 16, 9);
            raster.fill(each(&all), 1);
            assert!(raster.cells.iter().all(|cell| *cell == expected), "{at} {shift}");
        }
        let mut empty = Raster::new(0, 0, 3, 0, 5);
        empty.fill(each(&all), 1);
        empty.clear(Window { x0: 3, y0: 9, x1: 1, y1: 2 });
    }

    #[test]
    #[ignore = "prints timings"]
    fn timing_of_fill() {
        let mut random = Random(3);
        let mut parcels: Vec<Vec<[i32; 2]>> = (0..300_000)
            .map(|_| {
                let (x, y) = (random.between(0, 1 << 21), random.between(0, 1 << 21));
                let r = random.between(100, 3500);
                (0..15)
                    .map(|i| (f64::from(i) * std::f64::consts::TAU / 15.0).sin_cos())
                    .map(|(s, c)| [x + (c * f64::from(r)) as i32, y + (s * f64::from(r)) as i32])
                    .collect()
            })
            .collect();
        parcels.sort_unstable_by_key(|parcel| (parcel[0][1] >> 14, parcel[0][0]));
        for shift in [9, 10, 12] {
            let mut raster = Raster::new(0, 0, shift, 1 << (21 - shift), 1 << (21 - shift));
            let start = std::time::Instant::now();
            for (i, parcel) in parcels.iter().enumerate() {
                raster.fill([parcel.as_slice()].into_iter(), i as Class);
            }
            let ns = start.elapsed().as_nanos() / parcels.len() as u128;
            println!("300000 parcels of 15 points, cells of {} units: {ns} ns each", 1 << shift);
        }
        let huge: Vec<[i32; 2]> = (0..100_000)
            .map(|i| (f64::from(i) * std::f64::consts::TAU / 1e5, 9e5 + 1e5 * (f64::from(i) / 9.0).sin()))
            .map(|(a, r)| [(1e6 + r * a.cos()) as i32, (1e6 + r * a.sin()) as i32])
            .collect();
        let mut raster = Raster::new(0, 0, 9, 1 << 12, 1 << 12);
        raster.fill([[[0; 2], [1 << 21, 0], [1 << 21, 1 << 21], [0, 1 << 21]].as_slice()].into_iter(), 2);
        let start = std::time::Instant::now();
        raster.fill([huge.as_slice()].into_iter(), 1);
        println!("one of 100000 points: {:?}, {} crossings", start.elapsed(), raster.crossings.len());
    }
}
