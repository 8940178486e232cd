//! `dothi db`: the private PostgreSQL.

use std::process::{Command as Process, ExitCode};

use serde_json::json;

use super::print::Print;
use crate::config::Store;
use crate::db::cluster::{self, Cluster, Status};
use crate::error::{Error, Result};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Start it, and leave it running until `dothi db stop`
    Start,
    /// Stop it, unless another dothi process works with it
    Stop {
        /// Stop it even then
        #[arg(long)]
        force: bool,
    },
    /// Say whether it runs, where, and who works with it
    Status,
    /// Open psql on the database; what follows `--` goes to psql
    Psql {
        #[arg(last = true, value_name = "ARGUMENT")]
        arguments: Vec<String>,
    },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    if let (Some(url), Command::Psql { arguments }) = (&store.database_url, &args.command) {
        return psql(url, arguments);
    }
    if store.database_url.is_some() {
        return Err(Error::invalid(
            "database-url",
            "a database address is given, so there is no private PostgreSQL to start, stop or show",
        ));
    }
    match args.command {
        Command::Start => {
            cluster::start_sticky(&store.data_dir).await?;
            print.result(&json!({"running": true}), || "PostgreSQL runs until `dothi db stop`".into())?;
        }
        Command::Stop { force } => {
            let stopped = cluster::stop(&store.data_dir, force).await?;
            print.result(&json!({"running": false}), || {
                if stopped { "PostgreSQL stopped" } else { "PostgreSQL was not running" }.into()
            })?;
        }
        Command::Status => {
            let status = cluster::status(&store.data_dir).await?;
            print.result(&status, || {
                status.as_ref().map_or("there is no private PostgreSQL yet; the first command makes it".into(), text)
            })?;
        }
        Command::Psql { arguments } => {
            let cluster = Cluster::open(&store.data_dir).await?;
            let code = psql(&cluster.conninfo(), &arguments);
            cluster.close().await?;
            return code;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn psql(conninfo: &str, arguments: &[String]) -> Result<ExitCode> {
    let status = Process::new("psql")
        .arg(conninfo)
        .args(arguments)
        .status()
        .map_err(Error::io("start `psql`; the package postgresql-client-15 has it"))?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

fn text(status: &Status) -> String {
    let yes = |b| if b { "yes" } else { "no" };
    let pids = status.holders.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let mut out = format!("running     {}\n", yes(status.running));
    out.push_str(&format!("version     PostgreSQL {}\n", status.version));
    out.push_str(&format!("socket      {}\n", status.socket_dir.display()));
    out.push_str(&format!("on disk     {:.1} MiB\n", status.size as f64 / f64::from(1 << 20)));
    out.push_str(&format!(
        "used by     {}\n",
        if pids.is_empty() { "nobody".into() } else { format!("process {pids}") }
    ));
    out.push_str(&format!("stays on    {}\n", yes(status.sticky)));
    out.push_str(&format!("log         {}\n", status.log.display()));
    out
}
