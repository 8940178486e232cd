//! The reading child on real and on broken files: what it reads is what GDAL's own `ogrinfo` sees.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use dothi::error::Error;
use dothi::import::child::{self, Limits, Reader};
use dothi::import::frames::{Action, Event, Frame, How, LayerStart, Question, Request, SetAside};

fn limits() -> Limits {
    let program = Some(PathBuf::from(env!("CARGO_BIN_EXE_dothi")));
    Limits { program, stall: Duration::from_secs(60), ..Limits::default() }
}

/// `../shared/data`, or none with a word about it.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("DOTHI_SHARED_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    if !folder.exists() {
        eprintln!("skipped: {} is not here", folder.display());
    }
    folder.exists().then_some(folder)
}

#[derive(Default)]
struct Answer {
    layers: Vec<Layer>,
}

struct Layer {
    start: LayerStart,
    end: Option<Event>,
    copy: Vec<u8>,
    set_aside: Vec<SetAside>,
    notes: Vec<String>,
}

impl Layer {
    fn fields(&self) -> Vec<String> {
        let fields = &self.start.fields;
        fields.iter().map(|field| field.name.clone()).collect()
    }

    fn srid(&self) -> Option<i32> {
        let crs = &self.start.crs;
        crs.as_ref().and_then(|crs| crs.srid)
    }

    fn counts(&self) -> (u64, u64, u64) {
        match self.end {
            Some(Event::LayerEnd { read, written, set_aside, .. }) => (read, written, set_aside),
            _ => panic!("layer without end"),
        }
    }

