//! Stored queries: the one that every server has, `GetFeatureById` (OGC 09-025r2, 7.9.3.6 and 14).

use axum::response::Response;

use super::super::ows::fault::Fault;
use super::{Request, answer, ask, type_name, typed, xml};
use crate::app::App;
use crate::error::Error;
use crate::filter::{Comparison, Expr, Literal, Scalar, fes};
use crate::layer::catalog::shorten;
use crate::layer::features::{Ask, Start};
use crate::layer::gml::{self, Style};
use crate::layer::{Query, Selection, Sort};
use crate::xml::Xml;

const BY_ID: &str = "urn:ogc:def:query:OGC-WFS::GetFeatureById";
/// How it was called before it had a URN of its own.
const BY_ID_TOO: &str = "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById";

fn is_by_id(id: &str) -> bool {
    id == BY_ID || id == BY_ID_TOO
}

/// The feature that a request asks for by a stored query; none when it asks by none.
pub async fn feature(app: &App, request: &Request) -> Result<Option<Response>, Fault> {
    let stored = request.body.as_ref().and_then(|b| b.child("StoredQuery"));
    let query = match stored {
        Some(stored) => stored.attribute("id").map(String::from),
        None => request.kvp.get("STOREDQUERY_ID").map(String::from),
    };
    let Some(query) = query else { return Ok(None) };
    if !is_by_id(&query) {
        return Err(strange(&query));
    }
    let said = |p: &&crate::xml::read::Element| p.attribute("name").is_some_and(|n| n.eq_ignore_ascii_case("id"));
    let id = match stored {
        Some(stored) => stored.all("Parameter").find(said).map(|p| p.text.trim().to_string()),
        None => request.kvp.get("ID").map(String::from),
    };
    let id = id.ok_or_else(|| {
        Fault::new("MissingParameterValue", "id", Error::invalid("id", "the parameter `id` is missing"))
    })?;
    let missing = || {
        let what = format!("there is no feature `{}`", shorten(&id));
        Fault::new("NotFound", "id", Error::NotFound(what))
    };
    let layer = id.rsplit_once('.').and_then(|(of, _)| typed(app, of, "id").ok()).ok_or_else(missing)?;
    let number = fes::resource(&layer.id, &id).ok_or_else(missing)?;
    let own = ask::systems(&layer)[0];
    let query =
        Query::everything().and(Expr::Compare(Comparison::Equal, Scalar::Fid, Scalar::Literal(Literal::Int(number))));
    let (selection, style) = (Selection::whole(&layer, own), Style { modern: true, srs: ask::urn(own) });
    let (sort, from) = (Sort::default(), Start::First);
    let ask = Ask { layer: &layer, query: &query, selection: &selection, sort: &sort, from, limit: 1 };
    let (found, _) = gml::page(&app.db.pool, ask, &style).await?;
    Ok(Some(answer::alone(found.first().ok_or_else(missing)?)))
}

fn strange(id: &str) -> Fault {
    let error =
        Error::invalid("storedQuery_Id", format!("there is no stored query `{}`; there is `{BY_ID}`", shorten(id)));
    Fault::new("InvalidParameterValue", "storedQuery_Id", error)
}

const HEAD: [(&str, &str); 4] = [
    ("xmlns:wfs", "http://www.opengis.net/wfs/2.0"),
    ("xmlns:dothi", gml::NAMESPACE),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("xsi:schemaLocation", "http://www.opengis.net/wfs/2.0 http://schemas.opengis.net/wfs/2.0/wfs.xsd"),
];
const TITLE: &str = "Lấy đối tượng theo mã / Get feature by identifier";

pub fn list(app: &App) -> Result<Response, Fault> {
    let mut out = Xml::document();
    out.open("wfs:ListStoredQueriesResponse", &HEAD).open("wfs:StoredQuery", &[("id", BY_ID)]).leaf("wfs:Title", TITLE);
    for layer in super::types(app) {
        out.leaf("wfs:ReturnFeatureType", &type_name(&layer));
    }
    out.close("wfs:StoredQuery").close("wfs:ListStoredQueriesResponse");
    Ok(xml(out.finish()))
}

pub fn describe(app: &App, request: &Request) -> Result<Response, Fault> {
    let written = request.body.iter().flat_map(|b| b.all("StoredQueryId")).map(|i| i.text.trim());
    let said = request.kvp.list("STOREDQUERY_ID").unwrap_or_default();
    if let Some(other) = written.chain(said).find(|id| !is_by_id(id)) {
        return Err(strange(other));
    }
    let types: Vec<String> = super::types(app).iter().map(|l| type_name(l)).collect();
    let mut out = Xml::document();
    out.open("wfs:DescribeStoredQueriesResponse", &HEAD);
    out.open("wfs:StoredQueryDescription", &[("id", BY_ID)]).leaf("wfs:Title", TITLE);
    out.empty(
        "wfs:Parameter",
        &[("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"), ("name", "id"), ("type", "xsd:string")],
    );
    out.empty(
        "wfs:QueryExpressionText",
        &[
            ("isPrivate", "true"),
            ("language", "urn:ogc:def:queryLanguage:OGC-WFS::WFSQueryExpression"),
            ("returnFeatureTypes", &types.join(" ")),
        ],
    );
    out.close("wfs:StoredQueryDescription").close("wfs:DescribeStoredQueriesResponse");
    Ok(xml(out.finish()))
}
