//! The command line as an administrator meets it.

use serde_json::{Value, json};

use crate::city::City;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn errors_are_one_line_with_the_documented_exit_code() {
    let city = City::new();
    std::fs::write(city.dir.path().join("a.shp"), "không phải shapefile").unwrap();
    let file = city.squares("o.geojson", 3);
    let file = file.to_str().unwrap();
    for (args, code, says) in [
        (&["layers", "show", "khong_co"][..], 3, "`khong_co`"),
        (&["layers", "drop", "khong_co"], 3, "`khong_co`"),
        (&["import", "khong-co.shp"], 5, "`khong-co.shp`"),
        (&["import", "a.shp"], 5, "a.shp"),
        (&["import", file, "--layer", "Ô đất"], 2, "`Ô đất`"),
        (&["import", file, "--srs", "VN-2000"], 5, "VN-2000"),
        (&["import", file, "--encoding", "ABCD"], 5, "ABCD"),
        (&["inspect", "khong-co.shp"], 5, "`khong-co.shp`"),
        (&["export", "khong_co", "-o", "x.gpkg"], 3, "`khong_co`"),
        (&["export", "khong_co", "-o", "x.docx"], 2, "x.docx"),
        (&["layers", "set", "khong_co", "--color", "#000000"], 3, "`khong_co`"),
        (&["serve", "--listen", "nowhere"], 2, "nowhere"),
    ] {
        let out = city.run(args);
        let error = text(&out.stderr);
        assert_eq!(out.status.code(), Some(code), "{args:?}: {error}");
        assert!(error.contains(says), "{args:?}: {error}");
        assert!(args[0] == "serve" || error.trim_end().lines().count() == 1, "{args:?}: {error}");
    }
}

