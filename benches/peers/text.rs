//! A text that is repeated until it has a size.

use std::borrow::Cow;
use std::iter;

/// The size of the pieces in which Sluice receives a document, as in `benches/chunking.rs`.
const PIECE_BYTES: usize = 64 * 1024;

/// A text of which only one repetition is in memory.
pub(crate) struct Text<'a> {
    once: Cow<'a, str>,
    /// The size with all repetitions. The last one may be a part.
    bytes: usize,
}

impl<'a> Text<'a> {
    /// Returns the text with at most `bytes`.
    pub(crate) fn repeated(once: &'a str, bytes: usize) -> Self {
        let rest = bytes.checked_rem(once.len()).unwrap_or_default();
        let bytes = bytes - rest + once.floor_char_boundary(rest);
        let once = Cow::Borrowed(once);
        Self { once, bytes }
    }

    /// Returns the same text with all repetitions in memory.
    pub(crate) fn joined(&self) -> Self {
        let mut joined = String::with_capacity(self.bytes);
        self.parts().for_each(|part| joined.push_str(part));
        let once = Cow::Owned(joined);
        Self {
            once,
            bytes: self.bytes,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns a text that is in memory as a whole.
    pub(crate) fn whole(&self) -> &str {
        assert_eq!(self.once.len(), self.bytes, "not joined");
        &self.once
    }

    /// Returns the pieces in which a stream brings the text.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.parts()
            .flat_map(|part| part.as_bytes().chunks(PIECE_BYTES))
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        let count = self.bytes.checked_div(self.once.len()).unwrap_or_default();
        let rest = self.bytes - count * self.once.len();
        iter::repeat_n(&*self.once, count).chain([&self.once[..rest]])
    }
}
