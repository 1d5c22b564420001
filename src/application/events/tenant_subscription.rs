//! The updates that one watcher of many operations has not received yet: the newest state of each operation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::application::ports::operations::Operation;
use crate::domain::names::resource::CollectionId;
use crate::domain::names::uid::OperationUid;
use crate::domain::operation::state::State;

/// The most operations that wait at once, about 300 KB. If there are more, the watcher reads rows.
const WAITING_MAX: usize = 1_000;

/// The selection of watched operations.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The states to match. Empty means any state.
    pub states: Vec<State>,
    /// The collection to match: operations on it, or on a document of it. `None` means any collection.
    pub collection: Option<CollectionId>,
}

impl Filter {
    /// Whether the operation works on the watched collection, or any collection is watched.
    #[must_use]
    pub fn has_target(&self, operation: &Operation) -> bool {
        let watched = self.collection.as_ref();
        watched.is_none_or(|collection| operation.target.collection() == collection)
    }

    /// Whether the operation is in a watched state.
    #[must_use]
    pub fn has_state(&self, operation: &Operation) -> bool {
        self.states.is_empty() || self.states.contains(&operation.state)
    }
}

/// The pending updates of one watcher.
#[derive(Debug)]
pub struct TenantSubscription {
    filter: Filter,
    /// A std mutex: never held across an await.
    pending: Mutex<PendingUpdates>,
    bell: Notify,
}

/// The updates since the watcher's last call of [`TenantSubscription::take`].
#[derive(Debug, Default)]
pub struct PendingUpdates {
    /// The newest state of each operation.
    pub states: HashMap<OperationUid, Arc<Operation>>,
    /// Whether an update was dropped for lack of room.
    pub is_more: bool,
}

impl TenantSubscription {
    pub(crate) fn new(filter: Filter) -> Self {
        Self {
            filter,
            pending: Mutex::default(),
            bell: Notify::new(),
        }
    }

    /// Returns the selection of watched operations.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Adds a state, in the place of an older one. The operation's state is not filtered here: the watcher knows the
    /// operations that it has sent, and sends those to their end.
    pub(crate) fn offer(&self, operation: &Arc<Operation>) {
        if !self.filter.has_target(operation) {
            return;
        }
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = pending.states.len() >= WAITING_MAX;
        match pending.states.get_mut(&operation.uid) {
            Some(state) if state.seq < operation.seq => *state = Arc::clone(operation),
            Some(_) => return,
            None if is_full => pending.is_more = true,
            None => {
                pending.states.insert(operation.uid, Arc::clone(operation));
            }
        }
        drop(pending);
        self.bell.notify_one();
    }

    /// Waits for an update, and removes all that are pending.
    pub async fn take(&self) -> PendingUpdates {
        loop {
            let pending = self.take_pending();
            if pending.is_more || !pending.states.is_empty() {
                return pending;
            }
            self.bell.notified().await;
        }
    }

    fn take_pending(&self) -> PendingUpdates {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pending)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Filter, TenantSubscription, WAITING_MAX};
    use crate::application::ports::operations::Operation;
    use crate::domain::names::resource::CollectionId;
    use crate::domain::names::uid::OperationUid;
    use crate::domain::operation::state::State;
    use crate::domain::operation::target::Target;

    fn operation(number: u128, seq: u64, state: State) -> Arc<Operation> {
        Operation::example("tenant", number.to_be_bytes(), seq, state)
    }

    #[test]
    fn the_newest_state_of_each_operation_waits_and_an_overflow_is_flagged() {
        let subscription = TenantSubscription::new(Filter::default());
        for seq in [1, 3, 2] {
            subscription.offer(&operation(0, seq, State::Running));
        }
        let pending = subscription.take_pending();
        assert!(!pending.is_more && pending.states.len() == 1);
        assert_eq!(pending.states[&OperationUid::MIN].seq, 3);
        for number in 0..=WAITING_MAX as u128 {
            subscription.offer(&operation(number, 1, State::Running));
        }
        let pending = subscription.take_pending();
        assert!(pending.is_more && pending.states.len() == WAITING_MAX);
        let pending = subscription.take_pending();
        assert!(!pending.is_more && pending.states.is_empty());
    }

    #[test]
    fn a_collection_does_not_match_another_with_the_same_prefix() {
        let in_collection = |id: &str, target: &str| {
            let filter = Filter {
                states: vec![],
                collection: Some(CollectionId::parse(id).unwrap()),
            };
            let target = Target::parse(target).unwrap();
            let operation = operation(1, 1, State::Running);
            filter.has_target(&Operation {
                target,
                ..Operation::clone(&operation)
            })
        };
        assert!(in_collection("c", "collections/c"));
        assert!(in_collection("c", "collections/c/documents/d"));
        assert!(!in_collection("c", "collections/c2/documents/d"));
        assert!(!in_collection("c2", "collections/c/documents/d"));
        assert!(!in_collection("d", "collections/c/documents/d"));
    }
}
