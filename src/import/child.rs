//! The parent's side: starts the reader, hands on its frames, holds it to its limits.
//!
//! Whatever happens to the child (crash, kill by a limit, endless loop, nonsense), the parent sees one
//! [`Error::Unreadable`] with a sentence in it. Dropping a [`Reader`] kills the child.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::frames::{Action, Event, Frame, LayerInfo, Note, Request, read_frame};
use crate::error::{Error, Result};

/// The hidden subcommand; `src/main.rs` hands it to [`super::reader::run_reader`].
pub const SUBCOMMAND: &str = "import-reader";

/// What is kept of the child's standard error: its end.
const STDERR_KEPT: usize = 4096;

#[derive(Debug, Clone)]
pub struct Limits {
    /// How long the child may say nothing. Opening a large GeoJSON file parses all of it before a word is said.
    pub stall: Duration,
    /// How long it may take altogether.
    pub total: Option<Duration>,
    /// The program to start; none for this one.
    pub program: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { stall: Duration::from_secs(300), total: None, program: None }
    }
}

/// A running reader.
pub struct Reader {
    child: Child,
    frames: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    path: String,
    stall: Duration,
    deadline: Option<Instant>,
    ended: bool,
}

impl Reader {
    /// Starts the child and hands it the request.
    ///
    /// The kernel kills the child when the *thread* that started it ends (`PR_SET_PDEATHSIG`), so call this on a
    /// runtime's worker thread or the main thread, not inside `spawn_blocking`.
    pub async fn start(request: &Request, limits: &Limits) -> Result<Self> {
        let program = match &limits.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(Error::io("finding this program"))?,
        };
        let mut command = Command::new(program);
        command.arg(SUBCOMMAND).env_clear().env("HOME", "/nonexistent").env("LANG", "C.UTF-8");
        // Where the libraries and their data are is the system's to say; nothing else of the environment is needed.
        for name in ["PATH", "LD_LIBRARY_PATH", "GDAL_DATA", "PROJ_LIB", "PROJ_DATA"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(Error::io("starting the reader"))?;
        let missing = || Error::Internal("the reader has no pipes".into());
        let mut stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = Arc::default();
        tokio::spawn(keep_end(child.stderr.take().ok_or_else(missing)?, Arc::clone(&stderr)));
        // A child that died at once is reported by what it leaves behind, not by the broken pipe.
        let _ = stdin.write_all(&serde_json::to_vec(request)?).await;
        drop(stdin);
        Ok(Reader {
            child,
            frames: BufReader::new(stdout),
            stderr,
            path: request.path.clone(),
            stall: limits.stall.min(patience(&request.path)),
            deadline: limits.total.map(|total| Instant::now() + total),
            ended: false,
        })
    }

    /// The next frame; none after [`Event::End`]. An [`Event::Error`] comes as `Err`. After an error nothing follows.
    pub async fn next(&mut self) -> Result<Option<Frame>> {
        if self.ended {
            return Ok(None);
        }
        let frame = self.frame().await;
        match &frame {
            Ok(Some(Frame::Event(event))) if matches!(**event, Event::End) => {
                self.ended = true;
                Ok(None)
            }
            Ok(Some(_)) => frame,
            Ok(None) | Err(_) => {
                self.ended = true;
                let _ = self.child.start_kill();
                frame
            }
        }
    }

    /// The frames as a stream.
    pub fn stream(self) -> impl Stream<Item = Result<Frame>> {
        futures_util::stream::unfold(self, |mut reader| async {
            let frame = reader.next().await.transpose()?;
            Some((frame, reader))
        })
    }

    async fn frame(&mut self) -> Result<Option<Frame>> {
        let stalled = Instant::now() + self.stall;
        let until = self.deadline.map_or(stalled, |deadline| deadline.min(stalled));
        match timeout_at(until, read_frame(&mut self.frames)).await {
            Err(_) => Err(self.failed(&format!("gave no sign for {} s and was stopped", self.stall.as_secs()))),
            Ok(Ok(None)) => {
                let status = timeout(Duration::from_secs(5), self.child.wait()).await;
                Err(match status {
                    Ok(Ok(status)) => self.failed(&how_it_ended(status)),
                    _ => self.failed("closed its answer without ending"),
                })
            }
            Ok(Err(e)) => Err(self.failed(&e.to_string())),
            Ok(Ok(Some(Frame::Event(event)))) => match *event {
                Event::Error { message } => Err(Error::Unreadable(message)),
                event => Ok(Some(Frame::Event(Box::new(event)))),
            },
            Ok(Ok(frame)) => Ok(frame),
        }
    }

    /// One sentence for a child that did not say itself what is wrong.
    fn failed(&self, how: &str) -> Error {
        let stderr = self.stderr.lock().map(|kept| String::from_utf8_lossy(&kept).into_owned()).unwrap_or_default();
        let last =
            stderr.lines().rev().find(|line| !line.trim().is_empty()).map(|line| format!(" (last words: {line})"));
        // Its name alone: where it lies is no business of those who sent it.
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let say = format!("`{name}` cannot be read: the reader {how}{}", last.unwrap_or_default());
        Error::Unreadable(line(&say))
    }
}

/// A message on one line: names of files and layers may hold anything.
pub fn line(message: &str) -> String {
    message.replace(char::is_control, " ")
}

/// How long a file may keep the child silent: nothing takes longer than a minute and a second for each of its megabytes
/// (three, as archives are packed).
fn patience(path: &str) -> Duration {
    let size = std::fs::metadata(path).map_or(0, |m| if m.is_dir() { u64::MAX >> 1 } else { m.len() });
    Duration::from_secs(60 + (size >> 20) * 3)
}

fn how_it_ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(libc::SIGXCPU) => {
            "was stopped at its limit of processor time, which no real file of its size needs: save it anew in the program that it is from, or in parts"
                .into()
        }
        Some(libc::SIGKILL) => "was stopped at its limit of time or memory: import the file in parts".into(),
        Some(libc::SIGABRT) => "gave up, most likely at its limit of memory: import the file in parts".into(),
        Some(signal) => {
            format!("crashed with signal {signal} in GDAL; the file is most likely broken")
        }
        None => format!("ended early with {status}"),
    }
}

async fn keep_end(mut from: ChildStderr, kept: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if let Ok(mut kept) = kept.lock() {
            kept.extend_from_slice(&buffer[..n]);
            let surplus = kept.len().saturating_sub(STDERR_KEPT);
            kept.drain(..surplus);
        }
    }
}

/// What is in a file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Inspection {
    pub driver: String,
    pub path: String,
    pub layers: Vec<LayerInfo>,
    pub notes: Vec<Note>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// Asks a child what is in the file.
pub async fn inspect(request: &Request, limits: &Limits) -> Result<Inspection> {
    let request = Request { action: Action::Inspect, ..request.clone() };
    let mut reader = Reader::start(&request, limits).await?;
    let mut found = None;
    while let Some(frame) = reader.next().await? {
        if let Frame::Event(event) = frame
            && let Event::Source { driver, path, layers, notes, unread } = *event
        {
            found = Some(Inspection { driver, path, layers, notes, unread });
        }
    }
    found.ok_or_else(|| reader.failed("said nothing about it"))
}
