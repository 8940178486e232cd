//! Files in. A limited child process reads the file through GDAL (`reader/`), this process stages, checks and publishes.
//!
//! One layer is one transaction: create the staging table, COPY, check and repair, index, swap. Readers see the old layer
//! or the new one, and whatever is killed in between leaves the old one and no rubbish.

mod called; // a file's own name, whatever it is called on the disk
pub mod child; // the child process, seen from here
mod claim; // which id a layer gets, and who imports it
pub mod each; // what is said of single layers of a source
pub mod frames; // what the two say to each other
mod hash; // which file it was
mod key; // ids of a staged layer
mod merge; // into a layer that is there: append, upsert
mod land_use; // labels held against the official lists
pub mod notes; // what is said about a file, in both languages
pub mod package; // planning packages: several databases, one set of layers
pub mod preview; // the first features of a layer, imported nowhere
mod quality; // what is wrong in it, found on the way
mod publish; // staging table, COPY, swap
mod raster; // pictures: tiles into an archive
pub mod reader; // the child itself: the only place that names GDAL
mod repair; // invalid geometry
pub mod report; // the account of every row
mod request; // what is asked of the child
mod settle; // what the catalog says of the layer
mod srid; // coordinate systems that PostGIS does not know yet

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::error::{Error, Result};
pub use called::Called;
use child::{Limits, Reader};
use each::{ByLayer, Each};
use frames::{Action, Event, Frame, LayerInfo, Note, Question, Request};
use package::Package;
use report::Report;

/// What an administrator says about an import.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The layer's id; from the source layer's name otherwise.
    pub layer: Option<String>,
    pub title: Option<String>,
    /// Which layers of the source, named as in [`each::ByLayer`]; all of them otherwise.
    pub source_layers: Vec<String>,
    /// What is said of single layers of it.
    #[serde(skip_serializing_if = "ByLayer::is_empty")]
    pub each: ByLayer<Each>,
    /// `EPSG:n`, overruling the file.
    pub srs: Option<String>,
    pub encoding: Option<String>,
    /// What becomes of a layer that is there already.
    pub how: How,
    /// Who imports; the database's user otherwise.
    #[serde(skip)]
    pub who: Option<String>,
    /// What the file is called, where that is not its name on the disk.
    #[serde(skip)]
    pub name: Option<String>,
    /// The job that this is; its editions say so.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub job: Option<i64>,
    /// Waits for another import of the same layer to end, instead of being refused.
    #[serde(skip)]
    pub wait: bool,
    /// Exchanges x and y.
    pub swap_xy: bool,
    /// Leaves heights and measures out.
    pub drop_z: bool,
    /// Of rasters: the values that stand for nothing, overruling the file; `none` for no such value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodata: Option<String>,
    /// Of a raster: pixels (from the left, from above) and where they are (x, y), overruling the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub control_points: Vec<[f64; 4]>,
    /// Metres below which overlaps and gaps are not counted; what is usual otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// Do everything, then take it back.
    pub dry_run: bool,
    /// Refuse a planning package that is not as its circular has it.
    pub strict: bool,
    /// Where the tiles of rasters are kept.
    #[serde(skip)]
    pub data_dir: PathBuf,
}

/// What becomes of a layer that is there already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    #[default]
    Replace,
    /// Its features stay, the file's are added.
    Append,
    /// As `Append`; but a feature with the same value of this field becomes what the file says.
    Upsert(String),
}

impl How {
    pub fn name(&self) -> &'static str {
        match self {
            How::Replace => "replace",
            How::Append => "append",
            How::Upsert(_) => "upsert",
        }
    }
}

