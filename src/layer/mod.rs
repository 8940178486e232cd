//! Layers: what they are (catalog), and the endings a question about one can have (features, vector tiles).

pub mod catalog; // every layer, in memory, always fresh
pub mod edit; // what an administrator says about a layer; drop
pub mod features; // GeoJSON
pub mod land_use; // official codes and colours
pub mod mvt; // vector tiles by PostGIS
pub mod query; // which features of a layer

pub use catalog::{Catalog, Layer};
pub use query::Query;
