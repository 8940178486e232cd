//! Where a cluster lives on disk, and which user it belongs to.
//!
//! ```text
//! <data-dir>/pg/                 PGDATA and the Unix socket; 0700, owned by the user PostgreSQL runs as
//! <data-dir>/pg.new/             PGDATA while initdb is at work
//! <data-dir>/locks/              who is at work; see `lock.rs`
//! <data-dir>/log/postgres.log    what PostgreSQL says
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown, lchown};
use std::path::{Path, PathBuf};

use super::process;
use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub struct Place {
    /// Absolute and without symbolic links: child programs have other working directories.
    data_dir: PathBuf,
    owner: Owner,
}

/// The user PostgreSQL runs as. It owns everything in the data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

impl Place {
    /// The place in `data_dir`, which is made when it does not exist.
    pub fn prepare(data_dir: &Path) -> Result<Place> {
        fs::create_dir_all(data_dir).map_err(Error::io(format!(
            "cannot create the data directory `{}`; choose another with --data-dir",
            data_dir.display()
        )))?;
        let place = Place::at(data_dir)?;
        place.make_dir(&place.locks(), 0o755)?;
        place.make_dir(&place.log_dir(), 0o755)?;
        Ok(place)
    }

    /// The place in `data_dir` when a cluster was made there; touches nothing.
    pub fn existing(data_dir: &Path) -> Result<Option<Place>> {
        if !data_dir.join("pg").exists() || !data_dir.join("locks").exists() {
            return Ok(None);
        }
        Place::at(data_dir).map(Some)
    }

    fn at(data_dir: &Path) -> Result<Place> {
        let what = format!("cannot enter the data directory `{}`", data_dir.display());
        let data_dir = fs::canonicalize(data_dir).map_err(Error::io(what))?;
        let owner = Owner::of(&data_dir)?;
        Ok(Place { data_dir, owner })
    }

    pub fn owner(&self) -> Owner {
        self.owner
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub fn pg(&self) -> PathBuf {
        self.data_dir.join("pg")
    }

    pub fn pg_new(&self) -> PathBuf {
        self.data_dir.join("pg.new")
    }

    pub fn locks(&self) -> PathBuf {
        self.data_dir.join("locks")
    }

    pub fn log_dir(&self) -> PathBuf {
        self.data_dir.join("log")
    }

    pub fn log(&self) -> PathBuf {
        self.log_dir().join("postgres.log")
    }

    /// A name that no other running cluster of this machine has. PostgreSQL shows it in the title of each of its
    /// processes (`cluster_name`), which is how `process.rs` finds them again. It comes from the directory's inode, as
    /// PostgreSQL's own shared memory key does: a copy of a data directory is another cluster, a moved one is the same.
    pub fn name(&self) -> Result<String> {
        let pg = self.pg();
        let inode = fs::metadata(&pg).map_err(Error::io(format!("cannot enter `{}`", pg.display())))?;
        Ok(format!("dothi-{:x}-{:x}", inode.dev(), inode.ino()))
    }

    /// Makes a directory that belongs to the owner; one that is there stays as it is.
    pub fn make_dir(&self, path: &Path, mode: u32) -> Result<()> {
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => self.give(path, |uid, gid| lchown(path, uid, gid)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(Error::io(format!("cannot create `{}`", path.display()))(e)),
        }
    }

    /// Opens a small file of ours for reading and writing at its end, made when it does not exist. Symbolic links are
    /// not followed: root would write wherever the owner points to.
    pub fn open_file(&self, path: &Path) -> Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o644)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .map_err(Error::io(format!("cannot write `{}`", path.display())))?;
        self.give(path, |uid, gid| fchown(&file, uid, gid))?;
        Ok(file)
    }

    /// Root gives what it makes to the owner, so that the owner's own commands work on it later.
    fn give(&self, path: &Path, chown: impl FnOnce(Option<u32>, Option<u32>) -> std::io::Result<()>) -> Result<()> {
        let Owner { uid, gid } = self.owner;
        if !process::is_root() {
            return Ok(());
        }
        chown(Some(uid), Some(gid)).map_err(Error::io(format!(
            "cannot give `{}` to user {uid}; the data directory must be on a file system that knows owners",
            path.display()
        )))
    }
}

impl Owner {
    /// Whom the cluster of `data_dir` belongs to. PostgreSQL refuses to run as root, and refuses a PGDATA that is not
    /// its own, so for root it is, in this order: the owner of the cluster that is there, the owner of the data
    /// directory, `postgres`, `nobody`.
    fn of(data_dir: &Path) -> Result<Owner> {
        let me = process::user();
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let pg = data_dir.join("pg");
        if let Ok(there) = fs::metadata(&pg) {
            let owner = by_uid(&passwd, there.uid()).unwrap_or(Owner { uid: there.uid(), gid: there.gid() });
            return match (process::is_root(), owner.uid) {
                (true, 0) => Err(Error::Conflict(format!(
                    "`{}` belongs to root, as whom PostgreSQL does not run; say `chown -R postgres: {0}`",
                    pg.display()
                ))),
                (false, uid) if uid != me.uid => Err(Error::Conflict(format!(
                    "`{}` belongs to user {uid}, and you are user {}; run dothi as that user or as root",
                    pg.display(),
                    me.uid
                ))),
                _ => Ok(owner),
            };
        }
        if !process::is_root() {
            return Ok(me);
        }
        let dir = fs::metadata(data_dir).map_err(Error::io(format!("cannot read `{}`", data_dir.display())))?;
        // Only a user with a name: initdb ends with "user does not exist" otherwise.
        by_uid(&passwd, dir.uid())
            .filter(|owner| owner.uid != 0)
            .or_else(|| by_name(&passwd, "postgres"))
            .or_else(|| by_name(&passwd, "nobody"))
            .ok_or_else(|| {
                Error::Internal("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`".into())
            })
    }
}

fn by_name(passwd: &str, name: &str) -> Option<Owner> {
    users(passwd).find(|(user, _)| *user == name).map(|(_, owner)| owner)
}

fn by_uid(passwd: &str, uid: u32) -> Option<Owner> {
    users(passwd).find(|(_, owner)| owner.uid == uid).map(|(_, owner)| owner)
}

/// The lines of `passwd(5)`: `name:password:uid:gid:…`.
fn users(passwd: &str) -> impl Iterator<Item = (&str, Owner)> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some((name, Owner { uid, gid }))
    })
}
