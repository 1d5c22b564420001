//! Finds places where a sentence begins, in every script.
//!
//! A sentence ends at a mark and the characters that belong to it, if a [`reading`](crate::domain::text::reading) of
//! the surrounding words finds an end. A sentence also ends with its paragraph. A single line break counts as a
//! space, because most text files are wrapped by hand, unless a list item follows it.

use crate::domain::text::reading::stop::Stop;
use crate::domain::text::reading::{marker, stop};
use crate::domain::text::white_space::{self, Gap, Skipped, is_line_break};

/// The distance in bytes before the first place at which a sentence's mark may stand. Quotes, brackets and reference
/// marks follow it.
const LOOK_BACK_BYTES: usize = 96;

/// Calls `found` with every place from `floor` to `limit` where a sentence may begin, in order. The caller still has
/// to [read](crate::domain::text::reading::place::tears) each place.
pub fn find(text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
    let from = white_space::unskip(text, floor).saturating_sub(LOOK_BACK_BYTES);
    let mut at = text.ceil_char_boundary(from);
    while let Some((end, kind)) = next_end(text, at, limit) {
        at = end;
        let end = match kind {
            SentenceEnd::Line => end,
            SentenceEnd::Mark { is_spaced } => {
                let tail = stop::tail(text, end);
                if is_spaced && !stop::is_free(text, tail) {
                    continue;
                }
                tail
            }
        };
        let Some(Skipped { place, end }) = white_space::skip(text, end, limit) else {
            break;
        };
        at = at.max(end);
        let is_end = match kind {
            SentenceEnd::Mark { .. } => true,
            SentenceEnd::Line => is_line_end(text, place),
        };
        if is_end && place >= floor {
            found(place);
        }
    }
}

/// A possible end of a sentence.
#[derive(Clone, Copy, Debug)]
enum SentenceEnd {
    Line,
    /// A mark, and whether it must be followed by white space.
    Mark {
        is_spaced: bool,
    },
}

/// Returns the end of the first line or mark at or after `at`, if it is not past `limit`.
fn next_end(text: &str, at: usize, limit: usize) -> Option<(usize, SentenceEnd)> {
    let bytes = text.as_bytes();
    let mut at = at;
    while at < limit {
        let byte = bytes[at];
        if byte.is_ascii() {
            at += 1;
            match byte {
                b'.' | b'!' | b'?' => return Some((at, SentenceEnd::Mark { is_spaced: true })),
                b'\n'..=b'\r' => return Some((at, SentenceEnd::Line)),
                _ => {}
            }
            continue;
        }
        let character = text[at..].chars().next()?;
        at += character.len_utf8();
        if Stop::of(character).is_some() {
            let is_spaced = Stop::is_spaced(character);
            return Some((at, SentenceEnd::Mark { is_spaced }));
        }
        if is_line_break(character) {
            return Some((at, SentenceEnd::Line));
        }
    }
    None
}

/// Whether the line that begins at `place` begins a paragraph or a list item.
fn is_line_end(text: &str, place: usize) -> bool {
    let gap = &text[white_space::unskip(text, place)..place];
    Gap::of(gap) == Gap::Paragraph || marker::begins_with_marker(&text[place..])
}

#[cfg(test)]
mod tests {
    use super::find as candidates;
    use crate::domain::text::reading::place;

    fn find(text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
        candidates(text, floor, limit, &mut |at| {
            if !place::tears(text, at) {
                found(at);
            }
        });
    }

    #[track_caller]
    fn check(sentences: &[&str]) {
        let text = sentences.concat();
        let mut starts = Vec::new();
        let first = text.ceil_char_boundary(1);
        let last = text.floor_char_boundary(text.len() - 1);
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

    /// The start of the search makes no difference, so a range may be searched alone.
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
