//! Decides whether a sentence ends at a mark.
//!
//! A full stop also ends abbreviations, initials, ordinals and enumerators, so the words before and after it decide.
//! In doubt, no sentence ends. A cut at a place that only looks like an end misleads a reader, while a missed end
//! costs only a possible cut.

use crate::domain::text::reading::abbreviation::Abbreviation;
use crate::domain::text::reading::bracket;
use crate::domain::text::reading::letters::{is_ideographic, is_roman};
use crate::domain::text::reading::next::Next;
use crate::domain::text::reading::quotation;
use crate::domain::text::reading::stop::Stop;
use crate::domain::text::white_space::Gap;

/// The meaning of a place for the sentence whose mark stands before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sense {
    /// A sentence ends.
    Ends,
    /// The sentence continues after the mark.
    GoesOn,
    /// The mark belongs to a word, a number or a marker, and these continue with the next word.
    Belongs,
}

/// The longest part of an initialism, in characters: `Dipl.Ing`.
const PART_CHARACTERS: usize = 4;
/// The longest part of the number of a table, a figure or a chapter, in digits. Years are longer.
const LABEL_DIGITS: usize = 3;
/// Numbers of at most this many digits are ordinals in many languages.
const ORDINAL_DIGITS: usize = 2;

/// A mark and its surroundings.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'a> {
    /// The kind of the mark.
    pub stop: Stop,
    /// The text before it.
    pub before: &'a str,
    /// The marks, quotes and brackets that belong to the mark, itself included.
    pub tail: &'a str,
    /// The white space after `tail`.
    pub gap: &'a str,
    /// The text after `gap`.
    pub after: &'a str,
}

