//! The GCRA: how much may pass, and how fast, kept as one point in time (ITU-T I.371, annex A).
//!
//! A budget is the *theoretical arrival time*: when it will be whole again. Each unit puts that off
//! by one interval, and nothing may put it off further than the burst. So in any time `t` no more
//! passes than the burst and what `t` gives back. Times are whole microseconds; the shared limiter
//! does the same sums in Redis.

/// The longest interval: one unit in a thousand seconds.
pub const PER_SECOND_MIN: f64 = 0.001;
/// The shortest interval: a microsecond.
pub const PER_SECOND_MAX: f64 = 1_000_000.0;
/// With the longest interval the sums stay below 2^53, up to where a double counts exactly.
pub const BURST_MAX: u32 = 1_000_000;

/// How much may pass, and how fast.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    /// Between two units.
    interval_us: u64,
    /// Units at once, from 1.
    burst: u64,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It passes; the budget is whole again after so long.
    Admitted {
        /// Microseconds.
        whole_after_us: u64,
    },
    /// It does not pass yet.
    Wait {
        /// Microseconds after which it passes, if nobody else comes.
        wait_us: u64,
        /// Microseconds after which the budget is whole.
        whole_after_us: u64,
    },
    /// It asks for more than the budget ever has.
    Never,
}

impl Quota {
    /// So many a second, from [`PER_SECOND_MIN`] to [`PER_SECOND_MAX`], and `burst` at once, from 1
    /// to [`BURST_MAX`]; what is outside is taken for the nearest. An interval is rounded up to a
    /// whole microsecond: never more passes than was said.
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

    /// An equal part of it for each of `instances` that cannot ask each other; at least one unit at
    /// once.
    #[must_use]
    pub fn share(self, instances: u32) -> Self {
        let instances = u64::from(instances.max(1));
        Self {
            interval_us: self.interval_us * instances,
            burst: (self.burst / instances).max(1),
        }
    }

    /// Units at once.
    #[must_use]
    pub fn burst(self) -> u64 {
        self.burst
    }

    /// Microseconds between two units.
    #[must_use]
    pub fn interval_us(self) -> u64 {
        self.interval_us
    }

    /// Microseconds in which a budget that is used up becomes whole again.
    #[must_use]
    pub fn window_us(self) -> u64 {
        self.cost_us(self.burst)
    }

    /// Microseconds that so many units put the arrival time off by.
    #[must_use]
    pub fn cost_us(self, units: u64) -> u64 {
        self.interval_us.saturating_mul(units)
    }

    /// Units that may pass at once from a budget that is whole after so long.
    #[must_use]
    pub fn remaining(self, whole_after_us: u64) -> u64 {
        self.window_us().saturating_sub(whole_after_us) / self.interval_us
    }

    /// Decides on so many units at `now`, by the arrival time that the budget has; none is a whole
    /// budget. Returns the arrival time after it. One that is further away than it can have become
    /// was written by another clock, or for another quota: then the budget is taken for used up.
    #[must_use]
    pub fn decide(self, arrival_us: Option<u64>, now_us: u64, units: u64) -> (Verdict, u64) {
        let full_us = now_us + self.window_us();
        let arrival_us = arrival_us.unwrap_or(now_us).clamp(now_us, full_us);
        if units > self.burst {
            return (Verdict::Never, arrival_us);
        }
        let next_us = arrival_us + self.cost_us(units);
        if next_us > full_us {
            let verdict = Verdict::Wait {
                wait_us: next_us - full_us,
                whole_after_us: arrival_us - now_us,
            };
            return (verdict, arrival_us);
        }
        let whole_after_us = next_us - now_us;
        (Verdict::Admitted { whole_after_us }, next_us)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::{Quota, Verdict};

    #[test]
    fn a_burst_passes_at_once_and_then_one_each_interval() {
        let quota = Quota::new(10.0, 3);
        let mut arrival = None;
        let mut admitted = Vec::new();
        for now in (0..500_000).step_by(50_000) {
            for _ in 0..4 {
                let (verdict, next) = quota.decide(arrival, now, 1);
                arrival = Some(next);
                if matches!(verdict, Verdict::Admitted { .. }) {
                    admitted.push(now);
                }
            }
        }
        let expected = [0, 0, 0, 100_000, 200_000, 300_000, 400_000];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn what_no_clock_of_ours_wrote_is_a_budget_that_is_used_up() {
        let quota = Quota::new(1.0, 5);
        let hour_ahead = Some(3_600_000_000);
        let (verdict, arrival) = quota.decide(hour_ahead, 0, 1);
        let (wait_us, whole_after_us) = (1_000_000, 5_000_000);
        assert_eq!(
            verdict,
            Verdict::Wait {
                wait_us,
                whole_after_us
            }
        );
        assert!(matches!(
            quota.decide(Some(arrival), wait_us, 1).0,
            Verdict::Admitted { .. }
        ));
        assert_eq!(quota.decide(None, 0, 6).0, Verdict::Never);
    }

    #[test]
    fn rates_are_rounded_down_and_shares_are_never_nothing() {
        assert_eq!(Quota::new(3.0, 1).interval_us(), 333_334);
        assert_eq!(Quota::new(0.0, 0), Quota::new(0.001, 1));
        let share = Quota::new(10.0, 2).share(3);
        assert_eq!((share.burst(), share.interval_us()), (1, 300_000));
    }

    proptest! {
        /// Three clients that share a budget and come when they like, with what they like.
        #[test]
        fn no_window_admits_more_than_the_burst_and_what_its_time_gives(
            per_second in 0.5..5_000.0,
            burst in 1_u32..40,
            requests in vec((0_u64..400_000, 1_u64..5, 0_usize..3), 1..120),
        ) {
            let quota = Quota::new(per_second, burst);
            let (mut clocks, mut calls) = ([0; 3], Vec::new());
            for (gap, units, client) in requests {
                clocks[client] += gap;
                calls.push((clocks[client], units));
            }
            calls.sort_unstable();
            let (mut arrival, mut admitted) = (None, Vec::new());
            for (now, units) in calls {
                let (verdict, next) = quota.decide(arrival, now, units);
                arrival = Some(next);
                match verdict {
                    Verdict::Admitted { .. } => admitted.push((now, units)),
                    Verdict::Wait { wait_us, .. } => {
                        let told = quota.decide(arrival, now + wait_us, units).0;
                        let is_true = matches!(told, Verdict::Admitted { .. });
                        prop_assert!(is_true, "waiting {wait_us} did not help");
                    }
                    Verdict::Never => prop_assert!(units > quota.burst()),
                }
            }
            for (first, (from, _)) in admitted.iter().enumerate() {
                let mut units = 0;
                for (until, more) in &admitted[first..] {
                    units += more;
                    let most = quota.window_us() + (until - from);
                    prop_assert!(quota.cost_us(units) <= most, "{units} in {}", until - from);
                }
            }
        }
    }
}
