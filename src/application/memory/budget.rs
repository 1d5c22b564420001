//! The split of memory between uploads, streams, previews and comparisons.
//!
//! There are two pools, so that no call waits for memory that another waiting call holds. `open` is for open uploads:
//! their clients decide how long they hold it. `working` is for text that is being chunked and batches that are being
//! committed: its holders depend on the store and the processor only. The rest is for messages in transit, which take
//! no permit. HTTP/2 lets a client send 256 KiB of each open upload in any case. Streams of one connection that
//! waited for each other's memory would hold its window.

use std::time::Duration;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::pool::{Permit, Pool};
use crate::application::memory::shares::Owner;
use crate::domain::ingest::engine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN};

/// The least share: the memory that an upload holds while it waits for its client, however slow or silent that is. It
/// covers the text and source of a chunk that is not decided yet, the tables of its separators, its spec and its
/// tasks.
pub const LEAST_SHARE_BYTES: usize = 40 * 1024;
/// The most uploads that may wait for a least share. Each holds a window of its connection (256 KiB).
const WAITING_MAX: usize = 32;
/// The most that one waiting upload counts for. An upload that waits for working memory holds its message, and its
/// connection buffers up to 256 KiB more. A message of up to 128 KiB therefore counts double. A larger message counts
/// for less than it holds. The sum of the counts is bounded: an upload beyond it is rejected, and its client may
/// resume it.
const WAITING_BYTES_MAX: usize = 256 * 1024;
/// The least that one waiting upload counts for: its task, and frames of its connection.
const WAITING_BYTES_MIN: usize = 16 * 1024;
/// The longest time that an upload waits for working memory. Its client waits by flow control meanwhile. An upload
/// holds working memory for the time of a commit, so this time passes only if the store does not answer.
const WORK_WAIT_MAX: Duration = Duration::from_mins(1);
/// The part of its owner's remaining room that a batch may take, as a divisor: one batch fills while two are
/// committed, and other owners need room.
const BATCH_PART: usize = 8;

/// The memory budget of an instance.
#[derive(Clone, Debug)]
pub struct MemoryBudget {
    open: Pool,
    working: Pool,
    waiting: Pool,
    work_waiting: Pool,
    wait_max: Duration,
}

impl MemoryBudget {
    /// Creates a budget of `bytes_max`: two fifths for open uploads, one fifth for work, two fifths for messages.
    /// Calls wait up to `wait_max` before they are rejected. Uploads that wait for working memory hold messages of up
    /// to `waiting_bytes_max` in all.
    #[must_use]
    pub fn new(bytes_max: usize, waiting_bytes_max: usize, wait_max: Duration) -> Self {
        Self {
            open: Pool::new(bytes_max / 5 * 2),
            working: Pool::new(bytes_max / 5),
            waiting: Pool::new(WAITING_MAX),
            work_waiting: Pool::new(waiting_bytes_max),
            wait_max,
        }
    }

    /// Takes the least share of an upload before its first message is read. Until then its client waits by flow
    /// control.
    ///
    /// # Errors
    ///
    /// Fails if the owner may not have the share in time, or too many uploads wait already.
    pub(super) async fn enter(&self, owner: &Owner) -> Result<Permit, Error> {
        if let Some(least) = self.open.try_take(owner, LEAST_SHARE_BYTES) {
            return Ok(least);
        }
        let slot = self.waiting.try_take(owner, 1);
        let _slot = slot.ok_or(Error::NoMemory)?;
        self.take_open(owner, LEAST_SHARE_BYTES).await
    }

    /// Takes working memory for a call that holds it only while it works.
    ///
    /// # Errors
    ///
    /// Fails if the caller may not have the bytes in time.
    pub async fn hold(&self, caller: &Caller, bytes: usize) -> Result<Permit, Error> {
        let owner = Owner::of(caller);
        self.working.take(&owner, bytes, self.wait_max).await
    }

    /// Takes bytes for an open upload.
    ///
    /// # Errors
    ///
    /// Fails if the owner may not have the bytes in time.
    pub(super) async fn take_open(&self, owner: &Owner, bytes: usize) -> Result<Permit, Error> {
        self.open.take(owner, bytes, self.wait_max).await
    }

    /// Takes working memory, if the owner may have it at once.
    pub(super) fn try_work(&self, owner: &Owner, bytes: usize) -> Option<Permit> {
        self.working.try_take(owner, bytes)
    }

    /// Takes working memory for a message of `message` bytes.
    ///
    /// # Errors
    ///
    /// Fails if the owner may not have the bytes within a minute, or too many uploads wait already.
    pub(super) async fn work(
        &self,
        owner: &Owner,
        bytes: usize,
        message: usize,
    ) -> Result<Permit, Error> {
        let held = (2 * message).clamp(WAITING_BYTES_MIN, WAITING_BYTES_MAX);
        let slot = self.work_waiting.try_take(owner, held);
        let _slot = slot.ok_or(Error::NoMemory)?;
        self.working.take(owner, bytes, WORK_WAIT_MAX).await
    }

    /// Returns the text limit of the owner's next batch, in bytes: the minimum while other owners wait.
    pub(super) fn batch_bytes(&self, owner: &Owner) -> usize {
        if self.working.is_contended() {
            return BATCH_BYTES_MIN;
        }
        let part = self.working.room(owner) / BATCH_PART;
        part.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX)
    }
}
