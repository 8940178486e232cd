//! A path → opened datasets: drivers from a list, a zip or a folder dataset by dataset, nothing else.

use std::ffi::CStr;
use std::path::Path;

use super::ogr::{Dataset, Layer, RawField};
use super::{archive, errors, foreign, raster, shapefile, vsi};
use crate::error::{Error, Result};
use crate::import::frames::Note;
use crate::import::notes;

/// The drivers that stay; all others are removed, so that nothing can open a VRT, a database or an address on the way.
pub const DRIVERS: [&str; 19] = [
    "ESRI Shapefile",
    "GPKG",
    "GeoJSON",
    "GeoJSONSeq",
    "TopoJSON",
    "LIBKML",
    "KML",
    "CSV",
    "FlatGeobuf",
    "GML",
    "MapInfo File",
    "DXF",
    "OpenFileGDB",
    "GPX",
    "XLSX",
    "ODS",
    "DGN",
    "CAD",
    "ESRIJSON",
];

/// Endings that name a dataset inside a zip or a folder, and the drivers that may try each.
const ENDINGS: [(&str, &[&str]); 23] = [
    ("shp", &["ESRI Shapefile"]),
    ("dbf", &["ESRI Shapefile"]),
    ("gpkg", &["GPKG"]),
    ("geojson", &["GeoJSON", "TopoJSON", "GeoJSONSeq"]),
    ("json", &["GeoJSON", "TopoJSON", "GeoJSONSeq", "ESRIJSON"]),
    ("topojson", &["TopoJSON"]),
    ("geojsonl", &["GeoJSONSeq"]),
    ("geojsons", &["GeoJSONSeq"]),
    ("kml", &["LIBKML", "KML"]),
    ("kmz", &["LIBKML"]),
    ("csv", &["CSV"]),
    ("tsv", &["CSV"]),
    ("fgb", &["FlatGeobuf"]),
    ("gml", &["GML"]),
    ("tab", &["MapInfo File"]),
    ("mif", &["MapInfo File"]),
    ("dxf", &["DXF"]),
    ("gdb", &["OpenFileGDB"]),
    ("gpx", &["GPX"]),
    ("xlsx", &["XLSX"]),
    ("ods", &["ODS"]),
    ("dgn", &["DGN"]),
    ("dwg", &["CAD"]),
];

/// Formats that say in their first bytes what they are, whatever the file is called.
const BY_CONTENT: [&str; 10] =
    ["GPKG", "GeoJSON", "GeoJSONSeq", "TopoJSON", "LIBKML", "KML", "FlatGeobuf", "GML", "DXF", "GPX"];

/// Prepares GDAL: errors collected, drivers reduced, no network, no files of its own.
pub fn prepare() {
    errors::collect();
    for (name, value) in [
        (c"GDAL_DRIVER_PATH", c"disable"),
        (c"GDAL_PAM_ENABLED", c"NO"),
        (c"CPL_VSIL_CURL_ALLOWED_EXTENSIONS", c"{none}"),
        (c"PROJ_NETWORK", c"OFF"),
        (c"GML_PARSER", c"EXPAT"),
        (c"GML_DOWNLOAD_SCHEMA", c"NO"),
        (c"SHAPE_RESTORE_SHX", c"NO"),
        // Else it would go by EPSG's code where a shift of ours is set (`place::to_lonlat`).
        (c"OGR_CT_PREFER_OFFICIAL_SRS_DEF", c"NO"),
        (c"OGR_SQLITE_LOAD_EXTENSIONS", c""),
    ] {
        vsi::option(name, value);
    }
    // SAFETY: registration happens once, before any dataset is open; indexes are walked downwards while drivers go.
    unsafe {
        gdal_sys::GDALAllRegister();
        for i in (0..gdal_sys::GDALGetDriverCount()).rev() {
            let driver = gdal_sys::GDALGetDriver(i);
            let name = super::ogr::bytes(gdal_sys::GDALGetDriverShortName(driver));
            // `Memory` opens no file; drivers use it for layers that they build.
            let known = DRIVERS.iter().chain(&raster::DRIVERS).any(|known| known.as_bytes() == name);
            if name != b"Memory" && !known {
                gdal_sys::GDALDeregisterDriver(driver);
            }
        }
    }
}

