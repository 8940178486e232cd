//! Layers that are pictures: scanned plans, orthophotos. Their tiles lie in an archive beside the database.

use serde::{Deserialize, Serialize};

/// Pixels along the side of a tile, as the tile matrix sets of the OGC have them (17-083r4, WebMercatorQuad).
pub const TILE: u32 = 256;

/// What is drawn: it decides how pixels are resampled and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Many colours that pass into each other.
    Photo,
    /// A few colours, each of which means something.
    Plan,
}

/// How tiles are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Png,
    Webp,
}

impl Look {
    /// Colours of a plan must stay what they are; photographs may lose what nobody sees.
    pub fn format(self) -> Format {
        match self {
            Look::Photo => Format::Webp,
            Look::Plan => Format::Png,
        }
    }
}

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Webp => "image/webp",
        }
    }

    /// As TileJSON calls it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Webp => "webp",
        }
    }
}

/// A raster, as its file has it and as it is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    /// Pixels of the source.
    pub width: u32,
    pub height: u32,
    /// What its bands are, such as `RGB` or `palette of 12 colours`.
    pub bands: String,
    /// Metres on the ground across a pixel of the source, in the middle of it.
    pub resolution: f64,
    pub look: Look,
    /// The deepest zoom of its tiles, which start at zoom 0.
    pub zoom: u8,
}

/// A layer's raster, as the catalog has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Raster {
    #[serde(flatten)]
    pub picture: Picture,
    pub format: Format,
    /// EPSG code of the source; none for a system of its own.
    pub srid: Option<i32>,
    /// The archive's name in the folder of rasters.
    pub archive: String,
    pub tiles: u64,
    /// Of the archive.
    pub bytes: u64,
}