    /// The values of every row as COPY has them; none for NULL.
    fn rows(&self) -> Vec<Vec<Option<Vec<u8>>>> {
        let mut rest = self.copy.strip_prefix(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".as_slice()).expect("header");
        let mut rows = Vec::new();
        let mut take = |n: usize| {
            let (head, tail) = rest.split_at(n);
            rest = tail;
            head.to_vec()
        };
        loop {
            let columns = i16::from_be_bytes(take(2).try_into().unwrap());
            if columns < 0 {
                break;
            }
            let value = |_| match i32::from_be_bytes(take(4).try_into().unwrap()) {
                -1 => None,
                length => Some(take(length as usize)),
            };
            rows.push((0..columns).map(value).collect());
        }
        assert!(rest.is_empty(), "something follows the trailer");
        rows
    }

    /// The values of a text field.
    fn texts(&self, field: &str) -> Vec<String> {
        let geometry = &self.start.geometry;
        let before = 1 + usize::from(geometry.is_some());
        let at = before + self.fields().iter().position(|name| name == field).expect("field");
        let text = |row: Vec<Option<Vec<u8>>>| String::from_utf8(row[at].clone().unwrap_or_default()).unwrap();
        self.rows().into_iter().map(text).collect()
    }
}

async fn answer(request: Request) -> Result<Answer, Error> {
    let mut reader = Reader::start(&request, &limits()).await?;
    let mut answer = Answer::default();
    while let Some(frame) = reader.next().await? {
        match frame {
            Frame::Tile(..) => panic!("a picture among rows"),
            Frame::Data(bytes) => answer.layers.last_mut().expect("a layer first").copy.extend_from_slice(&bytes),
            Frame::Event(event) => match *event {
                Event::Layer(start) => {
                    answer.layers.push(Layer {
                        start,
                        end: None,
                        copy: Vec::new(),
                        set_aside: Vec::new(),
                        notes: Vec::new(),
                    });
                }
                end @ Event::LayerEnd { .. } => answer.layers.last_mut().expect("a layer first").end = Some(end),
                Event::SetAside(row) => answer.layers.last_mut().expect("a layer first").set_aside.push(row),
                Event::Note(note) => answer.layers.last_mut().expect("a layer first").notes.push(note.code),
                _ => {}
            },
        }
    }
    Ok(answer)
}

async fn read(path: &Path) -> Result<Answer, Error> {
    answer(Request::new(Action::Read, path.to_str().unwrap())).await
}

async fn read_in(path: &Path, srs: &str) -> Answer {
    let request = Request { srs: Some(srs.into()), ..Request::new(Action::Read, path.to_str().unwrap()) };
    answer(request).await.unwrap()
}

fn one(answer: Result<Answer, Error>) -> Layer {
    answer.unwrap().layers.remove(0)
}

/// What went wrong, as one line for people.
async fn refusal(path: &Path) -> String {
    match read(path).await {
        Ok(answer) => panic!("{} was read: {} layers", path.display(), answer.layers.len()),
        Err(Error::Unreadable(message)) => {
            assert!(!message.contains('\n'), "{message}");
            message
        }
        Err(e) => panic!("{e:?}"),
    }
}

/// Counts, extents and field names of each layer, as `ogrinfo` prints them.
struct Seen {
    count: u64,
    extent: Option<[f64; 4]>,
    fields: Vec<String>,
}

fn ogrinfo(path: &Path) -> Option<Vec<Seen>> {
    let mut command = Command::new("ogrinfo");
    command.args(["-ro", "-so", "-al"]).arg(path);
    if path.extension().is_some_and(|e| e == "shp") {
        command.args(["-oo", "ENCODING="]); // its converter for CP1258 loses the last letter of field names
    }
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut layers: Vec<Seen> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Layer name: ") {
            layers.push(Seen { count: 0, extent: None, fields: Vec::new() });
        }
        let Some(layer) = layers.last_mut() else {
            continue;
        };
        if let Some(count) = line.strip_prefix("Feature Count: ") {
            layer.count = count.parse().unwrap();
        } else if let Some(extent) = line.strip_prefix("Extent: ") {
            let numbers: Vec<f64> = extent.split(['(', ')', ',', ' ']).filter_map(|n| n.parse().ok()).collect();
            layer.extent = numbers.try_into().ok();
        } else if let Some((name, r#type)) = line.split_once(": ")
            && ["String", "Integer", "Real", "Date", "Time", "Binary"].iter().any(|t| r#type.starts_with(t))
        {
            layer.fields.push(name.to_owned());
        }
    }
    Some(layers)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    const ENDINGS: [&str; 9] = ["shp", "geojson", "gpkg", "fgb", "gml", "kml", "kmz", "tab", "mif"];
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files(&entry, found);
        } else if entry.extension().is_some_and(|e| ENDINGS.iter().any(|known| e == *known) || e == "dxf") {
            found.push(entry);
        }
    }
}

