//! The port of operations: what watchers see.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::state::State;
use crate::application::ports::store_error::Error;

/// What an operation does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// It uploads a document.
    Upload,
    /// It makes a document of a file.
    ImportDocument,
    /// It chunks a document in another way.
    RechunkDocument,
    /// It deletes a document.
    DeleteDocument,
    /// It deletes a collection.
    DeleteCollection,
    /// It moves a document to another partition.
    MoveDocument,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Upload,
        Self::ImportDocument,
        Self::DeleteDocument,
        Self::DeleteCollection,
        Self::MoveDocument,
        Self::RechunkDocument,
    ];

    /// The name of the kind, the same everywhere.
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

/// A whole state of an operation: losing any but the last is harmless.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Whose it is.
    pub tenant: String,
    /// Its name.
    pub uid: Uid,
    /// What it does.
    pub kind: Kind,
    /// Grows with every state.
    pub seq: u64,
    /// How far it is.
    pub state: State,
    /// The name of the document or collection that it works on.
    pub target: String,
    /// Bytes of the source that no restart needs again.
    pub committed_bytes: u64,
    /// Chunks stored, removed, or copied.
    pub chunks: u64,
    /// Why it failed, for programs; empty otherwise.
    pub failure_reason: String,
    /// The same for people.
    pub failure_message: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it came to this state.
    pub updated_at: Timestamp,
}

#[cfg(test)]
impl Operation {
    /// An upload of `tenant` for tests.
    pub(crate) fn example(tenant: &str, uid: Uid, seq: u64, state: State) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            tenant: tenant.to_owned(),
            uid,
            kind: Kind::Upload,
            seq,
            state,
            target: "collections/c/documents/d".to_owned(),
            committed_bytes: 0,
            chunks: 0,
            failure_reason: String::new(),
            failure_message: String::new(),
            created_at: 0,
            updated_at: 0,
        })
    }
}

/// Every operation is older.
pub const NEWEST: (Timestamp, Uid) = (Timestamp::MAX, [u8::MAX; 16]);

/// Tells how operations stand.
#[async_trait]
pub trait Operations: Send + Sync {
    /// The operation of that uid.
    async fn operation(&self, caller: &Caller, uid: &Uid) -> Result<Option<Operation>, Error>;
    /// At most `rows` operations, those in that state if there is one, the newest first, from the
    /// first that is older than `before`.
    async fn operations(
        &self,
        caller: &Caller,
        state: Option<State>,
        before: (Timestamp, Uid),
        rows: u32,
    ) -> Result<Vec<Operation>, Error>;
    /// Those of these operations that there are, each named by its tenant and its uid, in any order;
    /// by one query, for the watchers of an instance: so each is told to its own tenant only.
    async fn operations_of(&self, topics: &[(String, Uid)]) -> Result<Vec<Operation>, Error>;
}
