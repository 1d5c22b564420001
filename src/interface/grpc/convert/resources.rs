//! Converts collections, documents, chunks, uploads and operations.

use prost_types::Timestamp;

use crate::application::catalog::changes::change_event::ChangeEvent;
use crate::application::catalog::chunks::levels::LevelChunk;
use crate::application::catalog::chunks::stream::Versioned;
use crate::application::error::Error;
use crate::application::ports::collections::Collection;
use crate::application::ports::documents::Document;
use crate::application::ports::operations::{Operation, OperationKind};
use crate::application::ports::uploads::Upload;
use crate::domain::ingest::checkpoint::Checkpoint;
use crate::domain::ingest::digest;
use crate::domain::names::chunk_name::ChunkName;
use crate::domain::names::resource::{CollectionId, DocumentName};
use crate::domain::operation::state::State;
use crate::domain::timestamp;
use crate::interface::grpc::convert::chunking::{
    count, to_decoding, to_partial, to_partial_decoding, to_position, to_spec,
};
use crate::interface::grpc::convert::structure::to_structure;
use crate::interface::grpc::pb::{self, change};
use crate::interface::grpc::resource_name;

/// Converts a collection.
#[must_use]
pub fn collection(from: &Collection) -> pb::Collection {
    pb::Collection {
        name: from.id.to_string(),
        chunking: Some(to_partial(&from.preferences.chunking)),
        decoding: Some(to_partial_decoding(&from.preferences.decoding)),
        create_time: Some(time(from.created_at)),
        update_time: Some(time(from.updated_at)),
        etag: resource_name::etag(from.revision),
    }
}

/// Converts a document of a collection.
#[must_use]
pub fn document(collection: &CollectionId, from: Document) -> pb::Document {
    let name = DocumentName {
        collection: collection.clone(),
        document: from.id,
    };
    let current = from.current.as_ref();
    let of_current = |value: fn(&_) -> u64| current.map_or(0, |current| count(value(current)));
    pb::Document {
        name: name.to_string(),
        display_name: from.display_name,
        media_type: from.media_type,
        labels: from.labels.into_iter().collect(),
        current_version: of_current(|version| version.version),
        chunks: of_current(|version| version.chunks),
        source_bytes: of_current(|version| version.source_bytes),
        text_bytes: of_current(|version| version.text_bytes),
        characters: of_current(|version| version.characters),
        source_sha256: current.map_or_else(Default::default, |current| {
            current.source_sha256.to_vec().into()
        }),
        partition: i32::try_from(from.partition).unwrap_or(i32::MAX),
        create_time: Some(time(from.created_at)),
        update_time: Some(time(from.updated_at)),
        etag: resource_name::etag(from.revision),
        chunking: current.map(|version| to_spec(&version.spec)),
        decoding: current.map(|version| to_decoding(version.decoding)),
        engine_version: of_current(|version| version.engine_version),
        charset: current.map_or_else(String::new, |version| version.charset.name().to_owned()),
    }
}

/// Converts a chunk of a document.
#[must_use]
pub fn chunk(document: &DocumentName, from: Versioned) -> pb::Chunk {
    let Versioned {
        version,
        labels,
        chunk:
            LevelChunk {
                level,
                is_parent,
                first_ordinal,
                last_ordinal,
                chunk,
                text,
            },
    } = from;
    let name = ChunkName {
        document: document.clone(),
        level: is_parent.then_some(level),
        ordinal: chunk.ordinal,
    };
    let parents = chunk
        .parents
        .iter()
        .flat_map(|parents| parents.numbers.iter());
    pb::Chunk {
        name: name.to_string(),
        ordinal: count(chunk.ordinal),
        version: count(version),
        start: Some(to_position(chunk.span.start)),
        end: Some(to_position(chunk.span.end)),
        sha256: chunk.sha256.to_vec().into(),
        text,
        labels: labels
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        structure: Some(to_structure(&chunk.structure)),
        key: chunk.key.to_vec().into(),
        tokens: chunk.tokens.map(i64::from),
        record: None,
        parents: parents.map(|number| count(*number)).collect(),
        level: to_level(level),
        first_ordinal: count(first_ordinal),
        last_ordinal: count(last_ordinal),
    }
}

/// Converts a level. There are at most four.
fn to_level(level: usize) -> i32 {
    i32::try_from(level).unwrap_or(i32::MAX)
}

