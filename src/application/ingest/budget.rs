//! One memory budget for all uploads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::application::error::Error;
use crate::application::ingest::bounds::Bounds;
use crate::application::turn::COMMITS_MAX;
use crate::domain::chunking::spec::Spec;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::ingest::machine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN, Machine};
use crate::domain::text::decoding::Decoding;

/// What an upload holds before anything is done with it: a window of the connection (256 KiB), and its
/// message, whose buffer has room for half of the next (384 KiB).
const ARRIVAL_BYTES: usize = 640 * 1024;
/// How many may wait for a place; each holds a window of its connection. Whoever comes then is sent
/// away at once.
const WAITING_MAX: usize = 32;
/// The budget's unit.
const UNIT: usize = 1024;

/// Shares memory out to uploads: five eighths as places for those that are there, the rest for what
/// is done with their bytes.
#[derive(Clone, Debug)]
pub struct Budget {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    units: Arc<Semaphore>,
    units_max: usize,
    wait_max: Duration,
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
        let places = (bounds.memory_bytes_max / 8 * 5 / ARRIVAL_BYTES).max(1);
        let units_max = bounds.memory_bytes_max / 8 * 3 / UNIT;
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            units: Arc::new(Semaphore::new(units_max)),
            units_max,
            wait_max: bounds.memory_wait_max,
        }
    }

    /// Takes the place of an upload, before its first message is read: until then its client waits
    /// by flow control.
    ///
    /// # Errors
    ///
    /// Fails if none is free in time, or too many wait already.
    pub async fn arrive(&self) -> Result<Held, Error> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Held(place));
        }
        let _waiting = self
            .waiting
            .try_acquire()
            .map_err(|_full| Error::NoMemory)?;
        self.taken(&self.places, 1).await
    }

    /// Takes a share: with large batches while there is room, with small ones when it is tight.
    ///
    /// # Errors
    ///
    /// Fails if there is none in time.
    pub async fn share(&self, spec: &Spec, decoding: Decoding) -> Result<Share, Error> {
        // Three sixteenths of what is free, for one batch that fills and those that are committed.
        let free = self.units.available_permits() * UNIT;
        let batch_bytes = (free / 16).clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        let committing = COMMITS_MAX * batch_bytes;
        let bytes = if decoding == Decoding::default() {
            // Text is source, byte by byte: nothing beside the window, its source and the batches.
            2 * Splitter::window_bytes(&spec.chunker()) + batch_bytes + committing
        } else {
            // Every character may need a run of the map from text to source.
            Machine::memory_bytes_max(spec, batch_bytes) + committing
        };
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
        let units = bytes.div_ceil(UNIT).min(self.units_max);
        self.taken(&self.units, units).await
    }

    async fn taken(&self, of: &Arc<Semaphore>, permits: usize) -> Result<Held, Error> {
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let acquired = Arc::clone(of).acquire_many_owned(permits);
        match tokio::time::timeout(self.wait_max, acquired).await {
            Ok(Ok(held)) => Ok(Held(held)),
            // The semaphore is never closed, so this is the time-out.
            Ok(Err(_)) | Err(_) => Err(Error::NoMemory),
        }
    }
}
