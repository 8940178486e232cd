//! PostgreSQL: which server, how to connect, how statements run.

pub mod cluster; // the private cluster under the data directory
pub mod migrate; // schema `dothi` and the code tables
pub mod run; // the only place where SQL runs

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::Store;
use crate::error::{Error, Result};
use cluster::Cluster;

/// A connected database: a pool, and the private cluster that it belongs to, if it is ours.
pub struct Db {
    pub pool: PgPool,
    pub cluster: Option<Cluster>,
    options: PgConnectOptions,
    url: Option<String>,
}

impl Db {
    /// Connects to `DATABASE_URL`, or to the private cluster (started, or created, as needed), and migrates.
    ///
    /// `connections` bounds the pool; `statement_timeout` ends longer statements (zero: none).
    pub async fn open(store: &Store, connections: u32, statement_timeout: Duration) -> Result<Db> {
        let (options, cluster) = match &store.database_url {
            Some(url) => {
                let options = url.parse::<PgConnectOptions>().map_err(|_| {
                    Error::invalid("database-url", "the database address is not a PostgreSQL URL; write `postgres://user:password@host:port/database`")
                })?;
                (options, None)
            }
            None => {
                let cluster = Cluster::open(&store.data_dir).await?;
                (cluster.connect_options(), Some(cluster))
            }
        };
        match Self::connect(options, connections, statement_timeout).await {
            Ok((pool, options)) => Ok(Db { pool, cluster, options, url: store.database_url.clone() }),
            Err(e) => {
                if let Some(cluster) = cluster {
                    cluster.close().await?;
                }
                Err(e)
            }
        }
    }

    async fn connect(
        options: PgConnectOptions,
        connections: u32,
        statement_timeout: Duration,
    ) -> Result<(PgPool, PgConnectOptions)> {
        let options = options.application_name("dothi");
        migrate::run(&options).await?;
        let session = session(&options, statement_timeout);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .idle_timeout(Duration::from_secs(600))
            .connect_with(session)
            .await?;
        Ok((pool, options))
    }

    /// How to connect apart from the pool: for the listener and for imports, which have no statement timeout.
    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The same with the settings that answers stand on: for exports, which a client that is gone ends.
    pub fn apart(&self) -> PgConnectOptions {
        session(&self.options, Duration::ZERO).options([("client_connection_check_interval", "5s")])
    }

    /// How child programs and GDAL's PostgreSQL driver connect: a libpq connection string.
    pub fn conninfo(&self) -> String {
        match (&self.cluster, &self.url) {
            (Some(cluster), _) => cluster.conninfo(),
            (None, url) => url.clone().unwrap_or_default(),
        }
    }

    /// Closes every connection, then lets go of the private cluster.
    pub async fn close(self) -> Result<()> {
        self.pool.close().await;
        match self.cluster {
            Some(cluster) => cluster.close().await,
            None => Ok(()),
        }
    }
}

/// Answers must not depend on the settings of the server or of the role.
fn session(options: &PgConnectOptions, statement_timeout: Duration) -> PgConnectOptions {
    let timeout = format!("{}ms", statement_timeout.as_millis());
    options.clone().options([
        ("statement_timeout", timeout.as_str()),
        ("timezone", "UTC"),
        ("datestyle", "ISO, YMD"),
        ("intervalstyle", "iso_8601"),
        ("jit", "off"),
        // A worker takes some 30 ms to start (PostGIS is loaded into it), which PostgreSQL takes for next to nothing, while
        // PostGIS's functions are costed so high that a page out of two thousand candidates would start one.
        ("parallel_setup_cost", "200000"),
    ])
}
