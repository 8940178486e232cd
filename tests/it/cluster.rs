//! The private PostgreSQL cluster: shared between processes, killed, recovered. Nothing is lost, nothing is left.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dothi::db::cluster::{self, Cluster, ServerLock};
use dothi::error::Error;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// A data directory below one that only its owner can enter. What a failed test leaves running is killed with it.
struct Data {
    _dir: TempDir,
    path: PathBuf,
}

impl Data {
    fn new() -> Data {
        Data::below("var")
    }

    fn below(name: &str) -> Data {
        let dir = tempfile::tempdir().unwrap();
        Data { path: dir.path().canonicalize().unwrap().join(name), _dir: dir }
    }

    async fn open(&self) -> Cluster {
        Cluster::open_with(&self.path, &[("fsync", "off")]).await.unwrap()
    }

    /// PostgreSQL's processes, found by their working directory: another way than the code under test uses.
    fn processes(&self) -> Vec<u32> {
        let pids = fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == self.path.join("pg")))
            .collect()
    }

    async fn postmaster(&self) -> u32 {
        cluster::status(&self.path).await.unwrap().unwrap().pid.expect("a postmaster")
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.processes().into_iter().for_each(kill);
    }
}

fn kill(pid: u32) {
    // SAFETY: two numbers; `pid` is a process of this test.
    unsafe { libc::kill(pid as i32, libc::SIGKILL) };
}

fn is_alive(backend: i32) -> bool {
    fs::read_to_string(format!("/proc/{backend}/cmdline")).is_ok_and(|title| title.starts_with("postgres: "))
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect_with(&cluster.connect_options()).await.unwrap()
}

async fn run(cluster: &Cluster, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connect(cluster).await).await.unwrap();
}

