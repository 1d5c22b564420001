//! The in-process event bus: a cell for each operation that somebody watches, and the newest news of a
//! tenant for whoever watches all of its operations.
//!
//! An event is a whole state with its `seq`, so that losing all but the last is harmless. What is
//! published here also goes out to other instances, and what comes from them, or out of the store,
//! goes into the same cells if it is newer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::application::caller::Caller;
use crate::application::events::operation_log;
use crate::application::events::outbound_queue::Outgoing;
use crate::application::events::tenant_subscription::{Filter, Tap};
use crate::application::ports::clock::Uid;
use crate::application::ports::event_bus::News;
use crate::application::ports::operations::Operation;

/// A tenant, and an operation of it.
pub type Topic = (String, Uid);

/// How news of other instances comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// There are none.
    Alone,
    /// It is told at once, unless it is lost.
    Up,
    /// It is not told: it has to be looked for.
    Down,
}

impl Link {
    /// How often it is looked for: the worst delay of lost news, but for the time that a look takes.
    #[must_use]
    pub fn look_every(self) -> Duration {
        match self {
            Self::Alone | Self::Up => Duration::from_secs(3),
            Self::Down => Duration::from_secs(1),
        }
    }
}

/// What is known of an operation that is watched.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The newest state that was heard of.
    state: Option<Arc<Operation>>,
    /// Its row was looked for and not found.
    is_gone: bool,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    known: watch::Sender<Known>,
    /// Held by the one watcher that reads the row.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// The bus of an instance.
#[derive(Debug)]
pub struct Bus {
    /// A std mutex: never held across an await. Cells without receivers go when one is dropped.
    cells: Mutex<HashMap<Topic, Cell>>,
    /// Whoever watches a tenant's operations.
    taps: Mutex<HashMap<String, Vec<Weak<Tap>>>>,
    /// Counts what may have changed collections, for whoever follows their changes.
    changes: watch::Sender<u64>,
    /// How news of other instances comes.
    link: watch::Sender<Link>,
    /// News for them.
    pub outgoing: Option<Outgoing>,
}

impl Bus {
    /// The bus of an instance that is linked with others in that way; `has_outgoing` if it is to tell
    /// them.
    #[must_use]
    pub fn new(link: Link, has_outgoing: bool) -> Self {
        Self {
            cells: Mutex::default(),
            taps: Mutex::default(),
            changes: watch::Sender::new(0),
            link: watch::Sender::new(link),
            outgoing: has_outgoing.then(Outgoing::default),
        }
    }

    /// Announces a state that is committed, here and to other instances.
    pub fn publish(&self, operation: Operation) {
        operation_log::ended(&operation);
        let operation = Arc::new(operation);
        if let Some(outgoing) = &self.outgoing {
            outgoing.put(Arc::clone(&operation));
        }
        self.hear(News::State(operation));
    }

    /// Announces that some collection may have changed, here and to other instances.
    pub fn announce_change(&self) {
        if let Some(outgoing) = &self.outgoing {
            outgoing.put_change();
        }
        self.hear(News::Change);
    }

    /// Takes news.
    pub fn hear(&self, news: News) {
        match news {
            News::State(operation) => {
                let is_terminal = operation.state.is_terminal();
                self.note(operation);
                if is_terminal {
                    self.hear(News::Change);
                }
            }
            News::Change => self
                .changes
                .send_modify(|changes| *changes = changes.wrapping_add(1)),
        }
    }

    /// Takes a state that was read, or heard of.
    pub fn note(&self, operation: Arc<Operation>) {
        let mut taps = self.taps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taps) = taps.get_mut(&operation.tenant) {
            for tap in taps.iter().filter_map(Weak::upgrade) {
                tap.offer(&operation);
            }
        }
        drop(taps);
        let topic = (operation.tenant.clone(), operation.uid);
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&topic) {
            cell.known.send_if_modified(|known| {
                let is_newer = |state: &Arc<Operation>| state.seq < operation.seq;
                let is_newer = known.state.as_ref().is_none_or(is_newer);
                if is_newer {
                    known.state = Some(operation);
                }
                is_newer
            });
        }
    }

    /// Takes that there is no such operation any more.
    pub fn note_gone(&self, topic: &Topic) {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(topic) {
            cell.known.send_if_modified(|known| {
                let is_news = known.state.is_some() && !known.is_gone;
                known.is_gone |= is_news;
                is_news
            });
        }
    }

    /// The states of an operation from now on.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, caller: &Caller, uid: Uid) -> Subscription {
        let topic = (caller.tenant.clone(), uid);
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = cells.entry(topic.clone()).or_default();
        Subscription {
            receiver: Some(cell.known.subscribe()),
            reading: Arc::clone(&cell.reading),
            topic,
            bus: Arc::clone(self),
        }
    }

    /// The states of a tenant's operations from now on, until it is dropped.
    #[must_use]
    pub fn tap(&self, caller: &Caller, filter: Filter) -> Arc<Tap> {
        let tap = Arc::new(Tap::new(filter));
        let mut taps = self.taps.lock().unwrap_or_else(PoisonError::into_inner);
        let taps = taps.entry(caller.tenant.clone()).or_default();
        taps.push(Arc::downgrade(&tap));
        tap
    }

    /// Every operation that is watched.
    #[must_use]
    pub fn topics(&self) -> Vec<Topic> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.keys().cloned().collect()
    }

    /// Every tenant all of whose operations are watched.
    #[must_use]
    pub fn tenants(&self) -> Vec<String> {
        let mut taps = self.taps.lock().unwrap_or_else(PoisonError::into_inner);
        taps.retain(|_, taps| {
            taps.retain(|tap| tap.strong_count() > 0);
            !taps.is_empty()
        });
        taps.keys().cloned().collect()
    }

    /// Changes of all collections from now on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes {
            count: self.changes.subscribe(),
            link: self.link.subscribe(),
        }
    }

    /// How news of other instances comes, from now on.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    /// Says how news of other instances comes from now on.
    pub fn set_link(&self, link: Link) {
        self.link.send_replace(link);
    }
}

