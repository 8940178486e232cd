//! Where a raster lies: its corners, its coordinate system, what of the earth it covers.

use super::super::place;
use super::super::srs::Srs;
use super::super::vsi;
use super::bands::Bands;
use super::control::{self, Fit, Point};
use super::dataset::Dataset;
use super::find::Found;
use super::warp::Way;
use super::{deepest, pyramid};
use crate::error::{Error, Result};
use crate::geo::mercator_scale;
use crate::import::frames::{Candidate, Crs, Note, Request};
use crate::import::notes;
use crate::layer::raster::Picture;

/// Steps along each side, and across, at which a raster is followed to web Mercator.
const STEPS: usize = 16;
/// Pixels that may be made of each of a raster: turned ones have corners with nothing in them, and zooms come in steps of 2.
pub const MADE_OF_EACH: u64 = 12;
/// As many are made of any raster, however small.
const MADE_AT_LEAST: u64 = 4 << 20;
/// A `.prj` is a line of text.
const MOST_PRJ: usize = 64 << 10;

/// How pixels become coordinates.
pub enum Placement {
    /// By six numbers, as of a world file.
    Corner([f64; 6]),
    Points(Fit),
}

impl Placement {
    /// What the caller says, what the file says. `shown` names the raster in errors.
    fn of(dataset: &Dataset, request: &Request, shown: &str) -> Result<Placement> {
        let refuse = |say: &str| Error::Unreadable(format!("`{shown}` {say}"));
        let given = request
            .control_points
            .iter()
            .map(|[column, line, x, y]| Point { pixel: (*column, *line), place: (*x, *y) });
        let given: Vec<Point> = given.collect();
        if let Some(six) = dataset.placement().filter(|_| given.is_empty()) {
            let [_, a, b, _, c, d] = six;
            let sane = six.iter().all(|v| v.is_finite() && v.abs() < 1e12) && (a * d - b * c).abs() > 1e-24;
            let say =
                || refuse(&format!("has a place that is none: {six:?}; mend its world file or georeference it anew"));
            return sane.then_some(Placement::Corner(six)).ok_or_else(say);
        }
        let points = if given.is_empty() { dataset.control_points() } else { given };
        if points.is_empty() {
            return Err(refuse(
                "does not say where it lies: put a world file (.tfw, .pgw, .jgw) beside it, export it as GeoTIFF with its coordinates, or name three pixels or more with `--gcp`",
            ));
        }
        let mend = "set more of them, such as with QGIS's Georeferencer or `--gcp`";
        Fit::new(points).map(Placement::Points).map_err(|say| refuse(&format!("{say}; {mend}")))
    }

    fn places(&self, pixels: &[(f64, f64)]) -> Vec<(f64, f64)> {
        match self {
            Placement::Corner([x, a, b, y, c, d]) => {
                pixels.iter().map(|(i, j)| (x + i * a + j * b, y + i * c + j * d)).collect()
            }
            Placement::Points(fit) => fit.places(pixels),
        }
    }
}

pub struct Site {
    placement: Placement,
    size: (i32, i32),
    pub crs: Option<Crs>,
    pub candidates: Vec<Candidate>,
    /// West, south, east, north in the source's coordinates.
    pub extent: [f64; 4],
    /// The same in degrees.
    pub bounds: Option<[f64; 4]>,
    /// The same in metres of web Mercator.
    pub mercator: [f64; 4],
    pub way: Option<Way>,
}

impl Site {
    pub fn of(dataset: &Dataset, found: &Found, request: &Request, notes: &mut Vec<Note>) -> Result<Site> {
        let shown = &found.shown();
        let refuse = |say: &str| Error::Unreadable(format!("`{shown}` {say}"));
        let placement = Placement::of(dataset, request, shown)?;
        if request.swap_xy {
            return Err(refuse("is a raster, whose axes cannot be exchanged: mend its world file"));
        }
        let mut site = Site {
            placement,
            size: dataset.size(),
            crs: None,
            candidates: Vec::new(),
            extent: [0.0; 4],
            bounds: None,
            mercator: [0.0; 4],
            way: None,
        };
        let corners = site.placement.places(&grid(site.size, 1));
        if corners.iter().any(|(x, y)| !(x.is_finite() && y.is_finite())) {
            return Err(refuse("has corners that are nowhere; georeference it anew"));
        }
        site.extent = around(corners.iter().copied());
        site.locate(dataset, found, request, &corners, notes)?;
        if let Some(crs) = site.crs.clone() {
            site.follow(&crs, shown)?;
        }
        Ok(site)
    }

    /// How well control points place it, where it lies by such.
    pub fn fit(&self, metres: Option<f64>) -> Option<Note> {
        let Placement::Points(fit) = &self.placement else { return None };
        Some(notes::control_points(fit.points.len(), control::order(fit.points.len()), fit.off(), metres))
    }

    /// As layers of features are placed: what the caller says, what the file says, or what it could be.
    fn locate(
        &mut self,
        dataset: &Dataset,
        found: &Found,
        request: &Request,
        corners: &[(f64, f64)],
        notes: &mut Vec<Note>,
    ) -> Result<()> {
        let mut own_notes = Vec::new();
        let own = dataset.srs().filter(|srs| !srs.name().starts_with("Undefined")).or_else(|| beside(&found.path));
        let own = own.and_then(|srs| place::of(&srs, &mut own_notes));
        if let Some(text) = &request.srs {
            let given = place::given(text)?;
            if let Some(own) = own.filter(|own| own.srid != given.srid) {
                notes.push(notes::crs_overruled(&own.name, &given.name));
            }
            self.crs = Some(given);
            return Ok(());
        }
        notes.append(&mut own_notes);
        let doubt = own.as_ref().and_then(|crs| place::doubt(crs, corners));
        self.crs = own.filter(|_| doubt.is_none());
        notes.extend(doubt);
        if self.crs.is_none() {
            self.candidates = place::candidates(corners);
            self.candidates.retain(|c| !c.swap_xy);
        }
        Ok(())
    }

