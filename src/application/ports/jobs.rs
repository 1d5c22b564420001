//! The port of the work that the server does by itself: each step is one transaction, and changes
//! nothing if the fence is no longer the newest.

use std::time::Duration;

use async_trait::async_trait;

use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::operations::Operation;
use crate::application::ports::store_error::Error;

/// The right to do the work, until somebody else gets it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fence(pub u64);

/// Work that one instance at a time does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Work {
    /// What every instance can do.
    Jobs,
    /// What needs the import root.
    Imports,
}

impl Work {
    /// The name of its lease.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Imports => "imports",
        }
    }
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// Rows that it changed; none means that there is nothing left to do now.
    pub rows: u64,
    /// Operations that have come to a new state.
    pub news: Vec<Operation>,
}

/// Does what nobody waits for. `None` as a result: the fence is not the newest any more.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Takes or renews the lease, unless another holder has it; on the store's own clock. The fences
    /// below are those of [`Work::Jobs`].
    async fn claim(
        &self,
        work: Work,
        holder: &Uid,
        lasts: Duration,
    ) -> Result<Option<Fence>, Error>;
    /// Gives the lease back, if that holder has it: whoever asks next gets it.
    async fn release(&self, work: Work, holder: &Uid) -> Result<(), Error>;
    /// Removes at most `rows` chunks of one version that may be swept, and the version with its last
    /// chunk; never of one that a running rechunk reads. Versions of a document that moves are left
    /// alone meanwhile.
    async fn sweep_chunks(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Goes on with a deletion: gives up at most `rows` documents of a collection, or ends one of
    /// which no chunk is left in any partition.
    async fn advance_deletions(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Goes on with a move: copies at most `rows` chunks. With the last of them the document is in its
    /// new partition, and what it leaves may be removed from `sweep_after` on.
    async fn advance_moves(
        &self,
        fence: Fence,
        now: Timestamp,
        sweep_after: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Removes at most `rows` chunks that one move has left and that may be swept, the first ones
    /// first.
    async fn sweep_moves(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Fails at most `rows` uploads that nobody has gone on with since `since`.
    async fn abandon_uploads(
        &self,
        fence: Fence,
        since: Timestamp,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
    /// Forgets at most `rows` each of the operations that ended before `before` and have left
    /// nothing, of the changes
    /// before it, and of the deleted documents and collections of which nothing is left.
    async fn expire(
        &self,
        fence: Fence,
        before: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error>;
}
