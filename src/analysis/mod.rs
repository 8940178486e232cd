//! Answers to spatial questions across layers: at a point, near a point, in an area.

mod area;
mod at;
mod near;
mod place;

pub use area::{Area, area};
pub use at::at;
pub use near::near;
pub use place::Place;
