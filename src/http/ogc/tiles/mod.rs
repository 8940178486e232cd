//! OGC API – Tiles, Part 1 (OGC 20-057): vector tiles of one layer, or of several side by side, in Web Mercator and in
//! the zones of VN-2000 that the layers lie in.

pub mod maps; // tiles of pictures
pub mod operations; // for the API definition
pub mod sets; // tile matrix sets
mod tileset; // what a tileset is

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use serde_json::json;

use super::super::Shared;
use super::super::links::Base;
use super::super::params::Params;
use super::super::respond::Answer;
use super::super::tiles::{self, MOST_LAYERS};
use super::format::{self, Choice, Form};
use super::{GEOJSON, JSON, fresh, html, profile};
use crate::app::App;
use crate::error::{Error, Result};
use crate::geo::{Bbox, MatrixSet, Tile};
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::layer::mvt::first_matrix;
use crate::tiles::styles::DEFAULT;
use crate::tiles::{Form as Written, Options};

pub const MVT: &str = "application/vnd.mapbox-vector-tile";
pub const TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
/// A tileset, also as TileJSON where that can say it.
const TILESET: &[Form] = &[format::JSON, Form::new("tilejson", JSON, "TileJSON"), format::HTML];
/// The same in other planes than Web Mercator, which TileJSON does not know.
const PLANE: &[Form] = format::PAGES;
const AS_MLT: Form = Form::new("mlt", "application/vnd.maplibre-tile", "MapLibre tile")
    .also(&[], &["application/vnd.maplibre-vector-tile"]);
const TILE: &[Form] = &[
    Form::new("mvt", MVT, "Mapbox vector tile").also(&["pbf"], &["application/x-protobuf"]),
    AS_MLT,
    Form::new("geojson", GEOJSON, "GeoJSON").also(&[], &[JSON]),
];
/// Tiles of other planes: what is in degrees is not cut along their edges.
const PLANE_TILE: &[Form] = TILE.split_at(2).0;
const SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

pub const CONFORMS_TO: [&str; 14] = [
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/png",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixsetlimits",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilesetmetadata",
];

/// Whose tiles: one layer's, or those of several.
struct Origin {
    layers: Vec<Arc<Layer>>,
    /// What tiles hang on, such as `…/ogc/collections/parcels`.
    here: String,
    /// Chosen by `collections`, so that each must have what is asked for.
    chosen: bool,
}

impl Origin {
    fn layer(app: &App, base: &str, id: &str) -> Result<Origin> {
        let layer = app.catalog.named(id)?;
        if layer.raster.is_some() {
            let say = format!("layer `{id}` is a raster; its tiles are at `/ogc/collections/{id}/map/tiles`");
            return Err(Error::NotFound(say));
        }
        if layer.spatial().is_none() {
            return Err(Error::NotFound(format!("layer `{id}` is a table without geometry and has no tiles")));
        }
        Ok(Origin { layers: vec![layer], here: format!("{base}/ogc/collections/{id}"), chosen: true })
    }

    /// The layers that `collections` names, by id or address, in its order; else those the map shows, as many as a tile
    /// may have.
    fn dataset(app: &App, base: &str, params: &mut Params) -> Result<Origin> {
        let here = format!("{base}/ogc");
        let Some(names) = params.text("collections") else {
            let layers = app.catalog.all().into_iter().filter(|l| l.visible && l.spatial().is_some());
            return Ok(Origin { layers: layers.take(MOST_LAYERS).collect(), here, chosen: false });
        };
        let prefix = format!("{here}/collections/");
        let ids: Vec<&str> = names.split(',').map(|n| n.trim().strip_prefix(&*prefix).unwrap_or(n.trim())).collect();
        let wrong = |e: Error| match e {
            Error::NotFound(detail) | Error::Invalid { detail, .. } => Error::invalid("collections", detail),
            e => e,
        };
        Ok(Origin { layers: tiles::layers(app, &ids.join(",")).map_err(wrong)?, here, chosen: true })
    }