#[tokio::test]
async fn every_real_file_is_read_as_ogrinfo_sees_it() {
    let Some(data) = data() else { return };
    let mut paths = Vec::new();
    files(&data.join("vietnam"), &mut paths);
    files(&data.join("city"), &mut paths);
    assert!(paths.len() > 30);
    for path in paths {
        let shown = path.display();
        let Some(expected) = ogrinfo(&path) else {
            eprintln!("skipped: no ogrinfo here");
            return;
        };
        let name = path.file_name().unwrap().to_str().unwrap();
        let answer = match name {
            "kh_wards_vni_noprj.shp" | "pr_wards_vn2000.dxf" => read_in(&path, "EPSG:9217").await,
            _ => read(&path).await.unwrap(),
        };
        assert_eq!(answer.layers.len(), expected.len(), "{shown}");
        for (layer, expected) in answer.layers.iter().zip(expected) {
            let (read, written, set_aside) = layer.counts();
            assert_eq!((read, written, set_aside), (expected.count, expected.count, 0), "{shown}");
            assert_eq!(layer.rows().len() as u64, written, "{shown}");
            assert_eq!(layer.fields(), expected.fields, "{shown}");
            let extent = &layer.start.extent;
            let (ours, theirs) = (extent.unwrap(), expected.extent.unwrap());
            assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-5), "{shown}: {ours:?}, {theirs:?}");
            if name.starts_with("pr_wards") {
                assert_eq!(written, 5, "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn every_encoding_gives_the_same_names() {
    let Some(data) = data() else { return };
    let derived = data.join("vietnam/derived");
    let names = read(&derived.join("kh_wards_vn2000_tm3_10815_utf8.shp")).await.unwrap().layers[0].texts("fullName");
    assert!(names.contains(&"Phường Đô Vinh".to_string()));
    for variant in ["cp1258", "utf8_nocpg_nfd", "vni_noprj"] {
        let answer = read_in(&derived.join(format!("kh_wards_{variant}.shp")), "EPSG:9217").await;
        assert_eq!(answer.layers[0].texts("fullName"), names, "{variant}");
    }
    let tcvn3 = read(&derived.join("kh_wards_tcvn3_customprj.shp")).await.unwrap();
    let lower = |names: Vec<String>| names.into_iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
    assert_eq!(lower(tcvn3.layers[0].texts("fullName")), lower(names));
}

#[tokio::test]
async fn coordinate_systems_are_found_or_asked_for() {
    let Some(data) = data() else { return };
    let derived = data.join("vietnam/derived");
    for (file, srid) in [
        ("kh_wards_tcvn3_customprj.shp", 9217),
        ("pr_wards_utm49_3406_utf8.shp", 3406),
        ("pr_wards_vn2000.tab", 9217),
        ("pr_wards_vn2000_mif.mif", 9217),
        ("pr_wards_vn2000.gpkg", 9217),
        ("pr_wards.kmz", 4326),
    ] {
        assert_eq!(read(&derived.join(file)).await.unwrap().layers[0].srid(), Some(srid), "{file}");
    }
    let message = refusal(&derived.join("kh_wards_vni_noprj.shp")).await;
    assert!(message.contains("say `--srs EPSG:9217`"), "{message}");
}

#[tokio::test]
async fn an_inspection_says_what_is_in_a_file() {
    let Some(data) = data() else { return };
    let path = data.join("vietnam/derived/kh_wards_tcvn3_customprj.shp");
    let found = child::inspect(&Request::new(Action::Inspect, path.to_str().unwrap()), &limits()).await.unwrap();
    let layer = &found.layers[0];
    assert_eq!((found.driver.as_str(), layer.count), ("ESRI Shapefile", Some(65)));
    assert_eq!(layer.encoding.name.as_deref(), Some("TCVN3"));
    assert_eq!(layer.crs.as_ref().map(|crs| crs.how), Some(How::Vn2000ByParameters));
    assert!(layer.fields[4].samples.iter().any(|sample| sample.starts_with("Phường ")));
    let [west, south, east, north] = layer.extent_lonlat.unwrap();
    assert!(west > 108.0 && south > 7.0 && east < 119.0 && north < 14.0);
    let path = data.join("vietnam/derived/kh_wards_vni_noprj.shp");
    let found = child::inspect(&Request::new(Action::Inspect, path.to_str().unwrap()), &limits()).await.unwrap();
    assert_eq!((&found.layers[0].crs, found.layers[0].crs_candidates[0].srid), (&None, 9217));
}

#[tokio::test]
async fn codes_in_csv_keep_their_zeros() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("truong.csv");
    std::fs::write(&path, "mã,tên,số,lon,lat\n007,Trường A,7,108.98,11.56\n012,\"Trường, B\",12,108.99,11.57\n")
        .unwrap();
    let answer = read(&path).await.unwrap();
    let layer = &answer.layers[0];
    assert_eq!(layer.texts("mã"), ["007", "012"]);
    assert_eq!(layer.texts("tên"), ["Trường A", "Trường, B"]);
    assert_eq!(layer.srid(), Some(4326));
    let fields = &layer.start.fields;
    assert_eq!(fields[2].kind, dothi::schema::Kind::Int8);
}

#[tokio::test]
async fn what_cannot_be_stored_is_set_aside_with_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.geojson");
    let feature = |coordinates: &str, name: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"tên":"{name}"}},"geometry":{{"type":"LineString","coordinates":{coordinates}}}}}"#
        )
    };
    let features =
        [feature("[[108.9,11.5],[108.95,11.6]]", "đường"), feature("[[108.9,11.5]]", "ngõ"), feature("[]", "cụt")];
    std::fs::write(&path, format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))).unwrap();
    let answer = read(&path).await.unwrap();
    let layer = &answer.layers[0];
    assert_eq!(layer.counts(), (3, 2, 1));
    let row = &layer.set_aside[0];
    assert_eq!((row.row, row.reason.as_str(), row.attributes["tên"].as_str()), (2, "a line of one point", Some("ngõ")));
    assert!(row.wkb_hex.is_some());
}

