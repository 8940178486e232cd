//! Tile archives: all tiles of a map in one file (PMTiles version 3 specification).
//!
//! `write.rs` makes them in one pass, `read.rs` reads those of anybody, and believes nothing in them. A directory
//! names tiles by their place on a Hilbert curve (`hilbert.rs`), and identical tiles share their bytes.

mod directory;
mod header;
mod hilbert;
mod pack;
mod read;
mod write;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

pub use header::{Kind, Packing};
pub use hilbert::{id as tile_id, tile as tile_of};
pub use read::Archive;
pub use write::{Meta, Summary, Writer};

/// Metadata is never inflated beyond this.
const MAX_METADATA: usize = 16 << 20;
/// No tile is longer; a map would not draw it anyway.
const MAX_TILE: u32 = 64 << 20;
