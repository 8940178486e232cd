//! What a request for features says: types, filters, order, how many (OGC 09-025r2, 7.6 to 7.9 and 11.2).

use std::sync::Arc;

use super::super::ows::fault::Fault;
use super::super::ows::kvp::Kvp;
use super::{Request, typed};
use crate::app::App;
use crate::error::Error;
use crate::filter::{self, Comparison, Expr, Lang, Literal, Scalar, fes};
use crate::geo::{Crs, sides};
use crate::layer::catalog::shorten;
use crate::layer::{Layer, Query, Selection, Sort};
use crate::xml::read::Element;

/// A question about one type.
pub struct Asked {
    pub layer: Arc<Layer>,
    pub query: Query,
    pub selection: Selection,
    pub sort: Sort,
    /// The coordinate system as it was named, or as the capabilities name it.
    pub srs: String,
    /// Whether the caller said so.
    pub said_srs: bool,
}

/// How many are wanted, and what of them.
pub struct Pages {
    pub start: u64,
    pub count: Option<u64>,
    /// Only the number.
    pub hits: bool,
}

/// What is said of one query, however it was written.
#[derive(Default)]
struct Words {
    types: String,
    srs: Option<String>,
    properties: Option<Vec<String>>,
    filter: Option<Element>,
    cql: Option<String>,
    bbox: Option<String>,
    ids: Vec<String>,
    sort: Option<String>,
}

pub fn pages(kvp: &Kvp, modern: bool) -> Result<Pages, Fault> {
    let name = if modern { "COUNT" } else { "MAXFEATURES" };
    let other = if modern { "MAXFEATURES" } else { "COUNT" };
    let count =
        kvp.parsed(name, "a whole number")?.map_or_else(|| kvp.parsed(other, "a whole number"), |n| Ok(Some(n)))?;
    let hits = match kvp.get("RESULTTYPE").map(str::to_ascii_lowercase).as_deref() {
        None | Some("results") => false,
        Some("hits") => true,
        Some(text) => {
            let what = format!("`{}` is not a type of result; there are `results` and `hits`", shorten(text));
            return Err(Fault::new("InvalidParameterValue", "resultType", Error::invalid("resultType", what)));
        }
    };
    Ok(Pages { start: kvp.parsed("STARTINDEX", "a whole number")?.unwrap_or(0), count, hits })
}

/// The questions of a request, in its order.
pub fn asked(app: &App, request: &Request) -> Result<Vec<Asked>, Fault> {
    let words = match &request.body {
        Some(body) => body.all("Query").map(written).collect(),
        None => said(&request.kvp)?,
    };
    if words.is_empty() {
        let name = if request.modern { "typeNames" } else { "typeName" };
        return Err(Fault::new("MissingParameterValue", name, Error::invalid(name, "no type is named")));
    }
    words.into_iter().map(|w| resolve(app, w)).collect()
}

/// A `Query` of a document.
fn written(query: &Element) -> Words {
    let list: Vec<String> = query.all("PropertyName").map(|p| p.text.trim().to_string()).collect();
    let key = |p: &Element| {
        let name = p.child("ValueReference").or_else(|| p.child("PropertyName"))?.text.trim();
        let order = p.child("SortOrder").map_or("ASC", |o| o.text.trim());
        Some(format!("{name} {order}"))
    };
    let sort = query.child("SortBy").map(|s| s.all("SortProperty").filter_map(key).collect::<Vec<_>>().join(","));
    Words {
        types: query.attribute("typeNames").or_else(|| query.attribute("typeName")).unwrap_or_default().to_string(),
        srs: query.attribute("srsName").map(String::from),
        properties: (!list.is_empty()).then_some(list),
        filter: query.children.iter().find(|c| c.name == "Filter").cloned(),
        sort,
        ..Words::default()
    }
}

