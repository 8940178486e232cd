//! GDAL's view of files: the same calls for a plain file, a folder and the inside of a zip.

use std::ffi::CStr;

use gdal_sys as sys;

use super::ogr::{bytes, c};

/// A file opened for reading.
pub struct File(*mut sys::VSILFILE, pub u64);

// SAFETY for this block: the handle is open until dropped; buffers live for the call.
impl File {
    pub fn open(path: &str) -> Option<Self> {
        let path = c(path);
        let handle = unsafe { sys::VSIFOpenL(path.as_ptr(), c"rb".as_ptr()) };
        if handle.is_null() {
            return None;
        }
        let mut file = File(handle, 0);
        unsafe { sys::VSIFSeekL(handle, 0, 2) };
        file.1 = unsafe { sys::VSIFTellL(handle) };
        file.seek(0);
        Some(file)
    }

    pub fn seek(&mut self, position: u64) {
        unsafe { sys::VSIFSeekL(self.0, position, 0) };
    }

    /// Reads as much as there is, up to the buffer's length.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        unsafe { sys::VSIFReadL(buffer.as_mut_ptr().cast(), 1, buffer.len(), self.0) }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        unsafe { sys::VSIFCloseL(self.0) };
    }
}

/// The first bytes of a file.
pub fn head(path: &str, length: usize) -> Vec<u8> {
    let mut buffer = vec![0; length];
    let read = File::open(path).map_or(0, |mut file| file.read(&mut buffer));
    buffer.truncate(read);
    buffer
}

/// Names in a folder, or of everything below it (folders end in `/`).
pub fn list(folder: &str, below: bool) -> Vec<String> {
    let folder = c(folder);
    // SAFETY: the list is ours, NULL-terminated, copied and freed.
    unsafe {
        let names = if below { sys::VSIReadDirRecursive(folder.as_ptr()) } else { sys::VSIReadDir(folder.as_ptr()) };
        let mut out = Vec::new();
        let mut at = names;
        while !at.is_null() && !(*at).is_null() {
            out.push(String::from_utf8_lossy(bytes(*at)).into_owned());
            at = at.add(1);
        }
        sys::CSLDestroy(names);
        out.retain(|name| name != "." && name != "..");
        out
    }
}

/// The file beside `path` with another ending, in whatever case it is written.
pub fn sibling(path: &str, ending: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/')?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let wanted = format!("{stem}.{ending}");
    let names = list(folder, false);
    let found = names.iter().find(|n| **n == wanted).or_else(|| names.iter().find(|n| n.eq_ignore_ascii_case(&wanted)));
    found.map(|name| format!("{folder}/{name}"))
}

/// Sets one of GDAL's options for this process.
pub fn option(name: &CStr, value: &CStr) {
    // SAFETY: two C strings that GDAL copies.
    unsafe { sys::CPLSetConfigOption(name.as_ptr(), value.as_ptr()) }
}
