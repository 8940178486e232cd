//! `GetFeature`: features as GML or GeoJSON (OGC 09-025r2, 11; OGC 04-094, 9). They go out as they are read, a batch at a
//! time, so that memory stays flat however large the layer is.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;

use super::super::ogc::filter::blame;
use super::super::ows::fault::Fault;
use super::super::respond;
use super::ask::{self, Asked, Pages, urn};
use super::{Request, XML, stored, table, type_name, xml};
use crate::app::{self, App};
use crate::error::{Error, Result};
use crate::geo::Crs;
use crate::layer::catalog::shorten;
use crate::layer::features::{Ask, Start};
use crate::layer::gml::{self, NAMESPACE, Style};
use crate::layer::known::Count;
use crate::layer::{Cursor, features};
use crate::xml::Xml;

const BATCH: u64 = 1_000;
pub const GML_32: &str = "application/gml+xml; version=3.2";
pub const GML_31: &str = "text/xml; subtype=gml/3.1.1";
pub const JSON: &str = "application/json";
pub const CSV: &str = "text/csv";

/// How features are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Gml { modern: bool },
    Json,
}

pub async fn features(app: Arc<App>, request: &Request) -> Result<Response, Fault> {
    if let Some(found) = stored::feature(&app, request).await? {
        return Ok(found);
    }
    let asked = ask::asked(&app, request)?;
    let pages = ask::pages(&request.kvp, request.modern)?;
    let form = match table::is_wanted(request) {
        true if !pages.hits => return table::answer(&app, asked, &pages).await,
        // A table has no place for the number alone.
        true => Form::Gml { modern: request.modern },
        false => form(request)?,
    };
    let mut matched = Vec::new();
    for one in &asked {
        matched.push(count(&app, one).await?);
    }
    let all: u64 = matched.iter().sum();
    let returned = if pages.hits { 0 } else { all.saturating_sub(pages.start).min(pages.count.unwrap_or(u64::MAX)) };
    let around = Around { request, form, pages: &pages, asked: &asked, matched: all, returned };
    let (head, tail) = around.words();
    if returned == 0 {
        return Ok(answer(form, Body::from(head + &tail)));
    }
    let mut parts = VecDeque::new();
    let (mut skip, mut left) = (pages.start, returned);
    for (one, there) in asked.into_iter().zip(matched) {
        let from = skip.min(there);
        let take = (there - from).min(left);
        skip -= from;
        left -= take;
        if take > 0 {
            parts.push_back(Part { asked: one, offset: from, left: take, after: None });
        }
    }
    let mut flow = Flow { app, form, parts, begun: false };
    // What goes wrong with the first batch is still told in words.
    let first = flow.batch().await.map_err(blame)?.unwrap_or_default();
    if flow.parts.is_empty() {
        return Ok(answer(form, Body::from(head + &first + &tail)));
    }
    let rest = stream::unfold((flow, Some(tail)), |(mut flow, tail)| async move {
        let tail = tail?;
        match flow.batch().await {
            Ok(Some(text)) => Some((Ok(text), (flow, Some(tail)))),
            Ok(None) => Some((Ok(tail), (flow, None))),
            Err(e) => {
                tracing::error!(error = %e, "an answer of WFS breaks off");
                Some((Err(e), (flow, None)))
            }
        }
    });
    let body = futures_util::StreamExt::chain(stream::iter([Ok(head + &first)]), rest);
    Ok(answer(form, respond::pieces(body)))
}

/// How many features a question has: exactly, as clients page by it.
pub async fn count(app: &App, asked: &Asked) -> Result<u64> {
    let counted = app.known.count(&app.db.pool, &app.catalog, &asked.layer, &asked.query, Count::Exact).await;
    Ok(counted.map_err(blame)?.number().unwrap_or(0).max(0) as u64)
}

