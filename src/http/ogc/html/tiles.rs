//! Tilesets, and the tile matrix sets that they are in.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::Choice;
use super::map::map;
use super::{Page, said, text};
use crate::geo::Bbox;

/// Whose tiles a page is about.
pub struct Shown<'a> {
    /// Where its pages are below the address of the API: nothing, or `/collections/{id}`.
    pub path: &'a str,
    /// The layer's title; none of several layers.
    pub title: Option<&'a str>,
    /// The style that draws them.
    pub style: &'a str,
    pub extent: Option<Bbox>,
}

impl Shown<'_> {
    fn page<'a>(&self, base: &'a str, choice: Choice, path: &str, heading: &str) -> Page<'a> {
        let page = Page::new(base, choice, &format!("{}{path}", self.path), heading);
        match self.title {
            Some(title) => page.below("/collections", choice.lang.of("Lớp dữ liệu", "Layers")).below(self.path, title),
            None => page,
        }
    }

    fn map(&self, page: &Page) -> Markup {
        let bounds = self.extent.map(|e| [e.west, e.south, e.east, e.north]);
        html! { @if let Some(bounds) = bounds {
            (map(page.base, page.choice.lang, &format!("{}/styles/{}", page.base, self.style), bounds, None, None))
        } }
    }
}

/// `here` is the page's own address, with what it was asked; `doc` the list of tilesets.
pub fn tilesets(base: &str, choice: Choice, of: &Shown, here: &str, doc: &Value) -> Response {
    let lang = choice.lang;
    let mut page = of.page(base, choice, "/tiles", lang.of("Ô vectơ", "Vector tiles"));
    page.here = here.to_string();
    page.answer(html! {
        (of.map(&page))
        h2 { (lang.of("Bộ ô", "Tilesets")) }
        ul.cards { @for set in doc["tilesets"].as_array().into_iter().flatten() {
            @let id = text(&set["tileMatrixSetId"]);
            li.card {
                h3 { a href=(page.to(&format!("{base}/ogc{}/tiles/{id}", of.path))) { (text(&set["title"])) } }
                small { code { (id) } }
                div.badges {
                    @if let Some((first, last)) = zooms(set) {
                        span.badge { (lang.of("mức ", "zooms ")) (first) "–" (last) }
                    }
                    span.badge { "MVT" } span.badge { "MLT" } span.badge { "GeoJSON" }
                }
            }
        } }
        p { a href=(page.to(&format!("{base}/ogc/tileMatrixSets"))) { (lang.of("Mọi lưới ô", "All tile matrix sets")) } }
    })
}

/// The first and the last matrix with tiles.
fn zooms(set: &Value) -> Option<(String, String)> {
    let limits = set["tileMatrixSetLimits"].as_array()?;
    Some((text(&limits.first()?["tileMatrix"]).to_string(), text(&limits.last()?["tileMatrix"]).to_string()))
}

/// One tileset; `here` is its address with what its tiles are asked by.
pub fn tileset(base: &str, choice: Choice, of: &Shown, here: &str, doc: &Value) -> Response {
    let (lang, id) = (choice.lang, text(&doc["tileMatrixSetId"]));
    let list = format!("{}/tiles", of.path);
    let mut page = of.page(base, choice, &format!("/tiles/{id}"), id).below(&list, lang.of("Ô vectơ", "Vector tiles"));
    page.here = here.to_string();
    let links = || doc["links"].as_array().into_iter().flatten();
    let href = |is: &dyn Fn(&Value) -> bool| links().find(|l| is(l)).map(|l| text(&l["href"]));
    let item = href(&|l| l["rel"] == "item");
    let scheme = href(&|l| text(&l["rel"]).ends_with("/tiling-scheme")).unwrap_or_default();
    page.answer(html! {
        @if let Some(title) = doc["title"].as_str() { p { (title) } }
        div.split {
            div {
                (of.map(&page))
                @if id != "WebMercatorQuad" { p.muted { (lang.of("Bản đồ nhỏ này vẽ bằng Web Mercator.", "This small map is drawn in Web Mercator.")) } }
            }
            dl.facts {
                dt { (lang.of("Địa chỉ ô", "Address of a tile")) } dd { code { (item.unwrap_or_default()) } }
                dt { (lang.of("Hệ toạ độ", "Coordinate system")) } dd { code { (text(&doc["crs"])) } }
                dt { (lang.of("Lưới ô", "Tile matrix set")) } dd { a href=(page.to(scheme)) { code { (id) } } }
                @if let Some((first, last)) = zooms(doc) { dt { (lang.of("Mức", "Zooms")) } dd { (first) "–" (last) } }
                @if links().any(|l| text(&l["href"]).contains("f=tilejson")) {
                    dt { "TileJSON" } dd { a href=(said(&page.here, "f", "tilejson")) { code { "f=tilejson" } } }
                }
                @for (key, name) in [("attribution", lang.of("Nguồn", "Source")), ("license", lang.of("Giấy phép", "Licence"))] {
                    @if let Some(said) = doc[key].as_str() { dt { (name) } dd { (said) } }
                }
            }
        }
        h2 { (lang.of("Lớp trong ô", "Layers in a tile")) }
        div.scroll { table {
            thead { tr { th { (lang.of("Lớp", "Layer")) } th { (lang.of("Mức", "Zooms")) } th { (lang.of("Trường", "Fields")) } } }
            tbody { @for layer in doc["layers"].as_array().into_iter().flatten() { tr {
                td { a href=(page.to(&format!("{base}/ogc/collections/{}", text(&layer["id"])))) { (text(&layer["title"])) } br; small { code { (text(&layer["id"])) } } }
                td { (text(&layer["minTileMatrix"])) "–" (text(&layer["maxTileMatrix"])) }
                td { @for name in layer["propertiesSchema"]["properties"].as_object().into_iter().flat_map(|p| p.keys()) { code { (name) } " " } }
            } } }
        } }
        @if let Some(limits) = doc["tileMatrixSetLimits"].as_array() {
            h2 { (lang.of("Giới hạn", "Limits")) }
            div.scroll { table {
                thead { tr { th { (lang.of("Mức", "Zoom")) } th { (lang.of("Hàng", "Rows")) } th { (lang.of("Cột", "Columns")) } } }
                tbody { @for limit in limits { tr {
                    td { (text(&limit["tileMatrix"])) }
                    td { (limit["minTileRow"]) "–" (limit["maxTileRow"]) }
                    td { (limit["minTileCol"]) "–" (limit["maxTileCol"]) }
                } } }
            } }
        }
    })
}

