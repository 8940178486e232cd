//! In front of the router: tiles that need no database, which are most of what a map asks for, go out at once, from memory or
//! made on the spot. Everything else, and everything that is not quite usual about a request for a tile, is the router's.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::RouterIntoService;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either};
use tower::Service;

use super::{ogc, tiles, watch};
use crate::app::App;
use crate::geo::MatrixSet;
use crate::tiles::{Encoding, Options, Plan};

/// The whole door, as a service.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    options: Arc<Options>,
    router: RouterIntoService<Body>,
    /// The headers of a tile in each encoding, which differ in little from one to the next.
    heads: Arc<[OnceLock<HeaderMap>; Encoding::COUNT]>,
}

impl Front {
    pub fn new(app: Arc<App>, router: Router) -> Front {
        Front { app, options: Arc::default(), router: router.into_service(), heads: Arc::default() }
    }

    /// What this request asks for, if it is a tile that is known to be fresh, and nothing beside.
    fn plan(&self, request: &Request) -> Option<Plan> {
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
        Some(self.app.tiles.plan(
            layers,
            MatrixSet::WEB_MERCATOR,
            tile,
            self.options.clone(),
            Encoding::accepted(accepted),
        ))
    }

    /// The headers of a tile that is sent.
    fn head(&self, plan: &Plan) -> Option<HeaderMap> {
        let kept = &self.heads[plan.encoding() as usize];
        let kept = match kept.get() {
            Some(kept) => kept,
            None => {
                let head = head(plan)?;
                kept.get_or_init(|| head)
            }
        };
        let mut head = kept.clone();
        head.insert(header::ETAG, HeaderValue::from_str(&plan.etag()).ok()?);
        Some(head)
    }

    /// Makes the tile. An empty one is the router's, and so is whatever goes wrong: it has words for it.
    async fn make(
        mut self,
        request: Request,
        plan: Plan,
        head: HeaderMap,
        started: Instant,
    ) -> Result<Response, Infallible> {
        let made = AssertUnwindSafe(self.app.tiles.get(&self.app.db.pool, plan)).catch_unwind().await;
        match made {
            Ok(Ok(tile)) if !tile.is_empty() => Ok(answer(head, tile, started)),
            _ => self.router.call(request).await,
        }
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

fn head(plan: &Plan) -> Option<HeaderMap> {
    let mut head = tiles::head(plan, true).ok()?;
    head.extend(tiles::content(plan));
    head.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    head.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    watch::mark(&mut head, "");
    Some(head)
}

fn answer(mut head: HeaderMap, tile: Bytes, started: Instant) -> Response {
    watch::identify(&mut head, &watch::request_id());
    watch::count_tile(started.elapsed());
    let mut response = Response::new(Body::from(tile));
    *response.headers_mut() = head;
    response
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<
        Ready<Result<Response, Infallible>>,
        Either<BoxFuture<'static, Result<Response, Infallible>>, <RouterIntoService<Body> as Service<Request>>::Future>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let started = Instant::now();
        let planned = self.plan(&request).and_then(|plan| Some((self.head(&plan)?, plan)));
        let Some((head, plan)) = planned else { return Either::Right(Either::Right(self.router.call(request))) };
        match self.app.tiles.in_memory(&plan).filter(|tile| !tile.is_empty()) {
            Some(tile) => Either::Left(ready(Ok(answer(head, tile, started)))),
            None if plan.needs_database() => Either::Right(Either::Right(self.router.call(request))),
            None => Either::Right(Either::Left(self.clone().make(request, plan, head, started).boxed())),
        }
    }
}