fn answer(form: Form, body: Body) -> Response {
    let media_type = match form {
        Form::Gml { .. } => XML,
        Form::Json => "application/geo+json",
    };
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

/// The output format that is asked for; the version's own where none is.
pub fn form(request: &Request) -> Result<Form, Fault> {
    let Some(text) = request.kvp.get("OUTPUTFORMAT") else { return Ok(Form::Gml { modern: request.modern }) };
    let plain = text.to_ascii_lowercase().replace([' ', '+'], "");
    if plain.contains("json") {
        return Ok(Form::Json);
    }
    let says = |what: &str| plain.contains(what);
    let modern = says("3.2") || (request.modern && !says("3.1"));
    if says("gml") || says("xml") {
        return Ok(Form::Gml { modern });
    }
    let there = format!("there are `{GML_32}`, `{GML_31}`, `{JSON}` and `{CSV}`");
    let error = Error::invalid("outputFormat", format!("`{}` is not a format here; {there}", shorten(text)));
    Err(Fault::new("InvalidParameterValue", "outputFormat", error))
}

/// What is yet to be read of one question.
struct Part {
    asked: Asked,
    offset: u64,
    left: u64,
    after: Option<Cursor>,
}

struct Flow {
    app: Arc<App>,
    form: Form,
    parts: VecDeque<Part>,
    begun: bool,
}

impl Flow {
    /// The text of the next features; none when there are no more.
    async fn batch(&mut self) -> Result<Option<String>> {
        let Some(part) = self.parts.front_mut() else { return Ok(None) };
        let limit = part.left.min(BATCH) as u32;
        let from = match (&part.after, part.offset) {
            (Some(cursor), _) => Start::After(cursor),
            (None, 0) => Start::First,
            (None, n) => Start::Offset(n),
        };
        let asked = &part.asked;
        let pool = &self.app.db.pool;
        let (query, selection, sort) = (&asked.query, &asked.selection, &asked.sort);
        let ask = Ask { layer: &asked.layer, query, selection, sort, from, limit };
        let mut out = String::new();
        let (read, next) = match self.form {
            Form::Json => {
                let mut selection = asked.selection.clone();
                selection.crs = json_crs(asked);
                let page = features::page(pool, Ask { selection: &selection, ..ask }).await?;
                if page.count() > 0 {
                    out.push_str(if std::mem::replace(&mut self.begun, true) { "," } else { "" });
                    out.push_str(page.list());
                }
                (page.count(), page.next)
            }
            Form::Gml { modern } => {
                let style = Style { modern, srs: asked.srs.clone() };
                let (all, next) = gml::page(pool, ask, &style).await?;
                for feature in &all {
                    match modern {
                        true => out.extend(["<wfs:member>", feature, "</wfs:member>\n"]),
                        false => out.extend([feature, "\n"]),
                    }
                }
                (all.len(), next)
            }
        };
        part.left = part.left.saturating_sub(read as u64);
        part.after = next;
        if part.left == 0 || part.after.is_none() {
            self.parts.pop_front();
        }
        Ok(Some(out))
    }
}

/// GeoJSON is in CRS84 (RFC 7946), unless a caller wants another system; then x comes first as well.
fn json_crs(asked: &Asked) -> Crs {
    if asked.said_srs { Crs { y_first: false, ..asked.selection.crs } } else { Crs::CRS84 }
}

/// What stands before and after the features.
struct Around<'a> {
    request: &'a Request,
    form: Form,
    pages: &'a Pages,
    asked: &'a [Asked],
    matched: u64,
    returned: u64,
}

