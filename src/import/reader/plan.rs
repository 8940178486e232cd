//! A layer, looked at and decided on: fields, encoding, coordinate system.

use unicode_normalization::UnicodeNormalization;

use super::fields::{self, Column};
use super::ogr::Layer;
use super::out::Out;
use super::source::Part;
use super::srs::Srs;
use super::survey::{self, Survey};
use super::words::{self, Words};
use super::{aliases, place, rows, xy};
use crate::error::{Error, Result};
use crate::import::frames::{Candidate, Crs, Event, FieldInfo, How, LayerInfo, LayerStart, Note, Question, Request};
use crate::import::notes;
use crate::schema::{Coded, Geometry};

/// PostgreSQL's limit is 1,600 columns; some are ours.
const FIELDS: usize = 1_590;
/// Codes of a field's domain that are kept.
const CODES: usize = 5000;

pub struct Plan<'d> {
    layer: Layer<'d>,
    index: usize,
    name: String,
    path: String,
    title: Option<String>,
    columns: Vec<Column>,
    survey: Survey,
    words: Words,
    crs: Option<Crs>,
    candidates: Vec<Candidate>,
    fid_from_source: bool,
    xy: Option<xy::Columns>,
    swap_xy: bool,
    drop_z: bool,
    notes: Vec<Note>,
}

impl<'d> Plan<'d> {
    pub fn new(
        part: &'d Part,
        layer: Layer<'d>,
        index: usize,
        name: String,
        request: &Request,
        out: &mut Out,
    ) -> Result<Self> {
        let mut notes = Vec::new();
        let raw = layer.fields();
        if raw.len() > FIELDS {
            let n = raw.len();
            return Err(Error::Unreadable(format!(
                "layer `{name}` has {n} fields, and a table holds at most {FIELDS}: leave out what is not needed"
            )));
        }
        let kinds = raw.iter().map(|field| fields::kind(field, &part.driver)).collect();
        let survey = survey::survey(&layer, &part.driver, &raw, kinds, request.action, out)?;
        let words = words::choose(part, &raw, &survey, request, &mut notes)?;
        let mut columns = fields::columns(&raw, &survey.kinds, &words.decoder);
        for (column, raw) in columns.iter_mut().zip(&raw).filter(|(_, raw)| !raw.domain.is_empty()) {
            let codes = part.dataset.codes(&raw.domain, CODES).into_iter();
            column.field.domain = codes.map(|(code, label)| Coded { code, label: label.nfc().collect() }).collect();
        }
        if part.driver == "GPKG" {
            let mut titles = aliases::titles(&part.dataset, &name);
            for field in columns.iter_mut().map(|c| &mut c.field).filter(|f| f.title.is_none()) {
                field.title = titles.remove(&field.name).map(|title| title.nfc().collect());
            }
        }
        for column in columns.iter().filter(|c| c.field.name != c.field.column) {
            notes.push(notes::column_renamed(&column.field.name, &column.field.column));
        }
        if layer.geometry_fields() > 1 {
            notes.push(notes::one_geometry());
        }
        let title = layer.metadata("IDENTIFIER").filter(|title| *title != name);
        let id_by_format = matches!(part.driver.as_str(), "GeoJSON" | "GeoJSONSeq" | "TopoJSON") && survey.own_ids;
        let fid_from_source = layer.has_fid_column() || id_by_format;
        let mut plan = Plan {
            layer,
            index,
            name,
            path: part.inside.clone(),
            title,
            columns,
            survey,
            words,
            crs: None,
            candidates: Vec::new(),
            fid_from_source,
            xy: None,
            swap_xy: request.swap_xy,
            drop_z: request.drop_z,
            notes,
        };
        if let Some(geometry) = plan.survey.geometry.as_mut().filter(|_| request.drop_z) {
            (geometry.z, geometry.m) = (false, false);
        }
        if plan.survey.geometry.is_none() && matches!(part.driver.as_str(), "CSV" | "XLSX" | "ODS") {
            plan.points_of_columns()?;
        }
        if request.swap_xy {
            plan.exchange();
        }
        plan.locate(request)?;
        if !plan.swap_xy && plan.crs.as_ref().is_some_and(|crs| place::exchanged(crs, &plan.survey.points)) {
            plan.swap_xy = true;
            plan.exchange();
            plan.notes.push(notes::xy_exchanged());
        }
        Ok(plan)
    }

