//! Every setting: a flag, its environment variable and its default, in one struct that `--help` prints.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

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

    /// Proxies whose Forwarded and X-Forwarded-* headers are believed
    #[arg(long, env = "DOTHI_TRUST_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub trust_proxy: Vec<Network>,

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

    /// Largest file that an administrator may upload, in GiB
    #[arg(long, env = "DOTHI_MAX_UPLOAD", default_value_t = 8, value_name = "GIB", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub max_upload: u64,

    /// Imports of uploaded files that may run at once
    #[arg(long, env = "DOTHI_IMPORTS", default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16))]
    pub imports: u32,

    /// Streams of changes that may be open at once
    #[arg(long, env = "DOTHI_STREAMS", default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub streams: u32,

    /// Seconds after which a client that takes nothing of its answer is let go
    #[arg(long, env = "DOTHI_SLOW_READER", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub slow_reader: u64,

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

/// Addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// An IPv4 address may come as IPv6 (`::ffff:10.0.0.1`).
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| self.bits == 0 || (a ^ b) >> (width - self.bits) == 0;
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || format!("`{text}` is not an address or a network such as `10.0.0.0/8`");
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), |b| b.parse()).map_err(|_| wrong())?;
        if bits > width { Err(wrong()) } else { Ok(Network { address, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        let holds =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(holds("0.0.0.0/0", "203.0.113.1") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1") && holds("127.0.0.1", "::ffff:127.0.0.1"));
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
