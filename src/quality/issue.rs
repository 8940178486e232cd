//! One finding: what, how bad, whose, where. What people read is made from these, in Vietnamese and in English.

use serde::Serialize;
use serde_json::{Value, json};

/// What is wrong. Each belongs to an element of ISO 19157:2013 (8.3) and, where its annex D has one, to a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A source row that could not be imported.
    SetAside,
    /// A geometry that was invalid and was mended.
    Repaired,
    Overlap,
    Gap,
    Duplicate,
    Sliver,
    RepeatedPoint,
    Empty,
    UnknownCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    /// For the record: it is right now, or may well be right.
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Vi,
    En,
}

impl Language {
    fn of<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Vi => vi,
            Language::En => en,
        }
    }
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }

    pub fn title(self, lang: Language) -> &'static str {
        match self {
            Severity::Error => lang.of("lỗi", "error"),
            Severity::Warning => lang.of("cảnh báo", "warning"),
            Severity::Note => lang.of("ghi chú", "note"),
        }
    }
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::SetAside,
        Kind::Repaired,
        Kind::Overlap,
        Kind::Gap,
        Kind::Duplicate,
        Kind::Sliver,
        Kind::RepeatedPoint,
        Kind::Empty,
        Kind::UnknownCode,
    ];

    /// As addresses and documents call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SetAside => "set_aside",
            Kind::Repaired => "repaired",
            Kind::Overlap => "overlap",
            Kind::Gap => "gap",
            Kind::Duplicate => "duplicate",
            Kind::Sliver => "sliver",
            Kind::RepeatedPoint => "repeated_point",
            Kind::Empty => "empty",
            Kind::UnknownCode => "unknown_code",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The element of ISO 19157, as its implementations spell it.
    pub fn element(self) -> &'static str {
        match self {
            Kind::SetAside | Kind::Empty => "DQ_CompletenessOmission",
            Kind::Duplicate => "DQ_CompletenessCommission",
            Kind::UnknownCode => "DQ_DomainConsistency",
            Kind::RepeatedPoint => "DQ_FormatConsistency",
            Kind::Repaired | Kind::Overlap | Kind::Gap | Kind::Sliver => "DQ_TopologicalConsistency",
        }
    }

    /// The number of the measure in annex D of ISO 19157.
    pub fn measure(self) -> Option<u16> {
        match self {
            Kind::SetAside => Some(6),
            Kind::Duplicate => Some(4),
            Kind::Overlap => Some(11),
            Kind::UnknownCode => Some(16),
            Kind::Sliver => Some(25),
            Kind::Repaired => Some(26),
            Kind::Gap | Kind::RepeatedPoint | Kind::Empty => None,
        }
    }

    pub fn title(self, lang: Language) -> &'static str {
        match self {
            Kind::SetAside => lang.of("Bản ghi không nhập được", "Rows set aside"),
            Kind::Repaired => lang.of("Hình học đã sửa", "Geometries mended"),
            Kind::Overlap => lang.of("Chồng lấn", "Overlaps"),
            Kind::Gap => lang.of("Khoảng hở", "Gaps"),
            Kind::Duplicate => lang.of("Hình trùng nhau", "Duplicate geometries"),
            Kind::Sliver => lang.of("Mảnh vụn hẹp", "Slivers"),
            Kind::RepeatedPoint => lang.of("Đỉnh lặp lại", "Repeated points"),
            Kind::Empty => lang.of("Không có hình học", "Without geometry"),
            Kind::UnknownCode => lang.of("Mã loại đất lạ", "Unknown land-use codes"),
        }
    }
}

/// Puts title, element and measure beside the counts of a report's `issues`, which are an object by kind.
pub fn describe(issues: &mut Value) {
    for (name, issue) in issues.as_object_mut().into_iter().flatten() {
        let Some(kind) = Kind::parse(name) else { continue };
        issue["title"] = json!({"vi": kind.title(Language::Vi), "en": kind.title(Language::En)});
        issue["element"] = json!(kind.element());
        if let Some(measure) = kind.measure() {
            issue["measure"] = json!(measure);
        }
    }
}

/// Where an issue is, in the layer's coordinates.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    Nowhere,
    Point([f64; 2]),
    /// Polygons: rings, the outer one first, without the closing position.
    Polygons(Vec<Vec<Vec<[f64; 2]>>>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    pub kind: Kind,
    pub severity: Severity,
    /// The features concerned; the first twenty.
    pub fids: Vec<i64>,
    /// The source's row, where it did not become a feature.
    pub row: Option<i64>,
    /// m²: of the overlap, the gap, the sliver; of what was mended, afterwards.
    pub area: Option<f64>,
    /// m², of what was mended.
    pub area_before: Option<f64>,
    /// Mean width, m.
    pub width: Option<f64>,
    /// The reason, or the value.
    pub detail: Option<String>,
    pub place: Place,
}

impl Issue {
    pub fn new(kind: Kind, severity: Severity, fids: Vec<i64>, place: Place) -> Issue {
        let (row, area, area_before, width, detail) = (None, None, None, None, None);
        Issue { kind, severity, fids, row, area, area_before, width, detail, place }
    }
}

/// How many of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    pub count: u64,
    /// There may be more: looking ended early.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Of all together, m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<f64>,
    /// Not counted, being within the tolerance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_tolerance: Option<u64>,
}

