//! Classifies a place in a text as a reader would.

use crate::domain::text::reading::sentence_end::{Mark, Sense};
use crate::domain::text::reading::{bracket, marker, stop, wrapped};
use crate::domain::text::white_space::{self, Gap};

/// The bytes of text before a place that are read: a few words with their marks.
const BEFORE_BYTES: usize = 96;
/// The bytes of text after a place that are read.
const AFTER_BYTES: usize = 96;

/// Whether a reader would not cut at `place`, because it separates parts that belong together, or only looks like
/// the end of a sentence.
#[must_use]
pub fn tears(text: &str, place: usize) -> bool {
    let around = Around::of(text, place);
    if around.is_plain() {
        return false;
    }
    match around.gap() {
        Gap::Paragraph => false,
        Gap::Line if marker::begins_with_marker(around.after) => around.tears_brackets(),
        Gap::Line => around.tears_mark() || around.tears_brackets(),
        Gap::Blank => around.tears_mark() || around.tears_brackets() || around.tears_marker(),
    }
}

/// Whether a reader would not cut at `place`, where a line begins, because the line before was wrapped and no
/// sentence ends.
#[must_use]
pub fn tears_line(text: &str, place: usize) -> bool {
    let around = Around::of(text, place);
    if around.gap() == Gap::Paragraph {
        return false;
    }
    if marker::begins_with_marker(around.after) {
        return around.tears_brackets();
    }
    let goes_on = match around.sense() {
        Some(Sense::Ends) => return false,
        // Short lines may end with an abbreviation by chance, but a name follows a title.
        Some(Sense::Belongs) => true,
        Some(Sense::GoesOn) | None => wrapped::is_wrapped(text, place),
    };
    goes_on || around.tears_brackets()
}

/// Whether a sentence, a line that is not wrapped, or a paragraph ends at `place`.
#[must_use]
pub fn is_clean(text: &str, place: usize) -> bool {
    let around = Around::of(text, place);
    match around.gap() {
        Gap::Paragraph => true,
        Gap::Line => !tears_line(text, place),
        Gap::Blank => around.sense() == Some(Sense::Ends) && !tears(text, place),
    }
}

/// The text around a place.
#[derive(Clone, Copy, Debug)]
struct Around<'a> {
    before: &'a str,
    /// The white space between `before` and `after`.
    gap: &'a str,
    after: &'a str,
}

impl<'a> Around<'a> {
    fn of(text: &'a str, place: usize) -> Self {
        let end = white_space::unskip(text, place);
        let from = text.ceil_char_boundary(end.saturating_sub(BEFORE_BYTES));
        let through = text.floor_char_boundary(place + AFTER_BYTES);
        let after = &text[place..through];
        Self {
            before: &text[from..end],
            gap: &text[end..place],
            after,
        }
    }

    fn gap(&self) -> Gap {
        Gap::of(self.gap)
    }

    /// Whether letters stand on both sides, which is the usual case.
    fn is_plain(&self) -> bool {
        let before = self.before.as_bytes();
        let after = self.after.as_bytes();
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
        is_letter(before.last()) && is_letter(after.first())
    }

    /// Returns the sense of the mark before the place, if there is one.
    fn sense(&self) -> Option<Sense> {
        let (at, stop) = stop::before(self.before)?;
        let mark = Mark {
            stop,
            before: &self.before[..at],
            tail: &self.before[at..],
            gap: self.gap,
            after: self.after,
        };
        Some(mark.sense())
    }

    fn tears_mark(&self) -> bool {
        self.sense().is_some_and(|sense| sense != Sense::Ends)
    }

    fn tears_brackets(&self) -> bool {
        bracket::tears(self.before, self.gap, white_space::trim_start(self.after))
    }

    fn tears_marker(&self) -> bool {
        marker::ends_with_marker(self.before) || self.tears_punctuation()
    }

    /// French puts a space before some marks. A chunk must not begin with one of them, nor with a mark that has no
    /// space.
    fn tears_punctuation(&self) -> bool {
        let first = self.after.chars().next();
        first.is_some_and(|first| {
            matches!(first, '!' | '?' | ';' | ':' | ',' | '.' | '%' | '\u{2026}')
                || self.gap.is_empty()
                    && (stop::Stop::of(first).is_some()
                        || matches!(
                            first,
                            '\u{3001}'
                                | '\u{FF0C}'
                                | '\u{FF1A}'
                                | '\u{FF1B}'
                                | '\u{30FC}'
                                | '\u{3005}'
                        ))
        })
    }
}