    /// For a page: whose tiles these are, and what draws them.
    fn shown<'a>(&'a self, base: &str, choice: Choice) -> html::Shown<'a> {
        let path = self.here.strip_prefix(base).and_then(|p| p.strip_prefix("/ogc")).unwrap_or_default();
        let one = self.layers.first().filter(|_| !path.is_empty());
        html::Shown {
            path,
            title: one.map(|layer| html::title(layer, choice.lang)),
            style: one.map_or(DEFAULT, |layer| &layer.id),
            // Of several the first: the last may reach round the world.
            extent: self.layers.iter().find_map(|layer| layer.extent),
        }
    }

    /// Every set in which one of the layers has tiles, Web Mercator first.
    fn sets(&self) -> Vec<MatrixSet> {
        sets::of(&self.layers)
    }

    /// The set of this name, and the layers that have tiles in it.
    fn within(mut self, set: &str) -> Result<(Origin, MatrixSet)> {
        let unknown = || {
            let there: Vec<String> = self.sets().into_iter().map(|s| format!("`{}`", s.id())).collect();
            let there = there.join(", ");
            Error::NotFound(format!("there are no tiles in `{}` here; there are {there}", shorten(set)))
        };
        let found = MatrixSet::find(set).filter(|s| self.sets().contains(s)).ok_or_else(unknown)?;
        if let Some(outside) = self.layers.iter().find(|l| self.chosen && !fits(l, found)) {
            let say = format!("layer `{}` does not lie in the zone of `{}`; choose others", outside.id, found.id());
            return Err(Error::invalid("collections", say));
        }
        self.layers.retain(|l| fits(l, found));
        Ok((self, found))
    }

    /// First and last matrix with tiles.
    fn matrices(&self, set: MatrixSet) -> (u8, u8) {
        matrices(&self.layers, set)
    }

    fn extent(&self) -> Option<Bbox> {
        self.layers.iter().filter_map(|l| l.extent).reduce(Bbox::union)
    }
}

fn fits(layer: &Layer, set: MatrixSet) -> bool {
    set.is_web_mercator() || layer.systems().contains(&set.crs())
}

/// In Web Mercator as deep as an administrator says, deeper tiles being enlarged by those who draw; in a plane of VN-2000,
/// where tiles are for measuring too, to the last.
fn matrices(layers: &[Arc<Layer>], set: MatrixSet) -> (u8, u8) {
    let first = layers.iter().map(|l| first_matrix(l, set)).min().unwrap_or(0);
    let last = layers.iter().map(|l| l.max_zoom).max().unwrap_or(0);
    (first, if set.is_web_mercator() { last } else { set.deepest() })
}

/// Whether a tile is within the limits of a tileset of these layers.
pub fn holds(layers: &[Arc<Layer>], set: MatrixSet, tile: Tile) -> bool {
    let (first, last) = matrices(layers, set);
    let extent = layers.iter().filter_map(|l| l.extent).reduce(Bbox::union);
    (first..=last).contains(&tile.z) && extent.is_none_or(|e| set.limits(e, tile.z).hold(tile))
}

/// `GET /ogc/tiles`
pub async fn of_dataset(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = format::choose(&mut params, &headers, format::PAGES)?;
    let origin = Origin::dataset(&app, &base, &mut params)?;
    params.end("`collections`, `f`, `lang`")?;
    list(&base, &origin, choice)
}

/// `GET /ogc/collections/{id}/tiles`
pub async fn of_layer(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = super::document(&mut params, &headers, format::PAGES)?;
    list(&base, &Origin::layer(&app, &base, &id)?, choice)
}

fn list(base: &str, origin: &Origin, choice: Choice) -> Answer {
    let here = format!("{}/tiles", origin.here);
    let tilesets: Vec<_> = origin.sets().into_iter().map(|set| tileset::brief(base, origin, set)).collect();
    let links = choice.links(&here, format::PAGES);
    let doc = json!({"links": links, "tilesets": tilesets});
    Ok(fresh(match choice.is_html() {
        true => html::tilesets(base, choice, &origin.shown(base, choice), &here, &doc),
        false => choice.answer(doc.to_string()),
    }))
}

/// `GET /ogc/tiles/{set}`
pub async fn dataset_set(
    State(app): Shared,
    Base(base): Base,
    Path(set): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let origin = Origin::dataset(&app, &base, &mut params)?;
    let choice = format::choose(&mut params, &headers, TILESET)?;
    describe(&app, &base, origin, &set, query, params, choice).await
}

