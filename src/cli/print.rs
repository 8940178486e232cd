//! How results reach a person or a program: aligned text, or JSON.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::error::{Error, Result};
use crate::layer::raster::{Look, Picture};

pub struct Print {
    pub json: bool,
}

impl Print {
    pub fn new(json: bool) -> Print {
        Print { json }
    }

    /// The result: as JSON, or as the text that `text` makes.
    pub fn result(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(value)?);
        } else {
            let text = tame(&text());
            print!("{text}{}", if text.is_empty() || text.ends_with('\n') { "" } else { "\n" });
        }
        Ok(())
    }

    pub fn error(&self, error: &Error) {
        if self.json {
            println!("{}", json!({"error": error.to_string()}));
        }
        eprintln!("dothi: {}", tame(&error.to_string()).replace('\n', " "));
    }
}

/// Text for a terminal: names out of files may hold what a terminal obeys.
pub fn tame(text: &str) -> String {
    text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), " ")
}

/// What a raster is, line by line.
pub fn raster(picture: &Picture) -> Vec<(&'static str, String)> {
    let Picture { width, height, bands, resolution, look, zoom } = picture;
    let kind = match look {
        Look::Photo => "photograph",
        Look::Plan => "plan",
    };
    let mut lines = vec![("raster", format!("{width} × {height} pixels, {bands}, {kind}"))];
    if *resolution > 0.0 {
        lines.push(("resolution", format!("{resolution:.3} m, tiles to zoom {zoom}")));
    }
    lines
}

/// Rows of text in columns; numbers look better to the right, which `right` marks.
pub fn table(head: &[&str], right: &[usize], rows: &[Vec<String>]) -> String {
    let width = |text: &str| text.chars().count();
    let mut widths: Vec<usize> = head.iter().map(|h| width(h)).collect();
    for row in rows {
        for (w, cell) in widths.iter_mut().zip(row) {
            *w = (*w).max(width(cell));
        }
    }
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(i, (cell, w))| {
                let space = " ".repeat(w.saturating_sub(width(cell)));
                if right.contains(&i) { format!("{space}{cell}") } else { format!("{cell}{space}") }
            })
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let head: Vec<String> = head.iter().map(|h| h.to_string()).collect();
    std::iter::once(line(&head)).chain(rows.iter().map(|r| line(r))).collect()
}

/// `1 234 567`
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

/// Progress of something that may take over a second: a bar on a terminal, plain lines elsewhere, nothing with `--json`.
pub struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
    what: String,
    total: Option<u64>,
    last: Instant,
}

impl Progress {
    pub fn new(print: &Print, what: &str) -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !print.json).then(|| {
            let bar = ProgressBar::new_spinner().with_message(what.to_string());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Progress { bar, plain: !terminal && !print.json, what: what.to_string(), total: None, last: Instant::now() }
    }

    /// Something new begins; `total` is how many there are to do, if that is known.
    pub fn start(&mut self, what: &str, total: Option<u64>) {
        self.what = tame(what).replace('\n', " ");
        self.total = total;
        self.last = Instant::now();
        if let Some(bar) = &self.bar {
            let template = match total {
                Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
                None => "{spinner} {msg} {human_pos}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(self.what.clone());
            bar.set_position(0);
            bar.set_length(total.unwrap_or(0));
        }
    }

    pub fn at(&mut self, n: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(n);
        }
        self.line(|total| match total {
            Some(total) => format!("{} of {}", count(n), count(total)),
            None => count(n),
        });
    }

    pub fn doing(&mut self, step: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: {step}", self.what));
        }
        self.line(|_| step.to_string());
    }

    /// At most a line a second where there is no terminal.
    fn line(&mut self, text: impl FnOnce(Option<u64>) -> String) {
        if self.plain && self.last.elapsed() >= Duration::from_secs(1) {
            self.last = Instant::now();
            eprintln!("{}: {}", self.what, text(self.total));
        }
    }

    pub fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
