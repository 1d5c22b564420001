//! The source of a version, made again of its chunks: for another chunking, without the client.
//!
//! Every chunk says where it was in the source, so overlaps fall away and a source can be gone on
//! with from any byte. What comes out has the length of the source, and is the source if it has its
//! digest too: a fault that was replaced, or a character that two byte sequences stand for, shows
//! in one of the two.

use crate::domain::text::charset::Charset;
use crate::domain::text::encoder::encode;
use crate::domain::text::position::Span;

/// The text is not all that was in the source.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the text does not give the source back")]
pub struct Unrecoverable;

/// Makes a source again, chunk by chunk.
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

    /// The next byte of the source.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The bytes that the next chunk brings; none, if they all were in the chunk before.
    ///
    /// # Errors
    ///
    /// Fails if the text of the chunk has another length in the source, or does not continue it.
    pub fn chunk(&mut self, span: Span, text: &str) -> Result<Vec<u8>, Unrecoverable> {
        let encoded = encode(self.charset, text).ok_or(Unrecoverable)?;
        let (mut begin, end) = (span.start.source, span.end.source);
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

    /// The bytes behind the last chunk, in a source of `source_bytes` bytes: none, unless it had no
    /// text.
    ///
    /// # Errors
    ///
    /// Fails if there is more than a byte order mark.
    pub fn finish(&mut self, source_bytes: u64) -> Result<Vec<u8>, Unrecoverable> {
        if self.at == source_bytes {
            return Ok(Vec::new());
        }
        let known = usize::try_from(self.at).unwrap_or(usize::MAX);
        let rest = self.mark(source_bytes)?.get(known..).ok_or(Unrecoverable)?;
        self.at = source_bytes;
        Ok(rest.to_vec())
    }

    /// What stands before a text that begins at this byte of the source: nothing, or the byte order
    /// mark that was dropped.
    fn mark(&self, begin: u64) -> Result<&'static [u8], Unrecoverable> {
        let mark = self.charset.byte_order_mark();
        match begin {
            0 => Ok(b""),
            begin if begin == mark.len() as u64 => Ok(mark),
            _ => Err(Unrecoverable),
        }
    }
}
