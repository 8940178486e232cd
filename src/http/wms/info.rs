//! `GetFeatureInfo`: what is at a pixel (OGC 06-042, 7.4).

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::super::ows::fault::Fault;
use super::super::ows::kvp::Kvp;
use super::super::respond;
use super::ask;
use crate::app::App;
use crate::error::Error;
use crate::filter::Expr;
use crate::geo::Crs;
use crate::layer::catalog::shorten;
use crate::layer::features::{Ask, Start};
use crate::layer::{Layer, Query, Selection, Sort, features, gml};
use crate::render::View;
use crate::xml::{Xml, escape};

/// What is told, by the media types that clients ask for.
pub const FORMATS: [&str; 5] = ["text/plain", "text/html", "application/json", "application/geo+json", GML];
const GML: &str = "application/vnd.ogc.gml";
const MOST: u32 = 1_000;
/// Pixels around the place in which points and lines are found: thinner than a finger, wider than a hair.
const NEAR: f64 = 5.0;
const MOST_NEAR: f64 = 100.0;

/// What was found in a layer: GeoJSON Features in CRS84, or elements of GML in the picture's system.
struct Found {
    layer: Arc<Layer>,
    features: Vec<String>,
}

pub async fn answer(app: &App, kvp: &Kvp, modern: bool) -> Result<Response, Fault> {
    let drawn = ask::drawn(app, kvp)?;
    let asked = ask::layers(app, kvp, "QUERY_LAYERS")?;
    let view = ask::view(app, kvp, modern)?;
    let place = pixel(kvp, &view, modern)?;
    let format = format(kvp)?;
    let mut left = kvp.parsed::<u32>("FEATURE_COUNT", "a whole number")?.unwrap_or(1).clamp(1, MOST);
    let mut all = Vec::new();
    // A picture is seen, not asked.
    for layer in asked.into_iter().filter(|l| l.raster.is_none()) {
        let filter = drawn.iter().find(|d| d.layer.id == layer.id).and_then(|d| d.filter.clone());
        let query = here(kvp, &layer, filter, &view, place)?;
        let features = match format {
            GML => elements(app, &layer, &query, view.crs, left).await?,
            _ => {
                let (whole, sort) = (Selection::whole(&layer, Crs::CRS84), Sort::default());
                let (layer, query, selection, sort) = (&*layer, &query, &whole, &sort);
                let ask = Ask { layer, query, selection, sort, from: Start::First, limit: left };
                let page = features::page(&app.db.pool, ask).await?;
                page.features().map(str::to_owned).collect()
            }
        };
        left -= (features.len() as u32).min(left);
        all.push(Found { layer, features });
        if left == 0 {
            break;
        }
    }
    match format {
        "text/plain" => told("text/plain; charset=utf-8", plain(&all)?),
        "text/html" => told("text/html; charset=utf-8", html(&all)?),
        GML => told(GML, collection(&all)),
        format => Ok(respond::json(format, json(&all))),
    }
}

fn told(media_type: &'static str, text: String) -> Result<Response, Fault> {
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

fn format(kvp: &Kvp) -> Result<&'static str, Fault> {
    let text = kvp.get("INFO_FORMAT").unwrap_or("text/plain").to_ascii_lowercase();
    FORMATS.into_iter().find(|f| *f == text).ok_or_else(|| {
        let there = FORMATS.map(|f| format!("`{f}`")).join(", ");
        let what = format!("`{}` is not a format here; there are {there}", shorten(&text));
        Fault::new("InvalidFormat", "INFO_FORMAT", Error::invalid("INFO_FORMAT", what))
    })
}

/// The pixel: `I` and `J`, or `X` and `Y` before 1.3.0, from the upper left corner.
fn pixel(kvp: &Kvp, view: &View, modern: bool) -> Result<[f64; 2], Fault> {
    let names = if modern { [("I", "X"), ("J", "Y")] } else { [("X", "I"), ("Y", "J")] };
    let mut at = [0.0; 2];
    for ((at, (name, other)), most) in at.iter_mut().zip(names).zip([view.width, view.height]) {
        let wrong = |what: String| Fault::new("InvalidPoint", name, Error::invalid(name, what));
        let text = kvp.get(name).or_else(|| kvp.get(other));
        let text = text.ok_or_else(|| wrong(format!("the parameter `{name}` is missing")))?;
        let n = text.parse::<u32>().ok().filter(|n| *n < most);
        *at = n.map(f64::from).ok_or_else(|| {
            wrong(format!("{name} `{}` is not a pixel of the picture, from 0 to {}", shorten(text), most - 1))
        })?;
    }
    Ok(at)
}