#[tokio::test]
async fn broken_and_dangerous_files_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for name in
        ["zeros.shp", "zeros.gpkg", "zeros.geojson", "zeros.fgb", "zeros.zip", "zeros.tab", "zeros.dxf", "zeros"]
    {
        refusal(&file(name, &[0; 4096])).await;
    }
    let vrt = b"<OGRVRTDataSource><OGRVRTLayer name=\"x\"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>";
    assert!(refusal(&file("x.vrt", vrt)).await.contains("points to other files"));
    assert!(refusal(&file("x.xyz", vrt)).await.contains("nothing that can be read"));
    refusal(&file("x.geojson", vrt)).await;
    refusal(&file("passwd.shp", &std::fs::read("/etc/passwd").unwrap())).await;
    assert!(refusal(&folder.path().join("missing.shp")).await.contains("missing.shp"));

    // One entry of no bytes whose name leads out of the archive.
    let name = b"../x.geojson";
    let head = |signature: &[u8], skipped: usize| [signature, &vec![0; skipped]].concat();
    let mut local = head(b"PK\x03\x04", 26);
    local[26] = name.len() as u8;
    let mut central = head(b"PK\x01\x02", 42);
    central[28] = name.len() as u8;
    let mut end = head(b"PK\x05\x06", 18);
    end[12] = (central.len() + name.len()) as u8;
    end[16] = (local.len() + name.len()) as u8;
    let zip = [&local, &name[..], &central, &name[..], &end].concat();
    let message = refusal(&file("out.zip", &zip)).await;
    assert!(message.contains("leads out of the archive"), "{message}");
    let message = refusal(&file("cut.zip", &zip[..zip.len() - 30])).await;
    assert!(message.contains("no complete zip"), "{message}");
}

#[tokio::test]
async fn a_shapefile_that_is_cut_off_is_refused() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    for ending in ["shp", "shx", "dbf", "prj", "cpg"] {
        let from = data.join("vietnam/derived/pr_wards_utm49_3406_utf8").with_extension(ending);
        std::fs::copy(from, folder.path().join("w").with_extension(ending)).unwrap();
    }
    for cut in ["shp", "dbf"] {
        let path = folder.path().join("w").with_extension(cut);
        let whole = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let message = refusal(&folder.path().join("w.shp")).await;
        assert!(message.contains("is cut off"), "{message}");
        std::fs::write(&path, whole).unwrap();
    }
    std::fs::remove_file(folder.path().join("w.shx")).unwrap();
    assert!(refusal(&folder.path().join("w.shp")).await.contains(".shx"));
}

#[tokio::test]
async fn reading_writes_nothing_beside_the_source() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    // GDAL writes a .gfs beside a GML without schema.
    std::fs::copy(data.join("vietnam/derived/pr_wards.gml"), folder.path().join("w.gml")).unwrap();
    assert_eq!(read_in(&folder.path().join("w.gml"), "EPSG:9217").await.layers[0].counts().1, 5);
    std::fs::copy(data.join("vietnam/derived/pr_wards_vn2000.gpkg"), folder.path().join("w.gpkg")).unwrap();
    read(&folder.path().join("w.gpkg")).await.unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[tokio::test]
