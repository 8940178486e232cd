//! One feature.

use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::super::format::Choice;
use super::documents::title;
use super::map::{bounds, map};
use super::{Page, coded, illustrative, said};
use crate::layer::Layer;

/// `doc` is the feature as GeoJSON in degrees.
pub fn feature(base: &str, choice: Choice, layer: &Layer, fid: i64, doc: &Value) -> Response {
    let lang = choice.lang;
    let path = format!("/collections/{}", layer.id);
    let label = layer.label_field.as_ref().and_then(|f| doc["properties"][f].as_str()).filter(|t| !t.is_empty());
    let name = match label {
        Some(label) => format!("{label} ({fid})"),
        None => format!("{} {fid}", lang.of("Đối tượng", "Feature")),
    };
    let page = Page::new(base, choice, &format!("{path}/items/{fid}"), &name)
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang))
        .below(&format!("{path}/items"), lang.of("Bảng dữ liệu", "Table"));
    let geometry = &doc["geometry"];
    page.answer(html! {
        div.badges { span.badge { (title(layer, lang)) } @if layer.illustrative { (illustrative(lang)) } }
        ul.buttons { li { a.button href=(page.to(&format!("{}/history", page.here))) { (lang.of("Lịch sử", "History")) } } }
        div.split {
            dl.facts {
                dt { "id" } dd { (fid) }
                @for field in &layer.fields {
                    dt { (field.title.as_deref().unwrap_or(&field.name)) @if field.title.is_some() { br; small { (field.name) } } }
                    dd { (coded(lang, field, &doc["properties"][&field.name])) }
                }
            }
            div {
                @if let Some(bbox) = bounds(geometry) {
                    (map(base, lang, &format!("{base}/styles/{}", layer.id), bbox, Some(&said(&page.here, "f", "json")), Some(geometry)))
                    p.muted { (geometry["type"].as_str().unwrap_or_default()) " · " (format!("{:.6}, {:.6} – {:.6}, {:.6}", bbox[0], bbox[1], bbox[2], bbox[3])) }
                } @else { p.muted { (lang.of("Không có hình học.", "Without geometry.")) } }
            }
        }
    })
}
