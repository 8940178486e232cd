//! The real program on a data directory of its own, with its private PostgreSQL.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::BIN;

/// A data directory with a private cluster, and the program working on it.
pub struct City {
    pub dir: tempfile::TempDir,
}

impl City {
    pub fn new() -> City {
        City { dir: tempfile::tempdir().unwrap() }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BIN);
        command
            .args(args)
            .arg("--data-dir")
            .arg(self.dir.path().join("var"))
            .env_remove("DATABASE_URL")
            .current_dir(self.dir.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let out = self.command(args).arg("--json").output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    pub fn layer(&self, id: &str) -> Value {
        let list = self.json(&["layers", "list"]);
        list["layers"].as_array().unwrap().iter().find(|l| l["id"] == id).cloned().unwrap_or_default()
    }

    /// Rows of one number or text each.
    pub fn sql(&self, query: &str) -> Vec<String> {
        let out = self.run_psql(query);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().lines().map(String::from).collect()
    }

    pub fn run_psql(&self, query: &str) -> Output {
        let mut command = Command::new(BIN);
        command
            .arg("--data-dir")
            .arg(self.dir.path().join("var"))
            .args(["db", "psql", "--", "-qAtX", "-c", query])
            .env_remove("DATABASE_URL");
        command.output().unwrap()
    }

    /// A GeoJSON file of `n` squares.
    pub fn squares(&self, name: &str, n: u32) -> PathBuf {
        let path = self.dir.path().join(name);
        let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        write!(out, "{{\"type\":\"FeatureCollection\",\"features\":[").unwrap();
        for i in 0..n {
            let (x, y) = (108.5 + f64::from(i % 500) * 0.001, 11.2 + f64::from(i / 500) * 0.001);
            let (e, t) = (x + 0.0009, y + 0.0009);
            let ring = json!([[[x, y], [e, y], [e, t], [x, t], [x, y]]]);
            let comma = if i == 0 { "" } else { "," };
            write!(out, "{comma}{}", json!({"type": "Feature", "properties": {"so": i, "ten": "ô đất"}, "geometry": {"type": "Polygon", "coordinates": ring}})).unwrap();
        }
        write!(out, "]}}").unwrap();
        out.flush().unwrap();
        path
    }

    pub fn serve(&self) -> Served {
        self.serve_with(&[])
    }

    /// The same with more arguments of `dothi serve`.
    pub fn serve_with(&self, arguments: &[&str]) -> Served {
        let mut child = self
            .command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut error = String::new();
            child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
            panic!("the server did not start: {error}");
        }
        // The log is read, or a full pipe would stop the server.
        let log = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut BufReader::new(log), &mut std::io::sink()));
        Served { child, address: line.trim().trim_start_matches("http://").trim_end_matches('/').to_string() }
    }

    pub fn postmaster(&self) -> i32 {
        self.postmaster_if_any().unwrap()
    }

    /// None while there is no PostgreSQL, or one that is just starting.
    pub fn postmaster_if_any(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.dir.path().join("var/pg/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// Bytes under the cluster's `base`.
    pub fn base(&self) -> u64 {
        fn size(dir: &Path) -> u64 {
            std::fs::read_dir(dir)
                .unwrap()
                .flatten()
                .map(|e| e.metadata().map_or(0, |m| if m.is_dir() { size(&e.path()) } else { m.len() }))
                .sum()
        }
        size(&self.dir.path().join("var/pg/base"))
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.run(&["db", "stop", "--force"]);
    }
}

pub struct Served {
    pub child: Child,
    pub address: String,
}

impl Served {
    /// Status and body of a GET; none when nobody answers.
    pub fn get(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).ok()?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).ok()?;
        let split = all.windows(4).position(|w| w == b"\r\n\r\n")?;
        let status = std::str::from_utf8(&all[9..12]).ok()?.parse().ok()?;
        Some((status, all[split + 4..].to_vec()))
    }

    pub fn matched(&self, id: &str) -> Option<u64> {
        let (status, body) = self.get(&format!("/ogc/collections/{id}/items?limit=1"))?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        (status == 200).then(|| body["numberMatched"].as_u64())?
    }

    pub fn signal(&self, signal: i32) {
        kill(self.child.id() as i32, signal);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn kill(pid: i32, signal: i32) {
    // SAFETY: a signal to a process that the test started, by its own id.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "not after a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
