//! Chunks and changes.

use serde_json::{Value, json};

use crate::cli::json::documents;
use crate::cli::json::fields::{digest, object, place, places, word};
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
        parents,
        level,
        first_ordinal,
        last_ordinal,
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
        ("parents", json!(parents)),
        ("level", json!(level)),
        ("first_ordinal", json!(first_ordinal)),
        ("last_ordinal", json!(last_ordinal)),
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
        sections,
        omitted_sections,
    } = place;
    let sections = sections.into_iter().map(section_start).collect::<Vec<_>>();
    object([
        ("kind", word(kind.as_str_name(), "CHUNK_KIND_")),
        ("continues", json!(continues)),
        ("is_blank", json!(is_blank)),
        ("section", json!(section)),
        ("headings", titles(headings)),
        ("introduction", json!(introduction)),
        ("sections", json!(sections)),
        ("omitted_sections", json!(omitted_sections)),
    ])
}

fn titles(headings: Vec<pb::Heading>) -> Value {
    headings.into_iter().map(heading).collect()
}

fn heading(heading: pb::Heading) -> Value {
    let pb::Heading { level, title } = heading;
    json!({ "level": level, "title": title })
}

/// Returns the fields of the beginning of a section.
fn section_start(section: pb::SectionStart) -> Object {
    let pb::SectionStart {
        section,
        start,
        heading: title,
    } = section;
    let mut fields = object([
        ("section", json!(section)),
        ("heading", heading(title.unwrap_or_default())),
    ]);
    fields.extend(place("start", start));
    fields
}

/// Returns the fields of a section.
pub(crate) fn section(section: pb::Section) -> Object {
    let pb::Section {
        section,
        headings,
        start,
        end,
        first_ordinal,
        last_ordinal,
        omitted_sections,
        version,
    } = section;
    let mut fields = object([
        ("section", json!(section)),
        ("headings", titles(headings)),
        ("first_ordinal", json!(first_ordinal)),
        ("last_ordinal", json!(last_ordinal)),
        ("omitted_sections", json!(omitted_sections)),
        ("version", json!(version)),
    ]);
    fields.extend(places(start, end));
    fields
}

/// Returns the fields of a change: its kind, the document or chunk that it concerns, and its details.
pub(crate) fn change(change: pb::Change) -> Option<Object> {
    let pb::Change {
        change,
        is_text_kept,
        is_moved,
    } = change;
    let (kind, mut fields) = match change? {
        Kind::Reset(document) => {
            let name = json!(document);
            (
                "reset",
                object([("name", name.clone()), ("document", name)]),
            )
        }
        Kind::Added(added) => {
            let mut fields = chunk(added);
            fields.insert("is_text_kept".to_owned(), json!(is_text_kept));
            ("added", fields)
        }
        Kind::Kept(kept) => {
            let mut fields = chunk(kept);
            // The client has the text already.
            fields.remove("text");
            fields.insert("is_moved".to_owned(), json!(is_moved));
            ("kept", fields)
        }
        Kind::Document(changed) => {
            let mut fields = documents::document(changed);
            let name = fields.get("document").cloned().unwrap_or_default();
            fields.insert("name".to_owned(), name);
            ("document", fields)
        }
        Kind::Removed(gone) => ("removed", removed(gone)),
        Kind::Complete(version) => ("complete", complete(version)),
    };
    fields.insert("change".to_owned(), json!(kind));
    Some(fields)
}

/// Returns the fields of content that was removed.
fn removed(gone: pb::ChunkRemoved) -> Object {
    let pb::ChunkRemoved {
        document,
        key,
        left,
        level,
    } = gone;
    object([
        ("name", json!(document)),
        ("document", json!(document)),
        ("key", digest(&key)),
        ("left", json!(left)),
        ("level", json!(level)),
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
