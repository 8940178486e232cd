//! Rows that an import set aside, as a file for people who mend them.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::mpsc::{Sender, channel};

use crate::db::run;
use crate::error::Result;

/// The rows of an import as CSV in UTF-8 with a byte order mark, which spreadsheets look for: row number, reason,
/// attributes as JSON, geometry as hexadecimal WKB.
pub async fn set_aside(to: PgConnectOptions, import: i64) -> Result<impl Stream<Item = Result<Bytes>>> {
    let (out, parts) = channel(2);
    tokio::spawn(async move {
        if let Err(e) = write(to, import, &out).await {
            tracing::warn!(import, error = %e, "rows that were set aside cannot be told");
            out.send(Err(e)).await.ok();
        }
    });
    Ok(futures_util::stream::unfold(parts, |mut parts| async { parts.recv().await.map(|part| (part, parts)) }))
}

async fn write(to: PgConnectOptions, import: i64, out: &Sender<Result<Bytes>>) -> Result<()> {
    let mut on = to.application_name("dothi set-aside").connect().await?;
    let query = format!(
        "SELECT row, reason, attributes, encode(wkb, 'hex') AS wkb FROM dothi.set_aside WHERE import = {import} ORDER BY row"
    );
    let mut rows =
        std::pin::pin!(run::copy_out(&mut on, format!("COPY ({query}) TO STDOUT (FORMAT csv, HEADER true)")).await?);
    out.send(Ok(Bytes::from_static(b"\xef\xbb\xbf"))).await.ok();
    while let Some(part) = rows.next().await {
        if out.send(Ok(part?)).await.is_err() {
            break;
        }
    }
    Ok(())
}
