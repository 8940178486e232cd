//! What is wrong with a question, for people: a problem document becomes a page where a page was asked for.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::super::format;
use super::Page;
use crate::http::links::Base;
use crate::http::params::Params;

pub async fn trouble(Base(base): Base, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    let status = response.status();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == "application/problem+json");
    let asked = (method == Method::GET || method == Method::HEAD) && status.is_client_error() && is_problem;
    let Some(path) = uri.path().strip_prefix("/ogc").filter(|_| asked) else { return response };
    let choose =
        |query| Params::parse(query).and_then(|mut params| format::choose(&mut params, &headers, format::ITEMS));
    // A query that cannot be read, or a form that there is not, says nothing of how to answer.
    let choice = choose(uri.query().unwrap_or_default()).or_else(|_| choose(""));
    let Some(choice) = choice.ok().filter(|choice| choice.is_html()) else { return response };
    let problem = to_bytes(response.into_body(), 64 << 10).await.unwrap_or_default();
    let problem: Value = serde_json::from_slice(&problem).unwrap_or_default();
    let lang = choice.lang;
    let (title, what) = match status {
        StatusCode::NOT_FOUND => (
            lang.of("Không tìm thấy", "Not found"),
            lang.of("Ở địa chỉ này không có gì:", "There is nothing at this address:"),
        ),
        _ => (
            lang.of("Không trả lời được", "No answer"),
            lang.of("Câu hỏi này có chỗ chưa đúng:", "Something in this question is wrong:"),
        ),
    };
    let list = lang.of("Lớp dữ liệu", "Layers");
    let page = Page::new(&base, choice, path, title).below("/collections", list);
    let mut response = page.answer(html! {
        p { (what) }
        pre { (problem["detail"].as_str().unwrap_or_default()) }
        ul.buttons {
            @if status == StatusCode::BAD_REQUEST {
                li { a.button.primary href=(page.to(&super::said(&page.here, "f", "html"))) { (lang.of("Hỏi lại từ đầu", "Ask anew")) } }
            }
            li { a.button href=(page.to(&format!("{base}/ogc/collections?f=html"))) { (list) } }
        }
    });
    *response.status_mut() = status;
    response
}
