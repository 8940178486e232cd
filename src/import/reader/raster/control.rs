//! Control points: a scanned plan says of some of its pixels where they are, and is bent so that it fits them.

use std::ffi::{c_int, c_void};

use gdal_sys as sys;

use super::errors;

/// More than anybody sets by hand, or a program does by a grid.
const MOST: usize = 10_000;
/// Farther out there is no pixel and no place.
const FARTHEST: f64 = 1e12;
/// From as many points on GDAL takes a polynomial of order 2.
const SECOND_ORDER: usize = 6;

/// Where one pixel is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left and from above, in pixels.
    pub pixel: (f64, f64),
    /// In the coordinates of the source.
    pub place: (f64, f64),
}

/// The polynomials through or near the points, from pixels to places and back.
pub struct Fit {
    pub points: Vec<Point>,
    transformer: *mut c_void,
}

impl Fit {
    /// Errors: why the points are none that anything lies by; what to do is for the caller to add.
    pub fn new(points: Vec<Point>) -> Result<Fit, String> {
        if points.len() < 3 {
            return Err(format!("has {} control points, and it takes three to place it", points.len()));
        }
        if points.len() > MOST {
            return Err(format!("has {} control points, more than {MOST}", points.len()));
        }
        let sane = |(x, y): (f64, f64)| x.abs() < FARTHEST && y.abs() < FARTHEST;
        if let Some(odd) = points.iter().find(|p| !sane(p.pixel) || !sane(p.place)) {
            let ((column, line), (x, y)) = (odd.pixel, odd.place);
            return Err(format!("has a control point that is none: pixel {column}, {line} at {x}, {y}"));
        }
        let list = gcps(&points);
        // SAFETY: the list has the length that is told; GDAL copies it.
        let transformer =
            unsafe { sys::GDALCreateGCPTransformer(list.len() as c_int, list.as_ptr(), order(points.len()), 0) };
        if transformer.is_null() {
            errors::take();
            return Err("has control points that lie on one line or in one place, which place nothing".into());
        }
        Ok(Fit { points, transformer })
    }

    /// Places of pixels; what is not finite is nowhere.
    pub fn places(&self, pixels: &[(f64, f64)]) -> Vec<(f64, f64)> {
        self.transform(pixels, false)
    }

    fn transform(&self, from: &[(f64, f64)], back: bool) -> Vec<(f64, f64)> {
        let (mut x, mut y): (Vec<f64>, Vec<f64>) = from.iter().copied().unzip();
        let (mut z, mut there) = (vec![0.0; x.len()], vec![0 as c_int; x.len()]);
        let (n, back) = (x.len() as c_int, c_int::from(back));
        // SAFETY: four lists of the length that is told, alive for the call.
        unsafe {
            let (x, y, z, there) = (x.as_mut_ptr(), y.as_mut_ptr(), z.as_mut_ptr(), there.as_mut_ptr());
            sys::GDALGCPTransform(self.transformer, back, n, x, y, z, there);
        }
        let at = |i: usize| if there[i] != 0 { (x[i], y[i]) } else { (f64::NAN, f64::NAN) };
        (0..x.len()).map(at).collect()
    }

    /// By how many pixels the points are off: their root mean square, the worst, and the pixel of that one. None where there are
    /// as many points as the polynomial has coefficients, which fits so few always.
    pub fn off(&self) -> Option<[f64; 4]> {
        let (n, order) = (self.points.len(), order(self.points.len()) as usize);
        if n == (order + 1) * (order + 2) / 2 {
            return None;
        }
        let places: Vec<_> = self.points.iter().map(|p| p.place).collect();
        let off = |(p, (x, y)): (&Point, (f64, f64))| (x - p.pixel.0).hypot(y - p.pixel.1);
        let off: Vec<f64> = self.points.iter().zip(self.transform(&places, true)).map(off).collect();
        let mean = (off.iter().map(|d| d * d).sum::<f64>() / n as f64).sqrt();
        let (worst, most) = off.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (column, line) = self.points[worst].pixel;
        Some([mean, most, column, line])
    }
}

impl Drop for Fit {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { sys::GDALDestroyGCPTransformer(self.transformer) };
    }
}

/// The order of the polynomial for so many points, as GDAL chooses it; thin plate splines it takes only when asked to.
pub fn order(points: usize) -> c_int {
    if points < SECOND_ORDER { 1 } else { 2 }
}

/// The points as GDAL has them, for a call that copies them.
pub fn gcps(points: &[Point]) -> Vec<sys::GDAL_GCP> {
    let text = c"".as_ptr().cast_mut();
    let gcp = |p: &Point| sys::GDAL_GCP {
        pszId: text,
        pszInfo: text,
        dfGCPPixel: p.pixel.0,
        dfGCPLine: p.pixel.1,
        dfGCPX: p.place.0,
        dfGCPY: p.place.1,
        dfGCPZ: 0.0,
    };
    points.iter().map(gcp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(n: usize, off: f64) -> Vec<Point> {
        let pixel = |i: usize| ((i * 37 % 100) as f64 * 10.0, (i * 61 % 100) as f64 * 8.0);
        let place = |(x, y): (f64, f64)| (580_000.0 + 0.5 * x + 0.01 * y, 1_280_000.0 - 0.5 * y + 0.02 * x);
        let point = |i| Point { pixel: pixel(i), place: place(pixel(i)) };
        let mut points: Vec<Point> = (0..n).map(point).collect();
        points[n - 1].place.0 += off;
        points
    }

    #[test]
    fn points_on_a_plane_place_every_pixel() {
        for n in [3, 5, 6, 12] {
            let fit = Fit::new(points(n, 0.0)).ok().unwrap();
            let (x, y) = fit.places(&[(200.0, 300.0)])[0];
            assert!((x - 580_103.0).abs() < 1e-4 && (y - 1_279_854.0).abs() < 1e-4, "{n}: {x} {y}");
        }
    }

    #[test]
    fn what_is_off_is_known_unless_nothing_can_tell() {
        let off = |n, off| Fit::new(points(n, off)).ok().unwrap().off();
        assert_eq!((off(3, 9.0), off(6, 9.0)), (None, None));
        assert!(off(5, 0.0).is_some_and(|[mean, most, ..]| mean < 1e-6 && most < 1e-6));
        assert!(off(12, 20.0).is_some_and(|[mean, most, ..]| mean > 1.0 && most > mean));
    }

    #[test]
    fn points_that_place_nothing_are_refused() {
        let on_a_line = (0..5).map(|i| Point { pixel: (i as f64, i as f64), place: (i as f64, i as f64) }).collect();
        for (points, word) in [
            (points(2, 0.0), "takes three"),
            (on_a_line, "one line"),
            (vec![Point { pixel: (1.0, 2.0), place: (5.0, 5.0) }; 4], "one place"),
            (points(4, f64::NAN), "that is none"),
            (points(4, f64::INFINITY), "that is none"),
        ] {
            let said = Fit::new(points).err().unwrap();
            assert!(said.contains(word), "{said}");
        }
    }
}
