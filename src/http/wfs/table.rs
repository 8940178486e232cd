//! `GetFeature` as CSV: the features of one type, written as the exports write them.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::super::ogc::download;
use super::super::ogc::filter::blame;
use super::super::ows::fault::Fault;
use super::Request;
use super::answer::CSV;
use super::ask::{Asked, Pages};
use crate::app::App;
use crate::error::Error;
use crate::export::{Format, Job};
use crate::layer::features::{self, Ask, Start};
use crate::layer::{Cursor, Selection};

/// Whether CSV is asked for.
pub fn is_wanted(request: &Request) -> bool {
    let said = request.kvp.get("OUTPUTFORMAT").unwrap_or_default().to_ascii_lowercase();
    ["csv", CSV].contains(&said.split(';').next().unwrap_or_default().trim())
}

/// The features after `pages.start`, at most `pages.count`.
pub async fn answer(app: &Arc<App>, mut asked: Vec<Asked>, pages: &Pages) -> Result<Response, Fault> {
    let one = asked.pop().filter(|_| asked.is_empty()).ok_or_else(|| {
        let error = Error::invalid("outputFormat", "a table in CSV has one type; ask for one type after the other");
        Fault::new("InvalidParameterValue", "outputFormat", error)
    })?;
    let after = match pages.start {
        0 => None,
        start => match last(app, &one, start).await? {
            Some(after) => Some(after),
            // Beyond the last feature there is only the head of the table.
            None => return Ok(body(app, job(one, None, Some(0))).await?),
        },
    };
    let limit = pages.count.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    Ok(body(app, job(one, after, limit)).await?)
}

/// The place of the last of `n` features, if anything follows it.
async fn last(app: &App, one: &Asked, n: u64) -> crate::error::Result<Option<Cursor>> {
    let bare = Selection { fields: Vec::new(), geometry: false, crs: one.selection.crs };
    let from = Start::Offset(n - 1);
    let ask = Ask { layer: &one.layer, query: &one.query, selection: &bare, sort: &one.sort, from, limit: 1 };
    Ok(features::page(&app.db.pool, ask).await.map_err(blame)?.next)
}

fn job(one: Asked, after: Option<Cursor>, limit: Option<u32>) -> Job {
    Job { query: one.query, selection: one.selection, sort: one.sort, after, limit, ..Job::whole(one.layer) }
}

async fn body(app: &App, job: Job) -> crate::error::Result<Response> {
    let turn = app.exports.take(false).await?;
    let body = download::stream(app, job, Format::Csv, false, turn).await.map_err(blame)?;
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
