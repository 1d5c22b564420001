//! Watching one operation: a watcher receives states, not a log of events.
//!
//! A watcher subscribes to the bus. If the bus does not know the operation yet, the watcher reads its row. Then it
//! forwards newer states. The reconciler finds lost updates. A slow watcher skips states, but never the terminal one,
//! and delays no other watcher.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use tokio::time::Instant;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::events::bus::{Bus, Subscription};
use crate::application::ports::clock::Clock;
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;
use crate::application::response_stream::SendLimits;
use crate::domain::names::uid::OperationUid;

/// The shortest time between two states of one stream: four a second are enough for people.
pub const SPACING: Duration = Duration::from_millis(250);
/// The metric of the time from the commit of a state to its watcher, in seconds.
pub const LAG: &str = "sluice_watch_lag_seconds";
/// The error of a watched operation that no longer exists.
const NOT_FOUND: Error = Error::NotFound { kind: "operation" };

/// The states of an operation, each newer than the one before; the terminal one is the last.
pub type States = Pin<Box<dyn Stream<Item = Result<Arc<Operation>, Error>> + Send>>;

/// The use case of watching operations.
#[derive(Clone, Debug)]
pub struct OperationWatch {
    /// The store of operations.
    pub store: Arc<dyn Store>,
    /// The bus with their updates.
    pub bus: Arc<Bus>,
    /// The tracker that waits for watchers when the server stops.
    pub tasks: TaskTracker,
    /// The time that a stream waits for its watcher.
    pub send_limits: SendLimits,
    /// The clock by which the lag of updates is measured.
    pub clock: Arc<dyn Clock>,
    /// The transport of the watchers: `grpc` or `websocket`.
    pub transport: &'static str,
}

impl OperationWatch {
    /// Returns the current state of the operation.
    ///
    /// # Errors
    ///
    /// Fails if there is no such operation.
    pub async fn get(&self, caller: &Caller, uid: &OperationUid) -> Result<Operation, Error> {
        self.store.operation(caller, uid).await?.ok_or(NOT_FOUND)
    }

    /// Returns the states after `after_seq`. The terminal state is always sent, as the last one.
    ///
    /// # Errors
    ///
    /// Fails if there is no such operation, or `after_seq` is in the future.
    pub async fn watch(
        &self,
        caller: &Caller,
        uid: OperationUid,
        after_seq: u64,
    ) -> Result<States, Error> {
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
        let watched = Watched {
            subscription,
            first: Some(first),
            sent: after_seq,
            sent_at: None,
            has_ended: false,
            drain: self.send_limits.drain.clone(),
            clock: Arc::clone(&self.clock),
            _counted: Counted::new(self.transport),
        };
        Ok(Box::pin(stream::unfold(watched, Watched::next)))
    }

    /// Returns the state that a watcher begins with. One of several concurrent watchers reads the row; the others use
    /// its result and the states received since.
    async fn first(
        &self,
        caller: &Caller,
        subscription: &mut Subscription,
        uid: OperationUid,
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
        self.bus.apply_state(Arc::clone(&read));
        Ok(read)
    }

    /// Records the time from the commit of a state to its watcher, by the clocks of both instances.
    pub fn note_lag(&self, state: &Operation) {
        note_lag(self.clock.as_ref(), state);
    }
}

/// The stream of one watcher. It needs no task of its own: the consumer of the stream polls for the next state.
struct Watched {
    subscription: Subscription,
    /// The first state. `None` once it is sent or skipped.
    first: Option<Arc<Operation>>,
    /// The `seq` of the last state that was sent, or that the client knew.
    sent: u64,
    sent_at: Option<Instant>,
    has_ended: bool,
    drain: CancellationToken,
    clock: Arc<dyn Clock>,
    _counted: Counted,
}

impl Watched {
    /// Returns the next state, or the error that ends the stream. `None` means that the stream has ended.
    async fn next(mut self) -> Option<(Result<Arc<Operation>, Error>, Self)> {
        if self.has_ended {
            return None;
        }
        let next = self.newer().await;
        match &next {
            Ok(state) => {
                self.sent = state.seq;
                self.sent_at = Some(Instant::now());
                self.has_ended = state.state.is_terminal();
            }
            Err(_) => self.has_ended = true,
        }
        Some((next, self))
    }

    /// Waits for a state that was not sent yet. A first state that is terminal is sent even if the client knows it.
    async fn newer(&mut self) -> Result<Arc<Operation>, Error> {
        let is_newer = |state: &Arc<Operation>| state.seq > self.sent || state.state.is_terminal();
        if let Some(first) = self.first.take().filter(is_newer) {
            return Ok(first);
        }
        loop {
            if self.subscription.is_gone() {
                return Err(NOT_FOUND);
            }
            let latest = self.subscription.latest();
            match latest.filter(|latest| latest.seq > self.sent) {
                Some(newest) if self.is_soon() && !newest.state.is_terminal() => {
                    self.space().await?;
                }
                Some(newest) => {
                    note_lag(self.clock.as_ref(), &newest);
                    return Ok(newest);
                }
                None => {
                    let waited = self.drain.run_until_cancelled(self.subscription.wait());
                    waited.await.ok_or(Error::Draining)?;
                }
            }
        }
    }

    /// Whether the last state was sent less than [`SPACING`] ago.
    fn is_soon(&self) -> bool {
        self.sent_at
            .is_some_and(|sent_at| sent_at.elapsed() < SPACING)
    }

    /// Waits until [`SPACING`] has passed since the last state, or the terminal state is there.
    async fn space(&mut self) -> Result<(), Error> {
        let sent_at = self.sent_at.unwrap_or_else(Instant::now);
        tokio::select! {
            () = tokio::time::sleep_until(sent_at + SPACING) => Ok(()),
            () = self.subscription.ended() => Ok(()),
            () = self.drain.cancelled() => Err(Error::Draining),
        }
    }
}

fn note_lag(clock: &dyn Clock, state: &Operation) {
    let lag = clock.now().since(state.updated_at);
    metrics::histogram!(LAG).record(lag);
}

/// Counts a watcher in the metrics while it lives.
#[derive(Debug)]
pub struct Counted(metrics::Gauge);

impl Counted {
    /// Counts one more watcher of a transport.
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
