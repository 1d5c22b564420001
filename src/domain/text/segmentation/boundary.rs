//! The kinds of places where a text may be cut. Every strategy's ladder lists them best first.

use crate::domain::text::reading::{place, syllable};
use crate::domain::text::segmentation::grapheme;
use crate::domain::text::segmentation::grapheme::Clusters;
use crate::domain::text::segmentation::section::Section;
use crate::domain::text::segmentation::sentence;
use crate::domain::text::segmentation::separators::Separators;
use crate::domain::text::segmentation::word;
use crate::domain::text::white_space;

/// The most bytes of text that any finder reads after the last place.
pub const LOOK_AHEAD_BYTES: usize = white_space::LOOK_AHEAD_BYTES;

/// A finder of boundaries.
#[derive(Debug)]
pub enum Boundary {
    /// The place after one of several separators and the white space that follows it.
    Separator(Separators),
    /// The start of a sentence.
    Sentence,
    /// The start of a word.
    Word,
    /// The start of a grapheme cluster (UAX #29), unless it is a vowel of the cluster before.
    Grapheme,
}

impl Boundary {
    /// Whether a section may have such a boundary.
    #[must_use]
    pub fn may_be_in(&self, section: &Section<'_>) -> bool {
        match self {
            Self::Separator(separators) => separators.may_be_in(section),
            Self::Sentence | Self::Word | Self::Grapheme => true,
        }
    }

    /// Calls `found` with every place of a section that is such a boundary. The places depend on the section's text
    /// alone.
    ///
    /// Reads each byte a fixed number of times.
    pub fn find(&self, section: &Section<'_>, found: &mut dyn FnMut(usize)) {
        let Section {
            text, floor, limit, ..
        } = *section;
        // A combining mark after a separator belongs to it, so a place may be within a cluster.
        let mut clusters = Clusters::new(text);
        let mut last = 0;
        let mut whole = |place: usize| {
            if place < last {
                // The search for the next separator of a set starts from the beginning.
                clusters = Clusters::new(text);
            }
            last = place;
            let is_boundary = grapheme::ascii_boundary(text, place)
                .unwrap_or_else(|| clusters.begin_at(place) && !syllable::tears(text, place));
            if is_boundary {
                found(place);
            }
        };
        match self {
            Self::Separator(separators) => separators.find(section, whole),
            Self::Sentence => sentence::find(text, floor, limit, &mut whole),
            Self::Word => word::find(text, floor, limit, &mut whole),
            Self::Grapheme => grapheme::find(text, floor, limit, &mut |place| {
                if !syllable::tears(text, place) {
                    found(place);
                }
            }),
        }
    }

    /// Whether a reader would not cut at `place`, which [`Boundary::find`] reported.
    #[must_use]
    pub fn tears(&self, text: &str, place: usize) -> bool {
        match self {
            Self::Separator(separators) => separators.tears(text, place),
            Self::Sentence | Self::Word | Self::Grapheme => place::tears(text, place),
        }
    }
}
