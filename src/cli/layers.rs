//! `dothi layers`: list, show, set, drop.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sqlx::Row;

use super::conformance;
use super::print::{Print, count, table};
use crate::config::Store;
use crate::db::{Db, run as sql};
use crate::error::{Error, Result};
use crate::feed::keep;
use crate::layer::edit::{self, Changes};
use crate::layer::time::When;
use crate::layer::{Catalog, Layer};
use crate::schema::Field;
use crate::sql::Sql;
use crate::tiles::rasters;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List every layer
    List,
    /// Show one layer: fields, CRS, extent, its last import
    Show { id: String },
    /// Describe a layer: titles, group, style, order; an empty text takes a value away
    Set {
        id: String,
        #[command(flatten)]
        changes: Box<Changes>,
    },
    /// What is wrong in a layer and where: its quality report, or every issue as a file
    Quality(super::quality::Args),
    /// Drop a layer and everything about it
    Drop {
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    super::on_database(store, Duration::from_secs(300), async |db| {
        act(db, &store.data_dir, args.command.unwrap_or(Command::List), print).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(db: &Db, data_dir: &Path, command: Command, print: &Print) -> Result<()> {
    let catalog = Catalog::load(&db.pool).await?;
    let named = |id: &str| {
        catalog.get(id).ok_or_else(|| {
            Error::NotFound(format!("there is no layer `{id}`; `dothi layers` lists those that there are"))
        })
    };
    match command {
        Command::List => list(&catalog.all(), print),
        Command::Show { id } => show(db, &*named(&id)?, print).await,
        Command::Set { id, changes } => {
            edit::set(&db.pool, &*named(&id)?, &changes).await?;
            catalog.refresh(&db.pool).await?;
            let layer = named(&id)?;
            print.result(&*layer, || format!("{id} is at version {}", layer.version))
        }
        Command::Quality(args) => super::quality::act(db, &*named(&args.id)?, args, print).await,
        Command::Drop { ids } => {
            let layers: Vec<_> = ids.iter().map(|id| named(id)).collect::<Result<_>>()?;
            for layer in &layers {
                edit::drop(&db.pool, layer).await?;
            }
            rasters::sweep(&db.pool, data_dir).await?;
            print.result(&json!({"dropped": ids}), || ids.iter().map(|id| format!("{id} dropped\n")).collect())
        }
    }
}

fn list(layers: &[Arc<Layer>], print: &Print) -> Result<()> {
    print.result(&json!({"layers": layers}), || {
        if layers.is_empty() {
            return "no layers yet; `dothi import FILE` makes one".into();
        }
        let rows: Vec<Vec<String>> = layers
            .iter()
            .map(|l| {
                let srid = l.srid.or(l.raster.as_ref().and_then(|r| r.srid));
                let features = if l.raster.is_some() { String::new() } else { count(l.feature_count.unsigned_abs()) };
                let crs = srid.map_or(String::new(), |s| format!("EPSG:{s}"));
                let seen = if l.visible { "" } else { "hidden" };
                vec![
                    l.id.clone(),
                    features,
                    l.shape().into(),
                    crs,
                    l.version.to_string(),
                    seen.into(),
                    l.title.clone(),
                    l.group.clone().unwrap_or_default(),
                ]
            })
            .collect();
        table(&["id", "features", "geometry", "CRS", "version", "", "title", "group"], &[1, 4], &rows)
    })
}

async fn show(db: &Db, layer: &Layer, print: &Print) -> Result<()> {
    let asked = Sql::new(
        "SELECT id, source, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS at, report FROM dothi.served_import WHERE layer = ",
    );
    let row = sql::optional(&db.pool, asked.bind(&layer.id)).await?;
    let import = match &row {
        Some(row) => Some((
            row.try_get::<String, _>("source")?,
            row.try_get::<String, _>("at")?,
            row.try_get::<serde_json::Value, _>("report")?,
        )),
        None => None,
    };
    let mut value = serde_json::to_value(layer)?;
    if let Some((_, at, report)) = &import {
        value["import"] = json!({"at": at, "report": report});
    }
    let held = keep::held(&db.pool, layer).await?;
    value["journal"] = serde_json::to_value(&held)?;
    print.result(&value, || {
        let mut out = format!("{}  {}\n", layer.id, layer.title);
        let mut say = |key: &str, value: String| {
            if !value.is_empty() {
                out.push_str(&format!("  {key:<14}{value}\n"));
            }
        };
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        say("English", text(&layer.title_en));
        say("about", text(&layer.description));
        say("group", text(&layer.group));
        match &layer.raster {
            Some(raster) => {
                super::print::raster(&raster.picture).into_iter().for_each(|(key, value)| say(key, value));
                let (tiles, bytes) = (count(raster.tiles), count(raster.bytes));
                say("tiles", format!("{tiles} as {}, {bytes} bytes", raster.format.name()));
            }
            None => {
                say("features", count(layer.feature_count.unsigned_abs()));
                say("geometry", layer.spatial().map_or("none".into(), |(g, srid)| g.sql(srid)));
            }
        }
        say(
            "extent",
            layer
                .extent
                .map_or(String::new(), |e| format!("{:.6}, {:.6} to {:.6}, {:.6}", e.west, e.south, e.east, e.north)),
        );
        say("classes", text(&layer.class_field));
        say("edits", if layer.require_if_match { "must say If-Match".into() } else { String::new() });
        say("labels", text(&layer.label_field));
        say(
            "times",
            match layer.when() {
                Some(When::Instant(at)) => at.name.clone(),
                Some(When::Interval(start, end)) => {
                    let name = |f: Option<&Field>| f.map_or("..", |f| &f.name).to_string();
                    format!("{} to {}", name(start), name(end))
                }
                None => String::new(),
            },
        );
        say("source", text(&layer.attribution));
        say("licence", text(&layer.licence));
        if let Ok(serde_json::Value::Object(about)) = serde_json::to_value(&layer.about) {
            for (key, value) in about {
                say(&key, value.as_str().unwrap_or_default().to_string());
            }
        }
        say("version", format!("{} of {}", layer.version, layer.updated));
        let kept = match layer.keep_days {
            None => format!("{} days, {} at most", keep::DAYS, count(keep::CHANGES.unsigned_abs())),
            Some(-1) => "all".into(),
            Some(days) => format!("{days} days"),
        };
        say(
            "journal",
            format!(
                "{} changes since version {}, {} kB (keeps {kept})",
                count(held.changes.unsigned_abs()),
                layer.kept_since,
                count(held.bytes.unsigned_abs().div_ceil(1000)),
            ),
        );
        if let Some((source, at, _)) = import.as_ref().filter(|_| layer.raster.is_some()) {
            say("imported", format!("{at} UTC from {source}"));
        } else if let Some((source, at, report)) = &import {
            let n = |key: &str| count(report[key].as_u64().unwrap_or(0));
            say(
                "imported",
                format!(
                    "{at} UTC from {source}: {} read, {} imported, {} mended, {} set aside",
                    n("read"),
                    n("imported"),
                    n("repaired"),
                    n("set_aside")
                ),
            );
            if !report["conformance"].is_null() {
                out.push_str(&conformance::layer(&report["conformance"]));
            }
        }
        let rows: Vec<Vec<String>> = layer
            .fields
            .iter()
            .map(|f| vec![format!("  {}", f.name), f.kind.sql().into(), f.title.clone().unwrap_or_default()])
            .collect();
        out.push_str(&table(&["  field", "type", "title"], &[], &rows));
        out
    })
}
