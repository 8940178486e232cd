//! Features as files and streams: every format but the GeoJSON page and the page for people. Without a `limit` an answer
//! has every feature that matches; with one it is a page, whose next one the `Link` header names.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use futures_util::stream::unfold;
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt;

use super::super::Shared;
use super::super::links::{Base, link};
use super::super::params::Params;
use super::super::respond::{self, Answer};
use super::asked::Asked;
use super::format::{self, Choice};
use super::profile::Profile;
use super::{JSON, items};
use crate::app::App;
use crate::error::{Error, Result};
use crate::export::{Document, Format, Job, Scratch, Turn, make, written};
use crate::geo::Crs;
use crate::layer::Selection;
use crate::layer::features::{self, Ask};
use crate::layer::known::Counted;

/// How long an answer waits for a file that is being made; later it begins without knowing how large it is.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes that are read of a file at once.
const PIECE: usize = 256 << 10;

/// `GET /ogc/collections/{id}/export`: all that matches, as a file to keep.
pub async fn export(
    State(app): Shared,
    Base(base): Base,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut params: Params,
) -> Answer {
    let choice = format::choose(&mut params, &headers, format::EXPORTS)?;
    let format = choice.exported().ok_or_else(|| Error::Internal("a form without a format".into()))?;
    let wishes = Wishes::take(&app, &id, format, &mut params)?;
    let mut asked = Asked::take(&app, &id, &mut params).await?;
    choice.keep(&mut asked.said);
    answer(app, &base, asked, Wishes { keep: true, ..wishes }, choice).await
}

/// How a file is wanted.
pub struct Wishes {
    format: Format,
    /// CSV for Excel.
    bom: bool,
    /// A file for a folder, not for a window.
    keep: bool,
}

impl Wishes {
    /// Takes out what belongs to the format alone. A drawing cannot say in which system it is and is measured in metres,
    /// so it has the layer's system where nobody says another.
    pub fn take(app: &App, id: &str, format: Format, params: &mut Params) -> Result<Wishes> {
        let layer = app.catalog.with_features(id)?;
        if let Some(crs) = layer.crs.filter(|_| format == Format::Dxf && !params.has("crs")) {
            params.put("crs", &crs.uri());
        }
        let bom = format == Format::Csv && params.flag("bom")?;
        Ok(Wishes { format, bom, keep: !matches!(format, Format::Jsonfg | Format::Geojsonseq | Format::Ndjson) })
    }
}

