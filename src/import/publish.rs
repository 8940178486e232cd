//! One layer from the reader into its table: staged, checked, indexed and swapped in one transaction.

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, Row};

use super::child::Reader;
use super::frames::{Event, Frame, LayerStart, Note, SetAside};
use super::hash;
use super::quality::Quality;
use super::report::Report;
use super::{How, Options, Step, claim, key, merge, repair, settle, srid};
use crate::db::run;
use crate::error::{Error, Result};
use crate::layer::editions::{self, Origin};
use crate::quality::TOLERANCE;
use crate::schema::{FID, Field, GEOM, Geometry, columns};
use crate::sql::{Sql, ident};

/// More rows than this that cannot be read mean that something else is wrong with the import.
const MOST_SET_ASIDE: usize = 100_000;

/// Milliseconds that a statement of the checks may take, and more for each row: a polygon of a few kilobytes can cross
/// itself millions of times.
const MENDING: u64 = 20_000;
const MENDING_A_ROW: u64 = 2;

/// They are stored; the report goes on with the first of them.
const SHOWN: usize = 10;

/// Where a layer comes from.
pub struct Source<'a> {
    /// The file's name, without its folder.
    pub file: &'a str,
    pub driver: &'a str,
    pub notes: &'a [Note],
    pub sha256: hash::Hash,
}

/// The layer on its way in: what the catalog will say of it.
pub struct Incoming {
    pub id: String,
    pub title: String,
    pub import: i64,
    /// The staging table, quoted.
    pub staging: String,
    pub srid: Option<i32>,
    pub geometry: Option<Geometry>,
    pub shape: Option<String>,
    pub fields: Vec<Field>,
}

/// A layer that is staged, checked and indexed, and not yet seen.
pub struct Staged {
    pub incoming: Incoming,
    pub report: Report,
    /// Whether it takes the place of what is there, or of nothing.
    pub replaces: bool,
    /// What is wrong in it, as far as that is known yet.
    pub quality: Quality,
}

