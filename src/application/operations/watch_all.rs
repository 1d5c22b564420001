//! Watching many operations at once: first the existing ones, then their newer states and new operations.

use std::collections::HashMap;
use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::catalog::default_collection;
use crate::application::error::Error;
use crate::application::events::bus::Subscription;
use crate::application::events::tenant_subscription::{Filter, TenantSubscription};
use crate::application::operations::watch::{Counted, OperationWatch, SPACING};
use crate::application::ports::operations::{NEWEST, Operation};
use crate::application::response_stream::{self, ResponseReceiver, ResponseSender, StopReason};
use crate::domain::names::uid::OperationUid;
use crate::domain::timestamp::Timestamp;

/// The newest operations that are read; those that match are sent.
const NEWEST_ROWS: u32 = 1_000;
/// The most operations that a stream remembers as sent, so that it sends each state once; about 200 KB.
const SENT_MAX: usize = 2_000;
/// The most operations in one message: well below the message limit of clients.
const PAGE_OPERATIONS: usize = 100;

/// A page of operations, each in its newest state.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The operations.
    pub operations: Vec<Arc<Operation>>,
    /// Whether this page completes the operations that existed when the stream began.
    pub is_complete: bool,
}

impl OperationWatch {
    /// Sends the newest operations that match. Then it sends newer states of them, and new operations, until the
    /// client disconnects.
    ///
    /// # Errors
    ///
    /// Fails if there is no such collection, or the store fails.
    pub async fn watch_all(
        &self,
        caller: &Caller,
        filter: Filter,
    ) -> Result<ResponseReceiver<Page>, Error> {
        if let Some(id) = &filter.collection {
            let store = self.store.as_ref();
            let clock = self.clock.as_ref();
            default_collection::find(store, clock, caller, id).await?;
        }
        let subscription = self.bus.subscribe_tenant(caller, filter);
        let mut overview = Overview {
            watching: self.clone(),
            caller: caller.clone(),
            subscription,
            sent: HashMap::new(),
            floor: Timestamp::MIN,
        };
        let first = overview.read().await?;
        let (sender, receiver) = response_stream::channel(self.send_limits.clone());
        self.tasks.spawn(async move {
            let counted = Counted::new(overview.watching.transport);
            let sent = overview.send_states(&sender, first).await;
            drop(counted);
            sender.end(sent);
        });
        Ok(receiver)
    }
}

/// The record of the states that a stream has sent.
struct Overview {
    watching: OperationWatch,
    caller: Caller,
    subscription: Arc<TenantSubscription>,
    sent: HashMap<OperationUid, SentState>,
    /// The watermark: an operation created at or before this time that has ended and is not in `sent` is not sent. It
    /// was already sent or is too old to send.
    floor: Timestamp,
}

/// The newest state of an operation that was sent.
struct SentState {
    seq: u64,
    created_at: Timestamp,
    /// The subscription of a running operation, so that the reconciler reads its row. `None` once it has ended.
    kept: Option<Subscription>,
}

impl Overview {
    /// Reads the newest operations that match, and raises the watermark if there are more.
    async fn read(&mut self) -> Result<Vec<Arc<Operation>>, Error> {
        let states = &self.subscription.filter().states;
        let only = states.first().copied().filter(|_| states.len() == 1);
        let store = &self.watching.store;
        let read = store
            .operations(&self.caller, only, NEWEST, NEWEST_ROWS)
            .await?;
        if read.len() == NEWEST_ROWS as usize {
            let oldest = read.last().map_or(Timestamp::MIN, |last| last.created_at);
            self.floor = self.floor.max(oldest);
        }
        let filter = self.subscription.filter();
        let matching = read
            .into_iter()
            .filter(|operation| filter.has_target(operation));
        Ok(matching.map(Arc::new).collect())
    }

    async fn send_states(
        &mut self,
        sender: &ResponseSender<Page>,
        first: Vec<Arc<Operation>>,
    ) -> Result<(), StopReason> {
        self.send(sender, first, true).await?;
        loop {
            tokio::time::sleep(SPACING).await;
            let waiting = tokio::select! {
                waiting = self.subscription.take() => waiting,
                stop_reason = sender.stopped() => return Err(stop_reason),
            };
            let mut updates = waiting.states.into_values().collect::<Vec<_>>();
            if waiting.is_more {
                updates.extend(self.read().await?);
            }
            for operation in &updates {
                if self.sent.contains_key(&operation.uid) {
                    self.watching.note_lag(operation);
                }
            }
            self.send(sender, updates, false).await?;
        }
    }

    /// Sends the states that are new to the client. The last page of the first states is marked as complete.
    async fn send(
        &mut self,
        sender: &ResponseSender<Page>,
        mut states: Vec<Arc<Operation>>,
        is_first: bool,
    ) -> Result<(), StopReason> {
        states.sort_by_key(|operation| (operation.uid, operation.seq));
        states.retain(|operation| self.is_newer(operation));
        let mut pages = states.chunks(PAGE_OPERATIONS).peekable();
        if is_first && pages.peek().is_none() {
            let operations = Vec::new();
            let is_complete = true;
            sender
                .send(Page {
                    operations,
                    is_complete,
                })
                .await?;
        }
        while let Some(page) = pages.next() {
            let operations = page.to_vec();
            let is_last = pages.peek().is_none();
            let is_complete = is_first && is_last;
            sender
                .send(Page {
                    operations,
                    is_complete,
                })
                .await?;
        }
        Ok(())
    }

    /// Whether a state has to be sent; if so, it is remembered. An operation that was sent once is sent to its end,
    /// whichever states the filter has.
    fn is_newer(&mut self, operation: &Arc<Operation>) -> bool {
        let is_terminal = operation.state.is_terminal();
        match self.sent.get_mut(&operation.uid) {
            Some(sent) => {
                let is_newer = sent.seq < operation.seq;
                if is_newer {
                    sent.seq = operation.seq;
                    if is_terminal {
                        sent.kept = None;
                    }
                }
                is_newer
            }
            None if !self.subscription.filter().has_state(operation) => false,
            None if is_terminal && operation.created_at <= self.floor => false,
            None => {
                self.remember(operation);
                true
            }
        }
    }

    fn remember(&mut self, operation: &Operation) {
        if self.sent.len() >= SENT_MAX {
            self.forget();
        }
        let kept = !operation.state.is_terminal();
        let bus = &self.watching.bus;
        let sent = SentState {
            seq: operation.seq,
            created_at: operation.created_at,
            kept: kept.then(|| bus.subscribe(&self.caller, operation.uid)),
        };
        self.sent.insert(operation.uid, sent);
    }

    /// Makes room: removes the ended operations of the older half. If that is not enough, removes the whole older
    /// half.
    fn forget(&mut self) {
        let times = self.sent.values().map(|sent| sent.created_at);
        let mut times = times.collect::<Vec<_>>();
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().unwrap_or(self.floor);
        self.floor = self.floor.max(middle);
        self.sent
            .retain(|_, sent| sent.created_at > middle || sent.kept.is_some());
        if self.sent.len() >= SENT_MAX {
            self.sent.retain(|_, sent| sent.created_at > middle);
        }
    }
}
