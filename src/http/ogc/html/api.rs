//! The API definition for people.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::Choice;
use super::documents::title;
use super::{Page, said, words};
use crate::layer::Layer;

/// `doc` is the OpenAPI document; `layer` the layer that it is about, where it is about one. Of everything, each layer has
/// a page of its own, which `layers` lists.
pub fn api(
    base: &str,
    choice: Choice,
    doc: &Value,
    layer: Option<&Layer>,
    layers: &[std::sync::Arc<Layer>],
) -> Response {
    let lang = choice.lang;
    let say = lang.of("Mô tả API", "API description");
    let page = match layer {
        Some(layer) => Page::new(base, choice, &format!("/collections/{}/api", layer.id), say)
            .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
            .below(&format!("/collections/{}", layer.id), title(layer, lang)),
        None => Page::new(base, choice, "/api", say),
    };
    let own = layer.map(|l| format!("/collections/{}", l.id));
    let paths: Vec<(&String, &Value)> = doc["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(path, _)| own.as_ref().is_none_or(|own| path.starts_with(own.as_str())))
        .collect();
    page.answer(html! {
        p {
            (lang.of("Địa chỉ gốc", "Base address")) ": " code { (base) "/ogc" } " · OpenAPI " (doc["openapi"].as_str().unwrap_or_default()) " · "
            a href=(said(&page.here, "f", "json")) { "openapi.json" }
        }
        p { (lang.of(
            "Ghi dữ liệu cần khoá: Authorization: Bearer …; đọc thì không.",
            "Writing needs a key: Authorization: Bearer …; reading does not.",
        )) }
        @for (path, operations) in paths { @for (verb, operation) in operations.as_object().into_iter().flatten().filter(|(_, o)| o["responses"].is_object()) {
            (self::operation(&page, doc, path, verb, operation))
        } }
        @if layer.is_none() && !layers.is_empty() {
            h2 { (lang.of("Từng lớp", "Layer by layer")) }
            ul.cards { @for layer in layers {
                li.card { a href=(page.to(&format!("{base}/ogc/collections/{}/api", layer.id))) { (title(layer, lang)) } br; small { code { "/collections/" (layer.id) } } }
            } }
        }
    })
}

fn operation(page: &Page, doc: &Value, path: &str, verb: &str, operation: &Value) -> Markup {
    let lang = page.choice.lang;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let told = |value: &Value| words::said(lang, value.as_str().unwrap_or_default());
    let parameters: Vec<&Value> =
        operation["parameters"].as_array().into_iter().flatten().map(|p| resolved(doc, p)).collect();
    html! {
        details {
            summary { span class={ "verb " (verb) } { (verb.to_uppercase()) } code { (path) } " " span.muted { (told(&operation["summary"])) } }
            div {
                @if !parameters.is_empty() { div.scroll { table {
                    thead { tr { th { (lang.of("Tham số", "Parameter")) } th { (lang.of("Nơi", "In")) } th { (lang.of("Kiểu", "Type")) } th { (lang.of("Ý nghĩa", "Meaning")) } } }
                    tbody { @for p in parameters { tr {
                        td { code { (text(&p["name"])) } @if p["required"] == true { " *" } }
                        td { (text(&p["in"])) }
                        td { (kind(&p["schema"])) }
                        td { (told(&p["description"])) }
                    } } }
                } } }
                @if let Some(body) = operation["requestBody"]["content"].as_object() {
                    p { (lang.of("Gửi: ", "Send: ")) @for (media_type, _) in body { code { (media_type) } " " } }
                }
                p { (lang.of("Trả lời: ", "Answers: ")) }
                ul { @for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    @let response = resolved(doc, response);
                    li {
                        strong { (status) } " " (told(&response["description"])) " "
                        @for (media_type, _) in response["content"].as_object().into_iter().flatten() { code { (media_type) } " " }
                    }
                } }
                @if verb == "get" && !path.contains('{') {
                    a.button href=(page.to(&format!("{}/ogc{}", page.base, path.trim_end_matches('/')))) { (lang.of("Mở", "Open")) }
                }
            }
        }
    }
}

fn kind(schema: &Value) -> String {
    let mut kind = schema["type"].as_str().unwrap_or_default().to_string();
    if let Some(all) = schema["enum"].as_array() {
        let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
        kind.push_str(&format!(": {}", all.join(", ")));
    }
    if !schema["default"].is_null() {
        kind.push_str(&format!(" (= {})", schema["default"].to_string().trim_matches('"')));
    }
    kind
}

/// What a `$ref` within the document points at.
fn resolved<'a>(doc: &'a Value, value: &'a Value) -> &'a Value {
    let Some(pointer) = value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) else { return value };
    doc.pointer(pointer).unwrap_or(value)
}
