//! What is exported, and its rows as they come from PostgreSQL: binary, each value borrowed from the row.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};
use sqlx::postgres::PgRow;

use crate::error::{Error, Result};
use crate::filter::render;
use crate::geo::{Crs, Transform};
pub use crate::layer::values::Value;
use crate::layer::values::{bytes, column};
use crate::layer::{Cursor, Layer, Query, Selection, Sort};
use crate::schema::{FID, GEOM};
use crate::sql::Sql;

/// Which features of a layer, what of them, in which order, how many.
#[derive(Clone)]
pub struct Job {
    pub layer: Arc<Layer>,
    pub query: Query,
    pub selection: Selection,
    pub sort: Sort,
    pub after: Option<Cursor>,
    /// None: all.
    pub limit: Option<u32>,
    pub document: Document,
}

/// What documents say beside features.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The address of the layer, for those that say where its schema is.
    pub home: Option<String>,
    /// Further members, for those that have room.
    pub members: Map<String, Json>,
    /// With each geometry in WGS 84 too, for those that can have two.
    pub twice: bool,
}

impl Job {
    /// All of a layer in the system it is stored in.
    pub fn whole(layer: Arc<Layer>) -> Job {
        let crs = layer.crs.unwrap_or(crate::geo::Crs::CRS84);
        let selection = Selection::whole(&layer, crs);
        Job {
            layer,
            query: Query::everything(),
            selection,
            sort: Sort::default(),
            after: None,
            limit: None,
            document: Document::default(),
        }
    }

    /// Whether features have a geometry here.
    pub fn is_spatial(&self) -> bool {
        self.selection.geometry && self.layer.spatial().is_some()
    }

    /// The systems that geometry is written in, each with what is done to it here, where PostgreSQL does not; none where
    /// there is no geometry. The first is the one that is asked for.
    pub fn systems(&self) -> Vec<(Crs, Option<Transform>)> {
        let Some((_, stored)) = self.layer.spatial().filter(|_| self.selection.geometry) else { return Vec::new() };
        let asked = self.selection.crs;
        let other = (self.document.twice && asked != Crs::CRS84).then_some(Crs::CRS84);
        let here = |crs: Crs| if stored == crs.srid { None } else { Transform::new(stored, crs) };
        [asked].into_iter().chain(other).map(|crs| (crs, here(crs))).collect()
    }

    /// A name for the feature's id that no property has.
    pub fn id_name(&self) -> String {
        let mut name = FID.to_string();
        while self.selection.fields.iter().any(|f| f.name.eq_ignore_ascii_case(&name)) {
            name.insert(0, '_');
        }
        name
    }

    /// The statement that reads the features of one part of the order: a condition and an order within it.
    pub fn statement(&self, condition: &Sql, order: &str, limit: Option<u64>) -> Sql {
        let mut columns = format!("t.{FID}");
        for (crs, transform) in self.systems() {
            let there = match self.layer.srid == Some(crs.srid) || transform.is_some() {
                true => format!("t.{GEOM}"),
                false => format!("ST_Transform(t.{GEOM}, {})", crs.srid),
            };
            columns.push_str(&format!(", ST_AsEWKB({there}, 'NDR')"));
        }
        for field in &self.selection.fields {
            columns.push_str(", ");
            columns.push_str(&column(field));
        }
        let sql = Sql::new(format!("SELECT {columns} FROM {} t WHERE ", self.layer.table()))
            .append(condition)
            .push(" AND ")
            .append(&render(&self.query.filter, self.layer.srid))
            .push(&format!(" ORDER BY {order}"));
        match limit {
            Some(limit) => sql.push(&format!(" LIMIT {limit}")),
            None => sql,
        }
    }
}

/// A number of kind `Float4`, which comes as JSON.
pub fn float4(json: &str) -> f32 {
    json.trim_matches('"').parse().unwrap_or(f32::NAN)
}

/// The bytes of kind `Bytes`, which come as base64 in lines.
pub fn decoded(text: &str) -> Vec<u8> {
    let plain: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(plain).unwrap_or_default()
}

/// One feature.
pub struct Record<'a> {
    pub fid: i64,
    /// EWKB, little-endian, in the system that was asked for.
    pub geometry: Option<Cow<'a, [u8]>>,
    /// The same in WGS 84, where it is wanted too.
    pub degrees: Option<Cow<'a, [u8]>>,
    /// In the order of the selection's fields.
    pub values: Vec<Value<'a>>,
}

impl<'a> Record<'a> {
    /// `systems` are the job's.
    pub fn of(row: &'a PgRow, job: &Job, systems: &[(Crs, Option<Transform>)]) -> Result<Record<'a>> {
        let fid = bytes(row, 0)?.and_then(|b| b.try_into().ok()).map(i64::from_be_bytes);
        let fid = fid.ok_or_else(|| Error::Internal("a row has no id".into()))?;
        let mut places = [None, None];
        for (n, (place, (_, transform))) in places.iter_mut().zip(systems).enumerate() {
            *place = bytes(row, 1 + n)?.map(Cow::Borrowed);
            if let (Some(place), Some(transform)) = (place, transform) {
                let nowhere = || Error::Internal(format!("feature {fid} has no place in the system that is asked for"));
                transform.ewkb(place.to_mut()).ok_or_else(nowhere)?;
            }
        }
        let [geometry, degrees] = places;
        let first = 1 + systems.len();
        let mut values = Vec::with_capacity(job.selection.fields.len());
        for (n, field) in job.selection.fields.iter().enumerate() {
            values.push(Value::of(row, first + n, field.kind)?);
        }
        Ok(Record { fid, geometry, degrees, values })
    }
}
