//! A job as it goes on, as server-sent events (HTML standard, 9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use tokio::time::Instant;

use super::super::Shared;
use super::super::respond::{self, Answer};
use crate::app::App;
use crate::feed::watch::Waiting;
use crate::jobs;

/// Between two looks at the job.
const REST: Duration = Duration::from_millis(300);
/// A proxy that hears nothing for longer may hang up.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A key that was revoked hears no more from then on; whoever may comes back.
const TERM: Duration = Duration::from_secs(600);

/// `GET /admin/jobs/{id}/events`: an event `job` with the job whenever it is another than before; the stream ends with it.
pub async fn stream(State(app): Shared, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    super::who(&app, &headers).await?;
    let id = super::jobs::named(&app, &id).await?.id;
    let waiting = app.feed.wait()?;
    let now = Instant::now();
    let follower = Follower { app, waiting, id, told: String::new(), over: false, until: now + TERM, heard: now };
    let events = futures_util::stream::unfold(follower, |mut follower| async {
        let text = follower.next().await?;
        Some((Ok::<_, Infallible>(text), follower))
    });
    let mut response = respond::json("text/event-stream", respond::pieces(events));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Follower {
    app: Arc<App>,
    waiting: Waiting,
    id: i64,
    told: String,
    over: bool,
    until: Instant,
    heard: Instant,
}

impl Follower {
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        loop {
            match jobs::find(&self.app.db.pool, self.id).await {
                Ok(Some(job)) => {
                    let text = serde_json::to_string(&job).ok()?;
                    if text != self.told {
                        (self.over, self.heard) = (job.is_over(), Instant::now());
                        let event = format!("event: job\ndata: {text}\n\n");
                        self.told = text;
                        return Some(event);
                    }
                }
                Ok(None) => return None,
                // The database is away; it is asked again.
                Err(e) => tracing::debug!(job = self.id, error = %e, "a stream cannot be told its job"),
            }
            if Instant::now() > self.until {
                return None;
            }
            if self.heard.elapsed() > HEARTBEAT {
                self.heard = Instant::now();
                return Some(": \n\n".into());
            }
            tokio::select! {
                () = tokio::time::sleep(REST) => {}
                // False when the server stops.
                rung = self.waiting.rung() => if !rung { return None },
            }
        }
    }
}
