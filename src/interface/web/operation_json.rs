//! An operation in JSON, with the names and forms of the protos' JSON mapping.

use serde::Serialize;

use crate::application::ports::operations::Operation;
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::pb;

/// A whole operation: `Operation` of `operations.proto`, whose comments apply here. Numbers of 64 bits are strings,
/// as the mapping requires. Unset fields are included.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    name: String,
    seq: String,
    state: &'static str,
    kind: &'static str,
    target: String,
    committed_bytes: String,
    chunks: String,
    failure_reason: String,
    failure_message: String,
    create_time: String,
    update_time: String,
}

impl From<Operation> for Snapshot {
    fn from(operation: Operation) -> Self {
        let operation = resources::operation(operation);
        let state_name = operation.state().as_str_name();
        let kind_name = operation.kind().as_str_name();
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
        let time = |time: Option<prost_types::Timestamp>| time.unwrap_or_default().to_string();
        Self {
            name,
            seq: seq.to_string(),
            state: state_name,
            kind: kind_name,
            target,
            committed_bytes: committed_bytes.to_string(),
            chunks: chunks.to_string(),
            failure_reason,
            failure_message,
            create_time: time(create_time),
            update_time: time(update_time),
        }
    }
}
