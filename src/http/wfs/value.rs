//! `GetPropertyValue`: the values of one property (OGC 09-025r2, 10).

use axum::response::Response;

use super::super::ogc::filter::blame;
use super::super::ows::fault::Fault;
use super::{Request, answer, ask, xml};
use crate::app::{self, App};
use crate::error::Error;
use crate::filter::fes;
use crate::layer::features::{Ask, Start};
use crate::layer::gml::{self, Style};
use crate::xml::Xml;

/// As many values as one answer holds.
const MOST: u64 = 50_000;

pub async fn answer(app: &App, request: &Request) -> Result<Response, Fault> {
    // One that is empty is wrong, not missing.
    let reference = request.kvp.said("VALUEREFERENCE").map_or_else(|| request.kvp.need("VALUEREFERENCE"), Ok)?;
    let mut asked = ask::asked(app, request)?;
    let pages = ask::pages(&request.kvp, request.modern)?;
    if asked.len() != 1 {
        let error = Error::invalid("typeNames", "values are asked of one type at a time");
        return Err(Fault::new("InvalidParameterValue", "typeNames", error));
    }
    let mut one = asked.remove(0);
    let (name, layer) = (fes::field_name(reference), one.layer.clone());
    let is_id = matches!(reference.trim(), "@gml:id" | "gml:@id");
    let is_geometry = layer.spatial().is_some() && name == gml::geometry_name(&layer);
    if !is_id && !is_geometry && layer.field(&name).is_none() {
        let error = Error::invalid("valueReference", crate::layer::selection::unknown(&layer, &name));
        return Err(Fault::new("InvalidParameterValue", "valueReference", error));
    }
    one.selection.fields.retain(|f| !is_id && f.name == name);
    one.selection.geometry = is_geometry;
    let matched = answer::count(app, &one).await?;
    let mut values = Vec::new();
    if !pages.hits {
        let limit = pages.count.unwrap_or(MOST).min(MOST) as u32;
        let style = Style { modern: true, srs: one.srs.clone() };
        let ask = Ask {
            layer: &layer,
            query: &one.query,
            selection: &one.selection,
            sort: &one.sort,
            from: Start::Offset(pages.start),
            limit,
        };
        let read = gml::page(&app.db.pool, ask, &style).await;
        for feature in read.map_err(blame)?.0 {
            let inside = match is_id {
                true => feature.split('"').nth(1),
                false => feature.find('>').and_then(|at| feature.get(at + 1..feature.rfind("</")?)),
            };
            values.extend(inside.filter(|v| !v.is_empty()).map(String::from));
        }
    }
    let (matched, returned) = (matched.to_string(), values.len().to_string());
    let mut attributes = answer::namespaces(true);
    let now = app::now();
    attributes.extend([("timeStamp", now.as_str()), ("numberMatched", &matched), ("numberReturned", &returned)]);
    let mut out = Xml::document();
    out.open("wfs:ValueCollection", &attributes);
    for value in &values {
        out.open("wfs:member", &[]).raw(value).close("wfs:member");
    }
    out.close("wfs:ValueCollection");
    Ok(xml(out.finish()))
}
