//! Layers that are pictures: their tiles, out of the archives in the data directory.
//!
//! An archive is written once, under a name that no other import has, so that what is served is known by its name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};
use xxhash_rust::xxh3::Xxh3;

use super::archive::Archive;
use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::layer::raster::Raster;
use crate::layer::{Catalog, Layer};
use crate::sql::Sql;

/// The open archives of a database.
#[derive(Default)]
pub struct Rasters {
    folder: PathBuf,
    open: RwLock<HashMap<String, Arc<Archive>>>,
}

impl Rasters {
    pub fn new(folder: PathBuf) -> Rasters {
        Rasters { folder, open: RwLock::default() }
    }

    /// The tile as it is in the archive; none where nothing is.
    ///
    /// # Errors
    /// An archive that is not in this data directory, as when another machine imported it, is `Busy`.
    pub async fn get(&self, layer: &Layer, raster: &Raster, tile: Tile) -> Result<Option<Bytes>> {
        let archive = match self.known(&raster.archive) {
            Some(archive) => archive,
            None => self.take_in(layer, raster)?,
        };
        let read = tokio::task::spawn_blocking(move || archive.get(tile));
        read.await.map_err(|e| Error::Internal(e.to_string()))?
    }

    fn known(&self, name: &str) -> Option<Arc<Archive>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn take_in(&self, layer: &Layer, raster: &Raster) -> Result<Arc<Archive>> {
        let path = self.folder.join(&raster.archive);
        if !path.exists() {
            return Err(Error::Busy(format!(
                "the tiles of layer `{}` are not in the data directory of this server; import it here, or share the directory",
                layer.id
            )));
        }
        let archive = Arc::new(Archive::open(path)?);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        Ok(open.entry(raster.archive.clone()).or_insert(archive).clone())
    }

    /// Lets go of the archives of editions that are no longer served.
    pub fn keep(&self, catalog: &Catalog) {
        let layers = catalog.all();
        let served = |name: &str| layers.iter().any(|l| l.raster.as_ref().is_some_and(|r| r.archive == name));
        self.open.write().unwrap_or_else(PoisonError::into_inner).retain(|name, _| served(name));
    }
}

/// A strong ETag, known before the tile is read.
pub fn etag(layer: &Layer, raster: &Raster, tile: Tile) -> String {
    let mut hash = Xxh3::new();
    hash.update(layer.identity.as_bytes());
    hash.update(raster.archive.as_bytes());
    hash.update(&[tile.z]);
    hash.update(&tile.x.to_le_bytes());
    hash.update(&tile.y.to_le_bytes());
    format!("\"{:032x}\"", hash.digest128())
}

/// Where the archives of a database lie: other databases may use the same data directory.
pub async fn folder(on: &mut PgConnection, data_dir: &Path) -> Result<PathBuf> {
    let row = run::one(on, Sql::new("SELECT mark::text AS mark FROM dothi.raster_store")).await?;
    Ok(data_dir.join("rasters").join(row.try_get::<String, _>("mark")?))
}

/// How long a sweep waits for a layer that somebody imports, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

/// Removes the archives that no edition has: of dropped layers, of editions that were let go, of imports that were killed.
/// Those of a layer that is being imported are left alone.
pub async fn sweep(pool: &PgPool, data_dir: &Path) -> Result<()> {
    let mut on = pool.acquire().await?;
    let folder = folder(&mut on, data_dir).await?;
    drop(on);
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((layer, _)) = name.rsplit_once('_') else { continue };
        if !wanted(pool, layer, &name).await? {
            // What cannot be removed now is tried again by the next sweep.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Whether an edition has an archive, or an import that is under way may be writing it.
async fn wanted(pool: &PgPool, layer: &str, name: &str) -> Result<bool> {
    let mut tx = pool.begin().await?;
    if is_named(&mut tx, name).await? {
        return Ok(true);
    }
    let mut left = PATIENCE;
    loop {
        let lock =
            Sql::new("SELECT pg_try_advisory_xact_lock(hashtext('dothi import'), hashtext(").bind(layer).push("))");
        if run::one(&mut *tx, lock).await?.try_get::<bool, _>(0)? {
            break;
        }
        if left.is_zero() {
            return Ok(true);
        }
        // It may be that of an import that was killed while it waited, and is given back at once.
        left = left.saturating_sub(PAUSE);
        tokio::time::sleep(PAUSE).await;
    }
    // An import may have ended meanwhile.
    is_named(&mut tx, name).await
}

async fn is_named(on: &mut PgConnection, name: &str) -> Result<bool> {
    let sql = Sql::new("SELECT 1 FROM dothi.layer WHERE raster->>'archive' = ")
        .bind(name)
        .push(" UNION ALL SELECT 1 FROM dothi.edition WHERE aside->'raster'->>'archive' = ")
        .bind(name);
    Ok(run::optional(on, sql.push(" LIMIT 1")).await?.is_some())
}
