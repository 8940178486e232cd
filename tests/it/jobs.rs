//! Uploads and jobs over HTTP and on the command line, against the real program.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::city::{City, Served, eventually};
use crate::{packages, rasters};

const TUS: &str = "Tus-Resumable: 1.0.0\r\n";
const PIECE: &str = "Content-Type: application/offset+octet-stream\r\n";

/// The real server, and somebody with a key.
struct Admin<'a> {
    server: &'a Served,
    key: String,
}

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|l| l.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.head, String::from_utf8_lossy(&self.body)))
    }
}

impl Admin<'_> {
    fn begin(&self, method: &str, path: &str, headers: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let key = if self.key.is_empty() { String::new() } else { format!("Authorization: Bearer {}\r\n", self.key) };
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{key}{headers}\r\n", self.server.address).unwrap();
        stream
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let mut stream = self.begin(method, path, headers, body.len());
        // A server that refuses need not read the body.
        stream.write_all(body).ok();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).ok();
        let split = all.windows(4).position(|w| w == b"\r\n\r\n").expect("an answer");
        let head = String::from_utf8(all[..split].to_vec()).unwrap();
        let mut body = all[split + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = unchunked(&body);
        }
        Reply { status: head[9..12].parse().unwrap(), head, body }
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", b"")
    }

    fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, "Content-Type: application/json\r\n", body.to_string().as_bytes())
    }

    /// An upload that is begun; its path.
    fn create(&self, name: &str, size: usize) -> String {
        let name = STANDARD.encode(name);
        let headers = format!("{TUS}Upload-Length: {size}\r\nUpload-Metadata: filename {name}\r\n");
        let reply = self.send("POST", "/admin/uploads", &headers, b"");
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        let location = reply.header("location").unwrap();
        location.split_once(&self.server.address).unwrap().1.to_string()
    }

    fn patch(&self, path: &str, offset: usize, headers: &str, body: &[u8]) -> Reply {
        self.send("PATCH", path, &format!("{TUS}{PIECE}Upload-Offset: {offset}\r\n{headers}"), body)
    }

    fn offset(&self, path: &str) -> usize {
        let reply = self.send("HEAD", path, TUS, b"");
        assert_eq!((reply.status, reply.header("tus-resumable")), (200, Some("1.0.0")));
        reply.header("upload-offset").unwrap().parse().unwrap()
    }

    /// A whole file; its id.
    fn upload(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.create(name, bytes.len());
        assert_eq!(self.patch(&path, 0, "", bytes).status, 204);
        path.rsplit('/').next().unwrap().to_string()
    }

    fn import(&self, upload: &str, options: Value) -> i64 {
        let reply = self.post("/admin/jobs", json!({"upload": upload, "options": options}));
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        reply.json()["id"].as_i64().unwrap()
    }

    fn job(&self, id: i64) -> Value {
        self.get(&format!("/admin/jobs/{id}")).json()
    }

    fn wait(&self, id: i64, state: &str) -> Value {
        eventually(&format!("job {id} is {state}"), || {
            let job = self.job(id);
            let over = ["done", "failed", "cancelled"].contains(&job["state"].as_str().unwrap());
            assert!(!over || job["state"] == state, "{job}");
            job["state"] == state
        });
        self.job(id)
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = body.windows(2).position(|w| w == b"\r\n") {
        let n = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap().trim(), 16).unwrap();
        if n == 0 {
            break;
        }
        out.extend_from_slice(&body[end + 2..end + 2 + n]);
        body = &body[end + 4 + n..];
    }
    out
}

fn admin<'a>(city: &City, server: &'a Served) -> Admin<'a> {
    let key = city.json(&["keys", "create", "--name", "Phòng QLĐT", "--admin"]);
    assert_eq!(key["admin"], true);
    Admin { server, key: key["secret"].as_str().unwrap().to_string() }
}

