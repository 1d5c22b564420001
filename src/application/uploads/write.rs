//! A piece of a source, with its offset.

use bytes::Bytes;

use crate::application::error::Error;

/// The most bytes of content in a message.
pub const CONTENT_BYTES_MAX: usize = 256 * 1024;

/// The content of a message.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// The offset of the content in the source.
    pub write_offset: i64,
    /// The bytes.
    pub content: Bytes,
    /// The CRC-32C of the content. `None` means that the client gave none.
    pub crc32c: Option<u32>,
    /// Whether the source ends after the content.
    pub ends: bool,
}

impl Write {
    /// Checks size and checksum of the content, and returns the offset.
    ///
    /// # Errors
    ///
    /// Fails if the content is too large or damaged, or the offset is negative.
    pub fn checked_offset(&self) -> Result<u64, Error> {
        if self.content.len() > CONTENT_BYTES_MAX {
            let most = CONTENT_BYTES_MAX;
            return Err(Error::MessageTooLarge { most });
        }
        let offset = u64::try_from(self.write_offset)
            .map_err(|_negative| Error::invalid("write_offset", "must not be negative"))?;
        let is_damaged = |given| given != crc32c::crc32c(&self.content);
        if self.crc32c.is_some_and(is_damaged) {
            return Err(Error::ChecksumMismatch { offset });
        }
        Ok(offset)
    }
}
