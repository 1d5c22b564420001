//! Reads watched operations from the store again, so that a lost update delays a state and never hides it. One query
//! reads up to 500 operations, for all watchers of an instance.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::events::bus::Bus;
use crate::application::events::link::Link;
use crate::application::events::topic::Topic;
use crate::application::ports::operations::NEWEST;
use crate::application::ports::store::Store;
use crate::application::store_error;

/// The most operations read by one query.
const ROWS_MAX: usize = 500;
/// The newest operations that are read of a tenant with a watcher of all its operations. No more than these are
/// expected to begin between two polls.
const NEWEST_ROWS: u32 = 500;
/// The longest time of one poll: a poll that hangs must not stop the later ones.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Finds updates that were lost.
#[derive(Debug)]
pub struct Reconciler {
    /// The store of operations.
    pub store: Arc<dyn Store>,
    /// The bus that receives their states.
    pub bus: Arc<Bus>,
}

impl Reconciler {
    /// Polls at intervals, and at once when the link to other instances is up again, until the server shuts down.
    pub async fn run(self, drain: CancellationToken) {
        tokio::select! {
            () = drain.cancelled() => {}
            () = self.poll_forever() => {}
        }
    }

    async fn poll_forever(&self) {
        let mut link = self.bus.link();
        let mut polled_at = Instant::now();
        loop {
            let poll_at = polled_at + link.borrow_and_update().poll_interval();
            tokio::select! {
                () = tokio::time::sleep_until(poll_at) => {}
                // The sender lives in the bus. While the link was down, updates were lost.
                _changed = link.changed() => if *link.borrow() != Link::Up {
                    continue;
                }
            }
            if let Ok(Err(error)) = tokio::time::timeout(CHECK_TIMEOUT, self.poll()).await {
                // Callers get the store's error from their own requests; the next poll tries again.
                tracing::debug!(%error, "failed to poll watched operations; will retry");
            }
            polled_at = Instant::now();
        }
    }

    async fn poll(&self) -> Result<(), store_error::Error> {
        for topics in self.bus.topics().chunks(ROWS_MAX) {
            self.read(topics).await?;
        }
        for tenant in self.bus.tenants() {
            let caller = Caller::of_tenant(tenant);
            let newest = self.store.operations(&caller, None, NEWEST, NEWEST_ROWS);
            for operation in newest.await? {
                self.bus.apply_state(Arc::new(operation));
            }
        }
        Ok(())
    }

    async fn read(&self, topics: &[Topic]) -> Result<(), store_error::Error> {
        let mut missing = topics.iter().collect::<HashSet<_>>();
        for operation in self.store.operations_of(topics).await? {
            missing.remove(&(operation.tenant.clone(), operation.uid));
            self.bus.apply_state(Arc::new(operation));
        }
        for topic in missing {
            self.bus.mark_deleted(topic);
        }
        Ok(())
    }
}
