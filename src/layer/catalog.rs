//! The catalog: every layer, read from `dothi.layer` and kept in memory, so that a request asks no database what exists.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{PgExecutor, Row};

use super::about::About;
use super::raster::Raster;
use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::{self, Bbox, Crs};
use crate::schema::{Field, Geometry};
use crate::sql::{Sql, ident};

/// One layer as the catalog knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    pub id: String,
    /// The layer's own mark, which no namesake has.
    #[serde(skip)]
    pub identity: String,
    pub title: String,
    pub title_en: Option<String>,
    pub description: Option<String>,
    pub group: Option<String>,
    pub group_en: Option<String>,
    pub attribution: Option<String>,
    pub licence: Option<String>,
    pub illustrative: bool,
    pub visible: bool,
    /// Order in lists and on the map; the lowest is listed first and drawn on top.
    pub position: i32,
    pub min_zoom: u8,
    pub max_zoom: u8,
    /// From this zoom on tiles hold features one by one; none: from where they fit.
    pub detail_zoom: Option<u8>,
    pub color: Option<String>,
    pub class_field: Option<String>,
    pub label_field: Option<String>,
    /// The field that says when features are, or when they begin; empty: they are at no time.
    pub time_field: Option<String>,
    /// The field that says when features end.
    pub time_end_field: Option<String>,
    /// EPSG code of the storage CRS; none for a table without geometry.
    pub srid: Option<i32>,
    /// The storage CRS with its order of axes; CRS84 where that is WGS 84.
    #[serde(skip)]
    pub crs: Option<Crs>,
    pub geometry: Option<Geometry>,
    /// What is drawn: a column of mixed type may still hold nothing but (multi)polygons.
    pub shape: Option<String>,
    pub fields: Vec<Field>,
    /// Of a layer that is a picture: it has neither geometry nor fields, and no features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raster: Option<Raster>,
    /// The number of the edition that is served; none of a layer that never came in by an import.
    pub edition: Option<i32>,
    /// Rises by one with every committed change, whoever made it.
    pub version: i64,
    pub feature_count: i64,
    /// In degrees, CRS84. Never smaller than the data; deletions do not shrink it.
    pub extent: Option<Bbox>,
    /// What is said of it for its record.
    pub about: About,
    /// Where in which planning package it belongs.
    pub package: Option<Place>,
    /// Whether a change must name the state it was made from.
    pub require_if_match: bool,
    /// The journal has every change after this version.
    pub kept_since: i64,
    /// Days for which it keeps changes: none for what is usual, -1 for ever.
    pub keep_days: Option<i32>,
    /// RFC 3339, UTC.
    pub updated: String,
}

/// A place in a planning package (Circular 16/2025/TT-BXD, appendix II).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub id: String,
    /// `HienTrang`, `QuyHoach`, `MocGioi`, `NenDiaHinh`
    pub theme: Option<String>,
    pub dataset: Option<String>,
    /// `ChucNangSuDungDat_A`; none for a layer that the circular does not know.
    pub class: Option<String>,
}

impl Layer {
    /// The layer's table, quoted.
    pub fn table(&self) -> String {
        table(&self.id)
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// `point`, `line`, `polygon`, `mixed`, `raster` or `none`.
    pub fn shape(&self) -> &str {
        match (&self.shape, &self.geometry) {
            _ if self.raster.is_some() => "raster",
            (Some(shape), _) => shape,
            (None, Some(geometry)) => geometry.shape(),
            (None, None) => "none",
        }
    }

    /// The coordinate systems that it is served in, CRS84 first.
    pub fn systems(&self) -> Vec<Crs> {
        self.crs.map_or_else(|| vec![Crs::CRS84], |crs| geo::systems(crs, self.extent))
    }

    /// Whether it can be seen on a map.
    pub fn is_drawn(&self) -> bool {
        self.spatial().is_some() || self.raster.is_some()
    }

    /// Geometry and its EPSG code, or none for a table without geometry.
    pub fn spatial(&self) -> Option<(&Geometry, i32)> {
        self.geometry.as_ref().zip(self.srid)
    }
}

/// The table of layer `id`, quoted.
pub fn table(id: &str) -> String {
    format!("layers.{}", ident(id))
}

/// Every layer by id. Cheap to share; a change makes a new map.
pub type Layers = BTreeMap<String, Arc<Layer>>;

pub struct Catalog {
    layers: ArcSwap<Layers>,
    following: AtomicBool,
}

impl Catalog {
    pub async fn load(pool: &PgPool) -> Result<Catalog> {
        Ok(Catalog { layers: ArcSwap::from_pointee(read(pool).await?), following: AtomicBool::new(false) })
    }

    /// Reads the catalog anew. Called at every notification and after every lost connection.
    pub async fn refresh(&self, pool: &PgPool) -> Result<()> {
        self.layers.store(Arc::new(read(pool).await?));
        Ok(())
    }

    /// Whether changes arrive: false while the connection that tells of them is lost.
    pub fn is_following(&self) -> bool {
        self.following.load(Ordering::Relaxed)
    }

    pub fn set_following(&self, following: bool) {
        self.following.store(following, Ordering::Relaxed);
    }

    pub fn get(&self, id: &str) -> Option<Arc<Layer>> {
        self.layers.load().get(id).cloned()
    }

    /// The layer, or the error that a caller who named it gets.
    pub fn named(&self, id: &str) -> Result<Arc<Layer>> {
        self.get(id).ok_or_else(|| unknown(id))
    }

