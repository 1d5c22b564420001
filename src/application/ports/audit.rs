//! The port of the audit log. Entries never change; only the oldest ones are removed.

use async_trait::async_trait;

use crate::application::ports::jobs::{Done, Fence};
use crate::application::store_error::Error;
use crate::domain::audit::{Entry, Head};
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::ChainUid;
use crate::domain::timestamp::Timestamp;

/// A position in a chain, signed by the instance that wrote it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sealed {
    /// The position.
    pub head: Head,
    /// The message authentication code of the position.
    pub mac: [u8; 32],
}

/// A chain of entries. The retained part lies between two signed positions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chain {
    /// The newest removed entry. `None` means that no entry was removed.
    pub checkpoint: Option<Sealed>,
    /// The newest entry.
    pub head: Sealed,
}

/// The selection of listed entries.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// The tenant of the entries. `None` means all tenants, and requests without a known tenant.
    pub tenant: Option<TenantId>,
    /// The earliest time. `None` means from the first entry.
    pub since: Option<Timestamp>,
    /// The end of the time range, exclusive. `None` means to the last entry.
    pub until: Option<Timestamp>,
    /// The entry after which the list resumes: its time, chain and number. `None` means from the newest.
    pub behind: Option<(Timestamp, ChainUid, u64)>,
}

/// Stores chains of entries.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends entries of one chain; `head` is the last of them. Entries that are already stored are skipped: a
    /// caller that lost the response tries again.
    async fn append_audit(&self, entries: &[Entry], head: &Sealed) -> Result<(), Error>;
    /// Returns all chains, in the order of their uids.
    async fn audit_chains(&self) -> Result<Vec<Chain>, Error>;
    /// Returns at most `rows` entries of a chain after `after_seq`, in their order.
    async fn audit_entries(
        &self,
        chain: &ChainUid,
        after_seq: u64,
        rows: u32,
    ) -> Result<Vec<Entry>, Error>;
    /// Returns at most `rows` entries, the newest first.
    async fn audit_events(&self, wanted: &Wanted, rows: u32) -> Result<Vec<Entry>, Error>;
    /// Looks for a chain that begins with entries older than `before`. Returns the last of these, at most the
    /// `rows`th of the chain. `None` means that no chain begins with such an entry.
    async fn audit_before(&self, before: Timestamp, rows: u32) -> Result<Option<Head>, Error>;
    /// Removes the entries of a chain up to and including the checkpoint, and stores the checkpoint. `None` means
    /// that the fence is no longer the newest.
    async fn forget_audit(&self, fence: Fence, checkpoint: &Sealed) -> Result<Option<Done>, Error>;
}