/// Queries as parameters: lists in parentheses stand one beside the other.
fn said(kvp: &Kvp) -> Result<Vec<Words>, Fault> {
    let lists = |name: &str| kvp.get(name).map(|t| parenthesised(t, name == "FILTER")).unwrap_or_default();
    let ids = kvp.list("RESOURCEID").or_else(|| kvp.list("FEATUREID")).unwrap_or_default();
    let ids: Vec<String> = ids.iter().map(|t| t.to_string()).collect();
    let mut types = lists(if kvp.get("TYPENAMES").is_some() { "TYPENAMES" } else { "TYPENAME" });
    if let [one] = types.as_slice() {
        types = one.split(',').map(|t| t.trim().to_string()).collect();
    }
    let unsaid = types.is_empty();
    let of = |id: &str| id.rsplit_once('.').map_or("", |(of, _)| of).to_string();
    if unsaid {
        // Ids say of which types they are.
        for id in &ids {
            if !types.contains(&of(id)) {
                types.push(of(id));
            }
        }
    }
    let (filters, properties, sorts, cql) =
        (lists("FILTER"), lists("PROPERTYNAME"), lists("SORTBY"), lists("CQL_FILTER"));
    let pick = |all: &[String], n: usize| all.get(n).or(all.first().filter(|_| all.len() == 1)).cloned();
    let one = |(n, types): (usize, String)| {
        let filter = pick(&filters, n).map(|text| Element::parse(&text)).transpose();
        let filter = filter.map_err(|m| Fault::new("InvalidParameterValue", "filter", Error::invalid("filter", m)))?;
        let names = pick(&properties, n).filter(|p| p != "*");
        let ids = ids.iter().filter(|id| !unsaid || of(id) == types).cloned().collect();
        Ok(Words {
            types,
            srs: kvp.get("SRSNAME").map(String::from),
            properties: names.map(|p| p.split(',').map(String::from).collect()),
            filter,
            cql: pick(&cql, n),
            bbox: kvp.get("BBOX").map(String::from),
            ids,
            sort: pick(&sorts, n),
        })
    };
    types.into_iter().enumerate().map(one).collect()
}

/// The parts of `(a)(b)`; the text itself where it has no such parentheses.
fn parenthesised(text: &str, xml: bool) -> Vec<String> {
    let inside = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    match inside {
        Some(inside) if !xml || inside.trim_start().starts_with('<') => inside.split(")(").map(String::from).collect(),
        _ => vec![text.to_string()],
    }
}

fn resolve(app: &App, words: Words) -> Result<Asked, Fault> {
    let wrong = |locator: &'static str, what: String| {
        Fault::new("InvalidParameterValue", locator, Error::invalid(locator, what))
    };
    let layer = typed(app, &words.types, "typeNames")?;
    let named = words.ids.iter().map(String::as_str).chain(words.filter.iter().flat_map(fes::ids));
    if let Some(stranger) = named.into_iter().find(|id| is_of_another(app, &layer, id)) {
        // OGC 09-025r2, 7.9.2.4.1.
        let what = format!("`{}` is not of type `{}`; ask for it with its own type", shorten(stranger), layer.id);
        return Err(wrong("RESOURCEID", what));
    }
    let systems = systems(&layer);
    let said_srs = words.srs.is_some();
    let srs = words.srs.unwrap_or_else(|| urn(systems[0]));
    let crs = fes::named(&srs, &systems).ok_or_else(|| {
        let there: Vec<String> = systems.iter().map(|c| format!("`{}`", urn(*c))).collect();
        wrong(
            "srsName",
            format!("type `{}` is not served in `{}`; there are {}", layer.id, shorten(&srs), there.join(", ")),
        )
    })?;
    let mut query = Query::everything();
    if let Some(text) = &words.bbox {
        query = within(query, &layer, text, &systems).map_err(|e| wrong("bbox", e))?;
    }
    let reader = fes::Reader { fields: &layer.fields, systems: &systems, layer: &layer.id };
    if let Some(filter) = &words.filter {
        let expr = filter::parse_fes(filter, &reader, layer.spatial().is_some()).map_err(|fault| {
            let fault = wrong("filter", fault.to_string());
            let code = if fes::compares_elements(filter) { "OperationProcessingFailed" } else { fault.code };
            Fault { code, ..fault }
        });
        query = query.filtered(&layer, expr?);
    }
    if let Some(text) = words.cql.as_deref().filter(|t| !t.trim().is_empty()) {
        let expr = filter::parse(text, Lang::Gdal, &layer.fields, layer.spatial().is_some(), Crs::CRS84);
        query = query.filtered(&layer, expr.map_err(|fault| wrong("cql_filter", fault.to_string()))?);
    }
    if !words.ids.is_empty() {
        query = query.and(ids(&layer, &words.ids));
    }
    let mut selection = Selection::whole(&layer, crs);
    if let Some(names) = &words.properties {
        let names: Vec<String> = names.iter().map(|n| fes::field_name(n)).collect();
        let geometry = crate::layer::gml::geometry_name(&layer);
        if let Some(strange) = names.iter().find(|n| **n != geometry && layer.field(n).is_none()) {
            return Err(wrong("propertyName", crate::layer::selection::unknown(&layer, strange)));
        }
        selection.fields.retain(|f| names.contains(&f.name));
        selection.geometry = selection.geometry && names.contains(&geometry);
    }
    let sort = match &words.sort {
        Some(text) => Sort::parse(&layer, &order(text)).map_err(|e| wrong("sortBy", e))?,
        None => Sort::default(),
    };
    Ok(Asked { layer, query, selection, sort, srs, said_srs })
}

