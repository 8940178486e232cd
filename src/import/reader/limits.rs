//! What the child may not do: set before GDAL is touched, never lifted.
//!
//! Resource limits bound memory, time and files. A seccomp filter refuses every call that writes a file, opens a socket
//! or starts a program, so that no driver can: GDAL's GML driver writes a `.gfs` beside its source, SQLite journals,
//! GML fetches schemas. They get `EROFS` or `EACCES` and go on without.

use crate::error::{Error, Result};

/// Open files at once; a shapefile needs three, and a folder may hold a thousand.
const OPEN_FILES: u64 = 4096;
/// No file may be written at all; this is the second lock on that door.
const FILE_SIZE: u64 = 64 << 20;
/// Seconds of processor time that any file may take, and more for each of its megabytes, which may be packed twentyfold.
const SECONDS: u64 = 20;
const SECONDS_A_MEGABYTE: u64 = 20;

/// Bounds this process, which is to read `source` of `size` bytes. Call it once, first. `more` are seconds of processor time
/// that [`more_time`] may add.
pub fn apply(source: &std::path::Path, size: u64, memory: u64, more: u64) -> Result<()> {
    let seconds = SECONDS.saturating_add((size >> 10).saturating_mul(SECONDS_A_MEGABYTE) >> 10);
    let limits = [
        (libc::RLIMIT_AS, memory, "memory"),
        (libc::RLIMIT_CPU, seconds, "processor time"),
        (libc::RLIMIT_NOFILE, OPEN_FILES, "open files"),
        (libc::RLIMIT_FSIZE, FILE_SIZE, "file size"),
        (libc::RLIMIT_CORE, 0, "core dumps"),
    ];
    for (resource, value, what) in limits {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: getrlimit writes one struct and setrlimit reads it; it lives for the calls.
        let done = unsafe {
            libc::getrlimit(resource, &mut limit);
            limit.rlim_cur = value.min(limit.rlim_max);
            // At the softer limit of time comes a signal of its own, which tells what it was.
            let most = if resource == libc::RLIMIT_CPU { value.saturating_add(more).saturating_add(1) } else { value };
            limit.rlim_max = limit.rlim_max.min(most);
            libc::setrlimit(resource, &limit) == 0
        };
        if !done {
            return Err(refused(what));
        }
    }
    // SAFETY: prctl with plain integer arguments.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0, 0, 0) != 0 {
            return Err(refused("end with the parent"));
        }
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(refused("no new privileges"));
        }
    }
    super::fence::put_up(source);
    filter::install()
}

/// Lets this process take so many seconds more of processor time: a packed picture has a thousand pixels a byte.
pub fn more_time(seconds: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes one struct and setrlimit reads it; it lives for the calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_CPU, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_cur.saturating_add(seconds).min(limit.rlim_max.saturating_sub(1));
            libc::setrlimit(libc::RLIMIT_CPU, &limit);
        }
    }
}

fn refused(what: &str) -> Error {
    Error::Internal(format!("cannot limit the reader ({what}): {}", std::io::Error::last_os_error()))
}