/// `GET /ogc/collections/{id}/tiles/{set}`
pub async fn layer_set(
    State(app): Shared,
    Base(base): Base,
    Path((id, set)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let origin = Origin::layer(&app, &base, &id)?;
    let choice = format::choose(&mut params, &headers, TILESET)?;
    describe(&app, &base, origin, &set, query, params, choice).await
}

/// The tileset; what was asked of its tiles here is asked of each of them.
async fn describe(
    app: &App,
    base: &str,
    origin: Origin,
    set: &str,
    query: Option<String>,
    mut params: Params,
    choice: Choice,
) -> Answer {
    let (origin, set) = origin.within(set)?;
    let options = asked(app, &mut params, &origin, set, TILESET).await?;
    let own = |p: &&str| !(p.is_empty() || p.starts_with("f=") || p.starts_with("lang="));
    let passed: Vec<&str> = query.iter().flat_map(|q| q.split('&')).filter(own).collect();
    let query = if passed.is_empty() { String::new() } else { format!("?{}", passed.join("&")) };
    let here = format!("{}/tiles/{}", origin.here, set.id());
    let document = match choice.form.name {
        "tilejson" if set.is_web_mercator() => {
            tiles::described(&origin.layers, options.labels, &format!("{here}/{{z}}/{{y}}/{{x}}{query}"))
        }
        "tilejson" => {
            let say = "TileJSON describes tiles of `WebMercatorQuad` only; ask for `json`";
            return Err(Error::invalid("f", say).into());
        }
        _ => tileset::whole(base, &origin, set, choice, &here, &query),
    };
    if choice.is_html() {
        let here = format!("{here}{query}");
        return Ok(fresh(html::tileset(base, choice, &origin.shown(base, choice), &here, &document)));
    }
    Ok(fresh(choice.answer(document.to_string())))
}

/// `GET /ogc/tiles/{set}/{matrix}/{row}/{column}`
pub async fn dataset_tile(
    State(app): Shared,
    Base(base): Base,
    Path((set, matrix, row, column)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let origin = Origin::dataset(&app, &base, &mut params)?;
    tile(&app, origin, &set, [&matrix, &row, &column], &headers, params).await
}

/// `GET /ogc/collections/{id}/tiles/{set}/{matrix}/{row}/{column}`
pub async fn layer_tile(
    State(app): Shared,
    Base(base): Base,
    Path((id, set, matrix, row, column)): Path<(String, String, String, String, String)>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let origin = Origin::layer(&app, &base, &id)?;
    tile(&app, origin, &set, [&matrix, &row, &column], &headers, params).await
}

async fn tile(
    app: &App,
    origin: Origin,
    set: &str,
    [matrix, row, column]: [&str; 3],
    headers: &HeaderMap,
    mut params: Params,
) -> Answer {
    let (origin, set) = origin.within(set)?;
    let forms = if set.is_web_mercator() { TILE } else { PLANE_TILE };
    let choice = format::choose(&mut params, headers, forms)?;
    let mut options = asked(app, &mut params, &origin, set, forms).await?;
    options.form = match choice.form.name {
        "mlt" => Written::Mlt,
        "geojson" => Written::GeoJson,
        _ => Written::Mvt,
    };
    let numbers = || Some((matrix.parse().ok()?, column.parse().ok()?, row.parse().ok()?));
    let tile = numbers().and_then(|(z, x, y)| set.tile(z, x, y)).filter(|t| holds(&origin.layers, set, *t));
    let Some(tile) = tile else {
        let place = shorten(&format!("{matrix}/{row}/{column}")).to_string();
        let say = "`tileMatrixSetLimits` of the tileset says what is";
        return Err(Error::NotFound(format!("tile `{place}` of `{}` is not within the limits; {say}", set.id())).into());
    };
    let mut response = tiles::made(app, origin.layers, set, tile, options, headers).await?;
    choice.say_profile(&mut response);
    Ok(response)
}

/// What is asked of tiles beside where; nothing else may be left.
async fn asked(app: &App, params: &mut Params, origin: &Origin, set: MatrixSet, forms: &[Form]) -> Result<Options> {
    let options = tiles::options(app, params, &origin.layers).await?;
    if options.labels && !set.is_web_mercator() {
        return Err(Error::invalid("labels", "labels have points of their own in `WebMercatorQuad` only"));
    }
    let of = if origin.here.ends_with("/ogc") { "`collections`, " } else { "" };
    let forms = profile::forms(forms);
    params.end(&format!("{of}`properties`, `labels`, `filter`, `filter-lang`, `filter-crs`, {forms}"))?;
    Ok(options)
}
