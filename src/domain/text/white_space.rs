//! White space belongs to the chunk before it, except a line's indentation, which belongs to the line.

/// The most bytes of text that are read after the last place that may be cut at: indentation, and the next words of
/// a [reading](crate::domain::text::reading).
pub const LOOK_AHEAD_BYTES: usize = 128;

/// Whether a line ends at this character (a mandatory break of UAX #14).
#[must_use]
pub fn is_line_break(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The place that white space leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// The start of the last line that begins in the white space, otherwise its end.
    pub place: usize,
    /// The end of the white space. All of it leads to the same place.
    pub end: usize,
}

/// Returns the place that the white space around `at` leads to, or `None` if it is past `limit`. White space that
/// continues far beyond `limit` leads to no place.
#[must_use]
#[inline]
pub fn skip(text: &str, at: usize, limit: usize) -> Option<Skipped> {
    if let Some(place) = skip_one(text.as_bytes(), at) {
        return (place <= limit).then_some(Skipped { place, end: place });
    }
    skip_long(text, at, limit)
}

/// Does the same where more white space may be. Most places need no call of it.
fn skip_long(text: &str, at: usize, limit: usize) -> Option<Skipped> {
    if let Some(skipped) = skip_indentation(text.as_bytes(), at) {
        let is_near = skipped.place <= limit && skipped.end <= limit + LOOK_AHEAD_BYTES;
        return is_near.then_some(skipped);
    }
    skip_all(text, at, limit)
}

/// Returns the place if the white space around `at` is at most one ASCII character. Most places are like that.
#[inline]
fn skip_one(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at.checked_sub(2)?..at + 2)? {
        [_, b'\n'..=b'\r' | b'!'..=b'~', after, _] | [b'!'..=b'~', b' ', after, _]
            if begins_text(*after) =>
        {
            Some(at)
        }
        [_, b'!'..=b'~', b' ', after] | [_, _, b'\n'..=b'\r', after] if begins_text(*after) => {
            Some(at + 1)
        }
        _ => None,
    }
}

/// Whether a byte begins a character that is certainly not white space. White space beyond ASCII begins with 0xC2,
/// 0xE1, 0xE2 or 0xE3.
fn begins_text(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xC3..=0xE0 | 0xE4..=0xF4)
}

/// Returns the start of the line and of its text if `at` is between these, and no other white space is around it.
fn skip_indentation(text: &[u8], at: usize) -> Option<Skipped> {
    if !matches!(text.get(at.checked_sub(1)?)?, b'\n'..=b'\r') {
        return None;
    }
    let end = after_blanks(text, at);
    begins_text(*text.get(end)?).then_some(Skipped { place: at, end })
}

fn skip_all(text: &str, at: usize, limit: usize) -> Option<Skipped> {
    let mut line = line_start(text, at);
    let mut end = at;
    loop {
        end = after_blanks(text.as_bytes(), end);
        if end > limit + LOOK_AHEAD_BYTES {
            return None;
        }
        let Some(byte) = text.as_bytes().get(end) else {
            break;
        };
        match byte {
            b'\n'..=b'\r' => {
                end += 1;
                line = Some(end);
            }
            byte if byte.is_ascii() => break,
            _ => {
                let Some(wide) = text[end..].chars().next().filter(|one| one.is_whitespace())
                else {
                    break;
                };
                end += wide.len_utf8();
                if is_line_break(wide) {
                    line = Some(end);
                }
            }
        }
    }
    // Blanks at the text's end begin no line.
    let place = line.filter(|_| end < text.len()).unwrap_or(end);
    (place <= limit).then_some(Skipped { place, end })
}

/// Returns the start of the line if it has only white space before `at`.
fn line_start(text: &str, at: usize) -> Option<usize> {
    let before = &text[..at];
    let blanks = before
        .bytes()
        .rev()
        .take_while(|byte| is_blank(*byte))
        .count();
    let before = &before[..at - blanks];
    match before.as_bytes().last() {
        Some(b'\n'..=b'\r') => Some(before.len()),
        Some(byte) if !byte.is_ascii() => {
            let mut wide = before.char_indices().rev();
            let (place, last) =
                wide.find(|(_, one)| is_line_break(*one) || !one.is_whitespace())?;
            is_line_break(last).then(|| place + last.len_utf8())
        }
        _ => None,
    }
}

