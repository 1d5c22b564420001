//! How much of what an address says is looked at: one budget for all its connections.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::gcra::{Quota, Verdict};
use crate::interface::costs::CALL;

/// The budget of an address.
#[derive(Debug)]
pub(super) struct Hearing {
    quota: Quota,
    begun: Instant,
    /// When it is whole again, in microseconds since it began. A std mutex: never held across an await.
    arrival_us: Mutex<Option<u64>>,
}

impl Hearing {
    /// As much as so many calls a second, and those of one second at once.
    pub(super) fn new(calls_per_second: u32) -> Self {
        let units = u64::from(calls_per_second) * CALL;
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        Self {
            quota: Quota::new(units.into(), units),
            begun: Instant::now(),
            arrival_us: Mutex::default(),
        }
    }

    /// Pays for what was heard; of more than a second's worth, a second's worth.
    ///
    /// # Errors
    ///
    /// Fails with how long to wait, and pays nothing.
    pub(super) fn pay(&self, cost: u64) -> Result<(), Duration> {
        let now_us = self.now_us();
        let cost = cost.min(self.quota.burst());
        let arrival = self.arrival_us.lock();
        let mut arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        let (verdict, next) = self.quota.decide(*arrival, now_us, cost);
        *arrival = Some(next);
        match verdict {
            Verdict::Wait { wait_us, .. } => Err(Duration::from_micros(wait_us)),
            Verdict::Admitted { .. } | Verdict::Never => Ok(()),
        }
    }

    /// Whether nothing of it is used.
    pub(super) fn is_whole(&self) -> bool {
        let arrival = self.arrival_us.lock();
        let arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        arrival.is_none_or(|arrival| arrival <= self.now_us())
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Hearing;
    use crate::interface::costs::CALL;

    #[test]
    fn a_second_s_worth_is_heard_at_once_and_then_it_is_waited() {
        // So slow that no time passes meanwhile.
        let hearing = Hearing::new(2);
        assert!(hearing.is_whole());
        assert_eq!(hearing.pay(CALL), Ok(()));
        assert!(!hearing.is_whole());
        assert_eq!(hearing.pay(CALL), Ok(()));
        let wait = hearing.pay(1_000 * CALL).unwrap_err();
        assert!(
            wait.as_millis() <= 1_000,
            "a second's worth at most: {wait:?}"
        );
        assert!(hearing.pay(CALL).is_err(), "what is refused is not paid");
    }
}
