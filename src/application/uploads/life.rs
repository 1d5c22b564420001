//! The life of an upload in the log: started or resumed, then superseded, succeeded, failed or cancelled.

use uuid::Uuid;

use crate::application::ports::operations::Operation;
use crate::application::ports::state::State;
use crate::application::ports::uploads::{SUPERSEDED, Upload};

/// Logs that a writer has attached, from which offset on.
pub fn attached(upload: &Upload, is_first: bool) {
    tracing::info!(
        upload = %Uuid::from_bytes(upload.uid),
        document = %upload.document,
        version = upload.version,
        bytes = upload.committed_offset,
        "{}",
        if is_first { "upload started" } else { "upload resumed" }
    );
}

/// Logs the state that an upload has ended with, after how long.
pub fn ended(operation: &Operation) {
    let message = match operation.state {
        State::Succeeded => "upload succeeded",
        State::Cancelled => "upload cancelled",
        State::Failed if operation.failure_reason == SUPERSEDED => "upload superseded",
        State::Running | State::Failed => "upload failed",
    };
    // Timestamps are microseconds.
    let duration_ms = operation.updated_at.saturating_sub(operation.created_at) / 1_000;
    tracing::info!(
        upload = %Uuid::from_bytes(operation.uid),
        document = operation.target,
        bytes = operation.committed_bytes,
        chunks = operation.chunks,
        duration_ms,
        reason = operation.failure_reason,
        "{message}"
    );
}
