//! The quality report of a layer, and its issues.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::{Choice, Lang};
use super::documents::title;
use super::map::map;
use super::{Page, said};
use crate::layer::Layer;
use crate::quality::{Account, Asked, Kind, Page as Issues, Severity, number};

/// `account`: none where nobody has checked the layer yet.
pub fn quality(base: &str, choice: Choice, layer: &Layer, account: Option<&Account>) -> Response {
    let lang = choice.lang;
    let path = format!("/collections/{}", layer.id);
    let page = Page::new(base, choice, &format!("{path}/quality"), lang.of("Chất lượng dữ liệu", "Data quality"))
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang));
    let Some(account) = account else {
        return page.answer(html! {
            p { (lang.of("Lớp này chưa được kiểm tra chất lượng. Người quản trị kiểm tra bằng lệnh:", "This layer has not been checked yet. An administrator does it with:")) }
            p { code { "dothi layers quality " (layer.id) " --check" } }
        });
    };
    let s = &account.summary;
    let items = format!("{}/items", page.here);
    let there: Vec<Kind> = Kind::ALL.into_iter().filter(|k| s["issues"][k.name()].is_object()).collect();
    page.answer(html! {
        div.badges {
            span.badge { (title(layer, lang)) }
            span.badge { (lang.of("lần nhập", "edition")) " " (account.edition) }
            @if !account.current {
                span.badge.warning { (lang.of("đã có chỉnh sửa sau khi kiểm tra", "edited since it was checked")) }
            }
        }
        ul.buttons { li { a.button.primary href=(page.to(&items)) { (lang.of("Xem từng vấn đề", "Browse the issues")) } } }
        div.split {
            div.scroll { table {
                thead { tr {
                    th { (lang.of("Vấn đề", "Issue")) }
                    th { (lang.of("Số lượng", "Count")) }
                    th { (lang.of("Diện tích, m²", "Area, m²")) }
                } }
                tbody {
                    @for kind in &there { (line(&page, lang, &items, *kind, &s["issues"][kind.name()])) }
                    @if there.is_empty() { tr { td colspan="3" { (lang.of("Không thấy vấn đề nào.", "Nothing wrong was found.")) } } }
                }
            } }
            (facts(lang, account))
        }
        @if let Some(e) = layer.extent.filter(|_| layer.spatial().is_some()) {
            h2 { (lang.of("Trên bản đồ", "On the map")) }
            (map(base, lang, &format!("{base}/styles/{}", layer.id), [e.west, e.south, e.east, e.north], Some(&format!("{items}?limit=10000&f=json")), None))
        }
    })
}

fn line(page: &Page, lang: Lang, items: &str, kind: Kind, tally: &Value) -> Markup {
    let n = tally["count"].as_i64().unwrap_or(0);
    let within = tally["withinTolerance"].as_i64().unwrap_or(0);
    html! { tr {
        td {
            @if n > 0 { a href=(page.to(&format!("{items}?kind={}", kind.name()))) { (kind.title(lang.into())) } } @else { (kind.title(lang.into())) }
            br; small { (kind.element()) @if let Some(m) = kind.measure() { " · " (lang.of("phép đo", "measure")) " " (m) } }
        }
        td.number {
            @if tally["atLeast"] == true { (lang.of("ít nhất", "at least")) " " }
            (lang.count(n))
            @if within > 0 { br; small { "+ " (lang.count(within)) " " (lang.of("trong sai số", "within tolerance")) } }
        }
        td.number { @if let Some(area) = tally["area"].as_f64().filter(|a| *a > 0.0) { (number(area, lang.into())) } }
    } }
}

