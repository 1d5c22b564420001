//! A place in a document, in every unit at once.

use crate::domain::text::features::Features;

/// The most pairs of bytes that are counted in one byte, so that the compiler can count many of them at once.
const PAIRS_MAX: usize = u8::MAX as usize;

/// A place between two characters of a document. All counts are from zero.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Position {
    /// Bytes of text (UTF-8) before this place.
    pub byte: u64,
    /// Characters (Unicode scalar values) before this place.
    pub character: u64,
    /// Lines that end before this place: by LF, CR LF, CR, NEL, U+2028 or U+2029.
    pub line: u64,
    /// Bytes of the source before this place, as sent.
    pub source: u64,
}

impl Position {
    /// Returns the counts: bytes, characters, lines and bytes of the source.
    #[must_use]
    pub fn units(self) -> [u64; 4] {
        [self.byte, self.character, self.line, self.source]
    }

    /// Returns the place with these counts, in the order of [`Position::units`].
    #[must_use]
    pub fn of_units([byte, character, line, source]: [u64; 4]) -> Self {
        Self {
            byte,
            character,
            line,
            source,
        }
    }

    /// Returns the place after `text`, which begins here, has these features, and took `source_bytes` bytes of the
    /// source.
    #[must_use]
    pub fn after(self, text: &str, features: Features, source_bytes: u64) -> Self {
        let bytes = text.as_bytes();
        let characters = if features.has_wide {
            bytecount::num_chars(bytes)
        } else {
            bytes.len()
        };
        Self {
            byte: self.byte + bytes.len() as u64,
            character: self.character + characters as u64,
            line: self.line + line_ends(bytes, features) as u64,
            source: self.source + source_bytes,
        }
    }
}

/// Returns the number of lines that end in `bytes`. No CR LF may be split.
fn line_ends(bytes: &[u8], features: Features) -> usize {
    let mut ends = bytecount::count(bytes, b'\n');
    if features.has_controls {
        ends += lone_returns(bytes);
    }
    if features.has_wide_breaks {
        let is_end = |at: &usize| {
            let here = &bytes[*at..];
            matches!(here, [0xC2, 0x85, ..] | [0xE2, 0x80, 0xA8 | 0xA9, ..])
        };
        // The bytes searched for are the first ones of NEL, U+2028 and U+2029.
        ends += memchr::memchr2_iter(0xC2, 0xE2, bytes)
            .filter(is_end)
            .count();
    }
    ends
}

/// Returns the number of CR without LF after them. No search stops at each CR, because most documents with CR have
/// one in each line.
fn lone_returns(bytes: &[u8]) -> usize {
    let Some((last, firsts)) = bytes.split_last() else {
        return 0;
    };
    let pairs = firsts
        .chunks(PAIRS_MAX)
        .zip(bytes[1..].chunks(PAIRS_MAX))
        .map(|(firsts, seconds)| {
            let lone = firsts
                .iter()
                .zip(seconds)
                .map(|(&first, &second)| u8::from(first == b'\r' && second != b'\n'));
            usize::from(lone.sum::<u8>())
        });
    pairs.sum::<usize>() + usize::from(*last == b'\r')
}

/// A run of text from `start` to `end`, exclusive.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Span {
    /// The place before the first character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}

#[cfg(test)]
mod tests {
    use super::{Features, Position};

    #[test]
    fn every_line_end_counts_once() {
        let lines = |text: &str| Position::default().after(text, Features::of(text), 0).line;
        assert_eq!(lines("a\nb\r\nc\rd"), 3);
        assert_eq!(lines("a\u{85}b\u{2028}c\u{2029}\u{2019}\u{A0}"), 3);
        assert_eq!(lines("\r\r\n\n\r"), 4);
    }
}