pub async fn answer(app: Arc<App>, base: &str, asked: Asked, wishes: Wishes, choice: Choice) -> Answer {
    let format = wishes.format;
    if format == Format::Kml && asked.selection.crs != Crs::CRS84 {
        return Err(Error::invalid("crs", "KML is in degrees of WGS 84 only; leave `crs` out").into());
    }
    let turn = app.exports.take(!format.streams()).await?;
    let here = format!("{base}/ogc/collections/{}", asked.layer.id);
    let (mut links, page) = paged(&app, &asked, &here, choice).await?;
    links.push(link(&here, "collection", JSON, "The layer"));
    let document = match format {
        Format::Jsonfg => Document {
            members: members(&asked, &here, choice, &links, page),
            home: Some(here),
            twice: choice.profile == Some(Profile::JsonFgPlus),
        },
        _ => Document::default(),
    };
    let job = Job {
        layer: asked.layer.clone(),
        query: asked.query.clone(),
        selection: asked.selection.clone(),
        sort: asked.sort.clone(),
        after: asked.after.clone(),
        limit: asked.limit,
        document,
    };
    let (crs, name) = (job.selection.crs, format!("{}.{}", job.layer.id, format.ending()));
    let (size, body) = match format.streams() {
        true => (None, stream(&app, job, format, wishes.bom, turn).await.map_err(|e| asked.blame(e))?),
        false => file(app.clone(), job, format, turn).await.map_err(|e| asked.blame(e))?,
    };
    let mut response = super::fresh(choice.answer(body));
    super::crs::say(&mut response, crs);
    respond::say_links(&mut response, &links);
    if let Some((returned, counted)) = page {
        items::say_counts(&mut response, returned, counted);
    }
    let headers = response.headers_mut();
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, size.into());
    }
    if let Some(value) =
        wishes.keep.then(|| HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).ok()).flatten()
    {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// What a JSON-FG document says beside its features (OGC 17-069r4, 7.16).
fn members(
    asked: &Asked,
    here: &str,
    choice: Choice,
    links: &[Value],
    page: Option<(usize, Counted)>,
) -> Map<String, Value> {
    let own =
        [asked.limit.map(|n| ("limit", n.to_string())), asked.after.as_ref().map(|a| ("after", a.write(&asked.sort)))];
    let own = asked.said.address(&format!("{here}/items"), &own.into_iter().flatten().collect::<Vec<_>>());
    let links: Vec<Value> = choice.links(&own, format::ITEMS).into_iter().chain(links.iter().cloned()).collect();
    let matched = page.and_then(|(_, counted)| counted.number()).map(|n| ("numberMatched".to_string(), n.into()));
    let said = [("timeStamp".to_string(), crate::app::now().into()), ("links".to_string(), links.into())];
    said.into_iter().chain(matched).collect()
}

/// The links of a page, how many features it has and how many match.
async fn paged(app: &App, asked: &Asked, here: &str, choice: Choice) -> Result<(Vec<Value>, Option<(usize, Counted)>)> {
    let Asked { layer, query, sort, after, limit: Some(limit), .. } = asked else { return Ok((vec![], None)) };
    let bare = Selection { fields: Vec::new(), geometry: false, crs: asked.selection.crs };
    let ask = Ask { layer, query, selection: &bare, sort, from: after.as_ref().into(), limit: *limit };
    let page = features::page(&app.db.pool, ask).await.map_err(|e| asked.blame(e))?;
    let mut links = Vec::new();
    if let Some(next) = &page.next {
        let more = [("limit", limit.to_string()), ("after", next.write(sort)), ("f", choice.form.name.to_string())];
        let next = asked.said.address(&format!("{here}/items"), &more);
        links.push(link(next, "next", choice.form.media_type, "The next page"));
    }
    let counted = items::counted(app, asked, &page).await?;
    Ok((links, Some((page.count(), counted))))
}

/// The features as they are read. The first of them are waited for, so that what goes wrong at once has a status.
pub async fn stream(app: &App, job: Job, format: Format, bom: bool, turn: Turn) -> Result<Body> {
    let mut written = written(&app.db, job, format, bom).await?;
    let first = written.next().await?.map(|chunk| chunk.bytes);
    let rest = unfold((first, written, turn), |(first, mut written, turn)| async move {
        let bytes = match first {
            Some(bytes) => Ok(bytes),
            None => match written.next().await {
                Ok(chunk) => Ok(chunk?.bytes),
                Err(e) => Err(broken(&e)),
            },
        };
        Some((bytes.map(Bytes::from), (None, written, turn)))
    });
    Ok(respond::pieces(rest))
}

/// A stream that breaks can only be broken off; the log has the reason.
fn broken(e: &Error) -> std::io::Error {
    tracing::warn!(error = %e, "an export was broken off");
    std::io::Error::other("the export was broken off")
}

/// A file that is being made: where it will be, and how many features it has.
type Making = Pin<Box<dyn Future<Output = Result<(PathBuf, u64)>> + Send>>;

/// A file on its way; dropping it ends the work and removes the file.
enum Sending {
    Made(Making, Scratch, Turn),
    Open(tokio::fs::File, Scratch, Turn),
}

async fn file(app: Arc<App>, job: Job, format: Format, turn: Turn) -> Result<(Option<u64>, Body)> {
    let folder = Scratch::new(app.exports.folder())?;
    let (inside, stem) = (folder.path().to_path_buf(), job.layer.id.clone());
    let mut making: Making = Box::pin(async move { make(&app.db, job, format, &inside, &stem, true, |_| {}).await });
    let (size, sending) = match tokio::time::timeout(PATIENCE, &mut making).await {
        Ok(made) => {
            let (path, _) = made?;
            let file = open(&path).await?;
            let size = file.metadata().await.map_err(Error::io("read the export"))?.len();
            (Some(size), Sending::Open(file, folder, turn))
        }
        Err(_) => (None, Sending::Made(making, folder, turn)),
    };
    Ok((size, respond::pieces(unfold(Some(sending), |sending| async { piece(sending?).await }))))
}

async fn piece(sending: Sending) -> Option<(std::io::Result<Bytes>, Option<Sending>)> {
    let (mut file, folder, turn) = match sending {
        Sending::Open(file, folder, turn) => (file, folder, turn),
        Sending::Made(making, folder, turn) => {
            let opened = match making.await {
                Ok((path, _)) => open(&path).await,
                Err(e) => Err(e),
            };
            match opened {
                Ok(file) => (file, folder, turn),
                Err(e) => return Some((Err(broken(&e)), None)),
            }
        }
    };
    let mut bytes = vec![0; PIECE];
    match file.read(&mut bytes).await {
        Ok(0) => None,
        Ok(n) => {
            bytes.truncate(n);
            Some((Ok(Bytes::from(bytes)), Some(Sending::Open(file, folder, turn))))
        }
        Err(e) => Some((Err(e), None)),
    }
}

async fn open(path: &std::path::Path) -> Result<tokio::fs::File> {
    tokio::fs::File::open(path).await.map_err(Error::io("read the export"))
}
