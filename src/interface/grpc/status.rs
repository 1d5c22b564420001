//! Maps errors to statuses: the only place that chooses codes and reasons.
//!
//! Every status has an `ErrorInfo` with a stable reason (AIP-193); the message is for people and
//! repeats nothing that a client must not see.

use std::collections::HashMap;
use std::time::Duration;

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::application::error::Error;
use crate::application::store_error;
use crate::domain::ingest::checkpoint;
use crate::domain::ingest::digest::hex;

/// The domain of the reasons.
const DOMAIN: &str = "sluice.dev";
/// The time after which a refused client may retry, if the error names none.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The same for a full store, where an operator has to free space first.
const RETRY_WHEN_FULL: Duration = Duration::from_secs(5);
/// The header for clients that retry by themselves (gRFC A6).
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Returns the status for an error. Failures of the store are logged here, once.
#[must_use]
pub fn of(error: &Error) -> Status {
    let (code, reason) = code_and_reason(error);
    let metadata = metadata(error)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, metadata.collect::<HashMap<_, _>>());
    if let Error::Invalid { field, message } = error {
        details.add_bad_request_violation(*field, message);
    }
    if let Error::NotFound { kind } | Error::AlreadyExists { kind } = error {
        details.set_resource_info(*kind, "", "", "");
    }
    if let Error::RateLimited { subject, .. } | Error::ConcurrencyLimited { subject, .. } = error {
        details.add_quota_failure_violation(subject, error.to_string());
    }
    if let Error::QuotaExceeded(_) = error {
        details.add_quota_failure_violation("tenant", error.to_string());
    }
    let retry_after = retry_after(error);
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    if let Error::Store(failure) = error {
        tracing::error!(error = chain(failure), "the store failed");
    }
    let mut status = Status::with_error_details(code, error.to_string(), details);
    if let Some(after) = retry_after {
        let after_ms = i64::try_from(after.as_micros().div_ceil(1_000)).unwrap_or(i64::MAX);
        let after_ms = MetadataValue::from(after_ms);
        status.metadata_mut().insert(PUSHBACK, after_ms);
    }
    status
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        of(&error)
    }
}

/// Returns the time after which a retry may succeed. `None` if it is unknown, or no retry can succeed.
fn retry_after(error: &Error) -> Option<Duration> {
    if let Error::RateLimited { retry_after, .. } = error {
        return Some(*retry_after);
    }
    if let Error::Store(store_error::Error::Full(_)) = error {
        return Some(RETRY_WHEN_FULL);
    }
    let comes_back = matches!(
        error,
        Error::NoMemory
            | Error::Overloaded
            | Error::Draining
            | Error::Store(store_error::Error::Unavailable(_))
    );
    comes_back.then_some(RETRY_AFTER)
}

/// Returns the name of a code, as in `google.rpc.Code`.
#[must_use]
pub fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Returns the text of an error and all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |chain, cause| {
        format!("{chain}: {cause}")
    })
}

/// Returns the code of an error.
#[must_use]
pub fn code(error: &Error) -> Code {
    code_and_reason(error).0
}

