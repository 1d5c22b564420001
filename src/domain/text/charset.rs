//! The charsets a source may be in, and how those other than UTF-8 are decoded.
//!
//! Charsets are those of the WHATWG Encoding Standard, by `encoding_rs`. A checkpoint can stand
//! only where a decoder is in its initial state, which these are after every character; the two
//! that are not (ISO-2022-JP and the replacement encoding) are refused.

use encoding_rs::{DecoderResult, Encoding, UTF_16BE, UTF_16LE, UTF_8};

use crate::domain::text::decoder::{Emit, Fault};

/// A charset by its standard name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charset(&'static Encoding);

/// The charset is unknown, or cannot be resumed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "charset `{label}` is not supported: give a label of the WHATWG Encoding Standard, \
     such as utf-8, utf-16le, windows-1252, shift_jis or gb18030; iso-2022-jp cannot be resumed"
)]
pub struct Unsupported {
    /// What was asked for.
    pub label: String,
}

impl Charset {
    /// UTF-8, the default.
    pub const UTF_8: Self = Self(UTF_8);
    /// UTF-16, little end first.
    pub const UTF_16LE: Self = Self(UTF_16LE);
    /// UTF-16, big end first.
    pub const UTF_16BE: Self = Self(UTF_16BE);

    /// The charset with this label, such as `latin1` or `UTF-8`.
    ///
    /// # Errors
    ///
    /// Fails for a label that the standard does not list, and for a charset with hidden state.
    pub fn from_label(label: &str) -> Result<Self, Unsupported> {
        let unsupported = || Unsupported { label: label.chars().take(64).collect() };
        let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(unsupported)?;
        let has_state = encoding == encoding_rs::ISO_2022_JP || encoding == encoding_rs::REPLACEMENT;
        if has_state { Err(unsupported()) } else { Ok(Self(encoding)) }
    }

    /// The charset that `head`, the first bytes of a source, is most likely in: UTF-8 if it is
    /// valid, else what the detector of web browsers says.
    #[must_use]
    pub fn detect(head: &[u8], is_whole: bool) -> Self {
        let is_utf8 = match std::str::from_utf8(head) {
            Ok(_) => true,
            // A head may end within a character.
            Err(error) => !is_whole && error.error_len().is_none(),
        };
        if is_utf8 {
            return Self::UTF_8;
        }
        let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
        detector.feed(head, is_whole);
        Self(detector.guess(None, chardetng::Utf8Detection::Deny))
    }

    /// The standard name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The byte order mark of this charset; empty if it has none.
    #[must_use]
    pub fn byte_order_mark(self) -> &'static [u8] {
        let marks: [(Self, &[u8]); 3] = [
            (Self::UTF_8, b"\xEF\xBB\xBF"),
            (Self::UTF_16LE, b"\xFF\xFE"),
            (Self::UTF_16BE, b"\xFE\xFF"),
        ];
        marks.into_iter().find(|(charset, _)| *charset == self).map_or(b"", |(_, mark)| mark)
    }
}

/// Decodes any charset but UTF-8, a byte at a time: its map from text to source is exact for each
/// character.
pub struct Legacy {
    decoder: encoding_rs::Decoder,
    /// Source bytes taken since the last character was given out.
    pending: usize,
}

impl std::fmt::Debug for Legacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.decoder.encoding().name();
        f.debug_struct("Legacy").field("charset", &name).field("pending", &self.pending).finish()
    }
}

/// Room for what one byte can complete: two characters at the most.
const DECODED_BYTES_MAX: usize = 16;

impl Legacy {
    /// Starts at a character's start.
    #[must_use]
    pub fn new(charset: Charset) -> Self {
        Self { decoder: charset.0.new_decoder_without_bom_handling(), pending: 0 }
    }

    /// Decodes a piece.
    ///
    /// # Errors
    ///
    /// Fails at the first fault that the policy of `out` rejects.
    pub fn decode(&mut self, piece: &[u8], out: &mut Emit<'_>) -> Result<(), Fault> {
        for byte in piece {
            self.pending += 1;
            self.step(std::slice::from_ref(byte), false, out)?;
        }
        Ok(())
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Fails if it ends within a character and the policy rejects that.
    pub fn finish(&mut self, out: &mut Emit<'_>) -> Result<(), Fault> {
        self.step(&[], true, out)
    }

    fn step(&mut self, mut byte: &[u8], is_last: bool, out: &mut Emit<'_>) -> Result<(), Fault> {
        // A fault may give its last bytes back to be decoded again, so a byte takes a few turns;
        // each turn but the last gives out a character or a fault.
        loop {
            let mut decoded = [0; DECODED_BYTES_MAX];
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(byte, &mut decoded, is_last);
            byte = &byte[read..];
            self.give(&decoded[..written], out)?;
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    // `after` bytes behind the fault were read and are decoded anew.
                    let kept = usize::from(after).min(self.pending);
                    let fault = usize::from(length).min(self.pending - kept).max(1);
                    out.invalid(fault)?;
                    self.pending = self.pending.saturating_sub(fault);
                }
            }
        }
    }

    /// Gives out what was decoded; all pending bytes made the first of its characters.
    fn give(&mut self, decoded: &[u8], out: &mut Emit<'_>) -> Result<(), Fault> {
        let text = std::str::from_utf8(decoded).unwrap_or_default();
        for character in text.chars() {
            out.decoded(character, std::mem::take(&mut self.pending))?;
        }
        Ok(())
    }
}
