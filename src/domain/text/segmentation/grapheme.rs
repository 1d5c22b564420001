//! Grapheme clusters: the characters that readers perceive, which are never cut.
//!
//! The rules are those of UAX #29 (extended grapheme clusters), by `icu_segmenter`. A chunk begins at the start of a
//! cluster, so the text from there is sufficient. Most places are decided by their two neighbours. Only if those
//! might join is the library called, on the few characters since the last certain place.

use icu_segmenter::iterators::GraphemeClusterBreakIterator;
use icu_segmenter::scaffold::Utf8;
use icu_segmenter::{GraphemeClusterSegmenter, GraphemeClusterSegmenterBorrowed};

const SEGMENTER: GraphemeClusterSegmenterBorrowed<'static> = GraphemeClusterSegmenter::new();

/// The number of characters that are searched backwards for a certain place. It covers a word of any script that
/// separates words, and costs little.
const LOOK_BACK_CHARACTERS: usize = 64;

/// Finds the starts of clusters in one text, for places in ascending order. It reads no part of the text twice.
#[derive(Debug)]
pub struct Clusters<'a> {
    text: &'a str,
    /// The segmenter's remaining results for `text[from..]`. Most texts need no segmenter.
    rest: Option<GraphemeClusterBreakIterator<'static, 'a, Utf8>>,
    from: usize,
    /// The last place that the segmenter reported.
    at: usize,
}

impl<'a> Clusters<'a> {
    /// Starts at the start of `text`, which must be the start of a cluster.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            rest: None,
            from: 0,
            at: 0,
        }
    }

    /// Whether a cluster begins at `place`. The places of successive calls must not decrease.
    pub fn begin_at(&mut self, place: usize) -> bool {
        if certain_boundary(self.text, place) == Some(place) {
            return true;
        }
        self.move_to(place);
        self.at == place
    }

    /// Advances to the first boundary that is not before `place`.
    fn move_to(&mut self, place: usize) {
        if let Some(certain) =
            certain_boundary(self.text, place).filter(|certain| *certain > self.at)
        {
            self.rest = None;
            (self.from, self.at) = (certain, certain);
        }
        while self.at < place {
            let text = &self.text[self.from..];
            let rest = self.rest.get_or_insert_with(|| SEGMENTER.segment_str(text));
            match rest.next() {
                Some(next) => self.at = self.from + next,
                None => break,
            }
        }
    }
}

/// Whether a cluster begins at a place between two ASCII characters, as nearly every place is. `None` means that a
/// neighbour is not ASCII.
#[must_use]
pub fn ascii_boundary(text: &str, place: usize) -> Option<bool> {
    match text.as_bytes().get(place.checked_sub(1)?..=place)? {
        [before, after] if before.is_ascii() && after.is_ascii() => {
            Some((before, after) != (&b'\r', &b'\n'))
        }
        _ => None,
    }
}

/// Returns the last place not after `at` where a cluster begins; 0 if the first cluster extends past it.
#[must_use]
pub fn last_boundary(text: &str, at: usize) -> usize {
    if ascii_boundary(text, at) == Some(true) {
        return at;
    }
    let Some(next) = text[at..].chars().next() else {
        return at;
    };
    let from = certain_boundary(text, at).unwrap_or(0);
    if from == at {
        return at;
    }
    let through = at + next.len_utf8();
    // The last place that the segmenter reports is the end of its input.
    let places = SEGMENTER
        .segment_str(&text[from..through])
        .map(|place| from + place);
    places
        .take_while(|place| *place <= at)
        .last()
        .unwrap_or(from)
}

/// Calls `found` with every place from `floor` to `limit` where a cluster begins.
pub fn find(text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
    let from = certain_boundary(text, floor).unwrap_or(0);
    let through = limit + text[limit..].chars().next().map_or(0, char::len_utf8);
    let places = SEGMENTER
        .segment_str(&text[from..through])
        .map(|place| from + place);
    for place in places
        .skip_while(|place| *place < floor)
        .take_while(|place| *place <= limit)
    {
        found(place);
    }
}