/// Hears that some collection may have changed.
#[derive(Debug)]
pub struct Changes {
    count: watch::Receiver<u64>,
    link: watch::Receiver<Link>,
}

impl Changes {
    /// Waits until there may be news, or it is time to look.
    pub async fn wait(&mut self) {
        let look_every = self.link.borrow().look_every();
        // The sender lives in the bus as long as this does; a time-out is no news.
        let _news_or_not = tokio::time::timeout(look_every, self.count.changed()).await;
    }
}

/// Keeps an operation's cell while it is held; so long its row is read now and then.
#[derive(Debug)]
pub struct Subscription {
    /// Taken only when this is dropped.
    receiver: Option<watch::Receiver<Known>>,
    reading: Arc<tokio::sync::Mutex<()>>,
    topic: Topic,
    bus: Arc<Bus>,
}

impl Subscription {
    /// Waits until there is news.
    pub async fn wait(&mut self) {
        // The sender lives in the bus as long as this does.
        if let Some(receiver) = &mut self.receiver {
            let _news = receiver.changed().await;
        }
    }

    /// Waits until the terminal state is heard of.
    pub async fn ended(&mut self) {
        let is_terminal =
            |known: &Known| known.state.as_ref().is_some_and(|s| s.state.is_terminal());
        if let Some(receiver) = &mut self.receiver
            && receiver.wait_for(is_terminal).await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }

    /// The newest state that was heard of, if one was.
    pub fn latest(&mut self) -> Option<Arc<Operation>> {
        self.receiver.as_mut()?.borrow_and_update().state.clone()
    }

    /// Whether its row was looked for and not found.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.receiver
            .as_ref()
            .is_some_and(|receiver| receiver.borrow().is_gone)
    }

    /// The right to read the row: whoever waits for it finds afterwards what the one before has read.
    #[must_use]
    pub fn reading(&self) -> &Arc<tokio::sync::Mutex<()>> {
        &self.reading
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
            .is_some_and(|cell| cell.known.receiver_count() == 0)
        {
            cells.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Bus, Link};
    use crate::application::caller::Caller;
    use crate::application::events::tenant_subscription::Filter;
    use crate::application::ports::event_bus::News;
    use crate::application::ports::operations::Operation;
    use crate::application::ports::state::State;

    fn operation(tenant: &str, seq: u64, state: State) -> Arc<Operation> {
        Operation::example(tenant, [1; 16], seq, state)
    }

    #[tokio::test]
    async fn a_tenant_hears_its_own_and_only_what_is_newer() {
        let bus = Arc::new(Bus::new(Link::Up, false));
        let (own, stranger) = (Caller::of_tenant("own"), Caller::of_tenant("stranger"));
        let mut subscription = bus.subscribe(&own, [1; 16]);
        let mut other = bus.subscribe(&stranger, [1; 16]);
        let tap = bus.tap(&own, Filter::default());
        let strange = bus.tap(&stranger, Filter::default());
        assert_eq!(bus.topics().len(), 2);
        for seq in [2, 3, 1] {
            bus.hear(News::State(operation("own", seq, State::Running)));
        }
        assert_eq!(subscription.latest().unwrap().seq, 3);
        assert_eq!(tap.take().await.states[&[1; 16]].seq, 3);
        assert!(other.latest().is_none(), "it is another's");
        drop((subscription, other, tap));
        assert!(bus.topics().is_empty(), "nobody watches any more");
        assert_eq!(bus.tenants(), ["stranger"]);
        drop(strange);
        assert!(bus.tenants().is_empty());
    }

    #[tokio::test]
    async fn what_is_gone_is_told_once_to_whoever_knew_it() {
        let bus = Arc::new(Bus::new(Link::Alone, false));
        let caller = Caller::of_tenant("own");
        let topic = ("own".to_owned(), [1; 16]);
        let mut subscription = bus.subscribe(&caller, [1; 16]);
        bus.note_gone(&topic);
        assert!(!subscription.is_gone(), "it was not there yet");
        bus.note(operation("own", 1, State::Running));
        bus.note_gone(&topic);
        subscription.wait().await;
        assert!(subscription.is_gone());
    }
}
