//! From the pixels of a raster to those of web Mercator.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use gdal_sys as sys;
use sys::{CPLErr::CE_None, GDALResampleAlg};

use super::super::ogr::c;
use super::super::srs::Srs;
use super::bands::{Bands, Colors};
use super::dataset::{Dataset, Window};
use crate::error::{Error, Result};
use crate::import::reader::errors;
use crate::layer::raster::Look;

/// Pixels of the source by which a straight line between exact places may miss.
const MISS: f64 = 0.1;
const MEMORY: f64 = 192e6;

/// The way from a raster to web Mercator, in metres.
pub struct Way(*mut c_void);

impl Way {
    /// None where there is no way from the coordinate system.
    pub fn new(dataset: &Dataset, from: &Srs) -> Option<Way> {
        let from = from.wkt();
        // SAFETY: the list is built and freed here; the dataset outlives the way (see `Warper`).
        unsafe {
            let mut options = null_mut();
            for (name, value) in [(c"SRC_SRS", &*from), (c"DST_SRS", "EPSG:3857"), (c"METHOD", "GEOTRANSFORM")] {
                options = sys::CSLSetNameValue(options, name.as_ptr(), c(value).as_ptr());
            }
            let way = sys::GDALCreateGenImgProjTransformer2(dataset.0, null_mut(), options);
            sys::CSLDestroy(options);
            let way = (!way.is_null()).then_some(Way(way))?;
            sys::GDALSetGenImgProjTransformerDstGeoTransform(way.0, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0].as_ptr());
            Some(way)
        }
    }

    /// Where places of the source (in pixels) are; none for those that are nowhere.
    pub fn places(&self, pixels: &[(f64, f64)]) -> Vec<Option<(f64, f64)>> {
        let (mut x, mut y): (Vec<f64>, Vec<f64>) = pixels.iter().copied().unzip();
        let (mut z, mut there) = (vec![0.0; x.len()], vec![0 as c_int; x.len()]);
        // SAFETY: four lists of the length that is told, alive for the call.
        unsafe {
            let n = x.len() as c_int;
            sys::GDALGenImgProjTransform(
                self.0,
                0,
                n,
                x.as_mut_ptr(),
                y.as_mut_ptr(),
                z.as_mut_ptr(),
                there.as_mut_ptr(),
            );
        }
        let place = |i: usize| (there[i] != 0 && x[i].is_finite() && y[i].is_finite()).then_some((x[i], y[i]));
        (0..x.len()).map(place).collect()
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { sys::GDALDestroyGenImgProjTransformer(self.0) };
    }
}

/// Fills squares of web Mercator with what the source has there.
pub struct Warper<'a> {
    bands: &'a Bands,
    /// Pixels along the side of a square.
    side: i32,
    target: Dataset,
    approximate: *mut c_void,
    options: *mut sys::GDALWarpOptions,
    way: Way,
    bytes: Vec<u8>,
    wide: Vec<u16>,
}

