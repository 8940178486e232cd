//! Which files this process may open: those of the source's folder and of the system's libraries (Landlock, Linux 5.13 on;
//! older kernels go without, and only the filter of system calls holds).
//!
//! A MapInfo view, a symbolic link or a driver's side files may name any path: from here on they find nothing there.

use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

/// Where libraries find their data, besides what the environment names.
const SYSTEM: [&str; 9] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/usr/local/lib",
    "/usr/local/share",
    "/lib",
    "/lib64",
    "/dev/null",
    "/dev/urandom",
];

// linux/landlock.h
const CREATE_RULESET: libc::c_long = libc::SYS_landlock_create_ruleset;
const ADD_RULE: libc::c_long = libc::SYS_landlock_add_rule;
const RESTRICT_SELF: libc::c_long = libc::SYS_landlock_restrict_self;
const PATH_BENEATH: libc::c_int = 1;
/// Every access that the first version knows.
const HANDLED: u64 = (1 << 13) - 1;
const READ_FILE: u64 = 1 << 2;
const READ_FOLDER: u64 = 1 << 3;

#[repr(C, packed)]
struct Beneath {
    allowed: u64,
    parent: libc::c_int,
}

/// Puts the fence up; false where the kernel has none.
pub fn put_up(source: &Path) -> bool {
    let handled = HANDLED;
    // SAFETY: the kernel reads eight bytes that live for the call; the descriptor it gives is ours.
    let rules = unsafe {
        let fd = libc::syscall(CREATE_RULESET, &handled, size_of::<u64>(), 0);
        if fd < 0 {
            return false;
        }
        OwnedFd::from_raw_fd(fd as libc::c_int)
    };
    let folder = if source.is_dir() { source } else { source.parent().unwrap_or(source) };
    let named = ["GDAL_DATA", "PROJ_LIB", "PROJ_DATA"].into_iter().filter_map(std::env::var_os);
    allow(&rules, folder);
    named.for_each(|path| allow(&rules, Path::new(&path)));
    SYSTEM.iter().for_each(|path| allow(&rules, Path::new(path)));
    // SAFETY: plain arguments; PR_SET_NO_NEW_PRIVS is set.
    unsafe { libc::syscall(RESTRICT_SELF, rules.as_raw_fd(), 0) == 0 }
}

/// What is not there needs no rule.
fn allow(rules: &OwnedFd, path: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let Ok(name) = CString::new(path.as_os_str().as_bytes()) else { return };
    let allowed = if path.is_dir() { READ_FILE | READ_FOLDER } else { READ_FILE };
    // SAFETY: the name and the rule live for the calls; the descriptor is closed when dropped.
    unsafe {
        let fd = libc::open(name.as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
        if fd >= 0 {
            let parent = OwnedFd::from_raw_fd(fd);
            let rule = Beneath { allowed, parent: parent.as_raw_fd() };
            libc::syscall(ADD_RULE, rules.as_raw_fd(), PATH_BENEATH, &rule, 0);
        }
    }
}
