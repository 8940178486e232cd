//! Clients that go away in the middle of a whole layer, and clients that stay and take nothing: neither keeps a connection
//! to the database, or a turn of the exports.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::city::{City, Served, eventually};

/// More than the buffers of both ends of a connection hold.
const FEATURES: u32 = 60_000;
/// Turns of exports at once.
const TURNS: usize = 4;

fn city() -> City {
    let city = City::new();
    let file = city.squares("o.geojson", FEATURES);
    city.json(&["import", file.to_str().unwrap(), "--layer", "o"]);
    // Texts that a compressor of the network's path makes nothing of, so that the layer is some 40 MB.
    let text = "(SELECT string_agg(md5(fid::text || i::text), '') FROM generate_series(1, 16) i)";
    city.sql(&format!("UPDATE layers.o SET ten = {text}"));
    city
}

/// Asks for the whole layer and reads the beginning of it.
fn begin(served: &Served, query: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(&served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    write!(stream, "GET /ogc/collections/o/export?{query} HTTP/1.1\r\nHost: {}\r\n\r\n", served.address).unwrap();
    let mut reader = BufReader::new(stream);
    let mut first = vec![0; 4 << 10];
    reader.read_exact(&mut first).unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
    reader
}

/// Connections with a transaction that reads the layer.
fn readers(city: &City) -> usize {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND xact_start IS NOT NULL AND query LIKE '%layers%'";
    city.sql(query)[0].parse().unwrap()
}

#[test]
fn a_client_that_goes_away_gives_its_connections_back() {
    let city = city();
    let served = city.serve();
    for format in ["json", "ndjson", "csv", "fgb"] {
        let stream = begin(&served, &format!("f={format}"));
        assert!(readers(&city) > 0, "{format}: the stream is read over connections of its own");
        drop(stream);
        eventually("nobody reads the layer", || readers(&city) == 0);
    }
    // More clients than there are turns, one after the other: each turn came back.
    for _ in 0..2 * TURNS {
        drop(begin(&served, "f=ndjson"));
    }
    // A question that has not begun to answer: the layer is locked by somebody else.
    let lock = "BEGIN; LOCK TABLE layers.o; SELECT pg_sleep(20); ROLLBACK";
    std::thread::scope(|scope| {
        scope.spawn(|| city.run_psql(lock));
        let waiting = || {
            let query =
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%layers%'";
            city.sql(query)[0].parse::<usize>().unwrap()
        };
        let locked =
            "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'layers.o'::regclass";
        eventually("the layer is locked", || city.sql(locked)[0] != "0");
        let mut stream = TcpStream::connect(&served.address).unwrap();
        write!(stream, "GET /ogc/collections/o/export?f=csv HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        eventually("the export waits", || waiting() > 0);
        drop(stream);
        eventually("nobody waits for a client that is gone", || waiting() == 0);
        assert_ne!(city.sql(locked)[0], "0", "it ended before the lock did");
    });
}

#[test]
fn a_client_that_takes_nothing_is_let_go() {
    let city = city();
    let served = city.serve_with(&["--slow-reader", "2"]);
    let stuck: Vec<_> = (0..TURNS).map(|_| begin(&served, "f=ndjson")).collect();
    assert!(readers(&city) > 0);
    // They are still there and read nothing.
    eventually("the connections to the database are free", || readers(&city) == 0);
    eventually("somebody else has a turn", || {
        served.get("/ogc/collections/o/export?f=csv&limit=1").is_some_and(|(status, _)| status == 200)
    });
    drop(stuck);
    // Who reads slowly but goes on reading has it all.
    let mut slow = begin(&served, "f=ndjson");
    let (mut piece, mut rest) = (vec![0; 1 << 20], Vec::new());
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(500));
        slow.read_exact(&mut piece).unwrap();
    }
    slow.get_ref().set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    while !rest.ends_with(b"0\r\n\r\n") {
        let n = slow.read(&mut piece).unwrap();
        assert!(n > 0, "the stream broke off");
        rest.extend_from_slice(&piece[..n]);
    }
}