async fn a_crash_of_gdal_is_one_sentence() {
    let Some(data) = data() else { return };
    let message = refusal(&data.join("hostile/gdal/kml/gx_track_without_when.kml")).await;
    assert!(message.contains("crashed with signal 11"), "{message}");
}

#[tokio::test]
async fn limits_of_memory_and_time_end_in_a_sentence() {
    let Some(data) = data() else { return };
    let path = data.join("vietnam/admin2025/khanhhoa_wards_2025_65.geojson");
    let request = Request { memory: 300 << 20, ..Request::new(Action::Read, path.to_str().unwrap()) };
    answer(request).await.expect("300 MB are enough for 4");
    let request = Request { memory: 60 << 20, ..Request::new(Action::Read, path.to_str().unwrap()) };
    assert!(matches!(answer(request).await, Err(Error::Unreadable(_))));
    let limits = Limits { stall: Duration::ZERO, ..limits() };
    let mut reader = Reader::start(&Request::new(Action::Read, path.to_str().unwrap()), &limits).await.unwrap();
    let Err(Error::Unreadable(message)) = reader.next().await else { panic!("no limit") };
    assert!(message.contains("gave no sign"), "{message}");
}

#[tokio::test]
async fn tables_of_vietnamese_coordinates_become_points() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let places = |layer: &Layer| -> Vec<(f64, f64)> {
        let at = |wkb: &[u8], from: usize| f64::from_le_bytes(wkb[from..from + 8].try_into().unwrap());
        layer.rows().iter().map(|row| row[1].as_deref().map_or((0.0, 0.0), |wkb| (at(wkb, 9), at(wkb, 17)))).collect()
    };
    // X is the northing in Vietnamese tables; commas before decimals; semicolons between cells.
    let path = write("moc.csv", "Tên mốc;X (m);Y (m)\nM1;1279032,27;580361,43\nM2;1.279.100,5;580.400,25\nM3;;\n");
    let layer = one(Ok(read_in(&path, "EPSG:9217").await));
    assert_eq!(places(&layer), [(580_361.43, 1_279_032.27), (580_400.25, 1_279_100.5), (0.0, 0.0)]);
    assert_eq!(layer.texts("X (m)")[1], "1.279.100,5", "the cells stay as they are");
    assert!(layer.start.notes.iter().any(|n| n.code == "x_is_northing"), "{:?}", layer.start.notes);
    let message = refusal(&path).await;
    assert!(message.contains("say `--srs EPSG:9217`"), "{message}");

    let path = write("truong.csv", "Tên\tKinh độ\tVĩ độ\nTrường A\t108,9886\t11,5648\n");
    let layer = one(read(&path).await);
    assert_eq!((layer.srid(), places(&layer)), (Some(4326), vec![(108.9886, 11.5648)]));

    let path = write("phao.csv", "ten,lat,lon\nVP1,\"12°33'36.0\"\"\",\"109°26'00.0\"\"\"\nsai,x,y\n");
    let layer = one(read(&path).await);
    assert!((places(&layer)[0].0 - 109.433_333).abs() < 1e-6 && layer.counts() == (2, 1, 1), "{:?}", layer.set_aside);

    let path = write("wkt.csv", "ten,wkt\nđường,\"LINESTRING (108.9 11.5, 108.95 11.6)\"\n");
    assert_eq!(one(Ok(read_in(&path, "EPSG:4326").await)).start.shape.as_deref(), Some("line"));
    // A name alone makes no coordinates.
    let path = write("khac.csv", "x,y\ncó,không\n");
    assert!(one(read(&path).await).start.geometry.is_none());
}

#[tokio::test]
async fn exchanged_axes_are_recognised_where_only_that_lies_in_vietnam() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.geojson");
    std::fs::write(
        &path,
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[11.5648,108.9886]}}"#,
    )
    .unwrap();
    let layer = one(read(&path).await);
    assert!(layer.start.notes.iter().any(|n| n.code == "xy_exchanged"), "{:?}", layer.start.notes);
    let wkb = layer.rows()[0][1].clone().unwrap();
    assert_eq!(f64::from_le_bytes(wkb[9..17].try_into().unwrap()), 108.9886);
    assert!((layer.start.extent.unwrap()[0] - 108.9886).abs() < 1e-9);
}

