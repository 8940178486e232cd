//! Rasters: scanned plans and orthophotos, warped to web Mercator and cut into tiles.

mod bands; // which bands make a colour
mod dataset; // GDAL's rasters
mod encode; // PNG, WebP
mod pyramid; // tiles of all zooms
mod site; // where it lies
mod warp; // from its pixels to those of web Mercator

use self::bands::Bands;
use self::dataset::Dataset;
use self::encode::Encoder;
use self::pyramid::Pyramid;
use self::site::Site;
use self::warp::Warper;
use super::out::Out;
use super::{errors, foreign, limits, place, source, vsi};
use crate::error::{Error, Result};
use crate::import::called::stem;
use crate::import::frames::{Action, Encoding, Event, LayerInfo, LayerStart, Note, Question, Request};
use crate::import::notes;
use crate::layer::raster::{Look, Picture};

/// The drivers that may open a raster, those of them that this GDAL has. `MEM` and `WEBP` are for what is made here.
pub const DRIVERS: [&str; 8] = ["GTiff", "PNG", "JPEG", "JP2OpenJPEG", "ECW", "JP2ECW", "MEM", "WEBP"];
/// Endings of rasters, and who may try each.
const ENDINGS: [(&str, &[&str]); 9] = [
    ("tif", &["GTiff"]),
    ("tiff", &["GTiff"]),
    ("png", &["PNG"]),
    ("jpg", &["JPEG"]),
    ("jpeg", &["JPEG"]),
    ("jp2", &["JP2OpenJPEG", "JP2ECW"]),
    ("j2k", &["JP2OpenJPEG", "JP2ECW"]),
    ("ecw", &["ECW"]),
    ("gpkg", &["GPKG"]),
];
/// More than any city's orthophoto: 22 km at 10 cm.
const MOST_PIXELS: i64 = 50_000_000_000;
/// A larger raster must have a byte for this many pixels: blank paper, packed by the fax method, has 5,000.
const EMPTINESS: i64 = 20_000;
const EMPTINESS_MATTERS: i64 = 1_000_000_000;
const CACHE: i64 = 512 << 20;
/// Processor time, where a slow machine cuts four tiles a second; others cut a hundred.
const SECONDS: u64 = 60;
const TILES_A_SECOND: u64 = 4;

/// Whether a file is a raster by its first bytes and its name.
pub fn is_raster(path: &str) -> bool {
    let head = vsi::head(path, foreign::HEAD);
    let starts = |magic: &[u8]| head.starts_with(magic);
    let ending = source::ending(path);
    starts(b"II*\0")
        || starts(b"MM\0*")
        || starts(b"II+\0")
        || starts(b"MM\0+")
        || starts(b"\x89PNG")
        || starts(&[0xFF, 0xD8, 0xFF])
        || starts(b"\0\0\0\x0CjP")
        || starts(&[0xFF, 0x4F, 0xFF, 0x51])
        || (ending == "ecw" && !drivers("ecw").is_empty())
}

/// Whether the name is that of a raster in an archive.
pub fn is_named_so(name: &str) -> bool {
    let ending = source::ending(name);
    ending != "gpkg" && ENDINGS.iter().any(|(known, _)| *known == ending)
}

/// The drivers for an ending that this GDAL has.
fn drivers(ending: &str) -> Vec<&'static str> {
    let all = ENDINGS
        .iter()
        .find(|(known, _)| *known == ending)
        .map_or(&["GTiff", "PNG", "JPEG", "JP2OpenJPEG"][..], |(_, d)| d);
    all.iter().copied().filter(|name| super::installed::has(name)).collect()
}

/// One raster, looked at and decided on.
struct Plan {
    dataset: Dataset,
    index: usize,
    name: String,
    bands: Bands,
    site: Site,
    picture: Option<Picture>,
    notes: Vec<Note>,
}

