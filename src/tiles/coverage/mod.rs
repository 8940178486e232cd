//! A coverage of classes, generalised for low zooms: polygons smaller than a pixel are sampled, not drawn.
//!
//! 1. [`Raster::fill`] samples polygons at the centres of a grid of cells: one [`Class`] per cell.
//! 2. [`pack`] and [`unpack`] keep a block of cells in a few bytes.
//! 3. [`trace`] turns the cells of a tile back into polygons. Neighbours share their borders point for point, each cell
//!    centre is in the polygon of its class, and the area of a class is the true one as nearly as the cells allow.
//!
//! Axes are x to the right, then y down, everywhere.

mod area;
mod arcs;
mod balance;
#[cfg(test)]
mod checks;
mod pack;
mod raster;
mod rings;
#[cfg(test)]
mod random;
mod simplify;
mod trace;
mod walk;

pub use area::area_in;
pub use pack::{pack, unpack};
pub use raster::{Raster, Window};
pub use rings::{RingOf, Rings};
pub use trace::{Polygon, Ring, trace, trace_rings};

/// The code of a class; 0 is nothing.
pub type Class = u16;
