//! A path → opened datasets and found rasters: drivers from a list, a zip or a folder dataset by dataset, nothing else.

use std::ffi::CStr;
use std::path::Path;

use super::drivers::{BY_CONTENT, ENDINGS};
use super::ogr::{Dataset, Layer, RawField};
use super::raster::Found;
use super::{archive, errors, foreign, raster, shapefile, vsi};
use crate::error::{Error, Result};
use crate::import::frames::Note;
use crate::import::{notes, package};

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

/// Everything that a source holds.
#[derive(Default)]
pub struct Opened {
    pub parts: Vec<Part>,
    pub rasters: Vec<Found>,
    /// Files of a planning dossier that are no data to import.
    pub unread: Vec<String>,
}

impl Opened {
    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.rasters.is_empty()
    }
}

/// The last name of a path, for messages.
pub fn shown(path: &str) -> &str {
    path.trim_end_matches(['/', '}']).rsplit('/').next().unwrap_or(path)
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
pub fn open(path: &str, notes: &mut Vec<Note>) -> Result<Opened> {
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
    if !is_folder && raster::is_raster(full) {
        return Ok(Opened { rasters: vec![Found::file(full, shown(full))], ..Opened::default() });
    }
    let drivers = ENDINGS.iter().find(|(known, _)| *known == ending).map_or(&BY_CONTENT[..], |(_, drivers)| drivers);
    let mut opened = Opened::default();
    add(&mut opened, full, shown(full), drivers, notes)?;
    Ok(opened)
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
fn collection(root: &str, path: &str, notes: &mut Vec<Note>) -> Result<Opened> {
    let mut names = vsi::list(root, true);
    names.sort();
    let mut opened = Opened::default();
    // A geodatabase zipped without its folder.
    if names.iter().any(|name| name.eq_ignore_ascii_case("a00000001.gdbtable")) {
        opened.parts.push(dataset(root, shown(path), &["OpenFileGDB"], notes)?);
        return Ok(opened);
    }
    let mut failed = None;
    // Beside the GIS data of a planning dossier its editable originals are no data.
    if names.iter().any(|name| package::within(name, package::GIS)) {
        let is_read = |name: &String| is_dataset(name, &names) || raster::is_named_so(name) || ending(name) == "zip";
        let left = |name: &&String| package::within(name, package::BASIC) || is_of_dossier(name) && !is_read(name);
        opened.unread =
            names.iter().filter(left).filter(|name| !name.ends_with('/') && !hidden(name)).cloned().collect();
        names.retain(|name| !package::within(name, package::BASIC));
    }
    let found: Vec<&String> = names.iter().filter(|name| is_dataset(name, &names)).collect();
    let pictures: Vec<&String> =
        names.iter().filter(|name| raster::is_named_so(name) && !hidden(name) && !in_gdb(name)).collect();
    if found.len() > super::LAYERS || pictures.len() > super::LAYERS {
        let say = format!("`{}` holds more than {} datasets; import it in parts", shown(path), super::LAYERS);
        return Err(Error::Unreadable(say));
    }
    for name in found {
        let name = name.trim_end_matches('/');
        let ending = ending(name);
        let Some((_, drivers)) = ENDINGS.iter().find(|(known, _)| *known == ending) else {
            continue;
        };
        if let Err(e) = add(&mut opened, &format!("{root}/{name}"), name, drivers, notes) {
            notes.push(notes::not_read(&e));
            failed = Some(e);
        }
    }
    for name in pictures {
        let path = format!("{root}/{name}");
        check_plain(&path)?;
        opened.rasters.push(Found::file(&path, name));
    }
    // Archives in it are opened too, but not what is packed in those.
    for name in
        names.iter().filter(|name| ending(name) == "zip" && !hidden(name) && root.matches("/vsizip/").count() < 2)
    {
        match packed(root, name, notes) {
            Ok(more) => {
                opened.parts.extend(more.parts);
                opened.rasters.extend(more.rasters);
                opened.unread.extend(more.unread);
            }
            Err(e) => {
                notes.push(notes::not_read(&e));
                failed = Some(e);
            }
        }
    }
    match (opened.is_empty(), failed) {
        (false, _) => Ok(opened),
        (true, Some(e)) => Err(e),
        (true, None) => Err(nothing(path)),
    }
}

/// Adds a dataset and the tables of pictures that it has; GDAL opens no GeoPackage of nothing but those as one of features.
fn add(opened: &mut Opened, path: &str, inside: &str, drivers: &[&str], notes: &mut Vec<Note>) -> Result<()> {
    let part = dataset(path, inside, drivers, notes);
    let tables = match &part {
        Ok(part) if part.driver == "GPKG" => raster::tables(path, inside, Some(&part.dataset)),
        Err(_) if drivers.contains(&"GPKG") => raster::tables(path, inside, None),
        _ => Vec::new(),
    };
    if tables.is_empty() {
        opened.parts.push(part?);
    } else {
        opened.parts.extend(part.ok());
        opened.rasters.extend(tables);
    }
    Ok(())
}

/// What is in an archive that lies in a folder or in another archive.
fn packed(root: &str, name: &str, notes: &mut Vec<Note>) -> Result<Opened> {
    let path = format!("{root}/{name}");
    check_plain(&path)?;
    archive::check(&path)?;
    let opened = collection(&format!("/vsizip/{{{path}}}"), &path, notes)?;
    let inside = |inside: String| format!("{name}/{inside}");
    let parts = opened.parts.into_iter().map(|part| Part { inside: inside(part.inside), ..part }).collect();
    let rasters = opened.rasters.into_iter().map(|found| Found { inside: inside(found.inside), ..found }).collect();
    Ok(Opened { parts, rasters, unread: opened.unread.into_iter().map(inside).collect() })
}

/// Whether a path leads into the scanned documents of a planning dossier.
pub fn is_of_dossier(inside: &str) -> bool {
    package::within(inside, package::SCANS)
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

/// Whether it is a part of a file geodatabase.
fn in_gdb(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(above, _)| above.to_ascii_lowercase().split('/').any(|p| p.ends_with(".gdb")))
}

/// Whether an entry stands for a dataset: not a part of one, not what macOS adds.
fn is_dataset(name: &str, names: &[String]) -> bool {
    let folder = name.ends_with('/');
    let plain = name.trim_end_matches('/');
    let ending = ending(plain);
    // The table of a shapefile, or of a MapInfo table.
    let stem = plain.rsplit_once('.').map_or(plain, |(stem, _)| stem);
    let of_another = ending == "dbf"
        && names.iter().any(|n| ["shp", "tab"].iter().any(|e| n.eq_ignore_ascii_case(&format!("{stem}.{e}"))));
    !hidden(plain)
        && !in_gdb(plain)
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
