//! `dothi jobs`: list, show, cancel.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::ask;
use super::import::said;
use super::print::{Print, count, table};
use crate::config::Store;
use crate::db::Db;
use crate::error::Result;
use crate::import::each::{ByLayer, Reads};
use crate::import::frames::Question;
use crate::jobs::{self, Answer, Job};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the latest jobs: imports of the web page and of the command line
    List {
        /// How many
        #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show one job: how far it is, what it asks, what became of it
    Show { id: i64 },
    /// Answer a job that asks; the server goes on with it
    Answer {
        id: i64,
        /// Text encoding: UTF-8, TCVN3, VNI, VISCII, WINDOWS-1258 …; of one layer: LAYER=NAME
        #[arg(long, value_name = "[LAYER=]NAME")]
        encoding: Vec<String>,
        /// Coordinate system; of one layer: LAYER=EPSG:N
        #[arg(long, value_name = "[LAYER=]EPSG:N")]
        srs: Vec<String>,
        /// Exchange x and y
        #[arg(long)]
        swap_xy: bool,
    },
    /// End a job; what was there before is as it was
    Cancel { id: i64 },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    super::on_database(store, Duration::from_secs(60), async |db| {
        act(db, args.command.unwrap_or(Command::List { limit: 20 }), print).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(db: &Db, command: Command, print: &Print) -> Result<()> {
    match command {
        Command::List { limit } => {
            let all = jobs::list(&db.pool, limit).await?;
            print.result(&json!({"jobs": all}), || {
                if all.is_empty() {
                    return "no jobs yet; `dothi import FILE` and the page /admin/import make them".into();
                }
                let rows: Vec<Vec<String>> = all
                    .iter()
                    .map(|j| {
                        let (id, layers) = (j.id.to_string(), j.layers.join(", "));
                        vec![id, state(j), j.source.clone(), layers, j.who.clone(), j.created.clone()]
                    })
                    .collect();
                table(&["id", "state", "file", "layers", "who", "asked for"], &[0], &rows)
            })
        }
        Command::Show { id } => {
            let job = jobs::named(&db.pool, id).await?;
            print.result(&job, || text(&job))
        }
        Command::Answer { id, encoding, srs, swap_xy } => {
            let mut each: ByLayer<Reads> = ByLayer::new();
            let encoding =
                said("encoding", encoding, |layer, name| each.entry(layer).or_default().encoding = Some(name))?;
            let srs = said("srs", srs, |layer, srs| each.entry(layer).or_default().srs = Some(srs))?;
            let answer = Answer { encoding, srs, swap_xy: swap_xy.then_some(true), each };
            let job = jobs::answer(&db.pool, id, &answer).await?;
            print.result(&job, || format!("job {id} goes on as soon as the server takes it"))
        }
        Command::Cancel { id } => {
            let job = jobs::cancel(&db.pool, id).await?;
            print.result(&job, || match job.state.as_str() {
                "cancelled" => format!("job {id} is cancelled"),
                _ => format!("job {id} is told to end"),
            })
        }
    }
}

/// The state, and how far it is.
fn state(job: &Job) -> String {
    let (rows, total) = (job.progress["rows"].as_u64().unwrap_or(0), job.progress["total"].as_u64());
    match (job.state.as_str(), total) {
        ("running", Some(total)) if total > 0 => format!("running {} %", (rows * 100 / total).min(100)),
        (state, _) => state.into(),
    }
}

fn text(job: &Job) -> String {
    let mut out = format!("{}  {}  {}\n", job.id, job.kind, job.source);
    let mut say = |key: &str, value: String| out.push_str(&format!("  {key:<11}{value}\n"));
    say("state", state(job));
    if job.state == "running" {
        let layer = job.progress["layer"].as_str().unwrap_or_default();
        let rows = count(job.progress["rows"].as_u64().unwrap_or(0));
        say("progress", format!("{} {layer}, {rows} rows", job.progress["step"].as_str().unwrap_or_default()));
    }
    say("who", job.who.clone());
    say("asked for", job.created.clone());
    for (key, value) in [("began", &job.started), ("ended", &job.ended), ("error", &job.error)] {
        value.iter().for_each(|v| say(key, v.clone()));
    }
    for report in job.report.iter().flatten() {
        let number = |key: &str| count(report[key].as_u64().unwrap_or(0));
        let id = report["layer"].as_str().unwrap_or_default();
        let dry = if report["dry_run"] == true { " (dry run: nothing kept)" } else { "" };
        say(
            "layer",
            format!(
                "{id}: {} imported, {} mended, {} set aside{dry}",
                number("imported"),
                number("repaired"),
                number("set_aside")
            ),
        );
    }
    let questions = job.questions.clone().unwrap_or_default();
    for question in serde_json::from_value::<Vec<Question>>(questions).unwrap_or_default() {
        out.push_str(&ask::text(&question));
    }
    if job.state == "asking" {
        out.push_str(&format!("answer with `dothi jobs answer {} --encoding NAME` or `--srs EPSG:n`\n", job.id));
    }
    out
}
