//! The port of operations, as watchers see them.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::store_error::Error;
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::OperationUid;
use crate::domain::operation::failure::Failure;
use crate::domain::operation::state::State;
use crate::domain::operation::target::Target;
use crate::domain::timestamp::Timestamp;

/// The kind of an operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OperationKind {
    /// Uploads a document.
    Upload,
    /// Makes a document of a file.
    ImportDocument,
    /// Chunks a document in another way.
    RechunkDocument,
    /// Deletes a document.
    DeleteDocument,
    /// Deletes a collection.
    DeleteCollection,
    /// Moves a document to another partition.
    MoveDocument,
}

impl OperationKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Upload,
        Self::ImportDocument,
        Self::DeleteDocument,
        Self::DeleteCollection,
        Self::MoveDocument,
        Self::RechunkDocument,
    ];

    /// Returns the name of the kind, the same in the store, on the wire and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "UPLOAD",
            Self::ImportDocument => "IMPORT_DOCUMENT",
            Self::RechunkDocument => "RECHUNK_DOCUMENT",
            Self::DeleteDocument => "DELETE_DOCUMENT",
            Self::DeleteCollection => "DELETE_COLLECTION",
            Self::MoveDocument => "MOVE_DOCUMENT",
        }
    }
}

/// A whole state of an operation. Only the loss of the last state matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The uid of the operation.
    pub uid: OperationUid,
    /// The kind of the operation.
    pub kind: OperationKind,
    /// A number that grows with every state.
    pub seq: u64,
    /// The progress: running, or how it ended.
    pub state: State,
    /// The document or collection that it works on.
    pub target: Target,
    /// Bytes of the source that are committed: a restart does not need them again.
    pub committed_bytes: u64,
    /// Chunks stored, removed, or copied.
    pub chunks: u64,
    /// The failure. `None` means that it has not failed.
    pub failure: Option<Failure>,
    /// The time when it began.
    pub created_at: Timestamp,
    /// The time when it reached this state.
    pub updated_at: Timestamp,
}

#[cfg(test)]
impl Operation {
    /// Returns an upload of `tenant` for tests.
    pub(crate) fn example(
        tenant: &str,
        uid: [u8; 16],
        seq: u64,
        state: State,
    ) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            tenant: TenantId::parse(tenant).unwrap(),
            uid: uid.into(),
            kind: OperationKind::Upload,
            seq,
            state,
            target: Target::parse("collections/c/documents/d").unwrap(),
            committed_bytes: 0,
            chunks: 0,
            failure: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        })
    }
}

/// A position before the newest operation: every operation is older.
pub const NEWEST: (Timestamp, OperationUid) = (Timestamp::MAX, OperationUid::MAX);

/// Reads the states of operations.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Returns the operation of that uid.
    async fn operation(
        &self,
        caller: &Caller,
        uid: &OperationUid,
    ) -> Result<Option<Operation>, Error>;
    /// Returns at most `rows` operations, the newest first, from the first that is older than `before`. `state`
    /// selects those in one state; `None` means all.
    async fn operations(
        &self,
        caller: &Caller,
        state: Option<State>,
        before: (Timestamp, OperationUid),
        rows: u32,
    ) -> Result<Vec<Operation>, Error>;
    /// Returns those of the given operations that exist, in any order. One query serves all watchers of an instance.
    /// Each operation is named by tenant and uid, so that only watchers of its own tenant receive it.
    async fn operations_of(
        &self,
        topics: &[(TenantId, OperationUid)],
    ) -> Result<Vec<Operation>, Error>;
}
