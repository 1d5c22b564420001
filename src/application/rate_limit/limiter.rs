//! The limiter: it uses the budgets that all instances share, or this instance's share of them while the shared
//! limiter fails.
//!
//! A call waits for a failing limiter until its time limit, and only until the breaker opens. Then a background probe
//! checks when the limiter works again. Each admitted call is counted by one of the two.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::application::ports::rate_limiter::{CounterKey, Member, RateLimiter, Used};
use crate::application::rate_limit::circuit_breaker::Breaker;
use crate::application::rate_limit::local_limiter::Local;
use crate::application::store_error;
use crate::domain::limits::rate::{Rate, RateDecision};
use crate::domain::names::resource::TenantId;

/// The lifetime of a slot that is not renewed. After a crash, the instance's slots are free again after this time.
pub const SLOT_LIFETIME: Duration = Duration::from_secs(30);
/// The most limits recorded at once, of all tenants. A usage request returns no more.
const NOTED_MAX: usize = 1_000;

/// Calls the shared limiter if there is one and it works, otherwise the local one.
#[derive(Debug)]
pub struct Limiter {
    shared: Option<Arc<dyn RateLimiter>>,
    instances: u32,
    local: Local,
    /// Std mutexes: never held across an await.
    breaker: Mutex<Breaker>,
    /// The limits that were used since the last record.
    used: Mutex<HashSet<CounterKey>>,
}

/// The scope in which limits are counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backend {
    /// All instances count together.
    Shared,
    /// Each instance counts for itself, because the shared limiter fails.
    Apart,
    /// This instance counts alone: there is no shared limiter.
    Alone,
}

impl Limiter {
    /// Creates a limiter. Without a shared limiter this instance has each limit in full. With one, it has a share of
    /// one in `instances` while the shared limiter fails.
    #[must_use]
    pub fn new(shared: Option<Arc<dyn RateLimiter>>, instances: u32) -> Self {
        record_backend(true);
        Self {
            shared,
            instances: instances.max(1),
            local: Local::default(),
            breaker: Mutex::default(),
            used: Mutex::default(),
        }
    }

    /// Takes `units` from a budget, if it has them.
    pub async fn check(&self, key: &CounterKey, rate: Rate, units: u64) -> RateDecision {
        self.use_of(key);
        let shared = match self.closed_breaker_limiter() {
            Some(shared) => self.learnt(shared.check(key, rate, units).await),
            None => None,
        };
        let decision = shared.unwrap_or_else(|| {
            let part = self.part(rate);
            self.local.check(key, part, units, Instant::now())
        });
        count(key.limit, matches!(decision, RateDecision::Admitted { .. }));
        decision
    }

    /// Checks whether this instance knows that a budget is used up. The check is local and takes nothing.
    #[must_use]
    pub fn peek(&self, key: &CounterKey, rate: Rate) -> RateDecision {
        self.local.peek(key, self.part(rate), 1, Instant::now())
    }

    /// Records on this instance that a budget is used up.
    pub fn use_up(&self, key: &CounterKey, rate: Rate) {
        self.local.use_up(key, self.part(rate), Instant::now());
    }

    /// Takes a slot, if fewer than `most` are held. `None` means that the shared limiter did not respond: the slot
    /// may or may not have been taken.
    pub async fn acquire(&self, key: &CounterKey, member: Member, most: u32) -> Option<bool> {
        let acquired = self
            .closed_breaker_limiter()?
            .acquire(key, member, most, SLOT_LIFETIME);
        self.learnt(acquired.await)
    }

    /// Renews slots. Returns whether that succeeded.
    pub async fn renew(&self, key: &CounterKey, members: &[Member]) -> bool {
        let Some(shared) = self.closed_breaker_limiter() else {
            return false;
        };
        let renewed = shared.renew(key, members, SLOT_LIFETIME).await;
        self.learnt(renewed).is_some()
    }

