//! Layers out. Every format is written from one reading of the rows (`read`); GML, which GDAL writes, is made from our own
//! FlatGeobuf. Endings: bytes as they come (the server), or a file (the command line, and formats that need one).

mod account; // what an import set aside or mended
mod csv;
mod dxf; // drawings
mod encode; // which encoder a format has
mod fgb; // FlatGeobuf
mod file; // a file, made aside
mod format; // the formats by name
mod gdal; // GML, GeoPackages without rows
mod geojson;
mod gpkg; // GeoPackage
pub mod issues; // what is wrong in a layer
pub mod jsonfg;
mod kml;
mod read; // rows as they arrive, in their order, from one state
mod rows; // what is asked, what a row holds
mod shape; // geometry as PostGIS hands it over
mod shapefile; // its files, short names, zip
mod turns; // how many at once

use std::path::Path;

use crate::db::Db;
use crate::error::{Error, Result};

pub use encode::written;
pub use file::{Scratch, make};
pub use format::Format;
pub use read::Written;
pub use rows::{Document, Job};
pub use shapefile::short_names;
pub use turns::{Turn, Turns};

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
    job: Job,
    part: Part,
    format: Format,
    to: &Path,
    tell: impl FnMut(u64) + Send,
) -> Result<u64> {
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = Scratch::new(folder)?;
    let name =
        to.file_name().ok_or_else(|| Error::invalid("output", format!("`{}` is not a file's name", to.display())))?;
    let made = aside.path().join(name);
    let rows = match part {
        Part::Features => {
            let zipped = to.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
            let stem = to.file_stem().unwrap_or(name).to_string_lossy();
            let (path, rows) = make(db, job, format, aside.path(), &stem, zipped, tell).await?;
            // The name that was asked for may end otherwise than the format's files do.
            if format != Format::Shp || zipped {
                std::fs::rename(&path, &made).map_err(Error::io(format!("write `{}`", to.display())))?;
            }
            rows
        }
        _ => account::write(db, &job.layer, part, &made).await?,
    };
    // A shapefile is several files of one stem.
    let entries = std::fs::read_dir(aside.path()).map_err(Error::io("export"))?;
    for entry in entries.flatten().filter(|e| e.path().is_file()) {
        let target = folder.join(entry.file_name());
        std::fs::rename(entry.path(), &target).map_err(Error::io(format!("write `{}`", target.display())))?;
    }
    Ok(rows)
}
