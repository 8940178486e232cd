//! Tiles as they are served: made once, compressed once, kept by what is in them.

pub mod style;

use std::sync::Arc;

use bytes::Bytes;
use moka::future::Cache;
use sqlx::postgres::PgPool;

use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::layer::{Layer, mvt};

/// A finished tile: gzip bytes, empty when nothing is there.
pub type Finished = Bytes;

/// Finished tiles in memory, bounded by bytes. The key holds the version of each layer, so a change is never answered
/// with what was before it, and nothing has to be thrown away by hand.
pub struct Tiles {
    cache: Cache<String, Finished>,
}

impl Tiles {
    pub fn new(bytes: u64) -> Tiles {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|k: &String, v: &Finished| (k.len() + v.len() + 96).try_into().unwrap_or(u32::MAX));
        Tiles { cache: cache.build() }
    }

    /// What the cache holds, in bytes.
    pub fn bytes(&self) -> u64 {
        self.cache.weighted_size()
    }

    /// The tile of these layers, one MVT layer each, in this order. Requests for one tile at once make it once.
    pub async fn get(&self, pool: &PgPool, layers: &[Arc<Layer>], tile: Tile) -> Result<Finished> {
        let key = key(layers, tile);
        self.cache.try_get_with(key, make(pool, layers, tile)).await.map_err(|e| again(&e))
    }
}

/// What a tile is: the layers in their versions, and where. The time of the version tells a layer that was dropped and
/// made anew from its namesake.
pub fn key(layers: &[Arc<Layer>], tile: Tile) -> String {
    use std::fmt::Write;
    let mut key = format!("{}/{}/{}", tile.z, tile.x, tile.y);
    for layer in layers {
        let _ = write!(key, ";{}.{}.{}", layer.id, layer.version, layer.updated);
    }
    key
}

/// A strong ETag for a tile, known before the tile is made.
pub fn etag(layers: &[Arc<Layer>], tile: Tile) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(key(layers, tile).as_bytes());
    format!("\"{}\"", hash.iter().take(12).map(|b| format!("{b:02x}")).collect::<String>())
}

async fn make(pool: &PgPool, layers: &[Arc<Layer>], tile: Tile) -> Result<Finished> {
    let parts = futures_util::future::try_join_all(layers.iter().map(|layer| mvt::encode(pool, layer, tile))).await?;
    // A vector tile is its layers one after the other (MVT 2.1, 4.1: repeated message fields).
    let tile = parts.concat();
    if tile.is_empty() {
        return Ok(Bytes::new());
    }
    tokio::task::spawn_blocking(move || gzip(&tile)).await.map_err(|e| Error::Internal(e.to_string()))?
}

fn gzip(bytes: &[u8]) -> Result<Finished> {
    let level = libdeflater::CompressionLvl::new(4).map_err(|_| Error::Internal("gzip level".into()))?;
    let mut compressor = libdeflater::Compressor::new(level);
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let n = compressor.gzip_compress(bytes, &mut out).map_err(|e| Error::Internal(e.to_string()))?;
    out.truncate(n);
    Ok(out.into())
}

/// The plain bytes of a finished tile, for the rare client that takes no gzip.
pub fn plain(finished: &Finished) -> Result<Bytes> {
    let Some(tail) = finished.len().checked_sub(4).and_then(|at| finished.get(at..)) else { return Ok(Bytes::new()) };
    // The last four bytes of gzip are the length (RFC 1952, 2.3.1); we wrote them.
    let length = u32::from_le_bytes(tail.try_into().unwrap_or_default()) as usize;
    let mut out = vec![0; length];
    libdeflater::Decompressor::new().gzip_decompress(finished, &mut out).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(out.into())
}

/// An error that several waiting requests share, as an error of each.
fn again(shared: &Arc<Error>) -> Error {
    match &**shared {
        Error::Db(e) => Error::Db(match e {
            sqlx::Error::PoolTimedOut => sqlx::Error::PoolTimedOut,
            sqlx::Error::PoolClosed => sqlx::Error::PoolClosed,
            sqlx::Error::Io(e) => sqlx::Error::Io(std::io::Error::new(e.kind(), e.to_string())),
            sqlx::Error::Database(e) if e.code().as_deref() == Some("57014") => {
                return Error::Busy("the tile took too long to make".into());
            }
            e => sqlx::Error::Protocol(e.to_string()),
        }),
        e => Error::Internal(e.to_string()),
    }
}
