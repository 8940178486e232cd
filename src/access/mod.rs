//! Who may do what with a layer. Reading needs nothing; writing needs a key.
//!
//! The answer is a [`Permission`]: which features, as a filter expression, and which fields. A key's are all of both;
//! roles narrow them without another word elsewhere.

pub mod keys; // made, listed, revoked

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};

use keys::Key;

use crate::db::run;
use crate::error::{Error, Result};
use crate::filter::Expr;
use crate::layer::Layer;
use crate::schema::Field;
use crate::sql::Sql;

/// What somebody may change in a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    /// The features: those that are changed, and what they become.
    pub filter: Expr,
    pub fields: Fields,
    /// As the journal names who writes.
    pub who: String,
    key: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fields {
    All,
    Only(Vec<String>),
}

impl Fields {
    pub fn include(&self, field: &Field) -> bool {
        match self {
            Fields::All => true,
            Fields::Only(names) => names.contains(&field.name),
        }
    }
}

/// What the bearer of `secret` may write to the layer.
pub async fn writing(pool: &PgPool, secret: Option<&str>, layer: &Layer) -> Result<Permission> {
    let key = presented(pool, secret).await?;
    if !key.covers(&layer.id) {
        return Err(uncovered(&key, layer));
    }
    Ok(whole(&key))
}

/// That the bearer of `secret` may make a style. The style that bears a layer's name is how that layer looks, and needs a
/// key for the layer; what it draws beside is public. Any other, the map's first of all, is of all layers.
pub async fn styling(pool: &PgPool, secret: Option<&str>, layer: Option<&Layer>) -> Result<Permission> {
    let key = presented(pool, secret).await?;
    match layer {
        Some(layer) if !key.covers(&layer.id) => Err(uncovered(&key, layer)),
        None if key.layers.is_some() => {
            let say = "a style that is no single layer's needs one that does";
            Err(Error::Forbidden(format!("key {} (`{}`) does not cover every layer; {say}", key.id, key.name)))
        }
        _ => Ok(whole(&key)),
    }
}

/// That the bearer of `secret` administers: uploads files, imports, sees to jobs. Says who it is, as the journal does.
pub async fn administering(pool: &PgPool, secret: Option<&str>) -> Result<String> {
    let Some(secret) = secret else {
        return Err(Error::Unauthenticated(
            "this is for administrators; send `Authorization: Bearer` and a key (`dothi keys create --admin` makes one)"
                .into(),
        ));
    };
    let key = keys::find(pool, secret).await?.ok_or_else(no_key)?;
    if !key.admin {
        let say = "an administrator's is made by `dothi keys create --admin`";
        return Err(Error::Forbidden(format!("key {} (`{}`) is no administrator's; {say}", key.id, key.name)));
    }
    Ok(whole(&key).who)
}

/// The valid key with this secret.
async fn presented(pool: &PgPool, secret: Option<&str>) -> Result<Key> {
    let Some(secret) = secret else {
        return Err(Error::Unauthenticated(
            "writing needs a key; send `Authorization: Bearer` and the key (`dothi keys create` makes one)".into(),
        ));
    };
    keys::find(pool, secret).await?.ok_or_else(no_key)
}

fn uncovered(key: &Key, layer: &Layer) -> Error {
    Error::Forbidden(format!("key {} (`{}`) does not cover layer `{}`", key.id, key.name, layer.id))
}

/// Everything that a key covers.
fn whole(key: &Key) -> Permission {
    let who = format!("{} (key {})", key.name, key.id);
    Permission { filter: Expr::True, fields: Fields::All, who, key: key.id }
}

/// Whether somebody may know who changed the layer, and what was there before: who could change it. Without a key nobody
/// is refused; a key must be a valid one.
pub async fn knowing(pool: &PgPool, secret: Option<&str>, layer: &Layer) -> Result<bool> {
    match secret {
        None => Ok(false),
        Some(secret) => Ok(keys::find(pool, secret).await?.ok_or_else(no_key)?.covers(&layer.id)),
    }
}

fn no_key() -> Error {
    Error::Unauthenticated("the key is not known here, or was revoked; ask for a new one".into())
}

impl Permission {
    /// Begins a change: the journal learns who writes until the transaction ends. A key that was revoked since it was
    /// looked up writes no more; one that is revoked from now on waits for this change.
    pub async fn begin(&self, tx: &mut PgConnection) -> Result<()> {
        let sql = Sql::new("SELECT set_config('dothi.who', ").bind(&self.who).push(", true)");
        run::one(&mut *tx, sql).await?;
        let sql = Sql::new("SELECT revoked IS NULL AS valid FROM dothi.key WHERE id = ").bind(self.key);
        match run::optional(tx, sql.push(" FOR SHARE")).await? {
            Some(row) if row.try_get("valid")? => Ok(()),
            _ => Err(no_key()),
        }
    }
}
