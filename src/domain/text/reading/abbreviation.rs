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
        let listed = Self::listed(word, next);
        if listed == Self::None && is_vowelless(word) {
            return Self::Often;
        }
        listed
    }

    /// Classifies `word` by the lists alone.
    fn listed(word: &str, next: &Next<'_>) -> Self {
        let mut buffer = [0; WORD_BYTES_MAX];
        let Some(small) = Some(word)
            .filter(|word| may_be_listed(word))
            .and_then(|word| small(word, &mut buffer))
        else {
            return Self::None;
        };
        if has(ALWAYS, small) {
            return Self::Always;
        }
        if has(OFTEN, small) {
            return Self::Often;
        }
        if has(BEFORE_NUMBERS, small) && next.is_number() {
            return Self::Always;
        }
        let is_capitalised = word.chars().next().is_some_and(char::is_uppercase);
        if is_capitalised && next.is_capitalised() && has(TITLES, small) {
            return Self::Often;
        }
        Self::None
    }
}

/// The number of different shapes. The words in the lists have less than a quarter of them.
const SHAPES: usize = 1 << 12;

/// The shapes of the words in the lists.
static LISTED: [bool; SHAPES] = shapes_of(&[ALWAYS, OFTEN, BEFORE_NUMBERS, TITLES]);

/// Whether a list may have `word`. Most words before a full stop are in none, and this shows it without a search.
fn may_be_listed(word: &str) -> bool {
    // A letter beyond ASCII may have another length in lower case.
    !word.is_ascii() || LISTED[shape(word.as_bytes())]
}

/// Returns a number that depends on the length and the first two letters of a word, which may be capitals.
const fn shape(word: &[u8]) -> usize {
    const CASE: u8 = b'a' ^ b'A';
    let (first, second) = match word {
        [first, second, ..] => (*first | CASE, *second | CASE),
        [first] => (*first | CASE, 0),
        [] => (0, 0),
    };
    (word.len() << 9 ^ (second as usize) << 5 ^ first as usize) % SHAPES
}

const fn shapes_of(lists: &[&[&str]]) -> [bool; SHAPES] {
    let mut shapes = [false; SHAPES];
    let mut list = 0;
    while list < lists.len() {
        let mut word = 0;
        while word < lists[list].len() {
            shapes[shape(lists[list][word].as_bytes())] = true;
            word += 1;
        }
        list += 1;
    }
    shapes
}

/// Whether a word of Latin or Cyrillic letters has no vowel and is no acronym: `hrsg`, `млн`.
fn is_vowelless(word: &str) -> bool {
    let mut letters = word.chars();
    let Some(first) = letters.next() else {
        return false;
    };
    let rest = letters.clone().take(VOWELLESS_CHARACTERS).count();
    first.to_lowercase().all(is_consonant)
        && letters.all(is_consonant)
        && (1..VOWELLESS_CHARACTERS).contains(&rest)
}

/// Whether a character is a small letter, but no vowel.
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
    use super::{ALWAYS, BEFORE_NUMBERS, LISTED, OFTEN, SHAPES, TITLES, may_be_listed};
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

    #[test]
    fn listed_words_are_sought_in_either_case_and_most_others_are_not() {
        for word in [ALWAYS, OFTEN, BEFORE_NUMBERS, TITLES].concat() {
            assert!(may_be_listed(word), "{word}");
            assert!(may_be_listed(&word.to_uppercase()), "{word}");
        }
        let starters = STARTERS.iter().filter(|word| word.is_ascii());
        let sought = starters.clone().filter(|word| may_be_listed(word));
        assert!(sought.count() * 2 < starters.count());
        let shapes = LISTED.iter().filter(|is_listed| **is_listed);
        assert!(shapes.count() * 4 < SHAPES);
    }
}
