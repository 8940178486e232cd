//! Formats that GDAL writes. Features are first written as FlatGeobuf, which keeps types, ids and letters, into a folder
//! that is removed whatever happens; GDAL makes the file from it.

use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

use super::format::Format;
use crate::error::{Error, Result};

/// How one file is made: GDAL's driver and what it is told.
pub struct Recipe {
    pub driver: &'static str,
    pub options: Vec<String>,
}

/// The recipe of a format; `id` is the name of the id's column, `layer` that of the layer.
pub fn recipe(format: Format, layer: &str, id: &str) -> Recipe {
    let text = |options: &[&str]| options.iter().map(|o| o.to_string()).collect::<Vec<_>>();
    let (driver, options) = match format {
        Format::Gml => ("GML", text(&["-dsco", "FORMAT=GML3.2"])),
        _ => {
            let id = format!("FID={id}");
            ("GPKG", [text(&["-lco", "GEOMETRY_NAME=geom", "-lco"]), vec![id]].concat())
        }
    };
    Recipe { driver, options: [options, vec!["-nln".to_string(), layer.to_string()]].concat() }
}

/// What `ogr2ogr` does, in this process, until `stop` is set. Call it where it may block.
pub fn translate(from: &Path, to: &Path, recipe: &Recipe, stop: &AtomicBool) -> Result<()> {
    let flags = GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_READONLY;
    let options =
        DatasetOptions { open_flags: flags, allowed_drivers: Some(&["FlatGeobuf", "GeoJSON"]), ..Default::default() };
    let source = Dataset::open_ex(from, options)?;
    let text = |t: &str| CString::new(t).map_err(|_| Error::Internal("an export option holds NUL".into()));
    let args = ["-f", recipe.driver].into_iter().chain(recipe.options.iter().map(String::as_str));
    let args: Vec<CString> = args.map(text).collect::<Result<_>>()?;
    let mut argv: Vec<*mut c_char> = args.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(ptr::null_mut());
    let to = text(&to.to_string_lossy())?;
    // SAFETY: every pointer is to a null-terminated string, or list of such, that outlives the call it is given to; the
    // source is open; `stop` outlives the translation; options and the made dataset are freed exactly once.
    let failed = unsafe {
        gdal_sys::CPLErrorReset();
        let options = gdal_sys::GDALVectorTranslateOptionsNew(argv.as_mut_ptr(), ptr::null_mut());
        gdal_sys::GDALVectorTranslateOptionsSetProgress(options, Some(go_on), ptr::from_ref(stop).cast_mut().cast());
        let mut sources = [source.c_dataset()];
        let mut wrong = 0;
        let made = gdal_sys::GDALVectorTranslate(
            to.as_ptr(),
            ptr::null_mut(),
            1,
            sources.as_mut_ptr(),
            options,
            &raw mut wrong,
        );
        gdal_sys::GDALVectorTranslateOptionsFree(options);
        if !made.is_null() {
            gdal_sys::GDALClose(made);
        }
        made.is_null() || wrong != 0
    };
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Busy("the export was given up".into()));
    }
    if failed {
        // SAFETY: the message is a string of GDAL's own, valid until its next error in this thread.
        let message =
            unsafe { std::ffi::CStr::from_ptr(gdal_sys::CPLGetLastErrorMsg()) }.to_string_lossy().into_owned();
        return Err(Error::Internal(format!("GDAL could not write the file: {message}")));
    }
    Ok(())
}

/// GDAL's question whether to go on.
unsafe extern "C" fn go_on(_: f64, _: *const c_char, stop: *mut c_void) -> i32 {
    // SAFETY: `translate` hands over a pointer to its flag, which outlives the translation.
    let stop = unsafe { &*stop.cast::<AtomicBool>() };
    i32::from(!stop.load(Ordering::Relaxed))
}
