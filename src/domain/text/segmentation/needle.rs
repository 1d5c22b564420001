//! Searches for one separator.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::domain::text::reading::stop::{self, Stop};

/// One separator.
#[derive(Debug)]
pub struct Needle {
    finder: Finder<'static>,
    /// Finds the part before its first line feed, which stands for other line ends too.
    beginning: Finder<'static>,
    /// Whether the mark needs white space after it. `None` means that the separator is not a mark that ends
    /// sentences.
    mark: Option<bool>,
}

impl Needle {
    /// Creates a searcher of `separator`. `mark` tells whether it is a mark that ends sentences, and whether that mark
    /// needs white space after it.
    #[must_use]
    pub fn new(separator: &str, mark: Option<bool>) -> Self {
        let beginning = &separator[..lines_from(separator)];
        Self {
            finder: Finder::new(separator).into_owned(),
            beginning: Finder::new(beginning).into_owned(),
            mark,
        }
    }

    /// Returns the first occurrence in `text` that begins at `from` or later. `has_returns` tells whether the text may
    /// have CR.
    #[must_use]
    #[inline]
    pub fn next(&self, text: &[u8], from: usize, has_returns: bool) -> Option<Range<usize>> {
        if has_returns && self.has_lines() {
            return self.next_with_lines(text, from);
        }
        let whole = self.finder.needle();
        let rest = &text[from..];
        let found = match whole {
            [byte] => memchr::memchr(*byte, rest),
            _ => self.finder.find(rest),
        };
        let start = from + found?;
        Some(start..start + whole.len())
    }

    /// Does the same where each line feed of the separator also stands for CR LF and CR.
    fn next_with_lines(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        let (beginning, lines) = self.finder.needle().split_at(self.beginning.needle().len());
        let mut at = from;
        loop {
            // The second half of a CR LF begins no separator.
            let is_second = |before: &[u8]| beginning.is_empty() && before.ends_with(b"\r\n");
            at += usize::from(text.get(..=at).is_some_and(is_second));
            let rest = &text[at..];
            let start = at
                + match beginning {
                    [] => memchr::memchr2(b'\n', b'\r', rest)?,
                    _ => self.beginning.find(rest)?,
                };
            at = start + self.step_bytes(true);
            if let Some(end) = line_end(lines, text, start + beginning.len()) {
                return Some(start..end);
            }
        }
    }

    /// Whether the separator has a line feed that also stands for CR LF and CR.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        self.beginning.needle().len() < self.finder.needle().len()
    }

    /// Returns the distance in bytes from an occurrence to the first place where another may begin.
    #[must_use]
    pub fn step_bytes(&self, has_returns: bool) -> usize {
        let finder = if has_returns {
            &self.beginning
        } else {
            &self.finder
        };
        finder.needle().len().max(1)
    }

    /// Returns the end of a separator with the characters that belong to it. `end` is the end of the separator
    /// alone. `None` means that it is not a sentence's mark here.
    #[must_use]
    pub fn end(&self, text: &str, end: usize) -> Option<usize> {
        let Some(is_spaced) = self.mark else {
            return Some(end);
        };
        let tail = stop::tail(text, end);
        (!is_spaced || stop::is_free(text, tail)).then_some(tail)
    }
}

/// Returns the offset of a separator's first line feed if the separator has no CR, otherwise its length.
fn lines_from(separator: &str) -> usize {
    if separator.contains('\r') {
        return separator.len();
    }
    separator.find('\n').unwrap_or(separator.len())
}

/// Returns the end of `pattern` if `text` has it at `at`, with each line feed as LF, CR LF or CR.
fn line_end(pattern: &[u8], text: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    for byte in pattern {
        at += match (byte, &text[at..]) {
            (b'\n', [b'\r', b'\n', ..]) => 2,
            (b'\n', [b'\n' | b'\r', ..]) => 1,
            (byte, [found, ..]) if byte == found => 1,
            _ => return None,
        };
    }
    Some(at)
}

/// Returns the length of the mark that a separator consists of, and whether the separator has a space after it.
#[must_use]
pub fn mark_of(separator: &str) -> Option<(usize, bool)> {
    let mark = separator.strip_suffix(' ').unwrap_or(separator);
    let mut characters = mark.chars();
    let is_mark = characters.next().and_then(Stop::of).is_some() && characters.next().is_none();
    is_mark.then_some((mark.len(), mark.len() < separator.len()))
}
