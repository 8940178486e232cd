//! The first features of a layer, as they would be imported: decoded, placed, and put away again.

use serde_json::value::RawValue;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};

use super::child::{Limits, Reader};
use super::frames::{Action, Event, Frame, Request};
use super::srid;
use crate::db::run;
use crate::error::{Error, Result};
use crate::schema::{FID, GEOM};
use crate::sql::{Sql, ident};

/// Bytes of one preview; a layer of large polygons shows fewer.
const MOST_BYTES: usize = 4 << 20;
/// A geometry with more positions is drawn with fewer.
const MOST_POSITIONS: u32 = 2_000;

/// The first `most` rows of a layer of the file as GeoJSON features in CRS84, as `request` has them read.
///
/// Errors: [`Error::Unreadable`] as for an import, also for coordinates that are nowhere on earth in the given system.
pub async fn features(
    to: &PgConnectOptions,
    request: &Request,
    limits: &Limits,
    most: u64,
) -> Result<Vec<Box<RawValue>>> {
    let request = Request { action: Action::Read, most: Some(most), ..request.clone() };
    let mut reader = Reader::start(&request, limits).await?;
    let mut to = to.clone().application_name("dothi preview").connect().await?;
    // Its transaction ends without a commit.
    let found = read(&mut to, &mut reader).await;
    to.close().await.ok();
    found
}

async fn read(to: &mut PgConnection, reader: &mut Reader) -> Result<Vec<Box<RawValue>>> {
    let mut tx = to.begin().await?;
    while let Some(frame) = reader.next().await? {
        let Frame::Event(event) = frame else { continue };
        let Event::Layer(start) = *event else { continue };
        if start.raster.is_some() {
            return Ok(Vec::new());
        }
        let srid = match &start.crs {
            Some(crs) if start.geometry.is_some() => srid::known(&mut tx, crs).await?,
            _ => 4326,
        };
        let mut list = vec![format!("{FID} bigint")];
        list.extend(start.geometry.as_ref().map(|g| format!("{GEOM} {}", g.sql(srid))));
        list.extend(start.fields.iter().map(|f| format!("{} {}", ident(&f.column), f.kind.sql())));
        run::script(&mut *tx, format!("CREATE TEMP TABLE preview ({}) ON COMMIT DROP", list.join(", "))).await?;
        copy(&mut tx, reader).await?;
        return select(&mut tx, start.geometry.is_some()).await;
    }
    Ok(Vec::new())
}

async fn copy(tx: &mut PgConnection, reader: &mut Reader) -> Result<()> {
    let mut sink = run::copy_in(tx, "COPY pg_temp.preview FROM STDIN (FORMAT binary)".into()).await?;
    loop {
        match reader.next().await {
            Ok(Some(Frame::Data(bytes))) => drop(sink.send(bytes).await?),
            Ok(Some(Frame::Event(event))) if matches!(*event, Event::LayerEnd { .. }) => break,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(e) => {
                sink.abort("the reader failed").await.ok();
                return Err(e);
            }
        }
    }
    sink.finish().await.map_err(|e| placed(e.into())).map(|_| ())
}

async fn select(tx: &mut PgConnection, spatial: bool) -> Result<Vec<Box<RawValue>>> {
    let geometry = match spatial {
        // In 1/4000 of its own size nobody sees a difference.
        true => format!(
            "ST_AsGeoJSON(CASE WHEN ST_NPoints(g) > {MOST_POSITIONS} \
             THEN ST_SimplifyPreserveTopology(g, greatest(ST_XMax(g) - ST_XMin(g), ST_YMax(g) - ST_YMin(g)) / 4000) ELSE g END, 7)::json"
        ),
        false => "NULL::json".into(),
    };
    let (place, here) = match spatial {
        true => (
            format!(", LATERAL (SELECT ST_Transform(ST_Force2D({GEOM}), 4326) AS g) x"),
            // A degree of slack, as on import.
            "coalesce(ST_XMin(g) >= -181 AND ST_XMax(g) <= 181 AND ST_YMin(g) >= -91 AND ST_YMax(g) <= 91, true)",
        ),
        false => (String::new(), "true"),
    };
    let sql = Sql::new(format!(
        "SELECT json_build_object('type', 'Feature', 'id', {FID}, 'geometry', {geometry}, \
         'properties', to_jsonb(p) - '{FID}' - '{GEOM}')::text, {here} FROM pg_temp.preview p{place}"
    ));
    let rows = run::all(tx, sql).await.map_err(placed)?;
    let (mut features, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let (text, here): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        if !here {
            return Err(Error::Unreadable(
                "the layer's coordinates are not degrees of that coordinate system; choose another one".into(),
            ));
        }
        bytes += text.len();
        if bytes > MOST_BYTES && !features.is_empty() {
            break;
        }
        features.push(RawValue::from_string(text)?);
    }
    Ok(features)
}

/// What PostGIS cannot transform or store lies nowhere in that coordinate system.
fn placed(error: Error) -> Error {
    match &error {
        Error::Db(sqlx::Error::Database(e)) => Error::Unreadable(format!(
            "the layer cannot be shown there ({}); choose another coordinate system",
            e.message()
        )),
        _ => error,
    }
}
