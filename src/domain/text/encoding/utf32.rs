//! Decodes UTF-32, with four bytes for each character.
//!
//! `encoding_rs` does not decode UTF-32. A unit that is no Unicode scalar value, such as a surrogate or a number
//! above U+10FFFF, is one fault of four bytes.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::Fault;
use crate::domain::text::encoding::sink::TextSink;

/// The bytes of a character.
pub const UNIT_BYTES: usize = 4;

/// Decodes UTF-32 that arrives in pieces.
#[derive(Debug)]
pub struct Utf32 {
    charset: Charset,
    /// The start of an incomplete unit: `carry[..carried]`.
    carry: [u8; UNIT_BYTES],
    carried: usize,
}

impl Utf32 {
    /// Starts at a character's start.
    #[must_use]
    pub fn new(charset: Charset) -> Self {
        Self {
            charset,
            carry: [0; UNIT_BYTES],
            carried: 0,
        }
    }

    /// Decodes a piece.
    ///
    /// # Errors
    ///
    /// Fails at the first fault that the policy of `out` rejects. The text before the fault is emitted.
    pub fn decode(&mut self, piece: &[u8], out: &mut TextSink<'_>) -> Result<(), Fault> {
        for &byte in piece {
            self.carry[self.carried] = byte;
            self.carried += 1;
            if self.carried == UNIT_BYTES {
                self.carried = 0;
                match char::from_u32(unit(self.charset, self.carry)) {
                    Some(character) => out.decoded(character, UNIT_BYTES)?,
                    None => out.invalid(UNIT_BYTES)?,
                }
            }
        }
        Ok(())
    }

    /// Ends the document.
    ///
    /// # Errors
    ///
    /// Fails if the document ends within a character and the policy rejects that.
    pub fn finish(&mut self, out: &mut TextSink<'_>) -> Result<(), Fault> {
        match std::mem::take(&mut self.carried) {
            0 => Ok(()),
            carried => out.invalid(carried),
        }
    }
}

/// Returns the number of a unit in this UTF-32 charset.
#[must_use]
pub fn unit(charset: Charset, bytes: [u8; UNIT_BYTES]) -> u32 {
    if charset == Charset::UTF_32BE {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes(bytes)
    }
}