#[tokio::test]
async fn heights_are_left_out_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.geojson");
    std::fs::write(
        &path,
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[108.98,11.56,7.5]}}"#,
    )
    .unwrap();
    assert!(one(read(&path).await).start.geometry.unwrap().z);
    let request = Request { drop_z: true, ..Request::new(Action::Read, path.to_str().unwrap()) };
    let layer = one(answer(request).await);
    assert!(!layer.start.geometry.as_ref().unwrap().z);
    assert_eq!(layer.rows()[0][1].as_ref().unwrap().len(), 25);
}

#[tokio::test]
async fn a_wrong_declaration_is_asked_about_with_the_places_it_could_be() {
    let folder = tempfile::tempdir().unwrap();
    // WGS 84 declared over metres of VN-2000.
    let path = folder.path().join("a.geojson");
    std::fs::write(
        &path,
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[580361.4,1279032.3]}}"#,
    )
    .unwrap();
    let mut reader = Reader::start(&Request::new(Action::Read, path.to_str().unwrap()), &limits()).await.unwrap();
    let asked = loop {
        match reader.next().await.unwrap().expect("a question first") {
            Frame::Event(event) => {
                if let Event::Question(question) = *event {
                    break question;
                }
            }
            Frame::Data(_) | Frame::Tile(..) => panic!("rows before the question"),
        }
    };
    let Question::Srs { candidates, .. } = asked else { panic!("{asked:?}") };
    let first = &candidates[0];
    assert_eq!((first.srid, first.swap_xy), (9217, false));
    let [w, s, ..] = first.bounds.unwrap();
    assert!((w - 108.9886).abs() < 1e-5 && (s - 11.5648).abs() < 1e-5);
    assert!(first.near.as_ref().unwrap().0.starts_with("Phan Rang"), "{first:?}");
    assert_eq!(one(Ok(read_in(&path, "EPSG:9217").await)).srid(), Some(9217));
}

#[tokio::test]
async fn text_that_was_read_wrongly_before_is_gone_back_on_and_kept_recoverable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(
        &path,
        "ten,loai\nPh\u{AD}êng B¶o An,§Êt ë t¹i ®« thÞ\nKhu d©n c\u{AD} hiÖn tr¹ng,X· héi\nTR¦êNG THCS Lª Lîi,x\n",
    )
    .unwrap();
    let mut reader = Reader::start(&Request::new(Action::Read, path.to_str().unwrap()), &limits()).await.unwrap();
    let mut originals = None;
    while let Some(frame) = reader.next().await.unwrap() {
        if let Frame::Event(event) = frame
            && let Event::Originals(kept) = *event
        {
            originals = Some(kept);
        }
    }
    let kept = originals.expect("the text was changed");
    assert_eq!((kept.encoding.as_str(), kept.surface, kept.unlisted), ("TCVN3", true, 0));
    assert!(kept.exceptions.is_empty(), "the rule gives all of it back: {kept:?}");
    let layer = one(read(&path).await);
    assert_eq!(layer.texts("ten"), ["Phường Bảo An", "Khu dân cư hiện trạng", "TRƯỜNG THCS Lê Lợi"]);
    assert_eq!(layer.start.encoding.how, "detected");
}

#[tokio::test]
async fn a_word_in_an_unknown_encoding_is_asked_about_with_ten_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, b"ma,ten\n1,Ph\xAD\xEAng 1\n2,Ph\xAD\xEAng 2\n").unwrap();
    let message = refusal(&path).await;
    assert!(message.contains("TCVN3 reads `Phường 1`") && message.contains("--encoding TCVN3"), "{message}");
    let request = Request { encoding: Some("TCVN3".into()), ..Request::new(Action::Read, path.to_str().unwrap()) };
    assert_eq!(one(answer(request).await).texts("ten"), ["Phường 1", "Phường 2"]);
}

