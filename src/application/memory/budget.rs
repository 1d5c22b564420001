//! How the memory of uploads, streams, previews and comparisons is split.
//!
//! Two pools, so that no call waits for memory that another call holds while it waits too. `open` is for uploads that
//! are open: their clients decide how long. `working` is for text that is being chunked and batches that are being
//! committed: the store and the processor let it go by themselves. The rest is for messages on their way. Those take
//! no permit: HTTP/2 lets a client send 256 KiB of each open upload in any case, and streams of one connection that
//! waited for each other's memory would hold its window.

use std::time::Duration;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::pool::{Permit, Pool};
use crate::application::memory::shares::Owner;
use crate::domain::ingest::engine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN};

/// The least share: what an upload holds while it waits for its client, however slow or silent that is. It is for the
/// text and source of a chunk that is not decided yet, the tables of its separators, its spec and its tasks.
pub const LEAST_SHARE_BYTES: usize = 40 * 1024;
/// Uploads that may wait for a least share, all together. Each holds a window of its connection (256 KiB).
const WAITING_MAX: usize = 32;
/// The most that one waiting upload counts for. An upload that waits for memory to work in holds its message, and its
/// connection buffers up to 256 KiB more, so a message of up to 128 KiB counts double. A larger message counts for less
/// than it holds. The sum of the counts is bounded: an upload beyond it is rejected, and its client may resume it.
const WAITING_BYTES_MAX: usize = 256 * 1024;
/// And for so much at least: its task, and frames of its connection.
const WAITING_BYTES_MIN: usize = 16 * 1024;
/// How long an upload that has begun waits for memory to work in. Its client waits by flow control meanwhile. An
/// upload holds working memory for a commit's time, so this passes only if the store stands still.
const WORK_WAIT_MAX: Duration = Duration::from_mins(1);
/// A batch has an eighth of what its owner may still take: one fills while two are committed, and others come.
const BATCH_PART: usize = 8;

/// The memory of an instance.
#[derive(Clone, Debug)]
pub struct Budget {
    open: Pool,
    working: Pool,
    waiting: Pool,
    work_waiting: Pool,
    wait_max: Duration,
}

impl Budget {
    /// A budget of `bytes_max`: two fifths for open uploads, one for work, two for messages. Calls wait up to
    /// `wait_max` before they are refused. Uploads that wait to work hold messages of up to `waiting_bytes_max`.
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

    /// Takes the least share of an upload, before its first message is read: until then its client waits by flow
    /// control.
    ///
    /// # Errors
    ///
    /// Fails if the caller may not have it in time, or too many wait already.
    pub(super) async fn enter(&self, owner: &Owner) -> Result<Permit, Error> {
        if let Some(least) = self.open.try_take(owner, LEAST_SHARE_BYTES) {
            return Ok(least);
        }
        let slot = self.waiting.try_take(owner, 1);
        let _slot = slot.ok_or(Error::NoMemory)?;
        self.take_open(owner, LEAST_SHARE_BYTES).await
    }

    /// Takes bytes for a call that lasts no longer than the work it does.
    ///
    /// # Errors
    ///
    /// Fails if the caller may not have them in time.
    pub async fn hold(&self, caller: &Caller, bytes: usize) -> Result<Permit, Error> {
        let owner = Owner::of(caller);
        self.working.take(&owner, bytes, self.wait_max).await
    }

    /// Takes bytes for an open upload.
    ///
    /// # Errors
    ///
    /// Fails if the owner may not have them in time.
    pub(super) async fn take_open(&self, owner: &Owner, bytes: usize) -> Result<Permit, Error> {
        self.open.take(owner, bytes, self.wait_max).await
    }

    /// Takes bytes for work, if the owner may have them at once.
    pub(super) fn try_work(&self, owner: &Owner, bytes: usize) -> Option<Permit> {
        self.working.try_take(owner, bytes)
    }

    /// Takes bytes for work on a message of so many.
    ///
    /// # Errors
    ///
    /// Fails if the owner may not have them in a minute, or too many wait already.
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

    /// How much text the owner's next batch may have: the least while others wait.
    pub(super) fn batch_bytes(&self, owner: &Owner) -> usize {
        if self.working.is_contended() {
            return BATCH_BYTES_MIN;
        }
        let part = self.working.room(owner) / BATCH_PART;
        part.clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX)
    }
}
