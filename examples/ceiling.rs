//! The most that the HTTP stack itself can do, for `make bench`: every path is answered with the same N bytes.
//!
//! `ceiling ADDR:PORT N` — no routes, no database, no work; the headers are those of a tile.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let (Some(address), Some(size)) =
        (words.next().and_then(|w| w.parse::<SocketAddr>().ok()), words.next().and_then(|w| w.parse().ok()))
    else {
        eprintln!("use: ceiling ADDR:PORT BYTES");
        std::process::exit(2);
    };
    let body = Bytes::from(vec![b'x'; size]);
    let answer = move || {
        let body = body.clone();
        async move {
            let head = [
                (header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile"),
                (header::CONTENT_ENCODING, "gzip"),
                (header::ETAG, "\"0000000000000000\""),
                (header::CACHE_CONTROL, "no-cache"),
                (header::VARY, "Accept-Encoding"),
            ];
            (head, body).into_response()
        }
    };
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(answer)).await
}
