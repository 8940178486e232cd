//! `GetMap`: the picture (OGC 06-042, 7.3).

use axum::response::Response;

use super::super::ows::fault::Fault;
use super::super::ows::kvp::Kvp;
use super::super::respond;
use super::{ask, picture};
use crate::app::App;
use crate::error::Error;
use crate::layer::catalog::shorten;
use crate::render::{self, Color, Format, Studio};

pub async fn answer(app: &App, kvp: &Kvp, modern: bool) -> Result<Response, Fault> {
    let drawn = ask::drawn(app, kvp)?;
    let view = ask::view(app, kvp, modern)?;
    let format = format(kvp)?;
    let background = background(kvp, format)?;
    let studio = Studio { pool: &app.db.pool, tiles: &app.tiles, fonts: &app.fonts };
    let bytes = render::map(&studio, &drawn, view, background, format).await;
    let filtered = drawn.iter().any(|d| d.filter.is_some());
    let bytes = bytes.map_err(|e| if filtered { super::super::ogc::filter::blame(e) } else { e })?;
    Ok(picture(format.media_type(), bytes))
}

/// The format that a request must name.
pub fn format(kvp: &Kvp) -> Result<Format, Fault> {
    let wrong = |error: Error| Fault::new("InvalidFormat", "FORMAT", error);
    let text = kvp.need("FORMAT").map_err(|f| wrong(f.error))?;
    Format::parse(text).ok_or_else(|| {
        let there: Vec<String> = Format::ALL.iter().map(|(name, _)| format!("`{name}`")).collect();
        let what = format!("`{}` is not a format here; there are {}", shorten(text), there.join(", "));
        wrong(Error::invalid("FORMAT", what))
    })
}

/// What is under everything; none for a picture that is to be seen through.
pub fn background(kvp: &Kvp, format: Format) -> Result<Option<Color>, Fault> {
    let color = match kvp.get("BGCOLOR") {
        None => Color::WHITE,
        Some(text) => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).or_else(|| text.strip_prefix('#'));
            let color = digits.filter(|d| d.len() == 6).and_then(Color::hex);
            let what = || format!("`{}` is not a colour; write `0xRRGGBB`", shorten(text));
            color.ok_or_else(|| Fault::from(Error::invalid("BGCOLOR", what())))?
        }
    };
    let clear = kvp.get("TRANSPARENT").is_some_and(|t| t.eq_ignore_ascii_case("TRUE"));
    Ok((!clear || format == Format::Jpeg).then_some(color))
}

/// A fault as a picture, where the request asks for that and says how large it is to be: blank, or with the words in it.
pub fn fault_as_picture(app: &App, kvp: &Kvp, fault: &Fault) -> Option<Response> {
    let how = kvp.get("EXCEPTIONS")?.to_ascii_lowercase();
    let words = how.ends_with("inimage");
    if !words && !how.ends_with("blank") {
        return None;
    }
    let format = format(kvp).ok()?;
    let side = |name| kvp.get(name)?.parse::<u32>().ok().filter(|n| (1..=ask::MOST_PIXELS).contains(n));
    let (width, height) = (side("WIDTH")?, side("HEIGHT")?);
    let text = if words { respond::told(&fault.error) } else { String::new() };
    let background = background(kvp, format).ok()?;
    let bytes = render::words(&app.fonts, &text, width, height, background, format).ok()?;
    Some(picture(format.media_type(), bytes))
}