/// The frames go out on a descriptor of their own; what a library prints goes to standard error, not between frames.
pub fn take_stdout() -> Result<std::fs::File> {
    use std::os::fd::FromRawFd;
    // SAFETY: dup and dup2 on the standard descriptors; the new one is owned by the file from here on.
    unsafe {
        let out = libc::dup(1);
        if out < 0 || libc::dup2(2, 1) < 0 {
            return Err(Error::io("taking standard output")(std::io::Error::last_os_error()));
        }
        // A frame fits in, so that the two sides change turns less often; refused, it is as well.
        libc::fcntl(out, libc::F_SETPIPE_SZ, 1 << 20);
        Ok(std::fs::File::from_raw_fd(out))
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod filter {
    use super::{Result, refused};

    #[cfg(target_arch = "x86_64")]
    const ARCH: u32 = 0xC000_003E; // AUDIT_ARCH_X86_64, linux/audit.h
    #[cfg(target_arch = "aarch64")]
    const ARCH: u32 = 0xC000_00B7; // AUDIT_ARCH_AARCH64

    /// Offsets in `struct seccomp_data` (linux/seccomp.h), lower halves of the little-endian arguments.
    const NUMBER: u32 = 0;
    const ARCHITECTURE: u32 = 4;
    const ARGUMENTS: u32 = 16;

    /// Ways to other processes, to other machines, and to the memory of either.
    const OTHERS: [libc::c_long; 21] = [
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_msgget,
        libc::SYS_semget,
        libc::SYS_mq_open,
        libc::SYS_open_by_handle_at,
        libc::SYS_perf_event_open,
    ];
    /// What changes the machine, which a server run by root could.
    const MACHINE: [libc::c_long; 20] = [
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_sethostname,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_acct,
        libc::SYS_quotactl,
    ];
    /// What changes files without opening them.
    const FILES: [libc::c_long; 17] = [
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_mkdirat,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_truncate,
        libc::SYS_ftruncate,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_mknodat,
        libc::SYS_utimensat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
    ];

    const WRITING: u32 = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) as u32;

    const fn statement(code: u32, k: u32) -> libc::sock_filter {
        libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
    }

    const fn jump(test: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
        libc::sock_filter { code: (libc::BPF_JMP | test | libc::BPF_K) as u16, jt, jf, k }
    }

    fn load(offset: u32) -> libc::sock_filter {
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
    }

    fn answer(errno: i32) -> libc::sock_filter {
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32)
    }

    fn program() -> Vec<libc::sock_filter> {
        let mut program = vec![
            load(ARCHITECTURE),
            jump(libc::BPF_JEQ, ARCH, 1, 0),
            statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_KILL_PROCESS),
        ];
        // The x32 numbers share the architecture and would go round the list.
        #[cfg(target_arch = "x86_64")]
        program.extend([load(NUMBER), jump(libc::BPF_JGE, 0x4000_0000, 0, 1), answer(libc::ENOSYS)]);
        let mut refuse = |call: libc::c_long, errno: i32| {
            program.extend([load(NUMBER), jump(libc::BPF_JEQ, call as u32, 0, 1), answer(errno)]);
        };
        OTHERS.iter().for_each(|call| refuse(*call, libc::EACCES));
        MACHINE.iter().for_each(|call| refuse(*call, libc::EPERM));
        FILES.iter().for_each(|call| refuse(*call, libc::EROFS));
        // The flags of clone3 lie in memory, which a filter cannot read; the C library goes on with clone. io_uring would
        // go round this filter.
        for call in
            [libc::SYS_clone3, libc::SYS_io_uring_setup, libc::SYS_openat2, libc::SYS_bpf, libc::SYS_userfaultfd]
        {
            refuse(call, libc::ENOSYS);
        }
        #[cfg(target_arch = "x86_64")]
        {
            for call in [libc::SYS_creat, libc::SYS_unlink, libc::SYS_rename, libc::SYS_renameat, libc::SYS_mkdir] {
                refuse(call, libc::EROFS);
            }
            for call in [libc::SYS_rmdir, libc::SYS_link, libc::SYS_symlink, libc::SYS_chmod, libc::SYS_chown] {
                refuse(call, libc::EROFS);
            }
            refuse(libc::SYS_fork, libc::EACCES);
            refuse(libc::SYS_vfork, libc::EACCES);
            program.extend(refuse_opening_to_write(libc::SYS_open, 1));
        }
        program.extend(refuse_opening_to_write(libc::SYS_openat, 2));
        // Signals to itself, as `abort` sends one; limits of itself, which GDAL asks for.
        program.extend(only_for(libc::SYS_tgkill, std::process::id()));
        program.extend(only_for(libc::SYS_prlimit64, 0));
        // Threads, but no processes.
        program.extend([
            load(NUMBER),
            jump(libc::BPF_JEQ, libc::SYS_clone as u32, 0, 3),
            load(ARGUMENTS),
            jump(libc::BPF_JSET, libc::CLONE_THREAD as u32, 1, 0),
            answer(libc::EACCES),
        ]);
        program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
        program
    }

    fn only_for(call: libc::c_long, first_argument: u32) -> [libc::sock_filter; 5] {
        [
            load(NUMBER),
            jump(libc::BPF_JEQ, call as u32, 0, 3),
            load(ARGUMENTS),
            jump(libc::BPF_JEQ, first_argument, 1, 0),
            answer(libc::EACCES),
        ]
    }

    fn refuse_opening_to_write(call: libc::c_long, flags_argument: u32) -> [libc::sock_filter; 5] {
        [
            load(NUMBER),
            jump(libc::BPF_JEQ, call as u32, 0, 3),
            load(ARGUMENTS + 8 * flags_argument),
            jump(libc::BPF_JSET, WRITING, 0, 1),
            answer(libc::EROFS),
        ]
    }

    pub fn install() -> Result<()> {
        let mut program = program();
        let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
        // SAFETY: the kernel copies the program during the call; it needs no privilege after PR_SET_NO_NEW_PRIVS.
        let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &filter) };
        if result != 0 { Err(refused("system calls")) } else { Ok(()) }
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod filter {
    pub fn install() -> super::Result<()> {
        Err(super::Error::Internal("the reader cannot be limited on this kind of processor".into()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    const SOURCE: &str = "DOTHI_TEST_SOURCE";

    /// In a process of its own, because what is put up cannot be taken down.
    #[test]
    fn a_reader_reads_the_folder_of_its_source_and_can_do_nothing_else() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [inside.path(), outside.path()] {
            std::fs::write(folder.join("a.csv"), "ten").unwrap();
        }
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        server.set_nonblocking(true).unwrap();
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "import::reader::limits::tests::inside", "--ignored", "--nocapture", "--test-threads=1"])
            .env(SOURCE, inside.path().join("a.csv"))
            .env("DOTHI_TEST_OUTSIDE", outside.path().join("a.csv"))
            .env("DOTHI_TEST_PORT", server.local_addr().unwrap().port().to_string())
            .output()
            .unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success() && said.contains("all was refused"), "{said}");
        assert!(server.accept().is_err(), "nobody connected");
        for folder in [inside.path(), outside.path()] {
            let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(names, ["a.csv"]);
            assert_eq!(std::fs::read_to_string(folder.join("a.csv")).unwrap(), "ten");
        }
    }

    #[test]
    #[ignore = "run by the test above, in a process of its own"]
    fn inside() {
        let Some(source) = std::env::var_os(SOURCE).map(PathBuf::from) else { return };
        let outside = PathBuf::from(std::env::var_os("DOTHI_TEST_OUTSIDE").unwrap());
        let port: u16 = std::env::var("DOTHI_TEST_PORT").unwrap().parse().unwrap();
        let fenced = landlock();
        super::apply(&source, 3, 4 << 30, 60).unwrap();
        let refused = |what: &str, done: std::io::Result<()>| assert!(done.is_err(), "{what} is possible");
        let call = |result: i64| if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) };
        assert_eq!(std::fs::read_to_string(&source).unwrap(), "ten");
        if fenced {
            refused("reading outside", std::fs::read(&outside).map(drop));
            refused("listing outside", std::fs::read_dir(outside.parent().unwrap()).map(drop));
            refused("reading /etc/passwd", std::fs::read("/etc/passwd").map(drop));
            refused("reading the parent's memory", std::fs::read(format!("/proc/{}/maps", parent())).map(drop));
        }
        let beside = source.with_file_name("b.csv");
        refused("writing", std::fs::write(&beside, "x"));
        refused(
            "appending",
            std::fs::OpenOptions::new().append(true).open(&source).and_then(|mut f| f.write_all(b"x")),
        );
        refused("removing", std::fs::remove_file(&source));
        refused("renaming", std::fs::rename(&source, &beside));
        refused("a folder", std::fs::create_dir(&beside));
        refused("a link", std::os::unix::fs::symlink("/", &beside));
        refused("a hard link", std::fs::hard_link(&source, &beside));
        refused("permissions", std::fs::set_permissions(&source, std::os::unix::fs::PermissionsExt::from_mode(0o777)));
        refused("connecting", std::net::TcpStream::connect(("127.0.0.1", port)).map(drop));
        refused("listening", std::net::TcpListener::bind("127.0.0.1:0").map(drop));
        refused("datagrams", std::net::UdpSocket::bind("127.0.0.1:0").map(drop));
        refused("a local socket", std::os::unix::net::UnixStream::connect(Path::new("/run/x")).map(drop));
        refused("a program", Command::new("/bin/true").spawn().map(drop));
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: calls with plain arguments, or one struct that lives for the call; each is refused or harmless.
        unsafe {
            refused("forking", call(libc::fork().into()));
            refused("a signal to the parent", call(libc::kill(parent(), 0).into()));
            refused(
                "another's limits",
                call(libc::prlimit(parent(), libc::RLIMIT_CORE, std::ptr::null(), &mut limit).into()),
            );
            refused("a handle on the parent", call(libc::syscall(libc::SYS_pidfd_open, parent(), 0)));
            refused("tracing the parent", call(libc::ptrace(libc::PTRACE_SEIZE, parent(), 0, 0)));
            refused("unsharing", call(libc::unshare(libc::CLONE_NEWUSER).into()));
            refused("shared memory", call(libc::shmget(1, 1, 0).into()));
        }
        // Threads it may have.
        std::thread::spawn(|| ()).join().unwrap();
        println!("all was refused");
    }

    fn parent() -> i32 {
        // SAFETY: asks, changes nothing.
        unsafe { libc::getppid() }
    }

    fn landlock() -> bool {
        // SAFETY: asks for the version, changes nothing.
        let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, 1) };
        if version < 1 {
            eprintln!("skipped in part: no Landlock here");
        }
        version >= 1
    }
}
