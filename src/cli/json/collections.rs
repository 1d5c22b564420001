//! Collections.

use serde_json::json;

use crate::cli::json::fields::{object, time};
use crate::cli::json::spec;
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of a collection.
pub(crate) fn collection(collection: pb::Collection) -> Object {
    let pb::Collection {
        name,
        chunking,
        create_time,
        decoding,
        update_time,
        etag,
    } = collection;
    object([
        ("collection", json!(name)),
        ("chunking", spec::chunking(&chunking.unwrap_or_default())),
        ("create_time", time(create_time)),
        ("decoding", spec::decoding(&decoding.unwrap_or_default())),
        ("update_time", time(update_time)),
        ("etag", json!(etag)),
    ])
}
