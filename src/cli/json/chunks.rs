//! Chunks and changes.

use serde_json::json;

use crate::cli::json::fields::{digest, object, places, word};
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
        structure: place,
        key,
        tokens,
        record,
    } = chunk;
    let mut fields = object([
        ("name", json!(name)),
        ("ordinal", json!(ordinal)),
        ("version", json!(version)),
        ("sha256", digest(&sha256)),
        ("text", json!(text)),
        ("labels", json!(labels)),
        ("key", digest(&key)),
        ("tokens", json!(tokens)),
        ("record", json!(record)),
    ]);
    fields.extend(places(start, end));
    fields.extend(structure(place.unwrap_or_default()));
    fields
}

/// Returns the fields of a chunk's place in the structure of its document.
fn structure(place: pb::ChunkStructure) -> Object {
    let kind = place.kind();
    let pb::ChunkStructure {
        kind: _,
        continues,
        is_blank,
        section,
        headings,
        introduction,
    } = place;
    let heading = |heading: pb::Heading| {
        let pb::Heading { level, title } = heading;
        json!({ "level": level, "title": title })
    };
    let headings: Vec<_> = headings.into_iter().map(heading).collect();
    object([
        ("kind", word(kind.as_str_name(), "CHUNK_KIND_")),
        ("continues", json!(continues)),
        ("is_blank", json!(is_blank)),
        ("section", json!(section)),
        ("headings", json!(headings)),
        ("introduction", json!(introduction)),
    ])
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
    let pb::ChunkRemoved { document, key } = gone;
    object([
        ("name", json!(document)),
        ("document", json!(document)),
        ("key", digest(&key)),
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