/// Bytes of a file with those beside it that may belong to it, or of everything in a folder.
pub fn size(path: &Path) -> u64 {
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len());
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        // Links are not followed: they could lead in circles.
        let folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        return entries.map(|entry| if folder(&entry) { size(&entry.path()) } else { of(&entry.path()) }).sum();
    }
    let beside = ["dbf", "shx", "map", "dat", "mid"].map(|ending| of(&path.with_extension(ending)));
    of(path) + beside.iter().sum::<u64>()
}

/// One dataset of a source.
pub struct Part {
    pub dataset: Dataset,
    pub driver: String,
    pub path: String,
    /// The path within the source; the source's own name where it is the dataset.
    pub inside: String,
}

/// The last name of a path, for messages.
pub fn shown(path: &str) -> &str {
    path.trim_end_matches(['/', '}']).rsplit('/').next().unwrap_or(path)
}

/// The rasters that `path` is or holds; none where it has layers of features, or neither.
pub fn rasters(path: &str) -> Result<Option<Vec<String>>> {
    let full = full(path)?;
    let is_folder = Path::new(&full).is_dir();
    let root = match is_folder {
        true if ending(&full) != "gdb" => full.clone(),
        false if is_archive(&full) => {
            archive::check(&full)?;
            format!("/vsizip/{{{full}}}")
        }
        false if raster::is_raster(&full) => return Ok(Some(vec![full])),
        _ => return Ok(None),
    };
    let mut names = vsi::list(&root, true);
    names.sort();
    let others = |name: &str| matches!(ending(name.trim_end_matches('/')).as_str(), "gdb" | "zip");
    let features = names.iter().any(|name| is_dataset(name, &names) || others(name));
    let found: Vec<String> =
        names.iter().filter(|n| raster::is_named_so(n) && !hidden(n)).map(|n| format!("{root}/{n}")).collect();
    Ok((!features && !found.is_empty()).then_some(found))
}

/// The path without links and detours; messages say the file's name only.
fn full(path: &str) -> Result<String> {
    let cannot = |e: std::io::Error| Error::Unreadable(format!("`{}` cannot be opened: {e}", shown(path)));
    let full = Path::new(path).canonicalize().map_err(cannot)?;
    let full = full.to_str().ok_or_else(|| Error::Unreadable("the path is not UTF-8; rename the file".into()))?;
    errors::hide(&format!("/vsizip/{{{full}}}"), shown(full));
    errors::hide(full, shown(full));
    errors::hide(full.strip_suffix(shown(full)).filter(|folder| folder.len() > 1).unwrap_or(full), "");
    Ok(full.to_string())
}

/// Opens everything that `path` holds.
pub fn open(path: &str, notes: &mut Vec<Note>) -> Result<Vec<Part>> {
    let full = &*full(path)?;
    let ending = ending(full);
    let is_folder = Path::new(full).is_dir();
    if !is_folder && archive::is_zip(full) {
        archive::check(full)?;
        if is_archive(full) {
            return collection(&format!("/vsizip/{{{full}}}"), full, notes);
        }
    }
    if is_folder && ending != "gdb" {
        return collection(full, full, notes);
    }
    let drivers = ENDINGS.iter().find(|(known, _)| *known == ending).map_or(&BY_CONTENT[..], |(_, drivers)| drivers);
    Ok(vec![dataset(full, shown(full), drivers, notes)?])
}

/// Whether a file is a zip of files; kmz, xlsx and ods are zips that their drivers open themselves.
fn is_archive(path: &str) -> bool {
    let ending = ending(path);
    archive::is_zip(path) && (ending == "zip" || !ENDINGS.iter().any(|(known, _)| *known == ending))
}

