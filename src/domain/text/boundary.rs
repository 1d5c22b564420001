//! The kinds of places where a text may be cut, best ones first in every strategy's ladder.

use crate::domain::text::grapheme::Clusters;
use crate::domain::text::reading::{place, syllable};
use crate::domain::text::section::Section;
use crate::domain::text::separators::Separators;
use crate::domain::text::{grapheme, sentence, white_space, word};

/// How much text after the last place any finder looks at, at most.
pub const LOOK_AHEAD_BYTES: usize = white_space::LOOK_AHEAD_BYTES;

/// A finder of boundaries.
#[derive(Debug)]
pub enum Boundary {
    /// After one of several separators, and the white space that follows.
    Separator(Separators),
    /// Where a sentence begins.
    Sentence,
    /// Where a word begins.
    Word,
    /// Where a grapheme cluster begins (UAX #29), and no vowel of the one before.
    Grapheme,
}

impl Boundary {
    /// Calls `found` with every place of a section that is such a boundary. The places depend on the section's text
    /// alone.
    ///
    /// Reads each byte a fixed number of times.
    pub fn find(&self, section: &Section<'_>, found: &mut dyn FnMut(usize)) {
        let Section {
            text, floor, limit, ..
        } = *section;
        // A mark after a separator belongs to it, so not every place is between two clusters.
        let mut clusters = None;
        let mut last = 0;
        let mut whole = |place: usize| {
            if place < last {
                // The next separator of a set is searched from the start.
                clusters = None;
            }
            last = place;
            let is_boundary = grapheme::ascii_boundary(text, place).unwrap_or_else(|| {
                let clusters = clusters.get_or_insert_with(|| Clusters::new(text));
                clusters.begin_at(place) && !syllable::tears(text, place)
            });
            if is_boundary {
                found(place);
            }
        };
        match self {
            Self::Separator(separators) => separators.find(section, &mut whole),
            Self::Sentence => sentence::find(text, floor, limit, &mut whole),
            Self::Word => word::find(text, floor, limit, &mut whole),
            Self::Grapheme => grapheme::find(text, floor, limit, &mut |place| {
                if !syllable::tears(text, place) {
                    found(place);
                }
            }),
        }
    }

    /// Whether a reader would not cut at `place`, which [`Boundary::find`] found.
    #[must_use]
    pub fn tears(&self, text: &str, place: usize) -> bool {
        match self {
            Self::Separator(separators) => separators.tears(text, place),
            Self::Sentence | Self::Word | Self::Grapheme => place::tears(text, place),
        }
    }
}
