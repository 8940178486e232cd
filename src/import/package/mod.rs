//! Planning packages of Circular 16/2025/TT-BXD: `HoSoGIS/{HienTrang,QuyHoach,NenDiaHinh,MocGioi}` as folders, geodatabases
//! or GeoPackages, or one database of all of them, recognised as a whole and imported as one set of layers. Of the scanned
//! drawings beside it (`HoSoScan`) those that have a place become layers too.
//!
//! All layers come in by one transaction. Nothing that is there is left out because it does not conform: the report says so.

pub mod account; // what the set holds, and what it lacks
pub mod circular; // what is asked
mod describe; // what the catalog is told
pub mod finding; // something that is not as it should be
mod set; // the import of all of it
pub mod structure; // fields, geometry and place of a class
mod values; // what its rows hold

use std::path::Path;

use serde::Serialize;

use super::frames::LayerInfo;
use crate::error::{Error, Result};
use crate::filter::folded;
use crate::layer::edit::{checked_id, layer_id};
use circular::{Class, Theme};

pub use account::{Account, Outlook, outlook};
pub use set::import;

/// The folders of a dossier: its GIS data, its scans, its editable originals.
pub const GIS: &str = "hosogis";
pub const SCANS: &str = "hososcan";
pub const BASIC: &str = "hosobasic";

/// A database without a theme's name is a package if it has as many classes, and little else.
const FEWEST: usize = 3;

/// Letters of a package's id: with the ends of its layers' ids, ids of layers have fifty at most.
const LONGEST_ID: usize = 24;

/// A package, as its names and folders show it.
#[derive(Debug)]
pub struct Package {
    /// What the ids of its layers begin with.
    pub id: String,
    /// The plan's name as the folder or file has it.
    pub name: String,
    pub members: Vec<Member>,
    /// Files of the dossier that are no data to import.
    pub unread: Vec<String>,
}

/// A layer of the source.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    #[serde(skip)]
    pub index: usize,
    pub name: String,
    /// Where it is in the package.
    pub path: String,
    pub count: Option<u64>,
    #[serde(skip)]
    pub theme: Option<&'static Theme>,
    /// None: the circular knows no such class.
    #[serde(skip)]
    pub class: Option<&'static Class>,
    /// Of the scanned part of the dossier: a drawing, or the list of them.
    #[serde(skip)]
    pub scan: bool,
}

impl Package {
    /// The package that these layers are, or nothing. `file` is the source; `id` what its administrator calls it.
    ///
    /// # Errors
    /// The id that was asked for cannot be one, or is too long for layers to begin with.
    pub fn recognise(file: &Path, layers: &[LayerInfo], id: Option<&str>) -> Result<Option<Package>> {
        let mut members: Vec<Member> = layers.iter().map(member).collect();
        if members.iter().all(|m| m.class.is_none()) {
            by_names(&mut members);
        }
        if !members.iter().any(|m| m.class.is_some()) {
            return Ok(None);
        }
        let name = name(file, &members);
        let id = match id {
            Some(id) if id.len() > LONGEST_ID => {
                let say = format!(
                    "`--layer {id}` is what the ids of the package's layers begin with, and has at most {LONGEST_ID} letters"
                );
                return Err(Error::invalid("layer", say));
            }
            Some(id) => checked_id(id)?,
            None => short(&layer_id(&name)),
        };
        Ok(Some(Package { id, name, members, unread: Vec::new() }))
    }

    pub fn member(&self, index: usize) -> Option<&Member> {
        self.members.iter().find(|m| m.index == index)
    }

    /// The id of a member's layer.
    pub fn layer_id(&self, member: &Member) -> String {
        match (member.class, member.theme) {
            (Some(class), _) => format!("{}_{}", self.id, class.id),
            (None, Some(theme)) => layer_id(&format!("{}_{}_{}", self.id, theme.id, member.name)),
            (None, None) => layer_id(&format!("{}_{}", self.id, member.name)),
        }
    }
}

fn member(layer: &LayerInfo) -> Member {
    let theme = theme(&layer.path, &layer.name);
    Member {
        index: layer.index,
        name: layer.name.clone(),
        path: layer.path.clone(),
        count: layer.count,
        theme,
        class: theme.filter(|_| layer.raster.is_none()).and_then(|theme| circular::class(theme.id, &layer.name)),
        scan: within(&layer.path, SCANS),
    }
}

