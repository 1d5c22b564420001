//! The port of background work. Each step is one transaction, and changes nothing if the fence is no longer the
//! newest.

use std::time::Duration;

use async_trait::async_trait;

use crate::application::ports::operations::Operation;
use crate::application::store_error::Error;
use crate::domain::names::uid::InstanceUid;
use crate::domain::timestamp::Timestamp;

/// The fencing token of a lease, valid until another instance takes the lease.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fence(pub u64);

/// A kind of work that one instance at a time does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Work {
    /// Work that every instance can do.
    Jobs,
    /// Work that needs the import root.
    Imports,
    /// Work that may need a tokenizer.
    Rechunks,
}

impl Work {
    /// Returns the name of its lease.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Imports => "imports",
            Self::Rechunks => "rechunks",
        }
    }
}

/// The result of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// The number of changed rows. 0 means that there is nothing left to do at present.
    pub rows: u64,
    /// The operations that have reached a new state.
    pub updates: Vec<Operation>,
}

/// Does background work. A result of `None` means that the fence is no longer the newest.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Takes or renews the lease, by the store's own clock. `None` means that another holder has it. The methods
    /// below take fences of [`Work::Jobs`].
    async fn claim(
        &self,
        work: Work,
        holder: &InstanceUid,
        lasts: Duration,
    ) -> Result<Option<Fence>, Error>;
    /// Releases the lease if that holder has it, so that the next caller can claim it.
    async fn release(&self, work: Work, holder: &InstanceUid) -> Result<(), Error>;
    /// Removes at most `rows` chunks of one version that may be swept, and the version with its last chunk. Versions
    /// that a running rechunk reads are skipped, and so are documents that are being moved.
    async fn sweep_chunks(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Advances a deletion: deletes at most `rows` documents of a collection, or ends a deletion that has no chunks
    /// left in any partition.
    async fn advance_deletions(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Advances a move: copies at most `rows` chunks. With the last of them the document is in its new partition. The
    /// chunks in the old one may be removed from `sweep_after` on.
    async fn advance_moves(
        &self,
        fence: Fence,
        now: Timestamp,
        sweep_after: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Removes at most `rows` chunks that one move has left behind and that may be swept, in their order.
    async fn sweep_moves(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Fails at most `rows` uploads that no writer has resumed or changed since `since`.
    async fn abandon_uploads(
        &self,
        fence: Fence,
        since: Timestamp,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Removes at most `rows` of each kind: operations that ended before `before` and have left nothing behind,
    /// changes before it, and deleted documents and collections of which nothing is left.
    async fn expire(
        &self,
        fence: Fence,
        before: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
}
