//! What a polygon cuts: area and share of each class.

use std::sync::Arc;

use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::{Expr, render};
use crate::geo::{Bbox, CITY_SRID, city_zone};
use crate::layer::{Layer, Query};
use crate::schema::Kind;
use crate::sql::{Sql, ident};

/// What a polygon cuts of some layers. Areas in m².
#[derive(Debug, Serialize)]
pub struct Area {
    pub area: f64,
    /// `EPSG:9217` for areas in the plane of the city's zone, `geodesic` for areas on the ellipsoid.
    pub crs: String,
    pub layers: Vec<LayerArea>,
}

#[derive(Debug, Serialize)]
pub struct LayerArea {
    pub layer: String,
    pub title: String,
    pub titles: Titles,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Sum over the classes. Where features overlap each other it is more than the ground they cover.
    pub covered: f64,
    pub classes: Vec<Class>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Titles {
    pub vi: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Class {
    /// The class as the features carry it; null where they carry none.
    pub value: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Titles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    pub area: f64,
    /// Of the posted polygon, 0 to 1.
    pub share: f64,
    pub features: i64,
}

/// How areas are taken: in the plane of the city's VN-2000 zone, or on the ellipsoid. Never in Web Mercator, which is 4 %
/// too large here.
#[derive(Clone, Copy)]
enum Measure {
    City,
    Ellipsoid,
}

impl Measure {
    fn of(bbox: Bbox) -> Measure {
        let z = city_zone();
        let inside = z.west <= bbox.west && bbox.east <= z.east && z.south <= bbox.south && bbox.north <= z.north;
        if inside { Measure::City } else { Measure::Ellipsoid }
    }

    /// SQL for the area of `geometry`, an expression in `srid`.
    fn sql(self, geometry: &str, srid: i32) -> String {
        let to = |target: i32| {
            if srid == target { geometry.to_string() } else { format!("ST_Transform({geometry}, {target})") }
        };
        match self {
            Measure::City => format!("ST_Area({})", to(CITY_SRID)),
            Measure::Ellipsoid => format!("ST_Area({}::geography)", to(4326)),
        }
    }
}

/// The areas of `layers` inside `polygon` (text of a GeoJSON Polygon or MultiPolygon whose coordinates are in `srid`),
/// by the field `by`, or by each layer's class field.
pub async fn area(pool: &PgPool, layers: &[Arc<Layer>], polygon: &str, srid: i32, by: Option<&str>) -> Result<Area> {
    let shape = Shape::read(pool, polygon, srid).await?;
    let mut out = Area {
        area: shape.area,
        crs: match shape.measure {
            Measure::City => format!("EPSG:{CITY_SRID}"),
            Measure::Ellipsoid => "geodesic".into(),
        },
        layers: Vec::new(),
    };
    for layer in layers {
        if let Some(by) = by
            && layer.field(by).is_none()
        {
            return Err(Error::invalid("by", format!("layer `{}` has no field `{by}`", layer.id)));
        }
        out.layers.push(cut(pool, layer, &shape, by).await?);
    }
    Ok(out)
}

/// The posted polygon, valid, in degrees.
struct Shape {
    ewkb: Vec<u8>,
    bbox: Bbox,
    area: f64,
    measure: Measure,
}

impl Shape {
    async fn read(pool: &PgPool, polygon: &str, srid: i32) -> Result<Shape> {
        let sql = Sql::new("WITH given AS (SELECT ST_SetSRID(ST_GeomFromGeoJSON(").bind(polygon).push("), ").bind(srid).push(
            "::int) AS g), lonlat AS (SELECT ST_IsValid(g) AS valid, CASE WHEN ST_IsValid(g) THEN '' ELSE ST_IsValidReason(g) END AS reason, \
             ST_Transform(ST_Force2D(g), 4326) AS g FROM given) \
             SELECT valid, reason, ST_AsEWKB(g) AS g, ST_XMin(g) AS w, ST_YMin(g) AS s, ST_XMax(g) AS e, ST_YMax(g) AS n FROM lonlat",
        );
        let row = match run::one(pool, sql).await {
            Ok(row) => row,
            Err(Error::Db(sqlx::Error::Database(e))) => {
                return Err(Error::invalid(
                    "body",
                    format!("the polygon cannot be read: {}", e.message().to_lowercase()),
                ));
            }
            Err(e) => return Err(e),
        };
        if !row.try_get::<bool, _>("valid")? {
            let reason: String = row.try_get("reason")?;
            return Err(Error::invalid("body", format!("the polygon is not valid: {}", reason.to_lowercase())));
        }
        let side = |name: &str| row.try_get::<Option<f64>, _>(name);
        let (Some(w), Some(s), Some(e), Some(n)) = (side("w")?, side("s")?, side("e")?, side("n")?) else {
            return Err(Error::invalid("body", "the polygon is empty"));
        };
        let bbox = Bbox::new(w, s, e, n)
            .map_err(|detail| Error::invalid("body", format!("the polygon does not lie on earth: {detail}")))?;
        let measure = Measure::of(bbox);
        let ewkb: Vec<u8> = row.try_get("g")?;
        let sql = Sql::new(format!("SELECT {} FROM (SELECT ST_GeomFromEWKB(", measure.sql("g", 4326)))
            .bind(ewkb.clone())
            .push(") AS g) p");
        let area: f64 = run::one(pool, sql).await?.try_get(0)?;
        if area <= 0.0 {
            return Err(Error::invalid("body", "the polygon has no area"));
        }
        Ok(Shape { ewkb, bbox, area, measure })
    }
}

async fn cut(pool: &PgPool, layer: &Layer, shape: &Shape, by: Option<&str>) -> Result<LayerArea> {
    let by = by.or(layer.class_field.as_deref()).and_then(|name| layer.field(name));
    let mut out = LayerArea {
        layer: layer.id.clone(),
        title: layer.title.clone(),
        titles: Titles { vi: layer.title.clone(), en: layer.title_en.clone() },
        by: by.map(|f| f.name.clone()),
        covered: 0.0,
        classes: Vec::new(),
    };
    let query = Query::everything().overlapping(layer, shape.bbox);
    let (Some((_, srid)), false) = (layer.spatial(), query.filter == Expr::False) else { return Ok(out) };
    let value = match by {
        Some(field) if field.kind == Kind::Json => format!("t.{}::text", ident(&field.column)),
        Some(field) => format!("t.{}", ident(&field.column)),
        None => "NULL::text".into(),
    };
    // A feature that lies wholly inside is not cut, which is most of them and most of the time.
    let sql = Sql::new("WITH shape AS MATERIALIZED (SELECT ST_Transform(ST_GeomFromEWKB(")
        .bind(shape.ewkb.clone())
        .push(&format!("), {srid}) AS g), pieces AS (SELECT {value} AS v, CASE WHEN ST_CoveredBy(t.geom, shape.g) THEN ST_Force2D(t.geom) ELSE "))
        .push(&format!(
            "ST_CollectionExtract(ST_Intersection(ST_Force2D(t.geom), shape.g), 3) END AS g FROM {} t, shape WHERE ST_Dimension(t.geom) = 2 AND ",
            layer.table()
        ))
        .append(&render(&query.filter, Some(srid)))
        .push(" AND ST_Intersects(t.geom, shape.g)), classes AS (SELECT v, sum(")
        .push(&shape.measure.sql("g", srid))
        .push(
            ") AS area, count(*) AS features FROM pieces WHERE NOT ST_IsEmpty(g) GROUP BY v) \
             SELECT to_json(c.v) AS v, c.area, c.features, u.name, u.name_en, u.color FROM classes c \
             LEFT JOIN dothi.land_use u ON u.code = (dothi.land_use_codes(c.v::text))[1] \
             ORDER BY c.area DESC, c.v::text",
        );
    for row in run::all(pool, sql).await? {
        let area: f64 = row.try_get::<Option<f64>, _>("area")?.unwrap_or(0.0);
        let name: Option<String> = row.try_get("name")?;
        out.covered += area;
        out.classes.push(Class {
            value: row.try_get::<Option<serde_json::Value>, _>("v")?.unwrap_or_default(),
            title: name.map(|vi| Ok::<_, sqlx::Error>(Titles { vi, en: row.try_get("name_en")? })).transpose()?,
            color: row.try_get("color")?,
            area,
            share: area / shape.area,
            features: row.try_get("features")?,
        });
    }
    Ok(out)
}
