//! Where PostgreSQL is installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Debian and Ubuntu keep each major version in a directory of its own, and outside of PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The directory of `postgres` and `initdb` for a cluster of major version `major`, or the newest for a new cluster.
pub fn find(major: Option<&str>) -> Result<PathBuf> {
    if let Some(bin) = debian(major).or_else(|| in_path(major)) {
        return Ok(bin);
    }
    let why = match major {
        Some(major) => format!("the cluster needs PostgreSQL {major}, which is not installed"),
        None => "PostgreSQL is not installed".into(),
    };
    let v = major.unwrap_or("15");
    let packages = format!("`postgresql-{v}` and `postgresql-{v}-postgis-3`");
    Err(Error::Internal(format!("{why}; install the Debian packages {packages}, or set DATABASE_URL")))
}

/// The version asked for; else the newest that has PostGIS; else the newest, for which `setup.rs` asks for PostGIS by the
/// name of its package.
fn debian(major: Option<&str>) -> Option<PathBuf> {
    let has_postgis = |v: &u32| Path::new(&format!("/usr/share/postgresql/{v}/extension/postgis.control")).exists();
    let version = match major {
        Some(major) => major.parse().ok(),
        None => debian_versions().into_iter().max_by_key(|version| (has_postgis(version), *version)),
    }?;
    Some(debian_bin(version)).filter(|bin| is_complete(bin))
}

fn debian_versions() -> Vec<u32> {
    let entries = fs::read_dir(DEBIAN).into_iter().flatten();
    let versions = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    versions.filter(|version| is_complete(&debian_bin(*version))).collect()
}

fn debian_bin(version: u32) -> PathBuf {
    Path::new(DEBIAN).join(version.to_string()).join("bin")
}

/// The first in PATH, of the right version; symbolic links are followed because PostgreSQL finds its files beside
/// itself.
fn in_path(major: Option<&str>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|dir| is_complete(dir))
        .filter_map(|dir| Some(fs::canonicalize(dir.join("postgres")).ok()?.parent()?.to_path_buf()))
        .find(|dir| is_complete(dir) && major.is_none_or(|major| version_of(dir).as_deref() == Some(major)))
}

fn is_complete(bin: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|program| bin.join(program).is_file())
}

/// The major version of the programs in `bin`: "postgres (PostgreSQL) 15.20 (Debian …)" is "15".
fn version_of(bin: &Path) -> Option<String> {
    let said = std::process::Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.split_whitespace().nth(2)?;
    version.split('.').next().map(str::to_owned)
}
