//! How much of what an address says is looked at: one budget for all its connections.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::limits::rate::Quota;
use crate::interface::transport::frame_cost::CALL;

/// How far what is owed may be ahead: so long after its last word whoever said too much is heard again. Beyond it
/// an address is heard as often as its connections come round, which is why whoever owes is read in small pieces.
const OWED_MAX: Duration = Duration::from_secs(10);
/// Of what is heard in a second so large a part is at once: too little to keep others waiting.
const AT_ONCE: u32 = 10;
/// The most calls that are told apart: a tenth of one takes a microsecond.
const CALLS_PER_SECOND_MAX: u32 = 100_000;

/// The budget of an address.
#[derive(Debug)]
pub(crate) struct Hearing {
    quota: Quota,
    begun: Instant,
    /// When it is whole again, in microseconds since it began (the arrival time of the GCRA). A std mutex:
    /// never held across an await.
    arrival_us: Mutex<u64>,
}

impl Hearing {
    /// As much as so many calls a second, and a tenth of them at once.
    pub(crate) fn new(calls_per_second: u32) -> Self {
        let units = u64::from(calls_per_second.min(CALLS_PER_SECOND_MAX)) * CALL;
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        Self {
            quota: Quota::new(units.into(), units / AT_ONCE),
            begun: Instant::now(),
            arrival_us: Mutex::default(),
        }
    }

    /// Pays for what was heard, and returns how long it is until that is covered. Who comes later waits for those
    /// before too, so that nobody has to ask again.
    pub(crate) fn charge(&self, cost: u64) -> Duration {
        let arrival = self.arrival_us.lock();
        let mut arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        let now_us = self.now_us();
        let covered_us = now_us + self.quota.window_us();
        let latest_us = covered_us + u64::try_from(OWED_MAX.as_micros()).unwrap_or(u64::MAX);
        let next_us = arrival.max(now_us) + self.quota.cost_us(cost);
        *arrival = next_us.min(latest_us);
        Duration::from_micros(arrival.saturating_sub(covered_us))
    }

    /// Whether more was heard than is covered by now.
    pub(crate) fn is_owing(&self) -> bool {
        let arrival = self.arrival_us.lock();
        let arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        *arrival > self.now_us() + self.quota.window_us()
    }

    /// Whether nothing of it is used.
    pub(crate) fn is_whole(&self) -> bool {
        let arrival = self.arrival_us.lock();
        let arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        *arrival <= self.now_us()
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CALLS_PER_SECOND_MAX, Hearing, OWED_MAX};
    use crate::interface::transport::frame_cost::CALL;

    #[test]
    fn a_tenth_of_a_second_s_worth_is_heard_at_once_and_then_each_waits_for_those_before() {
        let hearing = Hearing::new(10);
        assert!(hearing.is_whole());
        assert_eq!(hearing.charge(CALL), Duration::ZERO);
        for seconds in 1..4 {
            let wait = hearing.charge(10 * CALL);
            let [least, most] = [seconds * 1_000 - 900, seconds * 1_000].map(Duration::from_millis);
            assert!((least..=most).contains(&wait), "{wait:?}");
        }
        assert!(hearing.is_owing() && !hearing.is_whole());
        assert_eq!(hearing.charge(1_000 * CALL), OWED_MAX, "and no longer");
    }

    #[test]
    fn of_far_too_many_a_tenth_is_at_once_too() {
        let hearing = Hearing::new(u32::MAX);
        let waits = hearing.charge(u64::from(CALLS_PER_SECOND_MAX) * CALL);
        assert!(waits > Duration::from_millis(800), "{waits:?}");
    }
}
