//! Chunks and changes.

use serde_json::json;

use crate::cli::json::fields::{digest, object, places};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::change::Change as Kind;

/// Returns the fields of a chunk.
pub(crate) fn chunk(chunk: pb::Chunk) -> Object {
    let pb::Chunk {
        name,
        ordinal,
        version,
        start,
        end,
        sha256,
        text,
        labels,
    } = chunk;
    let mut fields = object([
        ("name", json!(name)),
        ("ordinal", json!(ordinal)),
        ("version", json!(version)),
        ("sha256", digest(&sha256)),
        ("text", json!(text)),
        ("labels", json!(labels)),
    ]);
    fields.extend(places(start, end));
    fields
}

/// Returns the fields of a change: its kind, the document or chunk that it concerns, and its details.
pub(crate) fn change(change: pb::Change) -> Option<Object> {
    let pb::Change { change } = change;
    let (kind, mut fields) = match change? {
        Kind::Reset(document) => {
            let name = json!(document);
            (
                "reset",
                object([("name", name.clone()), ("document", name)]),
            )
        }
        Kind::Added(added) => ("added", chunk(added)),
        Kind::Kept(kept) => {
            let mut fields = chunk(kept);
            // The client has the text already.
            fields.remove("text");
            ("kept", fields)
        }
        Kind::Removed(gone) => ("removed", removed(gone)),
        Kind::Complete(version) => ("complete", complete(version)),
    };
    fields.insert("change".to_owned(), json!(kind));
    Some(fields)
}

/// Returns the fields of content that was removed.
fn removed(gone: pb::ChunkRemoved) -> Object {
    let pb::ChunkRemoved { document, sha256 } = gone;
    object([
        ("name", json!(document)),
        ("document", json!(document)),
        ("sha256", digest(&sha256)),
    ])
}

/// Returns the fields of a complete version.
fn complete(version: pb::VersionComplete) -> Object {
    let pb::VersionComplete {
        document,
        version,
        chunks,
    } = version;
    object([
        ("name", json!(document)),
        ("document", json!(document)),
        ("version", json!(version)),
        ("chunks", json!(chunks)),
    ])
}
