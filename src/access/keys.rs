//! Keys: a name, the layers it covers, and the hash of a secret that was shown once.

use std::io::Read;

use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};

use crate::db::run;
use crate::error::{Error, Result};
use crate::sql::{Sql, Value};

/// What every secret begins with, so that one is known for what it is where it should not be.
const PREFIX: &str = "dothi_";

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    pub id: i64,
    pub name: String,
    /// None: every layer.
    pub layers: Option<Vec<String>>,
    /// Whether it is an administrator's: uploads, imports, jobs.
    pub admin: bool,
    /// RFC 3339, UTC, as the next two.
    pub created: String,
    pub last_used: Option<String>,
    pub revoked: Option<String>,
}

impl Key {
    pub fn covers(&self, layer: &str) -> bool {
        self.layers.as_ref().is_none_or(|layers| layers.iter().any(|l| l == layer))
    }
}

const COLUMNS: &str = r#"id, name, layers, admin, to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
    to_char(last_used AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_used,
    to_char(revoked AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS revoked"#;

fn key(row: &PgRow) -> Result<Key> {
    Ok(Key {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        layers: row.try_get("layers")?,
        admin: row.try_get("admin")?,
        created: row.try_get("created")?,
        last_used: row.try_get("last_used")?,
        revoked: row.try_get("revoked")?,
    })
}

/// Makes a key for these layers, or for all; the text is its secret, which nothing here can tell again.
pub async fn create(pool: &PgPool, name: &str, layers: Option<Vec<String>>) -> Result<(Key, String)> {
    insert(pool, name, layers, false).await
}

/// Makes an administrator's key, which is for every layer.
pub async fn create_admin(pool: &PgPool, name: &str) -> Result<(Key, String)> {
    insert(pool, name, None, true).await
}

async fn insert(pool: &PgPool, name: &str, layers: Option<Vec<String>>, admin: bool) -> Result<(Key, String)> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "the name must have 1 to 100 letters; say whose key it is"));
    }
    let secret = secret()?;
    let sql = Sql::new("INSERT INTO dothi.key (name, sha256, admin, layers) VALUES (")
        .bind(name)
        .push(", ")
        .bind(hash(&secret))
        .push(", ")
        .bind(admin)
        .push(", ")
        .bind(layers.map_or(Value::Null, Value::Texts))
        .push(&format!("::text[]) RETURNING {COLUMNS}"));
    Ok((key(&run::one(pool, sql).await?)?, secret))
}

/// Every key, the revoked ones too.
pub async fn all(pool: &PgPool) -> Result<Vec<Key>> {
    let rows = run::all(pool, Sql::new(format!("SELECT {COLUMNS} FROM dothi.key ORDER BY id"))).await?;
    rows.iter().map(key).collect()
}

/// Ends a key for good; what it was stays on record. A key that was revoked before keeps its first date.
pub async fn revoke(pool: &PgPool, id: i64) -> Result<Key> {
    let sql = Sql::new("UPDATE dothi.key SET revoked = coalesce(revoked, now()) WHERE id = ").bind(id);
    match run::optional(pool, sql.push(&format!(" RETURNING {COLUMNS}"))).await? {
        Some(row) => key(&row),
        None => Err(Error::NotFound(format!("there is no key `{id}`; `dothi keys list` lists those that there are"))),
    }
}

/// The valid key with this secret; that it was used is noted, once a minute.
pub async fn find(pool: &PgPool, secret: &str) -> Result<Option<Key>> {
    if !secret.starts_with(PREFIX) {
        return Ok(None);
    }
    let sql = Sql::new(format!(
        "SELECT {COLUMNS}, coalesce(last_used < now() - interval '1 minute', true) AS unnoted \
         FROM dothi.key WHERE revoked IS NULL AND sha256 = "
    ))
    .bind(hash(secret));
    let Some(row) = run::optional(pool, sql).await? else { return Ok(None) };
    let key = key(&row)?;
    if row.try_get("unnoted")? {
        // Whoever holds the row (a write under way) is not waited for.
        let sql = Sql::new("UPDATE dothi.key SET last_used = now() WHERE id = (SELECT id FROM dothi.key WHERE id = ");
        run::execute(pool, sql.bind(key.id).push(" FOR NO KEY UPDATE SKIP LOCKED)")).await?;
    }
    Ok(Some(key))
}

fn secret() -> Result<String> {
    let mut random = [0u8; 32];
    let mut source = std::fs::File::open("/dev/urandom").map_err(Error::io("take random bytes"))?;
    source.read_exact(&mut random).map_err(Error::io("take random bytes"))?;
    Ok(format!("{PREFIX}{}", base64url(&random)))
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// RFC 4648, 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let bits = part.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - part.len()));
        for i in 0..=part.len() {
            out.push(LETTERS[(bits >> (18 - 6 * i) & 63) as usize] as char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_secret_has_256_random_bits() {
        let (a, b) = (secret().unwrap(), secret().unwrap());
        assert!(a != b && a.len() == PREFIX.len() + 43 && a.starts_with(PREFIX));
    }
}
