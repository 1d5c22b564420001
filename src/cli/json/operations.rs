//! Operations.

use serde_json::json;

use crate::cli::json::fields::{object, time, word};
use crate::cli::terminal::table::Object;
use crate::interface::grpc::pb;

/// Returns the fields of an operation.
pub(crate) fn operation(operation: pb::Operation) -> Object {
    let kind = operation.kind();
    let state = operation.state();
    let pb::Operation {
        name,
        seq,
        state: _,
        target,
        committed_bytes,
        chunks,
        failure_reason,
        failure_message,
        create_time,
        update_time,
        kind: _,
    } = operation;
    object([
        ("operation", json!(name)),
        ("seq", json!(seq)),
        ("state", word(state.as_str_name(), "STATE_")),
        ("target", json!(target)),
        ("committed_bytes", json!(committed_bytes)),
        ("chunks", json!(chunks)),
        ("failure_reason", json!(failure_reason)),
        ("failure_message", json!(failure_message)),
        ("create_time", time(create_time)),
        ("update_time", time(update_time)),
        ("kind", word(kind.as_str_name(), "KIND_")),
    ])
}
