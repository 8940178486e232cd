//! What Circular 16/2025/TT-BXD (appendix II, as amended by 43/2025 and 24/2026; consolidated in 59/VBHN-BXD of 2026) asks
//! of a planning database: themes, datasets, classes and their fields.
//!
//! The circular itself gives the names of the classes, their geometry and the six fields that every class has. The other
//! fields are those of the database templates that are published for it, which are not part of the circular.

use std::sync::LazyLock;

use serde::Serialize;

const CLASSES: &str = include_str!("../../../data/tt16/classes.tsv");
const DATASETS: &str = include_str!("../../../data/tt16/datasets.tsv");
const FIELDS: &str = include_str!("../../../data/tt16/fields.tsv");
const PROVINCES: &str = include_str!("../../../data/tt16/provinces.tsv");

/// The circular's number.
pub const NUMBER: &str = "16/2025/TT-BXD";

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    pub vi: String,
    pub en: String,
}

pub fn said(vi: impl Into<String>, en: impl Into<String>) -> Said {
    Said { vi: vi.into(), en: en.into() }
}

/// One of the four databases of `HoSoGIS`.
#[derive(Debug, PartialEq)]
pub struct Theme {
    pub id: &'static str,
    pub title: &'static str,
    pub title_en: &'static str,
    /// Whether a plan cannot do without.
    pub needed: bool,
}

pub const THEMES: [Theme; 4] = [
    Theme { id: "HienTrang", title: "Hiện trạng", title_en: "Current state", needed: false },
    Theme { id: "QuyHoach", title: "Quy hoạch", title_en: "Plan", needed: true },
    Theme { id: "MocGioi", title: "Mốc giới", title_en: "Boundary markers", needed: false },
    Theme { id: "NenDiaHinh", title: "Nền địa hình", title_en: "Base terrain", needed: false },
];

/// A group of classes in a theme.
#[derive(Debug, PartialEq)]
pub struct Dataset {
    pub theme: &'static str,
    pub id: &'static str,
    pub title: &'static str,
    pub title_en: &'static str,
    /// `#RRGGBB`; a convention of ours, for the circular gives none.
    pub color: &'static str,
}

/// What a class of the circular is.
#[derive(Debug, PartialEq)]
pub struct Class {
    pub theme: &'static str,
    pub dataset: &'static Dataset,
    /// As the circular writes it: `ChucNangSuDungDat_A`.
    pub name: &'static str,
    /// The end of the ids of its layers.
    pub id: &'static str,
    /// `point`, `line`, `polygon`
    pub shape: &'static str,
    pub title: &'static str,
    pub title_en: &'static str,
    pub color: &'static str,
    /// Drawn when the map opens.
    pub shown: bool,
    pub label: Option<&'static str>,
    pub fields: Vec<Attribute>,
}

/// A field of a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribute {
    pub name: &'static str,
    pub title: &'static str,
    pub is: Is,
    /// Letters that a text may have.
    pub length: Option<usize>,
    pub rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Text,
    Whole,
    Real,
    Date,
}

/// How firmly a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// By the circular, with a value in every row.
    Required,
    /// By the circular.
    Minimum,
    /// By the published template.
    Template,
    /// The template has it in most classes of the theme.
    Usual,
}

/// A province since 1 July 2025, and the zone of VN-2000 that its maps are in (Circular 24/2025/TT-BNNMT).
#[derive(Debug, PartialEq)]
pub struct Province {
    pub code: &'static str,
    pub name: &'static str,
    pub srid: i32,
}

/// `maThongTinQH`: province, year, level, kind, adjustment, five digits (appendix II).
pub const INFORMATION_CODE: &str = "^[0-9]{2}[0-9]{2}[1-4][1-5][0-2][0-9]{5}$";
/// `maHoSoQH`: province, level, overall and local revision, number (appendix II).
pub const DOSSIER_CODE: &str = "^[0-9]{2}(QHC|QPK|QCT)[0-9][0-9]{2}[0-9]{4}$";

/// The fields of every class: name, letters, rule.
const MINIMUM: [(&str, usize, Rule); 6] = [
    ("maThongTinQH", 15, Rule::Required),
    ("maHoSoQH", 15, Rule::Required),
    ("maDoiTuong", 100, Rule::Minimum),
    ("tenDoiTuong", 100, Rule::Minimum),
    ("phanLoai", 250, Rule::Minimum),
    ("ghiChu", 250, Rule::Minimum),
];
/// Those that most planned classes have besides.
const PLANNED: [&str; 3] = ["loaiQuyHoach", "loaiDieuChinh", "capDoQuyHoach"];

