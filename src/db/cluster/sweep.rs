//! What a killed PostgreSQL leaves on disk. Files of a table whose transaction never ended belong to nobody, and crash
//! recovery does not look for them: a killed import would leave its rows behind for ever.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use sqlx::{Connection, PgConnection};

use super::address::{Address, NAME};
use super::place::Place;
use crate::error::{Error, Result};

/// Removes files of the database that no relation of it has, and that are older than this start of PostgreSQL.
///
/// Called in one's turn right after PostgreSQL was started, when nobody else can be at work, so that every relation that
/// exists is committed and known to `pg_class`. Returns how many files went.
pub async fn orphans(place: &Place, address: &Address, started: SystemTime) -> Result<usize> {
    let mut connection = PgConnection::connect_with(&address.options(NAME)).await?;
    let oid: i64 = sqlx::query_scalar("SELECT oid::int8 FROM pg_database WHERE datname = current_database()")
        .fetch_one(&mut connection)
        .await?;
    let known: Vec<i64> = sqlx::query_scalar(
        "SELECT pg_relation_filenode(oid)::int8 FROM pg_class WHERE pg_relation_filenode(oid) IS NOT NULL",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    let (base, known) = (place.pg().join("base"), known.into_iter().collect::<HashSet<_>>());
    let dir = base.join(oid.to_string());
    // As root, follow nothing that PostgreSQL's own user could have put there.
    if ![place.pg(), base, dir.clone()].iter().all(|path| path.symlink_metadata().is_ok_and(|found| found.is_dir())) {
        return Ok(0);
    }
    let remove = move || remove(&dir, &known, started);
    tokio::task::spawn_blocking(remove).await.map_err(|e| Error::Internal(format!("sweeping: {e}")))?
}

fn remove(dir: &Path, known: &HashSet<i64>, started: SystemTime) -> Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(dir).map_err(Error::io(format!("cannot read `{}`", dir.display())))? {
        let Ok(entry) = entry else { continue };
        let Some(node) = entry.file_name().to_str().and_then(node) else { continue };
        let old = entry.metadata().is_ok_and(|found| found.is_file() && found.modified().is_ok_and(|at| at < started));
        if old && !known.contains(&node) && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

/// The filenode in a data file's name: `16384`, `16384.1` (a further gigabyte), `16384_fsm`, `_vm`, `_init`. Temporary
/// tables (`t3_16384`) are PostgreSQL's to remove, and it does.
fn node(name: &str) -> Option<i64> {
    let (number, rest) = name.split_at(name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len()));
    let (fork, segment) = rest.split_once('.').unwrap_or((rest, "0"));
    let known = ["", "_fsm", "_vm", "_init"].contains(&fork) && segment.bytes().all(|b| b.is_ascii_digit());
    number.parse().ok().filter(|_| known && !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::node;

    #[test]
    fn only_names_of_relation_files_are_recognised() {
        assert_eq!(["16384", "16384.1", "16384_fsm", "16384_vm.2", "16384_init"].map(node), [Some(16384); 5]);
        for other in
            ["PG_VERSION", "pg_filenode.map", "t3_16384", "pg_internal.init", "16384.", "16384_x", "", "16384.a"]
        {
            assert_eq!(node(other), None, "{other}");
        }
    }
}
