//! What a picture shows: a box in some coordinate system on so many pixels, and where in it a place on web Mercator lies.

use std::f64::consts::PI;

use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::{Bbox, Crs};
use crate::sql::Sql;
use crate::tiles::grid::HALF;

/// A box on pixels. Sides are west, south, east, north in the system's units, x first whatever order its axes have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    pub crs: Crs,
    pub sides: [f64; 4],
    pub width: u32,
    pub height: u32,
    /// Pixels of the picture to one of a screen of 96 to the inch: text and lines grow with it.
    pub scale: f64,
}

impl View {
    /// Units of the system across one pixel.
    pub fn resolution(&self) -> [f64; 2] {
        let [west, south, east, north] = self.sides;
        [(east - west) / f64::from(self.width), (north - south) / f64::from(self.height)]
    }

    fn pixel(&self, x: f64, y: f64) -> [f64; 2] {
        let ([west, _, _, north], [dx, dy]) = (self.sides, self.resolution());
        [(x - west) / dx, (north - y) / dy]
    }

    /// A place in the picture, in pixels from its upper left corner, in the system's units.
    pub fn place(&self, column: f64, row: f64) -> [f64; 2] {
        let ([west, _, _, north], [dx, dy]) = (self.sides, self.resolution());
        [west + column * dx, north - row * dy]
    }
}

/// A place on the square of web Mercator: from 0 to 1, from the west and from the north.
pub type Square = [f64; 2];

/// The square of a position in degrees.
pub fn square(lon: f64, lat: f64) -> Square {
    let lat = lat.clamp(-85.06, 85.06).to_radians();
    [lon / 360.0 + 0.5, (1.0 - lat.tan().asinh() / PI) / 2.0]
}

fn degrees([u, v]: Square) -> [f64; 2] {
    [(u - 0.5) * 360.0, (PI * (1.0 - 2.0 * v)).sinh().atan().to_degrees()]
}

/// From the square of web Mercator to the pixels of a view.
pub struct Warp {
    view: View,
    way: Way,
    /// West, north, east, south of what can be seen, on the square.
    pub window: [f64; 4],
}

enum Way {
    /// The view is of web Mercator itself.
    Mercator,
    /// Of degrees on WGS 84.
    Degrees,
    /// Of another system: a net of places that PostGIS has transformed, straight between its knots.
    Net(Net),
}

/// Meshes along each side of a net. Within a mesh a projection is straight but for the square of the mesh's width over
/// the radius of the earth: for a picture of a city under a millimetre, for one of the country a fraction of its pixel.
const MESHES: usize = 32;

impl Warp {
    /// The way into `view` for what lies within `extent` (degrees); none when none of it can be seen.
    pub async fn new(pool: &PgPool, view: View, extent: Bbox) -> Result<Option<Warp>> {
        let ([west, south, east, north], extent) = (view.sides, extent.grow(0.0005));
        let (nw, se) = (square(extent.west, extent.north), square(extent.east, extent.south));
        let data = [nw[0], nw[1], se[0], se[1]];
        let (way, seen) = match view.crs.srid {
            3857 => {
                let at = |x: f64, y: f64| [x / HALF / 2.0 + 0.5, 0.5 - y / HALF / 2.0];
                let ([u0, v0], [u1, v1]) = (at(west, north), at(east, south));
                (Way::Mercator, [u0, v0, u1, v1])
            }
            4326 => {
                let ([u0, v0], [u1, v1]) = (square(west, north), square(east, south));
                (Way::Degrees, [u0, v0, u1, v1])
            }
            _ => {
                let coarse = Net::new(pool, view, data).await?;
                let Some(near) = coarse.seen() else { return Ok(None) };
                let fine = Net::new(pool, view, near).await?;
                let Some(seen) = fine.seen() else { return Ok(None) };
                (Way::Net(fine), seen)
            }
        };
        let window = [seen[0].max(data[0]), seen[1].max(data[1]), seen[2].min(data[2]), seen[3].min(data[3])];
        Ok((window[0] <= window[2] && window[1] <= window[3]).then_some(Warp { view, way, window }))
    }

    /// Where a place is in the picture, in pixels from its upper left corner.
    #[inline]
    pub fn pixel(&self, place: Square) -> [f64; 2] {
        match &self.way {
            Way::Mercator => self.view.pixel((place[0] - 0.5) * 2.0 * HALF, (0.5 - place[1]) * 2.0 * HALF),
            Way::Degrees => {
                let [lon, lat] = degrees(place);
                self.view.pixel(lon, lat)
            }
            Way::Net(net) => net.pixel(place),
        }
    }

    /// The place that a pixel of the picture shows; none where there is none.
    pub fn place(&self, pixel: [f64; 2]) -> Option<Square> {
        match &self.way {
            Way::Mercator => {
                let [x, y] = self.view.place(pixel[0], pixel[1]);
                Some([x / (2.0 * HALF) + 0.5, 0.5 - y / (2.0 * HALF)])
            }
            Way::Degrees => {
                let [lon, lat] = self.view.place(pixel[0], pixel[1]);
                Some(square(lon, lat))
            }
            Way::Net(net) => net.place(pixel),
        }
    }

