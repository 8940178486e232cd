//! Which id a layer gets, and that nobody else imports it meanwhile.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::Options;
use super::frames::LayerStart;
use crate::db::run;
use crate::error::{Error, Result};
use crate::layer::edit::{checked_id, layer_id};
use crate::sql::Sql;

/// Chooses the layer's id, which nobody else imports from here on.
pub async fn claim(
    tx: &mut PgConnection,
    start: &LayerStart,
    options: &Options,
    taken: &[String],
    file: &str,
) -> Result<String> {
    let id = choose_id(tx, start, options, taken, file).await?;
    lock(tx, &id, options.wait).await?;
    if options.wait {
        // The layer may have come, from another file, while this waited.
        choose_id(tx, start, options, taken, file).await?;
    }
    Ok(id)
}

/// The id asked for, or one from the source layer's name. A layer that came from another file is never replaced unasked.
async fn choose_id(
    tx: &mut PgConnection,
    start: &LayerStart,
    options: &Options,
    taken: &[String],
    file: &str,
) -> Result<String> {
    if let Some(id) = &options.layer {
        return checked_id(id);
    }
    let base = layer_id(&start.name);
    let mut id = base.clone();
    let mut n = 2;
    while taken.contains(&id) {
        id = format!("{}_{n}", base.chars().take(46).collect::<String>());
        n += 1;
    }
    match from_elsewhere(tx, &id, file).await? {
        Some(before) => Err(Error::Conflict(format!(
            "layer `{id}` is there already, from `{before}`; say `--layer {id}` to replace it, or another id"
        ))),
        None => Ok(id),
    }
}

/// The file that the layer of this id came from, if that is another one.
pub async fn from_elsewhere(tx: &mut PgConnection, id: &str, file: &str) -> Result<Option<String>> {
    let sql = Sql::new("SELECT source FROM dothi.served_import WHERE layer = ").bind(id);
    let Some(row) = run::optional(tx, sql).await? else { return Ok(None) };
    let origin: String = row.try_get("source")?;
    let before = origin.split(": ").next().unwrap_or_default();
    Ok((before != file).then(|| before.to_string()))
}

/// One import of a layer at a time.
pub async fn lock(tx: &mut PgConnection, id: &str, wait: bool) -> Result<()> {
    if wait {
        let sql = Sql::new("SELECT pg_advisory_xact_lock(hashtext('dothi import'), hashtext(").bind(id).push("))");
        return run::one(tx, sql).await.map(|_| ());
    }
    let sql = Sql::new("SELECT pg_try_advisory_xact_lock(hashtext('dothi import'), hashtext(").bind(id).push("))");
    if run::one(tx, sql).await?.try_get::<bool, _>(0)? {
        return Ok(());
    }
    Err(Error::Conflict(format!("another import of layer `{id}` is under way; wait for it to end")))
}
