//! Everything that a use case can answer besides its result: one closed list.

use std::fmt;
use std::time::Duration;

use crate::application::ports::store_error;
use crate::domain::chunking::conflict::{Conflict, Field};
use crate::domain::ingest::checkpoint;
use crate::domain::limits::quota::Quota;
use crate::domain::text::decoding::Fault;

/// Why a use case has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field of the request is wrong.
    #[error("{field} {message}")]
    Invalid {
        /// The field, by its name in the protos.
        field: &'static str,
        /// What it must be.
        message: String,
    },
    /// There is no such thing, or the caller may not know of it.
    #[error("there is no {kind} of that name")]
    NotFound {
        /// What was asked for.
        kind: &'static str,
    },
    /// There is one already.
    #[error("there is a {kind} of that name already")]
    AlreadyExists {
        /// What was to be created.
        kind: &'static str,
    },
    /// A message of an upload does not continue the source.
    #[error("write_offset is {provided}, but the next byte is {expected}")]
    OffsetMismatch {
        /// The byte that was expected.
        expected: u64,
        /// What was given.
        provided: i64,
    },
    /// The source is not as long as was said.
    #[error("total_size is {expected}, but {actual} bytes were sent")]
    SizeMismatch {
        /// What was said.
        expected: u64,
        /// How long it is.
        actual: u64,
    },
    /// The source is not what was said.
    #[error("the source's sha256 is not the one given")]
    DigestMismatch {
        /// What was said.
        expected: [u8; 32],
        /// What it is.
        actual: [u8; 32],
    },
    /// A message was damaged on its way.
    #[error("the content at {offset} does not have the crc32c given")]
    ChecksumMismatch {
        /// Where the message begins.
        offset: u64,
    },
    /// A message came after the one that ended the source.
    #[error("a message follows the one with finish_write")]
    WriteAfterFinish,
    /// A message is too large.
    #[error("content must have at most {most} bytes")]
    MessageTooLarge {
        /// How large it may be.
        most: usize,
    },
    /// The answer would be too large for one message.
    #[error("the response would have more than {most} bytes; use ChunkStream")]
    ResponseTooLarge {
        /// How large it may be.
        most: usize,
    },
    /// A message is not of the protos.
    #[error("a message could not be read")]
    MessageUnreadable,
    /// Nothing came for too long.
    #[error("no message came for {seconds} seconds; the upload can be gone on with")]
    UploadIdle {
        /// How long was waited.
        seconds: u64,
    },
    /// The client sends too slowly to be waited for.
    #[error(
        "less than {bytes_min} bytes came a second: resume the upload, and send an empty message whenever it waits for its source"
    )]
    UploadTooSlow {
        /// What must come a second.
        bytes_min: u64,
    },
    /// The source is longer than any may be.
    #[error("the source has more than {most} bytes")]
    SourceTooLarge {
        /// How long it may be.
        most: u64,
    },
    /// The client has not read what it asked for.
    #[error("the responses were not read for too long")]
    SlowReader,
    /// The source cannot be decoded.
    #[error("{}{}", .0, remedy(*.0))]
    Content(Fault),
    /// The source is not text.
    #[error("the source is {format}, not text; extract its text first")]
    UnsupportedContent {
        /// The format, with its article.
        format: &'static str,
    },
    /// Another writer has the upload, or its document.
    #[error("another writer has taken over the upload or its document")]
    Superseded,
    /// The document was deleted while it was uploaded.
    #[error("the document was deleted")]
    DocumentDeleted,
    /// The document of a completed upload was deleted.
    #[error(
        "the document was deleted after this upload; use another request id to upload it again"
    )]
    DocumentDeletedSince,
    /// The collection that the request created was deleted.
    #[error(
        "the collection was deleted after this request; use another request id to create it again"
    )]
    CollectionDeletedSince,
    /// The request id is that of a request with other fields or other content.
    #[error(
        "the request id was sent before with other {differs}; nothing was changed: use another request id"
    )]
    RequestIdReused {
        /// What is not the same: fields or content.
        differs: &'static str,
    },
    /// The upload has ended.
    #[error("the upload has ended as {state}")]
    UploadEnded {
        /// How.
        state: &'static str,
    },
    /// The document has no version that could be chunked anew.
    #[error("the document has no complete version")]
    NoCurrentVersion,
    /// A rechunk would put an end to somebody's upload.
    #[error("an upload of the document is not finished: finish or cancel it first")]
    UploadRunning,
    /// The server itself has the bytes of the upload.
    #[error("the server itself has the bytes of this upload: it takes none")]
    NotAClientUpload,
    /// The stored text does not give the source back.
    #[error("the stored text does not give the source back; upload the document again")]
    SourceNotRecoverable,
    /// This instance has no directory to import from.
    #[error("nothing is imported here: no import root is configured")]
    ImportDisabled,
    /// The file that is imported is not what it was.
    #[error("the file has changed since the import began; import it again")]
    SourceChanged,
    /// The upload cannot be gone on with.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The client has seen what is not there yet.
    #[error("after_seq is {after}, but the newest seq is {newest}")]
    FutureSeq {
        /// What was given.
        after: u64,
        /// The newest.
        newest: u64,
    },
    /// The changes after the cursor are no longer kept.
    #[error("the changes after after_cursor are no longer kept; begin without one")]
    CursorExpired,
    /// The version was removed while it was read.
    #[error("a newer version has replaced the one that was read")]
    VersionGone,
    /// What was to be changed has changed meanwhile.
    #[error("the {kind} has another etag")]
    EtagMismatch {
        /// What was to be changed.
        kind: &'static str,
    },
    /// A collection that is to be deleted has documents.
    #[error("the collection has documents; delete them first, or set force")]
    CollectionNotEmpty,
    /// A deletion cannot be undone, and a move ends by itself.
    #[error("deletions and moves cannot be cancelled")]
    NotCancellable,
    /// A document that is to be moved is not done with another move.
    #[error("another move of the document runs, or has left chunks that are still to be removed")]
    MovePending,
    /// There is no such method.
    #[error("there is no such method")]
    MethodUnknown,
    /// A method was asked for what is no gRPC: a web page may have sent it.
    #[error("this is a gRPC method: call it by POST with content-type application/grpc")]
    NotGrpc,
    /// The client's messages are compressed by what no method takes.
    #[error("grpc-encoding must be gzip, zstd or identity")]
    EncodingUnsupported,
    /// All memory for uploads is in use.
    #[error("all memory for uploads is in use")]
    NoMemory,
    /// The memory of the process, or of what it runs in, is nearly used up.
    #[error("the server has nearly no memory left")]
    Overloaded,
    /// A budget is used up.
    #[error("{limit} is limited: come back in {} ms", .retry_after.as_millis() + 1)]
    RateLimited {
        /// The budget's name.
        limit: &'static str,
        /// Whose it is: `principal:name` or `address:prefix`.
        subject: String,
        /// When it passes, if nobody else comes.
        retry_after: Duration,
    },
    /// As much is open at once as may be.
    #[error("{most} {limit} are open, and no more may be: end one first")]
    PlacesTaken {
        /// The name of the kind of places.
        limit: &'static str,
        /// Whose they are: `principal:name`.
        subject: String,
        /// How many there are.
        most: u32,
    },
    /// The followed upload did not succeed.
    #[error("the upload that was followed ended as {state}")]
    FollowedUploadEnded {
        /// How.
        state: &'static str,
    },
    /// The client's deadline has passed.
    #[error("the request's deadline has passed")]
    DeadlineExceeded,
    /// The request was meant for another host: a web page may have sent it.
    #[error("this server answers requests for this machine only")]
    HostNotAllowed,
    /// A web page of an origin that is not configured sent the request.
    #[error("pages of that origin may not use this server")]
    OriginNotAllowed,
    /// The instance has as many sockets as it can hold.
    #[error("there are {most} sockets already")]
    TooManySockets {
        /// How many there may be.
        most: usize,
    },
    /// A socket follows as many operations as it may.
    #[error("a socket can follow at most {most} operations")]
    TooManySubscriptions {
        /// How many it may follow.
        most: usize,
    },
    /// Nobody is told to ask.
    #[error("the request needs a credential: an API key, a token, or a registered certificate")]
    CredentialMissing,
    /// The credential is forged, expired, revoked, or of a tenant that is disabled: nobody is told which.
    #[error("the credential is not accepted")]
    CredentialRefused,
    /// The caller may not do this.
    #[error("the caller's role is not enough: {needed} is needed")]
    RoleTooLow {
        /// What would be enough.
        needed: &'static str,
    },
    /// Somebody of a tenant that is to be deleted may still be let in.
    #[error("the tenant must have been disabled for 5 seconds")]
    TenantEnabled,
    /// A tenant that is to be deleted has something left.
    #[error("the tenant has collections, or operations that are still kept")]
    TenantNotEmpty,
    /// The server is going down.
    #[error("the server is shutting down")]
    Draining,
    /// The code that answers has a bug: this call ends, and no other.
    #[error("the server failed to answer: this is a bug in it")]
    Panicked,
    /// The tenant has as much as it may have.
    #[error("the tenant has as many {} as its quota allows", .0.name())]
    QuotaExceeded(Quota),
    /// The store failed.
    #[error("{}", told(.0))]
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

