//! What the OGC's older services (WMS, WFS) have in common.

pub mod fault;
pub mod kvp;
