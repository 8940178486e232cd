//! Killed at any moment: the program, the server, PostgreSQL. Nothing is lost, nothing is left behind.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::city::{City, eventually, kill};

const STAGED: &str = "SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace";

#[test]
fn a_killed_import_leaves_the_old_layer_and_no_rubbish() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 10);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    city.squares("o_dat.geojson", 30_000);
    let mut whole = 0;
    for pause in [50, 200, 400, 700, 1000, 1300, 1700] {
        let mut import = city
            .command(&["import", file.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
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
    // What the killed one left may still answer for a moment.
    eventually("another is started", || city.postmaster_if_any().is_some_and(|pid| pid != before));
    eventually("it serves again", || {
        server.matched("o_dat") == Some(22) && server.get("/ready").is_some_and(|r| r.0 == 200)
    });
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
    let import =
        city.command(&["import", file.to_str().unwrap()]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
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
    assert!(
        city.run(&["layers", "set", "o_dat", "--title", "Ô đất", "--title-en", "Lots", "--hidden"]).status.success()
    );
    eventually("the new title is served", || {
        let (_, body) = server.get("/ogc/collections/o_dat").unwrap();
        serde_json::from_slice::<Value>(&body)
            .is_ok_and(|c| c["titles"] == json!({"vi": "Ô đất", "en": "Lots"}) && c["visible"] == false)
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
    write!(stream, "GET /ogc/collections/o_dat/items?limit=10000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
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
