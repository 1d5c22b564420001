//! Finds places where a word begins.
//!
//! A word begins after white space, and the first word of a line with its indentation. In text without white space
//! in reach, a word begins where UAX #14 allows a line to begin: between two ideographs, for example, but not before
//! a closing bracket or a full stop. Thai, Lao, Khmer and Burmese would need dictionaries for that, so only spaces
//! separate their words.

use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{LineSegmenter, LineSegmenterBorrowed};

use crate::domain::text::white_space;

const SEGMENTER: LineSegmenterBorrowed<'static> =
    LineSegmenter::new_for_non_complex_scripts(LineBreakOptions::default());

/// The bytes before the first place from which the segmenter starts, to see which characters it must not split off.
const LOOK_BACK_BYTES: usize = 64;

/// Calls `found` with every place from `floor` to `limit` where a word begins, in order.
pub fn find(text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
    let from = white_space::unskip(text, floor);
    let mut is_spaced = false;
    let mut after_space = false;
    let mut line = None;
    for (offset, character) in text[from..].char_indices() {
        let place = from + offset;
        if place > limit + white_space::LOOK_AHEAD_BYTES || place > limit && !after_space {
            break;
        }
        let is_space = character.is_whitespace();
        if after_space && !is_space {
            let start = line.take().unwrap_or(place);
            if (floor..=limit).contains(&start) {
                is_spaced = true;
                found(start);
            }
        }
        if white_space::is_line_break(character) {
            line = Some(place + character.len_utf8());
        }
        after_space = is_space;
    }
    let is_told_by_spaces = text[from..limit].is_ascii() || text[from..limit].contains(is_complex);
    if !is_spaced && !is_told_by_spaces {
        find_line_starts(text, floor, limit, found);
    }
}

fn find_line_starts(text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
    let from = text.floor_char_boundary(floor.saturating_sub(LOOK_BACK_BYTES));
    let through = limit + text[limit..].chars().next().map_or(0, char::len_utf8);
    for place in SEGMENTER
        .segment_str(&text[from..through])
        .map(|place| from + place)
    {
        if (floor..=limit).contains(&place) && place > from && place < through {
            found(place);
        }
    }
}

/// Whether a character is of a script that needs a dictionary to separate words (line breaking class SA).
fn is_complex(character: char) -> bool {
    matches!(
        character,
        '\u{E00}'..='\u{EFF}'
            | '\u{1000}'..='\u{109F}'
            | '\u{1780}'..='\u{17FF}'
            | '\u{1950}'..='\u{19DF}'
            | '\u{1A20}'..='\u{1AAF}'
            | '\u{A9E0}'..='\u{A9FF}'
            | '\u{AA60}'..='\u{AADF}'
            | '\u{11700}'..='\u{1174F}'
    )
}

#[cfg(test)]
mod tests {
    use super::find;

    #[track_caller]
    fn check(words: &[&str]) {
        let text = words.concat();
        let mut starts = Vec::new();
        let mut at = 0;
        let first = text.ceil_char_boundary(1);
        let last = text.floor_char_boundary(text.len() - 1);
        find(&text, first, last, &mut |place| starts.push(place));
        let found = starts.into_iter().chain([text.len()]).map(|end| {
            let word = &text[at..end];
            at = end;
            word
        });
        assert_eq!(found.collect::<Vec<_>>(), words);
    }

    #[test]
    fn words_begin_after_white_space() {
        check(&["one ", "two,  ", "three\n", "\tfour"]);
    }

    #[test]
    fn without_white_space_words_begin_where_a_line_may() {
        check(&["\u{6C34}", "\u{706B}\u{3002}\u{300D}", "\u{300C}\u{6728}"]);
    }
}
