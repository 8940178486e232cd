//! A layer as a file, made in a folder of its own that is gone when nobody holds it any longer.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::mpsc::{Receiver, channel};

use super::encode::{Encode, written};
use super::fgb::Fgb;
use super::format::Format;
use super::gdal::{recipe, translate};
use super::gpkg::{self, Rows};
use super::read::Written;
use super::rows::Job;
use super::shapefile::{self, Records};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::schema::Kind;

/// A file on its way may be so large; then there is a mistake, or too little room for anybody.
const MOST: u64 = 16 << 30;

/// Pieces that may wait to be taken by work that blocks.
const WAITING: usize = 4;

/// A folder that is removed when it is dropped.
pub struct Scratch(PathBuf);

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Scratch {
    pub fn new(inside: &Path) -> Result<Scratch> {
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = inside.join(format!(".dothi-export-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Error::io(format!("write into `{}`", inside.display())))?;
        Ok(Scratch(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// What was written, piece by piece, for work that may block. Where nobody waits for it any longer it ends with an error.
pub struct Chunks(Receiver<Option<Vec<u8>>>);

impl Iterator for Chunks {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Result<Vec<u8>>> {
        match self.0.blocking_recv() {
            Some(bytes) => bytes.map(Ok),
            None => Some(Err(Error::Busy("the export was given up".into()))),
        }
    }
}

/// Hands what is written to `work`, telling how many features there are so far; returns how many there were.
async fn pour(
    mut written: Written,
    mut tell: impl FnMut(u64) + Send,
    work: impl FnOnce(Chunks) -> Result<()> + Send + 'static,
) -> Result<u64> {
    let (to, from) = channel(WAITING);
    let work = tokio::task::spawn_blocking(move || work(Chunks(from)));
    let (mut features, mut size) = (0, 0);
    while let Some(chunk) = written.next().await? {
        features += chunk.features;
        size += chunk.bytes.len() as u64;
        if size > MOST {
            return Err(Error::TooLarge("the export is larger than 16 GiB; ask for less at once".into()));
        }
        // Work that takes nothing any longer says below why.
        if to.send(Some(chunk.bytes)).await.is_err() {
            break;
        }
        tell(features);
    }
    let _ = to.send(None).await;
    work.await.map_err(|e| Error::Internal(e.to_string()))??;
    Ok(features)
}

fn save(to: &Path, mut chunks: Chunks) -> Result<()> {
    let io = || Error::io(format!("write `{}`", to.display()));
    let mut file = std::fs::File::create(to).map_err(io())?;
    chunks.try_for_each(|chunk| file.write_all(&chunk?).map_err(io()))
}

/// Makes the file of any format in `folder`, named `stem` and the format's ending; returns its path and how many features
/// it has. A shapefile is zipped where `zipped` says so, else its `.shp` is named.
pub async fn make(
    db: &Db,
    job: Job,
    format: Format,
    folder: &Path,
    stem: &str,
    zipped: bool,
    tell: impl FnMut(u64) + Send,
) -> Result<(PathBuf, u64)> {
    let to = folder.join(format!("{stem}.{}", format.ending()));
    if format.streams() {
        let (written, whole) = (written(db, job, format, false).await?, to.clone());
        return Ok((to, pour(written, tell, move |chunks| save(&whole, chunks)).await?));
    }
    // Beside the result, never among its files.
    let aside = Scratch::new(folder)?;
    let between = aside.path().join("features.fgb");
    if format == Format::Gpkg {
        std::fs::write(&between, Fgb::new(&job).head()).map_err(Error::io("write the export"))?;
        let (name, rows) = (job.layer.id.clone(), Arc::new(Rows::new(&job)));
        finish(job.clone(), format, between, to.clone()).await?;
        let (written, whole) = (Written::start(db, job, rows).await?, to.clone());
        return Ok((to, pour(written, tell, move |chunks| gpkg::fill(&whole, &name, chunks)).await?));
    }
    if format == Format::Shp {
        return shape_files(db, job, folder, stem, zipped, tell).await;
    }
    let (written, whole) = (written(db, job.clone(), format, false).await?, between.clone());
    let features = pour(written, tell, move |chunks| save(&whole, chunks)).await?;
    finish(job, format, between, to.clone()).await?;
    Ok((to, features))
}

/// The files of a shapefile, or its archive.
async fn shape_files(
    db: &Db,
    job: Job,
    folder: &Path,
    stem: &str,
    zipped: bool,
    tell: impl FnMut(u64) + Send,
) -> Result<(PathBuf, u64)> {
    let (files, aside) = (Scratch::new(folder)?, Scratch::new(folder)?);
    let to = folder.join(format!("{stem}.{}", if zipped { "zip" } else { "shp" }));
    let (inside, stem, whole) = (folder.to_path_buf(), stem.to_string(), to.clone());
    let written = Written::start(db, job.clone(), Arc::new(Records::new(&job))).await?;
    let features = pour(written, tell, move |chunks| {
        let into = if zipped { files.path() } else { &inside };
        shapefile::write(&job, into, &stem, aside.path(), chunks)?;
        if zipped { shapefile::pack(into, &whole) } else { Ok(()) }
    });
    Ok((to, features.await?))
}

/// GDAL's part of the work.
async fn finish(job: Job, format: Format, from: PathBuf, to: PathBuf) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let guard = Stop(stop.clone());
    let made = tokio::task::spawn_blocking(move || {
        let id = job.id_name();
        let mut recipe = recipe(format, &job.layer.id, &id);
        recipe.options.extend(dates(&job, &id));
        translate(&from, &to, &recipe, &stop)
    });
    made.await.map_err(|e| Error::Internal(e.to_string()))??;
    drop(guard);
    Ok(())
}

/// Ends GDAL's work when nobody waits for it any longer.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// FlatGeobuf has no days, only times: GDAL is told which columns are days. A name that its SQL cannot quote stays a time.
fn dates(job: &Job, id: &str) -> Vec<String> {
    let fields = &job.selection.fields;
    let plain = |name: &str| !name.contains(['"', '\\']) && !name.is_empty();
    let days = fields.iter().any(|f| f.kind == Kind::Date);
    if !days || !fields.iter().all(|f| plain(&f.name)) || !plain(&job.layer.id) {
        return Vec::new();
    }
    let mut columns = vec![format!("\"{id}\"")];
    columns.extend(fields.iter().map(|f| match f.kind {
        Kind::Date => format!("CAST(\"{0}\" AS date) AS \"{0}\"", f.name),
        _ => format!("\"{}\"", f.name),
    }));
    vec!["-sql".into(), format!("SELECT {} FROM \"{}\"", columns.join(", "), job.layer.id)]
}
