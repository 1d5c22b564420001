//! One memory budget for all uploads.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::application::error::Error;
use crate::domain::chunking::spec::Spec;
use crate::domain::chunking::splitter::Splitter;
use crate::domain::ingest::machine::{BATCH_BYTES_MAX, BATCH_BYTES_MIN};

/// All uploads together hold so much: with what the program and its connections take, the server
/// stays under 100 MB.
const BUDGET_BYTES: usize = 40 * 1024 * 1024;
/// How long an upload waits for memory before it is told to come back.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// A message and what is around it.
const MESSAGE_BYTES: usize = 512 * 1024;
/// The budget's unit.
const UNIT: usize = 1024;

/// Shares memory out to uploads.
#[derive(Clone, Debug)]
pub struct Budget {
    units: Arc<Semaphore>,
}

/// An upload's share, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    /// How much text its batches may have.
    pub batch_bytes: usize,
    _units: OwnedSemaphorePermit,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            units: Arc::new(Semaphore::new(BUDGET_BYTES / UNIT)),
        }
    }
}

impl Budget {
    /// Takes a share: with large batches while there is room, with small ones when it is tight.
    ///
    /// # Errors
    ///
    /// Fails if there is none in time.
    pub async fn share(&self, spec: &Spec) -> Result<Share, Error> {
        let window = Splitter::window_bytes(&spec.chunker());
        // A quarter of what is free, for one batch that fills and one that is committed.
        let free = self.units.available_permits() * UNIT;
        let batch_bytes = (free / 8).clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX);
        let bytes = 2 * (window + batch_bytes) + MESSAGE_BYTES;
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let acquired = Arc::clone(&self.units).acquire_many_owned(units);
        match tokio::time::timeout(WAIT_MAX, acquired).await {
            Ok(Ok(units)) => Ok(Share {
                batch_bytes,
                _units: units,
            }),
            // The semaphore is never closed, so this is the time-out.
            Ok(Err(_)) | Err(_) => Err(Error::NoMemory),
        }
    }
}
