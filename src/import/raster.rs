//! One raster from the reader into an archive of tiles and the catalog: cut, written beside, swapped in one transaction.
//!
//! The archive has a name of its own and is complete and on the disk before the transaction that names it commits. An
//! import that is killed in between leaves a file that nothing names, which the next sweep takes away.

use std::path::PathBuf;

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, Row};

use super::child::Reader;
use super::frames::{Event, Frame, LayerStart};
use super::publish::{self, Incoming, Source};
use super::report::Report;
use super::{How, Options, Step, claim, settle};
use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::Bbox;
use crate::layer::raster::{Format, Picture, Raster};
use crate::schema::FID;
use crate::sql::{Sql, ident};
use crate::tiles::archive::{Kind, Meta, Packing, Writer};
use crate::tiles::rasters;

/// Where rasters that nobody placed stand in the list: under the layers of features.
const POSITION: i32 = 900;

/// An archive that is taken away again unless the import comes to its end.
struct Kept {
    path: PathBuf,
    keep: bool,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed now is swept later.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A raster whose archive is on the disk, and which is not yet seen.
pub struct Staged {
    pub incoming: Incoming,
    pub report: Report,
    raster: Raster,
    kept: Kept,
}

impl Staged {
    /// Leaves the archive where it is: for the moment before a commit. A commit whose answer is lost may have been made; the
    /// sweep finds out.
    pub fn keep(mut self) {
        self.kept.keep = true;
    }
}

/// One raster in one transaction.
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
    let mut staged = stage(&mut tx, reader, start, id, source, options, tell).await?;
    tell(Step::Doing("swap"));
    let report = serve(&mut tx, &mut staged, source, options).await?;
    if options.dry_run {
        tx.rollback().await?;
    } else {
        staged.keep();
        tx.commit().await?;
    }
    Ok(report)
}

