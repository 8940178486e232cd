//! Where: boxes, coordinate reference systems, tiles. Degrees are CRS84, longitude first.

mod bbox;
mod crs;
pub mod ewkb; // geometry as PostgreSQL sends it
mod matrix;
mod plane;
mod tile;
mod transform;
mod vn2000;
mod zone;

pub use bbox::{Bbox, sides};
pub use crs::{CITY_SRID, CRS84, Crs, Name, city_zone, parse_epsg};
pub use matrix::{Limits, MatrixSet, PIXELS};
pub use plane::{A as SEMI_MAJOR, E2 as ECCENTRICITY2};
pub use tile::{MAX_ZOOM, Tile};
pub use transform::Transform;
pub use zone::{domain, from_mercator, mercator_scale, systems, vn2000, window, zone};