/// What is about a pixel.
fn here(kvp: &Kvp, layer: &Layer, filter: Option<Expr>, view: &View, [i, j]: [f64; 2]) -> Result<Query, Fault> {
    // QGIS Server's names, then GeoServer's.
    let (vendor, usual) = match layer.shape() {
        "polygon" => ("FI_POLYGON_TOLERANCE", 0.0),
        "line" => ("FI_LINE_TOLERANCE", NEAR),
        _ => ("FI_POINT_TOLERANCE", NEAR),
    };
    let said = kvp.get(vendor).or_else(|| kvp.get("BUFFER")).and_then(|t| t.parse::<f64>().ok());
    let near = said.filter(|n| n.is_finite()).map_or(usual * view.scale, |n| n.clamp(0.0, MOST_NEAR));
    let (low, high) = (view.place(i + 0.5 - near, j + 0.5 + near), view.place(i + 0.5 + near, j + 0.5 - near));
    let sides = [low[0], low[1], high[0], high[1]];
    if view.crs.degrees && sides.iter().zip([180.0, 90.0, 180.0, 90.0]).any(|(v, most)| v.abs() > most) {
        return Ok(Query::everything().and(Expr::False));
    }
    let query = Query::everything().inside(layer, sides, view.crs).map_err(|e| Error::invalid("BBOX", e))?;
    Ok(match filter {
        Some(filter) => query.filtered(layer, filter),
        None => query,
    })
}

/// Features as GML 3.1.1 in the system of the picture, x first as clients of WMS take it.
async fn elements(app: &App, layer: &Layer, query: &Query, crs: Crs, limit: u32) -> Result<Vec<String>, Fault> {
    let selection = Selection::whole(layer, Crs { y_first: false, ..crs });
    let style = gml::Style { modern: false, srs: format!("EPSG:{}", crs.srid) };
    let ask = Ask { layer, query, selection: &selection, sort: &Sort::default(), from: Start::First, limit };
    Ok(gml::page(&app.db.pool, ask, &style).await?.0)
}

fn collection(all: &[Found]) -> String {
    let mut xml = Xml::document();
    xml.open(
        "wfs:FeatureCollection",
        &[
            ("xmlns:wfs", "http://www.opengis.net/wfs"),
            ("xmlns:gml", "http://www.opengis.net/gml"),
            ("xmlns:dothi", gml::NAMESPACE),
        ],
    );
    for feature in all.iter().flat_map(|f| &f.features) {
        xml.open("gml:featureMember", &[]).raw(feature).close("gml:featureMember");
    }
    xml.close("wfs:FeatureCollection");
    xml.finish()
}

/// A FeatureCollection with a member `crs` as GeoJSON once had, by which QGIS knows where the geometry is.
fn json(all: &[Found]) -> String {
    let features: Vec<&str> = all.iter().flat_map(|f| &f.features).map(String::as_str).collect();
    format!(
        "{{\"type\":\"FeatureCollection\",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"urn:ogc:def:crs:OGC:1.3:CRS84\"}}}},\"features\":[{}]}}",
        features.join(",")
    )
}

/// A feature's id and its values, each with the title of its field.
type Row = (String, Vec<(String, String)>);

fn rows(found: &Found) -> Result<Vec<Row>, Fault> {
    let row = |text: &String| {
        let feature: Value = serde_json::from_str(text)?;
        let say = |v: &Value| match v {
            Value::Null => String::new(),
            Value::String(t) => t.clone(),
            other => other.to_string(),
        };
        let title = |name: &str| found.layer.field(name).and_then(|f| f.title.clone()).unwrap_or_else(|| name.into());
        let values = feature["properties"].as_object().into_iter().flatten().map(|(k, v)| (title(k), say(v)));
        Ok((say(&feature["id"]), values.collect()))
    };
    found.features.iter().map(row).collect()
}

fn plain(all: &[Found]) -> Result<String, Fault> {
    let mut out = String::new();
    for found in all {
        for (id, values) in rows(found)? {
            out.push_str(&format!("{} ({}.{id})\n", found.layer.title, found.layer.id));
            for (name, value) in values {
                out.push_str(&format!("  {name} = {}\n", value.replace('\n', " ")));
            }
        }
    }
    if out.is_empty() {
        out.push_str("Không có đối tượng nào ở đây / Nothing here\n");
    }
    Ok(out)
}

const STYLE: &str = "body{font:14px system-ui,sans-serif;margin:8px;color:#1f2933}h2{font-size:15px;margin:10px 0 4px}table{border-collapse:collapse;margin:0 0 10px}\
                     th,td{border:1px solid #cbd2d9;padding:3px 8px;text-align:left;vertical-align:top}th{background:#f5f7fa;font-weight:600}";

fn html(all: &[Found]) -> Result<String, Fault> {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><title>GetFeatureInfo</title><style>{STYLE}</style></head><body>\n"
    );
    let before = out.len();
    for found in all.iter().filter(|f| !f.features.is_empty()) {
        out.push_str(&format!("<h2>{}</h2>\n", escape(&found.layer.title)));
        for (id, values) in rows(found)? {
            out.push_str(&format!("<table><tr><th>fid</th><td>{}</td></tr>\n", escape(&id)));
            for (name, value) in values {
                out.push_str(&format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(&name), escape(&value)));
            }
            out.push_str("</table>\n");
        }
    }
    if out.len() == before {
        out.push_str("<p>Không có đối tượng nào ở đây / Nothing here</p>\n");
    }
    out.push_str("</body></html>\n");
    Ok(out)
}
