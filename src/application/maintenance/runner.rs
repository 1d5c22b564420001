//! The work that the server does by itself: removing what nobody needs, in small steps, so that
//! uploads hardly notice. One instance at a time holds the lease; when it dies another goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::application::audit::retention::Forgetting;
use crate::application::events::bus::Bus;
use crate::application::maintenance::lease::Lease;
use crate::application::ports::clock::{Clock, Timestamp};
use crate::application::ports::jobs::{Done, Fence};
use crate::application::ports::store::Store;
use crate::application::ports::store_error::Error;

/// Rows of a step: some milliseconds of the store's writer.
const STEP_ROWS: u32 = 1_000;
/// Steps after which the lease is renewed, well before it ends.
const STEPS_MAX: u32 = 100;

/// When what is forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// How long an upload waits for somebody to go on with it.
    pub open_uploads: Duration,
    /// How long what a document has left in another partition may still be read, as old versions.
    pub old_versions: Duration,
    /// How long operations and changes can be asked for after they ended.
    pub operations: Duration,
    /// How often it is looked for what there is to do.
    pub sweep_every: Duration,
}

/// Does the work of an instance.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Where the work is.
    pub store: Arc<dyn Store>,
    /// Where news goes.
    pub bus: Arc<Bus>,
    /// Who does the work.
    pub lease: Lease,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told when there is work.
    pub work: Arc<Notify>,
    /// When what is forgotten.
    pub retention: Retention,
    /// When the audit log is.
    pub audit: Forgetting,
}

/// What a round of steps came to.
enum Round {
    /// There is more.
    More,
    /// There is nothing left, or another instance does it.
    Rest,
}

impl Runner {
    /// Works until `drain` is cancelled.
    pub async fn run(self, drain: CancellationToken) {
        while !drain.is_cancelled() {
            let round = self.round(&drain).await;
            let rests = match round {
                Ok(Round::More) => false,
                Ok(Round::Rest) => true,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "a job failed and will be tried again");
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

    /// Claims the lease, and takes steps until there is nothing left or it has to be renewed.
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
                    for operation in done.news {
                        self.bus.publish(operation);
                    }
                }
                Some(_) | None => return Ok(Round::Rest),
            }
        }
        Ok(Round::More)
    }

    /// The first step of them all that has something to do.
    async fn step(&self, fence: Fence) -> Result<Option<Done>, Error> {
        let (store, now) = (&self.store, self.clock.now());
        // What is deleted is given up before anything is swept, however much that is.
        let advanced = store.advance_deletions(fence, now, STEP_ROWS).await?;
        if is_something(advanced.as_ref()) {
            return Ok(advanced);
        }
        let swept = store.sweep_chunks(fence, now, STEP_ROWS).await?;
        if is_something(swept.as_ref()) {
            return Ok(swept);
        }
        // After the sweep: what is gone need not be copied.
        let moved = self.advance_moves(fence, now).await?;
        if is_something(moved.as_ref()) {
            return Ok(moved);
        }
        let since = before(now, self.retention.open_uploads);
        let abandoned = store.abandon_uploads(fence, since, now, STEP_ROWS).await?;
        if is_something(abandoned.as_ref()) {
            return Ok(abandoned);
        }
        let since = before(now, self.retention.operations);
        let expired = store.expire(fence, since, STEP_ROWS).await?;
        if is_something(expired.as_ref()) {
            return Ok(expired);
        }
        self.audit.step(fence, now, STEP_ROWS).await
    }

    /// Goes on with moves, and with what they have left.
    async fn advance_moves(&self, fence: Fence, now: Timestamp) -> Result<Option<Done>, Error> {
        let sweep_after = now.saturating_add(micros(self.retention.old_versions));
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

/// Whether a step did something, or found that it must not.
fn is_something(done: Option<&Done>) -> bool {
    done.is_none_or(|done| done.rows > 0)
}

fn before(now: Timestamp, kept: Duration) -> Timestamp {
    now.saturating_sub(micros(kept))
}

fn micros(kept: Duration) -> i64 {
    i64::try_from(kept.as_micros()).unwrap_or(i64::MAX)
}
