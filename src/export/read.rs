//! A layer's features, written as they arrive, in their order and, but for a page, from one state of the database. Memory
//! stays flat: what the reader of the stream has not taken yet holds the writers up.
//!
//! A large layer is read over two connections that share a snapshot, by ranges of ids: most of the time is PostgreSQL's,
//! which transforms coordinates on one core a connection.

use std::collections::VecDeque;
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Row};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

use super::encode::Encode;
use super::rows::{Job, Record};
use crate::db::{Db, run};
use crate::error::{Error, Result};
use crate::filter::Expr;
use crate::schema::FID;
use crate::sql::{Sql, literal};

/// Bytes that are written before they are handed on.
const CHUNK: usize = 128 << 10;
/// Chunks of a connection, of all its ranges, that may wait to be taken.
const WAITING: usize = 16;
/// Features of a range; few enough that the second connection is not held up while the first is read.
const RANGE: i64 = 2_000;
/// Below this a second connection is not worth its while.
const LARGE: i64 = 20_000;
/// How long a reader may take nothing.
const STALL: Duration = Duration::from_secs(120);

/// Some features, written.
pub struct Chunk {
    pub bytes: Vec<u8>,
    pub features: u64,
}

/// A chunk that waits, and the room that it takes up.
type Waiting = (Chunk, OwnedSemaphorePermit);

/// A layer as it is written. Dropping it ends the work.
pub struct Written {
    encoder: Arc<dyn Encode>,
    ranges: VecDeque<Receiver<Result<Waiting>>>,
    workers: Vec<AbortHandle>,
    features: u64,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Fresh,
    Going,
    Over,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.workers.iter().for_each(AbortHandle::abort);
    }
}

/// A part of the work: a condition, an order within it, and where its chunks go.
struct Part {
    condition: Sql,
    order: String,
    to: Sender<Result<Waiting>>,
}

impl Written {
    pub async fn start(db: &Db, job: Job, encoder: Arc<dyn Encode>) -> Result<Written> {
        let job = Arc::new(job);
        let mut first = connection(db, &job).await?;
        let ranges = ranges(&mut first, &job).await?;
        let (mut receivers, mut parts) = (VecDeque::new(), Vec::new());
        for (condition, order) in ranges {
            let (to, from) = channel(WAITING);
            receivers.push_back(from);
            parts.push(Part { condition, order, to });
        }
        let mut works = vec![(first, parts)];
        if works[0].1.len() > 2 && job.limit.is_none() && job.sort.keys.is_empty() {
            let second = same_state(db, &mut works[0].0).await?;
            let (mut odd, mut even) = (Vec::new(), Vec::new());
            for (n, part) in std::mem::take(&mut works[0].1).into_iter().enumerate() {
                if n % 2 == 0 { even.push(part) } else { odd.push(part) }
            }
            works[0].1 = even;
            works.push((second, odd));
        }
        let workers = works
            .into_iter()
            .map(|(on, parts)| tokio::spawn(work(on, job.clone(), encoder.clone(), parts)).abort_handle())
            .collect();
        Ok(Written { encoder, ranges: receivers, workers, features: 0, state: State::Fresh })
    }

    /// The next bytes; none at the end. After an error nothing follows.
    pub async fn next(&mut self) -> Result<Option<Chunk>> {
        if self.state == State::Over {
            return Ok(None);
        }
        let mut bytes = if self.state == State::Fresh { self.encoder.head() } else { Vec::new() };
        self.state = State::Going;
        while let Some(range) = self.ranges.front_mut() {
            match range.recv().await {
                None => {
                    self.ranges.pop_front();
                }
                Some(Err(e)) => {
                    self.state = State::Over;
                    return Err(e);
                }
                Some(Ok((chunk, _))) => {
                    // Every feature comes with what stands before it; there is nothing before the first.
                    let skip = if self.features == 0 { self.encoder.between().len() } else { 0 };
                    self.features += chunk.features;
                    if bytes.is_empty() && skip == 0 {
                        return Ok(Some(chunk));
                    }
                    bytes.extend_from_slice(&chunk.bytes[skip..]);
                    return Ok(Some(Chunk { bytes, features: chunk.features }));
                }
            }
        }
        self.state = State::Over;
        bytes.extend(self.encoder.tail());
        Ok((!bytes.is_empty()).then_some(Chunk { bytes, features: 0 }))
    }
}

/// One state of the database for all that follows.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A connection that rows are read over.
type On = Box<dyn DerefMut<Target = PgConnection> + Send>;

