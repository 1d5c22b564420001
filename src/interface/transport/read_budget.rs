//! The read budget of an address, shared by all its connections.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::limits::rate::Rate;
use crate::interface::transport::frame_cost::CALL;

/// Longest throttle: an address over its budget is read again at most 10 s after it stops sending. Past that cap the
/// debt no longer grows, so reads of an address over budget are also limited in size
/// ([`OVER_BUDGET_READ_BYTES`]).
const OWED_MAX: Duration = Duration::from_secs(10);
/// The read size while the address is over budget. 1,000 connections that are each read once in 10 s then stay within
/// the budget of their address. A call can be as short as 10 bytes.
pub(crate) const OVER_BUDGET_READ_BYTES: usize = 512;
/// The burst is this fraction of a second's budget: too little to delay other addresses.
const AT_ONCE: u32 = 10;
/// The highest rate that the budget can represent: a unit, a tenth of a call, then takes 1 us.
const CALLS_PER_SECOND_MAX: u32 = 100_000;

/// The read budget of an address.
#[derive(Debug)]
pub(crate) struct ReadBudget {
    rate: Rate,
    begun: Instant,
    /// The time at which the whole budget is available again, in microseconds since `begun` (the arrival time of the
    /// GCRA). A std mutex: never held across an await.
    arrival_us: Mutex<u64>,
}

impl ReadBudget {
    /// Creates a budget of `calls_per_second`, at most `CALLS_PER_SECOND_MAX`, with a burst of a tenth of that.
    pub(crate) fn new(calls_per_second: u32) -> Self {
        let units = u64::from(calls_per_second.min(CALLS_PER_SECOND_MAX)) * CALL;
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        Self {
            rate: Rate::new(units.into(), units / AT_ONCE),
            begun: Instant::now(),
            arrival_us: Mutex::default(),
        }
    }

    /// Charges `cost` and returns the time until it is covered. A later charge also waits for the earlier ones, so a
    /// connection waits once and does not poll.
    pub(crate) fn charge(&self, cost: u64) -> Duration {
        let arrival = self.arrival_us.lock();
        let mut arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        let now_us = self.now_us();
        let covered_us = now_us + self.rate.window_us();
        let latest_us = covered_us + u64::try_from(OWED_MAX.as_micros()).unwrap_or(u64::MAX);
        let next_us = arrival.max(now_us) + self.rate.cost_us(cost);
        *arrival = next_us.min(latest_us);
        Duration::from_micros(arrival.saturating_sub(covered_us))
    }

    /// Returns the most bytes that the next read of a connection may take, of `room`.
    pub(crate) fn read_bytes_max(&self, room: usize) -> usize {
        if self.is_over() {
            OVER_BUDGET_READ_BYTES.min(room)
        } else {
            room
        }
    }

    /// Whether the address is over its budget.
    pub(crate) fn is_over(&self) -> bool {
        let arrival = self.arrival_us.lock();
        let arrival = arrival.unwrap_or_else(PoisonError::into_inner);
        *arrival > self.now_us() + self.rate.window_us()
    }

    /// Whether the whole budget is available.
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

    use super::{CALLS_PER_SECOND_MAX, OWED_MAX, ReadBudget};
    use crate::interface::transport::frame_cost::CALL;

    #[test]
    fn the_burst_is_a_tenth_of_a_second_and_a_later_charge_waits_for_earlier_ones() {
        let read_budget = ReadBudget::new(10);
        assert!(read_budget.is_whole());
        assert_eq!(read_budget.charge(CALL), Duration::ZERO);
        for seconds in 1..4 {
            let wait = read_budget.charge(10 * CALL);
            let [least, most] = [seconds * 1_000 - 900, seconds * 1_000].map(Duration::from_millis);
            assert!((least..=most).contains(&wait), "{wait:?}");
        }
        assert!(read_budget.is_over() && !read_budget.is_whole());
        assert_eq!(read_budget.charge(1_000 * CALL), OWED_MAX, "and no longer");
    }

    #[test]
    fn a_rate_above_the_maximum_is_capped_and_its_burst_is_a_tenth() {
        let read_budget = ReadBudget::new(u32::MAX);
        let waits = read_budget.charge(u64::from(CALLS_PER_SECOND_MAX) * CALL);
        assert!(waits > Duration::from_millis(800), "{waits:?}");
    }
}
