//! A layer's fields: GDAL's types → ours, names decoded.

use gdal_sys::{OGRFieldSubType as sub, OGRFieldType as oft};

use super::ogr::RawField;
use super::text::Decoder;
use crate::schema::{self, Field, Kind};

/// A field on its way from GDAL to a column.
pub struct Column {
    /// Index among GDAL's fields.
    pub index: i32,
    /// GDAL's type, which decides how the value is asked for.
    pub source: oft::Type,
    pub field: Field,
    pub width: i32,
}

/// The kind that holds every value of GDAL's type. Timestamps may have zones: the survey decides.
pub fn kind(field: &RawField, driver: &str) -> Kind {
    match field.r#type {
        oft::OFTInteger => match field.subtype {
            sub::OFSTBoolean => Kind::Bool,
            sub::OFSTInt16 => Kind::Int2,
            _ => Kind::Int4,
        },
        oft::OFTInteger64 => Kind::Int8,
        // These store 32 bits; where others say Float32, the value is a wider one (GeoPackage) or a text.
        oft::OFTReal if field.subtype == sub::OFSTFloat32 && matches!(driver, "OpenFileGDB" | "FlatGeobuf") => {
            Kind::Float4
        }
        oft::OFTReal => Kind::Float8,
        oft::OFTString if field.subtype == sub::OFSTJSON => Kind::Json,
        oft::OFTDate => Kind::Date,
        oft::OFTTime => Kind::Time,
        oft::OFTDateTime => Kind::Timestamp,
        oft::OFTBinary => Kind::Bytes,
        oft::OFTIntegerList => Kind::Int4List,
        oft::OFTInteger64List => Kind::Int8List,
        oft::OFTRealList => Kind::Float8List,
        oft::OFTStringList => Kind::TextList,
        _ => Kind::Text,
    }
}

/// The columns of a layer. A name that does not decode is shown with `?` for what it cannot say.
pub fn columns(raw: &[RawField], kinds: &[Kind], decoder: &Decoder) -> Vec<Column> {
    let decoded = |bytes: &[u8]| {
        let text = decoder.string(bytes).or_else(|| Decoder::UTF8.string(bytes));
        text.unwrap_or_else(|| bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect())
    };
    let names: Vec<String> = raw.iter().map(|field| decoded(&field.name)).collect();
    let columns = schema::columns(&names);
    let titles = raw.iter().map(|field| Some(decoded(&field.alias)).filter(|title| !title.is_empty()));
    let parts = raw.iter().zip(kinds).zip(names.iter().zip(columns)).zip(titles).enumerate();
    parts
        .map(|(index, (((raw, kind), (name, column)), title))| Column {
            index: index as i32,
            source: raw.r#type,
            field: Field { name: name.clone(), column, kind: *kind, title, domain: Vec::new() },
            width: raw.width,
        })
        .collect()
}