    /// Follows the raster to web Mercator; what has no place there is not in the coordinate system it is said to be in.
    fn follow(&mut self, crs: &Crs, shown: &str) -> Result<()> {
        let nowhere = || {
            let [w, s, e, n] = self.extent;
            Error::Unreadable(format!(
                "`{shown}` cannot be placed on earth: its corners ({w}, {s} to {e}, {n}) are not in `{}`; say the right system with `--srs`",
                crs.name
            ))
        };
        let srs = place::described_whole(crs).ok_or_else(nowhere)?;
        let lonlat = srs.to_lonlat(None).ok_or_else(nowhere)?;
        let degrees: Option<Vec<_>> =
            self.placement.places(&grid(self.size, STEPS)).into_iter().map(|(x, y)| lonlat.point(x, y)).collect();
        let bounds = around(degrees.ok_or_else(nowhere)?.into_iter());
        // Farther to the poles web Mercator ends.
        if bounds[0] < -180.0 || bounds[2] > 180.0 || bounds[1] < -85.06 || bounds[3] > 85.06 {
            return Err(nowhere());
        }
        let way = Way::new(self.size, &self.placement, &srs).ok_or_else(nowhere)?;
        let places: Option<Vec<_>> = way.places(&grid(self.size, STEPS)).into_iter().collect();
        self.mercator = around(places.ok_or_else(nowhere)?.into_iter());
        self.bounds = Some(bounds);
        self.way = Some(way);
        Ok(())
    }

    /// What is made of it.
    pub fn picture(&self, dataset: &Dataset, bands: &Bands, crs: &Crs, shown: &str) -> Result<Picture> {
        let refuse = |say: String| Error::Unreadable(format!("`{shown}` {say}"));
        let middle = (f64::from(self.size.0) / 2.0, f64::from(self.size.1) / 2.0);
        let near = [middle, (middle.0 + 0.5, middle.1), (middle.0, middle.1 + 0.5)];
        let places: Option<Vec<_>> =
            self.way.as_ref().map_or(Vec::new(), |way| way.places(&near)).into_iter().collect();
        let pixel = match places.as_deref() {
            Some([at, right, below]) => {
                let ((ax, ay), (bx, by)) = ((right.0 - at.0, right.1 - at.1), (below.0 - at.0, below.1 - at.1));
                (ax * by - ay * bx).abs().sqrt() * 2.0
            }
            _ => 0.0,
        };
        if !(pixel.is_finite() && pixel > 1e-6) {
            return Err(refuse(format!(
                "has pixels that are no place on the ground in `{}`; say the right system with `--srs`",
                crs.name
            )));
        }
        let zoom = deepest(pixel, bands.look);
        let made = tiles(self.mercator, zoom).saturating_mul(u64::from(crate::layer::raster::TILE).pow(2));
        let pixels = u64::from(self.size.0.unsigned_abs()) * u64::from(self.size.1.unsigned_abs());
        if made > MADE_AT_LEAST.max(pixels.saturating_mul(MADE_OF_EACH)) {
            return Err(refuse(format!(
                "has {pixels} pixels and would become {made} of tiles: its pixels are not as wide as high, so that it is most likely placed wrongly"
            )));
        }
        let resolution = pixel * mercator_scale(self.bounds.map_or(0.0, |[_, s, _, n]| (s + n) / 2.0));
        Ok(Picture { resolution, zoom, ..self.unplaced(dataset, bands) })
    }

    /// What is known while nobody says where it lies.
    pub fn unplaced(&self, dataset: &Dataset, bands: &Bands) -> Picture {
        let (width, height) = dataset.size();
        let (width, height) = (width.unsigned_abs(), height.unsigned_abs());
        Picture { width, height, bands: bands.told(), resolution: 0.0, look: bands.look, zoom: 0 }
    }
}

/// Tiles of all zooms that meet a box.
pub fn tiles(mercator: [f64; 4], zoom: u8) -> u64 {
    let of = |z| {
        let [columns, rows] = pyramid::range(mercator, z);
        u64::from(columns.1 - columns.0 + 1) * u64::from(rows.1 - rows.0 + 1)
    };
    (0..=zoom).map(of).sum()
}

/// Pixels at `steps` steps along both sides.
fn grid((width, height): (i32, i32), steps: usize) -> Vec<(f64, f64)> {
    let at = |whole: i32, step: usize| f64::from(whole) * step as f64 / steps as f64;
    (0..=steps).flat_map(|j| (0..=steps).map(move |i| (at(width, i), at(height, j)))).collect()
}

fn around(points: impl Iterator<Item = (f64, f64)>) -> [f64; 4] {
    points
        .fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |[w, s, e, n], (x, y)| [w.min(x), s.min(y), e.max(x), n.max(y)])
}

/// The coordinate system of a `.prj` beside the file, which GDAL reads for shapefiles only.
fn beside(path: &str) -> Option<Srs> {
    let text = vsi::head(&vsi::sibling(path, "prj")?, MOST_PRJ);
    Srs::from_wkt(std::str::from_utf8(&text).ok()?.trim_start_matches('\u{feff}'))
}
