//! `dothi editions`: list, compare, restore, drop.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::print::{Print, count, table};
use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::layer::editions::{self, Comparison, Edition};
use crate::layer::{Catalog, Layer};
use crate::tiles::rasters;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the editions of a layer: when, who, from which file, what they take on the disk
    List { layer: String },
    /// Count and list the features that were added, removed, changed from one edition to another
    Compare {
        layer: String,
        /// The earlier edition [default: the one before the served one]
        from: Option<i32>,
        /// The later edition [default: the served one]
        to: Option<i32>,
        /// Field whose value tells features apart [default: their content, then their id]
        #[arg(long, value_name = "FIELD")]
        key: Option<String>,
        /// Differences of each kind that are listed
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100_000))]
        limit: u32,
    },
    /// Serve another edition that is kept: back or forward
    Restore {
        layer: String,
        /// [default: the one before the served one]
        number: Option<i32>,
    },
    /// Drop the table of an edition that is not served
    Drop { layer: String, number: i32 },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    super::on_database(store, Duration::from_secs(3_600), async |db| {
        act(db, &store.data_dir, args.command, print).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(db: &Db, data_dir: &Path, command: Command, print: &Print) -> Result<()> {
    let catalog = Catalog::load(&db.pool).await?;
    let named = |id: &str| -> Result<Arc<Layer>> {
        catalog.get(id).ok_or_else(|| {
            Error::NotFound(format!("there is no layer `{id}`; `dothi layers` lists those that there are"))
        })
    };
    match command {
        Command::List { layer } => {
            let editions = editions::list(&db.pool, &named(&layer)?.id).await?;
            print.result(&json!({"layer": layer, "editions": editions}), || listed(&editions))
        }
        Command::Compare { layer, from, to, key, limit } => {
            let editions = editions::list(&db.pool, &named(&layer)?.id).await?;
            let to = to.or_else(|| served(&editions)).ok_or_else(|| none(&layer))?;
            let from = from.or_else(|| before(&editions)).ok_or_else(|| none(&layer))?;
            let found = editions::compare(&db.pool, &layer, from, to, key.as_deref(), limit).await?;
            print.result(&found, || compared(&found))
        }
        Command::Restore { layer, number } => {
            let editions = editions::list(&db.pool, &named(&layer)?.id).await?;
            let number = number.or_else(|| before(&editions)).ok_or_else(|| none(&layer))?;
            if served(&editions) == Some(number) {
                return Err(Error::Conflict(format!(
                    "edition `{number}` of layer `{layer}` is the one that is served"
                )));
            }
            let version = editions::restore(&db.pool, &layer, number).await?;
            print.result(&json!({"layer": layer, "edition": number, "version": version}), || {
                format!("{layer} is edition {number} again, at version {version}")
            })
        }
        Command::Drop { layer, number } => {
            named(&layer)?;
            let mut tx = db.pool.begin().await?;
            editions::let_go(&mut tx, &layer, number).await?;
            tx.commit().await?;
            rasters::sweep(&db.pool, data_dir).await?;
            print.result(&json!({"layer": layer, "dropped": number}), || format!("edition {number} of {layer} dropped"))
        }
    }
}

fn served(editions: &[Edition]) -> Option<i32> {
    editions.iter().find(|e| e.served).map(|e| e.number)
}

/// The latest edition that is kept and older than the served one.
fn before(editions: &[Edition]) -> Option<i32> {
    let served = served(editions)?;
    editions.iter().find(|e| e.kept && e.number < served).map(|e| e.number)
}

fn none(layer: &str) -> Error {
    Error::NotFound(format!("layer `{layer}` has no earlier edition that is kept"))
}

fn listed(editions: &[Edition]) -> String {
    let rows: Vec<Vec<String>> = editions
        .iter()
        .map(|e| {
            let state = match (e.served, e.kept) {
                (true, _) => "served",
                (_, true) => "kept",
                _ => "gone",
            };
            vec![
                e.number.to_string(),
                state.into(),
                e.at.replace('T', " ").trim_end_matches('Z').to_string(),
                e.how.clone(),
                e.features.map_or(String::new(), |n| count(n.unsigned_abs())),
                e.bytes.map_or(String::new(), |n| format!("{:.1} MB", n as f64 / 1e6)),
                e.who.clone(),
                e.source.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(&["edition", "", "UTC", "how", "features", "disk", "who", "source"], &[0, 4, 5], &rows)
}

fn compared(found: &Comparison) -> String {
    let n = |n: i64| count(n.unsigned_abs());
    let mut out = format!(
        "edition {} to {}: {} added, {} removed, {} changed, {} the same\n",
        found.from,
        found.to,
        n(found.added),
        n(found.removed),
        n(found.changed),
        n(found.same)
    );
    for (what, fields) in [("new", &found.fields_added), ("gone", &found.fields_removed)] {
        if !fields.is_empty() {
            let names: Vec<String> = fields.iter().map(|f| format!("`{f}`")).collect();
            out.push_str(&format!("  fields {what}: {}\n", names.join(", ")));
        }
    }
    for d in &found.differences {
        let fid = |fid: Option<i64>| fid.map_or("—".to_string(), |fid| fid.to_string());
        let key = d.key.as_ref().map_or(String::new(), |k| format!("  {k}"));
        out.push_str(&format!("  {:<8} {} → {}{key}\n", d.what, fid(d.from), fid(d.to)));
    }
    out
}
