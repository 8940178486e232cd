//! Something in a package that is not as the circular has it: how grave, where, how often, and by which part of it.

use serde::Serialize;

use super::circular::{Attribute, Class, NUMBER, Rule, Said, said};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Against the circular.
    Error,
    /// Not as the published template has it, or likely to be wrong.
    Warning,
    Note,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Stable, for programs: `field_missing`, `value_pattern`, …
    pub code: &'static str,
    /// `QuyHoach/ChucNangSuDungDat_A`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub message: Said,
    /// What it is against.
    pub clause: Said,
    /// Rows, or 1.
    pub count: u64,
    /// The first rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    pub fid: i64,
    pub value: Option<String>,
}

impl Finding {
    pub fn new(severity: Severity, code: &'static str, message: Said, clause: Said) -> Finding {
        Finding { severity, code, class: None, field: None, message, clause, count: 1, examples: Vec::new() }
    }

    pub fn of(self, class: &Class) -> Finding {
        Finding { class: Some(format!("{}/{}", class.theme, class.name)), ..self }
    }

    pub fn field(self, field: &str) -> Finding {
        Finding { field: Some(field.into()), ..self }
    }
}

/// How many findings are of each severity: errors, warnings, notes.
pub fn counted<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> [u64; 3] {
    let mut counts = [0; 3];
    findings.into_iter().for_each(|finding| counts[finding.severity as usize] += 1);
    counts
}

/// The structure of `HoSoGIS`.
pub fn folders() -> Said {
    said(
        format!("Thông tư {NUMBER}, Phụ lục II, cấu trúc thư mục HoSoGIS"),
        format!("Circular {NUMBER}, appendix II, structure of HoSoGIS"),
    )
}

/// The list of classes of a theme.
pub fn listed(theme: &str) -> Said {
    said(
        format!("Thông tư {NUMBER}, Phụ lục II, danh mục lớp dữ liệu {theme}"),
        format!("Circular {NUMBER}, appendix II, list of classes of {theme}"),
    )
}

/// Where a field is asked for.
pub fn asked(attribute: &Attribute) -> Said {
    match attribute.rule {
        Rule::Required | Rule::Minimum => said(
            format!("Thông tư {NUMBER}, Phụ lục II, các trường thuộc tính tối thiểu"),
            format!("Circular {NUMBER}, appendix II, minimum fields"),
        ),
        Rule::Template | Rule::Usual => said(
            format!("Mẫu cơ sở dữ liệu đã công bố theo Phụ lục II, Thông tư {NUMBER} (không phải nội dung thông tư)"),
            format!("Published database template for appendix II of circular {NUMBER} (not part of the circular)"),
        ),
    }
}

/// How grave it is when a field is not as asked.
pub fn gravity(attribute: &Attribute) -> Severity {
    match attribute.rule {
        Rule::Required | Rule::Minimum => Severity::Error,
        Rule::Template => Severity::Warning,
        Rule::Usual => Severity::Note,
    }
}
