//! One memory budget for all uploads.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::application::error::Error;
use crate::application::ingest::bounds::Bounds;
use crate::application::turn::COMMITS_MAX;
use crate::domain::chunking::spec::Spec;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::ingest::machine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN, Machine};
use crate::domain::text::decoding::Decoding;

/// A message and what is around it.
const MESSAGE_BYTES: usize = 512 * 1024;
/// The budget's unit.
const UNIT: usize = 1024;

/// Shares memory out to uploads.
#[derive(Clone, Debug)]
pub struct Budget {
    units: Arc<Semaphore>,
    bounds: Bounds,
}

/// An upload's share, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    /// How much text its batches may have.
    pub batch_bytes: usize,
    _held: Held,
}

/// Memory of the budget, given back when it is dropped.
#[derive(Debug)]
pub struct Held(
    #[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit,
);

impl Budget {
    /// All of it is free.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            units: Arc::new(Semaphore::new(bounds.memory_bytes_max / UNIT)),
            bounds,
        }
    }

    /// Takes a share: with large batches while there is room, with small ones when it is tight.
    ///
    /// # Errors
    ///
    /// Fails if there is none in time.
    pub async fn share(&self, spec: &Spec, decoding: Decoding) -> Result<Share, Error> {
        // Three eighths of what is free, for one batch that fills and those that are committed.
        let free = self.units.available_permits() * UNIT;
        let batch_bytes = (free / 8).clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        let committing = COMMITS_MAX * batch_bytes;
        let bytes = if decoding == Decoding::default() {
            // Text is source, byte by byte: nothing beside the window, its source and the batches.
            2 * Splitter::window_bytes(&spec.chunker()) + batch_bytes + committing
        } else {
            // Every character may need a run of the map from text to source.
            Machine::memory_bytes_max(spec, batch_bytes) + committing
        };
        let bytes = bytes + MESSAGE_BYTES;
        Ok(Share {
            batch_bytes,
            _held: self.hold(bytes).await?,
        })
    }

    /// Takes so many bytes.
    ///
    /// # Errors
    ///
    /// Fails if they are not free in time.
    pub async fn hold(&self, bytes: usize) -> Result<Held, Error> {
        // Who needs more than there is may have it all, when nobody else has any.
        let units = bytes
            .div_ceil(UNIT)
            .min(self.bounds.memory_bytes_max / UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let acquired = Arc::clone(&self.units).acquire_many_owned(units);
        match tokio::time::timeout(self.bounds.memory_wait_max, acquired).await {
            Ok(Ok(units)) => Ok(Held(units)),
            // The semaphore is never closed, so this is the time-out.
            Ok(Err(_)) | Err(_) => Err(Error::NoMemory),
        }
    }
}
