//! What is exported, and its rows as they come from PostgreSQL: binary, each value borrowed from the row.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::postgres::PgRow;

use crate::error::{Error, Result};
use crate::filter::render;
use crate::geo::Transform;
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
    /// The address of the layer, for documents that say where its schema is.
    pub home: Option<String>,
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
            home: None,
        }
    }

    /// Whether features have a geometry here.
    pub fn is_spatial(&self) -> bool {
        self.selection.geometry && self.layer.spatial().is_some()
    }

    /// What is done to the geometry here, where PostgreSQL does not.
    pub fn transform(&self) -> Option<Transform> {
        let (stored, asked) = (self.layer.srid?, self.selection.crs);
        if stored == asked.srid { None } else { Transform::new(stored, asked) }
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
        if let Some((_, srid)) = self.layer.spatial().filter(|_| self.selection.geometry) {
            let crs = self.selection.crs;
            let there = match srid == crs.srid || self.transform().is_some() {
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
    /// In the order of the selection's fields.
    pub values: Vec<Value<'a>>,
}

impl<'a> Record<'a> {
    /// `transform` is the job's.
    pub fn of(row: &'a PgRow, job: &Job, transform: Option<Transform>) -> Result<Record<'a>> {
        let fid = bytes(row, 0)?.and_then(|b| b.try_into().ok()).map(i64::from_be_bytes);
        let fid = fid.ok_or_else(|| Error::Internal("a row has no id".into()))?;
        let spatial = job.is_spatial();
        let mut geometry = if spatial { bytes(row, 1)?.map(Cow::Borrowed) } else { None };
        if let (Some(geometry), Some(transform)) = (&mut geometry, transform) {
            let nowhere = || Error::Internal(format!("feature {fid} has no place in the system that is asked for"));
            transform.ewkb(geometry.to_mut()).ok_or_else(nowhere)?;
        }
        let first = 1 + usize::from(spatial);
        let mut values = Vec::with_capacity(job.selection.fields.len());
        for (n, field) in job.selection.fields.iter().enumerate() {
            values.push(Value::of(row, first + n, field.kind)?);
        }
        Ok(Record { fid, geometry, values })
    }
}
