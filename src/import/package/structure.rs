//! A layer of a package held against its class: which fields are there, of what type and length, which geometry, where.

use serde::Serialize;

use super::circular::{Attribute, Class, Is, NUMBER, Province, Said, said};
use super::finding::{Finding, Severity, asked, counted, gravity, listed};
use crate::geo;
use crate::import::frames::{Crs, LayerInfo, LayerStart};
use crate::schema::{Field, Geometry, Kind};

/// Letters of a field's name in a Shapefile.
const DBF_NAME: usize = 10;
/// What programs add by themselves.
const OWN: [&str; 8] =
    ["objectid", "fid", "shape", "shape_area", "shape_length", "shape_leng", "shape_le_1", "shape_ar_1"];

/// A layer, as the reader tells of it before its rows.
pub struct Seen<'a> {
    pub shapefile: bool,
    pub geometry: Option<&'a Geometry>,
    pub shape: Option<&'a str>,
    /// Each with the width that the source declares for it; 0 for none.
    pub fields: Vec<(&'a Field, i32)>,
    pub crs: Option<&'a Crs>,
    pub empty: bool,
}

impl<'a> Seen<'a> {
    pub fn inspected(layer: &'a LayerInfo) -> Seen<'a> {
        Seen {
            shapefile: layer.path.to_lowercase().ends_with(".shp"),
            geometry: layer.geometry.as_ref(),
            shape: layer.shape.as_deref(),
            fields: layer.fields.iter().map(|f| (&f.field, f.width)).collect(),
            crs: layer.crs.as_ref(),
            empty: layer.count == Some(0),
        }
    }

    pub fn started(layer: &'a LayerStart, path: &str) -> Seen<'a> {
        let widths = layer.widths.iter().copied().chain(std::iter::repeat(0));
        Seen {
            shapefile: path.to_lowercase().ends_with(".shp"),
            geometry: layer.geometry.as_ref(),
            shape: layer.shape.as_deref(),
            fields: layer.fields.iter().zip(widths).collect(),
            crs: layer.crs.as_ref(),
            empty: layer.count == Some(0),
        }
    }
}

/// What became of a field of the circular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Present,
    Missing,
    WrongType,
    TooShort,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldState {
    pub name: &'static str,
    pub title: &'static str,
    pub state: State,
    /// The field of the layer that it is.
    pub found: Option<String>,
}

/// How a layer stands to its class.
#[derive(Debug, Clone, Serialize)]
pub struct Conformance {
    pub circular: &'static str,
    pub theme: &'static str,
    pub dataset: &'static str,
    pub class: &'static str,
    pub title: Said,
    /// Without errors.
    pub conforms: bool,
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
    pub fields: Vec<FieldState>,
    pub findings: Vec<Finding>,
}

impl Conformance {
    pub fn new(class: &Class, seen: &Seen<'_>) -> Conformance {
        let pairs = pairs(class, seen);
        let mut findings = Vec::new();
        let mut fields = Vec::new();
        for (attribute, found) in class.fields.iter().zip(&pairs) {
            let (state, told) = field(attribute, *found);
            findings.extend(told.map(|f| f.of(class).field(attribute.name)));
            let found = found.map(|(field, _)| field.name.clone());
            fields.push(FieldState { name: attribute.name, title: attribute.title, state, found });
        }
        let known: Vec<&str> = pairs.iter().flatten().map(|(f, _)| f.name.as_str()).collect();
        let unknown = seen.fields.iter().map(|(f, _)| *f).filter(|f| !known.contains(&f.name.as_str()));
        findings.extend(unknown.filter(|f| !OWN.contains(&f.name.to_lowercase().as_str())).map(|f| {
            let message = said(
                format!("trường `{}` không có trong lớp {}; dữ liệu vẫn được nhập", f.name, class.name),
                format!("class {} has no field `{}`; it is imported all the same", class.name, f.name),
            );
            Finding::new(Severity::Note, "field_unknown", message, listed(class.theme)).of(class).field(&f.name)
        }));
        findings.extend(geometry(class, seen).map(|f| f.of(class)));
        findings.extend(system(seen).map(|f| f.of(class)));
        let title = said(class.title, class.title_en);
        let (theme, dataset) = (class.theme, class.dataset.id);
        let mut all = Conformance {
            circular: NUMBER,
            theme,
            dataset,
            class: class.name,
            title,
            conforms: true,
            errors: 0,
            warnings: 0,
            notes: 0,
            fields,
            findings,
        };
        all.count();
        all
    }

    pub fn add(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        self.count();
    }

    fn count(&mut self) {
        self.findings.sort_by_key(|f| f.severity);
        [self.errors, self.warnings, self.notes] = counted(&self.findings);
        self.conforms = self.errors == 0;
    }
}

/// The field of the layer that each attribute is: by its name, whatever the case; in a Shapefile, whose names are cut, by
/// the first ten letters, or by fewer and a number (`chucNang_1`), in the order of the class.
pub fn pairs<'a>(class: &Class, seen: &Seen<'a>) -> Vec<Option<(&'a Field, i32)>> {
    let mut found: Vec<Option<(&Field, i32)>> = class
        .fields
        .iter()
        .map(|a| seen.fields.iter().find(|(f, _)| f.name.eq_ignore_ascii_case(a.name)).copied())
        .collect();
    if !seen.shapefile {
        return found;
    }
    for (field, width) in &seen.fields {
        let taken = found.iter().flatten().any(|(f, _)| f.name == field.name);
        if taken || field.name.len() < DBF_NAME - 1 {
            continue;
        }
        let name = field.name.to_lowercase();
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
        let begins = |a: &Attribute| {
            let full = a.name.to_lowercase();
            full.len() > DBF_NAME && (full.starts_with(&name) || bare.len() >= 6 && full.starts_with(bare))
        };
        if let Some(at) = (0..found.len()).find(|i| found[*i].is_none() && begins(&class.fields[*i])) {
            found[at] = Some((*field, *width));
        }
    }
    found
}

fn field(attribute: &Attribute, found: Option<(&Field, i32)>) -> (State, Option<Finding>) {
    let Some((field, width)) = found else {
        let message = said(
            format!("thiếu trường `{}` ({})", attribute.name, attribute.title),
            format!("field `{}` is missing", attribute.name),
        );
        return (State::Missing, Some(Finding::new(gravity(attribute), "field_missing", message, asked(attribute))));
    };
    if !fits(attribute.is, field.kind) {
        let (vi, en) = wanted(attribute.is);
        let message = said(
            format!("trường `{}` có kiểu {}, phải là {vi}", field.name, field.kind.sql()),
            format!("field `{}` is of type {}, and should be {en}", field.name, field.kind.sql()),
        );
        return (State::WrongType, Some(Finding::new(gravity(attribute), "field_type", message, asked(attribute))));
    }
    match attribute.length.filter(|length| field.kind == Kind::Text && width > 0 && (width as usize) < *length) {
        Some(length) => {
            let message = said(
                format!("trường `{}` chỉ dài {width} ký tự, phải chứa được {length}", field.name),
                format!("field `{}` holds {width} letters, and should hold {length}", field.name),
            );
            (State::TooShort, Some(Finding::new(gravity(attribute), "field_length", message, asked(attribute))))
        }
        None => (State::Present, None),
    }
}

/// Whether a type holds what is asked for; a wider one does.
fn fits(is: Is, kind: Kind) -> bool {
    let whole = matches!(kind, Kind::Int2 | Kind::Int4 | Kind::Int8);
    match is {
        Is::Text => kind == Kind::Text,
        Is::Whole => whole,
        Is::Real => whole || matches!(kind, Kind::Float4 | Kind::Float8),
        Is::Date => matches!(kind, Kind::Date | Kind::Timestamp | Kind::Timestamptz),
    }
}

fn wanted(is: Is) -> (&'static str, &'static str) {
    match is {
        Is::Text => ("văn bản", "a text"),
        Is::Whole => ("số nguyên", "a whole number"),
        Is::Real => ("số", "a number"),
        Is::Date => ("ngày", "a date"),
    }
}

fn geometry(class: &Class, seen: &Seen<'_>) -> Option<Finding> {
    let shape = match (seen.shape, seen.geometry) {
        (Some(shape), Some(_)) => shape,
        (None, Some(geometry)) => geometry.shape(),
        (_, None) => "none",
    };
    // Without rows a type that holds anything is nothing yet.
    if shape == class.shape || (seen.empty && shape == "mixed") {
        return None;
    }
    let vi = |shape| match shape {
        "point" => "điểm",
        "line" => "đường",
        "polygon" => "vùng",
        "mixed" => "nhiều kiểu hình học lẫn lộn",
        _ => "bảng không có hình học",
    };
    let message = said(
        format!("lớp là {}, phải là {}", vi(shape), vi(class.shape)),
        format!("the geometry is of kind {shape}, and should be {}", class.shape),
    );
    Some(Finding::new(Severity::Error, "geometry_type", message, listed(class.theme)))
}

/// Planning databases are in VN-2000.
fn system(seen: &Seen<'_>) -> Option<Finding> {
    seen.geometry?;
    let crs = seen.crs?;
    if crs.srid.is_some_and(|srid| geo::zone(srid).is_some()) {
        return None;
    }
    let name = crs.srid.map_or_else(|| crs.name.clone(), |srid| format!("EPSG:{srid} {}", crs.name));
    let message = said(
        format!("hệ tọa độ `{name}` không phải VN-2000; dữ liệu được giữ nguyên hệ tọa độ"),
        format!("the coordinate system `{name}` is not VN-2000; it is kept as it is"),
    );
    Some(Finding::new(Severity::Error, "crs", message, vn2000()))
}

/// Another zone than that of the province whose dossier it is.
pub fn zone(srid: i32, province: &Province) -> Option<Finding> {
    if srid == province.srid || geo::zone(srid).is_none() {
        return None;
    }
    let message = said(
        format!("lớp ở múi EPSG:{srid}; mã hồ sơ thuộc {}, dùng EPSG:{}", province.name, province.srid),
        format!(
            "the layer is in EPSG:{srid}; the dossier is of {}, whose zone is EPSG:{}",
            province.name, province.srid
        ),
    );
    let clause = said(
        "Thông tư 24/2025/TT-BNNMT, phụ lục kinh tuyến trục",
        "Circular 24/2025/TT-BNNMT, appendix of central meridians",
    );
    Some(Finding::new(Severity::Warning, "crs_zone", message, clause))
}

fn vn2000() -> Said {
    said("Quyết định 83/2000/QĐ-TTg, hệ tọa độ quốc gia VN-2000", "Decision 83/2000/QĐ-TTg, national system VN-2000")
}
