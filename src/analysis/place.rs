//! A position as people give it, in degrees and in the metres of a zone.

use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::{CITY_SRID, city_zone};
use crate::sql::Sql;

/// One position: degrees (CRS84), and easting and northing in metres in `crs` where that has meaning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    pub lon: f64,
    pub lat: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
}

impl Place {
    /// From longitude and latitude in degrees. Inside the city's zone it gets its VN-2000 coordinates too.
    pub async fn from_degrees(pool: &PgPool, lon: f64, lat: f64) -> Result<Place> {
        let zone = city_zone();
        if !(zone.west..=zone.east).contains(&lon) || !(zone.south..=zone.north).contains(&lat) {
            return Ok(Place { lon, lat, e: None, n: None, crs: None });
        }
        let sql = Sql::new("SELECT ST_X(p) AS e, ST_Y(p) AS n FROM ST_Transform(ST_SetSRID(ST_MakePoint(")
            .bind(lon)
            .push(", ")
            .bind(lat);
        let row = run::one(pool, sql.push(&format!("), 4326), {CITY_SRID}) p"))).await?;
        Ok(Place {
            lon,
            lat,
            e: Some(row.try_get("e")?),
            n: Some(row.try_get("n")?),
            crs: Some(format!("EPSG:{CITY_SRID}")),
        })
    }

    /// From easting and northing (in this order, whatever the local habit of naming them) in the CRS `srid`.
    pub async fn from_metres(pool: &PgPool, e: f64, n: f64, srid: i32) -> Result<Place> {
        let known = Sql::new("SELECT 1 FROM spatial_ref_sys WHERE srid = ").bind(srid);
        if run::optional(pool, known).await?.is_none() {
            return Err(Error::invalid("crs", format!("`EPSG:{srid}` is not a coordinate system this server knows")));
        }
        let sql = Sql::new("SELECT ST_X(p) AS lon, ST_Y(p) AS lat FROM ST_Transform(ST_SetSRID(ST_MakePoint(")
            .bind(e)
            .push(", ")
            .bind(n);
        let outside = || {
            Error::invalid(
                "e",
                format!("`{e}, {n}` is not a position in EPSG:{srid}; give easting, then northing, in metres"),
            )
        };
        let row = match run::one(pool, sql.push(&format!("), {srid}), 4326) p"))).await {
            Ok(row) => row,
            // PROJ refuses what has no image.
            Err(Error::Db(sqlx::Error::Database(_))) => return Err(outside()),
            Err(e) => return Err(e),
        };
        let (lon, lat): (f64, f64) = (row.try_get("lon")?, row.try_get("lat")?);
        if !(lon.is_finite() && lat.is_finite() && lon.abs() <= 180.0 && lat.abs() <= 90.0) {
            return Err(outside());
        }
        Ok(Place { lon, lat, e: Some(e), n: Some(n), crs: Some(format!("EPSG:{srid}")) })
    }
}

/// SQL for the place as a point in `srid`.
pub(super) fn point(place: &Place, srid: i32) -> Sql {
    let sql = Sql::new("ST_SetSRID(ST_MakePoint(").bind(place.lon).push(", ").bind(place.lat).push("), 4326)");
    if srid == 4326 { sql } else { Sql::new("ST_Transform(").append(&sql).push(&format!(", {srid})")) }
}

/// SQL for a layer's geometry as geography, for distances in metres on the ellipsoid.
pub(super) fn geography(srid: i32) -> String {
    if srid == 4326 { "t.geom::geography".into() } else { "ST_Transform(t.geom, 4326)::geography".into() }
}

/// A box in degrees that holds everything within `metres` of the place; none where that is no box (the poles).
pub(super) fn around(place: &Place, metres: f64) -> crate::geo::Bbox {
    // A degree of latitude is at least 110,574 m; of longitude, 111,320 m times the cosine.
    let north = metres / 110_574.0;
    let widest = (place.lat.abs() + north).min(89.9).to_radians().cos();
    let east = metres / (111_319.0 * widest);
    crate::geo::Bbox {
        west: (place.lon - east).max(-180.0),
        south: (place.lat - north).max(-90.0),
        east: (place.lon + east).min(180.0),
        north: (place.lat + north).min(90.0),
    }
}
