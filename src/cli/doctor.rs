//! `dothi doctor`: checks this installation and says what to mend.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use sqlx::Row;

use super::print::Print;
use crate::analysis::Place;
use crate::config::Store;
use crate::db::{Db, run as sql};
use crate::error::Result;
use crate::layer::Catalog;
use crate::sql::Sql;

#[derive(clap::Args)]
pub struct Args {
    /// Folder with glyphs, sprites and other built assets
    #[arg(long, env = "DOTHI_ASSETS", default_value = "./data/cache", value_name = "DIR")]
    assets: PathBuf,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    /// What was found, or what to do.
    say: String,
}

fn check(what: &'static str, ok: bool, say: impl Into<String>) -> Check {
    Check { what, ok, say: say.into() }
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    let mut checks = vec![gdal(), assets(&args)];
    match Db::open(store, 2, Duration::from_secs(60)).await {
        Ok(db) => {
            checks.push(check(
                "PostgreSQL",
                true,
                if db.cluster.is_some() { "private cluster" } else { "by database address" },
            ));
            for looked in [postgis(&db).await, vn2000(&db).await, tables(&db).await, journal(&db).await] {
                checks.push(looked.unwrap_or_else(|e| check("database", false, e.to_string())));
            }
            db.close().await?;
        }
        Err(e) => checks.push(check("PostgreSQL", false, e.to_string())),
    }
    let good = checks.iter().all(|c| c.ok);
    print.result(&json!({"ok": good, "checks": checks}), || {
        checks.iter().map(|c| format!("{} {:<12}{}\n", if c.ok { "ok   " } else { "WRONG" }, c.what, c.say)).collect()
    })?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn gdal() -> Check {
    let missing = crate::import::reader::missing_drivers();
    match missing.is_empty() {
        true => check("GDAL", true, crate::import::reader::gdal_version()),
        false => check(
            "GDAL",
            false,
            format!("this GDAL lacks the drivers {}; install Debian's package libgdal32", missing.join(", ")),
        ),
    }
}

fn assets(args: &Args) -> Check {
    let missing: Vec<&str> =
        ["fonts/Noto Sans Regular/0-255.pbf", "fonts/Noto Sans Regular/7680-7935.pbf", "sprites/maki.json"]
            .into_iter()
            .filter(|f| !args.assets.join(f).exists())
            .collect();
    match missing.is_empty() {
        true => check("assets", true, "glyphs and sprites are there"),
        false => check(
            "assets",
            false,
            format!("`{}` lacks {}; `make build` makes them", args.assets.display(), missing.join(", ")),
        ),
    }
}

async fn postgis(db: &Db) -> Result<Check> {
    let row =
        sql::one(&db.pool, Sql::new("SELECT postgis_lib_version() AS v, current_setting('server_version') AS pg"))
            .await?;
    let (v, pg): (String, String) = (row.try_get("v")?, row.try_get("pg")?);
    Ok(check("PostGIS", true, format!("{v} on PostgreSQL {pg}")))
}

/// Points whose VN-2000 coordinates are known tell whether the zones are there, their datum shift has the right signs, and
/// it is EPSG:6960 in the Mekong delta too, where PROJ would take another.
async fn vn2000(db: &Db) -> Result<Check> {
    let place = Place::from_degrees(&db.pool, 108.9886, 11.5648).await?;
    let (e, n) = (place.e.unwrap_or(0.0), place.n.unwrap_or(0.0));
    let delta = Sql::new(
        "SELECT ST_Distance(ST_Transform(ST_SetSRID(ST_MakePoint(105.240506357, 9.94623462), 4326), 9207), ST_SetSRID(ST_MakePoint(581000, 1100000), 9207)) AS off",
    );
    let in_delta: f64 = sql::one(&db.pool, delta).await?.try_get("off")?;
    let off = (e - 580_361.426_9).hypot(n - 1_279_032.268_9).max(in_delta);
    Ok(match off < 0.01 {
        true => check("VN-2000", true, format!("EPSG:9217 and 9207 are right within {:.1} mm", off * 1000.0)),
        false => check(
            "VN-2000",
            false,
            format!(
                "VN-2000 is off by {off:.3} m; its rows in spatial_ref_sys are not those of dothi's migrations, or PROJ's data is missing (Debian's package proj-data)"
            ),
        ),
    })
}

/// What the journal takes on the disk, and that every layer's table writes to it.
async fn journal(db: &Db) -> Result<Check> {
    let size = Sql::new(
        "SELECT pg_size_pretty(pg_total_relation_size('dothi.change')) AS size, \
         (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'dothi.change'::regclass) AS changes",
    );
    let row = sql::one(&db.pool, size).await?;
    let (size, changes): (String, i64) = (row.try_get("size")?, row.try_get("changes")?);
    let unwatched = Sql::new(
        "SELECT l.id FROM dothi.layer l JOIN pg_class c ON c.relname = l.id AND c.relnamespace = 'layers'::regnamespace \
         WHERE (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'dothi.journal'::regproc AND t.tgenabled <> 'D') < 4 ORDER BY 1",
    );
    let rows = sql::all(&db.pool, unwatched).await?;
    let unwatched: Vec<String> = rows.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?;
    Ok(match unwatched.is_empty() {
        true => check("journal", true, format!("{size}, about {changes} changes")),
        false => check(
            "journal",
            false,
            format!(
                "edits of {} do not reach it, as their tables lack its triggers or have them disabled; import them again",
                unwatched.join(", ")
            ),
        ),
    })
}

/// Every layer has its table, and every table its layer.
async fn tables(db: &Db) -> Result<Check> {
    let catalog = Catalog::load(&db.pool).await?;
    let rows = sql::all(
        &db.pool,
        Sql::new("SELECT relname::text FROM pg_class WHERE relnamespace = 'layers'::regnamespace AND relkind = 'r'"),
    )
    .await?;
    let tables: Vec<String> = rows.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?;
    let layers = catalog.all();
    let lost: Vec<&str> = layers.iter().map(|l| l.id.as_str()).filter(|id| !tables.iter().any(|t| t == id)).collect();
    let strange: Vec<&str> = tables.iter().map(String::as_str).filter(|t| catalog.get(t).is_none()).collect();
    Ok(if !lost.is_empty() {
        check(
            "layers",
            false,
            format!("without a table: {}; import them again or `dothi layers drop` them", lost.join(", ")),
        )
    } else if !strange.is_empty() {
        check(
            "layers",
            false,
            format!(
                "tables in schema `layers` that no layer knows: {}; export what is needed and drop them",
                strange.join(", ")
            ),
        )
    } else {
        check("layers", true, format!("{} layers, each with its table", layers.len()))
    })
}
