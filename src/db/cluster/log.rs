//! `log/postgres.log`: what PostgreSQL says. We open it, so it may be where PostgreSQL itself could not go.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

use super::place::Place;
use crate::error::{Error, Result};

/// Above this a start begins a new file; the one before is kept as `postgres.log.1`.
const FULL: u64 = 10 * 1024 * 1024;
/// Bytes at its end that are read to see how PostgreSQL is doing.
const TAIL: u64 = 64 * 1024;
/// Lines quoted in an error.
const QUOTED: usize = 12;

/// The file to write to from now on.
pub fn open(place: &Place) -> Result<File> {
    let path = place.log();
    if size(place) > FULL {
        fs::rename(&path, path.with_extension("log.1"))
            .map_err(Error::io(format!("cannot rename `{}`", path.display())))?;
    }
    place.open_file(&path)
}

pub fn size(place: &Place) -> u64 {
    fs::metadata(place.log()).map_or(0, |log| log.len())
}

/// The last lines since `from`, indented, with the cluster's real path in place of the one it was started with.
pub fn quote(place: &Place, from: u64) -> String {
    let said = tail(place, from);
    format!("`{}` ends:{}", place.log().display(), quoted(&said, &place.pg().to_string_lossy()))
}

/// The last line that PostgreSQL wrote of its own accord.
pub fn last(place: &Place) -> String {
    lines(&tail(place, 0)).next_back().unwrap_or_default().to_owned()
}

/// The last lines of `said`, each on a line of its own.
pub fn quoted(said: &str, pgdata: &str) -> String {
    let lines: Vec<&str> = lines(said).collect();
    if lines.is_empty() {
        return " (nothing)".into();
    }
    let last = &lines[lines.len().saturating_sub(QUOTED)..];
    last.iter().map(|line| format!("\n  {}", with_real_path(line, pgdata))).collect()
}

/// What was written since `from`, or the end of it.
fn tail(place: &Place, from: u64) -> String {
    let read = || {
        let mut log = File::open(place.log())?;
        let long_ago = log.metadata()?.len().saturating_sub(TAIL);
        log.seek(SeekFrom::Start(from.max(long_ago)))?;
        let mut said = Vec::new();
        log.read_to_end(&mut said).map(|_| said)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// Without the two that answer each client who comes too early, ourselves among them; they tell nothing.
fn lines(said: &str) -> impl DoubleEndedIterator<Item = &str> {
    let answers = ["FATAL:  the database system is ", "DETAIL:  Consistent recovery state has not been yet reached"];
    said.lines()
        .map(str::trim_end)
        .filter(move |line| !line.is_empty() && !answers.iter().any(|answer| line.contains(answer)))
}

/// `/proc/self/fd/9/base` is `/srv/dothi/pg/base`.
fn with_real_path(line: &str, pgdata: &str) -> String {
    let mut parts = line.split("/proc/self/fd/");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + pgdata + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_quote_has_the_real_path_and_the_last_lines() {
        let said = "1 FATAL:  data directory \"/proc/self/fd/12\" has wrong ownership\n\nHINT:  x\n\
                    2 FATAL:  the database system is starting up\n";
        let quote = super::quoted(said, "/srv/pg");
        assert_eq!(quote, "\n  1 FATAL:  data directory \"/srv/pg\" has wrong ownership\n  HINT:  x");
        assert_eq!(super::quoted(&"line\n".repeat(100), "/srv/pg").lines().count(), 13);
    }
}
