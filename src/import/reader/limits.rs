//! What the child may not do: set before GDAL is touched, never lifted.
//!
//! Resource limits bound memory, time and files. A seccomp filter refuses every call that writes a file, opens a socket
//! or starts a program, so that no driver can: GDAL's GML driver writes a `.gfs` beside its source, SQLite journals,
//! GML fetches schemas. They get `EROFS` or `EACCES` and go on without.

use crate::error::{Error, Result};

/// Open files at once; a FileGDB or a folder of shapefiles needs dozens.
const OPEN_FILES: u64 = 256;
/// No file may be written at all; this is the second lock on that door.
const FILE_SIZE: u64 = 64 << 20;

/// Bounds this process, which is to read `source`. Call it once, first.
pub fn apply(source: &std::path::Path, memory: u64, cpu_seconds: u64) -> Result<()> {
    let limits = [
        (libc::RLIMIT_AS, memory, "memory"),
        (libc::RLIMIT_CPU, cpu_seconds, "processor time"),
        (libc::RLIMIT_NOFILE, OPEN_FILES, "open files"),
        (libc::RLIMIT_FSIZE, FILE_SIZE, "file size"),
        (libc::RLIMIT_CORE, 0, "core dumps"),
    ];
    for (resource, value, what) in limits {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: setrlimit reads one struct that lives for the call.
        if unsafe { libc::setrlimit(resource, &limit) } != 0 {
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
        // io_uring would go round this filter; the others are the plain ways out.
        for call in [libc::SYS_socket, libc::SYS_connect, libc::SYS_execve, libc::SYS_execveat, libc::SYS_ptrace] {
            refuse(call, libc::EACCES);
        }
        for call in [libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kill, libc::SYS_tkill] {
            refuse(call, libc::EACCES);
        }
        // Its flags lie in memory, which a filter cannot read; the C library goes on with clone.
        refuse(libc::SYS_clone3, libc::ENOSYS);
        for call in [libc::SYS_io_uring_setup, libc::SYS_openat2, libc::SYS_bpf, libc::SYS_userfaultfd] {
            refuse(call, libc::ENOSYS);
        }
        for call in [libc::SYS_unlinkat, libc::SYS_renameat2, libc::SYS_mkdirat, libc::SYS_linkat, libc::SYS_symlinkat]
        {
            refuse(call, libc::EROFS);
        }
        for call in [libc::SYS_truncate, libc::SYS_ftruncate, libc::SYS_fchmodat, libc::SYS_fchownat, libc::SYS_mknodat]
        {
            refuse(call, libc::EROFS);
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