static TABLE: LazyLock<Vec<Class>> = LazyLock::new(|| rows(CLASSES).filter_map(of_row).collect());
static SETS: LazyLock<Vec<Dataset>> = LazyLock::new(|| rows(DATASETS).filter_map(dataset).collect());

/// Every class, in the circular's order.
pub fn classes() -> &'static [Class] {
    &TABLE
}

pub fn theme(id: &str) -> Option<&'static Theme> {
    THEMES.iter().find(|theme| theme.id == id)
}

pub fn class(theme: &str, name: &str) -> Option<&'static Class> {
    classes().iter().find(|class| class.theme == theme && class.name.eq_ignore_ascii_case(name.trim()))
}

/// The province that a code of a dossier begins with.
pub fn province(code: &str) -> Option<Province> {
    rows(PROVINCES).find_map(|row| match row[..] {
        [number, name, srid] if code.get(..2) == Some(number) => {
            Some(Province { code: number, name, srid: srid.parse().ok()? })
        }
        _ => None,
    })
}

/// The lines of a table below its heading.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect())
}

fn dataset(row: Vec<&'static str>) -> Option<Dataset> {
    let [theme, id, title, title_en, color] = row[..] else { return None };
    Some(Dataset { theme, id, title, title_en, color })
}

fn of_row(row: Vec<&'static str>) -> Option<Class> {
    let [theme, set, name, id, shape, title, title_en, color, shown, label, fields] = row[..] else { return None };
    let dataset = SETS.iter().find(|d| d.theme == theme && d.id == set)?;
    let minimum = MINIMUM.map(|(name, length, rule)| attribute(name, Is::Text, Some(length), rule));
    let usual = PLANNED.iter().filter(|_| theme == "QuyHoach").map(|name| attribute(name, Is::Text, None, Rule::Usual));
    let own = fields.split(' ').filter(|f| !f.is_empty()).map(|field| {
        let (name, is) = field.split_once(':').unwrap_or((field, "text"));
        let is = match is {
            "whole" => Is::Whole,
            "real" => Is::Real,
            "date" => Is::Date,
            _ => Is::Text,
        };
        attribute(name, is, None, Rule::Template)
    });
    let fields = minimum.into_iter().chain(own).chain(usual).collect();
    let (color, label) = (if color.is_empty() { dataset.color } else { color }, Some(label).filter(|l| !l.is_empty()));
    Some(Class { theme, dataset, name, id, shape, title, title_en, color, shown: shown == "1", label, fields })
}

fn attribute(name: &'static str, is: Is, length: Option<usize>, rule: Rule) -> Attribute {
    let title = rows(FIELDS).find(|row| row[0].eq_ignore_ascii_case(name)).map_or(name, |row| row[1]);
    Attribute { name, title, is, length, rule }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_circulars_classes_and_every_field_has_a_title() {
        let of = |theme| classes().iter().filter(|c| c.theme == theme).count();
        assert_eq!(THEMES.map(|t| of(t.id)), [67, 79, 3, 4]);
        for class in classes() {
            assert!(class.fields.len() >= 6 && class.id.len() <= 25, "{}", class.name);
            assert!(class.fields.iter().all(|f| f.title != f.name), "{}", class.name);
            let end = match class.shape {
                "point" => "_P",
                "line" => "_L",
                _ => "_A",
            };
            assert!(class.name.ends_with(end), "{}", class.name);
            if let Some(label) = class.label {
                assert!(class.fields.iter().any(|f| f.name == label), "{}: {label}", class.name);
            }
        }
        let ids: std::collections::HashSet<_> = classes().iter().map(|c| c.id).collect();
        assert_eq!(ids.len(), classes().len());
        assert!(
            class("QuyHoach", "chucnangsudungdat_a").is_some() && class("MocGioi", "ChucNangSuDungDat_A").is_none()
        );
    }

    #[test]
    fn a_dossier_says_its_province() {
        assert_eq!(province("56QPK0010001").map(|p| (p.name, p.srid)), Some(("Khánh Hòa", 9217)));
        assert_eq!(province("99QPK0010001"), None);
        assert_eq!(province(""), None);
    }
}
