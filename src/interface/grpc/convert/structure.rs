//! The structure of chunks.

use crate::domain::structure::context::{Context, Heading};
use crate::domain::structure::kind::Kind;
use crate::domain::structure::tracker::Structure;
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::pb;

/// Converts the structure of a chunk.
#[must_use]
pub fn to_structure(from: &Structure) -> pb::ChunkStructure {
    let Structure {
        kind,
        continues,
        is_blank,
        context: _,
    } = from;
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
