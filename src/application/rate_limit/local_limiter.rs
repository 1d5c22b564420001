//! The budgets of this instance alone, in memory, by a monotonic clock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::application::ports::rate_limiter::{Amount, CounterKey, Used};
use crate::domain::limits::rate::{Rate, RateDecision};
use crate::domain::names::resource::TenantId;

/// The most separate budgets, about 20 MB. Beyond it, all new keys of a limit share one budget, so that both they and
/// the memory stay limited.
const BUDGETS_MAX: usize = 100_000;
/// The number of budgets below which full ones are not removed.
const BUDGETS_MIN: usize = 1_024;

/// The budgets used on this instance.
#[derive(Debug)]
pub struct Local {
    begun: Instant,
    /// A std mutex: never held across an await.
    budgets: Mutex<Budgets>,
}

#[derive(Debug)]
struct Budgets {
    /// The time when each budget will be full, in microseconds since `begun`.
    arrivals: HashMap<CounterKey, u64>,
    /// The number of budgets at which full ones are removed.
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
    /// Takes `units` from a budget, if it has them.
    pub fn check(&self, key: &CounterKey, rate: Rate, units: u64, now: Instant) -> RateDecision {
        let now = self.since_begun(now);
        let mut budgets = self.budgets();
        let arrival = budgets.of(key, now);
        let (decision, next) = rate.decide(Some(*arrival), now, units);
        *arrival = next;
        decision
    }

    /// Returns the decision of [`Local::check`], without taking units.
    pub fn peek(&self, key: &CounterKey, rate: Rate, units: u64, now: Instant) -> RateDecision {
        let arrival = self.budgets().arrivals.get(key).copied();
        rate.decide(arrival, self.since_begun(now), units).0
    }

    /// Takes all units that are left in a budget.
    pub fn use_up(&self, key: &CounterKey, rate: Rate, now: Instant) {
        let now = self.since_begun(now);
        let mut budgets = self.budgets();
        *budgets.of(key, now) = now + rate.window_us();
    }

    /// Returns the usage of a tenant, of at most `most` budgets.
    pub fn usage(&self, tenant: &TenantId, most: usize, now: Instant) -> Vec<Used> {
        let now = self.since_begun(now);
        let budgets = self.budgets();
        let used = budgets.arrivals.iter();
        let used =
            used.filter(|(key, arrival)| key.tenant.as_ref() == Some(tenant) && **arrival > now);
        let used = used.map(|(key, arrival)| Used {
            key: key.clone(),
            amount: Amount::FullAfterUs(arrival - now),
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
    /// Returns the time when the budget will be full. A budget without an entry is full now.
    fn of(&mut self, key: &CounterKey, now: u64) -> &mut u64 {
        let is_new = !self.arrivals.contains_key(key);
        if is_new && self.arrivals.len() >= self.sweep_at {
            self.arrivals.retain(|_, arrival| *arrival > now);
            // Twice the remaining number: the total cost of all sweeps stays proportional to the number of new keys.
            self.sweep_at = (2 * self.arrivals.len()).clamp(BUDGETS_MIN, BUDGETS_MAX);
        }
        let key = if is_new && self.arrivals.len() >= BUDGETS_MAX {
            CounterKey {
                tenant: None,
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
    use crate::application::ports::rate_limiter::CounterKey;
    use crate::domain::limits::rate::{Rate, RateDecision};
    use crate::domain::names::resource::TenantId;

    fn key(principal: usize) -> CounterKey {
        CounterKey {
            tenant: TenantId::parse("t").ok(),
            principal: principal.to_string(),
            limit: "read",
        }
    }

    fn passes(local: &Local, principal: usize, rate: Rate, now: Instant) -> bool {
        let decision = local.check(&key(principal), rate, 1, now);
        matches!(decision, RateDecision::Admitted { .. })
    }

    #[test]
    fn a_flood_of_principals_takes_no_more_memory_and_is_limited() {
        let local = Local::default();
        let slow = Rate::new(0.01, 1);
        let now = Instant::now();
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
        let local = Local::default();
        let rate = Rate::new(0.1, 3);
        let begun = Instant::now();
        local.use_up(&key(1), rate, begun);
        let admitted = |after| {
            let peeked = local.peek(&key(1), rate, 1, begun + Duration::from_secs(after));
            matches!(peeked, RateDecision::Admitted { .. })
        };
        assert!(!admitted(0) && !admitted(9));
        assert!(admitted(10) && admitted(10), "to look takes nothing");
    }
}