    /// The layer with its features, or the error that a caller gets who asks a picture for them.
    pub fn with_features(&self, id: &str) -> Result<Arc<Layer>> {
        let layer = self.named(id)?;
        match layer.raster {
            None => Ok(layer),
            Some(_) => Err(Error::NotFound(format!(
                "layer `{id}` is a raster and has no features; its tiles are at `/ogc/collections/{id}/map/tiles`"
            ))),
        }
    }

    /// Every layer in map order: position, then title.
    pub fn all(&self) -> Vec<Arc<Layer>> {
        let mut layers: Vec<_> = self.layers.load().values().cloned().collect();
        layers.sort_by(|a, b| (a.position, &a.title, &a.id).cmp(&(b.position, &b.title, &b.id)));
        layers
    }

    /// The layers that a list `a,b` names, in its order; every layer that `otherwise` accepts when there is no list.
    pub fn select(&self, names: Option<&str>, otherwise: impl Fn(&Layer) -> bool) -> Result<Vec<Arc<Layer>>> {
        match names {
            Some(names) => names.split(',').map(|id| self.named(id.trim())).collect(),
            None => Ok(self.all().into_iter().filter(|l| otherwise(l)).collect()),
        }
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound(format!("there is no layer `{}`; `/ogc/collections` lists those that there are", shorten(id)))
}

/// A value as an error message repeats it: at most 60 letters.
pub fn shorten(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_string(),
    }
}

const COLUMNS: &str = r#"id, identity::text AS identity, title, title_en, description, "group", group_en, attribution, licence, illustrative, visible, position,
    min_zoom, max_zoom, detail_zoom, color, class_field, label_field, time_field, time_end_field, srid, geometry, shape, fields, raster, edition, version, feature_count, extent, about, package, require_if_match, kept_since, keep_days,
    to_char(updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS updated, auth_name, srtext,
    (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = to_regclass(format('layers.%I', id)) AND attnum > 0 AND NOT attisdropped) AS columns"#;

const FROM: &str = "FROM dothi.layer LEFT JOIN spatial_ref_sys USING (srid)";

/// The layer as a transaction sees it, which the catalog may not know yet.
pub async fn present(on: impl PgExecutor<'_>, id: &str) -> Result<Layer> {
    let row = run::optional(on, Sql::new(format!("SELECT {COLUMNS} {FROM} WHERE id = ")).bind(id)).await?;
    layer(&row.ok_or_else(|| unknown(id))?)
}

async fn read(pool: &PgPool) -> Result<Layers> {
    let rows = run::all(pool, Sql::new(format!("SELECT {COLUMNS} {FROM}"))).await?;
    rows.iter().map(|row| layer(row).map(|l| (l.id.clone(), Arc::new(l)))).collect()
}

/// The fields whose columns are still there: an administrator may have dropped some from the table.
fn there(row: &PgRow, mut fields: Vec<Field>) -> Result<Vec<Field>> {
    if let Some(columns) = row.try_get::<Option<Vec<String>>, _>("columns")? {
        fields.retain(|f| columns.contains(&f.column));
    }
    Ok(fields)
}

fn layer(row: &PgRow) -> Result<Layer> {
    let json = |name: &str| -> Result<serde_json::Value> {
        Ok(row.try_get::<Option<serde_json::Value>, _>(name)?.unwrap_or_default())
    };
    let extent: Option<Vec<f64>> = row.try_get("extent")?;
    let srid: Option<i32> = row.try_get("srid")?;
    let known = |name: &str| Ok::<_, Error>(row.try_get::<Option<String>, _>(name)?.unwrap_or_default());
    let raster: Option<Raster> = serde_json::from_value(json("raster")?)?;
    let (authority, wkt) = (known("auth_name")?, known("srtext")?);
    Ok(Layer {
        id: row.try_get("id")?,
        identity: row.try_get("identity")?,
        title: row.try_get("title")?,
        title_en: row.try_get("title_en")?,
        description: row.try_get("description")?,
        group: row.try_get("group")?,
        group_en: row.try_get("group_en")?,
        attribution: row.try_get("attribution")?,
        licence: row.try_get("licence")?,
        illustrative: row.try_get("illustrative")?,
        visible: row.try_get("visible")?,
        position: row.try_get("position")?,
        min_zoom: row.try_get::<i16, _>("min_zoom")?.clamp(0, 24) as u8,
        max_zoom: raster.as_ref().map_or(row.try_get::<i16, _>("max_zoom")?.clamp(0, 24) as u8, |r| r.picture.zoom),
        detail_zoom: row.try_get::<Option<i16>, _>("detail_zoom")?.map(|z| z.clamp(0, 24) as u8),
        color: row.try_get("color")?,
        class_field: row.try_get("class_field")?,
        label_field: row.try_get("label_field")?,
        time_field: row.try_get("time_field")?,
        time_end_field: row.try_get("time_end_field")?,
        srid,
        crs: srid.map(|srid| if srid == 4326 { Crs::CRS84 } else { Crs::described(srid, &authority, &wkt) }),
        geometry: serde_json::from_value(json("geometry")?)?,
        shape: row.try_get("shape")?,
        fields: there(row, serde_json::from_value(json("fields")?)?)?,
        raster: raster.clone(),
        edition: row.try_get("edition")?,
        version: row.try_get("version")?,
        feature_count: row.try_get("feature_count")?,
        extent: extent.and_then(|e| Bbox::new(*e.first()?, *e.get(1)?, *e.get(2)?, *e.get(3)?).ok()),
        about: serde_json::from_value(json("about")?)?,
        package: serde_json::from_value(json("package")?)?,
        require_if_match: row.try_get("require_if_match")?,
        kept_since: row.try_get("kept_since")?,
        keep_days: row.try_get("keep_days")?,
        updated: row.try_get("updated")?,
    })
}
