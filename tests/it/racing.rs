//! Two hundred edits that race over HTTP, each with the ETag that it was made from, against the real program.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::city::{City, Served};

const ITEMS: &str = "/ogc/collections/lo/items";

struct Reply {
    status: u16,
    etag: String,
    body: Value,
}

/// One request on a connection of its own.
fn send(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/geo+json\r\nContent-Length: {length}\r\n{headers}\r\n{body}").unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let text = String::from_utf8(all).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let etag =
        head.lines().find_map(|l| l.to_ascii_lowercase().starts_with("etag:").then(|| l[5..].trim().to_string()));
    Reply {
        status: head[9..12].parse().unwrap(),
        etag: etag.unwrap_or_default(),
        body: serde_json::from_str(body).unwrap_or_default(),
    }
}

/// The layer as the change feed tells it from `mark` on, on top of `state`.
fn replayed(server: &Served, mark: &str, mut state: BTreeMap<i64, Value>) -> BTreeMap<i64, Value> {
    let mut path =
        format!("/ogc/collections/lo/changes?limit=37&since={}", mark.replace(':', "%3A").replace('@', "%40"));
    loop {
        let page = send(&server.address, "GET", &path, "", "");
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for change in page.body["changes"].as_array().unwrap() {
            let fid = change["id"].as_i64().unwrap();
            match change["op"].as_str().unwrap() {
                "delete" => drop(state.remove(&fid)),
                _ => drop(state.insert(fid, change["feature"]["properties"].clone())),
            }
        }
        let next = page.body["links"].as_array().unwrap().iter().find(|l| l["rel"] == "next").cloned();
        match next {
            Some(next) => path = next["href"].as_str().unwrap().split_once(&server.address).unwrap().1.to_string(),
            None => return state,
        }
    }
}

fn everything(server: &Served) -> BTreeMap<i64, Value> {
    let all = send(&server.address, "GET", &format!("{ITEMS}?limit=1000"), "", "").body;
    all["features"].as_array().unwrap().iter().map(|f| (f["id"].as_i64().unwrap(), f["properties"].clone())).collect()
}

#[test]
fn of_two_hundred_racing_edits_each_round_has_one_winner_and_the_feed_replays_to_the_same() {
    let city = City::new();
    let file = city.squares("lo.geojson", 20);
    assert!(city.run(&["import", file.to_str().unwrap(), "--layer", "lo"]).status.success());
    let key = city.json(&["keys", "create", "--name", "đua"])["secret"].as_str().unwrap().to_string();
    let server = city.serve();
    let before = everything(&server);
    let mark = send(&server.address, "GET", "/ogc/collections/lo/changes", "", "").body["version"]
        .as_str()
        .unwrap()
        .to_string();
    for round in 0..25 {
        let path = format!("{ITEMS}/{}", 1 + round % 5);
        let tag = send(&server.address, "GET", &path, "", "").etag;
        assert!(tag.starts_with('"'), "a strong ETag: {tag}");
        let race: Vec<_> = (0..8)
            .map(|racer| {
                let (address, path, key, tag) = (server.address.clone(), path.clone(), key.clone(), tag.clone());
                std::thread::spawn(move || {
                    let value = round * 100 + racer;
                    let headers = format!("Authorization: Bearer {key}\r\nIf-Match: {tag}\r\n");
                    (
                        send(&address, "PATCH", &path, &headers, &json!({"properties": {"so": value}}).to_string())
                            .status,
                        value,
                    )
                })
            })
            .collect();
        let ends: Vec<(u16, i32)> = race.into_iter().map(|r| r.join().unwrap()).collect();
        assert!(ends.iter().all(|(status, _)| [200, 412].contains(status)), "{ends:?}");
        let winners: Vec<i32> = ends.iter().filter(|(status, _)| *status == 200).map(|(_, value)| *value).collect();
        assert_eq!(winners.len(), 1, "{ends:?}");
        assert_eq!(send(&server.address, "GET", &path, "", "").body["properties"]["so"], winners[0]);
    }
    assert_eq!(city.sql("SELECT count(*) FROM dothi.change WHERE layer = 'lo' AND op = 'u'"), ["25"]);
    assert_eq!(replayed(&server, &mark, before), everything(&server));
}
