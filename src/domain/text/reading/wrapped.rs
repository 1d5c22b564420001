//! Decides whether a line was broken because it was full.
//!
//! Lines that are wrapped by hand or by a program have similar lengths: the next line's first word did not fit. The
//! lines of a list, a table, a log or a program differ in length, or begin in the same way. Prose continues with a
//! small letter or after a comma, also where its lines differ in length.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::domain::text::reading::letters::is_ideographic;
use crate::domain::text::reading::marker;
use crate::domain::text::white_space::{is_line_break, trim_end, trim_start};

/// The least width of a wrapped line, in characters. Narrower wrapping is rare, and lists of short lines are not.
const WIDTH_MIN: usize = 36;
/// The same for ideographs, which are twice as wide.
const WIDTH_MIN_WIDE: usize = 20;
/// The longest wrapped line in bytes, and the distance within which the end of a line is searched.
const LINE_BYTES: usize = 256;
/// The least part of the width that a wrapped line fills, in percent.
const FILL_PERCENT: usize = 75;
/// The same for prose. Lines from which tags were removed differ in length.
const FILL_PERCENT_PROSE: usize = 50;
/// The least number of words in a line of prose. Lines of lists, tables and programs usually have fewer.
const WORDS_MIN_PROSE: usize = 6;
/// The longest indentation, in bytes, with which the caller sees the marker of a line.
const INDENTATION_MAX: usize = 64;
/// The space between two columns. A searcher costs more to create than a line costs to search.
static COLUMN_GAP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"   "));

/// Whether the line that ends at `place` was wrapped there and continues in the next. The caller has seen that the next
/// line begins with no marker, unless its indentation is longer than `INDENTATION_MAX`.
#[must_use]
pub fn is_wrapped(text: &str, place: usize) -> bool {
    let (before, line) = last_line(&text[..place]);
    if line.len() < WIDTH_MIN {
        return false;
    }
    let next = first_line(&text[place..]);
    let first = trim_start(next);
    let (Some(last), Some(letter)) = (line.chars().next_back(), first.chars().next()) else {
        return false;
    };
    if matches!(letter, '|' | '#' | '<' | '{' | '}' | '+' | '\\' | '/') {
        return false;
    }
    let is_indented = next.len() - first.len() > INDENTATION_MAX;
    debug_assert!(is_indented || !marker::begins_with_marker(next));
    if is_indented && marker::begins_with_marker(next) {
        return false;
    }
    if matches!(last, '\u{3001}' | '\u{FF0C}') {
        return true;
    }
    if is_ideographic(letter) || is_ideographic(last) {
        return is_wide_wrapped(line, next);
    }
    let words = bytecount::count(line.as_bytes(), b' ');
    // Prose has a space every dozen bytes, and every forty bytes in scripts of three bytes for each character.
    if words < 4 || words * 40 < line.len() || matches!(last, ':' | '|' | '{' | ';') {
        return false;
    }
    let width = length(line);
    let next_width = length(next);
    let is_filled = width * 100 >= next_width * FILL_PERCENT_PROSE;
    if is_filled && (letter.is_lowercase() || last == ',') && is_prose(line, first) {
        return true;
    }
    let needed = width + 1 + length(first_word(first));
    let had_no_room = width >= WIDTH_MIN && needed > next_width;
    // The line above can only show that there was room.
    if !had_no_room && !letter.is_lowercase() {
        return false;
    }
    let above_width = length(last_line(before).1);
    if !had_no_room || needed <= above_width {
        // A line above may be longer if no long word follows it. A lower-case letter still continues the sentence.
        let widest = width.max(next_width).max(above_width);
        return letter.is_lowercase() && width * 100 >= widest * FILL_PERCENT && is_plain(line);
    }
    if letter.is_lowercase() {
        return true;
    }
    let is_filled = |other: usize| other.abs_diff(width) * 100 <= width * (100 - FILL_PERCENT);
    let has_filled_neighbour = is_filled(above_width) || is_filled(next_width);
    has_filled_neighbour && !begins_alike(trim_start(line), first) && letter.is_alphanumeric()
}

/// Returns the characters of a line.
fn length(line: &str) -> usize {
    bytecount::num_chars(line.as_bytes())
}

/// Whether a line is prose to its end, without a colon or brace that ends a line of a program.
fn is_plain(line: &str) -> bool {
    line.ends_with(|last: char| last.is_alphabetic() || last == ',')
}

/// Whether a line is prose that the next may continue: words in one column, and no entry of a log. The line above does
/// not matter. `next` has no indentation.
fn is_prose(line: &str, next: &str) -> bool {
    let text = trim_start(line);
    text.strip_suffix(',')
        .unwrap_or(text)
        .ends_with(char::is_alphabetic)
        && next.starts_with(char::is_alphabetic)
        && !begins_alike(text, next)
        && bytecount::count(text.as_bytes(), b' ') + 1 >= WORDS_MIN_PROSE
        && COLUMN_GAP.find(text.as_bytes()).is_none()
}

/// Whether a line of ideographs was wrapped. Such lines break anywhere, so all of them are full.
fn is_wide_wrapped(line: &str, next: &str) -> bool {
    let width = length(line);
    let next_width = length(next);
    width >= WIDTH_MIN_WIDE && next_width <= width + 2 && !next.starts_with('\u{3000}')
}

/// Whether two lines without indentation begin in the same way, as log entries do: with a number, or with the same
/// word.
fn begins_alike(one: &str, other: &str) -> bool {
    let starts_with_digit =
        |text: &str| text.starts_with(|first: char| first.is_numeric() || first == '[');
    // Most lines begin with different characters, so that their words need not be compared.
    let is_same_word =
        || one.chars().next() == other.chars().next() && first_word(one) == first_word(other);
    is_same_word() || starts_with_digit(one) && starts_with_digit(other)
}

/// Returns the word that `text` begins with.
fn first_word(text: &str) -> &str {
    &text[..text.find(char::is_whitespace).unwrap_or(text.len())]
}

/// Returns the last line of a text, without its end, and the text before it.
fn last_line(text: &str) -> (&str, &str) {
    let end = text.strip_suffix('\n').unwrap_or(text);
    let end = end.strip_suffix('\r').unwrap_or(end);
    let text = end.strip_suffix(is_line_break).unwrap_or(end);
    let from = text.ceil_char_boundary(text.len().saturating_sub(LINE_BYTES));
    let start = memchr::memrchr2(b'\n', b'\r', &text.as_bytes()[from..]);
    let start = start.map_or(from, |at| from + at + 1);
    (&text[..start], trim_end(&text[start..]))
}

/// Returns the first line of a text, up to [`LINE_BYTES`].
fn first_line(text: &str) -> &str {
    let through = text.floor_char_boundary(LINE_BYTES);
    let end = memchr::memchr2(b'\n', b'\r', &text.as_bytes()[..through]);
    trim_end(&text[..end.unwrap_or(through)])
}
