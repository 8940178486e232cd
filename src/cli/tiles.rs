//! `dothi tiles build`: every tile of some layers in one file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::print::{Print, Progress, count};
use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::layer::{Catalog, Layer};
use crate::tiles::archive::Summary;
use crate::tiles::pyramid::{self, Source};
use crate::tiles::{Form, Tiles};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write every tile of some layers to a PMTiles file, which `dothi serve --archive` and any map can read
    Build(Build),
}

#[derive(clap::Args)]
struct Build {
    #[arg(value_name = "LAYER", required = true)]
    layers: Vec<String>,
    /// File to write
    #[arg(short, long, value_name = "FILE.pmtiles")]
    output: PathBuf,
    /// First zoom [default: the smallest that a layer is drawn at]
    #[arg(long, value_name = "ZOOM", value_parser = clap::value_parser!(u8).range(0..=24))]
    min_zoom: Option<u8>,
    /// Last zoom [default: the largest that a layer is drawn at, 16 at most]
    #[arg(long, value_name = "ZOOM", value_parser = clap::value_parser!(u8).range(0..=24))]
    max_zoom: Option<u8>,
    /// Write MapLibre Tiles: smaller, for MapLibre clients (a source with `"encoding": "mlt"`) only
    #[arg(long)]
    mlt: bool,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    let Command::Build(args) = args.command;
    if args.output.exists() && !args.force {
        return Err(Error::Conflict(format!(
            "`{}` exists already; say `--force` to replace it",
            args.output.display()
        )));
    }
    let started = Instant::now();
    let built = super::on_database(store, Duration::ZERO, async |db| build(db, store, &args, print).await).await;
    let (summary, zooms) = built?;
    let seconds = started.elapsed().as_secs_f64();
    let value = json!({
        "layers": args.layers, "file": args.output, "minZoom": zooms.0, "maxZoom": zooms.1,
        "tiles": summary.tiles, "bytes": summary.bytes, "seconds": seconds,
    });
    print.result(&value, || {
        format!(
            "{} tiles of zooms {} to {} in {}: {} bytes, {seconds:.1} s",
            count(summary.tiles),
            zooms.0,
            zooms.1,
            args.output.display(),
            count(summary.bytes)
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn build(db: &Db, store: &Store, args: &Build, print: &Print) -> Result<(Summary, (u8, u8))> {
    let catalog = Catalog::load(&db.pool).await?;
    let mut layers: Vec<Arc<Layer>> = Vec::new();
    for id in &args.layers {
        let layer = catalog.get(id).ok_or_else(|| {
            Error::NotFound(format!("there is no layer `{id}`; `dothi layers` lists those that there are"))
        })?;
        if layer.raster.is_some() {
            return Err(Error::invalid(
                "layer",
                format!("layer `{id}` is a raster, whose tiles are an archive already"),
            ));
        }
        if layer.spatial().is_none() {
            return Err(Error::invalid("layer", format!("layer `{id}` is a table without geometry and has no tiles")));
        }
        if !layers.iter().any(|l| l.id == layer.id) {
            layers.push(layer);
        }
    }
    let smallest = layers.iter().map(|l| l.min_zoom).min().unwrap_or(0);
    let largest = layers.iter().map(|l| l.max_zoom).max().unwrap_or(16).min(16);
    let max = args.max_zoom.unwrap_or(largest.max(args.min_zoom.unwrap_or(0)));
    let zooms = (args.min_zoom.unwrap_or(smallest.min(max)), max);
    if zooms.0 > zooms.1 {
        let (min, max) = zooms;
        return Err(Error::invalid("min-zoom", format!("the first zoom `{min}` is greater than the last `{max}`")));
    }
    let mut progress = Progress::new(print, "snapshots");
    let tiles = Tiles::new(&store.data_dir, 0);
    tiles.keeper.sync(db, &catalog).await?;
    let mut sources: Vec<Source> = Vec::new();
    for layer in layers {
        progress.start(&layer.id, None);
        let state = tiles.keeper.ready(db, &layer).await?;
        sources.push((layer, state));
    }
    let output = args.output.clone();
    let form = if args.mlt { Form::Mlt } else { Form::Mvt };
    let written = tokio::task::spawn_blocking(move || {
        let mut zoom = None;
        let summary = pyramid::write(&sources, zooms, form, &output, |z, n, of| {
            if zoom != Some(z) {
                zoom = Some(z);
                progress.start(&format!("zoom {z}"), Some(of as u64));
            }
            progress.at(n as u64);
        });
        progress.end();
        summary
    });
    let summary = written.await.map_err(|e| Error::Internal(e.to_string()))??;
    Ok((summary, zooms))
}
