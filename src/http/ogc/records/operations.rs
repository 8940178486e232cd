//! Records in the API definition.

use serde_json::{Value, json};

use super::super::definitions::{parameter, part, reference};
use super::super::openapi::get;
use super::super::{GEOJSON, JSON, format};
use super::{RECORD, RECORDS};

/// Puts the paths of records.
pub fn describe(put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let listed =
        |name: &str, about: &str| parameter(name, about, json!({"type": "array", "items": {"type": "string"}}));
    let text = json!({"type": "string"});
    let search = [
        listed("q", "Words, without regard to case and marks; commas separate alternatives"),
        reference("bbox"),
        reference("datetime"),
        listed("type", "Types of what is described: `dataset`"),
        listed("ids", "Ids of records"),
        listed("externalIds", "Identifiers that others gave: `value`, `scheme:value`, `scheme:`"),
        parameter(
            "limit",
            "At most this many records",
            json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}),
        ),
        parameter("offset", "Begin after this many", json!({"type": "integer", "minimum": 0})),
    ];
    let here = "/collections/_records";
    put(here, get("describe._records", "The catalogue of records", JSON, "document", &[], format::DOCUMENT));
    put(&format!("{here}/items"), get("records", "Records of layers", GEOJSON, "document", &search, RECORDS));
    let about = "The record of a layer";
    let id = [part("recordId", "A layer", text.clone())];
    put(&format!("{here}/items/{{recordId}}"), get("record", about, GEOJSON, "document", &id, RECORD));
    let id = [part("collectionId", "A layer", text)];
    put("/collections/{collectionId}/metadata", get("metadata", about, GEOJSON, "document", &id, RECORD));
}
