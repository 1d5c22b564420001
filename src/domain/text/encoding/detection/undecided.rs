//! Detects the charset of a source that declares none.
//!
//! 1. A byte order mark decides.
//! 2. If a NUL or a byte that is not ASCII is among the first [`HEAD_BYTES`], the bytes from the start on may show
//!    UTF-16 or UTF-32 ([`unmarked`]).
//! 3. Otherwise the source is ASCII up to the first byte that is not, and undecided until then. ASCII is the same in
//!    all other charsets, so it is emitted.
//! 4. An escape sequence in the ASCII is a fault ([`escapes`]).
//! 5. The first byte that is not ASCII, [`CONTEXT_BYTES`] before it and [`DECIDING_BYTES`] from it on decide
//!    ([`guessed_charset`]). A source without such a byte is UTF-8.
//!
//! # Laws
//!
//! - The choice depends on these bytes, and never on how they are cut: bytes are held until all deciding bytes are
//!   there.
//! - The choice does not depend on a stop either. The last [`CONTEXT_BYTES`] that arrived are always held, so a
//!   checkpoint lies before the context of the deciding bytes.

use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::detection::escapes::{self, ESCAPE_BYTES_MAX};
use crate::domain::text::encoding::detection::guessed_charset;
use crate::domain::text::encoding::detection::unmarked;

/// The number of bytes that are held before the first is emitted. They show UTF-16 and UTF-32 in any script, because
/// a line of text is shorter.
pub const HEAD_BYTES: usize = 1024;

/// The number of deciding bytes from the first byte on that is not ASCII. They hold 1,000 letters of any language,
/// and are few enough to hold for each upload.
pub const DECIDING_BYTES: usize = 32 * 1024;

/// The number of bytes that the detector reads before the first byte that is not ASCII: the word around it, and a
/// few more.
pub const CONTEXT_BYTES: usize = 64;

/// The most bytes that are held.
pub const HELD_BYTES_MAX: usize = HEAD_BYTES + DECIDING_BYTES;

/// A source of which only ASCII was decoded, with the held bytes.
#[derive(Debug)]
pub struct Undecided {
    held: Vec<u8>,
    /// The number of held bytes that are ASCII and decide nothing.
    passed: usize,
    is_head: bool,
    /// Whether bytes were emitted, so that the held bytes are not the source's first.
    is_behind_start: bool,
}

/// The decision by the held bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Undecided. This number of held bytes is ASCII, and no longer needed.
    Ascii(usize),
    /// The charset of all held bytes and of those that follow.
    Charset(Charset),
    /// The charset of an escape sequence, and the number of ASCII bytes before it.
    Escape(usize, &'static str),
}

impl Undecided {
    /// Starts a document.
    #[must_use]
    pub fn new() -> Self {
        Self {
            held: Vec::new(),
            passed: 0,
            is_head: true,
            is_behind_start: false,
        }
    }

    /// Resumes after ASCII that was emitted.
    #[must_use]
    pub fn resume() -> Self {
        Self {
            is_head: false,
            is_behind_start: true,
            ..Self::new()
        }
    }

    /// Whether bytes may have been emitted, so that the source is ASCII up to here.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        !self.is_head
    }

    /// Returns the held bytes.
    #[must_use]
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Holds the first bytes of `piece`, and returns their number. The number is at least 1 if the caller has acted
    /// on every verdict.
    pub fn hold(&mut self, piece: &[u8]) -> usize {
        let held = piece.len().min(HELD_BYTES_MAX - self.held.len());
        self.held.extend_from_slice(&piece[..held]);
        held
    }

    /// Releases the first `bytes` bytes, which were emitted.
    pub fn release(&mut self, bytes: usize) {
        self.held.drain(..bytes);
        self.is_behind_start |= bytes > 0;
        self.passed = self.passed.saturating_sub(bytes);
    }

    /// Decides by the held bytes. `is_whole` means that the source ends with them.
    pub fn verdict(&mut self, is_whole: bool) -> Decision {
        if self.is_head {
            if let Some(verdict) = self.by_head(is_whole) {
                return verdict;
            }
            self.is_head = false;
        }
        while let Some(at) = self.next_telling() {
            self.passed = at;
            let rest = self.held.len() - at;
            if !self.held[at].is_ascii() {
                if rest < DECIDING_BYTES && !is_whole {
                    return Decision::Ascii(at.saturating_sub(CONTEXT_BYTES));
                }
                let begin = at.saturating_sub(CONTEXT_BYTES);
                let end = self.held.len().min(at + DECIDING_BYTES);
                let is_whole = is_whole && end == self.held.len();
                let window = &self.held[begin..end];
                return Decision::Charset(guessed_charset::charset_of(window, is_whole));
            }
            if rest < ESCAPE_BYTES_MAX && !is_whole {
                return Decision::Ascii(at.saturating_sub(CONTEXT_BYTES));
            }
            if let Some(charset) = self.escape(at) {
                return Decision::Escape(at, charset);
            }
            self.passed = at + 1;
        }
        self.passed = self.held.len();
        if is_whole {
            return Decision::Charset(Charset::UTF_8);
        }
        Decision::Ascii(self.held.len().saturating_sub(CONTEXT_BYTES))
    }

    /// Returns the charset whose escape sequence begins with the held byte `at`.
    fn escape(&self, at: usize) -> Option<&'static str> {
        let before = match at.checked_sub(1) {
            Some(before) => Some(self.held[before]),
            // Only bytes that were passed are emitted, so the first byte after them begins no escape sequence.
            None if self.is_behind_start => return None,
            None => None,
        };
        escapes::charset_of(before, &self.held[at..])
    }

    /// Returns the decision by the first bytes of the source, or `None` if they do not decide.
    fn by_head(&self, is_whole: bool) -> Option<Decision> {
        let bytes = &self.held;
        if bytes.len() < HEAD_BYTES && !is_whole {
            return Some(Decision::Ascii(0));
        }
        if let Some(charset) = Charset::by_mark(bytes) {
            return Some(Decision::Charset(charset));
        }
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        let telling = head
            .iter()
            .position(|byte| *byte == 0 || !byte.is_ascii())?;
        let end = telling + DECIDING_BYTES;
        if bytes.len() < end && !is_whole {
            return Some(Decision::Ascii(0));
        }
        unmarked::detect(&bytes[..bytes.len().min(end)]).map(Decision::Charset)
    }

    /// Returns the next byte that is not ASCII, or that may begin an escape sequence.
    fn next_telling(&self) -> Option<usize> {
        let rest = &self.held[self.passed..];
        let is_telling = |byte: &u8| !byte.is_ascii() || escapes::may_begin(*byte);
        let at = rest.iter().position(is_telling)?;
        Some(self.passed + at)
    }
}

impl Default for Undecided {
    fn default() -> Self {
        Self::new()
    }
}