/// What of a store's failure is for clients; its causes are for the log.
fn told(failure: &store_error::Error) -> &'static str {
    match failure {
        store_error::Error::Full(_) => "the store is full: try again once there is room",
        store_error::Error::Unavailable(_)
        | store_error::Error::Quota(_)
        | store_error::Error::Damaged { .. } => "the store cannot be reached or failed",
    }
}

/// Names the field that helps against a fault.
fn remedy(fault: Fault) -> String {
    match (fault, fault.looks_like()) {
        (_, Some(charset)) => {
            let label = charset.to_lowercase();
            format!(": set decoding.charset to {label} or auto")
        }
        (Fault::Invalid { is_detected, .. }, None) if is_detected => {
            ": set decoding.charset if the source is in another, or decoding.invalid to replace"
                .into()
        }
        (Fault::Invalid { .. }, None) => {
            ": set decoding.charset to that of the source or auto, or decoding.invalid to replace"
                .into()
        }
        (Fault::Nul { .. }, None) => {
            ": if it is text all the same, set decoding.nul to replace".into()
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
            Field::MaxBytes => "chunking.max_bytes",
        };
        Self::invalid(field, conflict.message)
    }
}

impl Error {
    /// A field that is wrong.
    pub fn invalid(field: &'static str, message: impl fmt::Display) -> Self {
        Self::Invalid {
            field,
            message: message.to_string(),
        }
    }
}
