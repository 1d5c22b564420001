//! The port of uploads: where exactly-once is kept.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::commit_order::Turn;
use crate::application::ports::import_root::Stamp;
use crate::application::ports::operations::{Kind, Operation};
use crate::application::ports::preferences::Preferences;
use crate::application::ports::state::State;
use crate::application::ports::store_error::Error;
use crate::application::ports::stored_spec::StoredSpec;
use crate::domain::chunking::conflict::Conflict;
use crate::domain::ingest::batch::Batch;
use crate::domain::ingest::engine::Summary;
use crate::domain::names::path::PathName;
use crate::domain::names::resource::DocumentName;

/// The reason of an upload that failed because a newer one of its document was started.
pub const SUPERSEDED: &str = "UPLOAD_SUPERSEDED";

/// What an uploader says of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// What people call it.
    pub display_name: String,
    /// Its media type.
    pub media_type: String,
    /// What its uploader wants to find again.
    pub labels: BTreeMap<String, String>,
}

/// The file whose bytes an upload has, as it was when it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Where it is below the import root.
    pub path: PathName,
    /// What it has to be until the end.
    pub stamp: Stamp,
}

/// What a client declares of a whole source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Declared {
    /// Its SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// Its length.
    pub total_size: Option<u64>,
}

impl Declared {
    /// Whether both declare something, and not the same.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let sha256 = self.sha256.zip(other.sha256);
        let total_size = self.total_size.zip(other.total_size);
        sha256.is_some_and(|(a, b)| a != b) || total_size.is_some_and(|(a, b)| a != b)
    }
}

/// What a client wants to upload, checked.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The client's request id.
    pub uid: Uid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// What the first message declares of the source.
    pub declared: Declared,
    /// The name of its document.
    pub document: DocumentName,
    /// The uid that its document gets if it is new.
    pub document_uid: Uid,
    /// What the document is called once the version is current.
    pub about: About,
    /// How it is chunked and decoded, as far as the client says. The collection decides the rest.
    pub preferences: Preferences,
    /// The file that has its bytes; none: a client sends them.
    pub import: Option<Import>,
    /// The time now.
    pub now: Timestamp,
}

