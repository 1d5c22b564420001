//! The time between two commits of batches that are not full (flushes).
//!
//! Watchers see a slow upload move by flushes. Hundreds of slow uploads would keep the store busy with them: 70 clients
//! that send a message each 250 ms need 280 commits a second. The uploads of an instance therefore share a schedule.
//! Each flush reserves five times as long as the newest commit took, and the next flush waits until the reservations
//! before it have passed. So flushes take at most a fifth of the time of a store that commits one by one. Two bounds
//! make it more: an upload waits at most 5 s, and one flush reserves at most 100 ms.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two flushes of an upload.
pub const FLUSH_AFTER_MIN: Duration = Duration::from_millis(250);
/// The most time between two flushes: a watcher of a slow upload waits no longer for a new state, however busy the
/// store is.
const FLUSH_AFTER_MAX: Duration = Duration::from_secs(5);
/// The time that a flush reserves, as a multiple of the newest commit's duration.
const RESERVED_FACTOR: u32 = 5;
/// The most time that a flush reserves: one slow commit does not stop the flushes of all other uploads.
const RESERVED_MAX: Duration = Duration::from_millis(100);

/// The flushes of all uploads of an instance.
#[derive(Clone, Debug)]
pub struct FlushSchedule {
    /// The time when all reservations have passed.
    free_at: Arc<Mutex<Instant>>,
}

/// The timer of an upload's next flush.
#[derive(Debug)]
pub struct FlushTimer {
    schedule: FlushSchedule,
    flushed: Instant,
    after: Duration,
}

impl FlushSchedule {
    /// Reserves time for a flush. Returns the upload's wait until then.
    fn reserve(&self, now: Instant, commit_took: Duration) -> Duration {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let own = commit_took.saturating_mul(RESERVED_FACTOR);
        let reserved = free_at.saturating_duration_since(now) + own.min(RESERVED_MAX);
        let reserved = reserved.min(FLUSH_AFTER_MAX);
        *free_at = now + reserved;
        reserved.max(own).clamp(FLUSH_AFTER_MIN, FLUSH_AFTER_MAX)
    }
}

impl Default for FlushSchedule {
    /// Creates a schedule without reservations.
    fn default() -> Self {
        Self {
            free_at: Arc::new(Mutex::new(Instant::now())),
        }
    }
}

impl FlushTimer {
    /// Starts the timer.
    #[must_use]
    pub fn start(schedule: FlushSchedule) -> Self {
        Self {
            schedule,
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

    /// Restarts the timer after a flush. `commit_took` is the duration of the newest commit; zero reserves nothing.
    pub fn restart(&mut self, commit_took: Duration) {
        self.flushed = Instant::now();
        self.after = self.schedule.reserve(self.flushed, commit_took);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{FLUSH_AFTER_MAX, FLUSH_AFTER_MIN, FlushSchedule};

    const COMMIT: Duration = Duration::from_millis(2);

    #[test]
    fn an_upload_alone_waits_for_its_own_reservation() {
        let schedule = FlushSchedule::default();
        let now = Instant::now();
        assert_eq!(schedule.reserve(now, COMMIT), FLUSH_AFTER_MIN);
        let later = now + FLUSH_AFTER_MIN;
        let waits = schedule.reserve(later, 100 * COMMIT);
        assert_eq!(waits, Duration::from_secs(1));
        let waits = schedule.reserve(later + waits, 10_000 * COMMIT);
        assert_eq!(waits, FLUSH_AFTER_MAX);
    }

    #[test]
    fn a_slow_commit_does_not_stop_the_flushes_of_others() {
        let schedule = FlushSchedule::default();
        let now = Instant::now();
        assert_eq!(schedule.reserve(now, 10_000 * COMMIT), FLUSH_AFTER_MAX);
        assert_eq!(schedule.reserve(now, COMMIT), FLUSH_AFTER_MIN);
        assert_eq!(schedule.reserve(now, 100 * COMMIT), 500 * COMMIT);
    }

    #[test]
    fn flushes_of_many_uploads_are_spread() {
        let schedule = FlushSchedule::default();
        let now = Instant::now();
        let waits = [(); 200].map(|()| schedule.reserve(now, COMMIT));
        // The 25th has to wait as long as any does.
        assert!(waits[..25].iter().all(|wait| *wait == FLUSH_AFTER_MIN));
        assert_eq!(waits[100], 101 * 5 * COMMIT);
        assert!(waits[24..].is_sorted_by(|a, b| *b == *a + 5 * COMMIT));
        assert_eq!(schedule.reserve(now, Duration::ZERO), waits[199]);
        // Reservations pass, and are bounded.
        let later = now + Duration::from_secs(1);
        assert_eq!(schedule.reserve(later, COMMIT), 101 * 5 * COMMIT);
        let waits = [(); 1_000].map(|()| schedule.reserve(later, COMMIT));
        assert_eq!(waits[999], FLUSH_AFTER_MAX);
    }
}
