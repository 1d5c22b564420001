//! Cases at the edges of blocks: white space after them, containers around them, and other line ends.

use sluice::domain::chunking::spec::checked::{Request, Spec};
use sluice::domain::chunking::strategy::Strategy;
use sluice::domain::structure::blocks::{Blocks, First, Form, Mark};
use sluice::domain::structure::kind::Kind;

use crate::world::run::{Chunk, chunks};

fn cut(text: &str, max_size: usize) -> Vec<Chunk> {
    let spec = Spec::new(Request {
        strategy: Some(Strategy::Markdown),
        max_size: Some(max_size),
        ..Request::default()
    });
    chunks(&spec.unwrap(), text)
}

fn titles(chunk: &Chunk) -> Vec<&str> {
    let headings = chunk.structure.context().headings.iter();
    headings.map(|heading| &*heading.title).collect()
}

#[test]
fn a_block_that_fits_is_whole_though_the_blank_lines_after_it_do_not() {
    let cut = cut("```\naaaa\nbbbb\n```\n\n\n\nnext words here and more\n", 18);
    assert_eq!(cut[0].text.trim_end(), "```\naaaa\nbbbb\n```");
    assert!(cut.iter().all(|chunk| !chunk.structure.continues));
}

#[test]
fn text_after_the_blank_lines_of_a_block_is_no_part_of_it() {
    let text = format!("```rust\na\n```{}text text text", "\n".repeat(60));
    let cut = cut(&text, 20);
    let last = &cut.last().unwrap().structure;
    assert!(!last.continues && last.context().introduction.is_empty());
    assert_eq!(last.kind, Kind::Prose);
}

#[test]
fn white_space_before_the_first_block_has_no_kind() {
    assert_eq!(
        cut("\n| a |\n|---|\n| b |\n", 100)[0].structure.kind,
        Kind::Table
    );
    assert_eq!(cut("\n# T\n", 100)[0].structure.kind, Kind::Heading);
}

#[test]
fn tables_in_containers_are_tables() {
    for (first, next) in [("> ", "> "), ("- ", "  "), ("1. ", "   ")] {
        let rows = format!("{next}| a cell | another |\n").repeat(20);
        let text = format!("{first}| a | b |\n{next}|---|---|\n{rows}");
        let cut = cut(&text, 120);
        assert!(cut.len() > 2);
        for chunk in &cut[1..] {
            let introduction = &chunk.structure.context().introduction;
            assert_eq!(introduction, "| a | b |");
        }
    }
}

#[test]
fn every_line_end_ends_a_title() {
    for end in ["\n", "\r\n", "\r"] {
        let text = [
            "---", "a: b", "---", "# A", "text", "", "Two", "===", "more",
        ]
        .join(end);
        let cut = cut(&text, 10);
        assert_eq!(cut[0].structure.kind, Kind::FrontMatter, "{end:?}");
        assert_eq!(titles(cut.last().unwrap()), ["Two"], "{end:?}");
        assert!(cut.iter().any(|chunk| titles(chunk) == ["A"]), "{end:?}");
    }
}

#[test]
fn an_indented_line_does_not_end_front_matter() {
    let cut = cut("---\na: |\n  ---\n  # x\n---\ntext\n", 100);
    assert_eq!(titles(&cut[0]), [""; 0]);
    assert_eq!(cut[0].structure.context().section, 0);
}

/// A block may be longer than 32 bits count.
#[test]
fn marks_after_a_very_long_block_keep_their_places() {
    let mut blocks = Blocks::new(0, First::default());
    let end = 5_u64 << 30;
    for byte in (0..=end).step_by(1 << 20) {
        blocks.advance(byte);
    }
    for byte in [end + 2, end + 5] {
        blocks.begin(byte, Mark::new(7, Kind::Prose, Form::Text));
    }
    let places = blocks.view().marks(0, 10).map(|(place, _)| place);
    assert_eq!(places.collect::<Vec<_>>(), [2, 5]);
    assert!(blocks.first().is_begun);
}
