//! What the bands of a raster are: which of them make a colour, what is transparent, whether it is a photograph or a plan.

use std::collections::HashSet;

use gdal_sys::GDALDataType as kind;

use super::dataset::{Dataset, Use, Window};
use crate::error::{Error, Result};
use crate::layer::raster::Look;

/// Places in each direction at which a raster is looked at, and pixels along the side of what is read there.
const PLACES: i32 = 8;
const SIDE: i32 = 96;
/// A picture of more colours is a photograph.
const FEW: usize = 256;
/// Shares of the values of 16 bits that become black and white.
const DARKEST: f64 = 0.02;

pub enum Colors {
    /// One band of indexes.
    Palette(Vec<[u8; 4]>),
    Gray,
    Rgb,
}

pub struct Bands {
    pub colors: Colors,
    /// The bands that make the colour: one, or red, green and blue.
    pub color: Vec<i32>,
    pub alpha: Option<i32>,
    /// The values of those bands that stand together for nothing.
    pub nothing: Option<Vec<f64>>,
    /// Values of 16 bits.
    pub wide: bool,
    /// Values that become black and white.
    pub range: (u16, u16),
    pub look: Look,
}

impl Bands {
    /// `nodata` is what the caller says of the values that stand for nothing.
    pub fn of(dataset: &Dataset, nodata: Option<&str>, shown: &str) -> Result<Bands> {
        let refuse = |say: String| Err(Error::Unreadable(format!("`{shown}` {say}")));
        let all: Vec<i32> = (1..=dataset.bands()).collect();
        if all.is_empty() {
            return refuse("has no bands".into());
        }
        if let Some(odd) = all.iter().find(|b| !matches!(dataset.kind(**b), kind::GDT_Byte | kind::GDT_UInt16)) {
            return refuse(format!(
                "holds values of type {}, which are measurements and no picture: make one of it, such as with `gdaldem hillshade`, `gdaldem color-relief` or `gdal_translate -ot Byte -scale`",
                dataset.kind_name(*odd)
            ));
        }
        if all.iter().any(|b| dataset.used_for(*b) == Use::Other) {
            return refuse("has colours that are not RGB (CMYK or the like): save it as RGB".into());
        }
        let band = |used: Use| all.iter().copied().find(|b| dataset.used_for(*b) == used);
        let alpha = band(Use::Alpha);
        let rest: Vec<i32> = all.iter().copied().filter(|b| Some(*b) != alpha).collect();
        let (colors, color) = match (band(Use::Palette), band(Use::Red), band(Use::Green), band(Use::Blue)) {
            (Some(index), ..) => (Colors::Palette(palette(dataset, index, nodata)), vec![index]),
            (None, Some(r), Some(g), Some(b)) => (Colors::Rgb, vec![r, g, b]),
            _ if rest.len() >= 3 => (Colors::Rgb, rest[..3].to_vec()),
            _ => (Colors::Gray, rest.first().copied().into_iter().collect()),
        };
        let Some(&first) = color.first() else { return refuse("has no band but transparency".into()) };
        let wide = color.iter().any(|b| dataset.kind(*b) == kind::GDT_UInt16);
        let nothing = match nodata {
            Some(said) => given(said, color.len(), wide, shown)?,
            None => color.iter().filter_map(|b| dataset.nothing(*b)).collect(),
        };
        if wide && matches!(colors, Colors::Palette(_)) {
            return refuse("has a palette of 16 bits: save it with one of 256 colours".into());
        }
        let most = dataset.bits(first).filter(|bits| *bits < 8).map_or(255, |bits| (1u16 << bits) - 1);
        let mut bands = Bands {
            nothing: (nothing.len() == color.len()).then_some(nothing),
            alpha,
            wide,
            range: (0, most),
            look: Look::Plan,
            colors,
            color,
        };
        if !matches!(bands.colors, Colors::Palette(_)) {
            bands.look_at(dataset, shown)?;
        }
        Ok(bands)
    }

