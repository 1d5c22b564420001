//! The end of operations in the log: succeeded, failed, cancelled or superseded, with ids, counts and duration.

use crate::application::ports::operations::{Operation, OperationKind};
use crate::domain::operation::failure::FailureReason;
use crate::domain::operation::state::State;

/// Logs the terminal state of an operation; a running one is not logged.
pub(super) fn ended(operation: &Operation) {
    let reason = operation.failure.as_ref().map(|failure| failure.reason);
    let how = match operation.state {
        State::Running => return,
        State::Succeeded => "succeeded",
        State::Cancelled => "cancelled",
        State::Failed if reason == Some(FailureReason::UploadSuperseded) => "superseded",
        State::Failed => "failed",
    };
    let noun = match operation.kind {
        OperationKind::Upload | OperationKind::ImportDocument | OperationKind::RechunkDocument => {
            "upload"
        }
        OperationKind::DeleteDocument | OperationKind::DeleteCollection => "deletion",
        OperationKind::MoveDocument => "move",
    };
    let duration = operation.updated_at.since(operation.created_at);
    // Numbers of 128 bits would be logged as text.
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        operation = %operation.uid,
        kind = operation.kind.name(),
        resource = operation.target.to_string(),
        bytes = operation.committed_bytes,
        chunks = operation.chunks,
        duration_ms,
        reason = reason.map_or("", FailureReason::name),
        "{noun} {how}"
    );
}
