//! Measures the length of a text in characters, bytes or words.
//!
//! Every size is a sum over the text's characters, each considered with the one before it. A text is therefore
//! measured in one pass, and has the same size everywhere.

use std::ops::RangeInclusive;

use crate::domain::text::character_starts::{BLOCK_BYTES, CharacterStarts};

/// A unit of text that needs no tokenizer.
///
/// A *word* is a run of characters without white space. In scripts that put no space between words
/// (Han, kana, Thai, Lao, Khmer, Burmese) every character counts as one: an upper bound that needs
/// no dictionary (UAX #29, section 4, leaves these scripts to dictionaries).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TextUnit {
    /// Unicode scalar values.
    #[default]
    Characters,
    /// Bytes of UTF-8.
    Bytes,
    /// Words.
    Words,
}

impl TextUnit {
    /// All units, for lists and tests.
    pub const ALL: [Self; 3] = [Self::Characters, Self::Bytes, Self::Words];

    /// Returns the most bytes that a text of `size` can have, or `usize::MAX` if there is no bound.
    #[must_use]
    pub fn bytes_max(self, size: usize) -> usize {
        match self {
            Self::Characters => size.saturating_mul(4),
            Self::Bytes => size,
            Self::Words => usize::MAX,
        }
    }

    /// Returns the size of `text`.
    #[must_use]
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::Characters => bytecount::num_chars(text.as_bytes()),
            Self::Bytes => text.len(),
            Self::Words => word_starts(text).count(),
        }
    }

    /// Returns the end of the longest prefix of `text` that measures at most `size`.
    #[must_use]
    pub fn prefix(self, text: &str, size: usize) -> usize {
        match self {
            Self::Characters => nth_character(text, size),
            Self::Bytes => text.floor_char_boundary(size),
            Self::Words => word_starts(text).nth(size).unwrap_or(text.len()),
        }
    }

    /// Returns the end of the shortest prefix of `text` that measures at least `size`.
    #[must_use]
    pub fn reach(self, text: &str, size: usize) -> usize {
        match self {
            Self::Characters => nth_character(text, size),
            Self::Bytes => text.ceil_char_boundary(size),
            Self::Words if size == 0 => 0,
            Self::Words => word_starts(text)
                .nth(size - 1)
                .map_or(text.len(), |start| text.ceil_char_boundary(start + 1)),
        }
    }

    /// Returns the ends of the shortest prefix of `text` that measures at least `least`, and of the longest one that
    /// measures at most `most`.
    #[must_use]
    pub fn prefixes(self, text: &str, least: usize, most: usize) -> RangeInclusive<usize> {
        let reach = self.reach(text, least);
        match self {
            // The characters before are counted already.
            Self::Characters => reach..=reach + nth_character(&text[reach..], most - least),
            Self::Bytes | Self::Words => reach..=self.prefix(text, most),
        }
    }

    /// Returns the start of the longest suffix of `text` that measures at most `size`.
    #[must_use]
    pub fn suffix(self, text: &str, size: usize) -> usize {
        match self {
            Self::Characters if size == 0 => text.len(),
            Self::Characters => text
                .char_indices()
                .rev()
                .nth(size - 1)
                .map_or(0, |(place, _)| place),
            Self::Bytes => text.ceil_char_boundary(text.len().saturating_sub(size)),
            Self::Words => word_suffix(text, size),
        }
    }
}

/// The least bytes for which the call of a function that counts characters is worth its cost.
const COUNTED_BYTES_MIN: usize = 32;

/// Returns the start of the `n`th character of `text`, from 0, or the end if there are fewer characters.
fn nth_character(text: &str, n: usize) -> usize {
    let bytes = text.as_bytes();
    let mut place = 0;
    let mut missing = n;
    // No character has less than one byte, so a block with at most as many bytes as there are missing characters
    // never passes the place.
    while missing >= COUNTED_BYTES_MIN
        && let Some(block) = bytes.get(place..place + missing)
    {
        place += block.len();
        missing -= bytecount::num_chars(block);
    }
    // The place may be within a character. Its start was counted, so it belongs to the character before.
    while let Some(block) = bytes[place..].first_chunk() {
        let starts = CharacterStarts::of(*block);
        let before = starts.bytes_before(missing);
        if before < BLOCK_BYTES {
            return place + before;
        }
        missing -= starts.count();
        place += BLOCK_BYTES;
    }
    let mut starts = 0;
    let found = bytes[place..].iter().position(|byte| {
        starts += usize::from(!is_continuation(*byte));
        starts > missing
    });
    found.map_or(bytes.len(), |at| place + at)
}

/// Whether a byte of UTF-8 continues a character.
fn is_continuation(byte: u8) -> bool {
    byte.cast_signed() < -0x40
}

