//! Letters out of every format and encoding, through the whole program. The bytes are made by others: `iconv` and GDAL.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dothi::error::Result;
use dothi::import::report::Report;
use dothi::import::{self, Options};
use serde_json::json;
use sqlx::AssertSqlSafe;
use unicode_normalization::UnicodeNormalization;

use crate::city::City;
use crate::support::{BIN, World};

/// Real names without capitals that TCVN3 lacks.
const NAMES: [&str; 24] = [
    "Phường Bảo An",
    "Phường Đô Vinh",
    "Phường Đông Hải",
    "Phường Mỹ Bình",
    "Phường Phủ Hà",
    "Phường Kinh Dinh",
    "Phường Văn Hải",
    "Phường Mỹ Hải",
    "Xã Thành Hải",
    "Xã Phước Diêm",
    "Thị trấn Khánh Hải",
    "Xã Vĩnh Hải",
    "Đất ở tại đô thị",
    "Đất trồng lúa nước",
    "Đất rừng phòng hộ",
    "Đất nuôi trồng thuỷ sản",
    "Đường Thống Nhất",
    "Đường Ngô Gia Tự",
    "Sông Dinh chảy về phía nam",
    "Khu dân cư hiện trạng",
    "Trường mẫu giáo Hoạ Mi",
    "Trạm y tế xã",
    "Quảng trường trung tâm",
    "Chợ Phan Rang cũ",
];

/// By glibc; `None` where it does not know the encoding.
fn iconv(encoding: &str, text: &str) -> Vec<u8> {
    if encoding == "VNI" {
        return vni(text);
    }
    let mut child = Command::new("iconv")
        .args(["-f", "UTF-8", "-t", encoding])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{encoding}: {text}");
    out.stdout
}

/// VNI-Windows by its table: a letter, then the byte of its mark.
fn vni(text: &str) -> Vec<u8> {
    let single = "đñĐÑưöơôƯÖƠÔịòĩóììííỉæỵî".chars().collect::<Vec<_>>();
    let marks = [
        ("\u{300}", 0xF8),
        ("\u{301}", 0xF9),
        ("\u{309}", 0xFB),
        ("\u{303}", 0xF5),
        ("\u{323}", 0xEF),
        ("\u{302}", 0xE2),
        ("\u{302}\u{300}", 0xE0),
        ("\u{302}\u{301}", 0xE1),
        ("\u{302}\u{309}", 0xE5),
        ("\u{302}\u{303}", 0xE3),
        ("\u{323}\u{302}", 0xE4),
        ("\u{306}", 0xEA),
        ("\u{306}\u{300}", 0xE8),
        ("\u{306}\u{301}", 0xE9),
        ("\u{306}\u{309}", 0xFA),
        ("\u{306}\u{303}", 0xFC),
        ("\u{323}\u{306}", 0xEB),
    ];
    let mut out = Vec::new();
    for c in text.chars() {
        if let Some(pair) = single.chunks(2).find(|pair| pair[0] == c) {
            out.push(pair[1] as u8);
            continue;
        }
        let parts: String = std::iter::once(c).nfd().collect();
        let letter = parts.chars().next().unwrap();
        let rest: String = parts.chars().skip(1).filter(|c| *c != '\u{31B}').collect();
        let horned = parts.contains('\u{31B}');
        out.push(match (letter, horned) {
            ('u', true) => 0xF6,
            ('o', true) => 0xF4,
            (letter, _) => letter as u8,
        });
        if !rest.is_empty() {
            out.push(marks.iter().find(|(mark, _)| *mark == rest).unwrap_or_else(|| panic!("{c}")).1);
        }
    }
    out
}

fn path(world: &World, name: &str) -> PathBuf {
    world.dir.path().join(name)
}

fn ogr2ogr(args: &[&str], to: &Path, from: &Path) {
    let done = Command::new("ogr2ogr").args(args).arg(to).arg(from).output().unwrap();
    assert!(to.exists(), "{}: {}", to.display(), String::from_utf8_lossy(&done.stderr));
}

async fn run(world: &World, file: &Path, options: Options) -> Result<Vec<Report>> {
    let limits = import::child::Limits { program: Some(BIN.into()), ..Default::default() };
    import::run(&world.options, file, &options, &limits, |_| {}).await
}