/// One database of all themes: its layers are called as the classes are, with the theme before the name where several themes
/// have the class (`QuyHoach_ChucNangSuDungDat_A`). Where all classes that only one theme has are of the same, the others
/// are taken to be of it too.
fn by_names(members: &mut [Member]) {
    let known: Vec<Option<&'static Class>> = members.iter().map(|m| named(&m.name)).collect();
    let found = known.iter().flatten().count();
    if found < FEWEST || found * 2 <= members.len() {
        return;
    }
    let mut themes: Vec<&str> = known.iter().flatten().map(|class| class.theme).collect();
    themes.sort_unstable();
    themes.dedup();
    for (member, class) in members.iter_mut().zip(known) {
        let only = || circular::class(themes.first().filter(|_| themes.len() == 1)?, &member.name);
        member.class = class.or_else(only);
        member.theme = member.class.and_then(|class| circular::theme(class.theme));
    }
}

/// The class that a layer's name is alone.
fn named(name: &str) -> Option<&'static Class> {
    let of = |theme: &Theme| {
        let begins = name.get(..theme.id.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(theme.id));
        let rest = name.get(theme.id.len()..).filter(|_| begins)?;
        circular::class(theme.id, rest.trim_start_matches(['_', '-', '.', ' ', '/']))
    };
    let mut alike = circular::classes().iter().filter(|class| class.name.eq_ignore_ascii_case(name.trim()));
    match (alike.next(), alike.next()) {
        (Some(class), None) => Some(class),
        (Some(_), Some(_)) => None,
        _ => circular::THEMES.iter().find_map(of),
    }
}

/// Whether a path leads through a folder of this name, whatever the case, the diacritics, spaces and numbers before it.
pub fn within(path: &str, folder: &str) -> bool {
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    above.split('/').any(|part| plain(part).trim_start_matches(|c: char| c.is_ascii_digit()) == folder)
}

/// The theme whose folder or database a layer is in: the last part of its path that begins with a theme's name, whatever
/// the case, the diacritics, spaces and numbers before it (`2. Quy hoạch`, `HIENTRANG.GDB`). A file of its own, which is
/// named after its class, is no database.
fn theme(path: &str, layer: &str) -> Option<&'static Theme> {
    let parts = path.split('/').filter(|part| !plain(stem(part)).is_empty());
    let parts: Vec<String> = parts.filter(|part| stem(part) != layer).map(|part| plain(stem(part))).collect();
    parts.iter().rev().find_map(|part| {
        circular::THEMES.iter().find(|theme| {
            let name = theme.id.to_lowercase();
            part.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(&name)
        })
    })
}

/// A name without its endings (`HienTrang.gdb.zip`): what comes after a dot that letters follow.
fn stem(part: &str) -> &str {
    let mut stem = part;
    while let Some((before, ending)) = stem.rsplit_once('.') {
        let known = ["gdb", "gpkg", "shp", "zip", "geojson", "json", "tab", "mif", "fgb", "gml", "kml"];
        if before.is_empty() || !known.iter().any(|e| ending.eq_ignore_ascii_case(e)) {
            break;
        }
        stem = before;
    }
    stem
}

/// Letters and digits, folded.
fn plain(name: &str) -> String {
    folded(name).chars().filter(|c| c.is_ascii_alphanumeric()).collect()
}

/// The plan's name: of the folder `CSDL_…`, or of what holds `HoSoGIS`, or of the file. Folders above the source count where
/// it is itself a part of a package.
fn name(file: &Path, members: &[Member]) -> String {
    let part = |name: &str| {
        let name = plain(stem(name));
        name == "hosogis" || circular::THEMES.iter().any(|theme| name == theme.id.to_lowercase())
    };
    let outside: Vec<String> =
        file.iter().map(|n| n.to_string_lossy().into_owned()).filter(|n| !plain(n).is_empty()).collect();
    let whole = outside.iter().rposition(|name| !part(name)).unwrap_or(0);
    let inside = members.iter().find(|m| m.class.is_some()).map_or("", |m| &m.path);
    let names: Vec<&str> =
        outside[whole.min(outside.len())..].iter().map(String::as_str).chain(inside.split('/')).collect();
    let called = |name: &&str| plain(name).starts_with("csdl") && plain(name).len() > 4;
    let above = names.iter().position(|name| plain(name) == "hosogis").and_then(|at| names.get(at.checked_sub(1)?));
    let name = names.iter().rfind(|name| called(name)).or(above).or(names.first()).copied().unwrap_or_default();
    let name = stem(name);
    let rest = name.get(4..).filter(|_| called(&name)).unwrap_or(name);
    rest.trim_start_matches(['_', '-', ' ']).to_string()
}

