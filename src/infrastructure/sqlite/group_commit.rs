//! Commits of several uploads in one transaction (group commit).
//!
//! A commit waits for the disk, which takes longer than the rows of a small batch. Batches that wait for the writer
//! connection at the same time therefore share a transaction. Each caller puts its batch into the queue and asks for
//! the connection. The first caller that gets it commits the oldest batches and answers their callers. Its own batch
//! may be among them.
//!
//! If a batch of a group fails, the group is rolled back and each of its batches is committed alone. So only one
//! caller receives the error. A batch that was committed despite the error is not committed twice: its writer's
//! offset is compared.

use std::collections::VecDeque;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Sqlite as Driver, Transaction};
use tokio::sync::oneshot;

use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::Writer;
use crate::application::store_error::Error;
use crate::domain::ingest::batch::{Batch, CHUNKS_MAX};
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::sqlite::commit_queue::{Outcome, QueuedCommit};
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::upload_commit;

/// The text of one group, in bytes, unless its first batch alone has more. Other transactions wait while it is
/// stored.
const GROUP_TEXT_BYTES: usize = 1024 * 1024;
/// The number of batches in one group. After an error, each is stored again.
const GROUP_BATCHES: usize = 64;

impl Sqlite {
    /// Commits a batch, together with other waiting batches.
    pub(super) async fn commit_together(
        &self,
        writer: &Writer,
        batch: &Arc<Batch>,
        now: Timestamp,
    ) -> Outcome {
        let (answer, mut answered) = oneshot::channel();
        self.commits.push(QueuedCommit {
            writer: writer.clone(),
            batch: Arc::clone(batch),
            now,
            answer,
        });
        // Each turn but the last commits older batches. The connection is given in the order of requests.
        loop {
            let connection = tokio::select! {
                biased;
                outcome = &mut answered => return outcome.unwrap_or_else(|_gone| Err(given_up())),
                connection = self.writer.acquire() => connection.map_err(failed)?,
            };
            if self.commits.is_empty() {
                break;
            }
            self.commit_group(connection).await?;
        }
        // Another caller has taken the batch.
        answered.await.unwrap_or_else(|_gone| Err(given_up()))
    }

    /// Commits the oldest batches, and answers their callers.
    ///
    /// # Errors
    ///
    /// Fails if no transaction can begin. No batch is taken then.
    async fn commit_group(&self, mut connection: PoolConnection<Driver>) -> Result<(), Error> {
        let transaction = connection.begin_with(BEGIN).await.map_err(failed)?;
        let group = self.commits.take(group_size);
        match store(transaction, &group).await {
            Ok(operations) => {
                for (waiting, operation) in group.into_iter().zip(operations) {
                    waiting.answer(Ok(operation));
                }
            }
            Err(error) => match <[QueuedCommit; 1]>::try_from(group) {
                Ok([alone]) => alone.answer(Err(error)),
                Err(group) => {
                    // After a full disk the connection cannot be used again; the pool detects that.
                    drop(connection);
                    self.commit_each(group).await;
                }
            },
        }
        Ok(())
    }

    /// Commits each batch of a failed group alone.
    async fn commit_each(&self, group: Vec<QueuedCommit>) {
        for waiting in group {
            let outcome = match self.writer.begin_with(BEGIN).await {
                Ok(transaction) => store(transaction, std::slice::from_ref(&waiting)).await,
                Err(error) => Err(failed(error)),
            };
            waiting.answer(outcome.map(|operations| operations.into_iter().next().flatten()));
        }
    }
}

/// Stores batches in one transaction. Returns an operation for each.
async fn store(
    mut transaction: Transaction<'_, Driver>,
    group: &[QueuedCommit],
) -> Result<Vec<Option<Operation>>, Error> {
    let mut operations = Vec::with_capacity(group.len());
    for waiting in group {
        let QueuedCommit {
            writer, batch, now, ..
        } = waiting;
        operations.push(upload_commit::store(&mut transaction, writer, batch, *now).await?);
    }
    transaction.commit().await.map_err(failed)?;
    Ok(operations)
}

/// The error of a batch whose committing caller has gone, with its transaction.
fn given_up() -> Error {
    Error::Unavailable("the transaction was given up".into())
}

/// Returns how many of the waiting batches fit into a group.
fn group_size(waiting: &VecDeque<QueuedCommit>) -> usize {
    let mut chunks = 0;
    let mut bytes = 0;
    let fitting = waiting.iter().take(GROUP_BATCHES).take_while(|waiting| {
        chunks += waiting.batch.chunks.len();
        bytes += waiting.batch.bytes();
        chunks <= CHUNKS_MAX && bytes <= GROUP_TEXT_BYTES
    });
    fitting.count()
}
