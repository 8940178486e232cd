//! `dothi serve`

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::ServiceExt;
use axum::serve::ListenerExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::config;
use crate::db::cluster::ServerLock;
use crate::error::{Error, Result};

pub async fn run(store: &config::Store, settings: config::Serve) -> Result<ExitCode> {
    log(settings.log_json);
    let lock = ServerLock::take(&store.data_dir)?;
    let (listen, grace) = (settings.listen, Duration::from_secs(settings.grace));
    let patience = Duration::from_secs(settings.slow_reader);
    // Before the database, so that a taken port costs nothing and leaves nothing.
    let socket = TcpListener::bind(listen).await.map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrInUse => {
            Error::Conflict(format!("something already listens on `{listen}`; say another address with `--listen`"))
        }
        _ => Error::io(format!("listen on `{listen}`"))(e),
    })?;
    let metrics = PrometheusBuilder::new().install_recorder().map_err(|e| Error::Internal(e.to_string()))?;
    let upkeep = metrics.clone();
    let app = Arc::new(App::open(store, settings, Some(metrics)).await?);
    let background = [
        tokio::spawn(app.clone().follow_journal()),
        tokio::spawn(app.clone().supervise()),
        tokio::spawn(app.clone().prune_journal()),
        tokio::spawn(app.clone().work()),
        tokio::spawn(app.clone().index_orders()),
        // Samples pile up until they are counted, also where nobody reads the metrics.
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(5)).await;
                upkeep.run_upkeep();
            }
        }),
    ];
    let address = socket.local_addr().map_err(Error::io("listen"))?;
    tracing::info!(%address, layers = app.catalog.all().len(), "serving");
    // The one line that a person starting the server looks for; logs go to standard error.
    println!("http://{address}/");
    // A tile over 64 kB is more than one segment: the second would wait for the client's word on the first, 40 ms.
    let socket = socket.tap_io(move |io| {
        if let Err(error) = io.set_nodelay(true) {
            tracing::debug!(%error, "answers of this connection may be held back");
        }
        // What a client does not take holds a turn and a connection to the database (RFC 5482; zero windows count too).
        if let Err(error) = SockRef::from(&*io).set_tcp_user_timeout(Some(patience)) {
            tracing::debug!(%error, "a client that reads nothing may keep this connection");
        }
    });
    let door = crate::http::service(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(socket, door).with_graceful_shutdown(asked_to_stop());
    let mut server = tokio::spawn(async move { server.await });
    let mut asked = std::pin::pin!(asked_to_stop());
    let outcome = tokio::select! {
        ended = &mut server => ended,
        () = &mut asked => {
            tracing::info!("stopping: no new requests; finishing those in flight");
            // They would never end by themselves.
            app.feed.close().await;
            app.uploads.close();
            match tokio::time::timeout(grace, &mut server).await {
                Ok(ended) => ended,
                Err(_) => {
                    tracing::warn!(seconds = grace.as_secs(), "requests still in flight were ended");
                    server.abort();
                    Ok(Ok(()))
                }
            }
        }
    };
    app.jobs.close().await;
    background.iter().for_each(|task| task.abort());
    for task in background {
        task.await.ok();
    }
    match Arc::try_unwrap(app) {
        Ok(app) => app.db.close().await?,
        // A request that was ended still holds it for a moment; the next command would stop PostgreSQL too.
        Err(app) => app.db.pool.close().await,
    }
    drop(lock);
    tracing::info!("stopped");
    match outcome {
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        Ok(Err(e)) => Err(Error::io("serve")(e)),
        Err(e) => Err(Error::Internal(e.to_string())),
    }
}

async fn asked_to_stop() {
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
    }
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_env("DOTHI_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if json { builder.json().init() } else { builder.with_target(false).init() }
}
