//! Which rasters a source holds: files, and tables of GeoPackages.

use super::super::ogr;
use super::{errors, foreign, source, vsi};
use crate::import::called::stem;

/// Tables of a GeoPackage that are asked for: one more than may be.
const MOST_TABLES: usize = super::super::LAYERS + 1;

/// A raster of a source.
#[derive(Debug, Clone)]
pub struct Found {
    pub path: String,
    /// The path within the source.
    pub inside: String,
    /// Where it is a table of a GeoPackage: its name, and what the package calls it.
    pub table: Option<(String, Option<String>)>,
}

impl Found {
    pub fn file(path: &str, inside: &str) -> Found {
        Found { path: path.into(), inside: inside.into(), table: None }
    }

    /// What its layer is called. `own` is the name that its owner gave the source, where that lies here under another.
    pub fn name(&self, own: Option<&str>) -> String {
        match (&self.table, own) {
            (Some((table, _)), _) => table.clone(),
            (None, Some(own)) if !self.path.starts_with("/vsi") => stem(own).into(),
            (None, _) => stem(source::shown(&self.path)).into(),
        }
    }

    /// How messages name it.
    pub fn shown(&self) -> String {
        let file = source::shown(&self.path);
        self.table.as_ref().map_or(file.into(), |(table, _)| format!("{file}: {table}"))
    }
}

/// Whether a file is a raster by its first bytes and its name.
pub fn is_raster(path: &str) -> bool {
    let head = vsi::head(path, foreign::HEAD);
    let starts = |magic: &[u8]| head.starts_with(magic);
    let ending = source::ending(path);
    starts(b"II*\0")
        || starts(b"MM\0*")
        || starts(b"II+\0")
        || starts(b"MM\0+")
        || starts(b"\x89PNG")
        || starts(&[0xFF, 0xD8, 0xFF])
        || starts(b"\0\0\0\x0CjP")
        || starts(&[0xFF, 0x4F, 0xFF, 0x51])
        || (ending == "ecw" && !super::drivers("ecw").is_empty())
}

/// Whether the name is that of a raster in an archive.
pub fn is_named_so(name: &str) -> bool {
    let ending = source::ending(name);
    super::ENDINGS.iter().any(|(known, _)| *known == ending)
}

/// The pyramids of pictures that a GeoPackage holds (OGC 12-128r17, 2.2), and its grids of heights, which are refused by
/// name later. `open` is the package where it has features too.
pub fn tables(path: &str, inside: &str, open: Option<&ogr::Dataset>) -> Vec<Found> {
    // A view, or a table that is a program's, could go on for ever.
    let real = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('gpkg_contents', 'gpkg_tile_matrix_set') \
                AND sql LIKE 'CREATE TABLE%'";
    let list = format!(
        "SELECT table_name, coalesce(trim(identifier), '') FROM gpkg_contents WHERE data_type IN ('tiles', '2d-gridded-coverage') \
         ORDER BY table_name LIMIT {MOST_TABLES}"
    );
    let ask = |package: &ogr::Dataset| match package.ask(real, 1).first().and_then(|row| row.first()) {
        Some(n) if n == "2" => package.ask(&list, MOST_TABLES),
        _ => Vec::new(),
    };
    let rows = match open {
        Some(package) => ask(package),
        None => {
            let package = ogr::Dataset::open_any(path, &["GPKG"]);
            let rows = package.as_ref().map_or(Vec::new(), ask);
            // That it has no features, or is no package, is told by others.
            errors::take();
            rows
        }
    };
    let found = |row: Vec<String>| {
        let [table, title] = <[String; 2]>::try_from(row).ok()?;
        let title = Some(title).filter(|title| !title.is_empty() && *title != table);
        Some(Found { path: path.into(), inside: inside.into(), table: Some((table, title)) })
    };
    rows.into_iter().filter_map(found).collect()
}
