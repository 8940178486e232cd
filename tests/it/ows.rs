//! WMS and WFS when something goes wrong around a request: whatever it is, the client reads it in its protocol's own words.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::city::{City, Served, eventually};

const WMS: &str = "/wms?SERVICE=WMS&REQUEST=";
const WFS: &str = "/wfs?SERVICE=WFS&REQUEST=";

/// Sends a request as it stands, and reads the whole answer.
fn send(served: &Served, request: &str) -> String {
    let mut stream = TcpStream::connect(&served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    // A server that has had enough answers before all is said.
    stream.write_all(request.as_bytes()).ok();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).ok();
    String::from_utf8_lossy(&all).into_owned()
}

fn ask(served: &Served, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    send(
        served,
        &format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

/// A report of the protocol and version that are spoken.
fn reads(answer: &str, status: u16, media_type: &str, report: &str) {
    let head = answer.to_ascii_lowercase();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert!(head.contains(&format!("content-type: {media_type}")), "{answer}");
    assert!(answer.contains(report), "{report} is not in {answer}");
    assert_eq!(status == 503, head.contains("retry-after:"), "{answer}");
    assert!(!answer.contains("layers.o") && !answer.contains("SELECT"), "{answer}");
}

const XML: &str = "text/xml; charset=utf-8";
const SE_XML: &str = "application/vnd.ogc.se_xml";
const WMS_130: &str = "<ServiceExceptionReport version=\"1.3.0\" xmlns=\"http://www.opengis.net/ogc\">";
const WMS_111: &str = "<ServiceExceptionReport version=\"1.1.1\">";
const WFS_20: &str = "<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows/1.1\" version=\"2.0.0\"";
const WFS_11: &str = "<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows\" version=\"1.0.0\"";

#[test]
fn limits_and_overload_are_told_in_the_words_of_the_protocol() {
    let city = City::new();
    let file = city.squares("o.geojson", 10);
    city.json(&["import", file.to_str().unwrap(), "--layer", "o"]);
    let served = city.serve_with(&["--statement-timeout", "1", "--max-body", "1"]);

    // Methods that there are not.
    for method in ["PUT", "DELETE", "PATCH"] {
        for (path, media_type, report) in [
            ("/wms", XML, WMS_130),
            ("/wms?VERSION=1.1.1", SE_XML, WMS_111),
            ("/wfs", XML, WFS_20),
            ("/wfs?version=1.1.0", XML, WFS_11),
        ] {
            let answer = ask(&served, method, path, "");
            reads(&answer, 405, media_type, report);
            assert!(answer.contains("ode=\"OperationNotSupported\""), "{answer}");
            assert!(answer.to_ascii_lowercase().contains("allow: get,head,post"), "{answer}");
        }
    }
    assert!(ask(&served, "DELETE", "/health", "").contains("application/problem+json"));

    // Bodies that are too large, and bodies that end early.
    let much = "x".repeat(2 << 20);
    for (path, media_type, report) in [
        ("/wms", XML, WMS_130),
        ("/wms?VERSION=1.1.1", SE_XML, WMS_111),
        ("/wfs", XML, WFS_20),
        ("/wfs?VERSION=1.1.0", XML, WFS_11),
    ] {
        reads(&ask(&served, "POST", path, &much), 413, media_type, report);
    }

    // Statements that take too long: somebody holds the layer.
    std::thread::scope(|scope| {
        scope.spawn(|| city.run_psql("BEGIN; LOCK TABLE layers.o; SELECT pg_sleep(30); ROLLBACK"));
        let locked =
            "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'layers.o'::regclass";
        eventually("the layer is locked", || city.sql(locked)[0] != "0");
        let map = "&LAYERS=o&QUERY_LAYERS=o&STYLES=&BBOX=108,11,109,12&WIDTH=100&HEIGHT=100&FORMAT=image/png&I=50&J=50&X=50&Y=50&INFO_FORMAT=text/plain";
        for (path, media_type, report) in [
            (format!("{WMS}GetFeatureInfo&VERSION=1.3.0&CRS=CRS:84{map}"), XML, WMS_130),
            (format!("{WMS}GetFeatureInfo&VERSION=1.1.1&SRS=EPSG:4326{map}"), SE_XML, WMS_111),
            (format!("{WFS}GetFeature&VERSION=2.0.0&TYPENAMES=o"), XML, WFS_20),
            (format!("{WFS}GetFeature&VERSION=1.1.0&TYPENAME=o"), XML, WFS_11),
            (format!("{WFS}GetFeature&VERSION=2.0.0&TYPENAMES=o&OUTPUTFORMAT=application/json"), XML, WFS_20),
            (format!("{WFS}GetPropertyValue&VERSION=2.0.0&TYPENAMES=o&VALUEREFERENCE=so"), XML, WFS_20),
        ] {
            reads(&ask(&served, "GET", &path, ""), 503, media_type, report);
        }
        // In a picture, for those who want their errors so.
        let path = format!("{WMS}GetFeatureInfo&VERSION=1.3.0&CRS=CRS:84{map}&EXCEPTIONS=INIMAGE");
        let answer = ask(&served, "GET", &path, "");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("image/png"), "{answer}");
        city.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'layers.o'::regclass");
    });

    // Requests that take too long: the rest of the body does not come. All at once, as each lasts as long as it may.
    std::thread::scope(|scope| {
        for (path, media_type, report) in [
            ("/wms", XML, WMS_130),
            ("/wms?VERSION=1.1.1", SE_XML, WMS_111),
            ("/wfs", XML, WFS_20),
            ("/wfs?VERSION=1.1.0", XML, WFS_11),
        ] {
            let served = &served;
            scope.spawn(move || {
                let began = Instant::now();
                let head = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n<wfs:Get";
                reads(&send(served, &format!("POST {path} {head}")), 503, media_type, report);
                assert!(began.elapsed() > Duration::from_secs(5), "it was not waited for");
            });
        }
    });
    assert!(served.get(&format!("{WFS}GetFeature&VERSION=2.0.0&TYPENAMES=o")).is_some_and(|(status, _)| status == 200));
}
