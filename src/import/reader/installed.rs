//! Which GDAL this is, for `dothi version` and the doctor. Opens nothing.

use std::ffi::CString;

/// Such as `3.6.2`.
pub fn gdal_version() -> String {
    gdal::version::VersionInfo::release_name()
}

/// Whether there is a driver of this name, in a process where all are registered.
pub fn has(name: &str) -> bool {
    // SAFETY: the lookup reads a string that lives through the call.
    CString::new(name).is_ok_and(|n| !unsafe { gdal_sys::GDALGetDriverByName(n.as_ptr()) }.is_null())
}

/// The drivers that imports count on and this GDAL lacks.
pub fn missing_drivers() -> Vec<&'static str> {
    // SAFETY: registration may be repeated; the lookup reads a string that lives through the call.
    unsafe { gdal_sys::GDALAllRegister() };
    let rasters = ["GTiff", "PNG", "JPEG", "WEBP", "MEM"];
    super::drivers::DRIVERS.iter().copied().chain(rasters).filter(|name| !has(name)).collect()
}
