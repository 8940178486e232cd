//! `dothi styles`: list, show, set, drop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::print::{Print, table};
use crate::config::Store;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::layer::Catalog;
use crate::layer::edit::layer_id;
use crate::layer::land_use;
use crate::tiles::styles::{self, Styles};
use crate::tiles::stylesheet::Stylesheet;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the styles: the map's, the layers', others
    List,
    /// Print a style; addresses of the server begin with `/`
    Show { id: String },
    /// Keep a MapLibre style; under `default` or a layer's id it stands in for the generated one
    Set {
        id: String,
        file: PathBuf,
        /// Address of the server that the file was read from, as in its addresses; they are kept without it
        #[arg(long, value_name = "URL", default_value = "")]
        from: String,
    },
    /// Take away a style that was set; the map's and the layers' are generated again
    Drop { id: String },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    super::on_database(store, Duration::from_secs(60), async |db| {
        act(db, args.command.unwrap_or(Command::List), print).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(db: &Db, command: Command, print: &Print) -> Result<()> {
    let catalog = Catalog::load(&db.pool).await?;
    let all = Styles::load(&db.pool).await?;
    let codes = land_use::all(&db.pool).await?;
    let unknown = |id: &str| {
        Error::NotFound(format!("there is no style `{id}` that was set; `dothi styles` lists those that there are"))
    };
    match command {
        Command::List => {
            let mut rows = Vec::new();
            for id in all.ids(&catalog) {
                if let Some(style) = all.get(&catalog, &codes, &id)? {
                    let (who, updated) = style
                        .made
                        .map_or(("generated".into(), String::new()), |made| (made.who.clone(), made.updated.clone()));
                    rows.push(vec![id, who, updated, style.title]);
                }
            }
            let list: Vec<_> = rows
                .iter()
                .map(|r| json!({"id": r[0], "by": r[1], "updated": (!r[2].is_empty()).then_some(&r[2]), "title": r[3]}))
                .collect();
            print.result(&json!({"styles": list}), || table(&["id", "by", "updated", "title"], &[], &rows))
        }
        Command::Show { id } => {
            let style = all.get(&catalog, &codes, &id)?.ok_or_else(|| unknown(&id))?;
            let text = serde_json::to_string_pretty(&style.document)?;
            print.result(&style.document, || text)
        }
        Command::Set { id, file, from } => {
            if id != layer_id(&id) {
                let say = format!("use lower-case letters, digits and `_`, such as `{}`", layer_id(&id));
                return Err(Error::invalid("id", format!("`{id}` cannot be the id of a style; {say}")));
            }
            let bytes = tokio::fs::read(&file).await;
            let bytes = bytes.map_err(|e| Error::Unreadable(format!("`{}` cannot be read: {e}", file.display())))?;
            let sheet = Stylesheet::read(&bytes, from.trim_end_matches('/'), |id| catalog.get(id).is_some())?;
            let mut tx = db.pool.begin().await?;
            styles::hold(&mut tx, &id).await?;
            styles::put(&mut tx, &id, &sheet, "dothi styles set").await?;
            tx.commit().await?;
            print.result(&json!({"id": id, "layers": sheet.layers}), || format!("style {id} is set"))
        }
        Command::Drop { id } => {
            let mut tx = db.pool.begin().await?;
            if !styles::drop(&mut tx, &id).await? {
                return Err(unknown(&id));
            }
            tx.commit().await?;
            print.result(&json!({"dropped": id}), || format!("style {id} dropped"))
        }
    }
}
