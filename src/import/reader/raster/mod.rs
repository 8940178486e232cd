//! Rasters: scanned plans and orthophotos, warped to web Mercator and cut into tiles.

mod bands; // which bands make a colour
mod control; // places of single pixels
mod dataset; // GDAL's rasters
mod encode; // PNG, WebP
mod find; // which rasters there are
mod pyramid; // tiles of all zooms
mod site; // where it lies
mod warp; // from its pixels to those of web Mercator

pub use self::find::{Found, is_named_so, is_raster, tables};

use self::bands::Bands;
use self::dataset::Dataset;
use self::pyramid::Pyramid;
use self::site::Site;
use self::warp::Warper;
use super::out::Out;
use super::{errors, foreign, place, source, vsi};
use crate::error::{Error, Result};
use crate::import::frames::{Encoding, Event, LayerInfo, LayerStart, Note, Question, Request};
use crate::import::notes;
use crate::layer::raster::{Look, Picture, TILE};

/// The drivers that may open a raster, those of them that this GDAL has. `MEM` and `WEBP` are for what is made here.
pub const DRIVERS: [&str; 8] = ["GTiff", "PNG", "JPEG", "JP2OpenJPEG", "ECW", "JP2ECW", "MEM", "WEBP"];
/// Endings of rasters, and who may try each.
const ENDINGS: [(&str, &[&str]); 8] = [
    ("tif", &["GTiff"]),
    ("tiff", &["GTiff"]),
    ("png", &["PNG"]),
    ("jpg", &["JPEG"]),
    ("jpeg", &["JPEG"]),
    ("jp2", &["JP2OpenJPEG", "JP2ECW"]),
    ("j2k", &["JP2OpenJPEG", "JP2ECW"]),
    ("ecw", &["ECW"]),
];
/// More than any city's orthophoto: 22 km at 10 cm.
const MOST_PIXELS: u64 = 50_000_000_000;
/// A raster has a byte for as many pixels (scanned plans, packed by the fax method, have a thousand), but for some that are
/// free.
const EMPTINESS: u64 = 2_000;
const FREE_PIXELS: u64 = 400_000_000;
const CACHE: i64 = 512 << 20;
/// Processor time, where a slow machine cuts fifty tiles a second; others cut twice as many.
const SECONDS: u64 = 60;
const TILES_A_SECOND: u64 = 50;

/// Pixels that a source of so many bytes may have.
fn most_pixels(bytes: u64) -> u64 {
    FREE_PIXELS.saturating_add(bytes.saturating_mul(EMPTINESS)).min(MOST_PIXELS)
}

/// Seconds of processor time that cutting the largest raster of a source may take.
pub fn most_seconds(bytes: u64) -> u64 {
    let tiles = most_pixels(bytes) * site::MADE_OF_EACH / u64::from(TILE).pow(2);
    SECONDS + tiles / TILES_A_SECOND
}

/// The drivers for an ending that this GDAL has.
fn drivers(ending: &str) -> Vec<&'static str> {
    let all = ENDINGS
        .iter()
        .find(|(known, _)| *known == ending)
        .map_or(&["GTiff", "PNG", "JPEG", "JP2OpenJPEG"][..], |(_, d)| d);
    all.iter().copied().filter(|name| super::installed::has(name)).collect()
}

/// Prepares GDAL for rasters: an `.aux.xml` beside a file says where it lies; none is ever written.
pub fn prepare() {
    // SAFETY: a number.
    unsafe { gdal_sys::GDALSetCacheMax64(CACHE) };
    vsi::option(c"GDAL_PAM_ENABLED", c"YES");
}

/// One raster, looked at and decided on.
pub struct Plan {
    dataset: Dataset,
    found: Found,
    index: usize,
    name: String,
    bands: Bands,
    site: Site,
    picture: Option<Picture>,
    notes: Vec<Note>,
}

impl Plan {
    /// # Errors
    /// What is no raster, or lies nowhere, or is larger than its file can hold, is refused with what to do.
    pub fn new(found: &Found, index: usize, name: &str, request: &Request) -> Result<Plan> {
        let (path, shown) = (&found.path, found.shown());
        let refuse = |say: &str| Error::Unreadable(format!("`{shown}` {say}"));
        let (drivers, table) = match &found.table {
            Some((table, _)) => (vec!["GPKG"], Some(table.as_str())),
            None => (drivers(&source::ending(path)), None),
        };
        if drivers.is_empty() {
            return Err(refuse("is of a format that the installed GDAL does not read: save it as GeoTIFF"));
        }
        let dataset = Dataset::open(path, &drivers, table).ok_or_else(|| {
            let cause = errors::take_cause().unwrap_or("it is damaged".into());
            refuse(&format!("cannot be read: {cause}"))
        })?;
        if dataset.bands() == 0 && dataset.parts() > 1 {
            return Err(refuse("holds several rasters: export the one that is wanted as GeoTIFF"));
        }
        let (width, height) = dataset.size();
        let pixels = u64::from(width.unsigned_abs()) * u64::from(height.unsigned_abs());
        if pixels > MOST_PIXELS {
            return Err(refuse(&format!(
                "claims {width} × {height} pixels, more than {MOST_PIXELS} in all; cut it into parts"
            )));
        }
        let bytes = vsi::File::open(path).map_or(0, |file| file.1);
        if pixels > most_pixels(bytes) {
            return Err(refuse(&format!(
                "claims {width} × {height} pixels in {bytes} bytes, which no real picture does; save it anew in the program that it is from"
            )));
        }
        let mut notes = Vec::new();
        let site = Site::of(&dataset, found, request, &mut notes)?;
        let bands = Bands::of(&dataset, request.nodata.as_deref(), &shown)?;
        let picture = site.crs.as_ref().map(|crs| site.picture(&dataset, &bands, crs, &shown)).transpose()?;
        notes.extend(site.fit(picture.as_ref().map(|picture| picture.resolution)));
        if bands.wide {
            let (low, high) = bands.range;
            notes.push(notes::values_stretched(low, high));
        }
        notes.extend(errors::take());
        Ok(Plan { dataset, found: found.clone(), index, name: name.into(), bands, picture, site, notes })
    }

