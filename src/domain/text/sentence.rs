//! Places where a sentence begins: UAX #29 by `icu_segmenter`, for every script.
//!
//! One tailoring, which UAX #29 recommends for plain text: a lone line break in the middle of a
//! paragraph is a space, for most text files are wrapped by hand. An empty line ends a sentence.

use std::borrow::Cow;

use icu_segmenter::options::SentenceBreakInvariantOptions;
use icu_segmenter::{SentenceSegmenter, SentenceSegmenterBorrowed};

use crate::domain::text::white_space;

/// Made anew where it is used: it is a pointer to compiled data.
fn segmenter() -> SentenceSegmenterBorrowed<'static> {
    SentenceSegmenter::new(SentenceBreakInvariantOptions::default())
}

/// How much text after the last place is looked at. A sentence's end can depend on the next letter
/// (rule SB8), which is nearly always much nearer.
pub const LOOK_AHEAD_BYTES: usize = 128;

/// How far before the first place the segmenter may start. It starts at a letter, which no rule
/// looks behind; further back only in text without any.
const LOOK_BACK_BYTES: usize = 256;

/// Calls `found` with every place from `floor` to `limit` where a sentence begins, in order.
pub fn find(text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
    let from = letter_before(text, white_space::unskip(text, floor));
    let through = text.floor_char_boundary(limit + LOOK_AHEAD_BYTES);
    let shown = unwrap_lines(&text[from..through]);
    let mut last = 0;
    for end in segmenter()
        .segment_str(&shown)
        .map(|place| from + place)
        .skip(1)
    {
        // Every blank line of a run ends a sentence; the run is passed over once.
        if end <= last {
            continue;
        }
        let Some(place) = white_space::skip(text, end, limit) else {
            break;
        };
        if place >= floor {
            found(place);
        }
        last = place;
    }
}

/// The start of the last letter or digit before `at`, or the furthest place that may be looked at.
fn letter_before(text: &str, at: usize) -> usize {
    let earliest = text.ceil_char_boundary(at.saturating_sub(LOOK_BACK_BYTES));
    let mut back = text[earliest..at].char_indices().rev();
    back.find(|(_, character)| character.is_alphanumeric())
        .map_or(earliest, |(place, _)| earliest + place)
}

/// Makes a space of every line break that has text on both sides, without moving anything.
fn unwrap_lines(text: &str) -> Cow<'_, str> {
    let mut unwrapped: Option<Vec<u8>> = None;
    let bytes = text.as_bytes();
    let mut before = LineEnd::Text;
    for at in memchr::memchr_iter(b'\n', bytes) {
        let is_lone = before.is_text(bytes, at) && LineEnd::after(bytes, at) == LineEnd::Text;
        before = LineEnd::Break(at);
        if is_lone {
            let copy = unwrapped.get_or_insert_with(|| bytes.to_vec());
            copy[at] = b' ';
            if at > 0 && bytes[at - 1] == b'\r' {
                copy[at - 1] = b' ';
            }
        }
    }
    // Only ASCII was replaced by ASCII.
    let unwrapped = unwrapped.and_then(|bytes| String::from_utf8(bytes).ok());
    unwrapped.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// What stands on one side of a line break, blanks aside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LineEnd {
    Text,
    Break(usize),
}

impl LineEnd {
    /// Whether text stands between this, the last line break, and the one `at`.
    fn is_text(self, bytes: &[u8], at: usize) -> bool {
        match self {
            Self::Text => true,
            Self::Break(last) => bytes[last + 1..at].iter().any(|byte| !is_blank(*byte)),
        }
    }

    /// What follows the line break `at`.
    fn after(bytes: &[u8], at: usize) -> Self {
        match bytes[at + 1..].iter().find(|byte| !is_blank(**byte)) {
            Some(b'\n') => Self::Break(at + 1),
            _ => Self::Text,
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::find;

    #[track_caller]
    fn check(sentences: &[&str]) {
        let text = sentences.concat();
        let mut starts = Vec::new();
        let (first, last) = (
            text.ceil_char_boundary(1),
            text.floor_char_boundary(text.len() - 1),
        );
        find(&text, first, last, &mut |place| starts.push(place));
        let mut expected = Vec::new();
        for sentence in sentences {
            expected.push(expected.last().copied().unwrap_or(0) + sentence.len());
        }
        expected.pop();
        assert_eq!(starts, expected, "{sentences:?}");
    }

    #[test]
    fn sentences_of_many_scripts_end_where_readers_end_them() {
        check(&[
            "It rains. ",
            "He said \u{201C}No!\u{201D} ",
            "Then 3.5 mm fell, e.g. here.",
        ]);
        check(&[
            "\u{6C34}\u{3002}",
            "\u{706B}\u{FF01}\u{300D}",
            "\u{6728}\u{3002}",
        ]);
        check(&["\u{905} \u{915}\u{964} ", "\u{907}\u{964}"]);
        check(&["\u{627}\u{628}\u{61F} ", "\u{62A}\u{62B}."]);
    }

    #[test]
    fn a_lone_line_break_is_a_space_and_an_empty_line_is_not() {
        check(&[
            "A line that\ngoes on\r\nand on. ",
            "Another\none\n\n",
            "A heading\n \t\n",
            "Text.",
        ]);
    }

    /// Where the search begins makes no difference, so a range may be searched alone.
    #[test]
    fn the_floor_only_filters() {
        let text =
            "One. Two! (Three.) Four?  Five\n\nSix. 7.5 e.g. eight. \u{6C34}\u{3002}Nine. Ten";
        let mut all = Vec::new();
        find(text, 1, text.len() - 1, &mut |place| all.push(place));
        assert!(all.len() > 7);
        for (floor, _) in text.char_indices().skip(1) {
            let mut some = Vec::new();
            find(text, floor, text.len() - 1, &mut |place| some.push(place));
            let expected = all.iter().copied().filter(|place| *place >= floor);
            assert_eq!(some, expected.collect::<Vec<_>>(), "from {floor}");
        }
    }
}
