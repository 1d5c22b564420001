//! Watching operations: state, not log.
//!
//! A watcher subscribes to the bus, then has the row read unless the bus knows the operation already,
//! then forwards what is newer. The reconciler covers for news that was lost. A slow watcher skips
//! states, never the terminal one, and holds up nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::application::bus::{Bus, Subscription};
use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::outbox::{self, Halt, Inbox, Outbox, Patience};
use crate::application::ports::clock::{Clock, Uid};
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;

/// The shortest time between two states of one stream: four a second are enough for people.
pub const SPACING: Duration = Duration::from_millis(250);
/// The metric of how long states took from their commit to a watcher, in seconds.
pub const LAG: &str = "sluice_watch_lag_seconds";
/// What a state is for whoever watches an operation that has gone.
const NOT_FOUND: Error = Error::NotFound { kind: "operation" };

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
    /// The time, for how long news took.
    pub clock: Arc<dyn Clock>,
    /// How watchers are reached: `grpc` or `websocket`.
    pub transport: &'static str,
}

impl Watching {
    /// The operation as it is.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn get(&self, caller: &Caller, uid: &Uid) -> Result<Operation, Error> {
        self.store.operation(caller, uid).await?.ok_or(NOT_FOUND)
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
        let mut subscription = self.bus.subscribe(caller, uid);
        let first = self
            .first(caller, &mut subscription, uid, after_seq)
            .await?;
        if after_seq > first.seq {
            return Err(Error::FutureSeq {
                after: after_seq,
                newest: first.seq,
            });
        }
        let (outbox, inbox) = outbox::channel(self.patience.clone());
        let watching = self.clone();
        self.tasks.spawn(async move {
            let counted = Counted::new(watching.transport);
            let told = watching.tell(subscription, &outbox, first, after_seq).await;
            drop(counted);
            outbox.end(told);
        });
        Ok(inbox)
    }

    /// The state that a watcher begins with. The row is read by one of all that watch it; the others
    /// have what was read, and what was heard since.
    async fn first(
        &self,
        caller: &Caller,
        subscription: &mut Subscription,
        uid: Uid,
        after_seq: u64,
    ) -> Result<Arc<Operation>, Error> {
        let known = |subscription: &mut Subscription| {
            let known = subscription.latest().filter(|state| state.seq >= after_seq);
            known.filter(|_| !subscription.is_gone())
        };
        if let Some(state) = known(subscription) {
            return Ok(state);
        }
        let reading = Arc::clone(subscription.reading());
        let _reading = reading.lock().await;
        if let Some(state) = known(subscription) {
            return Ok(state);
        }
        let read = Arc::new(self.get(caller, &uid).await?);
        self.bus.note(Arc::clone(&read));
        Ok(read)
    }

    /// Forwards states until the terminal one is sent.
    async fn tell(
        &self,
        mut subscription: Subscription,
        outbox: &Outbox<Operation>,
        first: Arc<Operation>,
        after_seq: u64,
    ) -> Result<(), Halt> {
        let (mut state, mut sent) = (first, after_seq);
        loop {
            if state.seq > sent || state.state.is_terminal() {
                let is_last = state.state.is_terminal();
                sent = state.seq;
                outbox.send(Operation::clone(&state)).await?;
                if is_last {
                    return Ok(());
                }
                tokio::time::sleep(SPACING).await;
            }
            tokio::select! {
                () = subscription.wait() => {}
                halt = outbox.halted() => return Err(halt),
            }
            if subscription.is_gone() {
                return Err(NOT_FOUND.into());
            }
            if let Some(news) = subscription.latest().filter(|news| news.seq > sent) {
                self.note_lag(&news);
                state = news;
            }
        }
    }

    /// How long a state took from its commit to its watcher, by the clocks of both instances.
    pub fn note_lag(&self, state: &Operation) {
        let micros = self.clock.now().saturating_sub(state.updated_at);
        let lag = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
        metrics::histogram!(LAG).record(lag);
    }
}

/// Counts a watcher while it is held.
#[derive(Debug)]
pub struct Counted(metrics::Gauge);

impl Counted {
    /// One more, who watches by that way.
    #[must_use]
    pub fn new(transport: &'static str) -> Self {
        let watchers = metrics::gauge!("sluice_watchers", "transport" => transport);
        watchers.increment(1.0);
        Self(watchers)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
