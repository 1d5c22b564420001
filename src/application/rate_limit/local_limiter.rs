//! The budgets of this instance alone, in memory, by a clock that only goes forward.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::application::ports::rate_limiter::{Amount, Key, Used};
use crate::domain::limits::rate::{Quota, Verdict};

/// So many budgets are kept apart, some 20 MB of them. Beyond it, whoever comes new shares one with
/// all who come new: they are limited, and memory is too.
const BUDGETS_MAX: usize = 100_000;
/// Fewer are not looked through for what can go.
const BUDGETS_MIN: usize = 1_024;

/// What has been used here.
#[derive(Debug)]
pub struct Local {
    begun: Instant,
    /// A std mutex: never held across an await.
    budgets: Mutex<Budgets>,
}

#[derive(Debug)]
struct Budgets {
    /// When each will be whole, in microseconds since the beginning.
    arrivals: HashMap<Key, u64>,
    /// As many as there may be before those that are whole go.
    sweep_at: usize,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            budgets: Mutex::new(Budgets {
                arrivals: HashMap::new(),
                sweep_at: BUDGETS_MIN,
            }),
        }
    }
}

impl Local {
    /// Takes so many units from a budget, if it has them.
    pub fn check(&self, key: &Key, quota: Quota, units: u64, now: Instant) -> Verdict {
        let (now, mut budgets) = (self.since_begun(now), self.budgets());
        let arrival = budgets.of(key, now);
        let (verdict, next) = quota.decide(Some(*arrival), now, units);
        *arrival = next;
        verdict
    }

    /// What [`Local::check`] would say; nothing is taken.
    pub fn peek(&self, key: &Key, quota: Quota, units: u64, now: Instant) -> Verdict {
        let arrival = self.budgets().arrivals.get(key).copied();
        quota.decide(arrival, self.since_begun(now), units).0
    }

    /// Takes all that is left of a budget.
    pub fn use_up(&self, key: &Key, quota: Quota, now: Instant) {
        let (now, mut budgets) = (self.since_begun(now), self.budgets());
        *budgets.of(key, now) = now + quota.window_us();
    }

    /// What a tenant has used, of at most so many budgets.
    pub fn usage(&self, tenant: &str, most: usize, now: Instant) -> Vec<Used> {
        let now = self.since_begun(now);
        let budgets = self.budgets();
        let used = budgets.arrivals.iter();
        let used = used.filter(|(key, arrival)| key.tenant == tenant && **arrival > now);
        let used = used.map(|(key, arrival)| Used {
            key: key.clone(),
            amount: Amount::WholeAfterUs(arrival - now),
        });
        used.take(most).collect()
    }

    fn since_begun(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.begun);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn budgets(&self) -> MutexGuard<'_, Budgets> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budgets {
    /// When that budget will be whole; it is now, if it is not known.
    fn of(&mut self, key: &Key, now: u64) -> &mut u64 {
        let is_new = !self.arrivals.contains_key(key);
        if is_new && self.arrivals.len() >= self.sweep_at {
            self.arrivals.retain(|_, arrival| *arrival > now);
            // Twice what is left: then all sweeps together cost no more than the coming.
            self.sweep_at = (2 * self.arrivals.len()).clamp(BUDGETS_MIN, BUDGETS_MAX);
        }
        let key = if is_new && self.arrivals.len() >= BUDGETS_MAX {
            Key {
                tenant: String::new(),
                principal: String::new(),
                limit: key.limit,
            }
        } else {
            key.clone()
        };
        self.arrivals.entry(key).or_insert(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{BUDGETS_MAX, Local};
    use crate::application::ports::rate_limiter::Key;
    use crate::domain::limits::rate::{Quota, Verdict};

    fn key(principal: usize) -> Key {
        Key {
            tenant: "t".to_owned(),
            principal: principal.to_string(),
            limit: "read",
        }
    }

    fn passes(local: &Local, principal: usize, quota: Quota, now: Instant) -> bool {
        let verdict = local.check(&key(principal), quota, 1, now);
        matches!(verdict, Verdict::Admitted { .. })
    }

    #[test]
    fn a_flood_of_principals_takes_no_more_memory_and_is_limited() {
        let (local, slow, now) = (Local::default(), Quota::new(0.01, 1), Instant::now());
        for principal in 0..BUDGETS_MAX {
            assert!(passes(&local, principal, slow, now));
        }
        assert!(passes(&local, BUDGETS_MAX, slow, now), "one of the rest");
        for principal in 1..1_000 {
            assert!(!passes(&local, BUDGETS_MAX + principal, slow, now));
        }
        assert!(!passes(&local, 0, slow, now), "those before keep theirs");
        assert!(local.budgets().arrivals.len() <= BUDGETS_MAX + 1);
        let later = now + Duration::from_secs(101);
        assert!(passes(&local, BUDGETS_MAX + 5, slow, later));
        assert_eq!(local.budgets().arrivals.len(), 1, "what is whole goes");
    }

    #[test]
    fn a_budget_used_up_elsewhere_is_used_up_here_for_an_interval() {
        let (local, quota, begun) = (Local::default(), Quota::new(0.1, 3), Instant::now());
        local.use_up(&key(1), quota, begun);
        let admitted = |after| {
            let peeked = local.peek(&key(1), quota, 1, begun + Duration::from_secs(after));
            matches!(peeked, Verdict::Admitted { .. })
        };
        assert!(!admitted(0) && !admitted(9));
        assert!(admitted(10) && admitted(10), "to look takes nothing");
    }
}
