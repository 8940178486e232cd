//! Files in, through GDAL in a limited child process.
//!
//! Files are untrusted and GDAL may crash, loop or eat memory on them, so the server never calls GDAL: it starts
//! `dothi import-reader` ([`child`]), which reads the file ([`reader`]) and answers in [`frames`].

pub mod child; // parent side: start the reader, hold it to its limits, one clear error when it fails
pub mod frames; // what the two say to each other
pub mod reader; // child side: the only place that names GDAL