/// A page is soon read, over a connection that is there; all else over one of its own, in one state of the database.
async fn connection(db: &Db, job: &Job) -> Result<On> {
    if job.limit.is_some() {
        return Ok(Box::new(db.pool.acquire().await?));
    }
    begun(db, BEGIN).await
}

/// A connection of its own, in a transaction.
async fn begun(db: &Db, begin: &str) -> Result<On> {
    let mut own = db.apart().connect().await?;
    run::script(&mut own, begin).await?;
    // What a box holds can be borrowed.
    Ok(Box::new(Box::new(own)))
}

/// The parts of the work in their order.
async fn ranges(on: &mut PgConnection, job: &Job) -> Result<Vec<(Sql, String)>> {
    let count = job.layer.feature_count;
    let whole = job.query.filter == Expr::True && job.sort.keys.is_empty() && job.after.is_none();
    if !whole || job.limit.is_some() || count < LARGE {
        return Ok(job.sort.parts(job.after.as_ref()));
    }
    let sql = Sql::new(format!("SELECT min({FID}), max({FID}) FROM {}", job.layer.table()));
    let row = run::one(&mut *on, sql).await?;
    let (Some(least), Some(most)) = (row.try_get::<Option<i64>, _>(0)?, row.try_get::<Option<i64>, _>(1)?) else {
        return Ok(job.sort.parts(None));
    };
    let n = i128::from((count / RANGE).clamp(1, 50_000));
    let span = i128::from(most) - i128::from(least) + 1;
    let at = |k: i128| (i128::from(least) + span * k / n) as i64;
    let order = job.sort.order();
    let condition = |k: i128| {
        let from = Sql::new(format!("t.{FID} >= ")).bind(at(k));
        if k + 1 == n { from } else { from.push(&format!(" AND t.{FID} < ")).bind(at(k + 1)) }
    };
    Ok((0..n).map(|k| (condition(k), order.clone())).collect())
}

/// Another connection that sees what this one sees.
async fn same_state(db: &Db, first: &mut PgConnection) -> Result<On> {
    let snapshot: String = run::one(&mut *first, Sql::new("SELECT pg_export_snapshot()")).await?.try_get(0)?;
    begun(db, &format!("{BEGIN}; SET TRANSACTION SNAPSHOT {}", literal(&snapshot))).await
}

async fn work(mut on: On, job: Arc<Job>, encoder: Arc<dyn Encode>, parts: Vec<Part>) {
    let mut left = job.limit.map(u64::from);
    let room = Arc::new(Semaphore::new(WAITING));
    for part in parts {
        match write(&mut on, &job, &*encoder, &part, &room, left).await {
            Ok(features) => left = left.map(|left| left.saturating_sub(features)),
            Err(e) => {
                // The connection is free at once, however long the error waits to be read.
                drop(on);
                let _ = part.to.send(Err(e)).await;
                return;
            }
        }
        if left == Some(0) {
            return;
        }
    }
}

/// Writes the features of one part; returns how many there were.
async fn write(
    on: &mut PgConnection,
    job: &Job,
    encoder: &dyn Encode,
    part: &Part,
    room: &Arc<Semaphore>,
    limit: Option<u64>,
) -> Result<u64> {
    let sql = job.statement(&part.condition, &part.order, limit);
    let systems = job.systems();
    // Rows that have arrived together are written together.
    let mut rows = std::pin::pin!(run::stream(on, sql)?.ready_chunks(64));
    let (mut out, mut here, mut all) = (Vec::with_capacity(CHUNK + (16 << 10)), 0, 0);
    while let Some(some) = rows.next().await {
        for row in some {
            let row = row?;
            out.extend_from_slice(encoder.between());
            encoder.feature(&Record::of(&row, job, &systems)?, &mut out)?;
            here += 1;
            if out.len() >= CHUNK {
                all += here;
                let bytes = std::mem::replace(&mut out, Vec::with_capacity(CHUNK + (16 << 10)));
                send(&part.to, room, Chunk { bytes, features: std::mem::take(&mut here) }).await?;
            }
        }
    }
    if here > 0 {
        all += here;
        send(&part.to, room, Chunk { bytes: out, features: here }).await?;
    }
    Ok(all)
}

async fn send(to: &Sender<Result<Waiting>>, room: &Arc<Semaphore>, chunk: Chunk) -> Result<()> {
    let gone = || Error::Busy("nobody reads the export any longer".into());
    let permit = tokio::time::timeout(STALL, room.clone().acquire_owned()).await;
    let permit = permit.map_err(|_| Error::Busy("the export is read too slowly".into()))?.map_err(|_| gone())?;
    to.send(Ok((chunk, permit))).await.map_err(|_| gone())
}
