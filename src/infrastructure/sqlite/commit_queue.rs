//! The queue of batches that wait for the writer connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::Writer;
use crate::application::store_error::Error;
use crate::domain::ingest::batch::Batch;
use crate::domain::timestamp::Timestamp;

/// The operation of the committed upload. `None` means that its writer has lost the upload.
pub(super) type Outcome = Result<Option<Operation>, Error>;

/// Batches that wait for the writer connection, the oldest first. A caller waits for each of them, so there are no
/// more batches than uploads.
#[derive(Debug, Default)]
pub(super) struct CommitQueue(Mutex<VecDeque<QueuedCommit>>);

/// A batch, and the caller that waits for its outcome.
#[derive(Debug)]
pub(super) struct QueuedCommit {
    pub(super) writer: Writer,
    pub(super) batch: Arc<Batch>,
    pub(super) now: Timestamp,
    pub(super) answer: oneshot::Sender<Outcome>,
}

impl CommitQueue {
    /// Adds a batch as the newest.
    pub(super) fn push(&self, waiting: QueuedCommit) {
        self.lock().push_back(waiting);
    }

    /// Whether the queue is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes the oldest batches: as many as `size` returns, at least one. Batches whose callers have gone are dropped.
    pub(super) fn take(
        &self,
        size: impl FnOnce(&VecDeque<QueuedCommit>) -> usize,
    ) -> Vec<QueuedCommit> {
        let mut queue = self.lock();
        queue.retain(|waiting| !waiting.answer.is_closed());
        let size = size(&queue).max(1).min(queue.len());
        queue.drain(..size).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<QueuedCommit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueuedCommit {
    /// Sends the outcome to the caller.
    pub(super) fn answer(self, outcome: Outcome) {
        // A caller that has gone needs no answer.
        let _gone = self.answer.send(outcome);
    }
}
