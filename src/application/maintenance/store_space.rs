//! Whether the store has room. An instance whose store is full is not ready until there is room again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::application::ports::store::Store;
use crate::application::store_error::Error;

/// The time between two checks. Clients retry after five seconds.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The longest time of a check. After it the store counts as unavailable, not as full.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether the store of this instance is full.
#[derive(Clone, Debug)]
pub struct StoreSpace {
    store: Arc<dyn Store>,
    is_full: Arc<watch::Sender<bool>>,
}

impl StoreSpace {
    /// Creates the state of a store, which is not full at first.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        let is_full = Arc::new(watch::Sender::new(false));
        Self { store, is_full }
    }

    /// Returns a receiver of the state, which changes when the store becomes full or has room again.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.is_full.subscribe()
    }

    /// Whether the store was full at the last check.
    #[must_use]
    pub fn is_full(&self) -> bool {
        *self.is_full.borrow()
    }

    /// Checks the store each second, until `drain` is cancelled. The next check makes a test write if the store was
    /// full. It also does so if a statement of this process has failed for want of room since the last check.
    pub async fn watch(self, drain: CancellationToken) {
        let mut seen = Error::times_full();
        while drain
            .run_until_cancelled(tokio::time::sleep(CHECK_INTERVAL))
            .await
            .is_some()
        {
            // Read before the check, so that a failure during it is noticed by the next one.
            let times_full = Error::times_full();
            let was_full = self.is_full();
            if let Some(is_full) = self.check(was_full || times_full != seen).await {
                seen = times_full;
                self.log_change(was_full, is_full);
            }
        }
    }

    /// Whether the store is full. `None` means that the check failed or timed out.
    async fn check(&self, is_suspected: bool) -> Option<bool> {
        let checked = self.store.check_free_space(is_suspected);
        match tokio::time::timeout(CHECK_TIMEOUT, checked).await {
            Ok(Ok(())) => Some(false),
            Ok(Err(Error::Full(_))) => Some(true),
            Ok(Err(_)) | Err(_) => None,
        }
    }

    fn log_change(&self, was_full: bool, is_full: bool) {
        if is_full == was_full {
            return;
        }
        if is_full {
            tracing::error!("the store is full: nothing is written until there is room");
        } else {
            tracing::info!("the store has room again");
        }
        self.is_full.send_replace(is_full);
    }
}
