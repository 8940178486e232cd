//! What a request for a map says: layers, the box and its system, pixels (OGC 06-042, 7.3.3).

use std::sync::Arc;

use serde_json::Value;

use super::super::ows::fault::Fault;
use super::super::ows::kvp::Kvp;
use super::unknown;
use crate::app::App;
use crate::error::Error;
use crate::filter::{self, Expr, Lang};
use crate::geo::{self, Crs, Name, sides};
use crate::layer::catalog::shorten;
use crate::layer::time::Stretch;
use crate::layer::{Layer, Query};
use crate::render::{Drawn, View};

/// Pixels of one side of a picture.
pub const MOST_PIXELS: u32 = 4096;
pub const MOST_LAYERS: usize = 64;
/// The style without names of features, beside the style of a layer.
pub const UNNAMED: &str = "khong-nhan";
/// Pixels to an inch of the screens that widths and letters of styles are made for.
const SCREEN: f64 = 96.0;

/// The layers that a parameter names, from the bottom up.
pub fn layers(app: &App, kvp: &Kvp, parameter: &'static str) -> Result<Vec<Arc<Layer>>, Fault> {
    kvp.need(parameter).map_err(|f| Fault { code: "LayerNotDefined", ..f })?;
    let names = kvp.list(parameter).unwrap_or_default();
    if names.len() > MOST_LAYERS {
        let what = format!("{} layers at once are more than {MOST_LAYERS}", names.len());
        return Err(Fault::new("", parameter, Error::invalid(parameter, what)));
    }
    names
        .into_iter()
        .map(|name| app.catalog.get(name).filter(|l| l.is_drawn()).ok_or_else(|| unknown(parameter, name)))
        .collect()
}

/// The layers of a map with their styles and filters.
pub fn drawn(app: &App, kvp: &Kvp) -> Result<Vec<Drawn>, Fault> {
    let layers = layers(app, kvp, "LAYERS")?;
    let styles = kvp.list("STYLES").unwrap_or_default();
    if !styles.is_empty() && styles.len() != layers.len() {
        let what = format!("there are {} styles for {} layers; name one for each or none", styles.len(), layers.len());
        return Err(Fault::new("StyleNotDefined", "STYLES", Error::invalid("STYLES", what)));
    }
    let filters = filters(kvp, &layers)?;
    let time = time(kvp)?;
    let drawn = layers.into_iter().zip(filters).enumerate().map(|(i, (layer, filter))| {
        let filter = match time {
            Some(time) if layer.when().is_some() => {
                let then = Query::everything().during(&layer, time).filter;
                Some(filter.map_or_else(|| then.clone(), |f| f.and(then.clone())))
            }
            _ => filter,
        };
        let (style, labels) = style(app, &layer, styles.get(i).copied().unwrap_or_default())?;
        Ok(Drawn { layer, style, labels, filter })
    });
    drawn.collect()
}

/// The moment or stretch of `TIME` (OGC 06-042, annex D); the step of an interval makes no difference to what is in it.
fn time(kvp: &Kvp) -> Result<Option<Stretch>, Fault> {
    let Some(text) = kvp.get("TIME") else { return Ok(None) };
    let ends: Vec<&str> = text.splitn(3, '/').take(2).collect();
    let wrong = |e: String| Fault::new("InvalidDimensionValue", "TIME", Error::invalid("TIME", e));
    Stretch::parse(&ends.join("/")).map(Some).map_err(wrong)
}

/// The MapLibre style that draws a layer, and whether with its labels: its own, or one of somebody's making that draws it.
pub fn style(app: &App, layer: &Layer, name: &str) -> Result<(Value, bool), Fault> {
    let id = match name {
        "" | "default" | UNNAMED => layer.id.as_str(),
        other => other,
    };
    let known = id == layer.id || app.styles.drawing(&layer.id).iter().any(|s| s == id);
    let found = if known { app.styles.get(&app.catalog, &app.land_use, id)? } else { None };
    let style = found.ok_or_else(|| {
        let what = format!("`{}` is not a style of layer `{}`; GetCapabilities lists those", shorten(name), layer.id);
        Fault::new("StyleNotDefined", "STYLES", Error::invalid("STYLES", what))
    })?;
    Ok((style.document, name != UNNAMED))
}

