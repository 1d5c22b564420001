//! The kinds of places where a text may be cut, best ones first in every strategy's ladder.

use crate::domain::text::grapheme::Clusters;
use crate::domain::text::separators::Separators;
use crate::domain::text::{grapheme, sentence, word};

/// How much text after the last place any finder looks at, at most.
pub const LOOK_AHEAD_BYTES: usize = sentence::LOOK_AHEAD_BYTES;

/// A finder of boundaries.
#[derive(Debug)]
pub enum Boundary {
    /// After one of several separators, and the white space that follows.
    Separator(Separators),
    /// Where a sentence begins (UAX #29).
    Sentence,
    /// Where a word begins.
    Word,
    /// Where a grapheme cluster begins (UAX #29).
    Grapheme,
}

impl Boundary {
    /// Calls `found` with every place from `floor` to `limit`, both inclusive, that is such a
    /// boundary. What is found depends on `text` alone, which begins where a cluster begins and
    /// goes on at least [`LOOK_AHEAD_BYTES`] after `limit`, unless it ends before.
    ///
    /// Reads each byte a fixed number of times.
    pub fn find(&self, text: &str, floor: usize, limit: usize, found: &mut dyn FnMut(usize)) {
        debug_assert!(floor <= limit && limit <= text.len());
        // A mark after a separator belongs to it, so not every place is between two clusters.
        let mut clusters = Clusters::new(text);
        let mut last = 0;
        let mut whole = |place: usize| {
            if place < last {
                // The next separator of a set is searched from the start.
                clusters = Clusters::new(text);
            }
            last = place;
            if clusters.begin_at(place) {
                found(place);
            }
        };
        match self {
            Self::Separator(separators) => separators.find(text, floor, limit, &mut whole),
            Self::Sentence => sentence::find(text, floor, limit, &mut whole),
            Self::Word => word::find(text, floor, limit, &mut whole),
            Self::Grapheme => grapheme::find(text, floor, limit, found),
        }
    }
}
