//! dothi: the spatial data server of an interoperable urban database.
//!
//! The house, lowest module first; a module uses only those above it in this list (`tests/it/house.rs` holds it to that).

pub mod error; // what can go wrong
pub mod config; // what can be set
pub mod geo; // where: boxes, coordinate systems, tiles
pub mod schema; // a layer's fields in GDAL, PostgreSQL and JSON terms
pub mod sql; // SQL text with its bound values; never runs it
pub mod xml; // XML as text
pub mod filter; // which features
pub mod db; // PostgreSQL: private cluster, pool, run, migrate, journal
pub mod layer; // catalog, features in and out, vector tiles
pub mod access; // who may do what: a filter and a set of fields
pub mod feed; // what changed, in order: pages, histories, streams
pub mod tiles; // tiles and styles as they are served
pub mod quality; // what is wrong in a layer, and where
pub mod import; // files in, through GDAL in a limited child process
pub mod export; // layers out, to files
pub mod render; // maps as pictures
pub mod analysis; // at a point, near a point, in an area
pub mod uploads; // files of administrators on their way in
pub mod jobs; // work that outlives a request, and who does it
pub mod app; // what the server and the commands share
pub mod http; // the door for browsers and systems
pub mod cli; // the door for administrators
