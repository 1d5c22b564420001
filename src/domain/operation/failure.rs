//! Failures of operations.

/// The reason of a failure, for programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureReason {
    /// The stored checkpoint is damaged, or another version of the engine made it.
    CheckpointVersion,
    /// The source differs from the declared digest.
    DigestMismatch,
    /// The document was deleted.
    DocumentDeleted,
    /// The source cannot be decoded.
    InvalidContent,
    /// A field of metadata that the upload sets was changed since the upload began.
    MetadataChanged,
    /// A move has copied fewer chunks than the document has.
    MoveIncomplete,
    /// The source differs from the declared length.
    SizeMismatch,
    /// The imported file has changed since the import began.
    SourceChanged,
    /// The stored text cannot be turned back into the source.
    SourceNotRecoverable,
    /// The source is longer than the limit.
    SourceTooLarge,
    /// The store holds a value that it must never hold.
    StoreDamaged,
    /// The source is not text.
    UnsupportedContent,
    /// No client resumed the upload in time.
    UploadAbandoned,
    /// A newer upload of the document was started.
    UploadSuperseded,
    /// The version to be chunked again was removed.
    VersionGone,
}

impl FailureReason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::CheckpointVersion,
        Self::DigestMismatch,
        Self::DocumentDeleted,
        Self::InvalidContent,
        Self::MetadataChanged,
        Self::MoveIncomplete,
        Self::SizeMismatch,
        Self::SourceChanged,
        Self::SourceNotRecoverable,
        Self::SourceTooLarge,
        Self::StoreDamaged,
        Self::UnsupportedContent,
        Self::UploadAbandoned,
        Self::UploadSuperseded,
        Self::VersionGone,
    ];

    /// Returns the name of the reason, the same in the store, on the wire and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CheckpointVersion => "CHECKPOINT_VERSION",
            Self::DigestMismatch => "DIGEST_MISMATCH",
            Self::DocumentDeleted => "DOCUMENT_DELETED",
            Self::InvalidContent => "INVALID_CONTENT",
            Self::MetadataChanged => "METADATA_CHANGED",
            Self::MoveIncomplete => "MOVE_INCOMPLETE",
            Self::SizeMismatch => "SIZE_MISMATCH",
            Self::SourceChanged => "SOURCE_CHANGED",
            Self::SourceNotRecoverable => "SOURCE_NOT_RECOVERABLE",
            Self::SourceTooLarge => "SOURCE_TOO_LARGE",
            Self::StoreDamaged => "STORE_DAMAGED",
            Self::UnsupportedContent => "UNSUPPORTED_CONTENT",
            Self::UploadAbandoned => "UPLOAD_ABANDONED",
            Self::UploadSuperseded => "UPLOAD_SUPERSEDED",
            Self::VersionGone => "VERSION_GONE",
        }
    }

    /// Returns the reason of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// A failure of an operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The reason, for programs.
    pub reason: FailureReason,
    /// The reason, for people.
    pub message: String,
}
