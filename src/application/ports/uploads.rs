//! The port of uploads. The store applies each batch exactly once.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::commit_order::CommitTicket;
use crate::application::ports::documents::Metadata;
use crate::application::ports::import_root::Stamp;
use crate::application::ports::operations::{Operation, OperationKind};
use crate::application::store_error::Error;
use crate::domain::chunking::spec::checked::Spec;
use crate::domain::chunking::spec::conflict::Conflict;
use crate::domain::ingest::batch::Batch;
use crate::domain::ingest::engine::Summary;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::path::PathName;
use crate::domain::names::resource::{DocumentName, TenantId};
use crate::domain::names::uid::{DocumentUid, OperationUid};
use crate::domain::operation::failure::Failure;
use crate::domain::operation::state::State;
use crate::domain::operation::target::Target;
use crate::domain::text::encoding::decoding::Decoding;
use crate::domain::timestamp::Timestamp;

/// The file of an import, as it was when the import was requested.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The path below the import root.
    pub path: PathName,
    /// The stamp that the file must keep until the end.
    pub stamp: Stamp,
}

/// The source of an upload's bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadSource {
    /// A client sends them.
    Client,
    /// They are read from a file.
    Import(Import),
    /// They are recovered from the chunks of a version.
    Rechunk {
        /// The number of that version.
        source_version: u64,
    },
}

/// The client's declarations about a whole source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Declared {
    /// The SHA-256 digest. `None` means that it is not declared.
    pub sha256: Option<[u8; 32]>,
    /// The length in bytes. `None` means that it is not declared.
    pub total_size: Option<u64>,
}

impl Declared {
    /// Whether a field that both declare differs.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let sha256 = self.sha256.zip(other.sha256);
        let total_size = self.total_size.zip(other.total_size);
        sha256.is_some_and(|(a, b)| a != b) || total_size.is_some_and(|(a, b)| a != b)
    }
}

/// A validated request to upload a document.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The client's request id.
    pub uid: OperationUid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// The first message's declarations about the source.
    pub declared: Declared,
    /// The name of the document.
    pub document: DocumentName,
    /// The uid of the document if it is new.
    pub document_uid: DocumentUid,
    /// The metadata that the document gets once the version is current.
    pub metadata: Metadata,
    /// The chunking and decoding fields that the client set. The collection's preferences supply the rest.
    pub preferences: Preferences,
    /// The source of its bytes.
    pub source: UploadSource,
    /// The current time.
    pub now: Timestamp,
}

/// An upload as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The uid of the upload.
    pub uid: OperationUid,
    /// The digest of the other fields of the request that started it, as they were sent.
    pub request_sha256: [u8; 32],
    /// The first message's declarations about the source.
    pub declared: Declared,
    /// The name of the document.
    pub document: DocumentName,
    /// The uid of the document.
    pub document_uid: DocumentUid,
    /// Whether the document was deleted.
    pub is_document_deleted: bool,
    /// The partition of the document's chunks.
    pub partition: u32,
    /// The version that the upload makes.
    pub version: u64,
    /// The source of its bytes.
    pub source: UploadSource,
    /// The metadata that the document gets once the version is current.
    pub metadata: Metadata,
    /// The labels of the document once the version is current, unless they are changed before.
    pub labels: BTreeMap<String, String>,
    /// The chunking spec.
    pub spec: Spec,
    /// The decoding policy.
    pub decoding: Decoding,
    /// The progress: running, or how it ended.
    pub state: State,
    /// A number that grows with every change that watchers see.
    pub seq: u64,
    /// The epoch of the only writer that may write: the one that attached last.
    pub writer_epoch: u64,
    /// The committed bytes of the source.
    pub committed_offset: u64,
    /// The number of committed chunks, which is the ordinal of the next one.
    pub next_ordinal: u64,
    /// The checkpoint from which the engine resumes. `None` means that nothing was committed yet.
    pub checkpoint: Option<Vec<u8>>,
    /// The SHA-256 digest of the source. `None` means that the upload has not succeeded.
    pub source_sha256: Option<[u8; 32]>,
    /// The failure. `None` means that it has not failed.
    pub failure: Option<Failure>,
    /// The time of its start.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl Upload {
    /// Whether the bytes come from a stored version.
    #[must_use]
    pub fn is_rechunk(&self) -> bool {
        matches!(self.source, UploadSource::Rechunk { .. })
    }

    /// Whether a client sends the bytes.
    #[must_use]
    pub fn is_from_client(&self) -> bool {
        self.source == UploadSource::Client
    }

    /// Whether the upload has succeeded and its document was deleted since.
    #[must_use]
    pub fn has_lost_its_document(&self) -> bool {
        self.state == State::Succeeded && self.is_document_deleted
    }

    /// Returns the state that watchers see.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation {
            tenant: self.tenant.clone(),
            uid: self.uid,
            kind: match self.source {
                UploadSource::Client => OperationKind::Upload,
                UploadSource::Import(_) => OperationKind::ImportDocument,
                UploadSource::Rechunk { .. } => OperationKind::RechunkDocument,
            },
            seq: self.seq,
            state: self.state,
            target: Target::Document(self.document.clone()),
            committed_bytes: self.committed_offset,
            chunks: self.next_ordinal,
            failure: self.failure.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The result of starting an upload.
