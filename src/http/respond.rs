//! Answers. This file alone chooses a status for an error and writes problem+json (RFC 9457).

use std::any::Any;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use crate::error::Error;

pub type Answer = Result<Response, Problem>;

/// An error on its way out.
pub struct Problem(Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(e: E) -> Self {
        Problem(e.into())
    }
}

/// The error of a failed request, for the log; `watch` takes it from the response and adds the request id.
#[derive(Clone)]
pub struct Failure(pub String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, r#type, title) = kind(&self.0);
        let mut body = json!({"type": format!("/problems/{type}"), "title": title, "status": status.as_u16()});
        body["detail"] = json!(told(&self.0));
        match &self.0 {
            Error::Invalid { parameter: Some(parameter), at, .. } => {
                body["parameter"] = json!(parameter);
                match at.as_deref() {
                    Some(pointer @ Value::String(_)) => body["pointer"] = pointer.clone(),
                    Some(byte) => body["position"] = byte.clone(),
                    None => {}
                }
            }
            Error::Rejected(faults) => body["errors"] = json!(faults),
            _ => {}
        }
        report(&self.0, "application/problem+json", body.to_string())
    }
}

/// An error in the words of some protocol, with the status that it has in all of them.
pub fn report(error: &Error, media_type: &'static str, body: String) -> Response {
    let (status, ..) = kind(error);
    let mut response = (status, [(header::CONTENT_TYPE, media_type)], body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    if !error.is_callers() {
        response.extensions_mut().insert(Failure(format!("{error:?}")));
    }
    response
}

/// What a caller is told of an error.
pub fn told(error: &Error) -> String {
    if error.is_callers() { error.to_string() } else { inside(kind(error).0).to_string() }
}

fn kind(error: &Error) -> (StatusCode, &'static str, &'static str) {
    match error {
        Error::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
        Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid-parameter", "Invalid parameter"),
        Error::Rejected(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-feature", "Invalid feature"),
        Error::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type"),
        Error::NotAcceptable(_) => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Not acceptable"),
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated", "Unauthenticated"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "Forbidden"),
        Error::Stale(_) => (StatusCode::PRECONDITION_FAILED, "precondition-failed", "Precondition failed"),
        Error::Unconditional(_) => {
            (StatusCode::PRECONDITION_REQUIRED, "precondition-required", "Precondition required")
        }
        Error::Gone(_) => (StatusCode::GONE, "gone", "Gone"),
        Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
        // tus 1.0, checksum
        Error::Mismatch(_) => {
            let status = StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST);
            (status, "checksum-mismatch", "Checksum mismatch")
        }
        Error::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Conflict"),
        Error::Unreadable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unreadable", "Unreadable"),
        Error::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
        Error::Db(e) if away(e) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
        e if e.is_timeout() => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
    }
}

/// True when the database is away or overloaded, which passes; anything else is a fault of ours.
fn away(e: &sqlx::Error) -> bool {
    match e {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Tls(_) => true,
        // 08: connection, 57P: server shutting down or starting, 53: out of resources
        sqlx::Error::Database(e) => {
            e.code().is_some_and(|c| c.starts_with("08") || c.starts_with("57P") || c.starts_with("53"))
        }
        _ => false,
    }
}

/// What a caller is told of a fault of ours.
fn inside(status: StatusCode) -> &'static str {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => "the database does not answer in time; try again in a moment",
        _ => "something went wrong inside; the log has it under this request's id",
    }
}

fn problem(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

/// A body that comes piece by piece. What compresses it asks again after its end, which not every stream bears.
pub fn pieces<T, E>(stream: impl Stream<Item = Result<T, E>> + Send + 'static) -> Body
where
    T: Into<Bytes> + 'static,
    E: Into<BoxError> + 'static,
{
    Body::from_stream(stream.fuse())
}

/// JSON text of the given media type.
pub fn json(media_type: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, media_type)], body.into()).into_response()
}

/// Links of a document as headers too (RFC 8288), for clients that do not read the document. An address longer than
/// proxies take in a header stands in the document only; what a header says already is not said again.
pub fn say_links(response: &mut Response, links: &[Value]) {
    for link in links {
        let [Some(href), Some(rel), Some(media_type)] = ["href", "rel", "type"].map(|key| link[key].as_str()) else {
            continue;
        };
        if href.len() > 2_000 {
            continue;
        }
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&format!("<{href}>; rel=\"{rel}\"; type=\"{media_type}\""))
            && !headers.get_all(header::LINK).iter().any(|said| said == value)
        {
            headers.append(header::LINK, value);
        }
    }
}

/// What is said of a method that a path does not have.
pub fn not_possible(method: &Method, path: &str) -> String {
    format!("`{method}` is not possible on `{path}`; the Allow header says what is")
}

pub async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let detail = not_possible(&method, uri.path());
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({"type": "/problems/method-not-allowed", "title": "Method not allowed", "status": 405, "detail": detail}),
    )
}

/// A path that nothing answers.
pub fn no_such_path(path: &str) -> Response {
    let path = crate::layer::catalog::shorten(path);
    problem(
        StatusCode::NOT_FOUND,
        &json!({"type": "/problems/not-found", "title": "Not found", "status": 404, "detail": format!("there is nothing at `{path}`; the API starts at `/ogc`")}),
    )
}

/// What is said of a request that took too long.
pub fn too_slow() -> Error {
    Error::Busy("the answer took too long; ask for less (a smaller box, fewer features)".into())
}

/// The answer to a request whose handler panicked.
pub fn panicked(cause: Box<dyn Any + Send>) -> Response {
    Problem(broken(&*cause)).into_response()
}

/// A panic is a fault of ours like any other; its message goes to the log.
pub fn broken(cause: &(dyn Any + Send)) -> Error {
    let message = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    Error::Internal(format!("panic: {message}"))
}