    /// Pixels that the side of the square would have, by the area of what is in the middle of the window.
    pub fn world(&self) -> f64 {
        let [u, v] = [(self.window[0] + self.window[2]) / 2.0, (self.window[1] + self.window[3]) / 2.0];
        let step = ((self.window[2] - self.window[0]).min(self.window[3] - self.window[1]) / 4.0).max(1e-12);
        let (at, right, down) = (self.pixel([u, v]), self.pixel([u + step, v]), self.pixel([u, v + step]));
        let ([ax, ay], [bx, by]) = ([right[0] - at[0], right[1] - at[1]], [down[0] - at[0], down[1] - at[1]]);
        (ax * by - ay * bx).abs().sqrt() / step
    }
}

/// Knots in rows from the north-west.
struct Net {
    view: View,
    window: [f64; 4],
    knots: Vec<[f64; 2]>,
}

impl Net {
    async fn new(pool: &PgPool, view: View, window: [f64; 4]) -> Result<Net> {
        let at = |low: f64, high: f64, k: usize| low + (high - low) * k as f64 / MESHES as f64;
        let (mut lons, mut lats) = (Vec::new(), Vec::new());
        for row in 0..=MESHES {
            for column in 0..=MESHES {
                let [lon, lat] = degrees([at(window[0], window[2], column), at(window[1], window[3], row)]);
                lons.push(lon);
                lats.push(lat);
            }
        }
        let sql = Sql::new(
            "SELECT array_agg(ST_X(p) ORDER BY n) AS x, array_agg(ST_Y(p) ORDER BY n) AS y FROM (SELECT n, ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), ",
        )
        .bind(view.crs.srid)
        .push("::int) AS p FROM unnest(")
        .bind(lons)
        .push("::float8[], ")
        .bind(lats)
        .push("::float8[]) WITH ORDINALITY AS at(lon, lat, n) OFFSET 0) knots");
        let row = run::one(pool, sql).await?;
        let (x, y): (Vec<f64>, Vec<f64>) = (row.try_get("x")?, row.try_get("y")?);
        let knots: Vec<[f64; 2]> = x.into_iter().zip(y).map(|(x, y)| view.pixel(x, y)).collect();
        if knots.iter().flatten().any(|v| !v.is_finite()) {
            return Err(Error::invalid("bbox", "the box is too small to be drawn"));
        }
        Ok(Net { view, window, knots })
    }

    fn knot(&self, column: usize, row: usize) -> [f64; 2] {
        self.knots[row * (MESHES + 1) + column]
    }

    fn pixel(&self, [u, v]: Square) -> [f64; 2] {
        let [u0, v0, u1, v1] = self.window;
        let place = |at: f64, low: f64, high: f64| {
            let t = (at - low) / (high - low).max(1e-300) * MESHES as f64;
            let mesh = t.clamp(0.0, (MESHES - 1) as f64) as usize;
            (mesh, t - mesh as f64)
        };
        let ((column, s), (row, t)) = (place(u, u0, u1), place(v, v0, v1));
        let (a, b) = (self.knot(column, row), self.knot(column + 1, row));
        let (c, d) = (self.knot(column, row + 1), self.knot(column + 1, row + 1));
        [0, 1].map(|i| {
            let (top, bottom) = (a[i] + (b[i] - a[i]) * s, c[i] + (d[i] - c[i]) * s);
            top + (bottom - top) * t
        })
    }

    /// The part of the window that can be seen, wider by a fraction of a mesh: within a mesh the net is not exact.
    fn seen(&self) -> Option<[f64; 4]> {
        let [u0, v0, u1, v1] = self.window;
        let (width, height) = (f64::from(self.view.width), f64::from(self.view.height));
        const STEPS: usize = 8;
        let mut seen = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for k in 0..=STEPS {
            let t = k as f64 / STEPS as f64;
            for at in [[t * width, 0.0], [t * width, height], [0.0, t * height], [width, t * height]] {
                let Some([u, v]) = self.place(at) else { return Some(self.window) };
                seen = [seen[0].min(u), seen[1].min(v), seen[2].max(u), seen[3].max(v)];
            }
        }
        let (du, dv) = ((u1 - u0) / MESHES as f64 * 0.1, (v1 - v0) / MESHES as f64 * 0.1);
        let seen = [(seen[0] - du).max(u0), (seen[1] - dv).max(v0), (seen[2] + du).min(u1), (seen[3] + dv).min(v1)];
        (seen[0] < seen[2] && seen[1] < seen[3]).then_some(seen)
    }

    /// The place that a pixel shows, by Newton's way; none where that leads nowhere.
    fn place(&self, wanted: [f64; 2]) -> Option<Square> {
        let [u0, v0, u1, v1] = self.window;
        let (mut u, mut v) = ((u0 + u1) / 2.0, (v0 + v1) / 2.0);
        let (du, dv) = ((u1 - u0) * 1e-4, (v1 - v0) * 1e-4);
        for _ in 0..30 {
            let (at, right, down) = (self.pixel([u, v]), self.pixel([u + du, v]), self.pixel([u, v + dv]));
            let [a, c] = [0, 1].map(|i| (right[i] - at[i]) / du);
            let [b, d] = [0, 1].map(|i| (down[i] - at[i]) / dv);
            let (x, y, det) = (wanted[0] - at[0], wanted[1] - at[1], a * d - b * c);
            let step = [(x * d - y * b) / det, (y * a - x * c) / det];
            (u, v) = (u + step[0], v + step[1]);
            if !(u.is_finite() && v.is_finite()) {
                return None;
            }
            if x.abs() < 1e-3 && y.abs() < 1e-3 {
                return Some([u, v]);
            }
        }
        None
    }
}
