//! How clients reach the cluster: its Unix socket, which is in PGDATA.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};

use super::place::Place;
use crate::error::{Error, Result};

/// The role that owns everything, and the name of its database.
pub const NAME: &str = "dothi";
const PORT: u16 = 5432;
/// `sockaddr_un` has room for this many bytes of path, and a zero.
const LONGEST: usize = 107;

#[derive(Debug, Clone)]
pub struct Address {
    dir: PathBuf,
    _open: Option<Arc<File>>,
}

/// What PostgreSQL says to a new client.
#[derive(Debug)]
pub enum Answer {
    Welcome,
    /// Alive, but not for clients: it starts, recovers, or shuts down.
    Wait(String),
    Nobody,
}

impl Address {
    /// The address of the cluster in `place`; good as long as this value or a clone of it lives.
    ///
    /// It is the directory itself where that can be written everywhere. Too long a path does not fit into a socket's
    /// address; libpq takes a comma in `host` for a list, and quotes in a connection string are more than some clients
    /// understand. Then it is a short name for the same directory, which this process holds open; child programs of the
    /// same user may look into our `/proc/PID/fd` too.
    pub fn of(place: &Place) -> Result<Address> {
        let dir = place.pg();
        if is_plain(&dir) {
            return Ok(Address { dir, _open: None });
        }
        let open = File::open(&dir).map_err(Error::io(format!("cannot open `{}`", dir.display())))?;
        let dir = format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd()).into();
        Ok(Address { dir, _open: Some(Arc::new(open)) })
    }

    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.dir)
            .port(PORT)
            .username(NAME)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    pub fn conninfo(&self) -> String {
        format!("host={} port={PORT} dbname={NAME} user={NAME} sslmode=disable", self.dir.display())
    }

    /// Knocks.
    pub async fn ask(&self) -> Result<Answer> {
        let options = self.options("postgres");
        let Ok(answer) = tokio::time::timeout(Duration::from_secs(5), PgConnection::connect_with(&options)).await
        else {
            return Ok(Answer::Wait("it takes a connection and then says nothing".into()));
        };
        use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
        Ok(match answer {
            Ok(connection) => {
                let _ = connection.close().await;
                Answer::Welcome
            }
            // "the database system is starting up", "… is shutting down", "… is in recovery mode"
            Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("57P03") => Answer::Wait(e.message().into()),
            Err(sqlx::Error::Database(_)) => Answer::Welcome, // too many clients, for example: it is there
            Err(sqlx::Error::Io(e)) if matches!(e.kind(), NotFound | ConnectionRefused) => Answer::Nobody,
            Err(sqlx::Error::Io(e)) if e.kind() == PermissionDenied => {
                return Err(Error::io(format!("cannot connect to PostgreSQL in `{}`", self.dir.display()))(e));
            }
            Err(e) => Answer::Wait(e.to_string()), // cut off: it ends, and the next knock tells
        })
    }
}

fn is_plain(dir: &Path) -> bool {
    let socket = dir.join(format!(".s.PGSQL.{PORT}"));
    let plain = |c: char| c.is_alphanumeric() || "/._-+@~".contains(c);
    socket.as_os_str().as_bytes().len() <= LONGEST && dir.to_str().is_some_and(|dir| dir.chars().all(plain))
}
