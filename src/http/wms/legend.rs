//! `GetLegendGraphic` (OGC 02-070, 12.1) as QGIS, ArcGIS and OpenLayers ask for it.

use axum::response::Response;

use super::super::ows::fault::Fault;
use super::super::ows::kvp::Kvp;
use super::{ask, map, picture, unknown};
use crate::app::App;
use crate::error::Error;
use crate::layer::catalog::shorten;
use crate::render::Format;
use crate::render::legend::{Legend, Size};

/// Pixels of one side of a swatch.
const MOST: u32 = 512;
/// A swatch of which nobody says how large it is.
pub const SWATCH: Size = Size { width: 22, height: 14, scale: 1.0 };

pub fn answer(app: &App, kvp: &Kvp) -> Result<Response, Fault> {
    let name = kvp.get("LAYER").map_or_else(|| kvp.need("LAYERS"), Ok);
    let name = name.map_err(|f| Fault { code: "LayerNotDefined", ..f })?;
    let layer = app.catalog.get(name).filter(|l| l.is_drawn()).ok_or_else(|| unknown("LAYER", name))?;
    let (style, _) = ask::style(app, &layer, kvp.get("STYLE").unwrap_or_default())?;
    let format = if kvp.get("FORMAT").is_some() { map::format(kvp)? } else { Format::Png };
    let background = map::background(kvp, format)?;
    let side = |name, usual: u32| -> Result<u32, Fault> {
        let what = format!("a whole number from 1 to {MOST}");
        Ok(kvp.parsed::<u32>(name, &what)?.unwrap_or(usual).clamp(4, MOST))
    };
    let scale = ask::scale(kvp);
    let usual = |n: u32| (f64::from(n) * scale) as u32;
    let size =
        Size { width: side("WIDTH", usual(SWATCH.width))?, height: side("HEIGHT", usual(SWATCH.height))?, scale };
    let legend = Legend { layer: &layer, style: &style, codes: &app.land_use, tiles: &app.tiles, fonts: &app.fonts };
    let drawn = legend.draw(kvp.get("RULE"), size, background, format)?;
    let bytes = drawn.ok_or_else(|| {
        let rule = shorten(kvp.get("RULE").unwrap_or_default());
        Error::invalid("RULE", format!("layer `{}` has no class `{rule}`", layer.id))
    })?;
    Ok(picture(format.media_type(), bytes))
}
