//! `dothi layers quality`

use std::path::PathBuf;

use serde_json::json;

use super::print::{Print, count};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::export::issues;
use crate::layer::Layer;
use crate::quality::{self, Kind, Language, Summary, TOLERANCE};

#[derive(clap::Args)]
pub struct Args {
    pub id: String,
    /// Check the layer as it is now, edits and all
    #[arg(long)]
    check: bool,
    /// Overlaps and gaps up to this many metres wide are not told (default: 0.01)
    #[arg(long, value_name = "METRES", requires = "check", value_parser = metres)]
    tolerance: Option<f64>,
    /// Write every issue to a file: `.geojson`, or `.gpkg` for QGIS
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// A tolerance: metres, not more than a hundred.
pub fn metres(text: &str) -> std::result::Result<f64, String> {
    let metres: f64 = text.parse().map_err(|_| format!("`{text}` is not a number of metres"))?;
    match (0.0..=100.0).contains(&metres) {
        true => Ok(metres),
        false => Err(format!("`{text}` is not between 0 and 100 metres")),
    }
}

pub async fn act(db: &Db, layer: &Layer, args: Args, print: &Print) -> Result<()> {
    if args.check {
        quality::again(&db.pool, layer, args.tolerance.unwrap_or(TOLERANCE)).await?;
    }
    let account = quality::account(&db.pool, &layer.id).await?.ok_or_else(|| {
        Error::NotFound(format!("layer `{0}` was never checked; `dothi layers quality {0} --check` does it", layer.id))
    })?;
    let written = match &args.output {
        Some(file) if file.exists() && !args.force => {
            return Err(Error::Conflict(format!("`{}` exists already; say `--force` to replace it", file.display())));
        }
        Some(file) => Some(issues::write(db, layer, file).await?),
        None => None,
    };
    let mut value = serde_json::to_value(&account)?;
    value["layer"] = json!(layer.id);
    if let Some(n) = written {
        value["written"] = json!(n);
    }
    print.result(&value, || {
        let mut out = format!("{}  {}\n", layer.id, layer.title);
        let mut say = |line: String| out.push_str(&format!("  {line}\n"));
        say(format!("edition {}, checked {} at version {}", account.edition, account.checked_at, account.version));
        if !account.current {
            say("features have changed since; `--check` looks at them anew".into());
        }
        if let Ok(summary) = serde_json::from_value::<Summary>(account.summary.clone()) {
            lines(&summary).into_iter().for_each(&mut say);
        }
        if let (Some(n), Some(file)) = (written, &args.output) {
            say(format!("{} issues in {}", count(n), file.display()));
        }
        out
    })
}

/// A report in lines; numbers as everywhere on the command line.
pub fn lines(summary: &Summary) -> Vec<String> {
    let size = |n: f64| quality::number(n, Language::En).replace(',', "\u{202f}");
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        let Some(tally) = summary.issues.get(kind.name()) else { continue };
        let n = |name: &str| tally[name].as_u64().unwrap_or(0);
        let mut line = format!(
            "{}{} {}",
            if tally["atLeast"] == true { "at least " } else { "" },
            count(n("count")),
            kind.title(Language::En).to_lowercase()
        );
        if let Some(area) = tally["area"].as_f64().filter(|a| *a > 0.0) {
            line.push_str(&format!(", {} m²", size(area)));
        }
        if n("withinTolerance") > 0 {
            line.push_str(&format!(" (and {} within {} m)", count(n("withinTolerance")), summary.tolerance));
        }
        if n("count") > 0 || n("withinTolerance") > 0 {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        lines.push("nothing wrong was found".into());
    }
    if let Some(area) = &summary.area {
        let change =
            if area.before == area.after { String::new() } else { format!("{} m² before, ", size(area.before)) };
        let within = summary.measured_in.as_ref().map_or(String::new(), |crs| format!(" ({crs})"));
        lines.push(format!("{change}{} m² in all{within}", size(area.after)));
    }
    lines.extend(summary.notes.iter().cloned());
    lines
}
