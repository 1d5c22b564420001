//! The scanner's blocks are those of another parser.

use sluice::domain::structure::blocks::{self, Blocks, First, Mark, Rank};
use sluice::domain::structure::format::Format;
use sluice::domain::structure::kind::Kind;
use sluice::domain::structure::scanner::Scanner;

use crate::markdown::corpus::{examples, real};
use crate::markdown::oracle::{self, Block, Form, line_of, merged};
use crate::world::documents::Document;

/// The most differences in 10,000 blocks of the examples, which are made of rare cases. Most are text after a link
/// definition in the same paragraph.
const EXAMPLES_PER_10_000: usize = 100;

/// The most differences in 10,000 blocks of real documents.
const REAL_PER_10_000: usize = 2;

#[test]
fn the_blocks_of_the_examples_of_the_specifications_are_those_of_another_parser() {
    check(&examples(), EXAMPLES_PER_10_000);
}

#[test]
fn the_blocks_of_real_documents_are_those_of_another_parser() {
    check(&real(), REAL_PER_10_000);
}

/// A text that arrives in two parts has the same marks, and so has the rest for a scanner that resumes anywhere.
#[test]
fn the_marks_of_the_examples_are_the_same_for_every_cut() {
    for Document { name, text } in examples() {
        let whole = marks(&text, 0, Scanner::new(Format::Markdown));
        for cut in 1..text.len() {
            if !text.is_char_boundary(cut) {
                continue;
            }
            let mut scanner = Scanner::new(Format::Markdown);
            let mut blocks = Blocks::new(0, First::default());
            scanner.read(&text[..cut], false, Some(&mut blocks));
            let rest = usize::try_from(scanner.byte()).unwrap();
            scanner.read(&text[rest..], true, Some(&mut blocks));
            assert_eq!(listed(&blocks, 0, &text), whole, "{name}, cut at {cut}");

            let mut scanner = Scanner::new(Format::Markdown);
            scanner.advance(cut as u64, &text, true);
            let later = whole.iter().filter(|(place, ..)| *place > cut);
            let later: Vec<_> = later.copied().collect();
            assert_eq!(
                marks(&text, cut, scanner),
                later,
                "{name}, resumed at {cut}"
            );
        }
    }
}

/// A mark: its place, the rank of its boundary, its kind and its form.
type Listed = (usize, Rank, Kind, blocks::Form);

/// Returns the marks after the place `from`, where the scanner is.
fn marks(text: &str, from: usize, mut scanner: Scanner) -> Vec<Listed> {
    let mut blocks = Blocks::new(from as u64, First::default());
    scanner.read(&text[from..], true, Some(&mut blocks));
    listed(&blocks, from, &text[from..])
}

fn listed(blocks: &Blocks, from: usize, text: &str) -> Vec<Listed> {
    let marks = blocks.view().marks(0, text.len());
    let marks = marks.map(|(place, mark)| (from + place, mark.rank, mark.kind, mark.form));
    marks.collect()
}

#[track_caller]
fn check(documents: &[Document], per_10_000: usize) {
    let mut blocks = 0;
    let mut differences = Vec::new();
    for document in documents {
        let expected = oracle::blocks(&document.text);
        let found = comparable(&document.text, &expected);
        let missing = expected.iter().filter(|block| !found.contains(block));
        let other = found.iter().filter(|block| !expected.contains(block));
        let (missing, other): (Vec<_>, Vec<_>) = (missing.collect(), other.collect());
        blocks += expected.len();
        for at in 0..missing.len().max(other.len()) {
            let difference = (missing.get(at), other.get(at));
            differences.push(format!("{}: {difference:?}", document.name));
        }
    }
    assert!(
        differences.len() * 10_000 <= blocks * per_10_000,
        "{} of {blocks} blocks differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Returns the scanner's blocks without link definitions and without lines of marks alone, unless the other parser
/// has a block there.
fn comparable(text: &str, expected: &[Block]) -> Vec<Block> {
    let lines: Vec<&str> = text.split('\n').collect();
    let is_compared = |block: &Block| {
        let line = lines.get(block.line).map_or("", |line| line.trim());
        let content = line.trim_start_matches([' ', '>', '-', '\t']);
        let may_be_nothing = line.is_empty() || content.starts_with('[') || line == ">";
        block.form != Form::Text
            || !may_be_nothing
            || expected.iter().any(|other| other.line == block.line)
    };
    let mut found = scanned(text);
    found.retain(is_compared);
    found
}

/// Returns the scanner's blocks.
fn scanned(text: &str) -> Vec<Block> {
    let mut blocks = Blocks::new(0, First::default());
    Scanner::new(Format::Markdown).read(text, true, Some(&mut blocks));
    let first = blocks.first().mark;
    let is_block = first != Mark::default();
    let mut found = Vec::new();
    if is_block {
        found.push(block(text, 0, first));
    }
    let marks = blocks.view().marks(0, text.len());
    found.extend(marks.map(|(place, mark)| block(text, place, *mark)));
    merged(found)
}

fn block(text: &str, place: usize, mark: Mark) -> Block {
    let form = match (mark.form, mark.section_level()) {
        (_, Some(level)) => Form::Section(level),
        (blocks::Form::Heading, None) => Form::Heading,
        (blocks::Form::Fence, _) => Form::Fence,
        (blocks::Form::Table, _) => Form::Table,
        (blocks::Form::Whole, _) if mark.kind == Kind::FrontMatter => Form::FrontMatter,
        (blocks::Form::Whole, _) => Form::Other,
        (blocks::Form::Text, _) => Form::Text,
    };
    Block {
        line: line_of(text, place),
        form,
    }
}
