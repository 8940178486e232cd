//! What every test stands on: one private cluster for the whole run, and a database of its own for each test, cloned from
//! a migrated template.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use clap::Parser;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use tower::ServiceExt;

use dothi::app::App;
use dothi::config;
use dothi::db::cluster::Cluster;
use dothi::db::migrate;
use dothi::http::Front;

/// The program under test.
pub const BIN: &str = env!("CARGO_BIN_EXE_dothi");

struct Run {
    runtime: tokio::runtime::Runtime,
    cluster: Cluster,
    _dir: tempfile::TempDir,
}

static RUN: OnceLock<std::sync::Mutex<Option<Run>>> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// How to connect to the run's cluster, which the first test that asks starts.
fn cluster() -> PgConnectOptions {
    let run = RUN.get_or_init(|| {
        let started = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let dir = tempfile::tempdir().unwrap();
            let cluster = runtime.block_on(async {
                let cluster =
                    Cluster::open_with(&dir.path().join("var"), &[("fsync", "off"), ("max_connections", "200")])
                        .await
                        .unwrap();
                let mut on = cluster.connect_options().connect().await.unwrap();
                sqlx::raw_sql("CREATE DATABASE template_dothi").execute(&mut on).await.unwrap();
                on.close().await.unwrap();
                migrate::run(&cluster.connect_options().database("template_dothi")).await.unwrap();
                cluster
            });
            Run { runtime, cluster, _dir: dir }
        });
        // SAFETY: the function takes no arguments and does not unwind across the boundary.
        unsafe { libc::atexit(stop) };
        std::sync::Mutex::new(Some(started.join().unwrap()))
    });
    run.lock().unwrap().as_ref().unwrap().cluster.connect_options()
}

/// Test binaries end without running destructors of statics.
extern "C" fn stop() {
    if let Some(run) = RUN.get().and_then(|r| r.lock().ok()?.take()) {
        run.runtime.block_on(run.cluster.close()).ok();
    }
}

/// A migrated database that nothing else uses, and a data directory.
pub struct World {
    pub options: PgConnectOptions,
    pub pool: PgPool,
    pub dir: tempfile::TempDir,
    name: String,
}

impl World {
    pub async fn new() -> World {
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        // Cloning needs the template to itself; tests that start at once take turns.
        static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let turn = TURN.lock().await;
        let mut on = cluster.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template_dothi")))
            .execute(&mut on)
            .await
            .unwrap();
        on.close().await.unwrap();
        drop(turn);
        let options = cluster.database(&name);
        let pool = PgPool::connect_lazy_with(options.clone());
        World { options, pool, dir: tempfile::tempdir().unwrap(), name }
    }

    /// The database's address, as `DATABASE_URL` takes it.
    pub fn url(&self) -> String {
        let socket = self.options.get_socket().unwrap().to_str().unwrap().to_string();
        let host: String = socket
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
            .collect();
        format!("postgres://{}@{host}/{}", self.options.get_username(), self.name)
    }

    pub fn store(&self) -> config::Store {
        config::Store { data_dir: self.dir.path().join("var"), database_url: Some(self.url()) }
    }

    /// Runs SQL as an administrator or a QGIS user would.
    pub async fn sql(&self, text: &str) {
        sqlx::raw_sql(AssertSqlSafe(text.to_string())).execute(&self.pool).await.unwrap();
    }

    pub async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_string())).fetch_one(&self.pool).await.unwrap()
    }

    /// A layer made by hand: `columns` in SQL and the same as catalog fields.
    pub async fn layer(&self, id: &str, geometry: &str, srid: i32, columns: &[(&str, &str)], rows: &str) {
        let list: String = columns.iter().map(|(n, k)| format!(", \"{n}\" {k}")).collect();
        let kind = |sql: &str| match sql {
            "bytea" => "bytes".to_string(),
            list => list.replace("[]", "_list"),
        };
        let fields: Vec<Value> =
            columns.iter().map(|(n, k)| serde_json::json!({"name": n, "column": n, "kind": kind(k)})).collect();
        let geometry_json = serde_json::json!({"type": geometry, "z": false, "m": false});
        self.sql(&format!(
            "CREATE TABLE layers.{id} (fid bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, geom geometry({geometry}, {srid}){list}); \
             CREATE INDEX ON layers.{id} USING gist (geom); \
             INSERT INTO dothi.layer (id, title, srid, geometry, fields) VALUES ('{id}', 'Lớp {id}', {srid}, '{geometry_json}', '{}'); \
             SELECT dothi.watch('{id}', true);",
            Value::Array(fields)
        ))
        .await;
        // The extent starts with the first rows.
        self.sql(&format!(
            "INSERT INTO layers.{id} (geom{}) {rows}",
            columns.iter().map(|(n, _)| format!(", \"{n}\"")).collect::<String>()
        ))
        .await;
    }

    /// The server on this world, in this process, asked without a network.
    pub async fn server(&self) -> Server {
        self.server_with(&[]).await
    }

    /// The same with arguments of `dothi serve`.
    pub async fn server_with(&self, arguments: &[&str]) -> Server {
        #[derive(Parser)]
        struct Settings {
            #[command(flatten)]
            serve: config::Serve,
        }
        let settings = Settings::parse_from(["test"].iter().chain(arguments)).serve;
        let app = Arc::new(App::open(&self.store(), settings, None).await.unwrap());
        tokio::spawn(app.clone().follow_journal());
        let server = Server { router: dothi::http::service(app.clone()), app };
        server.eventually(|s| async move { s.app.catalog.is_following() }).await;
        server
    }
}

pub struct Server {
    pub router: Front,
    pub app: Arc<App>,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl Server {
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).header(header::HOST, "ban-do.test").body(Body::empty()).unwrap()).await
    }

    /// A 200 with JSON.
    pub async fn json(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&reply.bytes));
        reply.json()
    }

    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Request::post(path).header(header::HOST, "ban-do.test").body(body.into()).unwrap()).await
    }

    /// Waits until something holds; ten seconds are more than anything here takes.
    pub async fn eventually<F: Future<Output = bool>>(&self, holds: impl Fn(ServerRef) -> F) {
        for _ in 0..500 {
            if holds(ServerRef { app: self.app.clone() }).await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it does not hold after ten seconds");
    }
}

/// Waits until something holds, ten seconds at most.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("not after ten seconds: {what}");
}

/// What a condition may look at while it is waited for.
pub struct ServerRef {
    pub app: Arc<App>,
}

/// The folder of real data, where there is one; tests that need it say so and are skipped elsewhere.
pub fn shared_data() -> Option<PathBuf> {
    let path = std::env::var_os("DOTHI_SHARED_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if path.join("vietnam").is_dir() {
        return Some(path);
    }
    println!("skipped: there is no shared data beside this checkout");
    None
}

/// `z/x/y` of the tile at a position in degrees.
pub fn tile_at(z: u8, lon: f64, lat: f64) -> String {
    let n = f64::from(1u32 << z);
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
    format!("{z}/{}/{}", ((lon + 180.0) / 360.0 * n) as u32, y as u32)
}
