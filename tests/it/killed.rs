//! Killed at any moment: the program, the server, PostgreSQL. Nothing is lost, nothing is left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::BIN;

/// A data directory with a private cluster, and the program working on it.
struct City {
    dir: tempfile::TempDir,
}

impl City {
    fn new() -> City {
        City { dir: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BIN);
        command.args(args).arg("--data-dir").arg(self.dir.path().join("var")).env_remove("DATABASE_URL").current_dir(self.dir.path());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let out = self.command(args).arg("--json").output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    }

    fn layer(&self, id: &str) -> Value {
        let list = self.json(&["layers", "list"]);
        list["layers"].as_array().unwrap().iter().find(|l| l["id"] == id).cloned().unwrap_or_default()
    }

    /// Rows of one number or text each.
    fn sql(&self, query: &str) -> Vec<String> {
        let out = self.run_psql(query);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().lines().map(String::from).collect()
    }

    fn run_psql(&self, query: &str) -> Output {
        let mut command = Command::new(BIN);
        command.arg("--data-dir").arg(self.dir.path().join("var")).args(["db", "psql", "--", "-qAtX", "-c", query]).env_remove("DATABASE_URL");
        command.output().unwrap()
    }

    /// A GeoJSON file of `n` squares.
    fn squares(&self, name: &str, n: u32) -> PathBuf {
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

    fn serve(&self) -> Served {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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

    fn postmaster(&self) -> i32 {
        let text = std::fs::read_to_string(self.dir.path().join("var/pg/postmaster.pid")).unwrap();
        text.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Bytes under the cluster's `base`.
    fn base(&self) -> u64 {
        fn size(dir: &Path) -> u64 {
            std::fs::read_dir(dir).unwrap().flatten().map(|e| e.metadata().map_or(0, |m| if m.is_dir() { size(&e.path()) } else { m.len() })).sum()
        }
        size(&self.dir.path().join("var/pg/base"))
    }
}

impl Drop for City {
    fn drop(&mut self) {
        self.run(&["db", "stop", "--force"]);
    }
}

struct Served {
    child: Child,
    address: String,
}

impl Served {
    /// Status and body of a GET; none when nobody answers.
    fn get(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).ok()?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).ok()?;
        let split = all.windows(4).position(|w| w == b"\r\n\r\n")?;
        let status = std::str::from_utf8(&all[9..12]).ok()?.parse().ok()?;
        Some((status, all[split + 4..].to_vec()))
    }

    fn matched(&self, id: &str) -> Option<u64> {
        let (status, body) = self.get(&format!("/ogc/collections/{id}/items?limit=1"))?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        (status == 200).then(|| body["numberMatched"].as_u64())?
    }

    fn signal(&self, signal: i32) {
        kill(self.child.id() as i32, signal);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn kill(pid: i32, signal: i32) {
    // SAFETY: a signal to a process that the test started, by its own id.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "not after a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const STAGED: &str = "SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace";

#[test]
fn a_killed_import_leaves_the_old_layer_and_no_rubbish() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 10);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    city.squares("o_dat.geojson", 30_000);
    let mut whole = 0;
    for pause in [50, 200, 400, 700, 1000, 1300, 1700] {
        let mut import = city.command(&["import", file.to_str().unwrap()]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        import.kill().unwrap();
        import.wait().unwrap();
        let count = city.layer("o_dat")["featureCount"].as_u64().unwrap();
        assert!(count == 10 || count == 30_000, "{count} after {pause} ms");
        assert_eq!(city.sql("SELECT count(*) FROM layers.o_dat"), [count.to_string()]);
        eventually("nothing is staged", || city.sql(STAGED) == ["0"]);
        whole += u32::from(count == 10);
    }
    assert!(whole > 0, "some import was killed before it was done");
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    assert_eq!(city.layer("o_dat")["featureCount"], 30_000);
}

#[test]
fn a_killed_server_is_up_again_with_everything_and_joins_the_postgresql_it_left() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 20);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    let server = city.serve();
    assert_eq!(server.matched("o_dat"), Some(20));
    let postmaster = city.postmaster();
    server.signal(libc::SIGKILL);
    drop(server);
    let server = city.serve();
    assert_eq!((server.matched("o_dat"), city.postmaster()), (Some(20), postmaster));
    server.signal(libc::SIGTERM);
    eventually("PostgreSQL stops with the last server", || !city.dir.path().join("var/pg/postmaster.pid").exists());
}

#[test]
fn a_killed_postgresql_comes_back_under_the_server_and_nothing_is_lost() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 20);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    let server = city.serve();
    city.sql("INSERT INTO layers.o_dat (so) VALUES (1), (2)");
    eventually("the edit shows", || server.matched("o_dat") == Some(22));
    let before = city.postmaster();
    kill(before, libc::SIGKILL);
    eventually("it serves again", || server.matched("o_dat") == Some(22) && server.get("/ready").is_some_and(|r| r.0 == 200));
    assert_ne!(city.postmaster(), before);
    // And the journal is followed again.
    city.sql("DELETE FROM layers.o_dat WHERE geom IS NULL");
    eventually("a new edit shows", || server.matched("o_dat") == Some(20));
    assert_eq!(server.get("/health").unwrap().0, 200);
}

