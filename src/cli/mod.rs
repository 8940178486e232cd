//! The door for administrators: every command on one page.

mod ask;
mod conformance;
mod db;
mod doctor;
mod editions;
mod export;
mod import;
mod inspect;
mod jobs;
mod keys;
mod layers;
mod packages;
mod print;
mod quality;
mod serve;
mod styles;
mod tiles;
mod version;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use print::Print;

/// Spatial data server of an urban database: files in through GDAL, PostGIS, vector tiles, GeoJSON and spatial queries out.
#[derive(Parser)]
#[command(name = "dothi", version, disable_help_subcommand = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    store: Store,

    /// Print results as JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 something of ours or of the machine failed; 2 wrong arguments; 3 not found; \
4 conflict (in use, exists already); 5 a file that cannot be read; 6 busy, try again; 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    /// Serve the map, tiles, GeoJSON and spatial queries
    Serve(crate::config::Serve),
    /// Import files: each layer in them becomes a layer here
    Import(import::Args),
    /// Show what is in a file, without importing it
    Inspect(inspect::Args),
    /// List layers, show one, describe it, drop it
    Layers(layers::Args),
    /// Planning packages that came in, and how they stand to their circular
    Packages(packages::Args),
    /// Styles of the map and of layers: list, show, set, drop
    Styles(styles::Args),
    /// What a layer was: list its editions, compare two, go back and forward
    Editions(editions::Args),
    /// Keys that let programs write: create, list, revoke
    Keys(keys::Args),
    /// Imports, those of the web page too: list, show, answer, cancel
    Jobs(jobs::Args),
    /// Write a layer to a file
    Export(export::Args),
    /// Tiles as a file
    Tiles(tiles::Args),
    /// Check this installation and say what to mend
    Doctor(doctor::Args),
    /// The private PostgreSQL: start, stop, status, psql
    Db(db::Args),
    /// Print versions
    Version,
}

/// Runs the command line; the exit code is documented in `--help`.
pub fn main() -> ExitCode {
    // The child that reads untrusted files is this program too, and does nothing else.
    if std::env::args().nth(1).as_deref() == Some(crate::import::child::SUBCOMMAND) {
        return ExitCode::from(u8::try_from(crate::import::reader::run_reader()).unwrap_or(1));
    }
    // A pipe that the reader closed (`dothi layers | head`) ends the program quietly, as it does others.
    // SAFETY: called before any thread starts; SIG_DFL is a valid disposition.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    // Many arenas keep what each once needed; two are enough for as many threads as there are cores here.
    // SAFETY: called before any thread starts.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2)
    };
    let cli = Cli::parse();
    let print = Print::new(cli.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return fail(&print, &Error::io("start")(e)),
    };
    let outcome = runtime.block_on(run(cli.command, &cli.store, &print));
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(e) => fail(&print, &e),
    }
}

async fn run(command: Command, store: &Store, print: &Print) -> Result<ExitCode> {
    match command {
        Command::Serve(settings) => serve::run(store, settings).await,
        Command::Import(args) => import::run(store, args, print).await,
        Command::Inspect(args) => inspect::run(args, print).await,
        Command::Layers(args) => layers::run(store, args, print).await,
        Command::Packages(args) => packages::run(store, args, print).await,
        Command::Styles(args) => styles::run(store, args, print).await,
        Command::Editions(args) => editions::run(store, args, print).await,
        Command::Keys(args) => keys::run(store, args, print).await,
        Command::Jobs(args) => jobs::run(store, args, print).await,
        Command::Export(args) => export::run(store, args, print).await,
        Command::Tiles(args) => tiles::run(store, args, print).await,
        Command::Doctor(args) => doctor::run(store, args, print).await,
        Command::Db(args) => db::run(store, args, print).await,
        Command::Version => version::run(print),
    }
}

/// One readable line, and the code that says what kind of error it was.
fn fail(print: &Print, error: &Error) -> ExitCode {
    print.error(error);
    ExitCode::from(code(error))
}

fn code(error: &Error) -> u8 {
    match error {
        Error::Invalid { .. } | Error::TooLarge(_) => 2,
        Error::NotFound(_) => 3,
        Error::Conflict(_) => 4,
        Error::Unreadable(_) => 5,
        Error::Busy(_) => 6,
        _ => 1,
    }
}

/// Does something with the database, which is closed however that ends. `timeout` ends longer statements (zero: none).
async fn on_database<T>(store: &Store, timeout: Duration, act: impl AsyncFnOnce(&Db) -> Result<T>) -> Result<T> {
    let db = Db::open(store, 2, timeout).await?;
    let done = act(&db).await;
    let closed = db.close().await;
    let done = done?;
    closed?;
    Ok(done)
}
