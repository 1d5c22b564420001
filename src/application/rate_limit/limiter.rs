//! Budgets: the ones that all instances share, or this instance's part while those cannot be asked.
//!
//! Whoever asks waits for a failing limiter as long as its time limit, and only until the breaker
//! opens; then a probe in the background finds out when it can be asked again. Nothing ever passes
//! without being counted somewhere.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::application::ports::rate_limiter::{Key, Member, RateLimiter, Used};
use crate::application::ports::store_error;
use crate::application::rate_limit::circuit_breaker::Breaker;
use crate::application::rate_limit::local_limiter::Local;
use crate::domain::limits::rate::{Quota, Verdict};

/// How long a place lasts unless it is kept: what a crashed instance held is free again after it.
pub const PLACE_LIFETIME: Duration = Duration::from_secs(30);
/// Budgets that are noted at once, of all tenants: as many as anybody looks at.
const NOTED_MAX: usize = 1_000;

/// Asks the shared limiter, if there is one and it can be asked.
#[derive(Debug)]
pub struct Limiter {
    shared: Option<Arc<dyn RateLimiter>>,
    instances: u32,
    local: Local,
    /// Std mutexes: never held across an await.
    breaker: Mutex<Breaker>,
    /// What was used since it was noted last.
    used: Mutex<HashSet<Key>>,
}

/// Where limits are counted now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backend {
    /// By all instances together.
    Shared,
    /// By each instance for itself: the shared limiter cannot be asked.
    Apart,
    /// By this instance, which knows of no other.
    Alone,
}

impl Limiter {
    /// Without a shared limiter this instance has all of every limit, else one of `instances` parts
    /// while it cannot ask.
    #[must_use]
    pub fn new(shared: Option<Arc<dyn RateLimiter>>, instances: u32) -> Self {
        tell(true);
        Self {
            shared,
            instances: instances.max(1),
            local: Local::default(),
            breaker: Mutex::default(),
            used: Mutex::default(),
        }
    }

    /// Takes so many units from a budget, if it has them.
    pub async fn check(&self, key: &Key, quota: Quota, units: u64) -> Verdict {
        self.use_of(key);
        let shared = match self.asked() {
            Some(shared) => self.learnt(shared.check(key, quota, units).await),
            None => None,
        };
        let verdict = shared.unwrap_or_else(|| {
            let part = self.part(quota);
            self.local.check(key, part, units, Instant::now())
        });
        count(key.limit, matches!(verdict, Verdict::Admitted { .. }));
        verdict
    }

    /// Whether this instance knows a budget to be used up. Nobody else is asked: it costs nothing.
    #[must_use]
    pub fn peek(&self, key: &Key, quota: Quota) -> Verdict {
        self.local.peek(key, self.part(quota), 1, Instant::now())
    }

    /// Lets this instance know that a budget is used up.
    pub fn use_up(&self, key: &Key, quota: Quota) {
        self.local.use_up(key, self.part(quota), Instant::now());
    }

    /// Takes a place, if fewer than `most` are taken. None: it cannot be told, and the place may or
    /// may not have been taken.
    pub async fn acquire(&self, key: &Key, member: Member, most: u32) -> Option<bool> {
        let acquired = self.asked()?.acquire(key, member, most, PLACE_LIFETIME);
        self.learnt(acquired.await)
    }

    /// Keeps places; says whether that was done.
    pub async fn renew(&self, key: &Key, members: &[Member]) -> bool {
        let Some(shared) = self.asked() else {
            return false;
        };
        let renewed = shared.renew(key, members, PLACE_LIFETIME).await;
        self.learnt(renewed).is_some()
    }

    /// Gives places back; says whether that was done.
    pub async fn release(&self, key: &Key, members: &[Member]) -> bool {
        let Some(shared) = self.asked() else {
            return false;
        };
        let released = shared.release(key, members).await;
        self.learnt(released).is_some()
    }

    /// Finds out whether the shared limiter can be asked again, if it cannot be; says whether it can.
    pub async fn probe(&self) -> bool {
        let Some(shared) = self.shared.as_ref().filter(|_| self.breaker().is_open()) else {
            return false;
        };
        let probed = shared.probe().await;
        self.learnt(probed).is_some()
    }

    /// Tells the shared limiter what was used since it was told last.
    pub async fn note(&self) {
        let Some(shared) = self.asked() else {
            return;
        };
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        let mut used = used.into_iter().collect::<Vec<_>>();
        used.sort_unstable();
        for keys in used.chunk_by(|one, other| one.tenant == other.tenant) {
            let Some(Key { tenant, .. }) = keys.first() else {
                continue;
            };
            let noted = shared.note(tenant, keys).await;
            if self.learnt(noted).is_none() {
                return;
            }
        }
    }

    /// What a tenant uses, of at most so many budgets and kinds of places.
    pub async fn usage(&self, tenant: &str, most: usize) -> Vec<Used> {
        self.note().await;
        if let Some(shared) = self.asked() {
            let used = shared.usage(tenant, most).await;
            if let Some(used) = self.learnt(used) {
                return used;
            }
        }
        self.local.usage(tenant, most, Instant::now())
    }

    /// Where limits are counted now.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match &self.shared {
            None => Backend::Alone,
            Some(_) if self.breaker().is_open() => Backend::Apart,
            Some(_) => Backend::Shared,
        }
    }

    /// This instance's part of a number of places.
    #[must_use]
    pub fn part_of_places(&self, most: u32) -> u32 {
        match &self.shared {
            None => most,
            Some(_) => (most / self.instances).max(1),
        }
    }

    /// Units that one request may take whoever decides on it, up to `most`.
    #[must_use]
    pub fn units_max(&self, quota: Quota, most: u64) -> u64 {
        self.part(quota).burst().min(most)
    }

    /// Notes that something of a tenant is in use.
    pub fn use_of(&self, key: &Key) {
        if self.shared.is_none() || key.tenant.is_empty() {
            return;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() < NOTED_MAX && !used.contains(key) {
            used.insert(key.clone());
        }
    }

    fn part(&self, quota: Quota) -> Quota {
        match &self.shared {
            None => quota,
            Some(_) => quota.share(self.instances),
        }
    }

    /// The shared limiter, if it can be asked.
    fn asked(&self) -> Option<&Arc<dyn RateLimiter>> {
        let shared = self.shared.as_ref();
        shared.filter(|_| !self.breaker().is_open())
    }

    /// The answer, if there is one; either way the breaker learns from it.
    fn learnt<T>(&self, answer: Result<T, store_error::Error>) -> Option<T> {
        match answer {
            Ok(answer) => {
                if self.breaker().succeeded() {
                    tell(true);
                    tracing::info!("limits are shared again");
                }
                Some(answer)
            }
            Err(error) => {
                if self.breaker().failed(Instant::now()) {
                    tell(false);
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "limits are counted by each instance for itself");
                }
                None
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a decision.
pub fn count(limit: &'static str, is_admitted: bool) {
    let decision = if is_admitted { "admitted" } else { "refused" };
    let labels = [("class", limit), ("decision", decision)];
    metrics::counter!("sluice_ratelimit_decisions_total", &labels).increment(1);
}

/// Tells the metrics whether limits are counted where they should be.
fn tell(is_up: bool) {
    metrics::gauge!("sluice_ratelimit_backend_up").set(f64::from(u8::from(is_up)));
}
