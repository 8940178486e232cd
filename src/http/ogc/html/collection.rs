//! One layer.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::{Choice, EXPORTS};
use super::documents::title;
use super::map::map;
use super::{Page, illustrative, shape};
use crate::export::Format;
use crate::layer::Layer;

pub fn collection(base: &str, choice: Choice, layer: &Layer, doc: &Value) -> Response {
    let (lang, id) = (choice.lang, &layer.id);
    let page = Page::new(base, choice, &format!("/collections/{id}"), title(layer, lang))
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"));
    let to = |path: &str| page.to(&format!("{}{path}", page.here));
    let extent = layer.extent.filter(|_| layer.is_drawn());
    let picture = layer.raster.as_ref();
    page.answer(html! {
        div.badges {
            span.badge { (shape(lang, layer.shape())) }
            @if picture.is_none() { span.badge { (lang.count(layer.feature_count)) " " (lang.of("đối tượng", "features")) } }
            @if layer.illustrative { (illustrative(lang)) }
        }
        @if let Some(description) = &layer.description { p { (description) } }
        @if picture.is_none() { ul.buttons {
            li { a.button.primary href=(to("/items")) { (lang.of("Xem bảng dữ liệu", "Browse the table")) } }
            li { a.button href=(to("/queryables")) { (lang.of("Trường để lọc", "Fields to filter by")) } }
            li { a.button href=(to("/schema")) { (lang.of("Lược đồ", "Schema")) } }
            @if extent.is_some() {
                li { a.button href=(to("/tiles")) { (lang.of("Ô vectơ", "Vector tiles")) } }
                li { a.button href=(to("/styles")) { (lang.of("Kiểu hiển thị", "Styles")) } }
            }
            li { a.button href=(to("/metadata")) { (lang.of("Siêu dữ liệu", "Metadata")) } }
            li { a.button href=(to("/changes")) { (lang.of("Thay đổi", "Changes")) } }
            @if layer.spatial().is_some() { li { a.button href=(to("/quality")) { (lang.of("Chất lượng", "Quality")) } } }
            li { a.button href=(to("/api")) { (lang.of("Mô tả API", "API description")) } }
        } }
        div.split {
            div {
                @if let Some(e) = extent {
                    (map(base, lang, &format!("{base}/styles/{id}"), [e.west, e.south, e.east, e.north], None, None))
                }
                @if picture.is_none() {
                    h2 { (lang.of("Tải về", "Download")) }
                    (downloads(&page, layer))
                }
            }
            div { (facts(&page, layer, doc)) }
        }
        @if picture.is_none() { h2 { (lang.of("Trường thuộc tính", "Fields")) " (" (layer.fields.len()) ")" }
        div.scroll { table {
            thead { tr { th { (lang.of("Tên", "Name")) } th { (lang.of("Tiêu đề", "Title")) } th { (lang.of("Kiểu", "Type")) } } }
            tbody { @for field in &layer.fields {
                tr {
                    td { code { (field.name) } }
                    td { (field.title.as_deref().unwrap_or_default()) }
                    td { (field.kind.json().1.unwrap_or(field.kind.json().0)) }
                }
            } }
        } } }
    })
}

/// Every format; those that can, in the system the layer is stored in, which a plan is measured in.
fn downloads(page: &Page, layer: &Layer) -> Markup {
    let own = layer.crs.filter(|crs| *crs != crate::geo::Crs::CRS84);
    let forms = EXPORTS.iter().filter(|f| layer.spatial().is_some() || f.name != "dxf");
    let address = |form: &super::super::format::Form| {
        let degrees = super::super::format::exported(*form).is_none_or(Format::is_of_degrees);
        let crs = own.filter(|_| !degrees).map(|crs| format!("&crs=EPSG:{}", crs.srid)).unwrap_or_default();
        let bom = if form.name == "csv" { "&bom=true" } else { "" };
        format!("{}/export?f={}{crs}{bom}", page.here, form.name)
    };
    html! {
        ul.buttons { @for form in forms {
            li { a.button href=(address(form)) download { (form.title) } }
        } }
    }
}

fn facts(page: &Page, layer: &Layer, doc: &Value) -> Markup {
    let (lang, base, id) = (page.choice.lang, page.base, &layer.id);
    let systems: Vec<&str> = doc["crs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    html! {
        dl.facts {
            dt { (lang.of("Mã lớp", "Layer id")) } dd { code { (id) } }
            @if let Some(text) = &layer.attribution { dt { (lang.of("Nguồn", "Source")) } dd { (text) } }
            @if let Some(text) = &layer.licence { dt { (lang.of("Giấy phép", "Licence")) } dd { (text) } }
            @if let Some(place) = &layer.package {
                dt { (lang.of("Hồ sơ quy hoạch", "Planning package")) }
                dd {
                    a href=(format!("{base}/packages/{}", place.id)) { code { (place.id) } }
                    @if let Some((theme, class)) = place.theme.as_ref().zip(place.class.as_ref()) { br; "TT 16/2025/TT-BXD · " (theme) "/" (class) }
                }
            }
            dt { (lang.of("Cập nhật", "Updated")) } dd { time datetime=(layer.updated) { (layer.updated.get(..10).unwrap_or_default()) } " · " (lang.of("phiên bản", "version")) " " (layer.version) }
            @if let Some(crs) = layer.crs { dt { (lang.of("Hệ toạ độ lưu trữ", "Stored in")) } dd { code { (crs.uri()) } } }
            @if let Some(e) = layer.extent {
                dt { (lang.of("Phạm vi (độ)", "Extent (degrees)")) }
                dd { (format!("{:.5}, {:.5} – {:.5}, {:.5}", e.west, e.south, e.east, e.north)) }
            }
            dt { (lang.of("Cung cấp trong", "Served in")) }
            dd { details { summary { (systems.len()) " " (lang.of("hệ toạ độ", "coordinate systems")) } div { ul { @for uri in systems { li { code { (uri) } } } } } } }
            @match &layer.raster {
                None => { dt { "OGC API – Features" } dd { code { (page.here) "/items" } } }
                Some(raster) => {
                    dt { (lang.of("Điểm ảnh", "Pixels")) }
                    dd { (lang.count(raster.picture.width.into())) " × " (lang.count(raster.picture.height.into())) " · " (format!("{:.3} m", raster.picture.resolution)) }
                    dt { "OGC API – Tiles" } dd { a href=(format!("{}/map/tiles", page.here)) { code { (page.here) "/map/tiles" } } }
                }
            }
            @if layer.is_drawn() {
                dt { "TileJSON" } dd { a href=(format!("{base}/tiles/{id}")) { code { (base) "/tiles/" (id) } } }
                dt { "MapLibre" } dd { a href=(format!("{base}/styles/{id}")) { code { (base) "/styles/" (id) } } }
            }
        }
    }
}
