//! The circuit breaker of the shared limiter: after failures the limiter is not called until a probe succeeds.

use std::time::{Duration, Instant};

/// The number of consecutive failures that opens the breaker.
pub const FAILURES_MAX: u32 = 5;
/// The duration of consecutive failures that opens the breaker, even if there are fewer than [`FAILURES_MAX`].
const FAILING_MAX: Duration = Duration::from_secs(1);

/// A circuit breaker. While it is open, no call goes to the shared limiter.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    failing_since: Option<Instant>,
    is_open: bool,
}

impl Breaker {
    /// Whether calls to the shared limiter are blocked.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Counts a failure. Returns whether it opened the breaker.
    pub fn failed(&mut self, now: Instant) -> bool {
        self.failures += 1;
        let since = *self.failing_since.get_or_insert(now);
        let has_enough = self.failures >= FAILURES_MAX || now - since >= FAILING_MAX;
        let opens = has_enough && !self.is_open;
        self.is_open |= has_enough;
        opens
    }

    /// Counts a success. Returns whether it closed the breaker.
    pub fn succeeded(&mut self) -> bool {
        let closes = self.is_open;
        *self = Self::default();
        closes
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Breaker, FAILURES_MAX};

    #[test]
    fn five_failures_in_a_row_or_a_second_of_them_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES_MAX {
            assert!(!breaker.failed(now));
        }
        assert!(!breaker.succeeded() && !breaker.is_open());
        for number in 1..=FAILURES_MAX {
            assert_eq!(breaker.failed(now), number == FAILURES_MAX);
        }
        assert!(breaker.is_open() && breaker.succeeded() && !breaker.is_open());
        assert!(!breaker.failed(now));
        assert!(breaker.failed(now + Duration::from_secs(1)));
    }
}