/// The closed list of codes and reasons.
fn code_and_reason(error: &Error) -> (Code, &'static str) {
    match error {
        Error::Invalid { .. } => (Code::InvalidArgument, "INVALID_FIELD"),
        Error::NotFound { .. } => (Code::NotFound, "NOT_FOUND"),
        Error::AlreadyExists { .. } => (Code::AlreadyExists, "ALREADY_EXISTS"),
        Error::OffsetMismatch { .. } => (Code::OutOfRange, "UPLOAD_OFFSET_MISMATCH"),
        Error::SizeMismatch { .. } => (Code::OutOfRange, "SIZE_MISMATCH"),
        Error::DigestMismatch { .. } => (Code::InvalidArgument, "DIGEST_MISMATCH"),
        Error::ChecksumMismatch { .. } => (Code::Aborted, "CONTENT_CHECKSUM_MISMATCH"),
        Error::WriteAfterFinish => (Code::InvalidArgument, "WRITE_AFTER_FINISH"),
        Error::MessageTooLarge { .. } => (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
        Error::ResponseTooLarge { .. } => (Code::ResourceExhausted, "RESPONSE_TOO_LARGE"),
        Error::MessageUnreadable => (Code::InvalidArgument, "MESSAGE_UNREADABLE"),
        Error::UploadIdle { .. } => (Code::DeadlineExceeded, "UPLOAD_IDLE"),
        Error::UploadTooSlow { .. } => (Code::DeadlineExceeded, "UPLOAD_TOO_SLOW"),
        Error::SourceTooLarge { .. } => (Code::OutOfRange, "SOURCE_TOO_LARGE"),
        Error::SlowReader => (Code::Aborted, "SLOW_READER"),
        Error::CursorExpired => (Code::OutOfRange, "CURSOR_EXPIRED"),
        Error::VersionGone => (Code::Aborted, "VERSION_GONE"),
        Error::EtagMismatch { .. } => (Code::Aborted, "ETAG_MISMATCH"),
        Error::CollectionNotEmpty => (Code::FailedPrecondition, "COLLECTION_NOT_EMPTY"),
        Error::NotCancellable => (Code::FailedPrecondition, "NOT_CANCELLABLE"),
        Error::MovePending => (Code::FailedPrecondition, "MOVE_PENDING"),
        Error::MethodUnknown => (Code::Unimplemented, "METHOD_UNKNOWN"),
        Error::NotGrpc => (Code::PermissionDenied, "NOT_GRPC"),
        Error::EncodingUnsupported => (Code::Unimplemented, "ENCODING_UNSUPPORTED"),
        Error::Content(_) => (Code::InvalidArgument, "INVALID_CONTENT"),
        Error::UnsupportedContent { .. } => (Code::InvalidArgument, "UNSUPPORTED_CONTENT"),
        Error::Superseded => (Code::Aborted, "UPLOAD_SUPERSEDED"),
        Error::MetadataChanged => (Code::Aborted, "METADATA_CHANGED"),
        Error::DocumentDeleted => (Code::Aborted, "DOCUMENT_DELETED"),
        Error::DocumentDeletedSince => (Code::FailedPrecondition, "DOCUMENT_DELETED"),
        Error::CollectionDeletedSince => (Code::FailedPrecondition, "COLLECTION_DELETED"),
        Error::RequestIdReused { .. } => (Code::FailedPrecondition, "REQUEST_ID_REUSED"),
        Error::UploadEnded { .. } => (Code::FailedPrecondition, "UPLOAD_ENDED"),
        Error::NoCurrentVersion => (Code::FailedPrecondition, "NO_CURRENT_VERSION"),
        Error::UploadRunning => (Code::FailedPrecondition, "UPLOAD_RUNNING"),
        Error::NotAClientUpload => (Code::FailedPrecondition, "NOT_A_CLIENT_UPLOAD"),
        Error::ImportDisabled => (Code::FailedPrecondition, "IMPORT_DISABLED"),
        Error::TokenizerUnavailable { .. } => (Code::FailedPrecondition, "TOKENIZER_UNAVAILABLE"),
        Error::SourceChanged => (Code::FailedPrecondition, "SOURCE_CHANGED"),
        Error::SourceNotRecoverable => (Code::FailedPrecondition, "SOURCE_NOT_RECOVERABLE"),
        Error::Checkpoint(checkpoint::Error::Version { .. } | checkpoint::Error::Spec) => {
            (Code::FailedPrecondition, "CHECKPOINT_VERSION")
        }
        Error::FutureSeq { .. } => (Code::OutOfRange, "FUTURE_SEQ"),
        Error::NoMemory => (Code::ResourceExhausted, "NO_MEMORY"),
        Error::Overloaded => (Code::ResourceExhausted, "OVERLOADED"),
        Error::RateLimited { .. } => (Code::ResourceExhausted, "RATE_LIMITED"),
        Error::ConcurrencyLimited { .. } => (Code::ResourceExhausted, "CONCURRENCY_LIMITED"),
        Error::FollowedUploadEnded { .. } => (Code::Aborted, "FOLLOWED_UPLOAD_ENDED"),
        Error::DeadlineExceeded => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        Error::HostNotAllowed => (Code::PermissionDenied, "HOST_NOT_ALLOWED"),
        Error::OriginNotAllowed => (Code::PermissionDenied, "ORIGIN_NOT_ALLOWED"),
        Error::TooManySockets { .. } => (Code::ResourceExhausted, "TOO_MANY_SOCKETS"),
        Error::TooManySubscriptions { .. } => (Code::ResourceExhausted, "TOO_MANY_SUBSCRIPTIONS"),
        Error::CredentialMissing => (Code::Unauthenticated, "CREDENTIAL_MISSING"),
        Error::CredentialRefused => (Code::Unauthenticated, "CREDENTIAL_REFUSED"),
        Error::RoleTooLow { .. } => (Code::PermissionDenied, "ROLE_TOO_LOW"),
        Error::TenantEnabled => (Code::FailedPrecondition, "TENANT_ENABLED"),
        Error::TenantNotEmpty => (Code::FailedPrecondition, "TENANT_NOT_EMPTY"),
        Error::Panicked => (Code::Internal, "PANICKED"),
        Error::Draining => (Code::Unavailable, "DRAINING"),
        Error::QuotaExceeded(_) => (Code::ResourceExhausted, "QUOTA_EXCEEDED"),
        Error::Store(error) => store_code_and_reason(error),
        Error::Checkpoint(checkpoint::Error::Damaged { .. }) => (Code::Internal, "STORE_DAMAGED"),
    }
}

fn store_code_and_reason(error: &store_error::Error) -> (Code, &'static str) {
    match error {
        store_error::Error::Unavailable(_) => (Code::Unavailable, "STORE_UNAVAILABLE"),
        store_error::Error::Quota(_) => (Code::ResourceExhausted, "QUOTA_EXCEEDED"),
        // gRPC's definition of this code names a file system that is out of space. Clients may retry it because there
        // is a RetryInfo; a quota has none (as in OTLP).
        store_error::Error::Full(_) => (Code::ResourceExhausted, "STORE_FULL"),
        store_error::Error::Damaged { .. } => (Code::Internal, "STORE_DAMAGED"),
    }
}

/// Returns the values in the message, for programs.
fn metadata(error: &Error) -> Vec<(&'static str, String)> {
    match error {
        Error::Invalid { field, .. } => one("field", field),
        Error::NotFound { kind } | Error::AlreadyExists { kind } | Error::EtagMismatch { kind } => {
            one("kind", kind)
        }
        Error::OffsetMismatch { expected, provided } => vec![
            ("expected_offset", expected.to_string()),
            ("provided_offset", provided.to_string()),
        ],
        Error::SizeMismatch { expected, actual } => sizes(*expected, *actual),
        Error::DigestMismatch { expected, actual } => digests(expected, actual),
        Error::ChecksumMismatch { offset } => vec![("offset", offset.to_string())],
        Error::Content(fault) => vec![("offset", fault.offset().to_string())],
        Error::UploadTooSlow { bytes_min } => vec![("bytes_min", bytes_min.to_string())],
        Error::SourceTooLarge { most } => vec![("max_size", most.to_string())],
        Error::MessageTooLarge { most }
        | Error::ResponseTooLarge { most }
        | Error::TooManySockets { most }
        | Error::TooManySubscriptions { most } => {
            vec![("limit", most.to_string())]
        }
        Error::RoleTooLow { needed } => one("needed", needed),
        Error::UploadIdle { seconds } => vec![("seconds", seconds.to_string())],
        Error::UnsupportedContent { format } => one("sniffed", format),
        Error::RequestIdReused { differs } => one("differs", differs),
        Error::TokenizerUnavailable { name, .. } => vec![("tokenizer", name.clone())],
        Error::UploadEnded { state } | Error::FollowedUploadEnded { state } => one("state", state),
        Error::FutureSeq { after, newest } => {
            counts([("after_seq", after), ("newest_seq", newest)])
        }
        Error::RateLimited { limit, .. } | Error::ConcurrencyLimited { limit, .. } => {
            one("limit", limit)
        }
        Error::QuotaExceeded(quota) => vec![("quota", quota.name().to_owned())],
        Error::DocumentDeleted
        | Error::MetadataChanged
        | Error::DocumentDeletedSince
        | Error::CollectionDeletedSince
        | Error::SlowReader
        | Error::CursorExpired
        | Error::VersionGone
        | Error::CollectionNotEmpty
        | Error::NotCancellable
        | Error::MovePending
        | Error::MethodUnknown
        | Error::NotGrpc
        | Error::EncodingUnsupported
        | Error::MessageUnreadable
        | Error::WriteAfterFinish
        | Error::Superseded
        | Error::NoCurrentVersion
        | Error::UploadRunning
        | Error::NotAClientUpload
        | Error::ImportDisabled
        | Error::SourceChanged
        | Error::SourceNotRecoverable
        | Error::Checkpoint(_)
        | Error::NoMemory
        | Error::Overloaded
        | Error::DeadlineExceeded
        | Error::HostNotAllowed
        | Error::OriginNotAllowed
        | Error::CredentialMissing
        | Error::CredentialRefused
        | Error::TenantEnabled
        | Error::TenantNotEmpty
        | Error::Draining
        | Error::Panicked
        | Error::Store(_) => Vec::new(),
    }
}

fn one(key: &'static str, value: &str) -> Vec<(&'static str, String)> {
    vec![(key, value.to_owned())]
}

fn sizes(expected: u64, actual: u64) -> Vec<(&'static str, String)> {
    counts([("expected", &expected), ("actual", &actual)])
}

fn digests(expected: &[u8], actual: &[u8]) -> Vec<(&'static str, String)> {
    vec![("expected", hex(expected)), ("actual", hex(actual))]
}

fn counts(of: [(&'static str, &u64); 2]) -> Vec<(&'static str, String)> {
    of.map(|(key, count)| (key, count.to_string())).to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::{Code, Status};
    use tonic_types::StatusExt;

    use super::PUSHBACK;
    use crate::application::error::Error;

    #[test]
    fn an_error_becomes_a_status_with_code_reason_values_and_retry() {
        let refused = || -> Result<(), Status> {
            Err(Error::RateLimited {
                limit: "requests",
                subject: "principal:alice".to_owned(),
                retry_after: Duration::from_micros(1_500),
            })?;
            Ok(())
        };
        let status = refused().unwrap_err();
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        let quota = &details.quota_failure().unwrap().violations[0];
        let retry = details.retry_info().unwrap().retry_delay;
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(info.reason, "RATE_LIMITED");
        assert_eq!(info.metadata["limit"], "requests");
        assert_eq!(quota.subject, "principal:alice");
        assert_eq!(retry, Some(Duration::from_micros(1_500)));
        assert_eq!(status.metadata().get(PUSHBACK).unwrap(), "2");
    }

    #[test]
    fn an_error_that_a_retry_cannot_mend_names_no_time() {
        let status = Status::from(Error::invalid("name", "must have the form a/{b}"));
        let details = status.get_error_details();
        let field = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(field.field, "name");
        assert!(details.retry_info().is_none());
        assert!(status.metadata().get(PUSHBACK).is_none());
    }
}
