//! The list of layers.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::format::Choice;
use super::{Page, illustrative, shape};

pub fn collections(base: &str, choice: Choice, here: &str, q: &str, doc: &Value) -> Response {
    let lang = choice.lang;
    let mut page = Page::new(base, choice, "/collections", lang.of("Lớp dữ liệu", "Layers"));
    page.here = here.to_string();
    let all: Vec<&Value> = doc["collections"].as_array().into_iter().flatten().collect();
    let mut groups: Vec<(&str, Vec<&Value>)> = Vec::new();
    for layer in all {
        let group = lang.title(&layer["group"]);
        match groups.iter_mut().find(|(name, _)| *name == group) {
            Some((_, layers)) => layers.push(layer),
            None => groups.push((group, vec![layer])),
        }
    }
    let links = doc["links"].as_array().into_iter().flatten();
    let next = links.into_iter().find(|l| l["rel"] == "next").and_then(|l| l["href"].as_str());
    page.answer(html! {
        form.search method="get" action=(format!("{base}/ogc/collections")) role="search" {
            input type="hidden" name="f" value="html";
            @if choice.lang_said { input type="hidden" name="lang" value=(lang.tag()); }
            label.wide { (lang.of("Tìm theo tên, mô tả", "Search in titles and descriptions")) input type="search" name="q" value=(q); }
            button.primary type="submit" { (lang.of("Tìm", "Search")) }
        }
        @if groups.is_empty() { p { (lang.of("Không có lớp nào khớp.", "No layer matches.")) } }
        @for (name, layers) in &groups {
            @if groups.len() > 1 || !name.is_empty() { h2 { (if name.is_empty() { lang.of("Khác", "Other") } else { name }) } }
            ul.cards { @for layer in layers { (card(&page, layer)) } }
        }
        @if let Some(next) = next { div.pages { a.button rel="next" href=(page.to(&super::said(next, "f", "html"))) { (lang.of("Tiếp", "More")) } } }
    })
}

fn card(page: &Page, layer: &Value) -> Markup {
    let lang = page.choice.lang;
    let id = layer["id"].as_str().unwrap_or_default();
    html! {
        li.card.sample {
            h3 { a href=(page.to(&format!("{}/ogc/collections/{id}", page.base))) { (lang.title(&layer["titles"])) } }
            small { code { (id) } }
            @if let Some(description) = layer["description"].as_str() { p { (description) } }
            div.badges {
                span.badge { (shape(lang, layer["geometry"].as_str().unwrap_or_default())) }
                @if let Some(n) = layer["itemCount"].as_i64() { span.badge { (lang.count(n)) " " (lang.of("đối tượng", "features")) } }
                @if layer["illustrative"] == true { (illustrative(lang)) }
            }
        }
    }
}
