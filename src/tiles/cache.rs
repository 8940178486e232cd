//! Finished tiles in memory, bounded by their bytes.

use std::hash::{BuildHasherDefault, Hasher};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync;

/// By [`super::Plan`]'s key. One that is being made is waited for, not made again.
pub type Cache = sync::Cache<u128, Bytes, Weight, BuildHasherDefault<Digest>>;

/// What a tile takes beside its bytes.
const BESIDE: u64 = 160;
/// Bytes of a tile, about: how many are expected decides nothing but how much is remembered of those that went.
const USUAL: u64 = 16 << 10;

pub fn new(bytes: u64) -> Cache {
    let expected = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX).max(16);
    Cache::with(expected, bytes, Weight, BuildHasherDefault::default(), sync::DefaultLifecycle::default())
}

#[derive(Clone)]
pub struct Weight;

impl Weighter<u128, Bytes> for Weight {
    fn weight(&self, _: &u128, tile: &Bytes) -> u64 {
        tile.len() as u64 + BESIDE
    }
}

/// Keys are digests already.
#[derive(Default)]
pub struct Digest(u64);

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}
