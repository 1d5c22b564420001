//! The marks that end sentences, and the characters after them that belong to the sentence.

use crate::domain::text::reading::bracket;
use crate::domain::text::reading::letters::is_ideographic;

/// A mark that can end a sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// A full stop of the scripts that also use it for abbreviations.
    Period,
    /// Two or three full stops, or an ellipsis character.
    Ellipsis,
    /// A question or exclamation mark, which may also stand within a sentence.
    Call,
    /// A mark with no other use, as in CJK, Devanagari and related scripts.
    Full,
}

/// The characters after a mark that may belong to it. Longer runs of marks do not occur in prose.
const TAIL_CHARACTERS: usize = 24;
/// The longest reference mark, in characters: `[note 12]`.
const REFERENCE_CHARACTERS: usize = 12;

impl Stop {
    /// Returns the kind of a character, or `None` if it is not such a mark.
    #[must_use]
    pub fn of(character: char) -> Option<Self> {
        Some(match character {
            '.' | '\u{FF0E}' | '\u{2024}' | '\u{FE52}' => Self::Period,
            '\u{2026}' | '\u{2025}' | '\u{22EF}' => Self::Ellipsis,
            '!'
            | '?'
            | '\u{203C}'
            | '\u{203D}'
            | '\u{2047}'..='\u{2049}'
            | '\u{37E}'
            | '\u{FF01}'
            | '\u{FF1F}'
            | '\u{FE56}'
            | '\u{FE57}'
            | '\u{61F}' => Self::Call,
            _ if character.is_ascii() => return None,
            _ if is_full(character) => Self::Full,
            _ => return None,
        })
    }

    /// Whether a sentence ends at the mark `character` only if white space follows.
    #[must_use]
    pub fn is_spaced(character: char) -> bool {
        matches!(
            character,
            '.' | '!' | '?' | '\u{2024}'..='\u{2026}' | '\u{203C}' | '\u{203D}' | '\u{2047}'..='\u{2049}' | '\u{37E}'
        )
    }
}

/// Whether a mark only ends sentences (`STerm` of UAX #29).
fn is_full(character: char) -> bool {
    matches!(
        character,
        '\u{3002}' | '\u{FF61}'
            | '\u{589}' | '\u{61D}' | '\u{61E}' | '\u{6D4}'
            | '\u{700}'..='\u{702}' | '\u{7F9}' | '\u{837}' | '\u{839}' | '\u{83D}' | '\u{83E}'
            | '\u{964}' | '\u{965}' | '\u{F0D}'..='\u{F12}'
            | '\u{104A}' | '\u{104B}' | '\u{1362}' | '\u{1367}' | '\u{1368}' | '\u{166E}'
            | '\u{1735}' | '\u{1736}' | '\u{17D4}' | '\u{17D5}' | '\u{1803}' | '\u{1809}'
            | '\u{1944}' | '\u{1945}' | '\u{1AA8}'..='\u{1AAB}'
            | '\u{1B4E}' | '\u{1B4F}' | '\u{1B5A}' | '\u{1B5B}' | '\u{1B5E}' | '\u{1B5F}' | '\u{1B7D}'..='\u{1B7F}'
            | '\u{1C3B}' | '\u{1C3C}' | '\u{1C7E}' | '\u{1C7F}' | '\u{2CF9}'..='\u{2CFB}'
            | '\u{2E2E}' | '\u{2E3C}' | '\u{2E53}' | '\u{2E54}' | '\u{A4FF}' | '\u{A60E}' | '\u{A60F}'
            | '\u{A6F3}' | '\u{A6F7}' | '\u{A876}' | '\u{A877}' | '\u{A8CE}' | '\u{A8CF}' | '\u{A92F}'
            | '\u{A9C8}' | '\u{A9C9}' | '\u{AA5D}'..='\u{AA5F}' | '\u{AAF0}' | '\u{AAF1}' | '\u{ABEB}'
    )
}

