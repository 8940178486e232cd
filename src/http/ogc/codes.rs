//! Coded fields: in schemas, each code with what it means (OGC 23-058r2, clause 15, profile `codelist-inline`), and in the API
//! definition.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Number, Value, json};

use crate::app::App;
use crate::error::Result;
use crate::layer::Layer;
use crate::layer::codes::{self, List};
use crate::layer::land_use::LandUse;
use crate::schema::Field;

/// What schemas say of coded fields, by name: `oneOf` the codes and what else the layer holds, which a schema that left it out
/// would be wrong about. Where there is too much to tell, `anyOf` leaves it open.
pub async fn described(app: &App, base: &str, layer: &Layer) -> Result<BTreeMap<String, Map<String, Value>>> {
    let mut described = BTreeMap::new();
    for field in &layer.fields {
        let Some(codes) = codes::of(layer, field, &app.land_use) else { continue };
        let values = app.known.values(&app.db.pool, &app.catalog, layer, field).await?;
        let (mut seen, mut choices) = (HashSet::new(), Vec::new());
        let known = codes.all.iter().map(|(code, title)| (*code, Some(title)));
        let others = values.iter().flat_map(|all| all.iter()).map(|code| (code.as_str(), None));
        for (code, title) in known.chain(others) {
            let value = value(field, code);
            if seen.insert(value.to_string()) {
                choices.push(match title {
                    Some(title) => json!({"const": value, "title": title}),
                    None => json!({"const": value}),
                });
            }
        }
        let keyword = if values.is_some() { "oneOf" } else { "anyOf" };
        if values.is_none() {
            choices.push(json!({}));
        }
        let mut members = Map::from_iter([(keyword.to_string(), choices.into())]);
        if let Some(list) = address(codes.list) {
            members.insert("x-ogc-codelistUri".into(), json!(format!("{base}{list}")));
        }
        described.insert(field.name.clone(), members);
    }
    Ok(described)
}

/// Puts the lists of codes of a layer's fields into the components of an API definition, official ones once for all layers, and
/// tells by the name of a field what its schema says of them (`anyOf`). Other values are taken too, so they are left open.
pub fn listed<'a>(layer: &'a Layer, land_use: &[LandUse], components: &mut Value) -> BTreeMap<&'a str, Value> {
    let mut listed = BTreeMap::new();
    for (n, field) in layer.fields.iter().enumerate() {
        let Some(codes) = codes::of(layer, field, land_use) else { continue };
        let name = match codes.list {
            List::Domain => format!("codes.{}.{}", layer.id, n + 1),
            List::LandUse => "codes.landUse".into(),
            List::Functions => "codes.planningFunctions".into(),
        };
        listed.insert(field.name.as_str(), json!([{"$ref": format!("#/components/schemas/{name}")}, {}]));
        // OpenAPI 3.0 has no `const`.
        let one = |(code, title): &(&str, &str)| json!({"enum": [value(field, code)], "title": title});
        components["schemas"][name] = json!({"oneOf": codes.all.iter().map(one).collect::<Vec<_>>()});
    }
    listed
}

/// Where an official list is.
fn address(list: List) -> Option<&'static str> {
    match list {
        List::Domain => None,
        List::LandUse => Some("/land-use"),
        List::Functions => Some("/planning-functions"),
    }
}

/// A code as a value of its field.
fn value(field: &Field, code: &str) -> Value {
    match (field.kind.json().0, code.parse::<Number>()) {
        ("integer" | "number", Ok(number)) => json!(number),
        _ => json!(code),
    }
}