async fn get(cluster: &Cluster, sql: &str) -> String {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connect(cluster).await).await.unwrap()
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !done().await {
        assert!(since.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Another dothi process that holds the cluster until it is killed.
fn other_process(data: &Data) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cluster::hold_until_killed", "--ignored"])
        .env("DOTHI_TEST_HOLD", &data.path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "not a test: the other process of some tests"]
async fn hold_until_killed() {
    let Some(path) = std::env::var_os("DOTHI_TEST_HOLD") else { return };
    let _cluster = Cluster::open_with(Path::new(&path), &[("fsync", "off")]).await.unwrap();
    fs::write(Path::new(&path).join("held"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_first_start_makes_a_database_with_postgis() {
    let data = Data::new();
    let cluster = Cluster::open(&data.path).await.unwrap();
    assert!(get(&cluster, "SELECT postgis_version()").await.starts_with("3."));
    let schema = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'postgis'";
    assert_eq!(get(&cluster, schema).await, "public");
    for (setting, value) in [
        ("server_encoding", "UTF8"),
        ("lc_collate", "C.UTF-8"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("wal_level", "minimal"),
    ] {
        assert_eq!(get(&cluster, &format!("SELECT current_setting('{setting}')")).await, value, "{setting}");
    }
    let sorted = "SELECT string_agg(x, '' ORDER BY x COLLATE \"vi-x-icu\") FROM unnest(ARRAY['e','đ','d','ê']) x";
    assert_eq!(get(&cluster, sorted).await, "dđeê");
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn postgresql_does_not_run_as_root_and_only_its_owner_can_enter() {
    let data = Data::new();
    let cluster = data.open().await;
    let pg = fs::metadata(data.path.join("pg")).unwrap();
    assert_ne!(pg.uid(), 0);
    assert_eq!(pg.mode() & 0o777, 0o700);
    for pid in data.processes() {
        assert_eq!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), pg.uid());
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert!(status.contains("\nGroups:\t \n") || fs::metadata("/proc/self").unwrap().uid() != 0, "{status}");
    }
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn parallel_workers_autovacuum_and_temporary_files_work_below_a_closed_directory() {
    let data = Data::new();
    let cluster = Cluster::open_with(&data.path, &[("fsync", "off"), ("autovacuum_naptime", "1")]).await.unwrap();
    run(
        &cluster,
        "CREATE TABLE t AS SELECT g, ST_Point(g, g) AS geom FROM generate_series(1, 200000) g;
         CREATE INDEX ON t USING gist (geom)",
    )
    .await;
    let mut connection = connect(&cluster).await;
    let settings = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
                    SET work_mem = '64kB'";
    sqlx::raw_sql(settings).execute(&mut connection).await.unwrap();
    let explain = "EXPLAIN ANALYZE SELECT g FROM t ORDER BY g DESC";
    let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut connection).await.unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("Workers Launched: ") && !plan.contains("Workers Launched: 0"), "{plan}");
    assert!(plan.contains("Disk: "), "sorted without a temporary file: {plan}");
    until("autovacuum comes", async || {
        get(&cluster, "SELECT autovacuum_count::text FROM pg_stat_user_tables WHERE relname = 't'").await != "0"
    })
    .await;
    connection.close().await.unwrap();
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_second_open_joins_and_the_last_close_stops_it() {
    let data = Data::new();
    let (first, second) = (data.open().await, data.open().await);
    let postmaster = data.postmaster().await;
    assert_eq!(cluster::status(&data.path).await.unwrap().unwrap().holders.len(), 2);
    first.close().await.unwrap();
    assert_eq!(get(&second, "SELECT 'served'").await, "served");
    assert_eq!(data.postmaster().await, postmaster);
    second.close().await.unwrap();
    assert_eq!(data.processes(), [0; 0]);
    let status = cluster::status(&data.path).await.unwrap().unwrap();
    assert!(!status.running && status.holders.is_empty() && status.size > 1_000_000, "{status:?}");
    assert!(!data.path.join("pg/postmaster.pid").exists(), "stopped, but not cleanly");
}

#[tokio::test]
async fn many_who_open_and_close_at_once_do_not_disturb_each_other() {
    let data = std::sync::Arc::new(Data::new());
    let work = (0..8).map(|n: u64| {
        let data = data.clone();
        tokio::spawn(async move {
            for turn in 0..3 {
                let cluster = data.open().await;
                assert_eq!(get(&cluster, "SELECT 'served'").await, "served");
                tokio::time::sleep(Duration::from_millis((n * 37 + turn * 53) % 90)).await;
                cluster.close().await.unwrap();
            }
        })
    });
    for done in work.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    assert_eq!(data.processes(), [0; 0]);
}

#[tokio::test]
async fn a_killed_postgresql_comes_back_with_all_that_was_committed() {
    let data = Data::new();
    let cluster = Cluster::open(&data.path).await.unwrap();
    run(&cluster, "CREATE TABLE kept (n int); INSERT INTO kept SELECT generate_series(1, 1000)").await;
    assert!(!cluster.ensure_running().await.unwrap());
    for _ in 0..3 {
        run(&cluster, "INSERT INTO kept SELECT generate_series(1, 1000)").await;
        kill(data.postmaster().await);
        until("nobody answers", async || cluster::status(&data.path).await.unwrap().unwrap().pid.is_none()).await;
        assert!(cluster.ensure_running().await.unwrap());
    }
    assert_eq!(get(&cluster, "SELECT count(*)::text FROM kept").await, "4000");
    cluster.close().await.unwrap();
    assert_eq!(data.processes(), [0; 0]);
}

#[tokio::test]
async fn backends_of_a_killed_postmaster_are_ended_and_their_open_work_is_undone() {
    let data = Data::new();
    let cluster = data.open().await;
    run(&cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").await;
    // This backend looks at nothing but its work, and does not see that its postmaster is gone.
    let mut busy = connect(&cluster).await;
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut busy).await.unwrap();
    let endless = "BEGIN; INSERT INTO kept VALUES (2);
                   SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b";
    let work = tokio::spawn(async move { sqlx::raw_sql(endless).execute(&mut busy).await });
    let doing = format!("SELECT query FROM pg_stat_activity WHERE pid = {backend}");
    until("the backend works", async || get(&cluster, &doing).await.starts_with("BEGIN")).await;
    kill(data.postmaster().await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(is_alive(backend), "the backend should still be there");
    assert!(cluster.ensure_running().await.unwrap());
    assert!(work.await.unwrap().is_err());
    assert!(!is_alive(backend));
    assert_eq!(get(&cluster, "SELECT string_agg(n::text, ',') FROM kept").await, "1");
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_killed_backend_is_waited_for_while_postgresql_recovers_by_itself() {
    let data = Data::new();
    let cluster = data.open().await;
    run(&cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").await;
    let postmaster = data.postmaster().await;
    let mut other = connect(&cluster).await;
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut other).await.unwrap();
    kill(pid as u32);
    until("the killed connection ends", async || sqlx::query("SELECT 1").execute(&mut other).await.is_err()).await;
    // The postmaster may not have heard of it yet, and then ends all others of its own accord.
    until("it recovers", async || {
        assert!(!cluster.ensure_running().await.unwrap());
        let connection = PgConnection::connect_with(&cluster.connect_options()).await;
        match connection {
            Ok(mut connection) => sqlx::query("SELECT * FROM kept").fetch_one(&mut connection).await.is_ok(),
            Err(_) => false,
        }
    })
    .await;
    assert_eq!(data.postmaster().await, postmaster);
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn everything_killed_at_once_is_recovered_by_the_next_open() {
    let data = Data::new();
    let mut other = other_process(&data);
    until("the other holds it", async || data.path.join("held").exists()).await;
    let cluster = data.open().await;
    run(&cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").await;
    drop(cluster);
    other.kill().unwrap();
    data.processes().into_iter().for_each(kill);
    other.wait().unwrap();
    let cluster = data.open().await;
    assert_eq!(get(&cluster, "SELECT n::text FROM kept").await, "1");
    cluster.close().await.unwrap();
    assert_eq!(data.processes(), [0; 0]);
}

#[tokio::test]
async fn a_stale_pid_file_that_names_a_living_stranger_does_not_matter() {
    let data = Data::new();
    let cluster = data.open().await;
    run(&cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").await;
    let pid_file = fs::read_to_string(data.path.join("pg/postmaster.pid")).unwrap();
    let socket_lock = fs::read_to_string(data.path.join("pg/.s.PGSQL.5432.lock")).unwrap();
    cluster.close().await.unwrap();
    let me = std::process::id().to_string();
    let with_me = |file: String| file.split_once('\n').map(|(_, rest)| format!("{me}\n{rest}")).unwrap();
    fs::write(data.path.join("pg/postmaster.pid"), with_me(pid_file)).unwrap();
    fs::write(data.path.join("pg/.s.PGSQL.5432.lock"), with_me(socket_lock)).unwrap();
    assert!(!cluster::stop(&data.path, false).await.unwrap(), "would have stopped this test");
    let cluster = data.open().await;
    assert_eq!(get(&cluster, "SELECT n::text FROM kept").await, "1");
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_killed_holder_leaves_postgresql_to_the_next_who_joins_and_stops_it() {
    let data = Data::new();
    let mut other = other_process(&data);
    until("the other holds it", async || data.path.join("held").exists()).await;
    let status = cluster::status(&data.path).await.unwrap().unwrap();
    assert_eq!(status.holders, [other.id()]);
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(cluster::status(&data.path).await.unwrap().unwrap().running);
    let cluster = data.open().await;
    let joined = cluster::status(&data.path).await.unwrap().unwrap();
    assert_eq!((joined.pid, joined.holders), (status.pid, vec![std::process::id()]));
    cluster.close().await.unwrap();
    assert_eq!(data.processes(), [0; 0]);
}

#[tokio::test]
async fn an_initdb_killed_half_way_is_begun_anew() {
    let data = Data::new();
    let mut other = other_process(&data);
    until("initdb works", async || data.path.join("pg.new/base").exists()).await;
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!data.path.join("pg").exists());
    let cluster = data.open().await;
    assert!(get(&cluster, "SELECT postgis_version()").await.starts_with("3."));
    assert!(!data.path.join("pg.new").exists());
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_first_start_killed_before_its_database_was_made_is_completed() {
    let data = Data::new();
    let cluster = data.open().await;
    let mut connection = PgConnection::connect_with(&cluster.connect_options().database("postgres")).await.unwrap();
    sqlx::query("DROP DATABASE dothi").execute(&mut connection).await.unwrap();
    drop((connection, cluster));
    let cluster = data.open().await;
    assert!(get(&cluster, "SELECT postgis_version()").await.starts_with("3."));
    cluster.close().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_may_have_any_name() {
    for name in ["x/".repeat(80) + "y", "Ninh Thuận, 'quy hoạch'".into()] {
        let data = Data::below(&name);
        let cluster = data.open().await;
        assert_eq!(get(&cluster, "SELECT 'served'").await, "served");
        let psql = Command::new("psql").args(["-XAtc", "SELECT 'child'", &cluster.conninfo()]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&psql.stdout), "child\n", "{}", String::from_utf8_lossy(&psql.stderr));
        cluster.close().await.unwrap();
        assert_eq!(data.processes(), [0; 0]);
    }
}

#[tokio::test]
async fn started_by_hand_it_goes_on_until_it_is_stopped_by_hand() {
    let data = Data::new();
    assert!(cluster::status(&data.path).await.unwrap().is_none());
    assert!(!cluster::stop(&data.path, false).await.unwrap());
    cluster::start_sticky(&data.path).await.unwrap();
    let cluster = data.open().await;
    let refused = cluster::stop(&data.path, false).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict(e) if e.contains(&std::process::id().to_string())), "{refused}");
    cluster.close().await.unwrap();
    let status = cluster::status(&data.path).await.unwrap().unwrap();
    assert!(status.running && status.sticky, "{status:?}");
    assert!(cluster::stop(&data.path, false).await.unwrap());
    assert_eq!(data.processes(), [0; 0]);
    let cluster = data.open().await;
    cluster.close().await.unwrap();
    assert_eq!(data.processes(), [0; 0], "sticky no more");
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_who_serves() {
    let data = Data::new();
    let first = ServerLock::take(&data.path).unwrap();
    let refused = ServerLock::take(&data.path).unwrap_err();
    assert!(matches!(&refused, Error::Conflict(e) if e.contains(&std::process::id().to_string())), "{refused}");
    drop(first);
    ServerLock::take(&data.path).unwrap();
}

#[tokio::test]
async fn a_postgresql_that_does_not_start_says_why() {
    let data = Data::new();
    data.open().await.close().await.unwrap();
    fs::remove_file(data.path.join("pg/global/pg_control")).unwrap();
    let error = Cluster::open(&data.path).await.unwrap_err().to_string();
    assert!(error.contains("pg_control") && error.contains("postgres.log") && !error.contains("/proc/"), "{error}");
    let wrong = Cluster::open_with(&Data::new().path, &[("no_such_setting", "on")]).await.unwrap_err().to_string();
    assert!(wrong.contains("unrecognized configuration parameter \"no_such_setting\""), "{wrong}");
}
