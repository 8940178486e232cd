//! The child's side: reads one file through GDAL and tells its parent what is in it. The only place that names GDAL.
//!
//! A request comes on standard input, the answer goes out in [`frames`](super::frames). In between:
//! limit this process, prepare GDAL, open the source, plan each layer (survey, encoding, place), stream the rows.

mod aliases; // titles of a GeoPackage's columns
mod archive; // what a zip claims to hold
mod copy; // values → COPY BINARY
mod drivers; // which of GDAL's drivers stay
mod errors; // what GDAL complains about
mod fence; // which files may be opened
mod fields; // GDAL's types → ours
mod fonts; // what fonts say about text
mod foreign; // what is not read, and the way out
mod installed; // which GDAL this is
mod limits; // what this process may not do
mod number; // coordinates as people write them
mod ogr; // GDAL's handles with owners
mod originals; // what the report keeps of changed text
mod out; // frames on their way out
mod place; // which coordinate system
mod plan; // a layer, looked at and decided on
mod planned; // layers of features and pictures alike
mod raster; // pictures
mod rows; // features → rows, or set aside with the reason
mod shape; // geometries → EWKB
mod shapefile; // what GDAL does not tell about a shapefile
mod source; // a path → opened datasets
mod srs; // GDAL's spatial reference
mod surface; // text that was read wrongly before
mod survey; // what must be known before the first row
mod text; // bytes of any encoding → text
mod towns; // where that is, in words
mod typing; // which CSV columns are numbers
mod validity; // which polygons are surely valid
#[cfg(test)]
mod validity_tests; // … held against GEOS
mod vsi; // GDAL's view of files
mod words; // which encoding a layer is read in
mod xy; // tables with coordinates in columns

use std::io::Read;

pub use self::installed::{gdal_version, missing_drivers};
use self::out::Out;
use self::plan::Plan;
use self::planned::Planned;
use self::source::Opened;
use super::called::stem;
use super::frames::{Action, Event, LayerInfo, Request};
use crate::error::{Error, Result};

/// Layers, and datasets, of one source: each layer becomes a table.
const LAYERS: usize = 1000;
/// A frame holds the samples of this many fields.
const SAMPLED_FIELDS: usize = 2000;

/// The hidden subcommand `import-reader`; returns the exit code. The answer tells the rest.
pub fn run_reader() -> i32 {
    let mut out = match limits::take_stdout() {
        Ok(file) => Out::new(file),
        Err(_) => return 2,
    };
    match answer(&mut out).and_then(|()| out.event(&Event::End)) {
        Ok(()) => 0,
        Err(e) => {
            // If this does not get through, the parent is gone.
            let _ = out.event(&Event::Error { message: super::child::line(&e.to_string()) });
            1
        }
    }
}

fn answer(out: &mut Out) -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(Error::io("reading the request"))?;
    let request: Request = serde_json::from_str(&text)?;
    let path = std::path::Path::new(&request.path);
    let size = source::size(path);
    limits::apply(path, size, request.memory, raster::most_seconds(size))?;
    drivers::prepare();
    out.bound(size);

    let mut notes = Vec::new();
    let mut opened = source::open(&request.path, &mut notes)?;
    let mut unread = std::mem::take(&mut opened.unread);
    let (mut plans, mut names) = (Vec::new(), Vec::new());
    features(&opened, path, &request, &mut plans, &mut names, out)?;
    notes.extend(errors::take());
    if !opened.rasters.is_empty() {
        raster::prepare();
        planned::rasters(&opened, &request, &mut plans, &mut names, (&mut notes, &mut unread))?;
    }
    planned::check_words(&request, &plans)?;
    known(&request, &names)?;
    let driver = opened.parts.first().map(|part| part.driver.clone());
    let driver = driver.or_else(|| plans.first().and_then(Planned::driver)).unwrap_or_default();
    let path = request.path.clone();
    notes.extend(errors::take());
    match request.action {
        Action::Inspect => {
            let mut layers: Vec<LayerInfo> = plans.into_iter().map(Planned::info).collect();
            if layers.iter().map(|layer| layer.fields.len()).sum::<usize>() > SAMPLED_FIELDS {
                layers.iter_mut().flat_map(|layer| &mut layer.fields).for_each(|field| field.samples.clear());
            }
            out.event(&Event::Source { driver, path, layers, notes, unread })
        }
        Action::Read => {
            let layers = plans.iter().map(Planned::heading).collect();
            read(plans, Event::Source { driver, path, layers, notes, unread }, &request, out)
        }
    }
}

/// Plans the layers of features that are wanted; `names` gets name and path of all.
fn features<'d>(
    opened: &'d Opened,
    path: &std::path::Path,
    request: &Request,
    plans: &mut Vec<Planned<'d>>,
    names: &mut Vec<(String, String)>,
    out: &mut Out,
) -> Result<()> {
    for part in &opened.parts {
        for layer in part.dataset.layers() {
            let raw = layer.name();
            if plans.len() >= LAYERS {
                return Err(Error::Unreadable(format!(
                    "the file has more than {LAYERS} layers; name those that are wanted with `--source-layer`"
                )));
            }
            let name = text::Decoder::UTF8.string(&raw).unwrap_or_else(|| String::from_utf8_lossy(&raw).into_owned());
            let name = match &request.name {
                Some(own) if path.file_stem().is_some_and(|stem| *stem == *name) => stem(own).to_string(),
                _ => name,
            };
            if request.wants(&name, &part.inside) {
                let own = request.of(&name, &part.inside);
                let plan = Plan::new(part, layer, names.len(), name.clone(), &own, out)?;
                plans.push(Planned::Features(Box::new(plan)));
            }
            names.push((name, part.inside.clone()));
        }
    }
    Ok(())
}

/// What is said of single layers is said of layers that there are.
fn known(request: &Request, have: &[(String, String)]) -> Result<()> {
    let Some(stray) = request.stray(have) else { return Ok(()) };
    let have = have.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("`, `");
    Err(Error::NotFound(format!("there is no layer `{stray}` in the file; it has `{have}`")))
}

/// Nothing is sent before every layer can be read: half a file is no edition.
fn read(plans: Vec<Planned>, source: Event, request: &Request, out: &mut Out) -> Result<()> {
    let checked: Vec<Result<()>> = plans.iter().map(|plan| plan.check(out)).collect();
    checked.into_iter().collect::<Result<()>>()?;
    out.event(&source)?;
    limits::more_time(plans.iter().map(Planned::seconds).sum());
    plans.into_iter().try_for_each(|mut plan| plan.read(request, out))
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // writing to a String does not fail
    }
    text
}

/// A file of `../shared`, where it is there (`DOTHI_SHARED` names the folder elsewhere).
#[cfg(test)]
fn shared(path: &str) -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("DOTHI_SHARED_DATA").map(std::path::PathBuf::from);
    let folder = folder.and_then(|data| data.parent().map(Into::into));
    let folder = folder.unwrap_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let file = folder.join(path);
    if !file.exists() {
        eprintln!("skipped: {} is not here", file.display());
    }
    file.exists().then_some(file)
}
