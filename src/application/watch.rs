//! Watching operations: state, not log.
//!
//! An event is a whole state with its `seq`, so that losing all but the last is harmless. A watcher
//! subscribes to the in-process cell, then reads the row, then forwards what is newer; a row read
//! again now and then covers for events that were lost. A slow watcher skips states, never the
//! terminal one, and holds up nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::ports::clock::Uid;
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;

/// The shortest time between two states of one stream: four a second are enough for people.
const SPACING: Duration = Duration::from_millis(250);
/// How often the row is read again: the worst delay if events are lost.
const RECONCILE: Duration = Duration::from_secs(3);

type Cell = watch::Sender<Option<Arc<Operation>>>;

/// The in-process event bus: a cell for each operation that somebody watches.
#[derive(Debug, Default)]
pub struct Bus {
    /// A std mutex: never held across an await. Cells without receivers go when one is dropped.
    cells: Mutex<HashMap<Uid, Cell>>,
}

impl Bus {
    /// Announces a state that is committed.
    pub fn publish(&self, operation: Operation) {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&operation.uid) {
            cell.send_if_modified(|state| {
                let is_newer = state.as_ref().is_none_or(|state| state.seq < operation.seq);
                if is_newer {
                    *state = Some(Arc::new(operation));
                }
                is_newer
            });
        }
    }

    /// The states of an operation from now on.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, uid: Uid) -> Subscription {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry(uid).or_insert_with(|| watch::channel(None).0);
        Subscription {
            receiver: Some(cell.subscribe()),
            uid,
            bus: Arc::clone(self),
        }
    }
}

/// Keeps an operation's cell while it is held.
#[derive(Debug)]
pub struct Subscription {
    /// Taken only when this is dropped.
    receiver: Option<watch::Receiver<Option<Arc<Operation>>>>,
    uid: Uid,
    bus: Arc<Bus>,
}

impl Subscription {
    /// Waits until there is news, or it is time to read the row.
    pub async fn wait(&mut self) {
        // The sender lives in the bus as long as this does; a time-out is no news.
        if let Some(receiver) = &mut self.receiver {
            let _news_or_not = tokio::time::timeout(RECONCILE, receiver.changed()).await;
        }
    }

    fn latest(&mut self) -> Option<Arc<Operation>> {
        self.receiver.as_mut()?.borrow_and_update().clone()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut cells = self
            .bus
            .cells
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        drop(self.receiver.take());
        if cells
            .get(&self.uid)
            .is_some_and(|cell| cell.receiver_count() == 0)
        {
            cells.remove(&self.uid);
        }
    }
}

/// The use case of watching.
#[derive(Clone, Debug)]
pub struct Watching {
    store: Arc<dyn Store>,
    bus: Arc<Bus>,
    tasks: TaskTracker,
    drain: CancellationToken,
}

/// The states of an operation, the last of them terminal.
pub type States = mpsc::Receiver<Result<Operation, Error>>;

impl Watching {
    /// Over this store and bus. Watchers are sent away when `drain` is cancelled.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<Bus>,
        tasks: TaskTracker,
        drain: CancellationToken,
    ) -> Self {
        Self {
            store,
            bus,
            tasks,
            drain,
        }
    }

    /// The operation as it is.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn get(&self, caller: &Caller, uid: &Uid) -> Result<Operation, Error> {
        self.store
            .operation(caller, uid)
            .await?
            .ok_or(Error::NotFound { kind: "operation" })
    }

    /// The states after `after_seq`; the terminal one in any case.
    ///
    /// # Errors
    ///
    /// Fails if there is no such operation, or `after_seq` is in the future.
    pub async fn watch(&self, caller: &Caller, uid: Uid, after_seq: u64) -> Result<States, Error> {
        let subscription = self.bus.subscribe(uid);
        let first = self.get(caller, &uid).await?;
        if after_seq > first.seq {
            return Err(Error::FutureSeq {
                after: after_seq,
                newest: first.seq,
            });
        }
        // One state waits while the one before is sent.
        let (states, receiver) = mpsc::channel(1);
        let watcher = Watcher {
            watching: self.clone(),
            caller: caller.clone(),
            subscription,
            states,
        };
        self.tasks.spawn(watcher.run(first, after_seq));
        Ok(receiver)
    }
}

struct Watcher {
    watching: Watching,
    caller: Caller,
    subscription: Subscription,
    states: mpsc::Sender<Result<Operation, Error>>,
}

impl Watcher {
    /// Forwards states until the terminal one is sent, or the client is gone.
    async fn run(mut self, first: Operation, after_seq: u64) {
        let uid = first.uid;
        let (mut state, mut sent) = (first, after_seq);
        loop {
            if state.seq > sent || state.state.is_terminal() {
                let is_last = state.state.is_terminal();
                sent = state.seq;
                // An error here means that the client is gone.
                if self.states.send(Ok(state)).await.is_err() || is_last {
                    return;
                }
                tokio::time::sleep(SPACING).await;
            }
            tokio::select! {
                () = self.subscription.wait() => {}
                () = self.states.closed() => return,
                () = self.watching.drain.cancelled() => return self.fail(Error::Draining).await,
            }
            let news = self.subscription.latest().filter(|news| news.seq > sent);
            state = match news {
                Some(news) => Operation::clone(&news),
                None => match self.watching.get(&self.caller, &uid).await {
                    Ok(row) => row,
                    Err(error) => return self.fail(error).await,
                },
            };
        }
    }

    async fn fail(&self, error: Error) {
        // The client is told, or is gone.
        let _gone = self.states.send(Err(error)).await;
    }
}
