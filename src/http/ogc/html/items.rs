//! A table of features: filtered, ordered, a page at a time.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::super::params::Params;
use super::super::asked::Asked;
use super::super::format::Choice;
use super::documents::title;
use super::{Page, coded, illustrative, said};
use crate::error::{Error, Result};
use crate::layer::Layer;
use crate::layer::catalog::shorten;
use crate::layer::features;
use crate::layer::known::Counted;
use crate::layer::sort::{By, sortable};
use crate::schema::{Field, Kind};
use crate::sql::ident;

/// What the form of the page asks: a field and a word in it. They become a filter, which the page then shows, and
/// which may be said everywhere.
const FIELD: &str = "_field";
const WORD: &str = "_word";

/// Turns what the form asks into `filter`.
pub fn search(layer: &Layer, params: &mut Params) -> Result<()> {
    let (field, word) = (params.text(FIELD), params.text(WORD));
    let (Some(field), Some(word)) = (field, word) else { return Ok(()) };
    let field = layer.field(&field).ok_or_else(|| {
        Error::invalid(FIELD, format!("`{}` is not a field of layer `{}`", shorten(&field), layer.id))
    })?;
    let condition = condition(field, word.trim())?;
    let both = match params.text("filter") {
        Some(filter) => format!("({filter}) AND {condition}"),
        None => condition,
    };
    params.put("filter", &both);
    Ok(())
}

/// Text is looked for anywhere, without regard to case and accents; other values are equal.
fn condition(field: &Field, word: &str) -> Result<String> {
    // CQL2 quotes names as SQL does.
    let name = ident(&field.name);
    let quoted = word.replace('\'', "''");
    let wrong = |what: &str| Error::invalid(WORD, format!("`{}` is not {what}", shorten(word)));
    Ok(match field.kind {
        Kind::Text => {
            let pattern = quoted.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("ACCENTI(CASEI({name})) LIKE ACCENTI(CASEI('%{pattern}%'))")
        }
        Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8 => {
            let number = word.replace(',', ".");
            number.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| wrong("a number"))?;
            format!("{name} = {number}")
        }
        Kind::Bool => match word.to_lowercase().as_str() {
            "true" | "có" | "yes" | "1" => format!("{name} = true"),
            "false" | "không" | "no" | "0" => format!("{name} = false"),
            _ => return Err(wrong("`true` or `false`")),
        },
        _ => format!("{name} = '{quoted}'"),
    })
}

/// The page; `features` are without geometry, `next` goes on after them.
pub fn items(
    base: &str,
    choice: Choice,
    asked: &Asked,
    features: &features::Page,
    counted: Counted,
    next: Option<&str>,
) -> Response {
    let (lang, layer) = (choice.lang, &asked.layer);
    let path = format!("/collections/{}", layer.id);
    let mut page = Page::new(base, choice, &format!("{path}/items"), lang.of("Bảng dữ liệu", "Table"))
        .below("/collections", lang.of("Lớp dữ liệu", "Layers"))
        .below(&path, title(layer, lang));
    let limit = asked.limit.map(|n| ("limit", n.to_string()));
    let plain = page.here.clone();
    page.here = asked.said.address(&plain, limit.as_slice());
    let fields = &asked.selection.fields;
    let rows: Vec<Value> = features.features().filter_map(|f| serde_json::from_str(f).ok()).collect();
    let about = match counted {
        Counted::Exactly(n) => format!("{} {}", lang.count(n), lang.of("đối tượng", "features")),
        Counted::About(n) => {
            format!("{} {} {}", lang.of("khoảng", "about"), lang.count(n), lang.of("đối tượng", "features"))
        }
        Counted::Not => String::new(),
    };
    let all = asked.said.address(&format!("{base}/ogc{path}/export"), &[]);
    page.answer(html! {
        div.badges { span.badge { (title(layer, lang)) } @if layer.illustrative { (illustrative(lang)) } }
        (form(&page, &plain, layer, asked))
        p.muted { (about) }
        div.scroll { table {
            thead { tr {
                th.number scope="col" { "id" }
                @for field in fields { (head(&page, field, asked)) }
            } }
            tbody {
                @for row in &rows {
                    tr {
                        td.number { a href=(page.to(&format!("{plain}/{}", row["id"]))) { (row["id"]) } }
                        @for field in fields {
                            @let cell = &row["properties"][&field.name];
                            td.number[is_number(field)].when[is_time(field)] { (coded(lang, field, cell)) }
                        }
                    }
                }
                @if rows.is_empty() { tr { td colspan=(fields.len() + 1) { (lang.of("Không có đối tượng nào khớp.", "No feature matches.")) } } }
            }
        } }
        div.pages {
            @if asked.after.is_some() { a.button href=(page.to(&page.here)) { (lang.of("Về trang đầu", "First page")) } }
            @if let Some(next) = next { a.button.primary rel="next" href=(page.to(&said(next, "f", "html"))) { (lang.of("Trang sau", "Next page")) } }
        }
        h2 { (lang.of("Tải những gì đang lọc", "Download what is filtered")) }
        ul.buttons { @for form in super::super::format::EXPORTS.iter().filter(|f| layer.spatial().is_some() || f.name != "dxf") {
            li { a.button href=(said(&all, "f", form.name)) download { (form.title) } }
        } }
    })
}