    fn points_of_columns(&mut self) -> Result<()> {
        let Some(found) = xy::find(&self.layer, &self.columns, &self.words.decoder)? else {
            return Ok(());
        };
        self.survey.geometry = Some(Geometry { r#type: "Point".into(), z: false, m: false });
        self.survey.shape = Some("point");
        (self.survey.points, self.survey.extent) = (found.points, found.extent);
        self.notes.push(found.note);
        self.xy = Some(found.columns);
        Ok(())
    }

    /// What the survey saw, with x for y.
    fn exchange(&mut self) {
        self.survey.points.iter_mut().for_each(|(x, y)| std::mem::swap(x, y));
        self.survey.extent = self.survey.extent.map(|[w, s, e, n]| [s, w, n, e]);
    }

    fn locate(&mut self, request: &Request) -> Result<()> {
        if self.survey.geometry.is_none() {
            return Ok(());
        }
        let mut notes = Vec::new();
        let srs = Srs::copy(self.layer.spatial_ref()).filter(|srs| !srs.name().starts_with("Undefined"));
        let own = srs.and_then(|srs| place::of(&srs, &mut notes));
        if let Some(text) = &request.srs {
            let given = place::given(text)?;
            if let Some(own) = own.filter(|own| own.srid != given.srid) {
                let given = format!("EPSG:{}", given.srid.unwrap_or_default());
                self.notes.push(notes::crs_overruled(&own.name, &given));
            }
            self.crs = Some(given);
            return Ok(());
        }
        self.notes.append(&mut notes);
        let doubt = own.as_ref().and_then(|crs| match place::exchanged(crs, &self.survey.points) {
            true => None,
            false => place::doubt(crs, &self.survey.points),
        });
        self.crs = own.filter(|_| doubt.is_none());
        self.notes.extend(doubt);
        if self.crs.is_none() {
            self.candidates = place::candidates(&self.survey.points);
            if self.xy.is_some_and(|xy| xy.degrees) && self.candidates.first().is_some_and(|c| c.srid == 4326) {
                self.notes.push(notes::crs_by_names());
                self.crs = Some(Crs { how: How::Identified, ..place::given("EPSG:4326")? });
                self.candidates.clear();
            }
        }
        Ok(())
    }

    pub fn info(self) -> LayerInfo {
        let lonlat = |extent: [f64; 4]| {
            let crs = self.crs.as_ref()?;
            place::to_lonlat(&Srs::from_epsg(crs.srid?)?)?.bounds(extent)
        };
        let decoder = &self.words.decoder;
        let shown = |value: &Vec<u8>| {
            // A sample that was cut may end inside a letter.
            let cut = if value.len() < survey::SAMPLE_BYTES { 0 } else { 3 };
            let text = (0..=cut).find_map(|n| decoder.string(&value[..value.len() - n]));
            text.unwrap_or_else(|| String::from_utf8_lossy(value).into_owned())
        };
        let fields = self.columns.into_iter().zip(&self.survey.samples);
        LayerInfo {
            index: self.index,
            name: self.name,
            path: self.path,
            title: self.title,
            extent_lonlat: self.survey.extent.and_then(lonlat),
            crs: self.crs,
            crs_candidates: self.candidates,
            geometry: self.survey.geometry,
            shape: self.survey.shape.map(Into::into),
            fields: fields
                .map(|(c, s)| FieldInfo { field: c.field, width: c.width, samples: s.iter().map(shown).collect() })
                .collect(),
            encoding: self.words.info,
            count: self.survey.count,
            extent: self.survey.extent,
            fid_from_source: self.fid_from_source,
            raster: None,
            notes: self.notes,
        }
    }

    /// Name and size, for the list that comes before the rows.
    pub fn heading(&self) -> LayerInfo {
        LayerInfo {
            index: self.index,
            name: self.name.clone(),
            path: self.path.clone(),
            title: self.title.clone(),
            count: self.survey.count,
            ..LayerInfo::default()
        }
    }

    /// What stands in the way of reading: an encoding or a coordinate system that the caller must name. All is asked
    /// before the first is refused.
    pub fn check(&self, out: &mut Out) -> Result<()> {
        let layer = self.name.clone();
        let mut refused = Ok(());
        let placed = self.crs.is_some() || self.survey.geometry.is_none() || self.survey.points.is_empty();
        if !placed {
            let (extent, candidates) = (self.survey.extent, self.candidates.clone());
            refused = Err(place::unknown(&layer, extent, &candidates));
            out.event(&Event::Question(Question::Srs { layer: layer.clone(), extent, candidates }))?;
        }
        if self.words.info.name.is_none() {
            let candidates = self.words.info.candidates.clone();
            refused = Err(words::unsure(&layer, &candidates));
            out.event(&Event::Question(Question::Encoding { layer, candidates }))?;
        }
        refused
    }

    pub fn read(&mut self, request: &Request, out: &mut Out) -> Result<()> {
        out.event(&Event::Layer(LayerStart {
            index: self.index,
            name: self.name.clone(),
            title: self.title.clone(),
            crs: self.crs.clone(),
            geometry: self.survey.geometry.clone(),
            shape: self.survey.shape.map(Into::into),
            fields: self.columns.iter().map(|c| c.field.clone()).collect(),
            widths: self.columns.iter().map(|c| c.width).collect(),
            encoding: self.words.info.clone(),
            count: self.survey.count,
            extent: self.survey.extent,
            fid_from_source: self.fid_from_source,
            raster: None,
            bounds: None,
            notes: std::mem::take(&mut self.notes),
        }))?;
        let target = rows::Target {
            name: &self.name,
            columns: &self.columns,
            geometry: self.survey.geometry.as_ref(),
            srid: self.crs.as_ref().and_then(|crs| crs.srid).unwrap_or(request.custom_srid),
            most: request.most.unwrap_or(u64::MAX),
            decoder: self.words.decoder,
            fid_from_source: self.fid_from_source,
            xy: self.xy,
            swap_xy: self.swap_xy,
            drop_z: self.drop_z,
        };
        rows::read(&self.layer, &target, out)
    }
}
