//! The structure of chunks.

use crate::application::catalog::chunks::sections;
use crate::domain::ingest::parents::{Parent, Parents};
use crate::domain::structure::context::{Context, Heading};
use crate::domain::structure::kind::Kind;
use crate::domain::structure::section::SectionStart;
use crate::domain::structure::tracker::Structure;
use crate::interface::grpc::convert::chunking::{count, to_position};
use crate::interface::grpc::pb;

/// Converts the structure of a chunk.
#[must_use]
pub fn to_structure(from: &Structure) -> pb::ChunkStructure {
    let Structure {
        kind,
        continues,
        is_blank,
        context: _,
        sections,
    } = from;
    let sections = sections.as_deref();
    let Context {
        section,
        headings,
        introduction,
    } = from.context();
    pb::ChunkStructure {
        kind: to_kind(*kind).into(),
        continues: *continues,
        is_blank: *is_blank,
        section: count(*section),
        headings: headings.iter().map(to_heading).collect(),
        introduction: introduction.clone(),
        sections: sections.map_or_else(Vec::new, |all| all.listed.iter().map(to_section).collect()),
        omitted_sections: count(sections.map_or(0, |all| all.omitted)),
    }
}

/// Converts the parents of a chunk: their numbers, and those that end with the chunk of this ordinal.
#[must_use]
pub fn to_parents(from: Option<&Parents>, ordinal: u64) -> (Vec<i64>, Vec<pb::ParentChunk>) {
    let Some(Parents { numbers, ended }) = from else {
        return (Vec::new(), Vec::new());
    };
    let numbers = numbers.iter().map(|number| count(*number));
    let ended = ended.iter().map(|parent| to_parent(parent, ordinal));
    (numbers.collect(), ended.collect())
}

fn to_parent(from: &Parent, last_ordinal: u64) -> pb::ParentChunk {
    let Parent {
        level,
        number,
        first_ordinal,
        span,
        sha256,
        key,
        kind,
        tokens,
    } = from;
    pb::ParentChunk {
        level: i32::try_from(*level).unwrap_or(i32::MAX),
        number: count(*number),
        first_ordinal: count(*first_ordinal),
        last_ordinal: count(last_ordinal),
        start: Some(to_position(span.start)),
        end: Some(to_position(span.end)),
        sha256: sha256.to_vec().into(),
        key: key.to_vec().into(),
        kind: to_kind(*kind).into(),
        tokens: tokens.map(i64::from),
    }
}

fn to_section(from: &SectionStart) -> pb::SectionStart {
    let SectionStart {
        number,
        start,
        heading,
    } = from;
    pb::SectionStart {
        section: count(*number),
        start: Some(to_position(*start)),
        heading: Some(to_heading(heading)),
    }
}

/// Converts a section of a version.
#[must_use]
pub fn to_outline(from: sections::Section) -> pb::Section {
    let sections::Section {
        version,
        number,
        headings,
        span,
        first_ordinal,
        last_ordinal,
        omitted,
    } = from;
    pb::Section {
        section: count(number),
        headings: headings.iter().map(to_heading).collect(),
        start: Some(to_position(span.start)),
        end: Some(to_position(span.end)),
        first_ordinal: count(first_ordinal),
        last_ordinal: count(last_ordinal),
        omitted_sections: count(omitted),
        version: count(version),
    }
}

fn to_heading(from: &Heading) -> pb::Heading {
    let Heading { level, title } = from;
    pb::Heading {
        level: i32::from(*level),
        title: title.clone(),
    }
}

fn to_kind(from: Kind) -> pb::ChunkKind {
    match from {
        Kind::Prose => pb::ChunkKind::Prose,
        Kind::Heading => pb::ChunkKind::Heading,
        Kind::List => pb::ChunkKind::List,
        Kind::Table => pb::ChunkKind::Table,
        Kind::Code => pb::ChunkKind::Code,
        Kind::Quote => pb::ChunkKind::Quote,
        Kind::Html => pb::ChunkKind::Html,
        Kind::Record => pb::ChunkKind::Record,
        Kind::FrontMatter => pb::ChunkKind::FrontMatter,
        Kind::Mixed => pb::ChunkKind::Mixed,
    }
}
