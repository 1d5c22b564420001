//! The places that no token of a tokenizer crosses.

/// The places where a text can be split so that the tokens of both parts alone are the tokens of the whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SplitRule {
    /// No place is known. The count of a text says nothing about its parts.
    Nowhere,
    /// Before a space between two words.
    Spaces,
    /// Before a space between two words, and between a letter and a full-width punctuation mark.
    SpacesAndPunctuation,
}

/// The kind of a place where a block may end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PlaceKind {
    /// Before a space between two words.
    Space,
    /// Between a letter and a full-width punctuation mark.
    Punctuation,
}

impl SplitRule {
    /// Whether no token crosses places of this kind.
    pub(super) fn holds_at(self, kind: PlaceKind) -> bool {
        match (self, kind) {
            (Self::Nowhere, _) | (Self::Spaces, PlaceKind::Punctuation) => false,
            (Self::Spaces, PlaceKind::Space) | (Self::SpacesAndPunctuation, _) => true,
        }
    }
}

/// The first bytes of full-width punctuation marks: U+3000 to U+303F and U+FF00 to U+FF3F.
pub(super) const PUNCTUATION_STARTS: [u8; 2] = [0xE3, 0xEF];

/// Returns the kind of the place `at`, at which a space or [`PUNCTUATION_STARTS`] stands. `None` means that no block ends
/// there.
pub(super) fn place_at(text: &str, at: usize) -> Option<PlaceKind> {
    if text.as_bytes()[at] == b' ' {
        is_between_words(text, at).then_some(PlaceKind::Space)
    } else {
        is_before_mark(text, at).then_some(PlaceKind::Punctuation)
    }
}

/// Whether a single space stands between two words. A normalizer may turn other characters into spaces, or drop them, so
/// the characters around it must be plain.
fn is_between_words(text: &str, at: usize) -> bool {
    let is_word = |character: char| character.is_ascii_graphic() || character.is_alphanumeric();
    let before = text[..at].chars().next_back();
    let after = text[at + 1..].chars().next();
    before.is_some_and(is_word) && after.is_some_and(char::is_alphanumeric)
}

/// Whether a letter stands before the place, and a full-width mark after it. Such marks are no letters in any
/// normalization form.
fn is_before_mark(text: &str, at: usize) -> bool {
    let after = text[at..].chars().next();
    let is_mark = matches!(
        after,
        Some(
            '\u{3001}'
                | '\u{3002}'
                | '\u{FF01}'
                | '\u{FF0C}'
                | '\u{FF1A}'
                | '\u{FF1B}'
                | '\u{FF1F}'
        )
    );
    is_mark && text[..at].chars().next_back().is_some_and(is_wide_letter)
}

/// Whether a character is a Han character, a kana or a syllable of Hangul.
fn is_wide_letter(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

#[cfg(test)]
mod tests {
    use super::{PlaceKind, place_at};

    #[test]
    fn blocks_end_between_words_and_before_full_width_marks() {
        let space = Some(PlaceKind::Space);
        let mark = Some(PlaceKind::Punctuation);
        for (before, after, expected) in [
            ("a", " b", space),
            ("a.", " \u{E9}", space),
            ("", " b", None),
            ("a ", " b", None),
            ("a", "  b", None),
            ("a", " ", None),
            ("a", " <mask>", None),
            ("a\u{200B}", " b", None),
            ("\u{6F22}", "\u{3002}", mark),
            ("\u{6F22}", "\u{FF0C}\u{5B57}", mark),
            ("a", "\u{3002}", None),
            ("\u{6F22}", "\u{3042}", None),
        ] {
            let text = [before, after].concat();
            assert_eq!(place_at(&text, before.len()), expected, "{text:?}");
        }
    }
}
