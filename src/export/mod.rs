//! Layers out, to files. Text formats stream from PostgreSQL as it writes them; the others go through GDAL, which here reads
//! nothing but our own database.

mod gdal; // GeoPackage, Shapefile, FlatGeobuf, KML, DXF, …
mod text; // GeoJSON, GeoJSON lines, CSV

use std::path::{Path, PathBuf};

use crate::db::Db;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// A format, by the name that `--format` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Geojson,
    /// One feature a line
    Geojsonl,
    /// With the geometry as WKT, in the layer's own CRS
    Csv,
    Gpkg,
    Shp,
    Fgb,
    Kml,
    Dxf,
    Gml,
}

impl Format {
    /// The format that a file's name asks for.
    pub fn of(path: &Path) -> Option<Format> {
        Some(match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "geojson" | "json" => Format::Geojson,
            "geojsonl" | "geojsons" | "ndjson" | "jsonl" => Format::Geojsonl,
            "csv" => Format::Csv,
            "gpkg" => Format::Gpkg,
            "shp" => Format::Shp,
            "fgb" => Format::Fgb,
            "kml" => Format::Kml,
            "dxf" => Format::Dxf,
            "gml" => Format::Gml,
            _ => return None,
        })
    }
}

/// What of a layer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Features,
    /// The rows of the last import that could not be imported, as CSV.
    SetAside,
    /// The features of the last import whose geometry was mended, as CSV.
    Repairs,
}

/// Writes `part` of a layer to `to`, which does not exist yet or may be replaced; returns how many rows it has.
///
/// The file appears when it is whole: a broken export leaves what was there.
pub async fn export(
    db: &Db,
    layer: &Layer,
    part: Part,
    format: Format,
    to: &Path,
    tell: impl FnMut(u64) + Send,
) -> Result<u64> {
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = Scratch::new(folder)?;
    let name =
        to.file_name().ok_or_else(|| Error::invalid("output", format!("`{}` is not a file's name", to.display())))?;
    let path = made.0.join(name);
    let rows = match (part, format) {
        (Part::Features, Format::Geojson | Format::Geojsonl | Format::Csv) => {
            text::write(db, layer, format, &path, tell).await?
        }
        (Part::Features, _) => gdal::write(db, layer, format, &path).await?,
        _ => text::account(db, layer, part, &path).await?,
    };
    // A shapefile is several files of one stem.
    let entries = std::fs::read_dir(&made.0).map_err(Error::io("export"))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("export"))?;
        let target = folder.join(entry.file_name());
        std::fs::rename(entry.path(), &target).map_err(Error::io(format!("write `{}`", target.display())))?;
    }
    Ok(rows)
}

/// A folder beside the target, gone when the export is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(beside: &Path) -> Result<Scratch> {
        let path = beside.join(format!(".dothi-export-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(Error::io(format!("write into `{}`", beside.display())))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
