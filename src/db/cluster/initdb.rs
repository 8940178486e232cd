//! Makes the cluster, once.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::place::Place;
use super::{address, log, process, programs};
use crate::error::{Error, Result};

/// Sees to it that `pg/` is there. To be called in one's turn.
///
/// initdb works in `pg.new/`, which gets its name when all is done and on disk: a kill on the way leaves no half
/// cluster. An initdb that outlives a killed dothi works on in a directory without a name, and harms nobody.
pub async fn ensure(place: &Place, fsync: bool) -> Result<()> {
    let (pg, new) = (place.pg(), place.pg_new());
    sweep(&new).await?;
    if pg.join("PG_VERSION").exists() {
        return Ok(());
    }
    if fs::remove_dir(&pg).is_err() && pg.exists() {
        return Err(Error::Conflict(format!("`{}` has files but no cluster in it; move it away", pg.display())));
    }
    tracing::info!(path = %pg.display(), "creating the PostgreSQL cluster");
    place.make_dir(&new, 0o700)?;
    run(place, &new, fsync).await?;
    fs::rename(&new, &pg).map_err(Error::io(format!("cannot rename `{}`", new.display())))?;
    let dir = place.data_dir();
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(Error::io(format!("cannot write `{}` to disk", dir.display())))
}

async fn run(place: &Place, new: &Path, fsync: bool) -> Result<()> {
    let open = File::open(new).map_err(Error::io(format!("cannot open `{}`", new.display())))?;
    let initdb = programs::find(None)?.join("initdb");
    let (mut command, dir) = process::command(&initdb, place.owner(), &open);
    command.args(["-D", &dir, "-U", address::NAME, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]);
    // Nobody but the owner and root can reach the socket, which is inside of PGDATA (0700); no role needs a password.
    command.args(["--auth-local=trust", "--auth-host=reject", "--no-instructions"]);
    if !fsync {
        command.arg("--no-sync");
    }
    let output = tokio::process::Command::from(command).output().await.map_err(Error::io(format!(
        "cannot run `{}` as user {}",
        initdb.display(),
        place.owner().uid
    )))?;
    drop(open);
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let hint = match () {
        () if said.contains("user does not exist") => "; user ids without a name in /etc/passwd cannot keep a cluster",
        () if said.contains("No space left") => "; make room on the disk of the data directory",
        () => "",
    };
    let said = log::quoted(&said, &new.to_string_lossy());
    Err(Error::Internal(format!("cannot create the PostgreSQL cluster ({}){hint}; initdb says:{said}", output.status)))
}

/// Removes what a killed initdb left; one that is still at it may add a file while we remove, hence again.
async fn sweep(new: &Path) -> Result<()> {
    for patience in (0..100).rev() {
        match fs::remove_dir_all(new) {
            Ok(()) => tracing::warn!(path = %new.display(), "removed a cluster that was never finished"),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) if patience == 0 => return Err(Error::io(format!("cannot remove `{}`", new.display()))(e)),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Ok(())
}