#[test]
fn postgresql_killed_under_an_import_leaves_the_old_layer_and_the_disk_as_it_was() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 10);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    assert!(city.run(&["db", "start"]).status.success());
    city.squares("o_dat.geojson", 60_000);
    let before = city.base();
    let import = city.command(&["import", file.to_str().unwrap()]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("rows are on the disk", || city.base() > before + (4 << 20));
    kill(city.postmaster(), libc::SIGKILL);
    let out = import.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && error.lines().any(|l| l.starts_with("dothi: ")), "{error}");
    assert_eq!(city.layer("o_dat")["featureCount"], 10);
    assert_eq!(city.sql(STAGED), ["0"]);
    let after = city.base();
    assert!(after < before + (2 << 20), "{before} bytes before, {after} after");
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
}

#[test]
fn a_second_server_on_the_same_data_says_so_and_stops() {
    let city = City::new();
    let server = city.serve();
    let second = city.run(&["serve", "--listen", "127.0.0.1:0"]);
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(4), "{error}");
    assert!(error.contains(&server.child.id().to_string()), "it names the process: {error}");
    assert_eq!(server.get("/health").unwrap().0, 200);
}

#[test]
fn what_a_command_changes_is_served_at_once() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 30);
    let server = city.serve();
    assert_eq!(server.matched("o_dat"), None);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    eventually("the new layer is served", || server.matched("o_dat") == Some(30));
    assert!(city.run(&["layers", "set", "o_dat", "--title", "Ô đất", "--title-en", "Lots", "--hidden"]).status.success());
    eventually("the new title is served", || {
        let (_, body) = server.get("/ogc/collections/o_dat").unwrap();
        serde_json::from_slice::<Value>(&body).is_ok_and(|c| c["titles"] == json!({"vi": "Ô đất", "en": "Lots"}) && c["visible"] == false)
    });
    assert!(city.run(&["layers", "drop", "o_dat"]).status.success());
    eventually("the dropped layer is gone", || server.get("/ogc/collections/o_dat").unwrap().0 == 404);
}

#[test]
fn a_server_that_is_asked_to_stop_finishes_what_it_is_doing() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 20_000);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    let server = city.serve();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET /ogc/collections/o_dat/items?limit=10000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(30));
    server.signal(libc::SIGTERM);
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let split = all.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer");
    let body: Value = serde_json::from_slice(&all[split + 4..]).expect("a whole answer");
    assert_eq!(body["numberReturned"], 10_000);
    let mut server = server;
    eventually("it ends by itself", || server.child.try_wait().unwrap().is_some());
    assert!(server.child.try_wait().unwrap().unwrap().success());
    assert!(!city.dir.path().join("var/pg/postmaster.pid").exists(), "PostgreSQL stopped with it");
}
