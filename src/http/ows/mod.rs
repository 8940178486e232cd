//! What the OGC's older services (WMS, WFS) have in common.

pub mod fault; // errors in their reports
pub mod guard; // time, size, panics
pub mod kvp; // parameters