impl Mark<'_> {
    /// Returns the meaning of the place after the mark.
    #[must_use]
    pub fn sense(&self) -> Sense {
        let next = Next::of(self.after);
        if self.gap.is_empty() && self.stop != Stop::Full && !self.may_stand_without_space(&next) {
            return Sense::Belongs;
        }
        if next.goes_on() {
            // `Dr. med.` and `v. chr.` must not be separated either.
            let belongs = self.stop == Stop::Period && self.of_word(&next) == Sense::Belongs;
            return if belongs {
                Sense::Belongs
            } else {
                Sense::GoesOn
            };
        }
        if quotation::goes_on(self.tail, self.after) || self.is_aside() {
            return Sense::GoesOn;
        }
        match self.stop {
            Stop::Full => Sense::Ends,
            Stop::Call => self.of_call(),
            Stop::Ellipsis => self.of_ellipsis(&next),
            Stop::Period if self.before.ends_with('.') => self.of_ellipsis(&next),
            Stop::Period => self.of_word(&next),
        }
    }

    /// Whether the mark may stand without a space, as full stops do before and after ideographs.
    fn may_stand_without_space(&self, next: &Next<'_>) -> bool {
        let mark = self.tail.chars().next();
        let is_wide = mark.is_some_and(|mark| !Stop::is_spaced(mark));
        is_wide
            || next.is_unspaced()
                && self
                    .before
                    .chars()
                    .next_back()
                    .is_some_and(|last| !last.is_ascii_digit())
    }

    /// Whether the mark stands in brackets within a sentence, or in quotes of a script without capitals, where a
    /// speaker's name may follow unnoticed.
    fn is_aside(&self) -> bool {
        let next = self.after.trim_start();
        if self.tail.contains([')', '\u{FF09}']) {
            let open = self.before.rfind(['(', '\u{FF08}']);
            let outer = open.map(|open| self.before[..open].trim_end());
            let last = outer.and_then(|outer| outer.chars().next_back());
            return last.is_some_and(|last| last.is_alphanumeric() || last == ',');
        }
        let is_uncased = next.starts_with(|first: char| {
            first.is_alphabetic()
                && !first.is_lowercase()
                && !first.is_uppercase()
                && !is_ideographic(first)
        });
        is_uncased && self.stop != Stop::Full && self.tail.ends_with(bracket::is_quote)
    }

    /// Judges an exclamation or question mark: `(!)` comments on a word, and some names have exclamation marks.
    fn of_call(&self) -> Sense {
        let is_alone = self.before.ends_with(['(', '[']);
        let word = last_word(self.before);
        if is_alone
            || matches!(word, "Yahoo" | "Jeopardy" | "Guess" | "Yum") && self.tail.len() == 1
        {
            return Sense::GoesOn;
        }
        Sense::Ends
    }

    /// Judges an ellipsis: `[...]` stands for omitted words.
    fn of_ellipsis(&self, next: &Next<'_>) -> Sense {
        let before = self.before.trim_end_matches('.');
        let is_left_out = before.ends_with(['[', '(']);
        let is_closed = self
            .tail
            .ends_with(|last| bracket::is_quote(last) || bracket::is_closing(last));
        let is_unsure = next
            .letter()
            .is_some_and(|letter| letter.is_numeric() || !letter.is_uppercase() && !is_closed);
        if is_left_out || before.is_empty() || is_unsure {
            return Sense::GoesOn;
        }
        Sense::Ends
    }

    /// Judges a word with a full stop.
    fn of_word(&self, next: &Next<'_>) -> Sense {
        let word = last_word(self.before);
        let Some(last) = word.chars().next_back() else {
            if self.before.ends_with(is_ideographic) {
                return Sense::Ends;
            }
            return if next.is_capitalised() {
                Sense::Ends
            } else {
                Sense::GoesOn
            };
        };
        if last.is_ascii_alphanumeric() && word.len() > 8 && !word.contains(['.', '-']) {
            return Sense::Ends;
        }
        if is_abbreviating_script(last) {
            return Sense::Belongs;
        }
        if word
            .chars()
            .all(|one| one.is_numeric() || ".,/:".contains(one))
        {
            return self.of_number(word, next);
        }
        let part = word
            .rsplit(['-', '/', '\'', '\u{2019}', '\u{2010}'])
            .next()
            .unwrap_or(word);
        let is_single = is_single(part);
        if is_single || is_initialism(part) {
            return self.of_initials(word, part, next);
        }
        if is_roman(word) {
            return ends_if(next.is_starter_and_no_name());
        }
        if is_special(part, self.before, next) {
            return Sense::Belongs;
        }
        match Abbreviation::of(part, next) {
            Abbreviation::None => Sense::Ends,
            Abbreviation::Always => Sense::Belongs,
            Abbreviation::Often => ends_if(next.is_starter()),
        }
    }

    /// Judges initials: `J. R. R. Tolkien`, `z. B.`, `U.S. Army`, and `in the U.S. The`.
    fn of_initials(&self, word: &str, part: &str, next: &Next<'_>) -> Sense {
        let whole = spaced_initialism(self.before, word);
        if let Abbreviation::Always = Abbreviation::of(&whole, next) {
            return Sense::Belongs;
        }
        let is_first = is_single(part) && whole.len() == part.len();
        let is_enumerator = is_first && self.begins_item(word);
        if is_enumerator {
            return Sense::Belongs;
        }
        ends_if(if is_first && part.chars().all(char::is_uppercase) {
            next.is_starter_and_no_name()
        } else {
            next.is_starter() && (next.is_starter_and_no_name() || !is_first)
        })
    }

    /// Judges a number: enumerators begin items, ordinals continue a sentence, and other numbers end one.
    fn of_number(&self, number: &str, next: &Next<'_>) -> Sense {
        let rest = self.before[..self.before.len() - number.len()].trim_end();
        let is_date = rest
            .strip_suffix('.')
            .is_some_and(|rest| rest.ends_with(char::is_numeric));
        if is_date
            || self.begins_item(number)
            || self.labels_caption(number)
            || next.letter().is_some_and(char::is_numeric)
        {
            return Sense::Belongs;
        }
        let digits = number.chars().filter(|one| one.is_numeric()).count();
        let is_cased = next.letter().is_some_and(|letter| {
            letter.is_ascii_alphabetic() || ('\u{C0}'..='\u{24F}').contains(&letter)
        });
        if is_cased && digits <= ORDINAL_DIGITS {
            return ends_if(next.is_starter());
        }
        Sense::Ends
    }

    /// Whether `number` labels a caption or heading: `Table 2.1. Sizes`. The word before it is the first of a paragraph,
    /// or of a line after the end of a sentence. In the middle of a sentence, wrapping can put it there.
    fn labels_caption(&self, number: &str) -> bool {
        let before = self.before[..self.before.len() - number.len()].trim_end();
        let word = last_word(before);
        let start = &before[..before.len() - word.len()];
        let above = start.trim_end();
        let begins = match Gap::of(&start[above.len()..]) {
            Gap::Paragraph => true,
            Gap::Line => above.ends_with(|last| Stop::of(last).is_some()),
            Gap::Blank => above.is_empty(),
        };
        begins
            && word.starts_with(char::is_uppercase)
            && number.split('.').all(|part| part.len() <= LABEL_DIGITS)
    }

    /// Whether `word`, the last one before the mark, stands where an item begins: after the end of a line or a
    /// sentence, or after a colon.
    fn begins_item(&self, word: &str) -> bool {
        let before = &self.before[..self.before.len() - word.len()];
        let before =
            before.trim_end_matches(|one| bracket::is_opening(one) || matches!(one, '*' | '#'));
        let trimmed = before.trim_end();
        let Some(last) = trimmed.chars().next_back() else {
            return true;
        };
        if Gap::of(&before[trimmed.len()..]) != Gap::Blank {
            return true;
        }
        // After an abbreviation, the word is the abbreviation's number.
        let is_end = Stop::of(last).is_some()
            && !(last == '.' && is_short(last_word(&trimmed[..trimmed.len() - 1])));
        is_end
            || matches!(
                last,
                ':' | ';'
                    | '\u{FF1A}'
                    | '\u{FF1B}'
                    | '\u{2022}'
                    | '-'
                    | '\u{2013}'
                    | '\u{2014}'
                    | '|'
            )
    }
}