pub fn ending(path: &str) -> String {
    let name = shown(path);
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

/// Every dataset in a zip or a folder. One that cannot be read is told and left out, unless it is the only one.
fn collection(root: &str, path: &str, notes: &mut Vec<Note>) -> Result<Vec<Part>> {
    let mut names = vsi::list(root, true);
    names.sort();
    // A geodatabase zipped without its folder.
    if names.iter().any(|name| name.eq_ignore_ascii_case("a00000001.gdbtable")) {
        return Ok(vec![dataset(root, shown(path), &["OpenFileGDB"], notes)?]);
    }
    let mut parts = Vec::new();
    let mut failed = None;
    let found: Vec<&String> = names.iter().filter(|name| is_dataset(name, &names)).collect();
    if found.len() > super::LAYERS {
        let say = format!("`{}` holds more than {} datasets; import it in parts", shown(path), super::LAYERS);
        return Err(Error::Unreadable(say));
    }
    for name in found {
        let name = name.trim_end_matches('/');
        let ending = ending(name);
        let Some((_, drivers)) = ENDINGS.iter().find(|(known, _)| *known == ending) else {
            continue;
        };
        match dataset(&format!("{root}/{name}"), name, drivers, notes) {
            Ok(part) => parts.push(part),
            Err(e) => {
                notes.push(notes::not_read(&e));
                failed = Some(e);
            }
        }
    }
    // Archives in it are opened too, but not what is packed in those.
    for name in
        names.iter().filter(|name| ending(name) == "zip" && !hidden(name) && root.matches("/vsizip/").count() < 2)
    {
        match packed(root, name, notes) {
            Ok(more) => parts.extend(more),
            Err(e) => {
                notes.push(notes::not_read(&e));
                failed = Some(e);
            }
        }
    }
    match (parts.is_empty(), failed) {
        (false, _) => Ok(parts),
        (true, Some(e)) => Err(e),
        (true, None) => Err(nothing(path)),
    }
}

/// The datasets of an archive that lies in a folder or in another archive.
fn packed(root: &str, name: &str, notes: &mut Vec<Note>) -> Result<Vec<Part>> {
    let path = format!("{root}/{name}");
    check_plain(&path)?;
    archive::check(&path)?;
    let parts = collection(&format!("/vsizip/{{{path}}}"), &path, notes)?;
    Ok(parts.into_iter().map(|part| Part { inside: format!("{name}/{}", part.inside), ..part }).collect())
}

/// Only plain files: a pipe in a folder would be waited for without end.
fn check_plain(path: &str) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            Err(Error::Unreadable(format!("`{}` is neither a file nor a folder", shown(path))))
        }
        _ => Ok(()),
    }
}

fn nothing(path: &str) -> Error {
    let known: Vec<&str> = ENDINGS.iter().map(|(ending, _)| *ending).collect();
    Error::Unreadable(format!("`{}` holds nothing that can be read; formats: {}", shown(path), known.join(", ")))
}

/// What systems add by themselves.
fn hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// Whether an entry stands for a dataset: not a part of one, not what macOS adds.
fn is_dataset(name: &str, names: &[String]) -> bool {
    let folder = name.ends_with('/');
    let plain = name.trim_end_matches('/');
    let inside_gdb = plain
        .rsplit_once('/')
        .is_some_and(|(above, _)| above.to_ascii_lowercase().split('/').any(|p| p.ends_with(".gdb")));
    let ending = ending(plain);
    // The table of a shapefile, or of a MapInfo table.
    let stem = plain.rsplit_once('.').map_or(plain, |(stem, _)| stem);
    let of_another = ending == "dbf"
        && names.iter().any(|n| ["shp", "tab"].iter().any(|e| n.eq_ignore_ascii_case(&format!("{stem}.{e}"))));
    !hidden(plain)
        && !inside_gdb
        && !of_another
        && folder == (ending == "gdb")
        && ENDINGS.iter().any(|(known, _)| *known == ending)
}