/// Writes the reader's tiles into an archive. What is there stays as it is; that nobody else imports the layer is for the
/// caller to see to ([`claim`]).
pub async fn stage(
    tx: &mut PgConnection,
    reader: &mut Reader,
    start: LayerStart,
    id: String,
    source: &Source<'_>,
    options: &Options,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Staged> {
    let picture = start.raster.clone().ok_or_else(|| Error::Internal("a raster without a picture".into()))?;
    tell(Step::Layer(start.name.clone(), start.count));
    tell(Step::Doing("cut"));
    let incoming = table(&mut *tx, id, &start, options, &publish::origin(source, &start.name)).await?;
    let mut report = Report::new(&incoming, &start, source, options);
    (report.extent, report.bounds) = (start.extent, start.bounds);
    let folder = rasters::folder(&mut *tx, &options.data_dir).await?;
    std::fs::create_dir_all(&folder).map_err(Error::io("making the folder of rasters"))?;
    let archive = format!("{}_{}.pmtiles", incoming.id, incoming.import);
    let kept = Kept { path: folder.join(&archive), keep: false };
    let format = picture.look.format();
    let writer = Writer::create(&kept.path, meta(&incoming, &start, &picture, format)?)?;
    let writer = receive(reader, writer, &mut report, tell).await?;
    tell(Step::Doing("index"));
    // The disk may take its time.
    let finish = tokio::task::spawn_blocking(move || writer.finish());
    let written = finish.await.map_err(|e| Error::Internal(e.to_string()))??;
    let srid = start.crs.as_ref().and_then(|crs| crs.srid);
    let raster = Raster { picture, format, srid, archive, tiles: written.tiles, bytes: written.bytes };
    Ok(Staged { incoming, report, raster, kept })
}

/// Puts a staged raster in its place and enters the edition; readers see it at the commit, before which it must be kept
/// ([`Staged::keep`]).
pub async fn serve(
    tx: &mut PgConnection,
    staged: &mut Staged,
    source: &Source<'_>,
    options: &Options,
) -> Result<Report> {
    let Staged { incoming, report, raster, .. } = staged;
    swap(&mut *tx, incoming, raster, report, options).await?;
    report.raster = Some(raster.clone());
    publish::edition(&mut *tx, incoming, report, source, options, How::Replace.name()).await?;
    settle::account(tx, incoming, report).await?;
    Ok(report.clone())
}

/// The layer's table has no rows: it stands for the edition, and a tool that looks for it finds it empty.
async fn table(
    tx: &mut PgConnection,
    id: String,
    start: &LayerStart,
    options: &Options,
    origin: &str,
) -> Result<Incoming> {
    let import = publish::enter(tx, &id, origin).await?;
    let incoming = Incoming {
        title: options.title.clone().or_else(|| start.title.clone()).unwrap_or_else(|| start.name.clone()),
        staging: format!("staging.{}", ident(&format!("{id}_{import}"))),
        srid: None,
        geometry: None,
        shape: None,
        fields: Vec::new(),
        id,
        import,
    };
    run::script(tx, format!("CREATE TABLE {} ({FID} bigint PRIMARY KEY)", incoming.staging)).await?;
    Ok(incoming)
}

fn meta(incoming: &Incoming, start: &LayerStart, picture: &Picture, format: Format) -> Result<Meta> {
    let nowhere = |e: String| Error::Internal(format!("the reader's answer is broken: {e}"));
    let [west, south, east, north] = start.bounds.ok_or_else(|| nowhere("a raster without a place".into()))?;
    let bounds = Bbox::new(west, south, east, north).map_err(nowhere)?;
    let centre = ((west + east) / 2.0, (south + north) / 2.0, picture.zoom.saturating_sub(3));
    let mut json = serde_json::Map::new();
    json.insert("name".into(), incoming.title.clone().into());
    json.insert("format".into(), format.name().into());
    let kind = match format {
        Format::Png => Kind::Png,
        Format::Webp => Kind::Webp,
    };
    Ok(Meta { kind, packing: Packing::None, zooms: (0, picture.zoom), bounds, centre, json })
}

/// Takes the reader's tiles until the raster ends.
async fn receive(
    reader: &mut Reader,
    mut writer: Writer,
    report: &mut Report,
    tell: &mut (impl FnMut(Step) + Send),
) -> Result<Writer> {
    let mut tiles = 0;
    loop {
        match reader.next().await? {
            Some(Frame::Tile(tile, picture)) => {
                writer.add_anywhere(tile, &picture)?;
                tiles += 1;
            }
            Some(Frame::Event(event)) => match *event {
                Event::Progress { rows, .. } => tell(Step::Rows(rows)),
                Event::Note(note) => report.note(note),
                Event::LayerEnd { written, .. } if written == tiles => break,
                Event::Error { message } => return Err(Error::Unreadable(message)),
                _ => return Err(Error::Internal("the reader's tiles do not add up".into())),
            },
            _ => return Err(Error::Unreadable(format!("reading `{}` ended early", report.title))),
        }
    }
    if tiles == 0 {
        let say = "has nothing to show: all of it is transparent or stands for nothing";
        return Err(Error::Unreadable(format!("`{}` {say}", report.title)));
    }
    Ok(writer)
}

async fn swap(
    tx: &mut PgConnection,
    incoming: &Incoming,
    raster: &Raster,
    report: &mut Report,
    options: &Options,
) -> Result<()> {
    let before = Sql::new("SELECT raster IS NOT NULL AS raster FROM dothi.layer WHERE id = ").bind(&incoming.id);
    let before = run::optional(&mut *tx, before).await?;
    let was_raster = before.map(|row| row.try_get::<bool, _>("raster")).transpose()?;
    settle::swap(tx, incoming, report, options).await?;
    let sql = Sql::new("UPDATE dothi.layer SET raster = ").bind(serde_json::to_value(raster)?);
    let sql = match was_raster {
        // An administrator's choice stays.
        Some(_) => sql,
        None => sql.push(", position = ").bind(POSITION).push("::int"),
    };
    run::execute(tx, sql.push(" WHERE id = ").bind(&incoming.id)).await.map(|_| ())
}
