//! Commits of several uploads in one transaction (group commit).
//!
//! A commit waits for the disk, which takes longer than the rows of a small batch. Batches that wait for the writer at
//! the same time therefore share a transaction. Each caller puts its batch into the queue and asks for the writer; the
//! first that gets it commits the oldest batches, its own among them or not, and answers their callers.
//!
//! If a batch of a group fails, the group is rolled back and each of its batches is committed alone, so that an error
//! has one caller. A batch that was committed all the same is not committed twice: its writer's offset is compared.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{Connection, Sqlite as Driver, SqliteConnection, Transaction};
use tokio::sync::oneshot;

use crate::application::ports::clock::Timestamp;
use crate::application::ports::operations::Operation;
use crate::application::ports::store_error::Error;
use crate::application::ports::uploads::Writer;
use crate::domain::ingest::batch::{Batch, CHUNKS_MAX};
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::upload_commit;

/// The text of one group, unless its first batch alone has more: other transactions wait while it is stored.
const GROUP_TEXT_BYTES: usize = 1024 * 1024;
/// The batches of one group: an error lets each be stored again.
const GROUP_BATCHES: usize = 64;

/// The operation of the upload as committed; `None` if its writer has lost it.
type Outcome = Result<Option<Operation>, Error>;

/// Batches that wait for the writer, the oldest first. Each has a caller that waits, so there are no more than
/// uploads.
#[derive(Debug, Default)]
pub(super) struct CommitQueue(Mutex<VecDeque<Waiting>>);

/// A batch, and the caller that waits for its outcome.
#[derive(Debug)]
struct Waiting {
    writer: Writer,
    batch: Arc<Batch>,
    now: Timestamp,
    answer: oneshot::Sender<Outcome>,
}

impl CommitQueue {
    fn push(&self, waiting: Waiting) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(waiting);
    }

    fn is_empty(&self) -> bool {
        let queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.is_empty()
    }

    /// Takes the oldest batches that fit into a group, without those whose callers have gone.
    fn take_group(&self) -> Vec<Waiting> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
}

impl Sqlite {
    /// Commits a batch, together with others that wait.
    pub(super) async fn commit_together(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        now: Timestamp,
    ) -> Outcome {
        let (answer, mut answered) = oneshot::channel();
        self.commits.push(Waiting {
            writer: writer.clone(),
            batch: Arc::clone(batch),
            now,
            answer,
        });
        // Each turn but the last commits batches that are older, and the writer is given in order of asking.
        loop {
            let connection = tokio::select! {
                biased;
                outcome = &mut answered => return outcome.unwrap_or_else(|_gone| Err(given_up())),
                connection = self.writer.acquire() => connection,
            };
            let mut connection = connection.map_err(failed)?;
            // Another caller has taken the batch, and the answer is on its way.
            if !self.commits.is_empty() {
                self.commit_group(&mut connection).await?;
            }
        }
    }

    /// Commits the oldest batches, and answers their callers.
    ///
    /// # Errors
    ///
    /// Fails if there is no transaction; then no batch is taken.
    async fn commit_group(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let transaction = connection.begin_with(BEGIN).await.map_err(failed)?;
        let group = self.commits.take_group();
        match store(transaction, &group).await {
            Ok(operations) => {
                for (waiting, operation) in group.into_iter().zip(operations) {
                    waiting.answer(Ok(operation));
                }
            }
            Err(error) => match <[Waiting; 1]>::try_from(group) {
                Ok([alone]) => alone.answer(Err(error)),
                Err(group) => commit_each(connection, group).await,
            },
        }
        Ok(())
    }
}

/// Commits each batch of a group that has failed alone.
async fn commit_each(connection: &mut SqliteConnection, group: Vec<Waiting>) {
    for waiting in group {
        let outcome = match connection.begin_with(BEGIN).await {
            Ok(transaction) => store(transaction, std::slice::from_ref(&waiting)).await,
            Err(error) => Err(failed(error)),
        };
        waiting.answer(outcome.map(|operations| operations.into_iter().next().flatten()));
    }
}

impl Waiting {
    fn answer(self, outcome: Outcome) {
        // A caller that has gone needs none.
        let _gone = self.answer.send(outcome);
    }
}

/// Stores batches in one transaction; returns an operation for each.
async fn store(
    mut transaction: Transaction<'_, Driver>,
    group: &[Waiting],
) -> Result<Vec<Option<Operation>>, Error> {
    let mut operations = Vec::with_capacity(group.len());
    for waiting in group {
        let Waiting {
            writer, batch, now, ..
        } = waiting;
        operations.push(upload_commit::store(&mut transaction, writer, batch, *now).await?);
    }
    transaction.commit().await.map_err(failed)?;
    Ok(operations)
}

/// The caller that had taken the batch is gone, with its transaction.
fn given_up() -> Error {
    Error::Unavailable("the transaction was given up".into())
}
