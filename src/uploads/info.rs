//! What is known about an upload: its name and size at the beginning, its hash at the end.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::{UNFINISHED, WHOLE};
use crate::error::{Error, Result};

const INFO: &str = "info.json";

/// What `info.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Info {
    pub id: String,
    /// What its owner calls the file, without a folder.
    pub name: String,
    /// What the file's name on the disk ends with: letters and digits.
    ending: String,
    pub size: u64,
    pub who: String,
    /// Seconds since 1970.
    pub created: u64,
    /// In hexadecimal; none until the file is whole and read through.
    pub sha256: Option<String>,
}

/// An upload as it is on the disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    info: Info,
    /// How many bytes of it are here.
    pub offset: u64,
    folder: PathBuf,
    touched: SystemTime,
}

impl std::ops::Deref for Upload {
    type Target = Info;

    fn deref(&self) -> &Info {
        &self.info
    }
}

impl Info {
    pub fn new(name: &str, size: u64, who: &str) -> Result<Info> {
        let mut random = [0u8; 16];
        let taken = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random));
        taken.map_err(Error::io("take random bytes"))?;
        let name = plain(name);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let safe = |e: &String| (1..=10).contains(&e.len()) && e.bytes().all(|b| b.is_ascii_alphanumeric());
        Ok(Info {
            id: random.iter().map(|b| format!("{b:02x}")).collect(),
            ending: ending.filter(safe).unwrap_or_else(|| "bin".into()),
            name,
            size,
            who: who.into(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()),
            sha256: None,
        })
    }

    /// The file's name on the disk.
    pub fn file(&self) -> String {
        format!("{}.{}", self.id, self.ending)
    }

    /// Whole or not at all, whatever is killed in between.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let part = folder.join("info.json.part");
        std::fs::write(&part, serde_json::to_vec(self)?).map_err(Error::io("describe an upload"))?;
        std::fs::rename(part, folder.join(INFO)).map_err(Error::io("describe an upload"))
    }
}

impl Upload {
    /// What lies in the folder; none where there is no upload.
    pub fn read(folder: &Path) -> Result<Option<Upload>> {
        let Ok(text) = std::fs::read(folder.join(INFO)) else { return Ok(None) };
        let info: Info = serde_json::from_slice(&text)?;
        let Ok(file) = std::fs::metadata(folder.join(info.file())) else { return Ok(None) };
        let touched = file.modified().map_err(Error::io("ask how old an upload is"))?;
        Ok(Some(Upload { info, offset: file.len(), folder: folder.into(), touched }))
    }

    pub fn is_whole(&self) -> bool {
        self.offset == self.size
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.file())
    }

    /// When its time is up, if nothing more comes.
    pub fn expires(&self) -> SystemTime {
        self.touched + if self.is_whole() { WHOLE } else { UNFINISHED }
    }

    /// The same in seconds since 1970.
    pub fn expires_at(&self) -> u64 {
        self.expires().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
    }

    /// Reads a whole file through and keeps its hash.
    pub async fn hash(&self) -> Result<()> {
        let upload = self.clone();
        let taken = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::File::open(upload.path()).map_err(Error::io("read an upload"))?;
            let mut sum = Sha256::new();
            let mut buffer = vec![0; 1 << 20];
            loop {
                match file.read(&mut buffer).map_err(Error::io("read an upload"))? {
                    0 => break,
                    n => sum.update(&buffer[..n]),
                }
            }
            let sha256 = Some(sum.finalize().iter().map(|b| format!("{b:02x}")).collect());
            Info { sha256, ..upload.info.clone() }.write(&upload.folder)
        });
        taken.await.map_err(|e| Error::Internal(e.to_string()))?
    }
}

/// A name as a person reads it, in one line, without the folder that some browsers send along.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.nfc().filter(|c| !c.is_control()).take(200).collect();
    let name = name.trim();
    if name.is_empty() { "upload".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_text_and_only_a_plain_ending_gets_to_the_disk() {
        let of = |name: &str| Info::new(name, 1, "an").map(|i| (i.name.clone(), i.ending.clone())).unwrap();
        assert_eq!(of("Thu\u{309}a đất.ZIP"), ("Thủa đất.ZIP".into(), "zip".into()));
        assert_eq!(of("../../etc/passwd"), ("passwd".into(), "bin".into()));
        assert_eq!(of("C:\\du lieu\\a.gdb.zip"), ("a.gdb.zip".into(), "zip".into()));
        for hostile in ["a.zi/p", "a.", "a.z\u{0}ip", "a.ZÍP", "..", "x.verylongending", ""] {
            let (_, ending) = of(hostile);
            assert!(ending == "bin" || ending.bytes().all(|b| b.is_ascii_alphanumeric()), "{hostile}: {ending}");
        }
    }
}