#[derive(Clone, Debug)]
pub enum Started {
    /// The upload: new, or from an earlier request with the same uid and fields. The second field has the last states
    /// of the uploads that it superseded.
    Upload(Box<Upload>, Vec<Operation>),
    /// There is no such collection.
    NoCollection,
    /// The upload's preferences and the collection's do not fit together. Nothing is stored.
    Conflict(Conflict),
    /// The uid belongs to a request with other fields.
    OtherRequest,
}

/// The writer of an upload, with the state that it expects. Every change compares epoch and offset with the stored
/// ones.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The caller that the upload belongs to.
    pub caller: Caller,
    /// The upload.
    pub uid: OperationUid,
    /// The epoch that attaching returned.
    pub epoch: u64,
    /// The last committed offset.
    pub committed_offset: u64,
}

impl Writer {
    /// Creates the writer of an upload that attaching returned.
    #[must_use]
    pub fn attached(caller: Caller, upload: &Upload) -> Self {
        Self {
            caller,
            uid: upload.uid,
            epoch: upload.writer_epoch,
            committed_offset: upload.committed_offset,
        }
    }
}

/// The end of an upload.
#[derive(Clone, Debug)]
pub enum UploadEnd {
    /// The upload is complete.
    Succeeded(Summary),
    /// The upload was refused or cannot be resumed.
    Failed(Failure),
}

/// Stores uploads.
#[async_trait]
pub trait Uploads: Debug + Send + Sync {
    /// Stores a new upload in one transaction, with its document if that is new. Unfinished uploads of the same
    /// document fail as superseded; their last states are returned with it. A repeated uid changes nothing:
    /// with the same `request_sha256`, the stored upload is returned. If the tenant has no collection `default` and
    /// the upload needs it, the same transaction creates it.
    async fn start_upload(&self, caller: &Caller, new: &NewUpload) -> Result<Started, Error>;
    /// Raises the writer's epoch, unless the upload has ended, and returns the upload. `None` means that there is no
    /// such upload.
    async fn attach_upload(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        now: Timestamp,
    ) -> Result<Option<Upload>, Error>;
    /// Returns the upload of that uid.
    async fn upload(&self, caller: &Caller, uid: &OperationUid) -> Result<Option<Upload>, Error>;
    /// Returns the newest upload of a document.
    async fn newest_upload(
        &self,
        caller: &Caller,
        document: &DocumentUid,
    ) -> Result<Option<Upload>, Error>;
    /// Stores a batch and its checkpoint in one transaction, and returns the new state. `None` means that nothing was
    /// stored: epoch or offset differ from what the writer expects, or the upload has ended. Batches of an upload
    /// commit in the order of their turns. Their rows may be transferred earlier.
    async fn commit_batch(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        turn: &CommitTicket,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error>;
    /// Ends the upload. If it succeeded, its version becomes current, a change of the collection is recorded, and the
    /// previous version may be swept from `sweep_after` on. If it failed, its own version may be swept. `None` means
    /// the same as for [`Uploads::commit_batch`].
    async fn end_upload(
        &self,
        writer: &Writer,
        end: UploadEnd,
        now: Timestamp,
        sweep_after: Timestamp,
    ) -> Result<Option<Operation>, Error>;
    /// Cancels the upload, whichever writer it has. Its chunks may be swept at once. `None` means that it has ended,
    /// or that there is no such upload.
    async fn cancel_upload(
        &self,
        caller: &Caller,
        uid: &OperationUid,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error>;
}