/// How far an import is.
#[derive(Debug, Clone)]
pub enum Step {
    /// The source was opened; these are its layers.
    Opened(Vec<String>),
    /// A layer begins: its name, and how many rows it should have.
    Layer(String, Option<u64>),
    /// Rows of the layer; before the first layer, rows that were looked at.
    Rows(u64),
    /// Something must be said before the file can be read; an error follows that says the same in a line.
    Question(Question),
    /// All of a planning package was read and checked.
    Package(Box<package::Account>),
    /// `cut` of a raster, `checks`, `index`, `swap`
    Doing(&'static str),
    /// A layer is in, whatever becomes of those that follow.
    Done(Box<Report>),
}

/// Imports a file: every layer of it, or those that were asked for. Layers that are done stay done when a later one fails.
pub async fn run(
    to: &PgConnectOptions,
    file: &Path,
    options: &Options,
    limits: &Limits,
    mut tell: impl FnMut(Step) + Send,
) -> Result<Vec<Report>> {
    let path = absolute(file)?;
    let mut request = Request::new(Action::Read, path.to_string_lossy());
    request.srs.clone_from(&options.srs);
    request.encoding.clone_from(&options.encoding);
    request.swap_xy = options.swap_xy;
    request.drop_z = options.drop_z;
    request.nodata.clone_from(&options.nodata);
    request.control_points.clone_from(&options.control_points);
    let called = Called::new(&path, options.name.as_deref());
    request.name.clone_from(&options.name);
    request.layers = (!options.source_layers.is_empty()).then(|| options.source_layers.clone());
    request.each = options.each.iter().map(|(name, own)| (name.clone(), own.reads())).collect();
    let sha256 = hash::start(path);
    let mut reader = Reader::start(&request, limits).await?;
    let mut to = to.clone().application_name("dothi import").connect().await?;
    let done = layers(&mut to, &mut reader, &called, sha256, options, &mut tell).await;
    to.close().await.ok();
    done.map_err(full_disk)
}

/// That the database has no room is for the administrator to mend, not a fault of this program.
fn full_disk(error: Error) -> Error {
    match &error {
        // disk_full
        Error::Db(sqlx::Error::Database(e)) if e.code().as_deref() == Some("53100") => Error::Busy(
            "the disk of the database is full: nothing of the layer was imported, what is served is as it was; make room and import again"
                .into(),
        ),
        _ => error,
    }
}

async fn layers(
    to: &mut PgConnection,
    reader: &mut Reader,
    called: &Called,
    sha256: hash::Hash,
    options: &Options,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Vec<Report>> {
    let name = called.name.clone();
    let mut reports: Vec<Report> = Vec::new();
    let mut source_notes: Vec<Note> = Vec::new();
    let mut driver = String::new();
    let mut listed: Vec<LayerInfo> = Vec::new();
    // Ids that are taken: said of layers of the source, or given to those that came before.
    let mut taken: Vec<String> = Vec::new();
    while let Some(frame) = reader.next().await? {
        let Frame::Event(event) = frame else {
            return Err(Error::Internal("the reader sent rows before their layer".into()));
        };
        match *event {
            Event::Source { driver: d, layers, notes, unread, .. } => {
                driver = d;
                source_notes = notes;
                if layers.iter().any(|layer| layer.raster.is_some() && options.of(layer).how != How::Replace) {
                    let say = "a raster replaces its layer, nothing can be added to a picture; choose the layers of features with `--source-layer`";
                    return Err(Error::invalid("append", say));
                }
                let package = Package::recognise(&called.place(), &layers, options.layer.as_deref())?;
                if let Some(package) = package.map(|package| Package { unread, ..package }) {
                    tell(Step::Opened(layers.into_iter().map(|l| l.name).collect()));
                    let source = publish::Source { file: &name, driver: &driver, notes: &source_notes, sha256 };
                    return package::import(to, reader, &package, source, options, tell).await;
                }
                taken = options.own_ids(&layers)?;
                let names: Vec<String> = layers.iter().map(|l| l.name.clone()).collect();
                listed = layers;
                if let (Some(id), true) = (&options.layer, names.len() > 1) {
                    let named = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
                    let say = format!(
                        "`--layer {id}` names one layer, but `{name}` has {}: {named}; choose one with `--source-layer`, or say `--layer NAME=ID` of each",
                        names.len()
                    );
                    return Err(Error::invalid("layer", say));
                }
                tell(Step::Opened(names));
            }
            Event::Layer(layer) => {
                let source =
                    publish::Source { file: &name, driver: &driver, notes: &source_notes, sha256: sha256.clone() };
                let own =
                    listed.iter().find(|l| l.index == layer.index).map_or_else(|| options.clone(), |l| options.of(l));
                let report = match layer.raster {
                    Some(_) => raster::layer(to, reader, layer, &source, &taken, &own, tell).await?,
                    None => publish::layer(to, reader, layer, &source, &taken, &own, tell).await?,
                };
                tell(Step::Done(Box::new(report.clone())));
                taken.push(report.layer.clone());
                reports.push(report);
            }
            Event::Progress { rows, .. } => tell(Step::Rows(rows)),
            Event::Note(note) => source_notes.push(note),
            Event::Question(question) => tell(Step::Question(question)),
            Event::Error { message } => return Err(Error::Unreadable(message)),
            _ => {}
        }
    }
    Ok(reports)
}

/// GDAL and the child get an absolute path, so that a name such as `PG:…` is never anything but a file.
pub fn absolute(file: &Path) -> Result<PathBuf> {
    let cannot = |why: &str| Error::Unreadable(format!("`{}` cannot be opened: {why}", file.display()));
    let path = file.canonicalize().map_err(|e| cannot(&plain(&e)))?;
    // A pipe or a device would be waited for without end.
    match path.is_file() || path.is_dir() {
        true => Ok(path),
        false => Err(cannot("it is neither a file nor a folder")),
    }
}

fn plain(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => e.to_string(),
    }
}
