//! `dothi import`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::print::{Print, Progress, count, tame};
use super::{ask, conformance};
use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::import::each::{ByLayer, Each};
use crate::import::frames::Question;
use crate::import::package::Account;
use crate::import::{How, Options, Step, report::Report};
use crate::jobs::{self, Outcome, Running};
use crate::tiles::rasters;

#[derive(clap::Args)]
pub struct Args {
    /// Shapefile (loose or .zip), GeoPackage, GeoJSON, KML/KMZ, CSV, FlatGeobuf, GML, MapInfo TAB/MIF, DXF, File Geodatabase …; rasters: GeoTIFF, PNG and JPEG with a world file, JPEG 2000
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Id of the layer, where the file has one layer; a layer of that id is replaced. Of one of several layers of a file:
    /// NAME=ID, may be repeated. Of a planning package: what the ids of its layers begin with
    #[arg(long, value_name = "[NAME=]ID")]
    layer: Vec<String>,
    /// Title of the layer, or of the plan that a package holds
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Only this layer of the source; may be repeated. Where two have one name: PATH:NAME, as `inspect` tells
    #[arg(long, value_name = "NAME")]
    source_layer: Vec<String>,
    /// Coordinate system, overruling the file's; of one of several layers: NAME=EPSG:N
    #[arg(long, value_name = "[NAME=]EPSG:N")]
    srs: Vec<String>,
    /// Text encoding, overruling what is found: UTF-8, TCVN3, VNI, VISCII, WINDOWS-1258 …; of one of several layers: NAME=TCVN3
    #[arg(long, value_name = "[NAME=]ENCODING")]
    encoding: Vec<String>,
    /// Add to the layer that is there: its features stay
    #[arg(long)]
    append: bool,
    /// Add to the layer that is there; a feature with the same value of this field becomes what the file says
    #[arg(long, value_name = "FIELD", conflicts_with = "append")]
    upsert: Option<String>,
    /// Exchange x and y: the table has the northing (Vietnamese X) first
    #[arg(long)]
    swap_xy: bool,
    /// Leave heights and measures out
    #[arg(long)]
    drop_z: bool,
    /// Of rasters: the value that stands for nothing, or one for each band (255,255,255), overruling the file's; `none` where
    /// all values are colours
    #[arg(long, value_name = "VALUE")]
    nodata: Option<String>,
    /// Of a raster without a place: a pixel (from the left, from above) and where it is; three or more, such as
    /// `--gcp 120,80,580060,1279960`
    #[arg(long, value_name = "PIXEL,LINE,X,Y", value_parser = control_point, allow_hyphen_values = true)]
    gcp: Vec<[f64; 4]>,
    /// Overlaps and gaps up to this many metres wide are the rounding of coordinates and not told (default: 0.01)
    #[arg(long, value_name = "METRES", value_parser = super::quality::metres)]
    tolerance: Option<f64>,
    /// Do everything but keep nothing; the report says what would happen
    #[arg(long)]
    dry_run: bool,
    /// Refuse a planning package (Circular 16/2025/TT-BXD) that does not conform; nothing of it is imported
    #[arg(long)]
    strict: bool,
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    let mut each: ByLayer<Each> = ByLayer::new();
    let layer = said("layer", args.layer, |name, id| each.entry(name).or_default().layer = Some(id))?;
    let srs = said("srs", args.srs, |name, srs| each.entry(name).or_default().srs = Some(srs))?;
    let encoding = said("encoding", args.encoding, |name, e| each.entry(name).or_default().encoding = Some(e))?;
    if layer.is_some() && args.files.len() > 1 {
        return Err(Error::invalid(
            "layer",
            "`--layer` names one layer, but there are several files; import them one by one",
        ));
    }
    let options = Options {
        layer,
        title: args.title,
        source_layers: args.source_layer,
        each,
        srs,
        encoding,
        how: match args.upsert {
            Some(key) => How::Upsert(key),
            None if args.append => How::Append,
            None => How::Replace,
        },
        who: user(),
        name: None,
        job: None,
        wait: false,
        swap_xy: args.swap_xy,
        drop_z: args.drop_z,
        nodata: args.nodata,
        control_points: args.gcp,
        tolerance: args.tolerance,
        dry_run: args.dry_run,
        strict: args.strict,
        data_dir: store.data_dir.clone(),
    };
    let db = Db::open(store, 2, Duration::ZERO).await?;
    let mut reports = Vec::new();
    let mut failed = None;
    let mut asked = Vec::new();
    let mut packages = Vec::new();
    for file in &args.files {
        let mut package = None;
        let outcome = one(&db, file, options.clone(), print, &mut asked, &mut package).await;
        let package = package.map(serde_json::to_value).transpose()?;
        packages.extend(package.clone());
        match outcome {
            Ok(done) => {
                match &package {
                    _ if print.json => {}
                    Some(account) => print!("{}", tame(&set(account, &done)?)),
                    None => done.iter().for_each(|r| print!("{}", tame(&text(r)))),
                }
                reports.extend(done);
            }
            // The other files are still tried; the first failure is the command's.
            Err(e) if args.files.len() > 1 => {
                eprintln!("dothi: {}", tame(&format!("{}: {e}", file.display())));
                failed.get_or_insert(e);
            }
            Err(e) => {
                failed = Some(e);
            }
        }
    }
    // What was superseded beyond what is kept, or left by an import that was killed.
    let swept = rasters::sweep(&db.pool, &store.data_dir).await;
    let closed = db.close().await.and(swept);
    if print.json && failed.is_none() {
        let mut all = json!({"imports": reports});
        if !packages.is_empty() {
            all["packages"] = packages.into();
        }
        print.result(&all, String::new)?;
    }
    match failed {
        Some(e) if print.json && !asked.is_empty() => {
            print.result(&json!({"error": e.to_string(), "questions": asked}), String::new)?;
            Ok(ExitCode::from(super::code(&e)))
        }
        Some(e) => {
            eprint!("{}", tame(&asked.iter().map(ask::text).collect::<String>()));
            Err(e)
        }
        None => closed.map(|()| ExitCode::SUCCESS),
    }
}