pub fn matrix_sets(base: &str, choice: Choice, doc: &Value) -> Response {
    let lang = choice.lang;
    let page = Page::new(base, choice, "/tileMatrixSets", lang.of("Lưới ô", "Tile matrix sets"));
    page.answer(html! {
        p { (lang.of(
            "Cách chia mặt phẳng thành ô: Web Mercator cho bản đồ mạng, và các múi VN-2000 để ô khớp với bản đồ địa chính.",
            "How a plane is cut into tiles: Web Mercator for web maps, and the zones of VN-2000 where tiles are to fit cadastral maps.",
        )) }
        ul.cards { @for set in doc["tileMatrixSets"].as_array().into_iter().flatten() {
            li.card {
                h3 { a href=(page.to(&format!("{base}/ogc/tileMatrixSets/{}", text(&set["id"])))) { (text(&set["title"])) } }
                small { code { (text(&set["id"])) } }
                p { code { (text(&set["crs"])) } }
            }
        } }
    })
}

pub fn matrix_set(base: &str, choice: Choice, doc: &Value) -> Response {
    let (lang, id) = (choice.lang, text(&doc["id"]));
    let page = Page::new(base, choice, &format!("/tileMatrixSets/{id}"), text(&doc["title"]))
        .below("/tileMatrixSets", lang.of("Lưới ô", "Tile matrix sets"));
    page.answer(html! {
        dl.facts {
            dt { (lang.of("Tên", "Name")) } dd { code { (id) } }
            dt { (lang.of("Hệ toạ độ", "Coordinate system")) } dd { code { (text(&doc["crs"])) } }
            @if let Some(uri) = doc["uri"].as_str() { dt { (lang.of("Địa chỉ đăng ký", "Registered as")) } dd { code { (uri) } } }
            dt { (lang.of("Thứ tự trục", "Order of axes")) } dd { @for axis in doc["orderedAxes"].as_array().into_iter().flatten() { (text(axis)) " " } }
        }
        h2 { (lang.of("Các mức", "Matrices")) }
        div.scroll { table {
            thead { tr { th { (lang.of("Mức", "Zoom")) } th { (lang.of("Tỉ lệ 1:", "Scale 1:")) } th { (lang.of("Cỡ điểm ảnh (m)", "Pixel (m)")) } th { (lang.of("Gốc", "Origin")) } th { (lang.of("Số ô", "Tiles")) } } }
            tbody { @for matrix in doc["tileMatrices"].as_array().into_iter().flatten() { tr {
                td { (text(&matrix["id"])) }
                td.number { (lang.count(matrix["scaleDenominator"].as_f64().unwrap_or_default().round() as i64)) }
                td.number { (format!("{:.4}", matrix["cellSize"].as_f64().unwrap_or_default())) }
                td { @for ordinate in matrix["pointOfOrigin"].as_array().into_iter().flatten() { (format!("{:.2}", ordinate.as_f64().unwrap_or_default())) " " } }
                td.number { (lang.count(matrix["matrixWidth"].as_i64().unwrap_or_default())) " × " (lang.count(matrix["matrixHeight"].as_i64().unwrap_or_default())) }
            } } }
        } }
    })
}
