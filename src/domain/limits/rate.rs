//! The generic cell rate algorithm (GCRA): a rate limit with a burst, stored as one point in time (ITU-T I.371,
//! annex A).
//!
//! A budget is stored as its *theoretical arrival time*: the time when it is full again. Each unit postpones that
//! time by one interval, but never by more than the burst. So in any time `t`, at most the burst and the units
//! refilled in `t` are admitted. Times are whole microseconds. The shared limiter computes the same in Redis.

/// The lowest rate: one unit in 1,000 seconds.
pub const PER_SECOND_MIN: f64 = 0.001;
/// The highest rate: one unit in a microsecond.
pub const PER_SECOND_MAX: f64 = 1_000_000.0;
/// The largest burst. With the longest interval, all values stay below 2^53, where a double is still exact.
pub const BURST_MAX: u32 = 1_000_000;

/// A refill rate with a burst.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// The microseconds between two units.
    interval_us: u64,
    /// The units that may be used at once, from 1.
    burst: u64,
}

/// The decision on a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RateDecision {
    /// The request is admitted.
    Admitted {
        /// Microseconds after which the budget is full again.
        full_after_us: u64,
    },
    /// The request must wait.
    Wait {
        /// Microseconds after which it is admitted, unless other requests use the budget first.
        wait_us: u64,
        /// Microseconds after which the budget is full.
        full_after_us: u64,
    },
    /// The request asks for more units than the burst.
    Never,
}

impl Rate {
    /// Creates a rate of `per_second` units, from [`PER_SECOND_MIN`] to [`PER_SECOND_MAX`], and `burst` units at
    /// once, from 1 to [`BURST_MAX`]. Values outside a range are clamped to it. An interval is rounded up to a whole
    /// microsecond, so the rate is never exceeded.
    #[must_use]
    pub fn new(per_second: f64, burst: u32) -> Self {
        let per_second = per_second.clamp(PER_SECOND_MIN, PER_SECOND_MAX);
        let interval = std::time::Duration::from_secs_f64(per_second.recip());
        let interval_us = interval.as_nanos().div_ceil(1_000);
        Self {
            interval_us: u64::try_from(interval_us).unwrap_or(u64::MAX),
            burst: burst.clamp(1, BURST_MAX).into(),
        }
    }

    /// Returns an equal part for each of `instances` that cannot coordinate; the burst is at least one unit.
    #[must_use]
    pub fn share(self, instances: u32) -> Self {
        let instances = u64::from(instances.max(1));
        Self {
            interval_us: self.interval_us * instances,
            burst: (self.burst / instances).max(1),
        }
    }

    /// Returns the units that may be used at once.
    #[must_use]
    pub fn burst(self) -> u64 {
        self.burst
    }

    /// Returns the microseconds between two units.
    #[must_use]
    pub fn interval_us(self) -> u64 {
        self.interval_us
    }

    /// Returns the microseconds after which an empty budget is full again.
    #[must_use]
    pub fn window_us(self) -> u64 {
        self.cost_us(self.burst)
    }

    /// Returns the microseconds by which `units` postpone the arrival time.
    #[must_use]
    pub fn cost_us(self, units: u64) -> u64 {
        self.interval_us.saturating_mul(units)
    }

    /// Returns the units that may be used at once from a budget that is full after `full_after_us` microseconds.
    #[must_use]
    pub fn remaining(self, full_after_us: u64) -> u64 {
        self.window_us().saturating_sub(full_after_us) / self.interval_us
    }

    /// Decides on `units` units at `now_us`, by the stored arrival time of the budget. `None` means a full budget.
    /// Returns the new arrival time too. An arrival time that is too far ahead was written by another clock or for
    /// another rate; the budget then counts as empty.
    #[must_use]
    pub fn decide(self, arrival_us: Option<u64>, now_us: u64, units: u64) -> (RateDecision, u64) {
        let full_us = now_us + self.window_us();
        let arrival_us = arrival_us.unwrap_or(now_us).clamp(now_us, full_us);
        if units > self.burst {
            return (RateDecision::Never, arrival_us);
        }
        let next_us = arrival_us + self.cost_us(units);
        if next_us > full_us {
            let decision = RateDecision::Wait {
                wait_us: next_us - full_us,
                full_after_us: arrival_us - now_us,
            };
            return (decision, arrival_us);
        }
        let full_after_us = next_us - now_us;
        (RateDecision::Admitted { full_after_us }, next_us)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{Rate, RateDecision};

    #[test]
    fn a_burst_passes_at_once_and_then_one_each_interval() {
        let rate = Rate::new(10.0, 3);
        let mut arrival = None;
        let mut admitted = Vec::new();
        for now in (0..500_000).step_by(50_000) {
            for _ in 0..4 {
                let (decision, next) = rate.decide(arrival, now, 1);
                arrival = Some(next);
                if matches!(decision, RateDecision::Admitted { .. }) {
                    admitted.push(now);
                }
            }
        }
        let expected = [0, 0, 0, 100_000, 200_000, 300_000, 400_000];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn an_arrival_time_of_another_clock_is_an_empty_budget() {
        let rate = Rate::new(1.0, 5);
        let hour_ahead = Some(3_600_000_000);
        let (decision, arrival) = rate.decide(hour_ahead, 0, 1);
        let wait_us = 1_000_000;
        let full_after_us = 5_000_000;
        assert_eq!(
            decision,
            RateDecision::Wait {
                wait_us,
                full_after_us
            }
        );
        assert!(matches!(
            rate.decide(Some(arrival), wait_us, 1).0,
            RateDecision::Admitted { .. }
        ));
        assert_eq!(rate.decide(None, 0, 6).0, RateDecision::Never);
    }

    #[test]
    fn rates_are_rounded_down_and_shares_are_never_nothing() {
        assert_eq!(Rate::new(3.0, 1).interval_us(), 333_334);
        assert_eq!(Rate::new(0.0, 0), Rate::new(0.001, 1));
        let share = Rate::new(10.0, 2).share(3);
        assert_eq!((share.burst(), share.interval_us()), (1, 300_000));
    }

    proptest! {
        /// Three clients share a budget, and send requests of any size at any time.
        #[test]
        fn no_window_admits_more_than_the_burst_and_what_its_time_gives(
            per_second in 0.5..5_000.0,
            burst in 1_u32..40,
            requests in vec((0_u64..400_000, 1_u64..5, 0_usize..3), 1..120),
        ) {
            let rate = Rate::new(per_second, burst);
            let mut clocks = [0; 3];
            let mut calls = Vec::new();
            for (gap, units, client) in requests {
                clocks[client] += gap;
                calls.push((clocks[client], units));
            }
            calls.sort_unstable();
            let mut arrival = None;
            let mut admitted = Vec::new();
            for (now, units) in calls {
                let (decision, next) = rate.decide(arrival, now, units);
                arrival = Some(next);
                match decision {
                    RateDecision::Admitted { .. } => admitted.push((now, units)),
                    RateDecision::Wait { wait_us, .. } => {
                        let decision = rate.decide(arrival, now + wait_us, units).0;
                        let is_true = matches!(decision, RateDecision::Admitted { .. });
                        prop_assert!(is_true, "waiting {wait_us} did not help");
                    }
                    RateDecision::Never => prop_assert!(units > rate.burst()),
                }
            }
            for (first, (from, _)) in admitted.iter().enumerate() {
                let mut units = 0;
                for (until, more) in &admitted[first..] {
                    units += more;
                    let most = rate.window_us() + (until - from);
                    prop_assert!(rate.cost_us(units) <= most, "{units} in {}", until - from);
                }
            }
        }
    }
}
