//! What a shapefile cannot hold, and how it is told: names of ten letters, one kind of geometry a file.

use std::io::{Read, Write};
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

/// One of the files that a layer becomes.
pub struct Part {
    pub suffix: &'static str,
    /// What GDAL is told: which geometries go there.
    pub options: Vec<String>,
    /// Whether it is left out where nothing goes there.
    pub optional: bool,
}

/// For each kind of geometry: the layer that is all of it, a suffix of the name, and which geometries they are.
const KINDS: [(&str, &str, &str); 5] = [
    ("point", "_diem", "OGR_GEOMETRY = 'POINT'"),
    ("", "_nhieu_diem", "OGR_GEOMETRY = 'MULTIPOINT'"),
    ("line", "_duong", "OGR_GEOMETRY IN ('LINESTRING', 'MULTILINESTRING')"),
    ("polygon", "_vung", "OGR_GEOMETRY IN ('POLYGON', 'MULTIPOLYGON')"),
    ("none", "_khong_hinh", "OGR_GEOMETRY IS NULL"),
];

/// The files that a layer becomes. Where its column takes any geometry, what is not of the layer's kind is kept apart.
pub fn parts(job: &Job) -> Vec<Part> {
    let declared = job.layer.geometry.as_ref().map(|g| g.r#type.as_str());
    if !matches!(declared, Some("Geometry" | "GeometryCollection")) || !job.is_spatial() {
        return vec![Part { suffix: "", options: Vec::new(), optional: false }];
    }
    let part = |(kind, suffix, condition): (&str, &'static str, &str)| {
        let mut options = vec!["-where".to_string(), condition.to_string()];
        if kind == "none" {
            options.extend(["-nlt", "NONE"].map(str::to_string));
        }
        let is_all = job.layer.shape() == kind;
        Part { suffix: if is_all { "" } else { suffix }, options, optional: !is_all }
    };
    KINDS.map(part).into()
}

/// Whether a shapefile has no features, as its table says (the number of records is at byte 4).
pub fn is_empty(shp: &Path) -> Result<bool> {
    let mut head = [0; 8];
    let dbf = std::fs::File::open(shp.with_extension("dbf"));
    dbf.and_then(|mut f| f.read_exact(&mut head)).map_err(Error::io("read the export"))?;
    Ok(head[4..] == [0; 4])
}

/// Removes a shapefile with all that belongs to it.
pub fn remove(shp: &Path) -> Result<()> {
    let all = ["shp", "shx", "dbf", "prj", "cpg"].map(|ending| shp.with_extension(ending));
    let mut there = all.iter().filter(|file| file.exists());
    there.try_for_each(std::fs::remove_file).map_err(Error::io("write the export"))
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