async fn texts(world: &World, layer: &str, field: &str) -> Vec<String> {
    let column = world.number(&format!("SELECT count(*) FROM dothi.layer WHERE id = '{layer}'")).await;
    assert_eq!(column, 1, "{layer}");
    let sql = format!(
        "SELECT f->>'column' FROM dothi.layer, jsonb_array_elements(fields) f WHERE id = '{layer}' AND f->>'name' = '{field}'"
    );
    let column: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&world.pool).await.unwrap();
    let sql = format!("SELECT \"{column}\" FROM layers.{layer} WHERE \"{column}\" <> '' ORDER BY fid");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&world.pool).await.unwrap()
}

/// Points with the names as a CSV in an encoding.
fn csv(world: &World, name: &str, encoding: &str, names: &[&str]) -> PathBuf {
    let mut out = b"ten,x,y\n".to_vec();
    for (n, name) in names.iter().enumerate() {
        out.extend(iconv(encoding, name));
        out.extend(format!(",{},1279000\n", 580_000 + n * 100).into_bytes());
    }
    let file = path(world, name);
    std::fs::write(&file, out).unwrap();
    file
}

/// The same as bytes that GDAL takes for Latin letters, so that it writes them through.
fn as_latin(world: &World, name: &str, encoding: &str, names: &[&str]) -> PathBuf {
    let file = csv(world, name, encoding, names);
    let latin: String = std::fs::read(&file).unwrap().into_iter().map(char::from).collect();
    std::fs::write(&file, latin).unwrap();
    file
}

const POINTS: [&str; 4] = ["-oo", "X_POSSIBLE_NAMES=x", "-oo", "Y_POSSIBLE_NAMES=y"];

