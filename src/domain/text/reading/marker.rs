//! List markers, section numbers, and signs of headings and quoted lines. They stay with the text that they mark.

use crate::domain::text::reading::letters::is_roman;
use crate::domain::text::white_space::{self, after_blanks, is_line_break};

/// The longest marker, in bytes: `12.3.4.`, or a few nested markers.
const MARKER_BYTES: usize = 24;
/// An empty checkbox, the only marker with a space in it.
const CHECKBOX: &str = "[ ]";
/// The longest number or letters of a marker, in characters.
const LABEL_CHARACTERS: usize = 4;

/// Whether `before` ends with a marker: one at the start of a line, or `(a)` anywhere.
#[must_use]
pub fn ends_with_marker(before: &str) -> bool {
    let Some(last) = before.chars().next_back() else {
        return false;
    };
    if last.is_alphanumeric() && !last.is_numeric() || matches!(last, ',' | '\u{201D}' | '"') {
        return false;
    }
    let word = before.rsplit(char::is_whitespace).next().unwrap_or(before);
    if begins_with_word(word) {
        return false;
    }
    // Most words are no marker, so that their line need not be found.
    if (is_marker(word) || before.ends_with(CHECKBOX)) && is_marker_line(before) {
        return true;
    }
    matches!(last, '\u{2022}' | '\u{2023}' | '\u{25E6}' | '\u{25AA}')
        && word.chars().nth(1).is_none()
        || last == ')' && is_label(word.trim_end_matches(')').trim_start_matches('('))
}

/// Whether a line begins with a marker, leading white space aside.
#[must_use]
pub fn begins_with_marker(line: &str) -> bool {
    let line = &line[after_blanks(line.as_bytes(), 0)..];
    if begins_with_word(line) || begins_with_other_sign(line) {
        return false;
    }
    let line = line.trim_start_matches([' ', '\t', '\u{A0}', '\u{3000}']);
    // A word that continues after these bytes is too long, with any last character.
    let near = &line[..line.floor_char_boundary(MARKER_BYTES + 4)];
    let end = near.find(char::is_whitespace);
    line.starts_with(CHECKBOX)
        || end.is_some_and(|end| end <= MARKER_BYTES && is_marker(&line[..end]))
}

/// Whether a line begins with a letter that begins no marker because of the character after it, as most lines do.
///
/// The bytes from 0xC3 to 0xD4 begin the letters from U+00C0 to U+053F: Latin, Greek and Cyrillic, without numerals.
fn begins_with_word(line: &str) -> bool {
    let is_numeral = |letter: &u8| b"IVXLCDMivx".contains(letter);
    match line.as_bytes() {
        [first, next, ..] if first.is_ascii_alphabetic() => match next {
            b' ' | b',' | b'\'' | 0xC3..=0xD4 => true,
            b'A'..=b'Z' | b'a'..=b'z' => !is_numeral(next) || !is_numeral(first),
            _ => false,
        },
        [0xC3..=0xD4, _, next, ..] => next.is_ascii_alphabetic() || (0xC3..=0xD4).contains(next),
        _ => false,
    }
}

/// Whether a line begins with an ASCII sign that begins no marker.
fn begins_with_other_sign(line: &str) -> bool {
    let first = line.as_bytes().first();
    first.is_some_and(|first| first.is_ascii_punctuation() && !b"#>[(*+-".contains(first))
}

/// Whether the start of a line, which is the last of `text`, consists of markers alone.
fn is_marker_line(text: &str) -> bool {
    let line = text.rfind(is_line_break).map_or(text, |at| &text[at..]);
    // The indentation of the line may be longer than the marker.
    let line = white_space::trim_start(line);
    if line.len() > MARKER_BYTES {
        return false;
    }
    let mut words = line.split_whitespace().peekable();
    words.peek().is_some() && (words.all(is_marker) || line.ends_with(CHECKBOX))
}

fn is_marker(word: &str) -> bool {
    let mut characters = word.chars();
    let (Some(first), second) = (characters.next(), characters.next()) else {
        return false;
    };
    if second.is_none() && is_bullet(first) || word.chars().all(|one| one == '#' || one == '>') {
        return true;
    }
    if matches!(word, "[x]" | "[X]") {
        return true;
    }
    let label = word.trim_start_matches('(').trim_start_matches('\u{FF08}');
    let bare = label.trim_end_matches([')', '.', ':', '\u{3001}', '\u{FF09}', '\u{FF0E}']);
    let is_closed = bare.len() < label.len();
    is_closed && is_label(bare) || is_section(bare)
}

/// Whether a word is a label such as `7`, `iv` or `B`.
fn is_label(label: &str) -> bool {
    let length = label.chars().count();
    let is_number = label.chars().all(char::is_numeric) && length <= LABEL_CHARACTERS;
    let is_ideographic = || {
        label
            .chars()
            .all(|one| "一二三四五六七八九十百".contains(one))
    };
    let is_letters = || length == 1 && label.chars().all(char::is_alphabetic);
    let is_numeral =
        || is_roman(label) || label.len() <= 5 && label.bytes().all(|byte| b"ivx".contains(&byte));
    length > 0 && (is_number || is_ideographic() || is_letters() || is_numeral())
}

/// Whether a word is the number of a section, such as `1.2.3`.
fn is_section(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|part| {
            (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
}

fn is_bullet(character: char) -> bool {
    matches!(
        character,
        '-' | '*' | '+' | '>' | '\u{B7}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2022}'
                | '\u{2023}'
                | '\u{2043}'
                | '\u{25A0}'
                | '\u{25A1}'
                | '\u{25AA}'
                | '\u{25AB}'
                | '\u{25B6}'
                | '\u{25BA}'
                | '\u{25CB}'
                | '\u{25CF}'
                | '\u{25E6}'
                | '\u{2605}'
                | '\u{27A2}'
                | '\u{2713}'
                | '\u{2714}'
                | '\u{30FB}'
                | '\u{203B}'
                | '\u{00A7}'
    )
}

#[cfg(test)]
mod tests {
    use super::{begins_with_marker, ends_with_marker};

    #[test]
    fn markers_stay_with_their_items() {
        for marker in [
            "\n5.",
            "\n  - ",
            "\n12)",
            "\n(a)",
            "see (b)",
            "\n##",
            "\n> -",
            "\n1.2.3",
            "\n一、",
            "\n• ",
            "\n- [ ]",
            "\n                        7.2.",
        ] {
            assert!(ends_with_marker(marker.trim_end()), "{marker:?}");
        }
        for text in [
            "end.",
            "\nIn 1990",
            "a - b -",
            "see (note)",
            "\nfive,",
            "\n1990s",
            "f(x)",
        ] {
            assert!(!ends_with_marker(text), "{text:?}");
        }
        assert!(begins_with_marker("  - item"));
        assert!(begins_with_marker("10. item"));
        assert!(begins_with_marker("[ ] item"));
        assert!(!begins_with_marker("  ] [-W] [-t seconds]"));
        assert!(!begins_with_marker("  [ user name or oid ]"));
        assert!(!begins_with_marker("no item"));
        assert!(!begins_with_marker("-5 degrees"));
    }
}
