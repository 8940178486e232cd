//! Formats that GDAL writes, from our own table through its PostgreSQL driver.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::ptr;

use gdal::{Dataset, DatasetOptions, GdalOpenFlags};

use super::Format;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::schema::{FID, GEOM};
use crate::sql::ident;

/// The driver's name and the options that keep Vietnamese letters and ids.
fn driver(format: Format) -> (&'static str, &'static [&'static str]) {
    match format {
        Format::Gpkg => ("GPKG", &["-lco", "GEOMETRY_NAME=geom"]),
        Format::Shp => ("ESRI Shapefile", &["-lco", "ENCODING=UTF-8"]),
        Format::Fgb => ("FlatGeobuf", &[]),
        Format::Kml => ("LIBKML", &["-t_srs", "EPSG:4326"]),
        Format::Dxf => ("DXF", &[]),
        Format::Gml => ("GML", &["-dsco", "FORMAT=GML3.2"]),
        Format::Geojson | Format::Geojsonl | Format::Csv => ("GeoJSON", &[]),
    }
}

pub async fn write(db: &Db, layer: &Layer, format: Format, to: &Path) -> Result<u64> {
    let source = format!("PG:{}", db.conninfo());
    let (name, options) = driver(format);
    // A drawing has no attributes: GDAL's DXF writer takes none.
    let columns: String = match format {
        Format::Dxf => String::new(),
        _ => layer.fields.iter().map(|f| format!(", {}", ident(&f.column))).collect(),
    };
    let geometry = if layer.spatial().is_some() { format!(", {GEOM}") } else { String::new() };
    let query = format!("SELECT {FID}{columns}{geometry} FROM {} ORDER BY {FID}", layer.table());
    let query = if format == Format::Dxf { query.replacen(&format!("{FID}, "), "", 1) } else { query };
    let mut args: Vec<String> = ["-f", name, "-sql", &query, "-nln", &layer.id].map(String::from).to_vec();
    args.extend(options.iter().map(|o| o.to_string()));
    let (to, rows) = (to.to_path_buf(), layer.feature_count.unsigned_abs());
    tokio::task::spawn_blocking(move || translate(&source, &args, to))
        .await
        .map_err(|e| Error::Internal(e.to_string()))??;
    Ok(rows)
}

/// What `ogr2ogr` does, in this process.
fn translate(source: &str, args: &[String], to: PathBuf) -> Result<()> {
    let flags = GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_READONLY;
    let options = DatasetOptions { open_flags: flags, allowed_drivers: Some(&["PostgreSQL"]), ..Default::default() };
    let source = Dataset::open_ex(source, options)?;
    let text = |t: &str| CString::new(t).map_err(|_| Error::Internal("an export option holds NUL".into()));
    let args: Vec<CString> = args.iter().map(|a| text(a)).collect::<Result<_>>()?;
    let mut argv: Vec<*mut std::ffi::c_char> = args.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(ptr::null_mut());
    let to = text(&to.to_string_lossy())?;
    // SAFETY: `argv` is a null-terminated list of strings that outlive the call, which copies what it keeps; the source
    // dataset is open; options and the made dataset are freed exactly once.
    let failed = unsafe {
        gdal_sys::CPLErrorReset();
        let options = gdal_sys::GDALVectorTranslateOptionsNew(argv.as_mut_ptr(), ptr::null_mut());
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
        if made.is_null() {
            true
        } else {
            gdal_sys::GDALClose(made);
            wrong != 0
        }
    };
    if failed {
        // SAFETY: the message is a string of GDAL's own, valid until its next error in this thread.
        let message =
            unsafe { std::ffi::CStr::from_ptr(gdal_sys::CPLGetLastErrorMsg()) }.to_string_lossy().into_owned();
        return Err(Error::Internal(format!("GDAL could not write the file: {message}")));
    }
    Ok(())
}
