//! Whether the shared limiter is asked: after failures it is left alone until a probe succeeds.

use std::time::{Duration, Instant};

/// So many failures one after the other open it.
pub const FAILURES_MAX: u32 = 5;
/// So do failures for so long, however few.
const FAILING_MAX: Duration = Duration::from_secs(1);

/// Open: nobody is sent to the shared limiter.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    failing_since: Option<Instant>,
    is_open: bool,
}

impl Breaker {
    /// Whether nobody is sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Counts a failure; says whether it opened the breaker.
    pub fn failed(&mut self, now: Instant) -> bool {
        self.failures += 1;
        let since = *self.failing_since.get_or_insert(now);
        let has_enough = self.failures >= FAILURES_MAX || now - since >= FAILING_MAX;
        let opens = has_enough && !self.is_open;
        self.is_open |= has_enough;
        opens
    }

    /// Counts a success; says whether it closed the breaker.
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
