//! Which instance does what the server does by itself: the one that holds the lease of such work. When
//! it stops another goes on at once, when it dies once the lease has run out.

use std::sync::Arc;
use std::time::Duration;

use crate::application::ports::clock::{Clock, Uid};
use crate::application::ports::jobs::{Fence, Work};
use crate::application::ports::store::Store;
use crate::application::ports::store_error::Error;

/// How long the lease lasts: after so long another instance goes on.
const LASTS: Duration = Duration::from_secs(30);
/// How often it is renewed by work that lasts: two renewals may be late.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// An instance's claim to the work.
#[derive(Clone, Debug)]
pub struct Lease {
    store: Arc<dyn Store>,
    holder: Uid,
    work: Work,
}

impl Lease {
    /// A holder that nobody else is. Its clones are the same holder.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: &dyn Clock, work: Work) -> Self {
        let holder = clock.new_uid();
        Self {
            store,
            holder,
            work,
        }
    }

    /// Takes or renews it; none: another instance has it.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn claim(&self) -> Result<Option<Fence>, Error> {
        self.store.claim(self.work, &self.holder, LASTS).await
    }

    /// Gives it back, once nobody here works by it any more.
    pub async fn release(&self) {
        if let Err(error) = self.store.release(self.work, &self.holder).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "others wait until the lease has run out");
        }
    }

    /// Renews it for as long as this is waited for. Returns once it is lost, or nobody can tell.
    pub async fn lost(&self) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            if !matches!(self.claim().await, Ok(Some(_))) {
                return;
            }
        }
    }
}
