//! Files of administrators on their way in: appended to piece by piece, whole at last, gone in the end.
//!
//! An upload is a folder `uploads/{id}` under the data directory with the file and what is known about it (`info.json`).
//! How much of it is there is the length of the file, so that whatever is killed loses nothing that was written. Names
//! of files are kept as text and never become part of a path.

mod append; // bytes in
mod hold; // one at a time, the latest first
mod info; // what is known about a file

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use append::Checksum;
use info::Info;
pub use info::Upload;

use crate::error::{Error, Result};
use hold::Holds;

/// Uploads that are kept at once.
const MOST: usize = 50;
/// How long a file that is not whole waits for more of it.
const UNFINISHED: Duration = Duration::from_secs(24 * 3600);
/// How long a whole one is kept.
const WHOLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// What an upload leaves free on the disk.
const SPARE: u64 = 1 << 30;

pub struct Uploads {
    folder: PathBuf,
    /// Bytes of the largest file that is taken.
    pub largest: u64,
    holds: Holds,
    /// One file is read through at a time.
    hashing: tokio::sync::Mutex<()>,
}

impl Uploads {
    /// Uploads under a data directory, of at most `largest` bytes each.
    pub fn new(data_dir: &Path, largest: u64) -> Uploads {
        Uploads { folder: data_dir.join("uploads"), largest, holds: Holds::default(), hashing: Default::default() }
    }

    /// Begins an upload of `size` bytes; `name` is what its owner calls the file.
    ///
    /// Errors: [`Error::TooLarge`] beyond the largest that is taken, or what the disk has room for; [`Error::Conflict`]
    /// where there are as many as are kept.
    pub async fn create(&self, name: &str, size: u64, who: &str) -> Result<Upload> {
        if size > self.largest {
            let most = self.largest >> 30;
            return Err(Error::TooLarge(format!(
                "the file has {size} bytes, and at most {most} GiB are taken; import it by `dothi import`, or raise `--max-upload`"
            )));
        }
        if size == 0 {
            return Err(Error::invalid("Upload-Length", "the file is empty"));
        }
        let there = self.all()?;
        if there.len() >= MOST {
            return Err(Error::Conflict(format!("there are {MOST} uploads, as many as are kept; remove one first")));
        }
        tokio::fs::create_dir_all(&self.folder).await.map_err(Error::io("make the folder of uploads"))?;
        // What others still have to send is taken already.
        let promised: u64 = there.iter().map(|u| u.size - u.offset).sum();
        let free = free(&self.folder)?.saturating_sub(promised).saturating_sub(SPARE);
        if size > free {
            let say = format!("the file has {size} bytes, but the server's disk has room for {free}; make room there");
            return Err(Error::TooLarge(say));
        }
        let info = Info::new(name, size, who)?;
        let folder = self.folder.join(&info.id);
        std::fs::create_dir(&folder).map_err(Error::io("make the folder of an upload"))?;
        std::fs::File::create(folder.join(info.file())).map_err(Error::io("make the file of an upload"))?;
        info.write(&folder)?;
        self.named(&info.id)
    }

    /// Every upload, the latest first.
    pub fn all(&self) -> Result<Vec<Upload>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(Error::io("list the uploads")(e)),
        };
        let mut all: Vec<Upload> =
            entries.flatten().filter_map(|e| self.get(e.file_name().to_str()?).ok().flatten()).collect();
        all.sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        Ok(all)
    }

    pub fn get(&self, id: &str) -> Result<Option<Upload>> {
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Ok(None);
        }
        Upload::read(&self.folder.join(id))
    }

    /// The upload of that id, for callers who name it.
    pub fn named(&self, id: &str) -> Result<Upload> {
        self.get(id)?.ok_or_else(|| {
            let shown = crate::layer::catalog::shorten(id);
            Error::NotFound(format!("there is no upload `{shown}`; it was removed, or its time was up"))
        })
    }

    /// The upload of that id once nobody writes to it: whoever does is asked to stop.
    pub async fn settled(&self, id: &str) -> Result<Upload> {
        let _hold = self.holds.take(id).await?;
        self.named(id)
    }

    /// Removes an upload with its file.
    pub async fn remove(&self, id: &str) -> Result<()> {
        let _hold = self.holds.take(id).await?;
        let upload = self.named(id)?;
        tokio::fs::remove_dir_all(upload.folder()).await.map_err(Error::io("remove an upload"))
    }

    /// Takes the hash of a whole file, in the background: a large one takes a minute.
    fn hash(self: &Arc<Self>, upload: Upload) {
        let uploads = self.clone();
        tokio::spawn(async move {
            let _turn = uploads.hashing.lock().await;
            // Somebody else may have been faster.
            let wanted = uploads.get(&upload.id).is_ok_and(|u| u.is_some_and(|u| u.sha256.is_none()));
            if wanted && let Err(e) = upload.hash().await {
                tracing::warn!(upload = upload.id, error = %e, "the hash of an upload cannot be taken");
            }
        });
    }

    /// Removes what nobody needs any longer: all whose time is up but `needed`. Takes hashes that are missing.
    pub async fn tidy(self: &Arc<Self>, needed: &HashSet<String>) -> Result<()> {
        for upload in self.all()? {
            if SystemTime::now() > upload.expires() && !needed.contains(&upload.id) {
                self.remove(&upload.id).await?;
                tracing::info!(upload = upload.id, "an upload was removed; its time was up");
            } else if upload.is_whole() && upload.sha256.is_none() {
                self.hash(upload);
            }
        }
        Ok(())
    }

    /// Asks whoever writes to stop, as the server does; what has come stays.
    pub fn close(&self) {
        self.holds.close();
    }
}

/// Bytes that are free on the disk of a folder.
fn free(folder: &Path) -> Result<u64> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes())
        .map_err(|_| Error::Internal("the data directory's name holds a NUL".into()))?;
    // SAFETY: the path and the struct live for the call; zeros are a valid value of the struct.
    let (done, found) = unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &mut found), found)
    };
    if done != 0 {
        return Err(Error::io("ask how much the disk has free")(std::io::Error::last_os_error()));
    }
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
