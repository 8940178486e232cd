//! A layer's fields in the terms of GDAL (source), PostgreSQL (storage) and JSON (answers).

use serde::{Deserialize, Serialize};

/// The kinds of value a field can have. Names are stable: they are stored in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Text,
    /// A text that GDAL declares to be JSON; kept letter by letter (`json`, not `jsonb`).
    Json,
    Date,
    Time,
    /// Without a zone: what most files have.
    Timestamp,
    Timestamptz,
    Bytes,
    Int4List,
    Int8List,
    Float8List,
    TextList,
}

impl Kind {
    /// The PostgreSQL type.
    pub fn sql(self) -> &'static str {
        match self {
            Kind::Bool => "boolean",
            Kind::Int2 => "int2",
            Kind::Int4 => "int4",
            Kind::Int8 => "int8",
            Kind::Float4 => "float4",
            Kind::Float8 => "float8",
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Timestamp => "timestamp",
            Kind::Timestamptz => "timestamptz",
            Kind::Bytes => "bytea",
            Kind::Int4List => "int4[]",
            Kind::Int8List => "int8[]",
            Kind::Float8List => "float8[]",
            Kind::TextList => "text[]",
        }
    }

    /// The JSON Schema `type` and, where one applies, `format`.
    pub fn json(self) -> (&'static str, Option<&'static str>) {
        match self {
            Kind::Bool => ("boolean", None),
            Kind::Int2 | Kind::Int4 | Kind::Int8 => ("integer", None),
            Kind::Float4 | Kind::Float8 => ("number", None),
            Kind::Text => ("string", None),
            Kind::Json => ("object", Some("json")),
            Kind::Date => ("string", Some("date")),
            Kind::Time => ("string", Some("time")),
            Kind::Timestamp | Kind::Timestamptz => ("string", Some("date-time")),
            Kind::Bytes => ("string", Some("binary")),
            Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => ("array", None),
        }
    }
}

/// One field of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name the source gives it, letters and case kept; what every API says.
    pub name: String,
    /// The column in PostgreSQL: `name`, unless that is too long (63 bytes), taken twice or reserved (`fid`, `geom`).
    pub column: String,
    pub kind: Kind,
    /// The alias that the source gives it, often the Vietnamese name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the codes of a coded field mean (the coded-value domain of a geodatabase); values are stored as codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domain: Vec<Coded>,
}

impl Field {
    /// What a value of a coded field means.
    pub fn label(&self, value: &serde_json::Value) -> Option<&str> {
        if self.domain.is_empty() || value.is_null() {
            return None;
        }
        let code = value.as_str().map_or_else(|| value.to_string(), String::from);
        self.domain.iter().find(|c| c.code == code).map(|c| c.label.as_str())
    }
}

/// A code and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    pub code: String,
    pub label: String,
}

/// The primary key of every layer's table.
pub const FID: &str = "fid";
/// The geometry column of every layer's table.
pub const GEOM: &str = "geom";

/// What a layer's geometry column holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// The PostGIS type name without dimensions: `Point`, `MultiPolygon`, `Geometry` for mixed.
    pub r#type: String,
    pub z: bool,
    pub m: bool,
}

impl Geometry {
    /// The type modifier, as in `geometry(PolygonZ, 9217)`.
    pub fn sql(&self, srid: i32) -> String {
        let (z, m) = (if self.z { "Z" } else { "" }, if self.m { "M" } else { "" });
        format!("geometry({}{z}{m}, {srid})", self.r#type)
    }

    /// `point`, `line`, `polygon` or `mixed`: what a map needs to know to draw it.
    pub fn shape(&self) -> &'static str {
        match self.r#type.trim_start_matches("Multi") {
            "Point" => "point",
            "LineString" => "line",
            "Polygon" => "polygon",
            _ => "mixed",
        }
    }
}

/// Gives each source field name a column of its own that PostgreSQL can hold.
///
/// PostgreSQL cuts identifiers at 63 bytes and a Vietnamese letter takes up to three, so long names are cut at a letter
/// and numbered; the full name stays in [`Field::name`].
pub fn columns(names: &[String]) -> Vec<String> {
    let mut taken: std::collections::HashSet<String> =
        [FID, GEOM, "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"].map(String::from).into();
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let clean: String = name.chars().filter(|c| *c != '\0').collect();
        let base = if clean.is_empty() { "field".to_string() } else { clean };
        let mut column = cut(&base, 63).to_string();
        let mut n = 1;
        while !taken.insert(column.clone()) {
            let suffix = format!("_{n}");
            column = format!("{}{suffix}", cut(&base, 63 - suffix.len()));
            n += 1;
        }
        out.push(column);
    }
    out
}

/// `text` cut to at most `bytes` bytes, at a letter.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reserved_and_repeated_names_get_columns_of_their_own() {
        let long = "Mục đích sử dụng đất theo quy hoạch được duyệt của thành phố".to_string();
        let names = ["fid".into(), "Tên".into(), "Tên".into(), long.clone(), format!("{long}!"), String::new()];
        let columns = columns(&names);
        assert_eq!(&columns[..3], ["fid_1", "Tên", "Tên_1"]);
        assert!(columns.iter().all(|c| c.len() <= 63 && !c.is_empty()));
        let distinct: std::collections::HashSet<_> = columns.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
