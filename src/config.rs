//! Every setting: a flag, its environment variable and its default, in one struct that `--help` prints.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the data is: shared by every command.
#[derive(clap::Args, Debug, Clone)]
pub struct Store {
    /// Folder for the private PostgreSQL cluster and everything derived
    #[arg(long, global = true, env = "DOTHI_DATA_DIR", default_value = "./var", value_name = "DIR")]
    pub data_dir: PathBuf,

    /// Use this PostgreSQL with PostGIS instead of the private cluster
    #[arg(long, global = true, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// How `dothi serve` serves.
#[derive(clap::Args, Debug, Clone)]
pub struct Serve {
    /// Address and port to listen on
    #[arg(long, env = "DOTHI_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    pub listen: SocketAddr,

    /// Address that clients see, when a proxy stands in front (default: what the request says)
    #[arg(long, env = "DOTHI_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Connections to PostgreSQL
    #[arg(long, env = "DOTHI_DB_CONNECTIONS", default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub db_connections: u32,

    /// Longest time one statement may take, in seconds
    #[arg(long, env = "DOTHI_STATEMENT_TIMEOUT", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub statement_timeout: u64,

    /// Memory for finished tiles, in MiB
    #[arg(long, env = "DOTHI_TILE_CACHE", default_value_t = 256, value_name = "MIB")]
    pub tile_cache: u64,

    /// PMTiles files to serve under /archives, named by their file names
    #[arg(long = "archive", env = "DOTHI_ARCHIVES", value_name = "FILE", value_delimiter = ',')]
    pub archives: Vec<PathBuf>,

    /// Largest request body, in MiB
    #[arg(long, env = "DOTHI_MAX_BODY", default_value_t = 4, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub max_body: u64,

    /// Seconds that requests in flight are given when the server stops
    #[arg(long, env = "DOTHI_GRACE", default_value_t = 20, value_name = "SECONDS")]
    pub grace: u64,

    /// Folder with glyphs, sprites and other built assets
    #[arg(long, env = "DOTHI_ASSETS", default_value = "./data/cache", value_name = "DIR")]
    pub assets: PathBuf,

    /// Log as JSON lines instead of text
    #[arg(long, env = "DOTHI_LOG_JSON")]
    pub log_json: bool,
}