/// Bytes without a pattern that a wrong offset would keep.
fn noise(n: usize) -> Vec<u8> {
    let mut state = 7u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

/// Points in metres of the city's zone, without a word about the system.
fn marks() -> String {
    let rows: String = (0..40)
        .map(|i| format!("M{i},\"Mốc số {i}, phường Mỹ Hải\",{},{}\n", 1_279_000 + i * 37, 580_000 + i * 53))
        .collect();
    format!("ma,ten,X (m),Y (m)\n{rows}")
}

#[test]
fn an_upload_that_breaks_off_goes_on_byte_for_byte_also_after_the_server_was_killed() {
    let city = City::new();
    let mut server = city.serve();
    let bytes = noise(3_000_000);
    let key = {
        let admin = admin(&city, &server);
        let path = admin.create("Thửa đất.zip", bytes.len());
        let mut stream = admin.begin("PATCH", &path, &format!("{TUS}{PIECE}Upload-Offset: 0\r\n"), bytes.len());
        stream.write_all(&bytes[..1_000_000]).unwrap();
        stream.flush().unwrap();
        // The one that waits for the rest gives way.
        eventually("what came is there", || admin.get(&path).json()["offset"] == 1_000_000);
        assert_eq!(admin.offset(&path), 1_000_000);
        drop(stream);
        assert_eq!(admin.patch(&path, 1_000_000, "", &bytes[1_000_000..1_700_000]).status, 204);
        server.signal(libc::SIGKILL);
        (admin.key.clone(), path)
    };
    server.child.wait().unwrap();
    let server = city.serve();
    let (admin, path) = (Admin { server: &server, key: key.0 }, key.1);
    assert_eq!(admin.offset(&path), 1_700_000);
    for wrong in [0, 1_699_999, 1_700_001] {
        assert_eq!(admin.patch(&path, wrong, "", b"x").status, 409);
    }
    let last = admin.patch(&path, 1_700_000, "", &bytes[1_700_000..]);
    assert_eq!((last.status, last.header("upload-offset")), (204, Some("3000000")));
    let id = path.rsplit('/').next().unwrap();
    assert!(std::fs::read(city.dir.path().join(format!("var/uploads/{id}/{id}.zip"))).unwrap() == bytes);
    let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    eventually("its hash is known", || admin.get(&path).json()["sha256"] == hash.as_str());
    assert_eq!(admin.get(&path).json()["name"], "Thửa đất.zip");
    assert_eq!(admin.send("DELETE", &path, TUS, b"").status, 204);
    assert_eq!(admin.send("HEAD", &path, TUS, b"").status, 404);
    assert!(!city.dir.path().join(format!("var/uploads/{id}")).exists());
}

#[test]
fn uploads_are_for_administrators_and_within_their_bounds() {
    let city = City::new();
    let server = city.serve();
    let admin = admin(&city, &server);
    let plain = city.json(&["keys", "create", "--name", "Đo đạc"])["secret"].as_str().unwrap().to_string();
    let create = |who: &Admin, headers: &str| who.send("POST", "/admin/uploads", headers, b"");
    for path in ["/admin/uploads", "/admin/jobs", "/admin/jobs/1", "/admin/jobs/1/events"] {
        let nobody = Admin { server: &server, key: String::new() };
        let reply = nobody.get(path);
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{path}");
        assert_eq!(Admin { server: &server, key: plain.clone() }.get(path).status, 403, "{path}");
        assert_eq!(Admin { server: &server, key: "dothi_wrong".into() }.get(path).status, 401, "{path}");
    }
    assert_eq!(create(&admin, "Upload-Length: 5\r\n").status, 412);
    assert_eq!(create(&admin, TUS).status, 400);
    for size in [(8u64 << 30) + 1, u64::MAX] {
        let reply = create(&admin, &format!("{TUS}Upload-Length: {size}\r\n"));
        assert_eq!((reply.status, reply.json()["type"].as_str()), (413, Some("/problems/too-large")));
    }
    assert_eq!(create(&admin, &format!("{TUS}Upload-Length: 99999999999999999999999\r\n")).status, 400);

    let path = admin.create("../../../tmp/a\\b/../x.zip\u{0}", 10);
    let id = path.rsplit('/').next().unwrap();
    let kept: Vec<_> =
        std::fs::read_dir(city.dir.path().join("var/uploads")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(kept, [id]);
    assert_eq!(admin.get(&path).json()["name"], "x.zip");
    assert_eq!(admin.send("PATCH", &path, &format!("{TUS}Upload-Offset: 0\r\n"), b"12345").status, 415);
    assert_eq!(admin.patch(&path, 0, "", b"12345678901").status, 413);
    let sum = |bytes: &[u8]| format!("Upload-Checksum: sha256 {}\r\n", STANDARD.encode(Sha256::digest(bytes)));
    let wrong = admin.patch(&path, 0, &sum(b"12346"), b"12345");
    assert_eq!((wrong.status, admin.offset(&path)), (460, 0));
    assert_eq!(admin.patch(&path, 0, "Upload-Checksum: sha1 jLIjfQZ5yojbZGTqxg2pY0VROWQ=\r\n", b"12345").status, 204);
    let instead = format!("{TUS}{PIECE}Upload-Offset: 5\r\nX-HTTP-Method-Override: PATCH\r\n{}", sum(b"67890"));
    assert_eq!(admin.send("POST", &path, &instead, b"67890").status, 204);
    assert_eq!(admin.offset(&path), 10);

    let options = admin.send("OPTIONS", "/admin/uploads", "", b"");
    assert_eq!(options.header("tus-version"), Some("1.0.0"));
    assert!(options.header("tus-extension").unwrap().contains("termination"));
    for bad in ["/admin/uploads/..%2f..%2fpg", "/admin/uploads/0", "/admin/jobs/x", "/admin/jobs/99"] {
        assert_eq!(admin.get(bad).status, 404, "{bad}");
    }
    let half = admin.create("a.csv", 10).rsplit('/').next().unwrap().to_string();
    assert_eq!(admin.post("/admin/jobs", json!({"upload": half})).status, 409);
    assert_eq!(admin.post("/admin/jobs", json!({"upload": id, "options": {"who": "ai đó"}})).status, 400);
    assert_eq!(admin.post("/admin/jobs", json!({"upload": id, "options": {"layer": "Không được"}})).status, 400);
    assert_eq!(admin.get("/admin/api").json()["openapi"], "3.0.3");
}

#[test]
fn a_job_asks_is_answered_and_is_imported_and_the_command_line_sees_it() {
    let city = City::new();
    let server = city.serve();
    let admin = admin(&city, &server);
    let upload = admin.upload("Mốc giới.csv", marks().as_bytes());

    let found = admin.get(&format!("/admin/uploads/{upload}/layers")).json();
    let layer = &found["layers"][0];
    assert_eq!((layer["name"].as_str(), layer["count"].as_u64()), (Some("Mốc giới"), Some(40)));
    assert!(layer["crs_candidates"].as_array().unwrap().iter().any(|c| c["srid"] == 9217), "{layer}");
    let path = format!("/admin/uploads/{upload}/preview?layer=M%E1%BB%91c%20gi%E1%BB%9Bi&srs=EPSG:9217&limit=5");
    let preview = admin.get(&path).json();
    let first = &preview["features"][0];
    assert_eq!(preview["features"].as_array().unwrap().len(), 5);
    assert_eq!(first["properties"]["ten"], "Mốc số 0, phường Mỹ Hải");
    let lon = first["geometry"]["coordinates"][0].as_f64().unwrap();
    assert!((108.9..109.1).contains(&lon), "{first}");
    let elsewhere = admin.get(&path.replace("9217", "4326"));
    assert_eq!((elsewhere.status, elsewhere.json()["type"].as_str()), (422, Some("/problems/unreadable")));

    let id = admin.import(&upload, json!({"source_layers": ["Mốc giới"]}));
    let asking = admin.wait(id, "asking");
    assert_eq!(asking["questions"][0]["ask"], "srs", "{asking}");
    assert_eq!(asking["questions"][0]["layer"], "Mốc giới");
    assert_eq!(admin.send("DELETE", &format!("/admin/uploads/{upload}"), TUS, b"").status, 409);
    assert_eq!(admin.post(&format!("/admin/jobs/{id}/answer"), json!({})).status, 400);
    assert_eq!(admin.post(&format!("/admin/jobs/{id}/answer"), json!({"srs": "EPSG:9217"})).status, 200);
    // To its end as events.
    let events = String::from_utf8(admin.get(&format!("/admin/jobs/{id}/events")).body).unwrap();
    let last = events.lines().rev().find_map(|l| l.strip_prefix("data: ")).unwrap();
    let job: Value = serde_json::from_str(last).unwrap();
    assert_eq!((job["state"].as_str(), job["layers"][0].as_str()), (Some("done"), Some("moc_gioi")), "{events}");
    assert_eq!(
        (job["report"][0]["imported"].as_u64(), job["report"][0]["title"].as_str()),
        (Some(40), Some("Mốc giới"))
    );
    assert_eq!(server.matched("moc_gioi"), Some(40));
    assert_eq!(admin.post(&format!("/admin/jobs/{id}/answer"), json!({"srs": "EPSG:9217"})).status, 409);
    assert_eq!(admin.post(&format!("/admin/jobs/{id}/cancel"), json!({})).status, 409);
    let rows = admin.get(&format!("/admin/jobs/{id}/set-aside?layer=moc_gioi"));
    assert_eq!(String::from_utf8(rows.body).unwrap(), "\u{feff}row,reason,attributes,wkb\n");

    let edition = &city.json(&["editions", "list", "moc_gioi"])["editions"][0];
    assert!(edition["who"].as_str().unwrap().starts_with("Phòng QLĐT (key "), "{edition}");
    assert_eq!(
        (edition["source"].as_str(), edition["options"]["job"].as_i64()),
        (Some("Mốc giới.csv: Mốc giới"), Some(id))
    );
    let listed = &city.json(&["jobs", "list"])["jobs"][0];
    assert_eq!((listed["id"].as_i64(), listed["state"].as_str()), (Some(id), Some("done")));
    assert_eq!(city.json(&["jobs", "show", &id.to_string()])["report"][0]["layer"], "moc_gioi");
    // No path, and not the name on the disk.
    let dir = city.dir.path().to_str().unwrap();
    for text in [
        found.to_string(),
        preview.to_string(),
        asking.to_string().replace(&format!("\"{upload}\""), ""),
        job.to_string().replace(&format!("\"{upload}\""), ""),
    ] {
        assert!(!text.contains(dir) && !text.contains(&upload), "{text}");
    }
}

#[test]
fn a_package_is_told_of_before_it_comes_in_and_afterwards_also_where_it_is_refused() {
    let city = City::new();
    let server = city.serve();
    let admin = admin(&city, &server);
    let file = packages::sample_in(city.dir.path(), &["--zip", "--fault", "field"]);
    let upload = admin.upload("Hồ sơ.zip", &std::fs::read(file).unwrap());
    let found = admin.get(&format!("/admin/uploads/{upload}/layers")).json();
    assert_eq!((&found["package"]["id"], &found["package"]["conforms"]), (&json!("phankhuminhhoa"), &json!(false)));
    let layers = found["layers"].as_array().unwrap();
    let land = layers.iter().find(|l| l["id"] == "phankhuminhhoa_qh_chuc_nang_sdd_a").unwrap();
    assert_eq!(land["conformance"]["title"]["vi"], "Chức năng sử dụng đất");

    let id = admin.import(&upload, json!({"dry_run": true}));
    let job = admin.wait(id, "done");
    assert_eq!((job["report"].as_array().unwrap().len(), job["layers"].as_array().unwrap().len()), (16, 16));
    let classes = job["package"]["classes"].as_array().unwrap();
    assert_eq!(classes.iter().filter(|c| c["state"] == "missing").count(), 136);
    assert!(job["report"][0]["quality"]["issues"].is_object(), "{job}");
    let id = admin.import(&upload, json!({"strict": true}));
    let job = admin.wait(id, "failed");
    assert!(job["package"]["errors"].as_u64().unwrap() > 0 && job["report"] == json!([]), "{job}");
    assert_eq!(job["layers"], json!([]));
}

#[test]
fn a_raster_is_told_of_before_it_comes_in_and_afterwards() {
    let city = City::new();
    let server = city.serve();
    let admin = admin(&city, &server);
    let file = rasters::plan(city.dir.path(), "quet.tif", None);
    let upload = admin.upload("Bản đồ quét.tif", &std::fs::read(file).unwrap());
    let layers = format!("/admin/uploads/{upload}/layers");
    let found = admin.get(&layers).json()["layers"][0].clone();
    assert_eq!(
        (&found["id"], &found["raster"]["width"], &found["raster"]["resolution"]),
        (&json!("ban_do_quet"), &json!(480), &json!(0.0))
    );
    let placed = admin.get(&format!("{layers}?srs=EPSG:9217")).json()["layers"][0].clone();
    assert!((placed["raster"]["resolution"].as_f64().unwrap() - 0.5).abs() < 0.01, "{placed}");
    assert!(placed["extent_lonlat"][0].as_f64().unwrap() > 108.9, "{placed}");
    let id = admin.import(&upload, json!({"srs": "EPSG:9217"}));
    let raster = admin.wait(id, "done")["report"][0]["raster"].clone();
    assert!(raster["bytes"].as_u64().unwrap() > 0 && raster["format"] == "png", "{raster}");
}

/// A zip of two tables: markers in metres, which do not say of which zone, and places in degrees.
fn tables(city: &City) -> Vec<u8> {
    let dir = city.dir.path();
    std::fs::write(dir.join("moc.csv"), marks()).unwrap();
    std::fs::write(dir.join("diem.csv"), "ten,kinh_do,vi_do\nChợ,108.98,11.56\nGa,108.99,11.57\n").unwrap();
    let zip = dir.join("hai.zip");
    let packed = Command::new("python3")
        .args(["-m", "zipfile", "-c", "hai.zip", "moc.csv", "diem.csv"])
        .current_dir(dir)
        .status()
        .unwrap();
    assert!(packed.success());
    std::fs::read(zip).unwrap()
}

#[test]
fn of_each_layer_of_a_file_it_is_said_what_it_becomes_and_how_it_reads() {
    let city = City::new();
    let server = city.serve();
    let admin = admin(&city, &server);
    let upload = admin.upload("Hai bảng.zip", &tables(&city));
    let each = json!({"moc": {"layer": "moc_gioi", "title": "Mốc giới"}, "diem": {"layer": "dia_danh"}});
    let id = admin.import(&upload, json!({"each": each}));
    let asking = admin.wait(id, "asking");
    let asked: Vec<_> = asking["questions"].as_array().unwrap().iter().map(|q| &q["layer"]).collect();
    assert_eq!(asked, ["moc"], "{asking}");
    let said = json!({"each": {"moc": {"srs": "EPSG:9217"}}});
    assert_eq!(admin.post(&format!("/admin/jobs/{id}/answer"), said).status, 200);
    admin.wait(id, "done");
    assert_eq!((&city.layer("moc_gioi")["srid"], &city.layer("moc_gioi")["title"]), (&json!(9217), &json!("Mốc giới")));
    assert_eq!((&city.layer("dia_danh")["srid"], &city.layer("dia_danh")["edition"]), (&json!(4326), &json!(1)));

    let add = json!({"source_layers": ["diem"], "each": {"diem": {"layer": "dia_danh", "how": "append"}}});
    admin.wait(admin.import(&upload, add), "done");
    assert_eq!((server.matched("dia_danh"), server.matched("moc_gioi")), (Some(4), Some(40)));
    let one = admin.get(&format!("/admin/uploads/{upload}/layers?layer=moc&srs=EPSG:9217")).json();
    assert_eq!((one["layers"].as_array().unwrap().len(), &one["layers"][0]["crs"]["srid"]), (1, &json!(9217)));
    for (wrong, status) in
        [(json!({"each": {"moc": {"layer": "Không được"}}}), 400), (json!({"each": {"moc": {"who": "ai đó"}}}), 400)]
    {
        assert_eq!(admin.post("/admin/jobs", json!({"upload": upload, "options": wrong})).status, status);
    }
    for (wrong, said) in [
        (json!({"each": {"khac": {"srs": "EPSG:9217"}}}), "no layer `khac`"),
        (json!({"srs": "EPSG:9217", "each": {"moc": {"layer": "x"}, "diem": {"layer": "x"}}}), "two layers"),
    ] {
        let error = admin.wait(admin.import(&upload, wrong), "failed")["error"].as_str().unwrap().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn the_command_line_chooses_and_names_layers_of_a_file() {
    let city = City::new();
    tables(&city);
    let done = city.json(&[
        "import",
        "hai.zip",
        "--layer",
        "moc=moc_gioi",
        "--srs",
        "moc=EPSG:9217",
        "--layer",
        "diem=dia_danh",
    ]);
    let ids: Vec<_> = done["imports"].as_array().unwrap().iter().map(|r| (&r["layer"], &r["srid"])).collect();
    assert_eq!(ids, [(&json!("dia_danh"), &json!(4326)), (&json!("moc_gioi"), &json!(9217))]);
    // Two tables of one name are told apart by their paths.
    let dir = city.dir.path().join("thư mục");
    for (folder, name) in [("a", "Chợ"), ("b", "Ga")] {
        std::fs::create_dir_all(dir.join(folder)).unwrap();
        let table = format!("ten,kinh_do,vi_do\n{name},108.98,11.56\n");
        std::fs::write(dir.join(folder).join("x.csv"), table).unwrap();
    }
    let folder = dir.to_str().unwrap();
    let done = city.json(&["import", folder, "--source-layer", "b/x.csv:x", "--layer", "x=ga"]);
    assert_eq!((done["imports"].as_array().unwrap().len(), &done["imports"][0]["layer"]), (1, &json!("ga")));
    assert_eq!(city.sql("SELECT ten FROM layers.ga"), ["Ga"]);
    for (words, code) in
        [(["--srs", "EPSG:9217", "--srs", "EPSG:5898"], 2), (["--layer", "y=z", "--source-layer", "x"], 5)]
    {
        let out = city.command(&["import", folder]).args(words).output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{words:?} {}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn a_cancelled_job_leaves_nothing_and_its_reader_is_gone() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 60_000);
    let server = city.serve();
    let admin = admin(&city, &server);
    let upload = admin.upload("ô đất.geojson", &std::fs::read(&file).unwrap());
    let id = admin.import(&upload, json!({"layer": "o_dat"}));
    admin.wait(id, "running");
    let out = city.json(&["jobs", "cancel", &id.to_string()]);
    assert_eq!(out["state"], "running");
    admin.wait(id, "cancelled");
    assert_eq!(city.layer("o_dat"), Value::Null);
    eventually("the reader is gone", || !has_reader(server.child.id()));
    eventually("nothing is staged", || {
        city.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace") == ["0"]
    });
}

/// Whether a process has a reading child.
fn has_reader(parent: u32) -> bool {
    let children = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let children = children.flat_map(|t| std::fs::read_to_string(t.path().join("children")));
    children
        .collect::<String>()
        .split_whitespace()
        .any(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|c| c.contains("import-reader")))
}

/// A job that imports a file into layer `o_dat` and has begun, and the key of who asked for it.
fn running(city: &City, server: &Served, file: &Path) -> (i64, String) {
    let admin = admin(city, server);
    let upload = admin.upload("ô đất.geojson", &std::fs::read(file).unwrap());
    let id = admin.import(&upload, json!({"layer": "o_dat"}));
    admin.wait(id, "running");
    (id, admin.key.clone())
}

#[test]
fn a_job_that_died_with_the_server_says_so_and_is_done_by_the_next_one() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 60_000);
    let mut server = city.serve();
    let (id, key) = running(&city, &server, &file);
    server.signal(libc::SIGKILL);
    server.child.wait().unwrap();
    eventually("it is known for what it is", || {
        city.json(&["jobs", "show", &id.to_string()])["state"] == "interrupted"
    });
    assert_eq!(city.layer("o_dat"), Value::Null);
    let server = city.serve();
    let admin = Admin { server: &server, key };
    let job = admin.wait(id, "done");
    assert_eq!(job["attempts"], 2, "{job}");
    assert_eq!(city.layer("o_dat")["featureCount"], 60_000);
}

#[test]
fn a_server_that_is_stopped_puts_its_jobs_back_into_the_queue() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 60_000);
    let mut server = city.serve();
    let (id, key) = running(&city, &server, &file);
    server.signal(libc::SIGTERM);
    assert!(server.child.wait().unwrap().success());
    assert_eq!(city.json(&["jobs", "show", &id.to_string()])["state"], "queued");
    let server = city.serve();
    let job = Admin { server: &server, key }.wait(id, "done");
    assert_eq!((job["attempts"].as_i64(), job["error"].as_str()), (Some(1), None), "{job}");
}

