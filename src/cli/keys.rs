//! `dothi keys`: create, list, revoke.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::print::{Print, table};
use crate::access::keys;
use crate::config::Store;
use crate::db::Db;
use crate::error::Result;
use crate::layer::Catalog;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a key; its secret is printed once and cannot be shown again
    Create {
        /// Whose key it is; the journal names it with every change
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// Layers it may write to (default: every layer)
        #[arg(long, value_name = "LAYER", value_delimiter = ',')]
        layers: Option<Vec<String>>,
        /// An administrator's key: it may also upload and import files, at /admin/import
        #[arg(long, conflicts_with = "layers")]
        admin: bool,
    },
    /// List the keys, without their secrets
    List,
    /// End a key at once and for good
    Revoke { id: i64 },
}

pub async fn run(store: &Store, args: Args, print: &Print) -> Result<ExitCode> {
    super::on_database(store, Duration::from_secs(60), async |db| act(db, args.command, print).await).await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(db: &Db, command: Command, print: &Print) -> Result<()> {
    match command {
        Command::Create { name, layers, admin } => {
            let catalog = Catalog::load(&db.pool).await?;
            for id in layers.iter().flatten() {
                catalog.named(id)?;
            }
            let (key, secret) = match admin {
                true => keys::create_admin(&db.pool, &name).await?,
                false => keys::create(&db.pool, &name, layers).await?,
            };
            let mut value = serde_json::to_value(&key)?;
            value["secret"] = json!(secret);
            print.result(&value, || {
                format!("{secret}\n\nThis is key {}. Keep the secret: it is not shown again.\n", key.id)
            })
        }
        Command::List => {
            let keys = keys::all(&db.pool).await?;
            print.result(&json!({"keys": keys}), || {
                if keys.is_empty() {
                    return "no keys yet; `dothi keys create --name TEXT` makes one".into();
                }
                let rows: Vec<Vec<String>> = keys
                    .iter()
                    .map(|k| {
                        vec![
                            k.id.to_string(),
                            k.name.clone(),
                            match (&k.layers, k.admin) {
                                (Some(layers), _) => layers.join(", "),
                                (None, true) => "every layer, administration".into(),
                                (None, false) => "every layer".into(),
                            },
                            k.created.clone(),
                            k.last_used.clone().unwrap_or_default(),
                            k.revoked.clone().unwrap_or_default(),
                        ]
                    })
                    .collect();
                table(&["id", "name", "layers", "created", "last used", "revoked"], &[0], &rows)
            })
        }
        Command::Revoke { id } => {
            let key = keys::revoke(&db.pool, id).await?;
            print.result(&key, || format!("key {id} ({}) is revoked", key.name))
        }
    }
}
