//! An import killed at any moment, and a disk that is full: the old edition is the same, byte for byte, and nothing is left.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::city::{City, eventually, kill};
use crate::support::BIN;

const STAGED: &str = "SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace";

/// Everything that a reader could see of a layer: its rows, its row of the catalog, its editions, its changes.
fn state(city: &City) -> Vec<String> {
    city.sql(
        "SELECT md5(string_agg(t::text, E'\\n' ORDER BY fid)) FROM layers.o_dat t; \
         SELECT md5(l::text) FROM dothi.layer l WHERE id = 'o_dat'; \
         SELECT md5(string_agg(e::text, E'\\n' ORDER BY number)) FROM dothi.edition e WHERE layer = 'o_dat'; \
         SELECT count(*) FROM dothi.import; SELECT count(*) FROM dothi.change; \
         SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace IN ('layers'::regnamespace, 'staging'::regnamespace)",
    )
}

/// Readers of this city that are still running: their working directory is the city's.
fn readers(city: &City) -> Vec<i32> {
    let home = city.dir.path().canonicalize().unwrap();
    let pids =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let command = std::fs::read(proc.join("cmdline")).unwrap_or_default();
        command.windows(13).any(|w| w == b"import-reader")
            && std::fs::read_link(proc.join("cwd")).is_ok_and(|at| at == home)
    })
    .collect()
}

/// Files of the data directory outside of PostgreSQL's, and temporary ones of PostgreSQL's.
fn rubbish(city: &City) -> Vec<PathBuf> {
    fn walk(at: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(at).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => walk(&path, found),
                path => found.push(path),
            }
        }
    }
    let (var, mut found) = (city.dir.path().join("var"), Vec::new());
    walk(&var, &mut found);
    let pg = var.join("pg");
    found.retain(|path| !path.starts_with(&pg) || path.components().any(|c| c.as_os_str() == "pgsql_tmp"));
    walk(&city.dir.path().join("tmp"), &mut found);
    // The lock files of those who use the cluster come and go with them.
    found.retain(|path| !path.to_string_lossy().contains("lock"));
    found.sort();
    found
}

fn start(city: &City, file: &Path) -> Child {
    city.command(&["import", file.to_str().unwrap()])
        .env("TMPDIR", city.dir.path().join("tmp"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap()
}

#[test]
fn an_import_killed_at_twenty_random_moments_leaves_the_old_edition_byte_for_byte() {
    let city = City::new();
    std::fs::create_dir(city.dir.path().join("tmp")).unwrap();
    let file = city.squares("o_dat.geojson", 500);
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    // The first edition is gone back to each time an import was faster than its killer.
    city.sql("UPDATE dothi.layer SET title = 'Ô đất', keep_editions = 50");
    city.squares("o_dat.geojson", 20_000);
    let began = Instant::now();
    assert!(city.run(&["import", "--dry-run", file.to_str().unwrap()]).status.success());
    let whole = began.elapsed();
    let (kept, mut before, mut untouched) = (rubbish(&city), state(&city), 0);
    let mut dice: u64 = 0x9E37_79B9_7F4A_7C15;
    for n in 0..20 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        // Two a twentieth of the whole run, wherever in it.
        let moment = whole.mul_f64((f64::from(n) + (dice % 1000) as f64 / 1000.0) / 20.0);
        let mut import = start(&city, &file);
        std::thread::sleep(moment);
        let pid = import.id() as i32;
        // The parent alone, or it and all that it started, PostgreSQL among them.
        let group = n % 2 == 0;
        if import.try_wait().unwrap().is_none() {
            kill(if group { -pid } else { pid }, libc::SIGKILL);
        }
        import.wait().unwrap();
        eventually("the reader is gone", || readers(&city).is_empty());
        // The next start.
        let count = city.layer("o_dat")["featureCount"].as_u64().unwrap();
        eventually("nothing is staged", || city.sql(STAGED) == ["0"]);
        let after = state(&city);
        match count {
            500 => {
                assert_eq!(after, before, "killed after {moment:?} of {whole:?}, the group: {group}");
                untouched += 1;
            }
            // It had been committed: the new edition, whole.
            20_000 => {
                assert_eq!(city.sql("SELECT count(*) FROM layers.o_dat"), ["20000"]);
                assert!(city.run(&["editions", "restore", "o_dat", "1"]).status.success());
                assert_eq!(city.layer("o_dat")["featureCount"], 500);
                assert_eq!(state(&city)[0], before[0], "the old rows are back");
                before = state(&city);
            }
            other => panic!("{other} features after {moment:?}"),
        }
        assert_eq!(rubbish(&city), kept, "after {moment:?}");
    }
    // How many depends on how busy the machine was while the whole run was timed.
    assert!(untouched > 0, "none of 20 was killed before it was done");
    assert!(city.run(&["import", file.to_str().unwrap()]).status.success());
    assert_eq!(city.layer("o_dat")["featureCount"], 20_000);
}

/// A file whose rows take `megabytes` on the disk: texts that do not pack.
fn heavy(city: &City, megabytes: usize) -> PathBuf {
    let path = city.dir.path().join("o_dat.csv");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(out, "ten,lon,lat").unwrap();
    let mut dice: u64 = 88_172_645_463_325_252;
    for _ in 0..megabytes * 128 {
        let text: String = (0..512)
            .map(|_| {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                format!("{dice:016x}")
            })
            .collect();
        writeln!(out, "{text},108.9,11.5").unwrap();
    }
    out.flush().unwrap();
    path
}

/// A small file system over the city's data directory; none where one may not be mounted.
struct Disk(PathBuf);

impl Disk {
    fn mounted(at: &Path, megabytes: u32) -> Option<Disk> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).stderr(Stdio::null());
        let done = mount.status().is_ok_and(|status| status.success());
        if !done {
            println!("skipped: no file system may be mounted here");
        }
        done.then(|| Disk(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // PostgreSQL lives on it, and must go first.
        Command::new(BIN).args(["db", "stop", "--force", "--data-dir"]).arg(&self.0).output().ok();
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_ends_an_import_in_one_line_and_the_old_edition_is_served_on() {
    let city = City::new();
    let Some(_disk) = Disk::mounted(&city.dir.path().join("var"), 300) else { return };
    let small = city.squares("o_dat.geojson", 500);
    assert!(city.run(&["import", small.to_str().unwrap()]).status.success());
    let server = city.serve();
    assert_eq!(server.matched("o_dat"), Some(500));
    let before = state(&city);
    let file = heavy(&city, 300);
    let out = city.command(&["import", file.to_str().unwrap(), "--layer", "o_dat"]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success(), "300 MB went onto a disk of 300");
    assert!(said.contains("disk") && said.lines().filter(|l| l.starts_with("dothi: ")).count() == 1, "{said}");
    eventually("the old edition is served", || server.matched("o_dat") == Some(500));
    assert_eq!(state(&city), before);
    eventually("nothing is staged", || city.sql(STAGED) == ["0"]);
    // With what was given back a smaller one fits.
    city.squares("o_dat.geojson", 600);
    assert!(city.run(&["import", small.to_str().unwrap()]).status.success());
    eventually("the new edition is served", || server.matched("o_dat") == Some(600));
}
