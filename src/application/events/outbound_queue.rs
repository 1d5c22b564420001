//! The updates to send to other instances. The queue keeps the newest state of each operation. It passes on at most
//! four states a second of one operation, and the terminal state at once. Adding an update never waits.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::application::events::topic::Topic;
use crate::application::ports::event_bus::Update;
use crate::application::ports::operations::Operation;

/// The shortest time between two non-terminal states of an operation: watchers are not updated more often either.
const SPACING: Duration = Duration::from_millis(250);
/// The most operations in the queue, a few megabytes. Other instances learn of further ones by reading rows.
const WAITING_MAX: usize = 10_000;

/// The queue of updates for other instances.
#[derive(Debug, Default)]
pub struct OutboundQueue {
    /// A std mutex: never held across an await.
    waiting: Mutex<QueueState>,
    /// Notified whenever an update is added.
    bell: Notify,
}

#[derive(Debug, Default)]
struct QueueState {
    states: HashMap<Topic, Slot>,
    is_changed: bool,
}

/// An operation with a queued state, or one that was sent less than [`SPACING`] ago.
#[derive(Debug, Default)]
struct Slot {
    state: Option<Arc<Operation>>,
    sent_at: Option<Instant>,
}

impl Slot {
    /// Returns when the queued state may be sent. `None` means that no state is queued.
    fn due_at(&self, now: Instant) -> Option<Instant> {
        let state = self.state.as_ref()?;
        match self.sent_at {
            Some(sent_at) if !state.state.is_terminal() => Some(sent_at + SPACING),
            Some(_) | None => Some(now),
        }
    }
}

impl OutboundQueue {
    /// Adds a state, in the place of an older one of the same operation.
    pub fn put(&self, operation: Arc<Operation>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = waiting.states.len() >= WAITING_MAX;
        let topic = (operation.tenant.clone(), operation.uid);
        let slot = match waiting.states.entry(topic) {
            Entry::Vacant(_) if is_full => {
                metrics::counter!("sluice_bus_dropped_total", "why" => "full").increment(1);
                return;
            }
            entry @ (Entry::Vacant(_) | Entry::Occupied(_)) => entry.or_default(),
        };
        let is_newer = |state: &Arc<Operation>| state.seq < operation.seq;
        if slot.state.as_ref().is_none_or(is_newer) {
            slot.state = Some(operation);
        }
        self.bell.notify_one();
    }

    /// Adds the update that a collection may have changed.
    pub fn put_change(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.is_changed = true;
        self.bell.notify_one();
    }

    /// Waits until an update is due, and removes all that are due.
    pub async fn take(&self) -> Vec<Update> {
        loop {
            let (updates, next) = self.due(Instant::now());
            if !updates.is_empty() {
                return updates;
            }
            let later = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = later => {}
                () = self.bell.notified() => {}
            }
        }
    }

    /// Returns the updates that are due now, and when the next one is due.
    fn due(&self, now: Instant) -> (Vec<Update>, Option<Instant>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut updates = Vec::new();
        let mut next = None::<Instant>;
        if std::mem::take(&mut waiting.is_changed) {
            updates.push(Update::Change);
        }
        waiting.states.retain(|_, slot| {
            match slot.due_at(now) {
                Some(due_at) if due_at > now => {
                    next = Some(next.map_or(due_at, |next| next.min(due_at)));
                }
                Some(_) => {
                    updates.extend(slot.state.take().map(Update::State));
                    slot.sent_at = Some(now);
                }
                None => {}
            }
            let is_recent = slot.sent_at.is_none_or(|sent_at| sent_at + SPACING > now);
            slot.state.is_some() || is_recent
        });
        (updates, next)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::{OutboundQueue, SPACING, WAITING_MAX};
    use crate::application::ports::event_bus::Update;
    use crate::application::ports::operations::Operation;
    use crate::domain::operation::state::State;

    fn operation(number: u128, seq: u64, state: State) -> Arc<Operation> {
        Operation::example("tenant", number.to_be_bytes(), seq, state)
    }

    fn seqs(updates: &[Update]) -> Vec<u64> {
        let seq = |update: &Update| match update {
            Update::State(operation) => operation.seq,
            Update::Change => 0,
        };
        updates.iter().map(seq).collect()
    }

    #[test]
    fn the_newest_state_is_sent_four_times_a_second_and_the_last_at_once() {
        let outbound = OutboundQueue::default();
        let start = Instant::now();
        for seq in [2, 3, 1] {
            outbound.put(operation(1, seq, State::Running));
        }
        outbound.put_change();
        outbound.put_change();
        assert_eq!(seqs(&outbound.due(start).0), [0, 3]);
        outbound.put(operation(1, 4, State::Running));
        let (updates, next) = outbound.due(start + SPACING / 2);
        assert_eq!((updates, next), (vec![], Some(start + SPACING)));
        outbound.put(operation(1, 5, State::Running));
        assert_eq!(seqs(&outbound.due(start + SPACING).0), [5]);
        outbound.put(operation(1, 6, State::Succeeded));
        assert_eq!(seqs(&outbound.due(start + SPACING).0), [6]);
        assert_eq!(outbound.due(start + 3 * SPACING), (vec![], None));
        assert!(outbound.waiting.lock().unwrap().states.is_empty());
    }

    #[test]
    fn the_queue_is_bounded() {
        let outbound = OutboundQueue::default();
        for number in 0..WAITING_MAX as u128 + 9 {
            outbound.put(operation(number, 1, State::Running));
        }
        outbound.put(operation(0, 2, State::Succeeded));
        let (updates, _) = outbound.due(Instant::now());
        assert_eq!(updates.len(), WAITING_MAX);
        assert!(seqs(&updates).contains(&2), "one that waits is replaced");
    }
}
