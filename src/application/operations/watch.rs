//! Watching operations: state, not log.
//!
//! A watcher subscribes to the bus, then has the row read unless the bus knows the operation already,
//! then forwards what is newer. The reconciler covers for news that was lost. A slow watcher skips
//! states, never the terminal one, and holds up nobody.

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
use crate::application::ports::clock::{Clock, Uid};
use crate::application::ports::operations::Operation;
use crate::application::ports::store::Store;
use crate::application::response_stream::Patience;

/// The shortest time between two states of one stream: four a second are enough for people.
pub const SPACING: Duration = Duration::from_millis(250);
/// The metric of how long states took from their commit to a watcher, in seconds.
pub const LAG: &str = "sluice_watch_lag_seconds";
/// What a state is for whoever watches an operation that has gone.
const NOT_FOUND: Error = Error::NotFound { kind: "operation" };

/// The states of an operation, each newer than the one before; the terminal one is the last.
pub type States = Pin<Box<dyn Stream<Item = Result<Arc<Operation>, Error>> + Send>>;

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
    pub async fn watch(&self, caller: &Caller, uid: Uid, after_seq: u64) -> Result<States, Error> {
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
            told_at: None,
            has_ended: false,
            drain: self.patience.drain.clone(),
            clock: Arc::clone(&self.clock),
            _counted: Counted::new(self.transport),
        };
        Ok(Box::pin(stream::unfold(watched, Watched::next)))
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

    /// How long a state took from its commit to its watcher, by the clocks of both instances.
    pub fn note_lag(&self, state: &Operation) {
        note_lag(self.clock.as_ref(), state);
    }
}

/// One that watches. It needs no task of its own: whoever tells the client asks for the next state.
struct Watched {
    subscription: Subscription,
    /// What it begins with.
    first: Option<Arc<Operation>>,
    /// The last seq that was told, or that the client knew.
    sent: u64,
    told_at: Option<Instant>,
    has_ended: bool,
    drain: CancellationToken,
    clock: Arc<dyn Clock>,
    _counted: Counted,
}

impl Watched {
    /// The next state, or the error that is the end; none after the end.
    async fn next(mut self) -> Option<(Result<Arc<Operation>, Error>, Self)> {
        if self.has_ended {
            return None;
        }
        let next = self.newer().await;
        match &next {
            Ok(state) => {
                self.sent = state.seq;
                self.told_at = Some(Instant::now());
                self.has_ended = state.state.is_terminal();
            }
            Err(_) => self.has_ended = true,
        }
        Some((next, self))
    }

    /// Waits for a state that has not been told. The terminal one is told in any case.
    async fn newer(&mut self) -> Result<Arc<Operation>, Error> {
        let is_news = |state: &Arc<Operation>| state.seq > self.sent || state.state.is_terminal();
        if let Some(first) = self.first.take().filter(is_news) {
            return Ok(first);
        }
        loop {
            if self.subscription.is_gone() {
                return Err(NOT_FOUND);
            }
            let latest = self.subscription.latest();
            match latest.filter(|latest| latest.seq > self.sent) {
                Some(news) if self.is_soon() && !news.state.is_terminal() => self.space().await?,
                Some(news) => {
                    note_lag(self.clock.as_ref(), &news);
                    return Ok(news);
                }
                None => {
                    let waited = self.drain.run_until_cancelled(self.subscription.wait());
                    waited.await.ok_or(Error::Draining)?;
                }
            }
        }
    }

    /// Whether it is too soon for another state that is not the last.
    fn is_soon(&self) -> bool {
        self.told_at
            .is_some_and(|told_at| told_at.elapsed() < SPACING)
    }

    /// Waits until it is not, or the last state is there.
    async fn space(&mut self) -> Result<(), Error> {
        let told_at = self.told_at.unwrap_or_else(Instant::now);
        tokio::select! {
            () = tokio::time::sleep_until(told_at + SPACING) => Ok(()),
            () = self.subscription.ended() => Ok(()),
            () = self.drain.cancelled() => Err(Error::Draining),
        }
    }
}

fn note_lag(clock: &dyn Clock, state: &Operation) {
    let micros = clock.now().saturating_sub(state.updated_at);
    let lag = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    metrics::histogram!(LAG).record(lag);
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
