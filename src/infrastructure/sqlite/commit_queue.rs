//! Batches of uploads that wait for the writer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::application::ports::clock::Timestamp;
use crate::application::ports::operations::Operation;
use crate::application::ports::store_error::Error;
use crate::application::ports::uploads::Writer;
use crate::domain::ingest::batch::{Batch, CHUNKS_MAX};

/// The text of one group, unless its first batch alone has more: other transactions wait while it is stored.
const GROUP_TEXT_BYTES: usize = 1024 * 1024;
/// The batches of one group: an error lets each be stored again.
const GROUP_BATCHES: usize = 64;

/// The operation of the upload as committed; `None` if its writer has lost it.
pub(super) type Outcome = Result<Option<Operation>, Error>;

/// Batches that wait for the writer, the oldest first. Each has a caller that waits, so there are no more than
/// uploads.
#[derive(Debug, Default)]
pub(super) struct CommitQueue(Mutex<VecDeque<Waiting>>);

/// A batch, and the caller that waits for its outcome.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) writer: Writer,
    pub(super) batch: Arc<Batch>,
    pub(super) now: Timestamp,
    pub(super) answer: oneshot::Sender<Outcome>,
}

impl CommitQueue {
    /// Adds a batch as the newest.
    pub(super) fn push(&self, waiting: Waiting) {
        self.lock().push_back(waiting);
    }

    /// Whether no batch waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes the oldest batches that fit into a group, without those whose callers have gone.
    pub(super) fn take_group(&self) -> Vec<Waiting> {
        let mut queue = self.lock();
        queue.retain(|waiting| !waiting.answer.is_closed());
        let (mut chunks, mut bytes) = (0, 0);
        let fitting = queue.iter().take(GROUP_BATCHES).take_while(|waiting| {
            chunks += waiting.batch.chunks.len();
            bytes += waiting.batch.text_bytes();
            chunks <= CHUNKS_MAX && bytes <= GROUP_TEXT_BYTES
        });
        let size = fitting.count().max(1).min(queue.len());
        queue.drain(..size).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Answers the caller.
    pub(super) fn answer(self, outcome: Outcome) {
        // A caller that has gone needs none.
        let _gone = self.answer.send(outcome);
    }
}
