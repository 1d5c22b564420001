//! What is to be told to other instances: of each operation its newest state only, and at most four a
//! second but for the terminal one. Whoever puts something in never waits.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::application::ports::clock::Uid;
use crate::application::ports::event_bus::News;
use crate::application::ports::operations::Operation;

/// The shortest time between two states of an operation that are not its last: watchers are told no
/// more often either.
const SPACING: Duration = Duration::from_millis(250);
/// Operations that wait at once, a few megabytes; of more, other instances hear by reading rows.
const WAITING_MAX: usize = 10_000;

/// States that wait to be told.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// A std mutex: never held across an await.
    waiting: Mutex<Waiting>,
    /// Rung whenever something is put in.
    bell: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    states: HashMap<(String, Uid), Slot>,
    is_changed: bool,
}

/// An operation of which something waits, or was told a moment ago.
#[derive(Debug, Default)]
struct Slot {
    state: Option<Arc<Operation>>,
    told_at: Option<Instant>,
}

impl Slot {
    /// When its state may be told; none: there is none.
    fn due_at(&self, now: Instant) -> Option<Instant> {
        let state = self.state.as_ref()?;
        match self.told_at {
            Some(told_at) if !state.state.is_terminal() => Some(told_at + SPACING),
            Some(_) | None => Some(now),
        }
    }
}

impl Outgoing {
    /// Puts a state in, in the place of an older one.
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

    /// Puts in that some collection may have changed.
    pub fn put_change(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.is_changed = true;
        self.bell.notify_one();
    }

    /// Waits until there is something to tell, and takes it out.
    pub async fn take(&self) -> Vec<News> {
        loop {
            let (news, next) = self.due(Instant::now());
            if !news.is_empty() {
                return news;
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

    /// What is to be told now, and when there is more.
    fn due(&self, now: Instant) -> (Vec<News>, Option<Instant>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut news, mut next) = (Vec::new(), None::<Instant>);
        if std::mem::take(&mut waiting.is_changed) {
            news.push(News::Change);
        }
        waiting.states.retain(|_, slot| {
            match slot.due_at(now) {
                Some(due_at) if due_at > now => {
                    next = Some(next.map_or(due_at, |next| next.min(due_at)));
                }
                Some(_) => {
                    news.extend(slot.state.take().map(News::State));
                    slot.told_at = Some(now);
                }
                None => {}
            }
            let is_recent = slot.told_at.is_none_or(|told_at| told_at + SPACING > now);
            slot.state.is_some() || is_recent
        });
        (news, next)
    }
}
