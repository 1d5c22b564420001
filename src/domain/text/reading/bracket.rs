//! Opening brackets stay with the text after them, and closing brackets with the text before them.
//!
//! Brackets are recognised by their general categories. A quotation mark that opens in one language closes in
//! another, so its neighbours decide.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether a character opens a bracket, or a Spanish question or exclamation.
#[must_use]
pub fn is_opening(character: char) -> bool {
    match character {
        '(' | '[' | '{' | '\u{BF}' | '\u{A1}' => true,
        _ if character.is_ascii() => false,
        _ => {
            is_punctuation(character)
                && character.general_category() == GeneralCategory::OpenPunctuation
        }
    }
}

/// Whether a character closes a bracket.
#[must_use]
pub fn is_closing(character: char) -> bool {
    match character {
        ')' | ']' | '}' => true,
        _ if character.is_ascii() => false,
        _ => {
            is_punctuation(character)
                && character.general_category() == GeneralCategory::ClosePunctuation
        }
    }
}

/// Whether a character is an opening or closing quotation mark.
#[must_use]
pub fn is_quote(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | '\u{AB}' | '\u{BB}' | '\u{2018}' | '\u{2019}' | '\u{201B}'
            ..='\u{201D}' | '\u{201F}' | '\u{2039}' | '\u{203A}' | '\u{FF02}' | '\u{FF07}'
    )
}

/// Whether a cut between `before` and `after` would separate a bracket or a quotation mark from its text. `gap` is
/// the white space between them.
#[must_use]
pub fn tears(before: &str, gap: &str, after: &str) -> bool {
    let Some(last) = before.chars().next_back() else {
        return false;
    };
    let Some(first) = after.chars().next() else {
        return false;
    };
    if last.is_ascii_alphanumeric() && first.is_ascii_alphanumeric() {
        return false;
    }
    let outer = before.chars().rev().nth(1);
    let inner = after.chars().nth(1);
    opens(last, outer, gap, first) || closes(first, inner, gap)
}

/// Whether `last` is an opening mark, with `outer` before it, and `gap` and `first` after it.
fn opens(last: char, outer: Option<char>, gap: &str, first: char) -> bool {
    if is_opening(last) {
        return true;
    }
    if !is_quote(last) {
        return false;
    }
    let follows_space = outer.is_none_or(|outer| outer.is_whitespace() || is_opening(outer));
    match last {
        '\u{AB}' | '\u{2039}' => follows_space,
        '\u{201C}' | '\u{2018}' => gap.is_empty() && first.is_alphanumeric(),
        _ => follows_space && gap.is_empty(),
    }
}

/// Whether `first` is a closing mark, with `gap` before it and `inner` after it.
fn closes(first: char, inner: Option<char>, gap: &str) -> bool {
    if is_closing(first) {
        return true;
    }
    if !is_quote(first) {
        return false;
    }
    let precedes_space = inner
        .is_none_or(|inner| !inner.is_alphanumeric() && !is_opening(inner) && !is_quote(inner));
    match first {
        '\u{BB}' | '\u{203A}' | '"' | '\'' => precedes_space,
        _ => precedes_space && gap.is_empty(),
    }
}

/// Whether a character is in a block that has brackets, so that its category must be looked up.
fn is_punctuation(character: char) -> bool {
    matches!(
        character,
        '\u{F3A}'..='\u{F3D}' | '\u{169B}' | '\u{169C}' | '\u{2010}'..='\u{2E7F}' | '\u{3008}'..='\u{301F}' | '\u{FD3E}' | '\u{FD3F}' | '\u{FE17}'..='\u{FE5E}' | '\u{FF08}'..='\u{FF63}'
    )
}
