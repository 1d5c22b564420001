//! The sections that begin in a chunk: with the headings outside of lists and quotes.

use crate::domain::structure::context::Heading;
use crate::domain::text::position::Position;

/// The most sections that a chunk lists. A document of nothing but headings would otherwise store more titles than
/// text.
pub const SECTIONS_MAX: usize = 64;

/// The beginning of a section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SectionStart {
    /// The number in the document's order, from 1.
    pub number: u64,
    /// The place before the heading.
    pub start: Position,
    /// The heading that begins it.
    pub heading: Heading,
}

/// The sections that begin in a chunk, after the text that the chunk before covers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sections {
    /// The first sections in order, at most [`SECTIONS_MAX`].
    pub listed: Vec<SectionStart>,
    /// The number of sections that begin after them and are left out.
    pub omitted: u64,
}

impl Sections {
    /// Returns the bytes that the list takes, in memory and about as many as stored.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let titles = self
            .listed
            .iter()
            .map(|section| section.heading.title.len());
        self.listed.len() * size_of::<SectionStart>() + titles.sum::<usize>()
    }
}