impl<'a> Warper<'a> {
    pub fn new(source: &Dataset, bands: &'a Bands, way: Way, side: i32) -> Result<Warper<'a>> {
        let failed = || Error::Internal("GDAL cannot prepare a raster in memory".into());
        let count = bands.color.len() as i32;
        let target = Dataset::in_memory(side, side, count + 1, bands.wide).ok_or_else(failed)?;
        // SAFETY: GDAL frees the options with the lists in them, which its own allocator made; source and target outlive
        // them: the caller holds the one, this holds the other.
        unsafe {
            let approximate = sys::GDALCreateApproxTransformer(Some(sys::GDALGenImgProjTransform), way.0, MISS);
            let options = sys::GDALCreateWarpOptions();
            let o = &mut *options;
            o.eResampleAlg = match bands.look {
                Look::Photo => GDALResampleAlg::GRA_Bilinear,
                Look::Plan => GDALResampleAlg::GRA_NearestNeighbour,
            };
            o.dfWarpMemoryLimit = MEMORY;
            (o.hSrcDS, o.hDstDS) = (source.0, target.0);
            o.nBandCount = count;
            o.panSrcBands = list(&bands.color);
            o.panDstBands = list(&(1..=count).collect::<Vec<_>>());
            o.nSrcAlphaBand = bands.alpha.unwrap_or(0);
            o.nDstAlphaBand = count + 1;
            if let Some(nothing) = &bands.nothing {
                o.padfSrcNoDataReal = list(nothing);
            }
            for (name, value) in [(c"INIT_DEST", c"0"), (c"UNIFIED_SRC_NODATA", c"YES")] {
                o.papszWarpOptions = sys::CSLSetNameValue(o.papszWarpOptions, name.as_ptr(), value.as_ptr());
            }
            if bands.wide {
                // Else transparency would be of 16 bits in places.
                o.papszWarpOptions =
                    sys::CSLSetNameValue(o.papszWarpOptions, c"DST_ALPHA_MAX".as_ptr(), c"65535".as_ptr());
            }
            o.pfnTransformer = Some(sys::GDALApproxTransform);
            o.pTransformerArg = approximate;
            Ok(Warper { bands, side, target, approximate, options, way, bytes: Vec::new(), wide: Vec::new() })
        }
    }

    /// The square whose upper left corner is at `corner` (metres), `metres` across a pixel, as red, green, blue and alpha
    /// of each pixel. False where nothing is in it.
    pub fn square(&mut self, corner: (f64, f64), metres: f64, out: &mut [u8]) -> Result<bool> {
        let placement = [corner.0, metres, 0.0, corner.1, 0.0, -metres];
        // SAFETY: the options are whole and ours; the operation is destroyed before they are.
        let done = unsafe {
            sys::GDALSetGenImgProjTransformerDstGeoTransform(self.way.0, placement.as_ptr());
            let operation = sys::GDALCreateWarpOperation(self.options);
            if operation.is_null() {
                return Err(unwarped());
            }
            let done = sys::GDALChunkAndWarpImage(operation, 0, 0, self.side, self.side);
            sys::GDALDestroyWarpOperation(operation);
            done
        };
        if done != CE_None {
            return Err(unwarped());
        }
        let all = Window { x: 0, y: 0, width: self.side, height: self.side };
        let read = match self.bands.wide {
            false => self.target.read_bytes(all, &mut self.bytes),
            true => {
                let bands: Vec<i32> = (1..=self.target.bands()).collect();
                self.target.read(all, &bands, &mut self.wide)
            }
        };
        if !read {
            return Err(unwarped());
        }
        if self.bands.wide {
            self.narrow();
        }
        Ok(self.paint(out))
    }

    /// Values of 16 bits as they are shown.
    fn narrow(&mut self) {
        let count = self.bands.color.len() + 1;
        self.bytes.clear();
        for (i, value) in self.wide.iter().enumerate() {
            let alpha = i % count == count - 1;
            self.bytes.push(if alpha { (value >> 8) as u8 } else { self.bands.shown(*value) });
        }
    }

    fn paint(&self, out: &mut [u8]) -> bool {
        let (mut some, stride) = (false, self.bands.color.len() + 1);
        let scale = |v: u8| if self.bands.is_plain() || self.bands.wide { v } else { self.bands.shown(v.into()) };
        for (pixel, out) in self.bytes.chunks_exact(stride).zip(out.chunks_exact_mut(4)) {
            let alpha = pixel[stride - 1];
            some |= alpha > 0;
            let color = match &self.bands.colors {
                _ if alpha == 0 => [0; 4],
                Colors::Palette(colors) => {
                    let [r, g, b, a] = colors.get(usize::from(pixel[0])).copied().unwrap_or_default();
                    if a == 0 { [0; 4] } else { [r, g, b, a.min(alpha)] }
                }
                Colors::Gray => {
                    let v = scale(pixel[0]);
                    [v, v, v, alpha]
                }
                Colors::Rgb => [scale(pixel[0]), scale(pixel[1]), scale(pixel[2]), alpha],
            };
            out.copy_from_slice(&color);
        }
        some
    }
}

impl Drop for Warper<'_> {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once; the way goes after what stands on it.
        unsafe {
            sys::GDALDestroyWarpOptions(self.options);
            sys::GDALDestroyApproxTransformer(self.approximate);
        }
    }
}

fn unwarped() -> Error {
    let cause = errors::take_cause().unwrap_or("GDAL does not say why".into());
    Error::Unreadable(format!("the pixels cannot be read: {cause}"))
}

/// A list that GDAL frees.
unsafe fn list<T: Copy>(values: &[T]) -> *mut T {
    // SAFETY: as many bytes as the values have, filled at once.
    unsafe {
        let list: *mut T = sys::CPLMalloc(size_of_val(values)).cast();
        std::ptr::copy_nonoverlapping(values.as_ptr(), list, values.len());
        list
    }
}
