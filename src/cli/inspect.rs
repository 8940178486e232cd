//! `dothi inspect`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use super::conformance;
use super::print::{Print, count, table};
use crate::error::{Error, Result};
use crate::import::child::{Inspection, Limits, inspect};
use crate::import::frames::{Action, LayerInfo, Request};
use crate::import::package;

#[derive(clap::Args)]
pub struct Args {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Coordinate system, overruling the file's
    #[arg(long, value_name = "EPSG:N")]
    srs: Option<String>,
    /// Text encoding, overruling what is found
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Exchange x and y
    #[arg(long)]
    swap_xy: bool,
}

pub async fn run(args: Args, print: &Print) -> Result<ExitCode> {
    let path = crate::import::absolute(&args.file)?;
    let mut request = Request::new(
        Action::Inspect,
        path.to_str().ok_or_else(|| Error::Unreadable("the file's name is not UTF-8".into()))?,
    );
    request.srs = args.srs;
    request.encoding = args.encoding;
    request.swap_xy = args.swap_xy;
    let found = inspect(&request, &Limits::default()).await?;
    let name = args.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    if let Some(package) = package::outlook(&path, &found.layers, &found.unread)? {
        let account = serde_json::to_value(&package.account)?;
        let layers = package.classes.iter().map(|(_, class)| serde_json::to_value(class));
        let layers = layers.collect::<Result<Vec<Value>, _>>()?;
        let mut value = serde_json::to_value(&found)?;
        (value["package"], value["conformance"]) = (account.clone(), layers.clone().into());
        print.result(&value, || conformance::package(&account, &layers))?;
        return Ok(ExitCode::SUCCESS);
    }
    print.result(&found, || text(&name, &found))?;
    Ok(ExitCode::SUCCESS)
}

fn text(name: &str, found: &Inspection) -> String {
    let mut out = format!(
        "{name}  {}, {} layer{}\n",
        found.driver,
        found.layers.len(),
        if found.layers.len() == 1 { "" } else { "s" }
    );
    for note in &found.notes {
        out.push_str(&format!("  note: {}\n", note.message));
    }
    for layer in &found.layers {
        out.push_str(&one(layer, name));
    }
    out
}

fn one(layer: &LayerInfo, file: &str) -> String {
    let mut out = format!(
        "\n{}{}\n",
        layer.name,
        layer.title.as_ref().filter(|t| **t != layer.name).map_or(String::new(), |t| format!("  {t}"))
    );
    let mut say = |key: &str, value: String| out.push_str(&format!("  {key:<11}{value}\n"));
    if !layer.path.is_empty() && layer.path != file {
        say("in", layer.path.clone());
    }
    match &layer.raster {
        Some(picture) => super::print::raster(picture).into_iter().for_each(|(key, value)| say(key, value)),
        None => {
            say("features", layer.count.map_or("unknown".into(), count));
            let geometry = layer.geometry.as_ref().map(|g| g.sql(0));
            let bare = |sql: String| sql.trim_start_matches("geometry(").trim_end_matches(", 0)").to_string();
            say("geometry", geometry.map_or("none".into(), bare));
        }
    }
    match &layer.crs {
        Some(crs) => {
            let how = serde_json::to_value(crs.how).ok().and_then(|v| v.as_str().map(String::from)).unwrap_or_default();
            say("CRS", format!("{}{} ({how})", crs.srid.map_or(String::new(), |s| format!("EPSG:{s} ")), crs.name));
        }
        None if layer.geometry.is_some() || layer.raster.is_some() => {
            say("CRS", "not said by the file; choose one with `--srs`".into());
            for c in &layer.crs_candidates {
                say("", format!("EPSG:{} {}: {}", c.srid, c.name, c.place));
            }
        }
        None => {}
    }
    if let Some(name) = layer.encoding.name.as_ref().filter(|_| layer.raster.is_none()) {
        let sure = layer
            .encoding
            .confidence
            .map_or(String::new(), |c| format!(", {:.0} % of its Vietnamese words read well", c * 100.0));
        say("text", format!("{name} ({}{sure})", layer.encoding.how));
    }
    for r in &layer.encoding.candidates {
        say("", format!("as {}: {}", r.encoding, r.sample.join(" | ")));
    }
    if let Some([w, s, e, n]) = layer.extent {
        say("extent", format!("{w}, {s} to {e}, {n}"));
    }
    if let Some([w, s, e, n]) = layer.extent_lonlat {
        say("", format!("{w:.6}, {s:.6} to {e:.6}, {n:.6} degrees"));
    }
    for note in &layer.notes {
        say("note", note.message.clone());
    }
    let rows: Vec<Vec<String>> = layer
        .fields
        .iter()
        .map(|f| {
            let samples = f
                .samples
                .iter()
                .take(3)
                .map(|s| s.chars().take(30).collect::<String>())
                .collect::<Vec<_>>()
                .join(" | ");
            vec![
                format!("  {}", f.field.name),
                f.field.kind.sql().into(),
                f.field.title.clone().unwrap_or_default(),
                samples,
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&table(&["  field", "type", "title", "samples"], &[], &rows));
    }
    out
}
