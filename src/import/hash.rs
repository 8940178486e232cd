//! Which file an import was made from: its SHA-256, taken while the import goes on.

use std::io::Read;
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use sha2::{Digest, Sha256};

/// In hexadecimal; none where the file could not be read through.
pub type Hash = Shared<BoxFuture<'static, Option<String>>>;

/// Begins at once, beside everything else. One file has the hash that `sha256sum` says; a Shapefile with its companions,
/// or a folder, that of the names and contents of all its files in order.
pub fn start(path: PathBuf) -> Hash {
    let taken = tokio::task::spawn_blocking(move || hash(&path).ok());
    async move { taken.await.ok().flatten() }.boxed().shared()
}

fn hash(path: &Path) -> std::io::Result<String> {
    let files = files(path)?;
    let mut sum = Sha256::new();
    for file in &files {
        if files.len() > 1 {
            sum.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            sum.update(b"\0");
        }
        let mut from = std::fs::File::open(file)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            match from.read(&mut buffer)? {
                0 => break,
                n => sum.update(&buffer[..n]),
            }
        }
    }
    Ok(sum.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// The files that make up the source, in the order of their names.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_shapefile = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("shp"));
    let folder = match path.parent() {
        _ if path.is_dir() => path,
        Some(parent) if is_shapefile => parent,
        _ => return Ok(vec![path.to_path_buf()]),
    };
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let (kind, is_part) = (entry.file_type()?, path.is_dir() || entry.path().file_stem() == path.file_stem());
            match is_part {
                true if kind.is_file() => files.push(entry.path()),
                true if kind.is_dir() && path.is_dir() => folders.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}
