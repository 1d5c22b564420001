//! The memory of one upload or stream of chunks, by the actual contents of its buffers.
//!
//! While the upload waits for its client it holds the least share. Once there are bytes to work on, it takes a window
//! and room for one batch. The batch keeps its room until it is committed. The window is given back when the upload
//! rests, or when other owners wait.

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::budget::{LEAST_SHARE_BYTES, MemoryBudget};
use crate::application::memory::pool::Permit;
use crate::application::memory::shares::Owner;
use crate::domain::chunking::loaded_spec::LoadedSpec;
use crate::domain::ingest::engine::Engine;
use crate::domain::text::encoding::decoding::Decoding;

/// The memory of an upload besides its buffers: its tasks, its spec, and the tables of its separators.
const FIXED_BYTES: usize = 24 * 1024;

/// The memory of one upload.
#[derive(Debug)]
pub struct UploadMemory {
    budget: MemoryBudget,
    owner: Owner,
    /// The least share, or the memory of the engine at rest if that is more.
    open: Option<Permit>,
    sizes: Sizes,
    window: Option<Permit>,
    batch: Option<Permit>,
    batch_bytes: usize,
    /// The length of the current message, in bytes.
    message_bytes: usize,
}

/// The memory that an engine needs, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    /// A full window, with the source below it.
    window: usize,
    /// One chunk, by which a batch may exceed its limit.
    chunk: usize,
}

impl UploadMemory {
    /// Takes the least share before the upload's first message is read. Until then its client waits by flow control.
    ///
    /// # Errors
    ///
    /// Fails if the caller may not have the share in time, or too many uploads wait already.
    pub async fn enter(budget: &MemoryBudget, caller: &Caller) -> Result<Self, Error> {
        let owner = Owner::of(caller);
        let least = budget.enter(&owner).await?;
        Ok(Self {
            budget: budget.clone(),
            owner,
            open: Some(least),
            sizes: Sizes::default(),
            window: None,
            batch: None,
            batch_bytes: 0,
            message_bytes: 0,
        })
    }

    /// Takes the memory for an engine of this spec. If the engine holds more than the least share at rest, the upload
    /// takes that amount now, before the first byte is read.
    ///
    /// # Errors
    ///
    /// Fails if the upload's owner may not have the memory in time.
    pub async fn size(&mut self, spec: &LoadedSpec, decoding: Decoding) -> Result<(), Error> {
        self.sizes = Sizes {
            window: Engine::window_bytes_max(spec, decoding),
            chunk: spec.spec().limits().chunk_bytes_max(),
        };
        let rest = FIXED_BYTES + Engine::rest_bytes_max(spec, decoding);
        if rest > LEAST_SHARE_BYTES {
            // The whole amount is taken at once: an owner that holds nothing else may take all free bytes.
            self.open = None;
            self.open = Some(self.budget.take_open(&self.owner, rest).await?);
        }
        Ok(())
    }

    /// Sets the length of the next message.
    pub fn receive(&mut self, bytes: usize) {
        self.message_bytes = bytes;
    }

    /// Returns the text limit of the current batch, in bytes.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.batch_bytes
    }

    /// Takes the memory that is missing for work, if it is free. If this returns `false`, the caller hands over the
    /// batch, then calls [`UploadMemory::rest`] and [`UploadMemory::wait`]. An upload that waits must hold nothing
    /// that others wait for.
    #[must_use]
    pub fn try_work(&mut self) -> bool {
        // The usual case: this method is called before each piece, and must not lock the pools.
        if self.window.is_some() && self.batch.is_some() {
            return true;
        }
        let batch_bytes = self.budget.batch_bytes(&self.owner);
        let missing = self.missing(batch_bytes);
        match self.budget.try_work(&self.owner, missing) {
            Some(permit) => {
                self.keep(permit, batch_bytes);
                true
            }
            None => false,
        }
    }

    /// Waits for the memory that is missing for work.
    ///
    /// # Errors
    ///
    /// Fails if the upload's owner may not have the memory within a minute, or too many uploads wait already.
    pub async fn wait(&mut self) -> Result<(), Error> {
        let batch_bytes = self.budget.batch_bytes(&self.owner);
        let missing = self.missing(batch_bytes);
        let permit = self.budget.work(&self.owner, missing, self.message_bytes);
        let permit = permit.await?;
        self.keep(permit, batch_bytes);
        Ok(())
    }

    /// Returns the room of the closed batch, which holds it until it is committed. The next batch takes room of its
    /// own.
    #[must_use]
    pub fn take_batch(&mut self) -> Option<Permit> {
        self.batch.take()
    }

    /// Gives back the memory that only work needs. A batch that has begun keeps its room.
    pub fn rest(&mut self, has_batch: bool) {
        self.window = None;
        if !has_batch {
            self.batch = None;
        }
    }

    fn missing(&self, batch_bytes: usize) -> usize {
        let window = self.window.is_none().then_some(self.sizes.window);
        let batch = self.batch.is_none();
        let batch = batch.then_some(batch_bytes + self.sizes.chunk);
        window.unwrap_or_default() + batch.unwrap_or_default()
    }

    fn keep(&mut self, mut permit: Permit, batch_bytes: usize) {
        if self.batch.is_none() {
            self.batch_bytes = batch_bytes;
            self.batch = Some(permit.split(batch_bytes + self.sizes.chunk));
        }
        if self.window.is_none() {
            self.window = Some(permit);
        }
    }
}
