//! Map tilesets (OGC 20-057, table 5): tiles of layers that are pictures.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::super::super::Shared;
use super::super::super::links::{Base, link};
use super::super::super::params::Params;
use super::super::super::rasters;
use super::super::super::respond::Answer;
use super::super::format::Form;
use super::super::{JSON, format, fresh};
use super::{SCHEME, sets, tileset};
use crate::error::{Error, Result};
use crate::geo::{MatrixSet, Tile};
use crate::layer::Layer;
use crate::layer::catalog::shorten;

pub const TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map";
/// A tileset, also as TileJSON.
pub const TILESET: &[Form] = &[format::JSON, Form::new("tilejson", JSON, "TileJSON")];
const SET: MatrixSet = MatrixSet::WEB_MERCATOR;

/// `GET /ogc/collections/{id}/map/tiles`
pub async fn list(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::super::document(&mut params, &headers, format::DOCUMENT)?;
    let layer = app.catalog.named(&id)?;
    let here = here(&base, &layer);
    let own = format!("{here}/{}", SET.id());
    let itself = link(&own, "self", JSON, &format!("Tiles in {}", sets::title(SET)));
    let tilesets = [tileset(&base, &layer, vec![itself])?];
    let links = choice.links(&here, format::DOCUMENT);
    Ok(fresh(choice.answer(json!({"links": links, "tilesets": tilesets}).to_string())))
}

/// `GET /ogc/collections/{id}/map/tiles/{set}`
pub async fn one(
    State(app): Shared,
    Base(base): Base,
    Path((id, set)): Path<(String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::super::document(&mut params, &headers, TILESET)?;
    let layer = app.catalog.named(&id)?;
    known(&set)?;
    let own = format!("{}/{}", here(&base, &layer), SET.id());
    let document = match choice.form.name {
        "tilejson" => rasters::described(&layer, &format!("{own}/{{z}}/{{y}}/{{x}}"))?,
        _ => tileset(&base, &layer, choice.links(&own, TILESET))?,
    };
    Ok(fresh(choice.answer(document.to_string())))
}

/// `GET /ogc/collections/{id}/map/tiles/{set}/{matrix}/{row}/{column}`
pub async fn tile(
    State(app): Shared,
    Path((id, set, matrix, row, column)): Path<(String, String, String, String, String)>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let layer = app.catalog.named(&id)?;
    let raster = rasters::of(&layer)?;
    known(&set)?;
    params.end("none")?;
    let numbers = || Tile::new(matrix.parse().ok()?, column.parse().ok()?, row.parse().ok()?);
    let within = |t: &Tile| t.z <= raster.picture.zoom && layer.extent.is_none_or(|e| SET.limits(e, t.z).hold(*t));
    let Some(tile) = numbers().filter(within) else {
        let place = shorten(&format!("{matrix}/{row}/{column}")).to_string();
        let say = "`tileMatrixSetLimits` of the tileset says what is";
        return Err(Error::NotFound(format!("tile `{place}` of `{}` is not within the limits; {say}", SET.id())).into());
    };
    rasters::tile(&app, &layer, tile, &headers).await
}

fn here(base: &str, layer: &Layer) -> String {
    format!("{base}/ogc/collections/{}/map/tiles", layer.id)
}

fn known(set: &str) -> Result<()> {
    match MatrixSet::find(set).is_some_and(MatrixSet::is_web_mercator) {
        true => Ok(()),
        false => Err(Error::NotFound(format!("there are no maps in `{}` here; there is `{}`", shorten(set), SET.id()))),
    }
}

fn tileset(base: &str, layer: &Layer, mut links: Vec<Value>) -> Result<Value> {
    let raster = rasters::of(layer)?;
    let media_type = raster.format.media_type();
    let own = format!("{}/{}", here(base, layer), SET.id());
    let mut item = link(format!("{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"), "item", media_type, "Maps");
    item["templated"] = json!(true);
    let scheme = format!("{base}/ogc/tileMatrixSets/{}", SET.id());
    let collection = format!("{base}/ogc/collections/{}", layer.id);
    links.extend([
        item,
        link(&scheme, SCHEME, JSON, &sets::title(SET)),
        link(collection, "http://www.opengis.net/def/rel/ogc/1.0/geodata", JSON, &layer.title),
    ]);
    let mut doc = json!({
        "title": layer.title,
        "dataType": "map",
        "crs": SET.crs().uri(),
        "tileMatrixSetId": SET.id(),
        "tileMatrixSetURI": sets::registered(SET).map_or(scheme, String::from),
        "mediaTypes": [media_type],
        "links": links,
        "updated": layer.updated,
    });
    if let Some(extent) = layer.extent {
        doc["boundingBox"] = tileset::bounds(extent);
        doc["tileMatrixSetLimits"] = tileset::limited(extent, SET, (0, raster.picture.zoom));
    }
    for (key, value) in [("attribution", &layer.attribution), ("license", &layer.licence)] {
        if let Some(value) = value {
            doc[key] = json!(value);
        }
    }
    Ok(doc)
}
