//! What may go wrong around a request, whatever it asks for: its body, the time it takes, a fault of ours. Here it becomes a
//! fault like any other, so that it is told in the words of the protocol.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;

use super::super::{ogc, respond};
use super::fault::Fault;
use crate::app::App;
use crate::error::Error;

/// Does the work, for as long as a request may take.
pub async fn run(limit: Duration, work: impl Future<Output = Result<Response, Fault>>) -> Result<Response, Fault> {
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(cause)) => Err(respond::broken(&*cause).into()),
        Err(_) => Err(respond::too_slow().into()),
    }
}

/// The text of a body; what is not UTF-8 shows as replacement characters.
pub async fn text(app: &App, body: Body) -> Result<String, Fault> {
    let bytes = ogc::write::read(app, body).await.map_err(|error| Fault { code: "", locator: None, error })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The fault of a method that is neither GET nor POST.
pub fn method(method: &Method, path: &str) -> Fault {
    let error = Error::invalid("method", respond::not_possible(method, path));
    Fault::new("OperationNotSupported", method.as_str(), error)
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};

    use super::*;

    #[tokio::test]
    async fn what_never_ends_and_what_panics_are_told_in_the_words_of_the_protocol() {
        let limit = Duration::from_millis(20);
        let late = async || run(limit, std::future::pending()).await.unwrap_err();
        let broken = async || run(limit, async { panic!("a secret of ours") }).await.unwrap_err();
        for (response, status, report) in [
            (late().await.wms(true), 503, "<ServiceExceptionReport version=\"1.3.0\""),
            (late().await.wms(false), 503, "<ServiceExceptionReport version=\"1.1.1\""),
            (late().await.wfs(true), 503, "exceptionCode=\"OperationProcessingFailed\""),
            (late().await.wfs(false), 503, "exceptionCode=\"NoApplicableCode\""),
            (broken().await.wms(true), 500, "<ServiceExceptionReport version=\"1.3.0\""),
            (broken().await.wfs(true), 500, "exceptionCode=\"OperationProcessingFailed\""),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(response.status(), status);
            let later = response.headers().contains_key(header::RETRY_AFTER);
            assert_eq!(later, status == StatusCode::SERVICE_UNAVAILABLE);
            let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            assert!(text.contains(report) && !text.contains("secret"), "{text}");
        }
    }
}
