//! Jobs: asked for, seen, answered, cancelled. The worker does them.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::super::Shared;
use super::super::ogc::write::read;
use super::super::params::Params;
use super::super::respond::{self, Answer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::import::Options;
use crate::jobs::{self, Job};
use crate::layer::catalog::shorten;
use crate::layer::edit::checked_id;

/// `GET /admin/jobs`: the latest, the latest first.
pub async fn list(State(app): Shared, headers: HeaderMap, mut params: Params) -> Answer {
    super::who(&app, &headers).await?;
    let limit = params.count("limit", 20, 1_000)?;
    params.end("`limit`")?;
    Ok(super::json(&json!({"jobs": jobs::list(&app.db.pool, limit).await?})))
}

/// What to import, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    upload: String,
    #[serde(default)]
    options: Options,
}

/// `POST /admin/jobs`
pub async fn create(State(app): Shared, headers: HeaderMap, body: Body) -> Answer {
    let who = super::who(&app, &headers).await?;
    let asked: Asked = parse(&app, body).await?;
    let own = asked.options.each.values().filter_map(|own| own.layer.as_ref());
    asked.options.layer.iter().chain(own).try_for_each(|id| checked_id(id).map(|_| ()))?;
    let upload = app.uploads.named(&asked.upload)?;
    let job = jobs::create(&app.db.pool, &upload, &who, &asked.options).await?;
    app.jobs.ring();
    let at = HeaderValue::try_from(format!("/admin/jobs/{}", job.id)).map_err(|e| Error::Internal(e.to_string()))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], super::json(&serde_json::to_value(&job)?)).into_response())
}

/// `GET /admin/jobs/{id}`: one job, with its report.
pub async fn one(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, params: Params) -> Answer {
    super::who(&app, &headers).await?;
    params.end("none")?;
    let job = named(&app, &id).await?;
    Ok(super::json(&serde_json::to_value(job)?))
}

/// `POST /admin/jobs/{id}/answer`
pub async fn answer(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    super::who(&app, &headers).await?;
    let job = named(&app, &id).await?;
    let answered = jobs::answer(&app.db.pool, job.id, &parse(&app, body).await?).await?;
    app.jobs.ring();
    Ok(super::json(&serde_json::to_value(answered)?))
}

/// `POST /admin/jobs/{id}/cancel`
pub async fn cancel(State(app): Shared, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    super::who(&app, &headers).await?;
    let job = named(&app, &id).await?;
    Ok(super::json(&serde_json::to_value(jobs::cancel(&app.db.pool, job.id).await?)?))
}

/// `GET /admin/jobs/{id}/set-aside?layer=`: the rows that could not be imported, with their reasons, as CSV.
pub async fn set_aside(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, mut params: Params) -> Answer {
    super::who(&app, &headers).await?;
    let layer = params.text("layer").ok_or_else(|| Error::invalid("layer", "say which `layer` of the report"))?;
    params.end("`layer`")?;
    let job = named(&app, &id).await?;
    let report = job.report.iter().flatten().find(|r| r["layer"] == layer.as_str());
    let missing = || Error::NotFound(format!("job {id} has no layer `{}` in its report", shorten(&layer)));
    let import = report.and_then(|r| r["import"].as_i64()).ok_or_else(missing)?;
    let rows = jobs::set_aside(app.db.apart(), import).await?;
    // A part that fails ends the file early, which the client sees by its missing end.
    let rows = rows.take_while(|part| std::future::ready(part.is_ok()));
    let rows = rows.filter_map(|part| std::future::ready(part.ok().map(Ok::<_, Infallible>)));
    let mut response = respond::json("text/csv; charset=utf-8", respond::pieces(rows));
    let name = HeaderValue::try_from(format!("attachment; filename=\"{layer}.set-aside.csv\""));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name.map_err(|_| missing())?);
    Ok(response)
}

/// The job that a path names.
pub async fn named(app: &App, id: &str) -> Result<Job> {
    let missing = || Error::NotFound(format!("there is no job `{}`", shorten(id)));
    jobs::named(&app.db.pool, id.parse().map_err(|_| missing())?).await
}

async fn parse<T: DeserializeOwned>(app: &App, body: Body) -> Result<T> {
    let bytes = read(app, body).await?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Error::invalid("body", format!("the body is not what is asked for here: {e}")))
}