#[test]
fn two_jobs_on_one_layer_run_one_after_the_other() {
    let city = City::new();
    let file = std::fs::read(city.squares("o_dat.geojson", 20_000)).unwrap();
    let server = city.serve();
    let admin = admin(&city, &server);
    let upload = admin.upload("ô đất.geojson", &file);
    let (first, second) =
        (admin.import(&upload, json!({"layer": "o_dat"})), admin.import(&upload, json!({"layer": "o_dat"})));
    eventually("both are done", || {
        let states = [first, second].map(|id| admin.job(id)["state"].clone());
        assert!(states.iter().filter(|s| **s == "running").count() < 2, "{states:?}");
        states.iter().all(|s| s == "done")
    });
    // It came from another file, and is not added to unasked.
    let other = admin.import(&admin.upload("o_dat.geojson", &file), json!({"how": "append"}));
    let error = admin.wait(other, "failed")["error"].as_str().unwrap().to_string();
    assert!(error.contains("from `ô đất.geojson`"), "{error}");
    assert_eq!(city.json(&["editions", "list", "o_dat"])["editions"].as_array().unwrap().len(), 2);
}

#[test]
fn imports_of_the_command_line_are_jobs_too() {
    let city = City::new();
    let file = city.squares("o_dat.geojson", 5);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    let table = city.dir.path().join("moc.csv");
    std::fs::write(&table, marks()).unwrap();
    assert_eq!(city.run(&["import", table.to_str().unwrap()]).status.code(), Some(5));
    let jobs = city.json(&["jobs", "list"])["jobs"].as_array().unwrap().clone();
    assert_eq!((jobs[0]["state"].as_str(), jobs[1]["state"].as_str()), (Some("failed"), Some("done")));
    assert_eq!((jobs[0]["questions"][0]["ask"].as_str(), jobs[1]["layers"][0].as_str()), (Some("srs"), Some("o_dat")));
    assert_eq!(city.run(&["jobs", "cancel", "1"]).status.code(), Some(4));
    assert_eq!(city.run(&["jobs", "show", "77"]).status.code(), Some(3));
    let text = String::from_utf8(city.run(&["jobs"]).stdout).unwrap();
    assert!(text.contains("moc.csv") && text.contains("failed"), "{text}");

    city.squares("o_dat.geojson", 60_000);
    let mut import = city.command(&["import", file.to_str().unwrap()]).spawn().unwrap();
    let running =
        || city.json(&["jobs", "list"])["jobs"].as_array().unwrap().iter().find(|j| j["state"] == "running").cloned();
    eventually("it runs", || running().is_some());
    let id = running().unwrap()["id"].to_string();
    assert!(city.run(&["jobs", "cancel", &id]).status.success());
    assert_eq!(import.wait().unwrap().code(), Some(4));
    assert_eq!(city.json(&["jobs", "show", &id])["state"], "cancelled");
    assert_eq!(city.layer("o_dat")["featureCount"], 5);
}
