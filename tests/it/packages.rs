//! Planning packages of Circular 16/2025/TT-BXD: recognised as a whole, imported as a set, held against the circular.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::StatusCode;
use serde_json::Value;

use dothi::error::{Error, Result};
use dothi::import::child::Limits;
use dothi::import::package::Account;
use dothi::import::report::Report;
use dothi::import::{self, Options, Step};

use crate::support::{BIN, World};

/// Makes a package; `words` are those of `data/tt16/sample.py`.
fn sample(world: &World, words: &[&str]) -> PathBuf {
    sample_in(world.dir.path(), words)
}

pub fn sample_in(folder: &Path, words: &[&str]) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tt16/sample.py");
    let out = Command::new("python3").arg(script).arg(folder).args(words).output().expect("python3");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    PathBuf::from(String::from_utf8(out.stdout).unwrap().trim())
}

async fn import(world: &World, file: &Path, options: Options) -> (Result<Vec<Report>>, Option<Account>) {
    let limits = Limits { program: Some(BIN.into()), ..Limits::default() };
    let mut account = None;
    let tell = |step| {
        if let Step::Package(told) = step {
            account = Some(*told);
        }
    };
    let done = import::run(&world.options, file, &options, &limits, tell).await;
    (done, account)
}

/// Severity, code, class, field, count of each finding of the set and of its layers.
fn findings(account: &Account, reports: &[Report]) -> Vec<(String, String, String, String, u64)> {
    let of_layers = reports.iter().filter_map(|r| r.conformance.as_ref()).flat_map(|c| &c.findings);
    let all = account.findings.iter().chain(of_layers);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    all.map(|f| {
        let f = serde_json::to_value(f).unwrap();
        (text(&f["severity"]), text(&f["code"]), text(&f["class"]), text(&f["field"]), f["count"].as_u64().unwrap())
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_comes_in_as_one_set_with_titles_groups_and_its_account() {
    let world = World::new().await;
    let file = sample(&world, &["--zip"]);
    let (done, account) = import(&world, &file, Options::default()).await;
    let (reports, account) = (done.unwrap(), account.unwrap());
    assert!(account.conforms && account.errors == 0, "{:?}", findings(&account, &reports));
    assert_eq!((account.id.as_str(), account.title.as_str()), ("phankhuminhhoa", "Quy hoạch phân khu minh họa"));
    assert_eq!(reports.len(), 16, "the empty class becomes no layer");
    assert!(reports.iter().all(|r| r.srid == Some(9217) && r.edition == 1 && r.read == r.imported));
    assert!(account.themes.iter().all(|t| t.found));

    let server = world.server().await;
    let all = server.json("/ogc/collections?f=json&limit=100").await;
    let of = |id: &str| {
        let found = all["collections"].as_array().unwrap().iter().find(|c| c["id"] == id);
        found.unwrap_or_else(|| panic!("{id} is missing")).clone()
    };
    let land = of("phankhuminhhoa_qh_chuc_nang_sdd_a");
    assert_eq!(land["titles"]["vi"], "Chức năng sử dụng đất (quy hoạch)");
    assert_eq!(land["titles"]["en"], "Land-use functions (planned)");
    assert_eq!(land["group"]["vi"], "Quy hoạch phân khu minh họa: Sử dụng đất quy hoạch");
    assert_eq!(land["package"]["class"], "ChucNangSuDungDat_A");
    assert_eq!((&land["labelField"], &land["visible"]), (&"kyHieuLoDat".into(), &true.into()));
    assert_eq!(land["classField"], "chucNangSuDungDatMuc2", "the field whose values are functions that have colours");
    let fields = land["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|f| f["name"] == name).unwrap();
    assert_eq!(field("matDoXayDung")["title"], "Mật độ xây dựng");
    let codes = field("trangThaiQuyHoach")["codes"].as_array().unwrap();
    assert!(codes.contains(&serde_json::json!({"code": "XM", "title": "Xây dựng mới"})), "{codes:?}");
    assert_eq!(of("phankhuminhhoa_ht_chuc_nang_sdd_a")["visible"], false);
    assert!(of("phankhuminhhoa_qh_cay_xanh_p")["position"].as_i64() < land["position"].as_i64());

    let schema = server.json("/ogc/collections/phankhuminhhoa_qh_chuc_nang_sdd_a/queryables?f=json").await;
    let choices = &schema["properties"]["trangThaiQuyHoach"]["oneOf"];
    let choices = choices.as_array().unwrap();
    assert!(
        choices.len() == 3 && choices.contains(&serde_json::json!({"const": "GL", "title": "Giữ lại"})),
        "{choices:?}"
    );
    let page = server.get("/ogc/collections/phankhuminhhoa_qh_chuc_nang_sdd_a/items/1?f=html").await;
    assert!(String::from_utf8(page.bytes).unwrap().contains("XM – Xây dựng mới"));
    let csv = server.get("/ogc/collections/phankhuminhhoa_qh_chuc_nang_sdd_a/items?f=csv&limit=1").await;
    assert!(!String::from_utf8(csv.bytes).unwrap().contains("Xây dựng mới"), "tables for programs have the codes");

    let record = server.json("/ogc/collections/_records/items/phankhuminhhoa_qh_chuc_nang_sdd_a?f=json").await;
    let properties = &record["properties"];
    assert_eq!(properties["legalBasis"]["decision"], "00/QĐ-MH");
    assert_eq!(properties["legalBasis"]["date"], "2026-01-01");
    assert_eq!(properties["scaleDenominator"], 2000);
    assert_eq!(properties["contacts"][0]["organization"], "Cơ quan phê duyệt (minh họa)");
    let conformance = &properties["quality"]["conformance"];
    assert_eq!((&conformance["conforms"], &conformance["class"]), (&true.into(), &"ChucNangSuDungDat_A".into()));
    assert!(conformance["fields"].as_array().unwrap().iter().all(|f| f["state"] == "present"));
    let xml = server.get("/ogc/collections/_records/items/phankhuminhhoa_qh_chuc_nang_sdd_a?f=iso").await;
    let xml = String::from_utf8(xml.bytes).unwrap();
    assert!(xml.contains("DQ_ConformanceResult") && xml.contains("<gco:Boolean>true</gco:Boolean>"), "{xml}");

    let listed = server.json("/packages").await;
    assert_eq!(listed["packages"][0]["layers"].as_array().unwrap().len(), 16);
    let one = server.json("/packages/phankhuminhhoa").await;
    assert_eq!(one["report"]["circular"], "16/2025/TT-BXD");
    assert_eq!(server.get("/packages/nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_comes_again_is_the_next_edition_and_keeps_what_an_administrator_said() {
    let world = World::new().await;
    let file = sample(&world, &["--as", "gpkg"]);
    import(&world, &file, Options::default()).await.0.unwrap();
    let land = "phankhuminhhoa_qh_chuc_nang_sdd_a";
    world
        .sql(&format!(
            "UPDATE dothi.layer SET title = 'Của tôi', visible = false, color = '#123456' WHERE id = '{land}'"
        ))
        .await;
    let again = sample(&world, &["--as", "gpkg", "--fault", "theme"]);
    let (done, account) = import(&world, &again, Options::default()).await;
    assert!(done.unwrap().iter().all(|r| r.edition == 2));
    let kept = format!(
        "SELECT count(*) FROM dothi.layer WHERE id = '{land}' AND title = 'Của tôi' AND NOT visible AND color = '#123456'"
    );
    assert_eq!(world.number(&kept).await, 1);
    let left = account.unwrap().findings.iter().filter(|f| f.code == "layer_left").count();
    assert_eq!(left, 2, "the markers' layers stay and are told of");
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer").await, 16);

    // The same names from another file are another plan's.
    let other = world.dir.path().join("CSDL_PhanKhuMinhHoa.zip");
    let zipped = sample(&world, &["--as", "gpkg", "--zip"]);
    assert_eq!(zipped, other);
    let (refused, _) = import(&world, &other, Options::default()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let named = Options { layer: Some("pk2".into()), title: Some("Phân khu 2".into()), ..Options::default() };
    import(&world, &other, named).await.0.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer WHERE \"group\" LIKE 'Phân khu 2: %'").await, 16);
    assert_eq!(world.number("SELECT count(*) FROM dothi.package").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_found_where_it_is_and_nothing_is_left_out() {
    let world = World::new().await;
    let faults = [
        "theme",
        "field",
        "type",
        "length",
        "geometry",
        "zone",
        "unknown_layer",
        "unknown_field",
        "long",
        "code",
        "empty",
        "domain",
        "dossiers",
        "coverage",
        "indicator",
    ];
    let words: Vec<&str> = ["--as", "gpkg"].into_iter().chain(faults.iter().flat_map(|f| ["--fault", f])).collect();
    let file = sample(&world, &words);
    let (done, account) = import(&world, &file, Options::default()).await;
    let (reports, account) = (done.unwrap(), account.unwrap());
    let found = findings(&account, &reports);
    let has = |severity: &str, code: &str, class: &str, field: &str, count: u64| {
        let wanted = (severity.into(), code.into(), class.into(), field.into(), count);
        assert!(found.contains(&wanted), "{wanted:?} is not among {found:#?}");
    };
    let land = "QuyHoach/ChucNangSuDungDat_A";
    has("warning", "theme_missing", "", "", 1);
    has("error", "field_missing", "QuyHoach/CayXanh_P", "maHoSoQH", 1);
    has("warning", "field_missing", "QuyHoach/CayXanh_P", "loaiCayXanh", 1);
    has("warning", "field_type", land, "dienTich", 1);
    has("error", "field_type", land, "maDoiTuong", 1);
    has("error", "field_length", "QuyHoach/PhanOQuyHoach_A", "maHoSoQH", 1);
    has("error", "geometry_type", "QuyHoach/ChiGioiDuongDo_L", "", 1);
    has("warning", "crs_zone", "QuyHoach/CaoDoNen_P", "", 1);
    has("warning", "class_unknown", "", "", 1);
    has("note", "field_unknown", land, "truongRieng", 1);
    has("error", "value_length", land, "phanLoai", 1);
    has("error", "value_pattern", land, "maHoSoQH", 1);
    has("error", "value_pattern", land, "maThongTinQH", 1);
    has("error", "value_missing", land, "maHoSoQH", 1);
    has("error", "value_missing", land, "maThongTinQH", 1);
    has("warning", "value_domain", land, "trangThaiQuyHoach", 1);
    has("warning", "dossiers_several", "", "", 1);
    has("warning", "codes_disagree", land, "maHoSoQH", 1);
    has("warning", "value_range", land, "matDoXayDung", 1);
    has("note", "value_indicator", land, "tangCaoXayDung", 1);
    has("note", "value_indicator", land, "heSoSuDungDat", 1);
    assert!(!account.conforms);
    let land = reports.iter().find(|r| r.layer.ends_with("qh_chuc_nang_sdd_a")).unwrap();
    let conformance = land.conformance.as_ref().unwrap();
    let outside = conformance.findings.iter().find(|f| f.code == "value_domain").unwrap();
    assert_eq!((outside.examples[0].fid, outside.examples[0].value.as_deref()), (7, Some("??")));
    assert!(
        conformance
            .findings
            .iter()
            .all(|f| !f.clause.vi.is_empty() && !f.message.vi.is_empty() && !f.message.en.is_empty())
    );
    assert_eq!(land.imported, 18);
    assert!(reports.iter().any(|r| r.layer == "phankhuminhhoa_quyhoach_loprieng_a" && r.imported == 1));
    assert!(reports.iter().all(|r| r.read == r.imported && r.set_aside == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_without_its_plan_or_in_another_system_does_not_conform() {
    let world = World::new().await;
    let file = sample(&world, &["--as", "gpkg", "--fault", "plan"]);
    let (done, account) = import(&world, &file, Options::default()).await;
    let found = findings(&account.unwrap(), &done.unwrap());
    assert!(found.iter().any(|f| f.0 == "error" && f.1 == "theme_missing"), "{found:?}");

    let world = World::new().await;
    let file = sample(&world, &["--as", "gpkg", "--fault", "crs"]);
    let (done, account) = import(&world, &file, Options::default()).await;
    let found = findings(&account.unwrap(), &done.unwrap());
    assert!(found.iter().any(|f| f.1 == "crs" && f.2 == "QuyHoach/CayXanh_P"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_be_strict_a_package_with_errors_leaves_nothing_behind() {
    let world = World::new().await;
    let file = sample(&world, &["--as", "gpkg", "--fault", "code"]);
    let strict = Options { strict: true, ..Options::default() };
    let (refused, account) = import(&world, &file, strict.clone()).await;
    let Err(Error::Unreadable(say)) = refused else { panic!("{refused:?}") };
    assert!(say.contains("16/2025/TT-BXD") && say.contains("maHoSoQH"), "{say}");
    assert!(!account.unwrap().conforms);
    for table in ["dothi.layer", "dothi.import", "dothi.package", "pg_tables WHERE schemaname IN ('staging', 'layers')"]
    {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let good = sample(&world, &["--as", "gpkg"]);
    assert_eq!(import(&world, &good, strict).await.0.unwrap().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_layer_that_cannot_come_in_holds_back_the_set() {
    let world = World::new().await;
    let file = sample(&world, &["--as", "gpkg"]);
    // Somebody's view stands on the table of the last layer that would be replaced.
    import(&world, &file, Options::default()).await.0.unwrap();
    world.sql("CREATE VIEW public.v AS SELECT * FROM layers.phankhuminhhoa_qh_cay_xanh_p").await;
    let (refused, _) = import(&world, &file, Options::default()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(world.number("SELECT max(number)::int8 FROM dothi.edition").await, 1, "no layer has a second edition");
    assert_eq!(world.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_shapefiles_with_names_as_people_write_them_are_a_package_too() {
    let world = World::new().await;
    let made = sample(&world, &["--as", "shp"]);
    let folder = world.dir.path().join("giao nộp");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(made.join("HoSoGIS/QuyHoach"), made.join("HoSoGIS/2. QUY HOẠCH")).unwrap();
    std::fs::rename(made.join("HoSoGIS/HienTrang"), made.join("HoSoGIS/hiện trạng")).unwrap();
    std::fs::rename(made.join("HoSoGIS"), made.join("Hồ sơ GIS")).unwrap();
    std::fs::rename(&made, folder.join("Phân khu 1")).unwrap();
    let (done, account) = import(&world, &folder, Options::default()).await;
    let (reports, account) = (done.unwrap(), account.unwrap());
    assert_eq!(account.id, "phan_khu_1");
    assert_eq!(account.errors, 0, "{:#?}", findings(&account, &reports));
    let land = reports.iter().find(|r| r.layer == "phan_khu_1_qh_chuc_nang_sdd_a").unwrap();
    let fields = &land.conformance.as_ref().unwrap().fields;
    let found = |name: &str| fields.iter().find(|f| f.name == name).unwrap().found.as_deref();
    assert_eq!(found("maThongTinQH"), Some("maThongTin"), "names are cut in a Shapefile");
    assert_eq!(found("chucNangSuDungDatMuc1"), Some("chucNangSu"));
    let titled = "SELECT count(*) FROM dothi.layer, jsonb_array_elements(fields) f WHERE id = 'phan_khu_1_qh_chuc_nang_sdd_a' \
                  AND f->>'name' = 'maThongTin' AND f->>'title' = 'Mã thông tin quy hoạch'";
    assert_eq!(world.number(titled).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn geodatabases_that_are_zipped_one_by_one_are_found_in_a_folder_and_in_a_zip() {
    let world = World::new().await;
    let made = sample(&world, &[]);
    let gis = made.join("HoSoGIS");
    for name in ["QuyHoach.gdb", "HienTrang.gdb"] {
        let packed = Command::new("python3")
            .args(["-c", "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2], sys.argv[3])"])
            .args([gis.join(name).as_os_str(), gis.as_os_str(), name.as_ref()])
            .status();
        assert!(packed.unwrap().success());
        std::fs::remove_dir_all(gis.join(name)).unwrap();
    }
    let (done, _) = import(&world, &made, Options::default()).await;
    assert_eq!(done.unwrap().len(), 16);
    let packed = Command::new("python3")
        .args(["-c", "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])"])
        .args([world.dir.path().join("tat ca").as_os_str(), made.as_os_str()])
        .status();
    assert!(packed.unwrap().success());
    let other = Options { layer: Some("zip".into()), ..Options::default() };
    let (done, account) = import(&world, &world.dir.path().join("tat ca.zip"), other).await;
    assert_eq!(done.unwrap().len(), 16);
    assert!(account.unwrap().themes.iter().all(|t| t.found));
}

#[tokio::test(flavor = "multi_thread")]
async fn inspecting_a_package_tells_what_it_holds_without_a_database() {
    let world = World::new().await;
    let file = sample(&world, &["--zip", "--as", "gpkg", "--fault", "field"]);
    let out = Command::new(BIN).args(["inspect", "--json"]).arg(&file).output().unwrap();
    let found: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(found["package"]["circular"], "16/2025/TT-BXD");
    let classes = found["package"]["classes"].as_array().unwrap();
    let states = |state: &str| classes.iter().filter(|c| c["state"] == state).count();
    assert_eq!((states("found"), states("empty"), states("missing")), (16, 1, 136));
    assert_eq!(found["package"]["conforms"], false);
    let text = Command::new(BIN).arg("inspect").arg(&file).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("QuyHoach/CayXanh_P.maHoSoQH") && text.contains("các trường thuộc tính tối thiểu"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_of_columns_come_out_of_a_geopackage() {
    let world = World::new().await;
    let made = sample(&world, &["--as", "gpkg"]);
    let file = world.dir.path().join("cay.gpkg");
    std::fs::copy(made.join("HoSoGIS/QuyHoach.gpkg"), &file).unwrap();
    let sql = "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES ('CayXanh_P', 'ghiChu', 'ghi chú', 'Ghi chú của tôi'), \
               ('CayXanh_P', 'phanLoai', 'Loại cây', NULL)";
    let done = Command::new("ogrinfo").arg(&file).args(["-sql", sql]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let options = Options { layer: Some("cay".into()), source_layers: vec!["CayXanh_P".into()], ..Options::default() };
    import(&world, &file, options).await.0.unwrap();
    let layer = world.server().await.app.catalog.named("cay").unwrap();
    let title = |name: &str| layer.field(name).unwrap().title.clone();
    assert_eq!(title("ghiChu").as_deref(), Some("Ghi chú của tôi"));
    assert_eq!(title("phanLoai").as_deref(), Some("Loại cây"));
    assert_eq!(title("maHoSoQH"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn building_indicators_are_ranges_and_stay_as_they_are_written() {
    let world = World::new().await;
    for (label, range) in [
        ("60", Some("[60,60]")),
        (" 1,2 ", Some("[1.2,1.2]")),
        ("≤60", Some("(,60]")),
        ("<= 4,0 lần", Some("(,4.0]")),
        ("< 5", Some("(,5)")),
        ("≥ 3", Some("[3,)")),
        ("40-60", Some("[40,60]")),
        ("40 – 60 %", Some("[40,60]")),
        ("1÷5 tầng", Some("[1,5]")),
        ("3 đến 5", Some("[3,5]")),
        ("0", Some("[0,0]")),
        ("60-40", None),
        ("≤3-5", None),
        ("theo thiết kế", None),
        ("3; 5", None),
        ("", None),
        ("9999999999999999999", None),
    ] {
        let sql = format!("SELECT dothi.indicator_range('{label}')::text");
        let found: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&world.pool).await.unwrap();
        assert_eq!(found.as_deref(), range, "{label}");
    }
    let file = sample(&world, &["--as", "gpkg"]);
    let (done, account) = import(&world, &file, Options::default()).await;
    let found = findings(&account.unwrap(), &done.unwrap());
    assert!(found.iter().all(|f| f.1 != "value_indicator"), "{found:?}");
    let land = "layers.phankhuminhhoa_qh_chuc_nang_sdd_a";
    let raw = format!(
        "SELECT count(*) FROM {land} WHERE \"tangCaoXayDung\" = '3–5' AND dothi.indicator_range(\"tangCaoXayDung\") = '[3,5]'"
    );
    assert!(world.number(&raw).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_scanned_drawings_those_with_a_place_come_in_and_the_others_are_listed() {
    let world = World::new().await;
    let made = sample(&world, &["--as", "gpkg"]);
    let scans = made.join("HoSoScan/BanVe");
    for folder in ["HoSoScan/BanVe", "HoSoScan/VanBan", "HoSoBASIC/BanVe"] {
        std::fs::create_dir_all(made.join(folder)).unwrap();
    }
    crate::rasters::plan(&scans, "QH-01.tif", Some(9217));
    drop(crate::rasters::raster(&scans.join("QH-02.tif"), (50, 40), &[vec![7; 2_000]], None, None));
    std::fs::write(made.join("HoSoScan/VanBan/QD-00.pdf"), "%PDF-1.7").unwrap();
    std::fs::write(made.join("HoSoBASIC/BanVe/QH-01.dxf"), "0\nEOF\n").unwrap();
    let import = async |options: Options| {
        let options = Options { data_dir: world.store().data_dir, ..options };
        import(&world, &made, options).await
    };
    let (dry, _) = import(Options { dry_run: true, ..Options::default() }).await;
    assert_eq!(dry.unwrap().len(), 17);
    assert_eq!(world.number("SELECT count(*) FROM dothi.layer").await, 0);
    let archives = || {
        std::fs::read_dir(world.store().data_dir.join("rasters"))
            .unwrap()
            .flatten()
            .flat_map(|f| std::fs::read_dir(f.path()).unwrap())
            .count()
    };
    assert_eq!(archives(), 0, "a dry run keeps no tiles");
    let (done, account) = import(Options::default()).await;
    let (reports, account) = (done.unwrap(), account.unwrap());
    let found = findings(&account, &reports);
    assert!(account.conforms && found.iter().all(|f| f.1 != "class_unknown"), "{found:?}");
    let told = account.findings.iter().find(|f| f.code == "files_unread").unwrap();
    assert_eq!(told.count, 3, "{told:?}");
    let mut unread = account.unread.clone();
    unread.sort();
    assert_eq!(unread, ["HoSoBASIC/BanVe/QH-01.dxf", "HoSoScan/BanVe/QH-02.tif", "HoSoScan/VanBan/QD-00.pdf"]);
    let account = serde_json::to_value(&account).unwrap();
    assert_eq!(account["scans"][0]["layer"], "phankhuminhhoa_qh_01");
    let scan = reports.iter().find(|r| r.raster.is_some()).unwrap();
    assert_eq!((scan.layer.as_str(), scan.edition, archives()), ("phankhuminhhoa_qh_01", 1, 1));
    let server = world.server().await;
    let layer = server.json("/ogc/collections/phankhuminhhoa_qh_01").await;
    assert_eq!(layer["group"]["vi"], "Quy hoạch phân khu minh họa: Hồ sơ quét");
    assert_eq!((&layer["geometry"], &layer["visible"]), (&"raster".into(), &false.into()));
    assert_eq!(server.get("/tiles/phankhuminhhoa_qh_01").await.status, StatusCode::OK);

    // What holds back the set holds back its pictures.
    world.sql("CREATE VIEW public.v AS SELECT * FROM layers.phankhuminhhoa_qh_cay_xanh_p").await;
    assert!(import(Options::default()).await.0.is_err());
    assert_eq!(archives(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_geopackage_of_all_themes_is_a_package_too() {
    let world = World::new().await;
    let made = sample(&world, &["--as", "gpkg"]);
    let file = world.dir.path().join("phan_khu_9.gpkg");
    for theme in ["HienTrang", "QuyHoach", "MocGioi", "NenDiaHinh"] {
        let from = made.join(format!("HoSoGIS/{theme}.gpkg"));
        let names = Command::new("sqlite3").arg(&from).arg("SELECT table_name FROM gpkg_contents").output().unwrap();
        for name in String::from_utf8(names.stdout).unwrap().lines() {
            let words = ["-update", "-f", "GPKG", "-nln", &format!("{theme}_{name}")];
            let done = Command::new("ogr2ogr")
                .args(if file.exists() { &words[..] } else { &words[1..] })
                .args([&file, &from])
                .arg(name)
                .output();
            let done = done.unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }
    let (done, account) = import(&world, &file, Options::default()).await;
    let (reports, account) = (done.unwrap(), account.unwrap());
    assert_eq!((account.id.as_str(), account.errors), ("phan_khu_9", 0), "{:#?}", findings(&account, &reports));
    assert_eq!(reports.len(), 16);
    assert!(reports.iter().any(|r| r.layer == "phan_khu_9_qh_chuc_nang_sdd_a"));
    assert!(reports.iter().any(|r| r.layer == "phan_khu_9_ht_chuc_nang_sdd_a"));
}
