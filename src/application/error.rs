//! The errors of all use cases: one closed list.

use std::fmt;
use std::time::Duration;

use crate::application::store_error;
use crate::domain::chunking::spec::conflict::{Conflict, Field};
use crate::domain::ingest::checkpoint;
use crate::domain::limits::quota::Quota;
use crate::domain::text::encoding::decoding::Fault;

/// The reason why a use case has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field of the request has an invalid value.
    #[error("{field} {message}")]
    Invalid {
        /// The field, by its name in the protos.
        field: &'static str,
        /// The rule that the value breaks, such as `must be …`.
        message: String,
    },
    /// The named thing does not exist, or the caller may not know of it.
    #[error("there is no {kind} of that name")]
    NotFound {
        /// The kind of thing that was requested.
        kind: &'static str,
    },
    /// A thing of that name exists already.
    #[error("there is a {kind} of that name already")]
    AlreadyExists {
        /// The kind of thing that was to be created.
        kind: &'static str,
    },
    /// A message of an upload does not continue the source.
    #[error("write_offset is {provided}, but the next byte is {expected}")]
    OffsetMismatch {
        /// The expected offset, in bytes.
        expected: u64,
        /// The offset that the client gave.
        provided: i64,
    },
    /// The length of the source differs from the declared length.
    #[error("total_size is {expected}, but {actual} bytes were sent")]
    SizeMismatch {
        /// The declared length, in bytes.
        expected: u64,
        /// The actual length, in bytes.
        actual: u64,
    },
    /// The digest of the source differs from the declared digest.
    #[error("the sha256 of the source differs from the given one")]
    DigestMismatch {
        /// The declared SHA-256.
        expected: [u8; 32],
        /// The actual SHA-256.
        actual: [u8; 32],
    },
    /// The bytes of a message do not match its CRC-32C: they were damaged in transit.
    #[error("the content at {offset} does not match its crc32c; send it again")]
    ChecksumMismatch {
        /// The offset of the message's first byte in the source.
        offset: u64,
    },
    /// A message follows the one that ended the source.
    #[error("a message follows the one with finish_write")]
    WriteAfterFinish,
    /// The content of a message is too large.
    #[error("content must have at most {most} bytes")]
    MessageTooLarge {
        /// The largest content of a message, in bytes.
        most: usize,
    },
    /// The response would be too large for one message.
    #[error("the response would have more than {most} bytes; use ChunkStream")]
    ResponseTooLarge {
        /// The largest response, in bytes.
        most: usize,
    },
    /// A message could not be decoded by the protos.
    #[error("a message could not be decoded")]
    MessageUnreadable,
    /// The client sent no message within the idle limit.
    #[error("no message was received for {seconds} seconds; resume the upload")]
    UploadIdle {
        /// The idle limit, in seconds.
        seconds: u64,
    },
    /// The client sends less than the minimum rate.
    #[error(
        "the upload is slower than {bytes_min} bytes a second: resume it, and send empty messages while it has no data"
    )]
    UploadTooSlow {
        /// The minimum rate, in bytes a second.
        bytes_min: u64,
    },
    /// The source is longer than the limit.
    #[error("the source has more than {most} bytes")]
    SourceTooLarge {
        /// The longest source, in bytes.
        most: u64,
    },
    /// The client has not read the responses within the limit for slow readers.
    #[error("the client did not read the responses for too long")]
    SlowReader,
    /// The source cannot be decoded.
    #[error("{}{}", .0, remedy(*.0))]
    Content(Fault),
    /// The source is not text.
    #[error("the source is {format}, not text; extract its text first")]
    UnsupportedContent {
        /// The name of the detected format, with its article.
        format: &'static str,
    },
    /// Another writer has taken over the upload or its document.
    #[error("another writer has taken over the upload or its document")]
    Superseded,
    /// The document's metadata was changed while it was uploaded.
    #[error(
        "the document's metadata was changed since the upload began; upload it again under another \
         request id"
    )]
    MetadataChanged,
    /// The document was deleted while it was uploaded.
    #[error("the document was deleted")]
    DocumentDeleted,
    /// The upload has succeeded before, and its document was deleted since.
    #[error(
        "the document was deleted after this upload; use another request id to upload it again"
    )]
    DocumentDeletedSince,
    /// The request has created a collection before, and the collection was deleted since.
    #[error(
        "the collection was deleted after this request; use another request id to create it again"
    )]
    CollectionDeletedSince,
    /// The request id belongs to an earlier request with other fields or other content.
    #[error(
        "the request id was sent before with other {differs}; nothing was changed: use another request id"
    )]
    RequestIdReused {
        /// The part that differs: `fields` or `content`.
        differs: &'static str,
    },
    /// The upload has ended.
    #[error("the upload has ended as {state}")]
    UploadEnded {
        /// The state in which it ended.
        state: &'static str,
    },
    /// The document has no complete version that could be chunked again.
    #[error("the document has no complete version")]
    NoCurrentVersion,
    /// An upload of the document is unfinished. A rechunk would supersede it.
    #[error("an upload of the document is not finished: finish or cancel it first")]
    UploadRunning,
    /// The upload is an import or a rechunk, whose bytes the server reads itself.
    #[error("this upload is an import or a rechunk and does not accept data from clients")]
    NotAClientUpload,
    /// The stored text cannot be turned back into the source.
    #[error("the stored text cannot be turned back into the source; upload the document again")]
    SourceNotRecoverable,
    /// This instance lacks the tokenizer of a spec, or has another file of that name.
    #[error("the tokenizer {name} {cause}")]
    TokenizerUnavailable {
        /// The name of the tokenizer.
        name: String,
        /// The reason, and the remedy.
        cause: String,
    },
    /// The server has no directory to import from.
    #[error("imports are disabled: no import root is configured")]
    ImportDisabled,
    /// The imported file has changed since the import began.
    #[error("the file has changed since the import began; import it again")]
    SourceChanged,
    /// The checkpoint of the upload does not allow it to be resumed.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The client named a `seq` that does not exist yet.
    #[error("after_seq is {after}, but the newest seq is {newest}")]
    FutureSeq {
        /// The `seq` that the client gave.
        after: u64,
        /// The newest `seq`.
        newest: u64,
    },
    /// The changes after the cursor were removed by retention.
    #[error("the changes after after_cursor are no longer kept; begin without one")]
    CursorExpired,
    /// The version was removed while it was read.
    #[error("a newer version has replaced the one that was read")]
    VersionGone,
    /// The thing to be changed has another etag: it was changed meanwhile.
    #[error("the {kind} has another etag")]
    EtagMismatch {
        /// The kind of thing that was to be changed.
        kind: &'static str,
    },
    /// The collection to be deleted has documents.
    #[error("the collection has documents; delete them first, or set force")]
    CollectionNotEmpty,
    /// The operation is a deletion, which cannot be undone, or a move, which ends by itself.
    #[error("deletions and moves cannot be cancelled")]
    NotCancellable,
    /// The document to be moved has an unfinished move.
    #[error("another move of the document runs, or has left chunks that are still to be removed")]
    MovePending,
    /// The method does not exist.
    #[error("there is no such method")]
    MethodUnknown,
    /// The request for a method is not gRPC. A web page may have sent it.
    #[error("this is a gRPC method: call it by POST with content-type application/grpc")]
    NotGrpc,
    /// The client's messages are compressed with an unsupported encoding.
    #[error("grpc-encoding must be gzip, zstd or identity")]
    EncodingUnsupported,
    /// All memory for uploads is in use.
    #[error("all memory for uploads is in use")]
    NoMemory,
    /// The memory of the process, or of its control group, is nearly used up.
    #[error("the server is nearly out of memory")]
    Overloaded,
    /// A rate limit is used up.
    #[error("the rate limit {limit} is used up: retry in {} ms", .retry_after.as_millis() + 1)]
    RateLimited {
        /// The name of the limit.
        limit: &'static str,
        /// The owner of the limit: `principal:name` or `address:prefix`.
        subject: String,
        /// The time after which the limit admits the request, if no other request uses it first.
        retry_after: Duration,
    },
    /// A concurrency limit is reached.
    #[error("{most} {limit} are open, which is the limit: close one first")]
    ConcurrencyLimited {
        /// The kind of things that are open.
        limit: &'static str,
        /// Their owner: `principal:name` or `address:prefix`.
        subject: String,
        /// The number that may be open at once.
        most: u32,
    },
    /// The followed upload ended without success.
    #[error("the followed upload ended as {state}")]
    FollowedUploadEnded {
        /// The state in which it ended.
        state: &'static str,
    },
    /// The client's deadline has passed.
    #[error("the request's deadline has passed")]
    DeadlineExceeded,
    /// The request names a host that is not allowed. A web page may have sent it.
    #[error(
        "the request names no allowed host: use localhost, or add the host to the setting hosts"
    )]
    HostNotAllowed,
    /// The request comes from a web page whose origin is not configured.
    #[error("web pages of that origin may not use this server")]
    OriginNotAllowed,
    /// The instance has as many sockets as it may hold.
    #[error("the instance has {most} sockets, which is the limit: connect to another one or later")]
    TooManySockets {
        /// The largest number of sockets.
        most: usize,
    },
    /// The socket follows as many operations as it may.
    #[error("a socket can follow at most {most} operations")]
    TooManySubscriptions {
        /// The largest number of operations that a socket may follow.
        most: usize,
    },
    /// The request has no credential.
    #[error("the request needs a credential: an API key, a token, or a registered certificate")]
    CredentialMissing,
    /// The credential is forged, expired or revoked, or its tenant is disabled. The client does not learn the reason.
    #[error("the credential is not accepted")]
    CredentialRefused,
    /// The caller's role does not allow the method.
    #[error("the caller's role is too low: {needed} is needed")]
    RoleTooLow {
        /// The lowest role that allows it.
        needed: &'static str,
    },
    /// The tenant to be deleted is enabled, or was disabled less than 5 seconds ago: an instance may still admit its
    /// callers.
    #[error("the tenant must have been disabled for 5 seconds")]
    TenantEnabled,
    /// The tenant to be deleted still has data.
    #[error("the tenant has collections, or operations that are still kept")]
    TenantNotEmpty,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// The code that answers has panicked. The panic ends this call only.
    #[error("the server failed to answer because of a bug")]
    Panicked,
    /// The tenant has used up a quota.
    #[error("the tenant has as many {} as its quota allows", .0.name())]
    QuotaExceeded(Quota),
    /// The store failed.
    #[error("{}", store_message(.0))]
    Store(#[source] store_error::Error),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Binary { format } => Self::UnsupportedContent { format },
            Fault::Invalid { .. }
            | Fault::Escape { .. }
            | Fault::Changed { .. }
            | Fault::Nul { .. } => Self::Content(fault),
        }
    }
}

