//! Whether the store has room. An instance whose store is full is not ready until there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::application::ports::store::Store;
use crate::application::ports::store_error::Error;

/// The time between two checks without a caller. Clients retry after five seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how long an answer holds, unless a statement has failed since: a look may write a megabyte.
const LOOK_REST: Duration = Duration::from_millis(500);
/// How long a look may take; then the store is not full, but away.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// Whether the store of this instance is full.
#[derive(Clone, Debug)]
pub struct Room(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Arc<dyn Store>,
    is_full: watch::Sender<bool>,
    /// How often a store had been full at the last look.
    seen: AtomicU64,
    /// When it was looked last; held by who looks.
    looked_at: Mutex<Option<Instant>>,
}

impl Room {
    /// That of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Shared {
            store,
            is_full: watch::Sender::new(false),
            seen: AtomicU64::new(Error::times_full()),
            looked_at: Mutex::new(None),
        }))
    }

    /// Whether the store is full, from now on.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.0.is_full.subscribe()
    }

    /// Looks now and then, until `drain` is cancelled.
    pub async fn watch(self, drain: CancellationToken) {
        while drain
            .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
            .await
            .is_some()
        {
            self.is_full().await;
        }
    }

    /// Whether the store is full. A statement that failed for want of room, whoever sent it, makes the next look a
    /// close one, and so does a store that was full.
    pub async fn is_full(&self) -> bool {
        let shared = &self.0;
        let mut looked_at = shared.looked_at.lock().await;
        let was_full = *shared.is_full.borrow();
        let is_suspected = was_full || Error::times_full() != shared.seen.load(Ordering::Relaxed);
        let is_recent = looked_at.is_some_and(|at| at.elapsed() < LOOK_REST);
        if is_recent && is_suspected == was_full {
            return was_full;
        }
        let looking = shared.store.room(is_suspected);
        let is_full = match tokio::time::timeout(LOOK_MAX, looking).await {
            Ok(Ok(())) => false,
            Ok(Err(Error::Full(_))) => true,
            // Nobody can tell.
            Ok(Err(_)) | Err(_) => was_full,
        };
        *looked_at = Some(Instant::now());
        shared.seen.store(Error::times_full(), Ordering::Relaxed);
        if is_full != was_full {
            if is_full {
                tracing::error!("the store is full: nothing is written until there is room");
            } else {
                tracing::info!("the store has room again");
            }
            shared.is_full.send_replace(is_full);
        }
        is_full
    }
}