/// An upload as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// Whose it is.
    pub tenant: String,
    /// Its name.
    pub uid: Uid,
    /// The digest of the other fields of the request that started it, as they were sent.
    pub request_sha256: [u8; 32],
    /// What the first message declared of the source.
    pub declared: Declared,
    /// The document that it makes a version of.
    pub document: DocumentName,
    /// The same by uid.
    pub document_uid: Uid,
    /// Whether the document was deleted.
    pub is_document_deleted: bool,
    /// Where the document's chunks are.
    pub partition: u32,
    /// The version.
    pub version: u64,
    /// The version whose chunks its bytes are made of; 0: they are not.
    pub source_version: u64,
    /// The file that has its bytes; none: there is no such file.
    pub import: Option<Import>,
    /// What the document is called once the version is current.
    pub about: About,
    /// How it is chunked.
    pub spec: StoredSpec,
    /// How far it is.
    pub state: State,
    /// Grows with every change that watchers see.
    pub seq: u64,
    /// Who may write: the writer that attached last.
    pub writer_epoch: u64,
    /// How many bytes of the source are committed.
    pub committed_offset: u64,
    /// How many chunks are.
    pub next_ordinal: u64,
    /// From where to go on; empty before the first commit.
    pub checkpoint: Vec<u8>,
    /// The digest of its source. `None` before it has succeeded.
    pub source_sha256: Option<[u8; 32]>,
    /// Why it failed, for programs.
    pub failure_reason: String,
    /// The same for people.
    pub failure_message: String,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Upload {
    /// Whether its bytes come from the store.
    #[must_use]
    pub fn is_rechunk(&self) -> bool {
        self.source_version > 0
    }

    /// Whether a client sends its bytes, and nobody else.
    #[must_use]
    pub fn is_from_client(&self) -> bool {
        !self.is_rechunk() && self.import.is_none()
    }

    /// Whether it has succeeded, and its document was deleted since.
    #[must_use]
    pub fn has_lost_its_document(&self) -> bool {
        self.state == State::Succeeded && self.is_document_deleted
    }

    /// What watchers see of it.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation {
            tenant: self.tenant.clone(),
            uid: self.uid,
            kind: match &self.import {
                Some(_) => Kind::ImportDocument,
                None if self.is_rechunk() => Kind::RechunkDocument,
                None => Kind::Upload,
            },
            seq: self.seq,
            state: self.state,
            target: self.document.to_string(),
            committed_bytes: self.committed_offset,
            chunks: self.next_ordinal,
            failure_reason: self.failure_reason.clone(),
            failure_message: self.failure_message.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// How starting an upload went.
#[derive(Clone, Debug)]
pub enum Started {
    /// It is there: new, or from an earlier request with the same uid and the same fields.
    Upload(Box<Upload>, Vec<Operation>),
    /// There is no such collection.
    NoCollection,
    /// The upload's preferences and the collection's do not fit together. Nothing is stored.
    Conflict(Conflict),
    /// The uid is that of a request with other fields.
    OtherRequest,
}

/// Who writes, and what it believes to be true: compared by every change.
#[derive(Clone, Debug)]
pub struct Writer {
    /// Whose upload it is.
    pub caller: Caller,
    /// The upload.
    pub uid: Uid,
    /// The epoch that attaching gave.
    pub epoch: u64,
    /// The offset committed last.
    pub committed_offset: u64,
}

impl Writer {
    /// The writer that an upload was returned to when it attached.
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

/// How an upload ends.
#[derive(Clone, Debug)]
pub enum End {
    /// Complete.
    Succeeded(Summary),
    /// Refused.
    Failed {
        /// For programs.
        reason: &'static str,
        /// For people.
        message: String,
    },
}

/// Keeps uploads.
#[async_trait]
pub trait Uploads: Debug + Send + Sync {
    /// Stores a new upload, with its document if that is new, in one transaction. Unfinished
    /// uploads of the same document fail with [`SUPERSEDED`]; their last states are returned
    /// beside it. The same uid again changes nothing: with the same `request_sha256` the upload is
    /// returned as it is. The collection `default` is created in the same transaction if the tenant has
    /// none.
    async fn start_upload(&self, caller: &Caller, new: &NewUpload) -> Result<Started, Error>;
    /// Raises the writer's epoch, if the upload is not over, and returns it.
    async fn attach_upload(
        &self,
        caller: &Caller,
        uid: &Uid,
        now: Timestamp,
    ) -> Result<Option<Upload>, Error>;
    /// The upload of that uid.
    async fn upload(&self, caller: &Caller, uid: &Uid) -> Result<Option<Upload>, Error>;
    /// The newest upload of a document.
    async fn newest_upload(&self, caller: &Caller, document: &Uid)
    -> Result<Option<Upload>, Error>;
    /// Stores a batch and its checkpoint in one transaction, and returns what watchers see; `None`,
    /// and nothing stored, if epoch or offset are not what the writer believes, or the upload is
    /// over. Batches of an upload are committed by turns; the rows may be brought before.
    async fn commit_batch(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        turn: &Turn,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error>;
    /// Ends the upload. If it succeeded its version becomes current, which the collection's changes
    /// tell, and the version before may be swept from `sweep_after` on; if not, its own. `None` as
    /// for a batch.
    async fn end_upload(
        &self,
        writer: &Writer,
        end: End,
        now: Timestamp,
        sweep_after: Timestamp,
    ) -> Result<Option<Operation>, Error>;
    /// Cancels the upload whoever writes it; `None` if it is over or there is none. Its chunks may be
    /// swept at once.
    async fn cancel_upload(
        &self,
        caller: &Caller,
        uid: &Uid,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error>;
}
