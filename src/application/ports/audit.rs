//! The port of the audit log. What is in it stays as it is, but for what is forgotten from the beginning.

use async_trait::async_trait;

use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::jobs::{Done, Fence};
use crate::application::ports::store_error::Error;
use crate::domain::audit::{Entry, Head};
use crate::domain::names::resource::TenantId;

/// A place in a chain, signed by who wrote it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sealed {
    /// The place.
    pub head: Head,
    /// Its authentication code.
    pub mac: [u8; 32],
}

/// A chain: what is kept of it is between two places.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chain {
    /// The newest entry that was forgotten; none: all are there.
    pub checkpoint: Option<Sealed>,
    /// The newest entry.
    pub head: Sealed,
}

/// Which entries are listed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wanted {
    /// Of which tenant; none: of all, and of nobody who is known.
    pub tenant: Option<TenantId>,
    /// Since when; none: from the first.
    pub since: Option<Timestamp>,
    /// Until when, exclusive; none: to the last.
    pub until: Option<Timestamp>,
    /// Behind which entry: its time, chain and number; none: from the newest.
    pub behind: Option<(Timestamp, Uid, u64)>,
}

/// Keeps chains of entries.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends entries of one chain, which `head` is the last of. Those that are there already, because
    /// only the answer was lost, are not appended again.
    async fn append_audit(&self, entries: &[Entry], head: &Sealed) -> Result<(), Error>;
    /// All chains, by their uids.
    async fn audit_chains(&self) -> Result<Vec<Chain>, Error>;
    /// At most `rows` entries of a chain behind `after_seq`, in their order.
    async fn audit_entries(
        &self,
        chain: &Uid,
        after_seq: u64,
        rows: u32,
    ) -> Result<Vec<Entry>, Error>;
    /// At most `rows` entries, the newest first.
    async fn audit_events(&self, wanted: &Wanted, rows: u32) -> Result<Vec<Entry>, Error>;
    /// The last of the first `rows` entries of some chain that are all from before `before`; none if no
    /// chain begins with such.
    async fn audit_before(&self, before: Timestamp, rows: u32) -> Result<Option<Head>, Error>;
    /// Forgets a chain up to the checkpoint, which is kept. `None`: the fence is not the newest any more.
    async fn forget_audit(&self, fence: Fence, checkpoint: &Sealed) -> Result<Option<Done>, Error>;
}
