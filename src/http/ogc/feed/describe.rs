//! The change feed in the API definition.

use serde_json::{Map, Value, json};

use super::super::JSON;
use super::super::definitions::{parameter, reference};
use super::super::format::{CHANGES, Form, PAGES, STREAM, VERSIONS};
use super::{DEFAULT_LIMIT, MOST};

/// The versions of all layers.
pub fn description() -> Value {
    get(
        "getChanges",
        "The version of every layer; as events, every new one",
        vec![f(VERSIONS), reference("lang")],
        VERSIONS,
    )
}

/// The same as it happens.
pub fn of_all() -> Value {
    get("followChanges", "Every layer's version, then every new one", vec![f(STREAM), reference("lang")], STREAM)
}

/// Puts the paths of the change feed of layer `id`.
pub fn describe(id: &str, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let text = || json!({"type": "string"});
    let count = |most: u32, usual: u32| json!({"type": "integer", "minimum": 1, "maximum": most, "default": usual});
    let say =
        "`start`, or the version up to which the changes are known, as an answer says it; without it: how to begin";
    let since = parameter("since", say, text());
    let shared = [
        reference("crs"),
        parameter(
            "geometry",
            "`ewkb`: geometry to the last bit, in the storage CRS",
            json!({"type": "string", "enum": ["geojson", "ewkb"], "default": "geojson"}),
        ),
        parameter("before", "Also what was there before; needs a key", json!({"type": "boolean", "default": false})),
    ];
    let with = |own: &[Value]| own.iter().chain(&shared).cloned().collect::<Vec<_>>();
    let page = with(&[
        since.clone(),
        parameter("limit", "At most this many changes", count(MOST, DEFAULT_LIMIT)),
        f(CHANGES),
        reference("lang"),
    ]);
    let last = json!({"name": "Last-Event-ID", "in": "header", "description": "The last event that came; stands above `since`", "required": false, "schema": text()});
    let history = with(&[
        reference("featureId"),
        parameter("limit", "At most this many changes", count(1_000, 100)),
        parameter("until", "Only changes from before this version", json!({"type": "integer", "format": "int64"})),
        f(PAGES),
        reference("lang"),
    ]);
    let here = format!("/collections/{id}");
    let name = |what: &str| format!("{what}.{id}");
    put(&format!("{here}/changes"), get(&name("changes"), "Every change after a version, in order", page, CHANGES));
    put(
        &format!("{here}/changes/stream"),
        get(&name("follow"), "Changes as they come", with(&[since, last, f(STREAM), reference("lang")]), STREAM),
    );
    let say = "What became of a feature, the newest first";
    put(&format!("{here}/items/{{featureId}}/history"), get(&name("history"), say, history, PAGES));
}

fn f(forms: &[Form]) -> Value {
    let names: Vec<&str> = forms.iter().map(|form| form.name).collect();
    parameter("f", "The form of the answer, whatever `Accept` says", json!({"type": "string", "enum": names}))
}

fn get(id: &str, summary: &str, parameters: Vec<Value>, forms: &[Form]) -> Value {
    let kind = |form: &Form| json!({"schema": {"type": if form.media_type == JSON { "object" } else { "string" }}});
    let content: Map<String, Value> = forms.iter().map(|form| (form.media_type.to_string(), kind(form))).collect();
    let mut responses = json!({"200": {"description": "The answer", "content": content}});
    for status in ["400", "401", "404", "406", "410", "500", "503"] {
        responses[status] = json!({"$ref": "#/components/responses/problem"});
    }
    json!({"get": {"operationId": id, "summary": summary, "parameters": parameters, "responses": responses}})
}
