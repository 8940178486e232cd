//! GDAL's spatial reference with an owner, in the words that [`super::place`] asks.

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

use gdal_sys as sys;
use sys::OGRErr::OGRERR_NONE;

use super::ogr::{List, bytes, c};

pub struct Srs(sys::OGRSpatialReferenceH);

// SAFETY for this block: the handle is ours (created or cloned, released once); texts that GDAL allocates are copied and
// freed, those it lends are copied.
impl Srs {
    pub fn from_epsg(code: i32) -> Option<Self> {
        let srs = Srs(unsafe { sys::OSRNewSpatialReference(null()) });
        let known = unsafe { sys::OSRImportFromEPSG(srs.0, code) } == OGRERR_NONE;
        known.then(|| srs.lon_first())
    }

    /// From a definition in text, such as a `.prj` has.
    pub fn from_wkt(text: &str) -> Option<Self> {
        let (srs, text) = (Srs(unsafe { sys::OSRNewSpatialReference(null()) }), c(text));
        let mut at = text.as_ptr().cast_mut();
        let known = unsafe { sys::OSRImportFromWkt(srs.0, &mut at) } == OGRERR_NONE
            && unsafe { sys::OSRMorphFromESRI(srs.0) } == OGRERR_NONE;
        known.then(|| srs.lon_first())
    }

    /// A copy of one that GDAL lends; none for NULL.
    pub fn copy(lent: sys::OGRSpatialReferenceH) -> Option<Self> {
        if lent.is_null() {
            return None;
        }
        let copy = unsafe { sys::OSRClone(lent) };
        (!copy.is_null()).then(|| Srs(copy).lon_first())
    }

    /// x is longitude or easting, y latitude or northing, whatever the authority's axis order is.
    fn lon_first(self) -> Self {
        use sys::OSRAxisMappingStrategy::OAMS_TRADITIONAL_GIS_ORDER;
        unsafe { sys::OSRSetAxisMappingStrategy(self.0, OAMS_TRADITIONAL_GIS_ORDER) };
        self
    }

    /// The EPSG code that it states itself.
    pub fn epsg(&self) -> Option<i32> {
        let name = unsafe { bytes(sys::OSRGetAuthorityName(self.0, null())) };
        let code = unsafe { bytes(sys::OSRGetAuthorityCode(self.0, null())) };
        (name.eq_ignore_ascii_case(b"EPSG")).then(|| std::str::from_utf8(code).ok()?.parse().ok())?
    }

    /// OGC:CRS84 and CRS83 are EPSG:4326 and 4269 with longitude first, which is how everything here is read.
    pub fn crs84(&self) -> Option<i32> {
        let name = unsafe { bytes(sys::OSRGetAuthorityName(self.0, null())) };
        match (name, unsafe { bytes(sys::OSRGetAuthorityCode(self.0, null())) }) {
            (b"OGC", b"CRS84") => Some(4326),
            (b"OGC", b"CRS83") => Some(4269),
            _ => None,
        }
    }

    pub fn name(&self) -> String {
        String::from_utf8_lossy(unsafe { bytes(sys::OSRGetName(self.0)) }).into_owned()
    }

    pub fn is_geographic(&self) -> bool {
        unsafe { sys::OSRIsGeographic(self.0) != 0 }
    }

    /// A drawing's own coordinates, tied to no place on earth.
    pub fn is_local(&self) -> bool {
        unsafe { sys::OSRIsLocal(self.0) != 0 }
    }

    pub fn metres(&self) -> bool {
        (unsafe { sys::OSRGetLinearUnits(self.0, null_mut()) } - 1.0).abs() < 1e-9
    }

    pub fn attribute(&self, node: &str) -> String {
        let node = c(node);
        String::from_utf8_lossy(unsafe { bytes(sys::OSRGetAttrValue(self.0, node.as_ptr(), 0)) }).into_owned()
    }

    pub fn parameter(&self, name: &CStr) -> Option<f64> {
        let mut error = OGRERR_NONE;
        let value = unsafe { sys::OSRGetProjParm(self.0, name.as_ptr(), f64::NAN, &mut error) };
        (error == OGRERR_NONE && value.is_finite()).then_some(value)
    }

    /// The file's own shift to WGS 84, seven parameters.
    pub fn to_wgs84(&self) -> Option<[f64; 7]> {
        let mut shift = [0.0; 7];
        let found = unsafe { sys::OSRGetTOWGS84(self.0, shift.as_mut_ptr(), 7) } == OGRERR_NONE;
        found.then_some(shift)
    }

