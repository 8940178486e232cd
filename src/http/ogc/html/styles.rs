//! Styles.

use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::super::format::Choice;
use super::map::map;
use super::{Page, text};
use crate::geo::Bbox;

/// The list of all styles, or of those that draw one layer: its id and title.
pub fn styles(base: &str, choice: Choice, layer: Option<(&str, &str)>, doc: &Value) -> Response {
    let lang = choice.lang;
    let heading = lang.of("Kiểu hiển thị", "Styles");
    let page = match layer {
        Some((id, title)) => Page::new(base, choice, &format!("/collections/{id}/styles"), heading)
            .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
            .below(&format!("/collections/{id}"), title),
        None => Page::new(base, choice, "/styles", heading),
    };
    let all: Vec<&Value> = doc["styles"].as_array().into_iter().flatten().collect();
    page.answer(html! {
        p { (lang.of(
            "Kiểu MapLibre, dùng được trong QGIS, MapLibre và OpenLayers. Mọi phông chữ và biểu tượng đều lấy từ máy chủ này.",
            "MapLibre styles, for QGIS, MapLibre and OpenLayers. Every font and icon comes from this server.",
        )) }
        @if all.is_empty() { p.muted { (lang.of("Chưa có kiểu nào.", "There is no style.")) } }
        ul.cards { @for style in all {
            @let id = text(&style["id"]);
            li.card {
                h3 { a href=(page.to(&format!("{base}/ogc/styles/{id}"))) { (text(&style["title"])) } }
                small { code { (id) } }
                @if doc["default"] == style["id"] { div.badges { span.badge { (lang.of("mặc định", "default")) } } }
            }
        } }
    })
}

/// One style: `doc` is what its metadata say, `extent` where it is shown.
pub fn style(base: &str, choice: Choice, doc: &Value, extent: Option<Bbox>) -> Response {
    let (lang, id) = (choice.lang, text(&doc["id"]));
    let page = Page::new(base, choice, &format!("/styles/{id}"), text(&doc["title"]))
        .below("/styles", lang.of("Kiểu hiển thị", "Styles"));
    let bounds = extent.map(|e| [e.west, e.south, e.east, e.north]);
    let layers: Vec<&Value> = doc["layers"].as_array().into_iter().flatten().collect();
    page.answer(html! {
        @if let Some(bounds) = bounds { (map(base, lang, &format!("{base}/styles/{id}"), bounds, None, None)) }
        dl.facts {
            dt { (lang.of("Tên", "Name")) } dd { code { (id) } }
            dt { "MapLibre" } dd { a href=(format!("{base}/ogc/styles/{id}?f=mbs")) { code { (base) "/ogc/styles/" (id) } } }
            dt { (lang.of("Nguồn gốc", "Origin")) } dd {
                @if doc["generated"] == true { (lang.of("tự tạo theo dữ liệu và mã loại đất", "generated from the data and the land-use codes")) }
                @else { (lang.of("do người quản trị đưa lên", "made by an administrator")) }
            }
            @for (key, name) in [("created", lang.of("Tạo", "Created")), ("updated", lang.of("Cập nhật", "Updated"))] {
                @if let Some(at) = doc[key].as_str() { dt { (name) } dd { time datetime=(at) { (at.get(..10).unwrap_or(at)) } } }
            }
            dt { (lang.of("Siêu dữ liệu", "Metadata")) } dd { a href=(format!("{base}/ogc/styles/{id}/metadata?f=json")) { code { "/metadata" } } }
        }
        h2 { (lang.of("Lớp được vẽ", "Layers that it draws")) " (" (layers.len()) ")" }
        ul.cards { @for layer in layers {
            li.card {
                h3 { a href=(page.to(&format!("{base}/ogc/collections/{}", text(&layer["id"])))) { (text(&layer["title"])) } }
                small { code { (text(&layer["id"])) } }
            }
        } }
    })
}