/// Answers for the rasters at these paths, in the words that layers of features are answered for.
pub fn answer(paths: &[String], request: &Request, out: &mut Out) -> Result<()> {
    // SAFETY: a number.
    unsafe { gdal_sys::GDALSetCacheMax64(CACHE) };
    // An `.aux.xml` beside the file says where it lies; none is ever written.
    vsi::option(c"GDAL_PAM_ENABLED", c"YES");
    let (mut plans, mut names, mut driver) = (Vec::new(), Vec::new(), String::new());
    for path in paths {
        let name = match &request.name {
            Some(own) if !path.starts_with("/vsi") => own,
            _ => source::shown(path),
        };
        let name = stem(name).to_string();
        if request.wants(&name, "") {
            let plan = Plan::new(path, names.len(), &name, &request.of(&name, ""))?;
            driver = plan.dataset.driver();
            plans.push(plan);
        }
        names.push((name, String::new()));
    }
    super::known(request, &names)?;
    let path = request.path.clone();
    let notes = errors::take();
    if request.action == Action::Inspect {
        let layers = plans.into_iter().map(Plan::info).collect();
        return out.event(&Event::Source { driver, path, layers, notes });
    }
    // Nothing is sent before everything can be read.
    let checked: Vec<Result<()>> = plans.iter().map(|plan| plan.check(out)).collect();
    checked.into_iter().collect::<Result<()>>()?;
    let layers = plans.iter().map(Plan::heading).collect();
    out.event(&Event::Source { driver, path, layers, notes })?;
    let tiles: u64 = plans.iter().filter_map(|p| Some(site::tiles(p.site.mercator, p.picture.as_ref()?.zoom))).sum();
    limits::take_time(SECONDS + tiles / TILES_A_SECOND);
    plans.into_iter().try_for_each(|plan| plan.read(out))
}

impl Plan {
    fn new(path: &str, index: usize, name: &str, request: &Request) -> Result<Plan> {
        let shown = source::shown(path).to_string();
        let refuse = |say: &str| Error::Unreadable(format!("`{shown}` {say}"));
        let drivers = drivers(&source::ending(path));
        if drivers.is_empty() {
            return Err(refuse("is of a format that the installed GDAL does not read: save it as GeoTIFF"));
        }
        let dataset = Dataset::open(path, &drivers).ok_or_else(|| {
            let cause = errors::take_cause().unwrap_or("it is damaged".into());
            refuse(&format!("cannot be read: {cause}"))
        })?;
        if dataset.bands() == 0 && dataset.parts() > 1 {
            return Err(refuse("holds several rasters: export the one that is wanted as GeoTIFF"));
        }
        let (width, height) = dataset.size();
        let pixels = i64::from(width) * i64::from(height);
        if pixels > MOST_PIXELS {
            return Err(refuse(&format!(
                "claims {width} × {height} pixels, more than {MOST_PIXELS} in all; cut it into parts"
            )));
        }
        let bytes = vsi::File::open(path).map_or(0, |file| file.1) as i64;
        if pixels > EMPTINESS_MATTERS && pixels / EMPTINESS > bytes {
            return Err(refuse(&format!(
                "claims {width} × {height} pixels in {bytes} bytes, which no real picture does"
            )));
        }
        let mut notes = Vec::new();
        let bands = Bands::of(&dataset, &shown)?;
        let site = Site::of(&dataset, path, request, &mut notes)?;
        let picture = site.crs.as_ref().map(|crs| site.picture(&dataset, &bands, crs, &shown)).transpose()?;
        if bands.wide {
            let (low, high) = bands.range;
            notes.push(notes::values_stretched(low, high));
        }
        notes.extend(errors::take());
        Ok(Plan { dataset, index, name: name.into(), bands, picture, site, notes })
    }

    fn info(self) -> LayerInfo {
        let picture = self.picture.unwrap_or_else(|| self.site.unplaced(&self.dataset, &self.bands));
        LayerInfo {
            index: self.index,
            name: self.name,
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

    fn heading(&self) -> LayerInfo {
        LayerInfo { index: self.index, name: self.name.clone(), ..LayerInfo::default() }
    }

    fn check(&self, out: &mut Out) -> Result<()> {
        if self.site.crs.is_some() {
            return Ok(());
        }
        let (layer, extent, candidates) = (self.name.clone(), Some(self.site.extent), self.site.candidates.clone());
        let refused = place::unknown(&layer, extent, &candidates);
        out.event(&Event::Question(Question::Srs { layer, extent, candidates }))?;
        Err(refused)
    }

    fn read(mut self, out: &mut Out) -> Result<()> {
        let unplaced = || Error::Internal("a raster without a place was to be cut".into());
        let (picture, crs) = (self.picture.clone().ok_or_else(unplaced)?, self.site.crs.clone().ok_or_else(unplaced)?);
        out.event(&Event::Layer(LayerStart {
            index: self.index,
            name: self.name.clone(),
            title: None,
            crs: Some(crs.clone()),
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
        let warper = Warper::new(&self.dataset, &self.bands, way, pyramid::side(picture.zoom) as i32)?;
        let encoder = Encoder::new(picture.look.format());
        let mut pyramid = Pyramid::new(picture.zoom, warper, encoder, out);
        pyramid.cut(self.site.mercator)?;
        let tiles = pyramid.tiles;
        drop(pyramid);
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
