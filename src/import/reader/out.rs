//! The child's answer: frames on their way out.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use super::copy;
use crate::error::{Error, Result};
use crate::geo::Tile;
use crate::import::frames::{self, Event};

const BUFFER: usize = 256 << 10;
const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// Rows may be this many times larger than their file (tables of blanks, deflated, are 200), and somewhat more.
const SWELLING: u64 = 500;
const AT_LEAST: u64 = 256 << 20;

/// What is said of a file with more rows than it can have.
pub fn endless() -> Error {
    Error::Unreadable(format!(
        "the file becomes more than {SWELLING} times as many bytes of rows as it has; no real data does"
    ))
}

pub struct Out {
    to: File,
    data: Vec<u8>,
    told: Instant,
    /// Bytes of rows that may still go out: a few bytes can stand for rows without end (a view of a GeoPackage).
    left: u64,
}

impl Out {
    pub fn new(to: File) -> Self {
        Out { to, data: Vec::with_capacity(BUFFER * 2), told: Instant::now(), left: u64::MAX }
    }

    /// Bounds what a source of `size` bytes may become.
    pub fn bound(&mut self, size: u64) {
        self.left = size.saturating_mul(SWELLING).saturating_add(AT_LEAST);
    }

    /// How many rows of `fields` fields may come at all, if each is as short as can be.
    pub fn most_rows(&self, fields: usize) -> u64 {
        self.left / (copy::LEAST + copy::LEAST_VALUE * (1 + fields as u64))
    }

    /// COPY bytes; sent when there are enough of them.
    pub fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.data.extend_from_slice(bytes);
        if self.data.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Sends what is left of the COPY bytes.
    pub fn flush(&mut self) -> Result<()> {
        self.spend(self.data.len() as u64)?;
        let sent = frames::write_data(&mut self.to, &self.data);
        self.data.clear();
        sent.map_err(Error::io("answering"))
    }

    /// A tile of a raster.
    pub fn tile(&mut self, tile: Tile, picture: &[u8]) -> Result<()> {
        self.spend(picture.len() as u64)?;
        frames::write_tile(&mut self.to, tile, picture).map_err(Error::io("answering"))
    }

    fn spend(&mut self, length: u64) -> Result<()> {
        self.left = self.left.checked_sub(length).ok_or_else(endless)?;
        Ok(())
    }

    pub fn event(&mut self, event: &Event) -> Result<()> {
        frames::write_event(&mut self.to, event).and_then(|()| self.to.flush()).map_err(Error::io("answering"))
    }

    /// Says how far it is, now and then; looks at the clock every 512 rows.
    pub fn progress(&mut self, phase: &str, rows: u64) -> Result<()> {
        if rows.is_multiple_of(512) { self.progress_now(phase, rows) } else { Ok(()) }
    }

    /// The same where a step is long enough to look at the clock each time.
    pub fn progress_now(&mut self, phase: &str, rows: u64) -> Result<()> {
        if self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            return self.event(&Event::Progress { phase: phase.into(), rows });
        }
        Ok(())
    }
}
