//! The in-process event bus. It has one cell for each watched operation, and one subscription for each watcher of all
//! operations of a tenant.
//!
//! An update carries the whole state of an operation with its `seq`, so that only the loss of the last one matters.
//! Updates that are published here also go out to other instances. Updates from other instances or from the store go
//! into the same cells if they are newer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::watch;

use crate::application::caller::Caller;
use crate::application::events::link::Link;
use crate::application::events::operation_log;
use crate::application::events::outbound_queue::OutboundQueue;
use crate::application::events::tenant_subscription::{Filter, TenantSubscription};
use crate::application::events::topic::Topic;
use crate::application::ports::event_bus::Update;
use crate::application::ports::operations::Operation;
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::OperationUid;

/// The knowledge of a watched operation.
#[derive(Clone, Debug, Default)]
struct TopicState {
    /// The newest state received. `None` means that no state has been received yet.
    state: Option<Arc<Operation>>,
    /// Whether its row was read from the store and not found.
    is_gone: bool,
}

#[derive(Clone, Debug, Default)]
struct TopicChannel {
    known: watch::Sender<TopicState>,
    /// Held by the one watcher that reads the row.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// The bus of an instance.
#[derive(Debug)]
pub struct Bus {
    /// A std mutex: never held across an await. A cell is removed when its last subscription is dropped.
    cells: Mutex<HashMap<Topic, TopicChannel>>,
    /// The watchers of all operations of a tenant, by tenant.
    subscriptions: Mutex<HashMap<TenantId, Vec<Weak<TenantSubscription>>>>,
    /// A count of possible changes of collections, for the followers of changes.
    changes: watch::Sender<u64>,
    /// The way in which updates of other instances arrive.
    link: watch::Sender<Link>,
    /// The queue of updates for other instances. `None` if the instance sends none.
    pub outbound: Option<OutboundQueue>,
}

impl Bus {
    /// Creates the bus of an instance. `link` says how updates of others arrive; `has_outgoing`, whether this
    /// instance sends updates to them.
    #[must_use]
    pub fn new(link: Link, has_outgoing: bool) -> Self {
        Self {
            cells: Mutex::default(),
            subscriptions: Mutex::default(),
            changes: watch::Sender::new(0),
            link: watch::Sender::new(link),
            outbound: has_outgoing.then(OutboundQueue::default),
        }
    }

    /// Publishes a committed state to watchers here and to other instances.
    pub fn publish(&self, operation: Operation) {
        operation_log::ended(&operation);
        let operation = Arc::new(operation);
        if let Some(outbound) = &self.outbound {
            outbound.put(Arc::clone(&operation));
        }
        self.receive(Update::State(operation));
    }

    /// Announces here and to other instances that a collection may have changed.
    pub fn announce_change(&self) {
        if let Some(outbound) = &self.outbound {
            outbound.put_change();
        }
        self.receive(Update::Change);
    }

    /// Receives an update. A terminal state also counts as a possible change of a collection.
    pub fn receive(&self, update: Update) {
        match update {
            Update::State(operation) => {
                let is_terminal = operation.state.is_terminal();
                self.apply_state(operation);
                if is_terminal {
                    self.receive(Update::Change);
                }
            }
            Update::Change => self
                .changes
                .send_modify(|changes| *changes = changes.wrapping_add(1)),
        }
    }

