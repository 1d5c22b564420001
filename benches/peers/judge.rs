//! Counts the faults of chunks by the ranges of pulldown-cmark, in the same way for each chunker.
//!
//! A chunk is a line: the number of its document, its byte offsets, 1 if the chunker flags it as a part of a block,
//! else 0, and the rows that introduce it. White space at the edges of chunks and blocks does not count, because some
//! chunkers drop it.

use std::fmt;
use std::ops::Range;

use crate::ranges::{Ranges, tears};

/// The character between two documents of a file.
pub(crate) const SEPARATOR: char = '\0';

/// A chunk of a document.
pub(crate) struct Chunk<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether the chunker marks it as a part of a block that is cut.
    pub(crate) is_flagged: bool,
    /// The rows that introduce a part of a table or code.
    pub(crate) introduction: &'a str,
}

impl Chunk<'_> {
    /// Returns a chunk of a chunker that has only spans.
    pub(crate) fn of(start: usize, end: usize) -> Self {
        Self {
            start,
            end,
            is_flagged: false,
            introduction: "",
        }
    }
}

impl fmt::Display for Chunk<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            start,
            end,
            is_flagged,
            introduction,
        } = self;
        let flag = u8::from(*is_flagged);
        write!(
            formatter,
            "{start} {end} {flag} {}",
            in_one_line(introduction)
        )
    }
}

/// The counts of chunks and of their faults.
#[derive(Default)]
struct Counts {
    chunks: usize,
    characters: usize,
    long: usize,
    flagged: usize,
    fence: usize,
    fitting: usize,
    heading: usize,
    table: usize,
    marker: usize,
    faulty: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "chunks {} characters {} ",
            self.chunks, self.characters
        )?;
        write!(formatter, "long {} flagged {} ", self.long, self.flagged)?;
        write!(formatter, "fence {} fitting {} ", self.fence, self.fitting)?;
        write!(formatter, "heading {} table {} ", self.heading, self.table)?;
        write!(formatter, "marker {} faulty {}", self.marker, self.faulty)
    }
}

/// A document that is judged.
struct Document<'a> {
    text: &'a str,
    ranges: Ranges,
    /// The end of the chunk before.
    covered: usize,
}

/// Returns the counts for the chunks in `lines`.
pub(crate) fn counts(
    documents: &str,
    size: usize,
    lines: impl Iterator<Item = String>,
) -> impl fmt::Display {
    let mut counts = Counts::default();
    let mut documents = documents
        .split(SEPARATOR)
        .map(Document::new)
        .collect::<Vec<_>>();
    for line in lines {
        let mut fields = line.splitn(5, ' ');
        let mut number = || -> usize {
            let field = fields.next().expect("a field");
            field.parse().expect("a number")
        };
        let document = &mut documents[number()];
        let chunk = Chunk {
            start: number(),
            end: number(),
            is_flagged: number() == 1,
            introduction: fields.next().unwrap_or_default(),
        };
        document.judge(&chunk, size, &mut counts);
        document.covered = chunk.end;
    }
    counts
}

impl<'a> Document<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            ranges: Ranges::of(text),
            covered: 0,
        }
    }

    fn judge(&self, chunk: &Chunk<'_>, size: usize, counts: &mut Counts) {
        let characters = self.text[chunk.start..chunk.end].chars().count();
        let is_torn = |range: &Range<usize>| {
            tears(self.text, range, chunk.start) || tears(self.text, range, chunk.end)
        };
        let fits = |range: &Range<usize>| self.text[range.clone()].trim().chars().count() <= size;
        let mut all = self.ranges.fences.iter().chain(&self.ranges.tables);
        let is_long = characters > size;
        let has_fence = !chunk.is_flagged && self.ranges.fences.iter().any(is_torn);
        let has_fitting = all.any(|range| is_torn(range) && fits(range));
        let has_heading = self.ranges.end_with_heading(self.text, chunk.end);
        let has_table = self.lacks_header(chunk);
        let has_marker = self.ranges.tear_marker(chunk.end);
        let faults = [is_long, has_fence, has_heading, has_table, has_marker];
        counts.chunks += 1;
        counts.characters += characters;
        counts.long += usize::from(is_long);
        counts.flagged += usize::from(chunk.is_flagged);
        counts.fence += usize::from(has_fence);
        counts.fitting += usize::from(has_fitting);
        counts.heading += usize::from(has_heading);
        counts.table += usize::from(has_table);
        counts.marker += usize::from(has_marker);
        counts.faulty += usize::from(faults.contains(&true));
    }

    /// Whether the chunk continues a table, and has its header neither in its overlap nor in its introduction.
    fn lacks_header(&self, chunk: &Chunk<'_>) -> bool {
        let first = chunk.start.max(self.covered);
        self.ranges.tables.iter().any(|table| {
            let header = self.text[table.clone()].lines().next().unwrap_or_default();
            tears(self.text, table, first)
                && tears(self.text, table, chunk.start)
                && !chunk.introduction.contains(&in_one_line(header))
        })
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
