//! Changes as server-sent events (HTML standard, 9.2): of one layer, with ids to go on from; of all layers, their versions.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::super::Shared;
use super::super::super::links::Base;
use super::super::super::params::Params;
use super::super::super::respond::{self, Answer};
use super::super::{format, html};
use super::{Asked, EVENTS};
use crate::app::App;
use crate::error::{Error, Result};
use crate::feed::watch::Waiting;
use crate::feed::{Ask, Mark, page};
use crate::layer::catalog::shorten;

/// A proxy that hears nothing for longer may hang up.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Between two looks of one stream: many edits at once are told together.
const REST: Duration = Duration::from_millis(200);
/// Whoever takes nothing for so long is let go, and comes back with the id of what came last.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream that tells who made changes ends then, so that a key that was revoked tells no more.
const TERM: Duration = Duration::from_secs(600);

/// `GET /ogc/collections/{id}/changes/stream`, from the event that `Last-Event-ID` names on, or `since`, or now.
pub async fn stream(State(app): Shared, Path(id): Path<String>, headers: HeaderMap, mut params: Params) -> Answer {
    format::choose(&mut params, &headers, format::STREAM)?;
    answer(app, id, headers, params).await
}

pub async fn answer(app: Arc<App>, id: String, headers: HeaderMap, mut params: Params) -> Answer {
    let asked = Asked::take(&app, &id, &headers, &mut params).await?;
    params.end("`since`, `crs`, `geometry`, `before`, `f`, `lang`")?;
    let since = match headers.get("last-event-id").map(|v| v.to_str().unwrap_or_default()) {
        Some(text) => Some(text.parse().map_err(|()| {
            Error::invalid("Last-Event-ID", format!("`{}` is not the id of an event of a layer", shorten(text)))
        })?),
        None => asked.since,
    };
    let waiting = app.feed.wait()?;
    let layer = app.catalog.named(&id)?;
    let mark = since.unwrap_or_else(|| Mark::end(&layer, layer.version));
    // What cannot be told is an answer, not an event.
    page::after(&app.db.pool, &id, &mark, asked.ask, 1).await?;
    let until = asked.ask.who.then(|| Instant::now() + TERM);
    Ok(open(app, waiting, until, |follower| follower.layer(id, mark, asked.ask)))
}

/// `GET /ogc/changes`: at which version every layer is.
pub async fn all(State(app): Shared, Base(base): Base, headers: HeaderMap, mut params: Params) -> Answer {
    let choice = format::choose(&mut params, &headers, format::VERSIONS)?;
    params.end("`f`, `lang`")?;
    if choice.form == format::EVENTS {
        return of_all(app);
    }
    if choice.is_html() {
        return Ok(super::super::fresh(html::versions(&base, choice, &app.catalog.all())));
    }
    let layers: Vec<_> =
        versions(&app).into_iter().map(|(id, mark)| json!({"layer": id, "version": mark.to_string()})).collect();
    Ok(super::super::fresh(choice.answer(json!({"layers": layers}).to_string())))
}

/// `GET /ogc/changes/stream`: every layer's version, then every new one. Nothing needs to be gone on from: whoever comes
/// back is told all of them again.
pub async fn all_stream(State(app): Shared, headers: HeaderMap, mut params: Params) -> Answer {
    format::choose(&mut params, &headers, format::STREAM)?;
    params.end("`f`, `lang`")?;
    of_all(app)
}

fn of_all(app: Arc<App>) -> Answer {
    let waiting = app.feed.wait()?;
    Ok(open(app, waiting, None, Follower::versions))
}

fn versions(app: &App) -> BTreeMap<String, Mark> {
    app.catalog.all().iter().map(|l| (l.id.clone(), Mark::end(l, l.version))).collect()
}

