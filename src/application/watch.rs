//! Watching operations: state, not log.
//!
//! An event is a whole state with its `seq`, so that losing all but the last is harmless. A watcher
//! subscribes to the in-process cell, then reads the row, then forwards what is newer; a row read
//! again now and then covers for events that were lost. A slow watcher skips states, never the
//! terminal one, and holds up nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::outbox::{self, Halt, Inbox, Outbox, Patience};
use crate::application::ports::clock::Uid;
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;

/// The shortest time between two states of one stream: four a second are enough for people.
const SPACING: Duration = Duration::from_millis(250);
/// How often the row is read again: the worst delay if events are lost.
const RECONCILE: Duration = Duration::from_secs(3);

type Cell = watch::Sender<Option<Arc<Operation>>>;
/// A tenant, and an operation of it.
type Topic = (String, Uid);

/// The in-process event bus: a cell for each operation that somebody watches.
#[derive(Debug)]
pub struct Bus {
    /// A std mutex: never held across an await. Cells without receivers go when one is dropped.
    cells: Mutex<HashMap<Topic, Cell>>,
    /// Counts operations that came to their end, for whoever follows the changes of a collection.
    ends: watch::Sender<u64>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            cells: Mutex::default(),
            ends: watch::Sender::new(0),
        }
    }
}

impl Bus {
    /// Announces a state that is committed.
    pub fn publish(&self, operation: Operation) {
        if operation.state.is_terminal() {
            self.announce_change();
        }
        let topic = (operation.tenant.clone(), operation.uid);
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&topic) {
            cell.send_if_modified(|state| {
                let is_newer = state.as_ref().is_none_or(|state| state.seq < operation.seq);
                if is_newer {
                    *state = Some(Arc::new(operation));
                }
                is_newer
            });
        }
    }

    /// Announces that some collection may have changed.
    pub fn announce_change(&self) {
        self.ends.send_modify(|ends| *ends = ends.wrapping_add(1));
    }

    /// The states of an operation from now on.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, caller: &Caller, uid: Uid) -> Subscription {
        let topic = (caller.tenant.clone(), uid);
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells
            .entry(topic.clone())
            .or_insert_with(|| watch::channel(None).0);
        Subscription {
            receiver: Some(cell.subscribe()),
            topic,
            bus: Arc::clone(self),
        }
    }

    /// Changes of all collections from now on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.ends.subscribe())
    }
}

/// Hears that some collection may have changed.
#[derive(Debug)]
pub struct Changes(watch::Receiver<u64>);

impl Changes {
    /// Waits until there may be news, or it is time to look.
    pub async fn wait(&mut self) {
        // The sender lives in the bus as long as this does; a time-out is no news.
        let _news_or_not = tokio::time::timeout(RECONCILE, self.0.changed()).await;
    }
}

/// Keeps an operation's cell while it is held.
#[derive(Debug)]
pub struct Subscription {
    /// Taken only when this is dropped.
    receiver: Option<watch::Receiver<Option<Arc<Operation>>>>,
    topic: Topic,
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

    /// Waits until the terminal state is announced; for ever, if that is lost.
    pub async fn ended(&mut self) {
        let is_terminal =
            |state: &Option<Arc<Operation>>| state.as_ref().is_some_and(|s| s.state.is_terminal());
        if let Some(receiver) = &mut self.receiver
            && receiver.wait_for(is_terminal).await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }

    /// The newest state that was announced, if one was.
    pub fn latest(&mut self) -> Option<Arc<Operation>> {
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
            .get(&self.topic)
            .is_some_and(|cell| cell.receiver_count() == 0)
        {
            cells.remove(&self.topic);
        }
    }
}

/// The use case of watching.
#[derive(Clone, Debug)]
pub struct Watching {
    /// Where operations are.
    pub store: Arc<dyn Store>,
    /// Where their news is.
    pub bus: Arc<Bus>,
    /// Who waits for watchers when the server stops.
    pub tasks: TaskTracker,
    /// How long a watcher is waited for.
    pub patience: Patience,
}

impl Watching {
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

    /// The states after `after_seq`; the terminal one in any case, as the last.
    ///
    /// # Errors
    ///
    /// Fails if there is no such operation, or `after_seq` is in the future.
    pub async fn watch(
        &self,
        caller: &Caller,
        uid: Uid,
        after_seq: u64,
    ) -> Result<Inbox<Operation>, Error> {
        let subscription = self.bus.subscribe(caller, uid);
        let first = self.get(caller, &uid).await?;
        if after_seq > first.seq {
            return Err(Error::FutureSeq {
                after: after_seq,
                newest: first.seq,
            });
        }
        let (outbox, inbox) = outbox::channel(self.patience.clone());
        let (watching, caller) = (self.clone(), caller.clone());
        self.tasks.spawn(async move {
            let told = watching
                .tell(&caller, subscription, &outbox, first, after_seq)
                .await;
            outbox.end(told);
        });
        Ok(inbox)
    }

    /// Forwards states until the terminal one is sent.
    async fn tell(
        &self,
        caller: &Caller,
        mut subscription: Subscription,
        outbox: &Outbox<Operation>,
        first: Operation,
        after_seq: u64,
    ) -> Result<(), Halt> {
        let uid = first.uid;
        let (mut state, mut sent) = (first, after_seq);
        loop {
            if state.seq > sent || state.state.is_terminal() {
                let is_last = state.state.is_terminal();
                sent = state.seq;
                outbox.send(state).await?;
                if is_last {
                    return Ok(());
                }
                tokio::time::sleep(SPACING).await;
            }
            tokio::select! {
                () = subscription.wait() => {}
                halt = outbox.halted() => return Err(halt),
            }
            let news = subscription.latest().filter(|news| news.seq > sent);
            state = match news {
                Some(news) => Operation::clone(&news),
                None => self.get(caller, &uid).await?,
            };
        }
    }
}
