//! The commits in progress of one upload: in order, at most [`COMMITS_MAX`] at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::application::commit_order::{COMMITS_MAX, CommitTicket};
use crate::application::error::Error;
use crate::application::memory::pool::Permit;
use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::Writer;
use crate::application::store_error;
use crate::application::uploads::services::PipelineServices;
use crate::domain::ingest::batch::Gathered;

/// The commits in progress.
#[derive(Debug)]
pub struct Commits {
    /// The oldest first. Each is a task of its own, so that it completes even if the client disconnects.
    queue: VecDeque<Commit>,
    /// The turn of the next batch.
    turn: CommitTicket,
    /// The duration of the newest settled commit, including digests and queues. Zero once it was taken.
    took: Duration,
}

/// A commit in progress. It returns the new state, `None` if another writer has the upload, and its duration.
type Commit = JoinHandle<Result<(Option<Operation>, Duration), store_error::Error>>;

/// The owner of the upload, as the last commit has shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Committed {
    /// This writer still has the upload.
    Ours,
    /// Another writer has the upload, or it has ended: the commit has changed nothing.
    Lost,
}

impl Commits {
    /// Creates an empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            turn: CommitTicket::first(),
            took: Duration::ZERO,
        }
    }

    /// Returns the duration of the newest commit that was settled since the last call. Zero if there was none.
    pub fn take_took(&mut self) -> Duration {
        std::mem::take(&mut self.took)
    }

    /// Starts the commit of a batch, which releases `memory` at its end. The digests of the batch are computed while
    /// earlier commits are in progress.
    ///
    /// # Errors
    ///
    /// Fails if an earlier commit did.
    pub async fn start(
        &mut self,
        services: &PipelineServices,
        writer: &mut Writer,
        batch: Gathered,
        memory: Option<Permit>,
    ) -> Result<Committed, Error> {
        let committed_offset = batch.checkpoint().place.position.source;
        let started = Instant::now();
        let digesting = services.tasks.spawn(async move { batch.digested() });
        while self.queue.len() >= COMMITS_MAX {
            if self.settle_oldest().await? == Committed::Lost {
                return Ok(Committed::Lost);
            }
        }
        let next = self.turn.next();
        let turn = std::mem::replace(&mut self.turn, next);
        let by = writer.clone();
        let task = services.clone();
        writer.committed_offset = committed_offset;
        self.queue.push_back(services.tasks.spawn(async move {
            // The commit continues after the client has disconnected, and needs the memory of its batch until then.
            let _memory = memory;
            let batch = Arc::new(digesting.await.map_err(panicked)?);
            let store = &task.store;
            let now = task.clock.now();
            let committed = store.commit_batch(&by, &batch, &turn, now).await;
            drop(batch);
            let committed = committed?;
            // The state is published only after its commit.
            if let Some(operation) = committed.clone() {
                turn.mark_committed();
                task.bus.publish(operation);
            }
            Ok((committed, started.elapsed()))
        }));
        Ok(Committed::Ours)
    }

    /// Waits for all commits in progress.
    ///
    /// # Errors
    ///
    /// Fails if one of them did.
    pub async fn settle(&mut self) -> Result<Committed, Error> {
        while !self.queue.is_empty() {
            if self.settle_oldest().await? == Committed::Lost {
                return Ok(Committed::Lost);
            }
        }
        Ok(Committed::Ours)
    }

    async fn settle_oldest(&mut self) -> Result<Committed, Error> {
        let Some(commit) = self.queue.pop_front() else {
            return Ok(Committed::Ours);
        };
        match commit.await {
            Ok(Ok((committed, took))) => {
                self.took = took;
                Ok(committed.map_or(Committed::Lost, |_operation| Committed::Ours))
            }
            Ok(Err(error)) => Err(error.into()),
            Err(error) => Err(panicked(error).into()),
        }
    }
}

impl Default for Commits {
    fn default() -> Self {
        Self::new()
    }
}

fn panicked(error: JoinError) -> store_error::Error {
    store_error::Error::Damaged {
        what: "a commit that panicked",
        source: Some(error.into()),
    }
}
