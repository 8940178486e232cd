//! `dothi packages`: list, show.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::conformance;
use super::print::{Print, table};
use crate::config::Store;
use crate::db::Db;
use crate::error::Result;
use crate::layer::package::{self, Package};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the planning packages that came in
    List,
    /// Show how a package and its layers stand to the circular
    Show { id: String },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    super::on_database(store, Duration::from_secs(300), async |db| {
        act(db, args.command.unwrap_or(Command::List), print).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(db: &Db, command: Command, print: &Print) -> Result<()> {
    match command {
        Command::List => {
            let packages = package::list(&db.pool).await?;
            print.result(&json!({"packages": packages}), || listed(&packages))
        }
        Command::Show { id } => {
            let package = package::named(&db.pool, &id).await?;
            let mut layers = Vec::new();
            for layer in &package.layers {
                layers.extend(package::conformance(&db.pool, layer).await?.map(|c| (layer.clone(), c)));
            }
            let mut value = serde_json::to_value(&package)?;
            value["conformance"] = layers.iter().cloned().collect::<serde_json::Map<String, Value>>().into();
            print.result(&value, || conformance::package(&package.report, layers.iter().map(|(_, c)| c)))
        }
    }
}

fn listed(packages: &[Package]) -> String {
    if packages.is_empty() {
        return "no planning packages yet; `dothi import PACKAGE` makes one".into();
    }
    let rows: Vec<Vec<String>> = packages
        .iter()
        .map(|p| {
            vec![
                p.id.clone(),
                p.layers.len().to_string(),
                p.report["errors"].to_string(),
                p.report["warnings"].to_string(),
                p.at.replace('T', " ").trim_end_matches('Z').to_string(),
                p.source.clone(),
                p.title.clone(),
            ]
        })
        .collect();
    table(&["id", "layers", "errors", "warnings", "UTC", "source", "title"], &[1, 2, 3], &rows)
}
