//! Bytes in: from an offset on, as far as they come.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::{Upload, Uploads};
use crate::error::{Error, Result};

/// How long a sender may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// What a piece must sum to.
#[derive(Debug, Clone, PartialEq)]
pub enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

enum Sum {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Uploads {
    /// Appends what comes to an upload of which `offset` bytes are here. What has come stays when the sender breaks off,
    /// but for a piece with a checksum, which counts as a whole.
    ///
    /// Errors: [`Error::Conflict`] for another offset, [`Error::TooLarge`] for more than the rest of the file,
    /// [`Error::Mismatch`] for a piece that is not what its checksum says; nothing of the piece is kept then.
    pub async fn append<E>(
        self: &Arc<Self>,
        id: &str,
        offset: u64,
        checksum: Option<Checksum>,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Upload> {
        let hold = self.holds.take(id).await?;
        let upload = self.named(id)?;
        if offset != upload.offset {
            return Err(Error::Conflict(format!(
                "the upload has {} bytes, so that it goes on there, not at {offset}",
                upload.offset
            )));
        }
        let io = || Error::io("write an upload");
        let mut file = tokio::fs::OpenOptions::new().write(true).open(upload.path()).await.map_err(io())?;
        file.seek(std::io::SeekFrom::Start(offset)).await.map_err(io())?;
        let (mut at, mut sum) = (offset, checksum.as_ref().map(Sum::of));
        let mut asked = std::pin::pin!(hold.asked());
        let broken = loop {
            let piece = tokio::select! {
                () = &mut asked => break Some(Error::Conflict("another request goes on with this upload".into())),
                piece = tokio::time::timeout(SILENCE, body.next()) => piece,
            };
            let bytes = match piece {
                Ok(None) => break None,
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(_))) => break Some(Error::invalid("body", "the body ended early; go on where it did")),
                Err(_) => break Some(Error::Busy("nothing came for a minute; go on where it ended".into())),
            };
            if at + bytes.len() as u64 > upload.size {
                file.set_len(offset).await.map_err(io())?;
                let rest = upload.size - offset;
                return Err(Error::TooLarge(format!("more came than the {rest} bytes that the file still wants")));
            }
            file.write_all(&bytes).await.map_err(io())?;
            at += bytes.len() as u64;
            if let Some(sum) = &mut sum {
                sum.add(&bytes);
            }
        };
        file.flush().await.map_err(io())?;
        let right = checksum.as_ref().zip(sum).is_none_or(|(wanted, sum)| broken.is_none() && sum.end() == *wanted);
        if !right {
            file.set_len(offset).await.map_err(io())?;
        }
        file.sync_data().await.map_err(io())?;
        match broken {
            Some(error) => Err(error),
            None if !right => Err(Error::Mismatch("the piece is not what its checksum says; send it again".into())),
            None => {
                let upload = self.named(id)?;
                if upload.is_whole() {
                    self.hash(upload.clone());
                }
                Ok(upload)
            }
        }
    }
}

impl Sum {
    fn of(checksum: &Checksum) -> Sum {
        match checksum {
            Checksum::Sha1(_) => Sum::Sha1(Sha1::default()),
            Checksum::Sha256(_) => Sum::Sha256(Sha256::default()),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Sum::Sha1(sum) => sha1::Digest::update(sum, bytes),
            Sum::Sha256(sum) => sum.update(bytes),
        }
    }

    fn end(self) -> Checksum {
        match self {
            Sum::Sha1(sum) => Checksum::Sha1(sha1::Digest::finalize(sum).to_vec()),
            Sum::Sha256(sum) => Checksum::Sha256(sum.finalize().to_vec()),
        }
    }
}
