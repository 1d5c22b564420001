//! What one watcher of many operations has not been told yet: the newest state of each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::application::ports::clock::Uid;
use crate::application::ports::operations::Operation;
use crate::application::ports::state::State;
use crate::domain::name::CollectionId;

/// Operations that wait at once, some 300 KB; of more, the watcher reads rows.
const WAITING_MAX: usize = 1_000;

/// Which operations are watched.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those in one of these states; empty: in any.
    pub states: Vec<State>,
    /// Those that work on this collection, or on a document of it.
    pub collection: Option<CollectionId>,
}

impl Filter {
    /// Whether it works on what is watched.
    #[must_use]
    pub fn has_target(&self, operation: &Operation) -> bool {
        self.collection.as_ref().is_none_or(|collection| {
            let target = operation.target.strip_prefix("collections/");
            let target = target.and_then(|target| target.strip_prefix(collection.as_str()));
            target.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether it is in a state that is watched.
    #[must_use]
    pub fn has_state(&self, operation: &Operation) -> bool {
        self.states.is_empty() || self.states.contains(&operation.state)
    }
}

/// News that waits for one watcher.
#[derive(Debug)]
pub struct Tap {
    filter: Filter,
    /// A std mutex: never held across an await.
    waiting: Mutex<Waiting>,
    bell: Notify,
}

/// What has come since the watcher looked last.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The newest state of each operation.
    pub states: HashMap<Uid, Arc<Operation>>,
    /// Whether there was more than there is room for.
    pub is_more: bool,
}

impl Tap {
    pub(super) fn new(filter: Filter) -> Self {
        Self {
            filter,
            waiting: Mutex::default(),
            bell: Notify::new(),
        }
    }

    /// Which operations are watched.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Takes a state in the place of an older one. In any state: the watcher knows which operations
    /// it has told, and tells those to their end.
    pub(super) fn offer(&self, operation: &Arc<Operation>) {
        if !self.filter.has_target(operation) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = waiting.states.len() >= WAITING_MAX;
        match waiting.states.get_mut(&operation.uid) {
            Some(state) if state.seq < operation.seq => *state = Arc::clone(operation),
            Some(_) => return,
            None if is_full => waiting.is_more = true,
            None => {
                waiting.states.insert(operation.uid, Arc::clone(operation));
            }
        }
        drop(waiting);
        self.bell.notify_one();
    }

    /// Waits until something has come, and takes all of it.
    pub async fn take(&self) -> Waiting {
        loop {
            let waiting = self.taken();
            if waiting.is_more || !waiting.states.is_empty() {
                return waiting;
            }
            self.bell.notified().await;
        }
    }

    fn taken(&self) -> Waiting {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }
}
