//! The door for browsers and other systems: every route on one page.

mod admin; // uploads and imports
mod archives; // PMTiles files
mod beside; // the definition of what is beside OGC API
mod front; // tiles that are in memory
mod links; // absolute addresses
mod ogc; // OGC API
mod ops; // health, readiness, metrics
mod proxy; // what a proxy in front says
mod ows; // what WMS and WFS share
mod packages; // planning packages
mod params; // query parameters, strictly
mod rasters; // tiles of pictures
mod respond; // answers, and errors as problem+json
mod spatial; // at, near, area
mod tiles; // vector tiles, TileJSON, styles, land-use codes
mod watch; // request ids, logs, metrics, time limits
mod wfs; // features as GML
mod wms; // maps as pictures
mod web; // the map and its assets

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::app::App;
pub use front::Front;

pub type Shared = axum::extract::State<Arc<App>>;

/// The whole door.
pub fn service(app: Arc<App>) -> Front {
    Front::new(app.clone(), router(app))
}

fn router(app: Arc<App>) -> Router {
    // Tiles are compressed already, and come by the thousand a second.
    let made = Router::new()
        .route(watch::TILE_ROUTE, get(tiles::tile))
        .route(watch::LAYER_TILE_ROUTE, get(ogc::tiles::layer_tile))
        .route(watch::MAP_TILE_ROUTE, get(ogc::tiles::maps::tile))
        .route(watch::DATASET_TILE_ROUTE, get(ogc::tiles::dataset_tile));
    Router::new()
        // OGC API – Features
        .route("/ogc", get(ogc::landing))
        .route("/ogc/", get(ogc::landing))
        .route("/ogc/conformance", get(ogc::conformance))
        .route("/ogc/api", get(ogc::openapi::document))
        .route("/ogc/functions", get(ogc::filter::list))
        .route("/ogc/collections", get(ogc::collections::list))
        .route("/ogc/collections/{id}", get(ogc::collections::one))
        .route("/ogc/collections/{id}/api", get(ogc::openapi::of_layer))
        .route("/ogc/collections/{id}/schema", get(ogc::schemas::schema))
        .route("/ogc/collections/{id}/queryables", get(ogc::schemas::queryables))
        .route("/ogc/collections/{id}/sortables", get(ogc::schemas::sortables))
        .route("/ogc/collections/{id}/quality", get(ogc::quality::summary))
        .route("/ogc/collections/{id}/quality/items", get(ogc::quality::items))
        .route("/ogc/collections/{id}/export", get(ogc::download::export))
        .route("/ogc/collections/{id}/items", get(ogc::items::page).post(ogc::write::create))
        .route(
            "/ogc/collections/{id}/items/{fid}",
            get(ogc::items::one).put(ogc::write::replace).patch(ogc::write::update).delete(ogc::write::delete),
        )
        // the change feed
        .route("/ogc/changes", get(ogc::feed::all))
        .route("/ogc/changes/stream", get(ogc::feed::all_stream))
        .route("/ogc/collections/{id}/changes", get(ogc::feed::changes))
        .route("/ogc/collections/{id}/changes/stream", get(ogc::feed::stream))
        .route("/ogc/collections/{id}/items/{fid}/history", get(ogc::feed::history))
        // OGC API – Tiles
        .route("/ogc/tileMatrixSets", get(ogc::tiles::sets::list))
        .route("/ogc/tileMatrixSets/{set}", get(ogc::tiles::sets::one))
        .route("/ogc/tiles", get(ogc::tiles::of_dataset))
        .route("/ogc/tiles/{set}", get(ogc::tiles::dataset_set))
        .route("/ogc/collections/{id}/tiles", get(ogc::tiles::of_layer))
        .route("/ogc/collections/{id}/tiles/{set}", get(ogc::tiles::layer_set))
        .route("/ogc/collections/{id}/map/tiles", get(ogc::tiles::maps::list))
        .route("/ogc/collections/{id}/map/tiles/{set}", get(ogc::tiles::maps::one))
        // OGC API – Styles
        .route("/ogc/styles", get(ogc::styles::list).post(ogc::styles::create))
        .route("/ogc/styles/{id}", get(ogc::styles::one).put(ogc::styles::replace).delete(ogc::styles::delete))
        .route("/ogc/styles/{id}/metadata", get(ogc::styles::metadata))
        .route("/ogc/collections/{id}/styles", get(ogc::styles::of_layer))
        // OGC API – Records
        .route("/ogc/collections/_records", get(ogc::records::catalog))
        .route("/ogc/collections/_records/items", get(ogc::records::list))
        .route("/ogc/collections/_records/items/{id}", get(ogc::records::one))
        .route("/ogc/collections/{id}/metadata", get(ogc::records::of_layer))
        // tiles and styles
        .route("/tiles/{layers}", get(tiles::tilejson))
        .route("/archives", get(archives::list))
        .route("/archives/{id}", get(archives::tilejson))
        .route("/archives/{id}/{z}/{x}/{y}", get(archives::tile))
        .route("/styles", get(tiles::styles))
        .route("/styles/{id}", get(tiles::style))
        .route("/packages", get(packages::list))
        .route("/packages/{id}", get(packages::one))
        .route("/planning-functions", get(packages::functions))
        .route("/land-use", get(tiles::land_use))
        .route("/fonts/{stack}/{range}", get(web::font))
        .route("/sprites/{file}", get(web::sprite))
        // desktop software
        .route(watch::WMS_ROUTE, get(wms::serve).post(wms::serve).fallback(wms::not_possible))
        .route(watch::WFS_ROUTE, get(wfs::serve).post(wfs::serve).fallback(wfs::not_possible))
        // spatial questions
        .route("/query/at", get(spatial::at))
        .route("/query/near", get(spatial::near))
        .route("/query/area", post(spatial::area))
        // administration
        .route("/admin", get(admin::home))
        .route("/admin/import", get(web::import))
        .route("/admin/api", get(admin::api::document))
        .route(watch::UPLOADS_ROUTE, get(admin::uploads::list).post(admin::tus::create))
        .route(
            watch::UPLOAD_ROUTE,
            get(admin::uploads::one)
                .head(admin::tus::head)
                .patch(admin::tus::patch)
                .delete(admin::tus::delete)
                .post(admin::tus::instead),
        )
        .route("/admin/uploads/{id}/layers", get(admin::look::layers))
        .route("/admin/uploads/{id}/preview", get(admin::look::preview))
        .route("/admin/jobs", get(admin::jobs::list).post(admin::jobs::create))
        .route("/admin/jobs/{id}", get(admin::jobs::one))
        .route("/admin/jobs/{id}/answer", post(admin::jobs::answer))
        .route("/admin/jobs/{id}/cancel", post(admin::jobs::cancel))
        .route("/admin/jobs/{id}/events", get(admin::events::stream))
        .route("/admin/jobs/{id}/set-aside", get(admin::jobs::set_aside))
        // operations
        .route("/api", get(beside::document))
        .route("/health", get(ops::health))
        .route("/ready", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        // everything else is the map
        .fallback(web::page)
        .layer(from_fn_with_state(app.clone(), ogc::html::trouble))
        .layer(CompressionLayer::new())
        .merge(made)
        .method_not_allowed_fallback(respond::method_not_allowed)
        .layer(CatchPanicLayer::custom(respond::panicked))
        .layer(from_fn_with_state(app.clone(), watch::watch))
        // `*` would not cover `Authorization`.
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods(Any)
                .allow_headers(AllowHeaders::mirror_request())
                .expose_headers(Any),
        )
        .layer(from_fn_with_state(app.clone(), ogc::write::options))
        .layer(from_fn_with_state(app.clone(), admin::tus::options))
        .with_state(app)
}
