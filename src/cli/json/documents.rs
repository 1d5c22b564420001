//! Documents.

use serde_json::json;

use crate::cli::json::fields::{digest, object, time};
use crate::cli::json::spec;
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of a document.
pub(crate) fn document(document: pb::Document) -> Object {
    let pb::Document {
        name,
        display_name,
        media_type,
        labels,
        current_version,
        chunks,
        source_bytes,
        text_bytes,
        characters,
        source_sha256,
        partition,
        create_time,
        update_time,
        etag,
        chunking,
        decoding,
        engine_version,
        charset,
    } = document;
    object([
        ("document", json!(name)),
        ("display_name", json!(display_name)),
        ("media_type", json!(media_type)),
        ("labels", json!(labels)),
        ("current_version", json!(current_version)),
        ("chunks", json!(chunks)),
        ("source_bytes", json!(source_bytes)),
        ("text_bytes", json!(text_bytes)),
        ("characters", json!(characters)),
        ("source_sha256", digest(&source_sha256)),
        ("partition", json!(partition)),
        ("create_time", time(create_time)),
        ("update_time", time(update_time)),
        ("etag", json!(etag)),
        ("chunking", json!(chunking.as_ref().map(spec::chunking))),
        ("decoding", json!(decoding.as_ref().map(spec::decoding))),
        ("engine_version", json!(engine_version)),
        ("charset", json!(charset)),
    ])
}
