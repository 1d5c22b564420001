//! Chunks of real Markdown keep its blocks: fences, tables, headings and list markers, by another parser's ranges.

use std::ops::Range;

use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;

use crate::markdown::corpus::real;
use crate::markdown::ranges::{Ranges, tears};
use crate::world::documents::Document;
use crate::world::run::{Chunk, chunks};

/// The least mean fill of chunks.
const FILL_MIN: f64 = 0.65;

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
        let ranges = Ranges::of(&document.text);
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
    let is_torn = |range: &Range<usize>| tears(text, range, start) || tears(text, range, end);
    let whole = [&ranges.fences, &ranges.others, &ranges.tables];
    if !chunk.structure.continues && whole.into_iter().flatten().any(is_torn) {
        return Some("a block is cut, and not marked so");
    }
    let first = start.max(covered);
    let has_header = !chunk.structure.context().introduction.is_empty();
    if !has_header && ranges.tables.iter().any(|range| tears(text, range, first)) {
        return Some("a part of a table is without its header");
    }
    if ranges.tear_marker(end) {
        return Some("a list marker is torn off");
    }
    ranges
        .end_with_heading(text, end)
        .then_some("a heading is torn off")
}

fn place(byte: u64) -> usize {
    usize::try_from(byte).unwrap()
}