/// One layer in one transaction.
pub async fn layer(
    to: &mut PgConnection,
    reader: &mut Reader,
    start: LayerStart,
    source: &Source<'_>,
    taken: &[String],
    options: &Options,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Report> {
    let mut tx = to.begin().await?;
    let id = claim::claim(&mut tx, &start, options, taken, source.file).await?;
    let staged = stage(&mut tx, reader, start, id, source, options, tell).await?;
    tell(Step::Doing("swap"));
    let report = serve(&mut tx, staged, source, options).await?;
    if options.dry_run {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(report)
}

/// Reads the layer into a table of its own, checks and indexes it. What is there stays as it is, and unlocked; that nobody
/// else imports the layer is for the caller to see to ([`claim`]).
pub async fn stage(
    tx: &mut PgConnection,
    reader: &mut Reader,
    start: LayerStart,
    id: String,
    source: &Source<'_>,
    options: &Options,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Staged> {
    tell(Step::Layer(start.name.clone(), start.count));
    let incoming = table(&mut *tx, id, &start, options, &origin(source, &start.name)).await?;
    let mut report = Report::new(&incoming, &start, source, options);
    let replaces = options.how == How::Replace || !is_there(&mut *tx, &incoming.id).await?;
    let mut quality = Quality::start(&incoming, replaces);
    let ended = copy(&mut *tx, reader, &incoming, &quality, &mut report, tell).await?;
    quality = quality.end().await;
    tell(Step::Doing("checks"));
    // Where nothing has to be mended the report can be made beside all that follows.
    let sound = ended.suspects.is_empty() && !ended.all_suspect;
    if sound {
        quality = quality.check(&mut *tx, &incoming, tolerance(options)).await?;
    }
    if key::key(&mut *tx, &incoming, &mut report).await? {
        quality.renumbered();
    }
    set_aside(&mut *tx, &incoming, &report.rows_set_aside).await?;
    let title = incoming.title.clone();
    let limit = MENDING + report.imported * MENDING_A_ROW;
    run::script(&mut *tx, format!("SET LOCAL statement_timeout = {limit}")).await?;
    let mended = repair::repair(&mut *tx, incoming, &ended, &mut quality, &mut report).await;
    let incoming = mended.map_err(|e| unstorable(e, &title))?;
    run::script(&mut *tx, "SET LOCAL statement_timeout TO DEFAULT").await?;
    quality = quality.check(&mut *tx, &incoming, tolerance(options)).await?;
    tell(Step::Doing("index"));
    if incoming.geometry.is_some() && replaces {
        run::script(
            &mut *tx,
            format!(
                "CREATE INDEX {} ON {} USING gist ({GEOM})",
                ident(&format!("{}_{}_geom", incoming.id, incoming.import)),
                incoming.staging
            ),
        )
        .await?;
    }
    // A third of the usual sample; autovacuum takes the whole one once the layer changes.
    run::script(&mut *tx, format!("SET LOCAL default_statistics_target = 30; ANALYZE {}", incoming.staging)).await?;
    settle::check_place(&mut *tx, &incoming, ended.extent, &mut report).await?;
    report.count();
    Ok(Staged { incoming, report, replaces, quality })
}

/// Puts a staged layer in its place and enters the edition; readers see it at the commit.
pub async fn serve(tx: &mut PgConnection, staged: Staged, source: &Source<'_>, options: &Options) -> Result<Report> {
    let Staged { incoming, mut report, replaces, quality } = staged;
    if replaces {
        settle::swap(&mut *tx, &incoming, &mut report, options).await?;
    } else {
        merge::merge(&mut *tx, &incoming, &mut report, &options.how).await?;
    }
    let how = if replaces { How::Replace.name() } else { options.how.name() };
    edition(&mut *tx, &incoming, &mut report, source, options, how).await?;
    quality.keep(&mut *tx, &mut report, tolerance(options)).await?;
    settle::account(tx, &incoming, &report).await?;
    report.rows_set_aside.truncate(SHOWN);
    Ok(report)
}

/// Metres up to which overlaps and gaps are rounding.
fn tolerance(options: &Options) -> f64 {
    options.tolerance.unwrap_or(TOLERANCE).clamp(0.0, 100.0)
}

/// Enters the edition that a layer is now.
pub async fn edition(
    tx: &mut PgConnection,
    incoming: &Incoming,
    report: &mut Report,
    source: &Source<'_>,
    options: &Options,
    how: &str,
) -> Result<()> {
    let origin = Origin {
        how,
        import: incoming.import,
        source: &origin(source, &report.source_layer),
        sha256: source.sha256.clone().await,
        options: serde_json::to_value(options)?,
        who: options.who.as_deref(),
    };
    report.edition = editions::enter(tx, &incoming.id, report.version, origin).await?;
    Ok(())
}

pub fn origin(source: &Source<'_>, layer: &str) -> String {
    format!("{}: {layer}", source.file)
}

pub async fn is_there(tx: &mut PgConnection, id: &str) -> Result<bool> {
    Ok(run::optional(tx, Sql::new("SELECT 1 FROM dothi.layer WHERE id = ").bind(id)).await?.is_some())
}

/// Takes the number of an import of this layer.
pub async fn enter(tx: &mut PgConnection, id: &str, origin: &str) -> Result<i64> {
    let sql = Sql::new("INSERT INTO dothi.import (layer, version, source, report) VALUES (")
        .bind(id)
        .push(", 0, ")
        .bind(origin)
        .push(", '{}') RETURNING id");
    Ok(run::one(tx, sql).await?.try_get(0)?)
}

async fn table(
    tx: &mut PgConnection,
    id: String,
    start: &LayerStart,
    options: &Options,
    origin: &str,
) -> Result<Incoming> {
    let srid = match &start.crs {
        Some(crs) if start.geometry.is_some() => Some(srid::known(tx, crs).await?),
        // No row has a geometry, so that any system is right.
        None if start.geometry.is_some() => Some(4326),
        _ => None,
    };
    let import = enter(tx, &id, origin).await?;
    let incoming = Incoming {
        title: options.title.clone().or_else(|| start.title.clone()).unwrap_or_else(|| start.name.clone()),
        staging: format!("staging.{}", ident(&format!("{id}_{import}"))),
        srid,
        geometry: start.geometry.clone(),
        shape: start.shape.clone().filter(|_| start.geometry.is_some()),
        fields: distinct(start.fields.clone()),
        id,
        import,
    };
    let mut list = vec![format!("{FID} bigint NOT NULL")];
    if let Some((geometry, srid)) = incoming.geometry.as_ref().zip(incoming.srid) {
        list.push(format!("{GEOM} {}", geometry.sql(srid)));
    }
    list.extend(incoming.fields.iter().map(|f| format!("{} {}", ident(&f.column), f.kind.sql())));
    run::script(tx, format!("CREATE TABLE {} ({})", incoming.staging, list.join(", "))).await?;
    Ok(incoming)
}

/// Two fields of one name would be one property in JSON: the second is called by its column.
fn distinct(mut fields: Vec<Field>) -> Vec<Field> {
    let columns = columns(&fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>());
    let mut seen = std::collections::HashSet::new();
    for (field, column) in fields.iter_mut().zip(columns) {
        field.column = column;
        if field.name.is_empty() || !seen.insert(field.name.clone()) {
            field.name.clone_from(&field.column);
            seen.insert(field.name.clone());
        }
    }
    fields
}

/// How the reader said that the layer ended.
pub struct Ended {
    pub suspects: Vec<i64>,
    pub all_suspect: bool,
    /// West, south, east, north in the layer's own system.
    pub extent: Option<[f64; 4]>,
}

/// Pipes the reader's COPY bytes into the staging table until the layer ends.
async fn copy(
    tx: &mut PgConnection,
    reader: &mut Reader,
    incoming: &Incoming,
    quality: &Quality,
    report: &mut Report,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Ended> {
    let mut sink = run::copy_in(tx, format!("COPY {} FROM STDIN (FORMAT binary, FREEZE)", incoming.staging)).await?;
    let outcome = loop {
        match reader.next().await {
            Ok(Some(Frame::Data(bytes))) => {
                quality.pass(&bytes).await;
                if let Err(e) = sink.send(bytes).await {
                    break Err(unstorable(e.into(), &incoming.title));
                }
            }
            Ok(Some(Frame::Event(event))) => match *event {
                Event::Progress { rows, .. } => tell(Step::Rows(rows)),
                Event::SetAside(row) if report.rows_set_aside.len() < MOST_SET_ASIDE => report.rows_set_aside.push(row),
                Event::SetAside(row) => {
                    let say = format!(
                        "more than {MOST_SET_ASIDE} rows of `{}` cannot be imported, the last because {}",
                        incoming.title, row.reason
                    );
                    break Err(Error::Unreadable(format!(
                        "{say}; check `--encoding` and `--srs` with `dothi inspect`"
                    )));
                }
                Event::Note(note) => report.note(note),
                Event::Originals(part) => report.originals(part),
                Event::LayerEnd { read, written, suspects, all_suspect, extent, .. } => {
                    break Ok((read, written, Ended { suspects, all_suspect, extent }));
                }
                Event::Error { message } => break Err(Error::Unreadable(message)),
                _ => {}
            },
            Ok(Some(Frame::Tile(..))) => break Err(Error::Internal("the reader sent a picture among rows".into())),
            Ok(None) => break Err(Error::Unreadable(format!("reading `{}` ended early", incoming.title))),
            Err(e) => break Err(e),
        }
    };
    let (read, written, ended) = match outcome {
        Ok(done) => done,
        Err(e) => {
            sink.abort("the reader failed").await.ok();
            return Err(e);
        }
    };
    let stored = sink.finish().await.map_err(|e| unstorable(e.into(), &incoming.title))?;
    report.read = read;
    report.imported = stored;
    if stored != written || read != written + report.rows_set_aside.len() as u64 {
        let aside = report.rows_set_aside.len();
        return Err(Error::Internal(format!(
            "{read} rows were read, {stored} stored and {aside} set aside: the account does not add up"
        )));
    }
    Ok(ended)
}

/// What PostGIS refuses to store is the file's fault (classes 22 and XX: data, and liblwgeom's own errors).
fn unstorable(error: Error, title: &str) -> Error {
    match &error {
        _ if error.is_timeout() => Error::Unreadable(format!(
            "the polygons of `{title}` take too long to check and mend: one of them crosses itself very often; mend it where it was drawn"
        )),
        Error::Db(sqlx::Error::Database(e)) if e.code().is_some_and(|c| c.starts_with("22") || c.starts_with("XX")) => {
            Error::Unreadable(format!(
                "a row of `{title}` cannot be stored: {}; try `--drop-z`, or convert the file",
                e.message()
            ))
        }
        _ => error,
    }
}

/// Keeps the rows that could not be imported, as far as they could be read.
async fn set_aside(tx: &mut PgConnection, incoming: &Incoming, rows: &[SetAside]) -> Result<()> {
    for part in rows.chunks(1_000) {
        let sql = Sql::new(format!("INSERT INTO dothi.set_aside (import, row, reason, attributes, wkb) SELECT {}, row, reason, attributes::jsonb, decode(wkb, 'hex') FROM unnest(", incoming.import))
            .bind(part.iter().map(|r| r.row).collect::<Vec<i64>>())
            .push(", ")
            .bind(part.iter().map(|r| r.reason.clone()).collect::<Vec<String>>())
            .push(", ")
            .bind(part.iter().map(|r| jsonb_text(&r.attributes)).collect::<Vec<String>>())
            .push(", ")
            .bind(part.iter().map(|r| r.wkb_hex.clone().unwrap_or_default()).collect::<Vec<String>>())
            .push(") AS r (row, reason, attributes, wkb)");
        run::execute(&mut *tx, sql).await?;
    }
    Ok(())
}

/// `jsonb` cannot hold the character NUL; it is shown by its symbol.
fn jsonb_text(attributes: &serde_json::Map<String, serde_json::Value>) -> String {
    serde_json::Value::Object(attributes.clone()).to_string().replace("\\u0000", "\u{2400}")
}
