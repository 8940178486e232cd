//! Tiles on the wire: in the form that the client asks for, compressed once, in what it takes.

use bytes::Bytes;
use zstd::zstd_safe::CParameter;

use super::accept::weighted;
use crate::error::{Error, Result};

/// What a vector tile is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Form {
    /// Mapbox Vector Tile 2.1.
    #[default]
    Mvt,
    /// MapLibre Tile.
    Mlt,
    /// Features in degrees, of tiles in Web Mercator.
    GeoJson,
}

impl Form {
    /// What `Accept` asks for (RFC 9110, 12.5.1): MLT where it is named, by the type that MapLibre GL JS sends for a source
    /// with `"encoding": "mlt"` or by that of other servers, and no less wanted than MVT by its own name.
    pub fn accepted(header: &str) -> Form {
        let wanted = |names: &[&str]| {
            let named = weighted(header).filter(|(name, _)| names.iter().any(|n| name.eq_ignore_ascii_case(n)));
            named.map(|(_, q)| q).fold(0.0, f32::max)
        };
        let mlt = wanted(&[Form::Mlt.media_type(), "application/vnd.maplibre-vector-tile"]);
        let mvt = wanted(&[Form::Mvt.media_type(), "application/x-protobuf"]);
        if mlt > 0.0 && mlt >= mvt { Form::Mlt } else { Form::Mvt }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Form::Mvt => "application/vnd.mapbox-vector-tile",
            Form::Mlt => "application/vnd.maplibre-tile",
            Form::GeoJson => "application/geo+json",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    pub const COUNT: usize = 3;

    /// Whether gzip is taken, whatever else is.
    pub fn takes_gzip(header: &str) -> bool {
        let others = header.split(',').filter(|part| !part.trim().starts_with("zstd")).collect::<Vec<_>>().join(",");
        Encoding::accepted(&format!("{others}, zstd;q=0")) == Encoding::Gzip
    }

    /// The best that `Accept-Encoding` allows (RFC 9110, 12.5.3): zstd over gzip, as it is half the work for the same size.
    pub fn accepted(header: &str) -> Encoding {
        let (mut gzip, mut zstd, mut any) = (None, None, None);
        for (coding, q) in weighted(header) {
            let wanted = Some(q > 0.0);
            match coding {
                "gzip" | "x-gzip" => gzip = wanted,
                "zstd" => zstd = wanted,
                "*" => any = wanted,
                _ => {}
            }
        }
        let takes = |one: Option<bool>| one.or(any).unwrap_or(false);
        match (takes(zstd), takes(gzip)) {
            (true, _) => Encoding::Zstd,
            (_, true) => Encoding::Gzip,
            _ => Encoding::Identity,
        }
    }

    /// The `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Zstd => "zstd",
        }
    }
}

/// Compressors, kept for the next tile.
pub struct Compressors {
    gzip: libdeflater::Compressor,
    zstd: zstd::bulk::Compressor<'static>,
    /// Room for the longest answer yet; what is handed out is as long as it is.
    room: Vec<u8>,
}

/// Level 1 of both: four times the speed of the usual level for a twentieth more bytes (docs/benchmarks.md).
const GZIP_LEVEL: i32 = 1;
const ZSTD_LEVEL: i32 = 1;

impl Compressors {
    pub fn new() -> Result<Compressors> {
        let mut new = Compressors::at(GZIP_LEVEL, ZSTD_LEVEL)?;
        // A table of 4 kB stays in the first cache, shorter matches are found in it: as fast as the level's own, 2 to 5 % smaller.
        for parameter in [CParameter::HashLog(10), CParameter::MinMatch(5)] {
            new.zstd.set_parameter(parameter).map_err(Error::io("starting zstd"))?;
        }
        Ok(new)
    }

    /// For files, which are written once and read often.
    pub fn thorough() -> Result<Compressors> {
        Compressors::at(6, 3)
    }

    fn at(gzip: i32, zstd: i32) -> Result<Compressors> {
        let level = libdeflater::CompressionLvl::new(gzip).map_err(|_| Error::Internal("gzip level".into()))?;
        Ok(Compressors {
            gzip: libdeflater::Compressor::new(level),
            zstd: zstd::bulk::Compressor::new(zstd).map_err(Error::io("starting zstd"))?,
            room: Vec::new(),
        })
    }

    pub fn compress(&mut self, bytes: &[u8], encoding: Encoding) -> Result<Bytes> {
        if bytes.is_empty() {
            return Ok(Bytes::new());
        }
        let bound = match encoding {
            Encoding::Identity => return Ok(Bytes::copy_from_slice(bytes)),
            Encoding::Zstd => zstd::zstd_safe::compress_bound(bytes.len()),
            Encoding::Gzip => self.gzip.gzip_compress_bound(bytes.len()),
        };
        if self.room.len() < bound {
            self.room.resize(bound, 0);
        }
        let done = match encoding {
            Encoding::Gzip => {
                self.gzip.gzip_compress(bytes, &mut self.room).map_err(|e| Error::Internal(e.to_string()))?
            }
            _ => {
                let done = self.zstd.compress_to_buffer(bytes, &mut self.room[..]);
                done.map_err(Error::io("compressing a tile"))?
            }
        };
        Ok(Bytes::copy_from_slice(&self.room[..done]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maplibre_tiles_are_for_those_who_name_them() {
        for (header, expected) in [
            ("application/vnd.maplibre-tile", Form::Mlt),
            ("application/vnd.maplibre-vector-tile, */*;q=0.1", Form::Mlt),
            ("application/vnd.mapbox-vector-tile, application/vnd.maplibre-tile;q=0.5", Form::Mvt),
            ("application/vnd.maplibre-tile;q=0", Form::Mvt),
            ("*/*", Form::Mvt),
            ("", Form::Mvt),
        ] {
            assert_eq!(Form::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn the_best_coding_that_the_client_takes_is_chosen() {
        for (header, expected) in [
            ("gzip, deflate, br, zstd", Encoding::Zstd),
            ("gzip;q=1.0, zstd;q=0", Encoding::Gzip),
            ("*", Encoding::Zstd),
            ("*;q=0, gzip", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("gzip;q=0", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            assert_eq!(Encoding::accepted(header), expected, "{header}");
            let gzip = !["gzip;q=0", "identity", ""].contains(&header);
            assert_eq!(Encoding::takes_gzip(header), gzip, "{header}");
        }
    }
}
