//! The order of the modules, as `src/lib.rs` lists them: each uses only those above it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(String, PathBuf, String)> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let module =
                inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_string();
            let text = std::fs::read_to_string(&path).unwrap();
            (module, path, text)
        })
        .collect()
}

fn order() -> HashMap<String, usize> {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.split(';').next());
    modules.enumerate().map(|(i, m)| (m.to_string(), i)).collect()
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let order = order();
    assert!(order.len() > 10, "src/lib.rs lists the modules");
    for (module, path, text) in sources() {
        let Some(&mine) = order.get(&module) else { continue };
        for (n, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for used in code
                .match_indices("crate::")
                .filter_map(|(at, _)| code[at + 7..].split(|c: char| !c.is_alphanumeric() && c != '_').next())
            {
                if let Some(&theirs) = order.get(used) {
                    assert!(
                        theirs <= mine,
                        "{}:{}: `{module}` uses `{used}`, which is below it in src/lib.rs",
                        path.display(),
                        n + 1
                    );
                }
            }
        }
    }
}

#[test]
fn gdal_sqlite_axum_and_running_sql_stay_where_they_belong() {
    for (module, path, text) in sources() {
        let file = path.file_name().unwrap().to_str().unwrap();
        for (n, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            let here = format!("{}:{}", path.display(), n + 1);
            if code.contains("gdal::") || code.contains("gdal_sys::") {
                assert!(
                    ["import", "export", "error"].contains(&module.as_str()),
                    "{here}: GDAL is for import and export"
                );
            }
            if code.contains("rusqlite::") {
                assert!(path.components().any(|c| c.as_os_str() == "gpkg"), "{here}: SQLite is for GeoPackages");
            }
            if code.contains("axum::") {
                assert!(module == "http" || (module == "cli" && file == "serve.rs"), "{here}: axum is for http");
            }
            if code.contains("AssertSqlSafe") || code.contains("sqlx::query") || code.contains("raw_sql") {
                let cluster = path.components().any(|c| c.as_os_str() == "cluster");
                assert!(cluster || (module == "db" && file == "run.rs"), "{here}: SQL text runs in db/run.rs");
            }
        }
    }
}

#[test]
fn notes_on_a_file_are_made_where_both_languages_stand() {
    for (_, path, text) in sources().into_iter().filter(|(_, path, _)| !path.ends_with("import/notes.rs")) {
        assert!(!text.contains("message_vi:") || path.ends_with("import/frames.rs"), "{}", path.display());
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    for (_, path, text) in sources() {
        let lines = text.split("#[cfg(test)]").next().unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
    }
}
