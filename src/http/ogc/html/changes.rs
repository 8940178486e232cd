//! What changed: the versions of all layers, the changes of one, the history of a feature.

use std::sync::Arc;

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::{Choice, Lang};
use super::documents::title;
use super::{Page, said, text, value};
use crate::layer::Layer;

pub fn versions(base: &str, choice: Choice, layers: &[Arc<Layer>]) -> Response {
    let lang = choice.lang;
    let page = Page::new(base, choice, "/changes", lang.of("Thay đổi", "Changes"));
    let mut layers: Vec<&Arc<Layer>> = layers.iter().collect();
    layers.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
    page.answer(html! {
        p { (lang.of("Mỗi lần sửa dữ liệu làm phiên bản của lớp tăng lên một.", "Every edit raises the version of its layer by one.")) }
        div.scroll { table {
            thead { tr { th { (lang.of("Lớp", "Layer")) } th.number { (lang.of("Phiên bản", "Version")) } th { (lang.of("Cập nhật", "Updated")) } } }
            tbody { @for layer in layers { tr {
                td { a href=(page.to(&format!("{base}/ogc/collections/{}/changes", layer.id))) { (title(layer, lang)) } br; small { code { (layer.id) } } }
                td.number { (lang.count(layer.version)) }
                td { time datetime=(layer.updated) { (layer.updated.get(..10).unwrap_or_default()) } }
            } } }
        } }
    })
}

/// Changes of a layer, in the order in which they are shown; `since` is where they begin, none of the latest.
pub fn changes(
    base: &str,
    choice: Choice,
    layer: &Layer,
    here: &str,
    since: Option<&str>,
    changes: &[Value],
    next: Option<&str>,
) -> Response {
    let (lang, path) = (choice.lang, format!("/collections/{}", layer.id));
    let mut page = Page::new(base, choice, &format!("{path}/changes"), lang.of("Thay đổi", "Changes"))
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang));
    let all = std::mem::replace(&mut page.here, here.to_string());
    page.answer(html! {
        div.badges {
            span.badge { (lang.of("phiên bản ", "version ")) (lang.count(layer.version)) }
            span.badge { (lang.of("nhớ từ phiên bản ", "kept since version ")) (lang.count(layer.kept_since)) }
        }
        p.muted {
            @match since {
                Some(since) => { (lang.of("Sau ", "After ")) code { (since) } }
                None => { (lang.of("Mới nhất trước.", "The latest first.")) }
            }
        }
        div.scroll { table {
            thead { tr { (head(lang)) th.number { (lang.of("Đối tượng", "Feature")) } } }
            tbody {
                @for change in changes { tr {
                    (row(lang, change))
                    td.number { @if let Some(fid) = change["id"].as_i64() {
                        a href=(page.to(&format!("{base}/ogc{path}/items/{fid}/history"))) { (fid) }
                    } @else { (lang.of("cả lớp", "the layer")) } }
                } }
                @if changes.is_empty() { tr { td colspan="5" { (lang.of("Không có thay đổi.", "There are no changes.")) } } }
            }
        } }
        div.pages {
            @if since.is_some() { a.button href=(page.to(&all)) { (lang.of("Mới nhất", "The latest")) } }
            @if let Some(next) = next { a.button.primary rel="next" href=(page.to(&said(next, "f", "html"))) { (lang.of("Tiếp", "More")) } }
        }
    })
}

/// What became of a feature, the newest first; with what each change made of each value.
pub fn history(base: &str, choice: Choice, layer: &Layer, fid: i64, changes: &[Value], next: Option<&str>) -> Response {
    let (lang, path) = (choice.lang, format!("/collections/{}", layer.id));
    let page = Page::new(base, choice, &format!("{path}/items/{fid}/history"), lang.of("Lịch sử", "History"))
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang))
        .below(&format!("{path}/items/{fid}"), &fid.to_string());
    page.answer(html! {
        div.scroll { table {
            thead { tr { (head(lang)) th { (lang.of("Giá trị", "Values")) } } }
            tbody {
                @for (n, change) in changes.iter().enumerate() { tr {
                    (row(lang, change))
                    td { (difference(lang, layer, &change["feature"], changes.get(n + 1).map(|c| &c["feature"]))) }
                } }
                @if changes.is_empty() { tr { td colspan="5" { (lang.of("Chưa có thay đổi nào được ghi nhớ.", "No change is remembered.")) } } }
            }
        } }
        @if let Some(next) = next { div.pages { a.button rel="next" href=(page.to(&said(next, "f", "html"))) { (lang.of("Cũ hơn", "Before these")) } } }
    })
}

fn head(lang: Lang) -> Markup {
    html! {
        th.number { (lang.of("Phiên bản", "Version")) } th { (lang.of("Lúc (UTC)", "At (UTC)")) } th { (lang.of("Việc", "Change")) } th { (lang.of("Ai", "Who")) }
    }
}

fn row(lang: Lang, change: &Value) -> Markup {
    let word = match text(&change["op"]) {
        "create" => lang.of("thêm", "created"),
        "update" => lang.of("sửa", "changed"),
        "delete" => lang.of("xóa", "deleted"),
        _ => lang.of("thay cả lớp", "layer replaced"),
    };
    let at = text(&change["at"]);
    html! {
        td.number { (change["version"].as_i64().map(|v| lang.count(v)).unwrap_or_default()) }
        td { time datetime=(at) { (at.get(..19).unwrap_or(at).replace('T', " ")) } }
        td { (word) }
        td { (value(lang, &change["who"])) }
    }
}

/// The values that are others than they were before.
fn difference(lang: Lang, layer: &Layer, now: &Value, before: Option<&Value>) -> Markup {
    let before = before.filter(|b| b.is_object());
    let was = |name: &str| before.map_or(&Value::Null, |b| &b["properties"][name]);
    let fields = layer.fields.iter().filter(|f| now["properties"][&f.name] != *was(&f.name));
    let moved = before.is_some_and(|b| b["geometry"] != now["geometry"]);
    html! { @if now.is_object() {
        @for field in fields {
            div {
                span.muted { (field.title.as_deref().unwrap_or(&field.name)) ": " }
                @if before.is_some() { del { (value(lang, was(&field.name))) } " → " }
                (value(lang, &now["properties"][&field.name]))
            }
        }
        @if moved { div { (lang.of("đổi hình học", "geometry changed")) } }
    } }
}