/// The vendor parameter `CQL_FILTER`: CQL2, one condition for all layers or one for each with semicolons between.
pub fn filters(kvp: &Kvp, layers: &[Arc<Layer>]) -> Result<Vec<Option<Expr>>, Fault> {
    let Some(text) = kvp.get("CQL_FILTER") else { return Ok(layers.iter().map(|_| None).collect()) };
    let mut texts = split(text);
    if texts.len() == 1 {
        texts = vec![texts[0]; layers.len()];
    }
    if texts.len() != layers.len() {
        let what = format!("there are {} filters for {} layers; write one for each or one", texts.len(), layers.len());
        return Err(Error::invalid("CQL_FILTER", what).into());
    }
    let one = |(text, layer): (&str, &Arc<Layer>)| {
        if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("INCLUDE") {
            return Ok(None);
        }
        let expr = filter::parse(text, Lang::Gdal, &layer.fields, layer.spatial().is_some(), Crs::CRS84);
        expr.map(Some).map_err(|fault| Error::invalid("CQL_FILTER", fault.to_string()).into())
    };
    texts.into_iter().zip(layers).map(one).collect()
}

/// Parts between semicolons that are in no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quote) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';') => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// The box on its pixels.
pub fn view(app: &App, kvp: &Kvp, modern: bool) -> Result<View, Fault> {
    let crs = system(app, kvp, modern)?;
    let text = kvp.need("BBOX")?;
    let wrong = |what: String| Fault::new("", "BBOX", Error::invalid("BBOX", what));
    // 1.1.1 has x first whatever the authority says.
    let sides = sides(text, modern && crs.y_first).map_err(|e| wrong(format!("BBOX `{}`: {e}", shorten(text))))?;
    let [west, south, east, north] = sides;
    if !sides.iter().all(|v| v.is_finite() && v.abs() < 1e9) || west >= east || south >= north {
        let order = if modern && crs.y_first { "south,west,north,east" } else { "west,south,east,north" };
        return Err(wrong(format!("BBOX `{}` is not a box; write `{order}` with an area", shorten(text))));
    }
    let side = |name: &'static str| {
        let what = format!("a whole number from 1 to {MOST_PIXELS}");
        kvp.need(name)?;
        let n: Option<u32> = kvp.parsed(name, &what)?;
        n.filter(|n| (1..=MOST_PIXELS).contains(n))
            .ok_or_else(|| Fault::from(Error::invalid(name, format!("{name} is not {what}"))))
    };
    Ok(View { crs, sides, width: side("WIDTH")?, height: side("HEIGHT")?, scale: scale(kvp) })
}

/// Pixels to one of a screen, as QGIS (`DPI`, `MAP_RESOLUTION`) and GeoServer's clients (`FORMAT_OPTIONS`) say it.
pub fn scale(kvp: &Kvp) -> f64 {
    let option = kvp.get("FORMAT_OPTIONS").and_then(|o| o.split(';').find_map(|o| o.trim().strip_prefix("dpi:")));
    let dpi = kvp.get("DPI").or_else(|| kvp.get("MAP_RESOLUTION")).or(option).and_then(|t| t.parse::<f64>().ok());
    dpi.filter(|d| d.is_finite()).map_or(1.0, |d| (d / SCREEN).clamp(0.5, 8.0))
}

fn system(app: &App, kvp: &Kvp, modern: bool) -> Result<Crs, Fault> {
    let code = if modern { "InvalidCRS" } else { "InvalidSRS" };
    let parameter = if modern { "CRS" } else { "SRS" };
    let said = kvp.get(parameter).or_else(|| kvp.get("CRS")).or_else(|| kvp.get("SRS"));
    let Some(text) = said else {
        return Err(Fault {
            code,
            ..kvp.need(parameter).err().unwrap_or_else(|| Error::invalid(parameter, "").into())
        });
    };
    let found = match Name::parse(text) {
        _ if text.eq_ignore_ascii_case("CRS:84") => Some(Crs::CRS84),
        // The code that 3857 had before it had one.
        Some(Name::Epsg(900_913 | 3785 | 102_100)) => Some(Crs::plane(3857)),
        Some(_) => {
            let mut all = vec![Crs::CRS84, Crs::geographic(4326), Crs::plane(3857)];
            all.extend(geo::vn2000());
            all.extend(app.catalog.all().iter().filter_map(|l| l.crs));
            Crs::find(text, &all)
        }
        None => None,
    };
    found.ok_or_else(|| {
        let what = format!("`{}` is not a coordinate system that maps are drawn in here", shorten(text));
        Fault::new(code, parameter, Error::invalid(parameter, what))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn filters_are_told_apart_by_semicolons_outside_of_texts() {
        assert_eq!(super::split("ten = 'a;b';\"x;y\" = 1;"), ["ten = 'a;b'", "\"x;y\" = 1", ""]);
    }
}