/// An id cut at a word, so that it fits in front of every class.
fn short(id: &str) -> String {
    if id.len() <= LONGEST_ID {
        return id.to_string();
    }
    let (cut, rest) = id.split_at(LONGEST_ID);
    if rest.starts_with('_') {
        return cut.to_string();
    }
    cut.rsplit_once('_').map_or(cut, |(words, _)| words).trim_end_matches('_').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(paths: &[(&str, &str)]) -> Vec<LayerInfo> {
        let layer = |(index, (path, name)): (usize, &(&str, &str))| LayerInfo {
            index,
            path: (*path).into(),
            name: (*name).into(),
            ..LayerInfo::default()
        };
        paths.iter().enumerate().map(layer).collect()
    }

    fn found(file: &str, paths: &[(&str, &str)]) -> Option<(String, Vec<Option<&'static str>>)> {
        let package = Package::recognise(Path::new(file), &layers(paths), None).unwrap()?;
        Some((package.id, package.members.iter().map(|m| m.class.map(|c| c.id)).collect()))
    }

    #[test]
    fn a_package_is_known_by_its_folders_however_they_are_written() {
        let land = "qh_chuc_nang_sdd_a";
        for (file, path, id) in [
            ("/in/CSDL_PhanKhu1.zip", "CSDL_PhanKhu1/HoSoGIS/QuyHoach.gdb", "phankhu1"),
            ("/in/CSDL_PhanKhu1", "HoSoGIS/QuyHoach.gdb", "phankhu1"),
            ("/in/CSDL_PhanKhu1/HoSoGIS", "QuyHoach.gdb", "phankhu1"),
            ("/in/CSDL_PhanKhu1/HoSoGIS/QuyHoach.gdb", "", "phankhu1"),
            (
                "/in/giao nop.zip",
                "a/b/Phân khu 2/HỒ SƠ GIS/2. QUY HOẠCH/QuyHoachSuDungDat/ChucNangSuDungDat_A.shp",
                "phan_khu_2",
            ),
            ("/in/giao nop.zip", "QuyHoach.gdb.zip/QuyHoach.gdb", "giao_nop"),
            ("/in/giao nop.zip", "quyhoach.GPKG", "giao_nop"),
        ] {
            let path = if path.is_empty() { "QuyHoach.gdb" } else { path };
            assert_eq!(
                found(file, &[(path, "CHUCNANGSUDUNGDAT_A")]),
                Some((id.into(), vec![Some(land)])),
                "{file} {path}"
            );
        }
    }

    #[test]
    fn the_same_class_of_two_themes_is_two_classes_and_others_are_none() {
        let (_, classes) = found(
            "/in/x.zip",
            &[
                ("HoSoGIS/HienTrang/HienTrangSuDungDat/ChucNangSuDungDat_A.shp", "ChucNangSuDungDat_A"),
                ("HoSoGIS/QuyHoach/QuyHoachSuDungDat/ChucNangSuDungDat_A.shp", "ChucNangSuDungDat_A"),
                ("HoSoGIS/QuyHoach/HienTrang.shp", "HienTrang"),
            ],
        )
        .unwrap();
        assert_eq!(classes, [Some("ht_chuc_nang_sdd_a"), Some("qh_chuc_nang_sdd_a"), None]);
        for path in ["ChucNangSuDungDat_A.shp", "du_lieu/ChucNangSuDungDat_A.shp", "QuyHoach.shp"] {
            assert_eq!(found("/in/x.zip", &[(path, stem(path))]), None, "{path}");
        }
    }

    #[test]
    fn a_database_of_all_themes_is_known_by_the_names_of_its_layers() {
        let of = |names: &[&str]| {
            let paths: Vec<_> = names.iter().map(|name| ("phan_khu_3.gpkg", *name)).collect();
            found("/in/phan_khu_3.gpkg", &paths)
        };
        let (id, classes) = of(&[
            "QuyHoach_ChucNangSuDungDat_A",
            "hientrang.chucnangsudungdat_a",
            "MocGioiQuyHoach_P",
            "DuongDongMuc_L",
            "ChucNangSuDungDat_A",
            "ghi_chu",
        ])
        .unwrap();
        assert_eq!(id, "phan_khu_3");
        let wanted = ["qh_chuc_nang_sdd_a", "ht_chuc_nang_sdd_a", "moc_gioi_p", "nen_duong_dong_muc_l"];
        assert_eq!(classes[..4], wanted.map(Some));
        assert_eq!(classes[4..], [None, None], "nobody can tell which theme it is of");
        assert_eq!(of(&["MocGioiQuyHoach_P", "DuongDongMuc_L"]), None, "two names may be chance");
        let many = ["MocGioiQuyHoach_P", "DuongDongMuc_L", "DiemDoCao_P", "a", "b", "c"];
        assert_eq!(of(&many), None, "a database of other things");
    }

    #[test]
    fn ids_of_layers_fit_and_are_cut_at_words() {
        assert_eq!(short("quy_hoach_phan_khu_so_12_phuong_phan_rang"), "quy_hoach_phan_khu_so_12");
        assert_eq!(short("abc"), "abc");
        let long =
            Package::recognise(Path::new("/x"), &layers(&[("QuyHoach.gdb", "CayXanh_P")]), Some(&"a".repeat(25)));
        assert!(long.is_err());
    }
}
