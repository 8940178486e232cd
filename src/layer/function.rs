//! What planned land is for, as zoning plans name and colour it (Circular 16/2025/TT-BXD, appendix I, section 04: colours
//! by AutoCAD's index).

use std::sync::LazyLock;

use serde::Serialize;

use super::Layer;

const TABLE: &str = include_str!("../../data/tt16/functions.tsv");

#[derive(Debug, Serialize)]
pub struct Function {
    pub vi: &'static str,
    pub en: &'static str,
    /// `#RRGGBB`
    pub color: &'static str,
}

static ALL: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut parts = line.split('\t');
        Some(Function { vi: parts.next()?, en: parts.next()?, color: parts.next()? })
    };
    TABLE.lines().skip(1).filter_map(row).collect()
});

/// Every function, in the circular's order.
pub fn all() -> &'static [Function] {
    &ALL
}

/// The function that a value names, whatever its case.
pub fn named(value: &str) -> Option<&'static Function> {
    let value = value.trim().to_lowercase();
    all().iter().find(|f| f.vi.to_lowercase() == value)
}

/// Whether the layer's classes may be such functions: its class field is one of those that planning databases have for
/// them (`chucNangSuDungDatMuc2`; cut in a Shapefile to `chucNang_1`).
pub fn classify(layer: &Layer) -> bool {
    layer.package.is_some()
        && layer.class_field.as_ref().is_some_and(|name| name.to_lowercase().starts_with("chucnang"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_two_names_and_a_colour() {
        assert_eq!(all().len(), 33);
        assert!(all().iter().all(|f| f.color.len() == 7 && f.color.starts_with('#') && !f.en.is_empty()));
        assert_eq!(named(" NHÓM NHÀ Ở ").map(|f| f.color), Some("#CC9900"));
        assert!(named("ODT").is_none());
    }
}
