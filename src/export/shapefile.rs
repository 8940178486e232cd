//! What a shapefile cannot hold, and how it is told: names of ten letters, one kind of geometry a file.

use std::io::Write;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zip::write::SimpleFileOptions;

use super::rows::Job;
use crate::error::{Error, Result};

/// A name of at most ten ASCII letters for each name, no two alike: marks go, đ is d, what is no letter becomes `_`.
pub fn short_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = std::collections::HashSet::new();
    let mut short = Vec::new();
    for name in names {
        let plain: String = name
            .nfd()
            .filter(|c| !is_combining_mark(*c))
            .map(|c| match c {
                'đ' => 'd',
                'Đ' => 'D',
                c if c.is_ascii_alphanumeric() => c,
                _ => '_',
            })
            .collect();
        let plain = plain.trim_matches('_');
        let base = match plain.bytes().next() {
            None => "truong".to_string(),
            Some(b'0'..=b'9') => format!("t_{plain}"),
            Some(_) => plain.to_string(),
        };
        let cut = |n: usize| base.chars().take(n).collect::<String>();
        let mut name = cut(10);
        let mut n = 1;
        while !taken.insert(name.to_ascii_lowercase()) {
            n += 1;
            let suffix = format!("_{n}");
            name = format!("{}{suffix}", cut(10 - suffix.len()));
        }
        short.push(name);
    }
    short
}

/// The files that a layer becomes: a suffix of the name, and which geometries go there (GDAL's `-where`).
pub fn parts(job: &Job) -> Vec<(&'static str, Option<String>)> {
    let which = |names: &str| Some(format!("OGR_GEOMETRY IN ({names})"));
    match job.layer.geometry.as_ref().map(|g| g.r#type.as_str()) {
        Some("Geometry" | "GeometryCollection") if job.is_spatial() => match job.layer.shape() {
            "mixed" => vec![
                ("_diem", which("'POINT', 'MULTIPOINT'")),
                ("_duong", which("'LINESTRING', 'MULTILINESTRING'")),
                ("_vung", which("'POLYGON', 'MULTIPOLYGON'")),
            ],
            _ => vec![("", None)],
        },
        _ => vec![("", None)],
    }
}

/// Which short name stands for which field, as CSV with a byte order mark: what comes with the file to be read by people.
pub fn legend(job: &Job, short: &[String]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = String::from("\u{feff}ten_trong_tep,ten_day_du,tieu_de\r\n");
    for (short, field) in short.iter().zip(&job.selection.fields) {
        let title = field.title.as_deref().unwrap_or_default();
        out.push_str(&format!("{short},{},{}\r\n", quoted(&field.name), quoted(title)));
    }
    out
}

/// Packs the files of a folder into one.
pub fn pack(folder: &Path, to: &Path) -> Result<()> {
    let wrong = |e: zip::result::ZipError| Error::Internal(format!("the archive cannot be written: {e}"));
    let io = || Error::io("pack the export");
    let mut names: Vec<_> = std::fs::read_dir(folder).map_err(io())?.flatten().map(|e| e.file_name()).collect();
    names.sort();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(to).map_err(io())?);
    for name in names {
        let mut file = std::fs::File::open(folder.join(&name)).map_err(io())?;
        let large = file.metadata().map_err(io())?.len() > u64::from(u32::MAX);
        archive.start_file(name.to_string_lossy(), SimpleFileOptions::default().large_file(large)).map_err(wrong)?;
        std::io::copy(&mut file, &mut archive).map_err(io())?;
    }
    archive.finish().map_err(wrong)?.flush().map_err(io())
}

#[cfg(test)]
mod tests {
    use super::short_names;

    #[test]
    fn long_vietnamese_names_become_ten_letters_and_stay_apart() {
        let names = ["Mục đích sử dụng", "Mục đích sử dụng đất", "maDat", "MADAT", "2030", "Đ", "…"];
        let short = short_names(names);
        assert_eq!(short, ["Muc_dich_s", "Muc_dich_2", "maDat", "MADAT_2", "t_2030", "D", "truong"]);
        let many: Vec<String> = (0..200).map(|n| format!("Chỉ tiêu quy hoạch {n}")).collect();
        let short = short_names(many.iter().map(String::as_str));
        let apart: std::collections::HashSet<_> = short.iter().collect();
        assert_eq!(apart.len(), 200);
        assert!(short.iter().all(|n| n.len() <= 10 && n.is_ascii()));
    }
}
