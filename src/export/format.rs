//! The formats, by name, ending and media type.

use std::path::Path;

/// A format, by the name that `--format` and `f` take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Geojson,
    /// GeoJSON, one feature a line
    #[value(alias = "geojsonl")]
    Ndjson,
    /// GeoJSON text sequence (RFC 8142)
    Geojsonseq,
    /// JSON-FG 1.0: GeoJSON in any coordinate system
    Jsonfg,
    /// With the geometry as WKT; points as two columns
    Csv,
    /// FlatGeobuf
    Fgb,
    /// GeoPackage
    Gpkg,
    /// Shapefile; zipped where the file is called `.zip`
    Shp,
    Kml,
    Dxf,
    Gml,
}

impl Format {
    /// The format that a file's name asks for.
    pub fn of(path: &Path) -> Option<Format> {
        Some(match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "geojson" | "json" => Format::Geojson,
            "geojsonl" | "ndjson" | "jsonl" => Format::Ndjson,
            "geojsons" | "geojsonseq" => Format::Geojsonseq,
            "jsonfg" => Format::Jsonfg,
            "csv" => Format::Csv,
            "gpkg" => Format::Gpkg,
            "shp" | "zip" => Format::Shp,
            "fgb" => Format::Fgb,
            "kml" => Format::Kml,
            "dxf" => Format::Dxf,
            "gml" => Format::Gml,
            _ => return None,
        })
    }

    /// Written from front to back; the others are files that have to be made before they can be sent.
    pub fn streams(self) -> bool {
        !matches!(self, Format::Gpkg | Format::Shp | Format::Gml)
    }

    /// In degrees of WGS 84 unless somebody says otherwise (RFC 7946, 4; OGC 12-007r2); the others keep the layer's system.
    pub fn is_of_degrees(self) -> bool {
        matches!(self, Format::Geojson | Format::Ndjson | Format::Geojsonseq | Format::Jsonfg | Format::Kml)
    }

    /// The ending of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Geojson => "geojson",
            Format::Ndjson => "ndjson",
            Format::Geojsonseq => "geojsons",
            Format::Jsonfg => "fg.json",
            Format::Csv => "csv",
            Format::Fgb => "fgb",
            Format::Gpkg => "gpkg",
            Format::Shp => "zip",
            Format::Kml => "kml",
            Format::Dxf => "dxf",
            Format::Gml => "gml",
        }
    }
}
