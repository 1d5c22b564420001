//! A chunk that the command line cuts itself, as a line of JSON. Structs are written faster than maps.

use serde::Serialize;

use crate::domain::ingest::batch::Chunk;
use crate::domain::ingest::digest::hex;
use crate::domain::ingest::parents::Parent;
use crate::domain::structure::context::Heading;
use crate::domain::structure::section::SectionStart;
use crate::domain::structure::tracker::Structure;
use crate::domain::text::position::{Position, Span};

/// The fields of a chunk. Offsets count from 0; ends are exclusive.
#[derive(Serialize)]
pub(crate) struct Row<'a> {
    document: &'a str,
    ordinal: u64,
    #[serde(flatten)]
    places: Places,
    sha256: String,
    kind: String,
    continues: bool,
    is_blank: bool,
    section: u64,
    headings: Vec<Title<'a>>,
    introduction: &'a str,
    sections: Vec<SectionRow<'a>>,
    omitted_sections: u64,
    parents: &'a [u64],
    ended_parents: Vec<ParentRow>,
    /// Left out if tokens were not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// A heading that a chunk is under, or that begins a section.
#[derive(Serialize)]
struct Title<'a> {
    level: u8,
    title: &'a str,
}

/// The beginning of a section.
#[derive(Serialize)]
struct SectionRow<'a> {
    section: u64,
    heading: Title<'a>,
    start_byte: u64,
    start_character: u64,
    start_line: u64,
    start_source: u64,
}

/// The places where a chunk starts and ends.
#[derive(Serialize)]
struct Places {
    start_byte: u64,
    end_byte: u64,
    start_character: u64,
    end_character: u64,
    start_line: u64,
    end_line: u64,
    start_source: u64,
    end_source: u64,
}

/// A parent that ends with a chunk.
#[derive(Serialize)]
struct ParentRow {
    level: usize,
    number: u64,
    first_ordinal: u64,
    #[serde(flatten)]
    places: Places,
    sha256: String,
    key: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u32>,
}

/// Returns the row of a chunk, without its text if that is `None`.
pub(crate) fn row<'a>(document: &'a str, chunk: &'a Chunk, text: Option<&'a str>) -> Row<'a> {
    let Chunk {
        ordinal,
        span,
        sha256,
        key: _,
        structure,
        parents,
        tokens,
    } = chunk;
    let Structure {
        kind,
        continues,
        is_blank,
        context: _,
        sections,
    } = structure;
    let context = structure.context();
    let sections = sections.as_deref();
    let listed = sections.map_or(&[][..], |sections| &sections.listed);
    Row {
        document,
        ordinal: *ordinal,
        places: places(*span),
        sha256: hex(sha256),
        kind: kind.name().to_uppercase(),
        continues: *continues,
        is_blank: *is_blank,
        section: context.section,
        headings: context.headings.iter().map(title).collect(),
        introduction: &context.introduction,
        sections: listed.iter().map(begin).collect(),
        omitted_sections: sections.map_or(0, |sections| sections.omitted),
        parents: parents.as_ref().map_or(&[][..], |parents| &parents.numbers),
        ended_parents: parents
            .iter()
            .flat_map(|parents| &parents.ended)
            .map(parent)
            .collect(),
        tokens: *tokens,
        text,
    }
}

fn places(span: Span) -> Places {
    let Span { start, end } = span;
    Places {
        start_byte: start.byte,
        end_byte: end.byte,
        start_character: start.character,
        end_character: end.character,
        start_line: start.line,
        end_line: end.line,
        start_source: start.source,
        end_source: end.source,
    }
}

fn parent(parent: &Parent) -> ParentRow {
    let Parent {
        level,
        number,
        first_ordinal,
        span,
        sha256,
        key,
        kind,
        tokens,
    } = parent;
    ParentRow {
        level: *level,
        number: *number,
        first_ordinal: *first_ordinal,
        places: places(*span),
        sha256: hex(sha256),
        key: hex(key),
        kind: kind.name().to_uppercase(),
        tokens: *tokens,
    }
}

fn title(heading: &Heading) -> Title<'_> {
    let Heading { level, title } = heading;
    Title {
        level: *level,
        title,
    }
}

fn begin(section: &SectionStart) -> SectionRow<'_> {
    let Position {
        byte,
        character,
        line,
        source,
    } = section.start;
    SectionRow {
        section: section.number,
        heading: title(&section.heading),
        start_byte: byte,
        start_character: character,
        start_line: line,
        start_source: source,
    }
}
