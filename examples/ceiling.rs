//! The most that the HTTP stack itself can do, for `make bench`: every path is answered with the same N bytes and the headers
//! of a tile.
//!
//! `ceiling ADDR:PORT N [COPIES]` — no routes, no database, no work. With COPIES the answer is taken from so many places in
//! memory in turn, as tiles are: one alone never leaves the processor's cache.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::ServiceExt;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;

/// What `dothi serve` says of a tile from memory.
const HEAD: [(HeaderName, &str); 9] = [
    (header::VARY, "Accept, Accept-Encoding"),
    (header::CACHE_CONTROL, "no-cache"),
    (header::ETAG, "\"00000000000000000000000000000000\""),
    (header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile"),
    (header::CONTENT_ENCODING, "zstd"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "*"),
    (HeaderName::from_static("x-request-id"), "00000000-000000"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(address), Some(size)) =
        (words.next().and_then(|w| w.parse::<SocketAddr>().ok()), words.next().and_then(|w| w.parse().ok()))
    else {
        eprintln!("use: ceiling ADDR:PORT BYTES [COPIES]");
        std::process::exit(2);
    };
    let copies = words.next().and_then(|w| w.parse().ok()).unwrap_or(1usize).max(1);
    let bodies: Vec<Bytes> = (0..copies).map(|_| Bytes::from(vec![b'x'; size])).collect();
    let head: HeaderMap = HEAD.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    let bodies: &'static [Bytes] = bodies.leak();
    let next: &'static AtomicUsize = Box::leak(Box::default());
    let answer = tower::service_fn(move |_: Request| {
        let body = &bodies[next.fetch_add(1, Ordering::Relaxed) % bodies.len()];
        let mut response = Response::new(Body::from(body.clone()));
        *response.headers_mut() = head.clone();
        ready(Ok::<_, Infallible>(response))
    });
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/", listener.local_addr()?);
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap_or_default());
    axum::serve(listener, answer.into_make_service_with_connect_info::<SocketAddr>()).await
}