/// Whether an id names a feature of a type that there is, but not of this one.
fn is_of_another(app: &App, layer: &Layer, id: &str) -> bool {
    let of = id.trim().rsplit_once('.').map(|(of, _)| of);
    of.is_some_and(|of| of != layer.id && typed(app, of, "RESOURCEID").is_ok())
}

/// `a ASC,b DESC` (and `a A,b D` of older clients) as the house writes an order.
fn order(text: &str) -> String {
    let key = |part: &str| {
        let (name, down) = match part.trim().rsplit_once(' ') {
            Some((name, word)) if matches!(word.to_ascii_uppercase().as_str(), "ASC" | "A" | "+") => (name, false),
            Some((name, word)) if matches!(word.to_ascii_uppercase().as_str(), "DESC" | "D" | "-") => (name, true),
            _ => (part, false),
        };
        let name = fes::field_name(name).replace('"', "\"\"");
        format!("{}\"{name}\"", if down { "-" } else { "" })
    };
    text.split(',').map(key).collect::<Vec<_>>().join(",")
}

/// The systems that a type is served in, its own first.
pub fn systems(layer: &Layer) -> Vec<Crs> {
    let own = match layer.crs {
        Some(crs) if crs != Crs::CRS84 => crs,
        _ => Crs::geographic(4326),
    };
    let mut all = vec![own];
    all.extend(layer.systems().into_iter().filter(|c| *c != own));
    all
}

pub fn urn(crs: Crs) -> String {
    match crs {
        Crs::CRS84 => "urn:ogc:def:crs:OGC:1.3:CRS84".into(),
        crs => format!("urn:ogc:def:crs:EPSG::{}", crs.srid),
    }
}

/// Four numbers, and perhaps the system that they are in.
fn within(query: Query, layer: &Layer, text: &str, systems: &[Crs]) -> Result<Query, String> {
    let parts: Vec<&str> = text.split(',').collect();
    let (numbers, crs) = match parts.len() {
        5 | 7 => {
            let (crs, numbers) = parts.split_last().ok_or("a box has four numbers")?;
            let found = fes::named(crs, systems);
            (numbers, found.ok_or_else(|| format!("`{}` is not a coordinate system of this type", shorten(crs)))?)
        }
        _ => (parts.as_slice(), systems[0]),
    };
    let sides = sides(&numbers.join(","), crs.y_first)?;
    query.inside(layer, sides, crs)
}

fn ids(layer: &Layer, ids: &[String]) -> Expr {
    let known = ids.iter().filter_map(|id| fes::resource(&layer.id, id));
    let items: Vec<Scalar> = known.map(|n| Scalar::Literal(Literal::Int(n))).collect();
    match items.as_slice() {
        [] => Expr::False,
        [one] => Expr::Compare(Comparison::Equal, Scalar::Fid, one.clone()),
        _ => Expr::In(Scalar::Fid, items),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_in_parentheses_one_beside_the_other() {
        assert_eq!(parenthesised("(a,b)(c)", false), ["a,b", "c"]);
        assert_eq!(parenthesised("a,b", false), ["a,b"]);
        assert_eq!(parenthesised("(<a/>)(<b/>)", true), ["<a/>", "<b/>"]);
    }

    #[test]
    fn an_order_is_read_in_every_spelling() {
        assert_eq!(order("dothi:so DESC,maDat"), "-\"so\",\"maDat\"");
        assert_eq!(order("Diện_x0020_tích A,x D"), "\"Diện tích\",-\"x\"");
    }
}
