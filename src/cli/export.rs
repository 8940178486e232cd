//! `dothi export`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::print::{Print, Progress, count};
use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::export::{self, Format, Job, Part};
use crate::filter::{Lang, parse};
use crate::geo::{Crs, sides};
use crate::layer::{Catalog, Layer, Sort};

#[derive(clap::Args)]
pub struct Args {
    #[arg(value_name = "LAYER")]
    layer: String,
    /// File to write; its ending chooses the format
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Format, where the file's ending does not say it
    #[arg(long)]
    format: Option<Format>,
    /// Only features that a condition in CQL2 accepts, such as "maDat = 'ONT' AND dienTich > 500"
    #[arg(long, value_name = "CQL2")]
    filter: Option<String>,
    /// Only features in this box, in degrees
    #[arg(long, value_name = "WEST,SOUTH,EAST,NORTH", allow_hyphen_values = true)]
    bbox: Option<String>,
    /// Coordinate system, such as EPSG:9217 (default: degrees for GeoJSON and KML, else the layer's own)
    #[arg(long, value_name = "CRS")]
    crs: Option<String>,
    /// Only these fields
    #[arg(long, value_name = "NAMES")]
    properties: Option<String>,
    /// Order: names of fields, with a minus for descending
    #[arg(long, value_name = "NAMES", allow_hyphen_values = true)]
    sort_by: Option<String>,
    /// Write the rows of the last import that could not be imported, with their reasons, as CSV
    #[arg(long, conflicts_with_all = ["format", "repairs"])]
    set_aside: bool,
    /// Write the features of the last import whose geometry was mended, as CSV
    #[arg(long, conflicts_with = "format")]
    repairs: bool,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    let part = match (args.set_aside, args.repairs) {
        (true, _) => Part::SetAside,
        (_, true) => Part::Repairs,
        _ => Part::Features,
    };
    let format = match part {
        Part::Features => args.format.or_else(|| Format::of(&args.output)).ok_or_else(|| {
            Error::invalid(
                "output",
                format!("the name `{}` does not say which format to write; add `--format`", args.output.display()),
            )
        })?,
        _ => Format::Csv,
    };
    if args.output.exists() && !args.force {
        return Err(Error::Conflict(format!(
            "`{}` exists already; say `--force` to replace it",
            args.output.display()
        )));
    }
    let written =
        super::on_database(store, Duration::ZERO, async |db| write(db, &args, part, format, print).await).await;
    let (rows, names) = written?;
    let renamed: Vec<String> = names.iter().map(|(short, name)| format!("  {short}  {name}\n")).collect();
    print.result(&json!({"layer": args.layer, "file": args.output, "rows": rows, "names": names}), || {
        format!("{} rows of {} in {}\n{}", count(rows), args.layer, args.output.display(), renamed.concat())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the file; returns how many rows it has, and which names had to be shortened.
async fn write(
    db: &Db,
    args: &Args,
    part: Part,
    format: Format,
    print: &Print,
) -> Result<(u64, Vec<(String, String)>)> {
    let catalog = Catalog::load(&db.pool).await?;
    let layer = catalog.get(&args.layer).ok_or_else(|| {
        Error::NotFound(format!("there is no layer `{}`; `dothi layers` lists those that there are", args.layer))
    })?;
    if layer.raster.is_some() {
        return Err(Error::invalid("layer", format!("layer `{}` is a raster and has no features", layer.id)));
    }
    let job = job(args, layer.clone(), format)?;
    let fields = job.selection.fields.clone();
    let mut progress = Progress::new(print, &layer.id);
    progress.start(&layer.id, Some(layer.feature_count.unsigned_abs()));
    let rows = export::export(db, job, part, format, &args.output, |n| progress.at(n)).await;
    progress.end();
    let names = match (part, format) {
        (Part::Features, Format::Shp) => {
            let short = export::short_names(fields.iter().map(|f| f.name.as_str()));
            short.into_iter().zip(fields.into_iter().map(|f| f.name)).filter(|(short, name)| short != name).collect()
        }
        _ => Vec::new(),
    };
    Ok((rows?, names))
}

fn job(args: &Args, layer: Arc<Layer>, format: Format) -> Result<Job> {
    let mut job = Job::whole(layer.clone());
    if format.is_of_degrees() {
        job.selection.crs = Crs::CRS84;
    }
    if let Some(text) = &args.crs {
        job.selection.crs = system(&layer, text, format)?;
    }
    if let Some(names) = &args.properties {
        job.selection = job.selection.only(&layer, names).map_err(|e| Error::invalid("properties", e))?;
    }
    if let Some(text) = &args.bbox {
        let wrong = |e: String| Error::invalid("bbox", format!("bbox `{text}`: {e}"));
        let sides = sides(text, false).map_err(wrong)?;
        job.query = job.query.inside(&layer, sides, Crs::CRS84).map_err(wrong)?;
    }
    if let Some(text) = &args.filter {
        let expr = parse(text, Lang::Text, &layer.fields, layer.spatial().is_some(), Crs::CRS84);
        job.query = job.query.filtered(&layer, expr.map_err(|fault| Error::invalid("filter", fault.to_string()))?);
    }
    if let Some(text) = &args.sort_by {
        job.sort = Sort::parse(&layer, text).map_err(|e| Error::invalid("sort-by", e))?;
    }
    Ok(job)
}

fn system(layer: &Layer, text: &str, format: Format) -> Result<Crs> {
    let systems = layer.systems();
    let crs = Crs::find(text, &systems).ok_or_else(|| {
        let there: Vec<String> = systems.iter().map(|c| format!("`{}`", c.uri())).collect();
        let what = format!("layer `{}` is not served in `{text}`; there are {}", layer.id, there.join(", "));
        Error::invalid("crs", what)
    })?;
    match format == Format::Kml && crs != Crs::CRS84 {
        true => Err(Error::invalid("crs", "KML is in degrees of WGS 84 only; leave `crs` out")),
        false => Ok(crs),
    }
}