impl Around<'_> {
    fn words(&self) -> (String, String) {
        match self.form {
            Form::Json => self.json(),
            Form::Gml { modern: true } => self.modern(),
            Form::Gml { modern: false } => self.older(),
        }
    }

    fn json(&self) -> (String, String) {
        let mut rest = json!({
            "totalFeatures": self.matched,
            "numberMatched": self.matched,
            "numberReturned": self.returned,
            "timeStamp": app::now(),
        });
        let crs = self.asked.first().map_or(Crs::CRS84, json_crs);
        let name = if crs.srid == 4326 { urn(Crs::CRS84) } else { urn(crs) };
        rest["crs"] = json!({"type": "name", "properties": {"name": name}});
        if let Some(next) = self.next() {
            rest["links"] = json!([{"rel": "next", "type": "application/geo+json", "href": next}]);
        }
        let tail = rest.to_string();
        ("{\"type\":\"FeatureCollection\",\"features\":[".into(), format!("],{}", tail.trim_start_matches('{')))
    }

    fn modern(&self) -> (String, String) {
        let mut xml = Xml::document();
        let (now, matched, returned) = (app::now(), self.matched.to_string(), self.returned.to_string());
        let schema = self.schema("2.0.0", "http://www.opengis.net/wfs/2.0 http://schemas.opengis.net/wfs/2.0/wfs.xsd http://www.opengis.net/gml/3.2 http://schemas.opengis.net/gml/3.2.1/gml.xsd");
        let (next, previous) = (self.next(), self.previous());
        let mut attributes = namespaces(true);
        attributes.extend([
            ("xsi:schemaLocation", schema.as_str()),
            ("timeStamp", &now),
            ("numberMatched", &matched),
            ("numberReturned", &returned),
        ]);
        attributes.extend(next.as_deref().map(|n| ("next", n)));
        attributes.extend(previous.as_deref().map(|p| ("previous", p)));
        xml.open("wfs:FeatureCollection", &attributes).raw("\n");
        (xml.finish(), "</wfs:FeatureCollection>\n".into())
    }

    fn older(&self) -> (String, String) {
        let mut xml = Xml::document();
        let number = if self.pages.hits { self.matched } else { self.returned };
        let (now, number) = (app::now(), number.to_string());
        let schema = self.schema("1.1.0", "http://www.opengis.net/wfs http://schemas.opengis.net/wfs/1.1.0/wfs.xsd");
        let mut attributes = namespaces(false);
        attributes.extend([
            ("xsi:schemaLocation", schema.as_str()),
            ("timeStamp", &now),
            ("numberOfFeatures", &number),
        ]);
        xml.open("wfs:FeatureCollection", &attributes).raw("\n");
        if self.returned == 0 {
            return (xml.finish(), "</wfs:FeatureCollection>\n".into());
        }
        xml.raw("<gml:featureMembers>\n");
        (xml.finish(), "</gml:featureMembers>\n</wfs:FeatureCollection>\n".into())
    }

    fn schema(&self, version: &str, standard: &str) -> String {
        let types: Vec<String> = self.asked.iter().map(|a| type_name(&a.layer)).collect();
        let name = if version == "2.0.0" { "TYPENAMES" } else { "TYPENAME" };
        let mut kvp = super::Kvp::default();
        kvp.put(name, types.join(","));
        let query = kvp.query(&[]);
        format!(
            "{NAMESPACE} {}/wfs?SERVICE=WFS&VERSION={version}&REQUEST=DescribeFeatureType&{query} {standard}",
            self.request.base
        )
    }

    fn address(&self, start: u64, count: u64) -> Option<String> {
        if self.request.body.is_some() {
            return None;
        }
        let page = [("STARTINDEX", start.to_string()), ("COUNT", count.to_string()), ("RESULTTYPE", "results".into())];
        let query = self.request.kvp.query(&page);
        Some(format!("{}/wfs?{query}", self.request.base))
    }

    /// Where the features after these are; none when there are none (OGC 09-025r2, 7.7.4.4). After the number alone come the
    /// first features.
    fn next(&self) -> Option<String> {
        let count = self.pages.count.filter(|n| *n > 0)?;
        let start = self.pages.start + self.returned;
        if start >= self.matched { None } else { self.address(start, count) }
    }

    fn previous(&self) -> Option<String> {
        let count = self.pages.count.filter(|_| self.pages.start > 0 && !self.pages.hits)?;
        self.address(self.pages.start.saturating_sub(count), count.min(self.pages.start))
    }
}

/// The namespaces of a document with features.
pub fn namespaces(modern: bool) -> Vec<(&'static str, &'static str)> {
    let (wfs, gml) = match modern {
        true => ("http://www.opengis.net/wfs/2.0", "http://www.opengis.net/gml/3.2"),
        false => ("http://www.opengis.net/wfs", "http://www.opengis.net/gml"),
    };
    vec![
        ("xmlns:wfs", wfs),
        ("xmlns:gml", gml),
        ("xmlns:dothi", NAMESPACE),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ]
}

/// The document of one feature: its own element, with the namespaces that it needs.
pub fn alone(feature: &str) -> Response {
    let mut head = Xml::document();
    let at = feature.find([' ', '>']).unwrap_or(feature.len());
    head.raw(&feature[..at]);
    for (name, value) in namespaces(true).into_iter().skip(1) {
        head.raw(&format!(" {name}=\"{value}\""));
    }
    head.raw(&feature[at..]).raw("\n");
    xml(head.finish())
}
