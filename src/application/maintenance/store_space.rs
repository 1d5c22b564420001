//! Whether the store has room. An instance whose store is full is not ready until there is room again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::application::ports::store::Store;
use crate::application::ports::store_error::Error;

/// The time between two checks. Clients retry after five seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest time of a check; after it the store counts as away and not as full.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// Whether the store of this instance is full.
#[derive(Clone, Debug)]
pub struct Room {
    store: Arc<dyn Store>,
    is_full: Arc<watch::Sender<bool>>,
}

impl Room {
    /// That of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        let is_full = Arc::new(watch::Sender::new(false));
        Self { store, is_full }
    }

    /// Whether the store is full, from now on.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.is_full.subscribe()
    }

    /// Whether the store was full at the last check.
    #[must_use]
    pub fn is_full(&self) -> bool {
        *self.is_full.borrow()
    }

    /// Checks the store each second, until `drain` is cancelled. A statement that has failed for want of room, whoever
    /// sent it, makes the next check a close one, and so does a store that was full.
    pub async fn watch(self, drain: CancellationToken) {
        let mut seen = Error::times_full();
        while drain
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            // Read before the check: a failure during it is looked into by the next one.
            let times_full = Error::times_full();
            let was_full = self.is_full();
            if let Some(is_full) = self.look(was_full || times_full != seen).await {
                seen = times_full;
                self.tell(was_full, is_full);
            }
        }
    }

    /// Whether the store is full. `None` means that the store cannot tell.
    async fn look(&self, is_suspected: bool) -> Option<bool> {
        let looking = self.store.room(is_suspected);
        match tokio::time::timeout(LOOK_MAX, looking).await {
            Ok(Ok(())) => Some(false),
            Ok(Err(Error::Full(_))) => Some(true),
            Ok(Err(_)) | Err(_) => None,
        }
    }

    fn tell(&self, was_full: bool, is_full: bool) {
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
