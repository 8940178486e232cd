//! The landing page, what conforms, what filters may call.

use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::super::format::Choice;
use super::{Page, illustrative};
use crate::layer::Layer;

pub fn landing(base: &str, choice: Choice, layers: &[std::sync::Arc<Layer>]) -> Response {
    let lang = choice.lang;
    let page = Page::new(base, choice, "", lang.of("Giao diện dữ liệu", "Data API"));
    let to = |path: &str| page.to(&format!("{base}/ogc{path}"));
    page.answer(html! {
        p {
            (lang.of(
                "Dữ liệu không gian của đô thị theo chuẩn OGC API: xem, lọc, tải về, hoặc kết nối bằng QGIS, GDAL, ArcGIS và chương trình riêng.",
                "Spatial data of the city by the OGC API standards: browse, filter, download, or connect with QGIS, GDAL, ArcGIS and programs of your own.",
            ))
        }
        ul.buttons {
            li { a.button.primary href=(to("/collections")) { (lang.of("Tất cả lớp dữ liệu", "All layers")) " (" (layers.len()) ")" } }
            li { a.button href=(format!("{base}/")) { (lang.of("Mở bản đồ", "Open the map")) } }
            li { a.button href=(to("/api")) { (lang.of("Mô tả API", "API description")) } }
        }
        h2 { (lang.of("Lớp dữ liệu", "Layers")) }
        ul.cards {
            @for layer in layers.iter().take(12) {
                li.card.sample {
                    h3 { a href=(to(&format!("/collections/{}", layer.id))) { (title(layer, lang)) } }
                    div.badges {
                        span.badge { (super::shape(lang, layer.shape())) }
                        @if layer.raster.is_none() { span.badge { (lang.count(layer.feature_count)) } }
                        @if layer.illustrative { (illustrative(lang)) }
                    }
                }
            }
        }
        h2 { (lang.of("Kết nối", "Connect")) }
        dl.facts {
            dt { "OGC API" } dd { code { (base) "/ogc" } }
            dt { "QGIS" } dd { (lang.of("Nguồn dữ liệu → WFS / OGC API – Features → địa chỉ trên", "Data source → WFS / OGC API – Features → the address above")) }
            dt { "GDAL" } dd { code { "ogrinfo OAPIF:" (base) "/ogc" } }
            dt { (lang.of("Ô vectơ", "Vector tiles")) } dd { code { (base) "/tiles/{layer}/{z}/{x}/{y}" } }
        }
        h2 { (lang.of("Tài liệu", "Documents")) }
        ul {
            li { a href=(to("/api")) { (lang.of("Mô tả API (OpenAPI 3.0)", "API description (OpenAPI 3.0)")) } }
            li { a href=(to("/conformance")) { (lang.of("Các chuẩn được đáp ứng", "Standards conformed to")) } }
            li { a href=(to("/tiles")) { (lang.of("Ô vectơ", "Vector tiles")) } " · " a href=(to("/tileMatrixSets")) { (lang.of("lưới ô", "tile matrix sets")) } }
            li { a href=(to("/styles")) { (lang.of("Kiểu hiển thị", "Styles")) } }
            li { a href=(to("/collections/_records/items")) { (lang.of("Siêu dữ liệu của các lớp", "Metadata of the layers")) } }
            li { a href=(to("/changes")) { (lang.of("Thay đổi", "Changes")) } }
            li { a href=(to("/functions")) { (lang.of("Hàm dùng trong bộ lọc", "Functions for filters")) } }
        }
    })
}

/// A layer's title in the language of the page.
pub fn title(layer: &Layer, lang: super::Lang) -> &str {
    layer.title_en.as_deref().filter(|_| lang == super::Lang::En).unwrap_or(&layer.title)
}

pub fn conformance(base: &str, choice: Choice, doc: &Value) -> Response {
    let lang = choice.lang;
    let page = Page::new(base, choice, "/conformance", lang.of("Các chuẩn được đáp ứng", "Standards conformed to"));
    let all: Vec<&str> = doc["conformsTo"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    page.answer(html! {
        p { (all.len()) " " (lang.of("lớp tuân thủ của OGC.", "conformance classes of OGC.")) }
        ul { @for uri in all { li { code { (uri) } } } }
    })
}

pub fn functions(base: &str, choice: Choice, doc: &Value) -> Response {
    let lang = choice.lang;
    let page = Page::new(base, choice, "/functions", lang.of("Hàm dùng trong bộ lọc", "Functions for filters"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let kinds = |value: &Value| {
        let all: Vec<String> = match value {
            Value::Array(all) => {
                all.iter().map(|a| if a.is_string() { text(a) } else { text(&a["type"][0]) }).collect()
            }
            other => vec![text(other)],
        };
        all.join(", ")
    };
    page.answer(html! {
        p { (lang.of("Viết trong tham số ", "Write them in the parameter ")) code { "filter" } " (CQL2)." }
        div.scroll { table {
            thead { tr { th { (lang.of("Tên", "Name")) } th { (lang.of("Nhận", "Takes")) } th { (lang.of("Cho", "Gives")) } th { (lang.of("Ý nghĩa", "Meaning")) } } }
            tbody { @for f in doc["functions"].as_array().into_iter().flatten() {
                tr { td { code { (text(&f["name"])) } } td { (kinds(&f["arguments"])) } td { (kinds(&f["returns"])) } td { (text(&f["description"])) } }
            } }
        } }
    })
}