#[tokio::test]
async fn what_is_not_read_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, word) in [
        ("a.dwg", &b"AC1032\0\0\0\0"[..], "AutoCAD 2018"),
        ("a.dgn", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "V7"),
        ("a.pdf", b"%PDF-1.7\n", "PDF"),
        ("a.rar", b"Rar!\x1A\x07\x01\0", ".zip"),
        ("a.7z", b"7z\xBC\xAF\x27\x1C\0\x04", ".zip"),
        ("a.mdb", b"\0\x01\0\0Standard Jet DB\0", "Access"),
        ("a.shp", b"%PDF-1.7\n", "PDF"),
        ("a.csv", b"\xFF\xFEt\0e\0n\0", "UTF-8"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let message = refusal(&path).await;
        assert!(message.contains(word) && message.contains(name), "{message}");
    }
}

#[tokio::test]
async fn drawings_and_other_formats_are_read() {
    let Some(data) = data() else { return };
    let hostile = data.join("hostile/gdal");
    for (file, layers, rows) in [
        ("cad/line_r2000.dwg", 1, 1),
        ("dgn/smalltest.dgn", 1, 4),
        ("topojson/topojson1.topojson", 2, 0),
        ("esrijson/esripoint.json", 1, 1),
        ("gpx/track_with_time_extension.gpx", 5, 4),
        ("ods/test.ods", 8, 43),
    ] {
        let found = read_in(&hostile.join(file), "EPSG:9217").await;
        let read: u64 = found.layers.iter().map(|l| l.counts().0).sum();
        assert_eq!(found.layers.len(), layers, "{file}");
        assert!(rows == 0 || read == rows, "{file}: {read}");
        assert!(found.layers.iter().all(|l| l.counts().2 == 0), "{file}");
    }
}

/// The icons of places and the preview of a workbook are no maps.
#[tokio::test]
async fn pictures_inside_of_a_kmz_are_no_rasters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("điểm.kmz");
    let kml = "<kml xmlns='http://www.opengis.net/kml/2.2'><Document><Placemark><name>Chợ</name>\
               <Point><coordinates>108.99,11.57</coordinates></Point></Placemark></Document></kml>";
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, bytes) in [("doc.kml", kml.as_bytes()), ("files/icon.png", b"\x89PNG\r\n\x1a\n")] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap();
    assert_eq!(one(read(&path).await).counts(), (1, 1, 0));
}

#[tokio::test]
async fn codes_of_a_geodatabase_keep_their_meanings() {
    let Some(data) = data() else { return };
    let path = data.join("hostile/gdal/gpkg/domains.gpkg");
    let found = child::inspect(&Request::new(Action::Inspect, path.to_str().unwrap()), &limits()).await.unwrap();
    let coded: Vec<_> = found.layers[0].fields.iter().filter(|f| !f.field.domain.is_empty()).collect();
    assert!(!coded.is_empty(), "{:?}", found.layers[0].fields);
    assert!(coded[0].field.domain.iter().all(|c| !c.code.is_empty()));
}

#[tokio::test]
async fn nothing_outside_of_the_sources_folder_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir(&inside).unwrap();
    std::fs::create_dir(&outside).unwrap();
    let secret = "ten,lon,lat\nbí mật,108.9,11.5\n";
    std::fs::write(outside.join("a.csv"), secret).unwrap();
    std::os::unix::fs::symlink(outside.join("a.csv"), inside.join("a.csv")).unwrap();
    // Without Landlock (a kernel before 5.13) this does not hold.
    // SAFETY: asks for the version, changes nothing.
    if unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, 1) } < 1 {
        eprintln!("skipped: no Landlock here");
        return;
    }
    refusal(&inside).await;
    std::fs::remove_file(inside.join("a.csv")).unwrap();
    std::fs::write(inside.join("a.csv"), secret).unwrap();
    assert_eq!(one(read(&inside).await).counts().1, 1);
}