/// Returns the last place not after `at` where a cluster certainly begins. Returns `None` if there is none nearby.
fn certain_boundary(text: &str, at: usize) -> Option<usize> {
    let Some(mut after) = text[at..].chars().next() else {
        return Some(at);
    };
    let mut place = at;
    for before in text[..at].chars().rev().take(LOOK_BACK_CHARACTERS) {
        if stand_apart(before, after) {
            return Some(place);
        }
        place -= before.len_utf8();
        after = before;
    }
    (place == 0).then_some(0)
}

/// Whether no rule can join the two characters in any context.
fn stand_apart(before: char, after: char) -> bool {
    is_plain(before) && is_plain(after) && (before, after) != ('\r', '\n')
        || after.is_ascii() && is_no_prefix(before)
}

/// Whether a character is in a range without prefixes, which are all that joins an ASCII character after them. The
/// words of most scripts that are not plain have a space after them.
fn is_no_prefix(character: char) -> bool {
    matches!(character, '\u{900}'..='\u{D4D}' | '\u{E00}'..='\u{FFFF}')
}

/// Whether a character joins no neighbour, except in CR LF: no mark, joiner, prefix, regional indicator,
/// conjoining jamo, or consonant of a script with conjuncts.
fn is_plain(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{2FF}'
            | '\u{370}'..='\u{482}'
            | '\u{48A}'..='\u{590}'
            | '\u{10A0}'..='\u{10FF}'
            | '\u{2010}'..='\u{2027}'
            | '\u{3000}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}'
            | '\u{309B}'..='\u{30FF}'
            | '\u{3400}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{FF01}'..='\u{FF60}'
    )
}

#[cfg(test)]
mod tests {
    use super::{Clusters, SEGMENTER, find, last_boundary};

    const TEXTS: &[&str] = &[
        "plain text, with a line\r\nand another\n",
        "e\u{301}e\u{301} a\u{30A}\u{301}\u{327} \u{301}space",
        "\u{1F1E9}\u{1F1EA}\u{1F1EB}\u{1F1F7}\u{1F1EF}\u{1F1F5}x\u{1F1E9}",
        "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}\u{1F44D}\u{1F3FD}",
        "\u{915}\u{94D}\u{937}\u{93F} \u{0E01}\u{0E33}\u{0E19}\u{0E49}\u{0E33}",
        "\u{1100}\u{1161}\u{11A8}\u{AC00}\u{11A8}\u{D55C}\u{AE00}",
        "\u{3053}\u{3093}\u{304B}\u{3099}\u{3002}\u{FE00}\u{6F22}\u{5B57}",
        "\u{600}1\u{6DD}2 \u{928}\u{902}\u{67F}",
    ];

    #[test]
    fn the_short_way_agrees_with_the_segmenter_at_every_place() {
        for text in TEXTS {
            let places = SEGMENTER.segment_str(text).collect::<Vec<_>>();
            let mut clusters = Clusters::new(text);
            for (at, _) in text.char_indices() {
                assert_eq!(
                    clusters.begin_at(at),
                    places.contains(&at),
                    "{text:?} at {at}"
                );
                let last = places.iter().rev().find(|place| **place <= at);
                assert_eq!(Some(&last_boundary(text, at)), last, "{text:?} before {at}");
                let mut found = Vec::new();
                find(text, at, text.len(), &mut |place| found.push(place));
                let expected = places.iter().copied().filter(|place| *place >= at);
                assert_eq!(found, expected.collect::<Vec<_>>(), "{text:?} from {at}");
            }
        }
    }

    /// Every pair of neighbours that is declared certain has a boundary, in every assigned plane.
    #[test]
    fn what_is_plain_stands_apart() {
        let plain = (0..=0x10_FFFF)
            .filter_map(char::from_u32)
            .filter(|c| super::is_plain(*c));
        for character in plain.filter(|c| *c != '\r' && *c != '\n') {
            let text = String::from_iter(['a', character, 'a', character, character]);
            let places = SEGMENTER.segment_str(&text).count();
            assert_eq!(places, 6, "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn no_character_without_prefixes_joins_ascii_after_it() {
        let characters = (0..=0xFFFF).filter_map(char::from_u32);
        for character in characters.filter(|c| super::is_no_prefix(*c)) {
            for after in '\0'..='\u{7F}' {
                let text = String::from_iter([character, character, after]);
                let at = 2 * character.len_utf8();
                let mut places = SEGMENTER.segment_str(&text);
                assert!(places.any(|place| place == at), "{text:?}");
            }
        }
    }
}
