//! The API definition of `/admin` (OpenAPI 3.0.3), for everybody to read.

use serde_json::{Value, json};

use super::super::links::Base;
use super::super::respond::Answer;

/// `GET /admin/api`
pub async fn document(Base(base): Base) -> Answer {
    Ok(super::json(&definition(&base)))
}

fn definition(base: &str) -> Value {
    let job = || answer("200", "The job", "job");
    let id = |what: &str, kind: &str| json!({"name": "id", "in": "path", "required": true, "description": what, "schema": {"type": kind}});
    let (upload, number) = (id("The upload", "string"), id("The job", "integer"));
    let query = |name: &str, what: &str, kind: &str| json!({"name": name, "in": "query", "description": what, "schema": {"type": kind}});
    let mut how = vec![
        upload.clone(),
        query("srs", "`EPSG:n`, overruling the file", "string"),
        query("encoding", "Text encoding, overruling what is found", "string"),
        query("swap_xy", "Exchange x and y", "boolean"),
        query("layer", "Name of the layer in the file, or its path and name: `PATH:NAME`", "string"),
    ];
    let layers = operation(
        "getLayers",
        "What is in an upload; 202 while it is being read",
        how.clone(),
        None,
        answer("200", "Layers", "any"),
    );
    how.push(query("limit", "How many features", "integer"));
    let preview = operation(
        "getPreview",
        "The first features of a layer as GeoJSON in CRS84",
        how,
        None,
        answer("200", "Features", "any"),
    );
    let tus = |name: &str, say: &str, status: &str| {
        let say = format!("{say} (tus 1.0.0, https://tus.io/protocols/resumable-upload)");
        operation(name, &say, vec![upload.clone()], None, answer(status, "Done", "any"))
    };
    let mut create = tus("createUpload", "Begin an upload: `Upload-Length`, `Upload-Metadata`", "201");
    create["parameters"] = json!([]);
    let limit = query("limit", "How many", "integer");
    let page = |name: &str, say: &str, status: &str| {
        let mut page = operation(name, say, vec![], None, answer(status, say, "any"));
        page["security"] = json!([]);
        page
    };
    json!({
        "openapi": "3.0.3",
        "info": {"title": "dothi: administration", "version": env!("CARGO_PKG_VERSION")},
        "servers": [{"url": format!("{base}/admin")}],
        "security": [{"key": []}],
        "paths": {
            "/": {"get": page("getAdmin", "To the page", "307")},
            "/import": {"get": page("getImportPage", "The page on which files are imported", "200")},
            "/api": {"get": page("getAdminApi", "This document", "200")},
            "/uploads": {"get": operation("getUploads", "Uploads", vec![], None, answer("200", "Uploads", "any")), "post": create},
            "/uploads/{id}": {
                "get": operation("getUpload", "One upload", vec![upload.clone()], None, answer("200", "The upload", "any")),
                "head": tus("getOffset", "How much of it is here", "200"),
                "patch": tus("appendToUpload", "The next bytes: `Upload-Offset`", "204"),
                "post": tus("overrideMethod", "The others by `X-HTTP-Method-Override`", "204"),
                "delete": tus("deleteUpload", "Remove it", "204"),
            },
            "/uploads/{id}/layers": {"get": layers},
            "/uploads/{id}/preview": {"get": preview},
            "/jobs": {
                "get": operation("getJobs", "The latest jobs", vec![limit], None, answer("200", "Jobs", "any")),
                "post": operation("createJob", "Import an upload", vec![], Some("asked"), answer("201", "The job", "job")),
            },
            "/jobs/{id}": {"get": operation("getJob", "One job, with its report", vec![number.clone()], None, job())},
            "/jobs/{id}/answer": {"post": operation("answerJob", "Say what a job asks", vec![number.clone()], Some("answer"), job())},
            "/jobs/{id}/cancel": {"post": operation("cancelJob", "End a job", vec![number.clone()], None, job())},
            "/jobs/{id}/events": {"get": operation("followJob", "The job whenever it is another, as server-sent events", vec![number.clone()], None, answer("200", "Events", "any"))},
            "/jobs/{id}/set-aside": {"get": operation("getSetAside", "Rows that could not be imported, as CSV",
                vec![number, query("layer", "Id of the layer", "string")], None, answer("200", "CSV", "any"))},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key made by `dothi keys create --admin`"}},
            "schemas": schemas(),
        },
    })
}

fn operation(name: &str, say: &str, parameters: Vec<Value>, body: Option<&str>, done: (String, Value)) -> Value {
    let problem = json!({"description": "Problem (RFC 9457)", "content": {"application/problem+json": {"schema": {"type": "object"}}}});
    let mut responses = json!({"400": problem, "401": problem, "403": problem, "404": problem, "409": problem});
    responses[done.0] = done.1;
    let mut operation = json!({"operationId": name, "summary": say, "parameters": parameters, "responses": responses});
    if let Some(schema) = body {
        operation["requestBody"] = json!({"required": true,
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}});
    }
    operation
}

fn answer(status: &str, what: &str, schema: &str) -> (String, Value) {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    (status.into(), json!({"description": what, "content": {"application/json": {"schema": schema}}}))
}

fn schemas() -> Value {
    let text = json!({"type": "string"});
    let states = ["queued", "running", "asking", "done", "failed", "cancelled", "interrupted"];
    json!({
        "any": {},
        "reads": {"type": "object", "properties": {"encoding": text, "srs": text, "swap_xy": {"type": "boolean"}}},
        "answer": {"type": "object", "properties": {
            "encoding": text, "srs": text, "swap_xy": {"type": "boolean"},
            "each": {"type": "object", "description": "By layer of the file", "additionalProperties": {"$ref": "#/components/schemas/reads"}},
        }},
        "asked": {"type": "object", "required": ["upload"], "properties": {
            "upload": text,
            "options": {"type": "object", "properties": {
                "layer": {"type": "string", "description": "Id of the layer, where one layer is imported"},
                "title": text, "source_layers": {"type": "array", "items": text}, "srs": text, "encoding": text,
                "each": {"type": "object", "description": "What is said of single layers, by their names in the file (or `PATH:NAME`): `layer`, `title`, `srs`, `encoding`, `swap_xy`, `how`",
                    "additionalProperties": {"type": "object"}},
                "how": {"description": "`replace`, `append` or `{\"upsert\": FIELD}`"},
                "swap_xy": {"type": "boolean"}, "drop_z": {"type": "boolean"}, "dry_run": {"type": "boolean"},
                "nodata": {"type": "string", "description": "Of rasters: the value that stands for nothing, one or one for each band with commas between; `none` for no such value"},
                "control_points": {"type": "array", "items": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
                    "description": "Of a raster: pixels (from the left, from above) and where they are (x, y)"},
                "tolerance": {"type": "number", "minimum": 0, "maximum": 100, "description": "Metres below which overlaps and gaps are not counted"},
            }},
        }},
        "job": {"type": "object", "properties": {
            "id": {"type": "integer"}, "kind": text, "state": {"type": "string", "enum": states}, "source": text,
            "upload": text, "who": text, "options": {"type": "object"}, "progress": {"type": "object"},
            "questions": {"type": "array", "items": {"type": "object"}}, "layers": {"type": "array", "items": text},
            "report": {"type": "array", "items": {"type": "object"}},
            "package": {"type": "object", "description": "What the planning package that was imported is and lacks"}, "error": text, "attempts": {"type": "integer"},
            "created": text, "started": text, "ended": text,
        }},
    })
}
