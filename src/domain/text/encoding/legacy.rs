//! Decodes every charset but UTF-8 and UTF-32, with the source bytes of each character.

use std::{fmt, slice, str};

use encoding_rs::DecoderResult;

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::Fault;
use crate::domain::text::encoding::sink::TextSink;

/// Decodes any charset but UTF-8 and UTF-32, a byte at a time, so that its map from text to source is exact for each
/// character.
pub struct Legacy {
    decoder: encoding_rs::Decoder,
    /// The number of source bytes taken since the last character was emitted.
    pending: usize,
    is_utf16: bool,
}

impl fmt::Debug for Legacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.decoder.encoding().name();
        f.debug_struct("Legacy")
            .field("charset", &name)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

/// The space for the output of one byte: two characters at most.
const DECODED_BYTES_MAX: usize = 16;

impl Legacy {
    /// Starts at a character's start. `decoder` is that of the charset.
    #[must_use]
    pub fn new(charset: Charset, decoder: encoding_rs::Decoder) -> Self {
        Self {
            decoder,
            pending: 0,
            is_utf16: charset.is_wide(),
        }
    }

    /// Decodes a piece.
    ///
    /// # Errors
    ///
    /// Fails at the first fault that the policy of `out` rejects.
    pub fn decode(&mut self, piece: &[u8], out: &mut TextSink<'_>) -> Result<(), Fault> {
        for byte in piece {
            self.pending += 1;
            self.step(slice::from_ref(byte), false, out)?;
        }
        Ok(())
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Fails if it ends within a character and the policy rejects that.
    pub fn finish(&mut self, out: &mut TextSink<'_>) -> Result<(), Fault> {
        self.step(&[], true, out)
    }

    fn step(
        &mut self,
        mut byte: &[u8],
        is_last: bool,
        out: &mut TextSink<'_>,
    ) -> Result<(), Fault> {
        // A fault may return its last bytes to be decoded again, so a byte may take several iterations. Each
        // iteration but the last emits a character or a fault.
        loop {
            let mut decoded = [0; DECODED_BYTES_MAX];
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(byte, &mut decoded, is_last);
            byte = &byte[read..];
            self.give(&decoded[..written], out)?;
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    // `after` bytes after the fault were read and are decoded again.
                    let kept = usize::from(after).min(self.pending);
                    let fault = usize::from(length).min(self.pending - kept).max(1);
                    out.invalid(fault)?;
                    self.pending = self.pending.saturating_sub(fault);
                }
            }
        }
    }

    /// Emits the decoded text. A character consists of all pending bytes, except in ASCII: an ASCII character is one
    /// byte in every charset but UTF-16, and may follow a fault whose bytes are not reported yet.
    fn give(&mut self, decoded: &[u8], out: &mut TextSink<'_>) -> Result<(), Fault> {
        let text = str::from_utf8(decoded).unwrap_or_default();
        for character in text.chars() {
            let is_one_byte = character.is_ascii() && !self.is_utf16;
            let source_bytes = if is_one_byte {
                self.pending.min(1)
            } else {
                self.pending
            };
            self.pending -= source_bytes;
            out.decoded(character, source_bytes)?;
        }
        Ok(())
    }
}
