//! The time between two commits of batches that are not full.
//!
//! Watchers see a slow upload move by such commits. Hundreds of slow uploads would keep the store busy with them: 70
//! clients that send a message each 250 ms need 280 commits a second. Each upload therefore waits 16 times as long as
//! its last commit took: the busier the store is, the longer a commit takes, and the rarer commits are.

use std::time::{Duration, Instant};

/// The least time between two flushes, which holds while a commit takes less than 16 ms.
pub const FLUSH_AFTER_MIN: Duration = Duration::from_millis(250);
/// The most time between two flushes: a watcher of a slow upload waits no longer for a new state, however busy the
/// store is.
const FLUSH_AFTER_MAX: Duration = Duration::from_secs(5);
/// The wait after a commit, as a multiple of the time that it took. Two hundred slow uploads then have a dozen commits
/// in the store at any time, which share transactions.
const WAIT_FACTOR: u32 = 16;

/// The timer of an upload's next flush.
#[derive(Clone, Copy, Debug)]
pub struct FlushTimer {
    flushed: Instant,
    after: Duration,
}

impl FlushTimer {
    /// Starts the timer.
    #[must_use]
    pub fn start() -> Self {
        Self {
            flushed: Instant::now(),
            after: FLUSH_AFTER_MIN,
        }
    }

    /// Returns the time between two flushes.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }

    /// Whether the flush is due.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.flushed.elapsed() >= self.after
    }

    /// Restarts the timer after a flush. `commit_took` is the duration of the newest commit.
    pub fn restart(&mut self, commit_took: Duration) {
        self.flushed = Instant::now();
        let after = commit_took.saturating_mul(WAIT_FACTOR);
        self.after = after.clamp(FLUSH_AFTER_MIN, FLUSH_AFTER_MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FLUSH_AFTER_MAX, FLUSH_AFTER_MIN, FlushTimer};

    #[test]
    fn flushes_are_rarer_the_longer_a_commit_takes() {
        let mut timer = FlushTimer::start();
        let mut after = |millis| {
            timer.restart(Duration::from_millis(millis));
            timer.after()
        };
        assert_eq!(after(1), FLUSH_AFTER_MIN);
        assert_eq!(after(50), Duration::from_millis(800));
        assert_eq!(after(10_000), FLUSH_AFTER_MAX);
        assert_eq!(after(0), FLUSH_AFTER_MIN);
    }
}
