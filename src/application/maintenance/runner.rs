//! Background jobs: remove data that is no longer needed, in small steps, so that uploads are hardly delayed. One
//! instance at a time holds the lease; after a crash another one takes over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::application::audit::retention::AuditRetention;
use crate::application::events::bus::Bus;
use crate::application::maintenance::lease::Lease;
use crate::application::ports::clock::Clock;
use crate::application::ports::jobs::{Done, Fence};
use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::domain::timestamp::Timestamp;

/// The most rows of a step: they take the store's writer some milliseconds.
const STEP_ROWS: u32 = 1_000;
/// The number of steps after which the lease is renewed, well before it expires.
const STEPS_MAX: u32 = 100;

/// The retention of data, and the interval of the jobs.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// The time for which an unfinished upload may be resumed.
    pub open_uploads: Duration,
    /// The time for which the chunks that a move has left in the old partition may still be read, as those of old
    /// versions.
    pub old_versions: Duration,
    /// The time for which operations and changes are kept after their end.
    pub operations: Duration,
    /// The interval at which the jobs check for work.
    pub sweep_every: Duration,
}

/// The background jobs of an instance.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The bus that announces the operations that a job has changed.
    pub bus: Arc<Bus>,
    /// The lease of the jobs.
    pub lease: Lease,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Notified when there is work.
    pub work: Arc<Notify>,
    /// The retention of data.
    pub retention: Retention,
    /// The retention of the audit log.
    pub audit: AuditRetention,
}

/// The result of a round of steps.
enum Round {
    /// There may be more to do.
    More,
    /// There is nothing left to do, another instance holds the lease, or the instance shuts down.
    Rest,
}

impl Runner {
    /// Runs the jobs until `drain` is cancelled.
    pub async fn run(self, drain: CancellationToken) {
        while !drain.is_cancelled() {
            let round = self.round(&drain).await;
            let rests = match round {
                Ok(Round::More) => false,
                Ok(Round::Rest) => true,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "a job failed and will be retried");
                    true
                }
            };
            if rests {
                tokio::select! {
                    () = self.work.notified() => {}
                    () = tokio::time::sleep(self.retention.sweep_every) => {}
                    () = drain.cancelled() => {}
                }
            }
        }
    }

    /// Claims the lease, and takes steps until there is nothing left or the lease has to be renewed.
    async fn round(&self, drain: &CancellationToken) -> Result<Round, Error> {
        let Some(fence) = self.lease.claim().await? else {
            return Ok(Round::Rest);
        };
        for _ in 0..STEPS_MAX {
            if drain.is_cancelled() {
                return Ok(Round::Rest);
            }
            match self.step(fence).await? {
                Some(done) if done.rows > 0 => {
                    for operation in done.updates {
                        self.bus.publish(operation);
                    }
                }
                Some(_) | None => return Ok(Round::Rest),
            }
        }
        Ok(Round::More)
    }

    /// Takes the first step that has something to do.
    async fn step(&self, fence: Fence) -> Result<Option<Done>, Error> {
        let store = &self.store;
        let now = self.clock.now();
        // Deletions give up all of their documents before any chunk is swept, however many documents they have.
        let advanced = store.advance_deletions(fence, now, STEP_ROWS).await?;
        if is_something(advanced.as_ref()) {
            return Ok(advanced);
        }
        let swept = store.sweep_chunks(fence, now, STEP_ROWS).await?;
        if is_something(swept.as_ref()) {
            return Ok(swept);
        }
        // Moves follow the sweep: swept chunks need not be copied.
        let moved = self.advance_moves(fence, now).await?;
        if is_something(moved.as_ref()) {
            return Ok(moved);
        }
        let since = now.minus(self.retention.open_uploads);
        let abandoned = store.abandon_uploads(fence, since, now, STEP_ROWS).await?;
        if is_something(abandoned.as_ref()) {
            return Ok(abandoned);
        }
        let since = now.minus(self.retention.operations);
        let expired = store.expire(fence, since, STEP_ROWS).await?;
        if is_something(expired.as_ref()) {
            return Ok(expired);
        }
        self.audit.step(fence, now, STEP_ROWS).await
    }

    /// Advances moves, and removes the chunks that finished moves have left.
    async fn advance_moves(&self, fence: Fence, now: Timestamp) -> Result<Option<Done>, Error> {
        let sweep_after = now.plus(self.retention.old_versions);
        let moved = self
            .store
            .advance_moves(fence, now, sweep_after, STEP_ROWS)
            .await?;
        if is_something(moved.as_ref()) {
            return Ok(moved);
        }
        self.store.sweep_moves(fence, now, STEP_ROWS).await
    }
}

/// Whether a step did something, or found that its fence is not the newest.
fn is_something(done: Option<&Done>) -> bool {
    done.is_none_or(|done| done.rows > 0)
}
