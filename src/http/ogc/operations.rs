//! What can be done with features, for the API definition.

use serde_json::{Value, json};

use super::GEOJSON;
use super::write::MERGE_PATCH;

/// Adds what can be done with the features of layer `id` to their paths in the API definition.
pub fn describe(id: &str, many: &mut Value, one: &mut Value) {
    let crs = json!({"name": "Content-Crs", "in": "header", "required": false, "schema": {"type": "string"},
                     "description": "The coordinate system of the geometry that is sent (default CRS84)"});
    let condition = json!({"name": "If-Match", "in": "header", "required": false, "schema": {"type": "string"},
                           "description": "The ETag of the state that the change was made from"});
    let fid = json!({"$ref": "#/components/parameters/featureId"});
    let feature = json!({"$ref": format!("#/components/schemas/feature.{id}")});
    let operation = |name: &str, summary: &str, body: Option<&str>, parameters: Vec<Value>, done: Value| {
        let mut responses = json!({});
        for status in ["400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "500"] {
            responses[status] = json!({"$ref": "#/components/responses/problem"});
        }
        for (status, what) in done.as_object().into_iter().flatten() {
            responses[status] = what.clone();
        }
        let mut doc = json!({"operationId": format!("{name}.{id}"), "summary": summary, "parameters": parameters,
                             "responses": responses, "security": [{"key": []}]});
        if let Some(media_type) = body {
            doc["requestBody"] = json!({"required": true, "content": {media_type: {"schema": feature}}});
        }
        doc
    };
    let answer = json!({"200": {"description": "The feature as it is now", "content": {GEOJSON: {"schema": feature}}}});
    let created = json!({"201": {"description": "Created; Location says where",
                                 "headers": {"Location": {"schema": {"type": "string"}}}}});
    let say = "Create a feature, or all of a collection of features";
    many["post"] = operation("create", say, Some(GEOJSON), vec![crs.clone()], created);
    let both = vec![fid.clone(), crs, condition.clone()];
    one["put"] = operation("replace", "Replace a feature", Some(GEOJSON), both.clone(), answer.clone());
    one["patch"] = operation("update", "Change parts of a feature (RFC 7396)", Some(MERGE_PATCH), both, answer);
    let gone = json!({"204": {"description": "Deleted"}});
    one["delete"] = operation("delete", "Delete a feature", None, vec![fid, condition], gone);
}
