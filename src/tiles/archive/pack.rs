//! gzip of directories and metadata, never inflated beyond a limit.

use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// Small and rarely written, so well compressed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = Compressor::new(CompressionLvl::best());
    let mut out = vec![0; gzip.gzip_compress_bound(bytes.len())];
    let length = gzip.gzip_compress(bytes, &mut out).expect("the bound is large enough");
    out.truncate(length);
    out
}

/// The length that a gzip file claims for itself (its last four bytes) is believed up to `limit` and up to what deflate
/// can do (1032 bytes from one); one that is longer than its claim is refused.
pub fn gunzip(bytes: &[u8], limit: usize) -> Result<Vec<u8>, &'static str> {
    let claim = bytes.last_chunk().map(|b| u32::from_le_bytes(*b) as usize).ok_or("gzip: too short")?;
    if claim > limit || claim / 1032 > bytes.len() {
        return Err("gzip: inflates beyond the limit");
    }
    let mut out = vec![0; claim];
    match Decompressor::new().gzip_decompress(bytes, &mut out) {
        Ok(n) if n == claim => Ok(out),
        _ => Err("gzip: damaged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_inflates_beyond_the_limit_or_its_claim_is_refused() {
        let mut zeros = gzip(&vec![0; 100_000]);
        assert_eq!(gunzip(&zeros, 100_000).unwrap().len(), 100_000);
        assert!(gunzip(&zeros, 99_999).is_err());
        let end = zeros.len() - 4;
        zeros[end..].copy_from_slice(&50_000u32.to_le_bytes());
        assert!(gunzip(&zeros, 1 << 20).is_err());
        zeros[end..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(gunzip(&zeros, usize::MAX).is_err());
        assert_eq!(gunzip(&gzip(b""), 0).unwrap(), b"");
    }
}