    /// The EPSG code of the one system that GDAL is at least 90 % sure of.
    pub fn identify(&self) -> Option<i32> {
        let (mut count, mut confidence) = (0, null_mut());
        unsafe {
            let matches = sys::OSRFindMatches(self.0, null_mut(), &mut count, &mut confidence);
            if matches.is_null() {
                return None;
            }
            let best = (count > 0 && *confidence >= 90).then(|| Srs::copy(*matches)).flatten();
            sys::OSRFreeSRSArray(matches);
            sys::VSIFree(confidence.cast());
            best?.epsg()
        }
    }

    /// Whether it means the same as an EPSG code, whatever it is called (MapInfo has no names).
    pub fn is_epsg(&self, code: i32) -> bool {
        let options = List::new(["CRITERION=EQUIVALENT", "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]);
        Srs::from_epsg(code).is_some_and(|other| unsafe { sys::OSRIsSameEx(self.0, other.0, options.as_ptr()) } != 0)
    }

    pub fn wkt(&self) -> String {
        self.exported("FORMAT=WKT1_GDAL").or_else(|| self.exported("FORMAT=WKT2_2018")).unwrap_or_default()
    }

    fn exported(&self, format: &str) -> Option<String> {
        let (mut text, options) = (null_mut(), List::new([format]));
        let done = unsafe { sys::OSRExportToWktEx(self.0, &mut text, options.as_ptr()) } == OGRERR_NONE;
        let text = unsafe { taken(text) };
        (done && !text.is_empty()).then_some(text)
    }

    pub fn proj4(&self) -> String {
        let mut text = null_mut();
        unsafe {
            sys::OSRExportToProj4(self.0, &mut text);
            taken(text).trim().to_owned()
        }
    }

    /// A copy that says how it goes to WGS 84, where that is given.
    pub fn shifted(&self, shift: Option<[f64; 7]>) -> Option<Srs> {
        let copy = Srs::copy(self.0)?;
        if let Some([x, y, z, rx, ry, rz, scale]) = shift {
            unsafe { sys::OSRSetTOWGS84(copy.0, x, y, z, rx, ry, rz, scale) };
        }
        Some(copy)
    }

    /// A way to longitude and latitude on WGS 84; from VN-2000 by `shift`, where PROJ would choose by place.
    pub fn to_lonlat(&self, shift: Option<[f64; 7]>) -> Option<Transformation> {
        let (wgs84, from) = (Srs::from_epsg(4326)?, self.shifted(shift)?);
        let handle = unsafe { sys::OCTNewCoordinateTransformation(from.0, wgs84.0) };
        (!handle.is_null()).then_some(Transformation(handle))
    }
}

/// Copies and frees a text that GDAL allocated.
unsafe fn taken(text: *mut c_char) -> String {
    let copy = String::from_utf8_lossy(unsafe { bytes(text) }).into_owned();
    unsafe { sys::VSIFree(text.cast()) };
    copy
}

impl Drop for Srs {
    fn drop(&mut self) {
        // SAFETY: ours, released once.
        unsafe { sys::OSRRelease(self.0) }
    }
}

/// GDAL brings longitudes back into a turn by steps of 360 degrees: for 1e300 that takes for ever.
fn on_earth<const N: usize>(coordinates: [f64; N]) -> bool {
    coordinates.iter().all(|v| v.abs() < 1e9)
}

pub struct Transformation(sys::OGRCoordinateTransformationH);

impl Transformation {
    pub fn point(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        if !on_earth([x, y]) {
            return None;
        }
        let (mut x, mut y, mut z) = (x, y, 0.0);
        // SAFETY: one coordinate each, alive for the call.
        let done = unsafe { sys::OCTTransform(self.0, 1, &mut x, &mut y, &mut z) } != 0;
        (done && x.is_finite() && y.is_finite()).then_some((x, y))
    }

    pub fn bounds(&self, [w, s, e, n]: [f64; 4]) -> Option<[f64; 4]> {
        if !on_earth([w, s, e, n]) {
            return None;
        }
        let mut b = [0.0; 4];
        let [bw, bs, be, bn] = &mut b;
        // SAFETY: four coordinates out, alive for the call.
        let done = unsafe { sys::OCTTransformBounds(self.0, w, s, e, n, bw, bs, be, bn, 21) } != 0;
        (done && b.iter().all(|v| v.is_finite())).then_some(b)
    }
}

impl Drop for Transformation {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { sys::OCTDestroyCoordinateTransformation(self.0) }
    }
}
