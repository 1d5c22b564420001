//! The health of all partitions, read once a second for all who watch it, and not at all for nobody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::error::Error;
use crate::application::ports::partitions::Partition;
use crate::application::ports::store::Store;
use crate::application::ports::store_error;
use crate::application::response_stream::{self, Halt, Inbox, Outbox, Patience};
use crate::domain::partitions::balance::{Balance, Load};

/// How often it is read while somebody watches, and the shortest time between two states of one
/// stream.
const EVERY: Duration = Duration::from_secs(1);
/// How many of the largest documents are looked at: there are never many that are the reason.
const LARGEST: u32 = 20;

/// The health of all partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// All 100, in order.
    pub partitions: Vec<Partition>,
    /// What they come to.
    pub balance: Balance,
}

impl Health {
    /// Reads it.
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

/// The newest health, for all watchers of an instance.
#[derive(Debug)]
pub struct Cell {
    /// None: it could not be read, or was not yet.
    newest: watch::Sender<Option<Arc<Health>>>,
    /// Whether a task reads it. A std mutex: never held across an await.
    is_read: Mutex<bool>,
    /// Held by the one watcher that reads because there is nothing yet.
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
    /// The newest health from now on; `true` if there is nobody yet who reads it.
    fn subscribe(&self) -> (watch::Receiver<Option<Arc<Health>>>, bool) {
        let mut is_read = self.is_read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !std::mem::replace(&mut *is_read, true);
        (self.newest.subscribe(), is_first)
    }

    /// Whether nobody watches any more; then nobody reads.
    fn is_left(&self) -> bool {
        let mut is_read = self.is_read.lock().unwrap_or_else(PoisonError::into_inner);
        *is_read = self.newest.receiver_count() > 0;
        if !*is_read {
            // Whoever comes later must not take it for the newest.
            self.newest.send_replace(None);
        }
        !*is_read
    }

    /// Reads until nobody watches, or the server goes down.
    async fn read(&self, store: Arc<dyn Store>, drain: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = drain.cancelled() => return,
            }
            if self.is_left() {
                return;
            }
            // Watchers that find nothing read for themselves: so each is told why.
            let health = Health::read(store.as_ref()).await.ok();
            self.newest.send_replace(health.map(Arc::new));
        }
    }
}

/// The use case of watching it.
#[derive(Clone, Debug)]
pub struct Watching {
    /// Where chunks are.
    pub store: Arc<dyn Store>,
    /// What all watchers share.
    pub cell: Arc<Cell>,
    /// Who waits for watchers when the server stops.
    pub tasks: TaskTracker,
    /// How long a watcher is waited for.
    pub patience: Patience,
}

impl Watching {
    /// The health as it is, and then whenever it has changed.
    ///
    /// # Errors
    ///
    /// Fails if the store does.
    pub async fn watch(&self) -> Result<Inbox<Arc<Health>>, Error> {
        let (news, is_first) = self.cell.subscribe();
        if is_first {
            let (cell, store) = (Arc::clone(&self.cell), Arc::clone(&self.store));
            let drain = self.patience.drain.clone();
            self.tasks
                .spawn(async move { cell.read(store, drain).await });
        }
        let first = self.newest().await?;
        let (outbox, inbox) = response_stream::channel(self.patience.clone());
        let watching = self.clone();
        self.tasks.spawn(async move {
            let told = watching.tell(news, &outbox, first).await;
            outbox.end(told);
        });
        Ok(inbox)
    }

    /// The newest health; read by one for all that come at once.
    async fn newest(&self) -> Result<Arc<Health>, Error> {
        let _reading = self.cell.reading.lock().await;
        if let Some(newest) = self.cell.newest.borrow().clone() {
            return Ok(newest);
        }
        let read = Arc::new(Health::read(self.store.as_ref()).await?);
        self.cell.newest.send_replace(Some(Arc::clone(&read)));
        Ok(read)
    }

    /// Forwards what differs from what was sent, until the client has gone or the server goes down.
    async fn tell(
        &self,
        mut news: watch::Receiver<Option<Arc<Health>>>,
        outbox: &Outbox<Arc<Health>>,
        first: Arc<Health>,
    ) -> Result<(), Halt> {
        let mut sent = Arc::clone(&first);
        outbox.send(first).await?;
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                halt = outbox.halted() => return Err(halt),
            }
            tokio::select! {
                // The sender lives in the cell as long as this does.
                _news = news.changed() => {}
                halt = outbox.halted() => return Err(halt),
            }
            let newest = news.borrow_and_update().clone();
            let newest = match newest {
                Some(newest) => newest,
                None => self.newest().await?,
            };
            if newest != sent {
                sent = Arc::clone(&newest);
                outbox.send(newest).await?;
            }
        }
    }
}