    /// Takes samples: how many colours there are, and where values of 16 bits lie.
    fn look_at(&mut self, dataset: &Dataset, shown: &str) -> Result<()> {
        let (width, height) = dataset.size();
        let (mut colors, mut values, mut buffer) = (HashSet::new(), Vec::new(), Vec::new());
        let across =
            |whole: i32, i: i32| ((i64::from(whole - SIDE.min(whole)) * i64::from(i)) / i64::from(PLACES - 1)) as i32;
        'all: for row in 0..PLACES {
            for column in 0..PLACES {
                let (x, y) = (across(width, column), across(height, row));
                let at = Window { x, y, width: SIDE.min(width), height: SIDE.min(height) };
                if !dataset.read(at, &self.color, &mut buffer) {
                    let cause = super::super::errors::take_cause().unwrap_or("its pixels are damaged".into());
                    return Err(Error::Unreadable(format!("`{shown}` cannot be read: {cause}")));
                }
                for pixel in buffer.chunks_exact(self.color.len()) {
                    if self.is_nothing(pixel) {
                        continue;
                    }
                    if colors.len() <= FEW {
                        colors.insert(pixel.to_vec());
                    }
                    if self.wide {
                        values.extend_from_slice(pixel);
                    } else if colors.len() > FEW {
                        break 'all;
                    }
                }
            }
        }
        if colors.len() > FEW {
            self.look = Look::Photo;
        }
        if self.wide && !values.is_empty() {
            values.sort_unstable();
            let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
            let (low, high) = (at(DARKEST), at(1.0 - DARKEST));
            self.range = if high > low { (low, high) } else { (0, u16::MAX) };
        }
        Ok(())
    }

    fn is_nothing(&self, pixel: &[u16]) -> bool {
        self.nothing.as_ref().is_some_and(|n| n.iter().zip(pixel).all(|(n, v)| *n == f64::from(*v)))
    }

    /// Whether values are bytes as they are shown.
    pub fn is_plain(&self) -> bool {
        !self.wide && self.range == (0, 255)
    }

    /// A value as it is shown.
    pub fn shown(&self, value: u16) -> u8 {
        let (low, high) = self.range;
        let up = u32::from(value.clamp(low, high) - low) * 255;
        (up / u32::from(high - low).max(1)) as u8
    }

    /// Red, green, blue and alpha of each pixel, from its values as they are shown with the transparency last. False where
    /// nothing is seen.
    pub fn paint(&self, values: &[u8], out: &mut [u8]) -> bool {
        let (mut some, stride) = (false, self.color.len() + 1);
        let scale = |v: u8| if self.is_plain() || self.wide { v } else { self.shown(v.into()) };
        for (pixel, out) in values.chunks_exact(stride).zip(out.chunks_exact_mut(4)) {
            let alpha = pixel[stride - 1];
            some |= alpha > 0;
            let color = match &self.colors {
                _ if alpha == 0 => [0; 4],
                Colors::Palette(colors) => {
                    let [r, g, b, a] = colors.get(usize::from(pixel[0])).copied().unwrap_or_default();
                    if a == 0 { [0; 4] } else { [r, g, b, a.min(alpha)] }
                }
                Colors::Gray => {
                    let v = scale(pixel[0]);
                    [v, v, v, alpha]
                }
                Colors::Rgb => [scale(pixel[0]), scale(pixel[1]), scale(pixel[2]), alpha],
            };
            out.copy_from_slice(&color);
        }
        some
    }

    /// In words.
    pub fn told(&self) -> String {
        let color = match &self.colors {
            Colors::Palette(colors) => format!("palette of {} colours", colors.len()),
            Colors::Gray => "gray".into(),
            Colors::Rgb => "RGB".into(),
        };
        let wide = if self.wide { ", 16 bits" } else { "" };
        let clear = match (self.alpha, &self.nothing) {
            (Some(_), _) => " and transparency",
            (None, Some(_)) => ", a value for nothing",
            _ => "",
        };
        format!("{color}{clear}{wide}")
    }
}

/// The colours of a band of indexes. GDAL makes that of the file's own value for nothing transparent; where the caller says
/// another it is a colour like the others.
fn palette(dataset: &Dataset, band: i32, nodata: Option<&str>) -> Vec<[u8; 4]> {
    let mut colors = dataset.palette(band);
    let own = nodata.and_then(|_| dataset.nothing(band)).and_then(|own| colors.get_mut(own as usize));
    if let Some(own) = own {
        own[3] = 255;
    }
    colors
}

/// The values that a caller names: one for each of the bands, or one for all of them, or `none`.
fn given(said: &str, bands: usize, wide: bool, shown: &str) -> Result<Vec<f64>> {
    if said.trim().eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let most = if wide { u16::MAX } else { u8::MAX.into() };
    let values: Option<Vec<u16>> = said.split(',').map(|value| value.trim().parse().ok()).collect();
    match values.filter(|values| values.iter().all(|value| *value <= most)) {
        Some(values) if values.len() == 1 => Ok(vec![values[0].into(); bands]),
        Some(values) if values.len() == bands => Ok(values.into_iter().map(Into::into).collect()),
        _ => {
            let each = if bands == 1 { String::new() } else { format!(", {bands} of them with commas between") };
            Err(Error::Unreadable(format!(
                "`--nodata {said}` does not fit `{shown}`: say a whole number from 0 to {most}{each}, or `none`"
            )))
        }
    }
}