/// Returns the end of the characters that belong to the sentence whose mark ends at `at`: more marks, closing quotes
/// and brackets, emphasis, and reference marks.
#[must_use]
pub fn tail(text: &str, at: usize) -> usize {
    let mut end = at;
    for _ in 0..TAIL_CHARACTERS {
        let mut rest = text[end..].chars();
        let Some(character) = rest.next() else {
            break;
        };
        if bracket::is_quote(character) && !matches!(character, '\u{201D}' | '\u{2019}') {
            // A quotation mark before a word opens the next quotation.
            if rest.next().is_some_and(char::is_alphanumeric) {
                break;
            }
            end += character.len_utf8();
        } else if belongs(character) {
            end += character.len_utf8();
        } else if character == '['
            && let Some(bytes) = reference(&text[end..])
        {
            end += bytes;
        } else if matches!(character, ' ' | '\u{A0}' | '\u{202F}' | '\u{2009}')
            && let Some(closing @ '\u{BB}') = rest.next()
            && rest.next().is_none_or(|next| !next.is_alphanumeric())
        {
            // French puts a space before a guillemet.
            end += character.len_utf8() + closing.len_utf8();
        } else {
            break;
        }
    }
    end
}

/// Whether white space, or an ideograph, which needs none, follows the end of a sentence at `end`.
#[must_use]
pub fn is_free(text: &str, end: usize) -> bool {
    let next = text[end..].chars().next();
    next.is_none_or(|next| next.is_whitespace() || is_ideographic(next))
}

/// Returns the start and the kind of the mark to whose sentence the end of `text` belongs.
#[must_use]
pub fn before(text: &str) -> Option<(usize, Stop)> {
    // Most places follow a letter or a comma, and none of these belongs to a mark.
    if matches!(
        text.as_bytes(),
        [.., b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b',']
    ) {
        return None;
    }
    let mut end = text.len();
    for _ in 0..TAIL_CHARACTERS {
        let character = text[..end].chars().next_back()?;
        let start = end - character.len_utf8();
        if let Some(stop) = Stop::of(character) {
            return Some((start, stop));
        }
        if character == ']' {
            end = reference_before(&text[..end]).unwrap_or(start);
        } else if belongs(character)
            || matches!(character, '\u{A0}' | '\u{202F}' | ' ') && text[end..].starts_with('\u{BB}')
        {
            end = start;
        } else {
            return None;
        }
    }
    None
}

/// Whether a character right after a mark belongs to it.
fn belongs(character: char) -> bool {
    match character {
        '.' | '!' | '?' | '"' | '\'' | ')' | ']' | '}' | '*' | '_' | '`' => true,
        _ if character.is_ascii() => false,
        _ => {
            is_superscript(character)
                || bracket::is_closing(character)
                || bracket::is_quote(character)
                || Stop::of(character).is_some()
        }
    }
}

/// Whether a character is a reference mark by itself: a superscript or a dagger.
fn is_superscript(character: char) -> bool {
    matches!(
        character,
        '\u{B9}' | '\u{B2}' | '\u{B3}' | '\u{2070}'..='\u{207E}' | '\u{2020}' | '\u{2021}'
    )
}

/// Returns the length of the reference mark that `text` begins with: `[3]`, `[12, 14]`, `[a]`, `[note 3]`.
fn reference(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let within = inner.chars().take(REFERENCE_CHARACTERS + 1);
    let length = within
        .take_while(|one| *one != ']')
        .map(char::len_utf8)
        .sum::<usize>();
    let mark = &inner[..length];
    (inner[length..].starts_with(']') && is_reference(mark)).then_some(length + 2)
}

/// Returns the start of the reference mark that `text` ends with.
fn reference_before(text: &str) -> Option<usize> {
    let mut back = text.char_indices().rev().take(REFERENCE_CHARACTERS + 2);
    let (start, _) = back.find(|(_, one)| *one == '[')?;
    (reference(&text[start..])? == text.len() - start).then_some(start)
}

fn is_reference(mark: &str) -> bool {
    let has_digit = mark.chars().any(char::is_numeric);
    let is_letter = mark.chars().count() == 1 && mark.chars().all(char::is_alphanumeric);
    has_digit
        && mark
            .chars()
            .all(|one| one.is_alphanumeric() || " ,;-\u{2013}:.".contains(one))
        || is_letter
}
