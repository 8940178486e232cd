//! Shapefiles (ESRI, 1998), and what they cannot hold: names have ten letters, texts 254 bytes, a file has one kind of geometry.

mod files; // the files of one kind
mod record; // records on their way

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use gdal::spatial_ref::SpatialRef;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zip::write::SimpleFileOptions;

use self::files::{Column, Files};
use self::record::{Arrived, Class};
use super::file::Chunks;
use super::rows::Job;
use crate::error::{Error, Result};
use crate::geo::ewkb::Reader;
use crate::schema::{FID, Kind};

pub use record::Records;

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

/// Writes what [`Records`] wrote as files in `folder`, their names beginning with `stem`; cells wait in `aside`. The files of
/// the class that a layer is all of are called so, others say of what they are. Call it where it may block.
pub fn write(job: &Job, folder: &Path, stem: &str, aside: &Path, chunks: Chunks) -> Result<()> {
    let fields = &job.selection.fields;
    let names = names(job);
    let mut columns = vec![Column { name: FID.into(), kind: Kind::Int8 }];
    columns.extend(names.iter().zip(fields).map(|(name, f)| Column { name: name.clone(), kind: f.kind }));
    let (z, m) = job.layer.geometry.as_ref().map_or((false, false), |g| (g.z, g.m));
    let main = main(job);
    let takes_any =
        job.layer.geometry.as_ref().is_some_and(|g| matches!(g.r#type.as_str(), "Geometry" | "GeometryCollection"));
    let create = |class: Class| {
        let path = folder.join(format!("{stem}{}", if main == Some(class) { "" } else { suffix(class) }));
        Files::create(&path, class.code(z, m), &columns, &aside.join(format!("cells{}", suffix(class))))
    };
    let first = main.unwrap_or(Class::Nowhere);
    let mut all = BTreeMap::new();
    if main.is_some() {
        all.insert(first, create(first)?);
    }
    let mut long = None;
    let broken = || Error::Internal("a record is not whole".into());
    for chunk in chunks {
        let chunk = chunk?;
        let mut rest = Reader(&chunk);
        while !rest.0.is_empty() {
            let record = Arrived::read(&mut rest).ok_or_else(broken)?;
            let class = if record.class == Class::Nowhere && !takes_any { first } else { record.class };
            let files = match all.entry(class) {
                Entry::Occupied(files) => files.into_mut(),
                Entry::Vacant(place) => place.insert(create(class)?),
            };
            files.add(&record, |column, text| {
                let out = match &mut long {
                    Some(out) => out,
                    None => long.insert(long_texts(folder, stem)?),
                };
                let fid = String::from_utf8_lossy(record.fid());
                write!(out, "{fid},{},{}\r\n", columns[column].name, quoted(text)).map_err(Error::io("write the texts"))
            })?;
        }
    }
    if let Some(mut long) = long {
        long.flush().map_err(Error::io("write the texts"))?;
    }
    if all.is_empty() {
        all.insert(first, create(first)?);
    }
    let system = if job.is_spatial() { Some(system(job.selection.crs.srid)?) } else { None };
    for files in all.into_values() {
        files.finish(&columns, &job.layer.updated, system.as_deref())?;
    }
    std::fs::write(folder.join(format!("{stem}_truong.csv")), legend(job, &names))
        .map_err(Error::io("write the legend"))
}

/// The class that a layer is all of; none of one that takes any geometry and has several kinds.
fn main(job: &Job) -> Option<Class> {
    let declared = job.layer.geometry.as_ref().map_or("", |g| g.r#type.as_str());
    match (job.is_spatial(), job.layer.shape()) {
        (false, _) => Some(Class::Nowhere),
        (_, "point") if declared == "MultiPoint" => Some(Class::MultiPoint),
        (_, "point") => Some(Class::Point),
        (_, "line") => Some(Class::Line),
        (_, "polygon") => Some(Class::Polygon),
        _ => None,
    }
}

fn suffix(class: Class) -> &'static str {
    match class {
        Class::Nowhere => "_khong_hinh",
        Class::Point => "_diem",
        Class::MultiPoint => "_nhieu_diem",
        Class::Line => "_duong",
        Class::Polygon => "_vung",
    }
}

/// The names of the fields in the table, where the id is `fid`.
fn names(job: &Job) -> Vec<String> {
    let short = short_names(job.selection.fields.iter().map(|f| f.name.as_str()));
    let apart = |name: String| if name.eq_ignore_ascii_case(FID) { format!("{FID}_1") } else { name };
    short.into_iter().map(apart).collect()
}

/// A system as ESRI writes it.
fn system(srid: i32) -> Result<String> {
    let system = SpatialRef::from_epsg(srid.unsigned_abs())?;
    system.morph_to_esri()?;
    Ok(system.to_wkt()?)
}

/// Where texts are whole that the table cannot hold, for people and programs.
fn long_texts(folder: &Path, stem: &str) -> Result<BufWriter<File>> {
    let mut out =
        BufWriter::new(File::create(folder.join(format!("{stem}_dai.csv"))).map_err(Error::io("write the texts"))?);
    out.write_all("\u{feff}fid,ten_trong_tep,noi_dung\r\n".as_bytes()).map_err(Error::io("write the texts"))?;
    Ok(out)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Which short name stands for which field, as CSV with a byte order mark: what comes with the file to be read by people.
fn legend(job: &Job, short: &[String]) -> String {
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
    let mut archive = zip::ZipWriter::new(File::create(to).map_err(io())?);
    for name in names {
        let mut file = File::open(folder.join(&name)).map_err(io())?;
        let large = file.metadata().map_err(io())?.len() > u64::from(u32::MAX);
        // At its usual level packing takes ten times as long as all else.
        let options = SimpleFileOptions::default().compression_level(Some(1)).large_file(large);
        archive.start_file(name.to_string_lossy(), options).map_err(wrong)?;
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
