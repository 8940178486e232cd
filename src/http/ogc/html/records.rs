//! Metadata: the list of records, and one.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::{Choice, Lang};
use super::map::{bounds, map};
use super::{Page, illustrative, said, text, value};

/// `here` is the page's address with what was asked, `q` the words that were searched.
pub fn records(base: &str, choice: Choice, here: &str, q: &str, doc: &Value) -> Response {
    let lang = choice.lang;
    let mut page =
        Page::new(base, choice, "/collections/_records/items", lang.of("Siêu dữ liệu", "Metadata of the layers"));
    let plain = std::mem::replace(&mut page.here, here.to_string());
    let all: Vec<&Value> = doc["features"].as_array().into_iter().flatten().collect();
    let links = doc["links"].as_array().into_iter().flatten();
    let next = links.into_iter().find(|l| l["rel"] == "next").map(|l| text(&l["href"]));
    page.answer(html! {
        form.search method="get" action=(plain) role="search" {
            input type="hidden" name="f" value="html";
            @if choice.lang_said { input type="hidden" name="lang" value=(lang.tag()); }
            label.wide { (lang.of("Tìm theo tên, mô tả, từ khoá, cơ quan", "Search in titles, descriptions, keywords, agencies")) input type="search" name="q" value=(q); }
            button.primary type="submit" { (lang.of("Tìm", "Search")) }
        }
        p.muted { (lang.count(doc["numberMatched"].as_i64().unwrap_or_default())) " " (lang.of("lớp", "layers")) }
        ul.cards { @for record in all {
            @let about = &record["properties"];
            li.card.sample {
                h3 { a href=(page.to(&format!("{plain}/{}", text(&record["id"])))) { (lang.title(&about["titles"])) } }
                small { code { (text(&record["id"])) } }
                @if let Some(description) = about["description"].as_str() { p { (description) } }
                div.badges {
                    @if let Some(agency) = about["contacts"][0]["organization"].as_str() { span.badge { (agency) } }
                    @if about["illustrative"] == true { (illustrative(lang)) }
                }
            }
        } }
        @if let Some(next) = next { div.pages { a.button rel="next" href=(page.to(&said(next, "f", "html"))) { (lang.of("Tiếp", "More")) } } }
    })
}

/// The record of a layer at `path`, as it is in the catalogue or beside its layer.
pub fn record(base: &str, choice: Choice, path: &str, doc: &Value) -> Response {
    let (lang, about, id) = (choice.lang, &doc["properties"], text(&doc["id"]));
    let page = Page::new(base, choice, path, lang.title(&about["titles"]))
        .below("/collections/_records/items", lang.of("Siêu dữ liệu", "Metadata of the layers"));
    page.answer(html! {
        div.badges {
            @if about["illustrative"] == true { (illustrative(lang)) }
            @for word in about["keywords"].as_array().into_iter().flatten() { span.badge { (text(word)) } }
        }
        @if let Some(description) = about["description"].as_str() { p { (description) } }
        ul.buttons {
            li { a.button.primary href=(page.to(&format!("{base}/ogc/collections/{id}"))) { (lang.of("Mở lớp dữ liệu", "Open the layer")) } }
            li { a.button href=(said(&page.here, "f", "iso")) { "ISO 19139" } }
        }
        div.split {
            dl.facts { @for (name, value) in facts(lang, about) { dt { (name) } dd { (value) } } }
            div {
                @if let Some(bbox) = bounds(&doc["geometry"]) {
                    (map(base, lang, &format!("{base}/styles/{id}"), bbox, None, None))
                }
                @for contact in about["contacts"].as_array().into_iter().flatten() {
                    h2 { (lang.of("Liên hệ", "Contact")) }
                    p {
                        (text(&contact["organization"]))
                        @for email in contact["emails"].as_array().into_iter().flatten() { br; (text(&email["value"])) }
                        @for phone in contact["phones"].as_array().into_iter().flatten() { br; (text(&phone["value"])) }
                        @for site in contact["links"].as_array().into_iter().flatten() { br; code { (text(&site["href"])) } }
                    }
                }
            }
        }
        @if let Some(quality) = about["quality"].as_object() {
            h2 { (lang.of("Chất lượng lần nhập gần nhất", "Quality of the last import")) }
            dl.facts { @for (name, said) in quality.iter().filter(|(_, v)| v.as_object().is_none_or(|notes| !notes.is_empty())) {
                dt { (checked(lang, name)) } dd { (value(lang, said)) }
            } }
        }
    })
}

/// What a member of the quality report is called.
fn checked(lang: Lang, name: &str) -> &str {
    match name {
        "importedAt" => lang.of("Nhập lúc", "Imported at"),
        "rowsRead" => lang.of("Bản ghi đã đọc", "Rows read"),
        "rowsImported" => lang.of("Bản ghi đã nhập", "Rows imported"),
        "geometriesRepaired" => lang.of("Hình học đã sửa", "Geometries mended"),
        "rowsSetAside" => lang.of("Bản ghi để riêng", "Rows set aside"),
        "notes" => lang.of("Ghi chú", "Notes"),
        other => other,
    }
}

/// What a record says, by the names that people have for it.
fn facts(lang: Lang, about: &Value) -> Vec<(&'static str, Markup)> {
    let rows = [
        (lang.of("Nguồn gốc dữ liệu", "Lineage"), &about["lineage"]),
        (lang.of("Căn cứ pháp lý", "Legal basis"), &about["legalBasis"]["decision"]),
        (lang.of("Ngày quyết định", "Date of the decision"), &about["legalBasis"]["date"]),
        (lang.of("Ngày lập", "Created"), &about["dates"]["created"]),
        (lang.of("Ngày công bố", "Published"), &about["dates"]["published"]),
        (lang.of("Ngày sửa đổi", "Revised"), &about["dates"]["revised"]),
        (lang.of("Cập nhật", "Updated"), &about["updated"]),
        (lang.of("Tần suất cập nhật", "Frequency of updates"), &about["updateFrequency"]),
        (lang.of("Tỉ lệ 1:", "Scale 1:"), &about["scaleDenominator"]),
        (lang.of("Độ chính xác vị trí (m)", "Positional accuracy (m)"), &about["positionalAccuracy"]),
        (lang.of("Hệ toạ độ lưu trữ", "Stored in"), &about["storageCrs"]),
        (lang.of("Số đối tượng", "Features"), &about["itemCount"]),
        (lang.of("Phiên bản", "Version"), &about["version"]),
        (lang.of("Giấy phép", "Licence"), &about["license"]),
        (lang.of("Ghi nguồn", "Rights"), &about["rights"]),
        (lang.of("Chủ đề", "Topic"), &about["themes"][0]["concepts"][0]["id"]),
    ];
    let there = rows.into_iter().filter(|(_, v)| !v.is_null());
    there.map(|(name, v)| (name, v.as_i64().map_or_else(|| value(lang, v), |n| html! { (lang.count(n)) }))).collect()
}
