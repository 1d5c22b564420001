//! Chunks of real Markdown keep its blocks: fences, tables, headings and list markers, by another parser's ranges.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use sluice::domain::chunking::spec::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;

use crate::markdown::corpus::real;
use crate::markdown::oracle::options;
use crate::world::documents::Document;
use crate::world::run::{Chunk, chunks};

/// The least mean fill of chunks.
const FILL_MIN: f64 = 0.65;

/// The ranges of a document's blocks.
#[derive(Default)]
struct Ranges {
    /// Code, tables and HTML.
    whole: Vec<Range<usize>>,
    tables: Vec<Range<usize>>,
    /// Headings with their levels.
    headings: Vec<(Range<usize>, u8)>,
    /// From the marker of an item to its text.
    markers: Vec<Range<usize>>,
}

#[test]
fn chunks_of_real_documents_keep_blocks_headings_and_markers() {
    let documents = real();
    for max_size in [300, 1_000, 3_000] {
        for overlap in [0, max_size / 5] {
            let spec = Spec::new(Request {
                strategy: Some(Strategy::Markdown),
                max_size: Some(max_size),
                overlap,
                ..Request::default()
            });
            check(&documents, &spec.unwrap());
        }
    }
}

fn check(documents: &[Document], spec: &Spec) {
    let mut count = 0;
    let mut characters = 0;
    for document in documents {
        let ranges = ranges(&document.text);
        let mut covered = 0;
        for chunk in chunks(spec, &document.text) {
            let fault = fault(&document.text, &ranges, &chunk, covered);
            let name = &document.name;
            assert_eq!(fault, None, "{name}, {spec}:\n{}", chunk.text);
            covered = place(chunk.span.end.byte);
            characters += chunk.span.end.character - chunk.span.start.character;
            count += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean of millions at most")]
    let fill = characters as f64 / (count * spec.limits().max_size() as u64) as f64;
    assert!(fill >= FILL_MIN, "fill {fill:.3}: {spec}");
}

/// Returns what a chunk does wrong.
fn fault(text: &str, ranges: &Ranges, chunk: &Chunk, covered: usize) -> Option<&'static str> {
    let start = place(chunk.span.start.byte);
    let end = place(chunk.span.end.byte);
    let tears = |range: &Range<usize>, at: usize| {
        at > range.start && at < range.end && !text[at..range.end].trim().is_empty()
    };
    let is_torn = |range: &Range<usize>| tears(range, start) || tears(range, end);
    if !chunk.structure.continues && ranges.whole.iter().any(is_torn) {
        return Some("a block is cut, and not marked so");
    }
    let first = start.max(covered);
    let has_header = !chunk.structure.context().introduction.is_empty();
    if !has_header && ranges.tables.iter().any(|range| tears(range, first)) {
        return Some("a part of a table is without its header");
    }
    if ranges
        .markers
        .iter()
        .any(|range| end > range.start && end < range.end)
    {
        return Some("a list marker is torn off");
    }
    (end < text.len() && ends_with_orphan(text, ranges, end)).then_some("a heading is torn off")
}

/// Whether the text before `end` ends with a heading that has text or a subheading after it.
fn ends_with_orphan(text: &str, ranges: &Ranges, end: usize) -> bool {
    let mut headings = ranges.headings.iter().enumerate();
    headings.any(|(number, (heading, level))| {
        let is_last = heading.end <= end && text[heading.end..end].trim().is_empty();
        let next = ranges.headings.get(number + 1);
        let is_empty = next.is_some_and(|(next, next_level)| {
            next_level <= level && text[heading.end..next.start].trim().is_empty()
        });
        is_last && !is_empty
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most events of the parser begin no block"
)]
fn ranges(text: &str) -> Ranges {
    let mut ranges = Ranges::default();
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
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => ranges.whole.push(range),
            Event::Start(Tag::Table(_)) => {
                ranges.whole.push(range.clone());
                ranges.tables.push(range);
            }
            Event::Start(Tag::Heading { level, .. }) => ranges.headings.push((range, level as u8)),
            Event::Start(Tag::Item) => item = Some(range.start),
            _ => {}
        }
    }
    ranges
}

fn place(byte: u64) -> usize {
    usize::try_from(byte).unwrap()
}
