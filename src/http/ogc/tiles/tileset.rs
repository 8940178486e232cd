//! What a tileset is (OGC 17-083r4, 8; 20-057, 9 and 10).

use serde_json::{Map, Value, json};

use super::super::super::links::link;
use super::super::format::Choice;
use super::super::{GEOJSON, JSON};
use super::{MVT, Origin, PLANE, SCHEME, TILE, TILESET, sets};
use crate::geo::{Bbox, CRS84, MatrixSet};
use crate::layer::Layer;

/// As a list of tilesets has it, with what its tiles are asked by: the OGC's own suite asks for a tile from the list.
pub fn brief(base: &str, origin: &Origin, set: MatrixSet) -> Value {
    let own = format!("{}/tiles/{}", origin.here, set.id());
    let itself = link(&own, "self", JSON, &format!("Tiles in {}", sets::title(set)));
    let mut doc = head(base, set, vec![itself, item(&own, "")]);
    if let Some(limits) = limits(origin, set) {
        doc["tileMatrixSetLimits"] = limits;
    }
    doc
}

/// The link to the tiles of the tileset at `here`.
fn item(here: &str, query: &str) -> Value {
    let href = format!("{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{query}");
    let mut item = link(href, "item", MVT, "Mapbox vector tiles");
    item["templated"] = json!(true);
    item
}

/// Where there are tiles, matrix by matrix.
fn limits(origin: &Origin, set: MatrixSet) -> Option<Value> {
    Some(limited(origin.extent()?, set, origin.matrices(set)))
}

/// The limits of tiles that cover a box, from the first to the last matrix.
pub fn limited(extent: Bbox, set: MatrixSet, (first, last): (u8, u8)) -> Value {
    let of = |z| {
        let limits = set.limits(extent, z);
        json!({
            "tileMatrix": z.to_string(),
            "minTileRow": limits.rows.0,
            "maxTileRow": limits.rows.1,
            "minTileCol": limits.columns.0,
            "maxTileCol": limits.columns.1,
        })
    };
    (first..=last).map(of).collect()
}

fn head(base: &str, set: MatrixSet, mut links: Vec<Value>) -> Value {
    let scheme = format!("{base}/ogc/tileMatrixSets/{}", set.id());
    links.push(link(&scheme, SCHEME, JSON, &sets::title(set)));
    json!({
        "title": sets::title(set),
        "dataType": "vector",
        "crs": set.crs().uri(),
        "tileMatrixSetId": set.id(),
        "tileMatrixSetURI": sets::registered(set).map_or(scheme, String::from),
        "links": links,
    })
}

/// The whole document of the tileset at `here`; `query` goes with every tile.
pub fn whole(base: &str, origin: &Origin, set: MatrixSet, choice: Choice, here: &str, query: &str) -> Value {
    // TileJSON knows Web Mercator only.
    let forms = if set.is_web_mercator() { TILESET } else { PLANE };
    let mut links = choice.links(&format!("{here}{query}"), forms);
    links.push(item(here, query));
    if set.is_web_mercator() {
        let joined = if query.is_empty() { "?f=geojson".to_string() } else { format!("{query}&f=geojson") };
        let mut item = item(here, &joined);
        (item["type"], item["title"]) = (json!(GEOJSON), json!("GeoJSON tiles"));
        links.push(item);
    }
    for layer in &origin.layers {
        links.push(link(
            format!("{base}/ogc/collections/{}", layer.id),
            "http://www.opengis.net/def/rel/ogc/1.0/geodata",
            JSON,
            &layer.title,
        ));
    }
    let mut doc = head(base, set, links);
    let titles: Vec<&str> = origin.layers.iter().map(|l| l.title.as_str()).collect();
    doc["title"] = json!(titles.join(", "));
    doc["mediaTypes"] = TILE[..if set.is_web_mercator() { 3 } else { 2 }].iter().map(|f| f.media_type).collect();
    doc["layers"] = origin.layers.iter().map(|l| layer(base, l, set)).collect();
    if let Some(limits) = limits(origin, set) {
        doc["tileMatrixSetLimits"] = limits;
    }
    if let Some(extent) = origin.extent() {
        let (first, last) = origin.matrices(set);
        doc["boundingBox"] = bounds(extent);
        let middle = [(extent.west + extent.east) / 2.0, (extent.south + extent.north) / 2.0];
        let matrix = set.matrix(12).clamp(first, last);
        doc["centerPoint"] = json!({"coordinates": middle, "crs": CRS84, "tileMatrix": matrix.to_string()});
    }
    if let Some(attribution) = joined(origin, |l| l.attribution.as_deref()) {
        doc["attribution"] = json!(attribution);
    }
    if let Some(licence) = joined(origin, |l| l.licence.as_deref()) {
        doc["license"] = json!(licence);
    }
    doc["updated"] = json!(origin.layers.iter().map(|l| &l.updated).max());
    doc
}

fn layer(base: &str, layer: &Layer, set: MatrixSet) -> Value {
    let properties: Map<String, Value> = layer
        .fields
        .iter()
        .map(|field| {
            let (kind, format) = field.kind.json();
            let mut doc = json!({"title": field.title.as_deref().unwrap_or(&field.name), "type": kind});
            if let Some(format) = format {
                doc["format"] = json!(format);
            }
            (field.name.clone(), doc)
        })
        .collect();
    let (first, last) = super::matrices(&[std::sync::Arc::new(layer.clone())], set);
    let mut doc = json!({
        "id": layer.id,
        "title": layer.title,
        "dataType": "vector",
        "minTileMatrix": first.to_string(),
        "maxTileMatrix": last.to_string(),
        "propertiesSchema": {"type": "object", "properties": properties},
        "links": [link(format!("{base}/ogc/collections/{}/items", layer.id), "items", GEOJSON, "Features")],
    });
    if let Some(dimension) = ["point", "line", "polygon"].iter().position(|s| *s == layer.shape()) {
        doc["geometryDimension"] = json!(dimension);
    }
    for (key, value) in
        [("description", &layer.description), ("attribution", &layer.attribution), ("license", &layer.licence)]
    {
        if let Some(value) = value {
            doc[key] = json!(value);
        }
    }
    if let Some(extent) = layer.extent {
        doc["boundingBox"] = bounds(extent);
    }
    doc
}

pub fn bounds(b: Bbox) -> Value {
    json!({"lowerLeft": [b.west, b.south], "upperRight": [b.east, b.north], "crs": CRS84, "orderedAxes": ["Lon", "Lat"]})
}

/// What the layers say of themselves, each thing once.
fn joined(origin: &Origin, of: impl Fn(&Layer) -> Option<&str>) -> Option<String> {
    let mut said: Vec<&str> = Vec::new();
    for text in origin.layers.iter().filter_map(|l| of(l)) {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    (!said.is_empty()).then(|| said.join("; "))
}
