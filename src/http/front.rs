//! In front of the router: tiles that are in memory, which are most of what a map asks for, go out at once. Everything else,
//! and everything that is not quite usual about a request for a tile, is the router's.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::RouterIntoService;
use futures_util::future::Either;
use tower::Service;

use super::{ogc, tiles, watch};
use crate::app::App;
use crate::geo::MatrixSet;
use crate::tiles::{Encoding, Options};

/// The whole door, as a service.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    options: Arc<Options>,
    router: RouterIntoService<Body>,
}

impl Front {
    pub fn new(app: Arc<App>, router: Router) -> Front {
        Front { app, options: Arc::default(), router: router.into_service() }
    }

    /// The finished tile that this request asks for, if it is in memory and is known to be fresh.
    fn at_once(&self, request: &Request) -> Option<Response> {
        let started = Instant::now();
        let uri = request.uri();
        if request.method() != Method::GET || uri.query().is_some() || !self.app.catalog.is_following() {
            return None;
        }
        let headers = request.headers();
        if headers.contains_key(header::IF_NONE_MATCH) || tiles::form(headers) != self.options.form {
            return None;
        }
        let Place { ids, z, x, y, limited } = Place::of(uri.path())?;
        let accept = headers.get(header::ACCEPT).map(|v| v.to_str().unwrap_or_default());
        if limited && accept.is_some_and(|a| !a.contains("*/*") && !a.contains(ogc::tiles::MVT)) {
            return None;
        }
        let layers = tiles::layers(&self.app, ids).ok()?;
        let tile = tiles::parse_tile(z, x, y).ok()?;
        if limited && !ogc::tiles::holds(&layers, MatrixSet::WEB_MERCATOR, tile) {
            return None;
        }
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let plan = self.app.tiles.plan(
            layers,
            MatrixSet::WEB_MERCATOR,
            tile,
            self.options.clone(),
            Encoding::accepted(accepted),
        );
        let finished = self.app.tiles.in_memory(&plan).filter(|tile| !tile.is_empty())?;
        let mut head = tiles::head(&plan, true).ok()?;
        head.extend(tiles::content(&plan));
        watch::mark(&mut head, &watch::request_id());
        head.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        head.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        watch::count_tile(started.elapsed());
        Some((head, finished).into_response())
    }
}

/// What a tile's address says.
struct Place<'a> {
    ids: &'a str,
    z: &'a str,
    x: &'a str,
    y: &'a str,
    /// By OGC API – Tiles: one layer, within the limits of its tileset.
    limited: bool,
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Option<Place<'a>> {
        let (rest, limited) = match path.strip_prefix("/tiles/") {
            Some(rest) => (rest, false),
            None => (path.strip_prefix("/ogc/collections/")?, true),
        };
        let mut parts = rest.split('/');
        let ids = parts.next()?;
        if limited && (parts.next()? != "tiles" || parts.next()? != "WebMercatorQuad" || ids.contains(',')) {
            return None;
        }
        let (z, a, b) = (parts.next()?, parts.next()?, parts.next()?);
        let (x, y) = if limited { (b, a) } else { (a, b) };
        if limited && ![z, x, y].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        parts.next().is_none().then_some(Place { ids, z, x, y, limited })
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, <RouterIntoService<Body> as Service<Request>>::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.at_once(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.router.call(request)),
        }
    }
}
