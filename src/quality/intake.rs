//! Rows on their way into PostgreSQL (COPY BINARY), read on a thread of their own: the first column is the id, the second the
//! geometry.

use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::mpsc::{Sender, channel};

use super::shapes::{Shapes, Writer};
use crate::error::{Error, Result};

/// Signature, flags, and how long an extension is (PostgreSQL manual, COPY, "Binary Format").
const HEADER: usize = 19;

/// A thread that takes shapes out of the rows it is sent.
pub struct Intake {
    to: Sender<Bytes>,
    thread: JoinHandle<Result<Writer>>,
}

impl Intake {
    pub fn start() -> Intake {
        let (to, mut parts) = channel::<Bytes>(32);
        let thread = std::thread::spawn(move || {
            let mut rows = Rows { writer: Writer::new()?, rest: Vec::new(), begun: false };
            while let Some(part) = parts.blocking_recv() {
                rows.take(&part);
            }
            Ok(rows.writer)
        });
        Intake { to, thread }
    }

    /// Takes the next part of the stream.
    pub async fn send(&self, part: Bytes) {
        // A thread that has failed says why when it is asked for its shapes.
        self.to.send(part).await.ok();
    }

    /// The shapes, when every part was sent.
    pub async fn end(self) -> Result<Writer> {
        drop(self.to);
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await;
        let failed = || Error::Internal("reading shapes for the quality report failed".into());
        joined.map_err(|_| failed())?.map_err(|_| failed())?
    }
}

impl Writer {
    /// The shapes that were taken in; on a thread that may wait for the disk.
    pub async fn shapes(self) -> Result<Shapes> {
        let done = tokio::task::spawn_blocking(move || self.finish()).await;
        done.map_err(|_| Error::Internal("keeping shapes for the quality report failed".into()))?
    }
}

struct Rows {
    writer: Writer,
    /// The beginning of a row whose end has not come.
    rest: Vec<u8>,
    begun: bool,
}

impl Rows {
    fn take(&mut self, part: &[u8]) {
        if self.rest.is_empty() {
            let used = self.read(part);
            self.rest.extend_from_slice(&part[used..]);
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(part);
            let used = self.read(&all);
            all.drain(..used);
            self.rest = all;
        }
    }

    /// Reads whole rows; how many bytes they are.
    fn read(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if !self.begun {
            let Some(extension) = bytes.get(HEADER - 4..HEADER).map(be32) else { return 0 };
            at = HEADER + extension.unsigned_abs() as usize;
            if bytes.len() < at {
                return 0;
            }
            self.begun = true;
        }
        while let Some(length) = self.row(&bytes[at..]) {
            at += length;
        }
        at
    }

    /// Takes one row; its length, or none when it is not whole yet (or is the end's mark).
    fn row(&mut self, bytes: &[u8]) -> Option<usize> {
        let columns = i16::from_be_bytes(bytes.get(..2)?.try_into().ok()?);
        let mut at = 2;
        let mut first: [Option<&[u8]>; 2] = [None, None];
        if columns < 0 {
            return None;
        }
        for column in 0..columns as usize {
            let size = be32(bytes.get(at..at + 4)?);
            at += 4;
            if let Ok(size) = usize::try_from(size) {
                let value = bytes.get(at..at + size)?;
                if let Some(slot) = first.get_mut(column) {
                    *slot = Some(value);
                }
                at += size;
            }
        }
        let fid = first[0].and_then(|b| b.try_into().ok()).map_or(0, i64::from_be_bytes);
        self.writer.add(fid, first[1]);
        Some(at)
    }
}

fn be32(bytes: &[u8]) -> i32 {
    bytes.try_into().map_or(0, i32::from_be_bytes)
}
