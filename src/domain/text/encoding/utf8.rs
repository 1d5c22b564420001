//! Decodes UTF-8 that arrives in pieces.
//!
//! A document arrives in pieces that may end anywhere. [`Utf8`] emits every character as soon as its last byte has
//! arrived. It carries the start of an incomplete character, at most three bytes, over to the next piece.
//!
//! # Laws
//!
//! - The text does not depend on how the input is cut into pieces.
//! - Nor do the offset and the length of a fault: the *maximal subpart* of the Unicode Standard (section 3.9), so
//!   that each fault becomes one U+FFFD.

use std::str;

use crate::domain::text::encoding::decoding::Fault;
use crate::domain::text::encoding::sink::TextSink;

/// Decodes UTF-8 that arrives in pieces.
#[derive(Debug, Default)]
pub struct Utf8 {
    /// The start of an incomplete character: `carry[..carried]`, at most three bytes.
    carry: [u8; 4],
    carried: usize,
}

impl Utf8 {
    /// Decodes a piece.
    ///
    /// # Errors
    ///
    /// Fails at the first fault that the policy of `out` rejects. The text before the fault is emitted.
    pub fn decode(&mut self, piece: &[u8], out: &mut TextSink<'_>) -> Result<(), Fault> {
        let piece = self.complete_carry(piece, out)?;
        if self.carried > 0 {
            return Ok(());
        }
        let whole = piece.len() - unfinished(piece).len();
        let (whole, carry) = piece.split_at(whole);
        if let Ok(text) = simdutf8::basic::from_utf8(whole) {
            out.verbatim(text)?;
        } else {
            for part in whole.utf8_chunks() {
                out.verbatim(part.valid())?;
                if !part.invalid().is_empty() {
                    out.invalid(part.invalid().len())?;
                }
            }
        }
        self.carry[..carry.len()].copy_from_slice(carry);
        self.carried = carry.len();
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

    /// Completes the carried character with the first bytes of `piece`, and returns the rest.
    fn complete_carry<'a>(
        &mut self,
        mut piece: &'a [u8],
        out: &mut TextSink<'_>,
    ) -> Result<&'a [u8], Fault> {
        while self.carried > 0 {
            let Some((&next, others)) = piece.split_first() else {
                break;
            };
            self.carry[self.carried] = next;
            match str::from_utf8(&self.carry[..=self.carried]) {
                Ok(character) => {
                    out.verbatim(character)?;
                    self.carried = 0;
                    piece = others;
                }
                Err(error) if error.error_len().is_none() => {
                    self.carried += 1;
                    piece = others;
                }
                // The byte belongs to the next character, and is read again.
                Err(_) => out.invalid(std::mem::take(&mut self.carried))?,
            }
        }
        Ok(piece)
    }
}

/// Returns the incomplete character at the end of `piece`, or an empty slice.
fn unfinished(piece: &[u8]) -> &[u8] {
    for length in 1..=piece.len().min(3) {
        let tail = &piece[piece.len() - length..];
        if tail[0] >= 0xC0 {
            let is_open = str::from_utf8(tail).is_err_and(|error| error.error_len().is_none());
            return if is_open { tail } else { &[] };
        }
        if tail[0] < 0x80 {
            break;
        }
    }
    &[]
}

/// The characters and faults of bytes read as UTF-8.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// The number of characters outside ASCII.
    pub characters: usize,
    /// The number of maximal subparts that are no character.
    pub faults: usize,
}

/// Counts the characters and faults of `bytes` as UTF-8. Unless `is_whole`, their last character may be cut off.
#[must_use]
pub fn count(bytes: &[u8], is_whole: bool) -> Count {
    let cut_off = if is_whole { 0 } else { unfinished(bytes).len() };
    let mut count = Count::default();
    for part in bytes[..bytes.len() - cut_off].utf8_chunks() {
        let is_outside = |byte: &&u8| **byte >= 0xC0;
        count.characters += part.valid().as_bytes().iter().filter(is_outside).count();
        count.faults += usize::from(!part.invalid().is_empty());
    }
    count
}
