//! What the targets share: a field of every kind.

use dothi::schema::{Field, Kind};

const KINDS: [&str; 18] = [
    "bool", "int2", "int4", "int8", "float4", "float8", "text", "date", "time", "timestamp", "timestamptz", "bytes", "json", "uuid",
    "text_list", "int4_list", "int8_list", "float8_list",
];

/// One field of each kind that there is, `so` and `Mã đất` first.
pub fn fields() -> Vec<Field> {
    let kind = |name: &str| serde_json::from_value::<Kind>(serde_json::json!(name)).ok();
    let named = [("so", "int4"), ("Mã đất", "text"), ("eo:cloud_cover", "float8")].into_iter();
    let all = named.chain(KINDS.iter().map(|k| (*k, *k)));
    all.filter_map(|(name, k)| Some(Field { name: name.into(), column: name.into(), kind: kind(k)?, title: None, domain: Vec::new() })).collect()
}
