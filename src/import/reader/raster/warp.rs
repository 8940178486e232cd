//! From the pixels of a raster to those of web Mercator.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use gdal_sys as sys;
use sys::{CPLErr::CE_None, GDALResampleAlg};

use super::super::ogr::c;
use super::super::srs::Srs;
use super::bands::Bands;
use super::control;
use super::dataset::{Dataset, Window};
use super::site::Placement;
use crate::error::{Error, Result};
use crate::import::reader::errors;
use crate::layer::raster::Look;

/// Pixels of the source by which a straight line between exact places may miss.
const MISS: f64 = 0.1;
const MEMORY: f64 = 192e6;

/// The way from a raster's pixels to web Mercator, in metres.
pub struct Way(*mut c_void);

impl Way {
    /// None where there is no way from the coordinate system.
    pub fn new(size: (i32, i32), placement: &Placement, from: &Srs) -> Option<Way> {
        let frame = Dataset::frame(size, placement)?;
        let (method, order) = match placement {
            Placement::Corner(_) => ("GEOTRANSFORM", "0".to_string()),
            Placement::Points(fit) => ("GCP_POLYNOMIAL", control::order(fit.points.len()).to_string()),
        };
        let options = [
            (c"SRC_SRS", &*from.wkt()),
            (c"DST_SRS", "EPSG:3857"),
            (c"METHOD", method),
            (c"MAX_GCP_ORDER", order.as_str()),
        ];
        // SAFETY: the list is built and freed here; GDAL copies what it needs of the frame.
        unsafe {
            let mut list = null_mut();
            for (name, value) in options {
                list = sys::CSLSetNameValue(list, name.as_ptr(), c(value).as_ptr());
            }
            let way = sys::GDALCreateGenImgProjTransformer2(frame.0, null_mut(), list);
            sys::CSLDestroy(list);
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
            for (name, value) in [(c"INIT_DEST", c"0"), (c"UNIFIED_SRC_NODATA", c"YES"), (c"NUM_THREADS", c"ALL_CPUS")]
            {
                o.papszWarpOptions = sys::CSLSetNameValue(o.papszWarpOptions, name.as_ptr(), value.as_ptr());
            }
            if bands.wide {
                // Else transparency would be of 16 bits in places.
                o.papszWarpOptions =
                    sys::CSLSetNameValue(o.papszWarpOptions, c"DST_ALPHA_MAX".as_ptr(), c"65535".as_ptr());
            }
            o.pfnTransformer = Some(sys::GDALApproxTransform);
            o.pTransformerArg = approximate;
            Ok(Warper { bands, side, target, approximate, options, way, wide: Vec::new() })
        }
    }

    /// The square whose upper left corner is at `corner` (metres), `metres` across a pixel: a byte for each of its colour
    /// bands and its transparency, pixel by pixel.
    pub fn square(&mut self, corner: (f64, f64), metres: f64, out: &mut Vec<u8>) -> Result<()> {
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
        let all = Window { x: 0, y: 0, width: self.side, height: self.side };
        let read = done == CE_None
            && if self.bands.wide {
                let bands: Vec<i32> = (1..=self.target.bands()).collect();
                self.target.read(all, &bands, &mut self.wide)
            } else {
                self.target.read_bytes(all, out)
            };
        if !read {
            return Err(unwarped());
        }
        if self.bands.wide {
            self.narrow(out);
        }
        Ok(())
    }

    /// Values of 16 bits as they are shown.
    fn narrow(&self, out: &mut Vec<u8>) {
        let count = self.bands.color.len() + 1;
        out.clear();
        for (i, value) in self.wide.iter().enumerate() {
            let alpha = i % count == count - 1;
            out.push(if alpha { (value >> 8) as u8 } else { self.bands.shown(*value) });
        }
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