fn in_zone(layer: &str) -> Options {
    Options { layer: Some(layer.into()), srs: Some("EPSG:9217".into()), ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_is_read_out_of_every_format_that_has_bytes() {
    let world = World::new().await;
    for (encoding, name) in [("TCVN", "TCVN3"), ("VNI", "VNI"), ("VISCII", "VISCII"), ("CP1258", "windows-1258")] {
        let id = |format: &str| format!("{}_{format}", encoding.to_lowercase());
        let source = csv(&world, "nguon.csv", encoding, &NAMES);
        let latin = as_latin(&world, "latin.csv", encoding, &NAMES);
        let shp = path(&world, &format!("{}.shp", id("shp")));
        let to_shp = ["-f", "ESRI Shapefile", "-lco", "ENCODING=ISO-8859-1", "-select", "ten"];
        ogr2ogr(&[&POINTS[..], &to_shp].concat(), &shp, &latin);
        std::fs::remove_file(shp.with_extension("cpg")).ok();
        let mut table = std::fs::read(shp.with_extension("dbf")).unwrap();
        table[29] = 0; // the language of the table: not said
        std::fs::write(shp.with_extension("dbf"), table).unwrap();
        // Without an encoding of its own GDAL writes a MapInfo table's bytes as they come.
        let tab = path(&world, &format!("{}.tab", id("tab")));
        ogr2ogr(&[&POINTS[..], &["-f", "MapInfo File", "-select", "ten"]].concat(), &tab, &source);
        let mif = path(&world, &format!("{}.mif", id("mif")));
        ogr2ogr(
            &[&POINTS[..], &["-f", "MapInfo File", "-dsco", "FORMAT=MIF", "-select", "ten"]].concat(),
            &mif,
            &source,
        );
        let dgn = path(&world, &format!("{}.dgn", id("dgn")));
        let label = "SELECT CONCAT('LABEL(t:\"', ten, '\",s:2g)') AS OGR_STYLE FROM nguon";
        ogr2ogr(&[&POINTS[..], &["-f", "DGN", "-sql", label]].concat(), &dgn, &source);
        let dxf = path(&world, &format!("{}.dxf", id("dxf")));
        std::fs::write(&dxf, drawing(encoding, &NAMES, "txt")).unwrap();
        for (format, file, field) in [
            ("csv", &source, "ten"),
            ("shp", &shp, "ten"),
            ("tab", &tab, "ten"),
            ("mif", &mif, "ten"),
            ("dgn", &dgn, "Text"),
            ("dxf", &dxf, "Text"),
        ] {
            let id = id(format);
            let reports = run(&world, file, in_zone(&id)).await.unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(texts(&world, &id, field).await, NAMES, "{id}");
            assert_eq!(reports[0].encoding.name.as_deref(), Some(name), "{id}");
            assert!(reports[0].originals.is_some(), "{id}: the bytes can be had back");
        }
    }
}

/// A drawing of texts that are drawn in a font, its bytes as they are.
fn drawing(encoding: &str, names: &[&str], font: &str) -> Vec<u8> {
    let mut out = format!(
        "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1015\n9\n$DWGCODEPAGE\n3\nANSI_1252\n0\nENDSEC\n0\nSECTION\n2\nTABLES\n0\nTABLE\n2\nSTYLE\n70\n1\n\
         0\nSTYLE\n2\nchu\n70\n0\n40\n0.0\n41\n1.0\n50\n0.0\n71\n0\n42\n2.5\n3\n{font}\n4\n\n0\nENDTAB\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n"
    )
    .into_bytes();
    for (n, name) in names.iter().enumerate() {
        out.extend(format!("0\nTEXT\n8\n0\n7\nchu\n10\n{}\n20\n1279000\n40\n2.5\n1\n", 580_000 + n * 100).into_bytes());
        out.extend(iconv(encoding, name));
        out.extend(b"\n");
    }
    out.extend(b"0\nENDSEC\n0\nEOF\n");
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_font_says_what_two_words_cannot() {
    let world = World::new().await;
    let names = ["Khu phố 1", "Đường số 7"];
    for (encoding, font, name) in [("TCVN", ".VnTime", "TCVN3"), ("VNI", "VNI-Times", "VNI")] {
        let mute = path(&world, "cam.dxf");
        std::fs::write(&mute, drawing(encoding, &names, "txt")).unwrap();
        let refused = run(&world, &mute, in_zone("cam")).await.unwrap_err().to_string();
        assert!(refused.contains("--encoding"), "{encoding}: {refused}");

        let dxf = path(&world, "ban_ve.dxf");
        std::fs::write(&dxf, drawing(encoding, &names, &format!("{font}.ttf"))).unwrap();
        let reports = run(&world, &dxf, in_zone("ban_ve")).await.unwrap();
        assert_eq!(texts(&world, "ban_ve", "Text").await, names, "{encoding}");
        assert_eq!(reports[0].encoding.name.as_deref(), Some(name));

        // Texts of MapInfo have their font beside them; in a table it is in the .map.
        let mut mif =
            b"Version 300\nCharset \"Neutral\"\nDelimiter \",\"\nColumns 1\n  ten Char(40)\nData\n\n".to_vec();
        let mut mid = Vec::new();
        for (n, name) in names.iter().enumerate() {
            let x = 580_000 + n * 100;
            mif.extend(b"Text\n    \"");
            mif.extend(iconv(encoding, name));
            mif.extend(format!("\"\n    {x} 1279000 {} 1279010\n    Font (\"{font}\",0,0,0)\n", x + 50).into_bytes());
            mid.push(b'"');
            mid.extend(iconv(encoding, name));
            mid.extend(b"\"\n");
        }
        let file = path(&world, "bang.mif");
        std::fs::write(&file, mif).unwrap();
        std::fs::write(file.with_extension("mid"), mid).unwrap();
        let tab = path(&world, &format!("bang_{encoding}.tab"));
        ogr2ogr(&["-f", "MapInfo File", "-a_srs", "EPSG:32649"], &tab, &file);
        for file in [&file, &tab] {
            let reports =
                run(&world, file, in_zone("bang")).await.unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            assert_eq!(texts(&world, "bang", "ten").await, names, "{}", file.display());
            assert_eq!(reports[0].encoding.name.as_deref(), Some(name), "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawing_of_microstation_that_names_its_font_is_read_by_it() {
    let world = World::new().await;
    let names = ["Khu phố 1", "Đường số 7"];
    for (encoding, font, name) in [("TCVN", ".VnTime", "TCVN3"), ("VNI", "VNI-Times", "VNI")] {
        let label = "SELECT CONCAT('LABEL(t:\"', ten, '\",s:2g)') AS OGR_STYLE FROM";
        let drawn = |stem: &str, names: &[&str]| {
            let (source, dgn) =
                (csv(&world, &format!("{stem}.csv"), encoding, names), path(&world, &format!("{stem}.dgn")));
            ogr2ogr(&[&POINTS[..], &["-f", "DGN", "-sql", &format!("{label} {stem}")]].concat(), &dgn, &source);
            dgn
        };
        let mute = drawn(&format!("cam_{encoding}"), &names);
        let refused = run(&world, &mute, in_zone("cam")).await.unwrap_err().to_string();
        assert!(refused.contains("--encoding"), "{encoding}: {refused}");

        let font = format!("Font {font}");
        let all = [names[0], names[1], &font];
        let dgn = drawn(&format!("chu_{encoding}"), &all);
        let reports = run(&world, &dgn, in_zone("chu")).await.unwrap();
        assert_eq!(texts(&world, "chu", "Text").await, all, "{encoding}");
        assert_eq!(reports[0].encoding.name.as_deref(), Some(name));
    }
}

/// A shapefile whose bytes are those of an encoding and whose `.cpg` says Latin-1.
fn says_latin(world: &World, stem: &str, encoding: &str, names: &[&str]) -> PathBuf {
    let latin = as_latin(world, &format!("{stem}.csv"), encoding, names);
    let shp = path(world, &format!("{stem}.shp"));
    let to_shp = ["-f", "ESRI Shapefile", "-lco", "ENCODING=ISO-8859-1", "-select", "ten"];
    ogr2ogr(&[&POINTS[..], &to_shp].concat(), &shp, &latin);
    let says = std::fs::read_to_string(shp.with_extension("cpg")).unwrap();
    assert_eq!(says.trim(), "ISO-8859-1");
    shp
}

#[tokio::test(flavor = "multi_thread")]
async fn latin_letters_are_read_as_such_and_nothing_else_is_taken_for_them() {
    let world = World::new().await;
    let western =
        ["Café de la Gare", "Hôpital français", "Église Saint-André", "Île de la Cité", "Straße Nº 4", "Pont Neuf"];
    let plain = ["Phuong Bao An", "Dat o tai do thi", "Song Dinh"];
    for (stem, names) in [("tay", &western[..]), ("khong_dau", &plain), ("mot", &western[..1])] {
        let file = says_latin(&world, stem, "ISO-8859-1", names);
        let reports = run(&world, &file, in_zone(stem)).await.unwrap_or_else(|e| panic!("{stem}: {e}"));
        assert_eq!(texts(&world, stem, "ten").await, names, "{:?}", reports[0].encoding);
    }
    // The declaration is wrong: with many names that is seen, with few it is asked, and never are they believed to be Latin.
    for (encoding, name) in [("TCVN", "TCVN3"), ("VNI", "VNI"), ("VISCII", "VISCII")] {
        let file = says_latin(&world, &format!("nhieu_{encoding}"), encoding, &NAMES);
        let reports = run(&world, &file, in_zone("nhieu")).await.unwrap();
        assert_eq!(reports[0].encoding.name.as_deref(), Some(name));
        assert_eq!(texts(&world, "nhieu", "ten").await, NAMES, "{encoding}");
        for names in NAMES.chunks(2).take(6) {
            let file = says_latin(&world, &format!("it_{encoding}"), encoding, names);
            match run(&world, &file, in_zone("it")).await {
                Ok(_) => assert_eq!(texts(&world, "it", "ten").await, names, "{encoding}"),
                Err(e) => assert!(e.to_string().contains("--encoding"), "{encoding}: {e}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_of_unicode_gives_the_names_composed() {
    let world = World::new().await;
    // Letters in parts, as files from a Mac have them, in names of fields too.
    let parts = |text: &str| text.nfd().collect::<String>();
    let features: Vec<_> = NAMES
        .iter()
        .enumerate()
        .map(|(n, name)| {
            json!({"type": "Feature", "properties": {parts("Tên"): parts(name), "name": parts(name)},
                   "geometry": {"type": "Point", "coordinates": [108.9 + n as f64 / 1000.0, 11.5]}})
        })
        .collect();
    let source = path(&world, "nguon.geojson");
    std::fs::write(&source, json!({"type": "FeatureCollection", "features": features}).to_string()).unwrap();
    for (ending, driver, more, field) in [
        ("xlsx", "XLSX", &[][..], "Tên"),
        ("ods", "ODS", &[], "Tên"),
        ("kmz", "LIBKML", &[], "Tên"),
        ("kml", "KML", &[], "Name"),
        ("gpx", "GPX", &["-select", "name", "-nln", "waypoints"], "name"),
        ("gml", "GML", &["-select", "name"], "name"),
        ("fgb", "FlatGeobuf", &[], "Tên"),
        ("gpkg", "GPKG", &[], "Tên"),
        ("geojsonl", "GeoJSONSeq", &[], "Tên"),
    ] {
        let file = path(&world, &format!("a.{ending}"));
        ogr2ogr(&[&["-f", driver], more].concat(), &file, &source);
        // A document of KML may have more than one layer, a track file always has.
        let layers = if ending == "gpx" { vec!["waypoints".to_string()] } else { Vec::new() };
        let options = Options { layer: Some(ending.into()), source_layers: layers, ..Options::default() };
        let reports = run(&world, &file, options).await.unwrap_or_else(|e| panic!("{ending}: {e}"));
        assert_eq!(reports[0].imported, NAMES.len() as u64, "{ending}");
        let (mut read, mut names) = (texts(&world, ending, field).await, NAMES.to_vec());
        if ending == "fgb" {
            // Its index puts neighbours together.
            read.sort();
            names.sort_unstable();
        }
        assert_eq!(read, names, "{ending}");
    }
    let geometries: Vec<_> = NAMES
        .iter()
        .enumerate()
        .map(|(n, name)| json!({"type": "Point", "coordinates": [108.9 + n as f64 / 1000.0, 11.5], "properties": {"ten": parts(name)}}))
        .collect();
    let topology = json!({"type": "Topology", "arcs": [], "objects": {"phuong": {"type": "GeometryCollection", "geometries": geometries}}});
    let file = path(&world, "a.topojson");
    std::fs::write(&file, topology.to_string()).unwrap();
    let options = Options { srs: Some("EPSG:4326".into()), layer: Some("topo".into()), ..Options::default() };
    run(&world, &file, options).await.unwrap();
    assert_eq!(texts(&world, "topo", "ten").await, NAMES);
}

/// What a person at a terminal sees and says: util-linux's `script` makes the terminal.
fn at_a_terminal(city: &City, arguments: &str, answers: &str) -> (bool, String) {
    let command = format!("'{BIN}' --data-dir '{}' {arguments}", city.dir.path().join("var").display());
    let mut child = Command::new("script")
        .args(["-qefc", &command, "/dev/null"])
        .env_remove("DATABASE_URL")
        .current_dir(city.dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("util-linux is installed");
    let mut to = child.stdin.take().unwrap();
    to.write_all(answers.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    drop(to);
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn at_a_terminal_the_encoding_and_the_place_are_asked_for_and_the_answers_taken() {
    let city = City::new();
    let mut file = b"ten,easting,northing\n".to_vec();
    for name in ["Khu phố 1", "Đường số 7"] {
        file.extend(iconv("TCVN", name));
        file.extend(b",580361.4,1279032.3\n");
    }
    std::fs::write(city.dir.path().join("moc.csv"), file).unwrap();
    // Without a terminal: refused, with the candidates, and nothing is imported.
    let mute = city.run(&["import", "moc.csv"]);
    assert!(!mute.status.success() && city.layer("moc").is_null());
    let said = String::from_utf8_lossy(&mute.stderr).into_owned();
    assert!(said.contains("TCVN3 reads `Khu phố 1`"), "{said}");
    let (done, said) = at_a_terminal(&city, "import moc.csv", "EPSG:9217\nTCVN3\n");
    assert!(
        said.contains("bảng mã? / which encoding?") && said.contains("hệ tọa độ? / which coordinate system?"),
        "{said}"
    );
    assert!(said.contains("Khu phố 1 | Đường số 7") && said.contains("Phan Rang"), "{said}");
    assert!(done, "{said}");
    assert_eq!(city.sql("SELECT ten FROM layers.moc ORDER BY fid"), ["Khu phố 1", "Đường số 7"]);
    assert_eq!(city.layer("moc")["srid"], 9217);
    // An empty answer stops.
    let (done, said) = at_a_terminal(&city, "import moc.csv --layer khac", "\n\n");
    assert!(!done && city.layer("khac").is_null(), "{said}");
}
