//! The issues of a layer as a file: GeoJSON in degrees, or a GeoPackage that GDAL makes of it.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::file::Scratch;
use super::gdal::{Recipe, translate};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::quality::{self, Asked};

/// Issues that are read at once.
const PAGE: u32 = 2_000;

/// Writes every issue to `to`, whose ending says the format; says how many there are. The file appears when it is whole.
pub async fn write(db: &Db, layer: &Layer, to: &Path) -> Result<u64> {
    let ending = to.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if !["geojson", "json", "gpkg"].contains(&ending.as_str()) {
        let say = format!("`{}` ends neither in `.geojson` nor in `.gpkg`", to.display());
        return Err(Error::invalid("output", say));
    }
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = Scratch::new(folder)?;
    let collection = aside.path().join("issues.geojson");
    let io = || Error::io(format!("write `{}`", to.display()));
    let mut out = std::io::BufWriter::new(std::fs::File::create(&collection).map_err(io())?);
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[").map_err(io())?;
    let mut asked = Asked { limit: PAGE, ..Asked::default() };
    let mut n = 0;
    loop {
        let page = quality::page(&db.pool, &layer.id, &asked).await?;
        for feature in &page.features {
            let comma = if n == 0 { "\n" } else { ",\n" };
            write!(out, "{comma}{feature}").map_err(io())?;
            n += 1;
        }
        asked.after = page.next;
        if page.next.is_none() {
            break;
        }
    }
    out.write_all(b"\n]}\n").map_err(io())?;
    out.into_inner().map_err(|e| io()(e.into_error()))?;
    let whole = if ending == "gpkg" {
        let made = aside.path().join("issues.gpkg");
        let options = [
            "-nln",
            "quality",
            "-lco",
            "GEOMETRY_NAME=geom",
            "-a_srs",
            "EPSG:4326",
            "-mapFieldType",
            "IntegerList=String,Integer64List=String",
        ]
        .map(String::from)
        .to_vec();
        let (from, into) = (collection.clone(), made.clone());
        let recipe = Recipe { driver: "GPKG", options };
        let translated = tokio::task::spawn_blocking(move || translate(&from, &into, &recipe, &AtomicBool::new(false)));
        translated.await.map_err(|e| Error::Internal(e.to_string()))??;
        made
    } else {
        collection
    };
    std::fs::rename(whole, to).map_err(io())?;
    Ok(n)
}
