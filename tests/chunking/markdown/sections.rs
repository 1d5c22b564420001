//! The sections that chunks list are those of the document: the same for all sizes, with their places.

use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::structure::section::{SECTIONS_MAX, SectionStart};

use crate::world::charset::AUTO;
use crate::world::documents;
use crate::world::run::{Chunk, chunks, split};

fn spec(max_size: usize, overlap: usize) -> Spec {
    let spec = Spec::new(Request {
        strategy: Some(Strategy::Markdown),
        max_size: Some(max_size),
        overlap,
        ..Request::default()
    });
    spec.unwrap()
}

/// Returns a document of several parts.
fn book() -> String {
    let handbook = documents::markdown().text;
    let parts = (1..=4).map(|part| format!("# Part {part}\n\n{handbook}\n"));
    parts.collect()
}

fn listed(chunks: &[Chunk]) -> Vec<SectionStart> {
    let sections = chunks.iter().flat_map(|chunk| &chunk.structure.sections);
    sections
        .flat_map(|sections| sections.listed.clone())
        .collect()
}

#[test]
fn sections_are_the_same_for_all_sizes_and_have_their_places() {
    let text = book();
    let expected = listed(&chunks(&spec(1_000, 0), &text));
    assert!(expected.len() >= 20);
    for (section, number) in expected.iter().zip(1..) {
        assert_eq!(section.number, number);
        let start = usize::try_from(section.start.byte).unwrap();
        let before = &text[..start];
        assert_eq!(section.start.character, before.chars().count() as u64);
        assert_eq!(section.start.line, before.matches('\n').count() as u64);
        assert_eq!(section.start.source, section.start.byte);
        let title = text[start..]
            .trim_start_matches(['#', ' '])
            .replace('\n', " ");
        assert!(title.starts_with(&section.heading.title), "{section:?}");
    }
    for (max_size, overlap) in [(100, 0), (300, 0), (300, 60), (1_000, 200), (5_000, 0)] {
        let cut = chunks(&spec(max_size, overlap), &text);
        assert_eq!(listed(&cut), expected, "{max_size} with {overlap}");
        let mut last = 0;
        for chunk in &cut {
            let sections = chunk.structure.sections.as_deref();
            let first = sections.map_or(last, |sections| sections.listed[0].number);
            let context = chunk.structure.context().section;
            // The first section begins at the chunk's first new character, or after it.
            assert!(context == last || context == first);
            last = sections.map_or(last, |sections| sections.listed.last().unwrap().number);
        }
    }
}

#[test]
fn sections_know_their_place_in_a_source_of_another_charset() {
    let text = book();
    let mut source = vec![0xFF, 0xFE];
    source.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let (cut, fault) = split(&spec(300, 60), AUTO, [&*source]);
    assert!(fault.is_none());
    for section in listed(&cut) {
        let before = &text[..usize::try_from(section.start.byte).unwrap()];
        let units = before.encode_utf16().count() as u64;
        assert_eq!(section.start.source, 2 + 2 * units);
    }
}

#[test]
fn a_chunk_lists_a_bounded_number_of_sections() {
    let cut = chunks(&spec(1_000, 0), &"# a\n".repeat(1_000));
    let mut next = 1;
    for chunk in &cut {
        let sections = chunk.structure.sections.as_deref().unwrap();
        assert!(sections.listed.len() <= SECTIONS_MAX);
        assert_eq!(sections.listed[0].number, next);
        next += sections.listed.len() as u64 + sections.omitted;
    }
    assert_eq!(next, 1_001);
}