fn dataset(path: &str, inside: &str, drivers: &[&str], notes: &mut Vec<Note>) -> Result<Part> {
    check_plain(path)?;
    if let Some(advice) = foreign::advice(&vsi::head(path, foreign::HEAD), &ending(path)) {
        return Err(Error::Unreadable(format!("`{}` {advice}", shown(path))));
    }
    if drivers == ["ESRI Shapefile"] {
        shapefile::check(path, notes)?;
    }
    if drivers.contains(&"DXF") {
        // Drawings come as their bytes: GDAL's converter for ANSI_1258 loses the last letter of each text.
        let encoding = if super::words::drawing(path).as_deref() == Some("UTF-8") { c"UTF-8" } else { c"ISO-8859-1" };
        vsi::option(c"DXF_ENCODING", encoding);
    }
    let options: Vec<String> = match drivers {
        // An empty name: no conversion, neither of values nor of field names.
        ["ESRI Shapefile"] => vec!["ENCODING=".into()],
        ["CSV"] => csv_options(),
        _ => Vec::new(),
    };
    match Dataset::open(path, drivers, &options) {
        Some(dataset) if dataset.layers().next().is_none() => Err(nothing(path)),
        Some(dataset) => {
            let dataset = match drivers {
                ["ESRI Shapefile"] => whole_numbers(dataset, path),
                ["XLSX"] => headed(dataset, path, "XLSX", c"OGR_XLSX_HEADERS"),
                ["ODS"] => headed(dataset, path, "ODS", c"OGR_ODS_HEADERS"),
                _ => dataset,
            };
            Ok(Part { driver: dataset.driver(), dataset, path: path.to_owned(), inside: inside.to_owned() })
        }
        None => Err(match errors::take_cause() {
            Some(cause) if cause.contains("not recognized as a supported file format") => nothing(path),
            Some(cause) => Error::Unreadable(format!("`{}` cannot be read: {cause}", shown(path))),
            None => nothing(path),
        }),
    }
}

/// Opens anew a table with whole numbers of 19 digits and more, which GDAL makes floating-point ones that lose digits;
/// asked to, it reads all of them and finds the integer type that holds them.
fn whole_numbers(dataset: Dataset, path: &str) -> Dataset {
    let wide = |f: &RawField| f.r#type == gdal_sys::OGRFieldType::OFTReal && f.precision == 0 && f.width >= 19;
    if !dataset.layers().any(|layer| layer.fields().iter().any(wide)) {
        return dataset;
    }
    Dataset::open(path, &["ESRI Shapefile"], &["ENCODING=".into(), "ADJUST_TYPE=YES".into()]).unwrap_or(dataset)
}

/// Opens a workbook anew whose sheets have columns of text alone: GDAL then takes the header for a row. It is the header
/// where every cell of it is filled, no two are the same and none is a number.
fn headed(dataset: Dataset, path: &str, driver: &str, option: &CStr) -> Dataset {
    let nameless = |sheet: &Layer<'_>| {
        let fields = sheet.fields();
        !fields.is_empty() && fields.iter().enumerate().all(|(n, f)| f.name == format!("Field{}", n + 1).as_bytes())
    };
    let sheets: Vec<Layer<'_>> = dataset.layers().filter(nameless).collect();
    if sheets.is_empty() || !sheets.iter().all(begins_with_names) {
        return dataset;
    }
    vsi::option(option, c"FORCE");
    let forced = Dataset::open(path, &[driver], &[]);
    // Sheets are read when they are first asked for, which must be before the option goes back.
    forced.iter().flat_map(Dataset::layers).for_each(|sheet| _ = sheet.fields());
    vsi::option(option, c"AUTO");
    forced.unwrap_or(dataset)
}

fn begins_with_names(sheet: &Layer<'_>) -> bool {
    sheet.rewind();
    let names: Vec<Vec<u8>> = sheet.next().map_or(Vec::new(), |first| {
        (0..sheet.fields().len()).map(|i| first.text(i as i32).trim_ascii().to_vec()).collect()
    });
    let more = sheet.next().is_some();
    sheet.rewind();
    let name = |text: &Vec<u8>| !text.is_empty() && std::str::from_utf8(text).is_ok_and(|t| t.parse::<f64>().is_err());
    let different = names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
    more && different && !names.is_empty() && names.iter().all(name)
}

/// Values stay text: GDAL's own typing makes 7 of the code `007` (see `survey.rs`). Columns of coordinates: see `xy.rs`.
fn csv_options() -> Vec<String> {
    vec![
        "AUTODETECT_TYPE=NO".into(),
        "EMPTY_STRING_AS_NULL=YES".into(),
        "GEOM_POSSIBLE_NAMES=wkt,geom,geometry,the_geom".into(),
    ]
}