/// Returns the starts of the words in `text`.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    let mut before = CharacterClass::Space;
    std::iter::from_fn(move || {
        while let Some(byte) = text.as_bytes().get(at) {
            let place = at;
            let kind = if byte.is_ascii() {
                at += 1;
                CharacterClass::of_ascii(*byte)
            } else {
                let character = text[at..].chars().next()?;
                at += character.len_utf8();
                CharacterClass::of(character)
            };
            let begins = kind.begins_word(before);
            before = kind;
            if begins {
                return Some(place);
            }
        }
        None
    })
}

/// The role of a character in a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum CharacterClass {
    Space,
    /// A character of a script that puts no space between words.
    Alone,
    Letter,
}

impl CharacterClass {
    fn of(character: char) -> Self {
        if character.is_whitespace() {
            Self::Space
        } else if is_word_alone(character) {
            Self::Alone
        } else {
            Self::Letter
        }
    }

    fn of_ascii(byte: u8) -> Self {
        if matches!(byte, b'\t'..=b'\r' | b' ') {
            Self::Space
        } else {
            Self::Letter
        }
    }

    /// Whether a word begins between two neighbours. The relation is symmetric.
    fn begins_word(self, neighbour: Self) -> bool {
        self == Self::Alone || self == Self::Letter && neighbour != Self::Letter
    }
}

fn word_suffix(text: &str, size: usize) -> usize {
    let mut words = 0;
    let mut start = text.len();
    let mut after = CharacterClass::Space;
    for (place, character) in text.char_indices().rev() {
        // The character becomes the suffix's first. It adds a word unless it extends one.
        let kind = CharacterClass::of(character);
        words += usize::from(kind.begins_word(after));
        if words > size {
            break;
        }
        (start, after) = (place, kind);
    }
    start
}

/// Whether a character belongs to a script that puts no space between words.
fn is_word_alone(character: char) -> bool {
    matches!(
        character,
        '\u{E00}'..='\u{EFF}'
            | '\u{1000}'..='\u{109F}'
            | '\u{1780}'..='\u{17FF}'
            | '\u{2E80}'..='\u{2FDF}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3041}'..='\u{30FF}'
            | '\u{31F0}'..='\u{31FF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{A9E0}'..='\u{A9FF}'
            | '\u{AA60}'..='\u{AA7F}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF66}'..='\u{FF9F}'
            | '\u{20000}'..='\u{3FFFD}'
    )
}

#[cfg(test)]
mod tests {
    use super::TextUnit;

    const TEXTS: &[&str] = &[
        "",
        "one  two\tthree\n four ",
        "\u{6F22}\u{5B57} and \u{304B}\u{306A}mixed\u{30AB}\u{30CA}",
        "na\u{EF}ve \u{1F30A}\u{1F30A} \u{0E01}\u{0E32}\u{0E23}",
    ];

    /// Prefix, reach and suffix are defined by the sizes of the texts before and after them.
    #[test]
    fn prefixes_and_suffixes_are_the_longest_that_fit() {
        let long = TEXTS.concat().repeat(40);
        for text in TEXTS.iter().copied().chain([long.as_str()]) {
            let mut places = text
                .char_indices()
                .map(|(place, _)| place)
                .collect::<Vec<_>>();
            places.push(text.len());
            for unit in TextUnit::ALL {
                for size in (0..=40).chain([127, 128, 129, 400, 4_000]) {
                    let fits = |place: &&usize| unit.of(&text[..**place]) <= size;
                    let prefix = places.iter().rev().find(fits);
                    assert_eq!(Some(&unit.prefix(text, size)), prefix, "{unit:?} {size}");
                    let reaches = |place: &&usize| unit.of(&text[..**place]) >= size;
                    let reach = places
                        .iter()
                        .find(reaches)
                        .unwrap_or(&text.len())
                        .to_owned();
                    assert_eq!(unit.reach(text, size), reach, "{unit:?} {size}");
                    let most = size + size / 2;
                    assert_eq!(
                        unit.prefixes(text, size, most),
                        reach..=unit.prefix(text, most),
                        "{unit:?} {size}"
                    );
                    let fits = |place: &&usize| unit.of(&text[**place..]) <= size;
                    let suffix = places.iter().find(fits);
                    assert_eq!(Some(&unit.suffix(text, size)), suffix, "{unit:?} {size}");
                }
            }
        }
    }

    #[test]
    fn a_paragraph_without_spaces_is_not_one_word() {
        assert_eq!(
            TextUnit::Words.of("\u{6C34}\u{706B}\u{6728}\u{91D1}\u{571F}"),
            5
        );
        assert_eq!(TextUnit::Words.of("water, fire and wood"), 4);
    }
}
