//! Errors of WMS and WFS: the house's own, with the code and the place that their reports have.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::respond;
use crate::error::Error;
use crate::xml::Xml;

/// An error on its way into a report. A code is one of the standards'; an empty one is none.
pub struct Fault {
    pub code: &'static str,
    /// The parameter, element or value that is wrong.
    pub locator: Option<String>,
    pub error: Error,
}

impl Fault {
    pub fn new(code: &'static str, locator: impl Into<String>, error: Error) -> Fault {
        Fault { code, locator: Some(locator.into()), error }
    }
}

impl<E: Into<Error>> From<E> for Fault {
    fn from(e: E) -> Fault {
        let error = e.into();
        let locator = match &error {
            Error::Invalid { parameter, .. } => parameter.clone(),
            _ => None,
        };
        Fault { code: "", locator, error }
    }
}

/// The report on a method that there is not; the router adds `Allow`.
pub fn not_allowed(mut report: Response) -> Response {
    *report.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    report
}

impl Fault {
    /// The report of WMS 1.3.0 (OGC 06-042, annex E.2) or 1.1.1 (OGC 01-068r3, annex A.3).
    pub fn wms(self, modern: bool) -> Response {
        let mut xml = Xml::document();
        let attributes: &[(&str, &str)] = match modern {
            true => &[("version", "1.3.0"), ("xmlns", "http://www.opengis.net/ogc")],
            false => &[("version", "1.1.1")],
        };
        let code = [("code", self.code), ("locator", self.locator.as_deref().unwrap_or_default())];
        // A locator means something only beside a code.
        let said = match (self.code, &self.locator) {
            ("", _) => &code[..0],
            (_, None) => &code[..1],
            (_, Some(_)) if modern => &code[..],
            (_, Some(_)) => &code[..1],
        };
        xml.open("ServiceExceptionReport", attributes).open("ServiceException", said).text(&respond::told(&self.error));
        xml.close("ServiceException").close("ServiceExceptionReport");
        let media_type = if modern { "text/xml; charset=utf-8" } else { "application/vnd.ogc.se_xml" };
        respond::report(&self.error, media_type, xml.finish())
    }
    /// The report of WFS 2.0 (OWS Common 1.1, OGC 06-121r3, 8) or 1.1.0 (OWS Common 1.0).
    pub fn wfs(self, modern: bool) -> Response {
        let (version, namespace) = match modern {
            true => ("2.0.0", "http://www.opengis.net/ows/1.1"),
            false => ("1.0.0", "http://www.opengis.net/ows"),
        };
        let code = match (self.code, &self.error) {
            ("", Error::Invalid { .. }) => "InvalidParameterValue",
            // WFS 2.0 has codes of its own for these (OGC 09-025r2, table 3).
            ("", Error::TooLarge(_)) if modern => "OperationParsingFailed",
            ("", _) if modern => "OperationProcessingFailed",
            ("", _) => "NoApplicableCode",
            (code, _) => code,
        };
        let mut said = vec![("exceptionCode", code)];
        said.extend(self.locator.as_deref().map(|l| ("locator", l)));
        let mut xml = Xml::document();
        xml.open("ows:ExceptionReport", &[("xmlns:ows", namespace), ("version", version), ("xml:lang", "en")]);
        xml.open("ows:Exception", &said).leaf("ows:ExceptionText", &respond::told(&self.error));
        xml.close("ows:Exception").close("ows:ExceptionReport");
        respond::report(&self.error, "text/xml; charset=utf-8", xml.finish())
    }
}
