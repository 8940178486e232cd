//! A format that is written feature by feature.

use std::sync::Arc;

use super::csv::Csv;
use super::dxf::{self, Dxf};
use super::fgb::Fgb;
use super::format::Format;
use super::geojson::{Frame, GeoJson};
use super::jsonfg::JsonFg;
use super::kml::Kml;
use super::read::Written;
use super::rows::{Job, Record};
use crate::db::Db;
use crate::error::Result;

/// Features are written independently of one another, so that several may be written at once.
pub trait Encode: Send + Sync {
    /// What comes before the first feature.
    fn head(&self) -> Vec<u8>;

    /// What stands between two features.
    fn between(&self) -> &'static [u8] {
        b""
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()>;

    /// What comes after the last feature.
    fn tail(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// Items with commas between them, in brackets.
pub fn list<T>(out: &mut Vec<u8>, [open, close]: [u8; 2], items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(open);
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(close);
}

/// A layer in a format, front to back; as FlatGeobuf where a file has to be made of it first. `bom` is for CSV.
pub async fn written(db: &Db, job: Job, format: Format, bom: bool) -> Result<Written> {
    let job = if format == Format::Dxf { dxf::of_classes(job) } else { job };
    let encoder: Arc<dyn Encode> = match format {
        Format::Geojson => Arc::new(GeoJson::new(&job, Frame::Collection)),
        Format::Ndjson => Arc::new(GeoJson::new(&job, Frame::Lines)),
        Format::Geojsonseq => Arc::new(GeoJson::new(&job, Frame::Sequence)),
        Format::Jsonfg => Arc::new(JsonFg::new(&job)),
        Format::Csv => Arc::new(Csv::new(&job, bom)),
        Format::Kml => Arc::new(Kml::new(&job)),
        Format::Dxf => Arc::new(Dxf::new(db, &job).await?),
        Format::Fgb | Format::Gpkg | Format::Shp | Format::Gml => Arc::new(Fgb::new(&job)),
    };
    Written::start(db, job, encoder).await
}
