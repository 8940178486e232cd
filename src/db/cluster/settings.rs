//! How PostgreSQL is set. The settings go on the command line at every start, so a newer dothi brings its own to
//! clusters that are there already; `postgresql.conf` stays as initdb wrote it.

use std::fs;

const MIB: u64 = 1024 * 1024;

/// What a caller sets on top: tests turn `fsync` off, for example.
pub type Extra = Vec<(String, String)>;

/// All settings for PostgreSQL of version `major` whose PGDATA and socket are in `dir`; a later one wins.
pub fn settings(name: &str, major: u32, dir: &str, extra: &Extra) -> Vec<(String, String)> {
    let memory = memory();
    let shared_buffers = (memory / 4).clamp(128 * MIB, 1024 * MIB) / MIB;
    let cache = (memory / 2).max(256 * MIB) / MIB;
    let mut settings: Vec<(String, String)> = [
        // Reached by the socket in PGDATA alone: only the owner and root can enter that directory.
        ("cluster_name", name),
        ("listen_addresses", ""),
        ("port", "5432"),
        ("unix_socket_directories", dir),
        ("unix_socket_permissions", "0700"),
        ("max_connections", "60"),
        // Nothing acknowledged is ever lost.
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        // No standby reads the log, so COPY into a table of the same transaction need not write it.
        ("wal_level", "minimal"),
        ("max_wal_senders", "0"),
        ("archive_mode", "off"),
        ("max_wal_size", "2GB"),
        // Few, large, spatial statements on one machine's SSD.
        ("maintenance_work_mem", "256MB"),
        ("work_mem", "32MB"),
        ("random_page_cost", "1.1"),
        ("jit", "off"),
        // Loaded once instead of by every connection's first spatial statement.
        ("shared_preload_libraries", "postgis-3"),
        // Standard error is `log/postgres.log`.
        ("logging_collector", "off"),
        ("log_destination", "stderr"),
        ("log_min_messages", "warning"),
        ("log_checkpoints", "off"),
        ("log_line_prefix", "%m [%p] "),
        ("lc_messages", "C"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    settings.push(("shared_buffers".into(), format!("{shared_buffers}MB")));
    settings.push(("effective_cache_size".into(), format!("{cache}MB")));
    if major >= 15 {
        // A long recovery then writes to the log, by which `start.rs` sees that it goes on.
        settings.push(("log_startup_progress_interval".into(), "5s".into()));
    }
    if shm_is_small() {
        settings.push(("dynamic_shared_memory_type".into(), "sysv".into()));
    }
    settings.extend(extra.iter().cloned());
    settings
}

/// Bytes of memory that are ours to share: the machine's, or the control group's where that is less.
fn memory() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .map_or(512 * MIB, |kib| kib * 1024);
    let group = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = group.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/").to_owned();
    // In a container the group's own directory is the root of what is mounted; on the machine it is below.
    ["/sys/fs/cgroup/memory.max".to_owned(), format!("/sys/fs/cgroup{group}/memory.max")]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok())
        .fold(total, u64::min)
}

/// Containers get 64 MiB of /dev/shm unless told otherwise, and a parallel query then ends with "could not resize
/// shared memory segment: No space left on device".
fn shm_is_small() -> bool {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let Some(mount) = mounts.lines().rfind(|line| line.split(' ').nth(1) == Some("/dev/shm")) else { return false };
    let options = mount.split(' ').nth(3).unwrap_or_default();
    let size =
        options.split(',').find_map(|option| option.strip_prefix("size=")?.strip_suffix('k')?.parse::<u64>().ok());
    size.is_some_and(|kib| kib < 512 * 1024)
}
