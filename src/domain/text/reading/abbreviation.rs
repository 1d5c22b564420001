//! Decides whether a word with a full stop after it is an abbreviation.

use crate::domain::text::reading::letters::{WORD_BYTES_MAX, has, small};
use crate::domain::text::reading::next::Next;
use crate::domain::text::reading::word_lists::abbreviations::{
    ALWAYS, BEFORE_NUMBERS, OFTEN, TITLES,
};

/// The meaning of a word with a full stop for the end of a sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Abbreviation {
    /// The word is not an abbreviation.
    None,
    /// No sentence ends here.
    Always,
    /// A sentence ends here if the next word begins one.
    Often,
}

/// The longest abbreviation that is recognised by its lack of vowels, in characters.
const VOWELLESS_CHARACTERS: usize = 5;

impl Abbreviation {
    /// Classifies `word`, which stands before a full stop and is followed by `next`.
    #[must_use]
    pub fn of(word: &str, next: &Next<'_>) -> Self {
        let mut buffer = [0; WORD_BYTES_MAX];
        let Some(small) = small(word, &mut buffer) else {
            return Self::None;
        };
        if has(ALWAYS, small) {
            return Self::Always;
        }
        if has(OFTEN, small) {
            return Self::Often;
        }
        if next.is_number() && has(BEFORE_NUMBERS, small) {
            return Self::Always;
        }
        let is_capitalised = word.chars().next().is_some_and(char::is_uppercase);
        if is_capitalised && next.is_capitalised() && has(TITLES, small) {
            return Self::Often;
        }
        if is_vowelless(word, small) {
            return Self::Often;
        }
        Self::None
    }
}

/// Whether a word of Latin or Cyrillic letters has no vowel and is no acronym: `hrsg`, `млн`.
fn is_vowelless(word: &str, small: &str) -> bool {
    let is_short = (2..=VOWELLESS_CHARACTERS).contains(&small.chars().count());
    is_short && small.chars().all(is_consonant) && word.chars().skip(1).all(char::is_lowercase)
}

fn is_consonant(character: char) -> bool {
    match character {
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'r' => false,
        'a'..='z' => true,
        '\u{430}'..='\u{44F}' => !matches!(
            character,
            'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я'
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{ALWAYS, BEFORE_NUMBERS, OFTEN, TITLES};
    use crate::domain::text::reading::letters::{WORD_BYTES_MAX, small};
    use crate::domain::text::reading::word_lists::starters::STARTERS;

    #[test]
    fn the_lists_are_in_order_and_in_small_letters() {
        for list in [ALWAYS, OFTEN, BEFORE_NUMBERS, TITLES, STARTERS] {
            assert!(list.is_sorted_by(|a, b| a < b));
            for word in list {
                assert_eq!(small(word, &mut [0; WORD_BYTES_MAX]), Some(*word));
            }
        }
    }
}