fn facts(lang: Lang, account: &Account) -> Markup {
    let s = &account.summary;
    let size = |v: &Value| v.as_f64().map_or("—".to_string(), |n| number(n, lang.into()));
    let count = |v: &Value| v.as_i64().map_or("—".to_string(), |n| lang.count(n));
    html! { dl.facts {
        @if s["rows"].is_object() {
            dt { (lang.of("Bản ghi nguồn", "Source rows")) }
            dd {
                (count(&s["rows"]["read"])) " " (lang.of("đã đọc", "read")) ", " (count(&s["rows"]["imported"])) " " (lang.of("đã nhập", "imported"))
                ", " (count(&s["rows"]["repaired"])) " " (lang.of("đã sửa hình", "mended")) ", " (count(&s["rows"]["setAside"])) " " (lang.of("để riêng", "set aside"))
            }
        }
        dt { (lang.of("Đối tượng", "Features")) } dd { (count(&s["features"])) }
        @if s["area"].is_object() {
            dt { (lang.of("Diện tích trước", "Area before")) } dd { (size(&s["area"]["before"])) " m²" }
            dt { (lang.of("Diện tích sau", "Area after")) } dd { (size(&s["area"]["after"])) " m²" }
        }
        @if let Some(crs) = s["measuredIn"].as_str() { dt { (lang.of("Đo trong", "Measured in")) } dd { (crs) } }
        dt { (lang.of("Sai số cho phép", "Tolerance")) } dd { (s["tolerance"]) " m" }
        @for (reason, n) in s["invalid"].as_object().into_iter().flatten() {
            dt { (crate::quality::reason(reason, lang.into())) } dd { (count(n)) }
        }
        dt { (lang.of("Kiểm tra lúc", "Checked")) } dd { time datetime=(account.checked_at) { (account.checked_at.replace('T', " ").trim_end_matches('Z')) " UTC" } }
        @for note in s["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) { dt { (lang.of("Ghi chú", "Note")) } dd { (note) } }
    } }
}

/// Issues, a page at a time; `here` is the first page's address.
pub fn issues(
    base: &str,
    choice: Choice,
    layer: &Layer,
    asked: &Asked,
    found: &Issues,
    here: &str,
    next: Option<&str>,
) -> Response {
    let lang = choice.lang;
    let path = format!("/collections/{}", layer.id);
    let mut page = Page::new(base, choice, &format!("{path}/quality/items"), lang.of("Các vấn đề", "Issues"))
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang))
        .below(&format!("{path}/quality"), lang.of("Chất lượng dữ liệu", "Data quality"));
    let plain = page.here.clone();
    page.here = here.to_string();
    page.answer(html! {
        div.badges { span.badge { (title(layer, lang)) } span.badge { (lang.count(found.matched)) " " (lang.of("vấn đề", "issues")) } }
        ul.buttons {
            li { a.button.primary[asked.kinds.is_empty()] href=(page.to(&plain)) { (lang.of("Tất cả", "All")) } }
            @for kind in Kind::ALL {
                li { a.button.primary[asked.kinds == [kind]] href=(page.to(&format!("{plain}?kind={}", kind.name()))) { (kind.title(lang.into())) } }
            }
        }
        div.scroll { table {
            thead { tr { th { "id" } th { (lang.of("Vấn đề", "Issue")) } th { (lang.of("Mức", "Severity")) } th { (lang.of("Đối tượng", "Features")) } } }
            tbody {
                @for issue in &found.features { (row(&page, layer, issue)) }
                @if found.features.is_empty() { tr { td colspan="4" { (lang.of("Không có vấn đề nào khớp.", "No issue matches.")) } } }
            }
        } }
        div.pages {
            @if asked.after.is_some() { a.button href=(page.to(here)) { (lang.of("Về trang đầu", "First page")) } }
            @if let Some(next) = next { a.button.primary rel="next" href=(page.to(&said(next, "f", "html"))) { (lang.of("Trang sau", "Next page")) } }
        }
    })
}

fn row(page: &Page, layer: &Layer, issue: &Value) -> Markup {
    let (lang, p) = (page.choice.lang, &issue["properties"]);
    let severity = [Severity::Error, Severity::Warning, Severity::Note].into_iter().find(|s| p["severity"] == s.name());
    let message = p[if lang == Lang::En { "messageEn" } else { "message" }].as_str().unwrap_or_default();
    html! { tr {
        td.number { (issue["id"]) }
        td { (message) }
        td { @if let Some(s) = severity { span.badge.warning[s != Severity::Note] { (s.title(lang.into())) } } }
        td { @for fid in p["fids"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
            a href=(page.to(&format!("{}/ogc/collections/{}/items/{fid}", page.base, layer.id))) { (fid) } " "
        } }
    } }
}
