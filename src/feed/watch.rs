//! Those who wait for changes. The server's one listener rings; every waiting stream then looks, and streams that are at
//! the same place share what is read.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use sqlx::postgres::PgPool;
use tokio::sync::watch::{Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{Ask, Mark, Page, page};
use crate::error::{Error, Result};

/// Changes that a stream takes at once.
const AT_ONCE: u32 = 500;
/// Pages that are shared, in bytes.
const SHARED: u64 = 32 << 20;
/// How long a server that stops waits for its streams to end.
const FAREWELL: Duration = Duration::from_secs(2);

type Place = (String, Mark, Ask, i64);

pub struct Feed {
    /// Rises with every look at the journal; none when the server stops.
    bell: Sender<Option<u64>>,
    places: Arc<Semaphore>,
    most: u32,
    pages: Cache<Place, Arc<Page>>,
}

/// A place among those who wait, for as long as it is held.
pub struct Waiting {
    bell: Receiver<Option<u64>>,
    _place: OwnedSemaphorePermit,
}

impl Waiting {
    /// Waits until there may be something new; false when the server stops.
    pub async fn rung(&mut self) -> bool {
        self.bell.changed().await.is_ok() && self.bell.borrow_and_update().is_some()
    }
}

impl Feed {
    /// For at most this many streams at once.
    pub fn new(most: u32) -> Feed {
        let weigh = |_: &Place, page: &Arc<Page>| {
            page.changes
                .iter()
                .fold(200, |n: u32, c| n.saturating_add(u32::try_from(c.text.len() + 100).unwrap_or(u32::MAX)))
        };
        let pages = Cache::builder().max_capacity(SHARED).weigher(weigh).time_to_live(Duration::from_secs(10)).build();
        Feed { bell: watch::Sender::new(Some(0)), places: Arc::new(Semaphore::new(most as usize)), most, pages }
    }

    /// Tells those who wait that there may be something new.
    pub fn ring(&self) {
        metrics::gauge!("dothi_streams").set(self.open() as f64);
        self.bell.send_modify(|n| *n = n.map(|n| n + 1));
    }

    pub fn wait(&self) -> Result<Waiting> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            Error::Busy(format!(
                "{} streams are open, which is as many as this server has; ask `changes` from time to time",
                self.most
            ))
        })?;
        Ok(Waiting { bell: self.bell.subscribe(), _place: place })
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.most as usize - self.places.available_permits()
    }

    /// Ends every stream.
    pub async fn close(&self) {
        self.bell.send_replace(None);
        tokio::time::timeout(FAREWELL, self.places.acquire_many(self.most)).await.ok();
    }

    /// The changes of a layer after a mark, of which the catalog says that it is at version `head`.
    pub async fn after(
        &self,
        pool: &PgPool,
        id: &str,
        since: &Mark,
        ask: Ask,
        head: i64,
    ) -> Result<Arc<Page>, Arc<Error>> {
        let place = (id.to_string(), since.clone(), ask, head);
        let read = async { page::after(pool, id, since, ask, AT_ONCE).await.map(Arc::new) };
        self.pages.try_get_with(place, read).await
    }
}