/// Words that are each said of the whole file, or of one layer of it as `NAME=…`: hands the latter to `of_layer`, returns the
/// former. A name may hold a `=`; what is said of it holds none.
///
/// # Errors
/// Two are said of the whole file.
pub fn said(what: &str, words: Vec<String>, mut of_layer: impl FnMut(String, String)) -> Result<Option<String>> {
    let mut whole = None;
    for word in words {
        match word.rsplit_once('=') {
            Some((name, value)) => of_layer(name.into(), value.into()),
            None if whole.is_none() => whole = Some(word),
            None => {
                return Err(Error::invalid(
                    what,
                    format!("`--{what}` is said twice of the whole file; say `--{what} NAME={word}` of one layer"),
                ));
            }
        }
    }
    Ok(whole)
}

/// A pixel and its place.
fn control_point(text: &str) -> std::result::Result<[f64; 4], String> {
    let numbers: Option<Vec<f64>> =
        text.split(',').map(|n| n.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect();
    numbers
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or_else(|| "say four numbers with commas between: pixel, line, x, y".into())
}

/// One file, as a job that others see; what it asks is asked here.
async fn one(
    db: &Db,
    file: &Path,
    mut options: Options,
    print: &Print,
    asked: &mut Vec<Question>,
    package: &mut Option<Account>,
) -> Result<Vec<Report>> {
    let name = file.file_name().map_or_else(|| file.to_string_lossy(), |n| n.to_string_lossy()).into_owned();
    let mut running = Running::begin(db.options(), &name, &options).await?;
    let outcome = loop {
        let mut progress = Progress::new(print, &file.display().to_string());
        let tell = |step: &Step| match step {
            Step::Layer(name, total) => progress.start(name, *total),
            Step::Rows(n) => progress.at(*n),
            Step::Doing(what) => progress.doing(what),
            Step::Package(account) => *package = Some((**account).clone()),
            Step::Opened(_) | Step::Question(_) | Step::Done(_) => {}
        };
        let outcome = jobs::import(&mut running, db.options(), file, &options, None, tell).await;
        progress.end();
        match &outcome {
            Outcome::Asking(questions, _) if ask::answered(print, questions, &mut options)? => {}
            _ => break outcome,
        }
    };
    running.end(&outcome).await?;
    match outcome {
        Outcome::Done(reports) => Ok(reports),
        Outcome::Asking(mut questions, e) => {
            asked.append(&mut questions);
            Err(e)
        }
        Outcome::Failed(e) => Err(e),
        Outcome::Cancelled | Outcome::Stopped => {
            Err(Error::Conflict(format!("the import of `{name}` was cancelled; what was there is as it was")))
        }
    }
}

/// Who sits at the machine.
fn user() -> Option<String> {
    ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty())
}

