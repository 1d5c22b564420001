//! Reads again what is watched, so that lost news delays a state and never hides it: one query for all
//! watchers of an instance, however many they are.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::caller::Caller;
use crate::application::events::bus::{Bus, Link, Topic};
use crate::application::ports::operations::NEWEST;
use crate::application::ports::store::Store;
use crate::application::ports::store_error;

/// Rows read by one query.
const ROWS_MAX: usize = 500;
/// The newest operations of a tenant, all of which are watched: no more than these begin between two
/// looks.
const NEWEST_ROWS: u32 = 500;
/// How long one look may take: one that hangs must not be the last.
const LOOK_MAX: Duration = Duration::from_secs(10);

/// Looks for news that was lost.
#[derive(Debug)]
pub struct Reconciler {
    /// Where operations are.
    pub store: Arc<dyn Store>,
    /// Where their news goes.
    pub bus: Arc<Bus>,
}

impl Reconciler {
    /// Looks now and then, and at once when the link to other instances is up again, until the server
    /// goes down.
    pub async fn run(self, drain: CancellationToken) {
        tokio::select! {
            () = drain.cancelled() => {}
            () = self.go_on() => {}
        }
    }

    async fn go_on(&self) {
        let mut link = self.bus.link();
        let mut looked_at = Instant::now();
        loop {
            let look_at = looked_at + link.borrow_and_update().look_every();
            tokio::select! {
                () = tokio::time::sleep_until(look_at) => {}
                // The sender lives in the bus. While nobody listened, news was lost.
                _changed = link.changed() => if *link.borrow() != Link::Up {
                    continue;
                }
            }
            if let Ok(Err(error)) = tokio::time::timeout(LOOK_MAX, self.look()).await {
                // Whoever asks for something is told; here it is tried again.
                tracing::debug!(%error, "news that was lost cannot be looked for");
            }
            looked_at = Instant::now();
        }
    }

    async fn look(&self) -> Result<(), store_error::Error> {
        for topics in self.bus.topics().chunks(ROWS_MAX) {
            self.read(topics).await?;
        }
        for tenant in self.bus.tenants() {
            let caller = Caller::of_tenant(&tenant);
            let newest = self.store.operations(&caller, None, NEWEST, NEWEST_ROWS);
            for operation in newest.await? {
                self.bus.note(Arc::new(operation));
            }
        }
        Ok(())
    }

    async fn read(&self, topics: &[Topic]) -> Result<(), store_error::Error> {
        let mut missing = topics.iter().collect::<HashSet<_>>();
        for operation in self.store.operations_of(topics).await? {
            missing.remove(&(operation.tenant.clone(), operation.uid));
            self.bus.note(Arc::new(operation));
        }
        for topic in missing {
            self.bus.note_gone(topic);
        }
        Ok(())
    }
}