/// Returns the part of a store failure that clients may see. Its causes go to the log.
fn store_message(failure: &store_error::Error) -> &'static str {
    match failure {
        store_error::Error::Full(_) => "the store is full: try again once there is room",
        store_error::Error::Unavailable(_)
        | store_error::Error::Quota(_)
        | store_error::Error::Damaged { .. } => "the store cannot be reached or failed",
    }
}

/// Returns the advice for a fault: the field to set, and its value.
fn remedy(fault: Fault) -> String {
    match (fault, fault.looks_like()) {
        (_, Some(charset)) => {
            let label = charset.to_lowercase();
            format!(": set decoding.charset to {label} or auto")
        }
        (Fault::Invalid { is_detected, .. }, None) if is_detected => {
            ": set decoding.charset if the source has another charset, or decoding.invalid to replace"
                .into()
        }
        (Fault::Invalid { .. }, None) => {
            ": set decoding.charset to the charset of the source or auto, or decoding.invalid to replace"
                .into()
        }
        (Fault::Nul { .. }, None) => {
            ": if the source is text, set decoding.nul to replace".into()
        }
        (Fault::Escape { .. }, None) => {
            ", or set decoding.charset to utf-8 to keep the escape sequences as they are".into()
        }
        (Fault::Binary { .. } | Fault::Changed { .. }, None) => String::new(),
    }
}

impl From<store_error::Error> for Error {
    fn from(error: store_error::Error) -> Self {
        match error {
            store_error::Error::Quota(quota) => Self::QuotaExceeded(quota),
            failed @ (store_error::Error::Unavailable(_)
            | store_error::Error::Full(_)
            | store_error::Error::Damaged { .. }) => Self::Store(failed),
        }
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        let field = match conflict.field {
            Field::Separators => "chunking.separators",
            Field::MinSize => "chunking.min_size",
            Field::MaxSize => "chunking.max_size",
            Field::Overlap => "chunking.overlap",
            Field::Levels => "chunking.levels",
            Field::MaxBytes => "chunking.max_bytes",
            Field::Measure => "chunking.measure",
            Field::MaxTokens => "chunking.max_tokens",
            Field::ReserveTokens => "chunking.reserve_tokens",
            Field::Tokenizer => "chunking.tokenizer",
        };
        Self::invalid(field, conflict.message)
    }
}

impl Error {
    /// Returns the error of a field with an invalid value.
    pub fn invalid(field: &'static str, message: impl fmt::Display) -> Self {
        Self::Invalid {
            field,
            message: message.to_string(),
        }
    }
}