    /// Releases slots. Returns whether that succeeded.
    pub async fn release(&self, key: &CounterKey, members: &[Member]) -> bool {
        let Some(shared) = self.closed_breaker_limiter() else {
            return false;
        };
        let released = shared.release(key, members).await;
        self.learnt(released).is_some()
    }

    /// Probes the shared limiter if the breaker is open. Returns whether the probe closed the breaker.
    pub async fn probe(&self) -> bool {
        let Some(shared) = self.shared.as_ref().filter(|_| self.breaker().is_open()) else {
            return false;
        };
        let probed = shared.probe().await;
        self.learnt(probed).is_some()
    }

    /// Records on the shared limiter which limits were used since the last record.
    pub async fn note(&self) {
        let Some(shared) = self.closed_breaker_limiter() else {
            return;
        };
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        let mut used = used.into_iter().collect::<Vec<_>>();
        used.sort_unstable();
        for keys in used.chunk_by(|one, other| one.tenant == other.tenant) {
            let Some(tenant) = keys.first().and_then(|key| key.tenant.as_ref()) else {
                continue;
            };
            let noted = shared.note(tenant, keys).await;
            if self.learnt(noted).is_none() {
                return;
            }
        }
    }

    /// Returns the usage of a tenant, of at most `most` budgets and kinds of slots.
    pub async fn usage(&self, tenant: &TenantId, most: usize) -> Vec<Used> {
        self.note().await;
        if let Some(shared) = self.closed_breaker_limiter() {
            let used = shared.usage(tenant, most).await;
            if let Some(used) = self.learnt(used) {
                return used;
            }
        }
        self.local.usage(tenant, most, Instant::now())
    }

    /// Returns the scope in which limits are counted at present.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match &self.shared {
            None => Backend::Alone,
            Some(_) if self.breaker().is_open() => Backend::Apart,
            Some(_) => Backend::Shared,
        }
    }

    /// Returns this instance's share of a number of slots, at least one.
    #[must_use]
    pub fn part_of_slots(&self, most: u32) -> u32 {
        match &self.shared {
            None => most,
            Some(_) => (most / self.instances).max(1),
        }
    }

    /// Returns the most units, up to `most`, that one request may take from either limiter.
    #[must_use]
    pub fn units_max(&self, rate: Rate, most: u64) -> u64 {
        self.part(rate).burst().min(most)
    }

    /// Records that a limit of a tenant is in use.
    pub fn use_of(&self, key: &CounterKey) {
        if self.shared.is_none() || key.tenant.is_none() {
            return;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() < NOTED_MAX && !used.contains(key) {
            used.insert(key.clone());
        }
    }

    fn part(&self, rate: Rate) -> Rate {
        match &self.shared {
            None => rate,
            Some(_) => rate.share(self.instances),
        }
    }

    /// Returns the shared limiter, if the breaker is closed.
    fn closed_breaker_limiter(&self) -> Option<&Arc<dyn RateLimiter>> {
        let shared = self.shared.as_ref();
        shared.filter(|_| !self.breaker().is_open())
    }

    /// Returns the result, if there is one, and updates the breaker in either case.
    fn learnt<T>(&self, answer: Result<T, store_error::Error>) -> Option<T> {
        match answer {
            Ok(answer) => {
                if self.breaker().succeeded() {
                    record_backend(true);
                    tracing::info!("shared limiter works again: limits are shared");
                }
                Some(answer)
            }
            Err(error) => {
                if self.breaker().failed(Instant::now()) {
                    record_backend(false);
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "shared limiter failed: counting limits per instance");
                }
                None
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a decision in the metrics.
pub fn count(limit: &'static str, is_admitted: bool) {
    let decision = if is_admitted { "admitted" } else { "refused" };
    let labels = [("class", limit), ("decision", decision)];
    metrics::counter!("sluice_ratelimit_decisions_total", &labels).increment(1);
}

/// Sets the metric that shows whether the configured limiter works.
fn record_backend(is_up: bool) {
    metrics::gauge!("sluice_ratelimit_backend_up").set(f64::from(u8::from(is_up)));
}
