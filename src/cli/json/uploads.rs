//! Uploads.

use serde_json::json;

use crate::cli::json::fields::{digest, object, time, word};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of an upload.
pub(crate) fn upload(upload: pb::Upload) -> Object {
    let state = upload.state();
    let pb::Upload {
        name,
        document,
        version,
        state: _,
        committed_offset,
        committed_sha256,
        chunks,
        operation,
        create_time,
    } = upload;
    object([
        ("upload", json!(name)),
        ("document", json!(document)),
        ("version", json!(version)),
        ("state", word(state.as_str_name(), "STATE_")),
        ("committed_offset", json!(committed_offset)),
        ("committed_sha256", digest(&committed_sha256)),
        ("chunks", json!(chunks)),
        ("operation", json!(operation)),
        ("create_time", time(create_time)),
    ])
}
