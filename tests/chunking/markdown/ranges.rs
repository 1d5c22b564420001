//! The ranges of a document's blocks by pulldown-cmark, and the places that tear them. `benches/peers` judges other
//! chunkers by them too.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The ranges of a document's blocks.
#[derive(Default)]
pub(crate) struct Ranges {
    pub(crate) fences: Vec<Range<usize>>,
    /// Indented code and HTML.
    pub(crate) others: Vec<Range<usize>>,
    pub(crate) tables: Vec<Range<usize>>,
    /// Headings with their levels.
    headings: Vec<(Range<usize>, u8)>,
    /// From the marker of an item to its text.
    markers: Vec<Range<usize>>,
}

/// Returns the extensions of Markdown that the scanner reads.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
}

impl Ranges {
    /// Returns the ranges of `text`.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most events of the parser begin no block"
    )]
    pub(crate) fn of(text: &str) -> Self {
        let mut ranges = Self::default();
        let mut item = None;
        for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
            let is_item = matches!(event, Event::Start(Tag::Item) | Event::End(TagEnd::Item));
            if let Some(start) = item.take()
                && !is_item
                && start < range.start
            {
                ranges.markers.push(start..range.start);
            }
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => ranges.fences.push(range),
                Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => ranges.others.push(range),
                Event::Start(Tag::Table(_)) => ranges.tables.push(range),
                Event::Start(Tag::Heading { level, .. }) => {
                    ranges.headings.push((range, level as u8));
                }
                // The range of an item that a tab indents begins before the tab.
                Event::Start(Tag::Item) => {
                    let own = text[range.clone()].trim_start();
                    item = Some(range.end - own.len());
                }
                _ => {}
            }
        }
        ranges
    }

    /// Whether the text before `end` ends with a heading that has text or a subheading after it.
    pub(crate) fn end_with_heading(&self, text: &str, end: usize) -> bool {
        if is_blank(text, end..text.len()) {
            return false;
        }
        let mut headings = self.headings.iter().enumerate();
        headings.any(|(number, (heading, level))| {
            let heading_end = heading.start + text[heading.clone()].trim_end().len();
            let is_last = heading_end <= end && is_blank(text, heading_end..end);
            let next = self.headings.get(number + 1);
            let is_empty = next.is_some_and(|(next, next_level)| {
                next_level <= level
                    && heading_end <= next.start
                    && is_blank(text, heading_end..next.start)
            });
            is_last && !is_empty
        })
    }

    /// Whether a chunk that ends there tears a list marker from its item.
    pub(crate) fn tear_marker(&self, end: usize) -> bool {
        let mut markers = self.markers.iter();
        markers.any(|marker| marker.start < end && end <= marker.end)
    }
}

/// Whether a chunk that starts or ends there has a part of the range only.
pub(crate) fn tears(text: &str, range: &Range<usize>, at: usize) -> bool {
    range.start < at
        && at < range.end
        && !is_blank(text, range.start..at)
        && !is_blank(text, at..range.end)
}

fn is_blank(text: &str, range: Range<usize>) -> bool {
    text[range].trim().is_empty()
}
