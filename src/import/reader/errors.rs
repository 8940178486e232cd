//! What GDAL complains about: collected while it works, told with the result.

use std::ffi::{CStr, c_char};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use gdal_sys::CPLErr;

use crate::import::frames::Note;
use crate::import::notes;

/// Different messages kept; a broken file can cause millions.
const KEPT: usize = 20;

static FAILURES: AtomicU64 = AtomicU64::new(0);
/// Paths of this machine, which are not for people who upload.
static HIDDEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
static MESSAGES: Mutex<Vec<(bool, Note)>> = Mutex::new(Vec::new());

/// From here on GDAL's errors and warnings come here and not to standard error.
pub fn collect() {
    // SAFETY: the handler is a function for the life of the program.
    unsafe { gdal_sys::CPLSetErrorHandler(Some(handler)) };
}

unsafe extern "C" fn handler(class: CPLErr::Type, _number: i32, message: *const c_char) {
    if message.is_null() || class < CPLErr::CE_Warning {
        return;
    }
    // SAFETY: GDAL hands over a C string that lives for the call.
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    if class == CPLErr::CE_Fatal {
        eprintln!("{message}"); // GDAL aborts next: standard error is all the parent gets
        return;
    }
    let failure = class == CPLErr::CE_Failure;
    if failure {
        FAILURES.fetch_add(1, Ordering::Relaxed);
    }
    let mut message = without_source(&message).replace('\n', " ");
    for (path, shown) in HIDDEN.lock().iter().flat_map(|hidden| hidden.iter()) {
        message = message.replace(path, shown);
    }
    let message: String = message.chars().take(500).collect();
    let Ok(mut messages) = MESSAGES.lock() else {
        return;
    };
    let room = messages.len() < KEPT;
    match messages.iter_mut().find(|(_, note)| note.message == message) {
        Some((_, note)) => note.count += 1,
        None if room => messages.push((failure, notes::gdal(message))),
        None => {}
    }
}

/// The message without where in GDAL's own source it was said.
fn without_source(message: &str) -> &str {
    let rest = match message.strip_prefix("In file ./") {
        Some(rest) => rest.split_once(", at line ").and_then(|(_, rest)| rest.split_once(", ")),
        None => message.strip_prefix("./").and_then(|rest| rest.split_once(".cpp, ")?.1.split_once(": ")),
    };
    rest.map_or(message, |(_, said)| said)
}

/// Says `shown` for `path` in every message from here on.
pub fn hide(path: &str, shown: &str) {
    if let Ok(mut hidden) = HIDDEN.lock() {
        hidden.push((path.to_owned(), shown.to_owned()));
    }
}

/// How many failures there have been: a call that raises the number failed, whatever it returned.
pub fn failures() -> u64 {
    FAILURES.load(Ordering::Relaxed)
}

/// What was said since the last call.
pub fn take() -> Vec<Note> {
    let mut messages = MESSAGES.lock().map(|mut m| std::mem::take(&mut *m)).unwrap_or_default();
    messages.drain(..).map(|(_, note)| note).collect()
}

/// The first failure since the last call, in GDAL's words; its first warning where there was none.
pub fn take_cause() -> Option<String> {
    let messages = MESSAGES.lock().map(|mut m| std::mem::take(&mut *m)).unwrap_or_default();
    let failure = messages.iter().find(|(failure, _)| *failure).or(messages.first());
    failure.map(|(_, note)| note.message.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn where_in_gdal_it_was_said_is_left_out() {
        for (said, told) in [
            ("./ogr/ogrsf_frmts/dxf/ogrdxflayer.cpp, 3367: error at line 44 of a.dxf", "error at line 44 of a.dxf"),
            ("In file ./port/cpl_vsil_gzip.cpp, at line 1121, decompression failed", "decompression failed"),
            ("./a is no file", "./a is no file"),
            ("Buffer verification failed", "Buffer verification failed"),
        ] {
            assert_eq!(super::without_source(said), told);
        }
    }
}