/// An answer that a task of its own writes, for as long as somebody reads.
fn open<F: Future<Output = Over> + Send + 'static>(
    app: Arc<App>,
    waiting: Waiting,
    until: Option<Instant>,
    write: impl FnOnce(Follower) -> F,
) -> Response {
    // Two texts at most wait for a slow reader.
    let (out, texts) = channel::<String>(2);
    tokio::spawn(write(Follower { app, waiting, until, out }));
    let texts = futures_util::stream::unfold(texts, |mut texts| async {
        texts.recv().await.map(|text| (Ok::<_, Infallible>(text), texts))
    });
    let mut response = respond::json(EVENTS, respond::pieces(texts));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would gather events until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Why a stream ends.
enum Over {
    /// Nobody reads, or not fast enough.
    Unread,
    /// The server stops, or the stream's time is up.
    Time,
    /// The layer was dropped, or the journal has forgotten what would come next.
    Gone,
}

/// One stream.
struct Follower {
    app: Arc<App>,
    waiting: Waiting,
    until: Option<Instant>,
    out: Sender<String>,
}

impl Follower {
    async fn layer(mut self, id: String, mut mark: Mark, ask: Ask) -> Over {
        match self.follow(&id, &mut mark, ask).await {
            Ok(never) => match never {},
            Err(Over::Gone) => {
                let text = format!("event: gone\ndata: {}\n\n", json!({"layer": id}));
                self.say(text).await.err().unwrap_or(Over::Gone)
            }
            Err(over) => over,
        }
    }

    async fn follow(&mut self, id: &str, mark: &mut Mark, ask: Ask) -> Result<Infallible, Over> {
        self.say(format!("retry: 2000\nid: {mark}\n\n")).await?;
        loop {
            let head = self.app.catalog.get(id).map_or(0, |l| l.version);
            match self.app.feed.after(&self.app.db.pool, id, mark, ask, head).await {
                Ok(page) => {
                    let mut text = String::new();
                    for change in &page.changes {
                        // Writing to a text does not fail.
                        let _ = write!(text, "id: {}\nevent: {}\ndata: {}\n\n", change.mark, change.op, change.text);
                    }
                    if page.changes.last().is_none_or(|c| c.mark != page.reached) && page.reached != *mark {
                        let _ = write!(text, "id: {}\n\n", page.reached);
                    }
                    *mark = page.reached.clone();
                    if !text.is_empty() {
                        self.say(text).await?;
                    }
                    if page.more {
                        continue;
                    }
                }
                Err(e) if matches!(*e, Error::Gone(_) | Error::NotFound(_) | Error::Invalid { .. }) => {
                    return Err(Over::Gone);
                }
                // The database is away; it is asked again when there is news of it.
                Err(e) => {
                    tracing::debug!(layer = id, error = %e, "a stream cannot be told its changes");
                    self.news().await?;
                    continue;
                }
            }
            self.rest().await?;
            while self.app.catalog.get(id).is_some_and(|l| mark.is_of(&l) && l.version <= mark.version) {
                self.news().await?;
            }
        }
    }

    async fn versions(mut self) -> Over {
        match self.follow_all().await {
            Ok(never) => match never {},
            Err(over) => over,
        }
    }

    async fn follow_all(&mut self) -> Result<Infallible, Over> {
        let mut told = BTreeMap::new();
        self.say("retry: 2000\n\n".into()).await?;
        loop {
            let present = versions(&self.app);
            let mut text = String::new();
            for (id, mark) in present.iter().filter(|(id, mark)| told.get(*id) != Some(*mark)) {
                let _ = write!(text, "event: version\ndata: {}\n\n", json!({"layer": id, "version": mark.to_string()}));
            }
            for id in told.keys().filter(|id| !present.contains_key(*id)) {
                let _ = write!(text, "event: gone\ndata: {}\n\n", json!({"layer": id}));
            }
            told = present;
            if !text.is_empty() {
                self.say(text).await?;
            }
            self.rest().await?;
            self.news().await?;
        }
    }

    async fn say(&self, text: String) -> Result<(), Over> {
        match timeout(PATIENCE, self.out.send(text)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Over::Unread),
        }
    }

    async fn rest(&self) -> Result<(), Over> {
        tokio::select! {
            () = self.out.closed() => Err(Over::Unread),
            () = tokio::time::sleep(REST) => Ok(()),
        }
    }

    /// Waits for news, with a sign of life from time to time.
    async fn news(&mut self) -> Result<(), Over> {
        loop {
            let end = self.until.unwrap_or_else(|| Instant::now() + HEARTBEAT * 2);
            tokio::select! {
                () = self.out.closed() => return Err(Over::Unread),
                rung = self.waiting.rung() => return if rung { Ok(()) } else { Err(Over::Time) },
                () = sleep_until(end) => return Err(Over::Time),
                () = tokio::time::sleep(HEARTBEAT) => self.say(": \n\n".into()).await?,
            }
        }
    }
}