/// Whether a word rarely ends a sentence: an abbreviation or an initial.
fn is_short(word: &str) -> bool {
    let next = Next::of("1");
    !word.chars().all(char::is_numeric)
        && (is_single(word)
            || is_initialism(word)
            || Abbreviation::of(word, &next) != Abbreviation::None)
}

fn ends_if(ends: bool) -> Sense {
    if ends { Sense::Ends } else { Sense::Belongs }
}

/// Returns the last word of a text, opening brackets and quotes aside.
fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .find(|(_, one)| is_word_border(*one));
    let word = start.map_or(text, |(at, one)| &text[at + one.len_utf8()..]);
    word.trim_start_matches(|one| {
        bracket::is_opening(one)
            || bracket::is_quote(one)
            || matches!(one, '*' | '_' | '~' | '\u{A7}' | '\u{B6}')
    })
}

fn is_word_border(character: char) -> bool {
    let is_wide = || {
        is_ideographic(character)
            || matches!(character, '\u{3001}' | '\u{3002}' | '\u{FF01}'..='\u{FF1F}')
    };
    character.is_whitespace()
        || matches!(
            character,
            '\u{2013}' | '\u{2014}' | '(' | '[' | '=' | '|' | '<' | '>'
        )
        || !character.is_ascii() && is_wide()
}

/// Whether a word is a single letter to a reader.
fn is_single(word: &str) -> bool {
    // Arabic writes *and* without a space.
    let word = word
        .strip_prefix('\u{648}')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(word);
    let mut characters = word.chars();
    let Some(first) = characters.next() else {
        return false;
    };
    let is_alone = characters.all(|mark| !mark.is_alphanumeric() || is_vowel_sign(mark));
    first.is_alphabetic() && is_alone && !is_syllabic(first)
}

/// Whether a mark is a vowel sign of India's scripts. These are alphabetic.
fn is_vowel_sign(character: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
    ('\u{900}'..='\u{DFF}').contains(&character)
        && character.general_category_group() == GeneralCategoryGroup::Mark
}

/// Whether a letter is of a script in which a letter can be a whole word.
fn is_syllabic(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7A3}')
        || is_ideographic(character)
}

/// Whether a word is an initialism such as `e.g`, `U.S` or `Ph.D`: short parts with stops between, one of them a
/// letter.
fn is_initialism(word: &str) -> bool {
    let parts = || word.split('.');
    let is_part = |part: &str| {
        (1..=PART_CHARACTERS).contains(&part.chars().count())
            && part.chars().all(char::is_alphabetic)
    };
    word.contains('.') && parts().all(is_part) && (parts().any(is_single) || word.len() <= 7)
}

/// Returns `z. B` and `e. g` as `z.B` and `e.g`: the single letters before `word`, without their spaces.
fn spaced_initialism(before: &str, word: &str) -> String {
    let mut whole = word.to_owned();
    let mut rest = &before[..before.len() - word.len()];
    for _ in 0..3 {
        let Some(trimmed) = rest.trim_end().strip_suffix('.') else {
            break;
        };
        let part = last_word(trimmed);
        if rest.trim_end().len() == rest.len() || !is_single(part) {
            break;
        }
        whole = format!("{part}.{whole}");
        rest = &trimmed[..trimmed.len() - part.len()];
    }
    whole
}

/// Whether a word is an abbreviation only after certain other words: `ad es. Roma`, `pod red. Jana`, `Hauptstr. 5`.
fn is_special(word: &str, before: &str, next: &Next<'_>) -> bool {
    let rest = &before[..before.len() - word.len()];
    let outer = || last_word(rest.trim_end());
    match word {
        "on" => rest.ends_with(['\'', '\u{2019}']),
        // `p. ex.` and `p. ej.`
        _ if word.len() <= 3 && rest.trim_end().ends_with('.') => {
            let whole = spaced_initialism(before, word);
            Abbreviation::of(&whole, next) == Abbreviation::Always
        }
        "es" => matches!(outer(), "ad" | "per" | "Ad" | "Per"),
        "red" => outer() == "pod",
        _ => word.len() > 4 && word.ends_with("str"),
    }
}

/// Whether a character is Thai or Lao, which have full stops only after abbreviations.
fn is_abbreviating_script(character: char) -> bool {
    ('\u{E00}'..='\u{EFF}').contains(&character)
}
