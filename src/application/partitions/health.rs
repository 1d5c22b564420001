//! The health of all partitions. One task reads it once a second for all watchers, and stops when the last watcher
//! leaves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::error::Error;
use crate::application::ports::partitions::Partition;
use crate::application::ports::store::Store;
use crate::application::response_stream::{
    self, ResponseReceiver, ResponseSender, SendLimits, StopReason,
};
use crate::application::store_error;
use crate::domain::partitions::balance::{Balance, Load};

/// The interval between two reads while there is a watcher, and the shortest time between two states of one stream.
const EVERY: Duration = Duration::from_secs(1);
/// The number of the largest documents that are examined. Few documents at once are the reason for an imbalance.
const LARGEST: u32 = 20;

/// The health of all partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// All 100, in order.
    pub partitions: Vec<Partition>,
    /// The verdict on how evenly the chunks are spread.
    pub balance: Balance,
}

impl Health {
    /// Reads the health from the store.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn read(store: &dyn Store) -> Result<Self, store_error::Error> {
        let partitions = store.partitions().await?;
        let largest = store.largest_documents(LARGEST).await?;
        let loads = partitions.iter().map(|partition| Load {
            documents: partition.documents,
            chunks: partition.chunks,
            text_bytes: partition.text_bytes,
        });
        let balance = Balance::of(&loads.collect::<Vec<_>>(), &largest);
        Ok(Self {
            partitions,
            balance,
        })
    }
}

/// The newest health, shared by all watchers of an instance.
#[derive(Debug)]
pub struct Cell {
    /// The newest health. `None` means that the last read failed, or nothing has been read yet.
    newest: watch::Sender<Option<Arc<Health>>>,
    /// Whether a task reads the health. A std mutex: never held across an await.
    is_read: Mutex<bool>,
    /// Held by the one watcher that reads because the cell is empty.
    reading: tokio::sync::Mutex<()>,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            newest: watch::Sender::new(None),
            is_read: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }
}

impl Cell {
    /// Subscribes to the newest health. Returns `true` if no task reads it yet: the caller must start one.
    fn subscribe(&self) -> (watch::Receiver<Option<Arc<Health>>>, bool) {
        let mut is_read = self.is_read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !std::mem::replace(&mut *is_read, true);
        (self.newest.subscribe(), is_first)
    }

    /// Whether no watcher is left. If so, the reading task must end.
    fn is_left(&self) -> bool {
        let mut is_read = self.is_read.lock().unwrap_or_else(PoisonError::into_inner);
        *is_read = self.newest.receiver_count() > 0;
        if !*is_read {
            // A later watcher must not mistake the old value for the newest.
            self.newest.send_replace(None);
        }
        !*is_read
    }

    /// Reads until no watcher is left, or the server shuts down.
    async fn read(&self, store: Arc<dyn Store>, drain: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = drain.cancelled() => return,
            }
            if self.is_left() {
                return;
            }
            // Watchers that find the cell empty read for themselves, so each gets the store's error.
            let health = Health::read(store.as_ref()).await.ok();
            self.newest.send_replace(health.map(Arc::new));
        }
    }
}

/// The use case of watching the health of partitions.
#[derive(Clone, Debug)]
pub struct HealthWatch {
    /// The store of chunks.
    pub store: Arc<dyn Store>,
    /// The cell that all watchers share.
    pub cell: Arc<Cell>,
    /// The tracker that waits for watchers when the server stops.
    pub tasks: TaskTracker,
    /// The time that a stream waits for its watcher.
    pub send_limits: SendLimits,
}

impl HealthWatch {
    /// Returns a stream of the current health, and of each later change.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn watch(&self) -> Result<ResponseReceiver<Arc<Health>>, Error> {
        let (states, is_first) = self.cell.subscribe();
        if is_first {
            let cell = Arc::clone(&self.cell);
            let store = Arc::clone(&self.store);
            let drain = self.send_limits.drain.clone();
            self.tasks
                .spawn(async move { cell.read(store, drain).await });
        }
        let first = self.newest().await?;
        let (sender, receiver) = response_stream::channel(self.send_limits.clone());
        let watching = self.clone();
        self.tasks.spawn(async move {
            let result = watching.send_states(states, &sender, first).await;
            sender.end(result);
        });
        Ok(receiver)
    }

    /// Returns the newest health. One of several concurrent watchers reads it.
    async fn newest(&self) -> Result<Arc<Health>, Error> {
        let _reading = self.cell.reading.lock().await;
        if let Some(newest) = self.cell.newest.borrow().clone() {
            return Ok(newest);
        }
        let read = Arc::new(Health::read(self.store.as_ref()).await?);
        self.cell.newest.send_replace(Some(Arc::clone(&read)));
        Ok(read)
    }

    /// Sends each health that differs from the last one sent, until the client disconnects or the server shuts down.
    async fn send_states(
        &self,
        mut states: watch::Receiver<Option<Arc<Health>>>,
        sender: &ResponseSender<Arc<Health>>,
        first: Arc<Health>,
    ) -> Result<(), StopReason> {
        let mut sent = Arc::clone(&first);
        sender.send(first).await?;
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                stop_reason = sender.stopped() => return Err(stop_reason),
            }
            tokio::select! {
                // The sender lives in the cell as long as this does.
                _changed = states.changed() => {}
                stop_reason = sender.stopped() => return Err(stop_reason),
            }
            let newest = states.borrow_and_update().clone();
            let newest = match newest {
                Some(newest) => newest,
                None => self.newest().await?,
            };
            if newest != sent {
                sent = Arc::clone(&newest);
                sender.send(newest).await?;
            }
        }
    }
}
