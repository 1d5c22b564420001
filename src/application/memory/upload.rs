//! What one upload, or stream of chunks, holds: by what is really in its buffers.
//!
//! While it waits for its client it holds the least share. Once there are bytes to work on it takes a window, and
//! room for one batch. The room goes with the batch to its commit; the window is given back when the upload comes
//! to rest, or when others wait.

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::memory::budget::{Budget, LEAST_SHARE_BYTES};
use crate::application::memory::pool::Permit;
use crate::application::memory::shares::Owner;
use crate::domain::chunking::spec::Spec;
use crate::domain::ingest::engine::Engine;
use crate::domain::text::decoding::Decoding;

/// What an upload has besides its buffers: its tasks, its spec, and the tables of its separators.
const FIXED_BYTES: usize = 24 * 1024;

/// The memory of one upload.
#[derive(Debug)]
pub struct UploadMemory {
    budget: Budget,
    owner: Owner,
    /// The least share, or what its engine holds at rest if that is more.
    open: Option<Permit>,
    sizes: Sizes,
    window: Option<Permit>,
    batch: Option<Permit>,
    batch_bytes: usize,
    /// How long the message is that is worked on.
    message_bytes: usize,
}

/// What an engine needs, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    /// Its window, full, with the source below it.
    window: usize,
    /// A chunk, which a batch may have beyond its limit.
    chunk: usize,
}

impl UploadMemory {
    /// Takes the least share, before the upload's first message is read: until then its client waits by flow
    /// control.
    ///
    /// # Errors
    ///
    /// Fails if the caller may not have it in time, or too many wait already.
    pub async fn enter(budget: &Budget, caller: &Caller) -> Result<Self, Error> {
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

    /// Makes room for the engine of this spec. One that holds more than the least share at rest takes that now,
    /// before its first byte is read.
    ///
    /// # Errors
    ///
    /// Fails if the upload's owner may not have so much in time.
    pub async fn size(&mut self, spec: &Spec, decoding: Decoding) -> Result<(), Error> {
        self.sizes = Sizes {
            window: Engine::window_bytes_max(spec, decoding),
            chunk: spec.limits().chunk_bytes_max(),
        };
        let rest = FIXED_BYTES + Engine::rest_bytes_max(spec, decoding);
        if rest > LEAST_SHARE_BYTES {
            // All at once: an owner that holds nothing else may have all that is free.
            self.open = None;
            self.open = Some(self.budget.take_open(&self.owner, rest).await?);
        }
        Ok(())
    }

    /// Says how long the message is that is worked on next.
    pub fn receive(&mut self, bytes: usize) {
        self.message_bytes = bytes;
    }

    /// How much text the batch may have that fills next.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.batch_bytes
    }

    /// Takes what is missing to work, if it is free. `false`: hand over the batch, [`UploadMemory::rest`], then
    /// [`UploadMemory::wait`]. An upload that waits must hold nothing that others wait for.
    #[must_use]
    pub fn try_work(&mut self) -> bool {
        // Nearly always: asked before each piece, it must not look at the pools.
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

    /// Waits for what is missing to work.
    ///
    /// # Errors
    ///
    /// Fails if the upload's owner may not have it within a minute, or too many wait already.
    pub async fn wait(&mut self) -> Result<(), Error> {
        let batch_bytes = self.budget.batch_bytes(&self.owner);
        let missing = self.missing(batch_bytes);
        let permit = self.budget.work(&self.owner, missing, self.message_bytes);
        let permit = permit.await?;
        self.keep(permit, batch_bytes);
        Ok(())
    }

    /// The room of the batch that was closed: its commit holds it. The next batch needs room of its own.
    #[must_use]
    pub fn take_batch(&mut self) -> Option<Permit> {
        self.batch.take()
    }

    /// Gives back what only an upload at work needs. A batch that has begun keeps its room.
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
