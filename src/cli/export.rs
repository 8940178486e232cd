//! `dothi export`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::print::{Print, Progress, count};
use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::export::{self, Format, Part};
use crate::layer::Catalog;

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
    let db = Db::open(store, 2, Duration::ZERO).await?;
    let done = write(&db, &args, part, format, print).await;
    let closed = db.close().await;
    let rows = done?;
    closed?;
    print.result(&json!({"layer": args.layer, "file": args.output, "rows": rows}), || {
        format!("{} rows of {} in {}", count(rows), args.layer, args.output.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn write(db: &Db, args: &Args, part: Part, format: Format, print: &Print) -> Result<u64> {
    let catalog = Catalog::load(&db.pool).await?;
    let layer = catalog.get(&args.layer).ok_or_else(|| {
        Error::NotFound(format!("there is no layer `{}`; `dothi layers` lists those that there are", args.layer))
    })?;
    let mut progress = Progress::new(print, &layer.id);
    progress.start(&layer.id, Some(layer.feature_count.unsigned_abs()));
    let rows = export::export(db, &layer, part, format, &args.output, |n| progress.at(n)).await;
    progress.end();
    rows
}
