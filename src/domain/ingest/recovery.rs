//! Rebuilds the source of a version from its chunks, so that it can be chunked again without the client.
//!
//! Every chunk stores its span in the source, so overlaps can be removed and the recovery can resume from any byte.
//! The result has the length of the source, and equals it if the digest matches too. A fault that was replaced, or a
//! character with two byte sequences, shows in one of the two.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::encoder::encode;
use crate::domain::text::position::Span;

/// The text does not determine the source.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the source cannot be rebuilt from the stored text")]
pub struct Unrecoverable;

/// Rebuilds a source, chunk by chunk.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    charset: Charset,
    /// The next byte of the source.
    at: u64,
}

impl Recovery {
    /// Begins at byte `at` of a source that was decoded from this charset.
    #[must_use]
    pub fn new(charset: Charset, at: u64) -> Self {
        Self { charset, at }
    }

    /// Returns the offset of the next byte in the source.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Returns the bytes that the next chunk adds. The list is empty if the chunk before had them all.
    ///
    /// # Errors
    ///
    /// Fails if the text of the chunk has another length in the source, or does not continue it.
    pub fn chunk(&mut self, span: Span, text: &str) -> Result<Vec<u8>, Unrecoverable> {
        let encoded = encode(self.charset, text).ok_or(Unrecoverable)?;
        let mut begin = span.start.source;
        let end = span.end.source;
        if begin.checked_add(encoded.len() as u64) != Some(end) {
            return Err(Unrecoverable);
        }
        let mut bytes = encoded.into_owned();
        if span.start.byte == 0 {
            let mark = self.mark(begin)?;
            bytes.splice(..0, mark.iter().copied());
            begin = 0;
        }
        let known = self.at.checked_sub(begin).ok_or(Unrecoverable)?;
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        bytes.drain(..known.min(bytes.len()));
        self.at += bytes.len() as u64;
        Ok(bytes)
    }

    /// Returns the bytes after the last chunk, in a source of `source_bytes` bytes. The list is empty unless the
    /// source has no text.
    ///
    /// # Errors
    ///
    /// Fails if more than a byte order mark is missing.
    pub fn finish(&mut self, source_bytes: u64) -> Result<Vec<u8>, Unrecoverable> {
        if self.at == source_bytes {
            return Ok(Vec::new());
        }
        let known = usize::try_from(self.at).unwrap_or(usize::MAX);
        let rest = self.mark(source_bytes)?.get(known..).ok_or(Unrecoverable)?;
        self.at = source_bytes;
        Ok(rest.to_vec())
    }

    /// Returns the bytes before a text that begins at this byte of the source: nothing, or the byte order mark that
    /// was dropped.
    fn mark(&self, begin: u64) -> Result<&'static [u8], Unrecoverable> {
        let mark = self.charset.byte_order_mark();
        match begin {
            0 => Ok(b""),
            begin if begin == mark.len() as u64 => Ok(mark),
            _ => Err(Unrecoverable),
        }
    }
}
