//! What features are made of, what filters and orders may name.

use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::super::format::Choice;
use super::Page;
use super::documents::title;
use crate::layer::Layer;

/// `name` is `schema`, `queryables` or `sortables`; `doc` its JSON Schema.
pub fn schema(base: &str, choice: Choice, layer: &Layer, name: &str, doc: &Value) -> Response {
    let lang = choice.lang;
    let path = format!("/collections/{}", layer.id);
    let heading = match name {
        "queryables" => lang.of("Trường để lọc", "Fields to filter by"),
        "sortables" => lang.of("Trường để sắp xếp", "Fields to order by"),
        _ => lang.of("Lược đồ", "Schema"),
    };
    let page = Page::new(base, choice, &format!("{path}/{name}"), heading)
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    page.answer(html! {
        ul.buttons { @for (other, say) in [("schema", lang.of("Lược đồ", "Schema")), ("queryables", lang.of("Trường để lọc", "Fields to filter by")), ("sortables", lang.of("Trường để sắp xếp", "Fields to order by"))] {
            li { a.button href=(page.to(&format!("{base}/ogc{path}/{other}"))) aria-current=[(other == name).then_some("page")] { (say) } }
        } }
        div.scroll { table {
            thead { tr { th { (lang.of("Tên", "Name")) } th { (lang.of("Tiêu đề", "Title")) } th { (lang.of("Kiểu", "Type")) } th { (lang.of("Ghi chú", "Notes")) } } }
            tbody { @for (name, property) in doc["properties"].as_object().into_iter().flatten() {
                tr {
                    td { code { (name) } }
                    td { (text(&property["title"])) }
                    td { (text(&property["type"])) " " (text(&property["format"])) }
                    td {
                        (text(&property["x-ogc-role"]))
                        @if let Some(codes) = property["oneOf"].as_array().or_else(|| property["anyOf"].as_array()) {
                            @let codes = codes.iter().filter(|c| c.get("const").is_some());
                            details { summary { (codes.clone().count()) " " (lang.of("mã", "codes")) } dl { @for code in codes {
                                dt { code { (code["const"].as_str().map_or_else(|| code["const"].to_string(), String::from)) } }
                                dd { (text(&code["title"])) }
                            } } }
                        }
                    }
                }
            } }
        } }
    })
}