/// The account of a planning package.
fn set(account: &Value, reports: &[Report]) -> Result<String> {
    let checked: Vec<Value> =
        reports.iter().filter_map(|r| r.conformance.as_ref()).map(serde_json::to_value).collect::<Result<_, _>>()?;
    let mut out = conformance::package(account, &checked);
    let (read, kept) = reports.iter().fold((0, 0), |(read, kept), r| (read + r.read, kept + r.imported));
    let dry = reports.iter().any(|r| r.dry_run);
    let (layers, read, kept) = (reports.len(), count(read), count(kept));
    out.push_str(&format!("\n{layers} lớp / layers: {read} rows read, {kept} imported"));
    out.push_str(if dry { "  (dry run: nothing kept)\n" } else { "\n" });
    for r in reports.iter().filter(|r| r.repaired + r.set_aside > 0) {
        out.push_str(&format!("  {}: {} mended, {} set aside\n", r.layer, count(r.repaired), count(r.set_aside)));
    }
    Ok(out)
}

/// The account, as a person reads it.
fn text(r: &Report) -> String {
    let mut out = format!("{}  {}{}\n", r.layer, r.title, if r.dry_run { "  (dry run: nothing kept)" } else { "" });
    let mut say = |key: &str, value: String| out.push_str(&format!("  {key:<11}{value}\n"));
    if let Some(raster) = &r.raster {
        super::print::raster(&raster.picture).into_iter().for_each(|(key, value)| say(key, value));
        let (tiles, bytes) = (count(raster.tiles), count(raster.bytes));
        say(
            "tiles",
            format!("{tiles} of zooms 0 to {} as {}, {bytes} bytes", raster.picture.zoom, raster.format.name()),
        );
    }
    let mut rows = format!("{} read, {} imported", count(r.read), count(r.imported));
    if r.repaired > 0 {
        rows.push_str(&format!(", {} of them mended", count(r.repaired)));
    }
    if r.set_aside > 0 {
        rows.push_str(&format!(", {} set aside", count(r.set_aside)));
    }
    if r.raster.is_none() {
        say("rows", rows);
    }
    if let Some(m) = &r.merged {
        let (inserted, updated, same) = (count(m.inserted), count(m.updated), count(m.unchanged));
        say("layer", format!("{inserted} features added, {updated} changed, {same} as they were"));
    }
    say("edition", r.edition.to_string());
    say("source", format!("{} ({}), layer {}", r.file, r.driver, r.source_layer));
    if let Some(crs) = &r.crs {
        say("CRS", format!("{} {}", r.srid.or(crs.srid).map_or(String::new(), |s| format!("EPSG:{s}")), crs.name));
    }
    if let Some(name) = r.encoding.name.as_ref().filter(|_| r.raster.is_none()) {
        say("text", format!("{name} ({})", r.encoding.how));
    }
    if let Some([w, s, e, n]) = r.bounds {
        say("extent", format!("{w:.6}, {s:.6} to {e:.6}, {n:.6}"));
    }
    if let Some(summary) = &r.quality {
        for line in super::quality::lines(summary) {
            say("quality", line);
        }
    }
    for note in &r.notes {
        say(
            "note",
            if note.count > 1 { format!("{} ({}×)", note.message, count(note.count)) } else { note.message.clone() },
        );
    }
    for repair in r.repairs.iter().take(10) {
        let place = repair.x.zip(repair.y).map_or(String::new(), |(x, y)| format!(" at {x:.3}, {y:.3}"));
        let area =
            repair.area_before.zip(repair.area_after).map_or(String::new(), |(b, a)| format!("; area {b:.6} → {a:.6}"));
        say("mended", format!("feature {}: {}{place}{area}", repair.fid, repair.reason));
    }
    for row in &r.rows_set_aside {
        say("set aside", format!("row {}: {}", row.row, row.reason));
    }
    for (n, part) in [(r.repaired, "repairs"), (r.set_aside, "set-aside")].into_iter().filter(|(n, _)| *n > 10) {
        say("", format!("… all {}: `dothi export {} --{part} -o FILE`", count(n), r.layer));
    }
    out
}
