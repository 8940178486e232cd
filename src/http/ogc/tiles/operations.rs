//! Tiles in the API definition. The suffixes of the operations' names are the standard's (OGC 20-057, 16.2).

use serde_json::{Value, json};

use super::super::definitions::{parameter, part, reference};
use super::super::openapi::get;
use super::super::{JSON, format};
use super::{MVT, TILE, TILESET, maps};

/// Puts the paths of tiles and tile matrix sets.
pub fn describe(put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "minimum": 0});
    let set = part("tileMatrixSetId", "A tile matrix set: `WebMercatorQuad`, `VN2000-9217`", text.clone());
    let layer = part("collectionId", "A layer", text.clone());
    let names = json!({"type": "array", "items": {"type": "string"}});
    let collections = parameter("collections", "Layers, by id or address; those the map shows otherwise", names);
    let place = [
        part("tileMatrix", "The tile matrix: 0 is the coarsest", text),
        part("tileRow", "The row, counted from the north", number.clone()),
        part("tileCol", "The column, counted from the west", number),
    ];
    let labels = parameter("labels", "Label points beside polygons (`WebMercatorQuad`)", json!({"type": "boolean"}));
    let asked = ["properties", "filter", "filter-lang", "filter-crs"].map(reference).into_iter().chain([labels]);
    let asked: Vec<Value> = asked.collect();
    put("/tileMatrixSets", get("getTileMatrixSetsList", "Tile matrix sets", JSON, "document", &[], format::PAGES));
    let one = get("getTileMatrixSet", "A tile matrix set", JSON, "document", std::slice::from_ref(&set), format::PAGES);
    put("/tileMatrixSets/{tileMatrixSetId}", one);
    for (root, name, who) in [("", "dataset", &collections), ("/collections/{collectionId}", "collection", &layer)] {
        let id = |what: &str| format!("tiles.{name}.vector.{what}");
        let here = format!("{root}/tiles");
        let mut parameters = vec![who.clone()];
        put(&here, get(&id("getTileSetsList"), "Tilesets", JSON, "document", &parameters, format::PAGES));
        parameters.push(set.clone());
        parameters.extend_from_slice(&asked);
        let here = format!("{here}/{{tileMatrixSetId}}");
        put(&here, get(&id("getTileSet"), "A tileset", JSON, "document", &parameters, TILESET));
        parameters.extend_from_slice(&place);
        let mut tile = get(&id("getTile"), "A vector tile", MVT, "document", &parameters, TILE);
        for form in &TILE[..2] {
            tile["get"]["responses"]["200"]["content"][form.media_type] =
                json!({"schema": {"type": "string", "format": "binary"}});
        }
        tile["get"]["responses"]["204"] = json!({"description": "Nothing is in the tile"});
        put(&format!("{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"), tile);
    }
    let raster = part("rasterId", "A layer that is a raster", json!({"type": "string"}));
    let mut parameters = vec![raster];
    let here = "/collections/{rasterId}/map/tiles";
    let id = |what: &str| format!("tiles.collection.map.{what}");
    put(here, get(&id("getTileSetsList"), "Tilesets of a raster", JSON, "document", &parameters, format::DOCUMENT));
    parameters.push(set);
    let here = format!("{here}/{{tileMatrixSetId}}");
    put(&here, get(&id("getTileSet"), "A tileset of a raster", JSON, "document", &parameters, maps::TILESET));
    parameters.extend_from_slice(&place);
    let mut tile = get(&id("getTile"), "A tile of a raster", JSON, "document", &parameters, &[]);
    tile["get"]["parameters"] = json!(parameters);
    let bytes = json!({"schema": {"type": "string", "format": "binary"}});
    tile["get"]["responses"]["200"]["content"] = json!({"image/png": bytes, "image/webp": bytes});
    tile["get"]["responses"]["204"] = json!({"description": "Nothing is in the tile"});
    put(&format!("{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"), tile);
}
