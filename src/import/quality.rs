//! The quality report of an import, made on the way: shapes are taken out of the rows as they pass, and looked at while
//! PostgreSQL builds the index. An import never fails because its report does.

use bytes::Bytes;
use futures_util::StreamExt;
use sqlx::Row;
use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;

use super::notes;
use super::publish::Incoming;
use super::report::Report;
use crate::db::run;
use crate::error::{Error, Result};
use crate::quality::{self, Findings, Intake, Rows, Writer};
use crate::schema::FID;
use crate::sql::Sql;

/// How far the report is.
pub enum Quality {
    /// Rows pass.
    Passing(Intake),
    Read(Box<Writer>),
    Checking(JoinHandle<Result<Findings>>),
    /// The table is looked at when it is whole: rows that pass are not all of it, or are numbered anew.
    Afterwards,
    /// There is no geometry.
    Nothing,
    Failed(Error),
}

impl Quality {
    /// `whole`: the rows that pass are the whole layer.
    pub fn start(incoming: &Incoming, whole: bool) -> Quality {
        match incoming.geometry {
            None => Quality::Nothing,
            Some(_) if whole => Quality::Passing(Intake::start()),
            Some(_) => Quality::Afterwards,
        }
    }

    pub async fn pass(&self, part: &Bytes) {
        if let Quality::Passing(intake) = self {
            intake.send(part.clone()).await;
        }
    }

    /// All rows have passed.
    pub async fn end(self) -> Quality {
        match self {
            Quality::Passing(intake) => {
                intake.end().await.map_or_else(Quality::Failed, |writer| Quality::Read(Box::new(writer)))
            }
            other => other,
        }
    }

    /// The rows have other ids in the table than they had on the way.
    pub fn renumbered(&mut self) {
        if matches!(self, Quality::Passing(_) | Quality::Read(_) | Quality::Checking(_)) {
            *self = Quality::Afterwards;
        }
    }

    /// Takes the geometries that were mended, from the temporary table `mended`.
    pub async fn mended(&mut self, tx: &mut PgConnection) -> Result<()> {
        let Quality::Read(writer) = self else { return Ok(()) };
        let sql = Sql::new(format!("SELECT {FID}, ST_AsEWKB(after, 'NDR') AS after FROM mended"));
        let mut rows = std::pin::pin!(run::stream(tx, sql)?);
        while let Some(row) = rows.next().await {
            let row = row?;
            writer.replace(row.try_get(FID)?, row.try_get("after")?);
        }
        Ok(())
    }

    /// Begins to look, on a thread of its own.
    pub async fn check(self, tx: &mut PgConnection, incoming: &Incoming, tolerance: f64) -> Result<Quality> {
        let (Quality::Read(_), Some(srid)) = (&self, incoming.srid) else { return Ok(self) };
        let (crs, unit) = quality::system(tx, srid).await?;
        let Quality::Read(writer) = self else { return Ok(self) };
        Ok(Quality::Checking(tokio::task::spawn_blocking(move || {
            writer.finish().map(|shapes| quality::check(&shapes, crs, unit, tolerance))
        })))
    }

    /// Keeps the report with the edition that has just come in.
    pub async fn keep(self, tx: &mut PgConnection, report: &mut Report, tolerance: f64) -> Result<()> {
        let ended = |e: tokio::task::JoinError| Error::Internal(format!("the check ended early: {e}"));
        let found = match self {
            Quality::Checking(check) => check.await.map_err(ended).and_then(|f| f).map(Some),
            Quality::Afterwards => quality::look(&mut *tx, &report.layer, tolerance).await,
            Quality::Failed(e) => Err(e),
            _ => Ok(None),
        };
        let mut findings = match found {
            Ok(Some(findings)) => findings,
            Ok(None) => return Ok(()),
            Err(Error::Db(e)) => return Err(Error::Db(e)),
            Err(e) => {
                report.note(notes::not_checked(&e, &report.layer));
                return Ok(());
            }
        };
        let rows = Rows { read: report.read, imported: report.imported, ..Rows::default() };
        let mut told = quality::told(&mut *tx, &report.layer, &mut findings, Some(rows)).await?;
        told.unknown_codes = report.land_use.as_ref().map(|l| (l.field.clone(), l.unknown_rows));
        report.quality = Some(quality::keep(tx, &report.layer, None, tolerance, findings, told).await?);
        Ok(())
    }
}