    /// Passes a state that was read or received to its watchers.
    pub fn apply_state(&self, operation: Arc<Operation>) {
        let mut subscriptions = self
            .subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(subscriptions) = subscriptions.get_mut(&operation.tenant) {
            for subscription in subscriptions.iter().filter_map(Weak::upgrade) {
                subscription.offer(&operation);
            }
        }
        drop(subscriptions);
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

    /// Notes that the operation no longer exists.
    pub fn mark_deleted(&self, topic: &Topic) {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(topic) {
            cell.known.send_if_modified(|known| {
                let is_newer = known.state.is_some() && !known.is_gone;
                known.is_gone |= is_newer;
                is_newer
            });
        }
    }

    /// Subscribes to the states of an operation from now on.
    #[must_use]
    pub fn subscribe(self: &Arc<Self>, caller: &Caller, uid: OperationUid) -> Subscription {
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

    /// Subscribes to the states of a tenant's operations, until the subscription is dropped.
    #[must_use]
    pub fn subscribe_tenant(&self, caller: &Caller, filter: Filter) -> Arc<TenantSubscription> {
        let subscription = Arc::new(TenantSubscription::new(filter));
        let mut subscriptions = self
            .subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let subscriptions = subscriptions.entry(caller.tenant.clone()).or_default();
        subscriptions.push(Arc::downgrade(&subscription));
        subscription
    }

    /// Returns every watched operation.
    #[must_use]
    pub fn topics(&self) -> Vec<Topic> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.keys().cloned().collect()
    }

    /// Returns every tenant that has a watcher of all its operations.
    #[must_use]
    pub fn tenants(&self) -> Vec<TenantId> {
        let mut subscriptions = self
            .subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        subscriptions.retain(|_, subscriptions| {
            subscriptions.retain(|subscription| subscription.strong_count() > 0);
            !subscriptions.is_empty()
        });
        subscriptions.keys().cloned().collect()
    }

    /// Subscribes to changes of all collections from now on.
    #[must_use]
    pub fn changes(&self) -> ChangeSubscription {
        ChangeSubscription {
            count: self.changes.subscribe(),
            link: self.link.subscribe(),
        }
    }

    /// Subscribes to the link state: how updates of other instances arrive.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    /// Sets how updates of other instances arrive from now on.
    pub fn set_link(&self, link: Link) {
        self.link.send_replace(link);
    }
}

/// A subscription to possible changes of collections.
#[derive(Debug)]
pub struct ChangeSubscription {
    count: watch::Receiver<u64>,
    link: watch::Receiver<Link>,
}

impl ChangeSubscription {
    /// Waits until a collection may have changed, or the next poll is due.
    pub async fn wait(&mut self) {
        let poll_interval = self.link.borrow().poll_interval();
        // The sender lives in the bus as long as this does; a time-out means that nothing has changed.
        let _changed = tokio::time::timeout(poll_interval, self.count.changed()).await;
    }
}

/// A subscription to one operation. It keeps the operation's cell, and while it lives the reconciler reads the
/// operation's row at intervals.
#[derive(Debug)]
pub struct Subscription {
    /// `None` only while this is dropped.
    receiver: Option<watch::Receiver<TopicState>>,
    reading: Arc<tokio::sync::Mutex<()>>,
    topic: Topic,
    bus: Arc<Bus>,
}

impl Subscription {
    /// Waits for an update.
    pub async fn wait(&mut self) {
        // The sender lives in the bus as long as this does.
        if let Some(receiver) = &mut self.receiver {
            let _changed = receiver.changed().await;
        }
    }

    /// Waits until the terminal state is received.
    pub async fn ended(&mut self) {
        let is_terminal =
            |known: &TopicState| known.state.as_ref().is_some_and(|s| s.state.is_terminal());
        if let Some(receiver) = &mut self.receiver
            && receiver.wait_for(is_terminal).await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }

    /// Returns the newest state received. `None` means that no state has been received yet.
    pub fn latest(&mut self) -> Option<Arc<Operation>> {
        self.receiver.as_mut()?.borrow_and_update().state.clone()
    }

    /// Whether the row was read from the store and not found.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.receiver
            .as_ref()
            .is_some_and(|receiver| receiver.borrow().is_gone)
    }

    /// Returns the lock for reading the row. A watcher that waited for it finds the result of the previous reader in
    /// the cell.
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

    use super::Bus;
    use crate::application::caller::Caller;
    use crate::application::events::link::Link;
    use crate::application::events::tenant_subscription::Filter;
    use crate::application::ports::event_bus::Update;
    use crate::application::ports::operations::Operation;
    use crate::domain::names::resource::TenantId;
    use crate::domain::names::uid::OperationUid;
    use crate::domain::operation::state::State;

    fn of_tenant(tenant: &str) -> Caller {
        Caller::of_tenant(TenantId::parse(tenant).unwrap())
    }

    fn operation(tenant: &str, seq: u64, state: State) -> Arc<Operation> {
        Operation::example(tenant, [1; 16], seq, state)
    }

    #[tokio::test]
    async fn a_tenant_receives_only_newer_states_of_its_own() {
        let bus = Arc::new(Bus::new(Link::Up, false));
        let [own, stranger] = ["own", "stranger"].map(of_tenant);
        let mut subscription = bus.subscribe(&own, [1; 16].into());
        let mut other = bus.subscribe(&stranger, [1; 16].into());
        let all = bus.subscribe_tenant(&own, Filter::default());
        let strange = bus.subscribe_tenant(&stranger, Filter::default());
        assert_eq!(bus.topics().len(), 2);
        for seq in [2, 3, 1] {
            bus.receive(Update::State(operation("own", seq, State::Running)));
        }
        assert_eq!(subscription.latest().unwrap().seq, 3);
        assert_eq!(all.take().await.states[&OperationUid::from([1; 16])].seq, 3);
        assert!(other.latest().is_none(), "it is another's");
        drop((subscription, other, all));
        assert!(bus.topics().is_empty(), "nobody watches any more");
        assert_eq!(bus.tenants(), [stranger.tenant]);
        drop(strange);
        assert!(bus.tenants().is_empty());
    }

    #[tokio::test]
    async fn only_a_known_operation_is_reported_as_gone() {
        let bus = Arc::new(Bus::new(Link::Alone, false));
        let caller = of_tenant("own");
        let topic = (caller.tenant.clone(), [1; 16].into());
        let mut subscription = bus.subscribe(&caller, [1; 16].into());
        bus.mark_deleted(&topic);
        assert!(!subscription.is_gone(), "it was not there yet");
        bus.apply_state(operation("own", 1, State::Running));
        bus.mark_deleted(&topic);
        subscription.wait().await;
        assert!(subscription.is_gone());
    }
}
