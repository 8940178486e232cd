//! A layer as a file, made in a folder of its own that is gone when nobody holds it any longer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;

use super::encode::written;
use super::fgb::Fgb;
use super::format::Format;
use super::gdal::{Recipe, recipe, translate};
use super::read::Written;
use super::rows::Job;
use super::shapefile;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::schema::Kind;

/// A file on its way may be so large; then there is a mistake, or too little room for anybody.
const MOST: u64 = 16 << 30;

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

/// Writes features to `to`, telling how many there are so far; returns how many there were.
pub async fn stream(mut written: Written, to: &Path, mut tell: impl FnMut(u64) + Send) -> Result<u64> {
    let io = || Error::io(format!("write `{}`", to.display()));
    let mut file = tokio::fs::File::create(to).await.map_err(io())?;
    let (mut features, mut size) = (0, 0);
    while let Some(chunk) = written.next().await? {
        features += chunk.features;
        size += chunk.bytes.len() as u64;
        if size > MOST {
            return Err(Error::TooLarge("the export is larger than 16 GiB; ask for less at once".into()));
        }
        file.write_all(&chunk.bytes).await.map_err(io())?;
        tell(features);
    }
    file.flush().await.map_err(io())?;
    Ok(features)
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
    if format.streams() {
        let to = folder.join(format!("{stem}.{}", format.ending()));
        let written = written(db, job, format, false).await?;
        return Ok((to.clone(), stream(written, &to, tell).await?));
    }
    // Beside the result, never among its files.
    let aside = Scratch::new(folder)?;
    let between = aside.path().join("features.fgb");
    let short = shapefile::short_names(job.selection.fields.iter().map(|f| f.name.as_str()));
    let fgb = match format {
        Format::Shp => Fgb::for_shapefiles(&job, "fid", &apart_from_id(&short)),
        _ => Fgb::new(&job),
    };
    let features = stream(Written::start(db, job.clone(), Arc::new(fgb)).await?, &between, tell).await?;
    let (stem, inside) = (stem.to_string(), folder.to_path_buf());
    let stop = Arc::new(AtomicBool::new(false));
    let guard = Stop(stop.clone());
    let made = tokio::task::spawn_blocking(move || {
        let made = finish(&job, format, &between, &inside, &stem, zipped, &stop);
        drop(aside);
        made
    });
    let path = made.await.map_err(|e| Error::Internal(e.to_string()))??;
    drop(guard);
    Ok((path, features))
}

/// Ends GDAL's work when nobody waits for it any longer.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn apart_from_id(short: &[String]) -> Vec<String> {
    let rename = |n: &String| if n.eq_ignore_ascii_case("fid") { "fid_1".to_string() } else { n.clone() };
    short.iter().map(rename).collect()
}

fn finish(
    job: &Job,
    format: Format,
    between: &Path,
    folder: &Path,
    stem: &str,
    zipped: bool,
    stop: &AtomicBool,
) -> Result<PathBuf> {
    let id = job.id_name();
    let mut recipe = recipe(format, &job.layer.id, &id);
    if format != Format::Shp {
        recipe.options.extend(dates(job, &id));
        let to = folder.join(format!("{stem}.{}", format.ending()));
        translate(between, &to, &recipe, stop)?;
        return Ok(to);
    }
    let files = Scratch::new(folder)?;
    let whole = if zipped { files.path() } else { folder };
    shape_files(job, between, whole, stem, recipe, stop)?;
    if !zipped {
        return Ok(folder.join(format!("{stem}.shp")));
    }
    let to = folder.join(format!("{stem}.zip"));
    shapefile::pack(files.path(), &to)?;
    Ok(to)
}

fn shape_files(job: &Job, from: &Path, folder: &Path, stem: &str, recipe: Recipe, stop: &AtomicBool) -> Result<()> {
    let (mut empty, mut found) = (Vec::new(), false);
    for part in shapefile::parts(job) {
        let name = format!("{stem}{}", part.suffix);
        let to = folder.join(format!("{name}.shp"));
        let mut options = recipe.options.clone();
        options.retain(|o| *o != "-nln" && *o != job.layer.id);
        options.extend(["-nln".to_string(), name]);
        options.extend(part.options);
        translate(from, &to, &Recipe { options, ..recipe_like(&recipe) }, stop)?;
        match part.optional && shapefile::is_empty(&to)? {
            true => empty.push(to),
            false => found = true,
        }
    }
    if found {
        empty.iter().try_for_each(|file| shapefile::remove(file))?;
    }
    let short = shapefile::short_names(job.selection.fields.iter().map(|f| f.name.as_str()));
    let legend = shapefile::legend(job, &apart_from_id(&short));
    std::fs::write(folder.join(format!("{stem}_truong.csv")), legend).map_err(Error::io("write the legend"))
}

fn recipe_like(recipe: &Recipe) -> Recipe {
    Recipe { driver: recipe.driver, options: Vec::new() }
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
