//! A stream of an upload that has already succeeded. Nothing is stored; all content is compared with the stored
//! source.

use crate::application::error::Error;
use crate::application::ports::uploads::{Declared, Upload};
use crate::application::store_error;
use crate::application::uploads::replay::stored_bytes::StoredBytes;
use crate::application::uploads::write::Write;

/// The repeated source of a completed upload.
#[derive(Debug)]
pub struct Repetition {
    length: u64,
    sha256: [u8; 32],
    stored: StoredBytes,
    /// Whether the client has declared the digest of the source. A wrong digest is rejected.
    has_digest: bool,
}

impl Repetition {
    /// Creates the comparison with the source of a completed upload.
    ///
    /// # Errors
    ///
    /// Fails if the digest of its source is missing: the upload has not succeeded.
    pub fn of(upload: &Upload) -> Result<Self, Error> {
        let sha256 = upload.source_sha256.ok_or(store_error::Error::Damaged {
            what: "a completed upload without a digest",
            source: None,
        })?;
        Ok(Self {
            length: upload.committed_offset,
            sha256,
            stored: StoredBytes::whole(upload.committed_offset, sha256),
            has_digest: false,
        })
    }

    /// Compares the client's declarations about the whole source.
    ///
    /// # Errors
    ///
    /// Fails if they differ.
    pub fn declare(&mut self, declared: Declared) -> Result<(), Error> {
        let stored = Declared {
            sha256: Some(self.sha256),
            total_size: Some(self.length),
        };
        if stored.contradicts(&declared) {
            return Err(Error::RequestIdReused { differs: "content" });
        }
        self.has_digest |= declared.sha256.is_some();
        Ok(())
    }

    /// Compares a message.
    ///
    /// # Errors
    ///
    /// Fails as [`StoredBytes::take`] does.
    pub fn write(&mut self, write: &Write) -> Result<(), Error> {
        let is_bare = write.content.is_empty() && self.stored.is_unplaced();
        // A declared digest replaces a source that is not sent at all.
        if is_bare && self.has_digest && write.checked_offset()? <= self.length {
            return Ok(());
        }
        self.stored.take(write).map(drop)
    }
}