#[test]
fn every_command_that_prints_a_result_prints_json_when_asked() {
    let city = City::new();
    let file = city.squares("Ô đất.geojson", 12);
    let file = file.to_str().unwrap();
    let inspected = city.json(&["inspect", file]);
    assert_eq!((&inspected["driver"], &inspected["layers"][0]["count"]), (&Value::from("GeoJSON"), &Value::from(12)));
    let imported = city.json(&["import", file, "--title", "Ô đất minh họa"]);
    let report = &imported["imports"][0];
    assert_eq!(
        (&report["layer"], &report["imported"], &report["srid"]),
        (&Value::from("o_dat"), &Value::from(12), &Value::from(4326))
    );
    assert_eq!(city.json(&["layers"])["layers"][0]["title"], "Ô đất minh họa");
    assert_eq!(city.json(&["layers", "show", "o_dat"])["import"]["report"]["read"], 12);
    assert_eq!(city.json(&["layers", "set", "o_dat", "--color", "#00FF00"])["color"], "#00FF00");
    let titled = city.json(&["layers", "set", "o_dat", "--field-title", "ten=Tên ô đất", "--field-title", "so=Số"]);
    assert_eq!(titled["fields"][1], json!({"name": "ten", "column": "ten", "kind": "text", "title": "Tên ô đất"}));
    city.json(&["import", file]);
    assert_eq!(city.json(&["layers", "show", "o_dat"])["fields"][0]["title"], "Số", "a new import keeps the titles");
    assert_eq!(city.json(&["export", "o_dat", "-o", "out.gpkg"])["rows"], 12);
    assert_eq!(city.json(&["db", "status"])["running"], false);
    assert!(city.json(&["version"])["gdal"].as_str().unwrap().starts_with("3."));
    assert_eq!(city.json(&["layers", "drop", "o_dat"])["dropped"][0], "o_dat");
    let doctor = city.command(&["doctor", "--json"]).output().unwrap();
    let doctor: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let wrong: Vec<&Value> =
        doctor["checks"].as_array().unwrap().iter().filter(|c| c["ok"] != true && c["what"] != "assets").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_layer_goes_out_and_comes_back_the_same_in_every_format() {
    let city = City::new();
    let file = city.squares("o.geojson", 40);
    city.json(&["import", file.to_str().unwrap(), "--layer", "goc"]);
    let sum = |id: &str| {
        city.sql(&format!("SELECT count(*) || ' ' || sum(so) || ' ' || count(DISTINCT ten) || ' ' || round(sum(ST_Area(geom))::numeric, 9) FROM layers.{id}"))
    };
    let want = sum("goc");
    for ending in ["geojson", "geojsonl", "gpkg", "shp", "fgb", "kml", "gml"] {
        let name = format!("ra.{ending}");
        city.json(&["export", "goc", "-o", &name]);
        let id = format!("lai_{ending}");
        city.json(&["import", &name, "--layer", &id]);
        assert_eq!(sum(&id), want, "{ending}");
    }
    let again = city.run(&["export", "goc", "-o", "ra.gpkg"]);
    assert_eq!(again.status.code(), Some(4), "an existing file is not overwritten unasked");
    assert!(
        std::fs::read_dir(city.dir.path())
            .unwrap()
            .flatten()
            .all(|e| !e.file_name().to_string_lossy().starts_with(".dothi"))
    );
}

#[test]
fn the_database_address_is_used_and_no_private_cluster_is_made() {
    let city = City::new();
    let other = City::new();
    assert!(city.run(&["db", "start"]).status.success());
    let status = city.json(&["db", "status"]);
    let socket = status["socket_dir"].as_str().unwrap().replace('/', "%2F");
    let url = format!("postgres://dothi@{socket}/dothi");
    let file = city.squares("o.geojson", 5);
    let out =
        other.command(&["import", file.to_str().unwrap(), "--layer", "kia", "--database-url", &url]).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(city.layer("kia")["featureCount"], 5);
    assert!(!other.dir.path().join("var/pg").exists());
    let refused = other.command(&["db", "status", "--database-url", &url]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let wrong =
        other.command(&["layers", "--database-url", "postgres://nobody:geheim@127.0.0.1:1/x"]).output().unwrap();
    assert!(!wrong.status.success() && !text(&wrong.stderr).contains("geheim"), "{}", text(&wrong.stderr));
}

#[test]
fn a_key_is_shown_once_listed_without_its_secret_and_revoked_for_good() {
    let city = City::new();
    let file = city.squares("o.geojson", 3);
    city.json(&["import", file.to_str().unwrap(), "--layer", "o"]);
    let made = city.json(&["keys", "create", "--name", "Sở TNMT", "--layers", "o"]);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("dothi_") && secret.len() == 49, "{secret}");
    assert_eq!((&made["id"], &made["name"], &made["layers"]), (&json!(1), &json!("Sở TNMT"), &json!(["o"])));
    let plain = text(&city.run(&["keys", "create", "--name", "mọi lớp"]).stdout);
    assert!(plain.lines().next().unwrap().starts_with("dothi_"), "the first line is the secret alone: {plain}");
    let listed = city.run(&["keys", "list"]);
    let listed = text(&listed.stdout);
    assert!(listed.contains("Sở TNMT") && listed.contains("every layer") && !listed.contains("dothi_"), "{listed}");
    let revoked = city.json(&["keys", "revoke", "1"])["revoked"].clone();
    assert!(revoked.is_string());
    let keys = city.json(&["keys", "list"])["keys"].clone();
    assert_eq!((keys.as_array().unwrap().len(), &keys[0]["revoked"], &keys[1]["revoked"]), (2, &revoked, &Value::Null));
    for (args, code) in [
        (&["keys", "revoke", "99"][..], 3),
        (&["keys", "create", "--name", "x", "--layers", "khong_co"], 3),
        (&["keys", "create", "--name", " "], 2),
        (&["keys", "create"], 2),
    ] {
        assert_eq!(city.run(args).status.code(), Some(code), "{args:?}");
    }
    assert_eq!(city.json(&["layers", "set", "o", "--require-if-match", "true"])["requireIfMatch"], true);
    assert_eq!(city.json(&["layers", "set", "o", "--require-if-match", "false"])["requireIfMatch"], false);
}
