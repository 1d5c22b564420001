//! The text after a mark, as evidence for the end of a sentence.

use crate::domain::text::reading::bracket;
use crate::domain::text::reading::letters::{is_ideographic, is_roman};
use crate::domain::text::reading::stop::Stop;
use crate::domain::text::reading::word_lists::starters::is_starter;

/// The bytes of text after a place that are read.
const SEEN_BYTES: usize = 48;

/// The text after a place, white space aside.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    /// The text from the first character that is not white space.
    text: &'a str,
    /// The text from the first letter, digit or mark after opening quotes, brackets and dashes.
    word: &'a str,
    /// Whether a dash stands before the word.
    has_dash: bool,
}

impl<'a> Next<'a> {
    /// Reads the text after a place.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let text = text.trim_start();
        let text = &text[..text.floor_char_boundary(SEEN_BYTES)];
        let mut word = text;
        let mut has_dash = false;
        while let Some(first) = word.chars().next() {
            let is_dash = matches!(first, '-' | '\u{2010}'..='\u{2015}' | '\u{2022}' | '*');
            let is_aside = is_dash
                || first.is_whitespace()
                || bracket::is_opening(first)
                || bracket::is_quote(first);
            if !is_aside {
                break;
            }
            has_dash |= is_dash;
            word = &word[first.len_utf8()..];
        }
        Self {
            text,
            word,
            has_dash,
        }
    }

    /// Returns the first character.
    #[must_use]
    pub fn first(&self) -> Option<char> {
        self.text.chars().next()
    }

    /// Whether the text continues the sentence: a comma, another mark, or a lower-case letter follows.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let Some(first) = self.first() else {
            return false;
        };
        if Stop::of(first).is_some() || is_comma(first) || bracket::is_closing(first) {
            return true;
        }
        let is_small = self.letter().is_some_and(char::is_lowercase);
        is_small && !matches!(first, '\u{BF}' | '\u{A1}' | '\u{2022}' | '*')
    }

    /// Whether a number follows, in digits or Roman numerals.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.letter().is_some_and(char::is_numeric) || is_roman(self.word())
    }

    /// Whether the next word has a capital, or is of a script without capitals.
    #[must_use]
    pub fn is_capitalised(&self) -> bool {
        self.letter()
            .is_some_and(|letter| letter.is_alphabetic() && !letter.is_lowercase())
    }

    /// Whether the next word begins sentences. The result is also true after a dash and at the end of the text.
    #[must_use]
    pub fn is_starter(&self) -> bool {
        let word = self.word();
        if word.is_empty() {
            return self.text.is_empty();
        }
        if !word.starts_with(char::is_uppercase) {
            return false;
        }
        let is_elided = || {
            let rest = &self.word[word.len()..];
            let article = matches!(
                word,
                "L" | "C" | "J" | "N" | "S" | "Qu" | "Un" | "All" | "Dell"
            );
            article && rest.starts_with(['\'', '\u{2019}'])
        };
        self.has_dash || is_starter(word) || is_elided()
    }

    /// Whether the next word begins sentences and is not part of a name.
    #[must_use]
    pub fn is_starter_and_no_name(&self) -> bool {
        let word = self.word();
        let is_name = matches!(
            word,
            "He" | "So"
                | "In"
                | "An"
                | "No"
                | "De"
                | "Van"
                | "La"
                | "Le"
                | "El"
                | "Di"
                | "Da"
                | "Do"
                | "Al"
                | "Den"
                | "Der"
                | "Von"
                | "Du"
                | "Des"
                | "Ten"
                | "To"
                | "My"
                | "Man"
                | "May"
                | "On"
                | "As"
                | "Will"
                | "Zu"
                | "Am"
                | "Im"
                | "Dos"
                | "Das"
                | "Los"
                | "Las"
                | "Un"
                | "Per"
                | "Pan"
                | "Han"
                | "Ali"
                | "Ben"
                | "Son"
                | "Co"
        );
        word.chars().nth(1).is_some() && !is_name && self.is_starter()
    }

    /// Whether the next letter is of a script that puts no space between words.
    #[must_use]
    pub fn is_unspaced(&self) -> bool {
        self.word.chars().next().is_some_and(is_ideographic)
    }

    /// Returns the first letter or digit.
    #[must_use]
    pub fn letter(&self) -> Option<char> {
        self.word.chars().next()
    }

    /// Returns the next word.
    #[must_use]
    pub fn word(&self) -> &'a str {
        let end = self.word.find(|one: char| !one.is_alphanumeric());
        &self.word[..end.unwrap_or(self.word.len())]
    }
}

/// Marks that continue a sentence (`SContinue` of UAX #29), dashes aside.
fn is_comma(character: char) -> bool {
    matches!(
        character,
        ',' | ';'
            | ':'
            | '\u{55D}'
            | '\u{60C}'
            | '\u{61B}'
            | '\u{7F8}'
            | '\u{1363}'
            | '\u{1802}'
            | '\u{1808}'
            | '\u{3001}'
            | '\u{FE10}'
            | '\u{FE11}'
            | '\u{FE13}'
            | '\u{FE50}'
            | '\u{FE51}'
            | '\u{FF0C}'
            | '\u{FF1A}'
            | '\u{FF1B}'
            | '\u{FF64}'
    )
}
