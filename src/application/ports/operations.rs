//! The port of operations: what watchers see.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::failure::Error;
use crate::application::ports::state::State;
use crate::domain::name::DocumentName;

/// A whole state of an operation: losing any but the last is harmless.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name.
    pub uid: Uid,
    /// Grows with every state.
    pub seq: u64,
    /// How far it is.
    pub state: State,
    /// The document that it works on.
    pub document: DocumentName,
    /// Bytes of the source that no restart needs again.
    pub committed_bytes: u64,
    /// Chunks stored.
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

/// Tells how operations stand.
#[async_trait]
pub trait Operations: Send + Sync {
    /// The operation of that uid.
    async fn operation(&self, caller: &Caller, uid: &Uid) -> Result<Option<Operation>, Error>;
}
