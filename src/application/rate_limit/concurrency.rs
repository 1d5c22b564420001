//! The slots of concurrency limits, counted over all instances. A slot is the right to have one more long-lived thing
//! open, such as a stream.
//!
//! A guard holds each slot, until it is dropped or the process ends. One task renews all slots; a slot that is not
//! renewed expires. The same task releases slots, so that it does not renew a slot after its release.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::application::ports::rate_limiter::{Amount, CounterKey, Member, Used};
use crate::application::rate_limit::limiter::{Backend, Limiter};
use crate::domain::names::resource::TenantId;
use crate::domain::names::uid::InstanceUid;

/// The interval between two renewals. Two renewals may fail before a slot is lost.
pub const RENEW_EVERY: Duration = Duration::from_secs(10);
/// The interval between two probes of a shared limiter while the breaker is open.
pub const PROBE_EVERY: Duration = Duration::from_millis(500);
/// The most slots renewed in one request: one millisecond of the shared limiter's time.
const RENEWED_MAX: usize = 500;

/// The slots that this instance holds.
#[derive(Debug)]
pub struct ConcurrencySlots {
    limiter: Arc<Limiter>,
    instance: InstanceUid,
    next: AtomicU64,
    /// Std mutexes: never held across an await.
    held: Mutex<HashMap<Arc<CounterKey>, HashSet<u64>>>,
    /// The released slots. Each was held at some time since the task last took them, which bounds their number.
    released: Mutex<Vec<(Arc<CounterKey>, u64)>>,
    has_released: Notify,
}

/// A held slot, released when it is dropped.
#[derive(Debug)]
pub struct ConcurrencySlot {
    slots: Arc<ConcurrencySlots>,
    key: Arc<CounterKey>,
    number: u64,
    /// False once the limiter has refused it: then there is nothing to release.
    is_taken: bool,
}

impl Drop for ConcurrencySlot {
    fn drop(&mut self) {
        if self.is_taken {
            self.slots.release(&self.key, self.number);
        }
    }
}

impl ConcurrencySlots {
    /// Creates the state of an instance without slots. `instance` is random, so that a restarted process is another
    /// instance.
    #[must_use]
    pub fn new(limiter: Arc<Limiter>, instance: InstanceUid) -> Self {
        Self {
            limiter,
            instance,
            next: AtomicU64::new(0),
            held: Mutex::default(),
            released: Mutex::default(),
            has_released: Notify::new(),
        }
    }

    /// Takes a slot, if fewer than `most` are held. `None` means that all are held.
    pub async fn take(self: &Arc<Self>, key: CounterKey, most: u32) -> Option<ConcurrencySlot> {
        self.limiter.use_of(&key);
        let mut slot = ConcurrencySlot {
            key: self.shared(key),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            slots: Arc::clone(self),
            // Set before the request: if this call is dropped before the response, the slot is released.
            is_taken: true,
        };
        let member = self.member(slot.number);
        match self.limiter.acquire(&slot.key, member, most).await {
            Some(true) => {
                self.hold(&slot, u32::MAX);
                Some(slot)
            }
            Some(false) => {
                slot.is_taken = false;
                None
            }
            None => {
                let part = self.limiter.part_of_slots(most);
                self.hold(&slot, part).then_some(slot)
            }
        }
    }

    /// Returns the slots that a tenant holds on this instance.
    #[must_use]
    pub fn usage(&self, tenant: &TenantId) -> Vec<Used> {
        let held = self.held();
        let held = held
            .iter()
            .filter(|(key, _)| key.tenant.as_ref() == Some(tenant));
        let used = held.map(|(key, numbers)| Used {
            key: CounterKey::clone(key),
            amount: Amount::Slots(numbers.len() as u64),
        });
        used.collect()
    }

    /// Renews slots, releases dropped ones, and probes a shared limiter while the breaker is open. Runs until
    /// `drain` is cancelled and no slot is held.
    pub async fn run(self: Arc<Self>, drain: CancellationToken) {
        let mut renew = tokio::time::interval(RENEW_EVERY);
        let mut probe = tokio::time::interval(PROBE_EVERY);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !(drain.is_cancelled() && self.held().is_empty()) {
            tokio::select! {
                () = self.has_released.notified() => self.flush_released().await,
                _ = renew.tick() => self.renew().await,
                _ = probe.tick() => {
                    if self.limiter.probe().await {
                        self.renew().await;
                    }
                }
                () = drain.cancelled(), if !drain.is_cancelled() => {}
            }
        }
        self.flush_released().await;
    }

    async fn renew(&self) {
        for (key, members) in self.all() {
            self.limiter.use_of(&key);
            for members in members.chunks(RENEWED_MAX) {
                if !self.limiter.renew(&key, members).await {
                    return;
                }
            }
        }
        self.limiter.note().await;
    }

    async fn flush_released(&self) {
        let released = std::mem::take(&mut *self.released());
        let mut by_key = HashMap::<_, Vec<_>>::new();
        for (key, number) in released {
            let members = by_key.entry(key).or_default();
            members.push(self.member(number));
        }
        for (key, members) in by_key {
            // A slot that cannot be released expires.
            for members in members.chunks(RENEWED_MAX) {
                let _done = self.limiter.release(&key, members).await;
            }
        }
    }

    /// Returns the held slots, by key.
    fn all(&self) -> Vec<(Arc<CounterKey>, Vec<Member>)> {
        let held = self.held();
        let all = held.iter().map(|(key, numbers)| {
            let members = numbers.iter().map(|number| self.member(*number));
            (Arc::clone(key), members.collect())
        });
        all.collect()
    }

    fn member(&self, number: u64) -> Member {
        let instance = self.instance;
        Member { instance, number }
    }

    /// Returns the shared copy of a key: one for all of its slots.
    fn shared(&self, key: CounterKey) -> Arc<CounterKey> {
        let held = self.held();
        let known = held.get_key_value(&key).map(|(key, _)| Arc::clone(key));
        known.unwrap_or_else(|| Arc::new(key))
    }

    /// Holds a slot, if fewer than `most` are held on this instance. Returns whether it does.
    fn hold(&self, slot: &ConcurrencySlot, most: u32) -> bool {
        let mut held = self.held();
        let numbers = held.entry(Arc::clone(&slot.key)).or_default();
        let has_room = numbers.len() < most as usize;
        if has_room {
            numbers.insert(slot.number);
        }
        has_room
    }

    fn release(&self, key: &Arc<CounterKey>, number: u64) {
        let mut held = self.held();
        if let Some(numbers) = held.get_mut(key) {
            numbers.remove(&number);
            if numbers.is_empty() {
                held.remove(key);
            }
        }
        drop(held);
        if self.limiter.backend() != Backend::Alone {
            self.released().push((Arc::clone(key), number));
            self.has_released.notify_one();
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Arc<CounterKey>, HashSet<u64>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn released(&self) -> MutexGuard<'_, Vec<(Arc<CounterKey>, u64)>> {
        self.released.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