/// Converts a change.
#[must_use]
pub fn change(from: ChangeEvent) -> pb::Change {
    let mut converted = pb::Change::default();
    let change = match from {
        ChangeEvent::Reset(document) => change::Change::Reset(document.to_string()),
        ChangeEvent::Document(collection, changed) => {
            change::Change::Document(document(&collection, *changed))
        }
        ChangeEvent::Added {
            document,
            chunk: added,
            is_text_kept,
        } => {
            converted.is_text_kept = is_text_kept;
            change::Change::Added(chunk(&document, added))
        }
        ChangeEvent::Kept {
            document,
            chunk: kept,
            is_moved,
        } => {
            converted.is_moved = is_moved;
            change::Change::Kept(chunk(&document, kept))
        }
        ChangeEvent::Removed {
            document,
            level,
            key,
            left,
        } => change::Change::Removed(pb::ChunkRemoved {
            document: document.to_string(),
            level: to_level(level),
            key: key.to_vec().into(),
            left: count(left),
        }),
        ChangeEvent::Complete {
            document,
            version,
            chunks,
        } => change::Change::Complete(pb::VersionComplete {
            document: document.to_string(),
            version: count(version),
            chunks: count(chunks),
        }),
    };
    converted.change = Some(change);
    converted
}

/// Converts an upload.
///
/// # Errors
///
/// Fails if its checkpoint is damaged or of another engine version.
pub fn upload(from: &Upload) -> Result<pb::Upload, Error> {
    let checkpoint = from.checkpoint.as_deref().map(Checkpoint::decode);
    let committed_sha256 = match (from.source_sha256, checkpoint) {
        (Some(sha256), _) => sha256.to_vec(),
        (None, None) => digest::sha256(b"").to_vec(),
        (None, Some(Ok(checkpoint))) => checkpoint.source_sha256()?.to_vec(),
        // An ended upload cannot be resumed, so its digest is not needed.
        (None, Some(Err(_))) if from.state != State::Running => Vec::new(),
        (None, Some(Err(error))) => return Err(error.into()),
    };
    Ok(pb::Upload {
        name: resource_name::of_uid("uploads", &from.uid),
        document: from.document.to_string(),
        version: count(from.version),
        state: match from.state {
            State::Running => pb::upload::State::Running,
            State::Succeeded => pb::upload::State::Succeeded,
            State::Failed => pb::upload::State::Failed,
            State::Cancelled => pb::upload::State::Cancelled,
        }
        .into(),
        committed_offset: count(from.committed_offset),
        committed_sha256: committed_sha256.into(),
        chunks: count(from.next_ordinal),
        operation: resource_name::of_uid("operations", &from.uid),
        create_time: Some(time(from.created_at)),
    })
}

/// Converts an operation.
#[must_use]
pub fn operation(from: Operation) -> pb::Operation {
    let failure = from
        .failure
        .map(|failure| (failure.reason.name().to_owned(), failure.message));
    let (failure_reason, failure_message) = failure.unwrap_or_default();
    pb::Operation {
        name: resource_name::of_uid("operations", &from.uid),
        seq: count(from.seq),
        state: match from.state {
            State::Running => pb::operation::State::Running,
            State::Succeeded => pb::operation::State::Succeeded,
            State::Failed => pb::operation::State::Failed,
            State::Cancelled => pb::operation::State::Cancelled,
        }
        .into(),
        kind: match from.kind {
            OperationKind::Upload => pb::operation::Kind::Upload,
            OperationKind::ImportDocument => pb::operation::Kind::ImportDocument,
            OperationKind::RechunkDocument => pb::operation::Kind::RechunkDocument,
            OperationKind::DeleteDocument => pb::operation::Kind::DeleteDocument,
            OperationKind::DeleteCollection => pb::operation::Kind::DeleteCollection,
            OperationKind::MoveDocument => pb::operation::Kind::MoveDocument,
        }
        .into(),
        target: from.target.to_string(),
        committed_bytes: count(from.committed_bytes),
        chunks: count(from.chunks),
        failure_reason,
        failure_message,
        create_time: Some(time(from.created_at)),
        update_time: Some(time(from.updated_at)),
    }
}

/// Converts a point in time.
#[must_use]
pub fn time(at: timestamp::Timestamp) -> Timestamp {
    let at = at.micros();
    let nanos = i32::try_from(at.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Timestamp {
        seconds: at.div_euclid(1_000_000),
        nanos,
    }
}