/// What an issue says to people, from what is kept of it.
pub struct Said<'a> {
    pub kind: Kind,
    pub fids: &'a [i64],
    pub row: Option<i64>,
    pub area: Option<f64>,
    pub area_before: Option<f64>,
    pub width: Option<f64>,
    pub detail: Option<&'a str>,
}

impl Said<'_> {
    pub fn message(&self, lang: Language) -> String {
        let size = |n: Option<f64>| number(n.unwrap_or(0.0), lang);
        let fids = self.fids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let (area, width, detail) = (size(self.area), size(self.width), self.detail.unwrap_or("?"));
        let row = self.row.unwrap_or(0);
        match (self.kind, lang) {
            (Kind::SetAside, Language::Vi) => format!("Bản ghi {row} của tệp nguồn không nhập được: {detail}"),
            (Kind::SetAside, Language::En) => format!("Row {row} of the source could not be imported: {detail}"),
            (Kind::Repaired, _) => {
                let reason = reason(detail, lang);
                let sizes = self.area_before.zip(self.area).map_or(String::new(), |(before, after)| {
                    let word = lang.of("diện tích", "area");
                    format!("; {word} {} → {} m²", number(before, lang), number(after, lang))
                });
                match lang {
                    Language::Vi => format!("Hình của đối tượng {fids} không hợp lệ ({reason}), đã sửa{sizes}"),
                    Language::En => {
                        format!("The geometry of feature {fids} was invalid ({reason}) and was mended{sizes}")
                    }
                }
            }
            (Kind::Overlap, Language::Vi) => {
                format!("Các đối tượng {fids} chồng lên nhau {area} m², rộng chừng {width} m")
            }
            (Kind::Overlap, Language::En) => format!("Features {fids} overlap by {area} m², some {width} m wide"),
            (Kind::Gap, Language::Vi) => {
                format!("Khoảng hở {area} m², rộng chừng {width} m, giữa các đối tượng {fids}")
            }
            (Kind::Gap, Language::En) => format!("A gap of {area} m², some {width} m wide, between features {fids}"),
            (Kind::Duplicate, Language::Vi) => format!("Các đối tượng {fids} có cùng một hình"),
            (Kind::Duplicate, Language::En) => format!("Features {fids} have the same geometry"),
            (Kind::Sliver, Language::Vi) => format!("Đối tượng {fids} chỉ rộng chừng {width} m ({area} m²)"),
            (Kind::Sliver, Language::En) => format!("Feature {fids} is only some {width} m wide ({area} m²)"),
            (Kind::RepeatedPoint, Language::Vi) => {
                format!("Đối tượng {fids} có đỉnh lặp lại liền nhau ({detail} đỉnh thừa)")
            }
            (Kind::RepeatedPoint, Language::En) => format!("Feature {fids} repeats a point ({detail} too many)"),
            (Kind::Empty, Language::Vi) => format!("Đối tượng {fids} không có hình học"),
            (Kind::Empty, Language::En) => format!("Feature {fids} has no geometry"),
            (Kind::UnknownCode, Language::Vi) => {
                format!("Đối tượng {fids} mang mã loại đất “{detail}” không có trong danh mục")
            }
            (Kind::UnknownCode, Language::En) => {
                format!("Feature {fids} has the land-use code “{detail}”, which no list has")
            }
        }
    }
}

/// A size as people write it: two decimals, more where it is small.
pub fn number(n: f64, lang: Language) -> String {
    let decimals = match n.abs() {
        a if a >= 1.0 || a == 0.0 => 2,
        a if a >= 0.001 => 4,
        _ => 7,
    };
    let text = format!("{n:.decimals$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = if decimals > 2 { part.trim_end_matches('0') } else { part };
    let (point, apart) = if lang == Language::Vi { (',', '.') } else { ('.', ',') };
    let mut out = String::new();
    let digits = whole.trim_start_matches('-');
    if whole.len() > digits.len() {
        out.push('-');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(apart);
        }
        out.push(c);
    }
    if !part.is_empty() {
        out.push(point);
        out.push_str(part);
    }
    out
}

/// GEOS's reasons for an invalid geometry, in Vietnamese.
pub fn reason(text: &str, lang: Language) -> String {
    const REASONS: [(&str, &str); 10] = [
        ("Ring Self-intersection", "vòng tự chạm"),
        ("Self-intersection", "tự cắt"),
        ("Hole lies outside shell", "lỗ nằm ngoài đường bao"),
        ("Holes are nested", "lỗ lồng trong lỗ"),
        ("Nested shells", "vùng lồng trong vùng"),
        ("Duplicate Rings", "vòng trùng nhau"),
        ("Interior is disconnected", "phần trong bị chia cắt"),
        ("Too few points in geometry component", "quá ít đỉnh"),
        ("Ring is not closed", "vòng không khép kín"),
        ("Invalid Coordinate", "toạ độ không hợp lệ"),
    ];
    let known = REASONS.iter().find(|(en, _)| text.eq_ignore_ascii_case(en));
    known.map_or(text.to_string(), |(en, vi)| lang.of(vi, en).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_does() {
        assert_eq!(number(1_234_567.891, Language::Vi), "1.234.567,89");
        assert_eq!(number(1_234.5, Language::En), "1,234.50");
        assert_eq!((number(0.0123, Language::En), number(-0.5, Language::Vi)), ("0.0123".into(), "-0,5".into()));
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
        }
        assert_eq!(Kind::parse("overlaps"), None);
    }
}
