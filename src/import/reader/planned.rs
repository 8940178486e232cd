//! What a source holds, looked at and decided on: layers of features and pictures alike.

use super::out::Out;
use super::plan::Plan;
use super::source::Opened;
use super::{LAYERS, raster, source};
use crate::error::{Error, Result};
use crate::import::frames::{LayerInfo, Note, Request};
use crate::import::notes;

/// Pictures left out that are named one by one.
const NAMED: usize = 20;

pub enum Planned<'d> {
    Features(Box<Plan<'d>>),
    Raster(Box<raster::Plan>),
}

impl Planned<'_> {
    /// Of a picture; a layer of features is not alone in its dataset.
    pub fn driver(&self) -> Option<String> {
        match self {
            Planned::Features(_) => None,
            Planned::Raster(plan) => Some(plan.driver()),
        }
    }

    pub fn info(self) -> LayerInfo {
        match self {
            Planned::Features(plan) => plan.info(),
            Planned::Raster(plan) => plan.info(),
        }
    }

    pub fn heading(&self) -> LayerInfo {
        match self {
            Planned::Features(plan) => plan.heading(),
            Planned::Raster(plan) => plan.heading(),
        }
    }

    pub fn check(&self, out: &mut Out) -> Result<()> {
        match self {
            Planned::Features(plan) => plan.check(out),
            Planned::Raster(plan) => plan.check(out),
        }
    }

    /// Processor time beyond what the source's size allows for, in seconds.
    pub fn seconds(&self) -> u64 {
        match self {
            Planned::Features(_) => 0,
            Planned::Raster(plan) => plan.seconds(),
        }
    }

    pub fn read(&mut self, request: &Request, out: &mut Out) -> Result<()> {
        match self {
            Planned::Features(plan) => plan.read(request, out),
            Planned::Raster(plan) => plan.read(out),
        }
    }
}

/// Plans the rasters that are wanted; `names` gets name and path of all. Beside features a picture that cannot be placed without
/// a word more (a photograph of the site, a scan without a coordinate system) is left out with a note, unless it is named.
pub fn rasters<'d>(
    opened: &'d Opened,
    request: &Request,
    plans: &mut Vec<Planned<'d>>,
    names: &mut Vec<(String, String)>,
    (told, unread): (&mut Vec<Note>, &mut Vec<String>),
) -> Result<()> {
    if opened.rasters.len() > LAYERS {
        return Err(Error::Unreadable(format!("the file has more than {LAYERS} rasters; import it in parts")));
    }
    let strict = opened.parts.is_empty() || request.layers.is_some();
    let (mut left_out, mut taken) = (Vec::new(), 0);
    let mut leave = |found: &raster::Found, why: String| {
        left_out.push(why);
        if source::is_of_dossier(&found.inside) {
            unread.push(found.inside.clone());
        }
    };
    for found in &opened.rasters {
        let name = found.name(request.name.as_deref());
        names.push((name.clone(), found.inside.clone()));
        if !request.wants(&name, &found.inside) {
            continue;
        }
        taken += 1;
        if taken > 1 && !request.control_points.is_empty() {
            let say = "`--gcp` places one raster, and there are several: choose one with `--source-layer`";
            return Err(Error::Unreadable(say.into()));
        }
        match raster::Plan::new(found, names.len() - 1, &name, &request.of(&name, &found.inside)) {
            Err(e) if strict => return Err(e),
            Err(e) => leave(found, e.to_string()),
            Ok(plan) if strict || plan.is_placed() => plans.push(Planned::Raster(Box::new(plan))),
            Ok(_) => {
                let ask = "does not say in which coordinate system it lies: import it with";
                leave(found, format!("`{}` {ask} `--source-layer \"{name}\" --srs EPSG:…`", found.shown()));
            }
        }
    }
    let more = left_out.len().saturating_sub(NAMED);
    for why in left_out.into_iter().take(NAMED) {
        told.push(notes::raster_left_out(&why));
    }
    if more > 0 {
        told.push(notes::rasters_left_out(more));
    }
    Ok(())
}

/// What is said of rasters is said for one.
pub fn check_words(request: &Request, plans: &[Planned]) -> Result<()> {
    let said = [("--nodata", request.nodata.is_some()), ("--gcp", !request.control_points.is_empty())];
    match said.iter().find(|(_, said)| *said) {
        Some((word, _)) if !plans.iter().any(|plan| matches!(plan, Planned::Raster(_))) => {
            Err(Error::Unreadable(format!("`{word}` is said of rasters, and none is imported here: leave it out")))
        }
        _ => Ok(()),
    }
}
