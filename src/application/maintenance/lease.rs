//! The lease of background work: the instance that holds it does the work. An instance that shuts down releases the
//! lease, and another one takes it at once. After a crash another instance takes it once it has expired.

use std::sync::Arc;
use std::time::Duration;

use crate::application::ports::clock::Clock;
use crate::application::ports::jobs::{Fence, Work};
use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::domain::names::uid::InstanceUid;

/// The lifetime of the lease: 30 seconds after the last renewal another instance may take it.
const LASTS: Duration = Duration::from_secs(30);
/// The interval of renewals during long work: two renewals may fail or be late before the lease expires.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// The claim of an instance to the work.
#[derive(Clone, Debug)]
pub struct Lease {
    store: Arc<dyn Store>,
    holder: InstanceUid,
    work: Work,
}

impl Lease {
    /// Creates a claim with a holder id of its own. Its clones have the same holder id.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: &dyn Clock, work: Work) -> Self {
        let holder = clock.new_uid().into();
        Self {
            store,
            holder,
            work,
        }
    }

    /// Takes or renews the lease. Returns `None` if another instance holds it.
    ///
    /// # Errors
    ///
    /// Fails if the store fails.
    pub async fn claim(&self) -> Result<Option<Fence>, Error> {
        self.store.claim(self.work, &self.holder, LASTS).await
    }

    /// Releases the lease. No task of this instance may rely on it any more.
    pub async fn release(&self) {
        if let Err(error) = self.store.release(self.work, &self.holder).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                error,
                "the lease was not released: other instances wait until it expires"
            );
        }
    }

    /// Renews the lease until the future is dropped. Returns once the lease is lost or cannot be renewed.
    pub async fn lost(&self) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            if !matches!(self.claim().await, Ok(Some(_))) {
                return;
            }
        }
    }
}
