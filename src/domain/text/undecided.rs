//! The charset of a source that declares none.
//!
//! 1. A byte order mark.
//! 2. UTF-16 or UTF-32, if a NUL or a byte that is not ASCII is among the first [`HEAD_BYTES`]: by
//!    the bytes from the start on ([`unmarked`]).
//! 3. Else the source is ASCII until a byte that is not, and nothing is decided until then. ASCII is
//!    the same in all other charsets, so it is given out.
//! 4. An escape sequence in the ASCII is a fault ([`escapes`]).
//! 5. The first byte that is not ASCII, [`CONTEXT_BYTES`] before it and [`DECIDING_BYTES`] from it
//!    on decide ([`guess`]). A source without such a byte is UTF-8.
//!
//! # Laws
//!
//! - The choice depends on these bytes, never on how they are cut: bytes are held until all that
//!   decide are there.
//! - Nor does it depend on a stop: the last [`CONTEXT_BYTES`] that arrived are always held, so that
//!   a checkpoint lies before the context of what decides later.

use crate::domain::text::charset::Charset;
use crate::domain::text::escapes::{self, ESCAPE_BYTES_MAX};
use crate::domain::text::{guess, unmarked};

/// How many bytes are held before the first is given out. UTF-16 and UTF-32 show within them, in any
/// script: a line of text is shorter.
pub const HEAD_BYTES: usize = 1024;

/// How many bytes decide, from the first on that is not ASCII. Enough for a thousand letters of any
/// language, and little enough to hold for each upload.
pub const DECIDING_BYTES: usize = 32 * 1024;

/// How many bytes before the first that is not ASCII the detector sees: the word around it, and a
/// few more.
pub const CONTEXT_BYTES: usize = 64;

/// The most bytes that are held.
pub const HELD_BYTES_MAX: usize = HEAD_BYTES + DECIDING_BYTES;

/// A source of which nothing but ASCII was decoded, with the bytes that are held.
#[derive(Debug)]
pub struct Undecided {
    held: Vec<u8>,
    /// How many of the held bytes are ASCII that decides nothing.
    passed: usize,
    is_head: bool,
    /// Whether bytes were given out, so that the held ones are not the source's first.
    is_behind_start: bool,
}

/// What is known by the bytes that are held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Nothing yet: so many of the held bytes are ASCII, and no longer needed.
    Ascii(usize),
    /// The charset of all held bytes and of those that follow.
    Charset(Charset),
    /// The charset of an escape sequence, behind so many bytes of ASCII.
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

    /// Resumes behind ASCII that was given out.
    #[must_use]
    pub fn resume() -> Self {
        Self {
            is_head: false,
            is_behind_start: true,
            ..Self::new()
        }
    }

    /// Whether bytes may have been given out, so that the source is ASCII up to here.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        !self.is_head
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Holds the first bytes of `piece`, and returns how many: at least one, if every verdict was
    /// acted on.
    pub fn hold(&mut self, piece: &[u8]) -> usize {
        let held = piece.len().min(HELD_BYTES_MAX - self.held.len());
        self.held.extend_from_slice(&piece[..held]);
        held
    }

    /// Lets go of the first `bytes` bytes, which were given out.
    pub fn release(&mut self, bytes: usize) {
        self.held.drain(..bytes);
        self.is_behind_start |= bytes > 0;
        self.passed = self.passed.saturating_sub(bytes);
    }

    /// Decides by what is held. `is_whole` says that the source ends with it.
    pub fn verdict(&mut self, is_whole: bool) -> Verdict {
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
                    return Verdict::Ascii(at.saturating_sub(CONTEXT_BYTES));
                }
                let begin = at.saturating_sub(CONTEXT_BYTES);
                let end = self.held.len().min(at + DECIDING_BYTES);
                let is_whole = is_whole && end == self.held.len();
                let window = &self.held[begin..end];
                return Verdict::Charset(guess::charset_of(window, is_whole));
            }
            if rest < ESCAPE_BYTES_MAX && !is_whole {
                return Verdict::Ascii(at.saturating_sub(CONTEXT_BYTES));
            }
            if let Some(charset) = self.escape(at) {
                return Verdict::Escape(at, charset);
            }
            self.passed = at + 1;
        }
        self.passed = self.held.len();
        if is_whole {
            return Verdict::Charset(Charset::UTF_8);
        }
        Verdict::Ascii(self.held.len().saturating_sub(CONTEXT_BYTES))
    }

    /// The charset whose escape sequence begins with the held byte `at`.
    fn escape(&self, at: usize) -> Option<&'static str> {
        let before = match at.checked_sub(1) {
            Some(before) => Some(self.held[before]),
            // Only what was passed before is given out: the first byte behind it is no escape.
            None if self.is_behind_start => return None,
            None => None,
        };
        escapes::charset_of(before, &self.held[at..])
    }

    /// What the first bytes of the source decide; `None` if they do not.
    fn by_head(&self, is_whole: bool) -> Option<Verdict> {
        let bytes = &self.held;
        if bytes.len() < HEAD_BYTES && !is_whole {
            return Some(Verdict::Ascii(0));
        }
        if let Some(charset) = Charset::by_mark(bytes) {
            return Some(Verdict::Charset(charset));
        }
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        let telling = head
            .iter()
            .position(|byte| *byte == 0 || !byte.is_ascii())?;
        let end = telling + DECIDING_BYTES;
        if bytes.len() < end && !is_whole {
            return Some(Verdict::Ascii(0));
        }
        unmarked::detect(&bytes[..bytes.len().min(end)]).map(Verdict::Charset)
    }

    /// The next byte that is not ASCII, or may begin an escape sequence.
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