fn form(page: &Page, action: &str, layer: &Layer, asked: &Asked) -> Markup {
    let lang = page.choice.lang;
    let fields = layer.fields.iter().filter(|f| sortable(f.kind));
    html! {
        form.search method="get" action=(action) role="search" {
            input type="hidden" name="f" value="html";
            @if page.choice.lang_said { input type="hidden" name="lang" value=(lang.tag()); }
            @for (name, text) in asked.said.pairs().filter(|(n, _)| *n != "filter") { input type="hidden" name=(name) value=(text); }
            label { (lang.of("Trường", "Field"))
                select name=(FIELD) { @for field in fields {
                    option value=(field.name) { (field.title.as_deref().unwrap_or(&field.name)) }
                } }
            }
            label { (lang.of("Có chứa", "Contains")) input type="search" name=(WORD) autocomplete="off"; }
            label.wide { (lang.of("Bộ lọc (CQL2)", "Filter (CQL2)"))
                input name="filter" value=(asked.said.get("filter").unwrap_or_default()) placeholder="maDat = 'ONT' AND dienTich > 500" spellcheck="false" autocomplete="off";
            }
            button.primary type="submit" { (lang.of("Lọc", "Filter")) }
        }
    }
}

/// Whether values stand at the right: numbers, and not codes.
fn is_number(field: &Field) -> bool {
    let is_number = matches!(field.kind, Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8);
    is_number && field.domain.is_empty()
}

fn is_time(field: &Field) -> bool {
    matches!(field.kind, Kind::Date | Kind::Time | Kind::Timestamp | Kind::Timestamptz)
}

/// The head of a column; a link orders by it, and turns the order round.
fn head(page: &Page, field: &Field, asked: &Asked) -> Markup {
    let key = asked.sort.keys.first().filter(|k| matches!(&k.by, By::Field(f) if f == field));
    let quoted = if field.name.contains([',', '"', ' ']) || field.name.starts_with(['-', '+']) {
        format!("\"{}\"", field.name.replace('"', "\"\""))
    } else {
        field.name.clone()
    };
    let (mark, state, order) = match key.map(|k| k.descending) {
        None => ("", None, quoted),
        Some(false) => (" ▲", Some("ascending"), format!("-{quoted}")),
        Some(true) => (" ▼", Some("descending"), quoted),
    };
    let address = said(&page.here, "sortby", &super::super::asked::encode(&order));
    html! {
        th.number[is_number(field)] scope="col" aria-sort=[state] {
            @if sortable(field.kind) {
                a href=(page.to(&said(&address, "f", "html"))) { (field.title.as_deref().unwrap_or(&field.name)) (mark) }
            } @else { (field.title.as_deref().unwrap_or(&field.name)) }
            @if field.title.is_some() { small { (field.name) } }
        }
    }
}
