//! Where a layer lies in the coordinate systems that it is served in.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use sqlx::Row;
use sqlx::postgres::PgPool;

use crate::db::run;
use crate::error::Result;
use crate::geo::{Bbox, Crs};
use crate::sql::Sql;

/// West, south, east, north in units of the system, x first.
pub type Sides = [f64; 4];

type Key = ([u64; 4], i32);

/// Boxes that were transformed before; extents seldom change.
static KNOWN: LazyLock<Mutex<HashMap<Key, Option<Sides>>>> = LazyLock::new(Mutex::default);
const MOST: usize = 20_000;

/// The box in a system around each box in degrees; none where it has no image there.
pub async fn sides(pool: &PgPool, asked: &[(Bbox, Crs)]) -> Result<Vec<Option<Sides>>> {
    let key = |(bbox, crs): &(Bbox, Crs)| (<[f64; 4]>::from(*bbox).map(f64::to_bits), crs.srid);
    let missing: Vec<(Bbox, Crs)> = {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|a| !known.contains_key(&key(a))).copied().collect()
    };
    if !missing.is_empty() {
        let found = match transformed(pool, &missing).await {
            Ok(found) => found,
            // One that has no image must not hide the others.
            Err(_) => {
                let mut found = Vec::with_capacity(missing.len());
                for one in &missing {
                    found.push(transformed(pool, std::slice::from_ref(one)).await.map_or(None, |f| f[0]));
                }
                found
            }
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST {
            known.clear();
        }
        known.extend(missing.iter().map(key).zip(found));
    }
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(asked.iter().map(|a| known.get(&key(a)).copied().flatten()).collect())
}

async fn transformed(pool: &PgPool, asked: &[(Bbox, Crs)]) -> Result<Vec<Option<Sides>>> {
    let side = |get: fn(&(Bbox, Crs)) -> f64| asked.iter().map(get).collect::<Vec<f64>>();
    // Web Mercator ends at 85.06°.
    let lat = |crs: Crs, lat: f64| if crs.srid == 3857 { lat.clamp(-85.06, 85.06) } else { lat };
    let (south, north): (Vec<f64>, Vec<f64>) = asked.iter().map(|(b, c)| (lat(*c, b.south), lat(*c, b.north))).unzip();
    let srids: Vec<i64> = asked.iter().map(|(_, c)| c.srid.into()).collect();
    // The sides of a box are bent by a projection; corners alone would cut it short.
    let sql = Sql::new("SELECT ST_XMin(b) AS w, ST_YMin(b) AS s, ST_XMax(b) AS e, ST_YMax(b) AS n FROM (SELECT i, Box3D(ST_Transform(ST_Segmentize(ST_MakeEnvelope(w, s, e, n, 4326), greatest(e - w, n - s, 1e-9) / 16), srid::int)) AS b FROM unnest(")
        .bind(side(|(b, _)| b.west))
        .push("::float8[], ")
        .bind(south)
        .push("::float8[], ")
        .bind(side(|(b, _)| b.east))
        .push("::float8[], ")
        .bind(north)
        .push("::float8[], ")
        .bind(srids)
        .push("::int8[]) WITH ORDINALITY AS asked(w, s, e, n, srid, i) OFFSET 0) boxes ORDER BY i");
    let rows = run::all(pool, sql).await?;
    rows.iter()
        .map(|row| {
            let mut sides = [0.0; 4];
            for (side, name) in sides.iter_mut().zip(["w", "s", "e", "n"]) {
                *side = row.try_get(name)?;
            }
            Ok(Some(sides).filter(|s: &Sides| s.iter().all(|v| v.is_finite())))
        })
        .collect()
}
