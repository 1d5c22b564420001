//! What clients are told: the only place where codes and reasons are chosen.
//!
//! Every status has an `ErrorInfo` with a stable reason (AIP-193); the message is for people and
//! repeats nothing that a client must not see.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::application::error::Error;
use crate::application::ports::store;
use crate::domain::ingest::checkpoint;
use crate::domain::text::decoding::Fault;

/// Whose reasons these are.
const DOMAIN: &str = "sluice.dev";
/// When a client that was sent away may come back.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The status for an error. Failures of the store are logged here, once.
#[must_use]
pub fn of(error: &Error) -> Status {
    let (code, reason, metadata) = classify(error);
    let metadata = metadata
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, metadata.collect::<HashMap<_, _>>());
    match error {
        Error::Invalid { field, message } => {
            details.add_bad_request_violation(*field, message);
        }
        Error::NotFound { kind } | Error::AlreadyExists { kind } => {
            details.set_resource_info(*kind, "", "", "");
        }
        Error::NoMemory | Error::Draining | Error::Store(store::Error::Unavailable(_)) => {
            details.set_retry_info(Some(RETRY_AFTER));
        }
        _ => {}
    }
    if let Error::Store(failure) = error {
        tracing::error!(
            error = failure as &dyn std::error::Error,
            "the store failed"
        );
    }
    Status::with_error_details(code, error.to_string(), details)
}

type Metadata = Vec<(&'static str, String)>;

fn classify(error: &Error) -> (Code, &'static str, Metadata) {
    let none = Vec::new;
    match error {
        Error::Invalid { field, .. } => (
            Code::InvalidArgument,
            "INVALID_FIELD",
            vec![("field", (*field).to_owned())],
        ),
        Error::NotFound { kind } => (
            Code::NotFound,
            "NOT_FOUND",
            vec![("kind", (*kind).to_owned())],
        ),
        Error::AlreadyExists { kind } => (
            Code::AlreadyExists,
            "ALREADY_EXISTS",
            vec![("kind", (*kind).to_owned())],
        ),
        Error::OffsetMismatch { expected, provided } => (
            Code::OutOfRange,
            "UPLOAD_OFFSET_MISMATCH",
            vec![
                ("expected_offset", expected.to_string()),
                ("provided_offset", provided.to_string()),
            ],
        ),
        Error::SizeMismatch { expected, actual } => (
            Code::OutOfRange,
            "SIZE_MISMATCH",
            vec![
                ("expected", expected.to_string()),
                ("actual", actual.to_string()),
            ],
        ),
        Error::DigestMismatch => (Code::InvalidArgument, "DIGEST_MISMATCH", none()),
        Error::ChecksumMismatch { offset } => (
            Code::Aborted,
            "CONTENT_CHECKSUM_MISMATCH",
            vec![("offset", offset.to_string())],
        ),
        Error::WriteAfterFinish => (Code::InvalidArgument, "WRITE_AFTER_FINISH", none()),
        Error::MessageTooLarge { bytes, most } => (
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            vec![("bytes", bytes.to_string()), ("limit", most.to_string())],
        ),
        Error::Content(Fault::Invalid { offset, .. } | Fault::Nul { offset }) => (
            Code::InvalidArgument,
            "INVALID_CONTENT",
            vec![("offset", offset.to_string())],
        ),
        Error::UnsupportedContent { sniffed } => (
            Code::InvalidArgument,
            "UNSUPPORTED_CONTENT",
            vec![("sniffed", (*sniffed).to_owned())],
        ),
        Error::Superseded => (Code::Aborted, "UPLOAD_SUPERSEDED", none()),
        Error::UploadEnded { state } => (
            Code::FailedPrecondition,
            "UPLOAD_ENDED",
            vec![("state", (*state).to_owned())],
        ),
        Error::Checkpoint(checkpoint::Error::Version { .. } | checkpoint::Error::Spec) => {
            (Code::FailedPrecondition, "CHECKPOINT_VERSION", none())
        }
        Error::Checkpoint(checkpoint::Error::Damaged { .. }) => {
            (Code::Internal, "STORE_DAMAGED", none())
        }
        Error::FutureSeq { after, newest } => (
            Code::OutOfRange,
            "FUTURE_SEQ",
            vec![
                ("after_seq", after.to_string()),
                ("newest_seq", newest.to_string()),
            ],
        ),
        Error::NoMemory => (Code::ResourceExhausted, "NO_MEMORY", none()),
        Error::FollowedUploadEnded { state } => (
            Code::Aborted,
            "FOLLOWED_UPLOAD_ENDED",
            vec![("state", (*state).to_owned())],
        ),
        Error::Draining => (Code::Unavailable, "DRAINING", none()),
        Error::Store(store::Error::Unavailable(_)) => {
            (Code::Unavailable, "STORE_UNAVAILABLE", none())
        }
        Error::Store(store::Error::Full(_)) => (Code::ResourceExhausted, "STORE_FULL", none()),
        Error::Store(store::Error::Damaged { .. }) => (Code::Internal, "STORE_DAMAGED", none()),
    }
}