    pub fn driver(&self) -> String {
        self.dataset.driver()
    }

    /// Whether it is known where it lies.
    pub fn is_placed(&self) -> bool {
        self.site.crs.is_some()
    }

    /// Processor time that cutting it may take, in seconds.
    pub fn seconds(&self) -> u64 {
        let tiles = self.picture.as_ref().map_or(0, |picture| site::tiles(self.site.mercator, picture.zoom));
        SECONDS + tiles / TILES_A_SECOND
    }

    fn title(&self) -> Option<String> {
        self.found.table.as_ref().and_then(|(_, title)| title.clone())
    }

    pub fn info(self) -> LayerInfo {
        let title = self.title();
        let picture = self.picture.unwrap_or_else(|| self.site.unplaced(&self.dataset, &self.bands));
        LayerInfo {
            index: self.index,
            name: self.name,
            path: self.found.inside,
            title,
            crs: self.site.crs,
            crs_candidates: self.site.candidates,
            extent: Some(self.site.extent),
            extent_lonlat: self.site.bounds,
            encoding: encoding(),
            raster: Some(picture),
            notes: self.notes,
            ..LayerInfo::default()
        }
    }

    /// Name and kind, for the list that comes before the tiles.
    pub fn heading(&self) -> LayerInfo {
        LayerInfo {
            index: self.index,
            name: self.name.clone(),
            path: self.found.inside.clone(),
            title: self.title(),
            raster: self.picture.clone(),
            ..LayerInfo::default()
        }
    }

    /// What the caller must say first.
    pub fn check(&self, out: &mut Out) -> Result<()> {
        if self.site.crs.is_some() {
            return Ok(());
        }
        let (layer, extent, candidates) = (self.name.clone(), Some(self.site.extent), self.site.candidates.clone());
        let refused = place::unknown(&layer, extent, &candidates);
        out.event(&Event::Question(Question::Srs { layer, extent, candidates }))?;
        Err(refused)
    }

    pub fn read(&mut self, out: &mut Out) -> Result<()> {
        let unplaced = || Error::Internal("a raster without a place was to be cut".into());
        let (picture, crs) = (self.picture.clone().ok_or_else(unplaced)?, self.site.crs.clone().ok_or_else(unplaced)?);
        out.event(&Event::Layer(LayerStart {
            index: self.index,
            name: self.name.clone(),
            title: self.title(),
            crs: Some(crs),
            geometry: None,
            shape: None,
            fields: Vec::new(),
            encoding: encoding(),
            count: Some(site::tiles(self.site.mercator, picture.zoom)),
            extent: Some(self.site.extent),
            fid_from_source: false,
            widths: Vec::new(),
            raster: Some(picture.clone()),
            bounds: self.site.bounds,
            notes: std::mem::take(&mut self.notes),
        }))?;
        let way = self.site.way.take().ok_or_else(unplaced)?;
        let mut warper = Warper::new(&self.dataset, &self.bands, way, pyramid::side(picture.zoom) as i32)?;
        let tiles = Pyramid::new(picture.zoom, self.site.mercator, &self.bands, out).cut(&mut warper)?;
        let failed = errors::take();
        for note in failed {
            out.event(&Event::Note(note))?;
        }
        out.event(&Event::LayerEnd {
            read: tiles,
            written: tiles,
            set_aside: 0,
            fid_from_source: false,
            suspects: Vec::new(),
            all_suspect: false,
            extent: None,
        })
    }
}

/// There is no text to be unsure of.
fn encoding() -> Encoding {
    Encoding { name: Some("UTF-8".into()), how: "format".into(), ..Encoding::default() }
}

/// The zoom whose pixels are as fine as those of the source, `metres` of web Mercator across. A plan keeps each of its
/// pixels; a photograph may lose a tenth of its resolution for a quarter of the tiles.
fn deepest(metres: f64, look: Look) -> u8 {
    let slack = match look {
        Look::Photo => 0.15,
        Look::Plan => 0.01,
    };
    let zoom = (pyramid::pixel(0) / metres).log2() - slack;
    zoom.ceil().clamp(0.0, f64::from(crate::geo::MAX_ZOOM)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_zoom_is_as_fine_as_the_source() {
        assert_eq!(deepest(pyramid::pixel(17), Look::Plan), 17);
        assert_eq!(deepest(pyramid::pixel(17) / 1.05, Look::Plan), 18);
        assert_eq!(deepest(pyramid::pixel(17) / 1.05, Look::Photo), 17);
        assert_eq!(deepest(pyramid::pixel(17) / 1.3, Look::Photo), 18);
        assert_eq!((deepest(1e-9, Look::Plan), deepest(1e9, Look::Plan)), (24, 0));
    }
}
