//! Where: boxes, coordinate reference systems, tiles. Degrees are CRS84, longitude first.

mod bbox;
mod crs;
mod tile;

pub use bbox::Bbox;
pub use crs::{CITY_SRID, CRS84, city_zone, crs_uri, parse_epsg};
pub use tile::{MAX_ZOOM, Tile};