/// The part of an indentation that is compared at once.
const SPACES: [u8; 16] = *b"                ";

/// Returns `text` without the white space at its start.
#[must_use]
#[inline]
pub fn trim_start(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', ..] => text,
        _ => trim_start_of_blank(text),
    }
}

fn trim_start_of_blank(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut start = after_blanks(bytes, 0);
    while bytes.get(start).is_some_and(|byte| is_ascii_space(*byte)) {
        start += 1;
    }
    match bytes.get(start) {
        Some(byte) if !byte.is_ascii() => text[start..].trim_start(),
        _ => &text[start..],
    }
}

/// Returns `text` without the white space at its end.
#[must_use]
#[inline]
pub fn trim_end(text: &str) -> &str {
    match text.as_bytes() {
        [.., b'!'..=b'~'] => text,
        _ => trim_end_of_blank(text),
    }
}

fn trim_end_of_blank(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut end = bytes.len();
    while end > 0 && is_ascii_space(bytes[end - 1]) {
        end -= 1;
    }
    if end > 0 && !bytes[end - 1].is_ascii() {
        return text[..end].trim_end();
    }
    &text[..end]
}

/// Whether a byte is an ASCII character with the property `White_Space`.
fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// Returns the end of the spaces and tabs that begin at `at`.
#[must_use]
pub fn after_blanks(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(block) = text[end..].first_chunk() {
        // The first byte that is no space has the lowest bit that differs.
        let different = u128::from_le_bytes(*block) ^ u128::from_le_bytes(SPACES);
        let spaces = different.trailing_zeros() as usize / 8;
        end += spaces;
        if spaces < SPACES.len() {
            break;
        }
    }
    while text.get(end).is_some_and(|byte| is_blank(*byte)) {
        end += 1;
    }
    end
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The place where the white space that ends at `at` begins.
#[must_use]
pub fn unskip(text: &str, at: usize) -> usize {
    trim_end(&text[..at]).len()
}

/// The number of line ends within white space, as far as it matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gap {
    /// No line ends: a space, or nothing.
    Blank,
    /// One line ends.
    Line,
    /// A paragraph or a page ends: two lines, U+2029, or a form feed.
    Paragraph,
}

impl Gap {
    /// Classifies the white space `gap`.
    #[must_use]
    pub fn of(gap: &str) -> Self {
        let mut found = Self::Blank;
        let mut before = '\0';
        for character in gap.chars() {
            let is_pair = (before, character) == ('\r', '\n');
            before = character;
            if matches!(character, '\u{C}' | '\u{2029}') {
                return Self::Paragraph;
            }
            if is_line_break(character) && !is_pair {
                match found {
                    Self::Blank => found = Self::Line,
                    Self::Line | Self::Paragraph => return Self::Paragraph,
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Gap, Skipped, skip};

    #[test]
    fn indentation_belongs_to_its_line_and_other_white_space_to_what_is_before() {
        let place = |text: &str, at| {
            skip(text, at, text.len()).map(|skipped| text[skipped.place..].to_owned())
        };
        assert_eq!(place("a:\n  b", 3).unwrap(), "  b");
        assert_eq!(place("a:\n  b", 4).unwrap(), "  b");
        assert_eq!(place("a. \r\n\r\n\t b", 2).unwrap(), "\t b");
        assert_eq!(place("a.   b", 3).unwrap(), "b");
        assert_eq!(place("a\u{2028} b\u{85}  ", 6).unwrap(), "");
        assert_eq!(skip("a.   b", 2, 4), None);
        assert_eq!(
            skip("a.\n   b", 2, 4).unwrap(),
            Skipped { place: 3, end: 6 }
        );
        let long = format!("a.\n{}b", " ".repeat(300));
        assert_eq!(skip(&long, 2, 20), None);
    }

    #[test]
    fn a_gap_is_known_by_its_line_ends() {
        for (gap, expected) in [
            ("", Gap::Blank),
            ("  \t", Gap::Blank),
            (" \r\n", Gap::Line),
            ("\r", Gap::Line),
            ("\u{85}", Gap::Line),
            ("\r\r", Gap::Paragraph),
            ("\r\n \r\n", Gap::Paragraph),
            ("\u{C}", Gap::Paragraph),
        ] {
            assert_eq!(Gap::of(gap), expected, "{gap:?}");
        }
    }
}
