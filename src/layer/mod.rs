//! Layers: what they are (catalog), and the endings a question about one can have (features, vector tiles).

pub mod about; // what is said of a layer for its record
pub mod cell; // a property as its column takes it
pub mod catalog; // every layer, in memory, always fresh
pub mod codes; // what coded values mean
pub mod draft; // a feature as somebody sends it, checked
pub mod edit; // what an administrator says about a layer; drop
pub mod editions; // what a layer was: list, compare, restore
pub mod features; // GeoJSON
pub mod function; // what planned land is for, and its colours
mod geojson; // geometry as GeoJSON, from PostGIS's bytes
pub mod known; // counts, first and last moments, values: found once a version
pub mod gml; // GML
pub mod land_use; // official codes and colours
pub mod mvt; // vector tiles by PostGIS
pub mod number; // numbers as PostgreSQL and PostGIS write them
pub mod record; // ISO 19115
pub mod package; // planning packages
pub mod outline; // where it lies in each coordinate system
pub mod raster; // layers that are pictures
pub mod query; // which features of a layer
pub mod selection; // what of each feature
pub mod shape; // the geometry of a draft, before PostGIS judges it
pub mod sort; // in which order, and where a page goes on
pub mod sort_index; // indexes for orders that are asked for often
pub mod time; // when features are
pub mod values; // properties, from PostgreSQL's bytes to JSON
pub mod write; // features in

pub use catalog::{Catalog, Layer};
pub use query::Query;
pub use selection::Selection;
pub use sort::{Cursor, Sort};
